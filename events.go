package veranda

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

type queryFunc func(ctx context.Context, text string, args ...any) (*sql.Rows, error)

// queryEvents reads events: the columns of eventColumns.
func queryEvents(ctx context.Context, query queryFunc, text string, args ...any) ([]Event, error) {
	rows, err := query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("veranda: read events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var events []Event
	for rows.Next() {
		e, err := scanEvent(rows)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, rows.Err()
}

func scanEvent(rows *sql.Rows, more ...any) (Event, error) {
	var e Event
	var data []byte
	err := rows.Scan(append([]any{&e.Org, &e.ID, &e.Workspace, &e.Kind, &e.Subject, &e.By, &e.System, Moment(&e.At), &data, recipientList{&e.To}}, more...)...)
	if err != nil {
		return e, fmt.Errorf("veranda: read event: %w", err)
	}
	e.Data = data
	return e, nil
}

// EventsAfter reads the log in the order of commits, from a position (0 is the beginning): at most limit events and the
// position to go on from. It misses nothing and repeats nothing, also where transactions commit in another order than
// they began. On PostgreSQL an event gets its position a few milliseconds after its commit.
func (db *DB) EventsAfter(ctx context.Context, position int64, limit int) ([]Event, int64, error) {
	rows, err := db.reader.DB.QueryContext(ctx, `SELECT `+eventColumns+`, e.pos FROM veranda_events e WHERE e.pos > $1 ORDER BY e.pos LIMIT $2`, position, limit)
	if err != nil {
		return nil, position, fmt.Errorf("veranda: read events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var events []Event
	for rows.Next() {
		e, err := scanEvent(rows, &position)
		if err != nil {
			return nil, position, err
		}
		events = append(events, e)
	}
	return events, position, rows.Err()
}

// sequencerBatch is how many events get their positions at once.
const sequencerBatch = 1000

// sequencerLock is the advisory lock of the one node that gives positions.
const sequencerLock = 8372633

// Events become visible to others at COMMIT, in another order than their ids were made, so a position must be given after
// commit. The sum of the statement is one index read and one update per event.
const sequencePostgres = `WITH open AS MATERIALIZED (
	SELECT org_id, id, row_number() OVER (ORDER BY id) AS n FROM (SELECT org_id, id FROM veranda_events WHERE pos IS NULL ORDER BY id LIMIT 1000) o)
UPDATE veranda_events e SET pos = (SELECT coalesce(max(pos), 0) FROM veranda_events WHERE pos IS NOT NULL) + open.n
FROM open WHERE e.org_id = open.org_id AND e.id = open.id`

// foldHeads brings the workspaces' newest events up to the last position given. It goes on from where the last fold ended
// and not from what this node sequenced, so that it also finds what a node of an older program gave a position to.
const foldHeads = `WITH recent AS MATERIALIZED (
	SELECT org_id, workspace_id, id, pos, to_ids FROM veranda_events WHERE pos > (SELECT pos FROM veranda_heads_state WHERE one = 1) ORDER BY pos LIMIT 10000),
moved AS (UPDATE veranda_heads_state SET pos = (SELECT max(pos) FROM recent) WHERE one = 1 AND EXISTS (SELECT 1 FROM recent))
INSERT INTO veranda_heads (org_id, workspace_id, last_id)
SELECT DISTINCT ON (org_id, workspace_id) org_id, workspace_id, id FROM recent WHERE workspace_id IS NOT NULL AND to_ids = '' ORDER BY org_id, workspace_id, id DESC
ON CONFLICT (org_id, workspace_id) DO UPDATE SET last_id = excluded.last_id WHERE veranda_heads.last_id < excluded.last_id`

// errSequencing says that another node is giving positions just now. What it sees was committed before it began, so what
// was committed since waits for whoever comes next.
var errSequencing = errors.New("veranda: another node gives positions")

// sequenceOnce gives positions to committed events that have none, and brings the workspaces' heads up to them, unless
// another node is doing it: errSequencing. It tells how many.
func (db *DB) sequenceOnce(ctx context.Context) (int64, error) {
	var given int64
	err := db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		var mine bool
		rows, err := tx.Query(ctx, `SELECT pg_try_advisory_xact_lock($1)`, sequencerLock)
		if err != nil {
			return err
		}
		if rows.Next() {
			err = rows.Scan(&mine)
		}
		if err := errorsOf(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		if !mine {
			return errSequencing
		}
		if given, err = tx.Exec(ctx, sequencePostgres); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, foldHeads)
		return err
	})
	return given, err
}

// sequenceAgain is how long giving positions to a batch takes, about.
const sequenceAgain = 2 * time.Millisecond

// sequenceAll gives positions until nothing committed is without one. Where another node is at it, this one comes back when
// that should be done: what was committed here meanwhile is nobody else's to find.
func (db *DB) sequenceAll(ctx context.Context) error {
	for wait := sequenceAgain; ctx.Err() == nil; {
		given, err := db.sequenceOnce(ctx)
		if errors.Is(err, errSequencing) {
			pause(ctx, wait)
			wait = min(2*wait, 50*sequenceAgain)
			continue
		}
		if given > 0 {
			db.grew()
		}
		if err != nil || given < sequencerBatch {
			return err
		}
	}
	return nil
}
