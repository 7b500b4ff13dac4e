package tasks

import (
	"context"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/rank"
)

// Create makes a task in a workspace. Its creator, its assignees and whom its description mentions follow it.
//
// Permission: task.create. Limits: "tasks", and "task_labels" for names that are new in the workspace. Errors: invalid (an
// assignee who could not see the task has the rule not_found, as has what is no waiting file of the actor's; a description
// that mentions such a one has the rule mention), limit.tasks. Event: tasks.task_created.
func (s *Service) Create(ctx context.Context, by veranda.Actor, in CreateInput) (*Task, error) {
	scheduled, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermCreate)
	if err != nil {
		return nil, err
	}
	if err := s.checkPeople(ctx, standing, in.Workspace, in.Assignees, func(i int) string { return at("/assignees", i) }); err != nil {
		return nil, err
	}
	mentioned, err := s.checkMentions(ctx, standing, in.Workspace, "/description", veranda.Mentions(in.Description))
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	t := newTask(&in, scheduled, standing.Account, now)
	t.follow(mentioned...)
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "tasks", 1); err != nil {
			return err
		}
		if err := s.placeNew(ctx, tx, t, in.Parent, in.Stage); err != nil {
			return err
		}
		if err := shareLabels(ctx, tx, in.Org, in.Workspace); err != nil {
			return err
		}
		if err := s.enterLabels(ctx, tx, standing, in.Workspace, t.Labels); err != nil {
			return err
		}
		if err := insertTask(ctx, tx, t); err != nil {
			return err
		}
		if err := storeParent(ctx, tx, t); err != nil {
			return err
		}
		if err := s.attach(ctx, tx, holder(t.Org, t.ID), standing, in.Attachments); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventTaskCreated, t, standing, now, TaskCreated{
			Title: t.Title, Assignees: t.Assignees, DueAt: t.DueAt, Priority: t.Priority, Labels: t.Labels, Mentioned: mentioned,
		}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// newTask is a task as somebody makes it: they and its assignees follow it.
func newTask(in *CreateInput, scheduled *Task, by veranda.AccountID, now time.Time) *Task {
	t := &Task{
		Org: in.Org, ID: veranda.NewID[taskKind](), Workspace: in.Workspace,
		Title: in.Title, Description: in.Description, State: Open, Priority: in.Priority, DueAt: scheduled.DueAt, Schedule: scheduled.Schedule,
		Assignees: list(in.Assignees), Followers: []veranda.AccountID{}, Labels: list(in.Labels), Checklist: list(in.Checklist),
		CreatedBy: by, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	t.follow(by)
	t.follow(t.Assignees...)
	for i := range t.Checklist {
		t.Checklist[i].ID = veranda.NewID[itemKind]()
	}
	t.Rank = rank.Of(t.ID.String())
	return t
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

// Update changes what a task says; finished tasks can be changed too. Who is newly assigned or mentioned follows it.
//
// Permission: task.edit. Limit: "task_labels". Errors: invalid (a new assignee who could not see the task has the rule
// not_found, a description that newly mentions such a one the rule mention; /start_at the rule order where it would begin
// after it is due), version.
// Event: tasks.task_updated, unless nothing changes.
func (s *Service) Update(ctx context.Context, by veranda.Actor, in UpdateInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var mentioned []veranda.AccountID
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskUpdated, labels: len(in.Labels) > 0,
		prepare: func(ctx context.Context, standing *veranda.Standing, t *Task) error {
			if in.Description != nil {
				var err error
				if mentioned, err = s.checkMentions(ctx, standing, t.Workspace, "/description", veranda.NewMentions(t.Description, *in.Description)); err != nil {
					return err
				}
			}
			fresh := without(in.Assignees, t.Assignees)
			return s.checkPeople(ctx, standing, t.Workspace, fresh, func(i int) string {
				return at("/assignees", slices.Index(in.Assignees, fresh[i]))
			})
		},
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			former := t.Description
			was := t.clone()
			changes := in.apply(t)
			if len(changes) == 0 {
				return nil, nil
			}
			if err := in.ordered(t); err != nil {
				return nil, err
			}
			if err := in.recur(was, t); err != nil {
				return nil, err
			}
			// Who was mentioned meanwhile by somebody else was told by that.
			told := within(veranda.NewMentions(former, t.Description), mentioned)
			t.follow(told...)
			return TaskUpdated{Title: t.Title, Changes: changes, Mentioned: told}, nil
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
	changes = append(changes, in.reschedule(t)...)
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

// list is never nil and nobody else's, so that it is never null in JSON and can be changed.
func list[T any](l []T) []T { return append([]T{}, l...) }

// value is what a pointer points to, or nil.
func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}
