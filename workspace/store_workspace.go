package workspace

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// kindPersonal is the kind of a personal tenant.
const kindPersonal = "personal"

// What a composed read brings of a workspace besides the standing.
const (
	workspaceColumns = `v.id, v.name, v.description, v.open, v.created_by, v.created_at, v.updated_at, v.version`
	workspaceJoin    = `LEFT JOIN veranda_workspaces v ON v.org_id = $2 AND v.id = $4 AND v.deleted_at IS NULL`
)

// destinations are where the columns of a workspace go.
func (w *Workspace) destinations() []any {
	return []any{
		&w.ID, &w.Name, &w.Description, &w.Open, &w.CreatedBy,
		veranda.Moment(&w.CreatedAt), veranda.Moment(&w.UpdatedAt), &w.Version,
	}
}

type workspaceRow struct {
	bun.BaseModel `bun:"table:veranda_workspaces"`

	Org           veranda.OrgID       `bun:"org_id"`
	ID            veranda.WorkspaceID `bun:"id"`
	Name          string              `bun:"name"`
	Description   string              `bun:"description"`
	Open          bool                `bun:"open"`
	AccessVersion int64               `bun:"access_version"`
	CreatedBy     veranda.AccountID   `bun:"created_by"`
	CreatedAt     dialect.Time        `bun:"created_at"`
	UpdatedAt     dialect.Time        `bun:"updated_at"`
	Version       int64               `bun:"version"`
}

type memberRow struct {
	bun.BaseModel `bun:"table:veranda_workspace_members"`

	Org       veranda.OrgID       `bun:"org_id"`
	Workspace veranda.WorkspaceID `bun:"workspace_id"`
	Account   veranda.AccountID   `bun:"account_id"`
	Roles     string              `bun:"roles"`
	AddedAt   dialect.Time        `bun:"added_at"`
}

// insertWorkspace stores a new workspace with its maker as manager. Somebody who is no longer of the organization by now
// finds nothing there.
func insertWorkspace(ctx context.Context, tx *veranda.Tx, w *Workspace) error {
	row := &workspaceRow{
		Org: w.Org, ID: w.ID, Name: w.Name, Description: w.Description, Open: w.Open, AccessVersion: 1,
		CreatedBy: w.CreatedBy, CreatedAt: dialect.At(w.CreatedAt), UpdatedAt: dialect.At(w.UpdatedAt), Version: w.Version,
	}
	if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
		return fmt.Errorf("workspace: store workspace: %w", err)
	}
	maker := &memberRow{Org: w.Org, Workspace: w.ID, Account: w.CreatedBy, Roles: string(RoleManager), AddedAt: dialect.At(w.CreatedAt)}
	if _, err := tx.NewInsert().Model(maker).Exec(ctx); err != nil {
		if veranda.IsForeignKey(err) {
			return veranda.ErrNotFound.Because(err)
		}
		return fmt.Errorf("workspace: store first member: %w", err)
	}
	return nil
}

const (
	updateText = `UPDATE veranda_workspaces SET name = $4, description = $5, open = $6, updated_at = $7, version = version + 1, access_version = access_version + $8
WHERE org_id = $1 AND id = $2 AND version = $3 AND deleted_at IS NULL`
	raiseAccessText = `UPDATE veranda_workspaces SET access_version = access_version + 1 WHERE org_id = $1 AND id = $2`
)

// updateWorkspace stores what an update changed.
func updateWorkspace(ctx context.Context, tx *veranda.Tx, w *Workspace, before int64, switched bool) error {
	raise := 0
	if switched {
		raise = 1
	}
	changed, err := tx.Exec(ctx, updateText, w.Org, w.ID, before, w.Name, w.Description, w.Open, tx.DB().Time(w.UpdatedAt), raise)
	if err != nil {
		return fmt.Errorf("workspace: update: %w", err)
	}
	if changed == 0 {
		return veranda.ErrVersion
	}
	return nil
}

// raiseAccess notes that others may see the workspace now.
func raiseAccess(ctx context.Context, tx *veranda.Tx, w *Workspace) error {
	if err := tx.Defer(ctx, raiseAccessText, w.Org, w.ID); err != nil {
		return fmt.Errorf("workspace: raise access version: %w", err)
	}
	return nil
}

const (
	lockPostgres = `SELECT 1 FROM veranda_workspaces WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE`
	lockSQLite   = `SELECT 1 FROM veranda_workspaces WHERE org_id = $1 AND id = $2`

	lockOrganizationPostgres = `SELECT 1 FROM veranda_organizations WHERE id = $1 FOR NO KEY UPDATE`
	lockOrganizationSQLite   = `SELECT 1 FROM veranda_organizations WHERE id = $1`
)

// lockWorkspace makes changes of one workspace wait for each other; SQLite has one writer anyway.
func lockWorkspace(ctx context.Context, tx *veranda.Tx, in GetInput) error {
	_, err := exists(ctx, tx, tx.DB().Pick(lockPostgres, lockSQLite), in.Org, in.Workspace)
	return err
}

// refuseSecond refuses a second workspace in a personal tenant; the lock makes two that come at once see each other.
func refuseSecond(ctx context.Context, tx *veranda.Tx, org veranda.OrgID) error {
	if _, err := exists(ctx, tx, tx.DB().Pick(lockOrganizationPostgres, lockOrganizationSQLite), org); err != nil {
		return err
	}
	has, err := exists(ctx, tx, `SELECT 1 FROM veranda_workspaces WHERE org_id = $1 AND deleted_at IS NULL LIMIT 1`, org)
	if err == nil && has {
		return ErrPersonal
	}
	return err
}

// exists tells whether a query gives a row.
func exists(ctx context.Context, tx *veranda.Tx, text string, args ...any) (found bool, err error) {
	rows, err := tx.Query(ctx, text, args...)
	if err != nil {
		return false, fmt.Errorf("workspace: look up: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found = rows.Next()
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("workspace: look up: %w", err)
	}
	return found, nil
}

// listText names one of the texts of List: an order, and whether it is a page behind the first.
type listText struct {
	sort     Sort
	followed bool
}

// The list: $1 to $3 are the authorizer's, $2 being the actor's account; $4 narrows to the actor's own, $5 to $7 are the
// patterns of the name, $8 is the limit, $9 and $10 the position.
const (
	listHead = `SELECT w.id, w.name, w.description, w.open, w.created_by, w.created_at, w.updated_at, w.version, me.account_id IS NOT NULL, me.roles || ' ' || me.team_roles
FROM veranda_workspaces w
LEFT JOIN veranda_workspace_members me ON me.org_id = w.org_id AND me.workspace_id = w.id AND me.account_id = $2
WHERE w.org_id = $1 AND w.deleted_at IS NULL AND ($4 = 0 OR me.account_id IS NOT NULL)
AND (lower(w.name) LIKE $5 ESCAPE '!' OR w.name LIKE $6 ESCAPE '!' OR w.name LIKE $7 ESCAPE '!')
AND `
	afterName      = "\nAND ({key}, w.id) > ($9, $10)"
	afterCreated   = "\nAND (w.created_at, w.id) < ($9, $10)"
	orderByName    = "\nORDER BY {key}, w.id LIMIT $8"
	orderByCreated = "\nORDER BY w.created_at DESC, w.id DESC LIMIT $8"

	// The keys of names; lower knows ASCII alone under the collation "C" and on SQLite.
	nameKeyPostgres = `lower(w.name COLLATE "C")`
	nameKeySQLite   = `lower(w.name)`
)

// listTexts joins the texts of List from the constants above and the authorizer's condition.
func listTexts(db *veranda.DB, visible string) map[listText]string {
	key := db.Pick(nameKeyPostgres, nameKeySQLite)
	texts := map[listText]string{
		{SortName, false}:    listHead + visible + orderByName,
		{SortName, true}:     listHead + visible + afterName + orderByName,
		{SortCreated, false}: listHead + visible + orderByCreated,
		{SortCreated, true}:  listHead + visible + afterCreated + orderByCreated,
	}
	for name, text := range texts {
		texts[name] = strings.ReplaceAll(text, "{key}", key)
	}
	return texts
}

// queryWorkspaces runs a text of List.
func (s *Service) queryWorkspaces(ctx context.Context, org veranda.OrgID, text string, args []any) ([]Workspace, error) {
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("workspace: list: %w", err)
	}
	defer func() { _ = rows.Close() }()
	items := []Workspace{}
	for rows.Next() {
		w := Workspace{Org: org}
		var roles string
		if err := rows.Scan(append(w.destinations(), &w.Member, veranda.Optional(&roles))...); err != nil {
			return nil, fmt.Errorf("workspace: list: %w", err)
		}
		if w.Member {
			w.Role = roleOf(roles)
		}
		items = append(items, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("workspace: list: %w", err)
	}
	return items, nil
}
