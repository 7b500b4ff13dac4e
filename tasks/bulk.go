package tasks

import (
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// MaxBulk is how many tasks one call changes.
const MaxBulk = 200

// BulkInput changes several tasks in one transaction. What is left out stays as it is.
type BulkInput struct {
	Org   veranda.OrgID `path:"org" json:"-"`
	Tasks []BulkTask    `json:"tasks" minItems:"1" maxItems:"200" doc:"Which tasks; each once."`
	// Atomic makes it all or nothing.
	Atomic          bool                `json:"atomic,omitempty" doc:"All or nothing: where one task cannot be changed, none is, and the answer is an error that names each that cannot, at /tasks and its index."`
	AddAssignees    []veranda.AccountID `json:"add_assignees,omitempty" maxItems:"50"`
	RemoveAssignees []veranda.AccountID `json:"remove_assignees,omitempty" maxItems:"50"`
	AddLabels       []string            `json:"add_labels,omitempty" maxItems:"20"`
	RemoveLabels    []string            `json:"remove_labels,omitempty" maxItems:"20"`
	Priority        *int                `json:"priority,omitempty" minimum:"0" maximum:"4"`
	DueAt           *time.Time          `json:"due_at,omitempty"`
	ClearDue        bool                `json:"clear_due,omitempty" doc:"Take the due moment away; not together with due_at."`
	ScheduleInput
	ClearStart bool `json:"clear_start,omitempty" doc:"Take the start away; not together with start_at or start_on."`
	// Scope is for recurring tasks, as in UpdateInput.
	Scope Scope `json:"scope,omitempty" enum:"this,following" doc:"Of recurring tasks: change these instances only, or the following ones too, which is so when absent."`
	BulkPlace
	State  State `json:"state,omitempty" enum:"open,finished" doc:"Finish or reopen; a task that is in the state already is left alone."`
	Delete bool  `json:"delete,omitempty" doc:"Delete the tasks; not together with anything else."`
}

// BulkTask names a task of a BulkInput.
type BulkTask struct {
	ID ID `json:"id"`
	// Version is the one that was read; 0 for any.
	Version int64 `json:"version,omitempty" minimum:"0" doc:"The version you read; absent for any."`
}

// BulkOutcome is what became of a task.
type BulkOutcome string

// The outcomes.
const (
	BulkChanged   BulkOutcome = "changed"
	BulkUnchanged BulkOutcome = "unchanged"
	BulkFailed    BulkOutcome = "failed"
)

// BulkResult is what became of each task, in the order in which they were named.
type BulkResult struct {
	Results []BulkTaskResult `json:"results"`
	Changed int              `json:"changed"`
	Failed  int              `json:"failed"`
}

// BulkTaskResult is what became of one task: that with the same place among the input's.
type BulkTaskResult struct {
	Outcome BulkOutcome `json:"outcome" enum:"changed,unchanged,failed"`
	// Version is the task's after the call; absent where it failed or is deleted.
	Version int64 `json:"version,omitempty"`
	// Reason and Message say why it failed, as an error of a call for this task alone would: "not_found", "forbidden",
	// "version", "tasks.blocked".
	Reason  string `json:"reason,omitempty"`
	Message string `json:"detail,omitempty"`
	// Fields are the input's fields that are not valid for this task: an assignee who does not see its workspace.
	Fields []veranda.FieldError `json:"errors,omitempty"`
}

func (in *BulkInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	c.Count("/tasks", len(in.Tasks), 1, MaxBulk)
	if !c.Failed("/tasks") {
		seen := make(map[ID]bool, len(in.Tasks))
		for i, t := range in.Tasks {
			veranda.Required(&c, at("/tasks", i)+"/id", t.ID)
			if t.Version < 0 {
				c.Add(at("/tasks", i)+"/version", "range", "must be a version, or absent")
			}
			if seen[t.ID] {
				c.Add(at("/tasks", i)+"/id", "duplicate", "is named twice")
			}
			seen[t.ID] = true
		}
	}
	checkAccounts(&c, "/add_assignees", in.AddAssignees)
	checkAccounts(&c, "/remove_assignees", in.RemoveAssignees)
	in.AddLabels = checkLabels(&c, "/add_labels", in.AddLabels)
	in.RemoveLabels = checkLabels(&c, "/remove_labels", in.RemoveLabels)
	for i, account := range in.RemoveAssignees {
		if slices.Contains(in.AddAssignees, account) {
			c.Add(at("/remove_assignees", i), "exclusive", "must not be added too")
		}
	}
	added := labelKeys(in.AddLabels)
	for i, key := range labelKeys(in.RemoveLabels) {
		if slices.Contains(added, key) {
			c.Add(at("/remove_labels", i), "exclusive", "must not be added too")
		}
	}
	if in.Priority != nil {
		c.Range("/priority", int64(*in.Priority), PriorityNone, PriorityUrgent)
	}
	in.DueAt = checkDue(&c, "/due_at", in.DueAt)
	in.ScheduleInput.check(&c, in.DueAt)
	in.fields(ID{}).checkClears(&c)
	if in.State != "" {
		veranda.OneOf(&c, "/state", in.State, Open, Finished)
	}
	in.BulkPlace.check(&c, in.State)
	switch {
	case in.Delete && (in.edits() || in.places() || in.State != ""):
		c.Add("/delete", "exclusive", "must not be given together with other changes")
	case !in.Delete && !in.edits() && !in.places() && in.State == "":
		c.Add("/tasks", "nothing", "must come with something to change")
	}
	return c.Err()
}

// edits tells whether fields are to be changed.
func (in *BulkInput) edits() bool {
	return len(in.AddAssignees)+len(in.RemoveAssignees)+len(in.AddLabels)+len(in.RemoveLabels) > 0 || in.Priority != nil || in.fields(ID{}).moves()
}

// fields are those that are the same for every task.
func (in *BulkInput) fields(task ID) *UpdateInput {
	return &UpdateInput{
		Org: in.Org, Task: task, Priority: in.Priority, DueAt: in.DueAt, ClearDue: in.ClearDue,
		ScheduleInput: in.ScheduleInput, ClearStart: in.ClearStart, Scope: in.Scope,
	}
}

// update is what the call means for a task as it is.
func (in *BulkInput) update(t *Task) (*UpdateInput, error) {
	update := in.fields(t.ID)
	var c veranda.Checks
	if len(in.AddAssignees)+len(in.RemoveAssignees) > 0 {
		update.Assignees = append(list(without(t.Assignees, in.RemoveAssignees)), without(in.AddAssignees, t.Assignees)...)
		c.Count("/add_assignees", len(update.Assignees), 0, MaxAssignees)
	}
	if len(in.AddLabels)+len(in.RemoveLabels) > 0 {
		removed, borne := labelKeys(in.RemoveLabels), labelKeys(t.Labels)
		update.Labels = slices.DeleteFunc(list(t.Labels), func(label string) bool { return slices.Contains(removed, foldCase(label)) })
		for _, label := range in.AddLabels {
			if !slices.Contains(borne, foldCase(label)) {
				update.Labels = append(update.Labels, label)
			}
		}
		c.Count("/add_labels", len(update.Labels), 0, MaxLabels)
	}
	return update, c.Err()
}
