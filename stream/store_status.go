package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// statusOwnJoin and statusOwnColumns bring what decides about a status: $4 is its id.
const (
	statusOwnColumns = `t.id, t.author_id`
	statusOwnJoin    = `LEFT JOIN veranda_statuses t ON t.org_id = $2 AND t.id = $4`
)

// statusColumns are those of a statusRow; $2 is the account of the reader.
const statusColumns = `t.id, t.workspace_id, t.author_id, t.body, t.created_at, t.edited_at, t.version, t.comment_count,
	t.like_count, t.love_count, t.laugh_count, t.surprised_count, t.sad_count, t.thanks_count,
	(SELECT string_agg(r.reaction, ' ') FROM veranda_status_reactions r WHERE r.org_id = t.org_id AND r.status_id = t.id AND r.account_id = $2),
	t.html, t.html_version, t.has_poll, t.has_links, t.has_files, t.pinned_at, t.must_read_at, t.read_count,
	CASE WHEN t.must_read_at IS NOT NULL THEN EXISTS (SELECT 1 FROM veranda_status_reads k WHERE k.org_id = t.org_id AND k.status_id = t.id AND k.account_id = $2) END`

// statusRow is a status as reads give it; all zero where a join found none.
type statusRow struct {
	ID        ID
	Workspace veranda.WorkspaceID
	Author    veranda.AccountID
	Body      string
	CreatedAt time.Time
	EditedAt  time.Time
	Version   int64
	Comments  int64
	Counts    counted
	Mine      string
	HTML      string
	Kept      kept
	PinnedAt  time.Time
	MustRead  time.Time
	Reads     int64
	Read      bool
}

func (r *statusRow) destinations() []any {
	out := []any{
		&r.ID, &r.Workspace, &r.Author, veranda.Optional(&r.Body), veranda.Moment(&r.CreatedAt), veranda.Moment(&r.EditedAt),
		veranda.Optional(&r.Version), veranda.Optional(&r.Comments),
	}
	out = append(append(out, r.Counts.destinations()...), veranda.Optional(&r.Mine), veranda.Optional(&r.HTML))
	return append(append(out, r.Kept.destinations()...), veranda.Moment(&r.PinnedAt), veranda.Moment(&r.MustRead), veranda.Optional(&r.Reads), veranda.Optional(&r.Read))
}

func (r *statusRow) status(org veranda.OrgID, author string) *Status {
	s := &Status{
		ID: r.ID, Org: org, Workspace: r.Workspace, Author: Person{ID: r.Author, Name: author}, Text: r.Body,
		CreatedAt: r.CreatedAt, EditedAt: optionalTime(r.EditedAt), Version: r.Version, Comments: r.Comments,
		Reactions: r.Counts.reactions(r.Mine), PinnedAt: optionalTime(r.PinnedAt),
	}
	s.HTML, s.Links, s.Attachments = r.Kept.marks(r.HTML)
	if r.Kept.poll {
		s.Poll = &Poll{} // to be read
	}
	if !r.MustRead.IsZero() {
		s.MustRead = &MustRead{Reads: r.Reads, Read: r.Read}
	}
	return s
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

const readStatus = `SELECT a.name, ` + statusColumns + `
FROM veranda_statuses t JOIN veranda_accounts a ON a.id = t.author_id WHERE t.org_id = $1 AND t.id = $3`

// status reads a status for somebody who may see it; ErrNotFound when it is gone.
func status(ctx context.Context, q queryer, org veranda.OrgID, reader veranda.AccountID, id ID) (*Status, error) {
	var row statusRow
	var author string
	found, err := one(ctx, q, readStatus, []any{org, reader, id}, append([]any{&author}, row.destinations()...)...)
	if err != nil {
		return nil, fmt.Errorf("stream: read a status: %w", err)
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	return row.status(org, author), nil
}

// insertStatus gives the author's name back, which the answer shows.
const insertStatus = `INSERT INTO veranda_statuses (org_id, id, workspace_id, author_id, body, created_at, version, html, html_version, has_poll, has_links, has_files, must_read_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9, $10, $11, $12) RETURNING (SELECT a.name FROM veranda_accounts a WHERE a.id = author_id)`

// An edit holds the row from the moment it reads the former text, so that every text is kept exactly once. SQLite has one
// writer at a time.
const (
	lockStatusPostgres = `SELECT body, coalesce(edited_at, created_at), version FROM veranda_statuses WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE`
	lockStatusSQLite   = `SELECT body, coalesce(edited_at, created_at), version FROM veranda_statuses WHERE org_id = $1 AND id = $2`
	insertRevision     = `INSERT INTO veranda_status_revisions (org_id, status_id, version, body, written_at) VALUES ($1, $2, $3, $4, $5)`
	updateStatus       = `UPDATE veranda_statuses SET body = $3, edited_at = $4, version = version + 1, html = $5, html_version = $6, has_links = $7 WHERE org_id = $1 AND id = $2`
)

// A status takes its comments, reactions and former texts along: the schema's foreign keys see to that, also for those
// that are being added in this moment.
//
// A deletion takes the strongest lock at once: who reacts holds the row's key already and then asks for more.
const (
	holdStatusPostgres  = holdStatusSQLite + ` FOR UPDATE`
	holdStatusSQLite    = `SELECT id FROM veranda_statuses WHERE org_id = $1 AND id = $2`
	deleteStatus        = `DELETE FROM veranda_statuses WHERE org_id = $1 AND id = $2`
	deleteStatusVersion = `DELETE FROM veranda_statuses WHERE org_id = $1 AND id = $2 AND version = $3`
)

const listRevisions = `SELECT version, body, written_at FROM veranda_status_revisions
WHERE org_id = $1 AND status_id = $2 AND version < $3 ORDER BY version DESC LIMIT $4`
