package stream

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// commentOwnJoin and commentOwnColumns bring what decides about a comment: $4 is the id of its status, $5 its own.
const (
	commentOwnColumns = `c.id, c.author_id, t.author_id`
	commentOwnJoin    = `LEFT JOIN veranda_statuses t ON t.org_id = $2 AND t.id = $4
LEFT JOIN veranda_status_comments c ON c.org_id = t.org_id AND c.status_id = t.id AND c.id = $5`
)

// commentRow is a comment as reads give it.
type commentRow struct {
	ID         CommentID
	Author     veranda.AccountID
	AuthorName string
	Body       string
	CreatedAt  time.Time
	EditedAt   time.Time
	Version    int64
	Counts     counted
	Mine       string
	HTML       string
	Kept       kept
}

func (r *commentRow) destinations() []any {
	out := []any{&r.ID, &r.Author, &r.AuthorName, &r.Body, veranda.Moment(&r.CreatedAt), veranda.Moment(&r.EditedAt), &r.Version}
	out = append(append(out, r.Counts.destinations()...), veranda.Optional(&r.Mine), &r.HTML)
	return append(out, r.Kept.destinations()...)
}

func (r *commentRow) comment(org veranda.OrgID, status ID) *Comment {
	c := &Comment{
		ID: r.ID, Org: org, Status: status, Author: Person{ID: r.Author, Name: r.AuthorName}, Text: r.Body,
		CreatedAt: r.CreatedAt, EditedAt: optionalTime(r.EditedAt), Version: r.Version, Reactions: r.Counts.reactions(r.Mine),
	}
	c.HTML, c.Links, c.Attachments = r.Kept.marks(r.HTML)
	return c
}

// $1 is the organization, $2 the account of the reader, $3 the status.
const (
	commentSelect = `SELECT c.id, c.author_id, a.name, c.body, c.created_at, c.edited_at, c.version,
	c.like_count, c.love_count, c.laugh_count, c.surprised_count, c.sad_count, c.thanks_count,
	(SELECT string_agg(r.reaction, ' ') FROM veranda_status_comment_reactions r
		WHERE r.org_id = c.org_id AND r.status_id = c.status_id AND r.comment_id = c.id AND r.account_id = $2),
	c.html, c.html_version, FALSE, c.has_links, c.has_files
FROM veranda_status_comments c JOIN veranda_accounts a ON a.id = c.author_id
WHERE c.org_id = $1 AND c.status_id = $3`
	readComment  = commentSelect + ` AND c.id = $4`
	listComments = commentSelect + ` AND c.id > $4 ORDER BY c.id LIMIT $5`
)

// comments reads those after one, oldest first, at most limit.
func (s *Service) comments(ctx context.Context, org veranda.OrgID, reader veranda.AccountID, status ID, after CommentID, limit int) ([]Comment, error) {
	var out []Comment
	err := each(ctx, s.conn, listComments, []any{org, reader, status, after, limit}, func(rows *sql.Rows) error {
		var row commentRow
		if err := rows.Scan(row.destinations()...); err != nil {
			return err
		}
		out = append(out, *row.comment(org, status))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("stream: list comments: %w", err)
	}
	return out, nil
}

// comment reads a comment for somebody who may see it; ErrNotFound when it is gone.
func comment(ctx context.Context, q queryer, org veranda.OrgID, reader veranda.AccountID, status ID, id CommentID) (*Comment, error) {
	var row commentRow
	found, err := one(ctx, q, readComment, []any{org, reader, status, id}, row.destinations()...)
	if err != nil {
		return nil, fmt.Errorf("stream: read a comment: %w", err)
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	return row.comment(org, status), nil
}

// Counting comes before the comment is stored or deleted: it holds the status, so that nobody deletes it meanwhile, or says
// that it is gone. Where no comment is counted there is none to delete: somebody else has just done it.
const (
	countComment   = `UPDATE veranda_statuses SET comment_count = comment_count + 1 WHERE org_id = $1 AND id = $2`
	uncountComment = `UPDATE veranda_statuses SET comment_count = comment_count - 1 WHERE org_id = $1 AND id = $2 AND comment_count > 0`
	insertComment  = `INSERT INTO veranda_status_comments (org_id, status_id, id, author_id, body, created_at, version, html, html_version, has_links, has_files)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10) RETURNING (SELECT a.name FROM veranda_accounts a WHERE a.id = author_id)`
	lockCommentPostgres = lockCommentSQLite + ` FOR NO KEY UPDATE`
	lockCommentSQLite   = `SELECT body, coalesce(edited_at, created_at), version FROM veranda_status_comments WHERE org_id = $1 AND status_id = $2 AND id = $3`
	updateComment       = `UPDATE veranda_status_comments SET body = $4, edited_at = $5, version = version + 1, html = $6, html_version = $7, has_links = $8
WHERE org_id = $1 AND status_id = $2 AND id = $3`
	insertCommentRevision = `INSERT INTO veranda_status_comment_revisions (org_id, status_id, comment_id, version, body, written_at) VALUES ($1, $2, $3, $4, $5, $6)`
	listCommentRevisions  = `SELECT version, body, written_at FROM veranda_status_comment_revisions
WHERE org_id = $1 AND status_id = $2 AND comment_id = $5 AND version < $3 ORDER BY version DESC LIMIT $4`
	deleteComment        = `DELETE FROM veranda_status_comments WHERE org_id = $1 AND status_id = $2 AND id = $3`
	deleteCommentVersion = deleteComment + ` AND version = $4`
)
