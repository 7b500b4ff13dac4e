package tasks

import (
	"math"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

type reminderKind struct{}

// ReminderID is the id of a reminder.
type ReminderID = veranda.ID[reminderKind]

const (
	// MaxReminders is how many reminders a person has of a task.
	MaxReminders = 10
	// MaxReminderMinutes is how long before a task's moment a reminder can be: a year.
	MaxReminderMinutes = 366 * 24 * 60
)

// Relative says what the minutes of a reminder are counted back from.
type Relative string

// What reminders are relative to.
const (
	BeforeDue   Relative = "due"
	BeforeStart Relative = "start"
)

// Reminder is when a person wants to be told of a task; it is theirs alone. It comes once, when its moment comes, while the
// task is open and the person sees it. One that is relative to the task's due moment or start moves with that, and comes
// again where it had come before.
type Reminder struct {
	Task ID         `json:"task_id"`
	ID   ReminderID `json:"id"`
	// At is the moment of a reminder that is relative to nothing.
	At *time.Time `json:"at,omitempty"`
	// RelativeTo and Minutes are of one that comes so many minutes before.
	RelativeTo Relative `json:"relative_to,omitempty" enum:"due,start"`
	Minutes    int      `json:"minutes,omitempty"`
	// NextAt is when it comes; absent when it has come, or has nothing to come for.
	NextAt *time.Time `json:"next_at,omitempty"`
}

// micros is the reminder's moment in microseconds since 1970.
func (r *Reminder) micros(t *Task) int64 {
	moment := r.At
	switch r.RelativeTo {
	case BeforeDue:
		moment = t.DueAt
	case BeforeStart:
		moment = t.StartAt
	}
	if moment == nil {
		return never
	}
	return moment.UnixMicro() - int64(r.Minutes)*time.Minute.Microseconds()
}

// never is a moment that has always been over.
const never = math.MinInt64 / 2

// arm sets when the reminder comes, which is in the future or not at all.
func (r *Reminder) arm(t *Task, now time.Time) {
	r.NextAt = nil
	if at := r.micros(t); t.State == Open && at > now.UnixMicro() {
		moment := time.UnixMicro(at).UTC()
		r.NextAt = &moment
	}
}

// AddReminderInput is a new reminder: at a moment, or so long before the task is due or starts.
type AddReminderInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Task       ID            `path:"task" json:"-"`
	At         *time.Time    `json:"at,omitempty" doc:"The moment; not together with relative_to."`
	RelativeTo Relative      `json:"relative_to,omitempty" enum:"due,start" doc:"What the minutes are counted back from."`
	Minutes    int           `json:"minutes,omitempty" minimum:"0" maximum:"527040" doc:"So many minutes before the task is due, or starts."`
}

func (in *AddReminderInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	in.At = checkDue(&c, "/at", in.At)
	if in.RelativeTo != "" {
		veranda.OneOf(&c, "/relative_to", in.RelativeTo, BeforeDue, BeforeStart)
	}
	c.Range("/minutes", int64(in.Minutes), 0, MaxReminderMinutes)
	switch {
	case in.At == nil && in.RelativeTo == "":
		c.Add("/at", "required", "must be given, or relative_to in place of it")
	case in.At != nil && (in.RelativeTo != "" || in.Minutes != 0):
		c.Add("/relative_to", "exclusive", "must not be given together with at")
	}
	return c.Err()
}

// DeleteReminderInput names a reminder.
type DeleteReminderInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	Task     ID            `path:"task" json:"-"`
	Reminder ReminderID    `path:"reminder" json:"-"`
}

func (in *DeleteReminderInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	veranda.Required(&c, "/reminder", in.Reminder)
	return c.Err()
}

// shiftMicros moves a moment by a distance on the clock of a zone.
func shiftMicros(at int64, distance time.Duration, zone *time.Location) int64 {
	wall := recurrence.Wall(time.UnixMicro(at), zone).Add(distance)
	return recurrence.Resolve(wall, zone).UnixMicro()
}
