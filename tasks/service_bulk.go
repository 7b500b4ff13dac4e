package tasks

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Bulk changes, finishes, reopens or deletes up to MaxBulk tasks in one transaction, each as the single calls would: with
// the same permission, the same rules and the same events. What cannot be done to one task is said in its result and does
// not concern the others, unless Atomic asks for all or nothing. Where a hook vetoes one of the events nothing is changed,
// and the veto is the answer.
//
// Permission: task.read in the organization; for each task task.edit, or task.delete. Errors: invalid; tasks.bulk (conflict)
// with a field for each task that cannot be changed, where Atomic is set. Events: those of Update, SetParent,
// Move, Finish, Reopen and Delete.
func (s *Service) Bulk(ctx context.Context, by veranda.Actor, in BulkInput) (*BulkResult, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if _, err := s.member(ctx, by, in.Org); err != nil {
		return nil, err
	}
	// In one order whatever the caller's, for two calls over the same tasks would wait for each other.
	order := make([]int, len(in.Tasks))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(in.Tasks[a].ID.String(), in.Tasks[b].ID.String()) })
	result := &BulkResult{Results: make([]BulkTaskResult, len(in.Tasks))}
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var refused veranda.Checks
		if in.State != "" || in.Delete || in.places() { // which may concern other tasks, and the graph comes before the rows
			if err := lockGraph(ctx, tx, in.Org); err != nil {
				return err
			}
		}
		for _, i := range order {
			one := BulkTaskResult{Outcome: BulkUnchanged}
			err := tx.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				var err error
				one.Outcome, one.Version, err = s.WithTx(tx).bulkOne(ctx, by, &in, in.Tasks[i])
				return err
			})
			var why *veranda.Error
			switch {
			case err == nil && one.Outcome == BulkChanged:
				result.Changed++
			case err == nil:
			case errors.As(err, &why) && ofOneTask(why.Code):
				one.Outcome, one.Version = BulkFailed, 0
				one.Reason, one.Message, one.Fields = why.Reason, why.Message, why.Fields
				result.Failed++
			default:
				return err
			}
			result.Results[i] = one
		}
		if !in.Atomic || result.Failed == 0 {
			return nil
		}
		for i, one := range result.Results {
			if one.Outcome == BulkFailed {
				refused.Add(at("/tasks", i), one.Reason, one.Message)
			}
		}
		failure := *ErrBulk
		if all := new(veranda.Error); errors.As(refused.Err(), &all) {
			failure.Fields = all.Fields
		}
		return &failure
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// ofOneTask tells whether an error concerns the task it came from and no other.
func ofOneTask(code veranda.Code) bool {
	switch code {
	case veranda.CodeInvalid, veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeConflict, veranda.CodePrecondition, veranda.CodeLimit:
		return true
	}
	return false
}

// bulkOne does to one task what a bulk call asks for, in the transaction the service is bound to.
func (s *Service) bulkOne(ctx context.Context, by veranda.Actor, in *BulkInput, one BulkTask) (BulkOutcome, int64, error) {
	state := StateInput{Org: in.Org, Task: one.ID, Version: one.Version}
	if in.Delete {
		return BulkChanged, 0, s.Delete(ctx, by, state)
	}
	var before int64
	t, err := s.change(ctx, by, taskChange{
		org: in.Org, task: one.ID, version: one.Version, permission: PermEdit, event: EventTaskUpdated, labels: len(in.AddLabels) > 0,
		prepare: func(ctx context.Context, standing *veranda.Standing, t *Task) error {
			added := without(in.AddAssignees, t.Assignees)
			return s.checkPeople(ctx, standing, t.Workspace, added, func(i int) string {
				return at("/add_assignees", slices.Index(in.AddAssignees, added[i]))
			})
		},
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			before = t.Version
			update, err := in.update(t)
			if err != nil {
				return nil, err
			}
			was := t.clone()
			changes := update.apply(t)
			if len(changes) == 0 {
				return nil, nil
			}
			if err := update.ordered(t); err != nil {
				return nil, err
			}
			if err := update.recur(was, t); err != nil {
				return nil, err
			}
			return TaskUpdated{Title: t.Title, Changes: changes}, nil
		},
	})
	if err != nil {
		return "", 0, err
	}
	if t, err = s.bulkPlace(ctx, by, in, t); err != nil {
		return "", 0, err
	}
	state.Version = t.Version // this transaction holds the row
	switch {
	case in.State == Finished && t.State == Open:
		t, err = s.Finish(ctx, by, FinishInput{Org: in.Org, Task: one.ID, Version: t.Version, Subtasks: in.Subtasks, Force: in.Force})
	case in.State == Open && t.State == Finished:
		t, err = s.Reopen(ctx, by, state)
	}
	switch {
	case err != nil:
		return "", 0, err
	case t.Version == before:
		return BulkUnchanged, before, nil
	}
	return BulkChanged, t.Version, nil
}
