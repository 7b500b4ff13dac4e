package tasks

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// CreateInput is a new task.
type CreateInput struct {
	Org         veranda.OrgID       `path:"org" json:"-"`
	Workspace   veranda.WorkspaceID `path:"workspace" json:"-"`
	Title       string              `json:"title" minLength:"1" maxLength:"200"`
	Description string              `json:"description,omitempty" maxLength:"20000"`
	Assignees   []veranda.AccountID `json:"assignees,omitempty" maxItems:"50" doc:"Who is to do it; they must see the workspace."`
	DueAt       *time.Time          `json:"due_at,omitempty" doc:"When it should be finished."`
	Priority    int                 `json:"priority,omitempty" minimum:"0" maximum:"4" doc:"0 none, 1 low, 2 normal, 3 high, 4 urgent."`
	Labels      []string            `json:"labels,omitempty" maxItems:"20" doc:"Short texts without commas."`
	Checklist   []ChecklistItem     `json:"checklist,omitempty" maxItems:"100" doc:"Steps, without ids."`
	ScheduleInput
	Recurrence *RecurrenceInput `json:"recurrence,omitempty" doc:"How it repeats; not for sub-tasks."`
	Parent     ID               `json:"parent_id,omitzero" required:"false" doc:"The task of the same workspace that it is a part of."`
	Stage      StageID          `json:"stage_id,omitzero" required:"false" doc:"The stage of the workspace's board in which it is the last card."`
	// Attachments are files that the caller uploaded and attached to nothing yet.
	Attachments []files.ID `json:"attachments,omitempty" maxItems:"20" doc:"Files of one's own that are uploaded and not attached yet."`
}

// validate gives the new task's moments and recurrence, in a task that has nothing else.
func (in *CreateInput) validate() (*Task, error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	in.Title = c.Line("/title", in.Title, 1, MaxTitle)
	in.Description = c.Text("/description", in.Description, 0, MaxDescription)
	c.Mentions("/description", in.Description)
	in.Labels = checkLabels(&c, "/labels", in.Labels)
	in.Checklist = checkItems(&c, "/checklist", in.Checklist)
	for i, item := range in.Checklist {
		if !item.ID.IsZero() {
			c.Add(at("/checklist", i)+"/id", "not_found", "is no item of this task")
		}
	}
	checkAccounts(&c, "/assignees", in.Assignees)
	c.Range("/priority", int64(in.Priority), PriorityNone, PriorityUrgent)
	in.DueAt = checkDue(&c, "/due_at", in.DueAt)
	c.Count("/attachments", len(in.Attachments), 0, files.MaxAttached)
	in.ScheduleInput.check(&c, in.DueAt)
	scheduled := in.schedule(&c)
	if in.Recurrence != nil && !in.Parent.IsZero() {
		c.Add("/recurrence", "exclusive", "is not for sub-tasks: they repeat with the task above them")
	}
	return &scheduled, c.Err()
}

// GetInput names a task.
type GetInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Task ID            `path:"task" json:"-"`
}

func (in *GetInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	return c.Err()
}

// UpdateInput changes a task; what is left out stays as it is.
type UpdateInput struct {
	Org         veranda.OrgID `path:"org" json:"-"`
	Task        ID            `path:"task" json:"-"`
	Version     int64         `header:"If-Match" json:"-"`
	Title       *string       `json:"title,omitempty" minLength:"1" maxLength:"200"`
	Description *string       `json:"description,omitempty" maxLength:"20000"`
	// Assignees and Labels replace the whole list; an empty list takes everybody, or every label, away.
	Assignees []veranda.AccountID `json:"assignees,omitempty" maxItems:"50" doc:"All who are to do it; an empty list for nobody."`
	DueAt     *time.Time          `json:"due_at,omitempty" doc:"When it should be finished."`
	ClearDue  bool                `json:"clear_due,omitempty" doc:"Take the due moment away; not together with due_at."`
	Priority  *int                `json:"priority,omitempty" minimum:"0" maximum:"4" doc:"0 none, 1 low, 2 normal, 3 high, 4 urgent."`
	Labels    []string            `json:"labels,omitempty" maxItems:"20" doc:"All labels; an empty list for none."`
	ScheduleInput
	ClearStart bool `json:"clear_start,omitempty" doc:"Take the start away; not together with start_at or start_on."`
	// Scope is for recurring tasks.
	Scope Scope `json:"scope,omitempty" enum:"this,following" doc:"Of a recurring task: change this instance only, or the following ones too, which is so when absent."`
}

func (in *UpdateInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	checkVersion(&c, in.Version)
	if in.Title != nil {
		title := c.Line("/title", *in.Title, 1, MaxTitle)
		in.Title = &title
	}
	if in.Description != nil {
		description := c.Text("/description", *in.Description, 0, MaxDescription)
		in.Description = &description
		c.Mentions("/description", description)
	}
	checkAccounts(&c, "/assignees", in.Assignees)
	in.Labels = checkLabels(&c, "/labels", in.Labels)
	if in.Priority != nil {
		c.Range("/priority", int64(*in.Priority), PriorityNone, PriorityUrgent)
	}
	in.DueAt = checkDue(&c, "/due_at", in.DueAt)
	in.ScheduleInput.check(&c, in.DueAt)
	in.checkClears(&c)
	return c.Err()
}

// checkClears checks what is taken away, and the scope.
func (in *UpdateInput) checkClears(c *veranda.Checks) {
	if in.ClearDue && (in.DueAt != nil || in.DueOn != "") {
		c.Add("/clear_due", "exclusive", "must not be given together with due_at or due_on")
	}
	if in.ClearStart && (in.StartAt != nil || in.StartOn != "") {
		c.Add("/clear_start", "exclusive", "must not be given together with start_at or start_on")
	}
	if in.Scope != "" {
		veranda.OneOf(c, "/scope", in.Scope, ThisOnly, Following)
	}
}

// moves tells whether start, due moment or zone are to be changed.
func (in *UpdateInput) moves() bool {
	return in.DueAt != nil || in.DueOn != "" || in.ClearDue || in.StartAt != nil || in.StartOn != "" || in.ClearStart || in.TimeZone != ""
}

// ordered refuses a change that lets a task begin after it is due.
func (in *UpdateInput) ordered(t *Task) error {
	if !in.moves() || t.StartAt == nil || t.DueAt == nil || !t.StartAt.After(*t.DueAt) {
		return nil
	}
	var c veranda.Checks
	c.Add("/start_at", "order", "must not be after the task is due")
	return c.Err()
}

// StateInput reopens or deletes a task.
type StateInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Task    ID            `path:"task" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

// The inputs of the methods of the same names.
type (
	ReopenInput = StateInput
	DeleteInput = StateInput
)

func (in *StateInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	checkVersion(&c, in.Version)
	return c.Err()
}

// SetChecklistInput replaces a task's checklist: one call adds, rewrites, ticks, moves and removes. Items keep their ids;
// new ones have none. Give the version you read, or what somebody else changed meanwhile is lost.
type SetChecklistInput struct {
	Org     veranda.OrgID   `path:"org" json:"-"`
	Task    ID              `path:"task" json:"-"`
	Version int64           `header:"If-Match" json:"-"`
	Items   []ChecklistItem `json:"items" maxItems:"100" doc:"The whole list, in order."`
}

func (in *SetChecklistInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	checkVersion(&c, in.Version)
	in.Items = checkItems(&c, "/items", in.Items)
	return c.Err()
}

// TickItemInput sets whether one item of a checklist is done. It needs no version: two people who tick different items
// do not disturb one another.
type TickItemInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Task    ID            `path:"task" json:"-"`
	Item    ItemID        `path:"item" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Done    bool          `json:"done"`
}

func (in *TickItemInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	checkVersion(&c, in.Version)
	veranda.Required(&c, "/item_id", in.Item)
	return c.Err()
}

func checkTask(c *veranda.Checks, org veranda.OrgID, task ID) {
	veranda.Required(c, "/organization_id", org)
	veranda.Required(c, "/task_id", task)
}

func checkVersion(c *veranda.Checks, version int64) {
	if version < 0 {
		c.Add("/version", "range", "must be a version, or absent")
	}
}

func checkDue(c *veranda.Checks, pointer string, due *time.Time) *time.Time {
	if due == nil {
		return nil
	}
	moment := c.Moment(pointer, *due)
	return &moment
}

// checkAccounts checks the form of a list of accounts; whether they exist is asked when the caller's rights are known.
func checkAccounts(c *veranda.Checks, pointer string, accounts []veranda.AccountID) {
	c.Count(pointer, len(accounts), 0, MaxAssignees)
	if c.Failed(pointer) {
		return
	}
	seen := make(map[veranda.AccountID]bool, len(accounts))
	for i, account := range accounts {
		veranda.Required(c, at(pointer, i), account)
		if seen[account] {
			c.Add(at(pointer, i), "duplicate", "is named twice")
		}
		seen[account] = true
	}
}

// checkItems gives the items back with their texts in the form in which they are stored.
func checkItems(c *veranda.Checks, pointer string, items []ChecklistItem) []ChecklistItem {
	c.Count(pointer, len(items), 0, MaxItems)
	if c.Failed(pointer) {
		return nil
	}
	checked := make([]ChecklistItem, len(items))
	seen := make(map[ItemID]bool, len(items))
	for i, item := range items {
		item.Text = c.Line(at(pointer, i)+"/text", item.Text, 1, MaxItem)
		if !item.ID.IsZero() && seen[item.ID] {
			c.Add(at(pointer, i)+"/id", "duplicate", "is named twice")
		}
		seen[item.ID] = true
		checked[i] = item
	}
	return checked
}

// at is the pointer of a list's element.
func at(pointer string, index int) string { return pointer + "/" + strconv.Itoa(index) }
