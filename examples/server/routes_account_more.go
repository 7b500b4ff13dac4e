package main

import (
	"context"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// accountMoreRoutes are what accounts have besides: reserved ones, phones, the second factor.
func accountMoreRoutes(s *web.Server, service *tenancy.Service) {
	type people = *tenancy.Service
	g := web.On(s, "Accounts", "A person, once, however many organizations they belong to.", service)
	web.Post(g, "/v1/accounts/activate", "Choose the password of an account that was made for one", func(p people, ctx context.Context, by veranda.Actor, in tenancy.ActivateInput) (*tenancy.NewSession, error) {
		session, err := p.Activate(ctx, by, in)
		if err != nil {
			return nil, err
		}
		keepSession(ctx, session)
		return session, nil
	}, web.Anonymous(), web.Status(201), web.Describe("By the link that was sent to the address or phone number, which is proved by it; signs in."))

	web.Post(g, "/v1/me/second-factor", "Begin to set up a second factor", (*tenancy.Service).BeginSecondFactor, web.Describe("Gives the secret for an authenticator app, once. It is in force when a first code of the app is given to `/v1/me/second-factor/confirm`."))
	web.Post(g, "/v1/me/second-factor/confirm", "Put the second factor in force", (*tenancy.Service).ConfirmSecondFactor, web.Describe("Gives ten recovery codes, once. All other sessions, and tokens of programs, end."))
	web.Post(g, "/v1/me/second-factor/recovery-codes", "Replace the recovery codes", (*tenancy.Service).ReplaceRecoveryCodes)
	web.Post(g, "/v1/me/second-factor/remove", "Remove the second factor", (*tenancy.Service).RemoveSecondFactor, web.Describe("All other sessions, and tokens of programs, end."))

	web.Post(g, "/v1/me/phones", "Add a phone number", (*tenancy.Service).AddPhone, web.Describe("A text message brings a code of six digits, which works for ten minutes."))
	web.Post(g, "/v1/me/phones/confirm", "Confirm a phone number", (*tenancy.Service).ConfirmPhone)
	web.Post(g, "/v1/me/phones/remove", "Remove a phone number", (*tenancy.Service).RemovePhone)
}
