package tenancy

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// teamRow is a team.
type teamRow struct {
	Org         veranda.OrgID
	ID          TeamID
	Name        string
	Description string
	Roles       string
	Members     int64
	Member      bool
	CreatedBy   veranda.AccountID
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64
}

// What a composed read brings of a team besides the standing, and of who would make one.
const (
	teamFields = `t.id, t.name, t.description, t.roles, t.created_by, t.created_at, t.updated_at, t.version,
	(SELECT count(*) FROM veranda_team_members tm WHERE tm.org_id = t.org_id AND tm.team_id = t.id)`
	teamColumns = teamFields + `,
	EXISTS (SELECT 1 FROM veranda_team_members tm WHERE tm.org_id = $2 AND tm.team_id = $4 AND tm.account_id = coalesce(s.account_id, $3))`
	teamJoin = `LEFT JOIN veranda_teams t ON t.org_id = $2 AND t.id = $4`

	teamMakerColumns = `CAST(t.domains AS TEXT), mm.address_key`
	teamMakerJoin    = organizationJoin + `
LEFT JOIN veranda_memberships mm ON mm.org_id = $2 AND mm.account_id = coalesce(s.account_id, $3)`
)

// destinations scans a row that may not be there.
func (r *teamRow) destinations() []any {
	return []any{
		veranda.Optional(&r.ID), veranda.Optional(&r.Name), veranda.Optional(&r.Description), veranda.Optional(&r.Roles), veranda.Optional(&r.CreatedBy),
		veranda.Moment(&r.CreatedAt), veranda.Moment(&r.UpdatedAt), veranda.Optional(&r.Version), veranda.Optional(&r.Members), veranda.Optional(&r.Member),
	}
}

func (r *teamRow) roles() []string { return strings.Fields(r.Roles) }

func (r *teamRow) team() *Team {
	return &Team{
		ID: r.ID, Org: r.Org, Name: r.Name, Description: r.Description, Roles: append([]string{}, r.roles()...), Members: r.Members, Member: r.Member,
		CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
}

// selectTeams is a page of teams: $2 is who asks, $3 whether only their own, $4 the pattern of the name, $5 the position.
const selectTeams = `SELECT ` + teamFields + `, me.account_id IS NOT NULL, t.name_key FROM veranda_teams t
LEFT JOIN veranda_team_members me ON me.org_id = t.org_id AND me.team_id = t.id AND me.account_id = $2
WHERE t.org_id = $1 AND (NOT $3 OR me.account_id IS NOT NULL) AND t.name_key LIKE $4 ESCAPE '!' AND t.name_key > $5 ORDER BY t.name_key LIMIT $6`

const (
	insertTeam = `INSERT INTO veranda_teams (org_id, id, name, name_key, description, roles, created_by, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1)`
	updateTeam = `UPDATE veranda_teams SET name = $4, name_key = $5, description = $6, roles = $7, updated_at = $8, version = version + 1
WHERE org_id = $1 AND id = $2 AND version = $3`
)

// storeTeam stores a new team.
func storeTeam(ctx context.Context, tx *veranda.Tx, r *teamRow) error {
	_, err := tx.Exec(ctx, insertTeam, r.Org, r.ID, r.Name, teamNameKey(r.Name), r.Description, r.Roles, r.CreatedBy, tx.DB().Time(r.CreatedAt))
	return nameTaken("store team", err)
}

// changeTeam stores what an update changed.
func (r *teamRow) change(ctx context.Context, tx *veranda.Tx, before int64) error {
	n, err := tx.Exec(ctx, updateTeam, r.Org, r.ID, before, r.Name, teamNameKey(r.Name), r.Description, r.Roles, tx.DB().Time(r.UpdatedAt))
	if err != nil {
		return nameTaken("update team", err)
	}
	if n == 0 {
		return veranda.ErrVersion
	}
	return nil
}

// nameTaken says at its field that another has the name. Whoever may make or change a team sees all of them.
func nameTaken(what string, err error) error {
	if veranda.IsUnique(err, "veranda_teams_org_id_name_key", "veranda_teams.name_key") {
		var c veranda.Checks
		c.Add("/name", "taken", "is another team's")
		return c.Err()
	}
	return wrapped(what, err)
}

// LockTeam makes changes of one team wait for each other until the transaction's end, and tells whether the team exists.
// SQLite has one writer anyway. It asks nobody: it is for packages that keep what teams lead to. Who changes a team takes
// its lock before those of memberships, and those before workspaces'.
func LockTeam(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, team TeamID) (found bool, err error) {
	var one int
	return readOne(ctx, tx.Query, tx.DB().Pick(
		`SELECT 1 FROM veranda_teams WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE`,
		`SELECT 1 FROM veranda_teams WHERE org_id = $1 AND id = $2`), []any{org, team}, &one)
}

// addToTeam stores who is in a team from now on, and gives those back who were not.
func addToTeam(ctx context.Context, tx *veranda.Tx, team *teamRow, accounts []veranda.AccountID) ([]veranda.AccountID, error) {
	list, err := idList(accounts)
	if err != nil {
		return nil, err
	}
	added, err := readIDs[veranda.AccountID](ctx, tx, tx.DB().Pick(
		`INSERT INTO veranda_team_members (org_id, team_id, account_id, added_at)
SELECT $1::uuid, $2::uuid, a.id::uuid, $4::timestamptz FROM jsonb_array_elements_text($3::jsonb) AS a (id) ON CONFLICT DO NOTHING RETURNING account_id`,
		`INSERT INTO veranda_team_members (org_id, team_id, account_id, added_at)
SELECT $1, $2, a.value, $4 FROM json_each($3) AS a WHERE TRUE ON CONFLICT DO NOTHING RETURNING account_id`),
		team.Org, team.ID, list, tx.DB().Time(tx.DB().Now()))
	if veranda.IsForeignKey(err) { // removed from the organization at this moment
		return nil, veranda.ErrContended.Because(err)
	}
	return added, err
}

// teamAccounts are the people in a team.
func teamAccounts(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, team TeamID) ([]veranda.AccountID, error) {
	return readIDs[veranda.AccountID](ctx, tx, `SELECT account_id FROM veranda_team_members WHERE org_id = $1 AND team_id = $2`, org, team)
}

// teamWorkspaces are the workspaces a team is in.
func teamWorkspaces(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, team TeamID) ([]veranda.WorkspaceID, error) {
	return readIDs[veranda.WorkspaceID](ctx, tx, `SELECT workspace_id FROM veranda_workspace_teams WHERE org_id = $1 AND team_id = $2`, org, team)
}

// idList is a list of ids as one argument: a JSON array.
func idList[Kind any](ids []veranda.ID[Kind]) (string, error) {
	if ids == nil {
		ids = []veranda.ID[Kind]{}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return "", fmt.Errorf("tenancy: list of ids: %w", err)
	}
	return string(list), nil
}

// customTeamRoles are the roles the organization made for itself that its employees can hold in it.
func customTeamRoles(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) (names []string, err error) {
	err = readAll(ctx, tx.Query, `SELECT name, kinds FROM veranda_roles WHERE org_id = $1 AND scope IN ('organization', 'both') ORDER BY name`, []any{org},
		func(rows *sql.Rows) error {
			var name, kinds string
			err := rows.Scan(&name, &kinds)
			for _, kind := range strings.Fields(kinds) {
				if kind == MemberInternal {
					names = append(names, name)
				}
			}
			return err
		})
	return names, err
}
