package workspace

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// teamText is the teams of a workspace: $1 is the organization, $2 the workspace.
const teamText = `SELECT wt.team_id, t.name, wt.roles, (SELECT count(*) FROM veranda_team_members tm WHERE tm.org_id = t.org_id AND tm.team_id = t.id), wt.added_at, t.name_key
FROM veranda_workspace_teams wt JOIN veranda_teams t ON t.org_id = wt.org_id AND t.id = wt.team_id
WHERE wt.org_id = $1 AND wt.workspace_id = $2`

// queryTeams reads a page of a workspace's teams, with the keys of their names.
func queryTeams(ctx context.Context, query queryFunc, text string, args ...any) (teams []Team, keys []string, err error) {
	rows, err := query(ctx, text, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("workspace: read teams: %w", err)
	}
	defer func() { _ = rows.Close() }()
	teams = []Team{}
	for rows.Next() {
		var t Team
		var roles, key string
		if err := rows.Scan(&t.Team, &t.Name, &roles, &t.Members, veranda.Moment(&t.AddedAt), &key); err != nil {
			return nil, nil, fmt.Errorf("workspace: read teams: %w", err)
		}
		t.Role = teamRole(roles)
		teams, keys = append(teams, t), append(keys, key)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("workspace: read teams: %w", err)
	}
	return teams, keys, nil
}

// readTeam reads a team of the workspace; nil when it is not there.
func readTeam(ctx context.Context, tx *veranda.Tx, w *Workspace, team tenancy.TeamID) (*Team, error) {
	teams, _, err := queryTeams(ctx, tx.Query, teamText+` AND wt.team_id = $3`, w.Org, w.ID, team)
	if err != nil || len(teams) == 0 {
		return nil, err
	}
	return &teams[0], nil
}

// setTeam puts a team into a workspace, or gives it another role there.
func setTeam(ctx context.Context, tx *veranda.Tx, w *Workspace, team tenancy.TeamID, role Role) error {
	_, err := tx.Exec(ctx, `INSERT INTO veranda_workspace_teams (org_id, workspace_id, team_id, roles, added_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (org_id, workspace_id, team_id) DO UPDATE SET roles = excluded.roles`, w.Org, w.ID, team, role.rowRoles(), tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("workspace: add team: %w", err)
	}
	return nil
}

func deleteTeam(ctx context.Context, tx *veranda.Tx, w *Workspace, team tenancy.TeamID) error {
	_, err := tx.Exec(ctx, `DELETE FROM veranda_workspace_teams WHERE org_id = $1 AND workspace_id = $2 AND team_id = $3`, w.Org, w.ID, team)
	if err != nil {
		return fmt.Errorf("workspace: remove team: %w", err)
	}
	return nil
}

// isByTeam tells whether somebody is in a workspace by a team.
func isByTeam(ctx context.Context, tx *veranda.Tx, w *Workspace, account veranda.AccountID) (bool, error) {
	return exists(ctx, tx, `SELECT 1 FROM veranda_workspace_teams wt JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
WHERE wt.org_id = $1 AND wt.workspace_id = $2 AND tm.account_id = $3 LIMIT 1`, w.Org, w.ID, account)
}

// customRole tells whether the organization made a role for itself, and whether employees can hold it in a workspace.
func customRole(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, role Role) (found, fits bool, err error) {
	rows, err := tx.Query(ctx, `SELECT kinds, scope FROM veranda_roles WHERE org_id = $1 AND name = $2`, org, string(role))
	if err != nil {
		return false, false, fmt.Errorf("workspace: read role: %w", err)
	}
	var kinds, scope string
	if found = rows.Next(); found {
		err = rows.Scan(&kinds, &scope)
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return false, false, fmt.Errorf("workspace: read role: %w", err)
	}
	return found, strings.Contains(" "+kinds+" ", " "+kindInternal+" ") && (scope == "workspace" || scope == "both"), nil
}

// The teams by which people are in a workspace; $3 is a list of accounts.
const (
	viaText = `SELECT tm.account_id, t.id, t.name FROM veranda_workspace_teams wt JOIN veranda_teams t ON t.org_id = wt.org_id AND t.id = wt.team_id
JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
WHERE wt.org_id = $1 AND wt.workspace_id = $2 AND tm.account_id IN `
	viaTextPostgres = viaText + `(SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb)) ORDER BY t.name_key`
	viaTextSQLite   = viaText + `(SELECT value FROM json_each($3)) ORDER BY t.name_key`
)

func queryVia(ctx context.Context, query queryFunc, db *veranda.DB, w *Workspace, accounts []veranda.AccountID) (map[veranda.AccountID][]TeamName, error) {
	list, err := json.Marshal(accounts)
	if err != nil {
		return nil, fmt.Errorf("workspace: read teams of members: %w", err)
	}
	var rows *sql.Rows
	if rows, err = query(ctx, db.Pick(viaTextPostgres, viaTextSQLite), w.Org, w.ID, string(list)); err != nil {
		return nil, fmt.Errorf("workspace: read teams of members: %w", err)
	}
	defer func() { _ = rows.Close() }()
	via := map[veranda.AccountID][]TeamName{}
	for rows.Next() {
		var account veranda.AccountID
		var team TeamName
		if err := rows.Scan(&account, &team.Team, &team.Name); err != nil {
			return nil, fmt.Errorf("workspace: read teams of members: %w", err)
		}
		via[account] = append(via[account], team)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("workspace: read teams of members: %w", err)
	}
	return via, nil
}
