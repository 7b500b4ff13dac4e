package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/workspace"
)

func workspaceRoutes(s *web.Server, service *workspace.Service) {
	const all, one = "/v1/organizations/{org}/workspaces", "/v1/organizations/{org}/workspaces/{workspace}"
	g := web.On(s, "Workspaces", "Open to every employee, or private: seen by the invited alone.", service)
	web.Create(g, all, "Create a workspace", (*workspace.Service).Create, web.Idempotent())
	web.Get(g, all, "List workspaces", (*workspace.Service).List)
	web.Get(g, one, "Read a workspace", (*workspace.Service).Get)
	web.Patch(g, one, "Change a workspace", (*workspace.Service).Update)
	web.Get(g, one+"/members", "List the members of a workspace", (*workspace.Service).Members)
	web.Post(g, one+"/members", "Add members to a workspace", (*workspace.Service).AddMembers, web.Idempotent())
	web.Patch(g, one+"/members/{account}", "Change a member's role in a workspace", (*workspace.Service).SetMemberRole)
	web.Delete(g, one+"/members/{account}", "Remove a member from a workspace", (*workspace.Service).RemoveMember, web.OrNothing())
	web.Post(g, one+"/leave", "Leave a workspace", (*workspace.Service).Leave, web.OrNothing())
	web.Get(g, one+"/contacts", "List who could be added to a workspace", (*workspace.Service).Pick)
}
