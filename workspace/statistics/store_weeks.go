package statistics

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// What a composed read brings of the person whose figures are asked for.
const (
	personColumns = `tm.account_id`
	personJoin    = `LEFT JOIN veranda_memberships tm ON tm.org_id = $2 AND tm.account_id = $4`
)

// endOfTime is a date behind every week.
const endOfTime = "9999-12-31"

// A week is there when the organization's row is; the other scope's row may be missing for a quiet one.
const weeksText = `SELECT o.week, o.starts_at, o.ends_at, f.figures
FROM veranda_statistics_weeks o
LEFT JOIN veranda_statistics_weeks f ON f.org_id = o.org_id AND f.week = o.week AND f.scope = $2 AND f.scope_id = $3
WHERE o.org_id = $1 AND o.scope = 'organization' AND o.scope_id = $1 AND o.week < $4
ORDER BY o.week DESC LIMIT $5`

func (s *Service) queryWeeks(ctx context.Context, org veranda.OrgID, about subject, before string, limit int) ([]Week, error) {
	rows, err := s.conn.Query(ctx, weeksText, org, string(about.scope), about.id(org), before, limit)
	if err != nil {
		return nil, fmt.Errorf("statistics: read weeks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	weeks := []Week{}
	for rows.Next() {
		var w Week
		var figures []byte
		if err := rows.Scan(&w.Week, veranda.Moment(&w.StartsAt), veranda.Moment(&w.EndsAt), veranda.Optional(&figures)); err != nil {
			return nil, fmt.Errorf("statistics: read weeks: %w", err)
		}
		if w.Figures, err = readFigures(figures); err != nil {
			return nil, err
		}
		weeks = append(weeks, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("statistics: read weeks: %w", err)
	}
	return weeks, nil
}

// readFigures reads figures as they are stored; none are zeros.
func readFigures(text []byte) (Figures, error) {
	var f Figures
	if len(text) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("statistics: figures in the database: %w", err)
	}
	return f, nil
}

// scopedRow is a row as the inserting text reads it.
type scopedRow struct {
	Scope   Scope    `json:"scope"`
	ID      anyID    `json:"id"`
	Figures *Figures `json:"figures"`
}

// rowsPerStatement keeps the argument of an inserting statement within a few hundred kilobytes.
const rowsPerStatement = 1000

const (
	insertOrganization = `INSERT INTO veranda_statistics_weeks (org_id, week, scope, scope_id, figures, starts_at, ends_at, computed_at)
VALUES ($1, $2, 'organization', $1, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	insertRowsPostgres = `INSERT INTO veranda_statistics_weeks (org_id, week, scope, scope_id, figures, starts_at, ends_at, computed_at)
SELECT $1::uuid, $2::text, r.scope, r.id, r.figures, $4::timestamptz, $5::timestamptz, $6::timestamptz
FROM jsonb_to_recordset($3::jsonb) AS r (scope text, id uuid, figures jsonb) ON CONFLICT DO NOTHING`
	insertRowsSQLite = `INSERT INTO veranda_statistics_weeks (org_id, week, scope, scope_id, figures, starts_at, ends_at, computed_at)
SELECT $1, $2, json_extract(r.value, '$.scope'), json_extract(r.value, '$.id'), json_extract(r.value, '$.figures'), $4, $5, $6
FROM json_each($3) AS r WHERE TRUE ON CONFLICT DO NOTHING`
)

// insertWeek stores a week's figures unless somebody else has stored it. The organization's row comes first: on
// PostgreSQL a second node waits at it until the first has committed, and then finds it taken.
func insertWeek(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, week calendarWeek, from, to time.Time, figures map[scoped]*Figures) (stored bool, err error) {
	db := tx.DB()
	now := db.Time(db.Now())
	totals, err := json.Marshal(figures[organizationScope(org)])
	if err != nil {
		return false, fmt.Errorf("statistics: store week: %w", err)
	}
	inserted, err := tx.Exec(ctx, insertOrganization, org, week.String(), string(totals), db.Time(from), db.Time(to), now)
	if err != nil {
		return false, fmt.Errorf("statistics: store week: %w", err)
	}
	if inserted == 0 {
		return false, nil
	}
	for part := range slices.Chunk(sortedRows(figures), rowsPerStatement) {
		list, err := json.Marshal(part)
		if err != nil {
			return false, fmt.Errorf("statistics: store week: %w", err)
		}
		text := db.Pick(insertRowsPostgres, insertRowsSQLite)
		if _, err := tx.Exec(ctx, text, org, week.String(), string(list), db.Time(from), db.Time(to), now); err != nil {
			return false, fmt.Errorf("statistics: store week: %w", err)
		}
	}
	return true, nil
}

// sortedRows are the rows of workspaces and people in the order of the primary key.
func sortedRows(figures map[scoped]*Figures) []scopedRow {
	var out []scopedRow
	for of, f := range figures {
		if of.scope != ScopeOrganization {
			out = append(out, scopedRow{of.scope, of.id, f})
		}
	}
	slices.SortFunc(out, func(a, b scopedRow) int {
		if a.Scope != b.Scope {
			return strings.Compare(string(b.Scope), string(a.Scope))
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	return out
}

// tenant is an organization as the job sees it.
type tenant struct {
	org       veranda.OrgID
	timeZone  string
	createdAt time.Time
	last      string // the last week computed, or ""
}

const tenantsText = `SELECT o.id, o.time_zone, o.created_at,
	(SELECT max(s.week) FROM veranda_statistics_weeks s WHERE s.org_id = o.id AND s.scope = 'organization' AND s.scope_id = o.id)
FROM veranda_organizations o WHERE o.deleted_at IS NULL AND o.id > $1 ORDER BY o.id LIMIT $2`

// queryTenants reads organizations in the order of their ids.
func (s *Service) queryTenants(ctx context.Context, after veranda.OrgID, limit int) ([]tenant, error) {
	rows, err := s.conn.Query(ctx, tenantsText, after, limit)
	if err != nil {
		return nil, fmt.Errorf("statistics: read organizations: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var tenants []tenant
	for rows.Next() {
		var t tenant
		if err := rows.Scan(&t.org, &t.timeZone, veranda.Moment(&t.createdAt), veranda.Optional(&t.last)); err != nil {
			return nil, fmt.Errorf("statistics: read organizations: %w", err)
		}
		tenants = append(tenants, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("statistics: read organizations: %w", err)
	}
	return tenants, nil
}

// deletedWorkspaces are those of an organization that wait to be purged.
func deletedWorkspaces(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) (map[veranda.WorkspaceID]bool, error) {
	rows, err := tx.Query(ctx, `SELECT id FROM veranda_workspaces WHERE org_id = $1 AND deleted_at IS NOT NULL`, org)
	if err != nil {
		return nil, fmt.Errorf("statistics: read deleted workspaces: %w", err)
	}
	defer func() { _ = rows.Close() }()
	deleted := map[veranda.WorkspaceID]bool{}
	for rows.Next() {
		var id veranda.WorkspaceID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("statistics: read deleted workspaces: %w", err)
		}
		deleted[id] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("statistics: read deleted workspaces: %w", err)
	}
	return deleted, nil
}

// place is the organization's time zone; UTC where this machine does not know it, so that no zone stops the job.
func (s *Service) place(ctx context.Context, org veranda.OrgID) (*time.Location, error) {
	var name string
	found, err := scanOne(ctx, s.conn, `SELECT time_zone FROM veranda_organizations WHERE id = $1`, []any{org}, &name)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	return s.load(name), nil
}

func (s *Service) load(name string) *time.Location {
	place, err := time.LoadLocation(name)
	if err != nil {
		s.conn.DB().Log().Warn("statistics: unknown time zone, weeks are those of UTC", "time_zone", name, "error", err)
		return time.UTC
	}
	return place
}

// scanOne reads the first row of a query, if there is one.
func scanOne(ctx context.Context, c veranda.Conn, text string, args []any, destinations ...any) (found bool, err error) {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return false, fmt.Errorf("statistics: read: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		found = true
		if err := rows.Scan(destinations...); err != nil {
			return false, fmt.Errorf("statistics: read: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("statistics: read: %w", err)
	}
	return found, nil
}
