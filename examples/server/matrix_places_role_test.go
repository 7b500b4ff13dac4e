package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// rolePlaces are an organization's own roles and policy rows, and the explanations of what comes of them.
func rolePlaces() []*place {
	const org = "/v1/organizations/{org}"
	const gardener = `"title":"Gardener","permissions":["organization.read"],"kinds":["internal"],"scope":"both"}`
	return []*place{
		{route: "GET " + org + "/roles", action: settings, at: atOrganization, ok: http.StatusOK, decide: byColumn(employees)},
		{route: "GET " + org + "/roles/{role}", action: settings, at: atOrganization, ok: http.StatusOK, decide: byColumn(employees)},
		{route: "GET " + org + "/permissions", action: settings, at: atOrganization, ok: http.StatusOK, decide: byColumn(employees)},
		{route: "POST " + org + "/roles", action: settings, at: atOrganization, body: `{"name":"{freshrole}",` + gardener, ok: http.StatusCreated},
		{route: "PUT " + org + "/roles/{role}", action: settings, at: atOrganization, body: `{` + gardener, ok: http.StatusOK},
		{route: "DELETE " + org + "/roles/{role}", action: settings, at: atOrganization, ok: http.StatusNoContent},
		{route: "PUT " + org + "/policy", action: settings, at: atOrganization, body: `{"csv":""}`, ok: http.StatusOK, decide: byColumn("owner")},
		{route: "GET " + org + "/policy.csv", action: settings, at: atOrganization, ok: http.StatusOK},
		{route: "PUT " + org + "/workspaces/{workspace}/members/{account}/roles", action: manageWorkspace, people: true, spare: 5, at: atWorkspaceMember, body: `{"roles":[]}`, ok: http.StatusOK},
		// About anybody the answer is that they do not belong, when they do not: whoever they are, and if they are nobody.
		{route: "GET " + org + "/explain", action: settings, at: atOrganization, query: "?permission=organization.read&account={account}", ok: http.StatusOK,
			decide: byColumn(bringsPeople), bad: map[string]int{"account": http.StatusOK}},
		{route: "GET " + org + "/explain", name: "in a workspace", action: settings, at: atWorkspace, query: "?permission=task.read&account={account}&workspace={workspace}", ok: http.StatusOK,
			decide: byColumn(bringsPeople), bad: map[string]int{"account": http.StatusOK, "workspace": http.StatusNotFound}},
		{route: "GET " + org + "/members/{account}/access", action: enterPrivate, at: atMember, ok: http.StatusOK, decide: readsAccess},
	}
}

// byColumn is the answer where what counts is the caller's role and nothing else.
func byColumn(roles string) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		if slices.Contains(strings.Fields(roles), x.column) {
			return http.StatusOK
		}
		return http.StatusForbidden
	}
}

// readsAccess: who brings people in asks about everybody, whoever belongs about themselves; of others they are told that
// there is nobody.
func readsAccess(_ string, x circumstances) int {
	if slices.Contains(strings.Fields(bringsPeople), x.column) || x.subject == oneself && slices.Contains(strings.Fields(belongs), x.column) {
		return http.StatusOK
	}
	return http.StatusNotFound
}

var roleNumber atomic.Int64

// roleName is a role for a call: one that stays, of the same name in every tenant; for calls that delete one, a new one in
// the actor's tenant; or a name that is free.
func (m *matrix) roleName(t *testing.T, p *place, actor, what string) string {
	t.Helper()
	const stays = "gardener"
	fresh := fmt.Sprintf("gardener_%d", roleNumber.Add(1))
	if what == "{freshrole}" {
		return fresh
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, in := range []*tenant{m.ours, m.away, m.personal} {
		if key := "role " + in.org; m.made[key] == nil {
			in.makeRole(t, stays)
			m.made[key] = ids{}
		}
	}
	if p.method() != http.MethodDelete {
		return stays
	}
	here, _ := m.home(actor)
	here.makeRole(t, fresh)
	return fresh
}

func (in *tenant) makeRole(t *testing.T, name string) {
	t.Helper()
	in.keeper.post(t, "/v1/organizations/"+in.org+"/roles", map[string]any{
		"name": name, "title": "Gardener", "permissions": []string{"organization.read"}, "kinds": []string{"internal"}, "scope": "both",
	}).want(http.StatusCreated)
}
