package main

import (
	"net/url"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/tenancy/support"
)

// linkPages are the pages behind the links in mails.
func linkPages(s *web.Server, service *tenancy.Service, help *support.Service) {
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
		Path: "/support", Title: "Confirm what platform support may do", Button: "Confirm",
		Text: "Confirm it with the address you wrote from and the password of your account.",
		Fields: []web.FormField{
			{Name: "address", Label: "Address", Type: "email", Autocomplete: "username", Length: 254},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Length: 256},
		},
		Submit: func(call *web.Call, token string, values url.Values) (string, error) {
			in := support.ConfirmLockedInput{Address: values.Get("address"), Password: values.Get("password"), ClientAddress: call.Client.String()}
			request, action, _ := strings.Cut(token, ".")
			if in.Request.UnmarshalText([]byte(request)) != nil || in.Action.UnmarshalText([]byte(action)) != nil {
				return "", tenancy.ErrLink
			}
			_, err := help.ConfirmLocked(call, veranda.Anonymous(), in)
			return "Confirmed. Platform support will do it now.", err
		},
	})
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
