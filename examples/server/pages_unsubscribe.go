package main

import (
	"net/url"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy/notifications"
)

// unsubscribePage is where the link in a mail leads that ends mails of its kind, by a button or by the mail program's own
// (RFC 8058).
func unsubscribePage(service *notifications.Service) web.FormPage {
	return web.FormPage{
		Path: "/unsubscribe", Title: "End these mails", Button: "End these mails", OneClick: true,
		Adapt: func(call *web.Call, token string, page *web.FormPage) error {
			ends, err := service.Subscribed(call, veranda.Anonymous(), notifications.UnsubscribeInput{Token: token})
			if err != nil {
				return err
			}
			page.Text = "You get no more mails like the one you came from. They stay in your inbox, and your preferences bring the mails back."
			if ends.Meaning != "" {
				page.Text = "You get no more of this: " + ends.Meaning + ". Your preferences bring it back."
			}
			return nil
		},
		Submit: func(call *web.Call, token string, _ url.Values) (string, error) {
			_, err := service.Unsubscribe(call, veranda.Anonymous(), notifications.UnsubscribeInput{Token: token})
			return "Done. You get no more of these mails.", err
		},
	}
}
