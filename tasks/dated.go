package tasks

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// DatedInput asks for tasks that are due in a time.
type DatedInput struct {
	Org veranda.OrgID
	// Workspace is the one asked for; zero for all that the caller sees.
	Workspace veranda.WorkspaceID
	// Mine narrows to tasks that are assigned to the caller.
	Mine bool
	// From and To bound the due moment: From ≤ due < To.
	From, To time.Time
	Limit    int
}

// DatedTask is what a calendar shows of a task.
type DatedTask struct {
	ID        ID
	Workspace veranda.WorkspaceID
	Title     string
	Finished  bool
	DueAt     time.Time
	UpdatedAt time.Time
}

// The index of a workspace's tasks begins with the state, so that there are two ranges.
const (
	datedColumns      = `SELECT t.id, t.workspace_id, t.title, t.state, t.due_at, t.updated_at FROM veranda_tasks t WHERE `
	datedInWorkspace  = `t.org_id = $1 AND t.workspace_id = $2`
	datedRange        = ` AND t.deleted_at IS NULL AND t.state = 'open' AND t.due_sort >= $4 AND t.due_sort < $5`
	datedFinished     = ` AND t.deleted_at IS NULL AND t.state = 'finished' AND t.due_sort >= $4 AND t.due_sort < $5`
	datedMine         = ` AND ($6 = 0 OR EXISTS (SELECT 1 FROM veranda_task_assignees a WHERE a.org_id = t.org_id AND a.task_id = t.id AND a.account_id = $7))`
	datedMinePostgres = ` AND ($6::bigint = 0 OR EXISTS (SELECT 1 FROM veranda_task_assignees a WHERE a.org_id = t.org_id AND a.task_id = t.id AND a.account_id = $7))`
	datedOrder        = ` ORDER BY 5, 1 LIMIT $8`
)

// datedText puts a text together from constants.
func datedText(head, mine string) string {
	return datedColumns + head + datedRange + mine + ` UNION ALL ` + datedColumns + head + datedFinished + mine + datedOrder
}

// Dated gives the tasks that are due in a time, the earliest first, for a calendar to show beside its own events. Tasks
// without a due moment, and deleted ones, are not among them.
//
// Permission: task.read in the workspace, or of all workspaces the caller sees.
func (s *Service) Dated(ctx context.Context, by veranda.Actor, in DatedInput) ([]DatedTask, error) {
	var scope []any
	var head string
	if !in.Workspace.IsZero() {
		standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermRead)
		if err != nil {
			return nil, err
		}
		// $3 is the third argument of Visible, which is not asked of one workspace.
		head, scope = datedInWorkspace+s.conn.DB().Pick(` AND $3::bigint = 0`, ` AND $3 = 0`), []any{in.Org, in.Workspace, 0}
		return s.dated(ctx, in, head, scope, standing.Account)
	}
	standing, err := s.conn.Read(ctx, s.texts.readOrganization, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, See: PermRead}); err != nil {
		return nil, err
	}
	if scope, err = s.authz.VisibleArgs(ctx, s.conn, standing); err != nil {
		return nil, err
	}
	head = `t.org_id = $1 AND ` + s.authz.Visible(s.conn.DB().Pick("t.workspace_id", "+t.workspace_id"))
	return s.dated(ctx, in, head, scope, standing.Account)
}

func (s *Service) dated(ctx context.Context, in DatedInput, head string, scope []any, me veranda.AccountID) (list []DatedTask, err error) {
	mine := int64(0)
	if in.Mine {
		mine = 1
	}
	text := datedText(head, s.conn.DB().Pick(datedMinePostgres, datedMine))
	rows, err := s.conn.Query(ctx, text, append(scope, in.From.UnixMicro(), in.To.UnixMicro(), mine, me, in.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("tasks: read what is due: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var t DatedTask
		var state string
		if err := rows.Scan(&t.ID, &t.Workspace, &t.Title, &state, veranda.Moment(&t.DueAt), veranda.Moment(&t.UpdatedAt)); err != nil {
			return nil, fmt.Errorf("tasks: read what is due: %w", err)
		}
		t.Finished = State(state) == Finished
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("tasks: read what is due: %w", err)
	}
	return list, nil
}
