package tasks

import (
	"encoding/json"
	"time"

	"github.com/veranda-go/veranda"
)

// HistoryEntry is something that happened to a task.
type HistoryEntry struct {
	// ID is the event's.
	ID veranda.EventID `json:"id"`
	// Kind is the event's, "tasks.task_updated".
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
	// By is absent where a background job did it, which System names then.
	By     veranda.AccountID `json:"by,omitzero"`
	System string            `json:"system,omitempty"`
	// Changes are the fields that changed, from what to what. A description's former text is known since descriptions are
	// kept; labels are named as they were then.
	Changes []Change `json:"changes"`
}

// HistoryInput asks for what happened to a task.
type HistoryInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Task ID            `path:"task" json:"-"`
	veranda.Page
}

// historyList names the cursors of a task's history.
const historyList = "tasks.history"

type eventKind struct{}

// validate gives the size of the page and the event it begins before.
func (in *HistoryInput) validate() (size int, before veranda.EventID, err error) {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	size = in.Size(&c)
	last := highestID[eventKind]()
	if position := in.Position(&c, historyList, 1); position != nil {
		if last, err = veranda.ParseID[eventKind](position[0]); err != nil {
			badCursor(&c)
		}
	}
	return size, veranda.EventID(last), c.Err()
}

// changesOf are the changes that an event tells of.
func changesOf(kind string, data []byte) ([]Change, error) {
	switch kind {
	case EventTaskCreated:
		var d TaskCreated
		if err := json.Unmarshal(data, &d); err != nil {
			return nil, err
		}
		return d.changes(), nil
	case EventTaskFinished:
		return []Change{{Field: "state", Old: Open, New: Finished}}, nil
	case EventTaskReopened:
		return []Change{{Field: "state", Old: Finished, New: Open}}, nil
	}
	var d struct {
		Changes []Change `json:"changes"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	return list(d.Changes), nil
}

// changes are what a task began with.
func (d *TaskCreated) changes() []Change {
	changes := []Change{{Field: "title", New: d.Title}}
	if len(d.Assignees) > 0 {
		changes = append(changes, Change{Field: "assignees", New: d.Assignees})
	}
	if d.DueAt != nil {
		changes = append(changes, Change{Field: "due_at", New: *d.DueAt})
	}
	if d.Priority != PriorityNone {
		changes = append(changes, Change{Field: "priority", New: d.Priority})
	}
	if len(d.Labels) > 0 {
		changes = append(changes, Change{Field: "labels", New: d.Labels})
	}
	return changes
}
