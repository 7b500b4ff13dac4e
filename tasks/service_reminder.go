package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// AddReminder makes a reminder for the actor. One whose moment is over, or that is relative to a moment the task does not
// have, waits until the task moves.
//
// Permission: task.follow. Errors: tasks.reminders (conflict) beyond MaxReminders. No event: a reminder is between a person
// and the task.
func (s *Service) AddReminder(ctx context.Context, by veranda.Actor, in AddReminderInput) (*Reminder, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermFollow)
	if err != nil {
		return nil, err
	}
	if standing.Account.IsZero() {
		return nil, veranda.ErrForbidden
	}
	r := &reminderRow{account: standing.Account, Reminder: Reminder{
		Task: in.Task, ID: veranda.NewID[reminderKind](), At: in.At, RelativeTo: in.RelativeTo, Minutes: in.Minutes,
	}}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		t, err := s.lockTask(ctx, tx, s.texts.lock, standing, in.Org, in.Task, PermFollow, 0)
		if err != nil {
			return err
		}
		own, err := queryReminders(ctx, s.conn.Bind(tx), in.Task, ownRemindersText, in.Org, in.Task, standing.Account)
		if err != nil {
			return err
		}
		if len(own) >= MaxReminders {
			return ErrReminders
		}
		r.arm(t, tx.DB().Now())
		return insertReminder(ctx, tx, in.Org, r)
	})
	if err != nil {
		return nil, err
	}
	return &r.Reminder, nil
}

// Reminders reads the actor's own reminders of a task, in the order in which they were made.
//
// Permission: task.read.
func (s *Service) Reminders(ctx context.Context, by veranda.Actor, in GetInput) (veranda.List[Reminder], error) {
	page := veranda.List[Reminder]{Items: []Reminder{}}
	if err := in.validate(); err != nil {
		return page, err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermRead)
	if err != nil {
		return page, err
	}
	own, err := queryReminders(ctx, s.conn, in.Task, ownRemindersText, in.Org, in.Task, standing.Account)
	for _, r := range own {
		page.Items = append(page.Items, r.Reminder)
	}
	return page, err
}

// DeleteReminder deletes a reminder of the actor's own.
//
// Permission: task.read. Errors: not_found where the actor has no such reminder.
func (s *Service) DeleteReminder(ctx context.Context, by veranda.Actor, in DeleteReminderInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermRead)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, deleteReminderText, in.Org, in.Task, in.Reminder, optionalAccount(standing.Account))
		if err != nil {
			return fmt.Errorf("tasks: delete reminder: %w", err)
		}
		if n == 0 {
			return veranda.ErrNotFound
		}
		return nil
	})
}

const (
	// systemRemind is who reminds, as events say it.
	systemRemind = "tasks.remind"
	remindBatch  = 200
)

// RemindJob is the job that lets reminders come: each once, whatever the number of nodes, to whom it belongs, while the
// task is open and they see it. Event: tasks.reminder_due, addressed to them.
func (s *Service) RemindJob() veranda.Periodic {
	return veranda.Periodic{Name: systemRemind, Every: time.Minute, Run: func(ctx context.Context, _ time.Time) error {
		for {
			due, err := s.dueReminders(ctx)
			if err != nil {
				return err
			}
			for _, r := range due {
				if err := s.remind(ctx, r); err != nil {
					return err
				}
			}
			if len(due) < remindBatch {
				return nil
			}
		}
	}}
}

// dueReminder is a reminder whose moment has come.
type dueReminder struct {
	org     veranda.OrgID
	task    ID
	id      ReminderID
	account veranda.AccountID
	at      int64
}

func (s *Service) dueReminders(ctx context.Context) (due []dueReminder, err error) {
	rows, err := s.conn.Query(ctx, selectRemindText, s.conn.DB().Now().UnixMicro(), remindBatch)
	if err != nil {
		return nil, fmt.Errorf("tasks: read due reminders: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r dueReminder
		if err := rows.Scan(&r.org, &r.task, &r.id, &r.account, &r.at); err != nil {
			return nil, fmt.Errorf("tasks: read due reminders: %w", err)
		}
		due = append(due, r)
	}
	return due, rows.Err()
}

// remind lets one reminder come, unless another node was faster or it moved meanwhile.
func (s *Service) remind(ctx context.Context, r dueReminder) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, takeReminderText, r.org, r.task, r.id, r.at)
		if err != nil || n == 0 {
			return err
		}
		_, t, err := s.WithTx(tx).task(ctx, veranda.AccountActor(r.account), r.org, r.task, PermRead)
		switch veranda.CodeOf(err) {
		case veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeUnauthenticated:
			return nil // they see it no longer
		}
		if err != nil || t.State == Finished {
			return err
		}
		now := tx.DB().Now()
		tx.Emit(veranda.Event{
			Org: r.org, To: []veranda.AccountID{r.account}, Kind: EventReminderDue, Subject: r.id.String(), System: systemRemind, At: now,
			Data: veranda.MarshalData(ReminderDue{
				Task: t.ID, Workspace: t.Workspace, Title: t.Title, DueAt: t.DueAt, StartAt: t.StartAt, Overdue: t.DueAt != nil && t.DueAt.Before(now),
			}),
		})
		return nil
	})
}
