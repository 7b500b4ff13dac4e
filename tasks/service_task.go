package tasks

import (
	"context"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// Create makes a task in a workspace. Its creator and its assignees follow it.
//
// Permission: task.create. Limit: "tasks". Errors: invalid (an assignee who could not see the task has the rule
// not_found), limit.tasks. Event: tasks.task_created.
func (s *Service) Create(ctx context.Context, by veranda.Actor, in CreateInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermCreate)
	if err != nil {
		return nil, err
	}
	if err := s.checkPeople(ctx, standing, in.Workspace, in.Assignees, func(i int) string { return at("/assignees", i) }); err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	t := &Task{
		Org: in.Org, ID: veranda.NewID[taskKind](), Workspace: in.Workspace,
		Title: in.Title, Description: in.Description, State: Open, Priority: in.Priority, DueAt: in.DueAt,
		Assignees: list(in.Assignees), Followers: []veranda.AccountID{}, Labels: list(in.Labels), Checklist: list(in.Checklist),
		CreatedBy: standing.Account, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	t.follow(standing.Account)
	t.follow(t.Assignees...)
	for i := range t.Checklist {
		t.Checklist[i].ID = veranda.NewID[itemKind]()
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "tasks", 1); err != nil {
			return err
		}
		if err := insertTask(ctx, tx, t); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventTaskCreated, t, standing, now, TaskCreated{
			Title: t.Title, Assignees: t.Assignees, DueAt: t.DueAt, Priority: t.Priority, Labels: t.Labels,
		}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Get reads a task.
//
// Permission: task.read.
func (s *Service) Get(ctx context.Context, by veranda.Actor, in GetInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	_, t, err := s.task(ctx, by, in.Org, in.Task, PermRead)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Update changes what a task says; finished tasks can be changed too. Who is newly assigned follows it.
//
// Permission: task.edit. Errors: invalid (a new assignee who could not see the task has the rule not_found), version.
// Event: tasks.task_updated, unless nothing changes.
func (s *Service) Update(ctx context.Context, by veranda.Actor, in UpdateInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskUpdated,
		prepare: func(ctx context.Context, standing *veranda.Standing, t *Task) error {
			fresh := without(in.Assignees, t.Assignees)
			return s.checkPeople(ctx, standing, t.Workspace, fresh, func(i int) string {
				return at("/assignees", slices.Index(in.Assignees, fresh[i]))
			})
		},
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			changes := in.apply(t)
			if len(changes) == 0 {
				return nil, nil
			}
			return TaskUpdated{Title: t.Title, Changes: changes}, nil
		},
	})
}

// apply changes the task and says what was changed.
func (in *UpdateInput) apply(t *Task) (changes []Change) {
	if in.Title != nil && *in.Title != t.Title {
		changes = append(changes, Change{Field: "title", Old: t.Title, New: *in.Title})
		t.Title = *in.Title
	}
	if in.Description != nil && *in.Description != t.Description {
		changes = append(changes, Change{Field: "description"})
		t.Description = *in.Description
	}
	if in.Assignees != nil && !slices.Equal(in.Assignees, t.Assignees) {
		changes = append(changes, Change{Field: "assignees", Old: t.Assignees, New: in.Assignees})
		t.follow(without(in.Assignees, t.Assignees)...)
		t.Assignees = in.Assignees
	}
	if (in.DueAt != nil || in.ClearDue) && !sameMoment(in.DueAt, t.DueAt) {
		changes = append(changes, Change{Field: "due_at", Old: value(t.DueAt), New: value(in.DueAt)})
		t.DueAt = in.DueAt
	}
	if in.Priority != nil && *in.Priority != t.Priority {
		changes = append(changes, Change{Field: "priority", Old: t.Priority, New: *in.Priority})
		t.Priority = *in.Priority
	}
	if in.Labels != nil && !slices.Equal(in.Labels, t.Labels) {
		changes = append(changes, Change{Field: "labels", Old: t.Labels, New: in.Labels})
		t.Labels = in.Labels
	}
	return changes
}

// Delete deletes a task with its comments and everything else that hangs on it, for good. Its events stay.
//
// Permission: task.delete; as shipped, who created the task or has it assigned, and owners and administrators in
// workspaces they manage. Errors: version. Event: tasks.task_deleted.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in DeleteInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermDelete)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		t, err := s.lockTask(ctx, tx, s.texts.lockToDelete, standing, in.Org, in.Task, PermDelete, in.Version)
		if err != nil {
			return err
		}
		if err := deleteTask(ctx, tx, t); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventTaskDeleted, t, standing, tx.DB().Now(), TaskDeleted{Title: t.Title, State: t.State, Assignees: t.Assignees}))
		return nil
	})
}

// list is never nil and nobody else's, so that it is never null in JSON and can be changed.
func list[T any](l []T) []T { return append([]T{}, l...) }

// value is what a pointer points to, or nil.
func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
