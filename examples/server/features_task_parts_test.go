package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func taskLabels(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	h.owner.newTask(t, h, h.open, "One", map[string]any{"labels": []string{"Garden", "ÉTÉ"}})
	two := h.owner.newTask(t, h, h.open, "Two", map[string]any{"labels": []string{"garden"}}).text("id")
	h.owner.newTask(t, h, roof, "Three", map[string]any{"labels": []string{"tiles", "Garden"}})
	labels := func(c *caller, workspace string) map[string]float64 {
		t.Helper()
		out := map[string]float64{}
		for _, item := range c.get(t, h.in(workspace, "/labels")).want(http.StatusOK).items() {
			out[strings.ToLower(item["label"].(string))] = item["task_count"].(float64)
		}
		return out
	}
	if diff := cmp.Diff(map[string]float64{"garden": 2, "été": 1}, labels(h.guest, h.open)); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got := h.owner.pages(t, h.in(h.open, "/labels"), "label", "1"); len(got) != 2 {
		t.Errorf("page by page the labels are %v", got)
	}
	// Case does not tell labels apart, accents do.
	h.owner.get(t, h.at("/tasks?label=GARDEN&sort=created")).wantColumn("title", "One", "Two", "Three")
	h.owner.get(t, h.at("/tasks?label=%C3%A9t%C3%A9")).wantColumn("title", "One")
	h.owner.get(t, h.at("/tasks?label=ete")).wantColumn("title")
	h.owner.get(t, h.at("/tasks?label=tiles&label=%C3%A9t%C3%A9&sort=created")).wantColumn("title", "One", "Three")
	h.owner.get(t, h.at("/tasks?all_labels=garden&all_labels=tiles")).wantColumn("title", "Three")
	h.owner.patch(t, h.at("/tasks/"+two), map[string]any{"labels": []string{}}, "If-Match: *").want(http.StatusOK)
	if diff := cmp.Diff(map[string]float64{"garden": 1, "été": 1}, labels(h.owner, h.open)); diff != "" {
		t.Errorf("labels after a change (-want +got):\n%s", diff)
	}
	bad := map[string]any{"title": "Bad", "labels": []string{"a,b", "Same", "SAME", " ", "two\nlines"}}
	h.owner.post(t, h.in(h.open, "/tasks"), bad).invalid("/labels/0 comma", "/labels/2 duplicate", "/labels/3 required", "/labels/4 line")
	alike(t, roof, func(id string) *reply { return h.external.get(t, h.in(id, "/labels")) })
}

func taskChecklist(t *testing.T, s *stack) {
	h := newHouse(t, s)
	r := h.owner.newTask(t, h, h.open, "Bake", map[string]any{"checklist": []any{map[string]any{"text": "Flour"}, map[string]any{"text": "Eggs"}}})
	path := h.at("/tasks/" + r.text("id"))
	flour, eggs := r.text("checklist.0.id"), r.text("checklist.1.id")
	set := func(c *caller, header string, items ...any) *reply {
		return c.put(t, path+"/checklist", map[string]any{"items": items}, header)
	}
	item := func(id, text string, done bool) map[string]any {
		out := map[string]any{"text": text, "done": done}
		if id != "" {
			out["id"] = id
		}
		return out
	}
	// One call moves, rewrites, ticks, adds and removes.
	h.owner.put(t, path+"/checklist", map[string]any{"items": []any{}}).refused(http.StatusPreconditionRequired, "if_match.required")
	r = set(h.employee, "If-Match: "+r.Header.Get("Etag"), item(eggs, "Six eggs", true), item("", "Sugar", false), item(flour, "Flour", false)).want(http.StatusOK)
	sugar := r.text("checklist.1.id")
	if r.text("checklist.0.id") != eggs || r.text("checklist.0.text") != "Six eggs" || r.field("checklist.0.done") != true || r.text("checklist.2.id") != flour || sugar == "" {
		t.Errorf("the checklist is %s", r.Body)
	}
	set(h.employee, `If-Match: "1"`, item("", "Late", false)).refused(http.StatusPreconditionFailed, "version")
	set(h.employee, "If-Match: *", item(nobodysID, "Not mine", false), item("", "", false)).invalid("/items/1/text too_short")
	set(h.employee, "If-Match: *", item(nobodysID, "Not mine", false)).invalid("/items/0/id not_found")
	set(h.employee, "If-Match: *", item(eggs, "Eggs", false), item(eggs, "Eggs", false), item("", " ", false)).invalid("/items/1/id duplicate", "/items/2/text required")
	// Two who tick different items at once do not disturb one another.
	var wait sync.WaitGroup
	for _, id := range []string{flour, sugar} {
		wait.Go(func() {
			if r := h.external.post(t, path+"/checklist/"+id, map[string]any{"done": true}); r.Status != http.StatusOK {
				t.Errorf("ticking is answered %d %s", r.Status, r.Body)
			}
		})
	}
	wait.Wait()
	r = h.guest.get(t, path).want(http.StatusOK)
	if r.field("checklist.1.done") != true || r.field("checklist.2.done") != true {
		t.Errorf("ticked: %s", r.Body)
	}
	h.owner.post(t, path+"/checklist/"+flour, map[string]any{"done": false}).want(http.StatusOK)
	h.owner.post(t, path+"/checklist/"+nobodysID, map[string]any{"done": true}).refused(http.StatusNotFound, "not_found")
	h.guest.post(t, path+"/checklist/"+flour, map[string]any{"done": true}).refused(http.StatusForbidden, "forbidden")
	event := h.guest.get(t, h.in(h.open, "/stream?kind=tasks.task_updated&limit=1")).want(http.StatusOK)
	if diff := cmp.Diff(any(map[string]any{"done": 2.0, "total": 3.0}), event.field("items.0.data.changes.0.new")); diff != "" {
		t.Errorf("the event (-want +got):\n%s\n%s", diff, event.Body)
	}
}

func taskComments(t *testing.T, s *stack) {
	h := newHouse(t, s)
	id := h.owner.task(t, h.org, h.open, "Discuss")
	path := h.at("/tasks/" + id + "/comments")
	body := map[string]any{"text": "First,\nand foremost."}
	first := h.guest.post(t, path, body, "Idempotency-Key: c").want(http.StatusCreated)
	if again := h.guest.post(t, path, body, "Idempotency-Key: c").want(http.StatusCreated); again.text("id") != first.text("id") {
		t.Error("the same comment was written twice")
	}
	own := path + "/" + first.text("id")
	if first.Header.Get("Location") != own || first.text("author_id") != h.guest.account || first.text("task_id") != id {
		t.Errorf("the comment is %s at %q", first.Body, first.Header.Get("Location"))
	}
	h.external.post(t, path, map[string]any{"text": "Second."}).want(http.StatusCreated)
	third := h.employee.post(t, path, map[string]any{"text": "Third."}).want(http.StatusCreated).text("id")
	h.owner.get(t, path).wantColumn("text", "First,\nand foremost.", "Second.", "Third.")
	h.owner.get(t, path+"?sort=-created").wantColumn("text", "Third.", "Second.", "First,\nand foremost.")
	if got := h.owner.pages(t, path+"?sort=-created", "text", "2"); len(got) != 3 || got[2] != "First,\nand foremost." {
		t.Errorf("page by page the comments are %v", got)
	}
	if n := h.owner.get(t, h.at("/tasks/"+id)).want(http.StatusOK).field("comment_count"); n != 3.0 {
		t.Errorf("the task counts %v comments", n)
	}
	// One's own can be changed, by nobody else.
	edit := map[string]any{"text": "First."}
	h.guest.patch(t, own, edit).refused(http.StatusPreconditionRequired, "if_match.required")
	h.guest.patch(t, own, edit, `If-Match: "8"`).refused(http.StatusPreconditionFailed, "version")
	h.owner.patch(t, own, edit, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	r := h.guest.patch(t, own, edit, "If-Match: "+first.Header.Get("Etag")).want(http.StatusOK)
	if r.text("text") != "First." || r.text("edited_at") == "" {
		t.Errorf("edited: %s", r.Body)
	}
	// Deleted by its author, or by who manages the workspace.
	h.external.delete(t, path+"/"+third).refused(http.StatusForbidden, "forbidden")
	h.employee.delete(t, own).refused(http.StatusForbidden, "forbidden")
	h.employee.delete(t, path+"/"+third).want(http.StatusNoContent)
	h.owner.delete(t, own).want(http.StatusNoContent)
	h.guest.patch(t, own, edit, "If-Match: *").refused(http.StatusNotFound, "not_found")
	h.owner.get(t, path).wantColumn("text", "Second.")
	if n := h.owner.get(t, h.at("/tasks/"+id)).want(http.StatusOK).field("comment_count"); n != 1.0 {
		t.Errorf("the task counts %v comments", n)
	}
	h.guest.post(t, path, map[string]any{"text": " \n", "task_id": id}).invalid("/text required", "/task_id unknown")
	h.guest.post(t, path, map[string]any{"text": " \n"}).invalid("/text required")
	h.guest.post(t, path, map[string]any{}).invalid("/text required")
	h.guest.post(t, path, map[string]any{"text": strings.Repeat("x", 10001)}).invalid("/text too_long")
	h.owner.get(t, path+"?sort=size&limit=1000").invalid("/sort one_of", "/limit range")
	stranger := s.register(t, "Nora Nobody")
	alike(t, id, func(id string) *reply { return stranger.get(t, h.at("/tasks/"+id+"/comments")) })
	alike(t, id, func(id string) *reply { return stranger.post(t, h.at("/tasks/"+id+"/comments"), edit) })
	if got := h.guest.kinds(t, h, h.open, "tasks.comment_added"); len(got) != 3 {
		t.Errorf("the stream has %v", got)
	}
}

func taskFollowers(t *testing.T, s *stack) {
	h := newHouse(t, s)
	id := h.owner.newTask(t, h, h.open, "Watch", map[string]any{"assignees": []string{h.employee.account}}).text("id")
	path := h.at("/tasks/" + id)
	follow := func(c *caller, account string) *reply {
		var body any
		if account != "" {
			body = map[string]any{"account_id": account}
		}
		return c.put(t, path+"/follow", body)
	}
	want := func(r *reply, followers ...string) {
		t.Helper()
		if diff := cmp.Diff(followers, r.want(http.StatusOK).texts("followers")); diff != "" || r.field("version") != 1.0 {
			t.Errorf("%s: followers (-want +got):\n%s\n%s", r.call, diff, r.Body)
		}
	}
	want(follow(h.guest, ""), h.owner.account, h.employee.account, h.guest.account)
	want(follow(h.guest, ""), h.owner.account, h.employee.account, h.guest.account)
	want(follow(h.employee, h.external.account), h.owner.account, h.employee.account, h.guest.account, h.external.account)
	h.external.get(t, h.at("/tasks?mine=followed")).wantColumn("id", id)
	h.owner.get(t, h.at("/tasks?follower="+h.external.account)).wantColumn("id", id)
	want(h.employee.delete(t, path+"/follow"), h.owner.account, h.guest.account, h.external.account)
	h.employee.get(t, h.at("/tasks?mine=followed")).wantColumn("id")
	// Guests follow for themselves; only who can see the task follows it.
	follow(h.guest, h.employee.account).refused(http.StatusForbidden, "forbidden")
	follow(h.owner, nobodysID).invalid("/account_id not_found")
	stranger := s.register(t, "Nora Nobody")
	follow(h.owner, stranger.account).invalid("/account_id not_found")
	alike(t, id, func(id string) *reply { return stranger.put(t, h.at("/tasks/"+id+"/follow"), nil) })
	alike(t, id, func(id string) *reply { return stranger.delete(t, h.at("/tasks/"+id+"/follow")) })
}
