package main

import (
	"net/http"
	"strings"
	"testing"
)

// linkedTasks are placeholders for other tasks of the same workspace.
var linkedTasks = []string{"above", "beside", "blocker", "linked"}

// taskStructurePlaces are how tasks hang together, when they repeat and where they stand.
func taskStructurePlaces() []*place {
	const one, room = "/v1/organizations/{org}/tasks/{task}", "/v1/organizations/{org}/workspaces/{workspace}"
	const filters = "?parent={above}&stage={stage}&series={series}&limit=200"
	nothing := map[string]int{"above": http.StatusOK, "stage": http.StatusOK, "series": http.StatusOK}
	return []*place{
		{route: "POST " + room + "/tasks", name: "beneath another", action: createThings, at: atWorkspace, body: `{"title":"Cut the roses","parent_id":"{above}","stage_id":"{stage}"}`, ok: http.StatusCreated},
		{route: "GET /v1/organizations/{org}/tasks", name: "beneath another", action: readThings, at: atOrganization, query: filters, ok: http.StatusOK, decide: readsLists, bad: nothing},
		{route: "GET /v1/organizations/{org}/tasks.csv", name: "beneath another", action: readThings, at: atOrganization, query: strings.TrimSuffix(filters, "&limit=200"), ok: http.StatusOK, decide: readsLists, bad: nothing},
		{route: "PUT " + one + "/parent", action: createThings, at: atTask, body: `{"parent_id":"{above}"}`, ok: http.StatusOK},
		{route: "GET " + one + "/dependencies", action: readThings, at: atTask, ok: http.StatusOK},
		{route: "POST " + one + "/dependencies", action: createThings, at: atTask, body: `{"blocked_by":"{blocker}"}`, ok: http.StatusOK},
		// Who makes another task wait changes that one.
		{route: "POST " + one + "/dependencies", name: "of another", action: createThings, at: atTask, body: `{"blocks":"{blocker}"}`, ok: http.StatusOK, decide: changesAnothers, bad: map[string]int{"blocker": http.StatusNotFound}},
		{route: "DELETE " + one + "/dependencies/{linked}", action: createThings, at: atTask, ok: http.StatusNoContent},
		{route: "PUT " + one + "/recurrence", action: createThings, at: atTask, body: `{"rule":"FREQ=WEEKLY"}`, ok: http.StatusOK},
		{route: "DELETE " + one + "/recurrence", action: createThings, at: atTask, ok: http.StatusOK},
		{route: "POST " + one + "/skip", action: createThings, at: atTask, ok: http.StatusOK},
		// Reminders are between a person and the task.
		{route: "POST " + one + "/reminders", action: readThings, at: atTask, body: `{"relative_to":"due","minutes":30}`, ok: http.StatusOK},
		{route: "GET " + one + "/reminders", action: readThings, at: atTask, ok: http.StatusOK},
		{route: "DELETE " + one + "/reminders/{reminder}", action: readThings, at: atTask, ok: http.StatusNoContent, decide: deletesReminder},
		{route: "POST " + one + "/move", action: createThings, at: atTask, body: `{"after":"{beside}"}`, ok: http.StatusOK},
		{route: "POST " + one + "/move", name: "on the board", action: createThings, at: atTask, body: `{"stage_id":"{stage}","before":"{beside}"}`, ok: http.StatusOK},
		{route: "GET " + room + "/board", action: readThings, at: atWorkspace, ok: http.StatusOK},
		{route: "PUT " + room + "/board", action: createThings, at: atWorkspace, body: `{"stages":[{"id":"{stage}","name":"Growing"}]}`, ok: http.StatusOK},
	}
}

// changesAnothers: that a task is assigned to somebody says nothing of the other one.
func changesAnothers(_ string, x circumstances) int {
	x.assigned = false
	if x.allowed(createThings) {
		return http.StatusOK
	}
	return http.StatusForbidden
}

// deletesReminder: nobody knows of another's reminder.
func deletesReminder(_ string, x circumstances) int {
	if x.made {
		return http.StatusNoContent
	}
	return http.StatusNotFound
}

// beside adds to a task what a place needs beside it, made by who made the task or, for what is another's, by the maker.
func (m *matrix) beside(t *testing.T, p *place, in *tenant, r *room, author *caller, made ids) {
	t.Helper()
	path := "/v1/organizations/" + in.org + "/tasks/"
	text := p.path() + p.query + p.body
	if strings.Contains(text, "{stage}") {
		made["stage"] = m.stageIn(t, in, r)
	}
	if strings.Contains(text, "{series}") {
		made["series"] = m.seriesIn(t, in, r)
	}
	for _, name := range linkedTasks {
		if strings.Contains(text, "{"+name+"}") {
			body := map[string]any{"title": "Dig"}
			if strings.Contains(text, "{stage}") {
				body["stage_id"] = made["stage"]
			}
			made[name] = in.maker.post(t, "/v1/organizations/"+in.org+"/workspaces/"+r.id+"/tasks", body).want(http.StatusCreated).text("id")
		}
	}
	if strings.Contains(text, "{linked}") {
		in.maker.post(t, path+made["task"]+"/dependencies", map[string]any{"blocked_by": made["linked"]}).want(http.StatusOK)
	}
	if strings.HasSuffix(p.path(), "/recurrence") || strings.HasSuffix(p.path(), "/skip") {
		in.maker.patch(t, path+made["task"], map[string]any{"due_on": "2030-05-06"}, "If-Match: *").want(http.StatusOK)
		in.maker.put(t, path+made["task"]+"/recurrence", map[string]any{"rule": "FREQ=DAILY"}, "If-Match: *").want(http.StatusOK)
	}
	if strings.Contains(text, "{reminder}") {
		made["reminder"] = author.post(t, path+made["task"]+"/reminders", map[string]any{"relative_to": "due"}).want(http.StatusOK).text("id")
	}
}

// seriesIn is a series of a recurring task in a workspace.
func (m *matrix) seriesIn(t *testing.T, in *tenant, r *room) string {
	t.Helper()
	body := map[string]any{"title": "Water", "due_on": "2030-05-06", "recurrence": map[string]any{"rule": "FREQ=DAILY"}}
	return in.maker.post(t, "/v1/organizations/"+in.org+"/workspaces/"+r.id+"/tasks", body).want(http.StatusCreated).text("series_id")
}

// stageIn is the only stage of a workspace's board, made when it is asked for first.
func (m *matrix) stageIn(t *testing.T, in *tenant, r *room) string {
	t.Helper()
	path := "/v1/organizations/" + in.org + "/workspaces/" + r.id + "/board"
	m.stages.Lock()
	defer m.stages.Unlock()
	if in.maker.get(t, path).want(http.StatusOK).field("version") == 0.0 {
		in.maker.put(t, path, map[string]any{"stages": []any{map[string]any{"name": "Growing"}}}, "If-Match: *").want(http.StatusOK)
	}
	return in.maker.get(t, path).want(http.StatusOK).text("stages.0.id")
}

// taskStructureBelongings are, of the workspace's task, what others could reach for.
func (m *matrix) taskStructureBelongings(t *testing.T, in *tenant, r *room, made ids) {
	t.Helper()
	for _, name := range linkedTasks {
		made[name] = made["task"]
	}
	made["stage"], made["series"] = m.stageIn(t, in, r), m.seriesIn(t, in, r)
	made["reminder"] = in.maker.post(t, "/v1/organizations/"+in.org+"/tasks/"+made["task"]+"/reminders", map[string]any{"relative_to": "due"}).want(http.StatusOK).text("id")
}
