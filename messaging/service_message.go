package messaging

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// Send says something in a conversation, or answers a message in it. What somebody had begun to write there is no draft any
// more.
//
// Permission: message.send, taking part. Limits: "messages". Errors: not_found, forbidden; invalid at /text, /links, /files
// and /thread; messaging.nobody where nobody else is left; messaging.no_author. Event: EventMessageSent.
func (s *Service) Send(ctx context.Context, by veranda.Actor, in SendInput) (*Message, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermSend)
	if err != nil {
		return nil, err
	}
	var sent *Message
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if sent, err = s.say(ctx, tx, standing, in.Conversation, in.Thread, in.Content); err != nil {
			return err
		}
		return tx.Defer(ctx, deleteConversationDraft, in.Org, standing.Account, in.Conversation)
	})
	return sent, err
}

// say stores a message of somebody who may write into a conversation. From the first statement on it holds the conversation.
func (s *Service) say(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, id ID, thread int64, content Content) (*Message, error) {
	org, db := standing.Org, tx.DB()
	if err := s.limits.Allow(ctx, tx, org, "messages", 1); err != nil {
		return nil, err
	}
	m := &Message{
		ID: veranda.NewID[messageKind](), Org: org, Conversation: id, Author: Person{ID: standing.Account}, Text: content.Text, Links: content.Links,
		CreatedAt: db.Now(), Version: 1,
	}
	if m.Links == nil {
		m.Links = []string{}
	}
	var fromN int64
	if found, err := one(ctx, tx, takeNumber, []any{org, id, db.Time(m.CreatedAt)}, &m.Number); err != nil || !found {
		return nil, gone(err)
	}
	if found, err := one(ctx, tx, sentOwn, []any{org, id, standing.Account, m.Number}, &fromN); err != nil || !found {
		return nil, gone(err)
	}
	to, err := s.hears(ctx, tx, standing, id, content.Text)
	if err != nil {
		return nil, err
	}
	m.Author.Name = to.names[standing.Account]
	var hangsOn any
	if thread != 0 {
		if m.Thread, err = s.answer(ctx, tx, standing, m, thread, fromN); err != nil {
			return nil, err
		}
		hangsOn = m.Thread
	}
	if _, err := tx.Exec(ctx, insertMessage, org, id, m.Number, m.ID, standing.Account, hangsOn, m.Text, asJSON(m.Links), len(content.Files), db.Time(m.CreatedAt)); err != nil {
		return nil, fmt.Errorf("messaging: store a message: %w", err)
	}
	if err := s.attach(ctx, tx, org, m, content.Files); err != nil {
		return nil, err
	}
	if err := s.index(ctx, tx, org, id, m.Number, m.Text); err != nil {
		return nil, err
	}
	emitMessage(tx, standing, EventMessageSent, m, to.ids)
	return m, nil
}

// gone is the answer where a row is not there any more.
func gone(err error) error {
	if err != nil {
		return fmt.Errorf("messaging: %w", err)
	}
	return veranda.ErrNotFound
}

// hears are those to whom a message goes: somebody else must be there, the sender too, and all who are mentioned.
func (s *Service) hears(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, id ID, text string) (*audience, error) {
	to, err := readAudience(ctx, tx, standing.Org, id)
	if err != nil {
		return nil, err
	}
	if _, there := to.names[standing.Account]; !there {
		return nil, veranda.ErrNotFound
	}
	if len(to.ids) < 2 {
		return nil, ErrNobody
	}
	var c veranda.Checks
	to.mentioned(&c, text)
	return to, c.Err()
}

// answer hangs a message on the one it answers, and gives that one's number.
func (s *Service) answer(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, m *Message, thread, fromN int64) (int64, error) {
	var root int64
	found, err := one(ctx, tx, threadRoot, []any{m.Org, standing.Account, m.Conversation, thread, fromN}, &root)
	if err != nil {
		return 0, fmt.Errorf("messaging: read what is answered: %w", err)
	}
	if !found {
		var c veranda.Checks
		c.Add("/thread", "not_found", "is no message of this conversation")
		return 0, c.Err()
	}
	return root, tx.Defer(ctx, countReply, m.Org, m.Conversation, root, m.Number)
}

func emitMessage(tx *veranda.Tx, standing *veranda.Standing, kind string, m *Message, to []veranda.AccountID) {
	tx.Emit(veranda.Event{
		Org: m.Org, Kind: kind, Subject: m.ID.String(), To: to, By: standing.Account,
		Data: veranda.MarshalData(MessageData{Conversation: m.Conversation, Number: m.Number, Thread: m.Thread, Version: m.Version}),
	})
}

// GetMessage reads a message.
//
// Permission: message.read, taking part. Errors: not_found.
func (s *Service) GetMessage(ctx context.Context, by veranda.Actor, in MessageInput) (*Message, error) {
	standing, found, err := s.atMessage(ctx, by, in.Org, in.Conversation, in.Number, PermRead)
	if err != nil {
		return nil, err
	}
	return s.shown(ctx, s.conn, standing, found.fromN, in.Conversation, in.Number)
}

func (s *Service) shown(ctx context.Context, conn veranda.Conn, standing *veranda.Standing, fromN int64, id ID, n int64) (*Message, error) {
	m, err := message(ctx, conn, standing.Org, standing.Account, id, fromN, n)
	if err != nil {
		return nil, err
	}
	return m, s.withFiles(ctx, conn, standing.Org, m)
}

// ListMessages lists the messages of a conversation, newest first, answers among them. What is deleted has its place in the
// list and says nothing.
//
// Permission: message.read, taking part. Errors: not_found; invalid for a malformed cursor.
func (s *Service) ListMessages(ctx context.Context, by veranda.Actor, in ListMessagesInput) (veranda.List[Message], error) {
	size, before, err := number(in.Page, messageList, maxNumber)
	if err != nil {
		return veranda.List[Message]{}, err
	}
	standing, found, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	if err != nil {
		return veranda.List[Message]{}, err
	}
	items, err := messages(ctx, s.conn, listMessages, in.Org, standing.Account, in.Conversation, found.fromN, before, size+1)
	if err != nil {
		return veranda.List[Message]{}, err
	}
	return s.messagePage(ctx, in.Org, items, size, messageList)
}

// ListThread lists the answers to a message, oldest first.
//
// Permission: message.read, taking part. Errors: not_found; invalid for a malformed cursor.
func (s *Service) ListThread(ctx context.Context, by veranda.Actor, in ListThreadInput) (veranda.List[Message], error) {
	size, after, err := number(in.Page, threadList, 0)
	if err != nil {
		return veranda.List[Message]{}, err
	}
	standing, found, err := s.atMessage(ctx, by, in.Org, in.Conversation, in.Number, PermRead)
	if err != nil {
		return veranda.List[Message]{}, err
	}
	items, err := messages(ctx, s.conn, listThread, in.Org, standing.Account, in.Conversation, found.fromN, in.Number, after, size+1)
	if err != nil {
		return veranda.List[Message]{}, err
	}
	return s.messagePage(ctx, in.Org, items, size, threadList)
}

func (s *Service) messagePage(ctx context.Context, org veranda.OrgID, items []Message, size int, name string) (veranda.List[Message], error) {
	page := cut(items, size, func(last Message) string { return veranda.EncodeCursor(name, strconv.FormatInt(last.Number, 10)) })
	return page, s.withFiles(ctx, s.conn, org, pointers(page.Items)...)
}

// History lists what a message said before it was edited, newest first. Of a deleted one nothing is left.
//
// Permission: message.read, taking part. Errors: not_found; invalid for a malformed cursor.
func (s *Service) History(ctx context.Context, by veranda.Actor, in HistoryInput) (veranda.List[Revision], error) {
	size, before, err := number(in.Page, revisionList, maxNumber)
	if err != nil {
		return veranda.List[Revision]{}, err
	}
	if _, _, err := s.atMessage(ctx, by, in.Org, in.Conversation, in.Number, PermRead); err != nil {
		return veranda.List[Revision]{}, err
	}
	var items []Revision
	err = each(ctx, s.conn, listRevisions, []any{in.Org, in.Conversation, in.Number, before, size + 1}, func(rows *sql.Rows) error {
		var r Revision
		err := rows.Scan(&r.Version, &r.Text, jsonList{&r.Links}, veranda.Moment(&r.WrittenAt))
		items = append(items, r)
		return err
	})
	if err != nil {
		return veranda.List[Revision]{}, fmt.Errorf("messaging: read a history: %w", err)
	}
	return cut(items, size, func(last Revision) string {
		return veranda.EncodeCursor(revisionList, strconv.FormatInt(last.Version, 10))
	}), nil
}

// Edit changes what a message says; what it said before is kept in its history, which all who take part read. The same again
// changes nothing.
//
// Permission: message.edit, as shipped for one's own, taking part. Errors: not_found, forbidden, version, invalid at /text
// and /links, messaging.deleted. Event: EventMessageEdited.
func (s *Service) Edit(ctx context.Context, by veranda.Actor, in EditInput) (*Message, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, found, err := s.atMessage(ctx, by, in.Org, in.Conversation, in.Number, PermEdit)
	if err != nil {
		return nil, err
	}
	var edited *Message
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		held, err := s.holdMessage(ctx, tx, in.Org, in.Conversation, in.Number, in.Version)
		if err != nil {
			return err
		}
		links := held.links
		if in.Links != nil {
			links = *in.Links
		}
		if in.Text == "" && len(links) == 0 && held.files == 0 {
			var c veranda.Checks
			c.Add("/text", "required", "must not be empty where there is no link and no file")
			return c.Err()
		}
		if in.Text != held.body || asJSON(links) != asJSON(held.links) {
			if err := s.rewrite(ctx, tx, standing, in, held, links); err != nil {
				return err
			}
		}
		edited, err = s.shown(ctx, s.conn.Bind(tx), standing, found.fromN, in.Conversation, in.Number)
		return err
	})
	return edited, err
}

// heldMessage is a message that a transaction holds, together with its conversation.
type heldMessage struct {
	conversation   *locked
	body           string
	links          []string
	files, version int64
	written, gone  time.Time
}

func (s *Service) holdMessage(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, id ID, n, version int64) (*heldMessage, error) {
	conversation, err := s.lock(ctx, tx, org, id)
	if err != nil {
		return nil, err
	}
	held := &heldMessage{conversation: conversation}
	found, err := one(ctx, tx, s.texts.lockMessage, []any{org, id, n}, &held.body, jsonList{&held.links}, &held.files, veranda.Moment(&held.written), veranda.Moment(&held.gone), &held.version)
	switch {
	case err != nil:
		return nil, fmt.Errorf("messaging: hold a message: %w", err)
	case !found:
		return nil, veranda.ErrNotFound
	case !held.gone.IsZero():
		return nil, ErrDeleted
	case version != 0 && version != held.version:
		return nil, veranda.ErrVersion
	}
	return held, nil
}

// rewrite keeps what a message said, and stores what it says now.
func (s *Service) rewrite(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, in EditInput, held *heldMessage, links []string) error {
	to, err := readAudience(ctx, tx, in.Org, in.Conversation)
	if err != nil {
		return err
	}
	var c veranda.Checks
	to.mentioned(&c, in.Text)
	if err := c.Err(); err != nil {
		return err
	}
	db := tx.DB()
	if err := tx.Defer(ctx, insertRevision, in.Org, in.Conversation, in.Number, held.version, held.body, asJSON(held.links), db.Time(held.written)); err != nil {
		return fmt.Errorf("messaging: keep what a message said: %w", err)
	}
	if err := tx.Defer(ctx, updateMessage, in.Org, in.Conversation, in.Number, in.Text, asJSON(links), db.Time(db.Now())); err != nil {
		return fmt.Errorf("messaging: store a message: %w", err)
	}
	if err := tx.Defer(ctx, deleteWords, in.Org, in.Conversation, in.Number); err != nil {
		return fmt.Errorf("messaging: store words: %w", err)
	}
	if err := s.index(ctx, tx, in.Org, in.Conversation, in.Number, in.Text); err != nil {
		return err
	}
	m, err := message(ctx, tx, in.Org, standing.Account, in.Conversation, 0, in.Number)
	if err != nil {
		return err
	}
	emitMessage(tx, standing, EventMessageEdited, m, to.ids)
	return nil
}

// Delete deletes a message for everybody, with its history, links and files. Its number stays, saying that something was
// taken back.
//
// Permission: message.delete, as shipped for one's own, taking part. Errors: not_found, forbidden, version,
// messaging.deleted. Event: EventMessageDeleted.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in DeleteInput) error {
	standing, found, err := s.atMessage(ctx, by, in.Org, in.Conversation, in.Number, PermDelete)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := s.holdMessage(ctx, tx, in.Org, in.Conversation, in.Number, in.Version); err != nil {
			return err
		}
		to, err := readAudience(ctx, tx, in.Org, in.Conversation)
		if err != nil {
			return err
		}
		m, err := message(ctx, tx, in.Org, standing.Account, in.Conversation, 0, in.Number)
		if err != nil {
			return err
		}
		for _, erase := range []struct {
			text string
			args []any
		}{
			{eraseMessage, []any{in.Org, in.Conversation, in.Number, tx.DB().Time(tx.DB().Now())}},
			{eraseRevisions, []any{in.Org, in.Conversation, in.Number}},
			{deleteWords, []any{in.Org, in.Conversation, in.Number}},
			{skipDeleted, []any{in.Org, in.Conversation, in.Number, found.author}},
		} {
			if err := tx.Defer(ctx, erase.text, erase.args...); err != nil {
				return fmt.Errorf("messaging: delete a message: %w", err)
			}
		}
		if s.files != nil {
			if err := s.files.DetachAll(ctx, tx, in.Org, holderKind, m.ID.String()); err != nil {
				return err
			}
		}
		m.Version++
		emitMessage(tx, standing, EventMessageDeleted, m, to.ids)
		return nil
	})
}

// HideMessage deletes a message for the caller alone; the others keep it. Doing so twice is no error.
//
// Permission: message.read, taking part. Errors: not_found. Event: EventMessageHidden.
func (s *Service) HideMessage(ctx context.Context, by veranda.Actor, in MessageInput) error {
	standing, found, err := s.atMessage(ctx, by, in.Org, in.Conversation, in.Number, PermRead)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := s.lock(ctx, tx, in.Org, in.Conversation); err != nil {
			return err
		}
		m, err := message(ctx, tx, in.Org, standing.Account, in.Conversation, found.fromN, in.Number)
		if err != nil {
			return err
		}
		args := []any{in.Org, in.Conversation, standing.Account, in.Number}
		hidden, err := tx.Exec(ctx, hideMessage, args...)
		if veranda.IsForeignKey(err) { // they have just left
			return veranda.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("messaging: hide a message: %w", err)
		}
		if hidden == 0 {
			return nil
		}
		if err := tx.Defer(ctx, skipHidden, args...); err != nil {
			return fmt.Errorf("messaging: hide a message: %w", err)
		}
		emitMessage(tx, standing, EventMessageHidden, m, []veranda.AccountID{standing.Account})
		return nil
	})
}
