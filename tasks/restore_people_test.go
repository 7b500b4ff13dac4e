package tasks_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// exclude ends somebody's membership of the open workspace.
func (f *fixture) exclude(t testing.TB, p world.Person) {
	t.Helper()
	_, err := f.DB.Writer().NewRaw(`DELETE FROM veranda_workspace_members WHERE org_id = ? AND workspace_id = ? AND account_id = ?`, f.World.Org, f.World.Open, p.Account).Exec(context.Background())
	if err != nil {
		t.Fatal(err)
	}
}

// family makes a task with a child that somebody has and somebody else follows.
func (f *fixture) family(t testing.TB, in tasks.CreateInput) (root, child *tasks.Task) {
	t.Helper()
	in.Title, in.Assignees = "Root", accounts(f.External, f.Guest)
	root = f.create(t, f.Employee.Actor, in)
	child = f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Child", Parent: root.ID, Assignees: accounts(f.External), Labels: []string{"moss"}})
	for _, task := range []*tasks.Task{root, child} {
		if _, err := f.tasks.Follow(context.Background(), f.Employee.Actor, tasks.FollowInput{Org: f.World.Org, Task: task.ID, Account: f.Guest.Account}); err != nil {
			t.Fatal(err)
		}
	}
	return root, child
}

// wantPeople compares who has and who follows a task, and the rows by which they find it.
func (f *fixture) wantPeople(t testing.TB, id tasks.ID, assignees, followers []veranda.AccountID) {
	t.Helper()
	got := f.get(t, f.Employee.Actor, id)
	if d := diff([][]veranda.AccountID{assignees, followers}, [][]veranda.AccountID{got.Assignees, got.Followers}); d != "" {
		t.Errorf("people of %s (-want +got):\n%s", got.Title, d)
	}
	rows := f.hasChildren(t, id)
	if rows["assignees"] != len(assignees) || rows["followers"] != len(followers) {
		t.Errorf("rows of %s: %v", got.Title, rows)
	}
}

// Who left meanwhile neither has nor follows what comes back, at any depth; what others did is theirs.
func TestRestoredPeople(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		root, child := f.family(t, tasks.CreateInput{})
		f.delete(t, f.Owner.Actor, root.ID)
		f.exclude(t, f.External)
		if _, err := f.tasks.Restore(context.Background(), f.Employee.Actor, f.state(root.ID)); err != nil {
			t.Fatal(err)
		}
		f.wantPeople(t, root.ID, accounts(f.Guest), accounts(f.Employee, f.Guest))
		f.wantPeople(t, child.ID, accounts(), accounts(f.Employee, f.Guest))
		for _, e := range f.Events(t, tasks.EventTaskRestored) {
			if !strings.Contains(string(e.Data), f.Owner.Account.String()) || strings.Contains(string(e.Data), f.External.Account.String()) {
				t.Errorf("event %s", e.Data)
			}
		}
	})
}

// The next instance of a series, and what is beneath it, is of those who are still there.
func TestRepeatedPeople(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		due := f.Clock.Now().Add(time.Hour)
		root, _ := f.family(t, tasks.CreateInput{DueAt: &due, Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		f.exclude(t, f.External)
		done, err := f.tasks.Finish(ctx, f.Employee.Actor, tasks.FinishInput{Org: f.World.Org, Task: root.ID, Subtasks: tasks.FinishSubtasks})
		if err != nil {
			t.Fatal(err)
		}
		next := done.Recurrence.Next
		f.wantPeople(t, next, accounts(f.Guest), accounts(f.Employee, f.Guest))
		page, err := f.tasks.List(ctx, f.Employee.Actor, tasks.ListInput{Org: f.World.Org, Parent: next})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("beneath the next one: %+v, %v", page, err)
		}
		f.wantPeople(t, page.Items[0].ID, accounts(), accounts(f.Employee, f.Guest))
		// What was finished stays as it was.
		f.wantPeople(t, root.ID, accounts(f.External, f.Guest), accounts(f.Employee, f.External, f.Guest))
	})
}

// Trees count with all that is in them, and a veto of one task of a tree undoes all: what comes back, and what repeats.
func TestTreesAskLimitsAndHooks(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		limit := &limited{left: 100}
		f := newFixture(t, e, limit)
		var vetoed string
		f.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{tasks.EventTaskRestored, tasks.EventTaskCreated}, Before: func(_ context.Context, _ *veranda.Tx, e veranda.Event) error {
			if vetoed != "" && strings.Contains(string(e.Data), vetoed) {
				return veranda.NewError(veranda.CodeConflict, "host.no", "No.")
			}
			return nil
		}})
		due := f.Clock.Now().Add(time.Hour)
		root, child := f.family(t, tasks.CreateInput{DueAt: &due, Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		finish := func() error {
			return second(f.tasks.Finish(ctx, f.Employee.Actor, tasks.FinishInput{Org: f.World.Org, Task: root.ID, Subtasks: tasks.FinishSubtasks}))
		}
		refused := func(try func() error, want func(error)) {
			t.Helper()
			limit.left = 1 // and there are two
			verandatest.WantCode(t, try(), veranda.CodeLimit)
			limit.left, vetoed = 100, "Child"
			wantReason(t, try(), "host.no")
			vetoed = ""
			want(try())
		}
		open := func(id tasks.ID) bool { return f.get(t, f.Employee.Actor, id).State == tasks.Open }
		refused(func() error {
			err := finish()
			if err != nil && (!open(root.ID) || !open(child.ID) || len(f.titles(t, f.Employee.Actor, tasks.ListInput{})) != 2) {
				t.Errorf("half finished after %v", err)
			}
			return err
		}, func(err error) {
			if err != nil || open(root.ID) || open(child.ID) || len(f.titles(t, f.Employee.Actor, tasks.ListInput{})) != 4 {
				t.Errorf("finished: %v", err)
			}
		})
		f.delete(t, f.Employee.Actor, root.ID)
		refused(func() error {
			_, err := f.tasks.Restore(ctx, f.Employee.Actor, f.state(root.ID))
			if got := f.titles(t, f.Employee.Actor, tasks.ListInput{}); err != nil && len(got) != 2 {
				t.Errorf("half restored after %v: %v", err, got)
			}
			return err
		}, func(err error) {
			if got := f.titles(t, f.Employee.Actor, tasks.ListInput{}); err != nil || len(got) != 4 {
				t.Errorf("restored: %v, %v", got, err)
			}
		})
	})
}
