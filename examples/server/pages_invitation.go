package main

import (
	"fmt"
	"net/url"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// invitationPage is where an invitation's link leads: whoever has no account makes one, whoever has signs in and accepts.
func invitationPage(service *tenancy.Service) web.FormPage {
	secret := web.FormField{Name: "password", Label: "Your password", Type: "password", Autocomplete: "current-password", Length: 256}
	return web.FormPage{
		Path: "/invitation", Title: "You are invited", Button: "Accept",
		Fields: []web.FormField{
			{Name: "name", Label: "Your name", Type: "text", Autocomplete: "name", Length: 100},
			{Name: "password", Label: "A password, at least 8 characters", Type: "password", Autocomplete: "new-password", Length: 256},
		},
		Adapt: func(call *web.Call, token string, page *web.FormPage) error {
			view, err := service.Look(call, veranda.Anonymous(), tenancy.LookInput{Token: token, ClientAddress: call.Client.String()})
			if err != nil {
				return err
			}
			page.Text = describe(view)
			if view.HasAccount {
				page.Button = "Sign in and accept"
				page.Fields = []web.FormField{{Name: "address", Label: "Your address", Type: "email", Autocomplete: "username", Length: 254}, secret}
			}
			return nil
		},
		Submit: func(call *web.Call, token string, values url.Values) (string, error) {
			if values.Has("address") {
				return signInAndAccept(call, service, token, values)
			}
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
	}
}

// signInAndAccept accepts for who has an account. A session that was made for nothing ends at once.
func signInAndAccept(call *web.Call, service *tenancy.Service, token string, values url.Values) (string, error) {
	client := call.Client.String()
	view, err := service.Look(call, veranda.Anonymous(), tenancy.LookInput{Token: token, ClientAddress: client})
	if err != nil {
		return "", err
	}
	session, err := service.SignIn(call, veranda.Anonymous(), tenancy.SignInInput{
		Address: values.Get("address"), Password: values.Get("password"), ClientAddress: client,
	})
	if err != nil {
		return "", err
	}
	by := veranda.TokenActor(session.Token)
	if _, err := service.Accept(call, by, tenancy.AcceptInput{Token: token, ClientAddress: client}); err != nil {
		_ = service.SignOut(call, by) // the refusal is what is told
		return "", err
	}
	keepSession(call, session)
	return fmt.Sprintf("Welcome to %s. You are signed in.", view.Organization), nil
}

// describe says what an invitation is to.
func describe(v *tenancy.InvitationView) string {
	where := v.Organization
	if v.Workspace != "" {
		where = fmt.Sprintf("%s in %s", v.Workspace, v.Organization)
	}
	text := fmt.Sprintf("%s invites %s to %s.", v.Inviter, v.Address, where)
	if v.HasAccount {
		text += " This address has an account: sign in with it to accept."
	}
	return text
}
