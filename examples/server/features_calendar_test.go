package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

func calendarFeatures() []feature {
	return []feature{{"C1", []clause{
		{name: "recurring", run: calendarRecurring},
		{name: "occurrences", run: calendarOccurrences},
		{name: "guests", run: calendarGuests},
		{name: "range", run: calendarRange},
		{name: "tasks", run: calendarTasks},
		{name: "bad_input", run: calendarBadInput},
		{name: "reminders", run: calendarReminders},
		{name: "feed", run: calendarFeed},
		{name: "khal", run: calendarKhal},
		{name: "stream", run: calendarStream},
		{name: "who_may", run: calendarWhoMay},
	}}}
}

// event makes an event in a workspace.
func (c *caller) event(t *testing.T, h *house, workspace string, body map[string]any) string {
	t.Helper()
	return c.post(t, h.in(workspace, "/events"), body).want(http.StatusCreated).text("id")
}

// standup is at 9:30 in New York on each day from 6 March 2026 on.
func standup() map[string]any {
	return map[string]any{
		"title": "Standup", "starts_at": "2026-03-06T14:30:00Z", "ends_at": "2026-03-06T14:45:00Z",
		"time_zone": "America/New_York", "recurrence": "FREQ=DAILY",
	}
}

const earlyMarch = "?from=2026-03-07T00:00:00Z&to=2026-03-10T00:00:00Z"

// wantStarts compares when things begin.
func wantStarts(t *testing.T, r *reply, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, r.want(http.StatusOK).column("starts_at")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", r.call, diff)
	}
}

func calendarRecurring(t *testing.T, s *stack) {
	h := newHouse(t, s)
	made := h.employee.post(t, h.in(h.open, "/events"), standup()).want(http.StatusCreated)
	for range 2 {
		wantStarts(t, h.guest.get(t, h.in(h.open, "/calendar"+earlyMarch)), "2026-03-07T14:30:00Z", "2026-03-08T13:30:00Z", "2026-03-09T13:30:00Z")
	}
	id := made.text("id")
	again := h.employee.get(t, h.at("/events/"+id)).want(http.StatusOK)
	if again.text("recurrence") != "FREQ=DAILY" || again.text("time_zone") != "America/New_York" {
		t.Errorf("%s: %s", again.call, again.Body)
	}
	h.employee.patch(t, h.at("/events/"+id), map[string]any{"recurrence": "FREQ=WEEKLY;BYDAY=MO"}, `If-Match: "1"`).want(http.StatusOK)
	wantStarts(t, h.guest.get(t, h.in(h.open, "/calendar"+earlyMarch)), "2026-03-09T13:30:00Z")
	h.employee.patch(t, h.at("/events/"+id), map[string]any{"title": "Huddle"}, `If-Match: "1"`).refused(http.StatusPreconditionFailed, "version")
}

func calendarOccurrences(t *testing.T, s *stack) {
	h := newHouse(t, s)
	event := h.at("/events/" + h.employee.event(t, h, h.open, standup()))
	h.employee.patch(t, event+"/occurrences/2026-03-07T09:30:00", map[string]any{"title": "Moved", "starts_at": "2026-03-07T20:00:00Z", "ends_at": "2026-03-07T21:00:00Z"}).want(http.StatusOK)
	h.employee.delete(t, event+"/occurrences/2026-03-08T09:30:00").want(http.StatusOK)
	wantStarts(t, h.guest.get(t, h.in(h.open, "/calendar"+earlyMarch)), "2026-03-07T20:00:00Z", "2026-03-09T13:30:00Z")
	rest := h.employee.patch(t, event+"/occurrences/2026-03-09T09:30:00", map[string]any{
		"following": true, "starts_at": "2026-03-09T15:00:00Z", "ends_at": "2026-03-09T15:30:00Z",
	}).want(http.StatusOK)
	if strings.HasSuffix(event, rest.text("id")) {
		t.Error("this and all following are the same event")
	}
	wantStarts(t, h.guest.get(t, h.in(h.open, "/calendar?from=2026-03-07T00:00:00Z&to=2026-03-11T00:00:00Z")), "2026-03-07T20:00:00Z", "2026-03-09T15:00:00Z", "2026-03-10T15:00:00Z")
	h.employee.patch(t, event+"/occurrences/2026-03-08T09:30:00", map[string]any{"title": "x"}).refused(http.StatusNotFound, "not_found")
	h.employee.patch(t, event+"/occurrences/2026-03-06T10:30:00", map[string]any{"title": "x"}).refused(http.StatusNotFound, "not_found")
}

func calendarGuests(t *testing.T, s *stack) {
	h := newHouse(t, s)
	body := standup()
	body["guests"] = []string{h.guest.account}
	event := h.at("/events/" + h.employee.event(t, h, h.open, body))
	answered := h.guest.post(t, event+"/answer", map[string]any{"answer": "tentative"}).want(http.StatusOK)
	if answered.field("guests.0.answer") != "tentative" {
		t.Errorf("%s: %s", answered.call, answered.Body)
	}
	wantStarts(t, h.guest.get(t, h.at("/calendar"+earlyMarch+"&mine=true")), "2026-03-07T14:30:00Z", "2026-03-08T13:30:00Z", "2026-03-09T13:30:00Z")
	h.guest.post(t, event+"/answer", map[string]any{"answer": "declined"}).want(http.StatusOK)
	if mine := h.guest.get(t, h.at("/calendar"+earlyMarch+"&mine=true")).want(http.StatusOK).items(); len(mine) != 0 {
		t.Errorf("what was declined is still one's own: %v", mine)
	}
	h.external.post(t, event+"/answer", map[string]any{"answer": "accepted"}).refused(http.StatusConflict, "calendar.not_guest")
	stranger := s.register(t, "Otto Outsider")
	body["guests"] = []string{h.guest.account, stranger.account}
	h.employee.post(t, h.in(h.open, "/events"), body).invalid("/guests/1 not_found")
}

func calendarRange(t *testing.T, s *stack) {
	h := newHouse(t, s)
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	h.employee.event(t, h, cellar, map[string]any{"title": "Tasting", "starts_at": "2026-03-08T20:00:00Z", "ends_at": "2026-03-08T21:00:00Z"})
	h.employee.event(t, h, h.open, map[string]any{"title": "Fair", "start_date": "2026-03-01", "end_date": "2026-03-08"})
	h.owner.event(t, h, h.open, map[string]any{"title": "Lunch", "starts_at": "2026-03-08T12:00:00Z", "ends_at": "2026-03-08T13:00:00Z"})
	wantStarts(t, h.employee.get(t, h.at("/calendar"+earlyMarch)), "2026-03-01T00:00:00Z", "2026-03-08T12:00:00Z", "2026-03-08T20:00:00Z")
	wantStarts(t, h.employee.get(t, h.at("/calendar"+earlyMarch+"&mine=true")), "2026-03-01T00:00:00Z", "2026-03-08T20:00:00Z")
	wantStarts(t, h.guest.get(t, h.at("/calendar"+earlyMarch)), "2026-03-01T00:00:00Z", "2026-03-08T12:00:00Z")
	h.guest.get(t, h.at("/calendar?from=2026-03-01T00:00:00Z&to=2027-06-01T00:00:00Z")).invalid("/to too_long")
	h.guest.get(t, h.at("/calendar?from=2026-03-01T00:00:00Z")).want(http.StatusUnprocessableEntity)
}

func calendarTasks(t *testing.T, s *stack) {
	h := newHouse(t, s)
	task := h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Rake", "due_at": "2026-03-08T17:00:00Z", "assignees": []string{h.guest.account}}).want(http.StatusCreated).text("id")
	other := h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Sow", "due_at": "2026-03-09T17:00:00Z"}).want(http.StatusCreated).text("id")
	h.employee.post(t, h.at("/tasks/"+other+"/finish"), nil).want(http.StatusOK)
	h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Some day"}).want(http.StatusCreated)
	for _, path := range []string{h.in(h.open, "/calendar"+earlyMarch), h.at("/calendar" + earlyMarch)} {
		r := h.guest.get(t, path).want(http.StatusOK)
		if diff := cmp.Diff([]string{task, other}, r.column("id")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.call, diff)
		}
		if r.field("items.0.kind") != "task" || r.field("items.0.done") != false || r.field("items.1.done") != true {
			t.Errorf("%s: %s", r.call, r.Body)
		}
		h.guest.get(t, r.text("items.0.path")).want(http.StatusOK)
	}
	h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Dig", "start_at": "2026-03-01T08:00:00Z", "due_at": "2026-03-20T17:00:00Z"}).want(http.StatusCreated)
	h.employee.post(t, h.in(h.open, "/tasks"), map[string]any{"title": "Rest", "due_on": "2026-03-09", "time_zone": "Europe/Istanbul"}).want(http.StatusCreated)
	r := h.guest.get(t, h.in(h.open, "/calendar"+earlyMarch)).want(http.StatusOK)
	if r.field("items.0.title") != "Dig" || r.field("items.0.starts_at") != "2026-03-01T08:00:00Z" || r.field("items.0.ends_at") != "2026-03-20T17:00:00Z" || r.field("items.0.all_day") != false {
		t.Errorf("from a start until it is due: %s", r.Body)
	}
	if r.field("items.2.title") != "Rest" || r.field("items.2.all_day") != true || r.field("items.2.start_date") != "2026-03-09" || r.field("items.2.end_date") != "2026-03-09" {
		t.Errorf("due on a day: %s", r.Body)
	}
	mine := h.guest.get(t, h.at("/calendar"+earlyMarch+"&mine=true")).want(http.StatusOK)
	if diff := cmp.Diff([]string{task}, mine.column("id")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", mine.call, diff)
	}
}

func calendarBadInput(t *testing.T, s *stack) {
	h := newHouse(t, s)
	refused := func(field string, body map[string]any) {
		t.Helper()
		body["title"] = "Meeting"
		h.employee.post(t, h.in(h.open, "/events"), body).invalid(field)
	}
	refused("/recurrence rrule_never", map[string]any{"start_date": "2026-03-01", "recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"})
	refused("/recurrence rrule_frequency", map[string]any{"start_date": "2026-03-01", "recurrence": "FREQ=SECONDLY"})
	refused("/recurrence rrule_part", map[string]any{"start_date": "2026-03-01", "recurrence": "FREQ=DAILY;BYHOUR=3"})
	refused("/ends_at before_start", map[string]any{"starts_at": "2026-03-01T10:00:00Z", "ends_at": "2026-03-01T09:00:00Z"})
	refused("/end_date too_long", map[string]any{"start_date": "2026-03-01", "end_date": "2036-03-01"})
	refused("/time_zone time_zone", map[string]any{"start_date": "2026-03-01", "time_zone": "Mars/Olympus"})
	h.employee.post(t, h.in(h.open, "/events"), map[string]any{"title": "\u200b", "starts_at": "2026-03-01T10:00:00Z", "time_zone": "Mars/Olympus", "recurrence": "FREQ=SECONDLY"}).
		invalid("/title required", "/ends_at required", "/time_zone time_zone", "/recurrence rrule_frequency")
	if items := h.employee.get(t, h.in(h.open, "/calendar"+earlyMarch)).want(http.StatusOK).items(); len(items) != 0 {
		t.Errorf("what was refused is there: %v", items)
	}
}

// calendarReminders looks at what is stored and answered; the job that reminds is tested in its package, with its own clock.
func calendarReminders(t *testing.T, s *stack) {
	h := newHouse(t, s)
	body := standup()
	body["reminders"] = []int{60, 10}
	made := h.employee.post(t, h.in(h.open, "/events"), body).want(http.StatusCreated)
	if made.field("reminders.0") != 10.0 || made.field("reminders.1") != 60.0 {
		t.Errorf("%s: %s", made.call, made.Body)
	}
	body["reminders"] = []int{-1}
	h.employee.post(t, h.in(h.open, "/events"), body).invalid("/reminders/0 range")
}

// path is where a feed's address lies on the server under test.
func feedPath(t *testing.T, r *reply) string {
	t.Helper()
	_, secret, found := strings.Cut(r.want(http.StatusCreated).text("address"), "/calendar/")
	if !found {
		t.Fatalf("%s: no address in %s", r.call, r.Body)
	}
	return "/calendar/" + secret
}

func calendarFeed(t *testing.T, s *stack) {
	h := newHouse(t, s)
	h.employee.event(t, h, h.open, standup())
	made := h.guest.post(t, h.at("/calendar-feeds"), map[string]any{"workspace_id": h.open})
	path, id := feedPath(t, made), made.text("id")
	anybody := s.anonymous()
	first := anybody.get(t, path).want(http.StatusOK)
	etag := first.Header.Get("ETag")
	if !strings.HasPrefix(first.Header.Get("Content-Type"), "text/calendar") || !strings.Contains(first.Header.Get("Cache-Control"), "private") || etag == "" ||
		!strings.Contains(string(first.Body), "RRULE:FREQ=DAILY") {
		t.Errorf("%s: %v\n%s", first.call, first.Header, first.Body)
	}
	anybody.send(t, http.MethodGet, path, nil, "If-None-Match: "+etag).want(http.StatusNotModified)
	listed := h.guest.get(t, h.at("/calendar-feeds")).want(http.StatusOK)
	if listed.field("items.0.id") != id || listed.field("items.0.address") != nil || listed.field("items.0.last_used_at") == nil {
		t.Errorf("%s: %s", listed.call, listed.Body)
	}
	rotated := h.guest.post(t, h.at("/calendar-feeds/"+id+"/rotate"), nil).want(http.StatusOK)
	gone := anybody.get(t, path).refused(http.StatusNotFound, "not_found")
	_, secret, _ := strings.Cut(rotated.text("address"), "/calendar/")
	anybody.get(t, "/calendar/"+secret).want(http.StatusOK)
	// Who is out of the workspace reads it no more, nor by an address that was there before.
	h.owner.delete(t, h.in(h.open, "/members/"+h.guest.account)).want(http.StatusNoContent)
	ended := anybody.get(t, "/calendar/"+secret).refused(http.StatusNotFound, "not_found")
	never := anybody.get(t, "/calendar/"+strings.Repeat("A", 43)+".ics").refused(http.StatusNotFound, "not_found")
	for _, answer := range []problem{gone, ended} {
		if answer.Detail != never.Detail || answer.Title != never.Title {
			t.Errorf("%+v answers unlike what never was: %+v", answer, never)
		}
	}
	h.guest.delete(t, h.at("/calendar-feeds/"+id)).want(http.StatusNoContent)
	h.guest.delete(t, h.at("/calendar-feeds/"+id)).refused(http.StatusNotFound, "not_found")
}

// calendarKhal gives a feed to a stock calendar program.
func calendarKhal(t *testing.T, s *stack) {
	khal := verandatest.Program(t, "khal", "khal")
	h := newHouse(t, s)
	event := h.at("/events/" + h.employee.event(t, h, h.open, standup()))
	h.employee.delete(t, event+"/occurrences/2026-03-07T09:30:00").want(http.StatusOK)
	body := s.anonymous().get(t, feedPath(t, h.guest.post(t, h.at("/calendar-feeds"), map[string]any{"workspace_id": h.open}))).want(http.StatusOK).Body
	dir := t.TempDir()
	file, config := filepath.Join(dir, "calendar.ics"), filepath.Join(dir, "config")
	settings := "[calendars]\n[[feed]]\npath = " + filepath.Join(dir, "feed") + "\n[sqlite]\npath = " + filepath.Join(dir, "khal.db") +
		"\n[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n[default]\ndefault_calendar = feed\n"
	for name, content := range map[string][]byte{file: body, config: []byte(settings)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "feed"), 0o700); err != nil {
		t.Fatal(err)
	}
	var shown []byte
	for _, args := range [][]string{
		{"import", "--batch", file},
		{"list", "--day-format", "", "--format", "{start-date} {start-time} {title}", "2026-03-06", "2026-03-09"},
	} {
		command := exec.CommandContext(t.Context(), khal, append([]string{"-c", config}, args...)...)
		command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+dir)
		var err error
		if shown, err = command.Output(); err != nil {
			t.Fatalf("khal %v: %v\n%s", args, err, shown)
		}
	}
	want := []string{"2026-03-06 14:30 Standup", "2026-03-08 13:30 Standup", "2026-03-09 13:30 Standup"}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(string(shown)), "\n")); diff != "" {
		t.Errorf("khal shows (-want +got):\n%s", diff)
	}
}

func calendarStream(t *testing.T, s *stack) {
	h := newHouse(t, s)
	id := h.employee.event(t, h, h.open, standup())
	h.guest.post(t, h.at("/calendar-feeds"), map[string]any{}).want(http.StatusCreated)
	r := h.owner.get(t, h.in(h.open, "/stream?kind=calendar")).want(http.StatusOK)
	if r.field("items.0.kind") != "calendar.event_created" || r.field("items.0.subject_id") != id || r.field("items.1") != nil {
		t.Errorf("%s: %s", r.call, r.Body)
	}
}

func calendarWhoMay(t *testing.T, s *stack) {
	h := newHouse(t, s)
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	hidden := h.employee.event(t, h, cellar, standup())
	event := h.at("/events/" + h.employee.event(t, h, h.open, standup()))
	h.guest.post(t, h.in(h.open, "/events"), standup()).refused(http.StatusForbidden, "forbidden")
	h.guest.patch(t, event, map[string]any{"title": "x"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	h.external.patch(t, event, map[string]any{"title": "Huddle"}, "If-Match: *").want(http.StatusOK)
	h.external.delete(t, event).refused(http.StatusForbidden, "forbidden")
	for _, c := range []*caller{h.owner, h.external, h.guest} {
		alike(t, hidden, func(id string) *reply { return c.get(t, h.at("/events/"+id)) })
		alike(t, cellar, func(id string) *reply { return c.get(t, h.in(id, "/calendar"+earlyMarch)) })
		alike(t, cellar, func(id string) *reply {
			return c.post(t, h.at("/calendar-feeds"), map[string]any{"workspace_id": id})
		})
	}
	h.owner.delete(t, event).want(http.StatusNoContent)
}
