package messaging

import (
	"context"
	"io"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/workspace/files"
)

// holderKind is what files hang on, by the message's id.
const holderKind = "message"

// AttachmentInput names a file of a message.
type AttachmentInput struct {
	Org          veranda.OrgID `path:"org" json:"-"`
	Conversation ID            `path:"conversation" json:"-"`
	Number       int64         `path:"number" json:"-" minimum:"1" doc:"The message's number in the conversation."`
	Attachment   files.ID      `path:"attachment" json:"-"`
}

// OpenAttachment gives a file of a message, and its content, which the caller closes.
//
// Permission: message.read, taking part. Errors: not_found.
func (s *Service) OpenAttachment(ctx context.Context, by veranda.Actor, in AttachmentInput) (*files.Attachment, io.ReadCloser, error) {
	standing, found, err := s.atMessage(ctx, by, in.Org, in.Conversation, in.Number, PermRead)
	if err != nil {
		return nil, nil, err
	}
	m, err := message(ctx, s.conn, in.Org, standing.Account, in.Conversation, found.fromN, in.Number)
	if err != nil {
		return nil, nil, err
	}
	if s.files == nil {
		return nil, nil, veranda.ErrNotFound
	}
	return s.files.Open(ctx, s.conn, files.Holder{Org: in.Org, Kind: holderKind, ID: m.ID.String()}, in.Attachment)
}

// attach hangs a sender's files on a message.
func (s *Service) attach(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, m *Message, ids []files.ID) error {
	if len(ids) == 0 {
		m.Files = []files.Attachment{} // none, as when it is read
		return nil
	}
	if s.files == nil {
		var c veranda.Checks
		c.Add("/files", "unsupported", "there are no files here")
		return c.Err()
	}
	if err := s.files.Attach(ctx, tx, files.Holder{Org: org, Kind: holderKind, ID: m.ID.String()}, m.Author.ID, ids, "/files"); err != nil {
		return err
	}
	held, err := s.files.Of(ctx, s.conn.Bind(tx), org, holderKind, m.ID.String())
	m.Files = held[m.ID.String()]
	return err
}

// withFiles brings the files of messages that have some.
func (s *Service) withFiles(ctx context.Context, conn veranda.Conn, org veranda.OrgID, messages ...*Message) error {
	if s.files == nil {
		return nil
	}
	var ids []string
	for _, m := range messages {
		if cap(m.Files) > 0 { // as many as the row counts
			ids = append(ids, m.ID.String())
		}
	}
	held, err := s.files.Of(ctx, conn, org, holderKind, ids...)
	if err != nil {
		return err
	}
	for _, m := range messages {
		if found := held[m.ID.String()]; found != nil {
			m.Files = found
		}
	}
	return nil
}

// pointers are the messages of a list, to be changed in place.
func pointers(messages []Message) []*Message {
	out := make([]*Message, len(messages))
	for i := range messages {
		out[i] = &messages[i]
	}
	return out
}
