package tasks

import (
	"context"
	"io"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// Attach hangs files that the actor has uploaded on a task, behind those it has. The task's version stays, for nothing that
// an edit could overwrite has changed.
//
// Permission: task.edit. Errors: invalid (/attachments/<i>, rule not_found) for what is no waiting file of the actor's, or
// beyond files.MaxAttached. Event: EventTaskFilesAttached.
func (s *Service) Attach(ctx context.Context, by veranda.Actor, in AttachInput) (veranda.List[files.Attachment], error) {
	if err := in.validate(); err != nil {
		return veranda.List[files.Attachment]{}, err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermEdit)
	if err != nil {
		return veranda.List[files.Attachment]{}, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		t, err := s.lockTask(ctx, tx, s.texts.lock, standing, in.Org, in.Task, PermEdit, 0)
		if err != nil {
			return err
		}
		if err := s.attach(ctx, tx, holder(in.Org, in.Task), standing, in.Attachments); err != nil {
			return err
		}
		tx.Emit(taskEvent(EventTaskFilesAttached, t, standing, tx.DB().Now(), TaskFiles{Title: t.Title, Attachments: in.Attachments}))
		return nil
	})
	if err != nil {
		return veranda.List[files.Attachment]{}, err
	}
	return s.attachments(ctx, in.Org, in.Task)
}

// attach hangs waiting files of the actor's on a thing, in the transaction that holds it.
func (s *Service) attach(ctx context.Context, tx *veranda.Tx, to files.Holder, by *veranda.Standing, ids []files.ID) error {
	if len(ids) == 0 {
		return nil
	}
	if s.files == nil {
		var c veranda.Checks
		c.Add("/attachments", "unsupported", "files cannot be attached here")
		return c.Err()
	}
	return s.files.Attach(ctx, tx, to, by.Account, ids, "/attachments")
}

// ListAttachments lists the files of a task, in the order they were attached: one page holds them all.
//
// Permission: task.read.
func (s *Service) ListAttachments(ctx context.Context, by veranda.Actor, in ListAttachmentsInput) (veranda.List[files.Attachment], error) {
	if err := in.validate(); err != nil {
		return veranda.List[files.Attachment]{}, err
	}
	if _, _, err := s.task(ctx, by, in.Org, in.Task, PermRead); err != nil {
		return veranda.List[files.Attachment]{}, err
	}
	return s.attachments(ctx, in.Org, in.Task)
}

func (s *Service) attachments(ctx context.Context, org veranda.OrgID, task ID) (veranda.List[files.Attachment], error) {
	list := veranda.List[files.Attachment]{Items: []files.Attachment{}}
	if s.files == nil {
		return list, nil
	}
	held, err := s.files.Of(ctx, s.conn, org, holderTask, task.String())
	if err != nil {
		return list, err
	}
	list.Items = append(list.Items, held[task.String()]...)
	return list, nil
}

// OpenAttachment gives a file of a task and its content, which the caller closes.
//
// Permission: task.read. Errors: not_found where it does not hang on the task.
func (s *Service) OpenAttachment(ctx context.Context, by veranda.Actor, in AttachmentInput) (*files.Attachment, io.ReadCloser, error) {
	if err := in.validate(); err != nil {
		return nil, nil, err
	}
	if _, _, err := s.task(ctx, by, in.Org, in.Task, PermRead); err != nil {
		return nil, nil, err
	}
	if s.files == nil {
		return nil, nil, veranda.ErrNotFound
	}
	return s.files.Open(ctx, s.conn, holder(in.Org, in.Task), in.Attachment)
}

// RemoveAttachment takes a file off a task. Its content is removed later, and does not come back.
//
// Permission: task.edit. Errors: not_found where it does not hang on the task. Event: EventTaskFileRemoved.
func (s *Service) RemoveAttachment(ctx context.Context, by veranda.Actor, in AttachmentInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	standing, _, err := s.task(ctx, by, in.Org, in.Task, PermEdit)
	if err != nil {
		return err
	}
	if s.files == nil {
		return veranda.ErrNotFound
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		t, err := s.lockTask(ctx, tx, s.texts.lock, standing, in.Org, in.Task, PermEdit, 0)
		if err != nil {
			return err
		}
		held, err := s.files.Of(ctx, s.conn.Bind(tx), in.Org, holderTask, in.Task.String())
		if err != nil {
			return err
		}
		for _, a := range held[in.Task.String()] {
			if a.ID != in.Attachment {
				continue
			}
			tx.Emit(taskEvent(EventTaskFileRemoved, t, standing, tx.DB().Now(), TaskFiles{Title: t.Title, Attachments: []files.ID{a.ID}}))
			return s.files.Detach(ctx, tx, holder(in.Org, in.Task), []files.ID{a.ID})
		}
		return veranda.ErrNotFound
	})
}
