package workspace

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Pick is a page of the people of the organization who can be added to the workspace: those the actor may see in the
// directory and who are not members yet, by name.
//
// Permission: workspace.manage_members, or workspace.manage_members:open in an open workspace; whom the actor may see is
// said by member.read, member.read_employees and member.read_shared.
func (s *Service) Pick(ctx context.Context, by veranda.Actor, in PickInput) (veranda.List[Contact], error) {
	list := veranda.List[Contact]{Items: []Contact{}}
	var c veranda.Checks
	limit := in.Size(&c)
	position := personPosition(&c, in.Page, "workspace_pick")
	in.Query = c.Line("/q", in.Query, 0, maxSearch)
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, w, err := s.read(ctx, s.conn, by, GetInput{in.Org, in.Workspace}, s.managesMembers)
	if err != nil {
		return list, err
	}
	directory, err := s.directory(ctx, s.conn, standing)
	if err != nil {
		return list, err
	}
	if list.Items, err = s.queryContacts(ctx, w, directory, in.Query, limit+1, position); err != nil {
		return list, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		last := list.Items[limit-1]
		list.Next = veranda.EncodeCursor("workspace_pick", nameKey(last.Name), last.Account.String())
	}
	return list, nil
}

// directory is how much of the organization's directory an actor sees.
type directory struct {
	org     veranda.OrgID
	account veranda.AccountID
	// all, employees and shared are 1 where the actor sees everybody, employees, and whom they share a workspace with.
	all, employees, shared int
}

// directory asks what of the directory the actor sees. The questions are the organization's, not the workspace's: a role
// inside the workspace shows nobody outside it.
func (s *Service) directory(ctx context.Context, c veranda.Conn, standing *veranda.Standing) (directory, error) {
	d := directory{org: standing.Org, account: standing.Account}
	for permission, may := range map[veranda.Permission]*int{
		tenancy.PermMembersRead:         &d.all,
		tenancy.PermMembersReadEmployee: &d.employees,
		tenancy.PermMembersReadShared:   &d.shared,
	} {
		switch err := s.authz.Decide(ctx, c, standing, veranda.Ask{Permission: permission}); {
		case err == nil:
			*may = 1
		case !errors.Is(err, veranda.ErrForbidden):
			return d, err
		}
	}
	return d, nil
}

// people reads those of the accounts whom the actor may see in the directory.
func (s *Service) people(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, accounts []veranda.AccountID) (map[veranda.AccountID]Contact, error) {
	directory, err := s.directory(ctx, s.conn.Bind(tx), standing)
	if err != nil {
		return nil, err
	}
	return queryPeople(ctx, tx, directory, accounts)
}
