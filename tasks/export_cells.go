package tasks

import (
	"fmt"
	"time"

	"github.com/veranda-go/veranda/internal/recurrence"
)

// momentCell is a day where it was given as one, and else a moment.
func momentCell(at *time.Time, on string) string {
	switch {
	case at == nil:
		return ""
	case on != "":
		return on
	default:
		return at.Format(time.RFC3339Nano)
	}
}

// recurrenceCell is how the task repeats from itself on.
func recurrenceCell(t *Task) string {
	r := t.Recurrence
	if r == nil || t.State == Finished {
		return ""
	}
	pattern, err := recurrence.Parse(r.Rule)
	if err != nil || pattern.Count() == 0 {
		return r.text()
	}
	return pattern.WithCount(max(1, pattern.Count()-r.rule(t.zone()).Before(r.At))).String()
}

// idCell is how an export names a task: by the id it was imported with, or else its own.
func idCell(external map[ID]string, id ID) string {
	if id.IsZero() {
		return ""
	}
	if text, found := external[id]; found {
		return text
	}
	return id.String()
}

// stage is the name of a task's stage; each board is read once.
func (e *Export) stage(t *Task) (string, error) {
	if t.Stage.IsZero() {
		return "", nil
	}
	board := e.stages[t.Workspace]
	if board == nil {
		rows, err := e.service.conn.Query(e.ctx, selectBoardText, t.Org, t.Workspace)
		if err != nil {
			return "", fmt.Errorf("tasks: read board: %w", err)
		}
		if board, err = scanBoard(rows, t.Org, t.Workspace); err != nil {
			return "", err
		}
		e.stages[t.Workspace] = board
	}
	if stage := board.stage(t.Stage); stage != nil {
		return stage.Name, nil
	}
	return "", nil
}
