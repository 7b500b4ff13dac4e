package tasks

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// commentRow is a row of veranda_task_comments in the order of commentColumns.
type commentRow struct {
	id                  CommentID
	author              veranda.AccountID
	text                string
	createdAt, editedAt dialect.Time
	version             int64
}

const (
	commentColumns = `c.id, c.author_id, c.text, c.created_at, c.edited_at, c.version`
	commentJoin    = `
LEFT JOIN veranda_task_comments c ON c.org_id = $2 AND c.task_id = $4 AND c.id = $5`

	selectComments = `SELECT ` + commentColumns + ` FROM veranda_task_comments c WHERE c.org_id = $1 AND c.task_id = $2`
	oldestComments = selectComments + ` AND c.id > $3 ORDER BY c.id LIMIT $4`
	newestComments = selectComments + ` AND c.id < $3 ORDER BY c.id DESC LIMIT $4`

	insertCommentText = `INSERT INTO veranda_task_comments (org_id, task_id, id, author_id, text, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, 1)`
	updateCommentText = `UPDATE veranda_task_comments SET text = $4, edited_at = $5, version = version + 1
WHERE org_id = $1 AND task_id = $2 AND id = $3 AND (version = $6 OR $6 = 0) RETURNING version`
	deleteCommentText  = `DELETE FROM veranda_task_comments WHERE org_id = $1 AND task_id = $2 AND id = $3 AND (version = $4 OR $4 = 0)`
	deleteCommentsText = `DELETE FROM veranda_task_comments WHERE org_id = $1 AND task_id = $2`
	countCommentText   = `UPDATE veranda_tasks SET comment_count = comment_count + $3 WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL`
)

func (r *commentRow) destinations() []any {
	return []any{&r.id, &r.author, &r.text, &r.createdAt, &r.editedAt, &r.version}
}

func (r *commentRow) comment(org veranda.OrgID, task ID) *Comment {
	return &Comment{
		Org: org, Task: task, ID: r.id, Author: r.author, Text: r.text,
		CreatedAt: r.createdAt.Time, EditedAt: r.editedAt.Ptr(), Version: r.version,
	}
}

// insertComment stores a new comment. The count comes first: its lock on the task's row is the one that a deletion of
// the task waits for, and the other way round. Of a task that was deleted since it was read it says that there is none.
func insertComment(ctx context.Context, tx *veranda.Tx, c *Comment) error {
	n, err := tx.Exec(ctx, countCommentText, c.Org, c.Task, 1)
	if err != nil {
		return fmt.Errorf("tasks: count comments: %w", err)
	}
	if n == 0 {
		return veranda.ErrNotFound
	}
	err = tx.Defer(ctx, insertCommentText, c.Org, c.Task, c.ID, optionalAccount(c.Author), c.Text, tx.DB().Time(c.CreatedAt))
	if err != nil {
		return fmt.Errorf("tasks: insert comment: %w", err)
	}
	return nil
}

// updateComment stores a comment's text and gives its new version; false when there is none of the old version.
func updateComment(ctx context.Context, tx *veranda.Tx, c *Comment, version int64) (bool, error) {
	rows, err := tx.Query(ctx, updateCommentText, c.Org, c.Task, c.ID, c.Text, optionalMoment(tx.DB(), c.EditedAt), version)
	if err != nil {
		return false, fmt.Errorf("tasks: update comment: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found := rows.Next()
	if found {
		err = rows.Scan(&c.Version)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return false, fmt.Errorf("tasks: update comment: %w", err)
	}
	return found, nil
}

// deleteComment deletes a comment; false when there is none of the version.
func deleteComment(ctx context.Context, tx *veranda.Tx, c *Comment, version int64) (bool, error) {
	if err := tx.Defer(ctx, countCommentText, c.Org, c.Task, -1); err != nil {
		return false, fmt.Errorf("tasks: count comments: %w", err)
	}
	n, err := tx.Exec(ctx, deleteCommentText, c.Org, c.Task, c.ID, version)
	if err != nil {
		return false, fmt.Errorf("tasks: delete comment: %w", err)
	}
	return n > 0, nil
}

func scanComments(rows *sql.Rows, org veranda.OrgID, task ID, size int) ([]Comment, error) {
	list := make([]Comment, 0, size+1)
	for rows.Next() {
		var row commentRow
		if err := rows.Scan(row.destinations()...); err != nil {
			return nil, fmt.Errorf("tasks: read comments: %w", err)
		}
		list = append(list, *row.comment(org, task))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("tasks: read comments: %w", err)
	}
	return list, nil
}
