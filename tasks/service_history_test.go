package tasks_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

func TestHistory(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "One", Description: "first", Labels: []string{"a"}, Priority: 2})
		update := func(by veranda.Actor, in tasks.UpdateInput) {
			t.Helper()
			in.Org, in.Task = org, task.ID
			if _, err := f.tasks.Update(ctx, by, in); err != nil {
				t.Fatal(err)
			}
		}
		update(f.Owner.Actor, tasks.UpdateInput{Title: pointer("Two"), Description: pointer("second"), Priority: pointer(4)})
		update(f.External.Actor, tasks.UpdateInput{Description: pointer(""), Assignees: accounts(f.Guest)})
		f.finish(t, f.Guest.Actor, task.ID)
		if _, err := f.tasks.Reopen(ctx, f.Employee.Actor, f.state(task.ID)); err != nil {
			t.Fatal(err)
		}
		f.comment(t, f.Guest.Actor, task.ID, "no change")
		f.delete(t, f.Employee.Actor, task.ID)
		if _, err := f.tasks.Restore(ctx, f.Employee.Actor, f.state(task.ID)); err != nil {
			t.Fatal(err)
		}
		// Another task's is another's.
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Other"})
		var all []tasks.HistoryEntry
		in := tasks.HistoryInput{Org: org, Task: task.ID, Page: veranda.Page{Limit: 2}}
		for {
			page, err := f.tasks.History(ctx, f.Guest.Actor, in)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page.Items...)
			if in.Cursor = page.Next; in.Cursor == "" {
				break
			}
		}
		got := []string{}
		for _, e := range all {
			changes, err := json.Marshal(e.Changes)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Kind+" "+string(changes))
		}
		guest := f.Guest.Account.String()
		want := []string{
			"tasks.task_restored []", "tasks.task_deleted []",
			`tasks.task_reopened [{"field":"state","old":"finished","new":"open"}]`, `tasks.task_finished [{"field":"state","old":"open","new":"finished"}]`,
			`tasks.task_updated [{"field":"description","old":"second","new":""},{"field":"assignees","old":[],"new":["` + guest + `"]}]`,
			`tasks.task_updated [{"field":"title","old":"One","new":"Two"},{"field":"description","old":"first","new":"second"},{"field":"priority","old":2,"new":4}]`,
			`tasks.task_created [{"field":"title","new":"One"},{"field":"priority","new":2},{"field":"labels","new":["a"]}]`,
		}
		if d := diff(want, got); d != "" {
			t.Errorf("history (-want +got):\n%s", d)
		}
		if all[3].By != f.Guest.Account || all[4].By != f.External.Account || all[5].By != f.Owner.Account || all[6].At.IsZero() {
			t.Errorf("by and at: %+v", all)
		}
		_, err := f.tasks.History(ctx, f.Outsider.Actor, tasks.HistoryInput{Org: org, Task: task.ID})
		verandatest.WantCode(t, err, veranda.CodeNotFound)
		_, err = f.tasks.History(ctx, f.Guest.Actor, tasks.HistoryInput{Org: org, Task: task.ID, Page: veranda.Page{Cursor: "x"}})
		verandatest.WantFields(t, err, "/cursor cursor")
	})
}
