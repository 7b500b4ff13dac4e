package main

import (
	"context"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

func invitationRoutes(s *web.Server, service *tenancy.Service) {
	type people = *tenancy.Service
	const all, one = "/v1/organizations/{org}/invitations", "/v1/organizations/{org}/invitations/{invitation}"
	g := web.On(s, "Invitations", "By mail, many at once: employees and guests to an organization, externals to a workspace.", service)
	web.Post(g, all, "Invite people", (*tenancy.Service).Invite, web.Idempotent())
	web.Get(g, all, "List invitations", (*tenancy.Service).Invitations)
	web.Post(g, one+"/resend", "Send an invitation again", (*tenancy.Service).Resend)
	web.Delete(g, one, "Take an invitation back", web.None((*tenancy.Service).Withdraw))
	web.Post(g, "/v1/invitations/look", "Look at an invitation", (*tenancy.Service).Look, web.Anonymous(), web.Describe("Shows who holds a mailed link what it invites to. The token is in the body, so that it appears in no log."))
	web.Post(g, "/v1/invitations/accept", "Accept an invitation", func(p people, ctx context.Context, by veranda.Actor, in tenancy.AcceptInput) (*tenancy.Accepted, error) {
		accepted, err := p.Accept(ctx, by, in)
		if err != nil {
			return nil, err
		}
		if accepted.Session != nil {
			keepSession(ctx, accepted.Session)
		}
		return accepted, nil
	}, web.Public(), web.Describe("Without a session this makes the account: the mailed link proves its address."))
}
