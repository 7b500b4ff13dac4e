package tasks_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{
			Title: "  Cafe\u0301 ", Description: "Line one\r\nline two", Priority: tasks.PriorityHigh, DueAt: day(9),
			Assignees: accounts(f.External, f.Employee), Labels: []string{"Office", "déjà vu"},
			Checklist: []tasks.ChecklistItem{{Text: "buy"}, {Text: "brew", Done: true}},
		})
		want := &tasks.Task{
			Org: f.World.Org, ID: task.ID, Workspace: f.World.Open, Title: "Café", Description: "Line one\nline two", State: tasks.Open,
			Priority: 3, DueAt: day(9), Assignees: accounts(f.External, f.Employee), Followers: accounts(f.Employee, f.External),
			Labels:    []string{"Office", "déjà vu"},
			Checklist: []tasks.ChecklistItem{{ID: task.Checklist[0].ID, Text: "buy"}, {ID: task.Checklist[1].ID, Text: "brew", Done: true}},
			Structure: tasks.Structure{Rank: task.Rank}, CreatedBy: f.Employee.Account, CreatedAt: task.CreatedAt, UpdatedAt: task.CreatedAt, Version: 1,
		}
		if d := diff(want, task); d != "" {
			t.Errorf("created (-want +got):\n%s", d)
		}
		if d := diff(want, f.get(t, f.Guest.Actor, task.ID)); d != "" {
			t.Errorf("read again (-want +got):\n%s", d)
		}
		if task.CreatedAt.IsZero() || task.Checklist[0].ID.IsZero() || task.Checklist[0].ID == task.Checklist[1].ID {
			t.Errorf("created at %v with items %v, want a moment and an id for each", task.CreatedAt, task.Checklist)
		}
		if task.ETag() != `"1"` || task.Location() != "/v1/organizations/"+f.World.Org.String()+"/tasks/"+task.ID.String() {
			t.Errorf("etag %s, location %s", task.ETag(), task.Location())
		}
		events := f.Events(t, "tasks.*")
		if len(events) != 1 {
			t.Fatalf("want one event, got %v", events)
		}
		got := events[0]
		if got.Kind != tasks.EventTaskCreated || got.Subject != task.ID.String() || got.Workspace != f.World.Open || got.By != f.Employee.Account {
			t.Errorf("event %+v", got)
		}
		wantData := tasks.TaskCreated{Title: "Café", Assignees: accounts(f.External, f.Employee), DueAt: day(9), Priority: 3, Labels: []string{"Office", "déjà vu"}}
		if d := diff(wantData, data[tasks.TaskCreated](t, f, tasks.EventTaskCreated)); d != "" {
			t.Errorf("data (-want +got):\n%s", d)
		}
	})
}

func TestCreateLeast(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		task := f.create(t, f.Owner.Actor, tasks.CreateInput{})
		text, err := json.Marshal(f.get(t, f.Owner.Actor, task.ID))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"assignees":[]`, `"labels":[]`, `"checklist":[]`, `"followers":["` + f.Owner.Account.String() + `"]`, `"state":"open"`} {
			if !strings.Contains(string(text), want) {
				t.Errorf("want %s in %s", want, text)
			}
		}
		for _, absent := range []string{"due_at", "finished_at", "finished_by", "null"} {
			if strings.Contains(string(text), absent) {
				t.Errorf("want no %s in %s", absent, text)
			}
		}
	})
}

func TestCreateRefusesBadInput(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		year := time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
		_, err := f.tasks.Create(ctx, f.Employee.Actor, tasks.CreateInput{
			Title: strings.Repeat("é", 201), Description: "bell\a", Priority: 5, DueAt: &year,
			Assignees: []veranda.AccountID{f.Guest.Account, f.Guest.Account, {}},
			Labels:    []string{"ok", "OK", "a,b", strings.Repeat("l", 51)},
			Checklist: []tasks.ChecklistItem{{Text: "\u200b"}, {Text: "two\nlines"}},
		})
		verandatest.WantFields(t, err,
			"/organization_id required", "/workspace_id required", "/title too_long", "/description control_characters",
			"/labels/1 duplicate", "/labels/2 comma", "/labels/3 too_long", "/checklist/0/text required", "/checklist/1/text line",
			"/assignees/1 duplicate", "/assignees/2 required", "/priority range", "/due_at range")
		many := tasks.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Title: "T"}
		for range 101 {
			many.Checklist = append(many.Checklist, tasks.ChecklistItem{Text: "x"})
			many.Labels = append(many.Labels, "x")
			many.Assignees = append(many.Assignees, f.Guest.Account)
		}
		_, err = f.tasks.Create(ctx, f.Employee.Actor, many)
		verandatest.WantFields(t, err, "/labels too_many", "/checklist too_many", "/assignees too_many")
		f.WantEvents(t, "tasks.*")
	})
}

// Strangers, people of other tenants and those who do not exist are one answer.
func TestAssigneesMustSeeTheTask(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		in := tasks.CreateInput{Org: f.World.Org, Workspace: f.Private, Title: "T", Assignees: []veranda.AccountID{
			f.Guest.Account, f.Stranger.Account, f.Outsider.Account, veranda.NewAccountID(), f.Nobody.Account, f.Support.Account, f.Employee.Account,
		}}
		_, err := f.tasks.Create(ctx, f.Employee.Actor, in)
		verandatest.WantFields(t, err, "/assignees/1 not_found", "/assignees/2 not_found", "/assignees/3 not_found", "/assignees/4 not_found", "/assignees/5 not_found")
		seen := map[string]bool{}
		for _, field := range verandatest.Fields(err) {
			seen[field.Message] = true
		}
		if len(seen) != 1 {
			t.Errorf("want one message for all, got %v", seen)
		}
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Workspace: f.Private, Assignees: accounts(f.Guest)})
		_, err = f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: f.World.Org, Task: task.ID, Assignees: accounts(f.Guest, f.Owner, f.Stranger)})
		verandatest.WantFields(t, err, "/assignees/2 not_found")
		_, err = f.tasks.Follow(ctx, f.Employee.Actor, tasks.FollowInput{Org: f.World.Org, Task: task.ID, Account: f.Stranger.Account})
		verandatest.WantFields(t, err, "/account_id not_found")
		if got := f.get(t, f.Owner.Actor, task.ID); got.Version != 1 || len(got.Followers) != 2 {
			t.Errorf("version %d, followers %v, want 1 and two", got.Version, got.Followers)
		}
	})
}

func TestUpdate(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{
			Title: "Old", Description: "old", DueAt: day(5), Priority: 1, Labels: []string{"a", "b"}, Assignees: accounts(f.Guest, f.Owner),
		})
		f.Clock.Advance(time.Hour)
		updated, err := f.tasks.Update(ctx, f.External.Actor, tasks.UpdateInput{
			Org: f.World.Org, Task: task.ID, Version: 1,
			Title: pointer("New"), Description: pointer("new"), DueAt: day(6), Priority: pointer(0), Labels: []string{"B", "c"}, Assignees: accounts(f.Owner, f.External),
		})
		if err != nil {
			t.Fatal(err)
		}
		want := *task
		want.Title, want.Description, want.DueAt, want.Priority, want.Labels = "New", "new", day(6), 0, []string{"B", "c"}
		want.Assignees, want.Followers = accounts(f.Owner, f.External), accounts(f.Employee, f.Guest, f.Owner, f.External)
		want.Version, want.UpdatedAt = 2, updated.UpdatedAt
		if d := diff(&want, updated); d != "" {
			t.Errorf("updated (-want +got):\n%s", d)
		}
		if d := diff(&want, f.get(t, f.Employee.Actor, task.ID)); d != "" {
			t.Errorf("read again (-want +got):\n%s", d)
		}
		if !updated.UpdatedAt.After(task.UpdatedAt.Add(time.Hour - time.Minute)) {
			t.Errorf("updated at %v, created at %v", updated.UpdatedAt, task.UpdatedAt)
		}
		if d := diff(map[string]int{"assignees": 2, "followers": 4, "labels": 2, "comments": 0}, f.hasChildren(t, task.ID)); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
		wantData := `{"title":"New","changes":[{"field":"title","old":"Old","new":"New"},{"field":"description"},` +
			`{"field":"assignees","old":["` + f.Guest.Account.String() + `","` + f.Owner.Account.String() + `"],"new":["` + f.Owner.Account.String() + `","` + f.External.Account.String() + `"]},` +
			`{"field":"due_at","old":"2026-03-05T17:00:00Z","new":"2026-03-06T17:00:00Z"},{"field":"priority","old":1,"new":0},` +
			`{"field":"labels","old":["a","b"],"new":["B","c"]}]}`
		var got, expected any
		if err := errors.Join(json.Unmarshal(f.Events(t, tasks.EventTaskUpdated)[0].Data, &got), json.Unmarshal([]byte(wantData), &expected)); err != nil {
			t.Fatal(err)
		}
		if d := diff(expected, got); d != "" {
			t.Errorf("data (-want +got):\n%s", d)
		}
		// What an index finds follows.
		if d := diff([]string{}, f.titles(t, f.Employee.Actor, tasks.ListInput{Assignees: []string{f.Guest.Account.String()}})); d != "" {
			t.Errorf("assigned to who was removed (-want +got):\n%s", d)
		}
		if d := diff([]string{"New"}, f.titles(t, f.External.Actor, tasks.ListInput{Mine: tasks.MineAssigned, Labels: []string{"C"}, Search: "NEW"})); d != "" {
			t.Errorf("assigned to who was added (-want +got):\n%s", d)
		}
	})
}

func TestUpdateClears(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{DueAt: day(5), Labels: []string{"a"}, Assignees: accounts(f.Guest)})
		same, err := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: f.World.Org, Task: task.ID, Title: &task.Title, DueAt: day(5), Labels: []string{"a"}})
		if err != nil || same.Version != 1 {
			t.Fatalf("a change that changes nothing gave version %v, %v", same, err)
		}
		f.WantEvents(t, "tasks.*", tasks.EventTaskCreated)
		_, err = f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: f.World.Org, Task: task.ID, DueAt: day(5), ClearDue: true})
		verandatest.WantFields(t, err, "/clear_due exclusive")
		cleared, err := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{
			Org: f.World.Org, Task: task.ID, ClearDue: true, Labels: []string{}, Assignees: []veranda.AccountID{},
		})
		if err != nil {
			t.Fatal(err)
		}
		if cleared.DueAt != nil || len(cleared.Labels) != 0 || len(cleared.Assignees) != 0 || cleared.Version != 2 {
			t.Errorf("cleared is %+v", cleared)
		}
		if d := diff(map[string]int{"assignees": 0, "followers": 2, "labels": 0, "comments": 0}, f.hasChildren(t, task.ID)); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
	})
}

func TestDelete(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Gone", Labels: []string{"a"}, Assignees: accounts(f.Guest)})
		f.comment(t, f.Guest.Actor, task.ID, "why?")
		in := f.state(task.ID)
		in.Version = 7
		verandatest.WantCode(t, f.tasks.Delete(ctx, f.Employee.Actor, in), veranda.CodePrecondition)
		in.Version = 1
		if err := f.tasks.Delete(ctx, f.Employee.Actor, in); err != nil {
			t.Fatal(err)
		}
		_, err := f.tasks.Get(ctx, f.Employee.Actor, tasks.GetInput{Org: f.World.Org, Task: task.ID})
		verandatest.WantCode(t, err, veranda.CodeNotFound)
		verandatest.WantCode(t, f.tasks.Delete(ctx, f.Employee.Actor, f.state(task.ID)), veranda.CodeNotFound)
		if d := diff(map[string]int{"assignees": 0, "followers": 0, "labels": 0, "comments": 1}, f.hasChildren(t, task.ID)); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
		want := tasks.TaskDeleted{Title: "Gone", State: tasks.Open, Assignees: accounts(f.Guest)}
		if d := diff(want, data[tasks.TaskDeleted](t, f, tasks.EventTaskDeleted)); d != "" {
			t.Errorf("data (-want +got):\n%s", d)
		}
	})
}

type fewTasks struct{ left int64 }

func (l *fewTasks) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, add int64) error {
	if resource == "tasks" && l.left < add {
		return veranda.LimitError(resource, "The plan allows no more tasks.")
	}
	l.left -= add
	return nil
}

func TestLimits(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := newFixture(t, e, &fewTasks{left: 1})
		f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "First"})
		_, err := f.tasks.Create(context.Background(), f.Employee.Actor, tasks.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Title: "Second"})
		if !errors.Is(err, veranda.NewError(veranda.CodeLimit, "limit.tasks", "")) {
			t.Errorf("want limit.tasks, got %v", err)
		}
		if d := diff([]string{"First"}, f.titles(t, f.Employee.Actor, tasks.ListInput{})); d != "" {
			t.Errorf("tasks (-want +got):\n%s", d)
		}
	})
}

// A host's veto undoes everything the call did.
func TestVeto(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Stays", Labels: []string{"a"}, Assignees: accounts(f.Guest)})
		veto := veranda.NewError(veranda.CodeConflict, "host.no", "No.")
		f.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{"tasks.*"}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return veto }})
		_, create := f.tasks.Create(ctx, f.Employee.Actor, tasks.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Title: "Not made"})
		_, update := f.tasks.Update(ctx, f.Employee.Actor, tasks.UpdateInput{Org: f.World.Org, Task: task.ID, Title: pointer("Changed"), Labels: []string{}})
		_, finish := f.tasks.Finish(ctx, f.Employee.Actor, f.done(task.ID))
		_, comment := f.tasks.AddComment(ctx, f.Employee.Actor, tasks.AddCommentInput{Org: f.World.Org, Task: task.ID, Text: "words"})
		remove := f.tasks.Delete(ctx, f.Employee.Actor, f.state(task.ID))
		for name, err := range map[string]error{"create": create, "update": update, "finish": finish, "comment": comment, "delete": remove} {
			if !errors.Is(err, veto) {
				t.Errorf("%s: want the veto, got %v", name, err)
			}
		}
		if d := diff(task, f.get(t, f.Employee.Actor, task.ID)); d != "" {
			t.Errorf("task (-want +got):\n%s", d)
		}
		if d := diff([]string{"Stays"}, f.titles(t, f.Employee.Actor, tasks.ListInput{})); d != "" {
			t.Errorf("tasks (-want +got):\n%s", d)
		}
		if d := diff(map[string]int{"assignees": 1, "followers": 2, "labels": 1, "comments": 0}, f.hasChildren(t, task.ID)); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
	})
}

// A host's transaction spans calls of the service, and keeps or undoes them together.
func TestWithTx(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		undone := errors.New("undone")
		run := func(end error) error {
			return f.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				bound := f.tasks.WithTx(tx)
				task, err := bound.Create(ctx, f.Employee.Actor, tasks.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Title: "Both", Assignees: accounts(f.Guest)})
				if err != nil {
					return err
				}
				if _, err := bound.Finish(ctx, f.Guest.Actor, f.done(task.ID)); err != nil {
					return err
				}
				if _, err := bound.AddComment(ctx, f.Guest.Actor, tasks.AddCommentInput{Org: f.World.Org, Task: task.ID, Text: "done"}); err != nil {
					return err
				}
				list, err := bound.List(ctx, f.Guest.Actor, tasks.ListInput{Org: f.World.Org, Mine: tasks.MineFinished})
				if err == nil && len(list.Items) != 1 {
					t.Errorf("inside, the list has %d tasks, want 1", len(list.Items))
				}
				return errors.Join(err, end)
			})
		}
		if err := run(undone); !errors.Is(err, undone) {
			t.Fatalf("want the function's error, got %v", err)
		}
		f.WantEvents(t, "tasks.*")
		if err := run(nil); err != nil {
			t.Fatal(err)
		}
		f.WantEvents(t, "tasks.*", tasks.EventTaskCreated, tasks.EventTaskFinished, tasks.EventCommentAdded)
	})
}
