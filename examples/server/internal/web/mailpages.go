package web

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/mail"
)

// mailsShown is how many mails the list shows.
const mailsShown = 100

// ShowMailbox adds /dev/mail. It answers programs on this machine only, and nobody who comes through a proxy: whoever
// reads the mails can take over every account.
func (s *Server) ShowMailbox(box *mail.Mailbox) {
	s.options.Links = append(s.options.Links, Link{"/dev/mail", "Mails that would have been sent; for this machine only."})
	local := func(handle fiber.Handler) fiber.Handler {
		return func(c *fiber.Ctx) error {
			if !fromThisMachine(c.Context()) {
				return veranda.ErrNotFound
			}
			return handle(c)
		}
	}
	read := func(c *fiber.Ctx) (mail.Received, error) {
		m, err := box.Read(c.Params("id"))
		if errors.Is(err, fs.ErrNotExist) {
			return m, veranda.ErrNotFound
		}
		return m, err
	}
	s.app.Get("/dev/mail", local(func(c *fiber.Ctx) error {
		mails, err := box.List(mailsShown)
		if err != nil {
			return err
		}
		page, err := s.pages.render("mailbox.html", map[string]any{"Mails": mails, "Style": s.pages.style})
		if err != nil {
			return err
		}
		return s.pages.send(c, page)
	}))
	s.app.Get("/dev/mail/newest.txt", local(showNewest(box)))
	s.app.Get("/dev/mail/:id", local(func(c *fiber.Ctx) error {
		m, err := read(c)
		if err != nil {
			return err
		}
		page, err := s.pages.render("mail.html", map[string]any{"Mail": m, "Text": linked(m.Text), "Style": s.pages.style})
		if err != nil {
			return err
		}
		return s.pages.send(c, page)
	}))
	s.app.Get("/dev/mail/:id/html", local(func(c *fiber.Ctx) error {
		m, err := read(c)
		if err != nil {
			return err
		}
		// The mail's HTML may look as it likes but runs nothing, loads nothing and does not belong to this server.
		c.Set(fasthttp.HeaderContentSecurityPolicy, "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'")
		c.Context().SetContentType("text/html; charset=utf-8")
		return c.SendString(m.HTML)
	}))
}

// piece is a part of a text: a link or not.
type piece struct{ Plain, Link string }

var linkPattern = regexp.MustCompile(`https?://[^\s<>"]+`)

// linked cuts a text into links and what lies between them. What ends a sentence is no part of a link.
func linked(text string) []piece {
	var pieces []piece
	at := 0
	for _, place := range linkPattern.FindAllStringIndex(text, -1) {
		link := strings.TrimRight(text[place[0]:place[1]], ".,;:!?)'")
		pieces = append(pieces, piece{Plain: text[at:place[0]]}, piece{Link: link})
		at = place[0] + len(link)
	}
	return append(pieces, piece{Plain: text[at:]})
}
