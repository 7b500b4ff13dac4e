package tasks

import (
	"slices"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

// Unit is what a recurrence after completion is counted in.
type Unit string

// The units.
const (
	Days   Unit = "day"
	Weeks  Unit = "week"
	Months Unit = "month"
)

// Recurrence says how a task repeats: by a rule of RFC 5545, or so long after it was finished. When a recurring task is
// finished, its next instance is made.
type Recurrence struct {
	// Rule is a rule of RFC 5545, section 3.3.10, such as "FREQ=WEEKLY;BYDAY=MO"; empty where Every and Unit are given. It
	// counts from the due moment, or from the start where there is none, on the clock of the task's zone.
	Rule string `json:"rule,omitempty"`
	// Every and Unit are the time from the day on which the task is finished to the day on which the next one is due.
	Every int  `json:"every,omitempty"`
	Unit  Unit `json:"unit,omitempty" enum:"day,week,month"`
	// Next is the instance that was made when this one was finished, also when this one is reopened or finished again.
	Next ID `json:"next_id,omitzero"`

	// Anchor is where the rule begins, and At the occurrence that this instance is, both as the wall shows them in the
	// task's zone: moving one instance changes neither.
	Anchor time.Time `json:"-"`
	At     time.Time `json:"-"`
	// Kept is what following instances are like where this one differs.
	Kept *Kept `json:"-"`
}

// Kept are the fields that were changed in one instance only: as they are in the following ones.
type Kept struct {
	Title       *string              `json:"title,omitempty"`
	Description *string              `json:"description,omitempty"`
	Priority    *int                 `json:"priority,omitempty"`
	Assignees   *[]veranda.AccountID `json:"assignees,omitempty"`
	Labels      *[]string            `json:"labels,omitempty"`
}

// recurStore is a recurrence as a row keeps it.
type recurStore struct {
	Rule   string    `json:"rule,omitempty"`
	Every  int       `json:"every,omitempty"`
	Unit   Unit      `json:"unit,omitempty"`
	Next   ID        `json:"next,omitzero"`
	Anchor time.Time `json:"anchor"`
	At     time.Time `json:"at"`
	Kept   *Kept     `json:"kept,omitempty"`
}

func (r *Recurrence) stored() *recurStore {
	if r == nil {
		return nil
	}
	stored := recurStore(*r)
	return &stored
}

func (r *recurStore) recurrence() *Recurrence {
	if r == nil {
		return nil
	}
	read := Recurrence(*r)
	return &read
}

func (r *Recurrence) clone() *Recurrence {
	if r == nil {
		return nil
	}
	c := *r
	if r.Kept != nil {
		kept := *r.Kept
		c.Kept = &kept
	}
	return &c
}

// text is the recurrence as events and histories show it.
func (r *Recurrence) text() string {
	switch {
	case r == nil:
		return ""
	case r.Rule != "":
		return r.Rule
	default:
		return strconv.Itoa(r.Every) + " " + string(r.Unit) + " after completion"
	}
}

// RecurrenceInput says how a task is to repeat: by rule, or by every and unit.
type RecurrenceInput struct {
	Rule  string `json:"rule,omitempty" doc:"A rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO;COUNT=10. Daily to yearly; it may go on for ever, and must match something."`
	Every int    `json:"every,omitempty" minimum:"0" maximum:"1000" doc:"So many units after the task is finished the next one is due; in place of rule."`
	Unit  Unit   `json:"unit,omitempty" enum:"day,week,month" doc:"What every counts."`
}

// basis is what a task's recurrence counts from, as the wall shows it: the due moment, or the start. A day is its midnight.
func (t *Task) basis() (wall time.Time, ok bool) {
	moment, day := t.DueAt, t.DueOn
	if moment == nil {
		moment, day = t.StartAt, t.StartOn
	}
	if moment == nil {
		return wall, false
	}
	if wall, err := time.Parse(time.DateOnly, day); err == nil {
		return wall, true
	}
	return recurrence.Wall(*moment, t.zone()).Truncate(time.Second), true
}

// check gives the recurrence of a task whose moments are settled, or reports what is wrong with it.
func (in *RecurrenceInput) check(c *veranda.Checks, pointer string, t *Task) *Recurrence {
	r := &Recurrence{Every: in.Every, Unit: in.Unit}
	switch {
	case in.Rule != "" && (in.Every != 0 || in.Unit != ""):
		c.Add(pointer+"/every", "exclusive", "must not be given together with rule")
	case in.Rule != "":
		pattern, err := recurrence.Parse(in.Rule)
		if problem, bad := recurrence.Explain(err); bad {
			c.Add(pointer+"/rule", problem.Rule, problem.Message)
			break
		}
		r.Rule = pattern.String()
	default:
		c.Range(pointer+"/every", int64(in.Every), 1, 1000)
		veranda.OneOf(c, pointer+"/unit", in.Unit, Days, Weeks, Months)
	}
	if c.Failed(pointer) || t == nil {
		return nil
	}
	wall, ok := t.basis()
	if !ok {
		c.Add(pointer, "moment", "needs a due moment or a start to count from")
		return nil
	}
	r.Anchor, r.At = wall, wall
	if r.Rule != "" {
		if _, err := r.rule(t.zone()).First(); err != nil {
			problem, _ := recurrence.Explain(err)
			c.Add(pointer+"/rule", problem.Rule, problem.Message)
			return nil
		}
	}
	return r
}

// rule is the rule from its anchor on.
func (r *Recurrence) rule(zone *time.Location) recurrence.Rule {
	pattern, err := recurrence.Parse(r.Rule)
	if err != nil { // it was parsed before it was stored; the zero pattern has no occurrence
		return recurrence.Pattern{}.At(r.Anchor, zone)
	}
	return pattern.At(r.Anchor, zone)
}

// next is the wall time of the occurrence behind the task's own that is not over yet; ok is false at the series' end.
// What was missed while the task was open is not made up for.
func (t *Task) next(now time.Time) (wall time.Time, ok bool) {
	r, zone := t.Recurrence, t.zone()
	if r == nil {
		return wall, false
	}
	today := recurrence.Wall(now, zone)
	if r.Rule == "" {
		year, month, day := today.Date()
		hour, minute, second := r.At.Clock()
		switch r.Unit {
		case Weeks:
			day += 7 * r.Every
		case Months:
			// The last day of a shorter month, not a day of the one after.
			month += time.Month(r.Every)
			day = min(day, time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day())
		default:
			day += r.Every
		}
		wall = time.Date(year, month, day, hour, minute, second, 0, time.UTC)
		return wall, wall.Year() < 9998
	}
	after := recurrence.Resolve(r.At, zone)
	if _, days := t.days(); days {
		// A day is not over before its end.
		now = recurrence.Resolve(today.Truncate(24*time.Hour), zone).Add(-time.Second)
	}
	if now.After(after) {
		after = now
	}
	next, ok := r.rule(zone).Next(after)
	return next.Wall, ok && next.Wall.Year() < 9998
}

// days tells whether what the recurrence counts from is a day.
func (t *Task) days() (day string, is bool) {
	if t.DueAt != nil {
		return t.DueOn, t.DueOn != ""
	}
	return t.StartOn, t.StartOn != ""
}

// advance makes the task the occurrence at a wall time: what the recurrence counts from lies there, and all else moves by
// the distance from the occurrence that it was. It gives the distance.
func (t *Task) advance(wall time.Time) time.Duration {
	distance := wall.Sub(t.Recurrence.At)
	_, days := t.days()
	due := t.DueAt != nil
	t.move(distance)
	switch {
	case days && due:
		t.DueOn = wall.Format(time.DateOnly)
	case days:
		t.StartOn = wall.Format(time.DateOnly)
	case due:
		t.DueAt = resolved(wall, t.zone())
	default:
		t.StartAt = resolved(wall, t.zone())
	}
	if !t.settle() { // one instance was moved before its own start
		t.StartAt, t.StartOn = t.DueAt, ""
	}
	t.Recurrence.At = wall
	return distance
}

func resolved(wall time.Time, zone *time.Location) *time.Time {
	moment := recurrence.Resolve(wall, zone).UTC()
	return &moment
}

// anchor lets the recurrence count from the task's present moments on: for a change of this instance and those that follow.
// What COUNT has used up stays used up.
func (t *Task) anchor() {
	wall, ok := t.basis()
	if r := t.Recurrence; r != nil && ok && !wall.Equal(r.At) {
		pattern, err := recurrence.Parse(r.Rule)
		if used := 0; err == nil && pattern.Count() > 0 {
			used = r.rule(t.zone()).Before(r.At)
			r.Rule = pattern.WithCount(max(1, pattern.Count()-used)).String()
		}
		r.Anchor, r.At = wall, wall
	}
}

// Scope says which instances of a recurring task a change is about.
type Scope string

// The scopes.
const (
	ThisOnly  Scope = "this"
	Following Scope = "following"
)

// recur lets the instances that follow a changed one be as the change's scope says. was is the task before the change.
func (in *UpdateInput) recur(was, t *Task) error {
	r := t.Recurrence
	if r == nil {
		return nil
	}
	if _, ok := t.basis(); !ok {
		var c veranda.Checks
		c.Add("/recurrence", "moment", "needs a due moment or a start to count from: stop the recurrence first")
		return c.Err()
	}
	if r.Kept == nil {
		r.Kept = &Kept{}
	}
	keep(in.Scope, &r.Kept.Title, was.Title, was.Title != t.Title)
	keep(in.Scope, &r.Kept.Description, was.Description, was.Description != t.Description)
	keep(in.Scope, &r.Kept.Priority, was.Priority, was.Priority != t.Priority)
	keep(in.Scope, &r.Kept.Assignees, was.Assignees, !slices.Equal(was.Assignees, t.Assignees))
	keep(in.Scope, &r.Kept.Labels, was.Labels, !slices.Equal(was.Labels, t.Labels))
	if *r.Kept == (Kept{}) {
		r.Kept = nil
	}
	// What the recurrence counts from may be another moment now, or a day.
	_, wasDay := was.days()
	_, isDay := t.days()
	if in.Scope != ThisOnly || (was.DueAt == nil) != (t.DueAt == nil) || wasDay != isDay || was.TimeZone != t.TimeZone {
		before, _ := was.basis()
		if after, _ := t.basis(); !after.Equal(before) || wasDay != isDay {
			t.anchor()
		}
	}
	return nil
}

// keep notes what a field is like in following instances.
func keep[T any](scope Scope, kept **T, was T, changed bool) {
	switch {
	case !changed:
	case scope != ThisOnly:
		*kept = nil
	case *kept == nil:
		*kept = &was
	}
}

// restore makes a copy of the task what following instances are like.
func (k *Kept) restore(t *Task) {
	if k == nil {
		return
	}
	if k.Title != nil {
		t.Title = *k.Title
	}
	if k.Description != nil {
		t.Description = *k.Description
	}
	if k.Priority != nil {
		t.Priority = *k.Priority
	}
	if k.Assignees != nil {
		t.Assignees = list(*k.Assignees)
	}
	if k.Labels != nil {
		t.Labels = list(*k.Labels)
	}
}
