package workspace

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Teams is a page of the teams of a workspace by name.
//
// Permission: workspace.read, to see the workspace, and team.read.
func (s *Service) Teams(ctx context.Context, by veranda.Actor, in TeamsInput) (veranda.List[Team], error) {
	list := veranda.List[Team]{Items: []Team{}}
	var c veranda.Checks
	limit := in.Size(&c)
	after := ""
	if position := in.Position(&c, "workspace_teams", 1); position != nil {
		after = position[0]
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, w, err := s.read(ctx, s.conn, by, GetInput{in.Org, in.Workspace}, s.asks(PermRead))
	if err != nil {
		return list, err
	}
	if err := s.asks(tenancy.PermTeamsRead)(ctx, s.conn, standing); err != nil {
		return list, err
	}
	items, keys, err := queryTeams(ctx, s.conn.Query, teamText+` AND t.name_key > $3 ORDER BY t.name_key LIMIT $4`, w.Org, w.ID, after, limit+1)
	if err != nil {
		return list, err
	}
	list.Items = items
	if len(items) > limit {
		list.Items = items[:limit]
		list.Next = veranda.EncodeCursor("workspace_teams", keys[limit-1])
	}
	return list, nil
}

// AddTeam puts a team into a workspace: its people see it at once, and so does whoever enters the team later. A team that
// is there already gets the role named. Who adds a team trusts those who manage it.
//
// Permission: workspace.manage_members, or workspace.manage_members:open in an open workspace; team.read; for the role
// manager also workspace.update, and role.grant_<role> for one of the organization's own. Field errors: "not_found" for a
// team that is not there, "one_of" for a role that employees cannot hold in a workspace. Events: workspace.team_added,
// workspace.team_role_changed.
func (s *Service) AddTeam(ctx context.Context, by veranda.Actor, in AddTeamInput) (*Team, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var added *Team
	err := s.changeTeam(ctx, by, TeamInput{in.Org, in.Workspace, in.Team}, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace, found bool) error {
		if err := s.asks(tenancy.PermTeamsRead)(ctx, s.conn.Bind(tx), standing); err != nil {
			return err
		}
		if in.Role == RoleManager {
			if err := s.givesRole(ctx, tx, standing, in.Role); err != nil {
				return err
			}
		}
		var c veranda.Checks
		if !found {
			c.Add("/team_id", "not_found", "is not a team of the organization")
		}
		if err := s.checkTeamRole(ctx, tx, &c, in); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		before, err := readTeam(ctx, tx, w, in.Team)
		if err != nil {
			return err
		}
		data := TeamChanged{Team: in.Team, Workspace: w.Name, Role: in.Role}
		kind := EventTeamAdded
		if before != nil {
			kind, data.RoleBefore, added = EventTeamRoleChanged, before.Role, before
			if before.Role == in.Role {
				return nil
			}
			if err := s.givesRole(ctx, tx, standing, before.Role); err != nil {
				return err
			}
		}
		if err := s.givesRole(ctx, tx, standing, in.Role); err != nil {
			return err
		}
		if err := setTeam(ctx, tx, w, in.Team, in.Role); err != nil {
			return err
		}
		if err := refresh(ctx, tx, w, in.Team); err != nil {
			return err
		}
		tx.Emit(event(standing, w, kind, in.Team.String(), data))
		added, err = readTeam(ctx, tx, w, in.Team)
		return err
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

// RemoveTeam takes a team out of a workspace: who was there by it alone loses the workspace at once, unless it is open.
//
// Permission: workspace.manage_members, or workspace.manage_members:open in an open workspace; team.read. Errors:
// not_found for a team that is not there. Event: workspace.team_removed.
func (s *Service) RemoveTeam(ctx context.Context, by veranda.Actor, in TeamInput) error {
	return s.changeTeam(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace, _ bool) error {
		if err := s.asks(tenancy.PermTeamsRead)(ctx, s.conn.Bind(tx), standing); err != nil {
			return err
		}
		team, err := readTeam(ctx, tx, w, in.Team)
		if err != nil {
			return err
		}
		if team == nil {
			return veranda.ErrNotFound
		}
		if err := deleteTeam(ctx, tx, w, in.Team); err != nil {
			return err
		}
		if err := refresh(ctx, tx, w, in.Team); err != nil {
			return err
		}
		tx.Emit(event(standing, w, EventTeamRemoved, in.Team.String(), TeamChanged{Team: in.Team, Workspace: w.Name, RoleBefore: team.Role}))
		return nil
	})
}

// changeTeam is change with the team locked before the workspace, in the order in which tenancy locks them.
func (s *Service) changeTeam(ctx context.Context, by veranda.Actor, in TeamInput,
	fn func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace, found bool) error,
) error {
	place := GetInput{in.Org, in.Workspace}
	if _, _, err := s.read(ctx, s.conn, by, place, s.managesMembers); err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		found, err := tenancy.LockTeam(ctx, tx, in.Org, in.Team)
		if err != nil {
			return err
		}
		if err := lockWorkspace(ctx, tx, place); err != nil {
			return err
		}
		standing, w, err := s.read(ctx, s.conn.Bind(tx), by, place, s.managesMembers)
		if err != nil {
			return err
		}
		return fn(ctx, tx, standing, w, found)
	})
}

// checkTeamRole reports a role that employees cannot hold in a workspace.
func (s *Service) checkTeamRole(ctx context.Context, tx *veranda.Tx, c *veranda.Checks, in AddTeamInput) error {
	if in.Role == RolePlain || in.Role == RoleManager {
		return nil
	}
	_, fits, err := customRole(ctx, tx, in.Org, in.Role)
	if err != nil {
		return err
	}
	if !fits {
		c.Add("/role", "one_of", "must be plain, manager, or a role of the organization's own that employees can hold in a workspace")
	}
	return nil
}

// givesRole asks whether the standing gives and takes a role in the workspace. One that the organization has no more
// gives nothing.
func (s *Service) givesRole(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, role Role) error {
	switch role {
	case RolePlain:
		return nil
	case RoleManager:
		return s.asks(PermUpdate)(ctx, s.conn.Bind(tx), standing)
	}
	found, _, err := customRole(ctx, tx, standing.Org, role)
	if err != nil || !found {
		return err
	}
	return s.asks(tenancy.PermGrant(string(role)))(ctx, s.conn.Bind(tx), standing)
}

// refresh writes down what follows for the team's people.
func refresh(ctx context.Context, tx *veranda.Tx, w *Workspace, team tenancy.TeamID) error {
	accounts, err := tenancy.TeamAccounts(ctx, tx, w.Org, team)
	if err != nil {
		return err
	}
	return tenancy.RefreshWorkspaceTeams(ctx, tx, w.Org, []veranda.WorkspaceID{w.ID}, accounts)
}

// showTeams says by which teams members are there, to who sees teams.
func (s *Service) showTeams(ctx context.Context, standing *veranda.Standing, w *Workspace, members []Member) error {
	accounts := make([]veranda.AccountID, len(members))
	for i, m := range members {
		accounts[i] = m.Account
	}
	via, err := s.via(ctx, s.conn, standing, w, accounts)
	for i := range members {
		if members[i].Via = via[members[i].Account]; via == nil {
			members[i].ByTeam = false
		}
	}
	return err
}

// via are the teams by which people are in a workspace; nil for who sees no teams.
func (s *Service) via(ctx context.Context, c veranda.Conn, standing *veranda.Standing, w *Workspace, accounts []veranda.AccountID) (map[veranda.AccountID][]TeamName, error) {
	err := s.asks(tenancy.PermTeamsRead)(ctx, c, standing)
	if errors.Is(err, veranda.ErrForbidden) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return queryVia(ctx, c.Query, c.DB(), w, accounts)
}

// stays says that somebody is in the workspace by a team still.
func (s *Service) stays(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace, account veranda.AccountID) (*Stays, error) {
	via, err := s.via(ctx, s.conn.Bind(tx), standing, w, []veranda.AccountID{account})
	if err != nil {
		return nil, err
	}
	return &Stays{ByTeam: true, Via: via[account]}, nil
}
