package tasks

import (
	"context"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// SetChecklist replaces a task's checklist. Items that have an id are those of the task, moved, rewritten or ticked;
// items without one are new; items that are left out are removed.
//
// Permission: task.edit. Errors: invalid (an item's id that is none of this task has the rule not_found), version.
// Event: tasks.task_updated, unless nothing changes.
func (s *Service) SetChecklist(ctx context.Context, by veranda.Actor, in SetChecklistInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskUpdated,
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			items, err := identify(in.Items, t.Checklist)
			if err != nil || slices.Equal(items, t.Checklist) {
				return nil, err
			}
			return setItems(t, items), nil
		},
	})
}

// identify gives new items ids and refuses those of other tasks.
func identify(items, current []ChecklistItem) ([]ChecklistItem, error) {
	var c veranda.Checks
	identified := make([]ChecklistItem, len(items))
	for i, item := range items {
		switch {
		case item.ID.IsZero():
			item.ID = veranda.NewID[itemKind]()
		case indexItem(current, item.ID) < 0:
			c.Add(at("/items", i)+"/id", "not_found", "is no item of this task")
		}
		identified[i] = item
	}
	return identified, c.Err()
}

// TickItem sets whether an item of a checklist is done.
//
// Permission: task.edit. Errors: not_found when the task has no such item, version. Event: tasks.task_updated, unless
// nothing changes.
func (s *Service) TickItem(ctx context.Context, by veranda.Actor, in TickItemInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.change(ctx, by, taskChange{
		org: in.Org, task: in.Task, version: in.Version, permission: PermEdit, event: EventTaskUpdated,
		apply: func(t *Task, _ *veranda.Standing, _ time.Time) (any, error) {
			i := indexItem(t.Checklist, in.Item)
			if i < 0 {
				return nil, veranda.ErrNotFound
			}
			if t.Checklist[i].Done == in.Done {
				return nil, nil
			}
			items := slices.Clone(t.Checklist)
			items[i].Done = in.Done
			return setItems(t, items), nil
		},
	})
}

func indexItem(items []ChecklistItem, id ItemID) int {
	return slices.IndexFunc(items, func(item ChecklistItem) bool { return item.ID == id })
}

// setItems changes the task's checklist and says what changed.
func setItems(t *Task, items []ChecklistItem) TaskUpdated {
	change := Change{Field: "checklist", Old: countItems(t.Checklist), New: countItems(items)}
	t.Checklist = items
	return TaskUpdated{Title: t.Title, Changes: []Change{change}}
}
