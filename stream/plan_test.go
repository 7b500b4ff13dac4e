package stream

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// A page of a workspace's stream is a range of the log's index, read in its order: no sort, no scan, whatever its depth.
func TestPageReadsARange(t *testing.T) {
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
		if _, err := e.DB.Writer().NewRaw(e.DB.Pick("ANALYZE veranda_events", "SELECT 1")).Exec(ctx); err != nil {
			t.Fatal(err)
		}
		kinds, err := newShown([]string{"tasks.*", "workspace.*"})
		if err != nil {
			t.Fatal(err)
		}
		authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules...)
		if err != nil {
			t.Fatal(err)
		}
		texts := newStreamTexts(len(kinds), e.DB.Pick("", byWorkspaceSQLite), authz.Visible("e.workspace_id"))
		bounds := []any{lastEvent, veranda.EventID{}, 51}
		for what, read := range map[string]struct {
			text  string
			args  []any
			index string
		}{
			"workspace": {texts.workspace.all, append([]any{w.Org, w.Guest.Account, w.Open}, bounds...), "veranda_events_workspace"},
			"one person": {
				texts.workspace.byOne, append([]any{w.Org, w.Guest.Account, w.Open}, bounds...), "veranda_events_workspace",
			},
			"organization": {texts.organization.all, append([]any{w.Org, w.Guest.Account, 1}, bounds...), e.DB.Pick("veranda_events_pkey", "sqlite_autoindex_veranda_events_1")},
		} {
			args := append(read.args, kinds.arguments(len(kinds))...)
			if what == "one person" {
				args = append(args, w.Owner.Account)
			}
			plan := explain(t, ctx, e, read.text, args)
			for _, line := range strings.Split(plan, "\n") {
				if strings.Contains(line, "Sort") || strings.Contains(line, "TEMP B-TREE FOR ORDER BY") ||
					strings.Contains(line, "Seq Scan on veranda_events") || strings.Contains(line, "SCAN e") {
					t.Errorf("%s: %s in\n%s", what, line, plan)
				}
			}
			if !strings.Contains(plan, read.index) {
				t.Errorf("%s: the plan does not use %s:\n%s", what, read.index, plan)
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
