package main

import (
	"fmt"
	"net/http"
	"testing"
)

// decideJoining goes with inviting employees, but for the setting that lets employees invite: the table has no row of its own.
const decideJoining = "approve or decline who asks to join"

// joiningPlaces are an organization's domains, the requests to join it, and one's own requests.
func joiningPlaces() []*place {
	const domains, requests = "/v1/organizations/{org}/domains", "/v1/organizations/{org}/join-requests"
	return []*place{
		{route: "GET " + domains, action: settings, at: atDomain, ok: http.StatusOK},
		{route: "POST " + domains, action: settings, at: atDomain, body: `{"domain":"{freshdomain}"}`, ok: http.StatusCreated},
		{route: "POST " + domains + "/{domain}/check", action: settings, at: atDomain, ok: http.StatusOK, refused: http.StatusNotFound},
		{route: "DELETE " + domains + "/{domain}", action: settings, at: atDomain, ok: http.StatusNoContent, refused: http.StatusNotFound},

		{route: "GET " + requests, action: decideJoining, at: atJoinRequest, ok: http.StatusOK},
		{route: "PATCH " + requests + "/{request}", action: decideJoining, at: atJoinRequest, body: `{"decision":"decline"}`, ok: http.StatusOK, refused: http.StatusNotFound},

		{route: "GET /v1/me/joinable", at: atOneself, ok: http.StatusOK},
		{route: "GET /v1/me/join-requests", at: atOneself, ok: http.StatusOK},
		// Nobody of the matrix has an address in a proved domain, so every organization is like one that does not exist.
		{route: "POST /v1/me/join-requests", at: atOneself, body: `{"organization_id":"{org}"}`, ok: http.StatusNotFound, bad: map[string]int{"org": http.StatusNotFound}},
		// The request is somebody else's, for everybody.
		{route: "DELETE /v1/me/join-requests/{request}", at: atOneself, ok: http.StatusNotFound},
	}
}

// joiningSpots are those of a domain and of a request to join, made afresh for calls that change them.
func (m *matrix) joiningSpots(t *testing.T, p *place, here *tenant, base spot) []spot {
	t.Helper()
	if len(names(p.path())) > 1 {
		if p.at == atDomain {
			base.ids = base.ids.with("domain", m.claimed(t, here, false))
		} else {
			base.ids = base.ids.with("request", m.asked(t, here))
		}
	}
	return []spot{base}
}

func freshDomain() string { return fmt.Sprintf("d%d.example", personNumber.Add(1)) }

// claimed is a domain of a tenant, whose record is set; proved when asked for.
func (m *matrix) claimed(t *testing.T, in *tenant, proved bool) string {
	t.Helper()
	domain := freshDomain()
	path := "/v1/organizations/" + in.org + "/domains"
	claim := in.keeper.post(t, path, map[string]any{"domain": domain}).want(http.StatusCreated)
	m.stack.dns.Set(claim.text("record_name"), []string{claim.text("record_value")})
	if proved {
		in.keeper.post(t, path+"/"+domain+"/check", nil).want(http.StatusOK)
	}
	return domain
}

// asked is an open request to join a tenant.
func (m *matrix) asked(t *testing.T, in *tenant) string {
	t.Helper()
	person := m.stack.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), m.belongings[in]["joindomain"]))
	return person.get(t, "/v1/me/join-requests").want(http.StatusOK).text("items.0.id")
}

// joiningBelongings are a domain and a request of each tenant but the personal one, which has none.
func (m *matrix) joiningBelongings(t *testing.T) {
	t.Helper()
	for _, in := range []*tenant{m.ours, m.away} {
		m.belongings[in]["joindomain"] = m.claimed(t, in, true)
		m.belongings[in]["domain"], m.belongings[in]["request"] = m.claimed(t, in, false), m.asked(t, in)
	}
}
