package main

import (
	"context"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/tenancy/support"
)

func supportRoutes(s *web.Server, service *support.Service) {
	type help = *support.Service
	const one = "/v1/support/requests/{request}"
	g := web.On(s, "Support", "Writing to the platform's own people, and what they do about it.", service)
	web.Post(g, "/v1/support/requests", "Write to platform support", help.Write, web.Public(), web.Status(202),
		web.Describe("Anybody may, signed in or not. Without signing in the answer is the same whatever the address is."))
	web.Get(g, "/v1/support/requests", "List one's requests", help.Mine)
	web.Get(g, "/v1/support/queue", "List requests to work on", help.Queue)
	web.Get(g, one, "Read a request", help.Request)
	web.Patch(g, one, "Take, close or open a request", help.Change)
	web.Post(g, one+"/messages", "Add to a request", help.AddMessage)
	web.Post(g, one+"/actions", "Propose an action", help.Propose)
	web.Post(g, one+"/actions/{action}/confirm", "Confirm an action", help.Confirm)
	web.Post(g, one+"/actions/{action}/decline", "Decline an action", help.Decline)
	web.Post(g, "/v1/support/confirmations", "Confirm an action without signing in", help.ConfirmLocked, web.Anonymous(),
		web.Describe("For who has lost the second factor: by address and password, where the action allows it."))
	web.Post(g, one+"/actions/{action}/carry-out", "Carry an action out", help.CarryOut)

	web.Get(g, "/v1/organizations/{org}/support-consents", "List what platform support may see", help.Consents)
	web.Post(g, "/v1/organizations/{org}/support-consents", "Let platform support look", help.GiveConsent, web.Status(201))
	web.Delete(g, "/v1/organizations/{org}/support-consents/{consent}", "End a consent", web.None(help.EndConsent))
	web.Get(g, "/v1/support/consents", "List the organizations that consent", plain(help.OpenConsents))

	web.Get(g, "/v1/support/staff", "List the platform's own people", plain(help.Staff))
	web.Post(g, "/v1/support/staff", "Make somebody platform support", help.AddStaff)
	web.Delete(g, "/v1/support/staff/{account}", "End somebody's being platform support", web.None(help.RemoveStaff))
}

// supportActions are what support can do about a request. Each runs as the member of support who carries it out, under the
// policy rows of what it does.
func supportActions(people *tenancy.Service) map[string]support.Action {
	return map[string]support.Action{
		"withdraw_invitation": {
			InOrganization: true,
			Check: func(target string) error {
				var id tenancy.InvitationID
				return id.UnmarshalText([]byte(target))
			},
			Run: func(ctx context.Context, by veranda.Actor, org veranda.OrgID, target string) error {
				in := tenancy.InvitationInput{Org: org}
				if err := in.Invitation.UnmarshalText([]byte(target)); err != nil {
					return err
				}
				return people.Withdraw(ctx, by, in)
			},
		},
		// The target is an address of the account whose second factor is lost.
		"remove_second_factor": {
			OwnAccount: true, Locked: true,
			Check: func(target string) error {
				_, err := tenancy.ParseAddress(target)
				return err
			},
			Run: func(ctx context.Context, by veranda.Actor, _ veranda.OrgID, target string) error {
				_, err := people.RemoveAccountFactor(ctx, by, tenancy.SupportAccountInput{Address: target, Reason: "the second factor is lost"})
				return err
			},
		},
	}
}

// supportInbox gives mails to platform support in.
type supportInbox struct{ to *support.Service }

// Receive takes a mail; a mail that cannot be read is refused for good.
func (s supportInbox) Receive(ctx context.Context, from, _ string, raw []byte) error {
	return s.to.Receive(ctx, from, raw)
}
