package stream

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// A page reads ranges of indexes in their order, whatever its depth: no sort of more than a page, no scan of a log.
func TestPageReadsRanges(t *testing.T) {
	t.Parallel()
	modules := []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
	verandatest.Each(t, modules, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		w := world.New(t, e)
		err := e.DB.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
			for i := range 6000 {
				workspace := w.Open
				if i%2 == 0 {
					workspace = w.Sibling
				}
				tx.Emit(veranda.Event{Org: w.Org, Workspace: workspace, Kind: "tasks.task_created", By: w.Owner.Account})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		e.Drain(t)
		for _, table := range []string{"veranda_events", "veranda_heads"} {
			if _, err := e.DB.Writer().NewRaw(e.DB.Pick("VACUUM ANALYZE "+table, "SELECT 1")).Exec(ctx); err != nil {
				t.Fatal(err)
			}
		}
		authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules...)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(Deps{DB: e.DB, Authz: authz, Kinds: []string{"tasks.*", "workspace.*"}})
		if err != nil {
			t.Fatal(err)
		}
		ids := `["` + veranda.NewID[statusKind]().String() + `"]`
		scoped := []any{w.Org, w.Guest.Account, w.Open, lastEvent, 51}
		visible := []any{w.Org, w.Employee.Account, 1, lastEvent, 51, nil}
		for what, read := range map[string]struct {
			text    string
			args    []any
			indexes []string
			sorts   bool // of a page
		}{
			"workspace":       {s.texts.plain, append(slices.Clone(scoped), s.shown.arguments()...), []string{"veranda_events_workspace"}, false},
			"workspace, seen": {s.scans.workspace, scoped, []string{"veranda_events_workspace"}, false},
			"statuses":        {s.scans.workspaceStatuses, scoped, []string{"veranda_statuses_workspace"}, false},
			"everything":      {s.scans.all, visible, []string{"veranda_events_workspace", e.DB.Pick("veranda_events_unsequenced", "veranda_events_workspace")}, true},
			"all statuses":    {s.scans.allStatuses, visible, []string{"veranda_statuses_workspace"}, true},
			"rows":            {s.texts.rows, []any{w.Org, w.Guest.Account, ids}, []string{e.DB.Pick("veranda_events_pkey", "sqlite_autoindex_veranda_events_1")}, true},
			"time":            {firstAtSince, []any{w.Org, e.DB.Time(e.DB.Now())}, []string{"veranda_events_at"}, false},
		} {
			plan := explain(t, ctx, e, read.text, read.args)
			for _, line := range strings.Split(plan, "\n") {
				if !read.sorts && (strings.Contains(line, "Sort") || strings.Contains(line, "TEMP B-TREE FOR ORDER BY")) ||
					strings.Contains(line, "Seq Scan on veranda_events") || strings.HasPrefix(strings.TrimSpace(line), "SCAN x") ||
					strings.HasPrefix(strings.TrimSpace(line), "SCAN e") && !strings.Contains(plan, "CO-ROUTINE e") {
					t.Errorf("%s: %s in\n%s", what, line, plan)
				}
			}
			for _, index := range read.indexes {
				if !strings.Contains(plan, index) {
					t.Errorf("%s: the plan does not use %s:\n%s", what, index, plan)
				}
			}
		}
	})
}

func explain(t *testing.T, ctx context.Context, e *verandatest.Env, text string, args []any) string {
	t.Helper()
	//sql:built the text is one of this package's, behind a constant word
	rows, err := e.DB.Reader().DB.QueryContext(ctx, e.DB.Pick("EXPLAIN ", "EXPLAIN QUERY PLAN ")+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		destinations := make([]any, len(columns))
		for i := range values {
			destinations[i] = &values[i]
		}
		if err := rows.Scan(destinations...); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&plan, values[len(values)-1])
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
