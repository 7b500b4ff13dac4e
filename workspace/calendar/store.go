package calendar

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/recurrence"
)

const (
	eventColumns = `e.id, e.workspace_id, e.title, e.description, e.place, e.all_day, e.time_zone, e.start_wall, e.seconds,
	e.rule, e.last_wall, e.except_at, e.changes, e.guests, e.reminders, e.created_by, e.created_at, e.updated_at, e.version`
	eventJoin = `LEFT JOIN veranda_calendar_events e ON e.org_id = $2 AND e.id = $4`

	selectEvent         = `SELECT ` + eventColumns + ` FROM veranda_calendar_events e WHERE e.org_id = $1 AND e.id = $2`
	selectEventPostgres = selectEvent + ` FOR NO KEY UPDATE`

	insertEvent = `INSERT INTO veranda_calendar_events (org_id, id, workspace_id, title, description, place, all_day, time_zone, start_wall, seconds,
	span, starts_at, ends_at, rule, last_wall, except_at, changes, guests, reminders, next_reminder_at, created_by, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`
	updateEvent = `UPDATE veranda_calendar_events SET title = $3, description = $4, place = $5, all_day = $6, time_zone = $7, start_wall = $8, seconds = $9,
	span = $10, starts_at = $11, ends_at = $12, rule = $13, last_wall = $14, except_at = $15, changes = $16, guests = $17, reminders = $18,
	next_reminder_at = $19, updated_at = $20, version = $21 WHERE org_id = $1 AND id = $2`
	deleteEvent = `DELETE FROM veranda_calendar_events WHERE org_id = $1 AND id = $2`

	raiseVersion = `INSERT INTO veranda_calendar_versions (org_id, workspace_id, version) VALUES ($1, $2, 1)
ON CONFLICT (org_id, workspace_id) DO UPDATE SET version = veranda_calendar_versions.version + 1`

	// What repeats in a workspace and touches a time. $3 and $4 are the time.
	listSeries = `SELECT ` + eventColumns + ` FROM veranda_calendar_events e
WHERE e.org_id = $1 AND e.workspace_id = $2 AND e.span = 2 AND e.starts_at < $4 AND e.ends_at > $3`
)

// eventRow is a row of veranda_calendar_events as it is scanned, in the order of eventColumns.
type eventRow struct {
	id                                    ID
	workspace                             veranda.WorkspaceID
	title, description, place, zone, wall string
	allDay                                bool
	seconds, version                      int64
	rule, last                            string
	cancelled, changes, guests, reminders string
	createdBy                             veranda.AccountID
	createdAt, updatedAt                  time.Time
}

func (r *eventRow) destinations() []any {
	return []any{
		&r.id, &r.workspace, veranda.Optional(&r.title), veranda.Optional(&r.description), veranda.Optional(&r.place), veranda.Optional(&r.allDay),
		veranda.Optional(&r.zone), veranda.Optional(&r.wall), veranda.Optional(&r.seconds), veranda.Optional(&r.rule), veranda.Optional(&r.last),
		veranda.Optional(&r.cancelled), veranda.Optional(&r.changes), veranda.Optional(&r.guests), veranda.Optional(&r.reminders),
		&r.createdBy, veranda.Moment(&r.createdAt), veranda.Moment(&r.updatedAt), veranda.Optional(&r.version),
	}
}

// series reads the row; one with the zero id is that of an event that does not exist.
func (r *eventRow) series(org veranda.OrgID) (*series, error) {
	s := &series{
		id: r.id, org: org, workspace: r.workspace, title: r.title, description: r.description, place: r.place, version: r.version,
		createdBy: r.createdBy, createdAt: r.createdAt, updatedAt: r.updatedAt,
	}
	if r.id.IsZero() {
		return s, nil
	}
	zone := recurrence.Zone(r.zone)
	if zone == nil {
		zone = time.UTC // a zone the data base of this program does not have any more
	}
	wall, err := time.Parse(layoutWall, r.wall)
	if err != nil {
		return nil, fmt.Errorf("calendar: read an event: %w", err)
	}
	s.when = when{allDay: r.allDay, zone: zone, wall: wall, seconds: r.seconds}
	if r.rule != "" {
		if s.pattern, err = recurrence.Parse(r.rule); err != nil {
			return nil, fmt.Errorf("calendar: read an event: %w", err)
		}
	}
	if r.last != "" {
		if s.last, err = time.Parse(layoutWall, r.last); err != nil {
			return nil, fmt.Errorf("calendar: read an event: %w", err)
		}
	}
	for _, list := range []struct {
		text string
		into any
	}{{r.cancelled, &s.cancelled}, {r.changes, &s.changes}, {r.guests, &s.guests}, {r.reminders, &s.reminders}} {
		if list.text == "[]" || list.text == "null" {
			continue
		}
		if err := json.Unmarshal([]byte(list.text), list.into); err != nil {
			return nil, fmt.Errorf("calendar: read an event: %w", err)
		}
	}
	return s, nil
}

func packed[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	text, err := json.Marshal(list)
	if err != nil { // lists of ids, numbers and valid texts always marshal
		panic(err)
	}
	return string(text)
}

// stored are the arguments of insertEvent and updateEvent from the title on; withCreation adds those that never change.
func (s *series) stored(db *veranda.DB, now time.Time, withCreation bool) []any {
	span, start, end := s.bounds()
	last := ""
	if !s.last.IsZero() {
		last = s.last.Format(layoutWall)
	}
	var reminder any
	if next := s.nextReminder(now); !next.IsZero() {
		reminder = db.Time(next)
	}
	args := []any{
		s.title, s.description, s.place, s.when.allDay, s.when.zone.String(), s.when.wall.Format(layoutWall), s.when.seconds,
		span, db.Time(start), db.Time(end), s.pattern.String(), last, packed(s.cancelled), packed(s.changes), packed(s.guests), packed(s.reminders), reminder,
	}
	if withCreation {
		var by any
		if !s.createdBy.IsZero() {
			by = s.createdBy
		}
		args = append(args, by, db.Time(s.createdAt))
	}
	return append(args, db.Time(s.updatedAt), s.version)
}

// insert stores a new event.
func insert(ctx context.Context, tx *veranda.Tx, s *series) error {
	if _, err := tx.Exec(ctx, insertEvent, append([]any{s.org, s.id, s.workspace}, s.stored(tx.DB(), s.createdAt, true)...)...); err != nil {
		return fmt.Errorf("calendar: store an event: %w", err)
	}
	return raise(ctx, tx, s.recurring(), s)
}

// update stores an event that the transaction holds; recurred tells whether it repeated before.
func update(ctx context.Context, tx *veranda.Tx, s *series, now time.Time, recurred bool) error {
	if err := tx.Defer(ctx, updateEvent, append([]any{s.org, s.id}, s.stored(tx.DB(), now, false)...)...); err != nil {
		return fmt.Errorf("calendar: store an event: %w", err)
	}
	return raise(ctx, tx, recurred || s.recurring(), s)
}

// raise tells caches that what repeats in a workspace changed.
func raise(ctx context.Context, tx *veranda.Tx, recurring bool, s *series) error {
	if !recurring {
		return nil
	}
	if err := tx.Defer(ctx, raiseVersion, s.org, s.workspace); err != nil {
		return fmt.Errorf("calendar: raise a workspace's version: %w", err)
	}
	return nil
}

// queryer is a Conn or a Tx.
type queryer interface {
	Query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// each reads rows: scan is called on each.
func each(ctx context.Context, q queryer, text string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := q.Query(ctx, text, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// all reads the events of a text.
func all(ctx context.Context, q queryer, org veranda.OrgID, text string, args ...any) (list []*series, err error) {
	err = each(ctx, q, text, args, func(rows *sql.Rows) error {
		var row eventRow
		if err := rows.Scan(row.destinations()...); err != nil {
			return err
		}
		s, err := row.series(org)
		list = append(list, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("calendar: read events: %w", err)
	}
	return list, nil
}
