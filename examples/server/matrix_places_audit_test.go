package main

import (
	"net/http"
	"testing"
)

// auditPlaces are the logs. What a page shows to whom is held by the audit package's own tests; here it is who gets one.
func auditPlaces() []*place {
	// A person of elsewhere, or nobody, has done nothing here.
	nobodysDeeds := map[string]int{"by": http.StatusOK}
	const one = "/v1/organizations/{org}/audit"
	return []*place{
		{route: "GET /v1/me/audit", at: atOneself, ok: http.StatusOK},
		{route: "GET " + one, action: logs, at: atOrganization, query: "?limit=200", ok: http.StatusOK, check: listsOwnDeeds},
		{route: "GET " + one, name: "of one person", action: logs, at: atOrganization, query: "?by={by}", ok: http.StatusOK, bad: nobodysDeeds, phase: -1},
		{route: "GET " + one + "/export", action: logs, at: atOrganization, query: "?format=jsonl&by={by}", ok: http.StatusOK, bad: nobodysDeeds},
	}
}

// listsOwnDeeds: whose cell says "own" reads what they did and what was done to them, and nothing else.
func listsOwnDeeds(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	c := circumstances{column: column(actor)}.says(logs)
	if c != own && c != ownActions {
		return
	}
	me := m.actors[actor].account
	for _, item := range r.items() {
		if item["by"] != me && item["subject_id"] != me {
			t.Errorf("%s reads what somebody else did: %v", actor, item)
		}
	}
}
