package calendar

import (
	"slices"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

// series is an event as it is worked with: what happens once is a series of one.
type series struct {
	id                        ID
	org                       veranda.OrgID
	workspace                 veranda.WorkspaceID
	title, description, place string
	when                      when
	pattern                   recurrence.Pattern
	last                      time.Time // wall; zero for what never ends
	cancelled                 []string
	changes                   []changed
	guests                    []Guest
	reminders                 []int
	createdBy                 veranda.AccountID
	createdAt, updatedAt      time.Time
	version                   int64
}

// when is a time on the wall of a zone, and how long it takes.
type when struct {
	allDay  bool
	zone    *time.Location
	wall    time.Time
	seconds int64
}

// changed is a Change as it is stored.
type changed struct {
	Occurrence  string `json:"occurrence"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Place       string `json:"place"`
	Wall        string `json:"wall"`
	Seconds     int64  `json:"seconds"`
}

// at is the same length of time from another wall time on.
func (w when) at(wall time.Time) when {
	w.wall = wall
	return w
}

func (w when) length() time.Duration { return time.Duration(w.seconds) * time.Second }

// instants are the start and the end. Days end when the wall says so, hours when they have passed.
func (w when) instants() (start, end time.Time) {
	start = recurrence.Resolve(w.wall, w.zone).UTC()
	if w.allDay {
		return start, recurrence.Resolve(w.wall.Add(w.length()), w.zone).UTC()
	}
	return start, start.Add(w.length())
}

// dates are the first and the last day of what takes whole days.
func (w when) dates() (first, last string) {
	if !w.allDay {
		return "", ""
	}
	return w.wall.Format(layoutDate), w.wall.Add(w.length() - 24*time.Hour).Format(layoutDate)
}

func (s *series) recurring() bool { return !s.pattern.IsZero() }

// rule is the series' rule, without what is cancelled or changed.
func (s *series) rule() recurrence.Rule {
	except := make([]time.Time, 0, len(s.cancelled)+len(s.changes))
	for _, name := range s.cancelled {
		if wall, err := wallOf(name, s.when.allDay); err == nil {
			except = append(except, wall)
		}
	}
	for _, c := range s.changes {
		if wall, err := wallOf(c.Occurrence, s.when.allDay); err == nil {
			except = append(except, wall)
		}
	}
	rule := s.pattern.At(s.when.wall, s.when.zone, except...)
	if !s.last.IsZero() {
		rule = rule.Known(s.last)
	}
	return rule
}

// whole is the rule with all its occurrences.
func (s *series) whole() recurrence.Rule { return s.pattern.At(s.when.wall, s.when.zone) }

func (c *changed) when(of when) when {
	wall, err := time.Parse(layoutWall, c.Wall)
	if err != nil {
		return of // nothing else is stored
	}
	of.wall, of.seconds = wall, c.Seconds
	return of
}

// never is the end of what never ends.
var never = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// The spans, see the schema.
const (
	spanShort = iota
	spanLong
	spanSeries
)

// bounds are what ranges of time are found by.
func (s *series) bounds() (span int, start, end time.Time) {
	start, end = s.when.instants()
	switch {
	case !s.recurring():
		if s.when.length() > 24*time.Hour {
			return spanLong, start, end
		}
		return spanShort, start, end
	case s.last.IsZero():
		end = never
	default:
		_, end = s.when.at(s.last).instants()
	}
	for i := range s.changes {
		from, to := s.changes[i].when(s.when).instants()
		if from.Before(start) {
			start = from
		}
		if to.After(end) {
			end = to
		}
	}
	return spanSeries, start, end
}

// occurrence is one time the series takes place; change is nil where it is as the others.
type occurrence struct {
	name   string
	when   when
	start  time.Time
	change *changed
}

// longest is how long an occurrence takes at most, with a day for the changes of clocks.
func (s *series) longest() time.Duration {
	longest := s.when.seconds
	for i := range s.changes {
		longest = max(longest, s.changes[i].Seconds)
	}
	return time.Duration(longest)*time.Second + 24*time.Hour
}

// between gives the occurrences that begin within from ≤ start < to, not in order.
func (s *series) between(from, to time.Time) (list []occurrence) {
	within := func(start time.Time) bool { return !start.Before(from) && start.Before(to) }
	if !s.recurring() {
		if start, _ := s.when.instants(); within(start) {
			list = append(list, occurrence{when: s.when, start: start})
		}
		return list
	}
	for _, o := range s.rule().Between(from, to) {
		list = append(list, occurrence{name: nameOf(o.Wall, s.when.allDay), when: s.when.at(o.Wall), start: o.At.UTC()})
	}
	for i := range s.changes {
		w := s.changes[i].when(s.when)
		if start, _ := w.instants(); within(start) {
			list = append(list, occurrence{name: s.changes[i].Occurrence, when: w, start: start, change: &s.changes[i]})
		}
	}
	return list
}

// nextStart is the first start after a moment.
func (s *series) nextStart(after time.Time) (next time.Time, ok bool) {
	keep := func(start time.Time) {
		if start.After(after) && (!ok || start.Before(next)) {
			next, ok = start, true
		}
	}
	if !s.recurring() {
		start, _ := s.when.instants()
		keep(start)
		return next, ok
	}
	if o, found := s.rule().Next(after); found {
		keep(o.At.UTC())
	}
	for i := range s.changes {
		start, _ := s.changes[i].when(s.when).instants()
		keep(start)
	}
	return next, ok
}

// nextReminder is when the next reminder after a moment is due; zero for none.
func (s *series) nextReminder(after time.Time) (next time.Time) {
	for _, minutes := range s.reminders {
		before := time.Duration(minutes) * time.Minute
		start, ok := s.nextStart(after.Add(before))
		if at := start.Add(-before); ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

func (s *series) guest(account veranda.AccountID) int {
	return slices.IndexFunc(s.guests, func(g Guest) bool { return g.Account == account })
}

// mine tells whether somebody made the event or is invited and has not declined.
func (s *series) mine(account veranda.AccountID) bool {
	if account.IsZero() {
		return false
	}
	at := s.guest(account)
	return s.createdBy == account || at >= 0 && s.guests[at].Answer != Declined
}

// clone shares nothing that changes.
func (s *series) clone() *series {
	c := *s
	c.cancelled, c.changes, c.guests, c.reminders = slices.Clone(s.cancelled), slices.Clone(s.changes), slices.Clone(s.guests), slices.Clone(s.reminders)
	return &c
}

// event is the series as callers see it.
func (s *series) event() *Event {
	e := &Event{
		ID: s.id, Org: s.org, Workspace: s.workspace, Title: s.title, Description: s.description, Place: s.place, AllDay: s.when.allDay,
		TimeZone: s.when.zone.String(), Recurrence: s.pattern.String(), Cancelled: s.cancelled, Guests: s.guests, Reminders: s.reminders,
		CreatedBy: s.createdBy, CreatedAt: s.createdAt, UpdatedAt: s.updatedAt, Version: s.version,
	}
	if e.Guests == nil {
		e.Guests = []Guest{}
	}
	if e.Reminders == nil {
		e.Reminders = []int{}
	}
	e.StartsAt, e.EndsAt = s.when.instants()
	e.StartDate, e.EndDate = s.when.dates()
	for i := range s.changes {
		c := &s.changes[i]
		w := c.when(s.when)
		out := Change{Occurrence: c.Occurrence, Title: c.Title, Description: c.Description, Place: c.Place}
		out.StartsAt, out.EndsAt = w.instants()
		out.StartDate, out.EndDate = w.dates()
		e.Changed = append(e.Changed, out)
	}
	return e
}

// repeat gives the series a pattern: the start moves to its first occurrence, what was changed or cancelled stays where
// the pattern still has it. pattern may be none.
func (s *series) repeat(pattern recurrence.Pattern) error {
	s.pattern, s.last = pattern, time.Time{}
	if pattern.IsZero() {
		s.cancelled, s.changes = nil, nil
		return nil
	}
	first, err := s.whole().First()
	if err != nil {
		return err
	}
	s.when.wall = first.Wall
	if last, ok := s.whole().Last(); ok {
		s.last = last.Wall
	}
	gone := func(name string) bool {
		wall, err := wallOf(name, s.when.allDay)
		if err != nil {
			return true
		}
		_, has := s.whole().Has(wall)
		return !has
	}
	s.cancelled = slices.DeleteFunc(slices.Clone(s.cancelled), gone)
	s.changes = slices.DeleteFunc(slices.Clone(s.changes), func(c changed) bool { return gone(c.Occurrence) })
	return nil
}
