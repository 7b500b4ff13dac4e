package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// TeamMembers lists the people in a team by name: those the caller sees in the directory.
//
// Permission: team.read; whom one sees is said by member.read, member.read_employees and member.read_shared.
func (s *Service) TeamMembers(ctx context.Context, by veranda.Actor, in TeamMembersInput) (veranda.List[TeamMember], error) {
	list := veranda.List[TeamMember]{Items: []TeamMember{}}
	var c veranda.Checks
	limit := in.Size(&c)
	position := peoplePosition(&c, in.Page, "team_members")
	if err := c.Err(); err != nil {
		return list, err
	}
	if _, _, err := s.readTeam(ctx, s.conn, by, TeamInput{in.Org, in.Team}, PermTeamsRead); err != nil {
		return list, err
	}
	query, _, err := s.visibleMembers(ctx, by, in.Org)
	if err != nil {
		return list, err
	}
	query.Where("m.disabled_at IS NULL")
	query.Join("JOIN veranda_team_members AS tm ON tm.org_id = m.org_id AND tm.account_id = m.account_id").Where("tm.team_id = ?", in.Team).ColumnExpr("tm.added_at")
	if position != nil {
		query.Where("(a.name, m.account_id) > (?, ?)", position[0], position[1])
	}
	var rows []struct {
		memberListRow
		AddedAt dialect.Time
	}
	if err := query.OrderExpr("a.name, m.account_id").Limit(int64(limit+1)).Scan(ctx, &rows); err != nil {
		return list, fmt.Errorf("tenancy: list team: %w", err)
	}
	for _, r := range rows[:min(len(rows), limit)] {
		list.Items = append(list.Items, TeamMember{Account: r.AccountID, Name: r.Name, Address: r.Address, AddedAt: r.AddedAt.Time})
	}
	if len(rows) > limit {
		last := rows[limit-1]
		list.Next = veranda.EncodeCursor("team_members", last.Name, last.AccountID.String())
	}
	return list, nil
}

// peoplePosition reads the cursor of a list of members in the order of their names.
func peoplePosition(c *veranda.Checks, page veranda.Page, list string) []string {
	position := page.Position(c, list, 2)
	if position != nil {
		if _, err := veranda.ParseID[struct{}](position[1]); err != nil {
			c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		}
	}
	return position
}

// AddTeamMembers puts employees into a team, all of them or none. They have its roles and are in its workspaces at once.
// Whoever is in it already stays, which the result says.
//
// Permission: team.manage, or team.manage:own for who made it; role.grant_<role> for every role the team holds, and nobody
// gets a role they do not have yet by putting themselves into a team (tenancy.own_roles). Field errors: an account that
// does not exist, is not of the organization or is not one the caller sees is "not_found" at its place, an external or
// guest "kind". Event: tenancy.team_member_added for each one added.
func (s *Service) AddTeamMembers(ctx context.Context, by veranda.Actor, in AddTeamMembersInput) (*AddedTeamMembers, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	results := make([]TeamMemberAdded, len(in.Accounts))
	err := s.changeTeam(ctx, by, TeamInput{in.Org, in.Team}, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *teamRow) error {
		if err := s.grantsAll(ctx, tx, standing, row.roles()); err != nil {
			return err
		}
		held := strings.Fields(standing.Roles)
		raised := slices.ContainsFunc(row.roles(), func(role string) bool { return !slices.Contains(held, role) })
		if raised && slices.Contains(in.Accounts, standing.Account) {
			return ErrOwnRoles
		}
		if err := s.areEmployees(ctx, tx, standing, in); err != nil {
			return err
		}
		added, err := addToTeam(ctx, tx, row, in.Accounts)
		if err != nil {
			return err
		}
		for i, account := range in.Accounts {
			results[i] = TeamMemberAdded{Account: account, Outcome: TeamAlready}
			if slices.Contains(added, account) {
				results[i].Outcome = TeamAdded
				emitBy(tx, standing, EventTeamMemberAdded, in.Org, account.String(), TeamMemberChanged{Team: row.ID, Name: row.Name, Account: account, Roles: row.roles()})
			}
		}
		return refreshTeam(ctx, tx, row, added)
	})
	if err != nil {
		return nil, err
	}
	return &AddedTeamMembers{Results: results}, nil
}

// areEmployees checks that the accounts are employees whom the standing sees.
func (s *Service) areEmployees(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, in AddTeamMembersInput) error {
	kinds, err := s.visibleKinds(ctx, tx, standing, in.Org, in.Accounts)
	if err != nil {
		return err
	}
	var c veranda.Checks
	for i, account := range in.Accounts {
		switch kinds[account] {
		case MemberInternal:
		case "":
			c.Add(teamAccountAt(i), "not_found", "is not somebody of the organization whom you can add")
		default:
			c.Add(teamAccountAt(i), "kind", "must be an employee")
		}
	}
	return c.Err()
}

// visibleKinds are the kinds of membership of those accounts whom the standing sees in the directory and who are not
// disabled.
func (s *Service) visibleKinds(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, org veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]string, error) {
	query, _, err := s.WithTx(tx).visibleMembers(ctx, standing.Actor(), org)
	if err != nil {
		return nil, err
	}
	query.Where("m.disabled_at IS NULL")
	list, err := idList(accounts)
	if err != nil {
		return nil, err
	}
	if tx.DB().Embedded() {
		query.Where("m.account_id IN (SELECT value FROM json_each(?))", list)
	} else {
		query.Where("m.account_id IN (SELECT value::uuid FROM jsonb_array_elements_text(?::jsonb))", list)
	}
	var rows []memberListRow
	if err := query.Where("a.state <> 'disabled'").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("tenancy: read members: %w", err)
	}
	kinds := make(map[veranda.AccountID]string, len(rows))
	for _, r := range rows {
		kinds[r.AccountID] = r.Kind
	}
	return kinds, nil
}

// refreshTeam writes down what follows for people who entered or left a team.
func refreshTeam(ctx context.Context, tx *veranda.Tx, team *teamRow, accounts []veranda.AccountID) error {
	if team.Roles != "" {
		if err := refreshTeamRoles(ctx, tx, team.Org, accounts); err != nil {
			return err
		}
	}
	workspaces, err := teamWorkspaces(ctx, tx, team.Org, team.ID)
	if err != nil {
		return err
	}
	return RefreshWorkspaceTeams(ctx, tx, team.Org, workspaces, accounts)
}

// RemoveTeamMember takes somebody out of a team; what they had by it alone is gone at once.
//
// Permission: team.manage, or team.manage:own for who made it; role.grant_<role> for every role the team holds. Errors:
// not_found for who is not in it. Event: tenancy.team_member_removed.
func (s *Service) RemoveTeamMember(ctx context.Context, by veranda.Actor, in RemoveTeamMemberInput) error {
	return s.changeTeam(ctx, by, TeamInput{in.Org, in.Team}, func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, row *teamRow) error {
		if err := s.grantsAll(ctx, tx, standing, row.roles()); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM veranda_team_members WHERE org_id = $1 AND team_id = $2 AND account_id = $3`, in.Org, in.Team, in.Account)
		if err != nil {
			return wrapped("leave team", err)
		}
		if n == 0 {
			return veranda.ErrNotFound
		}
		emitBy(tx, standing, EventTeamMemberRemoved, in.Org, in.Account.String(), TeamMemberChanged{Team: row.ID, Name: row.Name, Account: in.Account, Roles: row.roles()})
		return refreshTeam(ctx, tx, row, []veranda.AccountID{in.Account})
	})
}
