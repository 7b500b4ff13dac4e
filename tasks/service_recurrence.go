package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/rank"
)

// RecurInput says how a task is to repeat from now on.
type RecurInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Task    ID            `path:"task" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	RecurrenceInput
}

func (in *RecurInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	checkVersion(&c, in.Version)
	in.RecurrenceInput.check(&c, "", nil)
	return c.Err()
}

// The inputs of the methods of the same names.
type (
	StopRecurringInput = StateInput
	SkipInput          = StateInput
)

// Recur makes a task repeat, or repeat otherwise. The rule counts from the task's due moment, or its start. A task whose
// next instance is made already begins a series of its own.
//
// Permission: task.edit. Errors: invalid (rules that are none of RFC 5545 or never match; /recurrence, rule moment, for a
// task without a moment), tasks.subtask_recurs (conflict), version. Event: tasks.task_updated, unless nothing changes.
func (s *Service) Recur(ctx context.Context, by veranda.Actor, in RecurInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskUpdated,
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			if !t.Parent.IsZero() {
				return nil, ErrSubtaskRecurs
			}
			var c veranda.Checks
			r := in.RecurrenceInput.check(&c, "", t)
			if err := c.Err(); err != nil {
				return nil, err
			}
			was := t.Recurrence
			if was != nil && was.text() == r.text() && was.Next.IsZero() {
				return nil, nil
			}
			if t.Series.IsZero() || was != nil && !was.Next.IsZero() {
				t.Series = veranda.NewID[seriesKind]()
			}
			t.Recurrence = r
			return recurrenceChange(t, was, r), nil
		},
	})
}

// StopRecurring ends a series with this instance.
//
// Permission: task.edit. Errors: version. Event: tasks.task_updated, unless nothing changes.
func (s *Service) StopRecurring(ctx context.Context, by veranda.Actor, in StopRecurringInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskUpdated,
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			was := t.Recurrence
			if was == nil {
				return nil, nil
			}
			t.Recurrence = nil
			return recurrenceChange(t, was, nil), nil
		},
	})
}

func recurrenceChange(t *Task, was, is *Recurrence) TaskUpdated {
	change := Change{Field: "recurrence"}
	if was != nil {
		change.Old = was.text()
	}
	if is != nil {
		change.New = is.text()
	}
	return TaskUpdated{Title: t.Title, Changes: []Change{change}}
}

// Skip makes an open instance of a series the next one, without it being done: its dates move, those of its sub-tasks and
// its reminders with it, and all else stays.
//
// Permission: task.edit. Errors: tasks.finished, tasks.series_ended (conflict) where nothing follows, version. Event:
// tasks.task_skipped.
func (s *Service) Skip(ctx context.Context, by veranda.Actor, in SkipInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var distance time.Duration
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskSkipped,
		apply: func(t *Task, _ *veranda.Standing, now time.Time) (any, error) {
			if t.State == Finished {
				return nil, ErrFinished
			}
			wall, ok := t.next(now)
			if !ok || !t.Recurrence.Next.IsZero() {
				return nil, ErrSeriesEnded
			}
			was := t.DueAt
			distance = t.advance(wall)
			return TaskSkipped{Title: t.Title, OldDue: was, NewDue: t.DueAt}, nil
		},
		then: func(ctx context.Context, tx *veranda.Tx, _, t *Task, _ *veranda.Standing, now time.Time) error {
			if err := shiftReminders(ctx, tx, t, distance); err != nil {
				return err
			}
			tree, err := selectTree(ctx, tx, t.Org, t.ID)
			if err != nil {
				return err
			}
			for i := range tree {
				before := &tree[i].Task
				after := before.clone()
				after.move(distance)
				after.Version, after.UpdatedAt = before.Version+1, now
				if err := updateTask(ctx, tx, before, after); err != nil {
					return err
				}
				if err := shiftReminders(ctx, tx, after, distance); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// repeat makes the next instance of a series, under an id that the finished one notes, with all that is beneath the
// finished one. Those who do not see the workspace any more neither have nor follow it. was is the finished one as it was open; the graph is held where it has sub-tasks.
func (s *Service) repeat(ctx context.Context, tx *veranda.Tx, was *Task, id ID, wall time.Time, standing *veranda.Standing, now time.Time) error {
	var tree []branch
	if was.Subtasks.total() > 0 {
		var err error
		if tree, err = selectTree(ctx, tx, was.Org, was.ID); err != nil {
			return err
		}
	}
	if err := s.limits.Allow(ctx, tx, was.Org, "tasks", int64(1+len(tree))); err != nil {
		return err
	}
	root := was.anew(id, now)
	root.Recurrence.Next, root.Recurrence.Kept = ID{}, nil
	was.Recurrence.Kept.restore(root)
	distance := root.advance(wall)
	made, copies := map[ID]ID{was.ID: id}, []*Task{root}
	above := map[ID]*Task{id: root}
	for i := range tree {
		one := tree[i].anew(veranda.NewID[taskKind](), now)
		one.Parent = made[tree[i].Parent]
		one.move(distance)
		made[tree[i].ID] = one.ID
		copies, above[one.ID] = append(copies, one), one
		parent := above[one.Parent]
		parent.Subtasks = &SubtaskCount{Open: parent.Subtasks.open() + 1, Total: parent.Subtasks.total() + 1}
	}
	if err := s.restage(ctx, tx, copies...); err != nil {
		return err
	}
	if err := s.leaveOut(ctx, tx, standing, copies...); err != nil {
		return err
	}
	for _, one := range copies {
		if err := s.insertCopy(ctx, tx, one, standing); err != nil {
			return err
		}
	}
	if err := copyDependencies(ctx, tx, was.Org, made); err != nil {
		return err
	}
	return copyReminders(ctx, tx, was.Org, made, above, distance, was.zone())
}

// anew is a copy of the task that nobody has begun.
func (t *Task) anew(id ID, now time.Time) *Task {
	c := t.clone()
	c.ID, c.State, c.FinishedAt, c.FinishedBy, c.Comments = id, Open, nil, veranda.AccountID{}, 0
	c.CreatedAt, c.UpdatedAt, c.Version = now, now, 1
	c.Structure = Structure{Rank: rank.Of(id.String()), Stage: t.Stage, BoardRank: t.BoardRank}
	for i := range c.Checklist {
		c.Checklist[i] = ChecklistItem{ID: veranda.NewID[itemKind](), Text: c.Checklist[i].Text}
	}
	return c
}

// restage puts copies of cards into the stage of those they are copies of, or into the first for open tasks.
func (s *Service) restage(ctx context.Context, tx *veranda.Tx, copies ...*Task) error {
	var board *Board
	for _, t := range copies {
		if t.Stage.IsZero() {
			continue
		}
		if board == nil {
			var err error
			if board, err = selectBoard(ctx, tx, t.Org, t.Workspace); err != nil {
				return err
			}
		}
		stage := board.stage(t.Stage)
		if stage == nil || stage.Finished {
			stage = board.first(false)
		}
		t.Stage, t.BoardRank = StageID{}, ""
		if stage != nil {
			t.Stage, t.BoardRank = stage.ID, t.Rank
		}
	}
	return nil
}

// insertCopy stores a copy of a task.
func (s *Service) insertCopy(ctx context.Context, tx *veranda.Tx, t *Task, standing *veranda.Standing) error {
	if err := s.enterLabels(ctx, tx, standing, t.Workspace, t.Labels); err != nil {
		return err
	}
	if err := insertTask(ctx, tx, t); err != nil {
		return err
	}
	if !t.Parent.IsZero() {
		if err := tx.Defer(ctx, insertChildText, t.Org, t.ID, t.Parent); err != nil {
			return fmt.Errorf("tasks: store parent: %w", err)
		}
	}
	tx.Emit(taskEvent(EventTaskCreated, t, standing, t.CreatedAt, TaskCreated{
		Title: t.Title, Assignees: t.Assignees, DueAt: t.DueAt, Priority: t.Priority, Labels: t.Labels,
	}))
	return nil
}

// copyDependencies makes copies of tasks wait for each other as those do that they are copies of.
func copyDependencies(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, made map[ID]ID) error {
	if len(made) == 1 {
		return nil
	}
	old, fresh := make([]ID, 0, len(made)), make([]ID, 0, len(made))
	for from, to := range made {
		old, fresh = append(old, from), append(fresh, to)
	}
	edges, err := selectEdges(ctx, tx, tx.DB().Pick(edgesPostgres, edgesSQLite), org, encodeList(old))
	if err != nil {
		return err
	}
	any := false
	for _, e := range edges {
		blocker, inside := made[e.blocker]
		if !inside {
			continue
		}
		any = true
		if err := tx.Defer(ctx, insertDependencyText, org, made[e.blocked], blocker); err != nil {
			return fmt.Errorf("tasks: copy dependencies: %w", err)
		}
	}
	if !any {
		return nil
	}
	return countWaiting(ctx, tx, org, fresh...)
}
