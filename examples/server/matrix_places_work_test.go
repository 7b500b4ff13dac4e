package main

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// invitationPlaces are invitations to an organization and to workspaces.
func invitationPlaces() []*place {
	const all, one = "/v1/organizations/{org}/invitations", "/v1/organizations/{org}/invitations/{invitation}"
	invite := func(kind string) string { return `{"people":[{"address":"{fresh}","kind":"` + kind + `"}]}` }
	inviteTo := func(kind string) string {
		return `{"workspace_id":"{workspace}","people":[{"address":"{fresh}","kind":"` + kind + `"}]}`
	}
	nowhere := map[string]int{"workspace": http.StatusNotFound}
	return []*place{
		{route: "POST " + all, name: "employees", action: inviteEmployees, at: atOrganization, body: invite("internal"), ok: http.StatusOK},
		{route: "POST " + all, name: "employees, where employees may", action: inviteEmployees, at: atOrganization, body: invite("internal"), setting: true, phase: 1, ok: http.StatusOK},
		{route: "POST " + all, name: "guests", action: inviteExternals, at: atOrganization, body: invite("guest"), ok: http.StatusOK},
		{route: "POST " + all, name: "employees to a workspace", action: inviteEmployees, at: atWorkspace, body: inviteTo("internal"), ok: http.StatusOK, bad: nowhere},
		{route: "POST " + all, name: "externals to a workspace", action: inviteExternals, at: atWorkspace, body: inviteTo("external"), ok: http.StatusOK, bad: nowhere},
		{route: "POST " + all, name: "guests to a workspace", action: inviteExternals, at: atWorkspace, body: inviteTo("guest"), ok: http.StatusOK, bad: nowhere},
		{route: "GET " + all, action: inviteExternals, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsInvitations, check: listsInvitations},
		{route: "GET " + all, name: "filtered", action: inviteExternals, at: atOrganization, query: "?workspace_id={workspace}&invited_by={by}", ok: http.StatusOK, decide: readsInvitations,
			bad: map[string]int{"workspace": http.StatusOK, "by": http.StatusOK}},
		{route: "POST " + one + "/resend", action: inviteExternals, at: atInvitation, ok: http.StatusOK, decide: resends},
		{route: "DELETE " + one, action: takeBack, at: atInvitation, ok: http.StatusNoContent, decide: takesBack, phase: 1},
	}
}

// readsInvitations: who may invite reads what was sent, employees what they sent themselves.
func readsInvitations(_ string, x circumstances) int {
	if x.says(inviteExternals) == no {
		return http.StatusForbidden
	}
	return http.StatusOK
}

func listsInvitations(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	if (circumstances{column: column(actor)}).says(inviteExternals) != theirs {
		return
	}
	for _, item := range r.items() {
		if item["invited_by"] != m.actors[actor].account {
			t.Errorf("%s reads an invitation of somebody else's: %v", actor, item)
		}
	}
}

// seesInvitation tells who may know of an invitation.
func seesInvitation(x circumstances) bool {
	return (!x.placed || x.sees()) && (x.says(inviteExternals) == yes || x.says(inviteExternals) == theirs && x.made)
}

func resends(_ string, x circumstances) int {
	action := inviteEmployees
	if x.placed {
		action = inviteExternals
	}
	switch {
	case !seesInvitation(x):
		return http.StatusNotFound
	case x.allowed(action):
		return http.StatusOK
	default:
		return http.StatusForbidden
	}
}

func takesBack(_ string, x circumstances) int {
	switch {
	case x.allowed(takeBack):
		return http.StatusNoContent
	case seesInvitation(x):
		return http.StatusForbidden
	default:
		return http.StatusNotFound
	}
}

// workspacePlaces are workspaces and who is in them.
func workspacePlaces() []*place {
	const all, one = "/v1/organizations/{org}/workspaces", "/v1/organizations/{org}/workspaces/{workspace}"
	return []*place{
		{route: "POST " + all, action: makeWorkspace, at: atOrganization, body: `{"name":"One more"}`, ok: http.StatusCreated},
		{route: "GET " + all, action: readThings, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsLists, check: listsRooms("id"), phase: -1},
		{route: "GET " + one, action: readThings, at: atWorkspace, ok: http.StatusOK},
		{route: "PATCH " + one, action: manageWorkspace, at: atWorkspace, body: `{"description":"Where we meet."}`, ok: http.StatusOK},
		{route: "PATCH " + one, name: "visibility", action: manageWorkspace, at: atWorkspace, body: `{"description":"Where all meet.","confirm_visibility":true}`, ok: http.StatusOK},
		{route: "GET " + one + "/members", action: readThings, at: atWorkspace, ok: http.StatusOK},
		{route: "POST " + one + "/members", action: manageWorkspace, people: true, at: atWorkspace, body: `{"accounts":["{member}"]}`, ok: http.StatusOK},
		{route: "POST " + one + "/members", name: "as a manager", action: manageWorkspace, at: atWorkspace, body: `{"accounts":["{member}"],"role":"manager"}`, ok: http.StatusOK},
		{route: "PATCH " + one + "/members/{account}", action: manageWorkspace, people: true, spare: 2, at: atWorkspaceMember, body: `{"role":"plain"}`, ok: http.StatusOK},
		// Who manages members and nothing else makes no managers, who manage more.
		{route: "PATCH " + one + "/members/{account}", name: "to a manager", action: manageWorkspace, spare: 3, at: atWorkspaceMember, body: `{"role":"manager"}`, ok: http.StatusOK},
		{route: "DELETE " + one + "/members/{account}", action: manageWorkspace, people: true, spare: 4, at: atWorkspaceMember, ok: http.StatusNoContent},
		{route: "POST " + one + "/leave", action: readThings, at: atWorkspace, ok: http.StatusNoContent, decide: leaves, phase: 1},
		{route: "GET " + one + "/contacts", action: manageWorkspace, people: true, at: atWorkspace, ok: http.StatusOK},
		{route: "GET " + one + "/labels", action: readThings, at: atWorkspace, ok: http.StatusOK},
	}
}

// readsLists: a list of the organization is everybody's who belongs to it, narrowed to what they see.
func readsLists(_ string, x circumstances) int {
	if x.says(readThings) == withConsent {
		return http.StatusForbidden
	}
	return http.StatusOK
}

// listsRooms holds a list to the workspaces an actor sees: all of them, each with something, and no other.
func listsRooms(member string) func(t *testing.T, m *matrix, actor string, r *reply) {
	return func(t *testing.T, m *matrix, actor string, r *reply) {
		t.Helper()
		here, _ := m.home(actor)
		var want []string
		for _, room := range here.rooms {
			s := spot{x: circumstances{column: column(actor)}}.in(room, actor)
			if s.x.sees() {
				want = append(want, room.id)
			}
		}
		got := r.column(member)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
			t.Errorf("%s: workspaces listed (-want +got):\n%s", actor, diff)
		}
	}
}

// leaves: who sees an open workspace without being a member has nothing to leave.
func leaves(_ string, x circumstances) int {
	if x.member {
		return http.StatusNoContent
	}
	return http.StatusConflict
}

// taskPlaces are tasks, their checklists, followers and comments.
func taskPlaces() []*place {
	const all, one = "/v1/organizations/{org}/tasks", "/v1/organizations/{org}/tasks/{task}"
	const filters = "?workspace={workspace}&assignee={assignee}&creator={by}&follower={follower}&limit=200"
	malformed := map[string]int{"org": http.StatusUnprocessableEntity, "workspace": http.StatusUnprocessableEntity}
	nothing := map[string]int{"workspace": http.StatusOK, "assignee": http.StatusOK, "by": http.StatusOK, "follower": http.StatusOK}
	return []*place{
		{route: "POST /v1/organizations/{org}/workspaces/{workspace}/tasks", action: createThings, at: atWorkspace, body: `{"title":"Water the plants","assignees":["{assignee}"]}`, ok: http.StatusCreated},
		// A new task has no items that could be named: the answer is the same whatever the path says and whoever asks, also
		// with a session that is none, for the input is looked at first.
		{route: "POST /v1/organizations/{org}/workspaces/{workspace}/tasks", name: "with an item of another", at: atOneself, body: `{"title":"Water the plants","checklist":[{"id":"{item}","text":"The fern"}]}`, ok: http.StatusUnprocessableEntity, bad: malformed},
		{route: "GET " + all, action: readThings, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsLists, check: listsRooms("workspace_id"), phase: -1},
		{route: "GET " + all, name: "filtered", action: readThings, at: atOrganization, query: filters, ok: http.StatusOK, decide: readsLists, bad: nothing},
		{route: "GET " + one, action: readThings, at: atTask, ok: http.StatusOK},
		{route: "PATCH " + one, action: createThings, at: atTask, body: `{"title":"Water all plants","assignees":["{assignee}"]}`, ok: http.StatusOK},
		{route: "DELETE " + one, action: deleteThings, at: atTask, ok: http.StatusNoContent},
		{route: "POST " + one + "/finish", action: createThings, at: atTask, ok: http.StatusOK},
		{route: "POST " + one + "/reopen", action: createThings, at: atTask, finished: true, ok: http.StatusOK},
		{route: "PUT " + one + "/checklist", action: createThings, at: atTask, body: `{"items":[{"id":"{item}","text":"The old fern"}]}`, ok: http.StatusOK},
		{route: "POST " + one + "/checklist/{item}", action: createThings, at: atTask, body: `{"done":true}`, ok: http.StatusOK},
		// Following is being told of what one reads; making others follow is a change.
		{route: "PUT " + one + "/follow", action: readThings, at: atTask, body: `{}`, ok: http.StatusOK},
		{route: "PUT " + one + "/follow", name: "another", action: createThings, at: atTask, body: `{"account_id":"{follower}"}`, ok: http.StatusOK},
		{route: "DELETE " + one + "/follow", action: readThings, at: atTask, ok: http.StatusOK},
		{route: "DELETE " + one + "/follow", name: "another", action: createThings, at: atTask, query: "?account={follower}", ok: http.StatusOK, bad: map[string]int{"follower": http.StatusOK}},
		{route: "POST " + one + "/comments", action: createThings, comment: true, at: atTask, body: `{"text":"Not too much."}`, ok: http.StatusCreated},
		{route: "GET " + one + "/comments", action: readThings, at: atTask, ok: http.StatusOK},
		// What somebody said is changed by nobody else.
		{route: "PATCH " + one + "/comments/{comment}", action: createThings, comment: true, author: true, at: atTaskComment, body: `{"text":"Not too much water."}`, ok: http.StatusOK},
		{route: "DELETE " + one + "/comments/{comment}", action: deleteThings, comment: true, at: atTaskComment, ok: http.StatusNoContent},
	}
}
