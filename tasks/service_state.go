package tasks

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
)

// Finish marks a task done; it goes to the finished ones of who does it. Items of the checklist may be open still. Of a
// recurring task the next instance is made, once, however often this one is reopened and finished again: with its
// sub-tasks, which are open again, and with all dates moved by the same distance on the clock of the task's zone. A card
// of a board comes to the first stage for finished ones.
//
// Permission: task.edit, also on each sub-task that is finished too. Limit: "tasks", for the next instance and its
// sub-tasks. Errors: tasks.finished (conflict) when it is finished already, so that of two who finish at once one is told;
// tasks.open_subtasks (conflict) when it has open sub-tasks and Subtasks is not given; tasks.blocked (conflict) when it, or
// a sub-task that is finished too, waits for an open task that the actor sees, unless Force is given; version. Events:
// tasks.task_finished, for each task; tasks.task_unblocked; tasks.task_created for what is made anew.
func (s *Service) Finish(ctx context.Context, by veranda.Actor, in FinishInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, s.finishing(in))
}

// finishing is the change that Finish makes.
func (s *Service) finishing(in FinishInput) taskChange {
	var next time.Time
	return taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskFinished,
		apply: func(t *Task, standing *veranda.Standing, now time.Time) (any, error) {
			if t.State == Finished {
				return nil, ErrFinished
			}
			if r := t.Recurrence; r != nil && r.Next.IsZero() {
				wall, ok := t.next(now)
				if ok {
					next, r.Next = wall, veranda.NewID[taskKind]()
				}
			}
			return t.finish(standing, now), nil
		},
		then: func(ctx context.Context, tx *veranda.Tx, before, after *Task, standing *veranda.Standing, now time.Time) error {
			// Before what is beneath is finished: the next instance is made of what is there.
			if err := s.finishBeneath(ctx, tx, in, before, standing, now); err != nil {
				return err
			}
			if before.Recurrence != nil && before.Recurrence.Next != after.Recurrence.Next {
				if err := s.repeat(ctx, tx, before, after.Recurrence.Next, next, standing, now); err != nil {
					return err
				}
			}
			if err := s.settleStage(ctx, tx, after); err != nil {
				return err
			}
			return s.tellOthers(ctx, tx, after, standing)
		},
	}
}

// finish marks the task done, and gives the data of the event.
func (t *Task) finish(standing *veranda.Standing, now time.Time) TaskFinished {
	t.State, t.FinishedAt, t.FinishedBy = Finished, &now, standing.Account
	return TaskFinished{
		Title: t.Title, Assignees: t.Assignees, CreatedBy: t.CreatedBy, DueAt: t.DueAt,
		Late: t.DueAt != nil && t.DueAt.Before(now),
	}
}

// finishBeneath looks at what a task that is being finished waits for, and finishes its sub-tasks where that is wanted.
func (s *Service) finishBeneath(ctx context.Context, tx *veranda.Tx, in FinishInput, t *Task, standing *veranda.Standing, now time.Time) error {
	bound := s.WithTx(tx)
	if !in.Force {
		if err := bound.lookElsewhere(ctx, standing, t); err != nil {
			return err
		}
	}
	var waited []ID
	if t.Blocked && !in.Force {
		waited = append(waited, t.ID)
	}
	if t.Subtasks.open() > 0 && in.Subtasks == "" {
		return ErrOpenSubtasks
	}
	if t.Subtasks.total() > 0 && in.Subtasks == FinishSubtasks {
		tree, err := selectTree(ctx, tx, t.Org, t.ID)
		if err != nil {
			return err
		}
		var finished []*Task
		for i := range tree {
			before := &tree[i].Task
			if before.State == Finished {
				continue
			}
			if err := s.authz.Decide(ctx, bound.conn, standing, ask(PermEdit, before, standing)); err != nil {
				return err
			}
			if before.Waiting.Here+before.Waiting.Elsewhere > 0 {
				waited = append(waited, before.ID)
			}
			after := before.clone()
			data := after.finish(standing, now)
			after.Version, after.UpdatedAt = before.Version+1, now
			if err := updateTask(ctx, tx, before, after); err != nil {
				return err
			}
			tx.Emit(taskEvent(EventTaskFinished, after, standing, now, data))
			finished = append(finished, after)
		}
		for _, one := range finished {
			if err := s.settleStage(ctx, tx, one); err != nil {
				return err
			}
			if err := s.tellOthers(ctx, tx, one, standing); err != nil {
				return err
			}
		}
	}
	if in.Force || len(waited) == 0 {
		return nil
	}
	// What waits for something beneath the same task waits no longer.
	if err := countWaiting(ctx, tx, t.Org, waited...); err != nil {
		return err
	}
	for _, id := range waited {
		still, err := selectOne(ctx, tx, selectTask, t.Org, id)
		if err != nil {
			return err
		}
		if err := bound.lookElsewhere(ctx, standing, still); err != nil {
			return err
		}
		if still.Blocked {
			return ErrBlocked
		}
	}
	return nil
}

// tellOthers counts anew what a task's state means for the task above it and for those that wait for it.
func (s *Service) tellOthers(ctx context.Context, tx *veranda.Tx, t *Task, standing *veranda.Standing) error {
	if err := countSubtasks(ctx, tx, t.Org, t.Parent); err != nil {
		return err
	}
	if t.Waiting.Blocking == 0 {
		return nil
	}
	waiting, err := selectIDs(ctx, tx, selectBlockedByText, t.Org, t.ID)
	if err != nil {
		return err
	}
	if err := countWaiting(ctx, tx, t.Org, waiting...); err != nil {
		return err
	}
	now, err := selectOne(ctx, tx, selectTask, t.Org, t.ID)
	if err != nil || now.State == Open && !now.ID.IsZero() {
		return err
	}
	return s.emitUnblocked(ctx, tx, standing, t.Org, waiting...)
}

// Reopen makes a finished task open again. Its next instance, where there is one, stays. A card of a board comes back to
// the first stage that is for open ones.
//
// Permission: task.edit. Errors: tasks.open (conflict) when it is open; version. Event: tasks.task_reopened.
func (s *Service) Reopen(ctx context.Context, by veranda.Actor, in ReopenInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, s.reopening(in))
}

// reopening is the change that Reopen makes.
func (s *Service) reopening(in ReopenInput) taskChange {
	return taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskReopened,
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			if t.State == Open {
				return nil, ErrOpen
			}
			data := TaskReopened{Title: t.Title, Assignees: t.Assignees, FinishedAt: t.FinishedAt, FinishedBy: t.FinishedBy}
			t.State, t.FinishedAt, t.FinishedBy = Open, nil, veranda.AccountID{}
			return data, nil
		},
		then: func(ctx context.Context, tx *veranda.Tx, _, after *Task, standing *veranda.Standing, _ time.Time) error {
			if err := s.settleStage(ctx, tx, after); err != nil {
				return err
			}
			return s.tellOthers(ctx, tx, after, standing)
		},
	}
}
