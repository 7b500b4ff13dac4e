package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

const (
	relationForText     = `SELECT cap, state FROM veranda_relations WHERE org_id = $1 AND home_org_id = $2`
	relationForPostgres = relationForText + ` FOR SHARE`
)

// relationFor reads the relation by which org receives people whose home is home, and holds it until the commit, so that
// who is linked now is met by a relation that ends at the same moment. state is empty where there is none; only an active
// relation's cap counts.
func relationFor(ctx context.Context, tx *veranda.Tx, org, home veranda.OrgID) (cap string, state string, err error) {
	_, err = readOne(ctx, tx.Query, tx.DB().Pick(relationForPostgres, relationForText), []any{org, home}, &cap, &state)
	if err != nil {
		return "", "", fmt.Errorf("tenancy: read relation: %w", err)
	}
	return cap, state, nil
}

// relationRow is a row of veranda_relations with the names of both organizations.
type relationRow struct {
	Host, Home           veranda.OrgID
	HostName, HomeName   string
	Cap, State           string
	CreatedAt, UpdatedAt time.Time
	Version              int64
}

const (
	relationSelect = `SELECT r.org_id, r.home_org_id, a.name, b.name, r.cap, r.state, r.created_at, r.updated_at, r.version
FROM veranda_relations r
JOIN veranda_organizations a ON a.id = r.org_id AND a.deleted_at IS NULL
JOIN veranda_organizations b ON b.id = r.home_org_id AND b.deleted_at IS NULL`
	relationOne         = relationSelect + ` WHERE r.org_id = $1 AND r.home_org_id = $2`
	relationOnePostgres = relationOne + ` FOR UPDATE OF r`
)

func (r *relationRow) destinations() []any {
	return []any{&r.Host, &r.Home, &r.HostName, &r.HomeName, &r.Cap, &r.State, veranda.Moment(&r.CreatedAt), veranda.Moment(&r.UpdatedAt), &r.Version}
}

// relation is the row as one side sees it.
func (r *relationRow) relation(org veranda.OrgID) *Relation {
	v := &Relation{
		Side: SideHost, Other: r.Home, OtherName: r.HomeName, Cap: strings.Fields(r.Cap), State: r.State,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
	if org == r.Home {
		v.Side, v.Other, v.OtherName = SideHome, r.Host, r.HostName
	}
	return v
}

// lockRelation reads a relation and holds it; nil where there is none.
func lockRelation(ctx context.Context, tx *veranda.Tx, host, home veranda.OrgID) (*relationRow, error) {
	var r relationRow
	found, err := readOne(ctx, tx.Query, tx.DB().Pick(relationOnePostgres, relationOne), []any{host, home}, r.destinations()...)
	if err != nil || !found {
		return nil, err
	}
	return &r, nil
}

// update stores where a relation stands, by whom it was decided.
func (r *relationRow) update(ctx context.Context, tx *veranda.Tx, by veranda.AccountID) error {
	now := tx.DB().Now()
	_, err := tx.Exec(ctx, `UPDATE veranda_relations SET cap = $3, state = $4, decided_by = $5, updated_at = $6, version = version + 1
WHERE org_id = $1 AND home_org_id = $2`, r.Host, r.Home, r.Cap, r.State, nullID(by), tx.DB().Time(now))
	if err != nil {
		return fmt.Errorf("tenancy: store relation: %w", err)
	}
	r.UpdatedAt = now
	r.Version++
	return nil
}

// bind puts the cap on those who are at home in the other organization: those known to be, and those who came by an
// invitation before and are employees there under the address used here.
func (r *relationRow) bind(ctx context.Context, tx *veranda.Tx) error {
	for _, text := range []string{
		`UPDATE veranda_memberships SET home_org_id = $2, cap = $3, version = version + 1 WHERE org_id = $1 AND kind <> 'internal' AND home_org_id IS NULL
AND EXISTS (SELECT 1 FROM veranda_memberships h WHERE h.org_id = $2 AND h.account_id = veranda_memberships.account_id AND h.kind = 'internal' AND h.address_key = veranda_memberships.address_key)`,
		`UPDATE veranda_memberships SET cap = $3, version = version + 1 WHERE org_id = $1 AND home_org_id = $2 AND kind <> 'internal' AND cap <> $3`,
	} {
		if _, err := tx.Exec(ctx, text, r.Host, r.Home, r.Cap); err != nil {
			return fmt.Errorf("tenancy: cap people: %w", err)
		}
	}
	return r.raiseAccess(ctx, tx)
}

// shut takes the access of those away who are at home in the other organization.
func (r *relationRow) shut(ctx context.Context, tx *veranda.Tx) ([]leaverRow, error) {
	if err := r.raiseAccess(ctx, tx); err != nil {
		return nil, err
	}
	return readPeople(ctx, tx, `UPDATE veranda_memberships SET disabled_at = $3, disabled_reason = 'relation', version = version + 1
WHERE org_id = $1 AND home_org_id = $2 AND kind <> 'internal' AND disabled_at IS NULL RETURNING account_id, kind, roles, team_roles`,
		r.Host, r.Home, tx.DB().Time(tx.DB().Now()))
}

// revive gives the access back that ended with a former relation.
func (r *relationRow) revive(ctx context.Context, tx *veranda.Tx) ([]leaverRow, error) {
	people, err := readPeople(ctx, tx, `UPDATE veranda_memberships SET disabled_at = NULL, disabled_reason = '', cap = $3, version = version + 1
WHERE org_id = $1 AND home_org_id = $2 AND kind <> 'internal' AND disabled_reason = 'relation' RETURNING account_id, kind, roles, team_roles`,
		r.Host, r.Home, r.Cap)
	if err != nil {
		return nil, err
	}
	return people, r.raiseAccess(ctx, tx)
}

// raiseAccess says to those who keep streams of the host open that what they see has changed.
func (r *relationRow) raiseAccess(ctx context.Context, tx *veranda.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id IN (
	SELECT wm.workspace_id FROM veranda_memberships m JOIN veranda_workspace_members wm ON wm.org_id = m.org_id AND wm.account_id = m.account_id
	WHERE m.org_id = $1 AND m.home_org_id = $2)`, r.Host, r.Home)
	if err != nil {
		return fmt.Errorf("tenancy: raise access: %w", err)
	}
	return nil
}

func readPeople(ctx context.Context, tx *veranda.Tx, text string, args ...any) (people []leaverRow, err error) {
	err = readAll(ctx, tx.Query, text, args, func(rows *sql.Rows) error {
		var p leaverRow
		err := rows.Scan(&p.Account, &p.Kind, &p.Roles, &p.TeamRoles)
		people = append(people, p)
		return err
	})
	return people, err
}

// Both sides' relations by the other's name. $2 is the limit, $3 to $5 the position.
const (
	relationsSelect = `SELECT org_id, home_org_id, host_name, home_name, cap, state, created_at, updated_at, version FROM (
	SELECT r.org_id, r.home_org_id, a.name AS host_name, b.name AS home_name, r.cap, r.state, r.created_at, r.updated_at, r.version,
		b.name AS other_name, r.home_org_id AS other_id, 'host' AS side
	FROM veranda_relations r JOIN veranda_organizations a ON a.id = r.org_id JOIN veranda_organizations b ON b.id = r.home_org_id AND b.deleted_at IS NULL
	WHERE r.org_id = $1
	UNION ALL SELECT r.org_id, r.home_org_id, a.name, b.name, r.cap, r.state, r.created_at, r.updated_at, r.version, a.name, r.org_id, 'home'
	FROM veranda_relations r JOIN veranda_organizations a ON a.id = r.org_id AND a.deleted_at IS NULL JOIN veranda_organizations b ON b.id = r.home_org_id
	WHERE r.home_org_id = $1) x`
	relationsFirst = relationsSelect + ` ORDER BY x.other_name, x.other_id, x.side LIMIT $2`
	relationsNext  = relationsSelect + ` WHERE (x.other_name, x.other_id, x.side) > ($3, $4, $5) ORDER BY x.other_name, x.other_id, x.side LIMIT $2`
)
