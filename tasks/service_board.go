package tasks

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/rank"
)

// Board reads the stages of a workspace's board.
//
// Permission: task.read.
func (s *Service) Board(ctx context.Context, by veranda.Actor, in BoardInput) (*Board, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	if _, err := s.workspace(ctx, by, in.Org, in.Workspace, PermRead); err != nil {
		return nil, err
	}
	rows, err := s.conn.Query(ctx, selectBoardText, in.Org, in.Workspace)
	if err != nil {
		return nil, fmt.Errorf("tasks: read board: %w", err)
	}
	return scanBoard(rows, in.Org, in.Workspace)
}

// SetStages replaces the stages of a workspace's board. Tasks stay what they are, open or finished, when their stage changes
// its name or its kind; those of a stage that is removed are on no board.
//
// Permission: task.create. Errors: invalid (a stage's id that is none of this board has the rule not_found), version.
// Event: tasks.board_changed, unless nothing changes.
func (s *Service) SetStages(ctx context.Context, by veranda.Actor, in SetStagesInput) (*Board, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermCreate)
	if err != nil {
		return nil, err
	}
	var board *Board
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockGraph(ctx, tx, in.Org); err != nil {
			return err
		}
		if board, err = selectBoard(ctx, tx, in.Org, in.Workspace); err != nil {
			return err
		}
		if in.Version != 0 && in.Version != board.Version {
			return veranda.ErrVersion
		}
		var c veranda.Checks
		stages := slices.Clone(in.Stages)
		for i := range stages {
			if stages[i].ID.IsZero() {
				stages[i].ID = veranda.NewID[stageKind]()
			} else if board.stage(stages[i].ID) == nil {
				c.Add(at("/stages", i)+"/id", "not_found", "is no stage of this board")
			}
		}
		if err := c.Err(); err != nil || slices.Equal(stages, board.Stages) {
			return err
		}
		after := Board{Org: in.Org, Workspace: in.Workspace, Stages: list(stages), Version: board.Version + 1}
		if err := tx.Defer(ctx, storeBoardText, in.Org, in.Workspace, encodeList(after.Stages), after.Version); err != nil {
			return fmt.Errorf("tasks: store board: %w", err)
		}
		for _, stage := range board.Stages {
			if after.stage(stage.ID) != nil {
				continue
			}
			if err := tx.Defer(ctx, leaveStageText, in.Org, in.Workspace, stage.ID); err != nil {
				return fmt.Errorf("tasks: store board: %w", err)
			}
		}
		board = &after
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: in.Workspace, Kind: EventBoardChanged, Subject: in.Workspace.String(),
			By: standing.Account, System: standing.System, At: tx.DB().Now(), Data: veranda.MarshalData(BoardChanged{Stages: after.names()}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return board, nil
}

// Move puts a task at another place in its workspace's list, or into a stage of the board and there at a place. A stage for
// finished tasks finishes it, as Finish does; a stage for open ones reopens it. The task's version rises when it comes to
// another stage, not when it only comes to another place.
//
// Permission: task.edit. Errors: invalid (/stage_id, /after and /before have the rule not_found where the workspace, or the
// stage, has no such stage or task), those of Finish. Events: tasks.task_moved for another stage, else
// tasks.order_changed; those of Finish and Reopen.
func (s *Service) Move(ctx context.Context, by veranda.Actor, in MoveInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermEdit)
	if err != nil {
		return nil, err
	}
	var after *Task
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockGraph(ctx, tx, in.Org); err != nil {
			return err
		}
		before, err := s.lockTask(ctx, tx, s.texts.lock, standing, in.Org, in.Task, PermEdit, 0)
		if err != nil {
			return err
		}
		board, err := selectBoard(ctx, tx, in.Org, before.Workspace)
		if err != nil {
			return err
		}
		after = before.clone()
		if err := s.place(ctx, tx, in, board, after); err != nil {
			return err
		}
		if err := s.storeMoved(ctx, tx, board, before, after, standing); err != nil {
			return err
		}
		return s.settleState(ctx, tx, by, in, board, after)
	})
	if err != nil {
		return nil, err
	}
	_, after, err = s.task(ctx, by, in.Org, in.Task, PermRead)
	return after, err
}

// place works out the task's new place and writes the ranks of others where that needs it.
func (s *Service) place(ctx context.Context, tx *veranda.Tx, in MoveInput, board *Board, t *Task) error {
	if in.OffBoard {
		t.Stage, t.BoardRank = StageID{}, ""
		return nil
	}
	var c veranda.Checks
	if !in.Stage.IsZero() && board.stage(in.Stage) == nil {
		c.Add("/stage_id", "not_found", "is no stage of this workspace")
	}
	o := &ordering{org: t.Org, workspace: t.Workspace, stage: in.Stage, task: t.ID}
	pointer, id := "/after", in.After
	if id.IsZero() {
		pointer, id = "/before", in.Before
	}
	beside := last
	if !id.IsZero() {
		other, err := selectOne(ctx, tx, selectTask, t.Org, id)
		if err != nil {
			return err
		}
		beside = other.Rank
		if !in.Stage.IsZero() {
			beside = other.BoardRank
		}
		if other.ID.IsZero() || other.Workspace != t.Workspace || !in.Stage.IsZero() && other.Stage != in.Stage {
			c.Add(pointer, "not_found", "is no task there")
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	var key string
	if id.IsZero() {
		left, err := o.neighbours(ctx, tx, false, last, 1)
		if err != nil {
			return err
		}
		key = rank.Last(less(left), veranda.NewID[taskKind]().String())
	} else {
		var err error
		if key, err = o.between(ctx, tx, beside, !in.Before.IsZero()); err != nil {
			return err
		}
	}
	if in.Stage.IsZero() {
		t.Rank = key
	} else {
		t.Stage, t.BoardRank = in.Stage, key
	}
	return nil
}

// storeMoved stores a task's new place, and says so.
func (s *Service) storeMoved(ctx context.Context, tx *veranda.Tx, board *Board, before, after *Task, standing *veranda.Standing) error {
	now := tx.DB().Now()
	if before.Stage != after.Stage {
		after.Version, after.UpdatedAt = before.Version+1, now
		if err := updateTask(ctx, tx, before, after); err != nil {
			return err
		}
		moved := TaskMoved{Title: after.Title, Stage: after.Stage}
		if from := board.stage(before.Stage); from != nil {
			moved.From = from.Name
		}
		if to := board.stage(after.Stage); to != nil {
			moved.To = to.Name
		}
		tx.Emit(taskEvent(EventTaskMoved, after, standing, now, moved))
		return nil
	}
	o := &ordering{org: after.Org, workspace: after.Workspace}
	key, was := after.Rank, before.Rank
	if before.BoardRank != after.BoardRank {
		o.stage, key, was = after.Stage, after.BoardRank, before.BoardRank
	}
	if key == was {
		return nil
	}
	tx.Emit(taskEvent(EventOrderChanged, after, standing, now, OrderChanged{Title: after.Title, Stage: o.stage}))
	return o.set(ctx, tx, after.ID, key)
}

// settleState finishes or reopens a task that came to a stage of the other kind.
func (s *Service) settleState(ctx context.Context, tx *veranda.Tx, by veranda.Actor, in MoveInput, board *Board, t *Task) error {
	stage := board.stage(in.Stage)
	if stage == nil || stage.Finished == (t.State == Finished) {
		return nil
	}
	change := s.reopening(ReopenInput{Org: in.Org, Task: in.Task})
	if stage.Finished {
		change = s.finishing(FinishInput{Org: in.Org, Task: in.Task, Subtasks: in.Subtasks, Force: in.Force})
	}
	_, err := s.WithTx(tx).change(ctx, by, change)
	return err
}

// settleStage brings the card of a task that was finished or reopened to a stage of its kind, where the board has one. The
// graph is held.
func (s *Service) settleStage(ctx context.Context, tx *veranda.Tx, t *Task) error {
	if t.Stage.IsZero() {
		return nil
	}
	board, err := selectBoard(ctx, tx, t.Org, t.Workspace)
	if err != nil {
		return err
	}
	finished := t.State == Finished
	stage, into := board.stage(t.Stage), board.first(finished)
	if stage == nil || stage.Finished == finished || into == nil {
		return nil
	}
	o := &ordering{org: t.Org, workspace: t.Workspace, stage: into.ID, task: t.ID}
	left, err := o.neighbours(ctx, tx, false, last, 1)
	if err != nil {
		return err
	}
	return o.set(ctx, tx, t.ID, rank.Last(less(left), veranda.NewID[taskKind]().String()))
}
