package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func (f *fixture) delete(t testing.TB, by veranda.Actor, id tasks.ID) {
	t.Helper()
	if err := f.tasks.Delete(context.Background(), by, f.state(id)); err != nil {
		t.Fatalf("delete: %v", err)
	}
}

// deleted are the titles of the deleted tasks of the open workspace that somebody may restore.
func (f *fixture) deleted(t testing.TB, by veranda.Actor) []string {
	t.Helper()
	titles := []string{}
	in := tasks.DeletedInput{Org: f.World.Org, Workspace: f.World.Open, Page: veranda.Page{Limit: 2}}
	for {
		page, err := f.tasks.Deleted(context.Background(), by, in)
		if err != nil {
			t.Fatalf("deleted: %v", err)
		}
		for _, one := range page.Items {
			titles = append(titles, one.Title)
		}
		if in.Cursor = page.Next; in.Cursor == "" {
			return titles
		}
	}
}

// A deleted task is gone everywhere at once, and comes back as it was.
func TestDeleteAndRestore(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{
			Title: "Roof", Description: "tiles", Labels: []string{"Red", "blue"}, Assignees: accounts(f.Guest, f.External), DueAt: day(1), Priority: 3,
			Checklist: []tasks.ChecklistItem{{Text: "step"}},
		})
		f.comment(t, f.Guest.Actor, task.ID, "why?")
		before := f.get(t, f.Employee.Actor, task.ID)
		f.Clock.Advance(time.Minute)
		f.delete(t, f.External.Actor, task.ID)
		org := f.World.Org
		for name, err := range map[string]error{
			"get": second(f.tasks.Get(ctx, f.Owner.Actor, tasks.GetInput{Org: org, Task: task.ID})), "finish": second(f.tasks.Finish(ctx, f.Owner.Actor, f.done(task.ID))),
			"comment":  second(f.tasks.AddComment(ctx, f.Owner.Actor, tasks.AddCommentInput{Org: org, Task: task.ID, Text: "words"})),
			"comments": second(f.tasks.Comments(ctx, f.Owner.Actor, tasks.CommentsInput{Org: org, Task: task.ID})),
			"history":  second(f.tasks.History(ctx, f.Owner.Actor, tasks.HistoryInput{Org: org, Task: task.ID})),
			"follow":   second(f.tasks.Follow(ctx, f.Owner.Actor, tasks.FollowInput{Org: org, Task: task.ID})),
		} {
			if veranda.CodeOf(err) != veranda.CodeNotFound {
				t.Errorf("%s of a deleted task: %v", name, err)
			}
		}
		for _, in := range []tasks.ListInput{
			{}, {Assignees: []string{f.Guest.Account.String()}}, {Creators: []string{f.Employee.Account.String()}}, {Followers: []string{f.Guest.Account.String()}},
			{Labels: []string{"red"}}, {Search: "roof"}, {Overdue: true}, {Sort: tasks.SortUpdatedLast}, {Sort: tasks.SortCreated},
		} {
			if got := f.titles(t, f.Owner.Actor, in); len(got) > 0 {
				t.Errorf("%+v lists %v", in, got)
			}
		}
		labels, err := f.tasks.Labels(ctx, f.Owner.Actor, tasks.LabelsInput{Org: org, Workspace: f.World.Open})
		if err != nil || len(labels.Items) != 2 || labels.Items[0].Tasks != 0 || labels.Items[1].Tasks != 0 {
			t.Errorf("labels: %+v, %v", labels, err)
		}
		source, err := tasks.NewSource(f.DB)
		if err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(365 * 24 * time.Hour)
		if counts, err := source.OverdueCounts(ctx, nil, org, f.DB.Now()); err != nil || len(counts) != 0 {
			t.Errorf("overdue: %v, %v", counts, err)
		}
		f.Clock.Advance(-365 * 24 * time.Hour)

		// Its maker, its assignee who deleted it, and who manages the workspace see it among the deleted ones.
		for _, who := range []world.Person{f.Employee, f.External, f.Owner, f.Administrator} {
			if d := diff([]string{"Roof"}, f.deleted(t, who.Actor)); d != "" {
				t.Errorf("%s (-want +got):\n%s", who.Name, d)
			}
		}
		if d := diff([]string{}, f.deleted(t, f.AccessManager.Actor)); d != "" {
			t.Errorf("access manager (-want +got):\n%s", d)
		}
		_, err = f.tasks.Deleted(ctx, f.Guest.Actor, tasks.DeletedInput{Org: org, Workspace: f.World.Open})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		for who, code := range map[*world.Person]veranda.Code{
			&f.AccessManager: veranda.CodeForbidden, &f.Guest: veranda.CodeForbidden, &f.Outsider: veranda.CodeNotFound, &f.Support: veranda.CodeNotFound,
		} {
			_, err := f.tasks.Restore(ctx, who.Actor, f.state(task.ID))
			verandatest.WantCode(t, err, code)
		}
		stale := f.state(task.ID)
		stale.Version = 9
		_, err = f.tasks.Restore(ctx, f.Employee.Actor, stale)
		verandatest.WantCode(t, err, veranda.CodePrecondition)

		after, err := f.tasks.Restore(ctx, f.Employee.Actor, f.state(task.ID))
		if err != nil {
			t.Fatal(err)
		}
		want := *before
		want.Version, want.UpdatedAt = 2, after.UpdatedAt
		if d := diff(&want, f.get(t, f.Employee.Actor, task.ID)); d != "" {
			t.Errorf("restored (-want +got):\n%s", d)
		}
		if d := diff(map[string]int{"assignees": 2, "followers": 3, "labels": 2, "comments": 1}, f.hasChildren(t, task.ID)); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
		restored := data[tasks.TaskRestored](t, f, tasks.EventTaskRestored)
		if restored.DeletedBy != f.External.Account || restored.DeletedAt.IsZero() || restored.Title != "Roof" {
			t.Errorf("data %+v", restored)
		}
		_, err = f.tasks.Restore(ctx, f.Employee.Actor, f.state(task.ID))
		verandatest.WantCode(t, err, veranda.CodeNotFound)
		if got := f.deleted(t, f.Owner.Actor); len(got) > 0 {
			t.Errorf("deleted tasks are %v", got)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// Who cannot see the workspace any more is not assigned again; a veto or a limit leaves the task deleted.
func TestRestoreAfterChanges(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Assignees: accounts(f.External, f.Employee)})
		f.delete(t, f.Employee.Actor, task.ID)
		if _, err := f.DB.Writer().NewRaw(`DELETE FROM veranda_workspace_members WHERE org_id = ? AND workspace_id = ? AND account_id = ?`, f.World.Org, f.World.Open, f.External.Account).Exec(ctx); err != nil {
			t.Fatal(err)
		}
		refusing := true
		f.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{tasks.EventTaskRestored}, Before: func(context.Context, *veranda.Tx, veranda.Event) error {
			if refusing {
				return veranda.ErrForbidden
			}
			return nil
		}})
		_, err := f.tasks.Restore(ctx, f.Employee.Actor, f.state(task.ID))
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		_, err = f.tasks.Get(ctx, f.Employee.Actor, tasks.GetInput{Org: f.World.Org, Task: task.ID})
		verandatest.WantCode(t, err, veranda.CodeNotFound)
		refusing = false
		if _, err := f.tasks.Restore(ctx, f.Employee.Actor, f.state(task.ID)); err != nil {
			t.Fatal(err)
		}
		if d := diff(accounts(f.Employee), f.get(t, f.Employee.Actor, task.ID).Assignees); d != "" {
			t.Errorf("assignees (-want +got):\n%s", d)
		}
	})
}

// After 30 days a deleted task is gone for good with everything that hung on it, and not before.
func TestPurge(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		if err := f.DB.Every(f.tasks.PurgeJob()); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Gone", Description: "one", Labels: []string{"a"}, Assignees: accounts(f.Guest)})
			f.comment(t, f.Guest.Actor, task.ID, "why?")
			if _, err := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: f.World.Org, Task: task.ID, Description: pointer("two")}); err != nil {
				t.Fatal(err)
			}
			f.delete(t, f.Employee.Actor, task.ID)
		}
		kept := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Kept"})
		f.Clock.Advance(tasks.DeletedFor - time.Hour)
		late := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Late"})
		f.delete(t, f.Employee.Actor, late.ID)
		f.Drain(t)
		if got := f.deleted(t, f.Owner.Actor); len(got) != 4 {
			t.Fatalf("deleted tasks before the time: %v", got)
		}
		f.Clock.Advance(2 * time.Hour)
		f.Drain(t)
		if d := diff([]string{"Late"}, f.deleted(t, f.Owner.Actor)); d != "" {
			t.Errorf("deleted (-want +got):\n%s", d)
		}
		f.get(t, f.Employee.Actor, kept.ID)
		for table, want := range map[string]int{"veranda_tasks": 2, "veranda_task_comments": 0, "veranda_task_descriptions": 0} {
			var n int
			if err := f.DB.Reader().NewRaw(`SELECT count(*) FROM `+table).Scan(ctx, &n); err != nil { //sql:built a table of this test
				t.Fatal(err)
			}
			if n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
		f.WantEvents(t, tasks.EventTrashPurged, tasks.EventTrashPurged, tasks.EventTrashPurged, tasks.EventTrashPurged)
	})
}
