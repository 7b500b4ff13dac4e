package messaging

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// reach asks whom of the directory the caller sees: those can be written to. A refusal is an answer.
func (s *Service) reach(ctx context.Context, standing *veranda.Standing) (all, employees, shared bool, err error) {
	for _, ask := range []struct {
		permission veranda.Permission
		may        *bool
	}{{tenancy.PermMembersRead, &all}, {tenancy.PermMembersReadEmployee, &employees}, {tenancy.PermMembersReadShared, &shared}} {
		err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: ask.permission})
		if err != nil && !errors.Is(err, veranda.ErrForbidden) {
			return false, false, false, err
		}
		*ask.may = err == nil
	}
	return all, employees, shared, nil
}

// reachable reports accounts that the caller may not write to, those that do not exist among them: the answer is the same.
// It gives those left, each once, without the caller.
func (s *Service) reachable(ctx context.Context, standing *veranda.Standing, pointer string, wanted []veranda.AccountID) ([]veranda.AccountID, error) {
	others := slices.DeleteFunc(slices.Clone(wanted), func(id veranda.AccountID) bool { return id == standing.Account })
	if len(others) == 0 {
		return nil, nil
	}
	all, employees, shared, err := s.reach(ctx, standing)
	if err != nil {
		return nil, err
	}
	found, err := accounts(ctx, s.conn, s.texts.reachable, standing.Org, standing.Account, idList(s.conn.DB(), others), truth(all), truth(employees), truth(shared))
	if err != nil {
		return nil, err
	}
	there := make(map[veranda.AccountID]bool, len(found))
	for _, id := range found {
		there[id] = true
	}
	var c veranda.Checks
	for i, id := range wanted {
		if id != standing.Account && !there[id] {
			c.Add(pointer+"/"+strconv.Itoa(i), "not_found", "is nobody you can write to here")
		}
	}
	return unique(others), c.Err()
}

// unique orders accounts and leaves out what is there twice.
func unique(ids []veranda.AccountID) []veranda.AccountID {
	slices.SortFunc(ids, func(a, b veranda.AccountID) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(ids)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
