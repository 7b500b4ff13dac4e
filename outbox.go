package veranda

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda/internal/dialect"
)

// The outbox is the truth about open work; the queue in Redis is only how work travels. A claim moves a row's due time
// past its lease, so that what a crashed node or a wiped Redis lost is found again. Whoever does the work deletes the row
// in the transaction of its effect.
const (
	claimBatch   = 500
	lease        = 90 * time.Second
	handleBatch  = 100 // rows in one task of a Handle consumer
	deliverBatch = 10  // rows in one task of a Deliver consumer, whose effects are slow
	maxLong      = 4   // tasks of Long consumers that a node does at once
	maxAttempts  = 25  // then the row is parked for a person to look at
)

// parked is the due time of work that has failed too often.
var parked = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// cronPrefix begins the consumer of a periodic job's rows.
const cronPrefix = "cron:"

// work is a batch of outbox rows for one consumer: what one task carries.
type work struct {
	Consumer string     `json:"consumer"`
	IDs      []outboxID `json:"ids"`
}

const (
	claimPostgres = `UPDATE veranda_outbox SET due_at = $2 WHERE id IN (
	SELECT id FROM veranda_outbox WHERE due_at <= $1 ORDER BY due_at LIMIT 500 FOR UPDATE SKIP LOCKED) RETURNING id, consumer`
	claimSQLite = `UPDATE veranda_outbox SET due_at = $2 WHERE id IN (
	SELECT id FROM veranda_outbox WHERE due_at <= $1 ORDER BY due_at LIMIT 500) RETURNING id, consumer`
)

// claim takes due rows for a lease and sorts them into batches.
func (db *DB) claim(ctx context.Context) ([]work, int, error) {
	batches := map[string][]outboxID{}
	count := 0
	// A look before the write: an idle poll must not cost SQLite a transaction.
	due, err := db.anyDue(ctx)
	if err != nil || !due {
		return nil, 0, err
	}
	err = db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		now := db.Now()
		rows, err := tx.Query(ctx, db.Pick(claimPostgres, claimSQLite), db.Time(now), db.Time(now.Add(lease)))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id outboxID
			var consumer string
			if err := rows.Scan(&id, &consumer); err != nil {
				return err
			}
			batches[consumer] = append(batches[consumer], id)
			count++
		}
		return rows.Err()
	})
	if err != nil {
		return nil, 0, fmt.Errorf("veranda: claim work: %w", err)
	}
	var out []work
	for consumer, ids := range batches {
		slices.SortFunc(ids, func(a, b outboxID) int { return strings.Compare(a.String(), b.String()) })
		size := handleBatch
		if c, ok := db.consumer(consumer); ok && c.Deliver != nil {
			if size = deliverBatch; c.Long {
				size = 1
			}
		}
		for part := range slices.Chunk(ids, size) {
			out = append(out, work{Consumer: consumer, IDs: part})
		}
	}
	slices.SortFunc(out, func(a, b work) int { return strings.Compare(a.IDs[0].String(), b.IDs[0].String()) })
	return out, count, nil
}

func (db *DB) anyDue(ctx context.Context) (bool, error) {
	var one int
	err := db.reader.DB.QueryRowContext(ctx, `SELECT 1 FROM veranda_outbox WHERE due_at <= $1 LIMIT 1`, db.Time(db.Now())).Scan(&one)
	if err == sql.ErrNoRows {
		return false, nil
	}
	return err == nil, err
}

// release gives claimed rows back at once, when they could not be enqueued.
func (db *DB) release(ctx context.Context, w work, after time.Duration) error {
	ids, err := json.Marshal(w.IDs)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, db.Pick(
			`UPDATE veranda_outbox SET due_at = $1 WHERE id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))`,
			`UPDATE veranda_outbox SET due_at = $1 WHERE id IN (SELECT value FROM json_each($2))`), db.Time(db.Now().Add(after)), string(ids))
		return err
	})
}

// process does a batch. Rows that are gone were done by somebody else. What fails is done again row by row, so that one
// poisonous row holds up no other; each failing row waits longer after each attempt.
func (db *DB) process(ctx context.Context, w work) error {
	if job, ok := strings.CutPrefix(w.Consumer, cronPrefix); ok {
		return db.runPeriodic(ctx, job, w)
	}
	c, ok := db.consumer(w.Consumer)
	if !ok {
		// A newer or differently built node knows it.
		return db.release(ctx, w, 30*time.Second)
	}
	if c.Deliver != nil {
		return db.deliver(ctx, c, w.IDs)
	}
	err := db.handle(ctx, c, w.IDs)
	if err == nil {
		return nil
	}
	if len(w.IDs) == 1 {
		return db.failed(ctx, c.Name, w.IDs[0], err)
	}
	for _, id := range w.IDs {
		if err := db.handle(ctx, c, []outboxID{id}); err != nil {
			if err := db.failed(ctx, c.Name, id, err); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	eventColumns  = `e.org_id, e.id, e.workspace_id, e.kind, e.subject_id, e.by_id, e.system, e.at, e.data, e.to_ids`
	closePostgres = `WITH closed AS (DELETE FROM veranda_outbox WHERE id IN (SELECT value::uuid FROM jsonb_array_elements_text($1::jsonb)) RETURNING org_id, event_id)
SELECT ` + eventColumns + ` FROM closed c JOIN veranda_events e ON e.org_id = c.org_id AND e.id = c.event_id ORDER BY e.id`
	readWorkSQLite  = `SELECT ` + eventColumns + ` FROM veranda_outbox o JOIN veranda_events e ON e.org_id = o.org_id AND e.id = o.event_id WHERE o.id IN (SELECT value FROM json_each($1)) ORDER BY e.pos`
	closeSQLite     = `DELETE FROM veranda_outbox WHERE id IN (SELECT value FROM json_each($1))`
	readOnePostgres = `SELECT ` + eventColumns + ` FROM veranda_outbox o JOIN veranda_events e ON e.org_id = o.org_id AND e.id = o.event_id WHERE o.id = $1`
)

// handle runs a Handle consumer in the transaction that deletes its rows.
func (db *DB) handle(ctx context.Context, c Consumer, ids []outboxID) error {
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		var events []Event
		var err error
		if db.kind == dialect.Postgres {
			events, err = queryEvents(ctx, tx.Query, closePostgres, string(list))
		} else if events, err = queryEvents(ctx, tx.Query, readWorkSQLite, string(list)); err == nil {
			_, err = tx.Exec(ctx, closeSQLite, string(list))
		}
		if err != nil || len(events) == 0 {
			return err
		}
		return guarded(func() error { return c.Handle(ctx, tx, events) })
	})
}

// deliver runs a Deliver consumer for each row and deletes the row afterwards.
func (db *DB) deliver(ctx context.Context, c Consumer, ids []outboxID) error {
	for _, id := range ids {
		events, err := queryEvents(ctx, db.reader.DB.QueryContext, readOnePostgres, id)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			continue
		}
		stop := func() {}
		if c.Long {
			select {
			case db.long <- struct{}{}:
			default: // others have to get their turn too
				return db.release(ctx, work{Consumer: c.Name, IDs: []outboxID{id}}, 2*time.Second)
			}
			renewed := db.renew(id)
			stop = func() { renewed(); <-db.long }
		}
		err = guarded(func() error { return c.Deliver(ctx, events[0]) })
		stop()
		if err != nil && c.Long && ctx.Err() != nil { // the node stops: that is no failure of the work
			return db.release(context.WithoutCancel(ctx), work{Consumer: c.Name, IDs: []outboxID{id}}, 0)
		}
		if err != nil {
			if err := db.failed(ctx, c.Name, id, err); err != nil {
				return err
			}
			continue
		}
		if err := db.closeRow(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// renew keeps the claim on a row until the function that it gives is called.
func (db *DB) renew(id outboxID) (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(lease / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
			}
			if err := db.extend(id); err != nil {
				db.log.Warn("the claim on long work could not be renewed", "id", id.String(), "error", err)
			}
		}
	}()
	return func() {
		close(ended)
		<-done
	}
}

func (db *DB) extend(id outboxID) error {
	return db.InTx(context.Background(), func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `UPDATE veranda_outbox SET due_at = $2 WHERE id = $1`, id, db.Time(db.Now().Add(lease)))
		return err
	})
}

func (db *DB) closeRow(ctx context.Context, id outboxID) error {
	return db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM veranda_outbox WHERE id = $1`, id)
		return err
	})
}

// RetryAfter is how long a piece of work waits after so many failed attempts: 1, 2, 4 … seconds, an hour at most. Where
// the cause of the failure has a method RetryAfter() time.Duration and asks for more, it waits that long, an hour at most.
func RetryAfter(attempts int64, cause error) time.Duration {
	wait := min(time.Second<<min(max(attempts, 1)-1, 20), longestRetry)
	var asks interface{ RetryAfter() time.Duration }
	if errors.As(cause, &asks) {
		wait = max(wait, min(asks.RetryAfter(), longestRetry))
	}
	return wait
}

const longestRetry = time.Hour

// failed notes a failure and puts the row off for as long as RetryAfter says.
func (db *DB) failed(ctx context.Context, consumer string, id outboxID, cause error) error {
	return db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		rows, err := tx.Query(ctx, `SELECT attempts FROM veranda_outbox WHERE id = $1`, id)
		if err != nil {
			return err
		}
		attempts := int64(-1)
		if rows.Next() {
			err = rows.Scan(&attempts)
		}
		if err := errorsOf(err, rows.Err(), rows.Close()); err != nil || attempts < 0 {
			return err
		}
		attempts++
		due := db.Now().Add(RetryAfter(attempts, cause))
		if attempts >= maxAttempts {
			due = parked
			db.log.Error("work parked after too many failures", "consumer", consumer, "id", id.String(), "error", cause)
		} else {
			db.log.Warn("work failed, to be repeated", "consumer", consumer, "id", id.String(), "attempt", attempts, "error", cause)
		}
		_, err = tx.Exec(ctx, `UPDATE veranda_outbox SET attempts = $2, last_error = $3, due_at = $4 WHERE id = $1`,
			id, attempts, clip(cause.Error(), 500), db.Time(due))
		return err
	})
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func clip(text string, most int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}

// guarded turns a panic of foreign code into an error.
func guarded(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return fn()
}

// Drain does all work that is due, in the caller's goroutine, and tells how many pieces it did: for tests, command-line
// tools, and programs that start no background work. On PostgreSQL it also gives committed events their positions.
func (db *DB) Drain(ctx context.Context) (int, error) {
	done := 0
	if db.kind == dialect.Postgres {
		if err := db.sequenceAll(ctx); err != nil {
			return done, err
		}
	}
	for {
		batches, count, err := db.claim(ctx)
		if err != nil || count == 0 {
			return done, err
		}
		for _, w := range batches {
			if err := db.process(ctx, w); err != nil {
				return done, err
			}
		}
		done += count
	}
}

// OutboxStats says how much work is open.
type OutboxStats struct {
	Open   int64     // waiting or under way
	Parked int64     // failed too often
	Oldest time.Time // due time of the oldest open piece; zero when there is none
}

// OutboxStats counts the open work.
func (db *DB) OutboxStats(ctx context.Context) (OutboxStats, error) {
	var s OutboxStats
	row := db.reader.DB.QueryRowContext(ctx, `SELECT
	(SELECT count(*) FROM veranda_outbox WHERE due_at < $1), (SELECT count(*) FROM veranda_outbox WHERE due_at >= $1),
	(SELECT min(due_at) FROM veranda_outbox WHERE due_at < $1)`, db.Time(parked))
	err := row.Scan(&s.Open, &s.Parked, Moment(&s.Oldest))
	return s, err
}
