package main

import (
	"net/http"
	"testing"
)

// Where the places of applications are; a walk leaves them out.
const (
	atApp           scope = -700 - iota // an application, which its maker shared with guests
	atDeletedApp                        // a deleted application
	atRecord                            // a record of an application
	atDeletedRecord                     // a deleted record
	atRecordComment                     // a comment on a record
	atView                              // a shared view of an application, which draws
	atBoard                             // one that is a board
	atCalendar                          // one that is a calendar
	atImport                            // an import in the background
)

// appScopes are the scopes of applications.
var appScopes = []scope{atApp, atDeletedApp, atRecord, atDeletedRecord, atRecordComment, atView, atBoard, atCalendar, atImport}

// appPlaces are applications and what they are made of.
func appPlaces() []*place {
	const org, room = "/v1/organizations/{org}", "/v1/organizations/{org}/workspaces/{workspace}"
	const one, field = org + "/apps/{app}", org + "/apps/{app}/fields/{field}"
	return []*place{
		{route: "POST " + room + "/apps", action: designApps, at: atWorkspace, body: `{"name":"Plants"}`, ok: http.StatusCreated},
		{route: "GET " + room + "/deleted-apps", action: readThings, at: atWorkspace, ok: http.StatusOK, decide: readsUnshared},
		{route: "GET " + org + "/apps", action: readThings, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsLists, phase: -1},
		{route: "GET " + org + "/apps", name: "of a workspace", action: readThings, at: atOrganization, query: "?workspace={workspace}", ok: http.StatusOK, decide: readsLists, bad: map[string]int{"workspace": http.StatusOK}},
		{route: "GET " + one, action: readThings, at: atApp, ok: http.StatusOK},
		{route: "PATCH " + one, action: designApps, at: atApp, body: `{"name":"All plants"}`, ok: http.StatusOK},
		{route: "PATCH " + one, name: "who may do what", action: manageApps, at: atApp, body: `{"access":[{"roles":["guest"],"edit":true}]}`, ok: http.StatusOK},
		{route: "DELETE " + one, action: manageApps, at: atApp, ok: http.StatusNoContent},
		{route: "POST " + one + "/restore", action: manageApps, at: atDeletedApp, ok: http.StatusOK, decide: restoresApp},
		{route: "POST " + one + "/fields", action: designApps, at: atApp, body: `{"name":"Height","kind":"number","before_id":"{before}"}`, ok: http.StatusOK},
		{route: "PATCH " + field, action: designApps, at: atApp, body: `{"name":"Named"}`, ok: http.StatusOK},
		{route: "DELETE " + field, action: designApps, at: atApp, ok: http.StatusOK},
		{route: "POST " + field + "/restore", action: designApps, at: atApp, ok: http.StatusConflict}, // it is there
		{route: "POST " + field + "/move", action: designApps, at: atApp, body: `{"before_id":"{before}"}`, ok: http.StatusOK},
		{route: "POST " + field + "/retype-preview", action: designApps, at: atApp, body: `{"kind":"long_text"}`, ok: http.StatusOK},
		{route: "POST " + field + "/retype", action: designApps, at: atApp, body: `{"kind":"long_text"}`, ok: http.StatusOK},
	}
}

// recordPlaces are records of applications.
func recordPlaces() []*place {
	const app = "/v1/organizations/{org}/apps/{app}"
	const all, one, comment = app + "/records", app + "/records/{record}", app + "/records/{record}/comments/{comment}"
	const name = `{"values":{"name":"The fern"}}`
	return []*place{
		{route: "POST " + all, action: createThings, at: atApp, body: name, ok: http.StatusCreated},
		{route: "GET " + all, action: readThings, at: atApp, ok: http.StatusOK},
		{route: "POST " + all + "/query", action: readThings, at: atApp, body: `{"search":"fern"}`, ok: http.StatusOK},
		{route: "POST " + all + "/summary", action: readThings, at: atApp, body: `{}`, ok: http.StatusOK},
		{route: "POST " + app + "/bulk-records", action: createThings, at: atRecord, body: `{"rows":[{"do":"update","record_id":"{record}","values":{"name":"The old fern"}}]}`, ok: http.StatusOK, bad: map[string]int{"record": http.StatusNotFound}},
		{route: "GET " + app + "/export", action: readThings, at: atApp, ok: http.StatusOK},
		{route: "GET " + app + "/export", name: "through a view", action: readThings, at: atBoard, query: "?view={view}", ok: http.StatusOK},
		{route: "GET " + app + "/deleted-records", action: deleteThings, at: atApp, ok: http.StatusOK, decide: listsDeleted},
		{route: "GET " + one, action: readThings, at: atRecord, ok: http.StatusOK},
		{route: "PATCH " + one, action: createThings, at: atRecord, body: name, ok: http.StatusOK},
		{route: "DELETE " + one, action: deleteThings, at: atRecord, ok: http.StatusNoContent},
		{route: "POST " + one + "/restore", action: deleteThings, at: atDeletedRecord, ok: http.StatusOK},
		{route: "GET " + one + "/history", action: readThings, at: atRecord, ok: http.StatusOK},
		{route: "POST " + one + "/history/{version}/restore", action: createThings, at: atRecord, ok: http.StatusOK},
		{route: "GET " + one + "/comments", action: readThings, at: atRecord, ok: http.StatusOK},
		{route: "POST " + one + "/comments", action: createThings, comment: true, at: atRecord, body: `{"text":"Not too much."}`, ok: http.StatusCreated},
		{route: "PATCH " + comment, action: createThings, comment: true, author: true, at: atRecordComment, body: `{"text":"Not too much water."}`, ok: http.StatusOK},
		{route: "DELETE " + comment, action: deleteThings, comment: true, at: atRecordComment, ok: http.StatusNoContent},
	}
}

// viewPlaces are ways to look at records.
func viewPlaces() []*place {
	const app = "/v1/organizations/{org}/apps/{app}"
	const all, one = app + "/views", app + "/views/{view}"
	return []*place{
		{route: "POST " + all, action: readThings, at: atApp, body: `{"name":"Mine","kind":"table"}`, ok: http.StatusCreated},
		{route: "POST " + all, name: "for all", action: createThings, at: atApp, body: `{"name":"Ours","kind":"table","sharing":"shared"}`, ok: http.StatusCreated},
		{route: "POST " + all, name: "that stays", action: manageApps, at: atApp, body: `{"name":"Ours","kind":"table","sharing":"locked"}`, ok: http.StatusCreated},
		{route: "GET " + all, action: readThings, at: atApp, ok: http.StatusOK},
		{route: "GET " + one, action: readThings, at: atView, ok: http.StatusOK},
		{route: "PATCH " + one, action: createThings, at: atView, body: `{"name":"Named"}`, ok: http.StatusOK, decide: changesView(http.StatusOK)},
		{route: "DELETE " + one, action: createThings, at: atView, ok: http.StatusNoContent, decide: changesView(http.StatusNoContent)},
		{route: "GET " + one + "/report", action: readThings, at: atView, ok: http.StatusOK},
		{route: "GET " + one + "/chart.svg", action: readThings, at: atView, ok: http.StatusOK},
		{route: "GET " + one + "/board", action: readThings, at: atBoard, ok: http.StatusOK},
		{route: "GET " + one + "/calendar", action: readThings, at: atCalendar, query: "?from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z", ok: http.StatusOK},
		{route: "GET " + app + "/records", name: "through a view", action: readThings, at: atBoard, query: "?view={view}", ok: http.StatusOK},
		{route: "POST " + app + "/records/query", name: "through a view", action: readThings, at: atBoard, body: `{"view_id":"{view}"}`, ok: http.StatusOK},
	}
}

// importPlaces are files that become records.
func importPlaces() []*place {
	const app = "/v1/organizations/{org}/apps/{app}"
	const one, file = app + "/imports/{import}", "Name;Note\nThe fern;Not too much.\n"
	return []*place{
		{route: "POST /v1/organizations/{org}/workspaces/{workspace}/import-preview", action: designApps, at: atWorkspace, body: file, ok: http.StatusOK},
		{route: "POST " + app + "/import", action: createThings, at: atApp, body: file, ok: http.StatusOK},
		{route: "POST " + app + "/imports", action: createThings, at: atApp, query: "?dry_run=true", body: file, ok: http.StatusCreated},
		{route: "GET " + app + "/imports", action: createThings, at: atApp, ok: http.StatusOK, decide: seesImports},
		{route: "GET " + one, action: createThings, at: atImport, ok: http.StatusOK, decide: seesImport},
		{route: "POST " + one + "/cancel", action: createThings, at: atImport, ok: http.StatusOK, decide: seesImport},
	}
}

// seesImports: who may create records sees their own imports, and who manages the application sees all.
func seesImports(_ string, x circumstances) int {
	if x.allowed(createThings) || x.allowed(manageApps) {
		return http.StatusOK
	}
	return http.StatusForbidden
}

func seesImport(actor string, x circumstances) int {
	if status := seesImports(actor, x); status != http.StatusOK {
		return status
	}
	if x.made || x.allowed(manageApps) {
		return http.StatusOK
	}
	return http.StatusNotFound
}

// changesView: a shared view is its maker's to change, and that of those who design the application.
func changesView(ok int) func(string, circumstances) int {
	return func(_ string, x circumstances) int {
		if x.made && x.allowed(createThings) || x.allowed(designApps) {
			return ok
		}
		return http.StatusForbidden
	}
}

// viewDesigns are views that suit the calls about them.
var viewDesigns = map[scope]map[string]any{
	atView:     {"name": "By note", "kind": "chart", "sharing": "shared", "groups": []any{map[string]any{"field": "note"}}},
	atBoard:    {"name": "Board", "kind": "board", "sharing": "shared", "board": "watered"},
	atCalendar: {"name": "Calendar", "kind": "calendar", "sharing": "shared", "start": "on"},
}

// readsUnshared: guests read what is shared with them, and nothing is that was deleted.
func readsUnshared(_ string, x circumstances) int {
	if x.column == "guest" || !x.allowed(readThings) && x.says(readThings) != withConsent {
		return http.StatusForbidden
	}
	return http.StatusOK
}

// restoresApp: what one may not know of is not there.
func restoresApp(_ string, x circumstances) int {
	switch {
	case x.allowed(manageApps):
		return http.StatusOK
	case x.column == "guest":
		return http.StatusNotFound
	}
	return http.StatusForbidden
}

// appSpots are those of applications and records in a workspace: another's, and the actor's own.
func (m *matrix) appSpots(t *testing.T, p *place, actor string, here *tenant, s spot) []spot {
	t.Helper()
	another := s
	another.name += ", another's"
	another.ids = m.appThing(t, p.at, here, s.room, here.maker)
	out := []spot{another}
	if !s.x.sees() {
		return out
	}
	makes := s.x
	makes.comment = p.at == atRecordComment
	action := createThings
	if p.at == atApp || p.at == atDeletedApp {
		action = designApps
	}
	if makes.allowed(action) {
		mine := s
		mine.name, mine.x.made = mine.name+", one's own", true
		mine.ids = m.appThing(t, p.at, here, s.room, m.actors[actor])
		out = append(out, mine)
	}
	return out
}

// appThing makes what a place of applications is about, by somebody, in a workspace.
func (m *matrix) appThing(t *testing.T, at scope, in *tenant, r *room, by *caller) ids {
	t.Helper()
	made := m.constants(in).with("workspace", r.id)
	path, designer, author := "/v1/organizations/"+in.org, in.maker, in.maker
	switch at {
	case atApp, atDeletedApp:
		designer, author = by, by
	case atRecord, atDeletedRecord:
		author = by
	}
	app := designer.post(t, path+"/workspaces/"+r.id+"/apps", map[string]any{"name": "Plants", "fields": []any{
		map[string]any{"name": "Name", "kind": "text"}, map[string]any{"name": "Note", "kind": "text"},
		map[string]any{"name": "Watered", "kind": "checkbox"}, map[string]any{"name": "On", "kind": "date"},
	}}).want(http.StatusCreated)
	made["app"], made["field"], made["before"] = app.text("id"), app.text("fields.0.id"), app.text("fields.1.id")
	one := path + "/apps/" + made["app"]
	designer.patch(t, one, map[string]any{"access": []any{map[string]any{"roles": []string{"guest"}}}}, "If-Match: *").want(http.StatusOK)
	if at == atDeletedApp {
		designer.delete(t, one, "If-Match: *").want(http.StatusNoContent)
		return made
	}
	if at == atApp {
		return made
	}
	if at == atImport {
		made["import"] = by.post(t, one+"/imports?dry_run=true", "Name\nThe fern\n").want(http.StatusCreated).text("id")
		return made
	}
	if design := viewDesigns[at]; design != nil {
		made["view"] = by.post(t, one+"/views", design).want(http.StatusCreated).text("id")
		return made
	}
	made["record"] = author.post(t, one+"/records", map[string]any{"values": map[string]any{"name": "The fern"}}).want(http.StatusCreated).text("id")
	switch record := one + "/records/" + made["record"]; at {
	case atDeletedRecord:
		author.delete(t, record, "If-Match: *").want(http.StatusNoContent)
	case atRecordComment:
		made["comment"] = by.post(t, record+"/comments", map[string]any{"text": "Every other day."}).want(http.StatusCreated).text("id")
	}
	return made
}

// appBelongings puts an application with a record and a comment into a workspace.
func (m *matrix) appBelongings(t *testing.T, in *tenant, r *room, made ids) {
	t.Helper()
	one := m.appThing(t, atRecordComment, in, r, in.maker)
	for _, name := range []string{"app", "field", "before", "record"} {
		made[name] = one[name]
	}
	made["recordcomment"] = one["comment"]
	made["import"] = in.maker.post(t, "/v1/organizations/"+in.org+"/apps/"+one["app"]+"/imports?dry_run=true", "Name\nThe fern\n").want(http.StatusCreated).text("id")
	made["view"] = in.maker.post(t, "/v1/organizations/"+in.org+"/apps/"+one["app"]+"/views", viewDesigns[atView]).want(http.StatusCreated).text("id")
}
