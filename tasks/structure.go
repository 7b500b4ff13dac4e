package tasks

import "github.com/veranda-go/veranda"

type stageKind struct{}

// StageID is the id of a stage of a workspace's board.
type StageID = veranda.ID[stageKind]

// What hangs together.
const (
	// MaxDepth is how many tasks may stand above a task.
	MaxDepth = 5
	// MaxSubtasks is how many sub-tasks a task may have.
	MaxSubtasks = 200
	// MaxDependencies is how many tasks a task may wait for, and how many may wait for it.
	MaxDependencies = 50
)

// Structure says how a task hangs together with others, and where it stands among them.
type Structure struct {
	// Parent is the task that this one is a part of; it lies in the same workspace.
	Parent ID `json:"parent_id,omitzero"`
	// Subtasks counts the tasks that are a part of this one, not those beneath them; absent where there is none.
	Subtasks *SubtaskCount `json:"subtasks,omitempty"`
	// Blocked tells whether it waits for an open task that the reader may see.
	Blocked bool `json:"blocked,omitempty"`
	// Stage is the column of the workspace's board in which it is a card; absent for a task that is on no board.
	Stage StageID `json:"stage_id,omitzero"`
	// Rank is its place in the workspace's list, BoardRank that in its column: texts to be compared byte by byte.
	Rank      string `json:"rank"`
	BoardRank string `json:"board_rank,omitempty"`

	// Waiting counts across all workspaces, those included that the reader does not see.
	Waiting Waiting `json:"-"`
}

// SubtaskCount is how far the sub-tasks are.
type SubtaskCount struct {
	Open  int64 `json:"open"`
	Total int64 `json:"total"`
}

func (c *SubtaskCount) open() int64 {
	if c == nil {
		return 0
	}
	return c.Open
}

func (c *SubtaskCount) total() int64 {
	if c == nil {
		return 0
	}
	return c.Total
}

// Waiting counts open tasks that a task waits for, in its own workspace and in others, and tasks that wait for it.
type Waiting struct{ Here, Elsewhere, Blocking int64 }

// entangled tells whether a change of the task's state concerns other tasks.
func (t *Task) entangled() bool {
	return !t.Parent.IsZero() || t.Subtasks.total() > 0 || t.Waiting.Blocking > 0 || !t.Stage.IsZero()
}

// SubtasksChoice is what becomes of open sub-tasks when their parent is finished.
type SubtasksChoice string

// The choices.
const (
	// FinishSubtasks finishes them too, and all beneath them.
	FinishSubtasks SubtasksChoice = "finish"
	// LeaveSubtasks leaves them open.
	LeaveSubtasks SubtasksChoice = "leave"
)

// FinishInput finishes a task.
type FinishInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Task    ID            `path:"task" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	// Subtasks says what becomes of open sub-tasks; when it is absent, a task with open sub-tasks is not finished.
	Subtasks SubtasksChoice `json:"subtasks,omitempty" enum:"finish,leave" doc:"What becomes of open sub-tasks: finish them too, or leave them open. When absent, a task that has some is not finished."`
	Force    bool           `json:"force,omitempty" doc:"Finish it although it waits for another task that is open."`
}

func (in *FinishInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	checkVersion(&c, in.Version)
	if in.Subtasks != "" {
		veranda.OneOf(&c, "/subtasks", in.Subtasks, FinishSubtasks, LeaveSubtasks)
	}
	return c.Err()
}

// SetParentInput makes a task a part of another one, or of none.
type SetParentInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Task    ID            `path:"task" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Parent  ID            `json:"parent_id,omitzero" required:"false" doc:"A task of the same workspace; absent for none."`
}

func (in *SetParentInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	checkVersion(&c, in.Version)
	return c.Err()
}

// DependencyInput says that a task waits for another one. Exactly one of Blocks and BlockedBy is given.
type DependencyInput struct {
	Org       veranda.OrgID `path:"org" json:"-"`
	Task      ID            `path:"task" json:"-"`
	Blocks    ID            `json:"blocks,omitzero" required:"false" doc:"The task that waits for this one."`
	BlockedBy ID            `json:"blocked_by,omitzero" required:"false" doc:"The task that this one waits for."`
}

func (in *DependencyInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	if in.Blocks.IsZero() == in.BlockedBy.IsZero() {
		c.Add("/blocked_by", "exclusive", "must be given, or blocks in place of it")
	}
	pointer, other := in.other()
	if !other.IsZero() && other == in.Task {
		c.Add(pointer, "self", "must be another task")
	}
	return c.Err()
}

// other is the task that is not the path's, and the field that names it.
func (in *DependencyInput) other() (pointer string, id ID) {
	if !in.Blocks.IsZero() {
		return "/blocks", in.Blocks
	}
	return "/blocked_by", in.BlockedBy
}

// RemoveDependencyInput ends the waiting between two tasks, whichever of them waits.
type RemoveDependencyInput struct {
	Org   veranda.OrgID `path:"org" json:"-"`
	Task  ID            `path:"task" json:"-"`
	Other ID            `path:"linked" json:"-"`
}

func (in *RemoveDependencyInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	veranda.Required(&c, "/linked", in.Other)
	return c.Err()
}

// Dependencies are the tasks that a task waits for and those that wait for it, as far as the reader may see them.
type Dependencies struct {
	BlockedBy []LinkedTask `json:"blocked_by"`
	Blocks    []LinkedTask `json:"blocks"`
}

// LinkedTask is what is shown of a task beside another.
type LinkedTask struct {
	ID        ID                  `json:"id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Title     string              `json:"title"`
	State     State               `json:"state" enum:"open,finished"`
}
