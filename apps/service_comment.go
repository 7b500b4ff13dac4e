package apps

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

const (
	commentColumns = `c.id, c.author_id, c.text, c.created_at, c.edited_at, c.version`
	selectComment  = `SELECT ` + commentColumns + ` FROM veranda_record_comments c WHERE c.org_id = $1 AND c.app_id = $2 AND c.record_id = $3 AND c.id = $4`
	selectComments = `SELECT ` + commentColumns + ` FROM veranda_record_comments c
WHERE c.org_id = $1 AND c.app_id = $2 AND c.record_id = $3 AND c.id > $4 ORDER BY c.id LIMIT $5`

	insertCommentText = `INSERT INTO veranda_record_comments (org_id, app_id, record_id, id, author_id, text, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 1)`
	updateCommentText = `UPDATE veranda_record_comments SET text = $5, edited_at = $6, version = version + 1
WHERE org_id = $1 AND app_id = $2 AND record_id = $3 AND id = $4 AND version = $7`
	deleteCommentText = `DELETE FROM veranda_record_comments WHERE org_id = $1 AND app_id = $2 AND record_id = $3 AND id = $4 AND version = $5`
)

// AddComment says something about a record. The record's version stays.
//
// Permission: record.comment. Limit: "record_comments". Errors: invalid (/text with the rule mention where it mentions
// somebody who does not see the application). Event: apps.comment_added.
func (s *Service) AddComment(ctx context.Context, by veranda.Actor, in AddCommentInput) (*Comment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, r, err := s.openRecord(ctx, by, in.Org, in.App, in.Record, PermComment)
	if err != nil {
		return nil, err
	}
	mentioned, err := s.checkMentions(ctx, g, veranda.Mentions(in.Text))
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	c := &Comment{
		Org: in.Org, App: in.App, Record: in.Record, ID: veranda.NewID[commentKind](), Author: g.standing.Account,
		Text: in.Text, CreatedAt: now, Version: 1,
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "record_comments", 1); err != nil {
			return err
		}
		// A record that is deleted meanwhile keeps its comments with it.
		held, err := s.lockRecords(ctx, tx, g, []RecordID{r.id})
		if err != nil {
			return err
		}
		if held[r.id] == nil {
			return veranda.ErrNotFound
		}
		if err := tx.Defer(ctx, insertCommentText, c.Org, c.App, c.Record, c.ID, optionalAccount(c.Author), c.Text, tx.DB().Time(now)); err != nil {
			return fmt.Errorf("apps: insert comment: %w", err)
		}
		tx.Emit(g.commentEvent(EventCommentAdded, c, now, mentioned))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (g *sight) commentEvent(kind string, c *Comment, now time.Time, mentioned []veranda.AccountID) veranda.Event {
	return event(kind, g.app, c.ID.String(), g.standing, now, RecordChanged{App: g.app.ID, Name: g.app.Name, Record: c.Record, Mentioned: mentioned})
}

// checkMentions gives back whom a text mentions, and refuses the text where one of them does not see the application; which
// one is not said, nor whether they exist.
func (s *Service) checkMentions(ctx context.Context, g *sight, mentioned []veranda.AccountID) ([]veranda.AccountID, error) {
	for _, account := range mentioned {
		if account == g.standing.Account {
			continue
		}
		_, err := s.open(ctx, veranda.AccountActor(account), g.app.Org, g.app.ID, PermReadRecord)
		switch veranda.CodeOf(err) {
		case veranda.CodeNotFound, veranda.CodeForbidden, veranda.CodeUnauthenticated:
			return nil, invalid("/text", "mention", "must not mention anybody who does not see this application")
		}
		if err != nil {
			return nil, err
		}
	}
	return mentioned, nil
}

// Comments reads the comments of a record, oldest first.
//
// Permission: record.read.
func (s *Service) Comments(ctx context.Context, by veranda.Actor, in CommentsInput) (veranda.List[Comment], error) {
	page := veranda.List[Comment]{Items: []Comment{}}
	size, after, err := in.validate()
	if err != nil {
		return page, err
	}
	if _, _, err := s.openRecord(ctx, by, in.Org, in.App, in.Record, PermReadRecord); err != nil {
		return page, err
	}
	found, err := s.queryComments(ctx, selectComments, in.Org, in.App, in.Record, after, size+1)
	if err != nil {
		return page, err
	}
	page.Items = append(page.Items, found...)
	if len(found) > size {
		page.Items = page.Items[:size]
		page.Next = veranda.EncodeCursor(commentsList, page.Items[size-1].ID.String())
	}
	return page, nil
}

func (s *Service) queryComments(ctx context.Context, text string, org veranda.OrgID, app ID, record RecordID, more ...any) (found []Comment, err error) {
	rows, err := s.conn.Query(ctx, text, append([]any{org, app, record}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("apps: read comments: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		c := Comment{Org: org, App: app, Record: record}
		var createdAt, editedAt dialect.Time
		if err := rows.Scan(&c.ID, veranda.Optional(&c.Author), &c.Text, &createdAt, &editedAt, &c.Version); err != nil {
			return nil, fmt.Errorf("apps: read comments: %w", err)
		}
		c.CreatedAt, c.EditedAt = createdAt.Time, editedAt.Ptr()
		found = append(found, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("apps: read comments: %w", err)
	}
	return found, nil
}

// comment reads a comment and asks for a permission on it.
func (s *Service) comment(ctx context.Context, by veranda.Actor, org veranda.OrgID, app ID, record RecordID, id CommentID, version int64, permission veranda.Permission) (*sight, *Comment, error) {
	g, _, err := s.openRecord(ctx, by, org, app, record, PermReadRecord)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.queryComments(ctx, selectComment, org, app, record, id)
	if err != nil {
		return nil, nil, err
	}
	if len(found) == 0 {
		return nil, nil, veranda.ErrNotFound
	}
	c := &found[0]
	ask := g.ask(permission)
	ask.Own = !c.Author.IsZero() && c.Author == g.standing.Account
	if err := s.authz.Decide(ctx, s.conn, g.standing, ask); err != nil {
		return nil, nil, err
	}
	if version != 0 && version != c.Version {
		return nil, nil, veranda.ErrVersion
	}
	return g, c, nil
}

// EditComment changes the text of a comment.
//
// Permission: record.edit_comment; as shipped, for one's own comments. Errors: invalid as of AddComment for who is newly
// mentioned, version. Event: apps.comment_edited, unless the text is the same.
func (s *Service) EditComment(ctx context.Context, by veranda.Actor, in EditCommentInput) (*Comment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, c, err := s.comment(ctx, by, in.Org, in.App, in.Record, in.Comment, in.Version, PermEditComment)
	if err != nil || c.Text == in.Text {
		return c, err
	}
	mentioned, err := s.checkMentions(ctx, g, veranda.NewMentions(c.Text, in.Text))
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	c.Text, c.EditedAt = in.Text, &now
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, updateCommentText, c.Org, c.App, c.Record, c.ID, c.Text, tx.DB().Time(now), c.Version)
		if err != nil {
			return fmt.Errorf("apps: update comment: %w", err)
		}
		if n == 0 {
			return veranda.ErrVersion
		}
		tx.Emit(g.commentEvent(EventCommentEdited, c, now, mentioned))
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.Version++
	return c, nil
}

// DeleteComment deletes a comment.
//
// Permission: record.delete_comment; as shipped, for one's own comments, and for owners and administrators in workspaces
// they manage. Errors: version. Event: apps.comment_deleted.
func (s *Service) DeleteComment(ctx context.Context, by veranda.Actor, in DeleteCommentInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	g, c, err := s.comment(ctx, by, in.Org, in.App, in.Record, in.Comment, in.Version, PermDeleteComment)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, deleteCommentText, c.Org, c.App, c.Record, c.ID, c.Version)
		if err != nil {
			return fmt.Errorf("apps: delete comment: %w", err)
		}
		if n == 0 {
			return veranda.ErrVersion
		}
		tx.Emit(g.commentEvent(EventCommentDeleted, c, tx.DB().Now(), nil))
		return nil
	})
}
