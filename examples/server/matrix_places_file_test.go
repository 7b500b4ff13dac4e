package main

import (
	"net/http"
	"testing"
)

// filePlaces are files that wait to be attached: everybody uploads who may write or comment, and each has their own.
func filePlaces() []*place {
	const all = "/v1/organizations/{org}/attachments"
	return []*place{
		{route: "POST " + all, action: createThings, comment: true, at: atOrganization, query: "?name=fern.txt", body: "The fern is green.", ok: http.StatusCreated, decide: uploads},
		{route: "DELETE " + all + "/{attachment}", action: createThings, comment: true, at: atOrganization, ok: http.StatusNotFound, decide: discards},
	}
}

// uploads: where it is attached is asked later.
func uploads(_ string, x circumstances) int {
	if x.says(createThings) == no {
		return http.StatusForbidden
	}
	return http.StatusCreated
}

// discards: the file is another's, whom only they know of.
func discards(actor string, x circumstances) int {
	if uploads(actor, x) == http.StatusForbidden {
		return http.StatusForbidden
	}
	return http.StatusNotFound
}

// fileBelongings are files that wait in each tenant.
func (m *matrix) fileBelongings(t *testing.T) {
	t.Helper()
	for _, in := range []*tenant{m.ours, m.away, m.personal} {
		path := "/v1/organizations/" + in.org + "/attachments"
		m.belongings[in]["attachment"] = in.keeper.post(t, path+"?name=note.txt", "A note.").want(http.StatusCreated).text("id")
	}
	m.siblings["attachment"] = m.belongings[m.ours]["attachment"]
}
