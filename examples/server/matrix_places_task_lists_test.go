package main

import (
	"net/http"
	"testing"
)

// Where the places of many tasks are; a walk, which takes scopes from atWorkspace on, leaves them out.
const (
	atLabel       scope = -500 - iota // a label of a workspace
	atFilter                          // a filter shared in a workspace
	atOwnFilter                       // a filter of the actor's own
	atDeletedTask                     // a deleted task
	atSomeTasks                       // tasks of whatever workspace
)

// taskListPlaces are labels, saved filters, bulk edits, spreadsheets, and what was deleted.
func taskListPlaces() []*place {
	const org = "/v1/organizations/{org}"
	const all, one, room = org + "/tasks", org + "/tasks/{task}", org + "/workspaces/{workspace}"
	const label, filters, filter = room + "/labels/{label}", org + "/task-filters", org + "/task-filters/{filter}"
	notFound := map[string]int{"workspace": http.StatusNotFound, "filter": http.StatusNotFound}
	const structure = `"parent":"{above}","stage":"{stage}","series":"{series}"`
	each := map[string]int{"task": http.StatusOK, "above": http.StatusOK, "stage": http.StatusOK, "assignee": http.StatusOK, "follower": http.StatusOK}
	return []*place{
		{route: "GET " + one + "/history", action: readThings, at: atTask, ok: http.StatusOK},
		{route: "GET " + one + "/attachments", action: readThings, at: atTask, ok: http.StatusOK},
		{route: "POST " + one + "/attachments", action: createThings, at: atTask, body: `{"attachments":["{attachment}"]}`, ok: http.StatusOK, decide: anothersFile},
		{route: "GET " + one + "/attachments/{attachment}", action: readThings, at: atTask, ok: http.StatusNotFound}, // that hangs on nothing
		{route: "DELETE " + one + "/attachments/{attachment}", action: createThings, at: atTask, ok: http.StatusNotFound},
		{route: "POST " + room + "/tasks", name: "with another's file", action: createThings, at: atWorkspace, body: `{"title":"Water the plants","attachments":["{attachment}"]}`, ok: http.StatusCreated, decide: anothersFile},
		{route: "POST " + one + "/comments", name: "with another's file", action: createThings, comment: true, at: atTask, body: `{"text":"Look.","attachments":["{attachment}"]}`, ok: http.StatusCreated, decide: anothersFile},
		{route: "GET " + one + "/comments/{comment}/attachments/{attachment}", action: readThings, at: atTaskComment, ok: http.StatusOK},
		{route: "POST " + one + "/restore", action: deleteThings, at: atDeletedTask, ok: http.StatusOK},
		{route: "GET " + room + "/deleted-tasks", action: deleteThings, at: atWorkspace, ok: http.StatusOK, decide: listsDeleted},
		// What cannot be done to a task is said in its own result.
		{route: "POST " + org + "/bulk-tasks", name: "to assign", action: createThings, at: atSomeTasks, body: `{"tasks":[{"id":"{task}"}],"add_assignees":["{assignee}"]}`, ok: http.StatusOK, decide: readsLists, bad: each, check: changesWhatItMay},
		{route: "POST " + org + "/bulk-tasks", name: "to take off", action: createThings, at: atSomeTasks, body: `{"tasks":[{"id":"{task}"}],"remove_assignees":["{follower}"]}`, ok: http.StatusOK, decide: readsLists, bad: each},
		{route: "POST " + org + "/bulk-tasks", name: "to move", action: createThings, at: atSomeTasks, body: `{"tasks":[{"id":"{task}"}],"parent_id":"{above}","stage_id":"{stage}"}`, ok: http.StatusOK, decide: readsLists, bad: each},
		{route: "POST " + room + "/labels", action: createThings, at: atWorkspace, body: `{"label":"{fresh}"}`, ok: http.StatusCreated},
		{route: "GET " + label, action: readThings, at: atLabel, ok: http.StatusOK},
		{route: "PATCH " + label, action: createThings, at: atLabel, body: `{"colour":"red"}`, ok: http.StatusOK},
		{route: "POST " + label + "/merge", action: createThings, at: atLabel, body: `{"into":"{into}"}`, ok: http.StatusOK},
		{route: "DELETE " + label, action: createThings, at: atLabel, ok: http.StatusNoContent},
		{route: "POST " + filters, name: "shared", action: createThings, at: atWorkspace, body: `{"name":"Mine","workspace_id":"{workspace}","filter":{"mine":"assigned"}}`, ok: http.StatusCreated, bad: notFound},
		{route: "POST " + filters, name: "of a workspace's things", action: createThings, at: atWorkspace, body: `{"name":"Mine","workspace_id":"{workspace}","filter":{` + structure + `}}`, ok: http.StatusCreated, bad: notFound},
		{route: "POST " + filters, name: "of one's own", action: readThings, at: atOrganization, body: `{"name":"Mine","filter":{"workspaces":["{workspace}"]}}`, ok: http.StatusCreated, decide: savesFilter},
		{route: "GET " + filters, action: readThings, at: atOrganization, query: "?limit=200", ok: http.StatusOK, decide: readsLists},
		{route: "GET " + filter, action: readThings, at: atFilter, ok: http.StatusOK},
		{route: "PATCH " + filter, action: deleteThings, at: atFilter, body: `{"name":"Ours"}`, ok: http.StatusOK},
		{route: "PATCH " + filter, name: "to a workspace's things", action: deleteThings, at: atFilter, body: `{"filter":{` + structure + `}}`, ok: http.StatusOK, bad: notFound},
		{route: "PATCH " + filter, name: "of one's own", action: readThings, at: atOwnFilter, body: `{"filter":{"workspaces":["{workspace}"]}}`, ok: http.StatusOK, decide: changesOwnFilter},
		{route: "DELETE " + filter, action: deleteThings, at: atFilter, ok: http.StatusNoContent},
		{route: "GET " + all, name: "by a saved filter", action: readThings, at: atFilter, query: "?saved={filter}", ok: http.StatusOK, bad: notFound},
		{route: "POST " + room + "/tasks.csv", action: createThings, at: atWorkspace, body: "title\nWater the plants\n", ok: http.StatusOK},
		{route: "GET " + all + ".csv", action: readThings, at: atOrganization, query: "?workspace={workspace}", ok: http.StatusOK, decide: readsLists, bad: map[string]int{"workspace": http.StatusOK}},
		{route: "GET " + all + ".csv", name: "by a saved filter", action: readThings, at: atFilter, query: "?saved={filter}", ok: http.StatusOK, bad: notFound},
	}
}

// listsDeleted: who deletes nothing but their own lists those.
func listsDeleted(_ string, x circumstances) int {
	if c := x.says(deleteThings); c == ownComments || c == no {
		return http.StatusForbidden
	}
	return http.StatusOK
}

// savesFilter: whoever belongs to the organization keeps filters.
func savesFilter(_ string, x circumstances) int {
	if x.says(readThings) == withConsent {
		return http.StatusForbidden
	}
	return http.StatusCreated
}

// changesOwnFilter: platform support has none.
func changesOwnFilter(_ string, x circumstances) int {
	if x.says(readThings) == withConsent {
		return http.StatusNotFound
	}
	return http.StatusOK
}

// changesWhatItMay holds a bulk edit by a guest, who edits nothing of others, to that.
func changesWhatItMay(t *testing.T, _ *matrix, actor string, r *reply) {
	t.Helper()
	if column(actor) == "guest" && r.field("failed") != 1.0 {
		t.Errorf("%s changed another's task: %s", actor, r.Body)
	}
}

// listSpots are those of labels, shared filters and deleted tasks in a workspace.
func (m *matrix) listSpots(t *testing.T, p *place, actor string, here *tenant, s spot) []spot {
	t.Helper()
	if p.at == atLabel {
		s.ids = m.listBelongings(t, here, s.room, s.ids)
		return []spot{s}
	}
	made := func(by *caller, assignee string) ids {
		if p.at == atFilter {
			filter := s.ids.with("filter", m.sharedFilter(t, here, s.room, by))
			m.beside(t, p, here, s.room, here.maker, filter)
			return filter
		}
		made := m.thing(t, &place{route: http.MethodPost, at: atTask}, here, s.room, by, assignee)
		by.delete(t, "/v1/organizations/"+here.org+"/tasks/"+made["task"]).want(http.StatusNoContent)
		return made
	}
	another := s
	another.name, another.ids = s.name+", another's", made(here.maker, "")
	out := []spot{another}
	if !s.x.sees() {
		return out
	}
	if s.x.allowed(createThings) {
		mine := s
		mine.name, mine.x.made, mine.ids = s.name+", one's own", true, made(m.actors[actor], "")
		out = append(out, mine)
	}
	if p.at == atDeletedTask {
		assigned := s
		assigned.name, assigned.x.assigned, assigned.x.task = s.name+", assigned", true, true
		assigned.ids = made(here.maker, m.actors[actor].account)
		out = append(out, assigned)
	}
	return out
}

// bulkSpots are those of things that lie in no one workspace.
func (m *matrix) bulkSpots(t *testing.T, p *place, actor string, here *tenant, base spot) []spot {
	t.Helper()
	if p.at == atOwnFilter {
		id := m.belongings[m.ours]["filter"]
		if x := base.x; x.column != "" && x.column != "support" {
			id = m.actors[actor].post(t, "/v1/organizations/"+here.org+"/task-filters", map[string]any{"name": "Mine", "filter": map[string]any{}}).want(http.StatusCreated).text("id")
		}
		base.ids = base.ids.with("filter", id)
		return []spot{base}
	}
	var out []spot
	for _, r := range here.rooms {
		s := base
		s.name, s.ids = r.name, m.thing(t, &place{route: http.MethodPost, at: atTask}, here, r, here.maker, "")
		m.beside(t, p, here, r, here.maker, s.ids)
		out = append(out, s)
	}
	return out
}

// sharedFilter is a filter that somebody shares in a workspace.
func (m *matrix) sharedFilter(t *testing.T, in *tenant, r *room, by *caller) string {
	t.Helper()
	return by.post(t, "/v1/organizations/"+in.org+"/task-filters", map[string]any{"name": "All", "workspace_id": r.id, "filter": map[string]any{}}).want(http.StatusCreated).text("id")
}

// listBelongings adds labels and a filter to what lies in a workspace.
func (m *matrix) listBelongings(t *testing.T, in *tenant, r *room, made ids) ids {
	t.Helper()
	label := func() string {
		return in.maker.post(t, "/v1/organizations/"+in.org+"/workspaces/"+r.id+"/labels", map[string]any{"label": newAddress("label")}).want(http.StatusCreated).text("id")
	}
	return made.with("label", label(), "into", label(), "filter", m.sharedFilter(t, in, r, in.maker))
}
