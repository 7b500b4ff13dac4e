package main

import (
	"net/http"
	"slices"
	"testing"
)

// supportPlaces are writing to the platform's own people, what they do, and what a tenant lets them see.
func supportPlaces() []*place {
	const one = "/v1/support/requests/{request}"
	const consents = "/v1/organizations/{org}/support-consents"
	const nothing = "01890000-0000-7000-8000-000000000000"
	return []*place{
		{route: "POST /v1/support/requests", at: atAnybody, body: `{"address":"{fresh}","topic":"other","subject":"Help","text":"Please","organization_id":"{org}"}`, ok: http.StatusAccepted, decide: writesToSupport},
		{route: "GET /v1/support/requests", at: atOneself, ok: http.StatusOK},
		{route: "GET " + one, at: atTicket, ok: http.StatusOK, decide: writersOrSupport(http.StatusOK)},
		{route: "PATCH " + one, at: atTicket, body: `{"state":"closed"}`, ok: http.StatusOK, decide: writersOrSupport(http.StatusOK)},
		{route: "POST " + one + "/messages", at: atTicket, body: `{"text":"More"}`, ok: http.StatusOK, decide: writersOrSupport(http.StatusOK)},
		{route: "POST " + one + "/actions", at: atTicket, body: `{"action":"withdraw_invitation","organization_id":"{org}","target":"` + nothing + `"}`, ok: http.StatusOK, decide: supportAlone(http.StatusOK)},
		// Confirming is the writer's alone; carrying out what nobody confirmed is refused to support, and forbidden to others.
		{route: "POST " + one + "/actions/{action}/confirm", at: atTicket, ok: http.StatusOK, decide: writerAlone},
		{route: "POST " + one + "/actions/{action}/decline", at: atTicket, ok: http.StatusOK, decide: writerAlone},
		{route: "POST " + one + "/actions/{action}/carry-out", at: atTicket, ok: http.StatusConflict, decide: supportAlone(http.StatusConflict)},

		{route: "POST /v1/support/confirmations", at: atAnybody, body: `{"request_id":"{request}","action_id":"{request}","address":"{fresh}","password":"seven birds"}`, ok: http.StatusUnauthorized},

		{route: "GET /v1/support/queue", at: atPlatform, ok: http.StatusOK, decide: supportAlone(http.StatusOK)},
		{route: "GET /v1/support/consents", at: atPlatform, ok: http.StatusOK, decide: supportAlone(http.StatusOK)},
		{route: "GET /v1/support/staff", at: atPlatform, ok: http.StatusOK, decide: supportAlone(http.StatusOK)},
		{route: "POST /v1/support/staff", at: atPlatform, body: `{"address":"{fresh}"}`, ok: http.StatusUnprocessableEntity, decide: supportAlone(http.StatusUnprocessableEntity)},
		{route: "DELETE /v1/support/staff/{account}", at: atPlatform, ok: http.StatusNotFound, decide: supportAlone(http.StatusNotFound)},

		{route: "GET " + consents, action: settings, at: atOrganization, ok: http.StatusOK, decide: hiddenFromExternals(settings)},
		{route: "POST " + consents, action: settings, at: atOrganization, body: `{"hours":1,"reason":"Look"}`, ok: http.StatusCreated, decide: consents201, check: takesConsentBack, phase: 1},
		{route: "POST " + consents, name: "to a workspace", action: settings, at: atWorkspace, body: `{"hours":1,"reason":"Look","workspace_id":"{workspace}"}`, ok: http.StatusCreated,
			decide: consentsToRoom, check: takesConsentBack, bad: map[string]int{"workspace": http.StatusNotFound}, phase: 1},
		{route: "DELETE " + consents + "/{consent}", action: settings, at: atConsent, ok: http.StatusNoContent, decide: endsConsent, phase: 1},
	}
}

// writesToSupport: who is signed in writes from an address of their own.
func writesToSupport(actor string, _ circumstances) int {
	if slices.Contains(signedOut, actor) {
		return http.StatusAccepted
	}
	return http.StatusUnprocessableEntity
}

func writersOrSupport(ok int) func(string, circumstances) int {
	return func(actor string, x circumstances) int {
		switch {
		case slices.Contains(signedOut, actor):
			return http.StatusUnauthorized
		case x.made || actor == "support":
			return ok
		default:
			return http.StatusNotFound
		}
	}
}

func writerAlone(actor string, x circumstances) int {
	switch {
	case slices.Contains(signedOut, actor):
		return http.StatusUnauthorized
	case x.made:
		return http.StatusOK
	default:
		return http.StatusNotFound
	}
}

func supportAlone(ok int) func(string, circumstances) int {
	return func(actor string, _ circumstances) int {
		switch {
		case slices.Contains(signedOut, actor):
			return http.StatusUnauthorized
		case actor == "support":
			return ok
		default:
			return http.StatusForbidden
		}
	}
}

func consents201(actor string, x circumstances) int {
	if status := hiddenFromExternals(settings)(actor, x); status != http.StatusOK {
		return status
	}
	return http.StatusCreated
}

func endsConsent(actor string, x circumstances) int {
	if status := hiddenFromExternals(settings)(actor, x); status != http.StatusOK {
		return status
	}
	return http.StatusNoContent
}

// consentsToRoom: who keeps the settings, in workspaces they see, and who manages the workspace.
func consentsToRoom(_ string, x circumstances) int {
	if x.allowed(settings) || x.manages {
		return http.StatusCreated
	}
	return http.StatusForbidden
}

// ticketSpots are those of a request somebody else wrote, and of one's own; where the place is about an action, with one
// that support proposed.
func (m *matrix) ticketSpots(t *testing.T, p *place, actor string, here *tenant, base spot) []spot {
	t.Helper()
	write := func(by *caller) ids {
		request := by.post(t, "/v1/support/requests", map[string]any{"topic": "other", "subject": "Help", "text": "Please"}).want(http.StatusAccepted).text("id")
		made := base.ids.with("request", request)
		if slices.Contains(names(p.path()), "action") {
			made["action"] = m.actors["support"].post(t, "/v1/support/requests/"+request+"/actions", map[string]any{
				"action": "withdraw_invitation", "organization_id": here.org, "target": "01890000-0000-7000-8000-000000000000",
			}).want(http.StatusOK).text("actions.0.id")
		}
		return made
	}
	another := base
	another.name, another.ids = "another's", write(m.ticketWriter(t))
	if slices.Contains(signedOut, actor) {
		return []spot{another}
	}
	mine := base
	mine.name, mine.x.made, mine.ids = "one's own", true, write(m.actors[actor])
	return []spot{another, mine}
}

// ticketWriter is somebody who belongs to nothing, new from time to time: an account writes only so often.
func (m *matrix) ticketWriter(t *testing.T) *caller {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.written%15 == 0 {
		m.writer = m.stack.register(t, "Wanda Writer")
	}
	m.written++
	return m.writer
}

// consentSpots are those of a tenant's consent to show its open workspaces. It ends with the place, for other places hold
// that support sees nothing.
func (m *matrix) consentSpots(t *testing.T, here *tenant, base spot) []spot {
	t.Helper()
	path := "/v1/organizations/" + here.org + "/support-consents"
	id := here.keeper.post(t, path, map[string]any{"hours": 1, "reason": "Look"}).want(http.StatusCreated).text("id")
	t.Cleanup(func() { here.keeper.delete(t, path+"/"+id) })
	base.ids = base.ids.with("consent", id)
	return []spot{base}
}

// takesConsentBack ends what was given, at once.
func takesConsentBack(t *testing.T, m *matrix, actor string, r *reply) {
	t.Helper()
	here, _ := m.home(actor)
	here.maker.delete(t, "/v1/organizations/"+here.org+"/support-consents/"+r.text("id"))
	here.keeper.delete(t, "/v1/organizations/"+here.org+"/support-consents/"+r.text("id"))
}

// supportBelongings are consents that have ended: an id of elsewhere to reach for, which shows support nothing.
func (m *matrix) supportBelongings(t *testing.T) {
	t.Helper()
	for _, in := range []*tenant{m.ours, m.away, m.personal} {
		path := "/v1/organizations/" + in.org + "/support-consents"
		id := in.keeper.post(t, path, map[string]any{"hours": 1, "reason": "Look"}).want(http.StatusCreated).text("id")
		in.keeper.delete(t, path+"/"+id).want(http.StatusNoContent)
		m.belongings[in]["consent"] = id
	}
}
