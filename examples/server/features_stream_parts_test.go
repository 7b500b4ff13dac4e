package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func streamComments(t *testing.T, s *stack) {
	h := newHouse(t, s)
	status := h.employee.status(t, h, h.open, "What do you think?")
	path := h.at("/statuses/" + status + "/comments")
	body := map[string]any{"text": "Splendid,\nI think."}
	first := h.guest.post(t, path, body, "Idempotency-Key: c").want(http.StatusCreated)
	if again := h.guest.post(t, path, body, "Idempotency-Key: c").want(http.StatusCreated); again.text("id") != first.text("id") {
		t.Error("the same comment was written twice")
	}
	own := path + "/" + first.text("id")
	if first.Header.Get("Location") != own || first.text("author.name") != "Gustav Guest" || first.text("status_id") != status {
		t.Errorf("the comment is %s at %q", first.Body, first.Header.Get("Location"))
	}
	h.external.post(t, path, map[string]any{"text": "Second."}).want(http.StatusCreated)
	third := h.employee.post(t, path, map[string]any{"text": "Third."}).want(http.StatusCreated).text("id")
	want := []string{"Splendid,\nI think.", "Second.", "Third."}
	h.owner.get(t, path).wantColumn("text", want...)
	if diff := cmp.Diff(want, h.owner.pages(t, path, "text", "2")); diff != "" {
		t.Errorf("page by page (-want +got):\n%s", diff)
	}
	counts := func(want float64) {
		t.Helper()
		r := h.owner.get(t, h.at("/statuses/"+status)).want(http.StatusOK)
		shown := h.owner.get(t, h.in(h.open, "/stream?kind=stream")).want(http.StatusOK)
		if r.field("comments") != want || shown.field("items.0.status.comments") != want || r.field("version") != 1.0 {
			t.Errorf("want %v comments of version 1: %s, %s", want, r.Body, shown.Body)
		}
	}
	counts(3)
	edit := map[string]any{"text": "Splendid."}
	h.guest.patch(t, own, edit).refused(http.StatusPreconditionRequired, "if_match.required")
	h.guest.patch(t, own, edit, `If-Match: "8"`).refused(http.StatusPreconditionFailed, "version")
	h.owner.patch(t, own, edit, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	if r := h.guest.patch(t, own, edit, "If-Match: "+first.Header.Get("Etag")).want(http.StatusOK); r.text("text") != "Splendid." || r.text("edited_at") == "" {
		t.Errorf("edited: %s", r.Body)
	}
	h.external.delete(t, path+"/"+third).refused(http.StatusForbidden, "forbidden")
	h.employee.delete(t, own).refused(http.StatusForbidden, "forbidden")
	h.employee.delete(t, path+"/"+third).want(http.StatusNoContent)
	h.owner.delete(t, own).want(http.StatusNoContent)
	h.guest.patch(t, own, edit, "If-Match: *").refused(http.StatusNotFound, "not_found")
	h.owner.get(t, path).wantColumn("text", "Second.")
	counts(1)
	// A comment belongs to its status.
	other := h.employee.status(t, h, h.open, "Another.")
	second := h.owner.get(t, path).text("items.0.id")
	h.external.patch(t, h.at("/statuses/"+other+"/comments/"+second), edit, "If-Match: *").refused(http.StatusNotFound, "not_found")
	h.guest.post(t, path, map[string]any{"text": " "}).invalid("/text required")
	h.guest.post(t, path, map[string]any{"text": strings.Repeat("x", 10001), "to": "me"}).invalid("/text too_long", "/to unknown")
	h.guest.get(t, path+"?limit=0&cursor=x&sort=1").invalid("/limit range", "/cursor cursor", "/sort unknown")
}

func streamReactions(t *testing.T, s *stack) {
	h := newHouse(t, s)
	status := h.employee.status(t, h, h.open, "Cake in the kitchen.")
	path := h.at("/statuses/" + status + "/reactions")
	want := func(r *reply, counts map[string]any, mine ...any) {
		t.Helper()
		got := map[string]any{}
		r.want(http.StatusOK).decode(&got)
		if inner, ok := got["reactions"].(map[string]any); ok {
			got = inner
		}
		if diff := cmp.Diff(map[string]any{"counts": counts, "mine": append([]any{}, mine...)}, got); diff != "" {
			t.Errorf("%s: reactions (-want +got):\n%s", r.call, diff)
		}
	}
	want(h.guest.put(t, path+"/like", nil), map[string]any{"like": 1.0}, "like")
	want(h.guest.put(t, path+"/like", nil), map[string]any{"like": 1.0}, "like")
	want(h.guest.put(t, path+"/love", nil), map[string]any{"like": 1.0, "love": 1.0}, "like", "love")
	want(h.external.put(t, path+"/like", nil), map[string]any{"like": 2.0, "love": 1.0}, "like")
	want(h.owner.get(t, h.at("/statuses/"+status)), map[string]any{"like": 2.0, "love": 1.0})
	want(h.guest.delete(t, path+"/like"), map[string]any{"like": 1.0, "love": 1.0}, "love")
	want(h.guest.delete(t, path+"/like"), map[string]any{"like": 1.0, "love": 1.0}, "love")
	h.guest.put(t, path+"/dislike", nil).refused(http.StatusNotFound, "not_found")
	r := h.owner.get(t, path).want(http.StatusOK)
	names := map[string]bool{}
	for _, item := range r.items() {
		names[item["person"].(map[string]any)["name"].(string)+" "+item["reaction"].(string)] = true
	}
	if diff := cmp.Diff(map[string]bool{"Xenia External like": true, "Gustav Guest love": true}, names); diff != "" {
		t.Errorf("who reacted (-want +got):\n%s", diff)
	}
	if got := h.owner.pages(t, path, "reaction", "1"); len(got) != 2 {
		t.Errorf("page by page the reactions are %v", got)
	}
	// A comment has its own.
	comment := h.external.post(t, h.at("/statuses/"+status+"/comments"), map[string]any{"text": "Where?"}).want(http.StatusCreated).text("id")
	on := h.at("/statuses/" + status + "/comments/" + comment + "/reactions")
	want(h.owner.put(t, on+"/laugh", nil), map[string]any{"laugh": 1.0}, "laugh")
	h.guest.get(t, on).wantColumn("reaction", "laugh")
	want(h.owner.delete(t, on+"/laugh"), map[string]any{})
	h.guest.get(t, on).wantColumn("reaction")
	// Everybody at once, the same ones several times: the number is that of people. Reactions are not news: the stream
	// has none of them, and the status keeps its version.
	people := []*caller{h.owner, h.employee, h.external, h.guest}
	var wait sync.WaitGroup
	for _, c := range people {
		for range 4 {
			wait.Go(func() {
				if r := c.put(t, path+"/thanks", nil); r.Status != http.StatusOK {
					t.Errorf("%s: %d %s", c.name, r.Status, r.Body)
				}
			})
		}
	}
	wait.Wait()
	want(h.guest.get(t, h.at("/statuses/"+status)), map[string]any{"like": 1.0, "love": 1.0, "thanks": 4.0}, "love", "thanks")
	for _, c := range people {
		for range 3 {
			wait.Go(func() { c.delete(t, path+"/thanks") })
		}
	}
	wait.Wait()
	read := h.guest.get(t, h.at("/statuses/"+status))
	want(read, map[string]any{"like": 1.0, "love": 1.0}, "love")
	if read.field("version") != 1.0 {
		t.Errorf("after reactions the status is %s", read.Body)
	}
	h.guest.get(t, h.in(h.open, "/stream?kind=stream")).wantColumn("kind", "stream.status_posted")
	shown := h.external.get(t, h.in(h.open, "/stream?kind=stream")).want(http.StatusOK)
	if diff := cmp.Diff(any(map[string]any{"counts": map[string]any{"like": 1.0, "love": 1.0}, "mine": []any{"like"}}), shown.field("items.0.status.reactions")); diff != "" {
		t.Errorf("in the stream (-want +got):\n%s", diff)
	}
}
