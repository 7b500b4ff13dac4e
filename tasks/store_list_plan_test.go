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

// fill makes tasks by one person, some of them theirs to do, and many by somebody else.
func fill(t testing.TB, e *verandatest.Env, w *world.World, mine, foreign int) {
	t.Helper()
	ctx := context.Background()
	for from := 0; from < mine+foreign; from += 1000 {
		err := e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			for i := from; i < min(from+1000, mine+foreign); i++ {
				by, assignee := w.Owner, w.Administrator
				if i < mine {
					by = w.Employee
				}
				if i%2 == 0 && i < mine {
					assignee = w.Employee
				}
				now := e.DB.Now()
				due := now.Add(time.Duration(i%100) * time.Hour)
				task := newTask(&CreateInput{Org: w.Org, Workspace: w.Open, Title: "A task", DueAt: &due, Assignees: []veranda.AccountID{assignee.Account}}, &Task{DueAt: &due}, by.Account, now)
				if i%3 == 0 {
					task.State, task.FinishedAt, task.FinishedBy = Finished, &now, by.Account
				}
				if err := insertTask(ctx, tx, task); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"ANALYZE veranda_tasks", "ANALYZE veranda_task_assignees"} {
		if e.DB.Embedded() { // which plans without statistics, as the program does
			continue
		}
		if _, err := e.DB.Writer().NewRaw(text).Exec(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// One's own lists, a task's history and a workspace's deleted tasks are found by indexes: nothing is scanned on either
// database, however many tasks others have.
func TestOwnListsScanNothing(t *testing.T) {
	t.Parallel()
	modules := []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
	verandatest.Each(t, modules, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		w := world.New(t, e)
		fill(t, e, w, 40, 4000)
		authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules...)
		if err != nil {
			t.Fatal(err)
		}
		texts := newListTexts(e.DB, authz)
		hold := func(name, index, text string, args ...any) {
			t.Helper()
			plan := planOf(t, e, text, args)
			for _, line := range strings.Split(plan, "\n") {
				if strings.Contains(line, "Seq Scan on veranda_task") || strings.Contains(line, "Seq Scan on veranda_events") || strings.HasPrefix(strings.TrimSpace(line), "SCAN ") {
					t.Errorf("%s: %s in\n%s", name, line, plan)
				}
			}
			if !strings.Contains(plan, index) {
				t.Errorf("%s: the plan does not use %s:\n%s", name, index, plan)
			}
		}
		for name, c := range map[string]struct {
			in    ListInput
			index string
		}{
			"mine": {ListInput{Mine: MineAssigned}, "veranda_task_assignees_account"}, "assigned by me": {ListInput{Mine: MineDelegated}, "veranda_tasks_creator"},
			"my finished": {ListInput{Mine: MineFinished}, "veranda_tasks_finisher"},
		} {
			c.in.Org = w.Org
			k, err := c.in.validate()
			if err != nil {
				t.Fatal(err)
			}
			if err := k.resolve(w.Employee.Account); err != nil {
				t.Fatal(err)
			}
			text, args := texts.list(e.DB, *k, w.Employee.Account, []any{w.Org, w.Employee.Account, 1})
			hold(name, c.index, text, args...)
		}
		task := veranda.NewID[taskKind]()
		last := highestID[eventKind]()
		hold("history", e.DB.Pick("", "veranda_events_task"), selectHistory, w.Org, task.String(), task, last, 51)
		hold("deleted", "veranda_tasks_deleted", allDeleted, w.Org, w.Open, e.DB.Time(e.DB.Now()), highestID[taskKind](), 51)
		hold("purge", "veranda_tasks_", selectPurge, e.DB.Time(e.DB.Now()), 100)
	})
}

func planOf(t *testing.T, e *verandatest.Env, text string, args []any) string {
	t.Helper()
	//sql:built the text is one of this package's, behind a constant word
	rows, err := e.DB.Reader().DB.QueryContext(context.Background(), e.DB.Pick("EXPLAIN ", "EXPLAIN QUERY PLAN ")+text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var plan strings.Builder
	for rows.Next() {
		values, destinations := make([]string, len(columns)), make([]any, len(columns))
		for i := range values {
			destinations[i] = &values[i]
		}
		if err := rows.Scan(destinations...); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(values[len(values)-1] + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// BenchmarkOwnLists measures one's own lists among 1,000 tasks of others, and among 20,000; RATIO is the second over the
// first.
func BenchmarkOwnLists(b *testing.B) {
	modules := []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		for _, mine := range []Mine{MineAssigned, MineDelegated, MineFinished} {
			b.Run(string(engine)+"/"+string(mine), func(b *testing.B) {
				ctx := context.Background()
				var took [2]time.Duration
				for i, foreign := range []int{1000, 20_000} {
					e := verandatest.New(b, engine, modules)
					w := world.New(b, e)
					fill(b, e, w, 100, foreign)
					authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules...)
					if err != nil {
						b.Fatal(err)
					}
					s, err := New(Deps{DB: e.DB, Authz: authz})
					if err != nil {
						b.Fatal(err)
					}
					begin := time.Now()
					const calls = 300
					for range calls {
						page, err := s.List(ctx, w.Employee.Actor, ListInput{Org: w.Org, Mine: mine})
						if err != nil || len(page.Items) == 0 {
							b.Fatal(len(page.Items), err)
						}
					}
					took[i] = time.Since(begin) / calls
				}
				b.ReportMetric(float64(took[1].Microseconds()), "µs/list")
				b.Logf("RATIO %s %s among 20,000 of others over 1,000: %.2f (%v, %v)", engine, mine, float64(took[1])/float64(took[0]), took[1], took[0])
			})
		}
	}
}
