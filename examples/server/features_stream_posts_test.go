package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func streamPostFeatures() []feature {
	return []feature{{"R2", []clause{
		{name: "markdown", run: postMarkdown},
		{name: "files", run: postFiles},
		{name: "link_previews", run: postPreviews},
		{name: "polls", run: postPolls},
		{name: "poll_rules", run: postPollRules},
		{name: "mentions", run: postMentions},
		{name: "pins", run: postPins},
		{name: "edits_with_history", run: postHistory},
		{name: "must_read", run: postMustRead},
	}}}
}

func postMarkdown(t *testing.T, s *stack) {
	h := newHouse(t, s)
	for text, want := range map[string]string{
		"We *have* moved:\n- [x] done": "<p>We <em>have</em> moved:</p>\n<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> done</li>\n</ul>",
		"<script>alert(1)</script>":    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
		"[x](javascript:alert(1))":     "<p>x</p>",
		"![x](https://example.com/p)":  `<p><a href="https://example.com/p" rel="nofollow noreferrer noopener" target="_blank">x</a></p>`,
	} {
		r := h.employee.post(t, h.in(h.open, "/statuses"), map[string]any{"text": text}).want(http.StatusCreated)
		if r.text("html") != want || r.text("text") != text {
			t.Errorf("%q: %s", text, r.Body)
		}
		h.guest.get(t, h.in(h.open, "/stream?kind=stream&limit=1")).want(http.StatusOK)
		c := h.guest.post(t, h.at("/statuses/"+r.text("id")+"/comments"), map[string]any{"text": text}).want(http.StatusCreated)
		if c.text("html") != want {
			t.Errorf("comment %q: %s", text, c.Body)
		}
		if shown := h.guest.get(t, h.in(h.open, "/stream?kind=stream&limit=1")); shown.field("items.0.status.html") != want {
			t.Errorf("in the stream: %s", shown.Body)
		}
	}
}

func postFiles(t *testing.T, s *stack) {
	h := newHouse(t, s)
	upload := func(c *caller, name string) string {
		t.Helper()
		return c.post(t, h.at("/attachments?name="+name), "<script>alert(1)</script>").want(http.StatusCreated).text("id")
	}
	one, two := upload(h.employee, "plan.html"), upload(h.guest, "answer.txt")
	h.employee.post(t, h.in(h.open, "/statuses"), map[string]any{"text": "x", "attachments": []string{one, two}}).invalid("/attachments/1 not_found")
	status := h.employee.post(t, h.in(h.open, "/statuses"), map[string]any{"text": "The plan.", "attachments": []string{one}}).want(http.StatusCreated)
	path := h.at("/statuses/" + status.text("id"))
	comment := h.guest.post(t, path+"/comments", map[string]any{"text": "An answer.", "attachments": []string{two}}).want(http.StatusCreated)
	if status.text("attachments.0.name") != "plan.html" || comment.text("attachments.0.id") != two {
		t.Errorf("%s, %s", status.Body, comment.Body)
	}
	for _, place := range []string{path + "/attachments/" + one, path + "/comments/" + comment.text("id") + "/attachments/" + two} {
		r := h.external.get(t, place).want(http.StatusOK)
		if string(r.Body) != "<script>alert(1)</script>" || r.Header.Get("Content-Type") != "application/octet-stream" ||
			r.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %v", place, r.Header)
		}
	}
	alike(t, two, func(id string) *reply { return h.owner.get(t, path+"/attachments/"+id) })
	h.employee.patch(t, path, map[string]any{"text": "No plan.", "attachments": []string{}}, "If-Match: *").want(http.StatusOK)
	h.owner.get(t, path+"/attachments/"+one).refused(http.StatusNotFound, "not_found")
	h.owner.delete(t, path).want(http.StatusNoContent)
	h.owner.get(t, path+"/comments/"+comment.text("id")+"/attachments/"+two).refused(http.StatusNotFound, "not_found")
}

// What lies inside is never called, and the answer does not tell whether anything is there.
func postPreviews(t *testing.T, s *stack) {
	h := newHouse(t, s)
	var hits atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(inner.Close)
	port := inner.URL[strings.LastIndexByte(inner.URL, ':'):]
	var text strings.Builder
	links := []string{inner.URL, "http://localhost" + port, "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://0.0.0.0" + port}
	for _, link := range links {
		fmt.Fprintf(&text, "<%s> ", link)
	}
	status := h.employee.post(t, h.in(h.open, "/statuses"), map[string]any{"text": text.String()}).want(http.StatusCreated)
	if status.text("links.0.state") != "waiting" {
		t.Errorf("posted: %s", status.Body)
	}
	var last *reply
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if last = h.guest.get(t, h.at("/statuses/"+status.text("id"))).want(http.StatusOK); !strings.Contains(string(last.Body), `"waiting"`) {
			break
		}
	}
	for i, link := range links {
		if got := last.field(fmt.Sprintf("links.%d", i)); !cmp.Equal(got, any(map[string]any{"url": link, "state": "none"})) {
			t.Errorf("%s: %v", link, got)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("what lies inside was called %d times", n)
	}
}

// ask posts a poll.
func (c *caller) ask(t *testing.T, h *house, poll map[string]any) string {
	t.Helper()
	if poll["options"] == nil {
		poll["options"] = []string{"Yes", "No"}
	}
	return h.at("/statuses/" + c.post(t, h.in(h.open, "/statuses"), map[string]any{"text": "Cake?", "poll": poll}).want(http.StatusCreated).text("id"))
}

func votes(numbers ...int) map[string]any { return map[string]any{"options": numbers} }

func postPolls(t *testing.T, s *stack) {
	h := newHouse(t, s)
	open := h.employee.ask(t, h, map[string]any{"multiple": true})
	people := []*caller{h.owner, h.employee, h.external, h.guest}
	var wait sync.WaitGroup
	for _, c := range people {
		for range 3 {
			wait.Go(func() { c.put(t, open+"/poll/vote", votes(1, 2)).want(http.StatusOK) })
		}
	}
	wait.Wait()
	h.guest.put(t, open+"/poll/vote", votes(2)).want(http.StatusOK)
	h.external.delete(t, open+"/poll/vote").want(http.StatusOK)
	r := h.guest.get(t, open).want(http.StatusOK)
	if r.field("poll.voters") != 3.0 || r.field("poll.options.0.votes") != 2.0 || r.field("poll.options.1.votes") != 3.0 || !cmp.Equal(r.field("poll.mine"), any([]any{2.0})) {
		t.Errorf("results: %s", r.Body)
	}
	if names := h.guest.get(t, open+"/poll/voters?option=1").want(http.StatusOK); len(names.items()) != 2 {
		t.Errorf("voters: %s", names.Body)
	}
	secret := h.employee.ask(t, h, map[string]any{"anonymous": true, "hide_results": true, "final": true})
	h.guest.put(t, secret+"/poll/vote", votes(1)).want(http.StatusOK)
	h.guest.put(t, secret+"/poll/vote", votes(2)).refused(http.StatusConflict, "stream.vote_final")
	h.employee.get(t, secret+"/poll/voters").refused(http.StatusConflict, "stream.poll_anonymous")
	if r := h.owner.get(t, secret).want(http.StatusOK); r.field("poll.options.0.votes") != nil || r.field("poll.voters") != 1.0 {
		t.Errorf("who has not voted sees %s", r.Body)
	}
	h.employee.post(t, secret+"/poll/close", nil).want(http.StatusOK)
	if r := h.owner.get(t, secret).want(http.StatusOK); r.field("poll.options.0.votes") != 1.0 || r.field("poll.closed") != true {
		t.Errorf("closed: %s", r.Body)
	}
}

func postPollRules(t *testing.T, s *stack) {
	h := newHouse(t, s)
	poll := h.employee.ask(t, h, map[string]any{})
	h.guest.put(t, poll+"/poll/vote", votes(1, 2)).invalid("/options too_many")
	h.guest.put(t, poll+"/poll/vote", votes(3)).invalid("/options/0 not_found")
	h.guest.put(t, poll+"/poll/vote", votes()).invalid("/options too_few")
	h.guest.post(t, poll+"/poll/close", nil).refused(http.StatusForbidden, "forbidden")
	h.employee.post(t, poll+"/poll/close", nil).want(http.StatusOK)
	h.guest.put(t, poll+"/poll/vote", votes(1)).refused(http.StatusConflict, "stream.poll_closed")
	h.guest.delete(t, poll+"/poll/vote").refused(http.StatusConflict, "stream.poll_closed")
	h.employee.post(t, poll+"/poll/close", nil).refused(http.StatusConflict, "stream.poll_closed")
	if r := h.owner.get(t, poll); r.field("poll.voters") != 0.0 {
		t.Errorf("something changed: %s", r.Body)
	}
	h.employee.post(t, h.in(h.open, "/statuses"), map[string]any{"text": " ", "poll": map[string]any{"options": []string{"a", "a"}, "closes_at": "2020-01-01T00:00:00Z"}}).
		invalid("/text required", "/poll/options/1 duplicate", "/poll/closes_at past")
	plain := h.employee.status(t, h, h.open, "No poll.")
	h.guest.put(t, h.at("/statuses/"+plain+"/poll/vote"), votes(1)).refused(http.StatusNotFound, "not_found")
}

func postMentions(t *testing.T, s *stack) {
	h := newHouse(t, s)
	mention := func(account string) map[string]any {
		return map[string]any{"text": "[@x](account:" + account + ") look"}
	}
	status := h.employee.post(t, h.in(h.open, "/statuses"), mention(h.guest.account)).want(http.StatusCreated)
	if !strings.Contains(status.text("html"), `data-account="`+h.guest.account+`"`) {
		t.Errorf("html: %s", status.Body)
	}
	if r := h.owner.get(t, h.in(h.open, "/stream?kind=stream&limit=1")); !cmp.Equal(r.field("items.0.data.mentions"), any([]any{h.guest.account})) {
		t.Errorf("the event: %s", r.Body)
	}
	outsider := s.register(t, "Otto Outsider")
	comments := h.at("/statuses/" + status.text("id") + "/comments")
	for _, account := range []string{outsider.account, nobodysID} {
		h.employee.post(t, h.in(h.open, "/statuses"), mention(account)).invalid("/text mention")
		h.guest.post(t, comments, mention(account)).invalid("/text mention")
	}
	h.guest.post(t, comments, mention(h.owner.account)).want(http.StatusCreated)
}

func postPins(t *testing.T, s *stack) {
	h := newHouse(t, s)
	first, second := h.employee.status(t, h, h.open, "First."), h.employee.status(t, h, h.open, "Second.")
	h.external.put(t, h.at("/statuses/"+first+"/pin"), nil).refused(http.StatusForbidden, "forbidden")
	h.employee.put(t, h.at("/statuses/"+first+"/pin"), nil).want(http.StatusOK)
	h.owner.put(t, h.at("/statuses/"+second+"/pin"), nil).want(http.StatusOK)
	h.guest.get(t, h.in(h.open, "/pinned")).wantColumn("text", "Second.", "First.")
	h.owner.delete(t, h.at("/statuses/"+second+"/pin")).want(http.StatusOK)
	h.guest.get(t, h.in(h.open, "/pinned")).wantColumn("id", first)
	for i := range 10 {
		id := h.employee.status(t, h, h.open, fmt.Sprint(i))
		if r := h.employee.put(t, h.at("/statuses/"+id+"/pin"), nil); i < 9 {
			r.want(http.StatusOK)
		} else {
			r.refused(http.StatusConflict, "stream.too_many_pins")
		}
	}
}

func postHistory(t *testing.T, s *stack) {
	h := newHouse(t, s)
	status := h.at("/statuses/" + h.employee.status(t, h, h.open, "One."))
	comment := status + "/comments/" + h.guest.post(t, status+"/comments", map[string]any{"text": "One."}).want(http.StatusCreated).text("id")
	for path, c := range map[string]*caller{status: h.employee, comment: h.guest} {
		for _, text := range []string{"Two.", "Three."} {
			c.patch(t, path, map[string]any{"text": text}, "If-Match: *").want(http.StatusOK)
		}
		c.get(t, path+"/history").wantColumn("text", "Two.", "One.")
		h.owner.get(t, path+"/history").wantColumn("text", "Two.", "One.")
		h.external.get(t, path+"/history").refused(http.StatusForbidden, "forbidden")
	}
}

func postMustRead(t *testing.T, s *stack) {
	h := newHouse(t, s)
	body := map[string]any{"text": "Please read.", "must_read": true}
	h.external.post(t, h.in(h.open, "/statuses"), body).refused(http.StatusForbidden, "forbidden")
	id := h.owner.post(t, h.in(h.open, "/statuses"), body).want(http.StatusCreated).text("id")
	path := h.at("/statuses/" + id)
	h.guest.get(t, h.at("/must-reads")).wantColumn("id", id)
	h.guest.post(t, path+"/read", nil).want(http.StatusOK)
	h.guest.get(t, h.at("/must-reads")).wantColumn("id")
	r := h.guest.get(t, path).want(http.StatusOK)
	if r.field("must_read.reads") != 1.0 || r.field("must_read.read") != true || r.field("must_read.audience") != 3.0 {
		t.Errorf("%s", r.Body)
	}
	names := map[string][]string{}
	for _, state := range []string{"read", "unread"} {
		for _, item := range h.owner.get(t, path+"/readers?state="+state).want(http.StatusOK).items() {
			names[state] = append(names[state], item["person"].(map[string]any)["name"].(string))
		}
	}
	if len(names["read"]) != 1 || len(names["unread"]) != 2 || names["read"][0] != "Gustav Guest" {
		t.Errorf("readers: %v", names)
	}
	h.guest.get(t, path+"/readers").refused(http.StatusForbidden, "forbidden")
	h.owner.post(t, path+"/remind", nil).want(http.StatusNoContent)
	h.owner.post(t, path+"/remind", nil).refused(http.StatusConflict, "stream.reminded")
	plain := h.owner.status(t, h, h.open, "Plain.")
	h.guest.post(t, h.at("/statuses/"+plain+"/read"), nil).refused(http.StatusConflict, "stream.not_must_read")
}
