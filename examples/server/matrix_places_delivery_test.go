package main

import (
	"net/http"
	"testing"
)

// deliveryPlaces are the log of what was sent. The delivery of the matrix is one that the tenant's maker caused: of no actor.
func deliveryPlaces() []*place {
	const all, one = "/v1/organizations/{org}/deliveries", "/v1/organizations/{org}/deliveries/{delivery}"
	return []*place{
		{route: "GET " + all, action: logs, at: atOrganization, query: "?limit=200", ok: http.StatusOK, check: listsDeliveries},
		{route: "GET " + all, name: "of a person", action: logs, at: atOrganization, query: "?limit=200&account={account}", ok: http.StatusOK, bad: map[string]int{"account": http.StatusOK}, check: listsDeliveries},
		{route: "GET " + one, action: logs, at: atOrganization, ok: http.StatusOK, decide: readsDelivery(http.StatusOK)},
		// It did not fail, which only those are told who might send it again.
		{route: "POST " + one + "/send-again", action: logs, at: atOrganization, ok: http.StatusConflict, decide: readsDelivery(http.StatusConflict)},
	}
}

// readsDelivery: whose log is their own only is told that there is no such delivery.
func readsDelivery(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		switch x.says(logs) {
		case yes, peopleOnly:
			return ok
		default:
			return http.StatusNotFound
		}
	}
}

// invitationSent is the newest invitation mail of a tenant.
func (m *matrix) invitationSent(t *testing.T, in *tenant) string {
	t.Helper()
	return in.keeper.get(t, "/v1/organizations/"+in.org+"/deliveries?template=invitation&limit=1").want(http.StatusOK).text("items.0.id")
}
