package tasks

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

type (
	taskKind    struct{}
	itemKind    struct{}
	commentKind struct{}
)

// The ids of tasks, of the items of their checklists, and of comments.
type (
	ID        = veranda.ID[taskKind]
	ItemID    = veranda.ID[itemKind]
	CommentID = veranda.ID[commentKind]
)

// State is where a task stands.
type State string

// The states.
const (
	Open     State = "open"
	Finished State = "finished"
)

// The priorities.
const (
	PriorityNone   = 0
	PriorityLow    = 1
	PriorityNormal = 2
	PriorityHigh   = 3
	PriorityUrgent = 4
)

// What a task can hold; lengths are in characters.
const (
	MaxTitle       = 200
	MaxDescription = 20_000
	MaxAssignees   = 50
	MaxFollowers   = 200
	MaxLabels      = 20
	MaxLabel       = 50
	MaxItems       = 100
	MaxItem        = 500
	MaxComment     = 10_000
)

// Task is something to be done.
type Task struct {
	Org       veranda.OrgID       `json:"organization_id"`
	ID        ID                  `json:"id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Title     string              `json:"title"`
	// Description is text of several lines; how it is marked up is left to those who show it.
	Description string `json:"description"`
	State       State  `json:"state" enum:"open,finished"`
	// Priority is 0 none, 1 low, 2 normal, 3 high or 4 urgent.
	Priority int `json:"priority" minimum:"0" maximum:"4"`
	// DueAt is when it should be finished; absent when that does not matter.
	DueAt *time.Time `json:"due_at,omitempty"`
	// Schedule says when it begins, in which zone, and how it repeats.
	Schedule
	// Structure says how it hangs together with other tasks, and where it stands among them.
	Structure
	// Assignees are those who are to do it, in the order they were named.
	Assignees []veranda.AccountID `json:"assignees"`
	// Followers are those who want to hear of it, in the order they came.
	Followers []veranda.AccountID `json:"followers"`
	Labels    []string            `json:"labels"`
	Checklist []ChecklistItem     `json:"checklist"`
	// Comments is how many comments there are.
	Comments int64 `json:"comment_count"`
	// CreatedBy is absent when a background job made the task.
	CreatedBy veranda.AccountID `json:"created_by,omitzero"`
	CreatedAt time.Time         `json:"created_at"`
	// UpdatedAt is when the version rose last.
	UpdatedAt time.Time `json:"updated_at"`
	// FinishedAt and FinishedBy are set while the task is finished; FinishedBy is absent when a background job did it.
	FinishedAt *time.Time        `json:"finished_at,omitempty"`
	FinishedBy veranda.AccountID `json:"finished_by,omitzero"`
	Version    int64             `json:"version"`
}

// ETag is the version as HTTP's entity tag (RFC 9110, section 8.8.3).
func (t Task) ETag() string { return etag(t.Version) }

// Location is the task's path over HTTP.
func (t Task) Location() string {
	return "/v1/organizations/" + t.Org.String() + "/tasks/" + t.ID.String()
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// ChecklistItem is one step of a task.
type ChecklistItem struct {
	// ID stays with the item when it is moved or rewritten. Leave it out for a new item.
	ID   ItemID `json:"id,omitzero"`
	Text string `json:"text" minLength:"1" maxLength:"500"`
	Done bool   `json:"done,omitempty"`
}

// ChecklistCount is how far a checklist is.
type ChecklistCount struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

func countItems(items []ChecklistItem) (c ChecklistCount) {
	for _, item := range items {
		if item.Done {
			c.Done++
		}
	}
	c.Total = len(items)
	return c
}

// assigned tells whether the account is to do the task.
func (t *Task) assigned(account veranda.AccountID) bool {
	return !account.IsZero() && slices.Contains(t.Assignees, account)
}

// made tells whether the account created the task.
func (t *Task) made(account veranda.AccountID) bool {
	return !account.IsZero() && t.CreatedBy == account
}

// follow adds accounts to the followers as long as there is room, and returns those it added.
func (t *Task) follow(accounts ...veranda.AccountID) (added []veranda.AccountID) {
	for _, account := range accounts {
		if account.IsZero() || slices.Contains(t.Followers, account) || len(t.Followers) >= MaxFollowers {
			continue
		}
		t.Followers = append(t.Followers, account)
		added = append(added, account)
	}
	return added
}

// neverDue sorts tasks without a due moment behind all others.
const neverDue = math.MaxInt64

func dueSort(due *time.Time) int64 {
	if due == nil {
		return neverDue
	}
	return due.UnixMicro()
}

// without are the elements of a list that another does not have.
func without[T comparable](list, other []T) (left []T) {
	for _, element := range list {
		if !slices.Contains(other, element) {
			left = append(left, element)
		}
	}
	return left
}

func sameMoment(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
