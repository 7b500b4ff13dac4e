package stream

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// AddComment writes a comment on a status.
//
// Permission: status.comment in the status's workspace. Limits: "status_comments". Errors: not_found, forbidden, invalid
// at /text, stream.no_author for background jobs. Event: EventCommentAdded.
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
	added := commentRow{ID: veranda.NewID[commentKind](), Author: standing.Account, Body: in.Text, Version: 1}
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
		}, &added.AuthorName); err != nil {
			return fmt.Errorf("stream: store a comment: %w", err)
		}
		emitComment(tx, standing, EventCommentAdded, added.ID, CommentData{Status: in.Status, StatusAuthor: statusAuthor, Author: added.Author})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return added.comment(in.Org, in.Status), nil
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
	return cut(found, size, func(last Comment) string { return veranda.EncodeCursor(commentList, last.ID.String()) }), nil
}

// EditComment changes the text of a comment.
//
// Permission: status.edit_comment, as shipped for one's own. Errors: not_found, forbidden, invalid at /text, version.
// Event: EventCommentEdited.
func (s *Service) EditComment(ctx context.Context, by veranda.Actor, in EditCommentInput) (*Comment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, data, err := s.readComment(ctx, by, in.Org, in.Status, in.Comment, PermEditComment)
	if err != nil {
		return nil, err
	}
	var edited *Comment
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		text, gone := updateComment, veranda.ErrNotFound
		args := []any{in.Org, in.Status, in.Comment, in.Text, tx.DB().Time(tx.DB().Now())}
		if in.Version != 0 {
			text, args, gone = updateCommentVersion, append(args, in.Version), veranda.ErrVersion
		}
		changed, err := tx.Exec(ctx, text, args...)
		if err != nil {
			return fmt.Errorf("stream: store a comment: %w", err)
		}
		if changed == 0 {
			return gone
		}
		emitComment(tx, standing, EventCommentEdited, in.Comment, data)
		edited, err = comment(ctx, tx, in.Org, standing.Account, in.Status, in.Comment)
		return err
	})
	return edited, err
}

// DeleteComment deletes a comment for good, with the reactions to it.
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
