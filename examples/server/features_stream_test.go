package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func streamFeatures() []feature {
	return []feature{{"R1", append([]clause{
		{name: "events_appear", run: streamEventsAppear},
		{name: "only_for_those_who_see", run: streamOnlyForThose},
		{name: "statuses", run: streamStatuses},
		{name: "comments", run: streamComments},
		{name: "reactions", run: streamReactions},
		{name: "deleted_status_vanishes", run: streamDeletedStatus},
		{name: "pages", run: streamPages},
		{name: "who_may", run: streamWhoMay},
	}, streamFeedClauses()...)}}
}

// status posts a status.
func (c *caller) status(t *testing.T, h *house, workspace, text string) string {
	t.Helper()
	return c.post(t, h.in(workspace, "/statuses"), map[string]any{"text": text}).want(http.StatusCreated).text("id")
}

func streamEventsAppear(t *testing.T, s *stack) {
	h := newHouse(t, s)
	maria := h.owner.join(t, h.org, "", "internal", "Maria Member")
	task := h.employee.task(t, h.org, h.open, "Rake the leaves")
	h.employee.patch(t, h.at("/tasks/"+task), map[string]any{"priority": 3}, "If-Match: *").want(http.StatusOK)
	h.guest.post(t, h.at("/tasks/"+task+"/comments"), map[string]any{"text": "A secret text."}).want(http.StatusCreated)
	h.external.post(t, h.at("/tasks/"+task+"/finish"), nil).want(http.StatusOK)
	h.owner.post(t, h.at("/tasks/"+task+"/reopen"), nil).want(http.StatusOK)
	h.owner.add(t, h, h.open, maria)
	h.owner.patch(t, h.in(h.open, "/members/"+maria.account), map[string]any{"role": "manager"}).want(http.StatusOK)
	maria.patch(t, h.in(h.open, ""), map[string]any{"name": "Park"}, "If-Match: *").want(http.StatusOK)
	status := maria.status(t, h, h.open, "It is a park now.")
	h.owner.delete(t, h.in(h.open, "/members/"+maria.account)).want(http.StatusNoContent)
	h.employee.delete(t, h.at("/tasks/"+task)).want(http.StatusNoContent)

	type item struct{ Kind, By, Subject string }
	want := []item{
		{"tasks.task_deleted", "Emil Employee", task},
		{"workspace.member_removed", "Olga Owner", maria.account},
		{"stream.status_posted", "Maria Member", status},
		{"workspace.workspace_updated", "Maria Member", h.open},
		{"workspace.member_role_changed", "Olga Owner", maria.account},
		{"workspace.member_added", "Olga Owner", maria.account},
		{"tasks.task_reopened", "Olga Owner", task},
		{"tasks.task_finished", "Xenia External", task},
		{"tasks.comment_added", "Gustav Guest", ""},
		{"tasks.task_updated", "Emil Employee", task},
		{"tasks.task_created", "Emil Employee", task},
		{"tenancy.member_joined", "Gustav Guest", h.guest.account},
		{"tenancy.member_joined", "Xenia External", h.external.account},
		{"workspace.workspace_created", "Olga Owner", h.open},
	}
	for _, path := range []string{h.in(h.open, "/stream"), h.at("/stream")} {
		r := h.guest.get(t, path).want(http.StatusOK)
		var got []item
		for _, one := range r.items() {
			by, _ := one["by"].(map[string]any)
			found := item{one["kind"].(string), by["name"].(string), one["subject_id"].(string)}
			if found.Kind == "tasks.comment_added" {
				found.Subject = ""
			}
			got = append(got, found)
			if one["workspace_id"] != h.open || one["at"] == nil || one["data"] == nil {
				t.Errorf("%s: an item is %v", r.call, one)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.call, diff)
		}
		// What was said is where it was said, not in the events about it.
		if strings.Contains(string(r.Body), "A secret text") {
			t.Errorf("%s tells a comment's text: %s", r.call, r.Body)
		}
		if r.field("items.2.status.text") != "It is a park now." || r.field("items.0.status") != nil || r.field("items.10.data.title") != "Rake the leaves" {
			t.Errorf("%s: %s", r.call, r.Body)
		}
	}
}

func streamOnlyForThose(t *testing.T, s *stack) {
	h := newHouse(t, s)
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	h.employee.task(t, h.org, cellar, "Hide the wine")
	secret := h.employee.status(t, h, cellar, "Behind the shelf.")
	h.owner.status(t, h, h.open, "For all.")
	stranger := s.register(t, "Otto Outsider")
	own := stranger.found(t, "Elsewhere")
	spaces := func(c *caller) []string {
		t.Helper()
		found := c.get(t, h.at("/stream")).want(http.StatusOK).column("workspace_id")
		slices.Sort(found)
		return slices.Compact(found)
	}
	for _, c := range []*caller{h.owner, h.external, h.guest} {
		alike(t, cellar, func(id string) *reply { return c.get(t, h.in(id, "/stream")) })
		alike(t, secret, func(id string) *reply { return c.get(t, h.at("/statuses/"+id)) })
		if diff := cmp.Diff([]string{h.open}, spaces(c)); diff != "" {
			t.Errorf("%s: workspaces in the stream (-want +got):\n%s", c.name, diff)
		}
		if body := c.get(t, h.at("/stream?by="+h.employee.account)).want(http.StatusOK).Body; strings.Contains(string(body), "wine") || strings.Contains(string(body), "shelf") {
			t.Errorf("%s reads %s", c.name, body)
		}
	}
	both := []string{h.open, cellar}
	slices.Sort(both)
	if diff := cmp.Diff(both, spaces(h.employee)); diff != "" {
		t.Errorf("the employee's workspaces in the stream (-want +got):\n%s", diff)
	}
	alike(t, h.open, func(id string) *reply { return stranger.get(t, h.in(id, "/stream")) })
	stranger.get(t, h.at("/stream")).refused(http.StatusNotFound, "not_found")
	alike(t, h.open, func(id string) *reply {
		return stranger.get(t, "/v1/organizations/"+own+"/workspaces/"+id+"/stream")
	})
	s.anonymous().get(t, h.in(h.open, "/stream")).refused(http.StatusUnauthorized, "unauthenticated")
	s.anonymous().get(t, h.at("/stream")).refused(http.StatusUnauthorized, "unauthenticated")
	// Who is let in sees the past too; who is put out sees nothing of it any more.
	h.employee.add(t, h, cellar, h.owner)
	h.owner.get(t, h.in(cellar, "/stream?kind=stream")).wantColumn("subject_id", secret)
	if diff := cmp.Diff(both, spaces(h.owner)); diff != "" {
		t.Errorf("the owner's workspaces in the stream (-want +got):\n%s", diff)
	}
	h.employee.delete(t, h.in(cellar, "/members/"+h.owner.account)).want(http.StatusNoContent)
	alike(t, cellar, func(id string) *reply { return h.owner.get(t, h.in(id, "/stream")) })
	if diff := cmp.Diff([]string{h.open}, spaces(h.owner)); diff != "" {
		t.Errorf("the owner's workspaces in the stream afterwards (-want +got):\n%s", diff)
	}
}

func streamStatuses(t *testing.T, s *stack) {
	h := newHouse(t, s)
	path := h.in(h.open, "/statuses")
	body := map[string]any{"text": " Hello,\r\nworld. "}
	r := h.employee.post(t, path, body, "Idempotency-Key: s").want(http.StatusCreated)
	own := h.at("/statuses/" + r.text("id"))
	if r.Header.Get("Location") != own || r.text("text") != "Hello,\nworld." || r.text("author.name") != "Emil Employee" || r.field("comments") != 0.0 ||
		r.text("workspace_id") != h.open || r.field("edited_at") != nil {
		t.Errorf("posted: %s at %q", r.Body, r.Header.Get("Location"))
	}
	if again := h.employee.post(t, path, body, "Idempotency-Key: s").want(http.StatusCreated); again.text("id") != r.text("id") {
		t.Error("the same call with the same key posted twice")
	}
	read := h.guest.get(t, own).want(http.StatusOK)
	if string(read.Body) != string(r.Body) || h.guest.get(t, own, "If-None-Match: "+read.Header.Get("Etag")).Status != http.StatusNotModified {
		t.Errorf("read: %s, posted: %s", read.Body, r.Body)
	}
	// Edited by its author, with a history that the author and managers read.
	edit := map[string]any{"text": "Hello, world!"}
	h.employee.patch(t, own, edit).refused(http.StatusPreconditionRequired, "if_match.required")
	h.employee.patch(t, own, edit, `If-Match: "4"`).refused(http.StatusPreconditionFailed, "version")
	h.owner.patch(t, own, edit, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	edited := h.employee.patch(t, own, edit, "If-Match: "+r.Header.Get("Etag")).want(http.StatusOK)
	if edited.text("text") != "Hello, world!" || edited.field("version") != 2.0 || edited.text("edited_at") == "" {
		t.Errorf("edited: %s", edited.Body)
	}
	h.employee.patch(t, own, edit, "If-Match: *").want(http.StatusOK)
	h.employee.patch(t, own, map[string]any{"text": "Bye."}, "If-Match: *").want(http.StatusOK)
	for _, c := range []*caller{h.employee, h.owner} {
		c.get(t, own+"/history").wantColumn("text", "Hello, world!", "Hello,\nworld.")
	}
	if got := h.employee.pages(t, own+"/history", "text", "1"); len(got) != 2 {
		t.Errorf("page by page the history is %v", got)
	}
	h.external.get(t, own+"/history").refused(http.StatusForbidden, "forbidden")
	// The stream shows it as it stands now, once, at its first place.
	h.owner.status(t, h, h.open, "Later.")
	stream := h.guest.get(t, h.in(h.open, "/stream?kind=stream")).want(http.StatusOK)
	if len(stream.items()) != 2 || stream.field("items.1.status.text") != "Bye." || stream.field("items.0.status.text") != "Later." {
		t.Errorf("the stream is %s", stream.Body)
	}
	h.employee.post(t, path, map[string]any{"text": " \u200b\n"}).invalid("/text required")
	h.employee.post(t, path, map[string]any{"text": strings.Repeat("x", 10001), "files": []any{}}).invalid("/text too_long", "/files unknown")
	h.employee.post(t, path, map[string]any{"text": "bell\u0007"}).invalid("/text control_characters")
	h.employee.post(t, path, map[string]any{}).invalid("/text required")
	h.employee.patch(t, own, map[string]any{"text": ""}, "If-Match: *").invalid("/text too_short")
}

func streamDeletedStatus(t *testing.T, s *stack) {
	h := newHouse(t, s)
	kept := h.employee.status(t, h, h.open, "Kept.")
	gone := h.employee.status(t, h, h.open, "A mistake, with a telephone number.")
	own := h.at("/statuses/" + gone)
	comment := h.guest.post(t, own+"/comments", map[string]any{"text": "The number again."}).want(http.StatusCreated).text("id")
	h.guest.put(t, own+"/reactions/like", nil).want(http.StatusOK)
	h.external.put(t, own+"/comments/"+comment+"/reactions/love", nil).want(http.StatusOK)
	h.employee.patch(t, own, map[string]any{"text": "A mistake."}, "If-Match: *").want(http.StatusOK)
	h.employee.delete(t, own, `If-Match: "1"`).refused(http.StatusPreconditionFailed, "version")
	h.external.delete(t, own).refused(http.StatusForbidden, "forbidden")
	h.employee.delete(t, own).want(http.StatusNoContent)
	for _, path := range []string{"", "/history", "/comments", "/reactions", "/comments/" + comment + "/reactions"} {
		alike(t, gone, func(id string) *reply { return h.employee.get(t, h.at("/statuses/"+id+path)) })
	}
	alike(t, gone, func(id string) *reply { return h.guest.put(t, h.at("/statuses/"+id+"/reactions/like"), nil) })
	alike(t, gone, func(id string) *reply {
		return h.guest.post(t, h.at("/statuses/"+id+"/comments"), map[string]any{"text": "Hm?"})
	})
	alike(t, gone, func(id string) *reply { return h.employee.delete(t, h.at("/statuses/"+id)) })
	for _, path := range []string{h.in(h.open, "/stream"), h.at("/stream")} {
		r := h.owner.get(t, path).want(http.StatusOK)
		for _, trace := range []string{gone, "mistake", "telephone", "number"} {
			if strings.Contains(string(r.Body), trace) {
				t.Errorf("%s: %q is left of the deleted status: %s", r.call, trace, r.Body)
			}
		}
		if !strings.Contains(string(r.Body), kept) {
			t.Errorf("%s: the other status is gone: %s", r.call, r.Body)
		}
	}
	h.owner.delete(t, h.at("/statuses/"+kept)).want(http.StatusNoContent) // who manages the workspace may
	h.owner.get(t, h.in(h.open, "/stream?kind=stream")).wantColumn("id")
}

func streamPages(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	var want []string
	for i := range 7 {
		c := []*caller{h.owner, h.employee}[i%2]
		want = append(want, c.status(t, h, h.open, strings.Repeat("x", i+1)))
		h.owner.status(t, h, roof, "Between.")
		h.employee.task(t, h.org, h.open, "Between")
	}
	slices.Reverse(want)
	path := h.in(h.open, "/stream")
	for _, size := range []string{"1", "3", "7"} {
		if diff := cmp.Diff(want, h.guest.pages(t, path+"?kind=stream.status_posted", "subject_id", size)); diff != "" {
			t.Errorf("%s at a time (-want +got):\n%s", size, diff)
		}
	}
	all := h.guest.get(t, path).want(http.StatusOK).column("id")
	if diff := cmp.Diff(all, h.guest.pages(t, path, "id", "4")); diff != "" || len(all) != 7+7+3 {
		t.Errorf("%d items; page by page (-want +got):\n%s", len(all), diff)
	}
	every := h.owner.get(t, h.at("/stream")).want(http.StatusOK).column("id")
	if diff := cmp.Diff(every, h.owner.pages(t, h.at("/stream"), "id", "5")); diff != "" || len(every) != len(all)+8 {
		t.Errorf("%d items; page by page (-want +got):\n%s", len(every), diff)
	}
	by := h.guest.get(t, path+"?kind=stream&by="+h.employee.account).want(http.StatusOK)
	if diff := cmp.Diff([]string{want[1], want[3], want[5]}, by.column("subject_id")); diff != "" {
		t.Errorf("the employee's (-want +got):\n%s", diff)
	}
	h.guest.get(t, path+"?kind=nothing").wantColumn("id")
	h.guest.get(t, path+"?by="+nobodysID).wantColumn("id")
	// Something new between two pages is on neither; a cursor belongs to its list.
	first := h.guest.get(t, path+"?kind=stream&limit=3").want(http.StatusOK)
	h.owner.status(t, h, h.open, "New.")
	cursor := first.text("next")
	second := h.guest.get(t, path+"?kind=stream&limit=10&cursor="+cursor).want(http.StatusOK)
	if diff := cmp.Diff(want, append(first.column("subject_id"), second.column("subject_id")...)); diff != "" {
		t.Errorf("two pages (-want +got):\n%s", diff)
	}
	h.guest.get(t, h.at("/stream?cursor="+cursor)).invalid("/cursor cursor")
	h.guest.get(t, h.at("/tasks?cursor="+cursor)).invalid("/cursor cursor")
	h.guest.get(t, path+"?kind=No%25such&limit=500&by=x&since=1").invalid("/kind kind", "/limit range", "/by format", "/since format")
	h.guest.get(t, path+"?kind=No%25such&cursor=%21").invalid("/kind kind", "/cursor cursor")
}

func streamWhoMay(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	status := h.employee.status(t, h, h.open, "Mine.")
	away := h.owner.status(t, h, roof, "Not theirs.")
	text := map[string]any{"text": "Said."}
	// Guests comment and react, and post nothing; externals do all of it in theirs.
	h.guest.post(t, h.in(h.open, "/statuses"), text).refused(http.StatusForbidden, "forbidden")
	h.guest.post(t, h.at("/statuses/"+status+"/comments"), text).want(http.StatusCreated)
	h.guest.put(t, h.at("/statuses/"+status+"/reactions/thanks"), nil).want(http.StatusOK)
	own := h.external.status(t, h, h.open, "From outside.")
	h.external.patch(t, h.at("/statuses/"+own), text, "If-Match: *").want(http.StatusOK)
	h.external.get(t, h.at("/statuses/"+own+"/history")).wantColumn("text", "From outside.")
	for _, c := range []*caller{h.external, h.guest, h.owner} {
		c.patch(t, h.at("/statuses/"+status), text, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	}
	for _, c := range []*caller{h.external, h.guest} {
		c.delete(t, h.at("/statuses/"+status)).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.at("/statuses/"+status+"/history")).refused(http.StatusForbidden, "forbidden")
		for _, call := range []func(id string) *reply{
			func(id string) *reply { return c.get(t, h.at("/statuses/"+id)) },
			func(id string) *reply { return c.patch(t, h.at("/statuses/"+id), text, "If-Match: *") },
			func(id string) *reply { return c.delete(t, h.at("/statuses/"+id)) },
			func(id string) *reply { return c.get(t, h.at("/statuses/"+id+"/comments")) },
			func(id string) *reply { return c.post(t, h.at("/statuses/"+id+"/comments"), text) },
			func(id string) *reply { return c.put(t, h.at("/statuses/"+id+"/reactions/like"), nil) },
			func(id string) *reply { return c.delete(t, h.at("/statuses/"+id+"/reactions/like")) },
			func(id string) *reply { return c.get(t, h.at("/statuses/"+id+"/reactions")) },
		} {
			alike(t, away, call)
		}
		alike(t, roof, func(id string) *reply { return c.post(t, h.in(id, "/statuses"), text) })
	}
	h.employee.delete(t, h.at("/statuses/"+away)).refused(http.StatusForbidden, "forbidden")
	s.anonymous().post(t, h.in(h.open, "/statuses"), text).refused(http.StatusUnauthorized, "unauthenticated")
	s.anonymous().put(t, h.at("/statuses/"+status+"/reactions/like"), nil).refused(http.StatusUnauthorized, "unauthenticated")
	// Who is no longer a member writes no longer, about their own either.
	h.external.post(t, h.in(h.open, "/leave"), nil).want(http.StatusNoContent)
	alike(t, own, func(id string) *reply { return h.external.patch(t, h.at("/statuses/"+id), text, "If-Match: *") })
}
