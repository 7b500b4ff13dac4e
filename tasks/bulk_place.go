package tasks

import (
	"context"

	"github.com/veranda-go/veranda"
)

// BulkPlace says where the tasks of a BulkInput come to stand.
type BulkPlace struct {
	Parent      ID      `json:"parent_id,omitzero" required:"false" doc:"The task that they become a part of; it lies in the same workspace."`
	ClearParent bool    `json:"clear_parent,omitempty" doc:"Make them a part of no task; not together with parent_id."`
	Stage       StageID `json:"stage_id,omitzero" required:"false" doc:"The stage of the workspace's board to which they come, as its last cards; those that are in it stay where they are. A stage of finished tasks finishes them, another one reopens them; not together with state."`
	OffBoard    bool    `json:"off_board,omitempty" doc:"Take them from the board; not together with stage_id."`
	// Subtasks and Force are those of FinishInput, for tasks that are finished.
	Subtasks SubtasksChoice `json:"subtasks,omitempty" enum:"finish,leave" doc:"For tasks that are finished: what becomes of open sub-tasks."`
	Force    bool           `json:"force,omitempty" doc:"For tasks that are finished: also where they wait for an open one."`
}

// check reports what does not go together.
func (p *BulkPlace) check(c *veranda.Checks, state State) {
	if p.ClearParent && !p.Parent.IsZero() {
		c.Add("/clear_parent", "exclusive", "must not be given together with parent_id")
	}
	if p.OffBoard && !p.Stage.IsZero() {
		c.Add("/off_board", "exclusive", "must not be given together with stage_id")
	}
	if state != "" && !p.Stage.IsZero() {
		c.Add("/state", "exclusive", "must not be given together with stage_id, which says it")
	}
	if p.Subtasks != "" {
		veranda.OneOf(c, "/subtasks", p.Subtasks, FinishSubtasks, LeaveSubtasks)
	}
}

// places tells whether tasks are to stand elsewhere.
func (p *BulkPlace) places() bool {
	return !p.Parent.IsZero() || p.ClearParent || !p.Stage.IsZero() || p.OffBoard
}

// bulkPlace puts one task where a bulk call wants it, in the transaction the service is bound to.
func (s *Service) bulkPlace(ctx context.Context, by veranda.Actor, in *BulkInput, t *Task) (*Task, error) {
	var err error
	if (in.ClearParent || !in.Parent.IsZero()) && t.Parent != in.Parent {
		if t, err = s.SetParent(ctx, by, SetParentInput{Org: in.Org, Task: t.ID, Version: t.Version, Parent: in.Parent}); err != nil {
			return nil, err
		}
	}
	if (in.OffBoard || !in.Stage.IsZero()) && t.Stage != in.Stage {
		t, err = s.Move(ctx, by, MoveInput{Org: in.Org, Task: t.ID, Stage: in.Stage, OffBoard: in.OffBoard, Subtasks: in.Subtasks, Force: in.Force})
	}
	return t, err
}
