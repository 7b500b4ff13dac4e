package main

import (
	"net/url"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// linkPages are the pages behind the links in mails.
func linkPages(s *web.Server, service *tenancy.Service) {
	s.AddFormPage(web.FormPage{
		Path: "/confirm", Title: "Confirm your address", Button: "Confirm",
		Text:   "Give the password of the account that this address is for. If you did not make it, or did not add the address, close this page: nothing happens.",
		Fields: []web.FormField{{Name: "password", Label: "The account's password", Type: "password", Autocomplete: "current-password", Length: 256}},
		Submit: func(call *web.Call, token string, values url.Values) (string, error) {
			confirmed, err := service.Confirm(call, veranda.Anonymous(), tenancy.ConfirmInput{
				Token: token, Password: values.Get("password"), ClientAddress: call.Client.String(),
			})
			if err != nil {
				return "", err
			}
			return confirmed.Address + " is confirmed. You can sign in now.", nil
		},
	})
	s.AddFormPage(activatePage(service))
	s.AddFormPage(web.FormPage{
		Path: "/reset", Title: "Choose a new password", Button: "Set the password",
		Text:   "All sessions end when the password is set.",
		Fields: []web.FormField{{Name: "password", Label: "New password, at least 8 characters", Type: "password", Autocomplete: "new-password", Length: 256}},
		Submit: func(call *web.Call, token string, values url.Values) (string, error) {
			_, err := service.ResetPassword(call, veranda.Anonymous(), tenancy.ResetPasswordInput{
				Token: token, Password: values.Get("password"), ClientAddress: call.Client.String(),
			})
			return "The password is set. You can sign in with it now.", err
		},
	})
	s.AddFormPage(invitationPage(service))
}
