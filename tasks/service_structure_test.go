package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

// under makes a sub-task.
func (f *fixture) under(t testing.TB, by veranda.Actor, parent *tasks.Task, title string) *tasks.Task {
	t.Helper()
	return f.create(t, by, tasks.CreateInput{Title: title, Parent: parent.ID, Workspace: parent.Workspace})
}

func (f *fixture) setParent(by veranda.Actor, task, parent *tasks.Task) error {
	in := tasks.SetParentInput{Org: f.World.Org, Task: task.ID}
	if parent != nil {
		in.Parent = parent.ID
	}
	_, err := f.tasks.SetParent(context.Background(), by, in)
	return err
}

func (f *fixture) wait(by veranda.Actor, blocked, blocker *tasks.Task) error {
	_, err := f.tasks.AddDependency(context.Background(), by, tasks.DependencyInput{Org: f.World.Org, Task: blocked.ID, BlockedBy: blocker.ID})
	return err
}

func TestSubtasks(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org, me := context.Background(), f.World.Org, f.Employee.Actor
		root := f.create(t, me, tasks.CreateInput{Title: "Root"})
		one, two := f.under(t, me, root, "One"), f.under(t, me, root, "Two")
		deep := []*tasks.Task{one}
		for range tasks.MaxDepth - 1 {
			deep = append(deep, f.under(t, me, deep[len(deep)-1], "Deeper"))
		}
		if got := f.get(t, me, root.ID).Subtasks; got == nil || *got != (tasks.SubtaskCount{Open: 2, Total: 2}) {
			t.Errorf("counts %+v", got)
		}
		if d := diff([]string{"One", "Two"}, f.titles(t, me, tasks.ListInput{Parent: root.ID, Sort: tasks.SortCreated})); d != "" {
			t.Errorf("sub-tasks (-want +got):\n%s", d)
		}
		if d := diff([]string{"Root"}, f.titles(t, me, tasks.ListInput{Top: true})); d != "" {
			t.Errorf("of no other (-want +got):\n%s", d)
		}
		_, err := f.tasks.Create(ctx, me, tasks.CreateInput{Org: org, Workspace: f.World.Open, Title: "Too deep", Parent: deep[len(deep)-1].ID})
		wantReason(t, err, "tasks.depth")
		wantReason(t, f.setParent(me, root, two), "tasks.cycle")
		wantReason(t, f.setParent(me, root, root), "tasks.cycle")
		wantReason(t, f.setParent(me, two, deep[len(deep)-1]), "tasks.depth")
		elsewhere := f.create(t, f.Owner.Actor, tasks.CreateInput{Workspace: f.Sibling})
		verandatest.WantFields(t, f.setParent(me, two, elsewhere), "/parent_id not_found")
		verandatest.WantFields(t, f.setParent(me, two, &tasks.Task{ID: tasks.ID(veranda.NewID[struct{}]())}), "/parent_id not_found")

		_, err = f.tasks.Finish(ctx, me, f.done(root.ID))
		wantReason(t, err, "tasks.open_subtasks")
		in := f.done(root.ID)
		in.Subtasks = tasks.LeaveSubtasks
		if _, err := f.tasks.Finish(ctx, me, in); err != nil {
			t.Fatal(err)
		}
		if _, err := f.tasks.Reopen(ctx, me, f.state(root.ID)); err != nil {
			t.Fatal(err)
		}
		f.finish(t, me, two.ID)
		in.Subtasks = tasks.FinishSubtasks
		done, err := f.tasks.Finish(ctx, me, in)
		if err != nil {
			t.Fatal(err)
		}
		if *done.Subtasks != (tasks.SubtaskCount{Open: 0, Total: 2}) {
			t.Errorf("counts %+v", done.Subtasks)
		}
		for _, task := range deep {
			if got := f.get(t, me, task.ID); got.State != tasks.Finished || got.Subtasks != nil && got.Subtasks.Open != 0 {
				t.Errorf("beneath a finished one: %+v", got)
			}
		}
		// To the top, with all beneath it, and back.
		if err := f.setParent(me, one, nil); err != nil {
			t.Fatal(err)
		}
		if got := f.get(t, me, root.ID).Subtasks; *got != (tasks.SubtaskCount{Total: 1}) {
			t.Errorf("counts %+v", got)
		}
		if err := f.setParent(me, one, root); err != nil {
			t.Fatal(err)
		}
		// Deleted with all beneath, and restored with them; what others made is not deleted with it.
		if err := f.tasks.Delete(ctx, me, f.state(root.ID)); err != nil {
			t.Fatal(err)
		}
		if left := f.titles(t, me, tasks.ListInput{Workspaces: []veranda.WorkspaceID{f.World.Open}}); len(left) != 0 {
			t.Errorf("left are %v", left)
		}
		back, err := f.tasks.Restore(ctx, me, f.state(root.ID))
		if err != nil {
			t.Fatal(err)
		}
		if *back.Subtasks != (tasks.SubtaskCount{Total: 2}) || f.get(t, me, deep[4].ID).Parent != deep[3].ID {
			t.Errorf("restored with %+v", back.Subtasks)
		}
		f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "Another's", Parent: root.ID})
		wantReason(t, f.tasks.Delete(ctx, me, f.state(root.ID)), "tasks.others_subtasks")
	})
}

// However moves race, what stands beneath what is a tree.
func TestConcurrentParents(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		me := f.Employee.Actor
		var list []*tasks.Task
		for i := range 4 {
			list = append(list, f.create(t, me, tasks.CreateInput{Title: fmt.Sprint(i)}))
		}
		for round := range 3 {
			together(t, 4, tasks.ErrCycle, func(i int) error { return f.setParent(me, list[i], list[(i+1+round)%4]) })
			for _, task := range list {
				seen := map[tasks.ID]bool{}
				for at := f.get(t, me, task.ID); !at.Parent.IsZero(); at = f.get(t, me, at.Parent) {
					if seen[at.ID] {
						t.Fatalf("round %d: a circle through %s", round, at.Title)
					}
					seen[at.ID] = true
				}
			}
		}
	})
}

func TestDependencies(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org, me := context.Background(), f.World.Org, f.Employee.Actor
		a, b, c := f.create(t, me, tasks.CreateInput{Title: "A", Assignees: accounts(f.Guest)}), f.create(t, me, tasks.CreateInput{Title: "B"}), f.create(t, me, tasks.CreateInput{Title: "C"})
		for _, pair := range [][2]*tasks.Task{{b, a}, {c, b}, {c, b}} {
			if err := f.wait(me, pair[0], pair[1]); err != nil {
				t.Fatal(err)
			}
		}
		err := f.wait(me, a, c)
		wantReason(t, err, "tasks.cycle")
		if !strings.Contains(err.Error(), "“A” → “B” → “C” → “A”") {
			t.Errorf("the way is not named: %v", err)
		}
		verandatest.WantFields(t, f.wait(me, a, a), "/blocked_by self")
		verandatest.WantFields(t, f.wait(me, a, &tasks.Task{ID: tasks.ID(veranda.NewID[struct{}]())}), "/blocked_by not_found")
		hidden := f.create(t, f.Stranger.Actor, tasks.CreateInput{Title: "Hidden", Workspace: f.Closed})
		verandatest.WantFields(t, f.wait(me, a, hidden), "/blocked_by not_found")
		verandatest.WantCode(t, f.wait(f.Guest.Actor, b, c), veranda.CodeForbidden)

		read, err := f.tasks.Dependencies(ctx, me, tasks.GetInput{Org: org, Task: b.ID})
		if err != nil || len(read.BlockedBy) != 1 || read.BlockedBy[0].Title != "A" || len(read.Blocks) != 1 || read.Blocks[0].Title != "C" {
			t.Errorf("dependencies %+v, %v", read, err)
		}
		if !f.get(t, me, b.ID).Blocked || f.get(t, me, a.ID).Blocked {
			t.Error("B waits, and A does not")
		}
		_, err = f.tasks.Finish(ctx, me, f.done(b.ID))
		wantReason(t, err, "tasks.blocked")
		f.finish(t, me, a.ID)
		if f.get(t, me, b.ID).Blocked {
			t.Error("B still waits")
		}
		f.WantEvents(t, tasks.EventTaskUnblocked, tasks.EventTaskUnblocked)
		if _, err := f.tasks.Reopen(ctx, me, f.state(a.ID)); err != nil {
			t.Fatal(err)
		}
		if !f.get(t, me, b.ID).Blocked {
			t.Error("B does not wait for what was reopened")
		}
		in := f.done(b.ID)
		in.Force = true
		if _, err := f.tasks.Finish(ctx, me, in); err != nil {
			t.Fatal(err)
		}
		// From the other side, and gone with what is deleted.
		if err := f.tasks.RemoveDependency(ctx, me, tasks.RemoveDependencyInput{Org: org, Task: b.ID, Other: c.ID}); err != nil {
			t.Fatal(err)
		}
		verandatest.WantCode(t, f.tasks.RemoveDependency(ctx, me, tasks.RemoveDependencyInput{Org: org, Task: b.ID, Other: c.ID}), veranda.CodeNotFound)
		if err := f.wait(me, c, a); err != nil {
			t.Fatal(err)
		}
		if err := f.tasks.Delete(ctx, me, f.state(a.ID)); err != nil {
			t.Fatal(err)
		}
		if f.get(t, me, c.ID).Blocked {
			t.Error("C waits for a deleted task")
		}
		// What waits for something that the reader does not see waits for nothing they know of.
		secret := f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "Secret", Workspace: f.Sibling})
		if err := f.wait(f.Owner.Actor, c, secret); err != nil {
			t.Fatal(err)
		}
		if !f.get(t, f.Owner.Actor, c.ID).Blocked || f.get(t, f.Guest.Actor, c.ID).Blocked || !f.titlesBlocked(t, f.Owner.Actor, c.ID) || f.titlesBlocked(t, f.External.Actor, c.ID) {
			t.Error("who sees the other workspace, and only they, see that it waits")
		}
		if read, err := f.tasks.Dependencies(ctx, f.Guest.Actor, tasks.GetInput{Org: org, Task: c.ID}); err != nil || len(read.BlockedBy) != 0 {
			t.Errorf("a guest sees %+v, %v", read, err)
		}
	})
}

// titlesBlocked tells whether a list shows the task as waiting.
func (f *fixture) titlesBlocked(t testing.TB, by veranda.Actor, id tasks.ID) bool {
	t.Helper()
	page, err := f.tasks.List(context.Background(), by, tasks.ListInput{Org: f.World.Org})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range page.Items {
		if task.ID == id {
			return task.Blocked
		}
	}
	return false
}

// Of two who close a circle at once, one is refused.
func TestConcurrentDependencies(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		me := f.Employee.Actor
		for range 3 {
			a, b, c := f.create(t, me, tasks.CreateInput{}), f.create(t, me, tasks.CreateInput{}), f.create(t, me, tasks.CreateInput{})
			ring := []*tasks.Task{a, b, c}
			if n := together(t, 3, tasks.ErrCycle, func(i int) error { return f.wait(me, ring[i], ring[(i+1)%3]) }); n != 2 {
				t.Errorf("%d of three dependencies in a circle were made, want 2", n)
			}
		}
	})
}

// Whoever finishes and whoever says that somebody waits at once: nobody waits for what is finished.
func TestFinishAmongDependencies(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		me := f.Employee.Actor
		for range 5 {
			a, b := f.create(t, me, tasks.CreateInput{}), f.create(t, me, tasks.CreateInput{})
			together(t, 2, nil, func(i int) error {
				if i == 0 {
					return f.wait(me, b, a)
				}
				_, err := f.tasks.Finish(context.Background(), me, f.done(a.ID))
				return err
			})
			if f.get(t, me, b.ID).Blocked {
				t.Error("it waits for a finished task")
			}
		}
	})
}

func TestRecurrence(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org, me := context.Background(), f.World.Org, f.Employee.Actor
		// A Friday at half past nine in Berlin, two days before the clocks change.
		f.Clock.Set(time.Date(2026, 3, 27, 7, 0, 0, 0, time.UTC))
		due := time.Date(2026, 3, 27, 8, 30, 0, 0, time.UTC)
		start := due.Add(-24 * time.Hour)
		task := f.create(t, me, tasks.CreateInput{
			Title: "Report", DueAt: &due, ScheduleInput: tasks.ScheduleInput{StartAt: &start, TimeZone: "Europe/Berlin"},
			Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=WEEKLY;COUNT=3"}, Assignees: accounts(f.Guest), Labels: []string{"weekly"},
			Checklist: []tasks.ChecklistItem{{Text: "figures", Done: true}},
		})
		gather := f.create(t, me, tasks.CreateInput{Title: "Gather", Parent: task.ID, DueAt: &start, ScheduleInput: tasks.ScheduleInput{TimeZone: "Europe/Berlin"}})
		write := f.under(t, me, task, "Write")
		if err := f.wait(me, write, gather); err != nil {
			t.Fatal(err)
		}
		if _, err := f.tasks.AddReminder(ctx, me, tasks.AddReminderInput{Org: org, Task: task.ID, RelativeTo: tasks.BeforeDue, Minutes: 30}); err != nil {
			t.Fatal(err)
		}
		// What concerns this instance only is not so in the next.
		if _, err := f.tasks.Update(ctx, me, tasks.UpdateInput{Org: org, Task: task.ID, Title: pointer("Report, the long one"), Scope: tasks.ThisOnly}); err != nil {
			t.Fatal(err)
		}
		in := f.done(task.ID)
		in.Subtasks = tasks.FinishSubtasks
		n := together(t, 4, tasks.ErrFinished, func(int) error {
			_, err := f.tasks.Finish(ctx, me, in)
			return err
		})
		if n != 1 {
			t.Fatalf("finished %d times", n)
		}
		if _, err := f.tasks.Reopen(ctx, me, f.state(task.ID)); err != nil {
			t.Fatal(err)
		}
		f.finish(t, me, task.ID)
		done := f.get(t, me, task.ID)
		page, err := f.tasks.List(ctx, me, tasks.ListInput{Org: org, Series: task.Series, State: tasks.Open})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("open instances: %+v, %v", page.Items, err)
		}
		next := page.Items[0]
		if done.Recurrence.Next != next.ID || next.Title != "Report" || next.Checklist[0].Done || next.Labels[0] != "weekly" || len(next.Assignees) != 1 {
			t.Errorf("next is %+v", next)
		}
		// At half past nine in summer time too.
		if want := time.Date(2026, 4, 3, 7, 30, 0, 0, time.UTC); !next.DueAt.Equal(want) || !next.StartAt.Equal(want.Add(-24*time.Hour)) {
			t.Errorf("next from %v to %v", next.StartAt, next.DueAt)
		}
		if *next.Subtasks != (tasks.SubtaskCount{Open: 2, Total: 2}) {
			t.Errorf("next has %+v", next.Subtasks)
		}
		beneath, err := f.tasks.List(ctx, me, tasks.ListInput{Org: org, Parent: next.ID, Sort: tasks.SortRank, Workspaces: []veranda.WorkspaceID{f.World.Open}})
		if err != nil || len(beneath.Items) != 2 {
			t.Fatalf("beneath: %+v, %v", beneath.Items, err)
		}
		if first, second := beneath.Items[0], beneath.Items[1]; first.Title != "Gather" || first.State != tasks.Open || first.Blocked || !second.Blocked ||
			!first.DueAt.Equal(time.Date(2026, 4, 2, 7, 30, 0, 0, time.UTC)) {
			t.Errorf("beneath: %+v and %+v", first, second)
		}
		own, err := f.tasks.Reminders(ctx, me, tasks.GetInput{Org: org, Task: next.ID})
		if err != nil || len(own.Items) != 1 || own.Items[0].NextAt == nil || !own.Items[0].NextAt.Equal(next.DueAt.Add(-30*time.Minute)) {
			t.Errorf("reminders %+v, %v", own.Items, err)
		}
		// The second is skipped; the third is the last.
		skipped, err := f.tasks.Skip(ctx, me, f.state(next.ID))
		if err != nil || !skipped.DueAt.Equal(time.Date(2026, 4, 10, 7, 30, 0, 0, time.UTC)) {
			t.Errorf("skipped to %+v, %v", skipped, err)
		}
		_, err = f.tasks.Skip(ctx, me, f.state(next.ID))
		wantReason(t, err, "tasks.series_ended")
		in.Task = next.ID
		last, err := f.tasks.Finish(ctx, me, in)
		if err != nil || !last.Recurrence.Next.IsZero() {
			t.Errorf("the last one: %+v, %v", last, err)
		}
	})
}

func TestRecurrenceAfterCompletionAndDays(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org, me := context.Background(), f.World.Org, f.Employee.Actor
		f.Clock.Set(time.Date(2026, 1, 31, 22, 30, 0, 0, time.UTC)) // the first of February in Helsinki
		monthly := f.create(t, me, tasks.CreateInput{
			ScheduleInput: tasks.ScheduleInput{DueOn: "2026-01-20", TimeZone: "Europe/Helsinki"}, Recurrence: &tasks.RecurrenceInput{Every: 1, Unit: tasks.Months},
		})
		if want := time.Date(2026, 1, 20, 21, 59, 59, 999999000, time.UTC); !monthly.DueAt.Equal(want) || monthly.DueOn != "2026-01-20" {
			t.Errorf("due %v on %s", monthly.DueAt, monthly.DueOn)
		}
		next := f.get(t, me, f.finish(t, me, monthly.ID).Recurrence.Next)
		if next.DueOn != "2026-03-01" {
			t.Errorf("next is due on %s", next.DueOn)
		}
		stopped, err := f.tasks.StopRecurring(ctx, me, f.state(next.ID))
		if err != nil || stopped.Recurrence != nil || stopped.Series != monthly.Series {
			t.Errorf("stopped: %+v, %v", stopped, err)
		}
		if f.finish(t, me, next.ID).Recurrence != nil {
			t.Error("it goes on")
		}
		// What was missed is not made up for; a day is not over before its end.
		daily := f.create(t, me, tasks.CreateInput{ScheduleInput: tasks.ScheduleInput{DueOn: "2026-01-20"}, Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		today := f.get(t, me, f.finish(t, me, daily.ID).Recurrence.Next)
		if today.DueOn != "2026-01-31" {
			t.Errorf("next is due on %s", today.DueOn)
		}
		if tomorrow := f.get(t, me, f.finish(t, me, today.ID).Recurrence.Next); tomorrow.DueOn != "2026-02-01" {
			t.Errorf("next is due on %s", tomorrow.DueOn)
		}

		bad := func(want string, in tasks.CreateInput) {
			t.Helper()
			in.Org, in.Workspace, in.Title = org, f.World.Open, "Bad"
			_, err := f.tasks.Create(ctx, me, in)
			verandatest.WantFields(t, err, strings.Split(want, ", ")...)
		}
		bad("/recurrence/rule rrule_never", tasks.CreateInput{DueAt: day(1), Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}})
		bad("/recurrence/rule rrule_syntax", tasks.CreateInput{DueAt: day(1), Recurrence: &tasks.RecurrenceInput{Rule: "daily"}})
		bad("/recurrence moment", tasks.CreateInput{Recurrence: &tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		bad("/start_at order", tasks.CreateInput{DueAt: day(1), ScheduleInput: tasks.ScheduleInput{StartAt: day(2)}})
		bad("/time_zone time_zone, /start_on date, /due_on exclusive", tasks.CreateInput{DueAt: day(1), ScheduleInput: tasks.ScheduleInput{TimeZone: "Mars/Olympus", StartOn: "2026-02-30", DueOn: "2026-01-01"}})
		_, err = f.tasks.Recur(ctx, me, tasks.RecurInput{Org: org, Task: f.under(t, me, f.create(t, me, tasks.CreateInput{}), "Sub").ID, RecurrenceInput: tasks.RecurrenceInput{Rule: "FREQ=DAILY"}})
		wantReason(t, err, "tasks.subtask_recurs")
	})
}

func TestReminders(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		job := f.tasks.RemindJob()
		run := func() { // on several nodes at once
			t.Helper()
			together(t, 3, nil, func(int) error { return job.Run(ctx, f.Clock.Now()) })
		}
		due := f.Clock.Now().Add(3 * time.Hour)
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Soon", DueAt: &due})
		remind := func(by veranda.Actor, in tasks.AddReminderInput) *tasks.Reminder {
			t.Helper()
			in.Org, in.Task = org, task.ID
			r, err := f.tasks.AddReminder(ctx, by, in)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		remind(f.Guest.Actor, tasks.AddReminderInput{RelativeTo: tasks.BeforeDue, Minutes: 60})
		left := remind(f.External.Actor, tasks.AddReminderInput{RelativeTo: tasks.BeforeDue, Minutes: 60})
		_, err := f.tasks.AddReminder(ctx, f.Guest.Actor, tasks.AddReminderInput{Org: org, Task: task.ID, Minutes: -1})
		verandatest.WantFields(t, err, "/minutes range", "/at required")
		verandatest.WantCode(t, f.tasks.DeleteReminder(ctx, f.Guest.Actor, tasks.DeleteReminderInput{Org: org, Task: task.ID, Reminder: left.ID}), veranda.CodeNotFound)
		if err := f.tasks.DeleteReminder(ctx, f.External.Actor, tasks.DeleteReminderInput{Org: org, Task: task.ID, Reminder: left.ID}); err != nil {
			t.Fatal(err)
		}
		run()
		f.WantEvents(t, tasks.EventReminderDue)
		f.Clock.Advance(125 * time.Minute)
		run()
		events := f.Events(t, tasks.EventReminderDue)
		if len(events) != 1 || len(events[0].To) != 1 || events[0].To[0] != f.Guest.Account || !events[0].Workspace.IsZero() {
			t.Fatalf("events %+v", events)
		}
		// It moves with the task, and comes again; not for what is finished, nor to who sees it no longer.
		later := due.Add(24 * time.Hour)
		if _, err := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: org, Task: task.ID, DueAt: &later}); err != nil {
			t.Fatal(err)
		}
		at := later.Add(-2 * time.Hour)
		remind(f.Employee.Actor, tasks.AddReminderInput{At: &at})
		f.finish(t, f.Employee.Actor, task.ID)
		f.Clock.Advance(23 * time.Hour)
		run()
		if got := len(f.Events(t, tasks.EventReminderDue)); got != 1 {
			t.Errorf("%d events after it was finished", got)
		}
		if _, err := f.tasks.Reopen(ctx, f.Employee.Actor, f.state(task.ID)); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(90 * time.Minute)
		run()
		if got := len(f.Events(t, tasks.EventReminderDue)); got != 2 {
			t.Errorf("%d events, want that of the guest again and nothing that was over", got)
		}
		for range tasks.MaxReminders - 1 {
			remind(f.Guest.Actor, tasks.AddReminderInput{RelativeTo: tasks.BeforeStart})
		}
		_, err = f.tasks.AddReminder(ctx, f.Guest.Actor, tasks.AddReminderInput{Org: org, Task: task.ID, RelativeTo: tasks.BeforeStart})
		if !errors.Is(err, tasks.ErrReminders) {
			t.Errorf("one too many: %v", err)
		}
	})
}
