package tasks_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

func named(list ...*tasks.Task) (named []tasks.BulkTask) {
	for _, task := range list {
		named = append(named, tasks.BulkTask{ID: task.ID})
	}
	return named
}

// outcomes are "outcome reason" in the order asked for.
func outcomes(r *tasks.BulkResult) (list []string) {
	for _, one := range r.Results {
		list = append(list, strings.TrimSpace(fmt.Sprint(one.Outcome, " ", one.Reason)))
	}
	return list
}

func TestBulk(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		one := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "One", Assignees: accounts(f.Guest), Labels: []string{"old", "kept"}})
		two := f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "Two", Assignees: accounts(f.External), Labels: []string{"NEW"}, Priority: 3, DueAt: day(4)})
		sibling := f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "Sibling", Workspace: f.Sibling})
		hidden := f.create(t, f.Stranger.Actor, tasks.CreateInput{Title: "Hidden", Workspace: f.Closed})
		missing := &tasks.Task{ID: tasks.ID(veranda.NewID[struct{}]())}
		stale := append(named(hidden, sibling, two, one, missing), tasks.BulkTask{ID: f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "Stale"}).ID, Version: 8})
		in := tasks.BulkInput{
			Org: org, Tasks: stale, AddAssignees: accounts(f.External), RemoveAssignees: accounts(f.Guest), AddLabels: []string{"new"}, RemoveLabels: []string{"OLD"},
			Priority: pointer(3), DueAt: day(4),
		}
		result, err := f.tasks.Bulk(ctx, f.Employee.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"failed not_found", "failed invalid", "unchanged", "changed", "failed not_found", "failed version"}
		if d := diff(want, outcomes(result)); d != "" || result.Changed != 1 || result.Failed != 4 {
			t.Errorf("outcomes (-want +got):\n%s\n%+v", d, result)
		}
		if fields := result.Results[1].Fields; len(fields) != 1 || fields[0].Pointer != "/add_assignees/0" || fields[0].Rule != "not_found" {
			t.Errorf("fields of the sibling's: %+v", fields)
		}
		got := f.get(t, f.Owner.Actor, one.ID)
		if d := diff([]string{"kept", "new"}, got.Labels); d != "" || got.Version != 2 || result.Results[3].Version != 2 || got.Priority != 3 || len(got.Assignees) != 1 || got.Assignees[0] != f.External.Account {
			t.Errorf("changed to %+v", got)
		}
		if got := f.get(t, f.Stranger.Actor, hidden.ID); got.Version != 1 {
			t.Errorf("the hidden task has changed: %+v", got)
		}
		f.WantEvents(t, tasks.EventTaskUpdated, tasks.EventTaskUpdated)

		// All or nothing.
		in.Atomic, in.Priority = true, pointer(1)
		_, err = f.tasks.Bulk(ctx, f.Employee.Actor, in)
		wantReason(t, err, "tasks.bulk")
		var fields []string
		for _, field := range verandatest.Fields(err) {
			fields = append(fields, field.Pointer+" "+field.Rule)
		}
		if d := diff([]string{"/tasks/0 not_found", "/tasks/1 invalid", "/tasks/4 not_found", "/tasks/5 version"}, fields); d != "" {
			t.Errorf("fields (-want +got):\n%s", d)
		}
		if got := f.get(t, f.Owner.Actor, one.ID); got.Version != 2 {
			t.Errorf("none should be changed: %+v", got)
		}
		f.WantEvents(t, tasks.EventTaskUpdated, tasks.EventTaskUpdated)

		// Guests finish what is assigned to them; a state they are in already changes nothing.
		mine := f.create(t, f.Employee.Actor, tasks.CreateInput{Assignees: accounts(f.Guest)})
		result, err = f.tasks.Bulk(ctx, f.Guest.Actor, tasks.BulkInput{Org: org, Tasks: named(mine, two), State: tasks.Finished})
		if err != nil {
			t.Fatal(err)
		}
		if d := diff([]string{"changed", "failed forbidden"}, outcomes(result)); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		result, err = f.tasks.Bulk(ctx, f.Employee.Actor, tasks.BulkInput{Org: org, Tasks: named(mine, two), State: tasks.Finished, Priority: pointer(0)})
		if err != nil {
			t.Fatal(err)
		}
		if d := diff([]string{"unchanged", "changed"}, outcomes(result)); d != "" || result.Results[1].Version != 3 {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		f.WantEvents(t, tasks.EventTaskFinished, tasks.EventTaskFinished, tasks.EventTaskFinished)
		// Deleted: by who may.
		result, err = f.tasks.Bulk(ctx, f.Employee.Actor, tasks.BulkInput{Org: org, Tasks: named(mine, two, one), Delete: true})
		if err != nil {
			t.Fatal(err)
		}
		if d := diff([]string{"changed", "failed forbidden", "changed"}, outcomes(result)); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if got := f.deleted(t, f.Owner.Actor); len(got) != 2 {
			t.Errorf("deleted are %v", got)
		}
	})
}

// A veto undoes all of it.
func TestBulkVeto(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		one, two := f.create(t, f.Employee.Actor, tasks.CreateInput{}), f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "No"})
		f.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{tasks.EventTaskFinished}, Before: func(_ context.Context, _ *veranda.Tx, e veranda.Event) error {
			if e.Subject == two.ID.String() {
				return veranda.NewError(veranda.CodeConflict, "host.no", "No.")
			}
			return nil
		}})
		_, err := f.tasks.Bulk(context.Background(), f.Employee.Actor, tasks.BulkInput{Org: f.World.Org, Tasks: named(one, two), State: tasks.Finished})
		wantReason(t, err, "host.no")
		if got := f.get(t, f.Employee.Actor, one.ID); got.State != tasks.Open {
			t.Errorf("finished in spite of the veto: %+v", got)
		}
		f.WantEvents(t, tasks.EventTaskFinished)
	})
}

func TestBadBulk(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		one := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		bulk := func(in tasks.BulkInput) error {
			in.Org = org
			return second(f.tasks.Bulk(ctx, f.Employee.Actor, in))
		}
		verandatest.WantFields(t, bulk(tasks.BulkInput{}), "/tasks too_few", "/tasks nothing")
		verandatest.WantFields(t, bulk(tasks.BulkInput{Tasks: make([]tasks.BulkTask, 201), Delete: true, State: tasks.Open}), "/tasks too_many", "/delete exclusive")
		verandatest.WantFields(t, bulk(tasks.BulkInput{
			Tasks: append(named(one, one), tasks.BulkTask{Version: -1}), AddAssignees: accounts(f.Guest), RemoveAssignees: accounts(f.Guest),
			AddLabels: []string{"a", "b,c"}, RemoveLabels: []string{"A"}, Priority: pointer(7), DueAt: day(1), ClearDue: true, State: "half",
		}), "/tasks/1/id duplicate", "/tasks/2/id required", "/tasks/2/version range", "/add_labels/1 comma", "/remove_assignees/0 exclusive", "/remove_labels/0 exclusive",
			"/priority range", "/clear_due exclusive", "/state one_of")
		_, err := f.tasks.Bulk(ctx, f.Outsider.Actor, tasks.BulkInput{Org: org, Tasks: named(one), Delete: true})
		verandatest.WantCode(t, err, veranda.CodeNotFound)
	})
}
