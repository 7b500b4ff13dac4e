package main

import (
	"fmt"
	"net/url"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// linkPages are the pages behind the links in mails.
func linkPages(s *web.Server, service *tenancy.Service) {
	s.AddFormPage(web.FormPage{
		Path: "/confirm", Title: "Confirm your address", Text: "Press the button, and you can sign in.", Button: "Confirm",
		Submit: func(call *web.Call, token string, _ url.Values) (string, error) {
			confirmed, err := service.Confirm(call, veranda.Anonymous(), tenancy.ConfirmInput{Token: token, ClientAddress: call.Client.String()})
			if err != nil {
				return "", err
			}
			return confirmed.Address + " is confirmed. You can sign in now.", nil
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
	s.AddFormPage(web.FormPage{
		Path: "/invitation", Title: "You are invited", Button: "Accept",
		Show: func(call *web.Call, token string) (string, error) {
			view, err := service.Look(call, veranda.Anonymous(), tenancy.LookInput{Token: token, ClientAddress: call.Client.String()})
			if err != nil {
				return "", err
			}
			return describe(view), nil
		},
		Fields: []web.FormField{
			{Name: "name", Label: "Your name", Type: "text", Autocomplete: "name", Length: 100},
			{Name: "password", Label: "A password, at least 8 characters", Type: "password", Autocomplete: "new-password", Length: 256},
		},
		Submit: func(call *web.Call, token string, values url.Values) (string, error) {
			accepted, err := service.Accept(call, veranda.Anonymous(), tenancy.AcceptInput{
				Token: token, Name: values.Get("name"), Password: values.Get("password"), ClientAddress: call.Client.String(),
			})
			if err != nil {
				return "", err
			}
			if accepted.Session != nil {
				keepSession(call, accepted.Session)
			}
			return "Welcome. You are signed in.", nil
		},
	})
}

// describe says what an invitation is to.
func describe(v *tenancy.InvitationView) string {
	where := v.Organization
	if v.Workspace != "" {
		where = fmt.Sprintf("%s in %s", v.Workspace, v.Organization)
	}
	text := fmt.Sprintf("%s invites %s to %s.", v.Inviter, v.Address, where)
	if v.HasAccount {
		text += " This address has an account: sign in with it and accept there."
	}
	return text
}
