package messaging

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/veranda-go/veranda"
)

// Get reads a conversation.
//
// Permission: message.read, taking part. Errors: not_found.
func (s *Service) Get(ctx context.Context, by veranda.Actor, in GetConversationInput) (*Conversation, error) {
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	if err != nil {
		return nil, err
	}
	return s.conversation(ctx, s.conn, standing, in.Conversation)
}

// conversation is one as the caller sees it, with the files of its last message.
func (s *Service) conversation(ctx context.Context, conn veranda.Conn, standing *veranda.Standing, id ID) (*Conversation, error) {
	found, err := conversation(ctx, conn, standing.Org, standing.Account, id)
	if err != nil || found.Last == nil {
		return found, err
	}
	return found, s.withFiles(ctx, conn, standing.Org, found.Last)
}

// List lists the conversations the caller takes part in, that with the latest message first. One that the caller deleted for
// themselves is not in it until there is a later message, one that is put away only where archived ones are asked for.
//
// Permission: message.read. Errors: not_found for an organization the caller does not belong to; invalid for a malformed
// cursor.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[Conversation], error) {
	none := veranda.List[Conversation]{}
	size, before, id, err := in.validate()
	if err != nil {
		return none, err
	}
	standing, err := s.inOrganization(ctx, by, in.Org, PermRead)
	if err != nil {
		return none, err
	}
	var items []Conversation
	err = each(ctx, s.conn, listConversations, []any{
		in.Org, standing.Account, s.conn.DB().Time(before), id, truth(in.Unread), truth(in.Archived), truth(in.Pinned), size + 1,
	}, func(rows *sql.Rows) error {
		c, err := scanConversation(rows, in.Org)
		items = append(items, c)
		return err
	})
	if err != nil {
		return none, fmt.Errorf("messaging: list conversations: %w", err)
	}
	page := cut(items, size, func(last Conversation) string {
		return veranda.EncodeCursor(conversationList, strconv.FormatInt(micros(last.LastAt), 10), last.ID.String())
	})
	var lasts []*Message
	for _, c := range page.Items {
		if c.Last != nil {
			lasts = append(lasts, c.Last)
		}
	}
	return page, s.withFiles(ctx, s.conn, in.Org, lasts...)
}

// Rename gives a group another subject, or none.
//
// Permission: message.manage, taking part. Errors: not_found, forbidden, version, invalid at /subject, messaging.direct.
// Event: EventConversationRenamed.
func (s *Service) Rename(ctx context.Context, by veranda.Actor, in RenameInput) (*Conversation, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, found, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermManage)
	if err != nil {
		return nil, err
	}
	if err := found.isGroup(); err != nil {
		return nil, err
	}
	var renamed *Conversation
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		held, err := s.lock(ctx, tx, in.Org, in.Conversation)
		if err != nil {
			return err
		}
		if in.Version != 0 && in.Version != held.version {
			return veranda.ErrVersion
		}
		if err := tx.Defer(ctx, renameConversation, in.Org, in.Conversation, in.Subject); err != nil {
			return fmt.Errorf("messaging: rename a conversation: %w", err)
		}
		to, err := readAudience(ctx, tx, in.Org, in.Conversation)
		if err != nil {
			return err
		}
		emitConversation(tx, standing, EventConversationRenamed, in.Conversation, to.ids)
		renamed, err = s.conversation(ctx, s.conn.Bind(tx), standing, in.Conversation)
		return err
	})
	return renamed, err
}

func emitConversation(tx *veranda.Tx, standing *veranda.Standing, kind string, id ID, to []veranda.AccountID) {
	tx.Emit(veranda.Event{
		Org: standing.Org, Kind: kind, Subject: id.String(), To: to, By: standing.Account, Data: veranda.MarshalData(ConversationData{Conversation: id}),
	})
}

// Arrange mutes, pins or puts away a conversation for the caller alone.
//
// Permission: message.read, taking part. Errors: not_found. Event: EventConversationArranged.
func (s *Service) Arrange(ctx context.Context, by veranda.Actor, in ArrangeInput) (*Conversation, error) {
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	if err != nil {
		return nil, err
	}
	var arranged *Conversation
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		held, err := s.lock(ctx, tx, in.Org, in.Conversation)
		if err != nil {
			return err
		}
		var archivedN any
		if in.Archived != nil {
			archivedN = int64(-1)
			if *in.Archived {
				archivedN = held.lastN
			}
		}
		if in.Muted != nil || in.Pinned != nil || in.Archived != nil {
			if err := tx.Defer(ctx, arrangeConversation, in.Org, in.Conversation, standing.Account, optional(in.Muted), optional(in.Pinned), archivedN); err != nil {
				return fmt.Errorf("messaging: arrange a conversation: %w", err)
			}
			emitConversation(tx, standing, EventConversationArranged, in.Conversation, []veranda.AccountID{standing.Account})
		}
		arranged, err = s.conversation(ctx, s.conn.Bind(tx), standing, in.Conversation)
		return err
	})
	return arranged, err
}

// optional is a truth as a placeholder's argument, NULL where there is none.
func optional(value *bool) any {
	if value == nil {
		return nil
	}
	return *value
}

// Hide deletes a conversation for the caller alone: it is gone from their list with all that was said. They still take part,
// and the next message brings it back without what was before.
//
// Permission: message.read, taking part. Errors: not_found. Event: EventConversationHidden.
func (s *Service) Hide(ctx context.Context, by veranda.Actor, in HideConversationInput) error {
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		held, err := s.lock(ctx, tx, in.Org, in.Conversation)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, hideConversation, in.Org, in.Conversation, standing.Account, held.lastN)
		if err != nil || n == 0 {
			return gone(err)
		}
		emitConversation(tx, standing, EventConversationHidden, in.Conversation, []veranda.AccountID{standing.Account})
		return nil
	})
}
