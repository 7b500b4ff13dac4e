package main

import (
	"net/http"
	"strings"
	"testing"
)

// livePlaces are streams of what happens. They ask for nothing but to be signed in; what they deliver is asked about each
// event when it is delivered, which the stream's own tests show.
func livePlaces() []*place {
	return []*place{
		{route: "GET /v1/live", at: atOneself, ok: http.StatusOK, check: isReady},
		{route: "GET /v1/live", name: "of an organization", at: atOrganization, query: "?organization={org}", ok: http.StatusOK, decide: followsOrganization, check: isReady, bad: map[string]int{"org": http.StatusNotFound}},
	}
}

// followsOrganization: the stream of an organization is for those who belong to it.
func followsOrganization(actor string, x circumstances) int {
	if x.column == "" || actor == "support" {
		return http.StatusNotFound
	}
	return http.StatusOK
}

func isReady(t *testing.T, _ *matrix, actor string, r *reply) {
	t.Helper()
	if !strings.Contains(string(r.Body), "event: ready\n") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("%s: a stream begins with %q", actor, r.Body)
	}
}
