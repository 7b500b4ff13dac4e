package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

func organizationRoutes(s *web.Server, service *tenancy.Service) {
	const one = "/v1/organizations/{org}"
	g := web.On(s, "Organizations", "Tenants: organizations, and the personal ones of personal addresses.", service)
	web.Create(g, "/v1/organizations", "Found an organization", (*tenancy.Service).CreateOrganization, web.Idempotent())
	web.Get(g, one, "Read an organization", (*tenancy.Service).Organization)
	web.Patch(g, one, "Change an organization", (*tenancy.Service).UpdateOrganization)
	web.Get(g, one+"/members", "List the members of an organization", (*tenancy.Service).Members)
	web.Get(g, one+"/members/{account}", "Read a member", (*tenancy.Service).Member)
	web.Put(g, one+"/members/{account}/roles", "Give a member other roles", (*tenancy.Service).SetRoles)
	web.Delete(g, one+"/members/{account}", "Remove a member", web.None((*tenancy.Service).RemoveMember))
}
