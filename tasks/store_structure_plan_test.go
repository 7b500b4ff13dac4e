package tasks

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// structured gives a part of the tasks there are a start, a stage, a series, and parents.
func structured(t testing.TB, e *verandatest.Env, w *world.World) (parent ID, stage StageID, series SeriesID) {
	t.Helper()
	ctx := context.Background()
	stage, series = veranda.NewID[stageKind](), veranda.NewID[seriesKind]()
	err := e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		now := e.DB.Now()
		root := newTask(&CreateInput{Org: w.Org, Workspace: w.Open, Title: "Root"}, &Task{}, w.Owner.Account, now)
		parent = root.ID
		if err := insertTask(ctx, tx, root); err != nil {
			return err
		}
		above := root.ID
		for i := range 2400 { // eight beneath the root, and eight beneath every eighth of the others
			start := now.Add(time.Duration(i%300) * time.Hour)
			one := newTask(&CreateInput{Org: w.Org, Workspace: w.Open, Title: "Part"}, &Task{Schedule: Schedule{StartAt: &start}}, w.Owner.Account, now)
			one.Parent = above
			if i%8 == 7 {
				above = one.ID
			}
			if i%20 == 0 {
				one.Stage, one.BoardRank = stage, one.Rank
			}
			if i%200 == 0 {
				one.Series = series
			}
			if err := insertTask(ctx, tx, one); err != nil {
				return err
			}
			if err := tx.Defer(ctx, insertChildText, w.Org, one.ID, one.Parent); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"ANALYZE veranda_tasks", "ANALYZE veranda_task_children"} {
		if e.DB.Embedded() {
			continue
		}
		if _, err := e.DB.Writer().NewRaw(text).Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return parent, stage, series
}

// The orders by start and by hand, and the lists beneath a task and of a series, come from indexes on either database:
// nothing is scanned, and what an index has in order is not sorted, the first page and later ones alike.
func TestStructurePlan(t *testing.T) {
	t.Parallel()
	modules := []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
	verandatest.Each(t, modules, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		w := world.New(t, e)
		fill(t, e, w, 40, 4000)
		parent, stage, series := structured(t, e, w)
		authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules...)
		if err != nil {
			t.Fatal(err)
		}
		texts := newListTexts(e.DB, authz)
		here := []veranda.WorkspaceID{w.Open}
		now := e.DB.Now()
		for name, c := range map[string]struct {
			in     ListInput
			index  string
			sorted bool // a few rows are found and then sorted
		}{
			"by start":         {ListInput{Sort: SortStart}, "veranda_tasks_start", false},
			"by start, last":   {ListInput{Sort: SortStartLast}, "veranda_tasks_start", false},
			"by start, within": {ListInput{Sort: SortStart, StartAfter: now, StartBefore: now.Add(24 * time.Hour)}, "veranda_tasks_start", false},
			"by rank":          {ListInput{Sort: SortRank, Workspaces: here}, "veranda_tasks_rank", false},
			"of a stage":       {ListInput{Sort: SortBoard, Workspaces: here, Stage: stage}, "veranda_tasks_board", false},
			"beneath a task":   {ListInput{Parent: parent}, "veranda_task_children_parent", true},
			"of a series":      {ListInput{Series: series, Sort: SortCreated}, "veranda_tasks_series", false},
			"of a series, due": {ListInput{Series: series}, "veranda_tasks_series", true},
		} {
			for _, later := range []bool{false, true} {
				in := c.in
				in.Org = w.Org
				if later {
					key := "1772616600000000"
					if in.Sort == SortRank || in.Sort == SortBoard {
						key = "5V"
					}
					sort := in.Sort
					if sort == "" {
						sort = SortDue
					}
					in.Cursor = veranda.EncodeCursor(listName(sort), key, parent.String())
				}
				k, err := in.validate()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				text, args := texts.list(e.DB, *k, w.Owner.Account, []any{w.Org, w.Owner.Account, 1})
				plan := planOf(t, e, text, args)
				for _, line := range strings.Split(plan, "\n") {
					line = strings.TrimSpace(line)
					if strings.Contains(line, "Seq Scan on veranda_task") || strings.HasPrefix(line, "SCAN ") && !strings.HasPrefix(line, "SCAN (") {
						t.Errorf("%s: %s in\n%s", name, line, plan)
					}
					if !c.sorted && (strings.Contains(line, "Sort Key") || strings.Contains(line, "USE TEMP B-TREE FOR ORDER BY")) {
						t.Errorf("%s is sorted: %s in\n%s", name, line, plan)
					}
				}
				if !strings.Contains(plan, c.index) {
					t.Errorf("%s: the plan does not use %s:\n%s", name, c.index, plan)
				}
			}
		}
	})
}
