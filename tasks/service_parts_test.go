package tasks_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

func TestChecklist(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Checklist: []tasks.ChecklistItem{{Text: "one"}, {Text: "two"}, {Text: "three"}}})
		other := f.create(t, f.Employee.Actor, tasks.CreateInput{Checklist: []tasks.ChecklistItem{{Text: "foreign"}}})
		one, three := task.Checklist[0], task.Checklist[2]
		set := func(version int64, items ...tasks.ChecklistItem) (*tasks.Task, error) {
			return f.tasks.SetChecklist(ctx, f.External.Actor, tasks.SetChecklistInput{Org: f.World.Org, Task: task.ID, Version: version, Items: items})
		}
		three.Done = true
		one.Text = " One "
		changed, err := set(1, three, tasks.ChecklistItem{Text: "new"}, one)
		if err != nil {
			t.Fatal(err)
		}
		one.Text = "One"
		want := []tasks.ChecklistItem{three, {ID: changed.Checklist[1].ID, Text: "new"}, one}
		if d := diff(want, changed.Checklist); d != "" || changed.Version != 2 {
			t.Errorf("version %d, checklist (-want +got):\n%s", changed.Version, d)
		}
		if d := diff(want, f.get(t, f.Guest.Actor, task.ID).Checklist); d != "" || changed.Checklist[1].ID.IsZero() {
			t.Errorf("read again (-want +got):\n%s", d)
		}
		var got any
		if err := json.Unmarshal(f.Events(t, tasks.EventTaskUpdated)[0].Data, &got); err != nil {
			t.Fatal(err)
		}
		wantData := map[string]any{"title": "A task", "changes": []any{map[string]any{
			"field": "checklist", "old": map[string]any{"done": 0.0, "total": 3.0}, "new": map[string]any{"done": 1.0, "total": 3.0},
		}}}
		if d := diff(wantData, got); d != "" {
			t.Errorf("data (-want +got):\n%s", d)
		}
		_, err = set(1, one)
		verandatest.WantCode(t, err, veranda.CodePrecondition)
		_, err = set(2, one, other.Checklist[0], one, tasks.ChecklistItem{Text: strings.Repeat("x", 501)})
		verandatest.WantFields(t, err, "/items/2/id duplicate", "/items/3/text too_long")
		_, err = set(2, one, other.Checklist[0])
		verandatest.WantFields(t, err, "/items/1/id not_found")
		same, err := set(2, want...)
		if err != nil || same.Version != 2 {
			t.Errorf("the same list gave version %+v, %v", same, err)
		}

		tick := func(by veranda.Actor, item tasks.ItemID, done bool) (*tasks.Task, error) {
			return f.tasks.TickItem(ctx, by, tasks.TickItemInput{Org: f.World.Org, Task: task.ID, Item: item, Done: done})
		}
		ticked, err := tick(f.Owner.Actor, one.ID, true)
		if err != nil || !ticked.Checklist[2].Done || ticked.Version != 3 {
			t.Fatalf("ticked is %+v, %v", ticked, err)
		}
		if again, err := tick(f.Owner.Actor, one.ID, true); err != nil || again.Version != 3 {
			t.Errorf("ticking twice gave %+v, %v", again, err)
		}
		_, err = tick(f.Owner.Actor, other.Checklist[0].ID, true)
		verandatest.WantCode(t, err, veranda.CodeNotFound)
		emptied, err := set(3)
		if err != nil || len(emptied.Checklist) != 0 {
			t.Errorf("emptied is %+v, %v", emptied, err)
		}
		f.WantEvents(t, "tasks.task_updated", tasks.EventTaskUpdated, tasks.EventTaskUpdated, tasks.EventTaskUpdated)
	})
}

func TestComments(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Talked about"})
		first := f.comment(t, f.Guest.Actor, task.ID, " One\r\ntwo ")
		if first.Text != "One\ntwo" || first.Author != f.Guest.Account || first.Version != 1 || first.EditedAt != nil {
			t.Errorf("comment is %+v", first)
		}
		for i := range 4 {
			f.comment(t, f.External.Actor, task.ID, "more "+strconv.Itoa(i))
		}
		in := tasks.EditCommentInput{Org: f.World.Org, Task: task.ID, Comment: first.ID, Version: 5, Text: "Two"}
		_, err := f.tasks.EditComment(ctx, f.Guest.Actor, in)
		verandatest.WantCode(t, err, veranda.CodePrecondition)
		in.Version = 1
		edited, err := f.tasks.EditComment(ctx, f.Guest.Actor, in)
		if err != nil || edited.Text != "Two" || edited.Version != 2 || edited.EditedAt == nil || edited.ETag() != `"2"` {
			t.Fatalf("edited is %+v, %v", edited, err)
		}
		in.Version = 0
		if again, err := f.tasks.EditComment(ctx, f.Guest.Actor, in); err != nil || again.Version != 2 {
			t.Errorf("the same text gave %+v, %v", again, err)
		}
		_, err = f.tasks.EditComment(ctx, f.Guest.Actor, tasks.EditCommentInput{Org: f.World.Org, Task: task.ID, Comment: first.ID, Text: " \n"})
		verandatest.WantFields(t, err, "/text required")
		_, err = f.tasks.AddComment(ctx, f.Guest.Actor, tasks.AddCommentInput{Org: f.World.Org, Task: task.ID, Text: strings.Repeat("x", 10_001)})
		verandatest.WantFields(t, err, "/text too_long")

		texts := func(sort tasks.CommentSort) (all []string) {
			page := veranda.Page{Limit: 2}
			for {
				list, err := f.tasks.Comments(ctx, f.Owner.Actor, tasks.CommentsInput{Org: f.World.Org, Task: task.ID, Sort: sort, Page: page})
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range list.Items {
					all = append(all, c.Text)
				}
				if page.Cursor = list.Next; page.Cursor == "" {
					return all
				}
			}
		}
		if d := diff([]string{"Two", "more 0", "more 1", "more 2", "more 3"}, texts("")); d != "" {
			t.Errorf("oldest first (-want +got):\n%s", d)
		}
		if d := diff([]string{"more 3", "more 2", "more 1", "more 0", "Two"}, texts(tasks.NewestFirst)); d != "" {
			t.Errorf("newest first (-want +got):\n%s", d)
		}
		_, err = f.tasks.Comments(ctx, f.Owner.Actor, tasks.CommentsInput{Org: f.World.Org, Task: task.ID, Sort: "text", Page: veranda.Page{Limit: 201, Cursor: "x"}})
		verandatest.WantFields(t, err, "/sort one_of", "/limit range", "/cursor cursor")

		remove := tasks.DeleteCommentInput{Org: f.World.Org, Task: task.ID, Comment: first.ID, Version: 1}
		verandatest.WantCode(t, f.tasks.DeleteComment(ctx, f.Guest.Actor, remove), veranda.CodePrecondition)
		remove.Version = 2
		if err := f.tasks.DeleteComment(ctx, f.Owner.Actor, remove); err != nil {
			t.Fatal(err)
		}
		verandatest.WantCode(t, f.tasks.DeleteComment(ctx, f.Guest.Actor, remove), veranda.CodeNotFound)
		if got := f.get(t, f.Guest.Actor, task.ID); got.Comments != 4 || got.Version != 1 {
			t.Errorf("%d comments and version %d, want 4 and 1", got.Comments, got.Version)
		}
		want := tasks.CommentChanged{Task: task.ID, Title: "Talked about", Author: f.Guest.Account}
		if d := diff(want, data[tasks.CommentChanged](t, f, tasks.EventCommentDeleted)); d != "" {
			t.Errorf("data (-want +got):\n%s", d)
		}
		if deleted := f.Events(t, tasks.EventCommentDeleted)[0]; deleted.Subject != first.ID.String() || deleted.By != f.Owner.Account {
			t.Errorf("event %+v", deleted)
		}
		f.WantEvents(t, "tasks.comment_*", tasks.EventCommentAdded, tasks.EventCommentAdded, tasks.EventCommentAdded, tasks.EventCommentAdded,
			tasks.EventCommentAdded, tasks.EventCommentEdited, tasks.EventCommentDeleted)
	})
}

func TestFollowers(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Followed"})
		follow := func(by veranda.Actor, who veranda.AccountID) []veranda.AccountID {
			got, err := f.tasks.Follow(ctx, by, tasks.FollowInput{Org: f.World.Org, Task: task.ID, Account: who})
			if err != nil {
				t.Fatal(err)
			}
			return got.Followers
		}
		unfollow := func(by veranda.Actor, who veranda.AccountID) []veranda.AccountID {
			got, err := f.tasks.Unfollow(ctx, by, tasks.UnfollowInput{Org: f.World.Org, Task: task.ID, Account: who})
			if err != nil {
				t.Fatal(err)
			}
			return got.Followers
		}
		self := veranda.AccountID{}
		for i, step := range []struct{ want, got []veranda.AccountID }{
			{accounts(f.Employee, f.Guest), follow(f.Guest.Actor, self)},
			{accounts(f.Employee, f.Guest), follow(f.Guest.Actor, self)},
			{accounts(f.Employee, f.Guest, f.Owner), follow(f.Employee.Actor, f.Owner.Account)},
			{accounts(f.Employee, f.Owner), unfollow(f.Guest.Actor, self)},
			{accounts(f.Employee, f.Owner), unfollow(f.Guest.Actor, f.Guest.Account)},
			{accounts(f.Employee), unfollow(f.Employee.Actor, f.Owner.Account)},
			{accounts(), unfollow(f.Employee.Actor, self)},
			{accounts(f.Guest), follow(f.Guest.Actor, f.Guest.Account)},
		} {
			if d := diff(step.want, step.got); d != "" {
				t.Errorf("step %d (-want +got):\n%s", i, d)
			}
		}
		_, err := f.tasks.Unfollow(ctx, f.Guest.Actor, tasks.UnfollowInput{Org: f.World.Org, Task: task.ID, Account: f.Employee.Account})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
		if d := diff([]string{"Followed"}, f.titles(t, f.Guest.Actor, tasks.ListInput{Mine: tasks.MineFollowed})); d != "" {
			t.Errorf("followed by me (-want +got):\n%s", d)
		}
		if d := diff([]string{}, f.titles(t, f.Employee.Actor, tasks.ListInput{Mine: tasks.MineFollowed})); d != "" {
			t.Errorf("followed by who stopped (-want +got):\n%s", d)
		}
		if got := f.get(t, f.Guest.Actor, task.ID); got.Version != 1 {
			t.Errorf("version %d, want 1", got.Version)
		}
		f.WantEvents(t, "tasks.*", tasks.EventTaskCreated)
	})
}

func TestFollowersAreBounded(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		var crowd []string
		for range tasks.MaxFollowers {
			crowd = append(crowd, veranda.NewAccountID().String())
		}
		if _, err := f.DB.Writer().NewRaw(`UPDATE veranda_tasks SET followers = ? WHERE id = ?`, strings.Join(crowd, " "), task.ID).Exec(ctx); err != nil {
			t.Fatal(err)
		}
		_, err := f.tasks.Follow(ctx, f.Guest.Actor, tasks.FollowInput{Org: f.World.Org, Task: task.ID})
		if !errors.Is(err, tasks.ErrFollowers) {
			t.Errorf("want %v, got %v", tasks.ErrFollowers, err)
		}
		// Assigning still works; there is only no room among the followers.
		updated, err := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: f.World.Org, Task: task.ID, Assignees: accounts(f.Guest)})
		if err != nil || len(updated.Followers) != tasks.MaxFollowers || len(updated.Assignees) != 1 {
			t.Errorf("assigned is %+v, %v", updated, err)
		}
	})
}

func TestLabels(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		f.create(t, f.Employee.Actor, tasks.CreateInput{Labels: []string{"urgent", "Ärger", "zoo"}})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Labels: []string{"URGENT", "ärger", "alpha"}})
		f.finish(t, f.Employee.Actor, f.create(t, f.Employee.Actor, tasks.CreateInput{Labels: []string{"Urgent"}}).ID)
		f.create(t, f.Employee.Actor, tasks.CreateInput{Workspace: f.Sibling, Labels: []string{"elsewhere"}})
		var all []tasks.Label
		page := veranda.Page{Limit: 3}
		for {
			list, err := f.tasks.Labels(ctx, f.Guest.Actor, tasks.LabelsInput{Org: f.World.Org, Workspace: f.World.Open, Page: page})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, list.Items...)
			if page.Cursor = list.Next; page.Cursor == "" {
				break
			}
		}
		for i := range all {
			if all[i].ID.IsZero() || all[i].Workspace != f.World.Open || all[i].Org != f.World.Org {
				t.Errorf("label %+v", all[i])
			}
			all[i] = tasks.Label{Label: all[i].Label, Tasks: all[i].Tasks, Colour: all[i].Colour, Version: all[i].Version}
		}
		label := func(name string, count int64) tasks.Label {
			return tasks.Label{Label: name, Tasks: count, Colour: tasks.Grey, Version: 1}
		}
		want := []tasks.Label{label("alpha", 1), label("urgent", 3), label("zoo", 1), label("Ärger", 2)}
		if d := diff(want, all); d != "" {
			t.Errorf("labels (-want +got):\n%s", d)
		}
		_, err := f.tasks.Labels(ctx, f.Guest.Actor, tasks.LabelsInput{Org: f.World.Org, Workspace: f.World.Open, Page: veranda.Page{Cursor: "%"}})
		verandatest.WantFields(t, err, "/cursor cursor")
		empty, err := f.tasks.Labels(ctx, f.Owner.Actor, tasks.LabelsInput{Org: f.World.Org, Workspace: f.Private})
		if err != nil || empty.Items == nil || len(empty.Items) != 0 {
			t.Errorf("labels of a workspace without: %+v, %v", empty, err)
		}
	})
}

func TestOverdueCounts(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		source, err := tasks.NewSource(f.DB)
		if err != nil {
			t.Fatal(err)
		}
		f.create(t, f.Employee.Actor, tasks.CreateInput{DueAt: day(1), Assignees: accounts(f.Guest, f.Owner)})
		f.create(t, f.Employee.Actor, tasks.CreateInput{DueAt: day(2), Assignees: accounts(f.Guest)})
		f.create(t, f.Employee.Actor, tasks.CreateInput{DueAt: day(2)})
		f.create(t, f.Employee.Actor, tasks.CreateInput{DueAt: day(3), Assignees: accounts(f.Guest)})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Assignees: accounts(f.Guest)})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Workspace: f.Private, DueAt: day(1)})
		f.finish(t, f.Employee.Actor, f.create(t, f.Employee.Actor, tasks.CreateInput{DueAt: day(1), Assignees: accounts(f.Guest)}).ID)
		if _, err := f.tasks.Create(ctx, f.Outsider.Actor, tasks.CreateInput{Org: f.Other, Workspace: f.OtherWorkspace, Title: "Theirs", DueAt: day(1)}); err != nil {
			t.Fatal(err)
		}
		count := func(tx *veranda.Tx) map[tasks.OverdueCount]int64 {
			counts, err := source.OverdueCounts(ctx, tx, f.World.Org, *day(3))
			if err != nil {
				t.Fatal(err)
			}
			m := map[tasks.OverdueCount]int64{}
			for _, c := range counts {
				n := c.Count
				c.Count = 0
				m[c] += n
			}
			return m
		}
		want := map[tasks.OverdueCount]int64{
			{Workspace: f.World.Open}: 3, {Workspace: f.World.Open, Assignee: f.Guest.Account}: 2, {Workspace: f.World.Open, Assignee: f.Owner.Account}: 1,
			{Workspace: f.Private}: 1,
		}
		if d := diff(want, count(nil)); d != "" {
			t.Errorf("outside (-want +got):\n%s", d)
		}
		err = f.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			if d := diff(want, count(tx)); d != "" {
				t.Errorf("within a transaction (-want +got):\n%s", d)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
