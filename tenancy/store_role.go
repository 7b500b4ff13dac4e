package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// roleRow is a role of an organization's own.
type roleRow struct {
	Name, Title, Description, Kinds, Scope, GrantedBy string
	CreatedAt, UpdatedAt                              dialect.Time
	Version                                           int64
	// permissions come from the policy rows.
	permissions []veranda.Permission
}

const (
	roleColumns = `name, title, description, kinds, scope, granted_by, created_at, updated_at, version`
	selectRoles = `SELECT ` + roleColumns + ` FROM veranda_roles WHERE org_id = $1 ORDER BY name`
	// What was put into roles; the rows of a role about others say who gives it.
	selectRolePermissions = `SELECT source, v1, v2 FROM veranda_policy_rows WHERE org_id = $1 AND source LIKE 'role:%' AND type = 'p' AND source = 'role:' || v0`

	insertRole = `INSERT INTO veranda_roles (org_id, name, title, description, kinds, scope, granted_by, created_by, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1)`
	updateRole = `UPDATE veranda_roles SET title = $3, description = $4, kinds = $5, scope = $6, granted_by = $7, updated_at = $8, version = version + 1
WHERE org_id = $1 AND name = $2`
	updateGranters  = `UPDATE veranda_roles SET granted_by = $3, updated_at = $4, version = version + 1 WHERE org_id = $1 AND name = $2`
	deleteRole      = `DELETE FROM veranda_roles WHERE org_id = $1 AND name = $2`
	insertPolicyRow = `INSERT INTO veranda_policy_rows (org_id, id, type, v0, v1, v2, v3, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	// All rows of one source: a role's, or an empty one for the organization's own.
	deletePolicyRows = `DELETE FROM veranda_policy_rows WHERE org_id = $1 AND source = $2`
	// All rows that speak of a role, so that one of the same name made later begins with nothing.
	deleteRowsAbout = `DELETE FROM veranda_policy_rows WHERE org_id = $1 AND (source = $2 OR v0 = $3 OR type = 'g' AND v1 = $3 OR type = 'p' AND v1 = 'role' AND v2 = $4)`

	// raisePolicy makes every node read the organization's rows again, and is the lock that changes of them wait for.
	raisePolicy = `UPDATE veranda_organizations SET policy_version = policy_version + 1 WHERE id = $1 AND deleted_at IS NULL`

	// Who holds a role: where, and as what kind of member. $2 is the pattern of a list that names it.
	selectRoleHolders = `SELECT DISTINCT 'organization', kind FROM veranda_memberships WHERE org_id = $1
	AND (' ' || roles || ' ' || team_roles || ' ' || offered_roles || ' ' LIKE $2 ESCAPE '!')
UNION SELECT 'workspace', m.kind FROM veranda_workspace_members wm JOIN veranda_memberships m ON m.org_id = wm.org_id AND m.account_id = wm.account_id
	WHERE wm.org_id = $1 AND ' ' || wm.roles || ' ' || wm.team_roles || ' ' LIKE $2 ESCAPE '!'
UNION SELECT 'organization', '' FROM veranda_teams WHERE org_id = $1 AND ' ' || roles || ' ' LIKE $2 ESCAPE '!'
UNION SELECT 'workspace', '' FROM veranda_workspace_teams WHERE org_id = $1 AND ' ' || roles || ' ' LIKE $2 ESCAPE '!'
UNION SELECT 'relation', '' FROM veranda_relations WHERE org_id = $1 AND ' ' || cap || ' ' LIKE $2 ESCAPE '!'
UNION SELECT 'relation', '' FROM veranda_memberships WHERE org_id = $1 AND ' ' || cap || ' ' LIKE $2 ESCAPE '!'
UNION SELECT 'organization', kind FROM veranda_invitations WHERE org_id = $1 AND state = 'pending' AND ' ' || roles || ' ' LIKE $2 ESCAPE '!'`

	// The locks of roles that are being given: who deletes one waits, and finds it held.
	lockRolePostgres = `SELECT kinds, scope FROM veranda_roles WHERE org_id = $1 AND name = $2 FOR SHARE`
	lockRoleSQLite   = `SELECT kinds, scope FROM veranda_roles WHERE org_id = $1 AND name = $2`
	// Behind the lock of the organization's version, for who changes or deletes one.
	lockRoleAlonePostgres = `SELECT 1 FROM veranda_roles WHERE org_id = $1 AND name = $2 FOR UPDATE`
	lockRoleAloneSQLite   = `SELECT 1 FROM veranda_roles WHERE org_id = $1 AND name = $2`
)

// readRoles are the roles an organization made for itself, by name.
func readRoles(ctx context.Context, c veranda.Conn, org veranda.OrgID) ([]roleRow, error) {
	var roles []roleRow
	err := readAll(ctx, c.Query, selectRoles, []any{org}, func(rows *sql.Rows) error {
		var r roleRow
		err := rows.Scan(&r.Name, &r.Title, &r.Description, &r.Kinds, &r.Scope, &r.GrantedBy, &r.CreatedAt, &r.UpdatedAt, &r.Version)
		roles = append(roles, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tenancy: read roles: %w", err)
	}
	err = readAll(ctx, c.Query, selectRolePermissions, []any{org}, func(rows *sql.Rows) error {
		var source, kind, action string
		if err := rows.Scan(&source, &kind, &action); err != nil {
			return err
		}
		for i := range roles {
			if sourceRole+roles[i].Name == source {
				roles[i].permissions = append(roles[i].permissions, veranda.Permission(kind+"."+action))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tenancy: read permissions of roles: %w", err)
	}
	for i := range roles {
		slices.Sort(roles[i].permissions)
	}
	return roles, nil
}

func findRole(roles []roleRow, name string) *roleRow {
	if i := slices.IndexFunc(roles, func(r roleRow) bool { return r.Name == name }); i >= 0 {
		return &roles[i]
	}
	return nil
}

func roleNames(roles []roleRow) []string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = r.Name
	}
	return names
}

// fits tells whether a kind of member can hold the role in a place.
func (r *roleRow) fits(kind, scope string) bool {
	return slices.Contains(strings.Fields(r.Kinds), kind) && (r.Scope == scope || r.Scope == ScopeBoth)
}

// writeRoleRows writes the rows a role is made of: what it may do, and who gives it.
func writeRoleRows(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, name string, in *RoleBody, granters []string) error {
	source := sourceRole + name
	if _, err := tx.Exec(ctx, deletePolicyRows, org, source); err != nil {
		return fmt.Errorf("tenancy: rows of a role: %w", err)
	}
	write := func(role, kind, action string) error {
		_, err := tx.Exec(ctx, insertPolicyRow, org, veranda.NewID[policyRowKind](), "p", role, kind, action, "allow", source)
		return err
	}
	for _, permission := range in.Permissions {
		kind, action, _ := strings.Cut(string(permission), ".")
		if err := write(name, kind, action); err != nil {
			return fmt.Errorf("tenancy: rows of a role: %w", err)
		}
	}
	for _, granter := range granters {
		if err := write(granter, "role", "grant_"+name); err != nil {
			return fmt.Errorf("tenancy: rows of a role: %w", err)
		}
	}
	return nil
}

// holder is where somebody holds a role, and as what kind of member; a team and a relation are of no kind.
type holder struct{ place, kind string }

func readHolders(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, role string) ([]holder, error) {
	pattern := "% " + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(role) + " %"
	var holders []holder
	err := readAll(ctx, tx.Query, selectRoleHolders, []any{org, pattern}, func(rows *sql.Rows) error {
		var h holder
		err := rows.Scan(&h.place, &h.kind)
		holders = append(holders, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tenancy: read who holds a role: %w", err)
	}
	return holders, nil
}

// lockGiven holds the organization's own roles among those that are about to be given until the transaction ends, so that
// none of them is deleted or narrowed meanwhile. It reports each that does not exist, or that this kind of member cannot
// hold in this place, below a pointer.
func lockGiven(ctx context.Context, tx *veranda.Tx, c *veranda.Checks, pointer string, org veranda.OrgID, roles []string, kind, scope string) error {
	for i, name := range roles {
		if isShipped(name) {
			continue
		}
		r := &roleRow{}
		found, err := readOne(ctx, tx.Query, tx.DB().Pick(lockRolePostgres, lockRoleSQLite), []any{org, name}, &r.Kinds, &r.Scope)
		if err != nil {
			return fmt.Errorf("tenancy: lock a role: %w", err)
		}
		if !found {
			r = nil
		}
		checkFits(c, fmt.Sprintf("%s/%d", pointer, i), r, kind, scope)
	}
	return nil
}

// checkCustom reports the organization's own roles that do not exist, or that this kind of member cannot hold in this
// place; lockGiven says the same behind a lock, before they are given.
func (s *Service) checkCustom(ctx context.Context, c *veranda.Checks, pointer string, org veranda.OrgID, roles []string, kind, scope string) error {
	if !slices.ContainsFunc(roles, func(role string) bool { return !isShipped(role) }) {
		return nil
	}
	known, err := readRoles(ctx, s.conn, org)
	if err != nil {
		return err
	}
	for i, name := range roles {
		if isShipped(name) {
			continue
		}
		checkFits(c, fmt.Sprintf("%s/%d", pointer, i), findRole(known, name), kind, scope)
	}
	return nil
}

func checkFits(c *veranda.Checks, pointer string, role *roleRow, kind, scope string) {
	switch {
	case role == nil:
		c.Add(pointer, "one_of", "must be a role of the organization")
	case role.Scope != scope && role.Scope != ScopeBoth:
		c.Add(pointer, "scope", "is not a role of this place")
	case !slices.Contains(strings.Fields(role.Kinds), kind):
		c.Add(pointer, "kind", "does not fit this kind of member")
	}
}
