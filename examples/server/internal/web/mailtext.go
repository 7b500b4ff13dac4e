package web

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/mail"
)

// showNewest answers the newest mail as plain text, for people at a terminal.
func showNewest(box *mail.Mailbox) fiber.Handler {
	return func(c *fiber.Ctx) error {
		mails, err := box.List(1)
		if err != nil {
			return err
		}
		if len(mails) == 0 {
			return veranda.ErrNotFound
		}
		c.Context().SetContentType("text/plain; charset=utf-8")
		return c.SendString("To: " + mails[0].To + "\nSubject: " + mails[0].Subject + "\n\n" + mails[0].Text)
	}
}
