package tasks

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// Follow makes oneself, or somebody else who could see it, follow a task. Who follows already goes on doing so.
//
// Permission: task.follow for oneself, task.edit for somebody else. Errors: invalid (/account_id, rule not_found),
// tasks.followers (conflict) when MaxFollowers follow it. No event, and no new version.
func (s *Service) Follow(ctx context.Context, by veranda.Actor, in FollowInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.changeFollowers(ctx, by, followChange{in.Org, in.Task, in.Account, true})
}

// Unfollow ends somebody's following. Who does not follow still does not.
//
// Permission: task.follow for oneself, task.edit for somebody else. No event, and no new version.
func (s *Service) Unfollow(ctx context.Context, by veranda.Actor, in UnfollowInput) (*Task, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.changeFollowers(ctx, by, followChange{in.Org, in.Task, in.Account, false})
}

// followChange says who is to follow a task or to stop; account is zero for the actor's own.
type followChange struct {
	org     veranda.OrgID
	task    ID
	account veranda.AccountID
	follow  bool
}

func (s *Service) changeFollowers(ctx context.Context, by veranda.Actor, c followChange) (*Task, error) {
	standing, read, err := s.task(ctx, by, c.org, c.task, PermFollow)
	if err != nil {
		return nil, err
	}
	permission := PermFollow
	if c.account.IsZero() {
		c.account = standing.Account
	}
	if c.account.IsZero() { // a background job, which is nobody to be told of anything
		return nil, veranda.ErrForbidden
	}
	if c.account != standing.Account {
		permission = PermEdit
		if err := s.authz.Decide(ctx, s.conn, standing, ask(permission, read, standing)); err != nil {
			return nil, err
		}
	}
	if c.follow {
		err := s.checkPeople(ctx, standing, read.Workspace, []veranda.AccountID{c.account}, func(int) string { return "/account_id" })
		if err != nil {
			return nil, err
		}
	}
	var after *Task
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		before, err := s.lockTask(ctx, tx, s.texts.lock, standing, c.org, c.task, permission, 0)
		if err != nil {
			return err
		}
		after = before.clone()
		following := slices.Contains(before.Followers, c.account)
		switch {
		case following == c.follow:
			return nil
		case following:
			after.Followers = without(before.Followers, []veranda.AccountID{c.account})
		case len(after.follow(c.account)) == 0:
			return ErrFollowers
		}
		if err := tx.Defer(ctx, setFollowersText, c.org, c.task, joinAccounts(after.Followers)); err != nil {
			return fmt.Errorf("tasks: store followers: %w", err)
		}
		return storeFollowers(ctx, tx, before, after)
	})
	if err != nil {
		return nil, err
	}
	after.Followers = list(after.Followers)
	return after, nil
}
