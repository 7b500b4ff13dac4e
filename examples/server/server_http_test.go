package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

// garden is an owner with an organization and a workspace: what most clauses here begin with.
func (s *stack) garden(t *testing.T, name string) (owner *caller, org, workspace, tasks string) {
	t.Helper()
	owner = s.register(t, name)
	org = owner.found(t, name+"'s")
	workspace = owner.workspace(t, org, "Garden", true)
	return owner, org, workspace, "/v1/organizations/" + org + "/workspaces/" + workspace + "/tasks"
}

func healthAndReadiness(t *testing.T, s *stack) {
	r := s.anonymous().get(t, "/healthz").want(http.StatusOK)
	if r.text("status") != "ok" {
		t.Errorf("%s", r.Body)
	}
	ready := s.anonymous().get(t, "/readyz").want(http.StatusOK)
	want := map[string]any{"ready": true, "checks": map[string]any{"schema": "ok", "database": "ok", "queue": "ok"}}
	var got map[string]any
	ready.decode(&got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("/readyz (-want +got):\n%s", diff)
	}
}

// problemsForEveryError: whatever goes wrong, and wherever, is answered as problem+json with a request id.
func problemsForEveryError(t *testing.T, s *stack) {
	owner, org, _, tasks := s.garden(t, "Pia Problem")
	everyAnswer := func(r *reply) *reply {
		t.Helper()
		if r.Header.Get("X-Request-Id") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", r.call, r.Header)
		}
		return r
	}
	everyAnswer(owner.get(t, "/nothing/here")).refused(http.StatusNotFound, "not_found")
	everyAnswer(s.anonymous().get(t, "/v1/nothing")).refused(http.StatusNotFound, "not_found")
	method := everyAnswer(owner.send(t, http.MethodPut, tasks, nil))
	method.refused(http.StatusMethodNotAllowed, "http.method_not_allowed")
	if allow := method.Header.Get("Allow"); !strings.Contains(allow, http.MethodPost) {
		t.Errorf("Allow %q", allow)
	}
	everyAnswer(owner.send(t, "PURGE", tasks, nil)).refused(http.StatusNotImplemented, "http.not_implemented")
	everyAnswer(owner.post(t, tasks, `{"title":"`+strings.Repeat("x", 9<<20)+`"}`)).refused(http.StatusRequestEntityTooLarge, "http.request_entity_too_large")
	everyAnswer(owner.post(t, "/nothing/here", `{"title":"`+strings.Repeat("x", 9<<20)+`"}`)).refused(http.StatusRequestEntityTooLarge, "http.request_entity_too_large")
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"} {
		everyAnswer(owner.post(t, tasks, `{"title":"a"}`, "Content-Type: "+kind)).refused(http.StatusUnsupportedMediaType, "body.media_type")
	}
	for _, body := range []string{`{"title":`, `{"title":"a"} {}`, "{\"title\":\"\xff\"}", `{title:"a"}`, `nonsense`} {
		everyAnswer(owner.post(t, tasks, body)).refused(http.StatusBadRequest, "body.malformed")
	}
	everyAnswer(owner.post(t, tasks, `[]`)).refused(http.StatusUnprocessableEntity, "invalid")
	everyAnswer(s.anonymous().get(t, "/v1/me")).refused(http.StatusUnauthorized, "unauthenticated")
	everyAnswer(s.anonymous().get(t, "/v1/me", "Authorization: Bearer made-up")).refused(http.StatusUnauthorized, "unauthenticated")
	everyAnswer(s.anonymous().get(t, "/v1/me", "Authorization: Basic b2xnYTpzZWNyZXQ=")).refused(http.StatusUnauthorized, "unauthenticated")
	everyAnswer(owner.post(t, "/v1/organizations/"+org, nil)).refused(http.StatusMethodNotAllowed, "http.method_not_allowed")
	everyAnswer(owner.get(t, tasks+"?")).want(http.StatusMethodNotAllowed)
	// What is no HTTP at all is answered too.
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_ = connection.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := fmt.Fprint(connection, "NONSENSE\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusBadRequest || !strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("nonsense: %d %v", response.StatusCode, response.Header)
	}
}

// allFieldsAtOnce: every bad field of a call is named in one answer, with its pointer; unknown ones are refused; lengths,
// counts and numbers are bounded.
func allFieldsAtOnce(t *testing.T, s *stack) {
	owner, org, workspace, tasks := s.garden(t, "Alf Fields")
	owner.post(t, tasks, map[string]any{
		"title": "", "priority": 9, "due_at": "tomorrow", "labels": []any{"ok", 7}, "checklist": []any{map[string]any{"text": ""}, map[string]any{"text": "a", "colour": "red"}},
		"assignees": []any{"nobody"}, "owner": "me", "description": strings.Repeat("x", 20_001),
	}).invalid("/title too_short", "/priority range", "/due_at format", "/labels/1 type", "/checklist/0/text too_short", "/checklist/1/colour unknown",
		"/assignees/0 format", "/owner unknown", "/description too_long")
	owner.post(t, tasks, map[string]any{"title": 7, "priority": "high", "labels": "garden", "checklist": map[string]any{}}).
		invalid("/title type", "/priority type", "/labels type", "/checklist type")
	// What is wrong by form and what is wrong by the task's own rules comes together.
	owner.post(t, tasks, map[string]any{"title": "  ", "priority": 9, "labels": []any{"a,b", "fine"}, "checklist": []any{map[string]any{"text": " "}}, "owner": "me"}).
		invalid("/title required", "/priority range", "/labels/0 comma", "/checklist/0/text required", "/owner unknown")
	s.elsewhere().post(t, "/v1/accounts", map[string]any{"address": "nobody", "password": "short", "nickname": "N"}).
		invalid("/address email", "/password too_short", "/name required", "/nickname unknown")
	owner.post(t, tasks, map[string]any{}).invalid("/title required")
	owner.post(t, tasks, nil).invalid("/title required")
	owner.post(t, tasks, `{"title":"a","title":"b"}`).invalid("/title repeated")
	owner.post(t, tasks, `{"Title":"a"}`).invalid("/Title unknown", "/title required")
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprint("label ", i)
	}
	owner.post(t, tasks, map[string]any{"title": strings.Repeat("t", 201), "labels": many}).invalid("/title too_long", "/labels too_many")
	owner.get(t, "/v1/organizations/"+org+"/tasks?limit=0&sort=colour&colour=red&workspace="+workspace+"&workspace="+workspace).want(http.StatusUnprocessableEntity)
	owner.get(t, "/v1/organizations/"+org+"/workspaces?limit=100000&limits=1").invalid("/limit range", "/limits unknown")
	// Many bad elements do not make a bigger answer than a bounded one.
	bad := make([]any, 5000)
	for i := range bad {
		bad[i] = i
	}
	r := owner.post(t, tasks, map[string]any{"title": "a", "labels": bad}).want(http.StatusUnprocessableEntity)
	if len(r.Body) > 64<<10 {
		t.Errorf("the answer has %d bytes", len(r.Body))
	}
	if list := owner.get(t, "/v1/organizations/"+org+"/tasks").want(http.StatusOK).items(); len(list) > 0 {
		t.Errorf("refused calls made %d tasks", len(list))
	}
}

// etagAndIfMatch: a change names the version that was read; who read an older one is told, and nothing is written over.
func etagAndIfMatch(t *testing.T, s *stack) {
	owner, org, _, tasks := s.garden(t, "Ethel Tag")
	made := owner.post(t, tasks, map[string]any{"title": "First"}).want(http.StatusCreated)
	path := "/v1/organizations/" + org + "/tasks/" + made.text("id")
	if where := made.Header.Get("Location"); where != "" && where != path {
		t.Errorf("Location %q", where)
	}
	tag := made.Header.Get("ETag")
	if read := owner.get(t, path).want(http.StatusOK).Header.Get("ETag"); read != tag || tag == "" {
		t.Errorf("ETag %q when made and %q when read", tag, read)
	}
	change := map[string]any{"title": "Second"}
	owner.patch(t, path, change).refused(http.StatusPreconditionRequired, "if_match.required")
	owner.patch(t, path, change, "If-Match: 1").invalid("/If-Match format")
	changed := owner.patch(t, path, change, "If-Match: "+tag).want(http.StatusOK)
	if next := changed.Header.Get("ETag"); next == tag || next == "" {
		t.Errorf("ETag %q after a change", next)
	}
	owner.patch(t, path, map[string]any{"title": "Third"}, "If-Match: "+tag).want(http.StatusPreconditionFailed)
	owner.patch(t, path, map[string]any{"title": "Third"}, `If-Match: W/`+changed.Header.Get("ETag")).want(http.StatusPreconditionFailed)
	owner.patch(t, path, map[string]any{"title": "Third"}, `If-Match: "made-up"`).want(http.StatusPreconditionFailed)
	if title := owner.get(t, path).text("title"); title != "Second" {
		t.Errorf("title %q", title)
	}
	// Of many who read one version, one wins.
	read := owner.get(t, path).Header.Get("ETag")
	var group sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for i := range 12 {
		group.Go(func() {
			status, _, _ := owner.try(http.MethodPatch, path, fmt.Sprintf(`{"title":"By %d"}`, i), "If-Match: "+read)
			mu.Lock()
			defer mu.Unlock()
			count[status]++
		})
	}
	group.Wait()
	if diff := cmp.Diff(map[int]int{http.StatusOK: 1, http.StatusPreconditionFailed: 11}, count); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	owner.patch(t, path, map[string]any{"title": "Whatever it was"}, "If-Match: *").want(http.StatusOK)
}

// idempotentCreation: a creating call may be repeated with its key; it is done once, at the same time too.
func idempotentCreation(t *testing.T, s *stack) {
	owner, org, workspace, tasks := s.garden(t, "Ida Potent")
	const key = "Idempotency-Key: order-1"
	first := owner.post(t, tasks, `{"title":"Once","priority":2}`, key).want(http.StatusCreated)
	if first.Header.Get("Idempotency-Replayed") != "" {
		t.Error("the first answer says it is a repeated one")
	}
	again := owner.post(t, tasks, `{ "priority": 2, "title": "Once" }`, key).want(http.StatusCreated)
	if !bytes.Equal(first.Body, again.Body) || again.Header.Get("Idempotency-Replayed") != "true" || first.Header.Get("ETag") != again.Header.Get("ETag") || first.Header.Get("Location") != again.Header.Get("Location") {
		t.Errorf("repeated: %s %v", again.Body, again.Header)
	}
	owner.post(t, tasks, `{"title":"Something else"}`, key).refused(http.StatusUnprocessableEntity, "idempotency.reused")
	owner.post(t, tasks, `{"title":"a"}`, "Idempotency-Key: "+strings.Repeat("k", 256)).refused(http.StatusUnprocessableEntity, "idempotency.key")
	// A refused call keeps nothing: it can be tried again.
	owner.post(t, tasks, `{"title":""}`, "Idempotency-Key: order-2").invalid("/title too_short")
	owner.post(t, tasks, `{"title":"Now right"}`, "Idempotency-Key: order-2").want(http.StatusCreated)
	// Somebody else's keys, and other calls', are their own.
	employee := owner.join(t, org, "", "internal", "Ed Else")
	if theirs := employee.post(t, tasks, `{"title":"Once","priority":2}`, key).want(http.StatusCreated); theirs.text("id") == first.text("id") {
		t.Error("one caller was answered another's call")
	}
	owner.post(t, "/v1/organizations/"+org+"/workspaces/"+workspace+"/statuses", `{"text":"Once"}`, key).want(http.StatusCreated)
	var group sync.WaitGroup
	var mu sync.Mutex
	ids, originals := map[string]bool{}, 0
	for range 16 {
		group.Go(func() {
			status, body, replayed := owner.try(http.MethodPost, tasks, `{"title":"At once"}`, "Idempotency-Key: order-3")
			id, err := idOf(body)
			if status != http.StatusCreated || err != nil {
				t.Errorf("status %d, %v: %s", status, err, body)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[id] = true
			if !replayed {
				originals++
			}
		})
	}
	group.Wait()
	if len(ids) != 1 || originals != 1 {
		t.Errorf("16 calls at once with one key made %d tasks, %d of them said they did", len(ids), originals)
	}
	titles := map[string]int{}
	for _, title := range owner.get(t, "/v1/organizations/"+org+"/tasks?limit=100").want(http.StatusOK).column("title") {
		titles[title]++
	}
	if diff := cmp.Diff(map[string]int{"Once": 2, "Now right": 1, "At once": 1}, titles); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	owner.delete(t, "/v1/organizations/"+org+"/tasks/"+first.text("id"), "If-Match: *").want(http.StatusNoContent)
	if after := owner.post(t, tasks, `{"title":"Once","priority":2}`, key).want(http.StatusCreated); !bytes.Equal(after.Body, first.Body) {
		t.Errorf("after the task was deleted: %s", after.Body)
	}
}

// conditionalGet: what has not changed is not sent again.
func conditionalGet(t *testing.T, s *stack) {
	owner, org, _, tasks := s.garden(t, "Connie Get")
	id := owner.post(t, tasks, map[string]any{"title": "Cached"}).want(http.StatusCreated).text("id")
	path := "/v1/organizations/" + org + "/tasks/" + id
	first := owner.get(t, path).want(http.StatusOK)
	tag := first.Header.Get("ETag")
	if cache := first.Header.Get("Cache-Control"); cache != "private, no-cache" {
		t.Errorf("Cache-Control %q", cache)
	}
	for _, header := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		r := owner.get(t, path, "If-None-Match: "+header).want(http.StatusNotModified)
		if len(r.Body) > 0 || r.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %v %s", header, r.Header, r.Body)
		}
	}
	owner.get(t, path, `If-None-Match: "other"`).want(http.StatusOK)
	head := owner.send(t, http.MethodHead, path, nil).want(http.StatusOK)
	if len(head.Body) > 0 || head.Header.Get("ETag") != tag {
		t.Errorf("HEAD: %v", head.Header)
	}
	owner.post(t, path+"/comments", map[string]any{"text": "The count of comments changes, the version does not."}).want(http.StatusCreated)
	if r := owner.get(t, path, "If-None-Match: "+tag).want(http.StatusOK); r.field("comment_count") != 1.0 {
		t.Errorf("%s", r.Body)
	}
	// A tag tells nothing to who may not read.
	s.register(t, "Otto Outside").get(t, path, "If-None-Match: "+tag).refused(http.StatusNotFound, "not_found")
	owner.get(t, "/v1/organizations/"+org+"/tasks/"+veranda.NewOrgID().String(), "If-None-Match: *").refused(http.StatusNotFound, "not_found")
}

// metricsScrape: counts of calls by route, never by what a caller made up, and what waits in the outbox.
func metricsScrape(t *testing.T, s *stack) {
	s.anonymous().get(t, "/made/up/by/a/caller").want(http.StatusNotFound)
	r := s.anonymous().get(t, "/metrics").want(http.StatusOK)
	for _, want := range []string{
		`veranda_http_requests_total{method="GET",route="none",status="404"}`, `veranda_http_request_duration_seconds_bucket{`,
		"veranda_outbox_open ", "veranda_outbox_parked ", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(string(r.Body), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	if strings.Contains(string(r.Body), "made/up") {
		t.Error("a caller makes up labels")
	}
	s.anonymous().get(t, "/metrics", "X-Forwarded-For: 127.0.0.1").refused(http.StatusNotFound, "not_found")
	s.anonymous().get(t, "/metrics", "Host: elsewhere.example").want(http.StatusOK) // Go sends the URL's host
}
