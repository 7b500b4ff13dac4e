package main

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

func statisticsFeatures() []feature {
	return []feature{{"S1", []clause{
		{name: "week", run: statisticsWeek, alone: true},
		{name: "time_zone", run: statisticsTimeZone, alone: true},
		{name: "digest_mail", run: statisticsDigest, alone: true},
		{name: "past_weeks", run: statisticsPastWeeks, alone: true},
		{name: "who_may", run: statisticsWhoMay},
		{name: "restart", run: statisticsRestart, alone: true},
	}}}
}

// wantFigures asserts the figures of a week in an answer.
func (r *reply) wantFigures(path string, want map[string]any) {
	r.t.Helper()
	if diff := cmp.Diff(any(want), r.want(http.StatusOK).field(path)); diff != "" {
		r.t.Errorf("%s: %s (-want +got):\n%s", r.call, path, diff)
	}
}

func statisticsWeek(t *testing.T, s *stack) {
	s.start(t)
	s.nextMonday(t)
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	monday := s.nextMonday(t)
	day := func(n int) { s.advanceTo(t, monday.AddDate(0, 0, n).Add(10*time.Hour)) }
	l := newLedger(h)

	day(0)
	late := l.create(t, h.owner, h.open, "Late", monday.AddDate(0, 0, 2), h.employee, h.external)
	done := l.create(t, h.employee, h.open, "Done", monday.AddDate(0, 0, 1), h.employee)
	l.create(t, h.employee, h.open, "Next week", monday.AddDate(0, 0, 8), h.employee)
	l.create(t, h.owner, roof, "Nobody's", monday.AddDate(0, 0, 6))
	hidden := l.create(t, h.employee, cellar, "Hidden", monday.AddDate(0, 0, 3), h.employee)
	l.create(t, h.external, h.open, "Whenever", time.Time{})
	day(1)
	l.finish(t, h.employee, done)
	l.reopen(t, h.owner, done)
	l.finish(t, h.employee, done) // finished twice, and one finished task
	l.finish(t, h.employee, hidden)
	status := l.post(t, h.employee, h.open, "Done with the done one.")
	day(3)
	l.reply(t, h.guest, h.open, status, "Well done.")
	l.comment(t, h.guest, late, "Still?")
	l.comment(t, h.external, late, "Yes.")
	l.like(t, h.owner, h.open, status)
	l.post(t, h.owner, roof, "It rains.")
	gone := l.post(t, h.owner, roof, "Taken back.") // was posted, whatever became of it
	h.owner.delete(t, h.at("/statuses/"+gone)).want(http.StatusNoContent)
	nina := h.owner.join(t, h.org, "", "internal", "Nina New")
	l.joined(nina, "")
	xaver := h.owner.join(t, h.org, roof, "external", "Xaver External")
	l.joined(xaver, roof)
	l.acted(h.owner, roof)
	day(6)

	scopes := func(c *caller, kind, id string) string {
		switch kind {
		case "workspace":
			return "workspace&workspace=" + id
		case "person":
			return "person&account=" + id
		}
		return kind
	}
	type view struct {
		by       *caller
		kind, id string
	}
	views := []view{
		{h.owner, "organization", h.org}, {h.owner, "workspace", h.open}, {h.owner, "workspace", roof}, {h.employee, "workspace", cellar}, {nina, "workspace", h.open},
	}
	for _, c := range []*caller{h.owner, h.employee, h.external, h.guest, nina, xaver} {
		views = append(views, view{c, "person", c.account}, view{h.owner, "person", c.account})
	}
	week := monday.Format(time.DateOnly)
	for _, v := range views {
		r := v.by.get(t, h.at("/statistics/current?scope="+scopes(v.by, v.kind, v.id)))
		r.wantFigures("figures", l.week.figures(v.id, false))
		if r.text("week") != week || r.field("running") != true || r.text("starts_at") != monday.Format(time.RFC3339) || r.text("ends_at") != monday.AddDate(0, 0, 7).Format(time.RFC3339) {
			t.Errorf("%s: %s", r.call, r.Body)
		}
	}
	s.endWeek(t, monday)
	l.closes(monday.AddDate(0, 0, 7))
	check := func() {
		t.Helper()
		for _, v := range views {
			r := v.by.weeks(t, h, scopes(v.by, v.kind, v.id), monday)
			r.wantFigures("items.0.figures", l.week.figures(v.id, true))
			if r.field("items.0.running") != false || r.text("items.0.starts_at") != monday.Format(time.RFC3339) || r.text("items.0.ends_at") != monday.AddDate(0, 0, 7).Format(time.RFC3339) {
				t.Errorf("%s: %s", r.call, r.Body)
			}
		}
	}
	check()
	// A week that is over stays as it was, whatever happens to what was counted; the next one is empty.
	h.owner.delete(t, h.at("/tasks/"+late)).want(http.StatusNoContent)
	h.employee.post(t, h.at("/tasks/"+done+"/reopen"), nil).want(http.StatusOK)
	check()
	h.guest.get(t, h.at("/statistics/current?scope=person")).wantFigures("figures", book{}.figures("", false))
}

func statisticsTimeZone(t *testing.T, s *stack) {
	s.start(t)
	monday := s.nextMonday(t)
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	found := func(c *caller, zone string) *house {
		r := c.post(t, "/v1/organizations", map[string]any{"kind": "organization", "name": "Works of " + c.name, "time_zone": zone}).want(http.StatusCreated)
		h := &house{owner: c, org: r.text("id")}
		h.open = c.workspace(t, h.org, "Garden", true)
		return h
	}
	far, near := found(s.register(t, "Aroha Auckland"), "Pacific/Auckland"), found(s.register(t, "Ulla Utc"), "UTC")
	created := func(h *house, path, at string) any {
		return h.owner.get(t, h.at(path+"scope=organization")).want(http.StatusOK).field(at)
	}
	// The week there ends while it is Sunday here.
	end := time.Date(monday.Year(), monday.Month(), monday.Day()+7, 0, 0, 0, 0, zone).UTC()
	week, next := monday.Format(time.DateOnly), monday.AddDate(0, 0, 7).Format(time.DateOnly)
	s.advanceTo(t, end.Add(-30*time.Minute))
	for _, h := range []*house{far, near} {
		h.owner.task(t, h.org, h.open, "In time")
		if got := created(h, "/statistics/current?", "week"); got != week {
			t.Errorf("before the end the week is %v, want %s", got, week)
		}
	}
	s.advanceTo(t, end.Add(20*time.Minute))
	for _, h := range []*house{far, near} {
		h.owner.task(t, h.org, h.open, "Too late")
	}
	for _, one := range []struct {
		h     *house
		week  string
		tasks float64
	}{{far, next, 1}, {near, week, 2}} {
		if got := created(one.h, "/statistics/current?", "week"); got != one.week {
			t.Errorf("%s: the running week is %v, want %s", one.h.owner.name, got, one.week)
		}
		if got := created(one.h, "/statistics/current?", "figures.tasks_created"); got != one.tasks {
			t.Errorf("%s: %v tasks in the running week, want %v", one.h.owner.name, got, one.tasks)
		}
	}
	r := far.owner.weeks(t, far, "organization", monday)
	start := time.Date(monday.Year(), monday.Month(), monday.Day(), 0, 0, 0, 0, zone).UTC()
	if len(r.items()) != 1 || r.field("items.0.figures.tasks_created") != 1.0 || r.text("items.0.starts_at") != start.Format(time.RFC3339) || r.text("items.0.ends_at") != end.Format(time.RFC3339) {
		t.Errorf("the week there is %s, want from %s to %s", r.Body, start, end)
	}
	near.owner.get(t, near.at("/statistics/weeks?scope=organization")).wantColumn("week")
	s.digest(t, far.owner, week)
	// Another zone moves later weeks only.
	far.owner.patch(t, far.at(""), map[string]any{"time_zone": "UTC"}, "If-Match: *").want(http.StatusOK)
	if got := created(far, "/statistics/current?", "week"); got != week {
		t.Errorf("in the new zone the week is %v, want %s", got, week)
	}
	s.endWeek(t, monday)
	near.owner.weeks(t, near, "organization", monday)
	again := far.owner.get(t, far.at("/statistics/weeks?scope=organization")).want(http.StatusOK)
	if string(again.Body) != string(r.Body) {
		t.Errorf("the computed week was %s and is %s", r.Body, again.Body)
	}
}

func statisticsDigest(t *testing.T, s *stack) {
	s.start(t)
	first := s.nextMonday(t)
	h := newHouse(t, s)
	l := newLedger(h)
	for _, c := range []*caller{h.owner, h.employee} {
		l.acted(c, "")
	}
	l.acted(h.owner, h.open)
	l.joined(h.employee, "")
	l.joined(h.external, h.open)
	l.joined(h.guest, h.open)
	silent := h.owner.join(t, h.org, "", "internal", "Silke Silent")
	l.joined(silent, "")
	german := h.owner.join(t, h.org, "", "internal", "Gerda German")
	l.joined(german, "")
	german.patch(t, "/v1/me", map[string]any{"language": "de-AT"}, "If-Match: *").want(http.StatusOK)
	h.owner.add(t, h, h.open, h.employee)
	l.week.add(h.open, "people_joined", h.employee.account)

	preference := func(c *caller, want bool) {
		t.Helper()
		if got := c.get(t, h.at("/statistics/preferences")).want(http.StatusOK).field("digest"); got != want {
			t.Errorf("%s: digest is %v, want %v", c.name, got, want)
		}
	}
	choose := func(c *caller, digest bool) {
		t.Helper()
		c.put(t, h.at("/statistics/preferences"), map[string]any{"digest": digest}).want(http.StatusOK)
		preference(c, digest)
	}
	for c, want := range map[*caller]bool{h.owner: true, h.employee: true, h.external: false, h.guest: false} {
		preference(c, want)
	}
	choose(silent, false)
	choose(h.external, true)
	l.acted(h.external, "")
	h.owner.put(t, h.at("/statistics/preferences"), map[string]any{}).invalid("/digest required")
	h.owner.put(t, h.at("/statistics/preferences"), map[string]any{"digest": "x", "phone": true}).invalid("/digest type", "/phone unknown")
	l.create(t, h.employee, h.open, "Early", first.AddDate(0, 0, 1), h.employee)
	s.endWeek(t, first)
	l.closes(first.AddDate(0, 0, 7))
	mails := func(monday time.Time) {
		t.Helper()
		week := monday.Format(time.DateOnly)
		own := func(c *caller) map[string]string { return l.section(c.account, personFigures) }
		s.digest(t, h.owner, week).wantSections(t, map[string]map[string]string{"You": own(h.owner), "Works": l.section(h.org, sharedFigures)})
		s.digest(t, h.employee, week).wantSections(t, map[string]map[string]string{"You": own(h.employee), "Garden": l.section(h.open, sharedFigures)})
		mail := s.digest(t, h.external, week)
		mail.wantSections(t, map[string]map[string]string{"You": own(h.external)})
		if mail.Subject != "Works: your week of "+weekIn(week, "", englishMonths) || !strings.Contains(mail.Text, "Hello Xenia External,") || !strings.Contains(mail.Text, s.base) {
			t.Errorf("the mail is %q:\n%s", mail.Subject, mail.Text)
		}
		verandatest.Eventually(t, 30*time.Second, "the German mail", func() bool {
			return slices.ContainsFunc(s.inbox.to(german.address), func(m letter) bool {
				return m.Subject == "Works: Ihre Woche vom "+weekIn(week, ".", germanMonths) && strings.Contains(m.Text, "Aufgaben erledigt: 0")
			})
		})
		for _, c := range []*caller{silent, h.guest} {
			if got := s.digests(c, week); len(got) > 0 {
				t.Errorf("%s got %d weekly mails unasked", c.name, len(got))
			}
		}
	}
	mails(first)

	// The week after: changes in brackets, and choices made meanwhile.
	l.turn()
	second := first.AddDate(0, 0, 7)
	task := l.create(t, h.owner, h.open, "Second", second.AddDate(0, 0, 2), h.employee)
	l.finish(t, h.employee, task)
	l.comment(t, h.external, task, "Good.")
	l.post(t, h.owner, h.open, "A short week.")
	s.endWeek(t, second)
	l.closes(second.AddDate(0, 0, 7))
	mails(second)

	// One who left gets none; one who changed their mind does.
	choose(silent, true)
	choose(h.external, false)
	h.owner.delete(t, h.at("/members/"+german.account)).want(http.StatusNoContent)
	third := second.AddDate(0, 0, 7)
	h.owner.task(t, h.org, h.open, "Third")
	s.endWeek(t, third)
	s.digest(t, h.owner, third.Format(time.DateOnly))
	s.digest(t, silent, third.Format(time.DateOnly))
	// After one more week, everybody who should have a mail of the third one has it.
	fourth := third.AddDate(0, 0, 14)
	s.advanceTo(t, fourth.Add(time.Hour))
	h.owner.task(t, h.org, h.open, "Fourth")
	s.endWeek(t, fourth)
	s.digest(t, h.owner, fourth.Format(time.DateOnly))
	for _, c := range []*caller{h.external, german} {
		for _, week := range []time.Time{third, fourth} {
			if got := s.digests(c, week.Format(time.DateOnly)); len(got) > 0 {
				t.Errorf("%s got %d mails about the week of %s", c.name, len(got), week)
			}
		}
	}
	if n := len(s.digests(h.owner, first.Format(time.DateOnly))); n != 1 {
		t.Errorf("about the first week the owner got %d mails in the end", n)
	}
}

func statisticsPastWeeks(t *testing.T, s *stack) {
	s.start(t)
	first := s.nextMonday(t)
	h := newHouse(t, s)
	h.owner.newTask(t, h, h.open, "First", map[string]any{"due_at": first.AddDate(0, 0, 20)})
	h.owner.get(t, h.at("/statistics/weeks?scope=organization")).wantColumn("week")
	s.endWeek(t, first)
	h.owner.weeks(t, h, "organization", first)
	s.digest(t, h.owner, first.Format(time.DateOnly))
	// A standstill of twelve weeks: the last eight of them are made up for, the older ones are not.
	s.stop(t)
	latest := first.AddDate(0, 0, 7*12)
	s.endWeek(t, latest)
	s.start(t)
	r := h.owner.weeks(t, h, "organization", latest)
	want := []string{}
	for i := range 8 {
		want = append(want, latest.AddDate(0, 0, -7*i).Format(time.DateOnly))
	}
	want = append(want, first.Format(time.DateOnly))
	r.wantColumn("week", want...)
	for _, size := range []string{"1", "4"} {
		if diff := cmp.Diff(want, h.owner.pages(t, h.at("/statistics/weeks?scope=organization"), "week", size)); diff != "" {
			t.Errorf("%s at a time (-want +got):\n%s", size, diff)
		}
	}
	h.owner.get(t, h.at("/statistics/weeks?scope=person&account="+h.guest.account)).wantColumn("week", want...)
	h.employee.get(t, h.at("/statistics/weeks?scope=workspace&workspace="+h.open)).wantColumn("week", want...)
	// Weeks in which nothing happened have zeros, and what was overdue is known only of weeks computed when they ended.
	for i, item := range r.items() {
		figures := item["figures"].(map[string]any)
		tasks, overdue := 0.0, any(nil)
		switch i {
		case 0:
			overdue = 1.0
		case 8:
			tasks, overdue = 1.0, 0.0
		}
		if figures["tasks_created"] != tasks || figures["tasks_overdue"] != overdue {
			t.Errorf("the week of %v is %v, want %v tasks and %v overdue", item["week"], figures, tasks, overdue)
		}
	}
	cursor := h.owner.get(t, h.at("/statistics/weeks?scope=organization&limit=1")).text("next")
	h.owner.get(t, h.at("/tasks?cursor="+cursor)).invalid("/cursor cursor")
	// Of all these weeks the first and the latest were mailed.
	s.digest(t, h.owner, latest.Format(time.DateOnly))
	for _, week := range want[1:8] {
		if n := len(s.digests(h.owner, week)); n > 0 {
			t.Errorf("%d mails about the week of %s, which was made up for", n, week)
		}
	}
}

func statisticsWhoMay(t *testing.T, s *stack) {
	h := newHouse(t, s)
	administrator := h.owner.join(t, h.org, "", "internal", "Ada Administrator")
	h.owner.roles(t, h.org, administrator.account, "administrator")
	access := h.owner.join(t, h.org, "", "internal", "Arne Access")
	h.owner.roles(t, h.org, access.account, "access_manager")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	stranger := s.register(t, "Otto Outsider")
	stranger.found(t, "Elsewhere")
	for _, list := range []string{"/statistics/current", "/statistics/weeks"} {
		ask := func(c *caller, query string) *reply { return c.get(t, h.at(list+"?scope="+query)) }
		for _, c := range []*caller{h.owner, administrator} {
			ask(c, "organization").want(http.StatusOK)
			ask(c, "workspace&workspace="+h.open).want(http.StatusOK)
			ask(c, "person&account="+h.external.account).want(http.StatusOK)
			ask(c, "person").want(http.StatusOK)
			alike(t, stranger.account, func(id string) *reply { return ask(c, "person&account="+id) })
			alike(t, cellar, func(id string) *reply { return ask(c, "workspace&workspace="+id) })
		}
		for _, c := range []*caller{access, h.employee} {
			ask(c, "organization").refused(http.StatusForbidden, "forbidden")
			ask(c, "workspace&workspace="+h.open).want(http.StatusOK)
		}
		ask(h.employee, "workspace&workspace="+cellar).want(http.StatusOK)
		for _, c := range []*caller{h.external, h.guest} {
			ask(c, "organization").refused(http.StatusForbidden, "forbidden")
			ask(c, "workspace&workspace="+h.open).refused(http.StatusForbidden, "forbidden")
			alike(t, cellar, func(id string) *reply { return ask(c, "workspace&workspace="+id) })
		}
		for _, c := range []*caller{access, h.employee, h.external, h.guest} {
			ask(c, "person").want(http.StatusOK)
			ask(c, "person&account="+c.account).want(http.StatusOK)
			// Somebody else's are refused alike, whether there is such a person or not.
			theirs, nobodys := ask(c, "person&account="+h.owner.account), ask(c, "person&account="+nobodysID)
			theirs.refused(http.StatusForbidden, "forbidden")
			if string(theirs.Body) != string(nobodys.Body) {
				t.Errorf("%s: a colleague's figures are answered %s, nobody's %s", c.name, theirs.Body, nobodys.Body)
			}
		}
		ask(stranger, "organization").refused(http.StatusNotFound, "not_found")
		ask(stranger, "person").refused(http.StatusNotFound, "not_found")
		alike(t, h.open, func(id string) *reply { return ask(stranger, "workspace&workspace="+id) })
		ask(s.anonymous(), "organization").refused(http.StatusUnauthorized, "unauthenticated")
		ask(s.anonymous(), "person").refused(http.StatusUnauthorized, "unauthenticated")
		ask(h.owner, "everything").invalid("/scope one_of")
		ask(h.owner, "workspace").invalid("/workspace required")
		ask(h.owner, "person&account=me&since=1").invalid("/account format", "/since unknown")
		h.owner.get(t, h.at(list)).invalid("/scope required")
	}
	stranger.get(t, h.at("/statistics/preferences")).refused(http.StatusNotFound, "not_found")
	stranger.put(t, h.at("/statistics/preferences"), map[string]any{"digest": true}).refused(http.StatusNotFound, "not_found")
	s.anonymous().get(t, h.at("/statistics/preferences")).refused(http.StatusUnauthorized, "unauthenticated")
}

// stop ends the program and waits until it is gone.
func (s *stack) stop(t *testing.T) {
	t.Helper()
	process := s.process.Process
	if err := process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	verandatest.Eventually(t, 30*time.Second, "the program has ended", func() bool { return process.Signal(syscall.Signal(0)) != nil })
}

func statisticsRestart(t *testing.T, s *stack) {
	s.start(t)
	monday := s.nextMonday(t)
	h := newHouse(t, s)
	h.owner.task(t, h.org, h.open, "First")
	readers := []*caller{h.owner, h.employee}
	week := monday.Format(time.DateOnly)

	// The week ends while the program does not run, and the mails come once it does.
	s.stop(t)
	s.endWeek(t, monday)
	s.start(t)
	for _, c := range readers {
		s.digest(t, c, week)
	}
	before := h.owner.weeks(t, h, "organization", monday)
	// Started again in the same week, twice, and once more in the next: each mail was sent once.
	for range 2 {
		s.stop(t)
		s.advance(t, 20*time.Minute) // the job's next turn
		s.start(t)
	}
	after := h.owner.get(t, h.at("/statistics/weeks?scope=organization")).want(http.StatusOK)
	if string(before.Body) != string(after.Body) {
		t.Errorf("the week was %s and is %s", before.Body, after.Body)
	}
	h.owner.task(t, h.org, h.open, "Second")
	next := monday.AddDate(0, 0, 7)
	s.endWeek(t, next)
	for _, c := range readers {
		s.digest(t, c, next.Format(time.DateOnly))
	}
	s.stop(t)
	s.start(t)
	counts := map[string]int{}
	for _, c := range append(readers, h.external, h.guest) {
		for _, one := range []string{week, next.Format(time.DateOnly)} {
			if n := len(s.digests(c, one)); n > 0 {
				counts[c.name+" "+one] = n
			}
		}
	}
	want := map[string]int{}
	for _, c := range readers {
		want[c.name+" "+week], want[c.name+" "+next.Format(time.DateOnly)] = 1, 1
	}
	if !maps.Equal(want, counts) {
		t.Errorf("weekly mails (-want +got):\n%s", cmp.Diff(want, counts))
	}
}
