package stream

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Reading the events of many workspaces, newest first. $1 to $3 are Visible's; $4 is the event to begin below, $5 the number
// of rows, $6 the workspaces chosen as JSON, NULL for all.
//
// Every workspace in sight has its newest event below $4: its head, or where the head lies above, what one look into the
// index of its events gives (near). The $5 newest of these bound the page: so many events lie at or above the last of them
// (low), and no other workspace has one there. SQLite, where a look into an index costs more than the planning of a longer
// text, bounds it more narrowly where one of the four workspaces on top has so many by itself. Only those workspaces' events between the bounds are merged. On PostgreSQL,
// events that have no position yet are in no head; there are few, and they are added (fresh).
//
// Every read that must be one look into an index is a LATERAL with a LIMIT there, and an INDEXED BY here: a planner that
// misjudges a merge would read the organization's whole log.
const (
	scanWithPostgres = `
WITH mine AS MATERIALIZED (`
	scanWithSQLite = `
WITH mine AS (`
	scanMine         = `SELECT h.workspace_id, h.last_id FROM veranda_heads h WHERE h.org_id = $1 AND `
	scanMinePostgres = ` AND (CAST($6 AS JSONB) IS NULL OR h.workspace_id IN (SELECT CAST(c.value AS UUID) FROM jsonb_array_elements_text(CAST($6 AS JSONB)) c))`
	scanMineSQLite   = ` AND ($6 IS NULL OR h.workspace_id IN (SELECT c.value FROM json_each($6) c))`
	scanUnmuted      = ` AND h.workspace_id NOT IN (SELECT sm.workspace_id FROM veranda_stream_mutes sm WHERE sm.org_id = $1 AND sm.account_id = $2 AND sm.kind = '')),`

	nearEventsPostgres = `
near AS MATERIALIZED (SELECT m.workspace_id, CASE WHEN m.last_id < $4 THEN m.last_id ELSE (
	SELECT x.id FROM veranda_events x WHERE x.org_id = $1 AND x.workspace_id = m.workspace_id AND x.id < $4 ORDER BY x.id DESC LIMIT 1) END AS id FROM mine m),`
	nearEventsSQLite = `
near AS MATERIALIZED (SELECT m.workspace_id, CASE WHEN m.last_id < $4 THEN m.last_id ELSE (
	SELECT x.id FROM veranda_events x INDEXED BY veranda_events_workspace
	WHERE x.org_id = $1 AND x.workspace_id = m.workspace_id AND x.id < $4 ORDER BY x.id DESC LIMIT 1) END AS id FROM mine m),`
	nearStatusesPostgres = `
near AS MATERIALIZED (SELECT m.workspace_id, (
	SELECT x.id FROM veranda_statuses x WHERE x.org_id = $1 AND x.workspace_id = m.workspace_id AND x.id < $4 ORDER BY x.id DESC LIMIT 1) AS id FROM mine m),`
	nearStatusesSQLite = `
near AS MATERIALIZED (SELECT m.workspace_id, (
	SELECT x.id FROM veranda_statuses x INDEXED BY veranda_statuses_workspace
	WHERE x.org_id = $1 AND x.workspace_id = m.workspace_id AND x.id < $4 ORDER BY x.id DESC LIMIT 1) AS id FROM mine m),`

	scanTop = `
top AS MATERIALIZED (SELECT n.workspace_id, n.id FROM near n WHERE n.id IS NOT NULL ORDER BY n.id DESC LIMIT $5),`
	scanLowPostgres = `
low AS MATERIALIZED (SELECT CASE WHEN count(*) = $5 THEN (SELECT t.id FROM top t ORDER BY t.id LIMIT 1)
	ELSE CAST('00000000-0000-0000-0000-000000000000' AS UUID) END AS id FROM top),`
	scanBoundSQLite = `
bound AS MATERIALIZED (SELECT CASE WHEN count(*) = $5 THEN min(t.id) ELSE '00000000-0000-0000-0000-000000000000' END AS id FROM top t),
low AS MATERIALIZED (SELECT max(b.id, coalesce((SELECT max(d.id) FROM (SELECT (`
	lowEventsSQLite   = `SELECT y.id FROM veranda_events y INDEXED BY veranda_events_workspace`
	lowStatusesSQLite = `SELECT y.id FROM veranda_statuses y INDEXED BY veranda_statuses_workspace`
	scanLowSQLite     = `
	WHERE y.org_id = $1 AND y.workspace_id = t.workspace_id AND y.id < $4 AND y.id >= b.id ORDER BY y.id DESC LIMIT 1 OFFSET $5 - 1) AS id
	FROM (SELECT t.workspace_id FROM top t ORDER BY t.id DESC LIMIT 4) t) d), b.id)) AS id FROM bound b),`

	// What has no position yet and lies in a workspace in sight.
	freshEvents = `
fresh AS MATERIALIZED (SELECT h.workspace_id, h.id FROM veranda_events h WHERE h.pos IS NULL AND h.org_id = $1 AND h.workspace_id IS NOT NULL
	AND h.id < $4 AND h.id >= (SELECT low.id FROM low) AND `
	freshStatuses = `
fresh AS MATERIALIZED (SELECT h.workspace_id, h.id FROM veranda_events h WHERE h.pos IS NULL AND h.org_id = $1 AND h.kind = '` + EventStatusPosted + `'
	AND h.id < $4 AND h.id >= (SELECT low.id FROM low) AND `

	keysEventsPostgres = `
keys AS MATERIALIZED (SELECT u.id FROM (
	SELECT k.id FROM top t CROSS JOIN LATERAL (SELECT x.id FROM veranda_events x
		WHERE x.org_id = $1 AND x.workspace_id = t.workspace_id AND x.id < $4 AND x.id >= (SELECT low.id FROM low) ORDER BY x.id DESC LIMIT $5) k
	UNION SELECT f.id FROM fresh f UNION SELECT p.id FROM passed p) u ORDER BY u.id DESC LIMIT $5)`
	keysStatusesPostgres = `
keys AS MATERIALIZED (SELECT u.id FROM (
	SELECT k.id FROM top t CROSS JOIN LATERAL (SELECT x.id FROM veranda_statuses x
		WHERE x.org_id = $1 AND x.workspace_id = t.workspace_id AND x.id < $4 AND x.id >= (SELECT low.id FROM low) ORDER BY x.id DESC LIMIT $5) k
	UNION SELECT f.id FROM fresh f UNION SELECT p.id FROM passed p) u ORDER BY u.id DESC LIMIT $5)`
	// The $5th event of a workspace bounds what is read of it.
	keysEventsSQLite = `
keys AS MATERIALIZED (SELECT u.id FROM (SELECT x.id FROM top t CROSS JOIN low CROSS JOIN veranda_events x INDEXED BY veranda_events_workspace
	WHERE t.id >= low.id AND x.org_id = $1 AND x.workspace_id = t.workspace_id AND x.id < $4 AND x.id >= coalesce((SELECT y.id FROM veranda_events y INDEXED BY veranda_events_workspace
		WHERE y.org_id = $1 AND y.workspace_id = t.workspace_id AND y.id < $4 AND y.id >= low.id ORDER BY y.id DESC LIMIT 1 OFFSET $5 - 1), low.id)
	UNION ALL SELECT p.id FROM passed p) u ORDER BY u.id DESC LIMIT $5)`
	keysStatusesSQLite = `
keys AS MATERIALIZED (SELECT u.id FROM (SELECT x.id FROM top t CROSS JOIN low CROSS JOIN veranda_statuses x INDEXED BY veranda_statuses_workspace
	WHERE t.id >= low.id AND x.org_id = $1 AND x.workspace_id = t.workspace_id AND x.id < $4 AND x.id >= coalesce((SELECT y.id FROM veranda_statuses y INDEXED BY veranda_statuses_workspace
		WHERE y.org_id = $1 AND y.workspace_id = t.workspace_id AND y.id < $4 AND y.id >= low.id ORDER BY y.id DESC LIMIT 1 OFFSET $5 - 1), low.id)
	UNION ALL SELECT p.id FROM passed p) u ORDER BY u.id DESC LIMIT $5)`

	// What passes a mute: see veranda_stream_passes.
	scanPassing = `
	AND NOT EXISTS (SELECT 1 FROM veranda_stream_passes sp WHERE sp.org_id = $1 AND sp.account_id IN ($2, '00000000-0000-0000-0000-000000000000')
		AND sp.workspace_id = e.workspace_id AND sp.status_id = e.id)`
	passed = `
passed AS MATERIALIZED (SELECT h.status_id AS id FROM veranda_stream_mutes sm CROSS JOIN veranda_stream_passes h
	WHERE h.org_id = $1 AND h.account_id IN ($2, '00000000-0000-0000-0000-000000000000')
	AND h.workspace_id = sm.workspace_id AND h.status_id < $4 AND h.status_id >= (SELECT low.id FROM low)
	AND sm.org_id = $1 AND sm.account_id = $2 AND sm.kind = '' AND `

	// A row says how far down the read went even where there is no event.
	scanRow = `
SELECT low.id, e.id, e.workspace_id, e.kind, e.by_id, e.system, e.at, e.to_ids <> '' OR e.kind = '` + EventStatusPosted + `' AND NOT EXISTS (
	SELECT 1 FROM veranda_statuses t WHERE t.org_id = $1 AND t.id = e.id), EXISTS (
	SELECT 1 FROM veranda_stream_mutes sm WHERE sm.org_id = $1 AND sm.account_id = $2 AND (sm.person_id = e.by_id OR sm.workspace_id = e.workspace_id AND sm.kind = e.kind)` + scanPassing + `), ''
FROM low LEFT JOIN (keys k CROSS JOIN `
	// The same with all a page shows, for the first look at a page of everything, which mostly is the page.
	scanWide = `
SELECT (SELECT low.id FROM low), e.to_ids <> '' OR e.kind = '` + EventStatusPosted + `' AND t.id IS NULL, EXISTS (
	SELECT 1 FROM veranda_stream_mutes sm WHERE sm.org_id = $1 AND sm.account_id = $2 AND (sm.person_id = e.by_id OR sm.workspace_id = e.workspace_id AND sm.kind = e.kind)` + scanPassing + `),
	` + streamColumns + `
FROM keys k CROSS JOIN `
	scanWidePostgres = `LATERAL (SELECT * FROM veranda_events x WHERE x.org_id = $1 AND x.id = k.id LIMIT 1) e` + streamNames + ` ORDER BY e.id DESC`
	scanWideSQLite   = `veranda_events e ON e.org_id = $1 AND e.id = k.id` + streamNames + ` ORDER BY e.id DESC`

	scanStatusRow = `
SELECT low.id, e.id, e.workspace_id, '` + EventStatusPosted + `', e.author_id, '', e.created_at, 1 = 0, EXISTS (
	SELECT 1 FROM veranda_stream_mutes sm WHERE sm.org_id = $1 AND sm.account_id = $2 AND (sm.person_id = e.author_id OR sm.workspace_id = e.workspace_id AND sm.kind = '` + EventStatusPosted + `')` + scanPassing + `), e.body
FROM low LEFT JOIN (keys k CROSS JOIN `
	scanEventsPostgres   = `LATERAL (SELECT * FROM veranda_events x WHERE x.org_id = $1 AND x.id = k.id LIMIT 1) e) ON true ORDER BY e.id DESC`
	scanStatusesPostgres = `LATERAL (SELECT * FROM veranda_statuses x WHERE x.org_id = $1 AND x.id = k.id LIMIT 1) e) ON true ORDER BY e.id DESC`
	scanEventsSQLite     = `veranda_events e) ON e.org_id = $1 AND e.id = k.id ORDER BY e.id DESC`
	scanStatusesSQLite   = `veranda_statuses e) ON e.org_id = $1 AND e.id = k.id ORDER BY e.id DESC`
)

// The same of one workspace, $3: nobody mutes what they look at by itself.
const (
	scanWorkspace = `SELECT e.id, e.id, e.workspace_id, e.kind, e.by_id, e.system, e.at, e.to_ids <> '' OR e.kind = '` + EventStatusPosted + `' AND NOT EXISTS (
	SELECT 1 FROM veranda_statuses t WHERE t.org_id = $1 AND t.id = e.id), CAST($2 AS TEXT) IS NULL, ''
FROM veranda_events e`
	scanWorkspaceStatuses = `SELECT e.id, e.id, e.workspace_id, '` + EventStatusPosted + `', e.author_id, '', e.created_at, 1 = 0, CAST($2 AS TEXT) IS NULL, e.body
FROM veranda_statuses e`
	scanOne = scanWorkspace + ` WHERE e.org_id = $1 AND e.workspace_id = $3 AND e.id = $4`

	scanWorkspaceRange = ` WHERE e.org_id = $1 AND e.workspace_id = $3 AND e.id < $4 ORDER BY e.id DESC LIMIT $5`

	statusesByWorkspaceSQLite = ` INDEXED BY veranda_statuses_workspace`
)

// scanTexts are the texts that look for what a page shows.
type scanTexts struct {
	workspace, workspaceStatuses, all, allStatuses, wide string
}

func newScanTexts(db *veranda.DB, visible string) scanTexts {
	if db.Embedded() {
		keys := scanWithSQLite + scanMine + visible + scanMineSQLite + scanUnmuted + nearEventsSQLite + scanTop + scanBoundSQLite + lowEventsSQLite + scanLowSQLite +
			passed + visible + scanMineSQLite + `),` + keysEventsSQLite
		return scanTexts{
			workspace:         scanWorkspace + byWorkspaceSQLite + scanWorkspaceRange,
			workspaceStatuses: scanWorkspaceStatuses + statusesByWorkspaceSQLite + scanWorkspaceRange,
			all:               keys + scanRow + scanEventsSQLite,
			wide:              keys + scanWide + scanWideSQLite,
			allStatuses: scanWithSQLite + scanMine + visible + scanMineSQLite + scanUnmuted + nearStatusesSQLite + scanTop + scanBoundSQLite + lowStatusesSQLite + scanLowSQLite +
				passed + visible + scanMineSQLite + `),` + keysStatusesSQLite + scanStatusRow + scanStatusesSQLite,
		}
	}
	keys := scanWithPostgres + scanMine + visible + scanMinePostgres + scanUnmuted + nearEventsPostgres + scanTop + scanLowPostgres +
		freshEvents + visible + scanMinePostgres + scanUnmuted + passed + visible + scanMinePostgres + `),` + keysEventsPostgres
	return scanTexts{
		workspace:         scanWorkspace + scanWorkspaceRange,
		workspaceStatuses: scanWorkspaceStatuses + scanWorkspaceRange,
		all:               keys + scanRow + scanEventsPostgres,
		wide:              keys + scanWide + scanWidePostgres,
		allStatuses: scanWithPostgres + scanMine + visible + scanMinePostgres + scanUnmuted + nearStatusesPostgres + scanTop + scanLowPostgres +
			freshStatuses + visible + scanMinePostgres + scanUnmuted + passed + visible + scanMinePostgres + `),` + keysStatusesPostgres + scanStatusRow + scanStatusesPostgres,
	}
}

// inWorkspace is the source of a workspace's events, or of its statuses alone.
func (s *Service) inWorkspace(org veranda.OrgID, reader veranda.AccountID, workspace veranda.WorkspaceID, statuses bool) source {
	text := s.scans.workspace
	if statuses {
		text = s.scans.workspaceStatuses
	}
	return func(ctx context.Context, below veranda.EventID, n int) ([]scanned, veranda.EventID, error) {
		events, _, err := readScanned(ctx, s.conn, text, org, reader, workspace, below, n)
		return events, lowest(events, n, veranda.EventID{}), err
	}
}

// inSight is the source of the events of the workspaces that Visible's arguments say, or of some of them. Where the first
// look is likely to be the page, it brings along what a page shows, into known.
func (s *Service) inSight(visible []any, chosen []veranda.WorkspaceID, statuses bool, known map[veranda.EventID]Item) (source, error) {
	text := s.scans.all
	if statuses {
		text = s.scans.allStatuses
	}
	var among any
	if len(chosen) > 0 {
		list, err := json.Marshal(chosen)
		if err != nil {
			return nil, fmt.Errorf("stream: workspaces of a page: %w", err)
		}
		among = string(list)
	}
	first := known != nil && !statuses
	return func(ctx context.Context, below veranda.EventID, n int) ([]scanned, veranda.EventID, error) {
		args := append(append([]any{}, visible...), below, n, among)
		if first {
			first = false
			events, low, err := s.readWide(ctx, known, args)
			if err != nil || len(events) > 0 {
				return events, lowest(events, n, low), err
			}
		}
		events, low, err := readScanned(ctx, s.conn, text, args...)
		return events, lowest(events, n, low), err
	}, nil
}

// readWide reads events together with what a page shows of them.
func (s *Service) readWide(ctx context.Context, known map[veranda.EventID]Item, args []any) (events []scanned, low veranda.EventID, err error) {
	var gone, muted bool
	org, _ := args[0].(veranda.OrgID)
	err = s.readItems(ctx, org, s.scans.wide, args, func(item Item) {
		e := scanned{ID: item.ID, Workspace: item.Workspace, Kind: item.Kind, System: item.System, At: item.At, Gone: gone, Muted: muted}
		if item.By != nil {
			e.By = item.By.ID
		}
		events = append(events, e)
		if !gone {
			known[item.ID] = item
		}
	}, &low, &gone, &muted)
	return events, low, err
}

// until ends a source at an event.
func until(from source, last veranda.EventID) source {
	return func(ctx context.Context, below veranda.EventID, n int) ([]scanned, veranda.EventID, error) {
		events, floor, err := from(ctx, below, n)
		for i, e := range events {
			if e.ID.String() <= last.String() {
				if e.ID != last {
					i--
				}
				return events[:i+1], veranda.EventID{}, err
			}
		}
		return events, floor, err
	}
}

// lowest is how far down a read went: to its last event where it is full, else to its bound.
func lowest(events []scanned, n int, low veranda.EventID) veranda.EventID {
	if len(events) < n {
		return low
	}
	return events[len(events)-1].ID
}

func readScanned(ctx context.Context, q queryer, text string, args ...any) (events []scanned, low veranda.EventID, err error) {
	err = each(ctx, q, text, args, func(rows *sql.Rows) error {
		var e scanned
		if err := rows.Scan(&low, &e.ID, &e.Workspace, veranda.Optional(&e.Kind), &e.By, veranda.Optional(&e.System), veranda.Moment(&e.At),
			veranda.Optional(&e.Gone), veranda.Optional(&e.Muted), veranda.Optional(&e.Body)); err != nil {
			return err
		}
		if !e.ID.IsZero() {
			events = append(events, e)
		}
		return nil
	})
	if err != nil {
		return nil, low, fmt.Errorf("stream: look for a page: %w", err)
	}
	return events, low, nil
}

// firstAtSince finds an event of an organization from a moment on, the first by time.
const firstAtSince = `SELECT e.id FROM veranda_events e WHERE e.org_id = $1 AND e.at >= $2 ORDER BY e.at LIMIT 1`

// seek moves the beginning of a page down to where the time asked for ends.
func (s *Service) seek(ctx context.Context, org veranda.OrgID, want *selection) error {
	if want.until.IsZero() {
		return nil
	}
	var beyond veranda.EventID
	_, err := one(ctx, s.conn, firstAtSince, []any{org, s.conn.DB().Time(want.until.Add(timeSlack))}, &beyond)
	if err != nil {
		return fmt.Errorf("stream: look for a time: %w", err)
	}
	if !beyond.IsZero() && beyond.String() < want.before.String() {
		want.before = beyond
	}
	return nil
}
