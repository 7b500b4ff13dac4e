package calendar

import (
	"slices"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

// CreateInput is a new event: with starts_at and ends_at, or with whole days.
type CreateInput struct {
	Org         veranda.OrgID       `path:"org" json:"-"`
	Workspace   veranda.WorkspaceID `path:"workspace" json:"-"`
	Title       string              `json:"title" minLength:"1" maxLength:"200"`
	Description string              `json:"description,omitempty" maxLength:"20000"`
	Place       string              `json:"place,omitempty" maxLength:"500"`
	StartsAt    *time.Time          `json:"starts_at,omitempty"`
	EndsAt      *time.Time          `json:"ends_at,omitempty" doc:"Not before starts_at, at most 366 days after it, 31 where it repeats."`
	StartDate   string              `json:"start_date,omitempty" maxLength:"10" doc:"The first day of what takes whole days, 2026-05-01."`
	EndDate     string              `json:"end_date,omitempty" maxLength:"10" doc:"The last of these days; the first where it is left out."`
	TimeZone    string              `json:"time_zone,omitempty" maxLength:"64" doc:"The zone on whose clock it happens and repeats, by its IANA name; UTC where it is left out."`
	Recurrence  string              `json:"recurrence,omitempty" maxLength:"500" doc:"A rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO. The event begins with the rule's first occurrence."`
	Guests      []veranda.AccountID `json:"guests,omitempty" maxItems:"200" doc:"Who is invited; they must see the workspace."`
	Reminders   []int               `json:"reminders,omitempty" maxItems:"5" doc:"Minutes before each start, up to four weeks."`

	when    when
	pattern recurrence.Pattern
}

func (in *CreateInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	in.Title = c.Line("/title", in.Title, 1, MaxTitle)
	in.Description = c.Text("/description", in.Description, 0, MaxDescription)
	in.Place = c.Line("/place", in.Place, 0, MaxPlace)
	in.when = checkTimes(&c, times{in.StartsAt, in.EndsAt, in.StartDate, in.EndDate}, checkZone(&c, in.TimeZone))
	in.pattern = checkPattern(&c, in.Recurrence)
	checkGuests(&c, in.Guests)
	in.Reminders = checkReminders(&c, in.Reminders)
	if c.Err() == nil {
		checkRepeat(&c, &series{when: in.when}, in.pattern)
	}
	return c.Err()
}

// GetInput names an event.
type GetInput struct {
	Org   veranda.OrgID `path:"org" json:"-"`
	Event ID            `path:"event" json:"-"`
}

// UpdateInput changes an event, and with it all its occurrences; what is left out stays as it is. Occurrences that were
// changed or cancelled one by one stay so, as far as there are such after the change.
type UpdateInput struct {
	Org         veranda.OrgID       `path:"org" json:"-"`
	Event       ID                  `path:"event" json:"-"`
	Version     int64               `header:"If-Match" json:"-"`
	Title       *string             `json:"title,omitempty" minLength:"1" maxLength:"200"`
	Description *string             `json:"description,omitempty" maxLength:"20000"`
	Place       *string             `json:"place,omitempty" maxLength:"500"`
	StartsAt    *time.Time          `json:"starts_at,omitempty" doc:"Together with ends_at."`
	EndsAt      *time.Time          `json:"ends_at,omitempty"`
	StartDate   string              `json:"start_date,omitempty" maxLength:"10"`
	EndDate     string              `json:"end_date,omitempty" maxLength:"10"`
	TimeZone    string              `json:"time_zone,omitempty" maxLength:"64" doc:"Alone, it leaves what the clock on the wall shows."`
	Recurrence  *string             `json:"recurrence,omitempty" maxLength:"500" doc:"Empty for what happens once."`
	Guests      []veranda.AccountID `json:"guests,omitempty" maxItems:"200" doc:"All who are invited; an empty list for nobody. Who was invited before keeps their answer."`
	Reminders   []int               `json:"reminders,omitempty" maxItems:"5" doc:"All reminders; an empty list for none."`

	zone    *time.Location
	when    *when
	pattern *recurrence.Pattern
}

func (in *UpdateInput) validate() error {
	var c veranda.Checks
	checkEvent(&c, in.Org, in.Event)
	checkVersion(&c, in.Version)
	checkTexts(&c, in.Title, in.Description, in.Place)
	if in.TimeZone != "" {
		in.zone = checkZone(&c, in.TimeZone)
	}
	if t := (times{in.StartsAt, in.EndsAt, in.StartDate, in.EndDate}); t.given() {
		w := checkTimes(&c, t, in.zone)
		in.when = &w
	}
	if in.Recurrence != nil {
		p := checkPattern(&c, *in.Recurrence)
		in.pattern = &p
	}
	checkGuests(&c, in.Guests)
	if in.Reminders != nil {
		in.Reminders = checkReminders(&c, in.Reminders)
	}
	return c.Err()
}

// DeleteInput deletes an event with all its occurrences.
type DeleteInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Event   ID            `path:"event" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

// OccurrenceInput changes one occurrence of an event that repeats, or with Following that one and all after it: these
// become an event of their own. What is left out is as it was.
type OccurrenceInput struct {
	Org         veranda.OrgID `path:"org" json:"-"`
	Event       ID            `path:"event" json:"-"`
	Occurrence  string        `path:"occurrence" json:"-" maxLength:"19" doc:"The name of the occurrence: the wall time at which it would begin, 2026-03-08T09:30:00, or its date."`
	Version     int64         `header:"If-Match" json:"-"`
	Following   bool          `json:"following,omitempty" doc:"Change this one and all that follow. The answer is the new event that they are."`
	Title       *string       `json:"title,omitempty" minLength:"1" maxLength:"200"`
	Description *string       `json:"description,omitempty" maxLength:"20000"`
	Place       *string       `json:"place,omitempty" maxLength:"500"`
	StartsAt    *time.Time    `json:"starts_at,omitempty" doc:"Together with ends_at."`
	EndsAt      *time.Time    `json:"ends_at,omitempty"`
	StartDate   string        `json:"start_date,omitempty" maxLength:"10"`
	EndDate     string        `json:"end_date,omitempty" maxLength:"10"`

	when *when
}

func (in *OccurrenceInput) validate() error {
	var c veranda.Checks
	checkEvent(&c, in.Org, in.Event)
	checkVersion(&c, in.Version)
	checkTexts(&c, in.Title, in.Description, in.Place)
	if t := (times{in.StartsAt, in.EndsAt, in.StartDate, in.EndDate}); t.given() {
		w := checkTimes(&c, t, nil)
		checkLength(&c, w, MaxRecurringDays)
		in.when = &w
	}
	return c.Err()
}

// CancelInput cancels one occurrence, or with Following that one and all after it.
type CancelInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Event      ID            `path:"event" json:"-"`
	Occurrence string        `path:"occurrence" json:"-" maxLength:"19"`
	Following  bool          `query:"following" json:"-" doc:"Cancel this one and all that follow."`
	Version    int64         `header:"If-Match" json:"-"`
}

// AnswerInput answers an invitation.
type AnswerInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Event  ID            `path:"event" json:"-"`
	Answer Answer        `json:"answer" enum:"accepted,declined,tentative"`
}

func (in *AnswerInput) validate() error {
	var c veranda.Checks
	checkEvent(&c, in.Org, in.Event)
	veranda.OneOf(&c, "/answer", in.Answer, Accepted, Declined, Tentative)
	return c.Err()
}

func checkEvent(c *veranda.Checks, org veranda.OrgID, event ID) {
	veranda.Required(c, "/organization_id", org)
	veranda.Required(c, "/event_id", event)
}

func checkVersion(c *veranda.Checks, version int64) {
	if version < 0 {
		c.Add("/version", "range", "must be a version, or absent")
	}
}

func checkTexts(c *veranda.Checks, title, description, place *string) {
	if title != nil {
		*title = c.Line("/title", *title, 1, MaxTitle)
	}
	if description != nil {
		*description = c.Text("/description", *description, 0, MaxDescription)
	}
	if place != nil {
		*place = c.Line("/place", *place, 0, MaxPlace)
	}
}

// times are the fields that say when, of which there are two kinds.
type times struct {
	startsAt, endsAt   *time.Time
	startDate, endDate string
}

func (t times) given() bool {
	return t.startsAt != nil || t.endsAt != nil || t.startDate != "" || t.endDate != ""
}

// checkTimes reads when something happens. zone is nil where it is not known yet, and the wall time is then in UTC.
func checkTimes(c *veranda.Checks, t times, zone *time.Location) when {
	if zone == nil {
		zone = time.UTC
	}
	if t.startDate != "" || t.endDate != "" {
		if t.startsAt != nil || t.endsAt != nil {
			c.Add("/start_date", "exclusive", "must not be given together with starts_at or ends_at")
		}
		first := checkDate(c, "/start_date", t.startDate)
		last := first
		if t.endDate != "" {
			last = checkDate(c, "/end_date", t.endDate)
		}
		w := when{allDay: true, zone: zone, wall: first, seconds: int64(last.Sub(first)/time.Second) + 24*60*60}
		if !c.Failed("/start_date") && !c.Failed("/end_date") && last.Before(first) {
			c.Add("/end_date", "before_start", "must not lie before the start")
		}
		checkLength(c, w, MaxDays)
		return w
	}
	if t.startsAt == nil {
		c.Add("/starts_at", "required", "must be given together with ends_at, or start_date for whole days")
	}
	if t.endsAt == nil {
		c.Add("/ends_at", "required", "must be given together with starts_at")
	}
	if t.startsAt == nil || t.endsAt == nil {
		return when{zone: zone}
	}
	start, end := c.Moment("/starts_at", *t.startsAt).Truncate(time.Second), c.Moment("/ends_at", *t.endsAt).Truncate(time.Second)
	w := when{zone: zone, wall: recurrence.Wall(start, zone), seconds: int64(end.Sub(start) / time.Second)}
	if !c.Failed("/starts_at") && !c.Failed("/ends_at") && end.Before(start) {
		c.Add("/ends_at", "before_start", "must not lie before the start")
	}
	checkLength(c, w, MaxDays)
	return w
}

func checkDate(c *veranda.Checks, pointer, text string) time.Time {
	date, err := time.Parse(layoutDate, text)
	if err != nil {
		c.Add(pointer, "date", "must be a date such as 2026-05-01")
		return time.Time{}
	}
	return c.Moment(pointer, date)
}

func checkLength(c *veranda.Checks, w when, days int64) {
	if w.seconds > days*24*60*60 {
		pointer := "/ends_at"
		if w.allDay {
			pointer = "/end_date"
		}
		c.Add(pointer, "too_long", "must lie at most "+strconv.FormatInt(days, 10)+" days after the start")
	}
}

func checkZone(c *veranda.Checks, name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	zone := recurrence.Zone(name)
	if zone == nil {
		c.Add("/time_zone", "time_zone", "is not a time zone of the IANA data base")
		return time.UTC
	}
	return zone
}

func checkPattern(c *veranda.Checks, text string) recurrence.Pattern {
	if text == "" {
		return recurrence.Pattern{}
	}
	pattern, err := recurrence.Parse(text)
	if problem, bad := recurrence.Explain(err); bad {
		c.Add("/recurrence", problem.Rule, problem.Message)
	}
	return pattern
}

// checkRepeat gives a series its pattern, or reports why it cannot have it.
func checkRepeat(c *veranda.Checks, s *series, pattern recurrence.Pattern) {
	if !pattern.IsZero() {
		checkLength(c, s.when, MaxRecurringDays)
	}
	if problem, bad := recurrence.Explain(s.repeat(pattern)); bad {
		c.Add("/recurrence", problem.Rule, problem.Message)
	}
}

// checkGuests checks the form of the list; who they are is asked when the caller's rights are known.
func checkGuests(c *veranda.Checks, guests []veranda.AccountID) {
	c.Count("/guests", len(guests), 0, MaxGuests)
	if c.Failed("/guests") {
		return
	}
	seen := make(map[veranda.AccountID]bool, len(guests))
	for i, account := range guests {
		veranda.Required(c, guestPointer(i), account)
		if seen[account] {
			c.Add(guestPointer(i), "duplicate", "is named twice")
		}
		seen[account] = true
	}
}

func guestPointer(i int) string { return "/guests/" + strconv.Itoa(i) }

func checkReminders(c *veranda.Checks, minutes []int) []int {
	c.Count("/reminders", len(minutes), 0, MaxReminders)
	if c.Failed("/reminders") {
		return nil
	}
	for i, m := range minutes {
		c.Range("/reminders/"+strconv.Itoa(i), int64(m), 0, MaxReminder)
	}
	minutes = slices.Clone(minutes)
	slices.Sort(minutes)
	return slices.Compact(minutes)
}
