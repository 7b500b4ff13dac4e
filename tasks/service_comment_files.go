package tasks

import (
	"context"
	"fmt"
	"io"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// holderComment is the kind of comments that files hang on.
const holderComment = "task_comment"

func commentHolder(c *Comment) files.Holder {
	return files.Holder{Org: c.Org, Kind: holderComment, ID: c.ID.String()}
}

// furnish gives comments their files.
func (s *Service) furnish(ctx context.Context, comments ...*Comment) error {
	holders := make([]string, len(comments))
	for i, c := range comments {
		holders[i], c.Attachments = c.ID.String(), []files.Attachment{}
	}
	if s.files == nil || len(comments) == 0 {
		return nil
	}
	held, err := s.files.Of(ctx, s.conn, comments[0].Org, holderComment, holders...)
	if err != nil {
		return err
	}
	for i, c := range comments {
		c.Attachments = append(c.Attachments, held[holders[i]]...)
	}
	return nil
}

// CommentAttachmentInput names a file that hangs on a comment.
type CommentAttachmentInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Task       ID            `path:"task" json:"-"`
	Comment    CommentID     `path:"comment" json:"-"`
	Attachment files.ID      `path:"attachment" json:"-"`
}

func (in *CommentAttachmentInput) validate() error {
	var c veranda.Checks
	checkTask(&c, in.Org, in.Task)
	veranda.Required(&c, "/comment_id", in.Comment)
	veranda.Required(&c, "/attachment", in.Attachment)
	return c.Err()
}

// OpenCommentAttachment gives a file of a comment and its content, which the caller closes.
//
// Permission: task.read. Errors: not_found where it does not hang on the comment, or the comment is none of the task's.
func (s *Service) OpenCommentAttachment(ctx context.Context, by veranda.Actor, in CommentAttachmentInput) (*files.Attachment, io.ReadCloser, error) {
	if err := in.validate(); err != nil {
		return nil, nil, err
	}
	_, _, c, err := s.comment(ctx, by, in.Org, in.Task, in.Comment, PermRead)
	if err != nil {
		return nil, nil, err
	}
	if s.files == nil {
		return nil, nil, veranda.ErrNotFound
	}
	return s.files.Open(ctx, s.conn, commentHolder(c), in.Attachment)
}

// commentIDsText names the comments of a task.
const commentIDsText = `SELECT c.id FROM veranda_task_comments c WHERE c.org_id = $1 AND c.task_id = $2`

// purge takes a task away for good, with its files and those of its comments.
func (s *Service) purge(ctx context.Context, tx *veranda.Tx, t *Task) error {
	if s.files == nil {
		return purgeTask(ctx, tx, t)
	}
	comments, err := commentIDs(ctx, tx, t)
	if err != nil {
		return err
	}
	if err := s.files.DetachAll(ctx, tx, t.Org, holderComment, comments...); err != nil {
		return err
	}
	if err := s.files.DetachAll(ctx, tx, t.Org, holderTask, t.ID.String()); err != nil {
		return err
	}
	return purgeTask(ctx, tx, t)
}

func commentIDs(ctx context.Context, tx *veranda.Tx, t *Task) (ids []string, err error) {
	rows, err := tx.Query(ctx, commentIDsText, t.Org, t.ID)
	if err != nil {
		return nil, fmt.Errorf("tasks: read comments: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id CommentID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("tasks: read comments: %w", err)
		}
		ids = append(ids, id.String())
	}
	return ids, rows.Err()
}
