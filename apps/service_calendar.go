package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

const (
	// MaxDated is how many records one look at a calendar gives.
	MaxDated = 1000
	// maxCalendars is how many views a look at all calendars looks into.
	maxCalendars = 200
	// longestLook is how long a time one look may take.
	longestLook = 400 * 24 * time.Hour
	anyDay      = 26 * time.Hour // longer than a day of any zone
)

// CalendarInput asks for the records of a calendar's view in a time.
type CalendarInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	App  ID            `path:"app" json:"-"`
	View ViewID        `path:"view" json:"-"`
	From time.Time     `query:"from" json:"-" required:"true" doc:"The moment the time begins."`
	To   time.Time     `query:"to" json:"-" required:"true" doc:"The moment it ends; at most 400 days later."`
}

func (in *CalendarInput) validate() error {
	var c veranda.Checks
	checkView(&c, in.Org, in.App, in.View)
	in.From, in.To = c.Moment("/from", in.From), c.Moment("/to", in.To)
	switch {
	case c.Failed("/from") || c.Failed("/to"):
	case !in.To.After(in.From):
		c.Add("/to", "order", "must be after from")
	case in.To.Sub(in.From) > longestLook:
		c.Add("/to", "range", "must be at most 400 days after from")
	}
	return c.Err()
}

// Calendar is the records of a view that lie in a time.
type Calendar struct {
	Items []DatedRecord `json:"items"`
	// More tells that there are more than MaxDated: ask for a shorter time.
	More bool `json:"more,omitempty"`
}

// DatedRecord is a record in time.
type DatedRecord struct {
	Record
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	// StartsAt and EndsAt bound the time; a last day ends when the next one begins in the application's zone. A record
	// without an end takes no time, or its day.
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	// StartDate and EndDate are the first and the last day, of records that have days and no times of day.
	StartDate string `json:"start_date,omitempty"`
	EndDate   string `json:"end_date,omitempty"`
}

// Calendar reads the records of a calendar's view that touch a time, by their start.
//
// Permission: record.read. Errors: invalid, also where the view is no calendar or fits no more.
func (s *Service) Calendar(ctx context.Context, by veranda.Actor, in CalendarInput) (*Calendar, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, v, err := s.openView(ctx, by, in.Org, in.App, in.View)
	if err != nil {
		return nil, err
	}
	if v.Kind != CalendarView {
		return nil, invalid("/view_id", "kind", "must be a calendar")
	}
	shown := g.presentView(v)
	for _, part := range shown.Void {
		if part != "/columns" {
			return nil, void(part)
		}
	}
	return s.dated(ctx, g, shown, in.From, in.To, MaxDated)
}

// dated reads the records of a view that touch a time.
func (s *Service) dated(ctx context.Context, g *sight, v *View, from, to time.Time, limit int) (*Calendar, error) {
	start := g.schema.set.Field(v.Start)
	found := &Calendar{Items: []DatedRecord{}}
	var c veranda.Checks
	in := QueryInput{Filter: both(v.Filter, g.touching(v, start, from, to)), Sort: []query.Sort{{Field: v.Start}}}
	for _, col := range v.Columns {
		in.Fields = append(in.Fields, col.Field)
	}
	l := g.list(&c, &in)
	if err := c.Err(); err != nil {
		return nil, err
	}
	var position []string
	for {
		records, err := s.read(ctx, g, l, position, veranda.MaxPageLimit+1)
		if err != nil {
			return nil, err
		}
		more := len(records) > veranda.MaxPageLimit
		if more {
			records = records[:veranda.MaxPageLimit]
		}
		if err := s.fill(ctx, g, records, l.without); err != nil {
			return nil, err
		}
		for _, r := range records {
			if len(found.Items) == limit {
				found.More = true
				return found, nil
			}
			found.Items = append(found.Items, g.datedRecord(r, v, start, l.without))
		}
		if !more {
			return found, nil
		}
		position = l.sorting.Position(records[len(records)-1].found())
	}
}

// touching is the filter for records that touch a time: they begin before it ends, and end, or begin where they have no
// end, when it has begun.
func (g *sight) touching(v *View, start *field.Field, from, to time.Time) *query.Filter {
	first, last := json.RawMessage(marshal(from.UTC().Format(time.RFC3339Nano))), json.RawMessage(marshal(to.UTC().Format(time.RFC3339Nano)))
	before := query.Less
	if start.Kind == field.Date {
		zone := g.schema.location
		first = json.RawMessage(marshal(from.In(zone).Format(time.DateOnly)))
		// The last moment of the time is one before its end.
		last, before = json.RawMessage(marshal(to.Add(-time.Nanosecond).In(zone).Format(time.DateOnly))), query.AtMost
	}
	begins := query.Filter{Field: v.Start, Is: before, Value: last}
	late := query.Filter{Field: v.Start, Is: query.AtLeast, Value: first}
	if v.End == "" {
		return &query.Filter{And: []query.Filter{begins, late}}
	}
	return &query.Filter{And: []query.Filter{begins, {Or: []query.Filter{late, {Field: v.End, Is: query.AtLeast, Value: first}}}}}
}

// datedRecord is a record in time. An end before the start is none.
func (g *sight) datedRecord(r *record, v *View, start *field.Field, without map[string]bool) DatedRecord {
	d := DatedRecord{Record: g.show(r, without), Workspace: g.app.Workspace}
	from, _ := r.doc[start.Slot].(string)
	to := from
	if end := g.schema.set.Field(v.End); end != nil {
		if text, _ := r.doc[end.Slot].(string); text > from {
			to = text
		}
	}
	if start.Kind == field.Date {
		d.StartDate, d.EndDate = from, to
		if day, err := time.ParseInLocation(time.DateOnly, from, g.schema.location); err == nil {
			d.StartsAt = day.UTC()
		}
		if day, err := time.ParseInLocation(time.DateOnly, to, g.schema.location); err == nil {
			d.EndsAt = day.AddDate(0, 0, 1).UTC()
		}
		return d
	}
	if moment, err := time.Parse(time.RFC3339, from); err == nil {
		d.StartsAt = moment
	}
	if moment, err := time.Parse(time.RFC3339, to); err == nil {
		d.EndsAt = moment
	}
	return d
}

// DatedInput asks for records that lie in a time, whatever the application.
type DatedInput struct {
	Org veranda.OrgID
	// Workspace is the one asked for; zero for all that the caller sees.
	Workspace veranda.WorkspaceID
	// Mine narrows to records that name the caller in a field for people.
	Mine     bool
	From, To time.Time
	Limit    int
}

const datedViews = `SELECT DISTINCT a.id, v.id FROM veranda_app_views v JOIN veranda_apps a ON a.org_id = v.org_id AND a.id = v.app_id
WHERE v.org_id = $1 AND v.dated AND a.deleted_at IS NULL AND ($4 = '' OR CAST(a.workspace_id AS TEXT) = $4) AND `

// Dated gives the records that shared calendars show in a time, each once, for a calendar of all things to show beside its
// own events.
//
// Permission: record.read of each application; one whose records the caller does not see gives none.
func (s *Service) Dated(ctx context.Context, by veranda.Actor, in DatedInput) ([]DatedRecord, error) {
	standing, err := s.conn.Read(ctx, s.texts.readOrganization, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, Assigned: true}); err != nil {
		return nil, err
	}
	visible, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return nil, err
	}
	views, err := s.calendars(ctx, in.Workspace, visible)
	if err != nil {
		return nil, err
	}
	seen := map[RecordID]bool{}
	var list []DatedRecord
	for _, one := range views {
		g, v, err := s.openView(ctx, by, in.Org, one.app, one.view)
		switch veranda.CodeOf(err) {
		case veranda.CodeNotFound, veranda.CodeForbidden:
			continue
		}
		if err != nil {
			return nil, err
		}
		shown := g.presentView(v)
		if len(shown.Void) > 0 || in.Mine && !g.narrowToMine(shown) {
			continue
		}
		found, err := s.dated(ctx, g, shown, in.From.Add(-anyDay), in.To.Add(anyDay), in.Limit-len(list))
		if err != nil {
			return nil, err
		}
		for _, r := range found.Items {
			if !seen[r.ID] {
				seen[r.ID] = true
				list = append(list, r)
			}
		}
		if len(list) >= in.Limit {
			break
		}
	}
	return list, nil
}

// narrowToMine narrows a view to records that name the actor; false where no field could.
func (g *sight) narrowToMine(v *View) bool {
	var any []query.Filter
	for _, f := range g.schema.people {
		if g.hidden(f.Key) {
			continue
		}
		one := query.Filter{Field: f.Key, Is: query.Equal, Value: json.RawMessage(`"me"`)}
		if f.Multiple {
			one.Is, one.Value = query.AnyOf, json.RawMessage(`["me"]`)
		}
		any = append(any, one)
	}
	if len(any) == 0 || g.standing.Account.IsZero() {
		return false
	}
	v.Filter = both(v.Filter, &query.Filter{Or: any})
	return true
}

type calendarView struct {
	app  ID
	view ViewID
}

func (s *Service) calendars(ctx context.Context, workspace veranda.WorkspaceID, visible []any) (views []calendarView, err error) {
	only := ""
	if !workspace.IsZero() {
		only = workspace.String()
	}
	text := datedViews + s.texts.visible + ` ORDER BY 1, 2 LIMIT $5`
	rows, err := s.conn.Query(ctx, text, append(append([]any{}, visible...), only, maxCalendars)...)
	if err != nil {
		return nil, fmt.Errorf("apps: find calendars: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var v calendarView
		if err := rows.Scan(&v.app, &v.view); err != nil {
			return nil, fmt.Errorf("apps: find calendars: %w", err)
		}
		views = append(views, v)
	}
	return views, rows.Err()
}
