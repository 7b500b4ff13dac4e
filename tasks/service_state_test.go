package tasks_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest"
)

func TestFinishAndReopen(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		due := f.Clock.Now().Add(time.Hour)
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Title: "Work", DueAt: &due, Assignees: accounts(f.Guest)})
		_, err := f.tasks.Reopen(ctx, f.Employee.Actor, f.state(task.ID))
		if !errors.Is(err, tasks.ErrOpen) {
			t.Errorf("reopening an open task: want %v, got %v", tasks.ErrOpen, err)
		}
		f.Clock.Advance(2 * time.Hour)
		stale := f.done(task.ID)
		stale.Version = 9
		_, err = f.tasks.Finish(ctx, f.Guest.Actor, stale)
		verandatest.WantCode(t, err, veranda.CodePrecondition)
		finished := f.finish(t, f.Guest.Actor, task.ID)
		if finished.State != tasks.Finished || finished.FinishedAt == nil || finished.FinishedBy != f.Guest.Account || finished.Version != 2 {
			t.Errorf("finished is %+v", finished)
		}
		if d := diff(finished, f.get(t, f.Owner.Actor, task.ID)); d != "" {
			t.Errorf("read again (-want +got):\n%s", d)
		}
		want := tasks.TaskFinished{Title: "Work", Assignees: accounts(f.Guest), CreatedBy: f.Employee.Account, DueAt: &due, Late: true}
		if d := diff(want, data[tasks.TaskFinished](t, f, tasks.EventTaskFinished)); d != "" {
			t.Errorf("data (-want +got):\n%s", d)
		}
		_, err = f.tasks.Finish(ctx, f.Employee.Actor, f.done(task.ID))
		if !errors.Is(err, tasks.ErrFinished) {
			t.Errorf("finishing twice: want %v, got %v", tasks.ErrFinished, err)
		}

		mine := func(by veranda.Actor, m tasks.Mine) []string { return f.titles(t, by, tasks.ListInput{Mine: m}) }
		if d := diff([]string{"Work"}, mine(f.Guest.Actor, tasks.MineFinished)); d != "" {
			t.Errorf("my finished (-want +got):\n%s", d)
		}
		if d := diff([]string{}, mine(f.Guest.Actor, tasks.MineAssigned)); d != "" {
			t.Errorf("assigned to me (-want +got):\n%s", d)
		}
		if d := diff([]string{}, mine(f.Employee.Actor, tasks.MineFinished)); d != "" {
			t.Errorf("finished by the creator (-want +got):\n%s", d)
		}

		reopened, err := f.tasks.Reopen(ctx, f.Employee.Actor, f.state(task.ID))
		if err != nil {
			t.Fatal(err)
		}
		if reopened.State != tasks.Open || reopened.FinishedAt != nil || !reopened.FinishedBy.IsZero() || reopened.Version != 3 {
			t.Errorf("reopened is %+v", reopened)
		}
		wantReopened := tasks.TaskReopened{Title: "Work", Assignees: accounts(f.Guest), FinishedAt: finished.FinishedAt, FinishedBy: f.Guest.Account}
		if d := diff(wantReopened, data[tasks.TaskReopened](t, f, tasks.EventTaskReopened)); d != "" {
			t.Errorf("data (-want +got):\n%s", d)
		}
		if d := diff([]string{"Work"}, mine(f.Guest.Actor, tasks.MineAssigned)); d != "" {
			t.Errorf("assigned to me again (-want +got):\n%s", d)
		}
		f.WantEvents(t, "tasks.*", tasks.EventTaskCreated, tasks.EventTaskFinished, tasks.EventTaskReopened)
	})
}

// together runs functions at once and counts how many gave no error; the others must have given want.
func together(t *testing.T, n int, want error, run func(i int) error) (succeeded int) {
	t.Helper()
	var wait sync.WaitGroup
	results := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		wait.Go(func() {
			<-start
			results[i] = run(i)
		})
	}
	close(start)
	wait.Wait()
	for _, err := range results {
		switch {
		case err == nil:
			succeeded++
		case !errors.Is(err, want):
			t.Errorf("want success or %v, got %v", want, err)
		}
	}
	return succeeded
}

func TestConcurrentFinish(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		people := f.Members()[:5]
		n := together(t, 10, tasks.ErrFinished, func(i int) error {
			_, err := f.tasks.Finish(context.Background(), people[i%5].Actor, f.done(task.ID))
			return err
		})
		if n != 1 {
			t.Errorf("%d finished it, want 1", n)
		}
		f.WantEvents(t, "tasks.task_finished", tasks.EventTaskFinished)
	})
}

func TestConcurrentUpdatesOfOneVersion(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{})
		n := together(t, 10, veranda.ErrVersion, func(i int) error {
			_, err := f.tasks.Update(context.Background(), f.Employee.Actor, tasks.UpdateInput{
				Org: f.World.Org, Task: task.ID, Version: 1, Title: pointer("Title " + strconv.Itoa(i)),
			})
			return err
		})
		got := f.get(t, f.Employee.Actor, task.ID)
		if n != 1 || got.Version != 2 {
			t.Errorf("%d updates won and the version is %d, want 1 and 2", n, got.Version)
		}
		f.WantEvents(t, "tasks.task_updated", tasks.EventTaskUpdated)
	})
}

// Changes of different things, without a version, all stay.
func TestConcurrentChangesLoseNothing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		var items []tasks.ChecklistItem
		for i := range 4 {
			items = append(items, tasks.ChecklistItem{Text: strconv.Itoa(i)})
		}
		task := f.create(t, f.Employee.Actor, tasks.CreateInput{Checklist: items})
		people := f.Members()
		n := together(t, 18, nil, func(i int) error {
			var err error
			switch i % 3 {
			case 0:
				_, err = f.tasks.Follow(ctx, people[i/3].Actor, tasks.FollowInput{Org: f.World.Org, Task: task.ID})
			case 1:
				_, err = f.tasks.AddComment(ctx, people[i/3].Actor, tasks.AddCommentInput{Org: f.World.Org, Task: task.ID, Text: "words"})
			default:
				_, err = f.tasks.TickItem(ctx, f.Employee.Actor, tasks.TickItemInput{Org: f.World.Org, Task: task.ID, Item: task.Checklist[i/3%4].ID, Done: true})
			}
			return err
		})
		got := f.get(t, f.Employee.Actor, task.ID)
		done := 0
		for _, item := range got.Checklist {
			if item.Done {
				done++
			}
		}
		if n != 18 || len(got.Followers) != 6 || got.Comments != 6 || done != 4 || got.Version != 5 {
			t.Errorf("%d succeeded; followers %d, comments %d, done %d, version %d; want 18, 6, 6, 4, 5", n, len(got.Followers), got.Comments, done, got.Version)
		}
		if d := diff(map[string]int{"assignees": 0, "followers": 6, "labels": 0, "comments": 6}, f.hasChildren(t, task.ID)); d != "" {
			t.Errorf("rows (-want +got):\n%s", d)
		}
	})
}

// A comment is either there before its task goes, and goes with it, or finds no task.
func TestDeleteAmongComments(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		for range 5 {
			task := f.create(t, f.Employee.Actor, tasks.CreateInput{})
			deleted := 0
			var mu sync.Mutex
			together(t, 8, veranda.ErrNotFound, func(i int) error {
				if i < 2 {
					err := f.tasks.Delete(ctx, f.Employee.Actor, f.state(task.ID))
					if err == nil {
						mu.Lock()
						deleted++
						mu.Unlock()
					}
					return err
				}
				_, err := f.tasks.AddComment(ctx, f.Guest.Actor, tasks.AddCommentInput{Org: f.World.Org, Task: task.ID, Text: "words"})
				return err
			})
			if deleted != 1 {
				t.Errorf("deleted %d times, want once", deleted)
			}
			again, err := f.tasks.Restore(ctx, f.Employee.Actor, f.state(task.ID))
			if err != nil {
				t.Fatal(err)
			}
			followers := len(again.Followers)
			if d := diff(map[string]int{"assignees": 0, "followers": followers, "labels": 0, "comments": int(again.Comments)}, f.hasChildren(t, task.ID)); d != "" {
				t.Errorf("rows (-want +got):\n%s", d)
			}
		}
	})
}
