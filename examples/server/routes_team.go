package main

import (
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/workspace"
)

func teamRoutes(s *web.Server, service *tenancy.Service) {
	const org = "/v1/organizations/{org}"
	const all, one = org + "/teams", org + "/teams/{team}"
	g := web.On(s, "Teams", "Groups of employees, which hold roles and enter workspaces as one.", service)
	web.Create(g, all, "Create a team", (*tenancy.Service).CreateTeam, web.Idempotent())
	web.Get(g, all, "List teams", (*tenancy.Service).Teams)
	web.Get(g, one, "Read a team", (*tenancy.Service).Team)
	web.Patch(g, one, "Change a team", (*tenancy.Service).UpdateTeam)
	web.Delete(g, one, "Delete a team", web.None((*tenancy.Service).DeleteTeam))
	web.Get(g, one+"/members", "List the members of a team", (*tenancy.Service).TeamMembers)
	web.Post(g, one+"/members", "Add members to a team", (*tenancy.Service).AddTeamMembers, web.Idempotent())
	web.Delete(g, one+"/members/{account}", "Remove a member from a team", web.None((*tenancy.Service).RemoveTeamMember))
}

func departmentRoutes(s *web.Server, service *tenancy.Service) {
	const org = "/v1/organizations/{org}"
	const all, one = org + "/departments", org + "/departments/{department}"
	g := web.On(s, "Departments", "The parts of an organization, who belongs to them and who manages whom.", service)
	web.Create(g, all, "Create a department", (*tenancy.Service).CreateDepartment, web.Idempotent())
	web.Get(g, all, "List departments", (*tenancy.Service).Departments)
	web.Get(g, one, "Read a department", (*tenancy.Service).Department)
	web.Patch(g, one, "Change a department", (*tenancy.Service).UpdateDepartment)
	web.Delete(g, one, "Delete a department", web.None((*tenancy.Service).DeleteDepartment))
	web.Get(g, one+"/members", "List the members of a department", (*tenancy.Service).DepartmentMembers)
	web.Get(g, org+"/members/{account}/links", "Read a member's department and manager", (*tenancy.Service).OrganizationLinks)
	web.Put(g, org+"/members/{account}/links", "Give a member a department and a manager", (*tenancy.Service).SetOrganizationLinks)
	web.Get(g, org+"/members/{account}/reports", "List whose manager a member is", (*tenancy.Service).Reports)
}

func workspaceTeamRoutes(s *web.Server, service *workspace.Service) {
	const all = "/v1/organizations/{org}/workspaces/{workspace}/teams"
	g := web.On(s, "Workspaces", "", service)
	web.Get(g, all, "List the teams of a workspace", (*workspace.Service).Teams)
	web.Post(g, all, "Add a team to a workspace", (*workspace.Service).AddTeam, web.Idempotent())
	web.Delete(g, all+"/{team}", "Remove a team from a workspace", web.None((*workspace.Service).RemoveTeam))
}
