package tasks

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/rank"
)

const (
	selectBoardText = `SELECT b.stages, b.version FROM veranda_task_boards b WHERE b.org_id = $1 AND b.workspace_id = $2`
	storeBoardText  = `INSERT INTO veranda_task_boards (org_id, workspace_id, stages, version) VALUES ($1, $2, $3, $4)
ON CONFLICT (org_id, workspace_id) DO UPDATE SET stages = excluded.stages, version = excluded.version`
	leaveStageText = `UPDATE veranda_tasks SET stage_id = NULL, board_rank = '' WHERE org_id = $1 AND workspace_id = $2 AND stage_id = $3`

	setRankText      = `UPDATE veranda_tasks SET rank = $3 WHERE org_id = $1 AND id = $2`
	setBoardRankText = `UPDATE veranda_tasks SET stage_id = $4, board_rank = $3 WHERE org_id = $1 AND id = $2`

	// The neighbours of a place: those before it from the nearest on, and those behind it.
	placesOfList  = `SELECT t.id, t.rank FROM veranda_tasks t WHERE t.org_id = $1 AND t.workspace_id = $2 AND t.deleted_at IS NULL AND t.id <> $3`
	placesOfBoard = `SELECT t.id, t.board_rank FROM veranda_tasks t WHERE t.org_id = $1 AND t.workspace_id = $2 AND t.stage_id = $3 AND t.deleted_at IS NULL AND t.id <> $4`

	listBehind  = placesOfList + ` AND t.rank > $4 ORDER BY t.rank, t.id LIMIT $5`
	listBefore  = placesOfList + ` AND t.rank < $4 ORDER BY t.rank DESC, t.id DESC LIMIT $5`
	boardBehind = placesOfBoard + ` AND t.board_rank > $5 ORDER BY t.board_rank, t.id LIMIT $6`
	boardBefore = placesOfBoard + ` AND t.board_rank < $5 ORDER BY t.board_rank DESC, t.id DESC LIMIT $6`
)

func scanBoard(rows interface {
	Next() bool
	Scan(...any) error
	Err() error
	Close() error
}, org veranda.OrgID, workspace veranda.WorkspaceID) (*Board, error) {
	defer func() { _ = rows.Close() }()
	board := &Board{Org: org, Workspace: workspace, Stages: []Stage{}}
	if rows.Next() {
		var stages string
		if err := rows.Scan(&stages, &board.Version); err != nil {
			return nil, fmt.Errorf("tasks: read board: %w", err)
		}
		var err error
		if board.Stages, err = decodeList[Stage](stages); err != nil {
			return nil, fmt.Errorf("tasks: read board: %w", err)
		}
	}
	return board, rows.Err()
}

// selectBoard reads the board of a workspace in a transaction. Whoever changes boards holds the graph.
func selectBoard(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, workspace veranda.WorkspaceID) (*Board, error) {
	rows, err := tx.Query(ctx, selectBoardText, org, workspace)
	if err != nil {
		return nil, fmt.Errorf("tasks: read board: %w", err)
	}
	return scanBoard(rows, org, workspace)
}

// place is a place in an order.
type place struct {
	id   ID
	rank string
}

// ordering is the list of a workspace, or the cards of one of its stages.
type ordering struct {
	org       veranda.OrgID
	workspace veranda.WorkspaceID
	stage     StageID
	task      ID // which is being moved, and counts as if it were not there
}

// neighbours are up to limit places behind a rank, or before it from the nearest on.
func (o *ordering) neighbours(ctx context.Context, tx *veranda.Tx, behind bool, from string, limit int) (found []place, err error) {
	text := listBefore
	switch {
	case o.stage.IsZero() && behind:
		text = listBehind
	case !o.stage.IsZero() && behind:
		text = boardBehind
	case !o.stage.IsZero():
		text = boardBefore
	}
	args := []any{o.org, o.workspace, optionalID(o.stage), o.task, from, limit}
	if o.stage.IsZero() {
		args = []any{o.org, o.workspace, o.task, from, limit}
	}
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("tasks: read places: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.id, &p.rank); err != nil {
			return nil, fmt.Errorf("tasks: read places: %w", err)
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// set writes a task's rank in the order.
func (o *ordering) set(ctx context.Context, tx *veranda.Tx, id ID, key string) error {
	var err error
	if o.stage.IsZero() {
		err = tx.Defer(ctx, setRankText, o.org, id, key)
	} else {
		err = tx.Defer(ctx, setBoardRankText, o.org, id, key, o.stage)
	}
	if err != nil {
		return fmt.Errorf("tasks: store rank: %w", err)
	}
	return nil
}

// last is behind every rank: ranks are made of letters and digits.
const last = "~"

// between is a rank behind the first of two ranks and before the next one behind it, or, where back is set, before the
// first and behind the one before it. Where the fractions have grown long, the ranks of those around the place are spread
// anew. The graph is held, so nobody moves anything meanwhile.
func (o *ordering) between(ctx context.Context, tx *veranda.Tx, beside string, back bool) (string, error) {
	for window := 1; ; window *= 8 {
		// The places before the gap, the nearest first, and those behind it; one more on each side bounds the window.
		var left, right []place
		var err error
		if back {
			if left, err = o.neighbours(ctx, tx, false, beside, window); err == nil {
				right, err = o.neighbours(ctx, tx, true, less(left), window+1)
			}
		} else {
			if right, err = o.neighbours(ctx, tx, true, beside, window); err == nil {
				left, err = o.neighbours(ctx, tx, false, more(right), window+1)
			}
		}
		if err != nil {
			return "", err
		}
		if window == 1 {
			if key := rank.Between(less(left), upTo(right)); len(key) <= rank.MaxLength {
				return key, nil
			}
			continue
		}
		outerLeft, outerRight := "", ""
		if len(left) >= window {
			outerLeft, left = left[len(left)-1].rank, left[:len(left)-1]
		}
		if len(right) >= window {
			outerRight, right = right[len(right)-1].rank, right[:len(right)-1]
		}
		keys := rank.Spread(outerLeft, outerRight, len(left)+1+len(right))
		if longest(keys) > rank.MaxLength/2 && (outerLeft != "" || outerRight != "") {
			continue
		}
		for i, p := range left {
			if err := o.set(ctx, tx, p.id, keys[len(left)-1-i]); err != nil {
				return "", err
			}
		}
		for i, p := range right {
			if err := o.set(ctx, tx, p.id, keys[len(left)+1+i]); err != nil {
				return "", err
			}
		}
		return keys[len(left)], nil
	}
}

// less is the rank of the nearest place before a gap, empty at the beginning.
func less(left []place) string {
	if len(left) == 0 {
		return ""
	}
	return left[0].rank
}

// upTo is the rank of the nearest place behind a gap, empty at the end.
func upTo(right []place) string {
	if len(right) == 0 {
		return ""
	}
	return right[0].rank
}

// more is upTo for a comparison.
func more(right []place) string {
	if len(right) == 0 {
		return last
	}
	return right[0].rank
}

func longest(keys []string) (length int) {
	for _, key := range keys {
		length = max(length, len(key))
	}
	return length
}
