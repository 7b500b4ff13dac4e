package tasks

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// checkMentions gives back whom a text mentions, and refuses the text where one of them does not see the workspace; which
// one is not said, nor whether they exist.
func (s *Service) checkMentions(ctx context.Context, standing *veranda.Standing, workspace veranda.WorkspaceID, pointer string, mentioned []veranda.AccountID) ([]veranda.AccountID, error) {
	blind, err := s.blind(ctx, standing, workspace, mentioned)
	if err != nil || len(blind) == 0 {
		return mentioned, err
	}
	var c veranda.Checks
	c.Add(pointer, "mention", "must not mention anybody who does not see this workspace")
	return nil, c.Err()
}

// makeFollow makes those mentioned in a comment follow the task, as long as there is room.
func (s *Service) makeFollow(ctx context.Context, tx *veranda.Tx, t *Task, mentioned []veranda.AccountID) error {
	if len(without(mentioned, t.Followers)) == 0 {
		return nil
	}
	before, err := selectOne(ctx, tx, s.texts.lock, t.Org, t.ID)
	if err != nil {
		return err
	}
	if before.ID.IsZero() {
		return veranda.ErrNotFound
	}
	after := before.clone()
	if len(after.follow(mentioned...)) == 0 {
		return nil
	}
	if err := tx.Defer(ctx, setFollowersText, t.Org, t.ID, joinAccounts(after.Followers)); err != nil {
		return fmt.Errorf("tasks: store followers: %w", err)
	}
	return storeFollowers(ctx, tx, before, after)
}

// within are the elements of a list that another has too.
func within[T comparable](list, other []T) (both []T) {
	for _, element := range list {
		if slices.Contains(other, element) {
			both = append(both, element)
		}
	}
	return both
}
