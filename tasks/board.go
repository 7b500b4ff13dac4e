package tasks

import (
	"strings"

	"github.com/veranda-go/veranda"
)

// What a board can hold; lengths are in characters.
const (
	MaxStages    = 30
	MaxStageName = 50
)

// Board are the stages through which the tasks of a workspace go: its columns. A workspace begins without any. The cards of
// a stage are the list of tasks with that stage, in the order "board".
type Board struct {
	Org       veranda.OrgID       `json:"organization_id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Stages    []Stage             `json:"stages"`
	// Version is 0 while nobody has made a stage.
	Version int64 `json:"version"`
}

// ETag is the version as HTTP's entity tag.
func (b Board) ETag() string { return etag(b.Version) }

// Stage is a column of a board.
type Stage struct {
	// ID stays with the stage when it is moved or renamed. Leave it out for a new stage.
	ID   StageID `json:"id,omitzero" required:"false"`
	Name string  `json:"name" minLength:"1" maxLength:"50"`
	// Finished is set for a stage of finished tasks: a card that comes there is finished, one that leaves it is open again.
	Finished bool `json:"finished,omitempty"`
}

// stage is the stage of an id, nil where the board has none.
func (b *Board) stage(id StageID) *Stage {
	for i := range b.Stages {
		if b.Stages[i].ID == id {
			return &b.Stages[i]
		}
	}
	return nil
}

// first is the first stage for open or for finished tasks, nil where there is none.
func (b *Board) first(finished bool) *Stage {
	for i := range b.Stages {
		if b.Stages[i].Finished == finished {
			return &b.Stages[i]
		}
	}
	return nil
}

func (b *Board) names() []string {
	names := []string{}
	for _, stage := range b.Stages {
		names = append(names, stage.Name)
	}
	return names
}

// BoardInput names a workspace's board.
type BoardInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
}

func (in *BoardInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	return c.Err()
}

// SetStagesInput replaces a board's stages: one call adds, renames, moves and removes. Stages keep their ids; new ones have
// none. The tasks of a stage that is removed are on no board then.
type SetStagesInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Version   int64               `header:"If-Match" json:"-"`
	Stages    []Stage             `json:"stages" maxItems:"30" doc:"The whole list, in order."`
}

func (in *SetStagesInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	checkVersion(&c, in.Version)
	c.Count("/stages", len(in.Stages), 0, MaxStages)
	if c.Failed("/stages") {
		return c.Err()
	}
	names, ids := map[string]bool{}, map[StageID]bool{}
	for i := range in.Stages {
		stage := &in.Stages[i]
		stage.Name = c.Line(at("/stages", i)+"/name", stage.Name, 1, MaxStageName)
		if key := strings.ToLower(stage.Name); names[key] {
			c.Add(at("/stages", i)+"/name", "duplicate", "is the name of another stage")
		} else {
			names[key] = true
		}
		if ids[stage.ID] && !stage.ID.IsZero() {
			c.Add(at("/stages", i)+"/id", "duplicate", "is named twice")
		}
		ids[stage.ID] = true
	}
	return c.Err()
}

// MoveInput puts a task at another place: among the cards of a stage, or, without one, in its workspace's list. Its place
// is behind or before another task there, or else the last.
type MoveInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Task   ID            `path:"task" json:"-"`
	Stage  StageID       `json:"stage_id,omitzero" required:"false" doc:"The stage of the workspace's board to which it comes; absent to move it in the workspace's list. A stage of finished tasks finishes it, another one reopens it."`
	After  ID            `json:"after,omitzero" required:"false" doc:"The task behind which it comes; with neither this nor before it comes last."`
	Before ID            `json:"before,omitzero" required:"false" doc:"The task before which it comes; not together with after."`
	// Subtasks and Force are those of FinishInput, for a stage of finished tasks.
	Subtasks SubtasksChoice `json:"subtasks,omitempty" enum:"finish,leave" doc:"For a stage of finished tasks: what becomes of open sub-tasks."`
	Force    bool           `json:"force,omitempty" doc:"For a stage of finished tasks: also where it waits for an open one."`
	// OffBoard takes it from the board.
	OffBoard bool `json:"off_board,omitempty" doc:"Take it from the board; not together with anything else."`
}

func (in *MoveInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	if !in.After.IsZero() && !in.Before.IsZero() {
		c.Add("/before", "exclusive", "must not be given together with after")
	}
	if !in.After.IsZero() && in.After == in.Task {
		c.Add("/after", "self", "must be another task")
	}
	if !in.Before.IsZero() && in.Before == in.Task {
		c.Add("/before", "self", "must be another task")
	}
	if in.OffBoard && !(in.Stage.IsZero() && in.After.IsZero() && in.Before.IsZero()) {
		c.Add("/off_board", "exclusive", "must not be given together with a place")
	}
	if in.Subtasks != "" {
		veranda.OneOf(&c, "/subtasks", in.Subtasks, FinishSubtasks, LeaveSubtasks)
	}
	return c.Err()
}
