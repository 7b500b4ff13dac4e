package messaging

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// People lists who takes part in a conversation, and how far each has read, where they and the caller share that.
//
// Permission: message.read, taking part. Errors: not_found; invalid for a malformed cursor.
func (s *Service) People(ctx context.Context, by veranda.Actor, in ListPeopleInput) (veranda.List[Participant], error) {
	none := veranda.List[Participant]{}
	size, after, err := in.validate()
	if err != nil {
		return none, err
	}
	standing, _, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	if err != nil {
		return none, err
	}
	mine, err := receipts(ctx, s.conn, in.Org, standing.Account)
	if err != nil {
		return none, err
	}
	var items []Participant
	err = each(ctx, s.conn, listPeople, []any{in.Org, in.Conversation, after, size + 1}, func(rows *sql.Rows) error {
		var p Participant
		var read int64
		var theirs bool
		err := rows.Scan(&p.ID, &p.Name, veranda.Moment(&p.JoinedAt), &read, veranda.Optional(&p.Active), veranda.Optional(&theirs))
		if mine && theirs || p.ID == standing.Account {
			p.ReadNumber = &read
		}
		items = append(items, p)
		return err
	})
	if err != nil {
		return none, fmt.Errorf("messaging: list who takes part: %w", err)
	}
	return cut(items, size, func(last Participant) string { return veranda.EncodeCursor(peopleList, last.ID.String()) }), nil
}

// Add adds people the caller sees to a group. They read what is said from then on. Who takes part already is left as they
// are.
//
// Permission: message.manage, taking part. Errors: not_found, forbidden, invalid at /accounts, messaging.direct. Event:
// EventParticipantAdded, one for all.
func (s *Service) Add(ctx context.Context, by veranda.Actor, in AddPeopleInput) (*Conversation, error) {
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
	wanted, err := s.reachable(ctx, standing, "/accounts", in.Accounts)
	if err != nil {
		return nil, err
	}
	var after *Conversation
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.admit(ctx, tx, standing, in.Conversation, wanted); err != nil {
			return err
		}
		after, err = s.conversation(ctx, s.conn.Bind(tx), standing, in.Conversation)
		return err
	})
	return after, err
}

// admit adds those of the wanted who do not take part yet.
func (s *Service) admit(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, id ID, wanted []veranda.AccountID) error {
	org := standing.Org
	held, err := s.lock(ctx, tx, org, id)
	if err != nil {
		return err
	}
	there, err := accounts(ctx, tx, takingPart, org, id)
	if err != nil {
		return err
	}
	if !slices.Contains(there, standing.Account) { // they have just left
		return veranda.ErrNotFound
	}
	added := slices.DeleteFunc(slices.Clone(wanted), func(a veranda.AccountID) bool { return slices.Contains(there, a) })
	if len(added) == 0 {
		return nil
	}
	if len(there)+len(added) > MaxPeople {
		var c veranda.Checks
		c.Add("/accounts", "too_many", "must be at most 1,000 people together")
		return c.Err()
	}
	if _, err := tx.Exec(ctx, s.texts.insertPeople, org, id, idList(tx.DB(), added), tx.DB().Time(tx.DB().Now()), held.lastN); err != nil {
		return fmt.Errorf("messaging: store who takes part: %w", err)
	}
	if err := tx.Defer(ctx, countPeople, org, id, len(added)); err != nil {
		return fmt.Errorf("messaging: count who takes part: %w", err)
	}
	to, err := readAudience(ctx, tx, org, id)
	if err != nil {
		return err
	}
	tx.Emit(veranda.Event{
		Org: org, Kind: EventParticipantAdded, Subject: id.String(), To: to.ids, By: standing.Account,
		Data: veranda.MarshalData(ParticipantData{Conversation: id, Accounts: added}),
	})
	return nil
}

// Leave takes the caller out of a group: they read nothing of it any more. Added again, they read from then on.
//
// Permission: message.read, taking part. Errors: not_found, messaging.direct. Event: EventParticipantLeft.
func (s *Service) Leave(ctx context.Context, by veranda.Actor, in LeaveInput) error {
	standing, found, err := s.inConversation(ctx, by, in.Org, in.Conversation, PermRead)
	if err != nil {
		return err
	}
	if err := found.isGroup(); err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := s.lock(ctx, tx, in.Org, in.Conversation); err != nil {
			return err
		}
		to, err := readAudience(ctx, tx, in.Org, in.Conversation)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, deletePerson, in.Org, in.Conversation, standing.Account)
		if err != nil || n == 0 {
			return gone(err)
		}
		if err := tx.Defer(ctx, countPeople, in.Org, in.Conversation, -1); err != nil {
			return fmt.Errorf("messaging: count who takes part: %w", err)
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Kind: EventParticipantLeft, Subject: in.Conversation.String(), To: to.ids, By: standing.Account,
			Data: veranda.MarshalData(ParticipantData{Conversation: in.Conversation, Accounts: []veranda.AccountID{standing.Account}}),
		})
		return nil
	})
}
