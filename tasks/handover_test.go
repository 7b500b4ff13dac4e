package tasks_test

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
)

// people is the service that lets people go.
func (f *fixture) people(t *testing.T) *tenancy.Service {
	t.Helper()
	people, err := tenancy.New(tenancy.Deps{
		DB: f.DB, Authz: f.authz, Secret: make([]byte, 32), BaseURL: "https://works.example",
		PasswordCost: tenancy.PasswordCost{Memory: 8, Time: 1, Threads: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return people
}

func (f *fixture) exec(t *testing.T, text string, args ...any) {
	t.Helper()
	err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func assignees(people ...veranda.AccountID) []veranda.AccountID {
	return append([]veranda.AccountID{}, people...)
}

// Of two tasks, one is in a workspace that who takes over does not see; a third is finished.
func TestOpenTasksAreHandedOver(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		people := f.people(t)
		leaver, taker := f.Employee.Account, f.Stranger.Account
		shared := f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "Shared", Assignees: assignees(leaver, f.Guest.Account)})
		both := f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "Both", Assignees: assignees(taker, leaver)})
		private := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Private", Workspace: f.Private, Assignees: assignees(leaver)})
		done := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Done", Assignees: assignees(leaver)})
		f.finish(t, f.Employee.Actor, done.ID)
		before := len(f.Events(t, tasks.EventTaskUpdated))

		// Somebody else manages the private workspace too, so it is not handed over with its tasks.
		f.exec(t, `UPDATE veranda_workspace_members SET roles = 'manager' WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, f.World.Org, f.Private, f.Owner.Account)
		if err := people.RemoveMember(ctx, f.Owner.Actor, tenancy.RemoveMemberInput{Org: f.World.Org, Account: leaver, HandTo: taker}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			id   tasks.ID
			want []veranda.AccountID
		}{
			{"shared", shared.ID, assignees(f.Guest.Account, taker)},
			{"both", both.ID, assignees(taker)},
			{"private", private.ID, assignees()},
			{"done", done.ID, assignees(leaver)},
		} {
			got := f.get(t, f.Owner.Actor, c.id)
			if d := diff(c.want, got.Assignees); d != "" {
				t.Errorf("%s: assignees (-want +got):\n%s", c.name, d)
			}
			if got.Version != 2 {
				t.Errorf("%s: version %d, want 2", c.name, got.Version)
			}
		}
		if d := diff([]string{"Both", "Shared"}, f.titles(t, f.Stranger.Actor, tasks.ListInput{Assignees: []string{taker.String()}, Sort: tasks.SortCreatedLast})); d != "" {
			t.Errorf("tasks found by who took over (-want +got):\n%s", d)
		}
		if d := diff([]string{}, f.titles(t, f.Owner.Actor, tasks.ListInput{Assignees: []string{leaver.String()}, State: tasks.Open})); d != "" {
			t.Errorf("open tasks found of who has gone (-want +got):\n%s", d)
		}
		changed := f.Events(t, tasks.EventTaskUpdated)[before:]
		if len(changed) != 3 {
			t.Fatalf("%d tasks say in their history that they changed hands, want 3", len(changed))
		}
		for _, e := range changed {
			if e.By != f.Owner.Account || e.Workspace.IsZero() {
				t.Errorf("the history is of %+v", e)
			}
		}
		if got := f.get(t, f.Owner.Actor, shared.ID); got.Followers[len(got.Followers)-1] != taker {
			t.Errorf("who took the task over does not follow it: %v", got.Followers)
		}
	})
}

func TestDisablingTouchesTasksOnlyWhenSomebodyTakesOver(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		people := f.people(t)
		leaver := f.Employee.Account
		task := f.create(t, f.Owner.Actor, tasks.CreateInput{Assignees: assignees(leaver)})
		in := tenancy.DisableMemberInput{Org: f.World.Org, Account: leaver}
		if _, err := people.DisableMember(ctx, f.Owner.Actor, in); err != nil {
			t.Fatal(err)
		}
		if d := diff(assignees(leaver), f.get(t, f.Owner.Actor, task.ID).Assignees); d != "" {
			t.Errorf("assignees of who is disabled (-want +got):\n%s", d)
		}
		in.HandTo = f.Stranger.Account
		if _, err := people.DisableMember(ctx, f.Owner.Actor, in); err != nil {
			t.Fatal(err)
		}
		if d := diff(assignees(f.Stranger.Account), f.get(t, f.Owner.Actor, task.ID).Assignees); d != "" {
			t.Errorf("assignees after somebody took over (-want +got):\n%s", d)
		}
	})
}

func TestLeavingOpenTasksWantsSomebody(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		people := f.people(t)
		task := f.create(t, f.Owner.Actor, tasks.CreateInput{Assignees: assignees(f.AccessManager.Account)})
		theirs := f.create(t, f.Owner.Actor, tasks.CreateInput{Assignees: assignees(f.External.Account)})
		in := tenancy.LeaveOrganizationInput{Org: f.World.Org}
		err := people.LeaveOrganization(ctx, f.AccessManager.Actor, in)
		verandatest.WantCode(t, err, veranda.CodeConflict)
		want := `conflict: tenancy.handover_needed: Name somebody who takes over (hand_to): there are open tasks left, 1 of them.`
		if err == nil || err.Error() != want {
			t.Errorf("refusal %v, want %s", err, want)
		}
		if got := f.get(t, f.AccessManager.Actor, task.ID); len(got.Assignees) != 1 || got.Version != 1 {
			t.Errorf("a refused leaving changed the task: %+v", got)
		}
		in.HandTo = f.Employee.Account
		if err := people.LeaveOrganization(ctx, f.AccessManager.Actor, in); err != nil {
			t.Fatal(err)
		}
		if d := diff(assignees(f.Employee.Account), f.get(t, f.Owner.Actor, task.ID).Assignees); d != "" {
			t.Errorf("assignees (-want +got):\n%s", d)
		}
		// An external may know nobody to name: nobody has the task then.
		if err := people.LeaveOrganization(ctx, f.External.Actor, tenancy.LeaveOrganizationInput{Org: f.World.Org}); err != nil {
			t.Fatal(err)
		}
		if d := diff(assignees(), f.get(t, f.Owner.Actor, theirs.ID).Assignees); d != "" {
			t.Errorf("assignees after an external left (-want +got):\n%s", d)
		}
	})
}

// A batch and some more.
func TestManyTasksAreHandedOver(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const many = 620
		people := f.people(t)
		err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			for range many {
				if _, err := f.tasks.WithTx(tx).Create(ctx, f.Employee.Actor, tasks.CreateInput{
					Org: f.World.Org, Workspace: f.World.Open, Title: "One of many", Assignees: assignees(f.Employee.Account),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := people.RemoveMember(context.Background(), f.Owner.Actor, tenancy.RemoveMemberInput{Org: f.World.Org, Account: f.Employee.Account}); err != nil {
			t.Fatal(err)
		}
		if n := len(f.Events(t, tasks.EventTaskUpdated)); n != many {
			t.Errorf("%d tasks were handed over, want %d", n, many)
		}
	})
}

// A task that is made while its maker is disabled is either refused or made before.
func TestDisabledWhileMakingATask(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		people := f.people(t)
		in := tasks.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Title: "Race", Assignees: assignees(f.Employee.Account)}
		made := make(chan error)
		go func() {
			for {
				if _, err := f.tasks.Create(ctx, f.Employee.Actor, in); err != nil {
					made <- err
					return
				}
			}
		}()
		_, err := people.DisableMember(ctx, f.Owner.Actor, tenancy.DisableMemberInput{Org: f.World.Org, Account: f.Employee.Account})
		if err != nil {
			t.Error(err)
		}
		if err := <-made; err != error(veranda.ErrNotFound) {
			t.Errorf("who is disabled is answered %v, want exactly not found", err)
		}
		before := len(f.Events(t, tasks.EventTaskCreated))
		if _, err := f.tasks.Create(ctx, f.Employee.Actor, in); err != error(veranda.ErrNotFound) {
			t.Errorf("the next call: %v", err)
		}
		if after := len(f.Events(t, tasks.EventTaskCreated)); after != before {
			t.Errorf("%d tasks were made by who is disabled", after-before)
		}
	})
}
