package tasks

import (
	"encoding/json"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

type seriesKind struct{}

// SeriesID is what the instances of a recurring task have in common.
type SeriesID = veranda.ID[seriesKind]

// Schedule says when a task begins, in which zone its days are, and how it repeats.
type Schedule struct {
	// StartAt is when work on it begins; absent when that does not matter. It is not after DueAt.
	StartAt *time.Time `json:"start_at,omitempty"`
	// StartOn and DueOn are the days where no time of day was given, as "2026-11-30". StartAt is then the beginning of that
	// day in TimeZone, and DueAt its last microsecond.
	StartOn string `json:"start_on,omitempty" format:"date"`
	DueOn   string `json:"due_on,omitempty" format:"date"`
	// TimeZone is a name of the IANA data base; absent means UTC.
	TimeZone string `json:"time_zone,omitempty"`
	// Recurrence says how it repeats; absent when it does not.
	Recurrence *Recurrence `json:"recurrence,omitempty"`
	// Series is what the instances of a recurring task have in common; it stays when the recurrence is stopped.
	Series SeriesID `json:"series_id,omitzero"`
}

// zone is where the task's days are.
func (s *Schedule) zone() *time.Location {
	if zone := recurrence.Zone(s.TimeZone); zone != nil {
		return zone
	}
	return time.UTC
}

// storedSchedule is what a row keeps of a schedule beside the moments.
type storedSchedule struct {
	Zone       string      `json:"zone,omitempty"`
	StartDay   bool        `json:"start_day,omitempty"`
	DueDay     bool        `json:"due_day,omitempty"`
	Recurrence *recurStore `json:"recurrence,omitempty"`
}

// encodeSchedule is empty for the many tasks without any of it.
func (s *Schedule) encodeSchedule() string {
	stored := storedSchedule{Zone: s.TimeZone, StartDay: s.StartOn != "", DueDay: s.DueOn != "", Recurrence: s.Recurrence.stored()}
	if stored == (storedSchedule{}) {
		return ""
	}
	text, err := json.Marshal(stored)
	if err != nil { // plain fields always marshal
		panic(err)
	}
	return string(text)
}

// decodeSchedule reads what encodeSchedule wrote; the moments are read already.
func (t *Task) decodeSchedule(text string) error {
	if text == "" {
		return nil
	}
	var stored storedSchedule
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		return err
	}
	t.TimeZone = stored.Zone
	if stored.StartDay && t.StartAt != nil {
		t.StartOn = t.StartAt.In(t.zone()).Format(time.DateOnly)
	}
	if stored.DueDay && t.DueAt != nil {
		t.DueOn = t.DueAt.In(t.zone()).Format(time.DateOnly)
	}
	t.Recurrence = stored.Recurrence.recurrence()
	return nil
}

// startOfDay and endOfDay are the first and the last moment of a day, given as a wall time at midnight, in a zone.
func startOfDay(day time.Time, zone *time.Location) *time.Time {
	moment := recurrence.Resolve(day, zone).UTC()
	return &moment
}

func endOfDay(day time.Time, zone *time.Location) *time.Time {
	moment := recurrence.Resolve(day.AddDate(0, 0, 1), zone).UTC().Add(-time.Microsecond)
	return &moment
}

// ScheduleInput are the moments of a new task.
type ScheduleInput struct {
	StartAt  *time.Time `json:"start_at,omitempty" doc:"When work on it begins; not after it is due."`
	StartOn  string     `json:"start_on,omitempty" doc:"The day on which work begins, as 2026-11-30, in place of start_at."`
	DueOn    string     `json:"due_on,omitempty" doc:"The day on which it is due, as 2026-11-30, in place of due_at: by the end of that day in time_zone."`
	TimeZone string     `json:"time_zone,omitempty" maxLength:"64" doc:"A name of the IANA data base, such as Europe/Berlin: where its days are, and whose clock its repetitions keep to. UTC when absent."`
}

// checkDay checks a day.
func checkDay(c *veranda.Checks, pointer, text string) (day time.Time) {
	if text == "" {
		return day
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1900 || day.Year() > 9998 {
		c.Add(pointer, "date", "must be a day such as 2026-11-30, of the years 1900 to 9998")
	}
	return day
}

func checkZone(c *veranda.Checks, pointer, name string) {
	if name != "" && recurrence.Zone(name) == nil {
		c.Add(pointer, "time_zone", "must be a name of the IANA data base, such as Europe/Berlin")
	}
}

// check checks a start and a due moment, each a moment or a day.
func (in *ScheduleInput) check(c *veranda.Checks, dueAt *time.Time) {
	if in.StartAt != nil {
		moment := c.Moment("/start_at", *in.StartAt)
		in.StartAt = &moment
	}
	checkZone(c, "/time_zone", in.TimeZone)
	checkDay(c, "/start_on", in.StartOn)
	checkDay(c, "/due_on", in.DueOn)
	if in.StartAt != nil && in.StartOn != "" {
		c.Add("/start_on", "exclusive", "must not be given together with start_at")
	}
	if dueAt != nil && in.DueOn != "" {
		c.Add("/due_on", "exclusive", "must not be given together with due_at")
	}
}

// settle brings the days of a task into its zone, and tells whether it begins before it is due.
func (t *Task) settle() bool {
	zone := t.zone()
	if day, err := time.Parse(time.DateOnly, t.StartOn); err == nil {
		t.StartAt = startOfDay(day, zone)
	}
	if day, err := time.Parse(time.DateOnly, t.DueOn); err == nil {
		t.DueAt = endOfDay(day, zone)
	}
	return t.StartAt == nil || t.DueAt == nil || !t.StartAt.After(*t.DueAt)
}

// schedule puts the moments of a new task into it.
func (in *CreateInput) schedule(c *veranda.Checks) (s Task) {
	s.DueAt, s.Schedule = in.DueAt, Schedule{StartAt: in.StartAt, StartOn: in.StartOn, DueOn: in.DueOn, TimeZone: in.TimeZone}
	if c.Failed("/time_zone") || c.Failed("/start_at") || c.Failed("/start_on") || c.Failed("/due_at") || c.Failed("/due_on") {
		return s
	}
	if !s.settle() {
		c.Add("/start_at", "order", "must not be after the task is due")
		return s
	}
	if in.Recurrence != nil {
		s.Recurrence = in.Recurrence.check(c, "/recurrence", &s)
		if s.Recurrence != nil {
			s.Series = veranda.NewID[seriesKind]()
		}
	}
	return s
}

// shift moves a moment by a distance on the clock of a zone.
func shift(moment *time.Time, distance time.Duration, zone *time.Location) *time.Time {
	if moment == nil {
		return nil
	}
	moved := recurrence.Resolve(recurrence.Wall(*moment, zone).Add(distance), zone).UTC()
	return &moved
}

// move moves start and due moment by a distance on the clock of the task's zone; days stay days.
func (t *Task) move(distance time.Duration) {
	zone := t.zone()
	moveDay := func(text string) string {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return ""
		}
		return day.Add(distance).Format(time.DateOnly)
	}
	t.StartAt, t.DueAt = shift(t.StartAt, distance, zone), shift(t.DueAt, distance, zone)
	t.StartOn, t.DueOn = moveDay(t.StartOn), moveDay(t.DueOn)
	t.settle()
}

// reschedule changes start, due moment and zone, and says what was changed. A day stays that day in another zone; a moment
// stays that moment.
func (in *UpdateInput) reschedule(t *Task) (changes []Change) {
	was := *t
	if in.DueAt != nil || in.DueOn != "" || in.ClearDue {
		t.DueAt, t.DueOn = in.DueAt, in.DueOn
	}
	if in.StartAt != nil || in.StartOn != "" || in.ClearStart {
		t.StartAt, t.StartOn = in.StartAt, in.StartOn
	}
	if in.TimeZone != "" {
		t.TimeZone = in.TimeZone
	}
	t.settle()
	if !sameMoment(was.DueAt, t.DueAt) || was.DueOn != t.DueOn {
		changes = append(changes, Change{Field: "due_at", Old: value(was.DueAt), New: value(t.DueAt)})
	}
	if !sameMoment(was.StartAt, t.StartAt) || was.StartOn != t.StartOn {
		changes = append(changes, Change{Field: "start_at", Old: value(was.StartAt), New: value(t.StartAt)})
	}
	if was.TimeZone != t.TimeZone {
		changes = append(changes, Change{Field: "time_zone", Old: was.TimeZone, New: t.TimeZone})
	}
	return changes
}
