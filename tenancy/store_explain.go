package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

// explained is an account that a decision is explained about.
type explained struct {
	standing *veranda.Standing
	// session tells whether the decision is that of a session, whose second factor counts.
	session bool

	kind, direct, teamRoles, cap, disabledReason string // of the membership; kind is empty where there is none
	disabled                                     bool
	accountState                                 AccountState
	teams                                        []teamRoles

	placeDirect, placeTeam     string // the roles in the workspace
	placeIsDirect, placeByTeam bool
	placeTeams                 []teamRoles
}

// teamRoles is a team with the roles its members have by it.
type teamRoles struct{ name, roles string }

const (
	explainedColumns = `t.kind, t.roles, t.team_roles, t.cap, t.disabled_at IS NOT NULL, t.disabled_reason, a.state,
	EXISTS (SELECT 1 FROM veranda_factors f WHERE f.account_id = $5 AND f.confirmed_at IS NOT NULL),
	p.roles, p.team_roles, p.direct,
	EXISTS (SELECT 1 FROM veranda_workspace_teams wt JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
		WHERE wt.org_id = $2 AND wt.workspace_id = $4 AND tm.account_id = $5)`
	explainedJoin = `LEFT JOIN veranda_accounts a ON a.id = $5
LEFT JOIN veranda_memberships t ON t.org_id = $2 AND t.account_id = $5
LEFT JOIN veranda_workspace_members p ON p.org_id = $2 AND p.workspace_id = $4 AND p.account_id = $5`

	selectTeamRoles = `SELECT t.name, t.roles FROM veranda_team_members tm JOIN veranda_teams t ON t.org_id = tm.org_id AND t.id = tm.team_id
WHERE tm.org_id = $1 AND tm.account_id = $2 ORDER BY t.name_key`
	selectPlaceTeamRoles = `SELECT t.name, wt.roles FROM veranda_workspace_teams wt
JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
JOIN veranda_teams t ON t.org_id = wt.org_id AND t.id = wt.team_id
WHERE wt.org_id = $1 AND tm.account_id = $2 AND wt.workspace_id = $3 ORDER BY t.name_key`
)

// explained reads an account's standing, with where its parts come from. About oneself it is that of the call itself, with
// the second factor of its session; about others that of a session they would make.
func (s *Service) explained(ctx context.Context, by veranda.Actor, org veranda.OrgID, account veranda.AccountID, workspace veranda.WorkspaceID, oneself bool) (*explained, error) {
	e := &explained{}
	who := veranda.AccountActor(account)
	if oneself {
		who = by
	}
	factor, state := false, ""
	var err error
	e.standing, err = s.conn.Read(ctx, s.reads.explained, who, org, []any{workspace, account},
		&e.kind, &e.direct, &e.teamRoles, &e.cap, &e.disabled, &e.disabledReason, &state, &factor, &e.placeDirect, &e.placeTeam, &e.placeIsDirect, &e.placeByTeam)
	if err != nil {
		return nil, err
	}
	e.accountState = AccountState(state)
	if oneself {
		e.session = by.TokenHash() != nil
	} else {
		e.session, e.standing.SecondFactor = true, factor
	}
	if strings.TrimSpace(e.teamRoles) != "" {
		if e.teams, err = readTeamRoles(ctx, s.conn, selectTeamRoles, org, account); err != nil {
			return nil, err
		}
	}
	if strings.TrimSpace(e.placeTeam) != "" {
		if e.placeTeams, err = readTeamRoles(ctx, s.conn, selectPlaceTeamRoles, org, account, workspace); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func readTeamRoles(ctx context.Context, c veranda.Conn, text string, args ...any) ([]teamRoles, error) {
	var teams []teamRoles
	err := readAll(ctx, c.Query, text, args, func(rows *sql.Rows) error {
		var t teamRoles
		err := rows.Scan(&t.name, &t.roles)
		teams = append(teams, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tenancy: read roles of teams: %w", err)
	}
	return teams, nil
}

func (e *explained) membership() *ExplainedMembership {
	if e.kind == "" {
		return nil
	}
	m := &ExplainedMembership{Kind: e.kind, State: "active", Cap: strings.Fields(e.cap)}
	if e.disabled {
		m.State, m.DisabledReason = "disabled", e.disabledReason
	}
	return m
}

// accessibleText is a page of the workspaces that both of two accounts see: $2 and $3 are what Visible asks of the one who
// asks, $4 and $5 of the one asked about; $6 is the position, $7 the limit.
func accessibleText(visible string) string {
	theirs := strings.NewReplacer("$2", "$4", "$3", "$5").Replace(visible)
	return `SELECT w.id, w.name, w.open, m.account_id IS NOT NULL, m.direct, m.roles, m.team_roles,
	EXISTS (SELECT 1 FROM veranda_workspace_teams wt JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
		WHERE wt.org_id = w.org_id AND wt.workspace_id = w.id AND tm.account_id = $4)
FROM veranda_workspaces w LEFT JOIN veranda_workspace_members m ON m.org_id = w.org_id AND m.workspace_id = w.id AND m.account_id = $4
WHERE w.org_id = $1 AND w.deleted_at IS NULL AND ` + visible + ` AND ` + theirs + ` AND w.id > $6 ORDER BY w.id LIMIT $7`
}

// accessible is a page of the workspaces an account sees, as far as the one who asks sees them too.
func (s *Service) accessible(ctx context.Context, asking, about *veranda.Standing, position []string, limit int) ([]AccessibleWorkspace, error) {
	mine, err := s.authz.VisibleArgs(ctx, s.conn, asking)
	if err != nil {
		return nil, err
	}
	theirs, err := s.authz.VisibleArgs(ctx, s.conn, about)
	if err != nil {
		return nil, err
	}
	from := veranda.WorkspaceID{}.String()
	if position != nil {
		from = position[0]
	}
	open := theirs[2] == any(int64(seesOpen))
	items := []AccessibleWorkspace{}
	err = readAll(ctx, s.conn.Query, s.reads.accessible, []any{asking.Org, mine[1], mine[2], theirs[1], theirs[2], from, limit}, func(rows *sql.Rows) error {
		w := AccessibleWorkspace{Sees: []string{}}
		var member, direct, byTeam bool
		var roles, teamRoles string
		if err := rows.Scan(&w.ID, &w.Name, &w.Open, &member, veranda.Optional(&direct), veranda.Optional(&roles), veranda.Optional(&teamRoles), &byTeam); err != nil {
			return err
		}
		w.Roles = strings.Fields(roles + " " + teamRoles)
		for _, why := range []struct {
			is   bool
			name string
		}{{w.Open && open, "open"}, {member && direct, "member"}, {member && byTeam, "team"}, {!member && !about.Member, "consent"}} {
			if why.is {
				w.Sees = append(w.Sees, why.name)
			}
		}
		items = append(items, w)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tenancy: read accessible workspaces: %w", err)
	}
	return items, nil
}
