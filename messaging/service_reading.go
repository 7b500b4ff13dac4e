package messaging

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// fewPeople is up to how many people a conversation has for its read marks to go to all of them as they happen: each of a
// thousand telling the other thousand would be a million notes of one message. In greater ones People tells.
const fewPeople = 20

// MarkRead says that the caller has read up to a message: the number of the last one the client showed, not of the last
// there is. Marking less than before changes nothing; MarkUnread does that.
//
// Permission: message.read, taking part. Errors: not_found; invalid at /number beyond the last message. Event:
// EventReadMarked, to the caller, and in a conversation of at most 20 people to all where both share their receipts.
func (s *Service) MarkRead(ctx context.Context, by veranda.Actor, in MarkReadInput) (*ReadState, error) {
	return s.mark(ctx, by, in, markRead, in.Number)
}

// MarkUnread says that the caller has not read from a message on.
//
// Permission: message.read, taking part. Errors: not_found; invalid at /number beyond the last message. Event:
// EventReadMarked, to the caller alone.
func (s *Service) MarkUnread(ctx context.Context, by veranda.Actor, in MarkUnreadInput) (*ReadState, error) {
	return s.mark(ctx, by, in, markUnread, in.Number-1)
}

func (s *Service) mark(ctx context.Context, by veranda.Actor, in MarkReadInput, text string, pointer int64) (*ReadState, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, found, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	if err != nil {
		return nil, err
	}
	state := &ReadState{Conversation: in.Conversation}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		held, err := s.lock(ctx, tx, in.Org, in.Conversation)
		if err != nil {
			return err
		}
		if in.Number > held.lastN {
			var c veranda.Checks
			c.Add("/number", "range", "is beyond the last message")
			return c.Err()
		}
		if text == markUnread {
			pointer = max(pointer, found.fromN)
		}
		moved, err := tx.Exec(ctx, text, in.Org, in.Conversation, standing.Account, pointer)
		if err != nil {
			return fmt.Errorf("messaging: mark what is read: %w", err)
		}
		there, err := one(ctx, tx, readState, []any{in.Org, in.Conversation, standing.Account}, &state.LastNumber, &state.ReadNumber, &state.Unread)
		if err != nil || !there {
			return gone(err)
		}
		if moved == 0 {
			return nil
		}
		to := []veranda.AccountID{standing.Account}
		if text == markRead && held.people <= fewPeople {
			if to, err = s.seeReceipts(ctx, tx, standing, in.Conversation); err != nil {
				return err
			}
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Kind: EventReadMarked, Subject: in.Conversation.String(), To: to, By: standing.Account,
			Data: veranda.MarshalData(ReadData{Conversation: in.Conversation, Account: standing.Account, Number: state.ReadNumber}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return state, nil
}

// seeReceipts are who may know how far somebody has read, that person included.
func (s *Service) seeReceipts(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, id ID) ([]veranda.AccountID, error) {
	alone := []veranda.AccountID{standing.Account}
	mine, err := receipts(ctx, tx, standing.Org, standing.Account)
	if err != nil || !mine {
		return alone, err
	}
	to := alone
	err = each(ctx, tx, listPeople, []any{standing.Org, id, veranda.AccountID{}, fewPeople}, func(rows *sql.Rows) error {
		var p Participant
		var read int64
		var theirs bool
		err := rows.Scan(&p.ID, &p.Name, veranda.Moment(&p.JoinedAt), &read, veranda.Optional(&p.Active), veranda.Optional(&theirs))
		if theirs && p.Active && p.ID != standing.Account {
			to = append(to, p.ID)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: read who sees receipts: %w", err)
	}
	return to, nil
}

// Unread tells how much the caller has unread in an organization, in all and in each conversation. It is one read of the
// caller's own rows, however many messages there are.
//
// Permission: message.read. Errors: not_found for an organization the caller does not belong to.
func (s *Service) Unread(ctx context.Context, by veranda.Actor, in UnreadInput) (*UnreadCounts, error) {
	standing, err := s.inOrganization(ctx, by, in.Org, PermRead)
	if err != nil {
		return nil, err
	}
	counts := &UnreadCounts{Org: in.Org, Items: []UnreadConversation{}}
	err = each(ctx, s.conn, unreadInOrganization, []any{in.Org, standing.Account}, func(rows *sql.Rows) error {
		var u UnreadConversation
		err := rows.Scan(&u.Conversation, &u.Unread, veranda.Optional(&u.Muted))
		counts.Items = append(counts.Items, u)
		if !u.Muted {
			counts.Messages += u.Unread
			counts.Conversations++
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: count what is unread: %w", err)
	}
	return counts, nil
}

// UnreadEverywhere tells how much the caller has unread in all organizations they belong to. It is one read.
//
// Permission: account.read_own, tenancy's.
func (s *Service) UnreadEverywhere(ctx context.Context, by veranda.Actor, _ UnreadEverywhereInput) (*UnreadEverywhere, error) {
	standing, err := s.authz.Account(ctx, s.conn, by)
	if err != nil {
		return nil, err
	}
	if standing, err = s.person(standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: tenancy.PermAccountRead})); err != nil {
		return nil, err
	}
	counts := &UnreadEverywhere{Items: []UnreadOrganization{}}
	err = each(ctx, s.conn, unreadEverywhere, []any{standing.Account}, func(rows *sql.Rows) error {
		var u UnreadOrganization
		err := rows.Scan(&u.Org, &u.Messages, &u.Conversations)
		counts.Items = append(counts.Items, u)
		counts.Messages += u.Messages
		counts.Conversations += u.Conversations
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: count what is unread: %w", err)
	}
	return counts, nil
}

// UnreadOf tells how much each of many people has unread in an organization, in one read; who has nothing is left out. It is
// for the program itself, which shows each person their own number: it asks for no permission.
func (s *Service) UnreadOf(ctx context.Context, org veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]Unread, error) {
	counts := make(map[veranda.AccountID]Unread, len(accounts))
	if len(accounts) == 0 {
		return counts, nil
	}
	err := each(ctx, s.conn, s.texts.unreadOf, []any{org, idList(s.conn.DB(), accounts)}, func(rows *sql.Rows) error {
		var id veranda.AccountID
		var u Unread
		err := rows.Scan(&id, &u.Messages, &u.Conversations)
		counts[id] = u
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("messaging: count what is unread: %w", err)
	}
	return counts, nil
}

// receipts tells whether somebody shares how far they have read.
func receipts(ctx context.Context, q queryer, org veranda.OrgID, account veranda.AccountID) (bool, error) {
	on := true
	if _, err := one(ctx, q, readPreferences, []any{org, account}, veranda.Optional(&on)); err != nil {
		return false, fmt.Errorf("messaging: read preferences: %w", err)
	}
	return on, nil
}

// Preferences are what the caller chose about messages in an organization.
//
// Permission: message.read.
func (s *Service) Preferences(ctx context.Context, by veranda.Actor, in PreferencesInput) (*Preferences, error) {
	standing, err := s.inOrganization(ctx, by, in.Org, PermRead)
	if err != nil {
		return nil, err
	}
	on, err := receipts(ctx, s.conn, in.Org, standing.Account)
	return &Preferences{Receipts: on}, err
}

// SetPreferences chooses anew.
//
// Permission: message.read. Event: EventPreferencesChanged.
func (s *Service) SetPreferences(ctx context.Context, by veranda.Actor, in SetPreferencesInput) (*Preferences, error) {
	standing, err := s.inOrganization(ctx, by, in.Org, PermRead)
	if err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := tx.Exec(ctx, setPreferences, in.Org, standing.Account, in.Receipts); err != nil {
			return fmt.Errorf("messaging: store preferences: %w", err)
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Kind: EventPreferencesChanged, Subject: standing.Account.String(), To: []veranda.AccountID{standing.Account}, By: standing.Account,
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &Preferences{Receipts: in.Receipts}, nil
}
