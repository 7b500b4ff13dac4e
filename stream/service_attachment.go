package stream

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// OpenAttachmentInput names a file of a status.
type OpenAttachmentInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Status     ID            `path:"status" json:"-"`
	Attachment files.ID      `path:"attachment" json:"-"`
}

// OpenCommentAttachmentInput names a file of a comment.
type OpenCommentAttachmentInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Status     ID            `path:"status" json:"-"`
	Comment    CommentID     `path:"comment" json:"-"`
	Attachment files.ID      `path:"attachment" json:"-"`
}

// OpenAttachment gives a file of a status and its content, which the caller closes.
//
// Permission: status.read in the status's workspace. Errors: not_found, files.storage.
func (s *Service) OpenAttachment(ctx context.Context, by veranda.Actor, in OpenAttachmentInput) (*files.Attachment, io.ReadCloser, error) {
	if _, _, err := s.readStatus(ctx, by, in.Org, in.Status, PermRead); err != nil {
		return nil, nil, err
	}
	return s.open(ctx, files.Holder{Org: in.Org, Kind: holderStatus, ID: in.Status.String()}, in.Attachment)
}

// OpenCommentAttachment gives a file of a comment and its content, which the caller closes.
//
// Permission: status.read in the status's workspace. Errors: not_found, files.storage.
func (s *Service) OpenCommentAttachment(ctx context.Context, by veranda.Actor, in OpenCommentAttachmentInput) (*files.Attachment, io.ReadCloser, error) {
	if _, _, err := s.readComment(ctx, by, in.Org, in.Status, in.Comment, PermRead); err != nil {
		return nil, nil, err
	}
	return s.open(ctx, files.Holder{Org: in.Org, Kind: holderComment, ID: in.Comment.String()}, in.Attachment)
}

func (s *Service) open(ctx context.Context, holder files.Holder, id files.ID) (*files.Attachment, io.ReadCloser, error) {
	if s.files == nil {
		return nil, nil, veranda.ErrNotFound
	}
	return s.files.Open(ctx, s.conn, holder, id)
}

const (
	noteFiles         = `UPDATE veranda_statuses SET has_files = $3 WHERE org_id = $1 AND id = $2`
	commentsWithFiles = `SELECT id FROM veranda_status_comments WHERE org_id = $1 AND status_id = $2 AND has_files`
)

// replaceFiles makes the files of a status that the transaction holds what they are to be, and tells whether any changed.
func (s *Service) replaceFiles(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, status ID, ids []files.ID) (bool, error) {
	if ids == nil {
		return false, nil
	}
	if s.files == nil {
		return false, s.attach(ctx, tx, standing, holderStatus, status.String(), ids)
	}
	holder := files.Holder{Org: standing.Org, Kind: holderStatus, ID: status.String()}
	held, err := s.files.Of(ctx, s.conn.Bind(tx), standing.Org, holderStatus, holder.ID)
	if err != nil {
		return false, err
	}
	var former, gone, added []files.ID
	for _, a := range held[holder.ID] {
		former = append(former, a.ID)
		if !slices.Contains(ids, a.ID) {
			gone = append(gone, a.ID)
		}
	}
	for _, id := range ids {
		if !slices.Contains(former, id) {
			added = append(added, id)
		}
	}
	if err := s.files.Detach(ctx, tx, holder, gone); err != nil {
		return false, err
	}
	if err := s.files.Attach(ctx, tx, holder, standing.Account, added, "/attachments"); err != nil {
		return false, err
	}
	if len(gone)+len(added) == 0 {
		return false, nil
	}
	if err := tx.Defer(ctx, noteFiles, standing.Org, status, len(ids) > 0); err != nil {
		return false, fmt.Errorf("stream: note files: %w", err)
	}
	return true, nil
}

// detachAll lets go of the files of a status that is about to be deleted, and of its comments.
func (s *Service) detachAll(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, status ID) error {
	if s.files == nil {
		return nil
	}
	var comments []string
	err := each(ctx, tx, commentsWithFiles, []any{org, status}, func(rows *sql.Rows) error {
		var id CommentID
		err := rows.Scan(&id)
		comments = append(comments, id.String())
		return err
	})
	if err != nil {
		return fmt.Errorf("stream: read the files of comments: %w", err)
	}
	if err := s.files.DetachAll(ctx, tx, org, holderStatus, status.String()); err != nil {
		return err
	}
	return s.files.DetachAll(ctx, tx, org, holderComment, comments...)
}
