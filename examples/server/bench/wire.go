package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// The answers of the hand-written sides: byte for byte those of the full one, from types of their own, as a program that
// knows nothing of Veranda would declare them.

// task is a task as it is answered. Its ids are whatever the side keeps them as.
type task[ID any] struct {
	Org         ID              `json:"organization_id"`
	ID          ID              `json:"id"`
	Workspace   ID              `json:"workspace_id"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	State       string          `json:"state"`
	Priority    int             `json:"priority"`
	DueAt       *time.Time      `json:"due_at,omitempty"`
	Assignees   []ID            `json:"assignees"`
	Followers   []ID            `json:"followers"`
	Labels      []string        `json:"labels"`
	Checklist   []checklistItem `json:"checklist"`
	Comments    int64           `json:"comment_count"`
	CreatedBy   ID              `json:"created_by,omitzero"`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	FinishedAt  *time.Time      `json:"finished_at,omitempty"`
	FinishedBy  ID              `json:"finished_by,omitzero"`
	Version     int64           `json:"version"`
}

type checklistItem struct {
	ID   string `json:"id,omitzero"`
	Text string `json:"text"`
	Done bool   `json:"done,omitempty"`
}

type taskPage[ID any] struct {
	Items []task[ID] `json:"items"`
	Next  string     `json:"next,omitempty"`
}

// newTask is the body of a create.
type newTask struct {
	Title       string     `json:"title"`
	Description string     `json:"description"`
	Priority    int        `json:"priority"`
	DueAt       *time.Time `json:"due_at"`
}

// The paths that are called.
const (
	tasksPath  = "/v1/organizations/:org/tasks"
	taskPath   = tasksPath + "/:task"
	createPath = "/v1/organizations/:org/workspaces/:workspace/tasks"
)

// neverDue is due_sort of a task without a due moment.
const neverDue = 1<<63 - 1

func dueSort(due *time.Time) int64 {
	if due == nil {
		return neverDue
	}
	return due.UnixMicro()
}

// nextPage is the cursor behind a task, in the order of due moments.
func nextPage(due *time.Time, id string) string {
	return veranda.EncodeCursor("tasks:due", strconv.FormatInt(dueSort(due), 10), id)
}

// searchText is what the column search holds, for texts in ASCII.
func searchText(title, description string) string {
	return strings.Join(strings.Fields(strings.ToLower(title+"\n"+description)), " ")
}

// optional is a moment that may be absent.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// present is a list that is never null.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// decodeList reads a column that holds JSON.
func decodeList[T any](text string) ([]T, error) {
	list := []T{}
	if text == "[]" {
		return list, nil
	}
	return list, json.Unmarshal([]byte(text), &list)
}
