package tasks

import (
	"context"
	"slices"

	"github.com/veranda-go/veranda"
)

// List reads tasks of an organization, narrowed to workspaces the actor may see. A workspace they may not see is like
// one without tasks.
//
// Permission: task.read. Errors: invalid; "me" and the lists of one's own are for accounts, not for background jobs.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[Task], error) {
	none := veranda.List[Task]{}
	k, err := in.validate()
	if err != nil {
		return none, err
	}
	if !in.Saved.IsZero() {
		if in, err = s.saved(ctx, by, in); err != nil {
			return none, err
		}
		if k, err = in.validate(); err != nil {
			return none, err
		}
	}
	standing, err := s.member(ctx, by, in.Org)
	if err != nil {
		return none, err
	}
	if err := k.resolve(standing.Account); err != nil {
		return none, err
	}
	if k.overdue {
		if now := s.conn.DB().Now(); k.dueUntil == nil || now.Before(*k.dueUntil) {
			k.dueUntil = &now
		}
	}
	visible, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return none, err
	}
	text, args := s.texts.list.list(s.conn.DB(), *k, standing.Account, visible)
	found, err := queryTasks(ctx, s.conn, in.Org, k.size, text, args)
	if err != nil {
		return none, err
	}
	page := veranda.List[Task]{Items: found}
	if len(found) > k.size {
		page.Items = found[:k.size]
		last := &page.Items[k.size-1]
		page.Next = veranda.EncodeCursor(listName(k.sort), k.cursorKey(last), last.ID.String())
	}
	shown := make([]*Task, len(page.Items))
	for i := range page.Items {
		shown[i] = &page.Items[i]
	}
	return page, s.lookElsewhere(ctx, standing, shown...)
}

// resolve puts the caller's account where the filters say "me".
func (k *criteria) resolve(me veranda.AccountID) error {
	var c veranda.Checks
	if k.finishedByMe && me.IsZero() {
		c.Add("/mine", "account", "is for accounts only")
	}
	for _, filter := range []struct {
		pointer string
		values  *[]string
	}{{"/assignee", &k.assignees}, {"/creator", &k.creators}, {"/follower", &k.followers}} {
		if !slices.Contains(*filter.values, Me) {
			continue
		}
		if me.IsZero() {
			c.Add(filter.pointer, "account", "me is for accounts only")
		}
		values := slices.Clone(*filter.values)
		for i, text := range values {
			if text == Me {
				values[i] = me.String()
			}
		}
		*filter.values = values
	}
	return c.Err()
}
