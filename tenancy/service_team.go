package tenancy

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
)

// CreateTeam makes a team; who makes it is not put into it.
//
// Permission: team.create, and role.grant_<role> for every role it is to hold. Where the organization has mail domains, it
// is made by who belongs to it by an address in them (tenancy.team_domain). Errors: tenancy.no_teams in a personal tenant;
// limit.teams; the field errors "taken" for a name another team has, "owner" for the owner's role, "one_of" for roles an
// employee cannot hold. Event: tenancy.team_created.
func (s *Service) CreateTeam(ctx context.Context, by veranda.Actor, in CreateTeamInput) (*Team, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var domains, address string
	standing, err := s.conn.Read(ctx, s.reads.teamMaker, by, in.Org, nil, &domains, &address)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermTeamsCreate}); err != nil {
		return nil, err
	}
	if standing.Account.IsZero() { // a team is somebody's
		return nil, veranda.ErrForbidden
	}
	if standing.OrgKind == string(KindPersonal) {
		return nil, ErrNoTeams
	}
	allowed, err := domainAllows(domains, address)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, ErrTeamDomain
	}
	now := s.now()
	row := &teamRow{
		Org: in.Org, ID: veranda.NewID[teamKind](), Name: in.Name, Description: in.Description, Roles: strings.Join(in.Roles, " "),
		CreatedBy: standing.Account, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.mayHold(ctx, tx, standing, in.Org, in.Roles, nil); err != nil {
			return err
		}
		if err := s.limits.Allow(ctx, tx, in.Org, "teams", 1); err != nil {
			return err
		}
		if err := storeTeam(ctx, tx, row); err != nil {
			return err
		}
		emitBy(tx, standing, EventTeamCreated, in.Org, row.ID.String(), TeamChanged{Name: row.Name, Roles: row.roles()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return row.team(), nil
}

// mayHold checks that roles a team is to hold are there and may be held by employees, and that the standing grants every
// role that is given or taken.
func (s *Service) mayHold(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, org veranda.OrgID, after, before []string) error {
	changed := rolesChanged(before, after)
	if len(changed) == 0 {
		return nil
	}
	custom, err := customTeamRoles(ctx, tx, org)
	if err != nil {
		return err
	}
	var c veranda.Checks
	for i, role := range after {
		if role == RoleOwner || !slices.Contains(rolesOf[MemberInternal], role) && !slices.Contains(custom, role) && !slices.Contains(before, role) {
			c.Add("/roles/"+strconv.Itoa(i), "one_of", "must be a role that employees can hold: administrator, access_manager, employee, or one of the organization's own")
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	return s.grantsAll(ctx, tx, standing, changed)
}

// grantsAll asks whether the standing may give and take roles. One that the organization has no more gives nothing, and
// anybody may clear it away.
func (s *Service) grantsAll(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, roles []string) error {
	if len(roles) == 0 {
		return nil
	}
	custom, err := customRoles(ctx, s.conn.Bind(tx), standing.Org)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if !slices.Contains(rolesOf[MemberInternal], role) && !slices.Contains(custom, role) {
			continue
		}
		if err := s.authz.Decide(ctx, s.conn.Bind(tx), standing, veranda.Ask{Permission: PermGrant(role)}); err != nil {
			return err
		}
	}
	return nil
}

// readTeam reads a team with the standing of who calls and asks a permission; without team.read there is nothing there.
func (s *Service) readTeam(ctx context.Context, c veranda.Conn, by veranda.Actor, in TeamInput, permission veranda.Permission) (*veranda.Standing, *teamRow, error) {
	row := &teamRow{Org: in.Org}
	standing, err := c.Read(ctx, s.reads.team, by, in.Org, []any{in.Team}, row.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	err = s.authz.Decide(ctx, c, standing, veranda.Ask{
		Permission: permission, See: PermTeamsRead, Missing: row.ID.IsZero(), Own: !standing.Account.IsZero() && row.CreatedBy == standing.Account,
	})
	return standing, row, err
}

// changeTeam decides before a transaction and once more inside it, behind the team's lock.
func (s *Service) changeTeam(ctx context.Context, by veranda.Actor, in TeamInput,
	fn func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *teamRow) error,
) error {
	if _, _, err := s.readTeam(ctx, s.conn, by, in, PermTeamsManage); err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := LockTeam(ctx, tx, in.Org, in.Team); err != nil {
			return err
		}
		standing, row, err := s.readTeam(ctx, s.conn.Bind(tx), by, in, PermTeamsManage)
		if err != nil {
			return err
		}
		return fn(ctx, tx, standing, row)
	})
}

// Team reads a team.
//
// Permission: team.read.
func (s *Service) Team(ctx context.Context, by veranda.Actor, in TeamInput) (*Team, error) {
	_, row, err := s.readTeam(ctx, s.conn, by, in, PermTeamsRead)
	if err != nil {
		return nil, err
	}
	return row.team(), nil
}

// Teams lists the teams of an organization by name: all of them, those whose name begins so, or those one is in.
//
// Permission: team.read.
func (s *Service) Teams(ctx context.Context, by veranda.Actor, in TeamsInput) (veranda.List[Team], error) {
	list := veranda.List[Team]{Items: []Team{}}
	var c veranda.Checks
	limit := in.Size(&c)
	after := ""
	if position := in.Position(&c, "teams", 1); position != nil {
		after = position[0]
	}
	in.Query = c.Line("/q", in.Query, 0, maxTeamName)
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return list, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermTeamsRead}); err != nil {
		return list, err
	}
	var keys []string
	err = readAll(ctx, s.conn.Query, selectTeams, []any{in.Org, standing.Account, in.Mine, likePrefix(teamNameKey(in.Query)), after, limit + 1}, func(rows *sql.Rows) error {
		row, key := teamRow{Org: in.Org}, ""
		err := rows.Scan(append(row.destinations(), &key)...)
		list.Items, keys = append(list.Items, *row.team()), append(keys, key)
		return err
	})
	if err != nil {
		return veranda.List[Team]{}, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = veranda.EncodeCursor("teams", keys[limit-1])
	}
	return list, nil
}

// UpdateTeam changes name, description and the roles a team holds; its members have other roles at once. An update that
// changes nothing leaves version and events alone.
//
// Permission: team.manage, or team.manage:own for who made it; role.grant_<role> for every role given or taken, and nobody
// sets the roles of a team they are in (tenancy.own_roles). Errors: version; the field errors of CreateTeam. Events:
// tenancy.team_updated, tenancy.team_roles_changed.
func (s *Service) UpdateTeam(ctx context.Context, by veranda.Actor, in UpdateTeamInput) (*Team, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var updated *teamRow
	err := s.changeTeam(ctx, by, TeamInput{in.Org, in.Team}, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *teamRow) error {
		updated = row
		if in.Version != 0 && in.Version != row.Version {
			return veranda.ErrVersion
		}
		return s.updateTeam(ctx, tx, standing, row, in)
	})
	if err != nil {
		return nil, err
	}
	return updated.team(), nil
}

// updateTeam applies an update to a team that is locked.
func (s *Service) updateTeam(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *teamRow, in UpdateTeamInput) error {
	var fields []string
	if in.Name != nil && *in.Name != row.Name {
		row.Name, fields = *in.Name, append(fields, "name")
	}
	if in.Description != nil && *in.Description != row.Description {
		row.Description, fields = *in.Description, append(fields, "description")
	}
	before := row.roles()
	given := in.Roles != nil && len(rolesChanged(before, *in.Roles)) > 0
	if given {
		if row.Member {
			return ErrOwnRoles
		}
		if err := s.mayHold(ctx, tx, standing, row.Org, *in.Roles, before); err != nil {
			return err
		}
		row.Roles = strings.Join(*in.Roles, " ")
	}
	if len(fields) == 0 && !given {
		return nil
	}
	version := row.Version
	row.Version, row.UpdatedAt = version+1, s.now()
	if err := row.change(ctx, tx, version); err != nil {
		return err
	}
	if len(fields) > 0 {
		emitBy(tx, standing, EventTeamUpdated, row.Org, row.ID.String(), TeamChanged{Name: row.Name, Fields: fields})
	}
	if !given {
		return nil
	}
	emitBy(tx, standing, EventTeamRolesChanged, row.Org, row.ID.String(), TeamChanged{Name: row.Name, Roles: row.roles(), RolesBefore: before})
	accounts, err := teamAccounts(ctx, tx, row.Org, row.ID)
	if err != nil {
		return err
	}
	return refreshTeamRoles(ctx, tx, row.Org, accounts)
}

// DeleteTeam ends a team: its members lose the roles they had by it and the workspaces they were in by it alone.
//
// Permission: team.manage, or team.manage:own for who made it; role.grant_<role> for every role it holds. Event:
// tenancy.team_deleted.
func (s *Service) DeleteTeam(ctx context.Context, by veranda.Actor, in TeamInput) error {
	return s.changeTeam(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *teamRow) error {
		if err := s.grantsAll(ctx, tx, standing, row.roles()); err != nil {
			return err
		}
		accounts, err := teamAccounts(ctx, tx, row.Org, row.ID)
		if err != nil {
			return err
		}
		workspaces, err := teamWorkspaces(ctx, tx, row.Org, row.ID)
		if err != nil {
			return err
		}
		for _, text := range []string{
			`DELETE FROM veranda_workspace_teams WHERE org_id = $1 AND team_id = $2`,
			`DELETE FROM veranda_team_members WHERE org_id = $1 AND team_id = $2`,
			`DELETE FROM veranda_teams WHERE org_id = $1 AND id = $2`,
		} {
			if _, err := tx.Exec(ctx, text, row.Org, row.ID); err != nil {
				return wrapped("delete team", err)
			}
		}
		if err := refreshTeamRoles(ctx, tx, row.Org, accounts); err != nil {
			return err
		}
		if err := RefreshWorkspaceTeams(ctx, tx, row.Org, workspaces, accounts); err != nil {
			return err
		}
		emitBy(tx, standing, EventTeamDeleted, row.Org, row.ID.String(), TeamChanged{Name: row.Name, RolesBefore: row.roles()})
		return nil
	})
}
