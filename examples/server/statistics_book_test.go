package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

// The figures of a week, those of a person first; see the API's description.
var (
	personFigures = []string{"tasks_created", "tasks_finished", "tasks_reopened", "posts", "comments"}
	sharedFigures = append(slices.Clone(personFigures), "people_joined", "active_people")
)

// figureLines are the figures as the weekly mail calls them.
var figureLines = map[string]string{
	"tasks_created": "Tasks created", "tasks_finished": "Tasks finished", "tasks_reopened": "Tasks reopened", "posts": "Posts",
	"comments": "Comments", "people_joined": "People joined", "active_people": "People active", "tasks_overdue": "Tasks overdue",
}

// book is a week as the test saw it: for the organization, each workspace and each person, under each figure the ids of
// what is counted.
type book map[string]map[string]map[string]bool

func (b book) add(scope, figure, subject string) {
	if b[scope] == nil {
		b[scope] = map[string]map[string]bool{}
	}
	if b[scope][figure] == nil {
		b[scope][figure] = map[string]bool{}
	}
	b[scope][figure][subject] = true
}

// figures are those the API should give; overdue tells whether tasks were counted that should have been finished.
func (b book) figures(scope string, overdue bool) map[string]any {
	out := map[string]any{}
	for _, figure := range sharedFigures {
		out[figure] = float64(len(b[scope][figure]))
	}
	if overdue && len(b[scope]) > 0 { // where nothing at all happened, nothing was stored
		out["tasks_overdue"] = float64(len(b[scope]["tasks_overdue"]))
	}
	return out
}

// ledger does things through the API and books what the week's figures should be made of.
type ledger struct {
	*house
	tasks map[string]*ledgerTask
	// week is the running one, former the one before.
	week, former book
}

type ledgerTask struct {
	workspace string
	assignees []*caller
	due       time.Time
	finished  bool
}

func newLedger(h *house) *ledger {
	return &ledger{house: h, tasks: map[string]*ledgerTask{}, week: book{}, former: book{}}
}

// acted books that somebody did something, in the organization or in a workspace.
func (l *ledger) acted(by *caller, workspace string) {
	l.week.add(l.org, "active_people", by.account)
	if workspace != "" {
		l.week.add(workspace, "active_people", by.account)
	}
}

func (l *ledger) note(figure string, by *caller, workspace, subject string) {
	for _, scope := range []string{l.org, workspace, by.account} {
		l.week.add(scope, figure, subject)
	}
	l.acted(by, workspace)
}

// joined books that somebody accepted an invitation, to a workspace unless that is empty.
func (l *ledger) joined(who *caller, workspace string) {
	l.week.add(l.org, "people_joined", who.account)
	if workspace != "" {
		l.week.add(workspace, "people_joined", who.account)
	}
	l.acted(who, workspace)
}

func (l *ledger) create(t *testing.T, by *caller, workspace, title string, due time.Time, assignees ...*caller) string {
	t.Helper()
	more := map[string]any{}
	if !due.IsZero() {
		more["due_at"] = due
	}
	accounts := []string{}
	for _, c := range assignees {
		accounts = append(accounts, c.account)
	}
	more["assignees"] = accounts
	id := by.newTask(t, l.house, workspace, title, more).text("id")
	l.tasks[id] = &ledgerTask{workspace: workspace, assignees: assignees, due: due}
	l.note("tasks_created", by, workspace, id)
	return id
}

func (l *ledger) finish(t *testing.T, by *caller, task string) {
	t.Helper()
	by.post(t, l.at("/tasks/"+task+"/finish"), nil).want(http.StatusOK)
	l.tasks[task].finished = true
	l.note("tasks_finished", by, l.tasks[task].workspace, task)
}

func (l *ledger) reopen(t *testing.T, by *caller, task string) {
	t.Helper()
	by.post(t, l.at("/tasks/"+task+"/reopen"), nil).want(http.StatusOK)
	l.tasks[task].finished = false
	l.note("tasks_reopened", by, l.tasks[task].workspace, task)
}

func (l *ledger) comment(t *testing.T, by *caller, task, text string) {
	t.Helper()
	id := by.post(t, l.at("/tasks/"+task+"/comments"), map[string]any{"text": text}).want(http.StatusCreated).text("id")
	l.note("comments", by, l.tasks[task].workspace, id)
}

func (l *ledger) post(t *testing.T, by *caller, workspace, text string) string {
	t.Helper()
	id := by.status(t, l.house, workspace, text)
	l.note("posts", by, workspace, id)
	return id
}

func (l *ledger) reply(t *testing.T, by *caller, workspace, status, text string) {
	t.Helper()
	id := by.post(t, l.at("/statuses/"+status+"/comments"), map[string]any{"text": text}).want(http.StatusCreated).text("id")
	l.note("comments", by, workspace, id)
}

func (l *ledger) like(t *testing.T, by *caller, workspace, status string) {
	t.Helper()
	by.put(t, l.at("/statuses/"+status+"/reactions/like"), nil).want(http.StatusOK)
	l.acted(by, workspace)
}

// closes books which tasks should have been finished by the week's end.
func (l *ledger) closes(end time.Time) {
	for id, task := range l.tasks {
		if task.finished || task.due.IsZero() || !task.due.Before(end) {
			continue
		}
		l.week.add(l.org, "tasks_overdue", id)
		l.week.add(task.workspace, "tasks_overdue", id)
		for _, c := range task.assignees {
			l.week.add(c.account, "tasks_overdue", id)
		}
	}
}

// turn begins the next week's page.
func (l *ledger) turn() { l.former, l.week = l.week, book{} }

// section is what the weekly mail should say of a scope: each figure with its change from the week before.
func (l *ledger) section(scope string, names []string) map[string]string {
	out := map[string]string{}
	line := func(figure string, compared bool) {
		now, before := len(l.week[scope][figure]), len(l.former[scope][figure])
		out[figureLines[figure]] = fmt.Sprint(now)
		if compared && now != before {
			out[figureLines[figure]] += fmt.Sprintf(" (%+d)", now-before)
		}
	}
	for _, figure := range names {
		line(figure, true)
	}
	if len(l.week[scope]) > 0 {
		line("tasks_overdue", len(l.former[scope]) > 0)
	}
	return out
}

// sections are what a weekly mail says, by its headings.
func (m letter) sections() map[string]map[string]string {
	out := map[string]map[string]string{}
	heading := ""
	for text := range strings.SplitSeq(m.Text, "\n") {
		figure, indented := strings.CutPrefix(text, "  ")
		if !indented {
			if text != "" {
				heading = text
			}
			continue
		}
		name, value, found := strings.Cut(figure, ": ")
		if !found {
			continue
		}
		if out[heading] == nil {
			out[heading] = map[string]string{}
		}
		out[heading][name] = value
	}
	return out
}

// wantSections compares what a weekly mail says with what the ledger has.
func (m letter) wantSections(t *testing.T, want map[string]map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, m.sections()); diff != "" {
		t.Errorf("the weekly mail to %s (-want +got):\n%s\n%s", m.To, diff, m.Text)
	}
}

// digests are the weekly mails to somebody about a week.
func (s *stack) digests(c *caller, week string) []letter {
	return slices.DeleteFunc(s.inbox.to(c.address), func(m letter) bool { return !strings.HasSuffix(m.Subject, "week of "+weekIn(week, "", englishMonths)) })
}

// digest waits for somebody's weekly mail, the only one about that week.
func (s *stack) digest(t *testing.T, c *caller, week string) letter {
	t.Helper()
	verandatest.Eventually(t, 60*time.Second, "the mail about the week of "+week+" to "+c.name, func() bool { return len(s.digests(c, week)) > 0 })
	found := s.digests(c, week)
	if len(found) != 1 {
		t.Errorf("%s got %d mails about the week of %s", c.name, len(found), week)
	}
	return found[0]
}

// advanceTo moves the program's clock to a moment, to the second.
func (s *stack) advanceTo(t *testing.T, moment time.Time) {
	t.Helper()
	by := moment.Sub(s.now())
	if by < 0 {
		t.Fatalf("%s has passed already: it is %s", moment, s.now())
	}
	s.advance(t, by.Truncate(time.Second)+time.Second)
}

// nextMonday moves the program's clock to the next Monday, 9:00 UTC, and gives its midnight.
func (s *stack) nextMonday(t *testing.T) time.Time {
	t.Helper()
	now := s.now()
	days := (8 - int(now.Weekday())) % 7
	if days == 0 {
		days = 7
	}
	monday := time.Date(now.Year(), now.Month(), now.Day()+days, 0, 0, 0, 0, time.UTC)
	s.advanceTo(t, monday.Add(9*time.Hour))
	return monday
}

// endWeek moves the program's clock behind the end of the week that begins on a Monday, so far that it is computed.
func (s *stack) endWeek(t *testing.T, monday time.Time) {
	t.Helper()
	s.advanceTo(t, monday.AddDate(0, 0, 7).Add(20*time.Minute))
}

// weeks waits until a scope's newest finished week is the one that begins on a Monday, and gives the list.
func (c *caller) weeks(t *testing.T, h *house, scope string, monday time.Time) *reply {
	t.Helper()
	path := h.at("/statistics/weeks?scope=" + scope)
	verandatest.Eventually(t, 60*time.Second, "the week of "+monday.Format(time.DateOnly)+" is computed", func() bool {
		return c.get(t, path).want(http.StatusOK).field("items.0.week") == monday.Format(time.DateOnly)
	})
	return c.get(t, path)
}
