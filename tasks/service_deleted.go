package tasks

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// Delete deletes a task: it is gone at once, from every list, count and search. Within DeletedFor it can be restored; then
// it is purged with its comments, its former descriptions and everything else that hangs on it. Its events stay.
//
// Permission: task.delete; as shipped, who created the task or has it assigned, and owners and administrators in
// workspaces they manage. Its sub-tasks, and all beneath them, go with it, and come back with it: the permission is asked
// of each. Errors: version; tasks.others_subtasks (forbidden). Events: tasks.task_deleted for each task;
// tasks.task_unblocked.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in DeleteInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	standing, read, err := s.task(ctx, by, in.Org, in.Task, PermDelete)
	if err != nil {
		return err
	}
	err = s.deleteHolding(ctx, in, standing, read.entangled())
	if errors.Is(err, errGraph) {
		err = s.deleteHolding(ctx, in, standing, true)
	}
	return err
}

// deleteHolding deletes a task in a transaction; graph tells whether it holds the organization's graph of tasks.
func (s *Service) deleteHolding(ctx context.Context, in DeleteInput, standing *veranda.Standing, graph bool) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if graph {
			if err := lockGraph(ctx, tx, in.Org); err != nil {
				return err
			}
		}
		t, err := s.lockTask(ctx, tx, s.texts.lock, standing, in.Org, in.Task, PermDelete, in.Version)
		if err != nil {
			return err
		}
		if !graph && t.entangled() {
			return errGraph
		}
		return s.deleteTree(ctx, tx, t, standing, tx.DB().Now())
	})
}

// Deleted lists the deleted tasks of a workspace that the actor may restore, the latest first.
//
// Permission: task.delete; who may delete only their own sees those they made, have assigned, or deleted.
func (s *Service) Deleted(ctx context.Context, by veranda.Actor, in DeletedInput) (veranda.List[DeletedTask], error) {
	none := veranda.List[DeletedTask]{}
	size, after, err := in.validate()
	if err != nil {
		return none, err
	}
	standing, err := s.conn.Read(ctx, s.texts.readWorkspace, by, in.Org, []any{in.Workspace})
	if err != nil {
		return none, err
	}
	ask := veranda.Ask{Permission: PermDelete, InWorkspace: true}
	all := s.authz.Decide(ctx, s.conn, standing, ask)
	if all == nil {
		return queryDeleted(ctx, s.conn, in, size, after, veranda.AccountID{})
	}
	if veranda.CodeOf(all) != veranda.CodeForbidden || standing.Account.IsZero() {
		return none, all
	}
	ask.Own = true
	if err := s.authz.Decide(ctx, s.conn, standing, ask); err != nil {
		return none, err
	}
	return queryDeleted(ctx, s.conn, in, size, after, standing.Account)
}

// Restore brings a deleted task back as it was. Assignees and followers who see its workspace no longer are that no longer;
// a label that was renamed or deleted meanwhile is on the task as it was, and in the workspace's catalogue again. The
// sub-tasks that were deleted with it come back too; where the task above it is deleted, it stands beneath none.
//
// Permission: task.delete, which who deleted the task has as if it were their own. Limits: "tasks", "task_labels". Errors: not_found where
// there is no such deleted task, version. Event: tasks.task_restored.
func (s *Service) Restore(ctx context.Context, by veranda.Actor, in RestoreInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var row deletedRow
	standing, err := s.conn.Read(ctx, s.texts.readDeleted, by, in.Org, []any{in.Task}, row.destinations()...)
	if err != nil {
		return nil, err
	}
	read, err := row.task(in.Org)
	if err != nil {
		return nil, err
	}
	mine := !row.deletedBy.IsZero() && row.deletedBy == standing.Account
	decide := func(conn veranda.Conn, t *Task) error {
		asked := ask(PermDelete, t, standing)
		asked.Own = asked.Own || mine
		return s.authz.Decide(ctx, conn, standing, asked)
	}
	if err := decide(s.conn, read); err != nil {
		return nil, err
	}
	var after *Task
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockGraph(ctx, tx, in.Org); err != nil {
			return err
		}
		if err := shareLabels(ctx, tx, in.Org, read.Workspace); err != nil {
			return err
		}
		before, err := selectOne(ctx, tx, s.texts.lockDeleted, in.Org, in.Task)
		if err != nil {
			return err
		}
		if err := decide(s.conn.Bind(tx), before); err != nil {
			return err
		}
		if in.Version != 0 && in.Version != before.Version {
			return veranda.ErrVersion
		}
		after = before.clone()
		return s.restoreTree(ctx, tx, after, &row, standing, tx.DB().Now())
	})
	if err != nil {
		return nil, err
	}
	_, after, err = s.task(ctx, by, in.Org, in.Task, PermRead)
	return after, err
}

// blind are those of some accounts who do not see a workspace.
func (s *Service) blind(ctx context.Context, standing *veranda.Standing, workspace veranda.WorkspaceID, accounts []veranda.AccountID) (gone []veranda.AccountID, err error) {
	for _, account := range accounts {
		err := s.checkPeople(ctx, standing, workspace, []veranda.AccountID{account}, func(int) string { return "/assignees" })
		switch {
		case veranda.CodeOf(err) == veranda.CodeInvalid && err != nil:
			gone = append(gone, account)
		case err != nil:
			return nil, err
		}
	}
	return slices.Clip(gone), nil
}

// purgeBatch is how many tasks a transaction purges.
const purgeBatch = 100

// systemPurge is who purges, as events say it.
const systemPurge = "tasks.purge"

// PurgeJob is the job that takes tasks away for good that were deleted DeletedFor ago. Event: tasks.trash_purged for each.
func (s *Service) PurgeJob() veranda.Periodic {
	return veranda.Periodic{Name: systemPurge, Every: time.Hour, Run: func(ctx context.Context, _ time.Time) error {
		for {
			purged := 0
			err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				now := tx.DB().Now()
				found, err := selectToPurge(ctx, tx, now.Add(-DeletedFor), purgeBatch)
				if err != nil {
					return err
				}
				for i := range found {
					t := &found[i]
					if err := s.purge(ctx, tx, t); err != nil {
						return err
					}
					tx.Emit(veranda.Event{Org: t.Org, Workspace: t.Workspace, Kind: EventTrashPurged, Subject: t.ID.String(), System: systemPurge, At: now})
				}
				purged = len(found)
				return nil
			})
			if err != nil || purged < purgeBatch {
				return err
			}
		}
	}}
}
