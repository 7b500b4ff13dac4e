package messaging

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Start starts a conversation with people the caller sees, and says the first thing in it. With one person and no subject
// it goes on where the two were: there is one such conversation for two people, and none is made twice. A workspace stands
// for its members at the moment; who joins it later is not added. What is said can be nothing but a subject.
//
// Permission: message.start in the organization, and in the workspace where one is named. Limits: "conversations" (unless
// there is one already) and "messages". Errors: not_found for a workspace the caller may not see; invalid at /recipients,
// /subject, /text, /links, /files; forbidden; messaging.no_author. Events: EventConversationStarted, EventMessageSent.
func (s *Service) Start(ctx context.Context, by veranda.Actor, in StartInput) (*Conversation, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.mayStart(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	people, err := s.invited(ctx, standing, in)
	if err != nil {
		return nil, err
	}
	direct := len(people) == 1 && in.Subject == "" && in.Workspace.IsZero()
	var started *Conversation
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		id, err := s.open(ctx, tx, standing, in.Subject, people, direct)
		if err != nil {
			return err
		}
		if _, err := s.say(ctx, tx, standing, id, 0, in.Content); err != nil {
			return err
		}
		if started, err = conversation(ctx, tx, in.Org, standing.Account, id); err != nil || started.Last == nil {
			return err
		}
		return s.withFiles(ctx, s.conn.Bind(tx), in.Org, started.Last)
	})
	return started, err
}

// mayStart reads the standing of who starts a conversation, with the members of a workspace where one is named.
func (s *Service) mayStart(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.texts.workspace, by, org, []any{workspace})
	if err != nil {
		return nil, err
	}
	ask := veranda.Ask{Permission: PermStart, Missing: org.IsZero(), InWorkspace: !workspace.IsZero(), See: PermRead}
	return s.person(standing, s.authz.Decide(ctx, s.conn, standing, ask))
}

// invited are all recipients of a new conversation, without the caller.
func (s *Service) invited(ctx context.Context, standing *veranda.Standing, in StartInput) ([]veranda.AccountID, error) {
	people, err := s.reachable(ctx, standing, "/recipients", in.Recipients)
	if err != nil {
		return nil, err
	}
	var c veranda.Checks
	if !in.Workspace.IsZero() {
		members, err := accounts(ctx, s.conn, workspaceMembers, in.Org, in.Workspace, MaxPeople+1)
		if err != nil {
			return nil, err
		}
		for _, id := range members {
			if id != standing.Account {
				people = append(people, id)
			}
		}
		people = unique(people)
	}
	switch {
	case len(people) == 0 && !in.Workspace.IsZero():
		c.Add("/workspace_id", "required", "must be a workspace with others in it")
	case len(people) == 0:
		c.Add("/recipients", "required", "must name somebody else")
	case len(people) > MaxPeople-1 && !in.Workspace.IsZero():
		c.Add("/workspace_id", "too_many", "must be at most 1,000 people together")
	}
	return people, c.Err()
}

// open makes a conversation, or finds the one of two people.
func (s *Service) open(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, subject string, people []veranda.AccountID, direct bool) (ID, error) {
	org := standing.Org
	var pair any
	kind := KindGroup
	if direct {
		two := unique([]veranda.AccountID{standing.Account, people[0]})
		kind, pair = KindDirect, two[0].String()+" "+two[1].String()
		var there ID
		if found, err := one(ctx, tx, findPair, []any{org, pair}, &there); err != nil || found {
			return there, err
		}
	}
	if err := s.limits.Allow(ctx, tx, org, "conversations", 1); err != nil {
		return ID{}, err
	}
	id, now := veranda.NewID[conversationKind](), tx.DB().Time(tx.DB().Now())
	all := append([]veranda.AccountID{standing.Account}, people...)
	made, err := tx.Exec(ctx, insertConversation, org, id, kind, pair, subject, standing.Account, now, len(all))
	if err != nil {
		return ID{}, fmt.Errorf("messaging: store a conversation: %w", err)
	}
	if made == 0 { // the other has just started it
		_, err := one(ctx, tx, findPair, []any{org, pair}, &id)
		return id, err
	}
	if _, err := tx.Exec(ctx, s.texts.insertPeople, org, id, idList(tx.DB(), all), now, 0); err != nil {
		return ID{}, fmt.Errorf("messaging: store who takes part: %w", err)
	}
	tx.Emit(veranda.Event{
		Org: org, Kind: EventConversationStarted, Subject: id.String(), To: all, By: standing.Account,
		Data: veranda.MarshalData(ConversationData{Conversation: id}),
	})
	return id, nil
}
