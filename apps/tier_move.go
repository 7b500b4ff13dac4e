package apps

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Records are moved from one table to another while people write.
//
// On PostgreSQL who writes notes the records' ids in a log, in the same transaction; first all records are copied, then the
// log is worked off, and the rest of it while writers wait, a few milliseconds. A writer holds the application's row, which
// the change of tier waits for: so nobody writes to a table that is not, or no longer, the right one, and none that writes
// without noting is left when the copying begins.
//
// On SQLite, which has one writer at a time, who writes a record up to the mark writes it in both tables, and the mark moves
// with each batch in its transaction. When it is past all ids the tables are the same.

// The phases of a move.
const (
	phaseCopy  = "copy"
	phaseClean = "clean"
)

const (
	// copyBatch is how many records PostgreSQL copies in one transaction, and takes from the log; with 500 writers' 99th
	// percentile stays below three times what it was.
	copyBatch = 500
	// copyTime is how long a batch takes on SQLite with its commit, for which writers wait: as many records as that allows.
	copyTime = 8 * time.Millisecond
	// leaveFor is how long records stay where they were, for those who began to read before they were moved.
	leaveFor = time.Minute
	// beyond is after all ids.
	beyond = "g"
	// lockFor is how long the change of tier waits for writers of PostgreSQL who are at work, while those behind them wait.
	lockFor = `SET LOCAL lock_timeout = '2s'`
)

const (
	tierText   = `SELECT tier, schema, schema_version FROM veranda_apps WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL`
	tierTextPG = tierText + ` FOR UPDATE`
	setTier    = `UPDATE veranda_apps SET tier = $3 WHERE org_id = $1 AND id = $2`

	insertMove = `INSERT INTO veranda_app_moves (org_id, app_id, phase, mark, was, at) VALUES ($1, $2, $3, $4, $5, $6)`
	selectMove = `SELECT m.phase, m.mark, m.was, m.at FROM veranda_app_moves m WHERE m.org_id = $1 AND m.app_id = $2`
	setMove    = `UPDATE veranda_app_moves SET phase = $3, mark = $4, at = $5 WHERE org_id = $1 AND app_id = $2`
	deleteMove = `DELETE FROM veranda_app_moves WHERE org_id = $1 AND app_id = $2`
	deleteLog  = `DELETE FROM veranda_app_move_log WHERE org_id = $1 AND app_id = $2`
	setMark    = `UPDATE veranda_app_moves SET mark = $3 WHERE org_id = $1 AND app_id = $2`
)

// The texts of moving, with the words of placeTexts; {to. …} are those of the other table.
const (
	copyPG = `WITH b AS MATERIALIZED (SELECT ` + bareColumns + ` FROM {records} r WHERE {r} AND r.id > $3::uuid ORDER BY r.id LIMIT $4),
put AS (INSERT INTO {to.records} ({to.columns}` + bareColumns + `) SELECT {to.values}` + bareColumns + ` FROM b ON CONFLICT DO NOTHING)
SELECT count(*), coalesce(max(id::text COLLATE "C"), '') FROM b`

	catchUpPG = `WITH l AS (DELETE FROM veranda_app_move_log WHERE org_id = $1 AND app_id = $2
	AND seq IN (SELECT seq FROM veranda_app_move_log WHERE org_id = $1 AND app_id = $2 ORDER BY seq LIMIT $3) RETURNING record_id),
u AS MATERIALIZED (SELECT DISTINCT record_id AS id FROM l),
gone AS (DELETE FROM {to.records} t WHERE {to.mine} AND t.id IN (SELECT u.id FROM u)
	AND NOT EXISTS (SELECT 1 FROM {records} r WHERE {r} AND r.id = t.id)),
put AS (INSERT INTO {to.records} ({to.columns}` + bareColumns + `) SELECT {to.values}r.id, r.version, r.created_at, r.created_by, r.changed_at, r.changed_by, r.doc, r.search
	FROM {records} r WHERE {r} AND r.id IN (SELECT u.id FROM u)
	ON CONFLICT ({to.columns}id) DO UPDATE SET version = excluded.version, created_at = excluded.created_at, created_by = excluded.created_by,
	changed_at = excluded.changed_at, changed_by = excluded.changed_by, doc = excluded.doc, search = excluded.search)
SELECT count(*) FROM l`

	edge     = `SELECT r.id FROM {records} r WHERE {r} AND r.id > $3 ORDER BY r.id LIMIT 1 OFFSET $4`
	copySome = `INSERT INTO {to.records} ({to.columns}` + bareColumns + `) SELECT {to.values}` + bareColumns + ` FROM {records} r WHERE {r} AND r.id > $3 AND r.id <= $4`
)

// begin has records moved to a table of the application's own, or to the shared one where that is nil. The table is made
// in the transaction from which on writers know of the move.
func (s *Service) begin(ctx context.Context, k appKey, from *place, to func(*schema) *home) error {
	begun := false
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		sch, state, err := s.holdTier(ctx, tx, k)
		if err != nil || sch == nil || state != from.state {
			return err // it is gone, or another node was faster
		}
		// What the last move left must be cleaned up first, lest it be taken for what it no longer is.
		if m, err := s.readMove(ctx, s.conn.Bind(tx), k); err != nil || m != nil {
			return err
		}
		next := tier{At: from.tier.At, To: to(sch), Moving: true}
		if next.To != nil {
			if err := s.makeTable(ctx, tx, k.App, sch, next.To); err != nil {
				return err
			}
		}
		mark := ""
		if !tx.DB().Embedded() {
			mark = RecordID{}.String()
			if err := tx.Defer(ctx, deleteLog, k.Org, k.App); err != nil {
				return fmt.Errorf("apps: begin move: %w", err)
			}
		}
		if err := tx.Defer(ctx, setTier, k.Org, k.App, next.encode()); err != nil {
			return fmt.Errorf("apps: begin move: %w", err)
		}
		begun = true
		return tx.Defer(ctx, insertMove, k.Org, k.App, phaseCopy, mark, from.state, tx.DB().Now().UnixMicro())
	})
	if err != nil || !begun {
		return err
	}
	return s.move(ctx, k)
}

// holdTier reads where an application's records lie, and holds it: writers wait. The schema is nil where there is none.
func (s *Service) holdTier(ctx context.Context, tx *veranda.Tx, k appKey) (sch *schema, state string, err error) {
	if !tx.DB().Embedded() {
		if _, err := tx.Exec(ctx, lockFor); err != nil {
			return nil, "", fmt.Errorf("apps: hold tier: %w", err)
		}
	}
	rows, err := tx.Query(ctx, tx.DB().Pick(tierTextPG, tierText), k.Org, k.App)
	if err != nil {
		return nil, "", fmt.Errorf("apps: hold tier: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return nil, "", rows.Err()
	}
	var text string
	var version int64
	if err := rows.Scan(&state, &text, &version); err != nil {
		return nil, "", fmt.Errorf("apps: hold tier: %w", err)
	}
	sch, err = decodeSchema(text, version)
	return sch, state, err
}

// moving is a move as its row has it.
type moving struct {
	phase, mark string
	was         string // the tier that the records come from
	at          int64
}

func (s *Service) readMove(ctx context.Context, c veranda.Conn, k appKey) (*moving, error) {
	rows, err := c.Query(ctx, selectMove, k.Org, k.App)
	if err != nil {
		return nil, fmt.Errorf("apps: read move: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return nil, rows.Err()
	}
	var m moving
	if err := rows.Scan(&m.phase, &m.mark, &m.was, &m.at); err != nil {
		return nil, fmt.Errorf("apps: read move: %w", err)
	}
	return &m, nil
}

// move goes on with a move where it stands.
func (s *Service) move(ctx context.Context, k appKey) error {
	m, err := s.readMove(ctx, s.conn, k)
	if err != nil || m == nil {
		return err
	}
	if m.phase == phaseClean {
		return s.clean(ctx, k, m)
	}
	lies, err := s.placeAt(ctx, k.Org, k.App)
	if err != nil || !lies.tier.Moving {
		return err
	}
	if sch, err := s.related(ctx, k.Org, k.App); err != nil || sch == nil {
		return err // it was deleted; restored, it moves on
	}
	with := strings.NewReplacer(append(wordsOf(lies.Postgres, k.App, lies.tier.At, ""), wordsOf(lies.Postgres, k.App, lies.tier.To, "to.")...)...)
	if lies.Postgres {
		err = s.copyPostgres(ctx, k, lies, with)
	} else {
		err = s.copySQLite(ctx, k, with)
	}
	return err
}

// copyPostgres copies records, makes the indexes, works the log off and changes the tier.
func (s *Service) copyPostgres(ctx context.Context, k appKey, lies *place, with *strings.Replacer) error {
	text := with.Replace(copyPG)
	for n := int64(copyBatch); n > 0; {
		began := s.conn.DB().Now()
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			m, err := s.readMove(ctx, s.conn.Bind(tx), k)
			if err != nil || m == nil {
				return err
			}
			rows, err := tx.Query(ctx, text, k.Org, k.App, m.mark, copyBatch)
			if err != nil {
				return fmt.Errorf("apps: copy records: %w", err)
			}
			last := ""
			if n, err = scanPair(rows, &last); err != nil || n == 0 {
				return err
			}
			return tx.Defer(ctx, setMark, k.Org, k.App, last)
		})
		if err != nil {
			return err
		}
		if err := pause(ctx, s.conn.DB().Now().Sub(began)/2); err != nil {
			return err
		}
	}
	if err := s.makeIndexes(ctx, k, lies); err != nil {
		return err
	}
	text = with.Replace(catchUpPG)
	catchUp := func(tx *veranda.Tx) (int64, error) {
		return scanCount(ctx, s.conn.Bind(tx), text, k.Org, k.App, copyBatch)
	}
	mostly := func() error {
		// Writers add to the log meanwhile: it need not come to an end here.
		for n, round := int64(copyBatch), 0; n >= copyBatch/10 && round < 1000; round++ {
			if err := s.conn.InTx(ctx, func(_ context.Context, tx *veranda.Tx) (err error) {
				n, err = catchUp(tx)
				return err
			}); err != nil {
				return err
			}
		}
		return ctx.Err()
	}
	if err := mostly(); err != nil {
		return err
	}
	if err := s.settleTable(ctx, k, lies); err != nil {
		return err
	}
	if err := mostly(); err != nil {
		return err
	}
	return s.change(ctx, k, lies.state, func(tx *veranda.Tx) error {
		for {
			if n, err := catchUp(tx); err != nil || n == 0 {
				return err
			}
		}
	})
}

// scanPair reads one row of a number and a text.
func scanPair(rows interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close() error
}, text *string) (n int64, err error) {
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		err = rows.Scan(&n, text)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("apps: copy records: %w", err)
	}
	return n, nil
}

// pause leaves the database to others for a while.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(min(d, 50*time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// copySQLite copies records in batches of about copyTime and changes the tier.
func (s *Service) copySQLite(ctx context.Context, k appKey, with *strings.Replacer) error {
	edgeText, copyText := with.Replace(edge), with.Replace(copySome)
	state := ""
	err := s.batches(ctx, func(ctx context.Context, tx *veranda.Tx, size int) (done bool, err error) {
		lies, err := s.WithTx(tx).placeAt(ctx, k.Org, k.App)
		if err != nil {
			return false, err
		}
		state = lies.state
		m, err := s.readMove(ctx, s.conn.Bind(tx), k)
		if err != nil || m == nil || m.phase != phaseCopy || m.mark == beyond {
			return true, err
		}
		to := beyond
		rows, err := tx.Query(ctx, edgeText, k.Org, k.App, m.mark, size-1)
		if err != nil {
			return false, fmt.Errorf("apps: copy records: %w", err)
		}
		for rows.Next() {
			err = rows.Scan(&to)
		}
		if err := firstError(err, rows.Err(), rows.Close()); err != nil {
			return false, fmt.Errorf("apps: copy records: %w", err)
		}
		if _, err := tx.Exec(ctx, copyText, k.Org, k.App, m.mark, to); err != nil {
			return false, fmt.Errorf("apps: copy records: %w", err)
		}
		_, err = tx.Exec(ctx, setMark, k.Org, k.App, to)
		return to == beyond, err
	})
	if err != nil {
		return err
	}
	return s.change(ctx, k, state, func(*veranda.Tx) error { return nil })
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// batches works in transactions of about copyTime each, for as many records as that allows, until the work is done.
func (s *Service) batches(ctx context.Context, work func(ctx context.Context, tx *veranda.Tx, size int) (done bool, err error)) error {
	defer s.spareCheckpoints(ctx)()
	size, done := 20, false
	for n := 0; !done; n++ {
		if n%checkpointEach == checkpointEach-1 {
			s.checkpoint(ctx)
		}
		var began time.Time
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) (err error) {
			began = tx.DB().Now()
			done, err = work(ctx, tx, size)
			return err
		})
		if err != nil {
			return err
		}
		took := s.conn.DB().Now().Sub(began)
		if took > copyTime {
			size = max(10, size*3/4)
		} else if took < copyTime*3/4 {
			size = min(2000, size*5/4)
		}
		if err := pause(ctx, min(took, copyTime)); err != nil {
			return err
		}
	}
	return nil
}

const (
	// moreLog is how many pages SQLite's log may have before a writer empties it, while records are moved, and
	// checkpointEach after how many batches the job empties it, so that no writer must.
	moreLog        = `PRAGMA wal_autocheckpoint = 20000`
	checkpointEach = 20
)

// spareCheckpoints has writers leave SQLite's log to the job until it is called back. It can be done where Veranda opened
// the database: there writers share a connection.
func (s *Service) spareCheckpoints(ctx context.Context) (end func()) {
	db := s.conn.DB()
	if !db.Embedded() || db.Writer() == db.Reader() {
		return func() {}
	}
	before := 0
	if err := db.Writer().DB.QueryRowContext(ctx, `PRAGMA wal_autocheckpoint`).Scan(&before); err != nil || before <= 0 {
		return func() {}
	}
	if _, err := db.Writer().DB.ExecContext(ctx, moreLog); err != nil {
		return func() {}
	}
	return func() {
		//sql:built a pragma takes no placeholder; it is the number that was read
		_, _ = db.Writer().DB.ExecContext(context.WithoutCancel(ctx), `PRAGMA wal_autocheckpoint = `+strconv.Itoa(before))
	}
}

// checkpoint empties SQLite's log beside the writers, as far as readers allow.
func (s *Service) checkpoint(ctx context.Context) {
	db := s.conn.DB()
	if db.Embedded() && db.Writer() != db.Reader() {
		_, _ = db.Reader().DB.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
	}
}

// change makes the table that records were moved to the one where they lie. What is left to copy is copied while nobody
// writes.
func (s *Service) change(ctx context.Context, k appKey, state string, last func(tx *veranda.Tx) error) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		sch, now, err := s.holdTier(ctx, tx, k)
		if err != nil || sch == nil || now != state {
			return err
		}
		t, err := decodeTier(now)
		if err != nil || !t.Moving {
			return err
		}
		if err := last(tx); err != nil {
			return err
		}
		if err := tx.Defer(ctx, setTier, k.Org, k.App, tier{At: t.To}.encode()); err != nil {
			return fmt.Errorf("apps: change tier: %w", err)
		}
		return tx.Defer(ctx, setMove, k.Org, k.App, phaseClean, "", tx.DB().Now().UnixMicro())
	})
}
