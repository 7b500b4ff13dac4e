package tasks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// Source gives figures about tasks to other packages of the program, such as statistics. It asks for no permission and
// names no actor: whoever holds one decides who sees what it says. Do not hand it to code that answers to users.
type Source struct{ db *veranda.DB }

// NewSource makes a source on a database.
func NewSource(db *veranda.DB) (*Source, error) {
	if db == nil {
		return nil, errors.New("tasks: NewSource wants a DB")
	}
	return &Source{db: db}, nil
}

// OverdueCount says how many open tasks of a workspace should be finished by now.
type OverdueCount struct {
	Workspace veranda.WorkspaceID
	// Assignee is whose tasks are counted. The zero id stands for all tasks of the workspace, those without an assignee
	// included; a task of two people is counted once there and once for each of them.
	Assignee veranda.AccountID
	Count    int64
}

// CROSS JOIN keeps SQLite from beginning with the assignees of all tasks there ever were.
const selectOverdue = `SELECT t.workspace_id, NULL AS account_id, count(*) FROM veranda_tasks t
WHERE t.org_id = $1 AND t.deleted_at IS NULL AND t.state = 'open' AND t.due_sort < $2 GROUP BY t.workspace_id
UNION ALL
SELECT t.workspace_id, a.account_id, count(*) FROM veranda_tasks t CROSS JOIN veranda_task_assignees a
WHERE t.org_id = $1 AND t.deleted_at IS NULL AND t.state = 'open' AND t.due_sort < $2 AND a.org_id = t.org_id AND a.task_id = t.id GROUP BY t.workspace_id, a.account_id
ORDER BY 1, 2`

// OverdueCounts counts the open tasks of an organization that were due before a moment, by workspace and, in it, by
// assignee. What has none is left out. Workspaces that are deleted but not purged yet are counted like others. tx may be
// nil; then it reads what is committed.
func (s *Source) OverdueCounts(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, before time.Time) ([]OverdueCount, error) {
	conn := s.db.Conn()
	if tx != nil {
		conn = conn.Bind(tx)
	}
	rows, err := conn.Query(ctx, selectOverdue, org, before.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("tasks: count overdue: %w", err)
	}
	defer func() { _ = rows.Close() }()
	counts := []OverdueCount{}
	for rows.Next() {
		var c OverdueCount
		if err := rows.Scan(&c.Workspace, &c.Assignee, &c.Count); err != nil {
			return nil, fmt.Errorf("tasks: count overdue: %w", err)
		}
		counts = append(counts, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("tasks: count overdue: %w", err)
	}
	return counts, nil
}
