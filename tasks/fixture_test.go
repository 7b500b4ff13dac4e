package tasks_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// A clock's readings are a microsecond apart, so that later things have later times; nothing here depends on more.

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), tasks.Module()}
}

// fixture is a world with the service of tasks in it.
type fixture struct {
	*verandatest.Env
	*world.World
	authz *tenancy.Authorizer
	tasks *tasks.Service
}

// each runs a test on every engine.
func each(t *testing.T, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		run(t, newFixture(t, e, nil))
	})
}

func newFixture(t testing.TB, e *verandatest.Env, limits veranda.Limits) *fixture {
	t.Helper()
	f := &fixture{Env: e, World: world.New(t, e)}
	var err error
	if f.authz, err = tenancy.NewAuthorizer(context.Background(), e.DB, modules()...); err != nil {
		t.Fatal(err)
	}
	if f.tasks, err = tasks.New(tasks.Deps{DB: e.DB, Authz: f.authz, Limits: limits, Addresses: book{f.World}}); err != nil {
		t.Fatal(err)
	}
	return f
}

// create makes a task in the open workspace unless the input names another, and expects it to work.
func (f *fixture) create(t testing.TB, by veranda.Actor, in tasks.CreateInput) *tasks.Task {
	t.Helper()
	in.Org = f.World.Org
	if in.Workspace.IsZero() {
		in.Workspace = f.World.Open
	}
	if in.Title == "" {
		in.Title = "A task"
	}
	task, err := f.tasks.Create(context.Background(), by, in)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return task
}

// get reads a task as its row says it.
func (f *fixture) get(t testing.TB, by veranda.Actor, id tasks.ID) *tasks.Task {
	t.Helper()
	task, err := f.tasks.Get(context.Background(), by, tasks.GetInput{Org: f.World.Org, Task: id})
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return task
}

func (f *fixture) state(id tasks.ID) tasks.StateInput {
	return tasks.StateInput{Org: f.World.Org, Task: id}
}

func (f *fixture) done(id tasks.ID) tasks.FinishInput {
	return tasks.FinishInput{Org: f.World.Org, Task: id}
}

func (f *fixture) finish(t testing.TB, by veranda.Actor, id tasks.ID) *tasks.Task {
	t.Helper()
	task, err := f.tasks.Finish(context.Background(), by, f.done(id))
	if err != nil {
		t.Fatalf("finish: %v", err)
	}
	return task
}

func (f *fixture) comment(t testing.TB, by veranda.Actor, id tasks.ID, text string) *tasks.Comment {
	t.Helper()
	comment, err := f.tasks.AddComment(context.Background(), by, tasks.AddCommentInput{Org: f.World.Org, Task: id, Text: text})
	if err != nil {
		t.Fatalf("comment: %v", err)
	}
	return comment
}

// titles are the titles of a list's first page.
func (f *fixture) titles(t testing.TB, by veranda.Actor, in tasks.ListInput) []string {
	t.Helper()
	in.Org = f.World.Org
	page, err := f.tasks.List(context.Background(), by, in)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	return titlesOf(page.Items)
}

func titlesOf(list []tasks.Task) []string {
	titles := []string{}
	for _, task := range list {
		titles = append(titles, task.Title)
	}
	return titles
}

// data reads the data of the only event of a kind.
func data[T any](t testing.TB, f *fixture, kind string) (d T) {
	t.Helper()
	events := f.Events(t, kind)
	if len(events) != 1 {
		t.Fatalf("want one event %s, got %d", kind, len(events))
	}
	if err := json.Unmarshal(events[0].Data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// diff compares ids as what they are, and all else deeply.
func diff(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(
		veranda.OrgID{}, veranda.AccountID{}, veranda.WorkspaceID{}, tasks.ID{}, tasks.ItemID{}, tasks.CommentID{}, tasks.StageID{}, tasks.SeriesID{}, tasks.ReminderID{}, tasks.LabelID{}, tasks.FilterID{}, veranda.EventID{}))
}

func day(n int) *time.Time {
	moment := time.Date(2026, time.March, n, 17, 0, 0, 0, time.UTC)
	return &moment
}

func pointer[T any](value T) *T { return &value }

func accounts(people ...world.Person) []veranda.AccountID {
	list := []veranda.AccountID{}
	for _, p := range people {
		list = append(list, p.Account)
	}
	return list
}

// hasChildren counts the rows of a task in the tables beside its own.
func (f *fixture) hasChildren(t testing.TB, id tasks.ID) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for table, text := range map[string]string{
		"assignees": `SELECT count(*) FROM veranda_task_assignees WHERE org_id = ? AND task_id = ?`,
		"followers": `SELECT count(*) FROM veranda_task_followers WHERE org_id = ? AND task_id = ?`,
		"labels":    `SELECT count(*) FROM veranda_task_labels WHERE org_id = ? AND task_id = ?`,
		"comments":  `SELECT count(*) FROM veranda_task_comments WHERE org_id = ? AND task_id = ?`,
	} {
		var n int
		if err := f.DB.Reader().NewRaw(text, f.World.Org, id).Scan(context.Background(), &n); err != nil {
			t.Fatal(err)
		}
		counts[table] = n
	}
	return counts
}
