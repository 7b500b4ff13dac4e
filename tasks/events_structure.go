package tasks

import (
	"time"

	"github.com/veranda-go/veranda"
)

// The kinds of events about how tasks hang together. The subject of the dependency_ and order_ kinds is the task's id, that
// of board_changed the workspace's; a reminder is seen by whom it reminds alone, and lies in no workspace.
const (
	EventDependencyAdded   = "tasks.dependency_added"   // data: DependencyChanged
	EventDependencyRemoved = "tasks.dependency_removed" // data: DependencyChanged
	EventOrderChanged      = "tasks.order_changed"      // data: OrderChanged
	EventBoardChanged      = "tasks.board_changed"      // data: BoardChanged
	EventReminderDue       = "tasks.reminder_due"       // data: ReminderDue
)

// DependencyChanged is the data of the dependency_ kinds.
type DependencyChanged struct {
	// Title is the waiting task's title.
	Title string `json:"title"`
	// Blocker is the task it waits for, absent where that lies in another workspace.
	Blocker      ID     `json:"blocker_id,omitzero"`
	BlockerTitle string `json:"blocker_title,omitempty"`
}

// TaskUnblocked is the data of EventTaskUnblocked: the last open task that it waited for was finished, or is gone.
type TaskUnblocked struct {
	Title     string              `json:"title"`
	Assignees []veranda.AccountID `json:"assignees"`
}

// TaskSkipped is the data of EventTaskSkipped: the instance of a series became the next one without being done.
type TaskSkipped struct {
	Title  string     `json:"title"`
	OldDue *time.Time `json:"old_due_at,omitempty"`
	NewDue *time.Time `json:"new_due_at,omitempty"`
}

// TaskMoved is the data of EventTaskMoved: a card came into another column of the board. The names are those of then.
type TaskMoved struct {
	Title string  `json:"title"`
	From  string  `json:"from,omitempty"`
	To    string  `json:"to,omitempty"`
	Stage StageID `json:"stage_id,omitzero"`
}

// OrderChanged is the data of EventOrderChanged: a task has another place in its list or column.
type OrderChanged struct {
	Title string `json:"title"`
	// Stage is the column; absent for the list.
	Stage StageID `json:"stage_id,omitzero"`
}

// BoardChanged is the data of EventBoardChanged.
type BoardChanged struct {
	// Stages are the names of the stages, in order.
	Stages []string `json:"stages"`
}

// ReminderDue is the data of EventReminderDue.
type ReminderDue struct {
	Task      ID                  `json:"task_id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Title     string              `json:"title"`
	DueAt     *time.Time          `json:"due_at,omitempty"`
	StartAt   *time.Time          `json:"start_at,omitempty"`
	// Overdue tells whether the task was due before the reminder.
	Overdue bool `json:"overdue,omitempty"`
}
