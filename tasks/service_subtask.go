package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// SetParent makes a task, with all beneath it, a part of another task of its workspace, or of none.
//
// Permission: task.edit. Errors: invalid (/parent_id, rule not_found: no task of this workspace), tasks.cycle (conflict)
// where the other is the task itself or beneath it, tasks.depth and tasks.subtasks (conflict), tasks.subtask_recurs
// (conflict) for a task that repeats, version. Event: tasks.task_updated, unless nothing changes.
func (s *Service) SetParent(ctx context.Context, by veranda.Actor, in SetParentInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermEdit)
	if err != nil {
		return nil, err
	}
	var after *Task
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockGraph(ctx, tx, in.Org); err != nil {
			return err
		}
		before, err := s.lockTask(ctx, tx, s.texts.lock, standing, in.Org, in.Task, PermEdit, in.Version)
		if err != nil {
			return err
		}
		after = before.clone()
		if before.Parent == in.Parent {
			return nil
		}
		above, err := s.checkParent(ctx, tx, before, in.Parent)
		if err != nil {
			return err
		}
		now := tx.DB().Now()
		after.Parent, after.Version, after.UpdatedAt = in.Parent, before.Version+1, now
		if err := updateTask(ctx, tx, before, after); err != nil {
			return err
		}
		if err := storeParent(ctx, tx, after); err != nil {
			return err
		}
		if err := countSubtasks(ctx, tx, in.Org, before.Parent); err != nil {
			return err
		}
		change := Change{Field: "parent"}
		if above != nil {
			change.New = above.Title
		}
		if !before.Parent.IsZero() {
			was, err := selectOne(ctx, tx, selectTask, in.Org, before.Parent)
			if err != nil {
				return err
			}
			change.Old = was.Title
		}
		tx.Emit(taskEvent(EventTaskUpdated, after, standing, now, TaskUpdated{Title: after.Title, Changes: []Change{change}}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return after, s.lookElsewhere(ctx, standing, after)
}

// checkParent refuses a parent beneath which the task cannot stand. The graph is held. It gives the parent, nil for none.
func (s *Service) checkParent(ctx context.Context, tx *veranda.Tx, t *Task, parent ID) (*Task, error) {
	if parent.IsZero() {
		return nil, nil
	}
	if t.Recurrence != nil {
		return nil, ErrSubtaskRecurs
	}
	if parent == t.ID {
		return nil, ErrCycle
	}
	above, err := selectOne(ctx, tx, selectTask, t.Org, parent)
	if err != nil {
		return nil, err
	}
	if above.ID.IsZero() || above.Workspace != t.Workspace {
		var c veranda.Checks
		c.Add("/parent_id", "not_found", "is no task of this workspace")
		return nil, c.Err()
	}
	if above.Subtasks.total() >= MaxSubtasks {
		return nil, ErrSubtasks
	}
	ancestors, err := selectIDs(ctx, tx, selectAboveText, t.Org, parent)
	if err != nil {
		return nil, err
	}
	for _, id := range ancestors {
		if id == t.ID {
			failure := *ErrCycle
			failure.Message = "“" + above.Title + "” is beneath “" + t.Title + "” already."
			return nil, &failure
		}
	}
	depth := len(ancestors) + 1
	if t.Subtasks.total() > 0 {
		tree, err := selectTree(ctx, tx, t.Org, t.ID)
		if err != nil {
			return nil, err
		}
		if len(tree) > 0 {
			depth += tree[len(tree)-1].depth
		}
	}
	if depth > MaxDepth {
		return nil, ErrDepth
	}
	return above, nil
}

// storeParent says in the table of sub-tasks what the task's row says, and counts those of the parent.
func storeParent(ctx context.Context, tx *veranda.Tx, t *Task) error {
	var err error
	if t.Parent.IsZero() {
		if t.Version == 1 { // a new one stood nowhere
			return nil
		}
		err = tx.Defer(ctx, deleteChildText, t.Org, t.ID)
	} else {
		err = tx.Defer(ctx, insertChildText, t.Org, t.ID, t.Parent)
	}
	if err != nil {
		return fmt.Errorf("tasks: store parent: %w", err)
	}
	return countSubtasks(ctx, tx, t.Org, t.Parent)
}

// placeNew puts a new task beneath a task and into a stage, where those are given.
func (s *Service) placeNew(ctx context.Context, tx *veranda.Tx, t *Task, parent ID, stage StageID) error {
	if parent.IsZero() && stage.IsZero() {
		return nil
	}
	if err := lockGraph(ctx, tx, t.Org); err != nil {
		return err
	}
	if _, err := s.checkParent(ctx, tx, t, parent); err != nil {
		return err
	}
	t.Parent = parent
	if stage.IsZero() {
		return nil
	}
	board, err := selectBoard(ctx, tx, t.Org, t.Workspace)
	if err != nil {
		return err
	}
	into := board.stage(stage)
	if into == nil || into.Finished {
		var c veranda.Checks
		c.Add("/stage_id", "not_found", "is no stage for open tasks of this workspace")
		return c.Err()
	}
	t.Stage, t.BoardRank = stage, t.Rank
	return nil
}

// deleteTree deletes a task whose row the transaction holds and, holding the graph, all beneath it.
func (s *Service) deleteTree(ctx context.Context, tx *veranda.Tx, t *Task, standing *veranda.Standing, now time.Time) error {
	gone := []*Task{t}
	if t.Subtasks.total() > 0 {
		tree, err := selectTree(ctx, tx, t.Org, t.ID)
		if err != nil {
			return err
		}
		for i := range tree {
			one := &tree[i].Task
			if err := s.authz.Decide(ctx, s.conn.Bind(tx), standing, ask(PermDelete, one, standing)); err != nil {
				if veranda.CodeOf(err) == veranda.CodeForbidden {
					return ErrOthersSubtasks
				}
				return err
			}
			gone = append(gone, one)
		}
	}
	for _, one := range gone {
		if err := markDeleted(ctx, tx, one, standing, now); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventTaskDeleted, one, standing, now, TaskDeleted{Title: one.Title, State: one.State, Assignees: one.Assignees}))
	}
	for _, one := range gone {
		if err := s.tellOthers(ctx, tx, one, standing); err != nil {
			return err
		}
	}
	return nil
}

// restoreTree brings back a deleted task, as it is in after, and all that was deleted with it. The graph is held.
func (s *Service) restoreTree(ctx context.Context, tx *veranda.Tx, after *Task, deleted *deletedRow, standing *veranda.Standing, now time.Time) error {
	if !after.Parent.IsZero() {
		above, err := selectOne(ctx, tx, selectTask, after.Org, after.Parent)
		if err != nil {
			return err
		}
		if above.ID.IsZero() {
			after.Parent = ID{}
		}
	}
	back := []*Task{after}
	tree, err := selectDeletedTree(ctx, tx, after.Org, after.ID, deleted.deletedAt.Time)
	if err != nil {
		return err
	}
	for i := range tree {
		back = append(back, tree[i].clone())
	}
	if err := s.limits.Allow(ctx, tx, after.Org, "tasks", int64(len(back))); err != nil {
		return err
	}
	if err := s.leaveOut(ctx, tx, standing, back...); err != nil {
		return err
	}
	for _, one := range back {
		one.Version, one.UpdatedAt = one.Version+1, now
		if err := s.enterLabels(ctx, tx, standing, one.Workspace, one.Labels); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventTaskRestored, one, standing, now, TaskRestored{
			Title: one.Title, State: one.State, Assignees: one.Assignees, DeletedAt: deleted.deletedAt.Time, DeletedBy: deleted.deletedBy,
		}))
	}
	ids := make([]ID, 0, len(back))
	for _, one := range back {
		if err := unmarkDeleted(ctx, tx, one); err != nil {
			return err
		}
		if err := storeParent(ctx, tx, one); err != nil {
			return err
		}
		ids = append(ids, one.ID)
	}
	for _, one := range back {
		if err := countSubtasks(ctx, tx, one.Org, one.ID); err != nil {
			return err
		}
		waiting, err := selectIDs(ctx, tx, selectBlockedByText, one.Org, one.ID)
		if err != nil {
			return err
		}
		ids = append(ids, waiting...)
	}
	return countWaiting(ctx, tx, after.Org, ids...)
}
