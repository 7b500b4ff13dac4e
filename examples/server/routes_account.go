package main

import (
	"context"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// none is the input of calls that take nothing.
type none struct{}

// plain makes a route's function of a method without input.
func plain[S, O any](method func(S, context.Context, veranda.Actor) (O, error)) func(S, context.Context, veranda.Actor, none) (O, error) {
	return func(service S, ctx context.Context, by veranda.Actor, _ none) (O, error) {
		return method(service, ctx, by)
	}
}

func accountRoutes(s *web.Server, service *tenancy.Service) {
	type people = *tenancy.Service
	g := web.On(s, "Accounts", "A person, once, however many organizations they belong to.", service)
	web.Post(g, "/v1/accounts", "Register", (*tenancy.Service).Register, web.Anonymous(), web.Status(202), web.Describe("The answer is the same whether the address is known or not; a mail says how to go on."))
	web.Post(g, "/v1/accounts/confirm", "Confirm an address", (*tenancy.Service).Confirm, web.Public(), web.Describe("By the link that was mailed, and the password of the account the address was given to; who is signed in as that account need not give it."))
	web.Post(g, "/v1/passwords/reset-requests", "Ask for a new password", (*tenancy.Service).RequestReset, web.Anonymous(), web.Status(202), web.Describe("The answer is the same whether the address is known or not."))
	web.Post(g, "/v1/passwords/reset", "Set a new password by a mailed link", (*tenancy.Service).ResetPassword, web.Anonymous())

	web.Post(g, "/v1/sessions", "Sign in", func(p people, ctx context.Context, by veranda.Actor, in tenancy.SignInInput) (*tenancy.NewSession, error) {
		session, err := p.SignIn(ctx, by, in)
		if err != nil {
			return nil, err
		}
		keepSession(ctx, session)
		return session, nil
	}, web.Anonymous(), web.Status(201), web.Describe("By an address or a phone number. An account with a second factor answers 401 `sign_in.code_required` to the right password alone: sign in again with a `code`. A browser's session comes as a cookie; a program gets its token once, in the answer, and sends it as `Authorization: Bearer`."))
	web.Get(g, "/v1/sessions", "List one's sessions", plain((*tenancy.Service).Sessions))
	web.Delete(g, "/v1/sessions/current", "Sign out", func(p people, ctx context.Context, by veranda.Actor, _ none) (web.Nothing, error) {
		web.CallOf(ctx).EndSession()
		return web.Nothing{}, p.SignOut(ctx, by)
	})
	web.Delete(g, "/v1/sessions/{session}", "Revoke a session", web.None((*tenancy.Service).RevokeSession))
	web.Post(g, "/v1/sessions/revoke-others", "Revoke all other sessions", func(p people, ctx context.Context, by veranda.Actor, _ none) (web.Nothing, error) {
		return web.Nothing{}, p.RevokeOtherSessions(ctx, by)
	})

	web.Get(g, "/v1/me", "Read one's account", plain((*tenancy.Service).Me))
	web.Patch(g, "/v1/me", "Change one's account", (*tenancy.Service).UpdateMe)
	web.Put(g, "/v1/me/password", "Change one's password", (*tenancy.Service).ChangePassword)
	web.Post(g, "/v1/me/addresses", "Add an address", (*tenancy.Service).AddAddress, web.Describe("A mailed link confirms it."))
	web.Post(g, "/v1/me/addresses/make-primary", "Make an address the primary one", (*tenancy.Service).MakePrimary)
	web.Post(g, "/v1/me/addresses/remove", "Remove an address", (*tenancy.Service).RemoveAddress)
	web.Get(g, "/v1/me/organizations", "List one's organizations", plain((*tenancy.Service).MyOrganizations))
}

// keepSession gives a browser its cookie, and keeps the token out of the body, where a script could read it.
func keepSession(ctx context.Context, session *tenancy.NewSession) {
	if session.Kind != tenancy.SessionBrowser {
		return
	}
	web.CallOf(ctx).SetSession(session.Token, session.ExpiresAt)
	session.Token = ""
}
