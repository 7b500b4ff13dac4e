package tasks_test

import (
	"context"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/verandatest/world"
)

// A calendar shows what is due in its range, to those who see it, finished tasks too, and nothing that is deleted.
func TestDated(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx, org := context.Background(), f.World.Org
		from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		due := func(days int) *time.Time { at := from.AddDate(0, 0, days); return &at }
		f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "before", DueAt: due(-1)})
		f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "after", DueAt: due(31)})
		f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "never"})
		f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "second", DueAt: due(2), Assignees: accounts(f.Employee)})
		first := f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "first", DueAt: due(0)})
		gone := f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "gone", DueAt: due(3)})
		f.create(t, f.Stranger.Actor, tasks.CreateInput{Title: "hidden", DueAt: due(4), Workspace: f.Closed})
		f.create(t, f.Owner.Actor, tasks.CreateInput{Title: "sibling", DueAt: due(5), Workspace: f.Sibling})
		if _, err := f.tasks.Finish(ctx, f.Owner.Actor, tasks.FinishInput{Org: org, Task: first.ID}); err != nil {
			t.Fatal(err)
		}
		if err := f.tasks.Delete(ctx, f.Owner.Actor, tasks.StateInput{Org: org, Task: gone.ID}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			by   world.Person
			in   tasks.DatedInput
			want []string
		}{
			{"a workspace", f.Employee, tasks.DatedInput{Workspace: f.World.Open}, []string{"first", "second"}},
			{"everything one sees", f.Employee, tasks.DatedInput{}, []string{"first", "second", "sibling"}},
			{"an external sees theirs", f.External, tasks.DatedInput{}, []string{"first", "second"}},
			{"one's own", f.Employee, tasks.DatedInput{Mine: true}, []string{"second"}},
			{"no more than asked for", f.Employee, tasks.DatedInput{Limit: 1}, []string{"first"}},
		} {
			c.in.Org, c.in.From, c.in.To = org, from, from.AddDate(0, 0, 31)
			if c.in.Limit == 0 {
				c.in.Limit = 100
			}
			list, err := f.tasks.Dated(ctx, c.by.Actor, c.in)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			var titles []string
			for _, task := range list {
				titles = append(titles, task.Title)
			}
			if d := diff(c.want, titles); d != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, d)
			}
		}
		for _, who := range []world.Person{f.Employee, f.Outsider, f.External} {
			in := tasks.DatedInput{Org: org, Workspace: f.Closed, From: from, To: from.AddDate(0, 1, 0), Limit: 10}
			if _, err := f.tasks.Dated(ctx, who.Actor, in); veranda.CodeOf(err) != veranda.CodeNotFound {
				t.Errorf("%s looks into a place they do not see: %v", who.Name, err)
			}
		}
	})
}
