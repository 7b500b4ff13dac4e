package main

import "net/http"

// streamFeedPlaces are what narrows streams: runs, chosen workspaces, and one's own mutes.
func streamFeedPlaces() []*place {
	const room, all = "/v1/organizations/{org}/workspaces/{workspace}", "/v1/organizations/{org}/stream"
	const mutes = all + "/mutes"
	// Whom and what one no longer wants to see is one's own matter: the answer tells nothing of who or what there is.
	untold := func(name string) map[string]int { return map[string]int{name: http.StatusNoContent} }
	return []*place{
		{route: "GET " + all, name: "of one workspace", action: readThings, at: atOrganization, query: "?workspace={workspace}", ok: http.StatusOK, decide: readsStream, bad: map[string]int{"workspace": http.StatusOK}, phase: -1},
		{route: "GET " + room + "/stream/run", action: readThings, at: atStatus, query: "?newest={status}&oldest={status}", ok: http.StatusOK, bad: map[string]int{"status": http.StatusNotFound}},
		{route: "GET " + mutes, action: readThings, at: atOrganization, ok: http.StatusOK, decide: readsStream},
		{route: "PUT " + mutes + "/workspaces/{workspace}", action: readThings, at: atWorkspace, ok: http.StatusNoContent},
		{route: "DELETE " + mutes + "/workspaces/{workspace}", action: readThings, at: atOrganization, ok: http.StatusNoContent, decide: mutes204, bad: untold("workspace")},
		{route: "PUT " + mutes + "/people/{account}", action: readThings, at: atOrganization, ok: http.StatusNoContent, decide: mutes204, bad: untold("account")},
		{route: "DELETE " + mutes + "/people/{account}", action: readThings, at: atOrganization, ok: http.StatusNoContent, decide: mutes204, bad: untold("account")},
	}
}

// mutes204: whoever has a stream has mutes.
func mutes204(actor string, x circumstances) int {
	if status := readsStream(actor, x); status != http.StatusOK {
		return status
	}
	return http.StatusNoContent
}
