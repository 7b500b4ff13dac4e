package web

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/phone"
)

// ShowPhone adds /dev/phone: the text messages that would have been sent. As with mails, it answers this machine only.
func (s *Server) ShowPhone(box *phone.Box) {
	s.options.Links = append(s.options.Links, Link{"/dev/phone", "Text messages that would have been sent; for this machine only."})
	list := func(c *fiber.Ctx, limit int) ([]phone.Kept, error) {
		if !fromThisMachine(c.Context()) {
			return nil, veranda.ErrNotFound
		}
		return box.List(limit)
	}
	s.app.Get("/dev/phone", func(c *fiber.Ctx) error {
		kept, err := list(c, mailsShown)
		if err != nil {
			return err
		}
		page, err := s.pages.render("phone.html", map[string]any{"Messages": kept, "Style": s.pages.style})
		if err != nil {
			return err
		}
		return s.pages.send(c, page)
	})
	s.app.Get("/dev/phone/newest.txt", func(c *fiber.Ctx) error {
		kept, err := list(c, 1)
		if err != nil {
			return err
		}
		if len(kept) == 0 {
			return veranda.ErrNotFound
		}
		c.Context().SetContentType("text/plain; charset=utf-8")
		return c.SendString("To: " + kept[0].To + "\n\n" + kept[0].Text)
	})
}
