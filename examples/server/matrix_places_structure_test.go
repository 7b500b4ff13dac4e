package main

import (
	"net/http"
	"strings"
	"testing"
)

// What calls about teams and departments are about. They are told from those of workspaces, which a walk visits, by
// being less than none.
const (
	atTeam scope = -1 - iota
	atDepartment
	atWorkspaceTeam // a team in a workspace
)

// structureIDs are placeholders for what lies in each tenant: two teams without people, and two departments.
var structureIDs = []string{"team", "crew", "department", "parent"}

// ofTeam tells that a place is about a team, of which a personal tenant has none.
func (p *place) ofTeam() bool {
	return p.at == atWorkspaceTeam || strings.Contains(p.path()+p.body, "{team}") || strings.Contains(p.body, "{crew}")
}

// structurePlaces are teams, departments, and who belongs to them.
func structurePlaces() []*place {
	const org = "/v1/organizations/{org}"
	const teams, team, departments, department = org + "/teams", org + "/teams/{team}", org + "/departments", org + "/departments/{department}"
	const rooms = org + "/workspaces/{workspace}/teams"
	const hidden = http.StatusNotFound
	return []*place{
		{route: "POST " + teams, action: makeWorkspace, at: atOrganization, body: `{"name":"{fresh}"}`, ok: http.StatusCreated},
		{route: "GET " + teams, action: seeStructure, at: atOrganization, ok: http.StatusOK},
		{route: "GET " + team, action: seeStructure, at: atTeam, ok: http.StatusOK, refused: hidden},
		{route: "PATCH " + team, action: manageTeams, at: atTeam, body: `{"description":"We water."}`, ok: http.StatusOK, decide: changesTeam(http.StatusOK)},
		{route: "DELETE " + team, action: manageTeams, at: atTeam, ok: http.StatusNoContent, decide: changesTeam(http.StatusNoContent)},
		{route: "GET " + team + "/members", action: seeStructure, at: atTeam, ok: http.StatusOK, refused: hidden},
		{route: "POST " + team + "/members", action: manageTeams, at: atTeam, body: `{"accounts":["{member}"]}`, ok: http.StatusOK, decide: changesTeam(http.StatusOK)},
		{route: "DELETE " + team + "/members/{account}", action: manageTeams, at: atTeam, ok: http.StatusNoContent, decide: changesTeam(http.StatusNoContent)},

		{route: "GET " + rooms, action: readThings, at: atWorkspace, ok: http.StatusOK, decide: readsTeams},
		{route: "POST " + rooms, action: manageWorkspace, people: true, at: atWorkspace, body: `{"team_id":"{team}"}`, ok: http.StatusOK, decide: placesTeam(http.StatusOK)},
		{route: "POST " + rooms, name: "as a manager", action: manageWorkspace, at: atWorkspace, body: `{"team_id":"{crew}","role":"manager"}`, ok: http.StatusOK, decide: placesTeam(http.StatusOK)},
		{route: "DELETE " + rooms + "/{team}", action: manageWorkspace, people: true, at: atWorkspaceTeam, ok: http.StatusNoContent},

		{route: "POST " + departments, action: settings, at: atOrganization, body: `{"name":"{fresh}","parent_id":"{parent}","manager_id":"{member}"}`, ok: http.StatusCreated},
		{route: "GET " + departments, action: seeStructure, at: atOrganization, ok: http.StatusOK},
		{route: "GET " + department, action: seeStructure, at: atDepartment, ok: http.StatusOK, refused: hidden},
		{route: "PATCH " + department, action: settings, at: atDepartment, body: `{"parent_id":"{parent}","manager_id":"{member}"}`, ok: http.StatusOK, decide: changesDepartment(http.StatusOK)},
		{route: "DELETE " + department, action: settings, at: atDepartment, ok: http.StatusNoContent, decide: changesDepartment(http.StatusNoContent)},
		{route: "GET " + department + "/members", action: seeStructure, at: atDepartment, ok: http.StatusOK, refused: hidden},

		{route: "GET " + org + "/members/{account}/links", action: directory, at: atMember, ok: http.StatusOK, decide: readsLinks},
		{route: "GET " + org + "/members/{account}/reports", action: directory, at: atMember, ok: http.StatusOK, decide: readsLinks},
		{route: "PUT " + org + "/members/{account}/links", action: directory, at: atMember, body: `{"department_id":"{department}","manager_id":"{member}"}`, ok: http.StatusOK, decide: setsLinks},
	}
}

// changesTeam: who sees teams is refused, to others there is none.
func changesTeam(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		switch c := x.says(manageTeams); {
		case c == yes, c == own && x.made:
			return ok
		case x.says(seeStructure) == yes:
			return http.StatusForbidden
		default:
			return http.StatusNotFound
		}
	}
}

func changesDepartment(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		switch {
		case x.allowed(settings):
			return ok
		case x.says(seeStructure) == yes:
			return http.StatusForbidden
		default:
			return http.StatusNotFound
		}
	}
}

// readsTeams: externals and guests see the workspace and no teams.
func readsTeams(_ string, x circumstances) int {
	if x.says(seeStructure) != yes {
		return http.StatusForbidden
	}
	return http.StatusOK
}

func placesTeam(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		if x.allowed(manageWorkspace) {
			return ok
		}
		return http.StatusForbidden
	}
}

func readsLinks(_ string, x circumstances) int {
	switch {
	case x.says(seeStructure) != yes:
		return http.StatusForbidden
	case x.allowed(directory):
		return http.StatusOK
	default:
		return http.StatusNotFound
	}
}

// setsLinks: an external's and a guest's department and manager are in their own organization.
func setsLinks(_ string, x circumstances) int {
	switch {
	case x.says(placePeople) != yes:
		return http.StatusForbidden
	case !x.employee:
		return http.StatusUnprocessableEntity
	default:
		return http.StatusOK
	}
}

// structure makes what lies in a tenant: pairs of a placeholder and an id.
func (m *matrix) structure(t *testing.T, in *tenant) []string {
	t.Helper()
	out := []string{"department", m.newDepartment(t, in), "parent", m.newDepartment(t, in)}
	if in != m.personal {
		out = append(out, "team", m.newTeam(t, in, in.maker), "crew", m.newTeam(t, in, in.maker))
	}
	return out
}

func (m *matrix) newTeam(t *testing.T, in *tenant, by *caller, people ...string) string {
	t.Helper()
	path := "/v1/organizations/" + in.org + "/teams"
	id := by.post(t, path, map[string]any{"name": newAddress("team")}).want(http.StatusCreated).text("id")
	if len(people) > 0 {
		by.post(t, path+"/"+id+"/members", map[string]any{"accounts": people}).want(http.StatusOK)
	}
	return id
}

func (m *matrix) newDepartment(t *testing.T, in *tenant) string {
	t.Helper()
	return in.keeper.post(t, "/v1/organizations/"+in.org+"/departments", map[string]any{"name": newAddress("department")}).want(http.StatusCreated).text("id")
}

// teamIn is a new team in a workspace.
func (m *matrix) teamIn(t *testing.T, in *tenant, r *room) string {
	t.Helper()
	id := m.newTeam(t, in, in.maker)
	in.maker.post(t, "/v1/organizations/"+in.org+"/workspaces/"+r.id+"/teams", map[string]any{"team_id": id}).want(http.StatusOK)
	return id
}

// structureSpots are those of a team, another's and the actor's own, or of a department.
func (m *matrix) structureSpots(t *testing.T, p *place, actor string, here *tenant, s spot) []spot {
	t.Helper()
	if p.at == atDepartment {
		s.name, s.ids = "a department", s.ids.with("department", m.newDepartment(t, here))
		return []spot{s}
	}
	member := m.spares[here]["employee"][5].account
	another := s
	another.name, another.ids = "another's", s.ids.with("account", member, "team", m.newTeam(t, here, here.maker, member))
	out := []spot{another}
	if s.x.allowed(makeWorkspace) {
		s.name, s.x.made = "one's own", true
		s.ids = s.ids.with("account", member, "team", m.newTeam(t, here, m.actors[actor], member))
		out = append(out, s)
	}
	return out
}
