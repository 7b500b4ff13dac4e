package stream

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// React adds the caller's reaction to a status and gives all reactions back. Adding it again changes nothing.
//
// Permission: status.react in the status's workspace. Errors: not_found, forbidden, invalid at /reaction,
// stream.no_author for background jobs. Event, when something changed: EventReactionAdded.
func (s *Service) React(ctx context.Context, by veranda.Actor, in ReactInput) (*Reactions, error) {
	return s.onStatus(ctx, by, in, s.add)
}

// Unreact takes the caller's reaction to a status back and gives all reactions back. Where there is none, nothing changes.
//
// Permission and errors are React's. Event, when something changed: EventReactionRemoved.
func (s *Service) Unreact(ctx context.Context, by veranda.Actor, in ReactInput) (*Reactions, error) {
	return s.onStatus(ctx, by, in, s.remove)
}

// ReactToComment is React for a comment.
//
// Permission, errors and event are React's.
func (s *Service) ReactToComment(ctx context.Context, by veranda.Actor, in ReactToCommentInput) (*Reactions, error) {
	return s.onComment(ctx, by, in, s.add)
}

// UnreactToComment is Unreact for a comment.
//
// Permission, errors and event are Unreact's.
func (s *Service) UnreactToComment(ctx context.Context, by veranda.Actor, in ReactToCommentInput) (*Reactions, error) {
	return s.onComment(ctx, by, in, s.remove)
}

// ListReactions lists who reacted to a status and how, by person.
//
// Permission: status.read in the status's workspace. Errors: not_found; invalid for a malformed cursor.
func (s *Service) ListReactions(ctx context.Context, by veranda.Actor, in ListReactionsInput) (veranda.List[Reactor], error) {
	size, after, err := reactionPage(in.Page)
	if err != nil {
		return veranda.List[Reactor]{}, err
	}
	_, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermRead)
	if err != nil {
		return veranda.List[Reactor]{}, err
	}
	return s.reactors(ctx, toStatus(in.Org, in.Status, author), size, after)
}

// ListCommentReactions lists who reacted to a comment and how, by person.
//
// Permission: status.read in the status's workspace. Errors: not_found; invalid for a malformed cursor.
func (s *Service) ListCommentReactions(ctx context.Context, by veranda.Actor, in ListCommentReactionsInput) (veranda.List[Reactor], error) {
	size, after, err := reactionPage(in.Page)
	if err != nil {
		return veranda.List[Reactor]{}, err
	}
	_, data, err := s.readComment(ctx, by, in.Org, in.Status, in.Comment, PermRead)
	if err != nil {
		return veranda.List[Reactor]{}, err
	}
	return s.reactors(ctx, toComment(in.Org, in.Status, in.Comment, data.Author), size, after)
}

func (s *Service) reactors(ctx context.Context, to reactedTo, size int, after reactionPosition) (veranda.List[Reactor], error) {
	found, err := to.reactors(ctx, s.conn, after, size+1)
	if err != nil {
		return veranda.List[Reactor]{}, err
	}
	return cut(found, size, func(last Reactor) string {
		return veranda.EncodeCursor(reactionList, last.Person.ID.String(), string(last.Reaction))
	}), nil
}

// change adds or removes a reaction of somebody who may do that.
type change func(ctx context.Context, standing *veranda.Standing, to reactedTo, reaction Reaction) (*Reactions, error)

func (s *Service) onStatus(ctx context.Context, by veranda.Actor, in ReactInput, do change) (*Reactions, error) {
	if err := in.Reaction.validate(); err != nil {
		return nil, err
	}
	standing, author, err := s.readStatus(ctx, by, in.Org, in.Status, PermReact)
	if err != nil {
		return nil, err
	}
	return do(ctx, standing, toStatus(in.Org, in.Status, author), in.Reaction)
}

func (s *Service) onComment(ctx context.Context, by veranda.Actor, in ReactToCommentInput, do change) (*Reactions, error) {
	if err := in.Reaction.validate(); err != nil {
		return nil, err
	}
	standing, data, err := s.readComment(ctx, by, in.Org, in.Status, in.Comment, PermReact)
	if err != nil {
		return nil, err
	}
	return do(ctx, standing, toComment(in.Org, in.Status, in.Comment, data.Author), in.Reaction)
}

// add stores a reaction. The row's key lets one of two equal calls at once store it, and only that one counts.
func (s *Service) add(ctx context.Context, standing *veranda.Standing, to reactedTo, reaction Reaction) (*Reactions, error) {
	return s.toggle(ctx, standing, to, reaction, EventReactionAdded, 1, func(ctx context.Context, tx *veranda.Tx) (int64, error) {
		return tx.Exec(ctx, to.texts.insert, to.arguments(standing.Account, reaction, tx.DB().Time(tx.DB().Now()))...)
	})
}

// remove deletes a reaction; of two equal calls at once one deletes it, and only that one counts.
func (s *Service) remove(ctx context.Context, standing *veranda.Standing, to reactedTo, reaction Reaction) (*Reactions, error) {
	return s.toggle(ctx, standing, to, reaction, EventReactionRemoved, -1, func(ctx context.Context, tx *veranda.Tx) (int64, error) {
		return tx.Exec(ctx, to.texts.remove, to.arguments(standing.Account, reaction)...)
	})
}

// toggle writes, and when that changed a row, counts it and emits the event.
func (s *Service) toggle(
	ctx context.Context, standing *veranda.Standing, to reactedTo, reaction Reaction, kind string, add int64,
	write func(ctx context.Context, tx *veranda.Tx) (int64, error),
) (*Reactions, error) {
	if standing.Account.IsZero() {
		return nil, ErrNoAuthor
	}
	var reactions *Reactions
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		changed, err := write(ctx, tx)
		switch {
		case veranda.IsForeignKey(err): // what is reacted to was deleted since it was read
			return veranda.ErrNotFound
		case err != nil:
			return fmt.Errorf("stream: store a reaction: %w", err)
		case changed == 0:
			reactions, err = to.state(ctx, tx, to.texts.read, to.arguments(standing.Account))
			return err
		}
		reactions, err = to.state(ctx, tx, to.texts.count, to.arguments(standing.Account, reaction, add))
		if err != nil {
			return err
		}
		tx.Emit(veranda.Event{
			Org: to.org, Workspace: standing.Workspace, Kind: kind, Subject: to.subject(), By: standing.Account,
			Data: veranda.MarshalData(ReactionData{Status: to.status, Comment: to.comment, Author: to.author, Reaction: reaction}),
		})
		return nil
	})
	return reactions, err
}
