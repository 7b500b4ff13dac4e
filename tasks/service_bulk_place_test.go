package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

// stages makes stages "To do" and "Done" in the open workspace and gives their ids.
func (f *fixture) stages(t testing.TB) (todo, done tasks.StageID) {
	t.Helper()
	board, err := f.tasks.SetStages(context.Background(), f.Employee.Actor, tasks.SetStagesInput{
		Org: f.World.Org, Workspace: f.World.Open, Stages: []tasks.Stage{{Name: "To do"}, {Name: "Done", Finished: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return board.Stages[0].ID, board.Stages[1].ID
}

// Many tasks come beneath one and into a stage at once; each that cannot says why, and the others do.
func TestBulkPlaces(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		todo, done := f.stages(t)
		root := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Root"})
		one := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "One"})
		two := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Two", Parent: root.ID, Stage: todo})
		repeats := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Repeats", DueAt: day(4), Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		elsewhere := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Elsewhere", Workspace: f.Private})
		bulk := func(in tasks.BulkInput, list ...*tasks.Task) *tasks.BulkResult {
			t.Helper()
			in.Org, in.Tasks = org, named(list...)
			result, err := f.tasks.Bulk(ctx, f.Employee.Actor, in)
			if err != nil {
				t.Fatal(err)
			}
			return result
		}
		in := tasks.BulkInput{BulkPlace: tasks.BulkPlace{Parent: root.ID, Stage: todo}, ScheduleInput: tasks.ScheduleInput{StartOn: "2026-03-02", TimeZone: "Europe/Berlin"}}
		result := bulk(in, root, one, two, repeats, elsewhere)
		if d := diff([]string{"failed tasks.cycle", "changed", "changed", "failed tasks.subtask_recurs", "failed invalid"}, outcomes(result)); d != "" {
			t.Fatalf("outcomes (-want +got):\n%s", d)
		}
		if fields := result.Results[4].Fields; len(fields) != 1 || fields[0].Pointer != "/parent_id" || fields[0].Rule != "not_found" {
			t.Errorf("fields %+v", fields)
		}
		// What failed is as it was, the start included.
		if got := f.get(t, f.Employee.Actor, repeats.ID); got.StartAt != nil || got.Version != 1 {
			t.Errorf("half changed: %+v", got)
		}
		for _, id := range []tasks.ID{one.ID, two.ID} {
			got := f.get(t, f.Employee.Actor, id)
			if got.Parent != root.ID || got.Stage != todo || got.StartOn != "2026-03-02" || got.TimeZone != "Europe/Berlin" {
				t.Errorf("placed %+v", got)
			}
		}
		if got := f.get(t, f.Guest.Actor, root.ID); got.Subtasks == nil || got.Subtasks.Total != 2 {
			t.Errorf("sub-tasks %+v", got.Subtasks)
		}
		if d := diff([]string{"unchanged", "unchanged"}, outcomes(bulk(in, one, two))); d != "" {
			t.Errorf("again (-want +got):\n%s", d)
		}
		// A stage of finished tasks finishes; a start after the due moment is refused for the task alone.
		if d := diff([]string{"changed", "failed tasks.open_subtasks"}, outcomes(bulk(tasks.BulkInput{BulkPlace: tasks.BulkPlace{Stage: done}}, one, root))); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if got := f.get(t, f.Employee.Actor, one.ID); got.State != tasks.Finished || got.Stage != done {
			t.Errorf("in the stage of finished ones: %+v", got)
		}
		late := bulk(tasks.BulkInput{ScheduleInput: tasks.ScheduleInput{StartAt: day(5)}}, repeats, one)
		if d := diff([]string{"failed invalid", "changed"}, outcomes(late)); d != "" || late.Results[0].Fields[0].Pointer != "/start_at" || late.Results[0].Fields[0].Rule != "order" {
			t.Errorf("outcomes (-want +got):\n%s\n%+v", d, late)
		}
		_, err := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: org, Task: repeats.ID, ScheduleInput: tasks.ScheduleInput{StartAt: day(5)}})
		verandatest.WantFields(t, err, "/start_at order")
		// And back.
		away := tasks.BulkInput{BulkPlace: tasks.BulkPlace{ClearParent: true, OffBoard: true}, ClearStart: true}
		if d := diff([]string{"changed", "unchanged"}, outcomes(bulk(away, two, root))); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if got := f.get(t, f.Employee.Actor, two.ID); !got.Parent.IsZero() || !got.Stage.IsZero() || got.StartAt != nil {
			t.Errorf("taken out %+v", got)
		}
		// All or nothing.
		in.Atomic = true
		in.Org, in.Tasks = org, named(two, root)
		_, err = f.tasks.Bulk(ctx, f.Employee.Actor, in)
		wantReason(t, err, "tasks.bulk")
		if got := f.get(t, f.Employee.Actor, two.ID); !got.Parent.IsZero() {
			t.Errorf("half changed: %+v", got)
		}
		_, err = f.tasks.Bulk(ctx, f.Employee.Actor, tasks.BulkInput{
			Org: org, Tasks: named(two), State: tasks.Open, ScheduleInput: tasks.ScheduleInput{StartAt: day(5), StartOn: "2026-03-02", DueOn: "soon", TimeZone: "Mars"},
			ClearDue: true, ClearStart: true, Scope: "all", BulkPlace: tasks.BulkPlace{Parent: one.ID, ClearParent: true, Stage: todo, OffBoard: true, Subtasks: "eat"},
		})
		verandatest.WantFields(t, err, "/time_zone time_zone", "/due_on date", "/start_on exclusive", "/clear_due exclusive", "/clear_start exclusive", "/scope one_of",
			"/clear_parent exclusive", "/off_board exclusive", "/state exclusive", "/subtasks one_of")
	})
}

// A bulk change of an instance of a series is one of the following ones too, unless it says otherwise.
func TestBulkRecurring(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		for scope, want := range map[tasks.Scope]int{tasks.ThisOnly: tasks.PriorityLow, "": tasks.PriorityUrgent} {
			due := time.Now().Add(time.Hour)
			one := f.create(t, f.Employee.Actor, tasks.CreateInput{DueAt: &due, Priority: tasks.PriorityLow, Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
			in := tasks.BulkInput{Org: f.World.Org, Tasks: named(one), Priority: pointer(tasks.PriorityUrgent), Scope: scope}
			if _, err := f.tasks.Bulk(ctx, f.Employee.Actor, in); err != nil {
				t.Fatal(err)
			}
			next := f.get(t, f.Employee.Actor, f.finish(t, f.Employee.Actor, one.ID).Recurrence.Next)
			if next.Priority != want {
				t.Errorf("scope %q: the next one has priority %d", scope, next.Priority)
			}
		}
	})
}

// A saved filter keeps every filter that a list takes, and the orders by hand.
func TestSavedStructure(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		todo, _ := f.stages(t)
		root := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Root", Stage: todo, ScheduleInput: tasks.ScheduleInput{StartAt: day(3)}})
		series := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Series", DueAt: day(9), Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Child", Parent: root.ID, Stage: todo})
		for name, c := range map[string]struct {
			filter tasks.FilterFields
			want   []string
		}{
			"parent": {tasks.FilterFields{Parent: root.ID}, []string{"Child"}},
			"top":    {tasks.FilterFields{Top: true, Sort: tasks.SortRank}, []string{"Root", "Series"}},
			"stage":  {tasks.FilterFields{Stage: todo, Sort: tasks.SortBoard}, []string{"Root", "Child"}},
			"series": {tasks.FilterFields{Series: series.Series}, []string{"Series"}},
			"start":  {tasks.FilterFields{StartAfter: day(2), StartBefore: day(4), Sort: tasks.SortStartLast}, []string{"Root"}},
			"none":   {tasks.FilterFields{StartBefore: day(3)}, []string{}},
		} {
			saved := f.save(t, f.Employee.Actor, tasks.CreateFilterInput{Name: name, Workspace: f.World.Open, Filter: c.filter})
			if d := diff(c.want, f.titles(t, f.Guest.Actor, tasks.ListInput{Saved: saved.ID})); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		// An order by hand is one of a workspace: a shared filter has one, one's own names it.
		own := f.save(t, f.Employee.Actor, tasks.CreateFilterInput{Name: "Own", Filter: tasks.FilterFields{Workspaces: []veranda.WorkspaceID{f.World.Open}, Top: true}})
		if d := diff([]string{"Root", "Series"}, f.titles(t, f.Employee.Actor, tasks.ListInput{Saved: own.ID, Sort: tasks.SortRank})); d != "" {
			t.Errorf("in another order (-want +got):\n%s", d)
		}
		_, err := f.tasks.CreateFilter(ctx, f.Employee.Actor, tasks.CreateFilterInput{Org: org, Name: "Bad", Filter: tasks.FilterFields{Sort: tasks.SortBoard, Top: true, Parent: root.ID}})
		verandatest.WantFields(t, err, "/filter/top exclusive", "/filter/workspaces required", "/filter/stage required")
		// What one does not see, or what lies elsewhere than where the filter is shared, is not found.
		hidden := f.create(t, f.Stranger.Actor, tasks.CreateInput{Workspace: f.Closed, DueAt: day(9), Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		elsewhere := f.create(t, f.Employee.Actor, tasks.CreateInput{Workspace: f.Private, DueAt: day(9), Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		for _, c := range []struct {
			task   *tasks.Task
			shared veranda.WorkspaceID
			want   []string
		}{
			{hidden, veranda.WorkspaceID{}, []string{"/filter/parent not_found", "/filter/stage not_found", "/filter/series not_found"}},
			{elsewhere, f.World.Open, []string{"/filter/parent not_found", "/filter/stage not_found", "/filter/series not_found"}},
			{elsewhere, veranda.WorkspaceID{}, []string{"/filter/stage not_found"}},
		} {
			filter := tasks.FilterFields{Parent: c.task.ID, Series: c.task.Series, Stage: tasks.StageID(veranda.NewID[struct{}]())}
			_, err := f.tasks.CreateFilter(ctx, f.Employee.Actor, tasks.CreateFilterInput{Org: org, Name: "Bad", Workspace: c.shared, Filter: filter})
			verandatest.WantFields(t, err, c.want...)
		}
		update := func(filter tasks.FilterFields) error {
			return second(f.tasks.UpdateFilter(ctx, f.Employee.Actor, tasks.UpdateFilterInput{Org: org, FilterID: own.ID, Filter: &filter}))
		}
		verandatest.WantFields(t, update(tasks.FilterFields{Sort: tasks.SortRank}), "/filter/workspaces required")
		if err := update(tasks.FilterFields{Workspaces: []veranda.WorkspaceID{f.World.Open}, Sort: tasks.SortRank}); err != nil {
			t.Error(err)
		}
		_, err = f.tasks.List(ctx, f.Employee.Actor, tasks.ListInput{Org: org, Saved: own.ID, Sort: tasks.SortBoard})
		verandatest.WantFields(t, err, "/stage required")
	})
}
