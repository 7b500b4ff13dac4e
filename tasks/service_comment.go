package tasks

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// AddComment says something about a task. The task's version stays. Whom the text mentions follows the task.
//
// Permission: task.comment. Errors: invalid (/text with the rule mention where it mentions somebody who does not see the
// workspace; /attachments/<i> with the rule not_found for what is no waiting file of the actor's), a limit on
// "task_comments". Event: tasks.comment_added.
func (s *Service) AddComment(ctx context.Context, by veranda.Actor, in AddCommentInput) (*Comment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, t, err := s.task(ctx, by, in.Org, in.Task, PermComment)
	if err != nil {
		return nil, err
	}
	mentioned, err := s.checkMentions(ctx, standing, t.Workspace, "/text", veranda.Mentions(in.Text))
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	c := &Comment{
		Org: in.Org, Task: in.Task, ID: veranda.NewID[commentKind](), Author: standing.Account,
		Text: in.Text, CreatedAt: now, Version: 1,
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "task_comments", 1); err != nil {
			return err
		}
		if err := s.makeFollow(ctx, tx, t, mentioned); err != nil {
			return err
		}
		if err := insertComment(ctx, tx, c); err != nil {
			return err
		}
		if err := s.attach(ctx, tx, commentHolder(c), standing, in.Attachments); err != nil {
			return err
		}
		tx.Emit(commentEvent(EventCommentAdded, t, c, standing, now, mentioned...))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, s.furnish(ctx, c)
}

// Comments reads the comments of a task, oldest first unless asked otherwise.
//
// Permission: task.read.
func (s *Service) Comments(ctx context.Context, by veranda.Actor, in CommentsInput) (veranda.List[Comment], error) {
	none := veranda.List[Comment]{}
	size, after, err := in.validate()
	if err != nil {
		return none, err
	}
	if _, _, err := s.task(ctx, by, in.Org, in.Task, PermRead); err != nil {
		return none, err
	}
	text := oldestComments
	if in.Sort == NewestFirst {
		text = newestComments
	}
	rows, err := s.conn.Query(ctx, text, in.Org, in.Task, after, size+1)
	if err != nil {
		return none, fmt.Errorf("tasks: read comments: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found, err := scanComments(rows, in.Org, in.Task, size)
	if err != nil {
		return none, err
	}
	page := veranda.List[Comment]{Items: found}
	if len(found) > size {
		page.Items = found[:size]
		page.Next = veranda.EncodeCursor(commentsList(in.Sort), page.Items[size-1].ID.String())
	}
	shown := make([]*Comment, len(page.Items))
	for i := range page.Items {
		shown[i] = &page.Items[i]
	}
	return page, s.furnish(ctx, shown...)
}

// EditComment changes the text of a comment.
//
// Permission: task.edit_comment; as shipped, for one's own comments. Errors: invalid as of AddComment for who is newly
// mentioned, version. Event: tasks.comment_edited,
// unless the text is the same.
func (s *Service) EditComment(ctx context.Context, by veranda.Actor, in EditCommentInput) (*Comment, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, t, c, err := s.comment(ctx, by, in.Org, in.Task, in.Comment, PermEditComment)
	if err != nil {
		return nil, err
	}
	if in.Version != 0 && in.Version != c.Version {
		return nil, veranda.ErrVersion
	}
	if c.Text == in.Text {
		return c, s.furnish(ctx, c)
	}
	mentioned, err := s.checkMentions(ctx, standing, t.Workspace, "/text", veranda.NewMentions(c.Text, in.Text))
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	c.Text, c.EditedAt = in.Text, &now
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.makeFollow(ctx, tx, t, mentioned); err != nil {
			return err
		}
		found, err := updateComment(ctx, tx, c, in.Version)
		if err != nil {
			return err
		}
		if !found {
			return changedMeanwhile(in.Version)
		}
		tx.Emit(commentEvent(EventCommentEdited, t, c, standing, now, mentioned...))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, s.furnish(ctx, c)
}

// DeleteComment deletes a comment and its files.
//
// Permission: task.delete_comment; as shipped, for one's own comments, and for owners and administrators in workspaces
// they manage. Errors: version. Event: tasks.comment_deleted.
func (s *Service) DeleteComment(ctx context.Context, by veranda.Actor, in DeleteCommentInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	standing, t, c, err := s.comment(ctx, by, in.Org, in.Task, in.Comment, PermDeleteComment)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		found, err := deleteComment(ctx, tx, c, in.Version)
		if err != nil {
			return err
		}
		if !found {
			return changedMeanwhile(in.Version)
		}
		if s.files != nil {
			if err := s.files.DetachAll(ctx, tx, c.Org, holderComment, c.ID.String()); err != nil {
				return err
			}
		}
		tx.Emit(commentEvent(EventCommentDeleted, t, c, standing, tx.DB().Now()))
		return nil
	})
}

// changedMeanwhile is the answer where a write found nothing that the read had found.
func changedMeanwhile(version int64) error {
	if version != 0 {
		return veranda.ErrVersion
	}
	return veranda.ErrNotFound
}

// comment reads a comment, its task and the actor's standing, and asks for a permission on the comment. It is one read.
func (s *Service) comment(ctx context.Context, by veranda.Actor, org veranda.OrgID, task ID, comment CommentID, permission veranda.Permission) (*veranda.Standing, *Task, *Comment, error) {
	var row taskRow
	var commented commentRow
	standing, err := s.conn.Read(ctx, s.texts.readComment, by, org, []any{task, comment}, append(row.destinations(), commented.destinations()...)...)
	if err != nil {
		return nil, nil, nil, err
	}
	t, err := row.task(org)
	if err != nil {
		return nil, nil, nil, err
	}
	c := commented.comment(org, task)
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{
		Permission: permission, InWorkspace: true, Missing: t.ID.IsZero() || c.ID.IsZero(),
		Own: !c.Author.IsZero() && c.Author == standing.Account,
	})
	return standing, t, c, err
}
