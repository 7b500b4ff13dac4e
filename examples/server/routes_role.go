package main

import (
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
)

func roleRoutes(s *web.Server, service *tenancy.Service) {
	const org = "/v1/organizations/{org}"
	const all, one = org + "/roles", org + "/roles/{role}"
	g := web.On(s, "Roles", "The shipped roles, and those an organization makes of permissions; why somebody may do something, and what they see.", service)
	web.Get(g, all, "List roles", (*tenancy.Service).Roles)
	web.Create(g, all, "Make a role", (*tenancy.Service).CreateRole, web.Idempotent())
	web.Get(g, one, "Read a role", (*tenancy.Service).Role)
	web.Put(g, one, "Change a role", (*tenancy.Service).UpdateRole)
	web.Delete(g, one, "Delete a role", web.None((*tenancy.Service).DeleteRole), web.Describe("A role that somebody holds is not deleted."))
	web.Get(g, org+"/permissions", "List what can be put into a role", (*tenancy.Service).Permissions)
	web.Put(g, org+"/workspaces/{workspace}/members/{account}/roles", "Give a member of a workspace other roles there", (*tenancy.Service).SetWorkspaceRoles,
		web.AnyVersion(), web.Describe("Roles of the organization's own that are held in workspaces; they count in this one alone. Whether somebody manages the workspace stays as it is."))
	web.Get(g, org+"/explain", "Say why somebody may do something", (*tenancy.Service).Explain,
		web.Describe("Names the role and the policy row that decided, or the reason of the refusal."))
	web.Get(g, org+"/members/{account}/access", "Say what a member sees and may do", (*tenancy.Service).Access,
		web.Describe("Of private workspaces, those that the caller sees too."))
}

// policyCSV answers with the policy rows as casbin's own tools read them.
func policyCSV(service *tenancy.Service, c *fiber.Ctx, by veranda.Actor, in tenancy.PolicyCSVInput) error {
	text, err := service.PolicyCSV(c.UserContext(), by, in)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	c.Attachment("policy.csv")
	return c.SendString(text)
}
