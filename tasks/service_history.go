package tasks

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

const (
	insertDescriptionText = `INSERT INTO veranda_task_descriptions (org_id, task_id, event_id, description) VALUES ($1, $2, $3, $4)`

	// With each event comes the description that it replaced, and the one that the next such event replaced.
	selectHistory = `SELECT e.id, e.kind, e.at, e.by_id, e.system, e.data,
	(SELECT d.description FROM veranda_task_descriptions d WHERE d.org_id = e.org_id AND d.task_id = $3 AND d.event_id = e.id),
	(SELECT d.description FROM veranda_task_descriptions d WHERE d.org_id = e.org_id AND d.task_id = $3 AND d.event_id > e.id ORDER BY d.event_id LIMIT 1)
FROM veranda_events e
WHERE e.org_id = $1 AND e.subject_id = $2 AND substr(e.kind, 1, 11) = 'tasks.task_' AND e.id < $4 ORDER BY e.id DESC LIMIT $5`
)

// History lists what happened to a task, the latest first: who changed which fields from what to what, and when.
//
// Permission: task.read.
func (s *Service) History(ctx context.Context, by veranda.Actor, in HistoryInput) (veranda.List[HistoryEntry], error) {
	none := veranda.List[HistoryEntry]{}
	size, before, err := in.validate()
	if err != nil {
		return none, err
	}
	_, t, err := s.task(ctx, by, in.Org, in.Task, PermRead)
	if err != nil {
		return none, err
	}
	rows, err := s.conn.Query(ctx, selectHistory, in.Org, in.Task.String(), in.Task, before, size+1)
	if err != nil {
		return none, fmt.Errorf("tasks: read history: %w", err)
	}
	defer func() { _ = rows.Close() }()
	page := veranda.List[HistoryEntry]{Items: make([]HistoryEntry, 0, size)}
	for rows.Next() {
		var e HistoryEntry
		var data []byte
		var former, next *string
		if err := rows.Scan(&e.ID, &e.Kind, veranda.Moment(&e.At), &e.By, &e.System, &data, &former, &next); err != nil {
			return none, fmt.Errorf("tasks: read history: %w", err)
		}
		if len(page.Items) == size {
			page.Next = veranda.EncodeCursor(historyList, page.Items[size-1].ID.String())
			break
		}
		if e.Changes, err = changesOf(e.Kind, data); err != nil {
			return none, fmt.Errorf("tasks: read event %s: %w", e.ID, err)
		}
		if former != nil {
			if next == nil {
				next = &t.Description
			}
			for i := range e.Changes {
				if e.Changes[i].Field == "description" {
					e.Changes[i].Old, e.Changes[i].New = *former, *next
				}
			}
		}
		page.Items = append(page.Items, e)
	}
	if err := rows.Err(); err != nil {
		return none, fmt.Errorf("tasks: read history: %w", err)
	}
	return page, nil
}

// keepDescription keeps the description that a change replaces, under the event of the change: events hold no long texts,
// and none that somebody may want to be gone with the task.
func keepDescription(ctx context.Context, tx *veranda.Tx, before, after *Task, event *veranda.Event) error {
	if before.Description == after.Description {
		return nil
	}
	event.ID = veranda.EventID(veranda.NewID[eventKind]())
	if err := tx.Defer(ctx, insertDescriptionText, after.Org, after.ID, event.ID, before.Description); err != nil {
		return fmt.Errorf("tasks: keep description: %w", err)
	}
	return nil
}
