package tasks_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func (f *fixture) label(t testing.TB, name string) *tasks.Label {
	t.Helper()
	l, err := f.tasks.CreateLabel(context.Background(), f.Employee.Actor, tasks.CreateLabelInput{Org: f.World.Org, Workspace: f.World.Open, Label: name})
	if err != nil {
		t.Fatalf("label: %v", err)
	}
	return l
}

// catalogue is the open workspace's, as "name colour tasks".
func (f *fixture) catalogue(t testing.TB) []string {
	t.Helper()
	list, err := f.tasks.Labels(context.Background(), f.Guest.Actor, tasks.LabelsInput{Org: f.World.Org, Workspace: f.World.Open})
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, l := range list.Items {
		lines = append(lines, fmt.Sprint(l.Label, " ", l.Colour, " ", l.Tasks))
	}
	return lines
}

func TestLabelCatalogue(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		both := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Both", Labels: []string{"x", "BUG", "defect", "y"}})
		one := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "One", Labels: []string{"bug"}})
		gone := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Gone", Labels: []string{"bug"}})
		f.delete(t, f.Employee.Actor, gone.ID)
		elsewhere := f.create(t, f.Employee.Actor, tasks.CreateInput{Workspace: f.Sibling, Labels: []string{"bug"}})
		if d := diff([]string{"BUG grey 2", "defect grey 1", "x grey 1", "y grey 1"}, f.catalogue(t)); d != "" {
			t.Errorf("catalogue (-want +got):\n%s", d)
		}
		find := func(name string) tasks.LabelID {
			t.Helper()
			list, err := f.tasks.Labels(ctx, f.Guest.Actor, tasks.LabelsInput{Org: org, Workspace: f.World.Open})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range list.Items {
				if l.Label == name {
					return l.ID
				}
			}
			t.Fatalf("no label %s", name)
			return tasks.LabelID{}
		}
		_, err := f.tasks.CreateLabel(ctx, f.Employee.Actor, tasks.CreateLabelInput{Org: org, Workspace: f.World.Open, Label: "Bug"})
		wantReason(t, err, "tasks.label_exists")
		_, err = f.tasks.CreateLabel(ctx, f.Employee.Actor, tasks.CreateLabelInput{Org: org, Workspace: f.World.Open, Label: "a,b", Colour: "mauve"})
		verandatest.WantFields(t, err, "/label comma", "/colour one_of")
		made := f.label(t, "Made")
		if made.Colour != tasks.Grey || made.Version != 1 {
			t.Errorf("made %+v", made)
		}

		// A new name and colour.
		update := func(id tasks.LabelID, version int64, name string, colour tasks.Colour) (*tasks.Label, error) {
			in := tasks.UpdateLabelInput{Org: org, Workspace: f.World.Open, LabelID: id, Version: version}
			if name != "" {
				in.Label = &name
			}
			if colour != "" {
				in.Colour = &colour
			}
			return f.tasks.UpdateLabel(ctx, f.External.Actor, in)
		}
		_, err = update(find("BUG"), 0, "defect", "")
		wantReason(t, err, "tasks.label_exists")
		_, err = update(find("BUG"), 9, "fault", "")
		verandatest.WantCode(t, err, veranda.CodePrecondition)
		renamed, err := update(find("BUG"), 1, "Fault", tasks.Red)
		if err != nil || renamed.Version != 2 || renamed.Label != "Fault" || renamed.Tasks != 2 {
			t.Fatalf("renamed %+v, %v", renamed, err)
		}
		if d := diff([]string{"x", "Fault", "defect", "y"}, f.get(t, f.Employee.Actor, both.ID).Labels); d != "" {
			t.Errorf("labels (-want +got):\n%s", d)
		}
		if got := f.get(t, f.Employee.Actor, one.ID); got.Version != 2 || got.Labels[0] != "Fault" {
			t.Errorf("renamed on %+v", got)
		}
		if got := f.get(t, f.Employee.Actor, elsewhere.ID); got.Version != 1 || got.Labels[0] != "bug" {
			t.Errorf("renamed elsewhere: %+v", got)
		}
		if d := diff([]string{"Both", "One"}, f.titles(t, f.Employee.Actor, tasks.ListInput{Workspaces: []veranda.WorkspaceID{f.World.Open}, Labels: []string{"FAULT"}, Sort: tasks.SortCreated})); d != "" {
			t.Errorf("by label (-want +got):\n%s", d)
		}
		same, err := update(renamed.ID, 2, "Fault", tasks.Red)
		if err != nil || same.Version != 2 {
			t.Errorf("the same again: %+v, %v", same, err)
		}
		if changed := data[tasks.LabelChanged](t, f, tasks.EventLabelUpdated); changed != (tasks.LabelChanged{Name: "Fault", OldName: "BUG", Colour: tasks.Red, Tasks: 2}) {
			t.Errorf("data %+v", changed)
		}

		// Two become one; a task that bears both bears it once.
		merge := func(from, into tasks.LabelID) (*tasks.Label, error) {
			return f.tasks.MergeLabel(ctx, f.Employee.Actor, tasks.MergeLabelInput{Org: org, Workspace: f.World.Open, LabelID: from, Into: into})
		}
		_, err = merge(renamed.ID, renamed.ID)
		verandatest.WantFields(t, err, "/into same")
		list, err := f.tasks.Labels(ctx, f.Employee.Actor, tasks.LabelsInput{Org: org, Workspace: f.Sibling})
		if err != nil {
			t.Fatal(err)
		}
		_, err = merge(renamed.ID, list.Items[0].ID)
		verandatest.WantFields(t, err, "/into not_found")
		merged, err := merge(find("defect"), renamed.ID)
		if err != nil || merged.Tasks != 2 {
			t.Fatalf("merged %+v, %v", merged, err)
		}
		if d := diff([]string{"x", "Fault", "y"}, f.get(t, f.Employee.Actor, both.ID).Labels); d != "" {
			t.Errorf("labels (-want +got):\n%s", d)
		}
		if d := diff([]string{"Fault red 2", "Made grey 0", "x grey 1", "y grey 1"}, f.catalogue(t)); d != "" {
			t.Errorf("catalogue (-want +got):\n%s", d)
		}
		// A deleted label is on no task.
		if err := f.tasks.DeleteLabel(ctx, f.Employee.Actor, tasks.DeleteLabelInput{Org: org, Workspace: f.World.Open, LabelID: find("y")}); err != nil {
			t.Fatal(err)
		}
		if d := diff([]string{"x", "Fault"}, f.get(t, f.Employee.Actor, both.ID).Labels); d != "" {
			t.Errorf("labels (-want +got):\n%s", d)
		}
		// A restored task has the label it had.
		if _, err := f.tasks.Restore(ctx, f.Employee.Actor, f.state(gone.ID)); err != nil {
			t.Fatal(err)
		}
		if d := diff([]string{"bug grey 1", "Fault red 2", "Made grey 0", "x grey 1"}, f.catalogue(t)); d != "" {
			t.Errorf("catalogue (-want +got):\n%s", d)
		}
	})
}

func wantReason(t testing.TB, err error, reason string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("want %s, got %v", reason, err)
	}
}

func TestWhoManagesLabels(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		for _, c := range []struct {
			who       world.Person
			workspace veranda.WorkspaceID
			want      string
		}{
			{f.Owner, f.World.Open, "+"}, {f.Administrator, f.World.Open, "+"}, {f.AccessManager, f.World.Open, "+"}, {f.Employee, f.World.Open, "+"}, {f.External, f.World.Open, "+"},
			{f.Guest, f.World.Open, "-"}, {f.Support, f.World.Open, "."}, {f.Outsider, f.World.Open, "."}, {f.Nobody, f.World.Open, "."}, {f.External, f.Sibling, "."}, {f.Owner, f.Closed, "."},
		} {
			maker := f.Employee
			if c.workspace == f.Closed {
				maker = f.Stranger
			}
			l, err := f.tasks.CreateLabel(ctx, maker.Actor, tasks.CreateLabelInput{Org: org, Workspace: c.workspace, Label: "one " + c.who.Name})
			if err != nil {
				t.Fatal(err)
			}
			other, err := f.tasks.CreateLabel(ctx, maker.Actor, tasks.CreateLabelInput{Org: org, Workspace: c.workspace, Label: "two " + c.who.Name})
			if err != nil {
				t.Fatal(err)
			}
			_, create := f.tasks.CreateLabel(ctx, c.who.Actor, tasks.CreateLabelInput{Org: org, Workspace: c.workspace, Label: "new " + c.who.Name})
			_, update := f.tasks.UpdateLabel(ctx, c.who.Actor, tasks.UpdateLabelInput{Org: org, Workspace: c.workspace, LabelID: l.ID, Colour: pointer(tasks.Pink)})
			_, merge := f.tasks.MergeLabel(ctx, c.who.Actor, tasks.MergeLabelInput{Org: org, Workspace: c.workspace, LabelID: l.ID, Into: other.ID})
			remove := f.tasks.DeleteLabel(ctx, c.who.Actor, tasks.DeleteLabelInput{Org: org, Workspace: c.workspace, LabelID: other.ID})
			for what, err := range map[string]error{"create": create, "update": update, "merge": merge, "delete": remove} {
				if got := outcome(t, err); got != c.want {
					t.Errorf("%s by %s: %s, want %s", what, c.who.Name, got, c.want)
				}
			}
		}
		// A label is found under its own workspace only.
		l := f.label(t, "here")
		_, err := f.tasks.Label(ctx, f.Owner.Actor, tasks.LabelInput{Org: org, Workspace: f.Sibling, Label: l.ID})
		verandatest.WantCode(t, err, veranda.CodeNotFound)
		got, err := f.tasks.Label(ctx, f.Guest.Actor, tasks.LabelInput{Org: org, Workspace: f.World.Open, Label: l.ID})
		if err != nil || got.Label != "here" {
			t.Errorf("label %+v, %v", got, err)
		}
	})
}

// Renaming while others put the label on tasks: afterwards every name that a task bears is in the catalogue, in the table
// that lists are made by, and nowhere is the old one unless it came after.
func TestRenameAmongEdits(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		l := f.label(t, "old")
		var made []tasks.ID
		for range 6 {
			made = append(made, f.create(t, f.Employee.Actor, tasks.CreateInput{}).ID)
		}
		var wait sync.WaitGroup
		for _, id := range made {
			wait.Go(func() {
				if _, err := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: org, Task: id, Labels: []string{"old"}}); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Go(func() {
			if _, err := f.tasks.UpdateLabel(ctx, f.Owner.Actor, tasks.UpdateLabelInput{Org: org, Workspace: f.World.Open, LabelID: l.ID, Label: pointer("new")}); err != nil {
				t.Error(err)
			}
		})
		wait.Wait()
		counts := map[string]int{}
		for _, id := range made {
			counts[f.get(t, f.Employee.Actor, id).Labels[0]]++
		}
		want := []string{fmt.Sprint("new grey ", counts["new"])}
		if counts["old"] > 0 {
			want = append(want, fmt.Sprint("old grey ", counts["old"]))
		}
		if d := diff(want, f.catalogue(t)); d != "" || counts["new"]+counts["old"] != len(made) {
			t.Errorf("tasks bear %v; catalogue (-want +got):\n%s", counts, d)
		}
	})
}
