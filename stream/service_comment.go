package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/markdown"
)

// AddComment writes a comment on a status.
//
// Permission: status.comment in the status's workspace. Limits: "status_comments". Errors: not_found, forbidden, invalid
// at /text and /attachments, stream.no_author for background jobs. Events: EventCommentAdded, EventLinksPosted where the
// text has links.
func (s *Service) AddComment(ctx context.Context, by veranda.Actor, in AddCommentInput) (*Comment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, statusAuthor, err := s.readStatus(ctx, by, in.Org, in.Status, PermComment)
	if err != nil {
		return nil, err
	}
	if standing.Account.IsZero() {
		return nil, ErrNoAuthor
	}
	text, err := s.write(ctx, standing, standing.Workspace, "", in.Text)
	if err != nil {
		return nil, err
	}
	added := commentRow{
		ID: veranda.NewID[commentKind](), Author: standing.Account, Body: in.Text, Version: 1, HTML: text.html,
		Kept: kept{version: markdown.Version, links: len(text.links) > 0, files: len(in.Attachments) > 0},
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "status_comments", 1); err != nil {
			return err
		}
		added.CreatedAt = tx.DB().Now()
		if err := count(ctx, tx, countComment, in.Org, in.Status); err != nil {
			return err
		}
		if _, err := one(ctx, tx, insertComment, []any{
			in.Org, in.Status, added.ID, added.Author, added.Body, tx.DB().Time(added.CreatedAt),
			added.HTML, added.Kept.version, added.Kept.links, added.Kept.files,
		}, &added.AuthorName); err != nil {
			return fmt.Errorf("stream: store a comment: %w", err)
		}
		if err := s.attach(ctx, tx, standing, holderComment, added.ID.String(), in.Attachments); err != nil {
			return err
		}
		emitComment(tx, standing, EventCommentAdded, added.ID, CommentData{
			Status: in.Status, StatusAuthor: statusAuthor, Author: added.Author, Mentions: text.mentions,
		})
		return storeLinks(ctx, tx, standing, standing.Workspace, in.Status, &added.ID, text.links)
	})
	if err != nil {
		return nil, err
	}
	made := added.comment(in.Org, in.Status)
	return made, s.furnishComments(ctx, in.Org, made)
}

// ListComments lists the comments on a status, oldest first.
//
// Permission: status.read in the status's workspace. Errors: not_found; invalid for a malformed cursor.
func (s *Service) ListComments(ctx context.Context, by veranda.Actor, in ListCommentsInput) (veranda.List[Comment], error) {
	size, after, err := in.validate()
	if err != nil {
		return veranda.List[Comment]{}, err
	}
	standing, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermRead)
	if err != nil {
		return veranda.List[Comment]{}, err
	}
	found, err := s.comments(ctx, in.Org, standing.Account, in.Status, after, size+1)
	if err != nil {
		return veranda.List[Comment]{}, err
	}
	shown := make([]*Comment, len(found))
	for i := range found {
		shown[i] = &found[i]
	}
	if err := s.furnishComments(ctx, in.Org, shown...); err != nil {
		return veranda.List[Comment]{}, err
	}
	return cut(found, size, func(last Comment) string { return veranda.EncodeCursor(commentList, last.ID.String()) }), nil
}

// EditComment changes the text of a comment; the former text is kept in its history. The same text again changes nothing.
//
// Permission: status.edit_comment, as shipped for one's own. Errors: not_found, forbidden, invalid at /text, version.
// Events: EventCommentEdited, EventLinksPosted where the new text has links.
func (s *Service) EditComment(ctx context.Context, by veranda.Actor, in EditCommentInput) (*Comment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, data, err := s.readComment(ctx, by, in.Org, in.Status, in.Comment, PermEditComment)
	if err != nil {
		return nil, err
	}
	before, err := comment(ctx, s.conn, in.Org, standing.Account, in.Status, in.Comment)
	if err != nil {
		return nil, err
	}
	text, err := s.write(ctx, standing, standing.Workspace, before.Text, in.Text)
	if err != nil {
		return nil, err
	}
	var edited *Comment
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var body string
		var writtenAt time.Time
		var version int64
		found, err := one(ctx, tx, tx.DB().Pick(lockCommentPostgres, lockCommentSQLite), []any{in.Org, in.Status, in.Comment}, &body, veranda.Moment(&writtenAt), &version)
		switch {
		case err != nil:
			return fmt.Errorf("stream: read a comment: %w", err)
		case !found:
			return veranda.ErrNotFound
		case in.Version != 0 && in.Version != version:
			return veranda.ErrVersion
		}
		if body != in.Text {
			data.Mentions = newly(text.mentions, body)
			if err := replaceCommentText(ctx, tx, standing, in, text, data, body, writtenAt, version); err != nil {
				return err
			}
		}
		edited, err = comment(ctx, tx, in.Org, standing.Account, in.Status, in.Comment)
		return err
	})
	if err != nil {
		return nil, err
	}
	return edited, s.furnishComments(ctx, in.Org, edited)
}

// replaceCommentText keeps the former text of a comment that the transaction holds, and stores the new one.
func replaceCommentText(
	ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, in EditCommentInput, text written, data CommentData, body string, writtenAt time.Time, version int64,
) error {
	if err := tx.Defer(ctx, insertCommentRevision, in.Org, in.Status, in.Comment, version, body, tx.DB().Time(writtenAt)); err != nil {
		return fmt.Errorf("stream: keep the former text of a comment: %w", err)
	}
	if err := tx.Defer(ctx, updateComment, in.Org, in.Status, in.Comment, in.Text, tx.DB().Time(tx.DB().Now()), text.html, markdown.Version, len(text.links) > 0); err != nil {
		return fmt.Errorf("stream: store a comment: %w", err)
	}
	if err := tx.Defer(ctx, removeLinks, in.Org, in.Comment); err != nil {
		return fmt.Errorf("stream: store links: %w", err)
	}
	emitComment(tx, standing, EventCommentEdited, in.Comment, data)
	return storeLinks(ctx, tx, standing, standing.Workspace, in.Status, &in.Comment, text.links)
}

// DeleteComment deletes a comment for good, with the reactions to it, its files and its history.
//
// Permission: status.delete_comment, as shipped for one's own and for those in workspaces one manages. Errors: not_found,
// forbidden, version. Event: EventCommentDeleted.
func (s *Service) DeleteComment(ctx context.Context, by veranda.Actor, in DeleteCommentInput) error {
	standing, data, err := s.readComment(ctx, by, in.Org, in.Status, in.Comment, PermDeleteComment)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := count(ctx, tx, uncountComment, in.Org, in.Status); err != nil {
			return err
		}
		text, args, gone := deleteComment, []any{in.Org, in.Status, in.Comment}, veranda.ErrNotFound
		if in.Version != 0 {
			text, args, gone = deleteCommentVersion, append(args, in.Version), veranda.ErrVersion
		}
		deleted, err := tx.Exec(ctx, text, args...)
		if err != nil {
			return fmt.Errorf("stream: delete a comment: %w", err)
		}
		if deleted == 0 {
			return gone
		}
		if err := tx.Defer(ctx, removeLinks, in.Org, in.Comment); err != nil {
			return fmt.Errorf("stream: delete links: %w", err)
		}
		if s.files != nil {
			if err := s.files.DetachAll(ctx, tx, in.Org, holderComment, in.Comment.String()); err != nil {
				return err
			}
		}
		emitComment(tx, standing, EventCommentDeleted, in.Comment, data)
		return nil
	})
}

// readComment reads and decides about a comment, and tells what its events say.
func (s *Service) readComment(ctx context.Context, by veranda.Actor, org veranda.OrgID, status ID, id CommentID, permission veranda.Permission) (*veranda.Standing, CommentData, error) {
	data := CommentData{Status: status}
	var found CommentID
	standing, err := s.conn.Read(ctx, s.reads.comment, by, org, []any{status, id}, &found, &data.Author, &data.StatusAuthor)
	if err != nil {
		return nil, data, err
	}
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{
		Permission: permission, Own: isOwn(standing, data.Author), Missing: found.IsZero(), InWorkspace: true, See: PermRead,
	})
	return standing, data, err
}

// count changes the number of comments on a status by one of the texts for that.
func count(ctx context.Context, tx *veranda.Tx, text string, org veranda.OrgID, status ID) error {
	changed, err := tx.Exec(ctx, text, org, status)
	if err != nil {
		return fmt.Errorf("stream: count comments: %w", err)
	}
	if changed == 0 {
		return veranda.ErrNotFound
	}
	return nil
}

func emitComment(tx *veranda.Tx, standing *veranda.Standing, kind string, id CommentID, data CommentData) {
	tx.Emit(veranda.Event{
		Org: standing.Org, Workspace: standing.Workspace, Kind: kind, Subject: id.String(), By: standing.Account, System: standing.System,
		Data: veranda.MarshalData(data),
	})
}
