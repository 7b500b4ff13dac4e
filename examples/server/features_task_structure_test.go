package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func taskStructureFeatures() []feature {
	return []feature{{"K2", []clause{
		{name: "subtasks", run: taskSubtasks},
		{name: "dependencies", run: taskDependencies},
		{name: "start_and_time_zone", run: taskStart},
		{name: "recurrence", run: taskRecurrence},
		{name: "reminders", run: taskReminders},
		{name: "board_and_order", run: taskBoard},
	}}}
}

func taskSubtasks(t *testing.T, s *stack) {
	h := newHouse(t, s)
	root := h.employee.newTask(t, h, h.open, "Move house", nil).text("id")
	box := h.employee.newTask(t, h, h.open, "Buy boxes", map[string]any{"parent_id": root}).text("id")
	tape := h.employee.newTask(t, h, h.open, "Buy tape", nil).text("id")
	at := func(id, rest string) string { return h.at("/tasks/" + id + rest) }
	h.employee.put(t, at(tape, "/parent"), map[string]any{"parent_id": box}, "If-Match: *").want(http.StatusOK)
	h.guest.get(t, h.at("/tasks?parent="+root)).wantColumn("title", "Buy boxes")
	h.guest.get(t, h.at("/tasks?top=true")).wantColumn("title", "Move house")
	h.employee.put(t, at(root, "/parent"), map[string]any{"parent_id": tape}, "If-Match: *").refused(http.StatusConflict, "tasks.cycle")
	h.employee.post(t, at(root, "/finish"), nil).refused(http.StatusConflict, "tasks.open_subtasks")
	done := h.employee.post(t, at(root, "/finish"), map[string]any{"subtasks": "finish"}).want(http.StatusOK)
	if diff := cmp.Diff(map[string]any{"open": 0.0, "total": 1.0}, done.field("subtasks")); diff != "" {
		t.Errorf("sub-tasks (-want +got):\n%s", diff)
	}
	if h.guest.get(t, at(tape, "")).want(http.StatusOK).text("state") != "finished" {
		t.Error("what is beneath a sub-task is still open")
	}
	// What is deleted goes and comes back with all beneath it.
	h.employee.delete(t, at(root, ""), "If-Match: *").want(http.StatusNoContent)
	h.guest.get(t, at(tape, "")).want(http.StatusNotFound)
}

func taskDependencies(t *testing.T, s *stack) {
	h := newHouse(t, s)
	var ids []string
	for _, title := range []string{"Paint", "Dry", "Hang"} {
		ids = append(ids, h.employee.newTask(t, h, h.open, title, nil).text("id"))
	}
	at := func(n int, rest string) string { return h.at("/tasks/" + ids[n] + rest) }
	h.employee.post(t, at(1, "/dependencies"), map[string]any{"blocked_by": ids[0]}).want(http.StatusOK)
	h.employee.post(t, at(1, "/dependencies"), map[string]any{"blocks": ids[2]}).want(http.StatusOK)
	circle := h.employee.post(t, at(0, "/dependencies"), map[string]any{"blocked_by": ids[2]})
	circle.refused(http.StatusConflict, "tasks.cycle")
	if !strings.Contains(circle.text("detail"), "“Paint” → “Dry” → “Hang” → “Paint”") {
		t.Errorf("the circle is not named: %s", circle.Body)
	}
	read := h.guest.get(t, at(1, "/dependencies")).want(http.StatusOK)
	if read.text("blocked_by.0.title") != "Paint" || read.text("blocks.0.title") != "Hang" {
		t.Errorf("dependencies %s", read.Body)
	}
	if h.guest.get(t, at(1, "")).want(http.StatusOK).field("blocked") != true {
		t.Error("what waits does not say so")
	}
	h.employee.post(t, at(1, "/finish"), nil).refused(http.StatusConflict, "tasks.blocked")
	h.employee.post(t, at(0, "/finish"), nil).want(http.StatusOK)
	if h.guest.get(t, at(1, "")).want(http.StatusOK).field("blocked") != nil {
		t.Error("it waits for what is finished")
	}
	h.employee.post(t, at(2, "/finish"), map[string]any{"force": true}).want(http.StatusOK)
	h.employee.delete(t, at(2, "/dependencies/"+ids[1])).want(http.StatusNoContent)
	// A task that somebody does not see is nowhere.
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	hidden := h.employee.newTask(t, h, cellar, "Hidden", nil).text("id")
	h.employee.post(t, at(1, "/dependencies"), map[string]any{"blocked_by": hidden}).want(http.StatusOK)
	if seen := h.owner.get(t, at(1, "/dependencies")).want(http.StatusOK); strings.Contains(string(seen.Body), hidden) || h.owner.get(t, at(1, "")).field("blocked") != nil {
		t.Errorf("somebody else sees %s", seen.Body)
	}
	h.owner.post(t, at(2, "/dependencies"), map[string]any{"blocked_by": hidden}).invalid("/blocked_by not_found")
}

func taskStart(t *testing.T, s *stack) {
	h := newHouse(t, s)
	r := h.employee.newTask(t, h, h.open, "Plan", map[string]any{"start_on": "2030-03-30", "due_on": "2030-03-31", "time_zone": "Europe/Berlin"})
	if r.text("start_at") != "2030-03-29T23:00:00Z" || r.text("due_at") != "2030-03-31T21:59:59.999999Z" || r.text("due_on") != "2030-03-31" {
		t.Errorf("days in Berlin: %s", r.Body)
	}
	h.employee.newTask(t, h, h.open, "Earlier", map[string]any{"start_at": "2030-01-01T08:00:00+01:00"})
	h.employee.newTask(t, h, h.open, "Whenever", nil)
	h.employee.get(t, h.at("/tasks?sort=start")).wantColumn("title", "Earlier", "Plan")
	h.employee.get(t, h.at("/tasks?sort=-start&start_after=2030-02-01T00:00:00Z")).wantColumn("title", "Plan")
	h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Bad", "start_on": "2030-02-02", "due_on": "2030-02-01"}).invalid("/start_at order")
	h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Bad", "start_on": "2030-02-30", "time_zone": "Mars/Olympus"}).invalid("/start_on date", "/time_zone time_zone")
	moved := h.employee.patch(t, h.at("/tasks/"+r.text("id")), map[string]any{"time_zone": "America/New_York"}, "If-Match: *").want(http.StatusOK)
	if moved.text("due_on") != "2030-03-31" || moved.text("due_at") != "2030-04-01T03:59:59.999999Z" {
		t.Errorf("the same day in New York: %s", moved.Body)
	}
}

func taskRecurrence(t *testing.T, s *stack) {
	h := newHouse(t, s)
	at := func(id, rest string) string { return h.at("/tasks/" + id + rest) }
	root := h.employee.newTask(t, h, h.open, "Water", map[string]any{
		"due_at": "2030-03-30T08:00:00Z", "time_zone": "Europe/Berlin", "recurrence": map[string]any{"rule": "FREQ=DAILY;COUNT=3"},
		"checklist": []any{map[string]any{"text": "Can", "done": true}}, "labels": []string{"garden"},
	})
	id := root.text("id")
	h.employee.newTask(t, h, h.open, "Fill the can", map[string]any{"parent_id": id, "due_at": "2030-03-30T07:00:00Z", "time_zone": "Europe/Berlin"})
	for _, body := range []map[string]any{{"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, {"rule": "SOMETIMES"}, {"every": 3}} {
		if r := h.employee.put(t, at(id, "/recurrence"), body, "If-Match: *"); r.Status != http.StatusUnprocessableEntity {
			t.Errorf("%v is taken: %s", body, r.Body)
		}
	}
	done := h.employee.post(t, at(id, "/finish"), map[string]any{"subtasks": "finish"}).want(http.StatusOK)
	next := h.guest.get(t, at(done.text("recurrence.next_id"), "")).want(http.StatusOK)
	// Nine in the morning in Berlin, before and after the clock is put forward.
	if next.text("due_at") != "2030-03-31T07:00:00Z" || next.field("checklist.0.done") != nil || next.text("series_id") != root.text("series_id") {
		t.Errorf("the next one: %s", next.Body)
	}
	beneath := h.guest.get(t, h.at("/tasks?parent="+next.text("id"))).want(http.StatusOK)
	if beneath.text("items.0.title") != "Fill the can" || beneath.text("items.0.due_at") != "2030-03-31T06:00:00Z" || beneath.text("items.0.state") != "open" {
		t.Errorf("beneath it: %s", beneath.Body)
	}
	// Reopened and finished again it makes no other.
	h.employee.post(t, at(id, "/reopen"), nil).want(http.StatusOK)
	h.employee.post(t, at(id, "/finish"), nil).want(http.StatusOK)
	h.guest.get(t, h.at("/tasks?state=open&series="+root.text("series_id"))).wantColumn("id", next.text("id"))
	if skipped := h.employee.post(t, at(next.text("id"), "/skip"), nil).want(http.StatusOK); skipped.text("due_at") != "2030-04-01T07:00:00Z" {
		t.Errorf("skipped: %s", skipped.Body)
	}
	h.employee.post(t, at(next.text("id"), "/skip"), nil).refused(http.StatusConflict, "tasks.series_ended")
	after := h.employee.newTask(t, h, h.open, "Filter", map[string]any{"due_on": "2020-01-01", "recurrence": map[string]any{"every": 2, "unit": "day"}})
	done = h.employee.post(t, at(after.text("id"), "/finish"), nil).want(http.StatusOK)
	now, err := time.Parse(time.RFC3339Nano, done.text("finished_at"))
	if err != nil {
		t.Fatal(err)
	}
	if got := h.guest.get(t, at(done.text("recurrence.next_id"), "")).text("due_on"); got != now.UTC().AddDate(0, 0, 2).Format(time.DateOnly) {
		t.Errorf("two days after %v: %s", now, got)
	}
	stopped := h.employee.delete(t, at(done.text("recurrence.next_id"), "/recurrence"), "If-Match: *").want(http.StatusOK)
	if stopped.field("recurrence") != nil {
		t.Errorf("stopped: %s", stopped.Body)
	}
}

func taskReminders(t *testing.T, s *stack) {
	h := newHouse(t, s)
	due := time.Now().UTC().Add(72 * time.Hour).Truncate(time.Second)
	path := h.at("/tasks/" + h.employee.newTask(t, h, h.open, "Call", map[string]any{"due_at": due}).text("id"))
	r := h.guest.post(t, path+"/reminders", map[string]any{"relative_to": "due", "minutes": 90}).want(http.StatusOK)
	if r.text("next_at") != due.Add(-90*time.Minute).Format(time.RFC3339) {
		t.Errorf("the reminder is %s", r.Body)
	}
	h.employee.patch(t, path, map[string]any{"due_at": due.Add(time.Hour)}, "If-Match: *").want(http.StatusOK)
	h.guest.get(t, path+"/reminders").wantColumn("next_at", due.Add(-30*time.Minute).Format(time.RFC3339))
	// It is nobody else's.
	h.employee.get(t, path+"/reminders").wantColumn("id")
	h.employee.delete(t, path+"/reminders/"+r.text("id")).want(http.StatusNotFound)
	h.guest.post(t, path+"/reminders", map[string]any{"minutes": -5}).invalid("/minutes range", "/at required")
	h.employee.post(t, path+"/finish", nil).want(http.StatusOK)
	if left := h.guest.get(t, path+"/reminders").want(http.StatusOK); left.field("items.0.next_at") != nil {
		t.Errorf("a finished task reminds: %s", left.Body)
	}
	h.guest.delete(t, path+"/reminders/"+r.text("id")).want(http.StatusNoContent)
}

func taskBoard(t *testing.T, s *stack) {
	h := newHouse(t, s)
	board := h.employee.put(t, h.in(h.open, "/board"), map[string]any{"stages": []any{
		map[string]any{"name": "To do"}, map[string]any{"name": "Done", "finished": true},
	}}, "If-Match: *").want(http.StatusOK)
	todo, done := board.text("stages.0.id"), board.text("stages.1.id")
	ids := map[string]string{}
	for _, title := range []string{"A", "B", "C"} {
		ids[title] = h.employee.newTask(t, h, h.open, title, map[string]any{"stage_id": todo}).text("id")
	}
	move := func(title string, body map[string]any) *reply {
		return h.employee.post(t, h.at("/tasks/"+ids[title]+"/move"), body)
	}
	column := func(stage string) string { return h.at("/tasks?workspace=" + h.open + "&sort=board&stage=" + stage) }
	move("C", map[string]any{"stage_id": todo, "before": ids["A"]}).want(http.StatusOK)
	h.guest.get(t, column(todo)).wantColumn("title", "C", "A", "B")
	move("A", map[string]any{"after": ids["C"]}).want(http.StatusOK)
	h.guest.get(t, h.at("/tasks?workspace="+h.open+"&sort=rank")).wantColumn("title", "B", "C", "A")
	if moved := move("A", map[string]any{"stage_id": done}).want(http.StatusOK); moved.text("state") != "finished" {
		t.Errorf("in a stage for finished tasks: %s", moved.Body)
	}
	h.guest.get(t, column(todo)).wantColumn("title", "C", "B")
	page := h.guest.get(t, column(todo)+"&limit=1")
	page.wantColumn("title", "C")
	h.guest.get(t, column(todo)+"&limit=1&cursor="+page.text("next")).wantColumn("title", "B")
	move("B", map[string]any{"stage_id": todo, "after": ids["A"]}).invalid("/after not_found")
	h.guest.put(t, h.in(h.open, "/board"), map[string]any{"stages": []any{}}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	h.employee.put(t, h.in(h.open, "/board"), map[string]any{"stages": []any{}}, `If-Match: "9"`).refused(http.StatusPreconditionFailed, "version")
}
