package messaging

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// SaveDraft keeps what the caller has begun to write in a conversation, in the place of what they had. Sending clears it.
// No event tells of drafts.
//
// Permission: message.send, taking part. Errors: not_found, forbidden, version, invalid at /text and /links.
func (s *Service) SaveDraft(ctx context.Context, by veranda.Actor, in SaveDraftInput) (*Draft, error) {
	var c veranda.Checks
	in.DraftContent.validate(&c)
	if err := c.Err(); err != nil {
		return nil, err
	}
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermSend)
	if err != nil {
		return nil, err
	}
	var saved *Draft
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		db := tx.DB()
		if in.Version != 0 {
			if _, err := draft(ctx, tx, readConversationDraft, in.Org, standing.Account, in.Conversation); err != nil {
				return versionOf(err)
			}
		}
		content := NewDraftContent{DraftContent: in.DraftContent}
		args := append([]any{in.Org, standing.Account, veranda.NewID[draftKind](), in.Conversation}, content.columns(db, db.Now())...)
		n, err := tx.Exec(ctx, saveDraft, append(args, in.Version)...)
		switch {
		case veranda.IsForeignKey(err): // they have just left
			return veranda.ErrNotFound
		case err != nil:
			return fmt.Errorf("messaging: store a draft: %w", err)
		case n == 0:
			return veranda.ErrVersion
		}
		saved, err = draft(ctx, tx, readConversationDraft, in.Org, standing.Account, in.Conversation)
		return err
	})
	return saved, err
}

// versionOf is the answer to a version of a draft that is gone.
func versionOf(err error) error {
	if veranda.CodeOf(err) == veranda.CodeNotFound {
		return veranda.ErrVersion
	}
	return err
}

// ConversationDraft reads what the caller has begun to write in a conversation.
//
// Permission: message.send, taking part. Errors: not_found, also where there is nothing; forbidden.
func (s *Service) ConversationDraft(ctx context.Context, by veranda.Actor, in ConversationDraftInput) (*Draft, error) {
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermSend)
	if err != nil {
		return nil, err
	}
	return draft(ctx, s.conn, readConversationDraft, in.Org, standing.Account, in.Conversation)
}

// DeleteConversationDraft throws it away. Where there is none nothing happens.
//
// Permission: message.send, taking part. Errors: not_found, forbidden.
func (s *Service) DeleteConversationDraft(ctx context.Context, by veranda.Actor, in ConversationDraftInput) error {
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermSend)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, deleteConversationDraft, in.Org, standing.Account, in.Conversation)
		return err
	})
}

// ErrDrafts refuses more drafts than anybody finds again.
var ErrDrafts = veranda.NewError(veranda.CodeConflict, "messaging.drafts", "You have begun to start 100 conversations; finish or delete some first.")

// CreateDraft keeps the beginning of a conversation yet to be started.
//
// Permission: message.start in the organization, and in the workspace where one is named. Errors: not_found for a workspace
// the caller may not see, forbidden, invalid at each field, messaging.drafts.
func (s *Service) CreateDraft(ctx context.Context, by veranda.Actor, in CreateDraftInput) (*Draft, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.mayStart(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	if _, err := s.reachable(ctx, standing, "/recipients", in.Recipients); err != nil {
		return nil, err
	}
	var made *Draft
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var there int64
		if _, err := one(ctx, tx, countDrafts, []any{in.Org, standing.Account}, &there); err != nil {
			return fmt.Errorf("messaging: count drafts: %w", err)
		}
		if there >= maxDrafts {
			return ErrDrafts
		}
		id, db := veranda.NewID[draftKind](), tx.DB()
		if _, err := tx.Exec(ctx, insertDraft, append([]any{in.Org, standing.Account, id, nil}, in.columns(db, db.Now())...)...); err != nil {
			return fmt.Errorf("messaging: store a draft: %w", err)
		}
		made, err = draft(ctx, tx, readDraft, in.Org, standing.Account, id)
		return err
	})
	return made, err
}

// UpdateDraft keeps another state of it.
//
// Permission: message.start, as CreateDraft asks it. Errors: not_found, forbidden, version, invalid at each field.
func (s *Service) UpdateDraft(ctx context.Context, by veranda.Actor, in UpdateDraftInput) (*Draft, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.mayStart(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	if _, err := draft(ctx, s.conn, readDraft, in.Org, standing.Account, in.Draft); err != nil {
		return nil, err
	}
	if _, err := s.reachable(ctx, standing, "/recipients", in.Recipients); err != nil {
		return nil, err
	}
	var updated *Draft
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var version int64
		found, err := one(ctx, tx, s.texts.lockDraft, []any{in.Org, standing.Account, in.Draft}, &version)
		if err != nil || !found {
			return gone(err)
		}
		if in.Version != 0 && in.Version != version {
			return veranda.ErrVersion
		}
		db := tx.DB()
		if _, err := tx.Exec(ctx, updateDraft, append([]any{in.Org, standing.Account, in.Draft}, in.columns(db, db.Now())...)...); err != nil {
			return fmt.Errorf("messaging: store a draft: %w", err)
		}
		updated, err = draft(ctx, tx, readDraft, in.Org, standing.Account, in.Draft)
		return err
	})
	return updated, err
}

// GetDraft reads a draft of the caller's.
//
// Permission: message.read. Errors: not_found.
func (s *Service) GetDraft(ctx context.Context, by veranda.Actor, in DraftInput) (*Draft, error) {
	standing, err := s.inOrganization(ctx, by, in.Org, PermRead)
	if err != nil {
		return nil, err
	}
	return draft(ctx, s.conn, readDraft, in.Org, standing.Account, in.Draft)
}

// DeleteDraft throws a draft of the caller's away.
//
// Permission: message.read. Errors: not_found.
func (s *Service) DeleteDraft(ctx context.Context, by veranda.Actor, in DraftInput) error {
	standing, err := s.inOrganization(ctx, by, in.Org, PermRead)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, deleteDraft, in.Org, standing.Account, in.Draft)
		if err != nil || n == 0 {
			return gone(err)
		}
		return nil
	})
}

// ListDrafts lists the caller's drafts, in conversations and of those yet to be started, that changed last first.
//
// Permission: message.read. Errors: invalid for a malformed cursor.
func (s *Service) ListDrafts(ctx context.Context, by veranda.Actor, in ListDraftsInput) (veranda.List[Draft], error) {
	none := veranda.List[Draft]{}
	var c veranda.Checks
	size, before, id := in.Size(&c), farFuture, DraftID{}
	if position := in.Position(&c, draftList, 2); position != nil {
		at, bad := strconv.ParseInt(position[0], 10, 64)
		if bad != nil || id.UnmarshalText([]byte(position[1])) != nil || at < 0 || at > farFuture.UnixMicro() {
			badCursor(&c)
		}
		before = time.UnixMicro(at).UTC()
	}
	if err := c.Err(); err != nil {
		return none, err
	}
	standing, err := s.inOrganization(ctx, by, in.Org, PermRead)
	if err != nil {
		return none, err
	}
	items, err := drafts(ctx, s.conn, listDrafts, in.Org, standing.Account, s.conn.DB().Time(before), id, size+1)
	if err != nil {
		return none, err
	}
	return cut(items, size, func(last Draft) string {
		return veranda.EncodeCursor(draftList, strconv.FormatInt(micros(last.UpdatedAt), 10), last.ID.String())
	}), nil
}
