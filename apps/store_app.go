package apps

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

// appRow is a row of veranda_apps in the order of appColumns.
type appRow struct {
	id                               ID
	workspace                        veranda.WorkspaceID
	name, description, icon, nameKey string
	schema                           string // "" where it is that of the version asked with
	schemaVersion                    int64
	createdBy                        veranda.AccountID
	createdAt, updatedAt             dialect.Time
	version                          int64
	tier                             string
}

const (
	appPlain   = `a.id, a.workspace_id, a.name, a.description, a.icon, a.name_key, `
	appStamped = `a.schema_version, a.created_by, a.created_at, a.updated_at, a.version, a.tier`
	// appColumns leave the schema out where it is known: $5 is the version that is.
	appColumns     = appPlain + `CASE WHEN a.schema_version = $5 THEN '' ELSE a.schema END, ` + appStamped
	wholeColumns   = appPlain + `a.schema, ` + appStamped
	deletedColumns = `, a.deleted_at, a.deleted_by`

	appJoin        = `LEFT JOIN veranda_apps a ON a.org_id = $2 AND a.id = $4 AND a.deleted_at IS NULL`
	deletedAppJoin = `LEFT JOIN veranda_apps a ON a.org_id = $2 AND a.id = $4 AND a.deleted_at IS NOT NULL`

	selectApp       = `SELECT ` + wholeColumns + ` FROM veranda_apps a WHERE a.org_id = $1 AND a.id = $2 AND a.deleted_at IS NULL`
	selectGoneApp   = `SELECT ` + wholeColumns + ` FROM veranda_apps a WHERE a.org_id = $1 AND a.id = $2 AND a.deleted_at IS NOT NULL`
	lockAppPostgres = selectApp + ` FOR UPDATE`
	lockGonePG      = selectGoneApp + ` FOR UPDATE`

	selectSchema = `SELECT CASE WHEN a.schema_version = $3 THEN '' ELSE a.schema END, a.schema_version FROM veranda_apps a
WHERE a.org_id = $1 AND a.id = $2 AND a.deleted_at IS NULL`

	// Writers of records hold the row as it is, so that neither the design nor the table changes beneath them.
	gateText     = `SELECT schema_version, tier FROM veranda_apps WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL`
	gatePostgres = gateText + ` FOR SHARE`

	insertAppText = `INSERT INTO veranda_apps (org_id, id, workspace_id, name, name_key, description, icon, schema, schema_version, created_by, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $10, 1)`
	updateAppText = `UPDATE veranda_apps SET name = $3, name_key = $4, description = $5, icon = $6, schema = $7, schema_version = $8, updated_at = $9, version = $10
WHERE org_id = $1 AND id = $2`
	markAppText   = `UPDATE veranda_apps SET deleted_at = $3, deleted_by = $4 WHERE org_id = $1 AND id = $2`
	unmarkAppText = `UPDATE veranda_apps SET deleted_at = NULL, deleted_by = NULL WHERE org_id = $1 AND id = $2`

	listApps     = `SELECT ` + wholeColumns + ` FROM veranda_apps a WHERE a.org_id = $1 AND a.deleted_at IS NULL AND (a.name_key, a.id) > ($4, $5) AND `
	listAppsTail = ` ORDER BY a.name_key, a.id LIMIT $6`
	listAppsOf   = ` AND a.workspace_id = $7` + listAppsTail

	listDeletedApps = `SELECT ` + wholeColumns + deletedColumns + ` FROM veranda_apps a
WHERE a.org_id = $1 AND a.workspace_id = $2 AND a.deleted_at IS NOT NULL AND (a.deleted_at, a.id) < ($3, $4) ORDER BY a.deleted_at DESC, a.id DESC LIMIT $5`
)

func (r *appRow) destinations() []any {
	return []any{
		&r.id, &r.workspace, &r.name, &r.description, &r.icon, &r.nameKey, &r.schema, &r.schemaVersion,
		&r.createdBy, &r.createdAt, &r.updatedAt, &r.version, &r.tier,
	}
}

// app is the row as the API shows it, without what it is made of.
func (r *appRow) app(org veranda.OrgID) *App {
	return &App{
		Org: org, ID: r.id, Workspace: r.workspace, Name: r.name, Description: r.description, Icon: r.icon,
		CreatedBy: r.createdBy, CreatedAt: r.createdAt.Time, UpdatedAt: r.updatedAt.Time, Version: r.version, tier: r.tier,
	}
}

// lockApp reads an application within a transaction and holds its row: nobody writes a record or changes the design until
// the commit.
func lockApp(ctx context.Context, tx *veranda.Tx, text string, org veranda.OrgID, id ID) (*appRow, error) {
	rows, err := tx.Query(ctx, text, org, id)
	if err != nil {
		return nil, fmt.Errorf("apps: lock application: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var row appRow
	if rows.Next() {
		if err := rows.Scan(row.destinations()...); err != nil {
			return nil, fmt.Errorf("apps: lock application: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("apps: lock application: %w", err)
	}
	if row.id.IsZero() {
		return nil, veranda.ErrNotFound
	}
	return &row, nil
}

func insertApp(ctx context.Context, tx *veranda.Tx, a *App, key string, sch *schema) error {
	err := tx.Defer(ctx, insertAppText, a.Org, a.ID, a.Workspace, a.Name, key, a.Description, a.Icon, sch.encode(),
		optionalAccount(a.CreatedBy), tx.DB().Time(a.CreatedAt))
	if err != nil {
		return fmt.Errorf("apps: insert application: %w", err)
	}
	return nil
}

func updateApp(ctx context.Context, tx *veranda.Tx, a *App, key string, sch *schema) error {
	err := tx.Defer(ctx, updateAppText, a.Org, a.ID, a.Name, key, a.Description, a.Icon, sch.encode(), sch.version, tx.DB().Time(a.UpdatedAt), a.Version)
	if err != nil {
		return fmt.Errorf("apps: update application: %w", err)
	}
	return nil
}

func optionalAccount(account veranda.AccountID) any {
	if account.IsZero() {
		return nil
	}
	return account
}

func scanApps(rows *sql.Rows, more func() []any, each func(row *appRow) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row appRow
		destinations := row.destinations()
		if more != nil {
			destinations = append(destinations, more()...)
		}
		if err := rows.Scan(destinations...); err != nil {
			return fmt.Errorf("apps: list applications: %w", err)
		}
		if err := each(&row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("apps: list applications: %w", err)
	}
	return nil
}
