package main

import (
	"net/http"
	"strings"
	"testing"
)

// Events of calendars, and secret addresses of one's own; what is below zero does not lie in a workspace.
const (
	atEvent scope = 300
	atFeed  scope = -300
)

// secretAddress is where other programs read a calendar, by a secret.
const secretAddress = "/calendar/{token}.ics"

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
		// A secret is all that is asked for: who calls does not matter, and one that ended is answered as one that never was.
		{route: "GET " + secretAddress, at: atAnybody, ok: http.StatusOK, decide: func(string, circumstances) int { return http.StatusOK }},
		{route: "GET " + secretAddress, name: "that never was", at: atAnybody, ok: http.StatusNotFound},
		{route: "GET " + secretAddress, name: "that was replaced", at: atAnybody, ok: http.StatusNotFound},
		{route: "GET " + secretAddress, name: "that was revoked", at: atAnybody, ok: http.StatusNotFound},
		{route: "GET " + secretAddress, name: "of who left", at: atAnybody, ok: http.StatusNotFound},
		{route: "GET " + secretAddress, name: "of who may see the workspace no more", at: atAnybody, ok: http.StatusNotFound},
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

// secretBelongings are secret addresses of calendars, by the name of their place: one that stands, and one for each way in
// which one ends.
func (m *matrix) secretBelongings(t *testing.T) {
	t.Helper()
	all := "/v1/organizations/" + m.ours.org
	room := m.ours.rooms[1].id // private
	spares := m.spares[m.ours]["employee"]
	left, out := spares[len(spares)-1], spares[len(spares)-2] // other places take theirs from the front
	m.ours.maker.post(t, all+"/workspaces/"+room+"/members", map[string]any{"accounts": []string{left.account, out.account}}).want(http.StatusOK)
	secrets := ids{"that never was": strings.Repeat("A", 43)}
	feed := func(name string, by *caller) (path string) {
		made := by.post(t, all+"/calendar-feeds", map[string]any{"workspace_id": room}).want(http.StatusCreated)
		secrets[name] = strings.TrimSuffix(strings.TrimPrefix(feedPath(t, made), "/calendar/"), ".ics")
		return all + "/calendar-feeds/" + made.text("id")
	}
	feed("", m.ours.maker)
	m.ours.maker.post(t, feed("that was replaced", m.ours.maker)+"/rotate", nil).want(http.StatusOK)
	m.ours.maker.delete(t, feed("that was revoked", m.ours.maker)).want(http.StatusNoContent)
	feed("of who left", left)
	feed("of who may see the workspace no more", out)
	anybody := m.stack.anonymous()
	for _, name := range []string{"of who left", "of who may see the workspace no more"} {
		anybody.get(t, "/calendar/"+secrets[name]+".ics").want(http.StatusOK)
	}
	m.ours.keeper.delete(t, all+"/members/"+left.account+"?hand_to="+m.ours.maker.account).want(http.StatusNoContent)
	m.ours.maker.delete(t, all+"/workspaces/"+room+"/members/"+out.account).want(http.StatusNoContent)
	for name, secret := range secrets {
		m.belongings[m.ours]["secret "+name] = secret
	}
}
