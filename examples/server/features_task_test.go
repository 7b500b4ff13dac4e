package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func taskFeatures() []feature {
	return []feature{{"K1", []clause{
		{name: "create_and_read", run: taskCreateAndRead},
		{name: "assignees", run: taskAssignees},
		{name: "edit_version", run: taskEditVersion},
		{name: "finish_reopen_my_finished", run: taskFinishReopen},
		{name: "labels", run: taskLabels},
		{name: "checklist", run: taskChecklist},
		{name: "comments", run: taskComments},
		{name: "followers", run: taskFollowers},
		{name: "filters", run: taskFilters},
		{name: "search", run: taskSearch},
		{name: "sorts_and_pages", run: taskSortsAndPages},
		{name: "mine", run: taskMine},
		{name: "who_may", run: taskWhoMay},
		{name: "bad_input", run: taskBadInput},
		{name: "delete", run: taskDelete},
		{name: "attachments", run: taskFiles},
	}}}
}

// newTask makes a task with more than a title, and gives the answer.
func (c *caller) newTask(t *testing.T, h *house, workspace, title string, more map[string]any) *reply {
	t.Helper()
	body := map[string]any{"title": title}
	for name, value := range more {
		body[name] = value
	}
	return c.post(t, h.in(workspace, "/tasks"), body).want(http.StatusCreated)
}

// texts are the texts of a list in an answer.
func (r *reply) texts(path string) []string {
	r.t.Helper()
	list, ok := r.field(path).([]any)
	if !ok {
		r.t.Fatalf("%s: no list at %s: %s", r.call, path, r.Body)
	}
	out := []string{}
	for _, value := range list {
		text, _ := value.(string)
		out = append(out, text)
	}
	return out
}

// kinds are the kinds of events in a workspace's stream that a filter leaves, newest first.
func (c *caller) kinds(t *testing.T, h *house, workspace, filter string) []string {
	t.Helper()
	return c.get(t, h.in(workspace, "/stream?kind="+filter)).want(http.StatusOK).column("kind")
}

func taskCreateAndRead(t *testing.T, s *stack) {
	h := newHouse(t, s)
	due := time.Now().UTC().Add(72 * time.Hour).Truncate(time.Microsecond)
	r := h.employee.newTask(t, h, h.open, "  Write the letter ", map[string]any{
		"description": "To the\r\nlandlord.", "assignees": []string{h.owner.account, h.external.account}, "due_at": due, "priority": 3,
		"labels": []string{"Post", "urgent"}, "checklist": []any{map[string]any{"text": "Stamp"}, map[string]any{"text": "Sign", "done": true}},
	})
	id := r.text("id")
	path := h.at("/tasks/" + id)
	if r.Header.Get("Location") != path {
		t.Errorf("Location %q, want %q", r.Header.Get("Location"), path)
	}
	for _, c := range []*caller{h.employee, h.owner, h.external, h.guest} {
		read := c.get(t, path).want(http.StatusOK)
		if string(read.Body) != string(r.Body) {
			t.Errorf("%s reads %s, created was %s", c.name, read.Body, r.Body)
		}
		if c.get(t, path, "If-None-Match: "+read.Header.Get("Etag")).Status != http.StatusNotModified {
			t.Error("the version one has is sent again")
		}
	}
	want := map[string]any{
		"organization_id": h.org, "id": id, "workspace_id": h.open, "title": "Write the letter", "description": "To the\nlandlord.",
		"state": "open", "priority": 3.0, "due_at": due.Format(time.RFC3339Nano), "created_by": h.employee.account, "version": 1.0, "comment_count": 0.0,
		"assignees": []any{h.owner.account, h.external.account}, "followers": []any{h.employee.account, h.owner.account, h.external.account},
		"labels": []any{"Post", "urgent"}, "created_at": r.text("created_at"), "updated_at": r.text("created_at"), "rank": r.text("rank"),
		"checklist": []any{
			map[string]any{"id": r.text("checklist.0.id"), "text": "Stamp"},
			map[string]any{"id": r.text("checklist.1.id"), "text": "Sign", "done": true},
		},
	}
	var got map[string]any
	r.decode(&got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the task (-want +got):\n%s", diff)
	}
	plain := h.owner.newTask(t, h, h.open, "For myself", nil)
	if diff := cmp.Diff([]string{}, plain.texts("assignees")); diff != "" || plain.field("due_at") != nil || plain.field("description") != "" {
		t.Errorf("a task with a title only is %s", plain.Body)
	}
	alike(t, h.open, func(workspace string) *reply {
		return s.register(t, "Nora Nobody").post(t, h.in(workspace, "/tasks"), map[string]any{"title": "Mine"})
	})
	body := map[string]any{"title": "Only once"}
	first := h.employee.post(t, h.in(h.open, "/tasks"), body, "Idempotency-Key: once").want(http.StatusCreated)
	again := h.employee.post(t, h.in(h.open, "/tasks"), body, "Idempotency-Key: once").want(http.StatusCreated)
	if first.text("id") != again.text("id") {
		t.Error("the same call with the same key made two tasks")
	}
	h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Another"}, "Idempotency-Key: once").refused(http.StatusUnprocessableEntity, "idempotency.reused")
	h.employee.get(t, h.at("/tasks?search=only+once")).wantColumn("id", first.text("id"))
	if got := h.guest.kinds(t, h, h.open, "tasks"); !cmp.Equal(got, []string{"tasks.task_created", "tasks.task_created", "tasks.task_created"}) {
		t.Errorf("the stream has %v", got)
	}
}

func taskAssignees(t *testing.T, s *stack) {
	h := newHouse(t, s)
	stranger := s.register(t, "Nora Nobody")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	post := func(workspace string, assignees ...string) *reply {
		return h.employee.post(t, h.in(workspace, "/tasks"), map[string]any{"title": "Sweep", "assignees": assignees})
	}
	// Whoever does not see the workspace cannot be given a task there; all of them are named at once.
	post(h.open, h.owner.account, stranger.account, nobodysID).invalid("/assignees/1 not_found", "/assignees/2 not_found")
	post(cellar, h.employee.account, h.owner.account, h.external.account).invalid("/assignees/1 not_found", "/assignees/2 not_found")
	post(h.open, h.owner.account, h.owner.account).invalid("/assignees/1 duplicate")
	r := post(h.open, h.guest.account).want(http.StatusCreated)
	path := h.at("/tasks/" + r.text("id"))
	change := func(c *caller, assignees ...string) *reply {
		return c.patch(t, path, map[string]any{"assignees": append([]string{}, assignees...)}, "If-Match: *")
	}
	change(h.employee, h.owner.account, nobodysID).invalid("/assignees/1 not_found")
	r = change(h.employee, h.owner.account, h.external.account).want(http.StatusOK)
	if diff := cmp.Diff([]string{h.owner.account, h.external.account}, r.texts("assignees")); diff != "" {
		t.Errorf("assignees (-want +got):\n%s", diff)
	}
	// Who was an assignee goes on following; who is one now follows too.
	if diff := cmp.Diff([]string{h.employee.account, h.guest.account, h.owner.account, h.external.account}, r.texts("followers")); diff != "" {
		t.Errorf("followers (-want +got):\n%s", diff)
	}
	h.owner.get(t, h.at("/tasks?mine=assigned")).wantColumn("title", "Sweep")
	h.guest.get(t, h.at("/tasks?mine=assigned")).wantColumn("title")
	// Who has left stays assigned: the task says what was agreed. A change of something else does not fail by it.
	h.external.post(t, h.in(h.open, "/leave"), nil).want(http.StatusNoContent)
	h.employee.patch(t, path, map[string]any{"title": "Sweep again", "assignees": []string{h.external.account}}, "If-Match: *").want(http.StatusOK)
	h.external.get(t, h.at("/tasks?mine=assigned")).wantColumn("title")
	if r := change(h.employee).want(http.StatusOK); len(r.texts("assignees")) != 0 {
		t.Errorf("an empty list leaves %s", r.Body)
	}
	change(h.employee, h.external.account).invalid("/assignees/0 not_found")
	h.employee.get(t, h.at("/tasks?assignee=none")).wantColumn("title", "Sweep again")
}

func taskEditVersion(t *testing.T, s *stack) {
	h := newHouse(t, s)
	id := h.employee.newTask(t, h, h.open, "Draft", map[string]any{"due_at": "2030-01-01T00:00:00+02:00", "labels": []string{"a"}, "priority": 1}).text("id")
	path := h.at("/tasks/" + id)
	change := func(c *caller, body any, header ...string) *reply { return c.patch(t, path, body, header...) }
	change(h.owner, map[string]any{"title": "Mine"}).refused(http.StatusPreconditionRequired, "if_match.required")
	change(h.owner, map[string]any{"title": "Mine"}, `If-Match: "9"`).refused(http.StatusPreconditionFailed, "version")
	first := h.owner.get(t, path).want(http.StatusOK).Header.Get("Etag")
	r := change(h.owner, map[string]any{"title": "Fair copy", "description": "Two pages.", "priority": 4, "labels": []string{"b", "c"}, "clear_due": true}, "If-Match: "+first).want(http.StatusOK)
	second := r.Header.Get("Etag")
	if r.text("title") != "Fair copy" || r.text("description") != "Two pages." || r.field("priority") != 4.0 || r.field("due_at") != nil || r.field("version") != 2.0 ||
		!cmp.Equal(r.texts("labels"), []string{"b", "c"}) || r.text("created_by") != h.employee.account {
		t.Errorf("changed: %s", r.Body)
	}
	change(h.employee, map[string]any{"title": "Late"}, "If-Match: "+first).refused(http.StatusPreconditionFailed, "version")
	if r := change(h.owner, map[string]any{"title": "Fair copy"}, "If-Match: "+second).want(http.StatusOK); r.Header.Get("Etag") != second {
		t.Errorf("a change that changes nothing makes %s of %s", r.Header.Get("Etag"), second)
	}
	if got := h.guest.kinds(t, h, h.open, "tasks.task_updated"); len(got) != 1 {
		t.Errorf("one change makes the events %v", got)
	}
	event := h.guest.get(t, h.in(h.open, "/stream?kind=tasks.task_updated")).want(http.StatusOK)
	fields := []string{}
	for _, item := range event.field("items.0.data.changes").([]any) {
		fields = append(fields, item.(map[string]any)["field"].(string))
	}
	if diff := cmp.Diff([]string{"title", "description", "due_at", "priority", "labels"}, fields); diff != "" || event.field("items.0.data.changes.0.old") != "Draft" {
		t.Errorf("the event tells of %s: %s", fields, event.Body)
	}
	// What talks about a task does not spoil the work of who edits it.
	h.guest.post(t, path+"/comments", map[string]any{"text": "Good."}).want(http.StatusCreated)
	h.guest.put(t, path+"/follow", nil).want(http.StatusOK)
	change(h.owner, map[string]any{"priority": 0}, "If-Match: "+second).want(http.StatusOK)
	// Of several who change what they have read at once, one does.
	third := h.owner.get(t, path).want(http.StatusOK).Header.Get("Etag")
	statuses := make([]int, 4)
	var wait sync.WaitGroup
	for i := range statuses {
		wait.Go(func() {
			statuses[i] = change(h.employee, map[string]any{"description": strings.Repeat("x", i+1)}, "If-Match: "+third).Status
		})
	}
	wait.Wait()
	slices.Sort(statuses)
	if !cmp.Equal(statuses, []int{200, 412, 412, 412}) {
		t.Errorf("changes at once are answered %v", statuses)
	}
}

func taskFinishReopen(t *testing.T, s *stack) {
	h := newHouse(t, s)
	due := time.Now().Add(-time.Hour)
	r := h.owner.newTask(t, h, h.open, "Pay the bill", map[string]any{"assignees": []string{h.employee.account}, "due_at": due})
	path := h.at("/tasks/" + r.text("id"))
	h.employee.get(t, h.at("/tasks?mine=assigned")).wantColumn("title", "Pay the bill")
	h.employee.get(t, h.at("/tasks?mine=finished")).wantColumn("title")
	h.owner.post(t, path+"/finish", nil, `If-Match: "5"`).refused(http.StatusPreconditionFailed, "version")
	done := h.employee.post(t, path+"/finish", nil, "If-Match: "+r.Header.Get("Etag")).want(http.StatusOK)
	if done.text("state") != "finished" || done.text("finished_by") != h.employee.account || done.text("finished_at") == "" || done.field("version") != 2.0 {
		t.Errorf("finished: %s", done.Body)
	}
	h.owner.post(t, path+"/finish", nil).refused(http.StatusConflict, "tasks.finished")
	// It went to "my finished" of who did it, and of nobody else.
	h.employee.get(t, h.at("/tasks?mine=finished")).wantColumn("title", "Pay the bill")
	h.employee.get(t, h.at("/tasks?mine=assigned")).wantColumn("title")
	h.owner.get(t, h.at("/tasks?mine=finished")).wantColumn("title")
	h.owner.get(t, h.at("/tasks?mine=created")).wantColumn("title", "Pay the bill")
	h.owner.get(t, h.at("/tasks?state=open")).wantColumn("title")
	event := h.guest.get(t, h.in(h.open, "/stream?kind=tasks.task_finished")).want(http.StatusOK)
	if event.field("items.0.data.late") != true || event.field("items.0.by.name") != "Emil Employee" || event.field("items.0.data.title") != "Pay the bill" {
		t.Errorf("the event is %s", event.Body)
	}
	// Reopened it is as before.
	again := h.owner.post(t, path+"/reopen", nil).want(http.StatusOK)
	if again.text("state") != "open" || again.field("finished_by") != nil || again.field("finished_at") != nil {
		t.Errorf("reopened: %s", again.Body)
	}
	h.owner.post(t, path+"/reopen", nil).refused(http.StatusConflict, "tasks.open")
	h.employee.get(t, h.at("/tasks?mine=finished")).wantColumn("title")
	h.employee.get(t, h.at("/tasks?mine=assigned")).wantColumn("title", "Pay the bill")
	// Of several who finish it at once, one does, and the others are told.
	statuses := make([]int, 4)
	var wait sync.WaitGroup
	for i, c := range []*caller{h.owner, h.employee, h.external, h.owner} {
		wait.Go(func() { statuses[i] = c.post(t, path+"/finish", nil).Status })
	}
	wait.Wait()
	slices.Sort(statuses)
	if !cmp.Equal(statuses, []int{200, 409, 409, 409}) {
		t.Errorf("finishing at once is answered %v", statuses)
	}
	if got := h.guest.kinds(t, h, h.open, "tasks"); !cmp.Equal(got, []string{"tasks.task_finished", "tasks.task_reopened", "tasks.task_finished", "tasks.task_created"}) {
		t.Errorf("the stream has %v", got)
	}
	// What is finished can still be changed.
	h.owner.patch(t, path, map[string]any{"title": "Pay the bills"}, "If-Match: *").want(http.StatusOK)
	alike(t, r.text("id"), func(id string) *reply { return s.register(t, "Nora Nobody").post(t, h.at("/tasks/"+id+"/finish"), nil) })
}

func taskWhoMay(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	free := h.owner.task(t, h.org, h.open, "Free")
	assigned := h.owner.newTask(t, h, h.open, "The guest's", map[string]any{"assignees": []string{h.guest.account}}).text("id")
	away := h.owner.task(t, h.org, roof, "Away")
	edit := func(c *caller, task string) *reply {
		return c.patch(t, h.at("/tasks/"+task), map[string]any{"description": c.name}, "If-Match: *")
	}
	// A guest reads and comments everything, and works on what is assigned to them.
	h.guest.get(t, h.at("/tasks/"+free)).want(http.StatusOK)
	edit(h.guest, free).refused(http.StatusForbidden, "forbidden")
	h.guest.post(t, h.at("/tasks/"+free+"/finish"), nil).refused(http.StatusForbidden, "forbidden")
	h.guest.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Mine"}).refused(http.StatusForbidden, "forbidden")
	h.guest.post(t, h.at("/tasks/"+free+"/comments"), map[string]any{"text": "Hm."}).want(http.StatusCreated)
	edit(h.guest, assigned).want(http.StatusOK)
	h.guest.post(t, h.at("/tasks/"+assigned+"/finish"), nil).want(http.StatusOK)
	h.guest.post(t, h.at("/tasks/"+assigned+"/reopen"), nil).want(http.StatusOK)
	h.guest.delete(t, h.at("/tasks/"+assigned)).refused(http.StatusForbidden, "forbidden")
	h.employee.patch(t, h.at("/tasks/"+assigned), map[string]any{"assignees": []string{}}, "If-Match: *").want(http.StatusOK)
	edit(h.guest, assigned).refused(http.StatusForbidden, "forbidden")
	// An external does all of that in theirs, and nothing elsewhere.
	edit(h.external, free).want(http.StatusOK)
	h.external.task(t, h.org, h.open, "The external's")
	for _, c := range []*caller{h.external, h.guest} {
		alike(t, away, func(id string) *reply { return edit(c, id) })
		alike(t, away, func(id string) *reply { return c.get(t, h.at("/tasks/"+id)) })
		alike(t, away, func(id string) *reply { return c.post(t, h.at("/tasks/"+id+"/finish"), nil) })
		alike(t, away, func(id string) *reply { return c.delete(t, h.at("/tasks/"+id)) })
		alike(t, roof, func(id string) *reply { return c.post(t, h.in(id, "/tasks"), map[string]any{"title": "Mine"}) })
		alikeLists(t, c.get(t, h.at("/tasks?workspace="+roof)), c.get(t, h.at("/tasks?workspace="+nobodysID)))
	}
	// Another organization's people, and nobody.
	stranger := s.register(t, "Otto Outsider")
	own := stranger.found(t, "Elsewhere")
	alike(t, free, func(id string) *reply { return edit(stranger, id) })
	alike(t, free, func(id string) *reply {
		return stranger.put(t, h.at("/tasks/"+id+"/checklist"), map[string]any{"items": []any{}}, "If-Match: *")
	})
	stranger.get(t, h.at("/tasks")).refused(http.StatusNotFound, "not_found")
	s.anonymous().get(t, h.at("/tasks")).refused(http.StatusUnauthorized, "unauthenticated")
	s.anonymous().get(t, h.at("/tasks/"+free)).refused(http.StatusUnauthorized, "unauthenticated")
	// An id under another organization's path names nothing.
	alike(t, free, func(id string) *reply { return stranger.get(t, "/v1/organizations/"+own+"/tasks/"+id) })
}

func taskBadInput(t *testing.T, s *stack) {
	h := newHouse(t, s)
	create := func(body any) *reply { return h.owner.post(t, h.in(h.open, "/tasks"), body) }
	long := strings.Repeat("x", 201)
	create(map[string]any{
		"title": long, "description": strings.Repeat("x", 20001), "priority": 5, "due_at": "tomorrow", "assignees": []any{"me"}, "labels": "post",
		"checklist": []any{map[string]any{"text": ""}, map[string]any{"done": true}}, "colour": "red",
	}).invalid("/title too_long", "/description too_long", "/priority range", "/due_at format", "/assignees/0 format", "/labels type",
		"/checklist/0/text too_short", "/checklist/1/text required", "/colour unknown")
	create(map[string]any{
		"title": " ", "description": "\u0000", "due_at": "1800-01-01T00:00:00Z", "labels": []string{"a", "A"},
		"checklist": []any{map[string]any{"id": nobodysID, "text": "\n"}}, "assignees": []string{h.owner.account, h.owner.account},
	}).invalid("/title required", "/description unicode", "/due_at range", "/labels/1 duplicate", "/checklist/0/text required", "/checklist/0/id not_found", "/assignees/1 duplicate")
	create(map[string]any{}).invalid("/title required")
	create(`{"title": "x", "title": "y"}`).invalid("/title repeated")
	create(`{"title": "x"`).refused(http.StatusBadRequest, "body.malformed")
	create(`{"title": "x", "priority": 1.5}`).invalid("/priority type")
	create(`[]`).invalid(" type")
	id := h.owner.task(t, h.org, h.open, "Fine")
	h.owner.patch(t, h.at("/tasks/"+id), map[string]any{"title": "", "priority": -1, "due_at": "2030-01-01T00:00:00Z", "clear_due": "x"}, "If-Match: *").
		invalid("/title too_short", "/priority range", "/clear_due type")
	h.owner.patch(t, h.at("/tasks/"+id), map[string]any{"title": "\t", "due_at": "2030-01-01T00:00:00Z", "clear_due": true}, "If-Match: *").
		invalid("/title required", "/clear_due exclusive")
	h.owner.get(t, h.at("/tasks?priority=7&priority=2&min_priority=1")).invalid("/priority/0 range")
	h.owner.get(t, h.at("/tasks?state=done&priority=x&min_priority=x&due_after=now&overdue=1&sort=title&limit=0&mine=all&workspace=1&colour=red")).
		invalid("/state one_of", "/priority type", "/min_priority type", "/due_after format", "/overdue type", "/sort one_of", "/limit range", "/mine one_of", "/workspace format", "/colour unknown")
	h.owner.get(t, h.at("/tasks?assignee=nobody&creator=none&follower=7&label=a%2Cb&search=1+2+3+4+5+6+7+8+9&cursor=x")).
		invalid("/assignee/0 account", "/creator/0 account", "/follower/0 account", "/label/0 comma", "/search too_many", "/cursor cursor")
	h.owner.get(t, h.at("/tasks?mine=assigned&assignee=me&overdue=true&state=finished")).invalid("/assignee exclusive", "/overdue exclusive")
	h.owner.get(t, h.at("/tasks/nonsense")).refused(http.StatusNotFound, "not_found")
	h.owner.post(t, h.in("nonsense", "/tasks"), map[string]any{"title": "x"}).refused(http.StatusNotFound, "not_found")
}

func taskDelete(t *testing.T, s *stack) {
	h := newHouse(t, s)
	colleague := h.owner.join(t, h.org, "", "internal", "Cora Colleague")
	made := h.employee.newTask(t, h, h.open, "Made", map[string]any{"labels": []string{"gone"}, "assignees": []string{h.external.account}}).text("id")
	other := h.employee.task(t, h.org, h.open, "Other")
	third := h.employee.task(t, h.org, h.open, "Third")
	remove := func(c *caller, task string, header ...string) *reply {
		return c.delete(t, h.at("/tasks/"+task), header...)
	}
	// Who made it or has it assigned, and who manages the workspace; nobody else.
	for _, c := range []*caller{colleague, h.guest} {
		remove(c, made).refused(http.StatusForbidden, "forbidden")
	}
	remove(h.external, other).refused(http.StatusForbidden, "forbidden")
	remove(h.employee, made, `If-Match: "7"`).refused(http.StatusPreconditionFailed, "version")
	h.guest.post(t, h.at("/tasks/"+made+"/comments"), map[string]any{"text": "Why?"}).want(http.StatusCreated)
	if r := remove(h.external, made).want(http.StatusNoContent); len(r.Body) > 0 {
		t.Errorf("deleting is answered %s", r.Body)
	}
	remove(h.employee, other, `If-Match: "1"`).want(http.StatusNoContent)
	remove(h.owner, third).want(http.StatusNoContent)
	for _, path := range []string{"", "/comments"} {
		alike(t, made, func(id string) *reply { return h.employee.get(t, h.at("/tasks/"+id+path)) })
	}
	alike(t, made, func(id string) *reply { return remove(h.employee, id) })
	alike(t, made, func(id string) *reply { return h.employee.post(t, h.at("/tasks/"+id+"/reopen"), nil) })
	h.employee.get(t, h.at("/tasks")).wantColumn("id")
	if labels := h.employee.get(t, h.in(h.open, "/labels")); labels.text("items.0.label") != "gone" || labels.field("items.0.task_count") != 0.0 {
		t.Errorf("labels of deleted tasks: %s", labels.Body)
	}
	events := h.guest.get(t, h.in(h.open, "/stream?kind=tasks.task_deleted")).want(http.StatusOK)
	if len(events.items()) != 3 || events.field("items.2.data.title") != "Made" || events.field("items.2.by.name") != "Xenia External" {
		t.Errorf("the stream has %s", events.Body)
	}
}
