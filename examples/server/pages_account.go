package main

import (
	"net/url"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// activatePage is behind the link to an account that an access manager reserved.
func activatePage(service *tenancy.Service) web.FormPage {
	return web.FormPage{
		Path: "/activate", Title: "Your account", Button: "Make it mine",
		Text:   "An account was made for you. It is yours once you choose a password.",
		Fields: []web.FormField{{Name: "password", Label: "A password, at least 8 characters", Type: "password", Autocomplete: "new-password", Length: 256}},
		Submit: func(call *web.Call, token string, values url.Values) (string, error) {
			session, err := service.Activate(call, veranda.Anonymous(), tenancy.ActivateInput{
				Token: token, Password: values.Get("password"), ClientAddress: call.Client.String(),
			})
			if err != nil {
				return "", err
			}
			keepSession(call, session)
			return "Welcome. You are signed in.", nil
		},
	}
}
