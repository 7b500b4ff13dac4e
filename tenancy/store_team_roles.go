package tenancy

import (
	"context"

	"github.com/veranda-go/veranda"
)

// What follows from teams is written down where every permission check reads it: the roles in memberships.team_roles, and
// the rows and roles of those who are in a workspace by a team. It is written whole, from the teams as they are, in the
// transaction of the change: two changes of one person wait for each other at the person's membership, two of one
// workspace at the workspace, and the later one reads what the earlier committed, for its statement begins behind the lock.
const (
	lockMembershipsPostgres = `SELECT account_id FROM veranda_memberships WHERE org_id = $1 AND account_id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))
ORDER BY account_id FOR NO KEY UPDATE`
	lockLeavingPostgres    = `SELECT account_id FROM veranda_memberships WHERE org_id = $1 AND account_id = $2 FOR UPDATE`
	lockWorkspacesPostgres = `SELECT id FROM veranda_workspaces WHERE org_id = $1 AND id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))
ORDER BY id FOR NO KEY UPDATE`

	// The names of roles hold neither blanks nor quotes, so that a list of them is easily taken apart.
	memberRolesPostgres = `UPDATE veranda_memberships SET team_roles = coalesce((SELECT string_agg(r.role, ' ' ORDER BY r.role COLLATE "C") FROM (
	SELECT DISTINCT unnest(string_to_array(t.roles, ' ')) AS role FROM veranda_team_members tm
	JOIN veranda_teams t ON t.org_id = tm.org_id AND t.id = tm.team_id
	WHERE tm.org_id = $1 AND tm.account_id = veranda_memberships.account_id) r WHERE r.role <> ''), '')
WHERE org_id = $1 AND account_id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))`
	memberRolesSQLite = `UPDATE veranda_memberships SET team_roles = coalesce((SELECT group_concat(r.role, ' ' ORDER BY r.role) FROM (
	SELECT DISTINCT j.value AS role FROM veranda_team_members tm
	JOIN veranda_teams t ON t.org_id = tm.org_id AND t.id = tm.team_id
	JOIN json_each('["' || replace(t.roles, ' ', '","') || '"]') j
	WHERE tm.org_id = $1 AND tm.account_id = veranda_memberships.account_id) r WHERE r.role <> ''), '')
WHERE org_id = $1 AND account_id IN (SELECT value FROM json_each($2))`

	enterByTeamPostgres = `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at, direct)
SELECT DISTINCT wt.org_id, wt.workspace_id, tm.account_id, '', $4::timestamptz, FALSE FROM veranda_workspace_teams wt
JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
WHERE wt.org_id = $1 AND wt.workspace_id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))
AND tm.account_id IN (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb)) ON CONFLICT DO NOTHING`
	enterByTeamSQLite = `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at, direct)
SELECT DISTINCT wt.org_id, wt.workspace_id, tm.account_id, '', $4, 0 FROM veranda_workspace_teams wt
JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
WHERE wt.org_id = $1 AND wt.workspace_id IN (SELECT value FROM json_each($2))
AND tm.account_id IN (SELECT value FROM json_each($3)) ON CONFLICT DO NOTHING`

	workspaceRolesPostgres = `UPDATE veranda_workspace_members SET team_roles = coalesce((SELECT string_agg(r.role, ' ' ORDER BY r.role COLLATE "C") FROM (
	SELECT DISTINCT unnest(string_to_array(wt.roles, ' ')) AS role FROM veranda_workspace_teams wt
	JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
	WHERE wt.org_id = $1 AND wt.workspace_id = veranda_workspace_members.workspace_id AND tm.account_id = veranda_workspace_members.account_id) r WHERE r.role <> ''), '')
WHERE org_id = $1 AND workspace_id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))
AND account_id IN (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb))`
	workspaceRolesSQLite = `UPDATE veranda_workspace_members SET team_roles = coalesce((SELECT group_concat(r.role, ' ' ORDER BY r.role) FROM (
	SELECT DISTINCT j.value AS role FROM veranda_workspace_teams wt
	JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
	JOIN json_each('["' || replace(wt.roles, ' ', '","') || '"]') j
	WHERE wt.org_id = $1 AND wt.workspace_id = veranda_workspace_members.workspace_id AND tm.account_id = veranda_workspace_members.account_id) r WHERE r.role <> ''), '')
WHERE org_id = $1 AND workspace_id IN (SELECT value FROM json_each($2)) AND account_id IN (SELECT value FROM json_each($3))`

	leaveByTeamPostgres = `DELETE FROM veranda_workspace_members WHERE org_id = $1 AND NOT direct
AND workspace_id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb)) AND account_id IN (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb))
AND NOT EXISTS (` + byTeam + `)`
	leaveByTeamSQLite = `DELETE FROM veranda_workspace_members WHERE org_id = $1 AND NOT direct
AND workspace_id IN (SELECT value FROM json_each($2)) AND account_id IN (SELECT value FROM json_each($3)) AND NOT EXISTS (` + byTeam + `)`
	byTeam = `SELECT 1 FROM veranda_workspace_teams wt JOIN veranda_team_members tm ON tm.org_id = wt.org_id AND tm.team_id = wt.team_id
WHERE wt.org_id = $1 AND wt.workspace_id = veranda_workspace_members.workspace_id AND tm.account_id = veranda_workspace_members.account_id`

	raiseWorkspacesPostgres = `UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id IN (SELECT value::uuid FROM jsonb_array_elements_text($2::jsonb))`
	raiseWorkspacesSQLite   = `UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id IN (SELECT value FROM json_each($2))`
)

// refreshTeamRoles writes down the roles that people have by their teams.
func refreshTeamRoles(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, accounts []veranda.AccountID) error {
	if len(accounts) == 0 {
		return nil
	}
	list, err := idList(accounts)
	if err != nil {
		return err
	}
	db := tx.DB()
	if !db.Embedded() {
		if _, err := readIDs[veranda.AccountID](ctx, tx, lockMembershipsPostgres, org, list); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, db.Pick(memberRolesPostgres, memberRolesSQLite), org, list)
	return wrapped("store roles of teams", err)
}

// RefreshWorkspaceTeams writes down who of the accounts is in the workspaces by a team, with which roles there, and raises
// the workspaces' access_version. Call it in the transaction of every change of a workspace's teams, behind LockTeam. It
// asks nobody: it is for the package that manages workspaces.
func RefreshWorkspaceTeams(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, workspaces []veranda.WorkspaceID, accounts []veranda.AccountID) error {
	if len(workspaces) == 0 || len(accounts) == 0 {
		return nil
	}
	places, err := idList(workspaces)
	if err != nil {
		return err
	}
	people, err := idList(accounts)
	if err != nil {
		return err
	}
	db := tx.DB()
	if !db.Embedded() {
		if _, err := readIDs[veranda.WorkspaceID](ctx, tx, lockWorkspacesPostgres, org, places); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, db.Pick(enterByTeamPostgres, enterByTeamSQLite), org, places, people, db.Time(db.Now())); err != nil {
		return wrapped("enter workspaces by a team", err)
	}
	for _, text := range []string{db.Pick(workspaceRolesPostgres, workspaceRolesSQLite), db.Pick(leaveByTeamPostgres, leaveByTeamSQLite)} {
		if _, err := tx.Exec(ctx, text, org, places, people); err != nil {
			return wrapped("store who is in workspaces by a team", err)
		}
	}
	_, err = tx.Exec(ctx, db.Pick(raiseWorkspacesPostgres, raiseWorkspacesSQLite), org, places)
	return wrapped("raise access version", err)
}

// TeamAccounts are the people in a team, for RefreshWorkspaceTeams.
func TeamAccounts(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, team TeamID) ([]veranda.AccountID, error) {
	return teamAccounts(ctx, tx, org, team)
}

// leaveTeams takes somebody who leaves the organization out of all teams; who is in a workspace by a team alone leaves it.
// Call it before the membership's row is deleted.
func leaveTeams(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	db, accounts := tx.DB(), []veranda.AccountID{account}
	if !db.Embedded() { // whoever puts them into a team at this moment has committed by then, or finds no membership
		if _, err := readIDs[veranda.AccountID](ctx, tx, lockLeavingPostgres, org, account); err != nil {
			return err
		}
	}
	workspaces, err := readIDs[veranda.WorkspaceID](ctx, tx, `SELECT DISTINCT wt.workspace_id FROM veranda_team_members tm
JOIN veranda_workspace_teams wt ON wt.org_id = tm.org_id AND wt.team_id = tm.team_id WHERE tm.org_id = $1 AND tm.account_id = $2`, org, account)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM veranda_team_members WHERE org_id = $1 AND account_id = $2`, org, account)
	if err != nil || n == 0 {
		return wrapped("leave teams", err)
	}
	if err := refreshTeamRoles(ctx, tx, org, accounts); err != nil {
		return err
	}
	return RefreshWorkspaceTeams(ctx, tx, org, workspaces, accounts)
}
