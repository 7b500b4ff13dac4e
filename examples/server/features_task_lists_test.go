package main

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// taskMoreFeatures are K2: what many tasks have in common.
func taskMoreFeatures() []feature {
	return []feature{{id: "K2", clauses: []clause{
		{name: "labels_of_a_workspace", run: taskLabelCatalogue},
		{name: "saved_filters", run: taskSavedFilters},
		{name: "bulk_edit", run: taskBulk},
		{name: "history", run: taskHistory},
		{name: "undo_of_delete", run: taskRestore},
		{name: "assigned_by_me", run: taskDelegated},
		{name: "mentions", run: taskMentions},
		{name: "csv_import", run: taskImport},
		{name: "csv_export", run: taskExport},
	}}}
}

func taskLabelCatalogue(t *testing.T, s *stack) {
	h := newHouse(t, s)
	labels := h.in(h.open, "/labels")
	task := h.employee.newTask(t, h, h.open, "One", map[string]any{"labels": []string{"bug", "defect"}}).text("id")
	made := h.external.post(t, labels, map[string]any{"label": "Wish", "colour": "teal"}).want(http.StatusCreated)
	if got := h.guest.get(t, made.Header.Get("Location")).want(http.StatusOK).text("colour"); got != "teal" {
		t.Errorf("colour %q", got)
	}
	list := h.guest.get(t, labels)
	list.wantColumn("label", "bug", "defect", "Wish")
	bug, defect := labels+"/"+list.text("items.0.id"), labels+"/"+list.text("items.1.id")
	h.guest.patch(t, bug, map[string]any{"colour": "red"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	h.employee.post(t, labels, map[string]any{"label": "BUG"}).refused(http.StatusConflict, "tasks.label_exists")
	h.employee.patch(t, bug, map[string]any{"label": "Fault", "colour": "red"}, `If-Match: "9"`).refused(http.StatusPreconditionFailed, "version")
	h.employee.patch(t, bug, map[string]any{"label": "Fault", "colour": "red"}, `If-Match: "1"`).want(http.StatusOK)
	h.employee.get(t, h.at("/tasks?label=fault")).wantColumn("title", "One")
	h.employee.post(t, defect+"/merge", map[string]any{"into": list.text("items.0.id")}).want(http.StatusOK)
	h.employee.get(t, labels).wantColumn("label", "Fault", "Wish")
	if got := h.employee.get(t, h.at("/tasks/"+task)).texts("labels"); !cmp.Equal(got, []string{"Fault"}) {
		t.Errorf("labels %v", got)
	}
	h.employee.delete(t, bug).want(http.StatusNoContent)
	h.employee.get(t, h.at("/tasks?label=fault")).wantColumn("title")
	h.employee.post(t, labels, map[string]any{"label": "a,b", "colour": "mauve"}).invalid("/colour one_of", "/label comma")
}

func taskSavedFilters(t *testing.T, s *stack) {
	h := newHouse(t, s)
	h.employee.newTask(t, h, h.open, "Hers", map[string]any{"assignees": []string{h.external.account}, "priority": 4})
	h.employee.newTask(t, h, h.open, "Mine", map[string]any{"assignees": []string{h.employee.account}, "priority": 2})
	filters := h.at("/task-filters")
	shared := h.employee.post(t, filters, map[string]any{"name": "For me", "workspace_id": h.open, "filter": map[string]any{"assignees": []string{"me"}}}).want(http.StatusCreated)
	own := h.employee.post(t, filters, map[string]any{"name": "High", "filter": map[string]any{"min_priority": 3}}).want(http.StatusCreated).text("id")
	run := func(c *caller, id string) *reply { return c.get(t, h.at("/tasks?saved="+id)) }
	run(h.employee, shared.text("id")).wantColumn("title", "Mine")
	run(h.external, shared.text("id")).wantColumn("title", "Hers")
	run(h.employee, own).wantColumn("title", "Hers")
	alike(t, own, func(id string) *reply { return run(h.owner, id) })
	alike(t, own, func(id string) *reply { return h.owner.get(t, filters+"/"+id) })
	h.employee.get(t, filters).wantColumn("name", "For me", "High")
	h.guest.get(t, filters).wantColumn("name", "For me")
	location := shared.Header.Get("Location")
	h.external.patch(t, location, map[string]any{"name": "Ours"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	h.employee.patch(t, location, map[string]any{"filter": map[string]any{"state": "finished"}}, `If-Match: "1"`).want(http.StatusOK)
	run(h.external, shared.text("id")).wantColumn("title")
	h.employee.get(t, h.at("/tasks?state=open&saved="+own)).invalid("/saved exclusive")
	h.owner.delete(t, location).want(http.StatusNoContent)
	h.employee.post(t, filters, map[string]any{"name": " ", "filter": map[string]any{"assignees": []string{"you"}}}).invalid("/name required", "/filter/assignees/0 account")
}

func taskBulk(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.employee.newTask(t, h, h.open, "One", map[string]any{"labels": []string{"old"}}).text("id")
	two := h.owner.newTask(t, h, h.open, "Two", nil).text("id")
	foreign := newHouse(t, s)
	other := foreign.owner.task(t, foreign.org, foreign.open, "Theirs")
	bulk := func(c *caller, change map[string]any, list ...string) *reply {
		named := []any{}
		for _, id := range list {
			named = append(named, map[string]any{"id": id})
		}
		change["tasks"] = named
		return c.post(t, h.at("/bulk-tasks"), change)
	}
	outcomes := func(r *reply) (list []string) {
		for _, item := range r.want(http.StatusOK).field("results").([]any) {
			list = append(list, item.(map[string]any)["outcome"].(string))
		}
		return list
	}
	r := bulk(h.employee, map[string]any{"add_labels": []string{"new"}, "remove_labels": []string{"old"}, "priority": 3, "state": "finished"}, one, other, two)
	if diff := cmp.Diff([]string{"changed", "failed", "changed"}, outcomes(r)); diff != "" || r.field("results.1.reason") != "not_found" {
		t.Errorf("outcomes (-want +got):\n%s%s", diff, r.Body)
	}
	task := h.employee.get(t, h.at("/tasks/"+one)).want(http.StatusOK)
	if task.text("state") != "finished" || !cmp.Equal(task.texts("labels"), []string{"new"}) || task.field("priority") != 3.0 {
		t.Errorf("changed to %s", task.Body)
	}
	bulk(h.employee, map[string]any{"atomic": true, "state": "open"}, one, other).refused(http.StatusConflict, "tasks.bulk")
	if got := h.employee.get(t, h.at("/tasks/"+one)).text("state"); got != "finished" {
		t.Errorf("state %q", got)
	}
	// Each is asked for by itself: the employee deletes their own, not the owner's.
	if diff := cmp.Diff([]string{"changed", "failed"}, outcomes(bulk(h.employee, map[string]any{"delete": true}, one, two))); diff != "" {
		t.Errorf("deleted (-want +got):\n%s", diff)
	}
	bulk(h.employee, map[string]any{}, one).invalid("/tasks nothing")
}

func taskHistory(t *testing.T, s *stack) {
	h := newHouse(t, s)
	id := h.employee.newTask(t, h, h.open, "Draft", map[string]any{"description": "first"}).text("id")
	h.external.patch(t, h.at("/tasks/"+id), map[string]any{"title": "Fair", "description": "second"}, "If-Match: *").want(http.StatusOK)
	h.owner.post(t, h.at("/tasks/"+id+"/finish"), nil).want(http.StatusOK)
	r := h.guest.get(t, h.at("/tasks/"+id+"/history"))
	r.wantColumn("kind", "tasks.task_finished", "tasks.task_updated", "tasks.task_created")
	want := []any{
		map[string]any{"field": "title", "old": "Draft", "new": "Fair"}, map[string]any{"field": "description", "old": "first", "new": "second"},
	}
	if diff := cmp.Diff(want, r.field("items.1.changes")); diff != "" || r.text("items.1.by") != h.external.account {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if got := h.guest.pages(t, h.at("/tasks/"+id+"/history"), "kind", "1"); len(got) != 3 {
		t.Errorf("page by page: %v", got)
	}
}

func taskRestore(t *testing.T, s *stack) {
	h := newHouse(t, s)
	id := h.employee.newTask(t, h, h.open, "Oops", map[string]any{"labels": []string{"x"}, "assignees": []string{h.external.account}}).text("id")
	h.guest.post(t, h.at("/tasks/"+id+"/comments"), map[string]any{"text": "Keep it."}).want(http.StatusCreated)
	h.external.delete(t, h.at("/tasks/"+id)).want(http.StatusNoContent)
	h.employee.get(t, h.at("/tasks")).wantColumn("title")
	alike(t, id, func(id string) *reply { return h.employee.get(t, h.at("/tasks/"+id)) })
	for _, c := range []*caller{h.owner, h.employee, h.external} {
		c.get(t, h.in(h.open, "/deleted-tasks")).wantColumn("title", "Oops")
	}
	h.guest.get(t, h.in(h.open, "/deleted-tasks")).refused(http.StatusForbidden, "forbidden")
	h.guest.post(t, h.at("/tasks/"+id+"/restore"), nil).refused(http.StatusForbidden, "forbidden")
	r := h.employee.post(t, h.at("/tasks/"+id+"/restore"), nil).want(http.StatusOK)
	if r.text("title") != "Oops" || r.field("comment_count") != 1.0 || !cmp.Equal(r.texts("assignees"), []string{h.external.account}) {
		t.Errorf("restored %s", r.Body)
	}
	h.external.get(t, h.at("/tasks?mine=assigned")).wantColumn("title", "Oops")
	h.employee.get(t, h.in(h.open, "/deleted-tasks")).wantColumn("title")
}

func taskDelegated(t *testing.T, s *stack) {
	h := newHouse(t, s)
	h.employee.newTask(t, h, h.open, "For her", map[string]any{"assignees": []string{h.external.account}})
	h.employee.newTask(t, h, h.open, "For both", map[string]any{"assignees": []string{h.external.account, h.employee.account}})
	h.employee.newTask(t, h, h.open, "For me", map[string]any{"assignees": []string{h.employee.account}})
	h.owner.newTask(t, h, h.open, "By another", map[string]any{"assignees": []string{h.external.account}})
	done := h.employee.newTask(t, h, h.open, "Done", map[string]any{"assignees": []string{h.external.account}}).text("id")
	h.external.post(t, h.at("/tasks/"+done+"/finish"), nil).want(http.StatusOK)
	h.employee.get(t, h.at("/tasks?mine=delegated&sort=created")).wantColumn("title", "For her", "For both")
	h.employee.get(t, h.at("/tasks?mine=delegated&state=finished")).wantColumn("title", "Done")
	h.external.get(t, h.at("/tasks?mine=finished")).wantColumn("title", "Done")
	h.employee.get(t, h.at("/tasks?mine=delegated&creator=me")).invalid("/creator exclusive")
}

func taskMentions(t *testing.T, s *stack) {
	h := newHouse(t, s)
	at := func(account string) string { return "[@somebody](account:" + account + ")" }
	id := h.employee.newTask(t, h, h.open, "Ask", map[string]any{"description": at(h.external.account) + " knows."}).text("id")
	h.guest.post(t, h.at("/tasks/"+id+"/comments"), map[string]any{"text": at(h.owner.account) + ", too"}).want(http.StatusCreated)
	want := []string{h.employee.account, h.external.account, h.owner.account}
	if diff := cmp.Diff(want, h.guest.get(t, h.at("/tasks/"+id)).texts("followers")); diff != "" {
		t.Errorf("followers (-want +got):\n%s", diff)
	}
	roof := h.owner.workspace(t, h.org, "Roof", true)
	there := h.owner.task(t, h.org, roof, "There")
	stranger := newHouse(t, s).owner
	var answers []string
	for _, account := range []string{h.guest.account, stranger.account} {
		r := h.owner.post(t, h.at("/tasks/"+there+"/comments"), map[string]any{"text": at(account)})
		r.invalid("/text mention")
		answers = append(answers, string(r.Body))
	}
	if answers[0] != answers[1] {
		t.Errorf("who exists is told apart: %v", answers)
	}
}

func taskImport(t *testing.T, s *stack) {
	h := newHouse(t, s)
	path := h.in(h.open, "/tasks.csv")
	text := "Title;Due;Assignees;Labels;External ID\nPaint;2030-03-31;" + h.employee.address + ";red, blue;1\nMow;;;;2\n"
	dry := h.employee.post(t, path+"?dry_run=true&time_zone=Europe/Berlin", text).want(http.StatusOK)
	if dry.field("created") != 2.0 || len(dry.field("bad_rows").([]any)) != 0 {
		t.Errorf("dry run: %s", dry.Body)
	}
	h.employee.get(t, h.at("/tasks")).wantColumn("title")
	h.employee.post(t, path+"?time_zone=Europe/Berlin", text).want(http.StatusOK)
	r := h.employee.get(t, h.at("/tasks?sort=due"))
	r.wantColumn("title", "Paint", "Mow")
	if r.text("items.0.due_at") != "2030-03-31T21:59:59.999999Z" || r.text("items.0.assignees.0") != h.employee.account {
		t.Errorf("imported %s", r.Body)
	}
	if again := h.employee.post(t, path, text).want(http.StatusOK); again.field("created") != 0.0 || again.field("skipped") != 2.0 {
		t.Errorf("again: %s", again.Body)
	}
	bad := "title,priority,assignees\n,9,\nGood,1,\nBad,,nobody@people.example\n"
	listed := h.employee.post(t, path+"?dry_run=true", bad).want(http.StatusOK)
	if listed.field("bad_rows.0.row") != 2.0 || listed.field("bad_rows.0.column") != "priority" || listed.field("bad_rows.2.row") != 4.0 || listed.field("bad_rows.2.rule") != "not_found" {
		t.Errorf("bad rows: %s", listed.Body)
	}
	h.employee.post(t, path, bad).invalid("/rows/2/priority one_of", "/rows/2/title required", "/rows/4/assignees not_found")
	h.employee.get(t, h.at("/tasks?sort=due")).wantColumn("title", "Paint", "Mow")
	h.guest.post(t, path, text).refused(http.StatusForbidden, "forbidden")
}

func taskExport(t *testing.T, s *stack) {
	h := newHouse(t, s)
	h.employee.newTask(t, h, h.open, "=1+1", map[string]any{"labels": []string{"a", "b"}, "assignees": []string{h.external.account}, "checklist": []any{map[string]any{"text": "step", "done": true}}})
	h.employee.newTask(t, h, h.open, "Finished", nil)
	h.employee.newTask(t, h, h.open, "Plain", map[string]any{"priority": 4})
	r := h.owner.get(t, h.at("/tasks.csv?sort=created&search=1")).want(http.StatusOK)
	if media := r.Header.Get("Content-Type"); !strings.HasPrefix(media, "text/csv") || !strings.Contains(r.Header.Get("Content-Disposition"), "tasks.csv") {
		t.Errorf("headers %v", r.Header)
	}
	records, err := csv.NewReader(strings.NewReader(string(r.Body))).ReadAll()
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if diff := cmp.Diff([]string{"'=1+1", "", "open", "none", "", h.external.address, "a, b", "[x] step"}, records[1][:8]); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	// An address that one's directory does not show is not in what one exports.
	if text := string(h.employee.get(t, h.at("/tasks.csv")).want(http.StatusOK).Body); strings.Contains(text, h.external.address) || !strings.Contains(text, h.external.account) {
		t.Errorf("the employee exports %s", text)
	}
	whole := string(h.owner.get(t, h.at("/tasks.csv?limit=1")).want(http.StatusOK).Body)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	if r := h.owner.post(t, h.in(roof, "/tasks.csv"), whole); r.Status == http.StatusOK {
		t.Error("an assignee who does not see the other workspace was imported")
	}
	h.owner.post(t, h.in(roof, "/tasks.csv"), strings.ReplaceAll(whole, h.external.address, h.owner.address)).want(http.StatusOK)
	h.owner.get(t, h.at("/tasks?sort=created&workspace="+roof)).want(http.StatusOK)
	h.owner.get(t, h.at("/tasks?search=%3D1&workspace="+roof)).wantColumn("title", "=1+1")
}
