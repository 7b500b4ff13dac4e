package main

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// accountPlaces are what needs no sign-in, and everybody's own account: nobody's role matters, only whether somebody is
// signed in.
func accountPlaces() []*place {
	const forged = `"token":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`
	return []*place{
		{route: "POST /v1/accounts", at: atAnybody, body: `{"address":"{fresh}","name":"Fiona Fresh","password":"seven birds sing at dawn"}`, ok: http.StatusAccepted},
		{route: "POST /v1/accounts/confirm", at: atAnybody, body: `{` + forged + `,"password":"seven birds sing at dawn"}`, ok: http.StatusNotFound},
		{route: "POST /v1/passwords/reset-requests", at: atAnybody, body: `{"address":"{fresh}"}`, ok: http.StatusAccepted},
		{route: "POST /v1/passwords/reset", at: atAnybody, body: `{` + forged + `,"password":"seven birds sing at dawn"}`, ok: http.StatusNotFound},
		{route: "POST /v1/sessions", at: atAnybody, body: `{"address":"{fresh}","password":"seven birds sing at dawn"}`, ok: http.StatusUnauthorized},
		{route: "POST /v1/invitations/look", at: atAnybody, body: `{` + forged + `}`, ok: http.StatusNotFound},
		{route: "POST /v1/invitations/accept", at: atAnybody, body: `{` + forged + `,"name":"Fiona Fresh","password":"seven birds sing at dawn"}`, ok: http.StatusNotFound},

		{route: "POST /v1/accounts/activate", at: atAnybody, body: `{` + forged + `,"password":"seven birds sing at dawn"}`, ok: http.StatusNotFound},

		{route: "GET /v1/me", at: atOneself, ok: http.StatusOK, check: isOneself},
		{route: "PATCH /v1/me", at: atOneself, body: `{"time_zone":"Europe/Vienna"}`, ok: http.StatusOK, check: isOneself},
		{route: "PUT /v1/me/password", at: atOneself, body: `{"present":"not the right one","new":"eight birds sing at dawn"}`, ok: http.StatusConflict},
		{route: "POST /v1/me/addresses", at: atOneself, body: `{"address":"{fresh}"}`, ok: http.StatusOK},
		{route: "POST /v1/me/addresses/make-primary", at: atOneself, body: `{"address":"{fresh}"}`, ok: http.StatusNotFound},
		{route: "POST /v1/me/addresses/remove", at: atOneself, body: `{"address":"{fresh}"}`, ok: http.StatusNotFound},
		{route: "POST /v1/me/second-factor", at: atOneself, body: `{"password":"not the right one"}`, ok: http.StatusConflict},
		{route: "POST /v1/me/second-factor/confirm", at: atOneself, body: `{"code":"123456"}`, ok: http.StatusConflict},
		{route: "POST /v1/me/second-factor/recovery-codes", at: atOneself, body: `{"password":"not the right one","code":"123456"}`, ok: http.StatusConflict},
		{route: "POST /v1/me/second-factor/remove", at: atOneself, body: `{"password":"not the right one","code":"123456"}`, ok: http.StatusConflict},
		{route: "POST /v1/me/phones", at: atOneself, body: `{"phone":"{phone}"}`, ok: http.StatusOK, check: isOneself},
		{route: "POST /v1/me/phones/confirm", at: atOneself, body: `{"phone":"{phone}","code":"123456"}`, ok: http.StatusConflict},
		{route: "POST /v1/me/phones/remove", at: atOneself, body: `{"phone":"{phone}"}`, ok: http.StatusNotFound},
		{route: "GET /v1/me/organizations", at: atOneself, ok: http.StatusOK, check: listsOwnTenant, phase: -1},
		{route: "POST /v1/organizations", at: atOneself, body: `{"kind":"organization","name":"One more house"}`, ok: http.StatusCreated},

		{route: "GET /v1/sessions", at: atOneself, ok: http.StatusOK},
		{route: "DELETE /v1/sessions/{session}", at: atSession, ok: http.StatusNoContent},
		{route: "DELETE /v1/sessions/current", at: atOneself, ok: http.StatusNoContent},
		{route: "POST /v1/sessions/revoke-others", at: atOneself, ok: http.StatusNoContent, phase: 1},
	}
}

func isOneself(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	if got := r.text("id"); got != m.actors[actor].account {
		t.Errorf("%s reads the account %s as their own", actor, got)
	}
}

func listsOwnTenant(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	want := []string{}
	if here, _ := m.home(actor); actor != "nobody" && actor != "support" {
		want = append(want, here.org)
	}
	if diff := cmp.Diff(want, r.column("organization_id")); diff != "" {
		t.Errorf("%s: own organizations (-want +got):\n%s", actor, diff)
	}
}

// organizationPlaces are a tenant, its people, its policy and what was sent.
func organizationPlaces() []*place {
	const one = "/v1/organizations/{org}"
	return []*place{
		// External people see "nothing else of the organization", guests and support its name only.
		{route: "GET " + one, action: seeOrganization, at: atOrganization, ok: http.StatusOK, decide: readsOrganization, check: showsNameOnly},
		{route: "PATCH " + one, action: settings, at: atOrganization, body: `{"language":"en"}`, ok: http.StatusOK, decide: hiddenFromExternals(settings)},
		{route: "GET " + one + "/policy", action: settings, at: atOrganization, ok: http.StatusOK},
		{route: "GET " + one + "/members", action: directory, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsDirectory, check: listsDirectory},
		{route: "GET " + one + "/members/{account}", action: directory, at: atMember, ok: http.StatusOK, decide: readsMember},
		{route: "PUT " + one + "/members/{account}/roles", action: grantRoles, at: atMember, body: `{"roles":["{given}"]}`, gives: true, ok: http.StatusOK, decide: changesMember(http.StatusOK)},
		{route: "DELETE " + one + "/members/{account}", action: grantRoles, at: atMember, query: "?hand_to={member}", ok: http.StatusNoContent, decide: changesMember(http.StatusNoContent)},
	}
}

func readsOrganization(_ string, x circumstances) int {
	if x.says(seeOrganization) == no {
		return http.StatusNotFound
	}
	return http.StatusOK
}

func showsNameOnly(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	limited, _ := r.field("limited").(bool)
	if want := (circumstances{column: column(actor)}).says(seeOrganization) == nameOnly; limited != want {
		t.Errorf("%s reads the organization with limited=%v, want %v: %s", actor, limited, want, r.Body)
	}
	if limited && (r.field("created_by") != "00000000-0000-0000-0000-000000000000" || r.text("time_zone") != "") {
		t.Errorf("%s reads more than the name: %s", actor, r.Body)
	}
}

// hiddenFromExternals is the answer where those who may not see the organization are told that there is none.
func hiddenFromExternals(action string) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		switch {
		case x.allowed(action):
			return http.StatusOK
		case x.says(seeOrganization) == no:
			return http.StatusNotFound
		default:
			return http.StatusForbidden
		}
	}
}

func readsDirectory(_ string, x circumstances) int {
	if x.says(directory) == no {
		return http.StatusForbidden
	}
	return http.StatusOK
}

func readsMember(_ string, x circumstances) int {
	switch {
	case x.says(directory) == no:
		return http.StatusForbidden
	case x.allowed(directory):
		return http.StatusOK
	default:
		return http.StatusNotFound
	}
}

func listsDirectory(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	if here, _ := m.home(actor); here != m.ours {
		return
	}
	listed := r.column("account_id")
	x := circumstances{column: column(actor)}
	for name, person := range map[string]struct {
		account           string
		employee, sharing bool
	}{
		"keeper": {m.ours.keeper.account, true, false}, "maker": {m.ours.maker.account, true, true},
		"owner": {m.actors["owner"].account, true, true}, "external": {m.actors["external"].account, false, true},
		"guest": {m.actors["guest"].account, false, true}, "hidden": {m.hidden.account, false, false},
		"spare external": {m.spares[m.ours]["external"][1].account, false, false},
		"spare employee": {m.spares[m.ours]["employee"][0].account, true, false},
		"neighbour":      {m.away.maker.account, false, false},
	} {
		x.employee, x.sharing = person.employee, person.sharing
		want := x.allowed(directory) && name != "neighbour"
		if got := slices.Contains(listed, person.account); got != want {
			t.Errorf("the directory shows %s to %s: %v, want %v", name, actor, got, want)
		}
	}
}

// listsDeliveries: whose cell says "own" reads what they caused or were sent, and nothing else.
func listsDeliveries(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	c := circumstances{column: column(actor)}.says(logs)
	if c != own && c != ownActions {
		return
	}
	me := m.actors[actor].account
	for _, item := range r.items() {
		if item["by"] != me && item["account_id"] != me {
			t.Errorf("%s reads a delivery of somebody else's: %v", actor, item)
		}
	}
}
