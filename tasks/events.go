package tasks

import (
	"time"

	"github.com/veranda-go/veranda"
)

// The kinds of events. Each lies in the task's workspace. The subject of the task_ kinds is the task's id, that of the
// comment_ kinds the comment's. Following is between a person and the task, and has no event.
const (
	EventTaskCreated    = "tasks.task_created"    // data: TaskCreated
	EventTaskUpdated    = "tasks.task_updated"    // data: TaskUpdated
	EventTaskFinished   = "tasks.task_finished"   // data: TaskFinished
	EventTaskReopened   = "tasks.task_reopened"   // data: TaskReopened
	EventTaskDeleted    = "tasks.task_deleted"    // data: TaskDeleted
	EventTaskUnblocked  = "tasks.task_unblocked"  // data: TaskUnblocked
	EventTaskSkipped    = "tasks.task_skipped"    // data: TaskSkipped
	EventTaskMoved      = "tasks.task_moved"      // data: TaskMoved
	EventTaskRestored   = "tasks.task_restored"   // data: TaskRestored
	EventCommentAdded   = "tasks.comment_added"   // data: CommentChanged
	EventCommentEdited  = "tasks.comment_edited"  // data: CommentChanged
	EventCommentDeleted = "tasks.comment_deleted" // data: CommentChanged
)

// TaskCreated is the data of EventTaskCreated.
type TaskCreated struct {
	Title     string              `json:"title"`
	Assignees []veranda.AccountID `json:"assignees"`
	DueAt     *time.Time          `json:"due_at,omitempty"`
	Priority  int                 `json:"priority"`
	Labels    []string            `json:"labels"`
	// Mentioned are those whom the description mentions; they follow the task.
	Mentioned []veranda.AccountID `json:"mentioned,omitempty"`
}

// TaskUpdated is the data of EventTaskUpdated.
type TaskUpdated struct {
	// Title is the title after the change.
	Title   string   `json:"title"`
	Changes []Change `json:"changes"`
	// Mentioned are those whom the description mentions and did not before; they follow the task.
	Mentioned []veranda.AccountID `json:"mentioned,omitempty"`
}

// Change is one field that changed.
type Change struct {
	// Field is the field's name in JSON: title, description, assignees, due_at, priority, labels or checklist.
	Field string `json:"field"`
	// Old and New are the field's values, absent where there is none. A description's are left out, for they are long;
	// a checklist's are of type ChecklistCount.
	Old any `json:"old,omitempty"`
	New any `json:"new,omitempty"`
}

// TaskFinished is the data of EventTaskFinished.
type TaskFinished struct {
	Title     string              `json:"title"`
	Assignees []veranda.AccountID `json:"assignees"`
	CreatedBy veranda.AccountID   `json:"created_by,omitzero"`
	DueAt     *time.Time          `json:"due_at,omitempty"`
	// Late tells whether the task was finished after it was due.
	Late bool `json:"late"`
}

// TaskReopened is the data of EventTaskReopened.
type TaskReopened struct {
	Title     string              `json:"title"`
	Assignees []veranda.AccountID `json:"assignees"`
	// FinishedAt and FinishedBy are of the finishing that was taken back.
	FinishedAt *time.Time        `json:"finished_at"`
	FinishedBy veranda.AccountID `json:"finished_by,omitzero"`
}

// TaskDeleted is the data of EventTaskDeleted: what the task was, for it is gone unless it is restored.
type TaskDeleted struct {
	Title     string              `json:"title"`
	State     State               `json:"state"`
	Assignees []veranda.AccountID `json:"assignees"`
}

// CommentChanged is the data of the comment_ kinds. The text is left out: an event outlives the comment.
type CommentChanged struct {
	Task ID `json:"task_id"`
	// Title is the task's title.
	Title string `json:"title"`
	// Author is who wrote the comment, which may be another than who deleted it.
	Author veranda.AccountID `json:"author_id,omitzero"`
	// Mentioned are those whom the text mentions, and did not before it was edited; they follow the task.
	Mentioned []veranda.AccountID `json:"mentioned,omitempty"`
}

// taskEvent is an event about a task.
func taskEvent(kind string, t *Task, by *veranda.Standing, at time.Time, data any) veranda.Event {
	return veranda.Event{
		Org: t.Org, Workspace: t.Workspace, Kind: kind, Subject: t.ID.String(),
		By: by.Account, System: by.System, At: at, Data: veranda.MarshalData(data),
	}
}

// commentEvent is an event about a comment of a task.
func commentEvent(kind string, t *Task, c *Comment, by *veranda.Standing, at time.Time, mentioned ...veranda.AccountID) veranda.Event {
	e := taskEvent(kind, t, by, at, CommentChanged{Task: t.ID, Title: t.Title, Author: c.Author, Mentioned: mentioned})
	e.Subject = c.ID.String()
	return e
}
