package main

import "net/http"

// streamPostPlaces are what posts have beyond their texts. The matrix's statuses have a poll and a file and are no
// announcements, for few may announce: a call about one passes who may by being told so.
func streamPostPlaces() []*place {
	const room, status = "/v1/organizations/{org}/workspaces/{workspace}", "/v1/organizations/{org}/statuses/{status}"
	const comment = status + "/comments/{comment}"
	return []*place{
		{route: "GET " + room + "/pinned", action: readThings, at: atWorkspace, ok: http.StatusOK},
		{route: "POST " + room + "/statuses", name: "that all must read", action: manageWorkspace, at: atWorkspace, body: `{"text":"Read.","must_read":true}`, ok: http.StatusCreated},
		// A file that waits is its uploader's alone to attach.
		{route: "POST " + room + "/statuses", name: "with another's file", action: createThings, at: atWorkspace, body: `{"text":"Look.","attachments":["{attachment}"]}`, ok: http.StatusCreated, decide: anothersFile},
		{route: "PATCH " + status, name: "with another's file", action: createThings, author: true, at: atStatus, body: `{"text":"Look.","attachments":["{attachment}"]}`, ok: http.StatusOK, decide: anothersFileByAuthor},
		{route: "POST " + status + "/comments", name: "with another's file", action: createThings, comment: true, at: atStatus, body: `{"text":"Look.","attachments":["{attachment}"]}`, ok: http.StatusCreated, decide: anothersFile},
		{route: "PUT " + status + "/pin", action: createThings, at: atStatus, ok: http.StatusOK, decide: authorOrManager(http.StatusOK)},
		{route: "DELETE " + status + "/pin", action: createThings, at: atStatus, ok: http.StatusOK, decide: authorOrManager(http.StatusOK)},
		{route: "PUT " + status + "/poll/vote", action: createThings, comment: true, at: atStatus, body: `{"options":[1]}`, ok: http.StatusOK},
		{route: "DELETE " + status + "/poll/vote", action: createThings, comment: true, at: atStatus, ok: http.StatusOK},
		{route: "POST " + status + "/poll/close", action: createThings, at: atStatus, ok: http.StatusOK, decide: authorOrManager(http.StatusOK)},
		{route: "GET " + status + "/poll/voters", action: readThings, at: atStatus, ok: http.StatusOK},
		{route: "GET /v1/organizations/{org}/must-reads", action: readThings, at: atOrganization, ok: http.StatusOK, decide: readsStream, phase: -1},
		{route: "POST " + status + "/read", action: createThings, comment: true, at: atStatus, ok: http.StatusConflict},
		{route: "GET " + status + "/readers", action: manageWorkspace, at: atStatus, ok: http.StatusConflict, decide: announcerOrManager},
		{route: "POST " + status + "/remind", action: manageWorkspace, at: atStatus, ok: http.StatusConflict, decide: announcerOrManager},
		{route: "GET " + comment + "/history", action: deleteThings, comment: true, at: atStatusComment, ok: http.StatusOK},
		{route: "GET " + status + "/attachments/{attachment}", action: readThings, at: atStatus, ok: http.StatusOK},
		{route: "GET " + comment + "/attachments/{attachment}", action: readThings, at: atStatusComment, ok: http.StatusOK},
	}
}

func anothersFile(_ string, x circumstances) int {
	if x.allowed(createThings) {
		return http.StatusUnprocessableEntity
	}
	return http.StatusForbidden
}

func anothersFileByAuthor(actor string, x circumstances) int {
	if !x.made {
		return http.StatusForbidden
	}
	return anothersFile(actor, x)
}

// authorOrManager: what is one's own is one's own, and who manages a workspace keeps order in it.
func authorOrManager(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		if x.made && x.allowed(createThings) || x.allowed(manageWorkspace) {
			return ok
		}
		return http.StatusForbidden
	}
}

// announcerOrManager: externals and guests post no announcements.
func announcerOrManager(_ string, x circumstances) int {
	if x.column == "external" || x.column == "guest" {
		return http.StatusForbidden
	}
	return authorOrManager(http.StatusConflict)("", x)
}
