package veranda

import (
	"context"
	"fmt"
	"time"
)

// Periodic is a job that runs once in each slot of time, on whichever node is first, any number of nodes. Slots begin at
// multiples of Every since 1970, UTC. A run that fails is repeated like other work. After a standstill the current slot
// is run, not the missed ones: jobs look at what is due, not at what the clock says.
type Periodic struct {
	Name  string
	Every time.Duration
	Run   func(ctx context.Context, slot time.Time) error
}

// Every adds a periodic job. Add jobs before background work is started.
func (db *DB) Every(p Periodic) error {
	if p.Name == "" || p.Every < time.Second || p.Run == nil {
		return fmt.Errorf("veranda: periodic job %q wants a name, at least a second, and a function", p.Name)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	for _, other := range db.periodics {
		if other.Name == p.Name {
			return fmt.Errorf("veranda: there are two periodic jobs %q", p.Name)
		}
	}
	db.periodics = append(db.periodics, p)
	return nil
}

// EnqueueDue takes the current slot of every periodic job that nobody has taken yet and puts its run into the outbox.
// Background work does this by itself; tests and tools call it, then Drain.
func (db *DB) EnqueueDue(ctx context.Context) error {
	db.mu.RLock()
	periodics := db.periodics
	db.mu.RUnlock()
	now := db.Now()
	for _, p := range periodics {
		slot := now.Truncate(p.Every)
		taken, err := db.slotTaken(ctx, p.Name, slot)
		if err != nil {
			return err
		}
		if taken {
			continue
		}
		if err := db.takeSlot(ctx, p.Name, slot); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) slotTaken(ctx context.Context, job string, slot time.Time) (bool, error) {
	var n int
	err := db.reader.DB.QueryRowContext(ctx, `SELECT count(*) FROM veranda_slots WHERE job = $1 AND slot = $2`, job, db.Time(slot)).Scan(&n)
	if err != nil {
		return false, translate(fmt.Errorf("veranda: read slot: %w", err))
	}
	return n > 0, nil
}

// takeSlot writes the slot's row; who finds it there has lost.
func (db *DB) takeSlot(ctx context.Context, job string, slot time.Time) error {
	return db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO veranda_slots (job, slot) VALUES ($1, $2) ON CONFLICT DO NOTHING`, job, db.Time(slot))
		if err != nil || n == 0 {
			return err
		}
		// Older slots tell nothing any more.
		if _, err := tx.Exec(ctx, `DELETE FROM veranda_slots WHERE job = $1 AND slot < $2`, job, db.Time(slot.Add(-30*24*time.Hour))); err != nil {
			return err
		}
		tx.gathered.jobs = append(tx.gathered.jobs, outboxEntry{
			ID: NewID[outboxKind](), Consumer: cronPrefix + job, Payload: slot.Format(time.RFC3339Nano), DueAt: db.Now(),
		})
		return nil
	})
}

// runPeriodic runs the slots of a job. A job's effects keep their own marks, for a run is repeated after a crash.
func (db *DB) runPeriodic(ctx context.Context, job string, w work) error {
	db.mu.RLock()
	var run func(context.Context, time.Time) error
	for _, p := range db.periodics {
		if p.Name == job {
			run = p.Run
		}
	}
	db.mu.RUnlock()
	if run == nil {
		return db.release(ctx, w, 30*time.Second)
	}
	for _, id := range w.IDs {
		var payload string
		rows, err := db.reader.DB.QueryContext(ctx, `SELECT payload FROM veranda_outbox WHERE id = $1`, id)
		if err != nil {
			return err
		}
		found := rows.Next()
		if found {
			err = rows.Scan(&payload)
		}
		if err := errorsOf(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		if !found {
			continue
		}
		slot, err := time.Parse(time.RFC3339Nano, payload)
		if err == nil {
			err = guarded(func() error { return run(ctx, slot) })
		}
		if err != nil {
			if err := db.failed(ctx, w.Consumer, id, err); err != nil {
				return err
			}
			continue
		}
		if err := db.finishSlot(ctx, job, slot, id); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) finishSlot(ctx context.Context, job string, slot time.Time, id outboxID) error {
	return db.InTx(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE veranda_slots SET finished_at = $3 WHERE job = $1 AND slot = $2`, job, db.Time(slot), db.Time(db.Now())); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM veranda_outbox WHERE id = $1`, id)
		return err
	})
}
