package tasks

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
)

// Finish marks a task done; it goes to the finished ones of who does it. Items of the checklist may be open still.
//
// Permission: task.edit. Errors: tasks.finished (conflict) when it is finished already, so that of two who finish at once
// one is told; version. Event: tasks.task_finished.
func (s *Service) Finish(ctx context.Context, by veranda.Actor, in FinishInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskFinished,
		apply: func(t *Task, standing *veranda.Standing, now time.Time) (any, error) {
			if t.State == Finished {
				return nil, ErrFinished
			}
			t.State, t.FinishedAt, t.FinishedBy = Finished, &now, standing.Account
			return TaskFinished{
				Title: t.Title, Assignees: t.Assignees, CreatedBy: t.CreatedBy, DueAt: t.DueAt,
				Late: t.DueAt != nil && t.DueAt.Before(now),
			}, nil
		},
	})
}

// Reopen makes a finished task open again.
//
// Permission: task.edit. Errors: tasks.open (conflict) when it is open; version. Event: tasks.task_reopened.
func (s *Service) Reopen(ctx context.Context, by veranda.Actor, in ReopenInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskReopened,
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			if t.State == Open {
				return nil, ErrOpen
			}
			data := TaskReopened{Title: t.Title, Assignees: t.Assignees, FinishedAt: t.FinishedAt, FinishedBy: t.FinishedBy}
			t.State, t.FinishedAt, t.FinishedBy = Open, nil, veranda.AccountID{}
			return data, nil
		},
	})
}
