package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

func assignRoutes(s *web.Server, service *tenancy.Service) {
	const org, one = "/v1/organizations/{org}", "/v1/organizations/{org}/members/{account}"
	g := web.On(s, "Assigning people", "The access manager's path: look for a person, and put them into a workspace, whoever they are.", service)
	web.Post(g, org+"/people/find", "Look for a person", (*tenancy.Service).FindPerson, web.Describe("By an exact e-mail address or phone number, in the body, so that it appears in no log. Every search is noted in the audit log."))
	web.Post(g, org+"/people/assign", "Assign a person to a workspace", (*tenancy.Service).AssignPerson, web.Idempotent(), web.Describe("Makes the account of somebody nobody knows yet, links somebody who has one elsewhere, or puts a member into the workspace. The person is told."))
	web.Post(g, one+"/activation", "Send the link of a reserved account again", (*tenancy.Service).ResendActivation)
	web.Patch(g, one, "Change what the organization says of a member", (*tenancy.Service).UpdateMember, web.Describe("Name, language, time zone and channel are the person's own."))
	web.Post(g, one+"/confirm", "Let a member in again whom their home has disabled", (*tenancy.Service).ConfirmMember)
	web.Post(g, "/v1/me/organizations/{org}/accept", "Accept an offered membership", (*tenancy.Service).AcceptMembership)
	web.Post(g, "/v1/me/organizations/{org}/decline", "Decline an offered membership", web.None((*tenancy.Service).DeclineMembership))
}
