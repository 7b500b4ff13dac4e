package calendar

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
)

// Source is something else that has dates: tasks, records of an application. A host gives the calendar an adapter.
type Source interface {
	// Dated gives what the caller may see and what lies within a query's time, at most Limit of it, the earliest first. It
	// narrows in its own query, by the actor's rights at the moment of the call, and refuses nobody: who may see nothing of
	// it gets nothing. Entries are new: the calendar keeps none.
	Dated(ctx context.Context, by veranda.Actor, q Query) ([]*Entry, error)
}

// Query says what a Source is asked for.
type Query struct {
	Org veranda.OrgID
	// Workspace is the one asked for; zero for all that the caller sees.
	Workspace veranda.WorkspaceID
	// Mine narrows to what the caller made, is assigned or is invited to.
	Mine bool
	// From and To bound the time: what ends at From or before, or starts at To or later, is not asked for.
	From, To time.Time
	Limit    int
}

// Entry is a thing in a calendar: what happens once, or one occurrence of what repeats.
type Entry struct {
	// Kind is "event", or what a source calls its things: "task".
	Kind string `json:"kind"`
	ID   string `json:"id"`
	// Occurrence names it among the others of an event that repeats.
	Occurrence string              `json:"occurrence,omitempty"`
	Workspace  veranda.WorkspaceID `json:"workspace_id"`
	Title      string              `json:"title"`
	Place      string              `json:"place,omitempty"`
	StartsAt   time.Time           `json:"starts_at"`
	// EndsAt is the start where it takes no time, as with a task that is due.
	EndsAt time.Time `json:"ends_at"`
	AllDay bool      `json:"all_day"`
	// StartDate and EndDate are the first and the last day of what takes whole days.
	StartDate string `json:"start_date,omitempty"`
	EndDate   string `json:"end_date,omitempty"`
	// Done tells whether it is finished, of what can be.
	Done bool `json:"done"`
	// Path is where the thing is found over HTTP.
	Path string `json:"path"`

	// UpdatedAt is when the thing was changed last.
	UpdatedAt time.Time `json:"updated_at"`

	of *series // of occurrences
}
