package main

import "net/http"

// streamPlaces are statuses, the comments on them and the reactions, which are like comments.
func streamPlaces() []*place {
	const room, status = "/v1/organizations/{org}/workspaces/{workspace}", "/v1/organizations/{org}/statuses/{status}"
	const comment = status + "/comments/{comment}"
	by := map[string]int{"by": http.StatusOK}
	return []*place{
		{route: "GET " + room + "/stream", action: readThings, at: atWorkspace, ok: http.StatusOK},
		{route: "GET " + room + "/stream", name: "of one person", action: readThings, at: atWorkspace, query: "?by={by}", ok: http.StatusOK, bad: by, phase: -1},
		{route: "GET /v1/organizations/{org}/stream", action: readThings, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsStream, check: listsRooms("workspace_id"), phase: -1},
		{route: "GET /v1/organizations/{org}/stream", name: "of one person", action: readThings, at: atOrganization, query: "?by={by}", ok: http.StatusOK, decide: readsStream, bad: by, phase: -1},
		{route: "POST " + room + "/statuses", action: createThings, at: atWorkspace, body: `{"text":"The fern is green."}`, ok: http.StatusCreated},
		{route: "GET " + status, action: readThings, at: atStatus, ok: http.StatusOK},
		// What somebody said is changed by nobody else.
		{route: "PATCH " + status, action: createThings, author: true, at: atStatus, body: `{"text":"The fern is brown."}`, ok: http.StatusOK},
		{route: "DELETE " + status, action: deleteThings, at: atStatus, ok: http.StatusNoContent},
		// What was taken back is read by who may delete it.
		{route: "GET " + status + "/history", action: deleteThings, at: atStatus, ok: http.StatusOK},
		{route: "POST " + status + "/comments", action: createThings, comment: true, at: atStatus, body: `{"text":"Indeed."}`, ok: http.StatusCreated},
		{route: "GET " + status + "/comments", action: readThings, at: atStatus, ok: http.StatusOK},
		{route: "PATCH " + comment, action: createThings, comment: true, author: true, at: atStatusComment, body: `{"text":"Is it?"}`, ok: http.StatusOK},
		{route: "DELETE " + comment, action: deleteThings, comment: true, at: atStatusComment, ok: http.StatusNoContent},
		{route: "PUT " + status + "/reactions/{reaction}", action: createThings, comment: true, at: atStatus, ok: http.StatusOK},
		{route: "DELETE " + status + "/reactions/{reaction}", action: createThings, comment: true, at: atStatus, ok: http.StatusOK},
		{route: "GET " + status + "/reactions", action: readThings, at: atStatus, ok: http.StatusOK},
		{route: "PUT " + comment + "/reactions/{reaction}", action: createThings, comment: true, at: atStatusComment, ok: http.StatusOK},
		{route: "DELETE " + comment + "/reactions/{reaction}", action: createThings, comment: true, at: atStatusComment, ok: http.StatusOK},
		{route: "GET " + comment + "/reactions", action: readThings, at: atStatusComment, ok: http.StatusOK},
	}
}

// readsStream: there is a stream for those who belong to the organization, and none for support.
func readsStream(_ string, x circumstances) int {
	if x.says(readThings) == withConsent {
		return http.StatusNotFound
	}
	return http.StatusOK
}

// statisticsPlaces are figures, of the running week and of past ones.
func statisticsPlaces() []*place {
	const all = "/v1/organizations/{org}/statistics"
	var out []*place
	for _, route := range []string{"GET " + all + "/weeks", "GET " + all + "/current"} {
		out = append(out,
			&place{route: route, name: "of the organization", action: figuresOfAll, at: atOrganization, query: "?scope=organization", ok: http.StatusOK},
			&place{route: route, name: "of a workspace", action: figuresOfPlace, at: atWorkspace, query: "?scope=workspace&workspace={workspace}", ok: http.StatusOK, bad: map[string]int{"workspace": http.StatusNotFound}},
			&place{route: route, name: "of another person", action: figuresOfOthers, at: atOrganization, query: "?scope=person&account={account}", ok: http.StatusOK, bad: map[string]int{"account": http.StatusNotFound}},
			&place{route: route, name: "of oneself", action: figuresOfOneself, at: atOrganization, query: "?scope=person", ok: http.StatusOK},
		)
	}
	return append(out,
		&place{route: "GET " + all + "/preferences", action: figuresOfOneself, at: atOrganization, ok: http.StatusOK},
		&place{route: "PUT " + all + "/preferences", action: figuresOfOneself, at: atOrganization, body: `{"digest":false}`, ok: http.StatusOK},
	)
}
