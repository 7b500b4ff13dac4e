package calendar

import (
	"context"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// Source is something else that has dates: tasks, records of an application. A host gives the calendar an adapter for each
// package that has some, in Deps.Sources; neither package knows the other.
//
// A source holds to this:
//
//   - It finds what lies in the query's time by an index, and narrows to the workspace, to what is the caller's own and to
//     what the caller may see in that query, never afterwards: the calendar asks one source after the other and filters
//     nothing by rights. It asks for its own permission at each call; who may see none of its things gets none, and no error.
//   - It gives what touches the time, also what began before it and what ends after it. A day too much at both ends does no
//     harm, as with dates whose zone the query does not know: the calendar leaves out what does not touch.
//   - It gives at most Limit things, and Limit of them where there are more: the calendar then refuses the time as too long.
//   - Its entries are new at each call. The calendar sorts them and keeps none; it does not expand what repeats, so that each
//     occurrence is an entry with its name in Occurrence.
//
// A record with moments gives StartsAt and EndsAt. One with dates and no time of day gives AllDay, StartDate and EndDate, and
// in StartsAt and EndsAt the midnights of these days, the last one's end, in the zone of whoever wrote the dates. Where there
// is only one of the two, start and end are the same moment or day.
type Source interface {
	// Dated gives what the caller may see and what lies within a query's time.
	Dated(ctx context.Context, by veranda.Actor, q Query) ([]*Entry, error)
}

// Query says what a Source is asked for.
type Query struct {
	Org veranda.OrgID
	// Workspace is the one asked for; zero for all that the caller sees.
	Workspace veranda.WorkspaceID
	// Mine narrows to what the caller is concerned in by the source's own measure: made, is assigned or is invited to.
	Mine bool
	// From and To bound the time, MaxRange at most: what ends at From or before, or starts at To or later, is not asked for.
	// What takes no time and lies at From is.
	From, To time.Time
	Limit    int
}

// Entry is a thing in a calendar: what happens once, or one occurrence of what repeats.
type Entry struct {
	// Kind is "event", or what a source calls its things: "task". No two sources give the same kind.
	Kind string `json:"kind"`
	// ID is unique among the things of the kind.
	ID string `json:"id"`
	// Occurrence names it among the others of an event that repeats.
	Occurrence string              `json:"occurrence,omitempty"`
	Workspace  veranda.WorkspaceID `json:"workspace_id"`
	Title      string              `json:"title"`
	Place      string              `json:"place,omitempty"`
	StartsAt   time.Time           `json:"starts_at"`
	// EndsAt is the start where it takes no time, as with a task that has no start and is due.
	EndsAt time.Time `json:"ends_at"`
	// AllDay tells that it has days and no times of day: it takes StartDate to EndDate wherever it is looked at.
	AllDay bool `json:"all_day"`
	// StartDate and EndDate are the first and the last day of what takes whole days, "2026-11-30".
	StartDate string `json:"start_date,omitempty"`
	EndDate   string `json:"end_date,omitempty"`
	// Done tells whether it is finished, of what can be.
	Done bool `json:"done"`
	// Path is where the thing is found over HTTP, from the root of the server: "/v1/…". A feed puts the server's address
	// before it.
	Path string `json:"path"`

	// UpdatedAt is when the thing was changed last; never zero, or programs that read feeds would not see changes.
	UpdatedAt time.Time `json:"updated_at"`

	of *series // of occurrences
}

// dated is what the sources have in a time, in order.
func (s *Service) dated(ctx context.Context, by veranda.Actor, q Query) (list []*Entry, err error) {
	for _, source := range s.sources {
		found, err := source.Dated(ctx, by, q)
		if err != nil {
			return nil, err
		}
		if len(found) >= q.Limit {
			return nil, ErrTooMany
		}
		found = slices.DeleteFunc(found, func(e *Entry) bool { return !touches(e.StartsAt, e.EndsAt, q.From, q.To) })
		slices.SortStableFunc(found, compareEntries)
		list = merge(list, found)
	}
	return list, nil
}
