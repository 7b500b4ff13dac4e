package main

import (
	"net/http"
	"testing"
)

// Events of calendars, and secret addresses of one's own; what is below zero does not lie in a workspace.
const (
	atEvent scope = 300
	atFeed  scope = -300
)

// calendarPlaces are calendars, events and the secret addresses of calendars.
func calendarPlaces() []*place {
	const org, room = "/v1/organizations/{org}", "/v1/organizations/{org}/workspaces/{workspace}"
	const event, feeds = org + "/events/{event}", org + "/calendar-feeds"
	const may = "?from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z"
	const occurrence = event + "/occurrences/{occurrence}"
	guests := map[string]int{"assignee": http.StatusUnprocessableEntity}
	return []*place{
		{route: "GET " + room + "/calendar", action: readThings, at: atWorkspace, query: may, ok: http.StatusOK},
		{route: "GET " + org + "/calendar", action: readThings, at: atOrganization, query: may, ok: http.StatusOK, decide: readsStream, check: listsRooms("workspace_id")},
		{route: "POST " + room + "/events", action: createThings, at: atWorkspace, body: `{"title":"Water the plants","start_date":"2026-05-01","guests":["{assignee}"]}`, ok: http.StatusCreated, bad: guests},
		{route: "GET " + event, action: readThings, at: atEvent, ok: http.StatusOK},
		{route: "PATCH " + event, action: createThings, at: atEvent, body: `{"title":"Water the fern","guests":["{assignee}"]}`, ok: http.StatusOK, bad: guests},
		{route: "DELETE " + event, action: deleteThings, at: atEvent, ok: http.StatusNoContent},
		// Guests answer, as they comment.
		{route: "POST " + event + "/answer", action: createThings, comment: true, at: atEvent, body: `{"answer":"accepted"}`, ok: http.StatusOK},
		{route: "PATCH " + occurrence, action: createThings, at: atEvent, body: `{"place":"The roof"}`, ok: http.StatusOK},
		{route: "PATCH " + occurrence, name: "and all that follow", action: createThings, at: atEvent, body: `{"place":"The roof","following":true}`, ok: http.StatusOK},
		{route: "DELETE " + occurrence, action: createThings, at: atEvent, ok: http.StatusOK},
		{route: "POST " + feeds, action: figuresOfOneself, at: atOrganization, body: `{}`, ok: http.StatusCreated},
		{route: "POST " + feeds, name: "of a workspace", action: createThings, comment: true, at: atWorkspace, body: `{"workspace_id":"{workspace}"}`, ok: http.StatusCreated, bad: map[string]int{"workspace": http.StatusNotFound}},
		{route: "GET " + feeds, action: figuresOfOneself, at: atOrganization, ok: http.StatusOK},
		{route: "POST " + feeds + "/{feed}/rotate", action: figuresOfOneself, at: atFeed, ok: http.StatusOK},
		{route: "DELETE " + feeds + "/{feed}", action: figuresOfOneself, at: atFeed, ok: http.StatusNoContent},
	}
}

// makeEvent makes an event that repeats, to which one is invited.
func makeEvent(t *testing.T, room string, by *caller, guest string) string {
	t.Helper()
	body := map[string]any{"title": "Water the plants", "starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-01T10:00:00Z", "recurrence": "FREQ=DAILY;COUNT=20"}
	if guest != "" {
		body["guests"] = []string{guest}
	}
	return by.post(t, room+"/events", body).want(http.StatusCreated).text("id")
}

// feedSpots are those of a secret address of one's own.
func (m *matrix) feedSpots(t *testing.T, actor string, here *tenant, base spot) []spot {
	t.Helper()
	base.ids = base.ids.with("feed", nobodysID)
	if base.x.allowed(figuresOfOneself) {
		base.ids["feed"] = makeFeed(t, here.org, m.actors[actor])
	}
	return []spot{base}
}

func makeFeed(t *testing.T, org string, by *caller) string {
	t.Helper()
	return by.post(t, "/v1/organizations/"+org+"/calendar-feeds", map[string]any{}).want(http.StatusCreated).text("id")
}
