package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

// leavingRoutes are how people lose and regain their access; who removes a member stands with the organization's routes.
func leavingRoutes(s *web.Server, service *tenancy.Service) {
	const one = "/v1/organizations/{org}"
	g := web.On(s, "Leaving", "Access ends with the call that says so; what is open goes to somebody else.", service)
	web.Post(g, one+"/members/{account}/disable", "Disable a member", (*tenancy.Service).DisableMember,
		web.Describe("Access and, for an employee, all sessions and program tokens end at once; the membership stays. `hand_to` takes over open tasks and private workspaces."))
	web.Post(g, one+"/members/{account}/enable", "Enable a member", (*tenancy.Service).EnableMember)
	web.Post(g, one+"/leave", "Leave an organization", web.None((*tenancy.Service).LeaveOrganization),
		web.Describe("An employee who leaves open tasks, or private workspaces nobody else manages, names who takes over: `hand_to`."))
}

// relationRoutes are agreements of two tenants.
func relationRoutes(s *web.Server, service *tenancy.Service) {
	const one = "/v1/organizations/{org}"
	g := web.On(s, "Relations", "Two organizations agree that one receives the other's people, and what these may do there at most.", service)
	web.Get(g, one+"/relation-key", "Read an organization's relation key", (*tenancy.Service).RelationKey,
		web.Describe("Tell it to the organization that is to receive your people: it proposes a relation with it."))
	web.Get(g, one+"/relations", "List relations", (*tenancy.Service).Relations)
	web.Post(g, one+"/relations", "Propose a relation", (*tenancy.Service).ProposeRelation, web.Status(201), web.Idempotent())
	web.Post(g, one+"/relations/{other}/accept", "Accept a relation", (*tenancy.Service).AcceptRelation)
	web.Post(g, one+"/relations/{other}/decline", "Decline a relation", (*tenancy.Service).DeclineRelation)
	web.Patch(g, one+"/relations/{other}", "Change a relation", (*tenancy.Service).UpdateRelation)
	web.Delete(g, one+"/relations/{other}", "End a relation", web.None((*tenancy.Service).EndRelation),
		web.Describe("People who are at home in the one and were received by the other lose their access there at once."))
}

// supportAccountRoutes are platform support's hold on accounts.
func supportAccountRoutes(s *web.Server, service *tenancy.Service) {
	g := web.On(s, "Support", "What platform support does to accounts; each step is kept in the account's log.", service)
	web.Post(g, "/v1/support/accounts/disable", "Disable an account", (*tenancy.Service).DisableAccount)
	web.Post(g, "/v1/support/accounts/enable", "Enable an account", (*tenancy.Service).EnableAccount)
}
