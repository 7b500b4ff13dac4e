package main

import (
	"net/http"
	"strings"
	"testing"
)

// messageFeatures are M1, messages between people, and M2, what they need to keep up with them.
func messageFeatures() []feature {
	return []feature{
		{id: "M1", clauses: []clause{
			{name: "direct", run: messageDirect},
			{name: "group", run: messageGroup},
			{name: "all_of_a_workspace", run: messageWorkspace},
			{name: "never_empty", run: messageEmpty},
			{name: "links_and_files", run: messageFiles},
			{name: "only_who_takes_part", run: messagePrivate},
		}},
		{id: "M2", clauses: []clause{
			{name: "unread", run: messageUnread},
			{name: "receipts", run: messageReceipts},
			{name: "threads", run: messageThreads},
			{name: "edit_delete", run: messageEdit},
			{name: "for_oneself", run: messageForOneself},
			{name: "drafts", run: messageDrafts},
			{name: "search", run: messageSearch},
		}},
	}
}

// writeTo starts a conversation and gives its path.
func (c *caller) writeTo(t *testing.T, h *house, subject, text string, others ...*caller) string {
	t.Helper()
	recipients := []string{}
	for _, o := range others {
		recipients = append(recipients, o.account)
	}
	return h.at("/conversations/" + c.post(t, h.at("/conversations"), map[string]any{"recipients": recipients, "subject": subject, "text": text}).want(http.StatusCreated).text("id"))
}

// say sends a message.
func (c *caller) say(t *testing.T, conversation, text string) *reply {
	t.Helper()
	return c.post(t, conversation+"/messages", map[string]any{"text": text}).want(http.StatusCreated)
}

func messageDirect(t *testing.T, s *stack) {
	h := newHouse(t, s)
	body := map[string]any{"recipients": []string{h.guest.account}, "text": " Hello,\r\n**you**. "}
	r := h.external.post(t, h.at("/conversations"), body, "Idempotency-Key: m").want(http.StatusCreated)
	one := h.at("/conversations/" + r.text("id"))
	if r.Header.Get("Location") != one || r.text("kind") != "direct" || r.text("last.text") != "Hello,\n**you**." || r.field("people_count") != 2.0 || r.text("last.author.name") != "Xenia External" {
		t.Errorf("started: %s", r.Body)
	}
	h.external.post(t, h.at("/conversations"), body, "Idempotency-Key: m").want(http.StatusCreated)
	h.guest.say(t, one, "And you.") // guests answer
	h.guest.post(t, h.at("/conversations"), body).refused(http.StatusForbidden, "forbidden")
	h.external.get(t, one+"/messages").wantColumn("text", "And you.", "Hello,\n**you**.")
	// With one person and no subject it goes on where it was.
	if again := h.external.writeTo(t, h, "", "Again.", h.guest); again != one {
		t.Errorf("another conversation: %s", again)
	}
	if about := h.external.writeTo(t, h, "Lunch", "", h.guest); about == one {
		t.Error("a subject is lost")
	}
	h.external.get(t, h.at("/conversations")).wantColumn("subject", "Lunch", "")
	if got := h.guest.pages(t, one+"/messages", "text", "2"); len(got) != 3 || got[0] != "Again." {
		t.Errorf("page by page: %v", got)
	}
	h.external.post(t, one+"/leave", nil).refused(http.StatusConflict, "messaging.direct")
}

func messageGroup(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Plans", "Before.", h.employee)
	r := h.owner.post(t, one+"/people", map[string]any{"accounts": []string{h.guest.account, h.external.account}}).want(http.StatusOK)
	if r.field("people_count") != 4.0 {
		t.Errorf("added: %s", r.Body)
	}
	h.guest.get(t, one+"/messages").wantColumn("text") // what was said before is not theirs
	h.owner.say(t, one, "After.")
	h.guest.get(t, one+"/messages").wantColumn("text", "After.")
	h.guest.patch(t, one, map[string]any{"subject": "x"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	h.external.patch(t, one, map[string]any{"subject": "New plans"}, `If-Match: "1"`).refused(http.StatusPreconditionFailed, "version")
	renamed := h.external.patch(t, one, map[string]any{"subject": "New plans"}, "If-Match: "+r.Header.Get("Etag")).want(http.StatusOK)
	if renamed.text("subject") != "New plans" {
		t.Errorf("renamed: %s", renamed.Body)
	}
	h.external.post(t, one+"/leave", nil).want(http.StatusNoContent)
	h.external.get(t, one).refused(http.StatusNotFound, "not_found")
	h.owner.get(t, one+"/people").wantColumn("name", "Olga Owner", "Emil Employee", "Gustav Guest")
	// Who is disabled is out until they are back, and finds what was said.
	disable := h.at("/members/" + h.guest.account)
	h.owner.post(t, disable+"/disable", nil).want(http.StatusOK)
	h.guest.get(t, one).refused(http.StatusNotFound, "not_found")
	h.owner.say(t, one, "Meanwhile.")
	h.owner.post(t, disable+"/enable", nil).want(http.StatusOK)
	h.guest.get(t, one+"/messages").wantColumn("text", "Meanwhile.", "After.")
}

func messageWorkspace(t *testing.T, s *stack) {
	h := newHouse(t, s)
	body := map[string]any{"workspace_id": h.open, "text": "All of you."}
	r := h.owner.post(t, h.at("/conversations"), body).want(http.StatusCreated)
	if r.field("people_count") != 3.0 { // the owner, who made it, and those invited into it
		t.Errorf("started: %s", r.Body)
	}
	h.guest.get(t, h.at("/conversations/"+r.text("id")+"/messages")).wantColumn("text", "All of you.")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	alike(t, cellar, func(id string) *reply {
		return h.owner.post(t, h.at("/conversations"), map[string]any{"workspace_id": id, "text": "x"})
	})
	h.employee.post(t, h.at("/conversations"), map[string]any{"workspace_id": cellar, "text": "x"}).invalid("/workspace_id required")
}

func messageEmpty(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Only a subject", "", h.employee)
	start := h.at("/conversations")
	for _, nothing := range []string{"", " \n\t ", "\u200b\u200d\ufeff", "\u2800\u3164", "\u00ad\u2060"} {
		h.owner.post(t, one+"/messages", map[string]any{"text": nothing}).invalid("/text required")
		h.owner.post(t, start, map[string]any{"recipients": []string{h.employee.account}, "subject": strings.Trim(nothing, "\n\t "), "text": nothing, "links": []string{}}).invalid("/text required")
	}
	h.owner.post(t, one+"/messages", map[string]any{}).invalid("/text required")
	h.owner.post(t, start, map[string]any{"text": "x"}).invalid("/recipients required")
	h.owner.post(t, start, map[string]any{"recipients": []string{h.owner.account}, "text": "x"}).invalid("/recipients required")
	h.owner.post(t, start, map[string]any{"recipients": []string{nobodysID, h.employee.account}, "text": "x"}).invalid("/recipients/0 not_found")
	h.owner.post(t, start, map[string]any{"recipients": []string{}, "subject": strings.Repeat("x", 201), "text": "bell\u0007", "links": []string{"ftp://x.example"}, "mood": 1}).
		invalid("/subject too_long", "/mood unknown", "/recipients required", "/text control_characters", "/links/0 link")
	h.owner.get(t, one+"/messages").wantColumn("text", "")
}

func messageFiles(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Plans", "", h.employee)
	link := h.owner.post(t, one+"/messages", map[string]any{"links": []string{"https://plans.example/a?b=c"}}).want(http.StatusCreated)
	if link.text("links.0") != "https://plans.example/a?b=c" || link.text("text") != "" {
		t.Errorf("%s", link.Body)
	}
	file := h.owner.post(t, h.at("/attachments?name=plan.html"), "<script>the plan</script>").want(http.StatusCreated).text("id")
	h.employee.post(t, one+"/messages", map[string]any{"files": []string{file}}).invalid("/files/0 not_found") // another's
	sent := h.owner.post(t, one+"/messages", map[string]any{"files": []string{file}}).want(http.StatusCreated)
	if sent.text("files.0.name") != "plan.html" {
		t.Errorf("%s", sent.Body)
	}
	path := sent.Header.Get("Location") + "/attachments/" + file
	download := h.employee.get(t, path).want(http.StatusOK)
	if string(download.Body) != "<script>the plan</script>" || download.Header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(download.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(download.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("downloaded: %v %s", download.Header, download.Body)
	}
	h.guest.get(t, path).refused(http.StatusNotFound, "not_found")
	h.owner.delete(t, sent.Header.Get("Location")).want(http.StatusNoContent)
	h.employee.get(t, path).refused(http.StatusNotFound, "not_found")
}

func messagePrivate(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.external.writeTo(t, h, "", "A secret.", h.guest)
	id := one[strings.LastIndex(one, "/")+1:]
	// The owner of it all reads nothing, and neither does a stranger.
	for _, c := range []*caller{h.owner, h.employee, s.register(t, "Otto Outsider")} {
		for _, call := range []func(id string) *reply{
			func(id string) *reply { return c.get(t, h.at("/conversations/"+id)) },
			func(id string) *reply { return c.get(t, h.at("/conversations/"+id+"/messages")) },
			func(id string) *reply { return c.get(t, h.at("/conversations/"+id+"/messages/1/history")) },
			func(id string) *reply {
				return c.post(t, h.at("/conversations/"+id+"/messages"), map[string]any{"text": "x"})
			},
			func(id string) *reply {
				return c.post(t, h.at("/conversations/"+id+"/people"), map[string]any{"accounts": []string{c.account}})
			},
			func(id string) *reply { return c.delete(t, h.at("/conversations/"+id+"/messages/1")) },
			func(id string) *reply { return c.get(t, h.at("/messages?q=secret&conversation="+id)) },
		} {
			alike(t, id, call)
		}
	}
	h.owner.get(t, h.at("/conversations")).wantColumn("id")
	h.owner.get(t, h.at("/messages?q=secret")).wantColumn("id")
	for _, path := range []string{h.in(h.open, "/stream"), h.at("/stream"), h.at("/audit")} {
		if r := h.owner.get(t, path); strings.Contains(string(r.Body), id) || strings.Contains(string(r.Body), "secret") {
			t.Errorf("%s tells of it: %s", r.call, r.Body)
		}
	}
	s.anonymous().get(t, one).refused(http.StatusUnauthorized, "unauthenticated")
	// One writes to whom one sees.
	h.external.post(t, h.at("/conversations"), map[string]any{"recipients": []string{h.employee.account}, "text": "x"}).invalid("/recipients/0 not_found")
}

func messageUnread(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "One", "1", h.employee)
	other := h.owner.writeTo(t, h, "Other", "1", h.employee)
	for _, text := range []string{"2", "3", "4"} {
		h.owner.say(t, one, text)
	}
	counts := func(messages, conversations float64) {
		t.Helper()
		for _, path := range []string{h.at("/unread"), "/v1/me/unread"} {
			if r := h.employee.get(t, path).want(http.StatusOK); r.field("messages") != messages || r.field("conversations") != conversations {
				t.Errorf("%s: %s, want %v in %v", path, r.Body, messages, conversations)
			}
		}
	}
	counts(5, 2)
	if r := h.owner.get(t, h.at("/unread")).want(http.StatusOK); r.field("messages") != 0.0 {
		t.Errorf("one's own: %s", r.Body)
	}
	// Up to what was seen, not to what came since; never back but by intention.
	if r := h.employee.post(t, one+"/read", map[string]any{"number": 2}).want(http.StatusOK); r.field("unread") != 2.0 || r.field("read_number") != 2.0 {
		t.Errorf("%s", r.Body)
	}
	h.employee.post(t, one+"/read", map[string]any{"number": 1}).want(http.StatusOK)
	counts(3, 2)
	h.owner.delete(t, one+"/messages/3").want(http.StatusNoContent)
	counts(2, 2)
	h.employee.post(t, one+"/read", map[string]any{"number": 4}).want(http.StatusOK)
	counts(1, 1)
	h.employee.get(t, h.at("/conversations?unread=true")).wantColumn("subject", "Other")
	h.employee.post(t, one+"/unread", map[string]any{"number": 2}).want(http.StatusOK)
	counts(3, 2)
	h.employee.patch(t, other+"/mine", map[string]any{"muted": true}).want(http.StatusOK)
	counts(2, 1)
	h.employee.post(t, one+"/read", map[string]any{"number": 9}).invalid("/number range")
	h.employee.post(t, one+"/read", map[string]any{"number": 0}).invalid("/number range")
}

func messageReceipts(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Plans", "Hello.", h.employee, h.guest)
	h.employee.post(t, one+"/read", map[string]any{"number": 1}).want(http.StatusOK)
	seen := func(c *caller) string {
		t.Helper()
		var names []string
		for _, p := range c.get(t, one+"/people").want(http.StatusOK).items() {
			if n, shared := p["read_number"]; shared && n == 1.0 {
				names = append(names, p["name"].(string))
			}
		}
		return strings.Join(names, ", ")
	}
	if got := seen(h.owner); got != "Olga Owner, Emil Employee" {
		t.Errorf("read by %s", got)
	}
	h.employee.put(t, h.at("/message-preferences"), map[string]any{"receipts": false}).want(http.StatusOK)
	if got := seen(h.owner); got != "Olga Owner" {
		t.Errorf("read by %s", got)
	}
	if got := seen(h.employee); got != "Emil Employee" { // nor does one see others'
		t.Errorf("read by %s", got)
	}
}

func messageThreads(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Plans", "Where?", h.employee)
	answer := func(c *caller, to int, text string) *reply {
		return c.post(t, one+"/messages", map[string]any{"thread": to, "text": text})
	}
	answer(h.employee, 1, "Here.").want(http.StatusCreated)
	if r := answer(h.owner, 2, "Good.").want(http.StatusCreated); r.field("thread") != 1.0 {
		t.Errorf("%s", r.Body)
	}
	h.employee.get(t, one+"/messages/1/thread").wantColumn("text", "Here.", "Good.")
	if r := h.employee.get(t, one+"/messages/1").want(http.StatusOK); r.field("replies") != 2.0 || r.field("last_reply") != 3.0 {
		t.Errorf("%s", r.Body)
	}
	answer(h.owner, 9, "x").invalid("/thread not_found")
	mention := "[@Gustav](account:" + h.guest.account + ")"
	h.owner.post(t, one+"/messages", map[string]any{"text": mention}).invalid("/text mention")
}

func messageEdit(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "", "A typo.", h.employee)
	first := one + "/messages/1"
	edit := map[string]any{"text": "A word."}
	h.owner.patch(t, first, edit).refused(http.StatusPreconditionRequired, "if_match.required")
	h.employee.patch(t, first, edit, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	r := h.owner.patch(t, first, edit, `If-Match: "1"`).want(http.StatusOK)
	if r.text("text") != "A word." || r.text("edited_at") == "" {
		t.Errorf("%s", r.Body)
	}
	h.owner.patch(t, first, edit, `If-Match: "1"`).refused(http.StatusPreconditionFailed, "version")
	h.employee.get(t, first+"/history").wantColumn("text", "A typo.")
	h.owner.patch(t, first, map[string]any{"text": "\u200b"}, "If-Match: *").invalid("/text required")
	h.employee.delete(t, first).refused(http.StatusForbidden, "forbidden")
	h.owner.delete(t, first).want(http.StatusNoContent)
	gone := h.employee.get(t, first).want(http.StatusOK)
	if gone.text("text") != "" || gone.text("deleted_at") == "" {
		t.Errorf("%s", gone.Body)
	}
	h.employee.get(t, first+"/history").wantColumn("text")
	h.owner.patch(t, first, edit, "If-Match: *").refused(http.StatusConflict, "messaging.deleted")
}

func messageForOneself(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Plans", "1", h.employee)
	h.owner.say(t, one, "2")
	h.employee.post(t, one+"/messages/1/hide", nil).want(http.StatusNoContent)
	h.employee.get(t, one+"/messages").wantColumn("text", "2")
	h.employee.delete(t, one).want(http.StatusNoContent)
	h.employee.get(t, h.at("/conversations")).wantColumn("id")
	h.owner.get(t, one+"/messages").wantColumn("text", "2", "1")
	h.owner.say(t, one, "3") // brings it back, without what was before
	h.employee.get(t, h.at("/conversations")).wantColumn("subject", "Plans")
	h.employee.get(t, one+"/messages").wantColumn("text", "3")
	if r := h.employee.patch(t, one+"/mine", map[string]any{"pinned": true, "archived": true}).want(http.StatusOK); r.field("pinned") != true || r.field("archived") != true {
		t.Errorf("%s", r.Body)
	}
	h.employee.get(t, h.at("/conversations")).wantColumn("id")
	h.employee.get(t, h.at("/conversations?archived=true&pinned=true")).wantColumn("subject", "Plans")
	h.owner.say(t, one, "4")
	h.employee.get(t, h.at("/conversations")).wantColumn("subject", "Plans")
}

func messageDrafts(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Plans", "Hello.", h.employee)
	h.owner.get(t, one+"/draft").refused(http.StatusNotFound, "not_found")
	first := h.owner.put(t, one+"/draft", map[string]any{"text": "Dear"}, "If-Match: *").want(http.StatusOK)
	h.owner.put(t, one+"/draft", map[string]any{"text": "Dear all"}, "If-Match: "+first.Header.Get("Etag")).want(http.StatusOK)
	h.owner.put(t, one+"/draft", map[string]any{"text": "Late"}, "If-Match: "+first.Header.Get("Etag")).refused(http.StatusPreconditionFailed, "version")
	h.employee.get(t, one+"/draft").refused(http.StatusNotFound, "not_found")
	begun := h.owner.post(t, h.at("/drafts"), map[string]any{"recipients": []string{h.guest.account}, "subject": "Hm"}).want(http.StatusCreated)
	path := begun.Header.Get("Location")
	h.owner.put(t, path, map[string]any{"subject": "Hm?"}, "If-Match: "+begun.Header.Get("Etag")).want(http.StatusOK)
	h.owner.get(t, h.at("/drafts")).wantColumn("subject", "Hm?", "")
	h.employee.get(t, path).refused(http.StatusNotFound, "not_found")
	h.owner.say(t, one, "Dear all!")
	h.owner.delete(t, path).want(http.StatusNoContent)
	h.owner.get(t, h.at("/drafts")).wantColumn("id")
}

func messageSearch(t *testing.T, s *stack) {
	h := newHouse(t, s)
	one := h.owner.writeTo(t, h, "Garden", "Die Gärten der Stadt", h.employee)
	h.owner.writeTo(t, h, "Roof", "The gardener climbs", h.employee, h.guest)
	h.employee.get(t, h.at("/messages?q=GART")).wantColumn("text", "Die Gärten der Stadt")
	h.employee.get(t, h.at("/messages?q=gar")).wantColumn("text", "The gardener climbs", "Die Gärten der Stadt")
	h.employee.get(t, h.at("/messages?q=climb+gar")).wantColumn("text", "The gardener climbs")
	h.guest.get(t, h.at("/messages?q=gar")).wantColumn("text", "The gardener climbs")
	h.owner.get(t, h.at("/messages?q=gar&conversation="+one[strings.LastIndex(one, "/")+1:])).wantColumn("text", "Die Gärten der Stadt")
	h.external.get(t, h.at("/messages?q=gar")).wantColumn("text")
	h.owner.get(t, h.at("/messages?q=%21&limit=500")).invalid("/q required", "/limit range")
}
