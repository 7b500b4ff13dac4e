package main

import (
	"net/http"
	"testing"
)

// messagePlaces are conversations: for an actor one they take part in, and one they do not, which is not there for them,
// whatever their role.
func messagePlaces() []*place {
	const org = "/v1/organizations/{org}"
	const all, one = org + "/conversations", org + "/conversations/{conversation}"
	const message, draft = one + "/messages/{number}", org + "/drafts/{draft}"
	nowhere := map[string]int{"workspace": http.StatusNotFound, "conversation": http.StatusNotFound}
	places := []*place{
		{route: "POST " + all, action: createThings, at: atOrganization, body: `{"recipients":["{recipient}"],"subject":"The fern"}`, ok: http.StatusCreated, decide: starts(http.StatusCreated)},
		{route: "POST " + all, name: "with a workspace", action: createThings, at: atOrganization, body: `{"workspace_id":"{workspace}","text":"The fern is green."}`, ok: http.StatusCreated, decide: starts(http.StatusCreated), bad: nowhere},
		{route: "POST " + all, name: "with another's file", action: createThings, at: atOrganization, body: `{"recipients":["{recipient}"],"files":["{attachment}"]}`, ok: http.StatusCreated, decide: starts(http.StatusUnprocessableEntity)},
		{route: "GET " + all, action: readThings, at: atOrganization, ok: http.StatusOK, decide: readsStream, phase: -1},
		{route: "GET " + org + "/messages", action: readThings, at: atOrganization, query: "?q=fern", ok: http.StatusOK, decide: readsStream, phase: -1},
		{route: "GET " + org + "/unread", action: readThings, at: atOrganization, ok: http.StatusOK, decide: readsStream},
		{route: "GET /v1/me/unread", action: readThings, at: atOneself, ok: http.StatusOK},
		{route: "GET " + org + "/message-preferences", action: readThings, at: atOrganization, ok: http.StatusOK, decide: readsStream},
		{route: "PUT " + org + "/message-preferences", action: readThings, at: atOrganization, body: `{"receipts":true}`, ok: http.StatusOK, decide: readsStream},
		{route: "GET " + org + "/drafts", action: readThings, at: atOrganization, ok: http.StatusOK, decide: readsStream},
		{route: "POST " + org + "/drafts", action: createThings, at: atOrganization, body: `{"recipients":["{recipient}"],"workspace_id":"{workspace}"}`, ok: http.StatusCreated, decide: starts(http.StatusCreated), bad: nowhere},
		// Another's draft is not there for anybody.
		{route: "GET " + draft, action: readThings, at: atOrganization, ok: http.StatusOK, decide: nobodys},
		{route: "PUT " + draft, action: createThings, at: atOrganization, body: `{"recipients":["{recipient}"],"workspace_id":"{workspace}"}`, ok: http.StatusOK, decide: starts(http.StatusNotFound)},
		{route: "DELETE " + draft, action: createThings, at: atOrganization, ok: http.StatusNoContent, decide: nobodys},
	}
	for _, p := range []*place{
		{route: "GET " + one, action: readThings, ok: http.StatusOK},
		{route: "PATCH " + one, action: createThings, body: `{"subject":"The rose"}`, ok: http.StatusOK},
		{route: "DELETE " + one, action: readThings, ok: http.StatusNoContent},
		{route: "PATCH " + one + "/mine", action: readThings, body: `{"muted":true}`, ok: http.StatusOK},
		{route: "GET " + one + "/people", action: readThings, ok: http.StatusOK},
		{route: "POST " + one + "/people", action: createThings, body: `{"accounts":["{recipient}"]}`, ok: http.StatusOK},
		{route: "POST " + one + "/leave", action: readThings, ok: http.StatusNoContent},
		{route: "POST " + one + "/read", action: readThings, body: `{"number":1}`, ok: http.StatusOK},
		{route: "POST " + one + "/unread", action: readThings, body: `{"number":1}`, ok: http.StatusOK},
		{route: "POST " + one + "/messages", action: createThings, comment: true, body: `{"text":"Indeed."}`, ok: http.StatusCreated},
		{route: "POST " + one + "/messages", name: "with another's file", action: createThings, comment: true, body: `{"files":["{attachment}"]}`, ok: http.StatusUnprocessableEntity},
		{route: "GET " + one + "/messages", action: readThings, ok: http.StatusOK},
		{route: "GET " + org + "/messages", name: "in a conversation", action: readThings, query: "?q=fern&conversation={conversation}", ok: http.StatusOK, bad: nowhere},
		{route: "GET " + message, action: readThings, ok: http.StatusOK},
		// What somebody said is changed and deleted by nobody else, whatever else they manage.
		{route: "PATCH " + message, action: createThings, comment: true, author: true, body: `{"text":"Is it?"}`, ok: http.StatusOK},
		{route: "DELETE " + message, action: deleteThings, comment: true, ok: http.StatusNoContent},
		{route: "POST " + message + "/hide", action: readThings, ok: http.StatusNoContent},
		{route: "GET " + message + "/thread", action: readThings, ok: http.StatusOK},
		{route: "GET " + message + "/history", action: readThings, ok: http.StatusOK},
		{route: "GET " + message + "/attachments/{attachment}", name: "that hangs elsewhere", action: readThings, ok: http.StatusNotFound},
		{route: "GET " + one + "/draft", name: "where there is none", action: createThings, comment: true, ok: http.StatusNotFound},
		{route: "PUT " + one + "/draft", action: createThings, comment: true, body: `{"text":"Well"}`, ok: http.StatusOK},
		{route: "DELETE " + one + "/draft", action: createThings, comment: true, ok: http.StatusNoContent},
	} {
		p.at = atConversation
		p.decide = p.takingPart(p.ok)
		if p.ok == http.StatusUnprocessableEntity { // who is signed in nowhere is told that first
			p.ok = http.StatusCreated
		}
		places = append(places, p)
	}
	return places
}

// takingPart: the table's word, where they take part.
func (p *place) takingPart(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		switch {
		case !x.member:
			return http.StatusNotFound
		case x.allowed(p.action) && (!p.author || x.made):
			return ok
		default:
			return http.StatusForbidden
		}
	}
}

// starts: who makes things in workspaces starts conversations with those in them; guests answer. Support has no business
// with messages.
func starts(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		switch x.says(createThings) {
		case no:
			return http.StatusNotFound
		case commentOrAssigned:
			return http.StatusForbidden
		default:
			return ok
		}
	}
}

func nobodys(string, circumstances) int { return http.StatusNotFound }

// conversationSpots are a conversation of others, one that the actor takes part in, with a message of another's, and one
// with a message of their own.
func (m *matrix) conversationSpots(t *testing.T, p *place, actor string, here *tenant, base spot) []spot {
	t.Helper()
	others := base
	others.name, others.ids = "of others", base.ids.with("number", "1")
	out := []spot{others}
	if base.x.column == "" || actor == "support" {
		return out
	}
	for _, made := range []bool{false, true} {
		s := base
		s.name, s.x.member, s.x.made = "taking part", true, made
		if made {
			s.name = "taking part, one's own message"
		}
		s.ids = base.ids.with(m.conversation(t, p, actor, here, made)...)
		out = append(out, s)
	}
	return out
}

// conversation makes one of the tenant's maker, keeper and the actor; for calls that only read, once.
func (m *matrix) conversation(t *testing.T, p *place, actor string, in *tenant, made bool) []string {
	t.Helper()
	number := "1"
	if made {
		number = "2"
	}
	key := "conversation " + in.org + actor + number
	if !p.writes() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if found, known := m.made[key]; known {
			return []string{"conversation", found["conversation"], "number", number}
		}
	}
	id := m.between(t, in, in.maker, m.actors[actor], in.keeper)
	if made {
		m.actors[actor].post(t, "/v1/organizations/"+in.org+"/conversations/"+id+"/messages", map[string]any{"text": "It is."}).want(http.StatusCreated)
	}
	if !p.writes() {
		m.made[key] = ids{"conversation": id}
	}
	return []string{"conversation", id, "number", number}
}

// between makes a conversation.
func (m *matrix) between(t *testing.T, in *tenant, by *caller, others ...*caller) string {
	t.Helper()
	recipients := []string{}
	for _, c := range others {
		recipients = append(recipients, c.account)
	}
	return by.post(t, "/v1/organizations/"+in.org+"/conversations", map[string]any{"recipients": recipients, "subject": "The fern", "text": "The fern is green."}).
		want(http.StatusCreated).text("id")
}

// messageBelongings are a conversation of each tenant that no actor takes part in, and a draft of another's.
func (m *matrix) messageBelongings(t *testing.T) {
	t.Helper()
	draft := func(in *tenant) string {
		return in.maker.post(t, "/v1/organizations/"+in.org+"/drafts", map[string]any{"subject": "Well"}).want(http.StatusCreated).text("id")
	}
	for _, in := range []*tenant{m.ours, m.away, m.personal} {
		m.belongings[in]["conversation"] = m.between(t, in, in.maker, in.keeper)
		m.belongings[in]["draft"] = draft(in)
	}
	m.siblings["conversation"], m.siblings["draft"] = m.between(t, m.ours, m.ours.maker, m.hidden), draft(m.ours)
}
