package calendar

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// remindEvery is how often the job looks; a reminder comes up to that much late.
const remindEvery = time.Minute

// remindWithin is how late a reminder may come after a standstill; older ones are left out.
const remindWithin = time.Hour

// dueReminders is the work of all tenants, by the index of what is due.
const dueReminders = `SELECT e.org_id, e.id FROM veranda_calendar_events e
WHERE e.next_reminder_at IS NOT NULL AND e.next_reminder_at <= $1 ORDER BY e.next_reminder_at LIMIT 500`

// RemindersJob emits EventReminderDue for what begins soon, to its organizer and to the guests who have not declined, as
// far as they see the workspace. Each reminder is emitted once.
func (s *Service) RemindersJob() veranda.Periodic {
	return veranda.Periodic{Name: "calendar.reminders", Every: remindEvery, Run: func(ctx context.Context, _ time.Time) error {
		return s.remind(ctx)
	}}
}

func (s *Service) remind(ctx context.Context) error {
	type due struct {
		org veranda.OrgID
		id  ID
	}
	for {
		var found []due
		err := each(ctx, s.conn, dueReminders, []any{s.conn.DB().Time(s.conn.DB().Now())}, func(rows *sql.Rows) error {
			var d due
			defer func() { found = append(found, d) }()
			return rows.Scan(&d.org, &d.id)
		})
		if err != nil {
			return fmt.Errorf("calendar: read what is due: %w", err)
		}
		for _, d := range found {
			if err := s.remindOf(ctx, d.org, d.id); err != nil && !errors.Is(err, veranda.ErrNotFound) {
				return err
			}
		}
		if len(found) < 500 {
			return nil
		}
	}
}

// remindOf emits the due reminders of one event and stores when the next one is.
func (s *Service) remindOf(ctx context.Context, org veranda.OrgID, id ID) error {
	read, err := all(ctx, s.conn, org, selectEvent, org, id)
	if err != nil || len(read) == 0 {
		return err
	}
	sees := map[veranda.AccountID]bool{}
	for _, account := range append(read[0].invited(), read[0].createdBy) {
		if account.IsZero() {
			continue
		}
		if sees[account], err = s.seen(ctx, account, org, read[0].workspace); err != nil {
			return err
		}
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		e, err := s.hold(ctx, tx, org, id)
		if err != nil {
			return err
		}
		var next time.Time
		if _, err := one(ctx, tx, nextReminder, []any{org, id}, veranda.Moment(&next)); err != nil {
			return err
		}
		now := tx.DB().Now()
		if next.IsZero() || next.After(now) {
			return nil // another node was faster
		}
		var to []veranda.AccountID
		for _, account := range append(e.invited(), e.createdBy) {
			if at := e.guest(account); sees[account] && (at < 0 || e.guests[at].Answer != Declined) {
				to = append(to, account)
				sees[account] = false // once each
			}
		}
		if len(to) > 0 {
			s.emitReminders(tx, e, to, next, now)
		}
		var later any
		if at := e.nextReminder(now); !at.IsZero() {
			later = tx.DB().Time(at)
		}
		return tx.Defer(ctx, storeReminder, org, id, later)
	})
}

const (
	nextReminder  = `SELECT next_reminder_at FROM veranda_calendar_events WHERE org_id = $1 AND id = $2`
	storeReminder = `UPDATE veranda_calendar_events SET next_reminder_at = $3 WHERE org_id = $1 AND id = $2`
)

// emitReminders emits what became due between two moments, both included.
func (s *Service) emitReminders(tx *veranda.Tx, e *series, to []veranda.AccountID, from, now time.Time) {
	if late := now.Add(-remindWithin); from.Before(late) {
		from = late
	}
	for _, minutes := range e.reminders {
		before := time.Duration(minutes) * time.Minute
		for _, o := range e.between(from.Add(before), now.Add(before+time.Microsecond)) {
			tx.Emit(veranda.Event{
				Org: e.org, Workspace: e.workspace, Kind: EventReminderDue, Subject: e.id.String(), System: "calendar", At: now, To: to,
				Data: veranda.MarshalData(ReminderData{Occurrence: o.name, StartsAt: o.start, Minutes: minutes}),
			})
		}
	}
}

// one reads a row that may be absent.
func one(ctx context.Context, q queryer, text string, args []any, destinations ...any) (found bool, err error) {
	err = each(ctx, q, text, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(destinations...)
	})
	return found, err
}
