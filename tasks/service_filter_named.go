package tasks

import (
	"context"

	"github.com/veranda-go/veranda"
)

// Where what a filter names lies, as far as the actor sees it; $4 is its id.
const (
	namedTask   = `SELECT t.workspace_id FROM veranda_tasks t WHERE t.org_id = $1 AND t.deleted_at IS NULL AND `
	namedTaskID = ` AND t.id = $4`

	namedBoard         = `SELECT t.workspace_id FROM veranda_task_boards t WHERE t.org_id = $1 AND `
	namedStagePostgres = ` AND strpos(t.stages, $4::text) > 0`
	namedStageSQLite   = ` AND instr(t.stages, $4) > 0`

	namedSeries       = `SELECT t.workspace_id FROM veranda_tasks t WHERE t.org_id = $1 AND t.deleted_at IS NULL AND `
	namedSeriesSQLite = `SELECT t.workspace_id FROM veranda_tasks t INDEXED BY veranda_tasks_series WHERE t.org_id = $1 AND t.deleted_at IS NULL AND `
	namedSeriesID     = ` AND t.series_id = $4 LIMIT 1`
)

// checkNamed reports workspaces, tasks, stages and series of a filter that the actor does not see, those that do not exist
// among them, and what does not lie in the workspace in which the filter is shared.
func (s *Service) checkNamed(ctx context.Context, standing *veranda.Standing, f *FilterFields, shared veranda.WorkspaceID) error {
	var c veranda.Checks
	for i, workspace := range f.Workspaces {
		_, err := s.workspace(ctx, standing.Actor(), standing.Org, workspace, PermRead)
		switch veranda.CodeOf(err) {
		case veranda.CodeNotFound, veranda.CodeForbidden:
			c.Add(at("/filter/workspaces", i), "not_found", "is no workspace you see")
		default:
			if err != nil {
				return err
			}
		}
	}
	db := s.conn.DB()
	for _, named := range []struct {
		pointer, head, tail string
		absent              bool
		id                  any
		message             string
	}{
		{"/filter/parent", namedTask, namedTaskID, f.Parent.IsZero(), f.Parent, "is no task there that you see"},
		{"/filter/stage", namedBoard, db.Pick(namedStagePostgres, namedStageSQLite), f.Stage.IsZero(), f.Stage.String(), "is no stage there that you see"},
		{"/filter/series", db.Pick(namedSeries, namedSeriesSQLite), namedSeriesID, f.Series.IsZero(), f.Series, "is no recurring task there that you see"},
	} {
		if named.absent {
			continue
		}
		found := false
		err := s.visibly(ctx, standing, named.head, named.tail, named.id, func(scan func(...any) error) error {
			var workspace veranda.WorkspaceID
			err := scan(&workspace)
			found = found || shared.IsZero() || workspace == shared
			return err
		})
		if err != nil {
			return err
		}
		if !found {
			c.Add(named.pointer, "not_found", named.message)
		}
	}
	return c.Err()
}
