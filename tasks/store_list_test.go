package tasks

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
)

// The lists people look at all day come from an index in their order: SQLite, which plans without statistics, sorts
// nothing for them. PostgreSQL plans by statistics, which an empty table does not have.
func TestHotListsComeFromAnIndex(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	modules := []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
	e := verandatest.New(t, verandatest.SQLite, modules)
	authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules...)
	if err != nil {
		t.Fatal(err)
	}
	texts := newListTexts(e.DB, authz)
	me := veranda.NewAccountID()
	workspace := []veranda.WorkspaceID{veranda.NewWorkspaceID()}
	for _, c := range []struct {
		name  string
		in    ListInput
		index string
	}{
		{"open by due", ListInput{State: Open}, "veranda_tasks_due"},
		{"open by due, the last first", ListInput{State: Open, Sort: SortDueLast}, "veranda_tasks_due"},
		{"open by due in a workspace", ListInput{State: Open, Workspaces: workspace}, "veranda_tasks_workspace_due"},
		{"overdue", ListInput{Overdue: true}, "veranda_tasks_due"},
		{"open by priority", ListInput{State: Open, Sort: SortPriorityFirst}, "veranda_tasks_priority"},
		{"created", ListInput{Sort: SortCreatedLast}, "sqlite_autoindex_veranda_tasks_1"},
		{"updated", ListInput{Sort: SortUpdatedLast}, "veranda_tasks_updated"},
		{"finished", ListInput{Sort: SortFinishedLast}, "veranda_tasks_finished"},
		{"my finished", ListInput{Mine: MineFinished}, "veranda_tasks_finisher"},
		{"created by me", ListInput{Mine: MineCreated, Sort: SortCreatedLast}, "veranda_tasks_creator"},
	} {
		plan := explain(t, e.DB, &texts, c.in, me)
		if !strings.Contains(plan, "SEARCH t USING INDEX "+c.index+" ") || strings.Contains(plan, "FOR ORDER BY") {
			t.Errorf("%s: want index %s and no sorting, got the plan\n%s", c.name, c.index, plan)
		}
	}
	// Lists that begin with the few tasks of a person, and sort those.
	for _, c := range []struct {
		name, index string
		in          ListInput
	}{
		{"assigned to me", "SEARCH a USING COVERING INDEX veranda_task_assignees_account (org_id=? AND account_id=? AND state=?)", ListInput{Mine: MineAssigned}},
		{"followed by me", "SEARCH f USING COVERING INDEX veranda_task_followers_account", ListInput{Mine: MineFollowed}},
		{"created by me", "SEARCH t USING INDEX veranda_tasks_creator", ListInput{Mine: MineCreated, State: Open}},
		{"a label", "SEARCH l USING COVERING INDEX veranda_task_labels_key", ListInput{Labels: []string{"x"}}},
	} {
		if plan := explain(t, e.DB, &texts, c.in, me); !strings.Contains(plan, c.index) {
			t.Errorf("%s: want %s, got the plan\n%s", c.name, c.index, plan)
		}
	}
	// All states in the order of one state's index: two searches, and only what they give is sorted.
	plan := explain(t, e.DB, &texts, ListInput{}, me)
	if strings.Count(plan, "SEARCH t USING INDEX veranda_tasks_due ") != 2 {
		t.Errorf("all by due: want two searches of veranda_tasks_due, got the plan\n%s", plan)
	}
}

func explain(t *testing.T, db *veranda.DB, texts *listTexts, in ListInput, me veranda.AccountID) string {
	t.Helper()
	in.Org = veranda.NewOrgID()
	k, err := in.validate()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.resolve(me); err != nil {
		t.Fatal(err)
	}
	if k.overdue {
		now := db.Now()
		k.dueUntil = &now
	}
	text, args := texts.list(db, *k, me, []any{in.Org, me, 1})
	rows, err := db.Reader().DB.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+text, args...) //sql:built the text is the one under test
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
