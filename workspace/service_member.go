package workspace

import (
	"context"
	"slices"

	"github.com/veranda-go/veranda"
)

// Members is a page of the workspace's members by name, those who are there by a team included. People who are disabled
// in the organization are left out.
//
// Permission: workspace.read, and to see the workspace; by which teams people are there is shown with team.read.
func (s *Service) Members(ctx context.Context, by veranda.Actor, in MembersInput) (veranda.List[Member], error) {
	list := veranda.List[Member]{Items: []Member{}}
	var c veranda.Checks
	limit := in.Size(&c)
	position := personPosition(&c, in.Page, "workspace_members")
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, w, err := s.read(ctx, s.conn, by, GetInput{in.Org, in.Workspace}, s.asks(PermRead))
	if err != nil {
		return list, err
	}
	if list.Items, err = s.queryMembers(ctx, w, limit+1, position); err != nil {
		return list, err
	}
	if err := s.showTeams(ctx, standing, w, list.Items); err != nil {
		return list, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		last := list.Items[limit-1]
		list.Next = veranda.EncodeCursor("workspace_members", nameKey(last.Name), last.Account.String())
	}
	return list, nil
}

// AddMembers adds people of the organization to a workspace, all of them or none, and tells them by mail where the service
// has a Post. Whoever is a member already stays as they are, which the result says.
//
// Permission: workspace.manage_members, or workspace.manage_members:open in an open workspace; for the role manager also
// workspace.update, since a manager may do more than change members. Field errors: an account that does not exist, is
// not of the organization or is not one the actor may see is "not_found" at its place; externals and guests cannot be
// managers ("manager_kind"). Event: workspace.member_added for each one added.
func (s *Service) AddMembers(ctx context.Context, by veranda.Actor, in AddMembersInput) (*AddedMembers, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	results := make([]Added, len(in.Accounts))
	err := s.change(ctx, by, GetInput{in.Org, in.Workspace}, s.managesMembers,
		func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace) error {
			if in.Role == RoleManager {
				if err := s.asks(PermUpdate)(ctx, s.conn.Bind(tx), standing); err != nil {
					return err
				}
			}
			people, err := s.people(ctx, tx, standing, in.Accounts)
			if err != nil {
				return err
			}
			var c veranda.Checks
			for i, account := range in.Accounts {
				if person, known := people[account]; known {
					checkManager(&c, accountPointer(i), in.Role, person.Kind)
				} else {
					c.Add(accountPointer(i), "not_found", "is not somebody of the organization whom you can add")
				}
			}
			if err := c.Err(); err != nil {
				return err
			}
			added, err := insertMembers(ctx, tx, w, in.Accounts, in.Role)
			if err != nil {
				return err
			}
			for i, account := range in.Accounts {
				results[i] = Added{Account: account, Outcome: OutcomeAlready}
				if !slices.Contains(added, account) {
					continue
				}
				results[i].Outcome = OutcomeAdded
				tx.Emit(event(standing, w, EventMemberAdded, account.String(), MemberChanged{
					Account: account, Name: people[account].Name, Workspace: w.Name, Kind: people[account].Kind, Role: in.Role,
				}))
			}
			if len(added) == 0 {
				return nil
			}
			if err := s.tellAdded(ctx, tx, standing, w, added); err != nil {
				return err
			}
			return raiseAccess(ctx, tx, w)
		})
	if err != nil {
		return nil, err
	}
	return &AddedMembers{Results: results}, nil
}

// RemoveMember ends somebody's membership; they lose the workspace at once, unless it is open and they are an employee, or
// they are there by a team as well: then they stay by it, which the answer says; it is nil otherwise.
//
// Permission: workspace.manage_members, or workspace.manage_members:open in an open workspace. Errors: not_found for who
// is no member; workspace.by_team for who is there by a team alone; workspace.last_manager. Event:
// workspace.member_removed.
func (s *Service) RemoveMember(ctx context.Context, by veranda.Actor, in MemberInput) (*Stays, error) {
	var stays *Stays
	err := s.change(ctx, by, GetInput{in.Org, in.Workspace}, s.managesMembers,
		func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace) (err error) {
			stays, err = s.endMembership(ctx, tx, standing, w, in.Account, EventMemberRemoved)
			return err
		})
	return stays, err
}

// Leave ends the actor's own membership. Who is there by a team as well stays by it, which the answer says; it is nil
// otherwise.
//
// Permission: workspace.leave. Errors: workspace.not_member in an open workspace one is not a member of;
// workspace.by_team where one is there by a team alone; workspace.last_manager. Event: workspace.member_left.
func (s *Service) Leave(ctx context.Context, by veranda.Actor, in LeaveInput) (*Stays, error) {
	var stays *Stays
	err := s.change(ctx, by, GetInput(in), s.asks(PermLeave),
		func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace) (err error) {
			if !w.Member {
				return ErrNotMember
			}
			stays, err = s.endMembership(ctx, tx, standing, w, standing.Account, EventMemberLeft)
			return err
		})
	return stays, err
}

// endMembership ends the direct membership of a workspace whose row is locked.
func (s *Service) endMembership(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace, account veranda.AccountID, kind string) (*Stays, error) {
	member, err := readMember(ctx, tx, w, account)
	if err != nil {
		return nil, err
	}
	if !member.direct {
		return nil, ErrByTeam
	}
	if err := keepsManager(ctx, tx, w, member); err != nil {
		return nil, err
	}
	stays, err := isByTeam(ctx, tx, w, account)
	if err != nil {
		return nil, err
	}
	if err := deleteMember(ctx, tx, w, account, stays); err != nil {
		return nil, err
	}
	if err := raiseAccess(ctx, tx, w); err != nil {
		return nil, err
	}
	tx.Emit(event(standing, w, kind, account.String(), MemberChanged{
		Account: account, Name: member.Name, Workspace: w.Name, Kind: member.Kind, RoleBefore: roleOf(member.roles),
	}))
	if !stays {
		return nil, nil
	}
	return s.stays(ctx, tx, standing, w, account)
}

// keepsManager refuses to take the last manager from a private workspace.
func keepsManager(ctx context.Context, tx *veranda.Tx, w *Workspace, leaving *member) error {
	if w.Open || roleOf(leaving.roles) != RoleManager {
		return nil
	}
	managed, err := hasManager(ctx, tx, w, leaving.Account)
	if err == nil && !managed {
		return ErrLastManager
	}
	return err
}

// SetMemberRole makes a member a manager, or a plain member again, whatever they are by a team. A role that is held already
// changes nothing.
//
// Permission: workspace.manage_members, or workspace.manage_members:open in an open workspace; only who manages the
// workspace (workspace.update) makes managers, for a manager may do more than change members. Errors: not_found for who
// is no member; workspace.by_team for who is there by a team alone; workspace.last_manager; the field error "manager_kind"
// for externals and guests. Event: workspace.member_role_changed.
func (s *Service) SetMemberRole(ctx context.Context, by veranda.Actor, in SetMemberRoleInput) (*Member, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var changed Member
	err := s.change(ctx, by, GetInput{in.Org, in.Workspace}, s.managesMembers,
		func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace) error {
			member, err := readMember(ctx, tx, w, in.Account)
			if err != nil {
				return err
			}
			var c veranda.Checks
			checkManager(&c, "/role", in.Role, member.Kind)
			if err := c.Err(); err != nil {
				return err
			}
			if !member.direct {
				return ErrByTeam
			}
			before := roleOf(member.roles)
			changed = member.Member
			if before == in.Role {
				return nil
			}
			if err := s.asks(PermUpdate)(ctx, s.conn.Bind(tx), standing); err != nil {
				return err
			}
			if err := keepsManager(ctx, tx, w, member); err != nil {
				return err
			}
			if err := setRoles(ctx, tx, w, in.Account, withRole(member.roles, in.Role)); err != nil {
				return err
			}
			changed.Role = roleOf(withRole(member.roles, in.Role) + " " + member.teamRoles)
			tx.Emit(event(standing, w, EventMemberRoleChanged, in.Account.String(), MemberChanged{
				Account: in.Account, Name: member.Name, Workspace: w.Name, Kind: member.Kind, Role: in.Role, RoleBefore: before,
			}))
			return nil
		})
	if err != nil {
		return nil, err
	}
	return &changed, nil
}
