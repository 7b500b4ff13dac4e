package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	selectRemindersText = `SELECT r.id, r.relative_to, r.minutes, r.at_micros, r.next_at, r.account_id FROM veranda_task_reminders r WHERE r.org_id = $1 AND r.task_id = $2`
	ownRemindersText    = selectRemindersText + ` AND r.account_id = $3 ORDER BY r.id`

	insertReminderText = `INSERT INTO veranda_task_reminders (org_id, task_id, id, account_id, relative_to, minutes, at_micros, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	deleteReminderText = `DELETE FROM veranda_task_reminders WHERE org_id = $1 AND task_id = $2 AND id = $3 AND account_id = $4`
	setReminderText    = `UPDATE veranda_task_reminders SET at_micros = $4, next_at = $5 WHERE org_id = $1 AND task_id = $2 AND id = $3`

	// When reminders come, from the task's due moment, start and state; only what lies behind $5 comes at all.
	reminderMoment    = `CASE relative_to WHEN 'due' THEN CAST($3 AS BIGINT) - minutes * 60000000 WHEN 'start' THEN CAST($4 AS BIGINT) - minutes * 60000000 ELSE at_micros END`
	moveRemindersText = `UPDATE veranda_task_reminders SET next_at = CASE WHEN ` + reminderMoment + ` > CAST($5 AS BIGINT) THEN ` + reminderMoment + ` END WHERE org_id = $1 AND task_id = $2`

	// Of all organizations: this is a background job's.
	selectRemindText = `SELECT r.org_id, r.task_id, r.id, r.account_id, r.next_at FROM veranda_task_reminders r WHERE r.next_at IS NOT NULL AND r.next_at <= $1 ORDER BY r.next_at, r.id LIMIT $2`
	takeReminderText = `UPDATE veranda_task_reminders SET next_at = NULL WHERE org_id = $1 AND task_id = $2 AND id = $3 AND next_at = $4`
)

// reminderRow is a reminder and whose it is.
type reminderRow struct {
	Reminder
	account veranda.AccountID
}

func queryReminders(ctx context.Context, c veranda.Conn, task ID, text string, args ...any) ([]reminderRow, error) {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("tasks: read reminders: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []reminderRow
	for rows.Next() {
		r := reminderRow{Reminder: Reminder{Task: task}}
		var at int64
		var next *int64
		if err := rows.Scan(&r.ID, &r.RelativeTo, &r.Minutes, &at, &next, &r.account); err != nil {
			return nil, fmt.Errorf("tasks: read reminders: %w", err)
		}
		if r.RelativeTo == "" {
			moment := time.UnixMicro(at).UTC()
			r.At = &moment
		}
		if next != nil {
			moment := time.UnixMicro(*next).UTC()
			r.NextAt = &moment
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

func optionalMicros(moment *time.Time) any {
	if moment == nil {
		return nil
	}
	return moment.UnixMicro()
}

func insertReminder(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, r *reminderRow) error {
	at := int64(0)
	if r.At != nil {
		at = r.At.UnixMicro()
	}
	err := tx.Defer(ctx, insertReminderText, org, r.Task, r.ID, r.account, string(r.RelativeTo), r.Minutes, at, optionalMicros(r.NextAt))
	if err != nil {
		return fmt.Errorf("tasks: insert reminder: %w", err)
	}
	return nil
}

// moveReminders lets reminders come when they should after a change of a task.
func moveReminders(ctx context.Context, tx *veranda.Tx, before, after *Task) error {
	if sameMoment(before.DueAt, after.DueAt) && sameMoment(before.StartAt, after.StartAt) && before.State == after.State {
		return nil
	}
	due, start, now := int64(never), int64(never), tx.DB().Now().UnixMicro()
	if after.DueAt != nil {
		due = after.DueAt.UnixMicro()
	}
	if after.StartAt != nil {
		start = after.StartAt.UnixMicro()
	}
	if after.State == Finished {
		now = neverDue
	}
	if err := tx.Defer(ctx, moveRemindersText, after.Org, after.ID, due, start, now); err != nil {
		return fmt.Errorf("tasks: move reminders: %w", err)
	}
	return nil
}

// shiftReminders moves the reminders of a task that are at a moment by a distance on the clock of its zone.
func shiftReminders(ctx context.Context, tx *veranda.Tx, t *Task, distance time.Duration) error {
	found, err := queryReminders(ctx, tx.DB().Conn().Bind(tx), t.ID, selectRemindersText, t.Org, t.ID)
	if err != nil {
		return err
	}
	for _, r := range found {
		if r.At == nil {
			continue
		}
		moved := time.UnixMicro(shiftMicros(r.At.UnixMicro(), distance, t.zone())).UTC()
		r.At = &moved
		r.arm(t, tx.DB().Now())
		if err := tx.Defer(ctx, setReminderText, t.Org, t.ID, r.ID, moved.UnixMicro(), optionalMicros(r.NextAt)); err != nil {
			return fmt.Errorf("tasks: move reminders: %w", err)
		}
	}
	return nil
}

// copyReminders gives copies of tasks the reminders of those they are copies of, moved by a distance.
func copyReminders(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, made map[ID]ID, copies map[ID]*Task, distance time.Duration, zone *time.Location) error {
	now := tx.DB().Now()
	for from, to := range made {
		found, err := queryReminders(ctx, tx.DB().Conn().Bind(tx), to, selectRemindersText, org, from)
		if err != nil {
			return err
		}
		for i := range found {
			r := &found[i]
			r.ID = veranda.NewID[reminderKind]()
			if r.At != nil {
				moved := time.UnixMicro(shiftMicros(r.At.UnixMicro(), distance, zone)).UTC()
				r.At = &moved
			}
			r.arm(copies[to], now)
			if err := insertReminder(ctx, tx, org, r); err != nil {
				return err
			}
		}
	}
	return nil
}
