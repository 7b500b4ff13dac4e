package tasks

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/dialect"
)

const (
	filterColumns = `f.id, f.owner_id, f.workspace_id, f.name, f.criteria, f.created_at, f.updated_at, f.version`
	filterJoin    = `LEFT JOIN veranda_task_filters f ON f.org_id = $2 AND f.id = $4`

	// $2 is the actor. One's own and those of each visible workspace come from an index each.
	selectFilters = `SELECT ` + filterColumns + ` FROM veranda_task_filters f WHERE f.org_id = $1 AND f.id > $4 AND (f.workspace_id IS NULL AND f.owner_id = $2 OR f.workspace_id IS NOT NULL AND `
	filtersOrder  = `) ORDER BY f.id LIMIT $5`

	insertFilterText = `INSERT INTO veranda_task_filters (org_id, id, owner_id, workspace_id, name, criteria, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1)`
	updateFilterText = `UPDATE veranda_task_filters SET name = $3, criteria = $4, updated_at = $5, version = version + 1 WHERE org_id = $1 AND id = $2 AND version = $6`
	deleteFilterText = `DELETE FROM veranda_task_filters WHERE org_id = $1 AND id = $2 AND (version = $3 OR $3 = 0)`
)

// filterRow is a row of filterColumns.
type filterRow struct {
	id                   FilterID
	owner                veranda.AccountID
	workspace            veranda.WorkspaceID
	name, criteria       string
	createdAt, updatedAt dialect.Time
	version              int64
}

func (r *filterRow) destinations() []any {
	return []any{&r.id, &r.owner, &r.workspace, &r.name, &r.criteria, &r.createdAt, &r.updatedAt, &r.version}
}

// filter is the row as the API shows it. A row that was not found is a filter with the zero id.
func (r *filterRow) filter(org veranda.OrgID) (*SavedFilter, error) {
	f := &SavedFilter{
		Org: org, ID: r.id, Owner: r.owner, Workspace: r.workspace, Name: r.name,
		CreatedAt: r.createdAt.Time, UpdatedAt: r.updatedAt.Time, Version: r.version,
	}
	if r.criteria == "" {
		return f, nil
	}
	if err := json.Unmarshal([]byte(r.criteria), &f.Filter); err != nil {
		return nil, fmt.Errorf("tasks: criteria of filter %s: %w", r.id, err)
	}
	return f, nil
}

func insertFilter(ctx context.Context, tx *veranda.Tx, f *SavedFilter) error {
	criteria, err := json.Marshal(f.Filter)
	if err != nil {
		return fmt.Errorf("tasks: save filter: %w", err)
	}
	var workspace any
	if !f.Workspace.IsZero() {
		workspace = f.Workspace
	}
	err = tx.Defer(ctx, insertFilterText, f.Org, f.ID, f.Owner, workspace, f.Name, string(criteria), tx.DB().Time(f.CreatedAt))
	if err != nil {
		return fmt.Errorf("tasks: save filter: %w", err)
	}
	return nil
}

// updateFilter stores a filter that still has the version; false when it has not.
func updateFilter(ctx context.Context, tx *veranda.Tx, f *SavedFilter, version int64) (bool, error) {
	criteria, err := json.Marshal(f.Filter)
	if err != nil {
		return false, fmt.Errorf("tasks: save filter: %w", err)
	}
	n, err := tx.Exec(ctx, updateFilterText, f.Org, f.ID, f.Name, string(criteria), tx.DB().Time(f.UpdatedAt), version)
	if err != nil {
		return false, fmt.Errorf("tasks: save filter: %w", err)
	}
	return n > 0, nil
}
