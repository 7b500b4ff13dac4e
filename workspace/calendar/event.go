package calendar

import (
	"fmt"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

type eventKind struct{}

// ID is the id of an event of a calendar.
type ID = veranda.ID[eventKind]

// The bounds of events.
const (
	MaxTitle       = 200
	MaxPlace       = 500
	MaxDescription = 20_000
	MaxGuests      = 200
	MaxReminders   = 5
	// MaxReminder is how many minutes before the start a reminder may come: four weeks.
	MaxReminder = 4 * 7 * 24 * 60
	// MaxDays is how many days an event may take, MaxRecurringDays each occurrence of one that repeats.
	MaxDays          = 366
	MaxRecurringDays = 31
	// MaxChanges is how many occurrences of an event may be changed or cancelled one by one.
	MaxChanges = 500
)

// Answer is what a guest says to an invitation.
type Answer string

// The answers; Unanswered is what there is before one is given.
const (
	Unanswered Answer = "none"
	Accepted   Answer = "accepted"
	Declined   Answer = "declined"
	Tentative  Answer = "tentative"
)

// Guest is somebody invited.
type Guest struct {
	Account veranda.AccountID `json:"account_id"`
	Answer  Answer            `json:"answer"`
}

// Event is something that happens at a time. What takes whole days has dates, everything else moments.
type Event struct {
	ID          ID                  `json:"id"`
	Org         veranda.OrgID       `json:"organization_id"`
	Workspace   veranda.WorkspaceID `json:"workspace_id"`
	Title       string              `json:"title"`
	Description string              `json:"description"`
	Place       string              `json:"place"`
	AllDay      bool                `json:"all_day"`
	// StartsAt and EndsAt are those of the first occurrence; of whole days, midnight in TimeZone.
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	// StartDate and EndDate are the first and the last day, where it takes whole days.
	StartDate string `json:"start_date,omitempty"`
	EndDate   string `json:"end_date,omitempty"`
	// TimeZone is the IANA name of the zone on whose clock it happens, and repeats.
	TimeZone string `json:"time_zone"`
	// Recurrence is a rule of RFC 5545, normalised; absent for what happens once.
	Recurrence string `json:"recurrence,omitempty"`
	// Cancelled are the names of occurrences that do not take place, Changed those that differ.
	Cancelled []string `json:"cancelled,omitempty"`
	Changed   []Change `json:"changed,omitempty"`
	Guests    []Guest  `json:"guests"`
	// Reminders are minutes before each start.
	Reminders []int             `json:"reminders"`
	CreatedBy veranda.AccountID `json:"created_by"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	// Version rises with every change, not with answers.
	Version int64 `json:"version"`
}

// ETag is the version, for HTTP.
func (e *Event) ETag() string { return strconv.FormatInt(e.Version, 10) }

// Location is where the event is found.
func (e *Event) Location() string { return eventPath(e.Org, e.ID) }

func eventPath(org veranda.OrgID, id ID) string {
	return "/v1/organizations/" + org.String() + "/events/" + id.String()
}

// Change is an occurrence that differs from the others.
type Change struct {
	// Occurrence names it: the wall time at which it would have begun, "2026-03-08T09:30:00", or its date.
	Occurrence  string `json:"occurrence"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Place       string `json:"place"`
	// StartsAt, EndsAt, StartDate and EndDate are as in Event.
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	StartDate string    `json:"start_date,omitempty"`
	EndDate   string    `json:"end_date,omitempty"`
}

// The layouts of names of occurrences.
const (
	layoutDate = "2006-01-02"
	layoutWall = "2006-01-02T15:04:05"
)

// nameOf names an occurrence by its wall time.
func nameOf(wall time.Time, allDay bool) string {
	if allDay {
		return wall.Format(layoutDate)
	}
	return wall.Format(layoutWall)
}

// wallOf reads a name.
func wallOf(name string, allDay bool) (time.Time, error) {
	layout := layoutWall
	if allDay {
		layout = layoutDate
	}
	wall, err := time.Parse(layout, name)
	if err != nil {
		return time.Time{}, fmt.Errorf("calendar: name of an occurrence: %w", err)
	}
	return wall, nil
}
