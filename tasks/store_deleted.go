package tasks

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

const (
	deletedColumns = taskColumns + `, t.deleted_at, t.deleted_by`
	deletedJoin    = `LEFT JOIN veranda_tasks t ON t.org_id = $2 AND t.id = $4 AND t.deleted_at IS NOT NULL`

	selectDeletedTask   = `SELECT ` + taskColumns + ` FROM veranda_tasks t WHERE t.org_id = $1 AND t.id = $2 AND t.deleted_at IS NOT NULL`
	lockDeletedPostgres = selectDeletedTask + ` FOR NO KEY UPDATE`

	markDeletedText   = `UPDATE veranda_tasks SET deleted_at = $3, deleted_by = $4 WHERE org_id = $1 AND id = $2`
	unmarkDeletedText = `UPDATE veranda_tasks SET deleted_at = NULL, deleted_by = NULL WHERE org_id = $1 AND id = $2`

	selectDeleted = `SELECT ` + deletedColumns + ` FROM veranda_tasks t
WHERE t.org_id = $1 AND t.workspace_id = $2 AND t.deleted_at IS NOT NULL AND (t.deleted_at, t.id) < ($3, $4)`
	deletedOrder = ` ORDER BY t.deleted_at DESC, t.id DESC LIMIT $5`
	allDeleted   = selectDeleted + deletedOrder
	// Those of somebody: made by them, deleted by them, or assigned to them.
	ownDeletedPostgres = selectDeleted + ` AND (t.created_by = $6::uuid OR t.deleted_by = $6::uuid OR strpos(t.assignees, $6::text) > 0)` + deletedOrder
	ownDeletedSQLite   = selectDeleted + ` AND (t.created_by = $6 OR t.deleted_by = $6 OR instr(t.assignees, $6) > 0)` + deletedOrder

	// What is to be purged, of all organizations: this is a background job's. Somebody who restores one meanwhile is waited
	// for by nobody.
	selectPurge   = `SELECT t.org_id, t.id, t.workspace_id FROM veranda_tasks t WHERE t.deleted_at IS NOT NULL AND t.deleted_at < $1 ORDER BY t.deleted_at LIMIT $2`
	purgePostgres = selectPurge + ` FOR UPDATE SKIP LOCKED`
)

// deletedRow is a row of deletedColumns.
type deletedRow struct {
	taskRow
	deletedAt dialect.Time
	deletedBy veranda.AccountID
}

func (r *deletedRow) destinations() []any {
	return append(r.taskRow.destinations(), &r.deletedAt, &r.deletedBy)
}

func (r *deletedRow) deleted(org veranda.OrgID) (*DeletedTask, error) {
	t, err := r.task(org)
	if err != nil {
		return nil, err
	}
	return &DeletedTask{
		Org: org, ID: t.ID, Workspace: t.Workspace, Title: t.Title, State: t.State, Assignees: t.Assignees, CreatedBy: t.CreatedBy,
		DeletedAt: r.deletedAt.Time, DeletedBy: r.deletedBy, PurgedAt: r.deletedAt.Add(DeletedFor), Version: t.Version,
	}, nil
}

// markDeleted hides a task whose row the transaction holds: from reads by the mark, from lists, counts and whoever else
// looks for tasks by a person or a label because the rows are gone by which it would be found.
func markDeleted(ctx context.Context, tx *veranda.Tx, t *Task, by *veranda.Standing, now time.Time) error {
	if err := tx.Defer(ctx, markDeletedText, t.Org, t.ID, tx.DB().Time(now), optionalAccount(by.Account)); err != nil {
		return fmt.Errorf("tasks: delete task: %w", err)
	}
	for _, text := range []string{deleteAssigneesText, deleteFollowersText, deleteLabelsText} {
		if err := tx.Defer(ctx, text, t.Org, t.ID); err != nil {
			return fmt.Errorf("tasks: delete task: %w", err)
		}
	}
	return nil
}

// unmarkDeleted brings a deleted task whose row the transaction holds back, as it is in after.
func unmarkDeleted(ctx context.Context, tx *veranda.Tx, after *Task) error {
	if err := tx.Defer(ctx, unmarkDeletedText, after.Org, after.ID); err != nil {
		return fmt.Errorf("tasks: restore task: %w", err)
	}
	return updateTask(ctx, tx, &Task{State: after.State}, after)
}

// queryDeleted reads a page of deleted tasks and the cursor of the next one; of is whose, or zero for all.
func queryDeleted(ctx context.Context, c veranda.Conn, in DeletedInput, size int, after position, of veranda.AccountID) (veranda.List[DeletedTask], error) {
	page := veranda.List[DeletedTask]{Items: make([]DeletedTask, 0, size)}
	text, args := allDeleted, []any{in.Org, in.Workspace, c.DB().Time(storableMoment(after.key)), after.id, size + 1}
	if !of.IsZero() {
		text, args = c.DB().Pick(ownDeletedPostgres, ownDeletedSQLite), append(args, of.String())
	}
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return page, fmt.Errorf("tasks: list deleted tasks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row deletedRow
		if err := rows.Scan(row.destinations()...); err != nil {
			return page, fmt.Errorf("tasks: list deleted tasks: %w", err)
		}
		t, err := row.deleted(in.Org)
		if err != nil {
			return page, err
		}
		if len(page.Items) == size {
			last := page.Items[size-1]
			page.Next = veranda.EncodeCursor(deletedList, strconv.FormatInt(last.DeletedAt.UnixMicro(), 10), last.ID.String())
			break
		}
		page.Items = append(page.Items, *t)
	}
	return page, rows.Err()
}

// selectToPurge reads and holds tasks that were deleted before a moment; of each only the ids.
func selectToPurge(ctx context.Context, tx *veranda.Tx, before time.Time, limit int) ([]Task, error) {
	rows, err := tx.Query(ctx, tx.DB().Pick(purgePostgres, selectPurge), tx.DB().Time(before), limit)
	if err != nil {
		return nil, fmt.Errorf("tasks: find tasks to purge: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []Task
	for rows.Next() {
		var t Task
		if err := rows.Scan(&t.Org, &t.ID, &t.Workspace); err != nil {
			return nil, fmt.Errorf("tasks: find tasks to purge: %w", err)
		}
		found = append(found, t)
	}
	return found, rows.Err()
}
