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

// A task takes from its start until it is due, in days where it has days, in its zone; each is found once by every time that
// it touches.
func TestDatedSpans(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		moment := func(text string) time.Time {
			at, err := time.Parse("2006-01-02 15:04", text)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		pointer := func(text string) *time.Time { at := moment(text); return &at }
		make := func(in tasks.CreateInput) { f.create(t, f.Owner.Actor, in) }
		const newYork = "America/New_York"
		make(tasks.CreateInput{Title: "span", DueAt: pointer("2026-05-04 12:00"), ScheduleInput: tasks.ScheduleInput{StartAt: pointer("2026-05-01 09:00")}})
		make(tasks.CreateInput{Title: "long", DueAt: pointer("2026-09-01 12:00"), ScheduleInput: tasks.ScheduleInput{StartAt: pointer("2026-02-01 09:00")}})
		make(tasks.CreateInput{Title: "day", ScheduleInput: tasks.ScheduleInput{DueOn: "2026-05-05", TimeZone: newYork}})
		make(tasks.CreateInput{Title: "days", ScheduleInput: tasks.ScheduleInput{StartOn: "2026-05-06", DueOn: "2026-05-08"}})
		make(tasks.CreateInput{Title: "begins", ScheduleInput: tasks.ScheduleInput{StartAt: pointer("2026-05-20 09:00")}})
		make(tasks.CreateInput{Title: "begins on", ScheduleInput: tasks.ScheduleInput{StartOn: "2026-05-21", TimeZone: newYork}})
		make(tasks.CreateInput{Title: "until a day", ScheduleInput: tasks.ScheduleInput{StartAt: pointer("2026-05-22 09:00"), DueOn: "2026-05-23"}})
		make(tasks.CreateInput{Title: "from a day", DueAt: pointer("2026-05-25 10:00"), ScheduleInput: tasks.ScheduleInput{StartOn: "2026-05-24"}})
		shows := map[string]string{
			"span": "05-01 09:00 05-04 12:00", "long": "02-01 09:00 09-01 12:00", "begins": "05-20 09:00 05-20 09:00",
			"day": "05-05 04:00 05-06 04:00 2026-05-05 2026-05-05", "days": "05-06 00:00 05-09 00:00 2026-05-06 2026-05-08",
			"begins on":   "05-21 04:00 05-22 04:00 2026-05-21 2026-05-21",
			"until a day": "05-22 09:00 05-24 00:00", "from a day": "05-24 00:00 05-25 10:00",
		}
		for _, c := range []struct {
			from, to string
			want     []string
		}{
			{"2026-05-01 00:00", "2026-06-01 00:00", []string{"span", "day", "days", "until a day", "from a day", "long", "begins", "begins on"}},
			{"2026-05-02 00:00", "2026-05-03 00:00", []string{"span", "long"}},
			{"2026-05-05 12:00", "2026-05-05 13:00", []string{"day", "long"}},
			{"2026-05-07 00:00", "2026-05-07 01:00", []string{"days", "long"}},
			{"2026-05-21 12:00", "2026-05-21 13:00", []string{"long", "begins on"}},
			{"2026-08-31 00:00", "2026-10-01 00:00", []string{"long"}},
			{"2026-01-01 00:00", "2026-02-01 09:01", []string{"long"}},
			{"2026-01-01 00:00", "2026-02-01 09:00", nil},
			{"2026-09-02 00:00", "2026-10-01 00:00", nil},
		} {
			for _, in := range []tasks.DatedInput{{Workspace: f.World.Open}, {}} {
				in.Org, in.From, in.To, in.Limit = f.World.Org, moment(c.from), moment(c.to), 100
				list, err := f.tasks.Dated(context.Background(), f.Employee.Actor, in)
				if err != nil {
					t.Fatal(err)
				}
				var titles []string
				for _, task := range list {
					if !task.StartsAt.Before(in.To) || !task.EndsAt.After(in.From) {
						if task.StartDate == "" {
							t.Errorf("%s to %s: %q lies beside it", c.from, c.to, task.Title)
						}
						continue // a day beside it, which a calendar leaves out
					}
					titles = append(titles, task.Title)
					shown := task.StartsAt.Format("01-02 15:04 ") + task.EndsAt.Format("01-02 15:04")
					if task.StartDate != "" {
						shown += " " + task.StartDate + " " + task.EndDate
					}
					if shown != shows[task.Title] {
						t.Errorf("%q is shown at %s, not %s", task.Title, shown, shows[task.Title])
					}
				}
				if d := diff(c.want, titles); d != "" {
					t.Errorf("%s to %s (-want +got):\n%s", c.from, c.to, d)
				}
			}
		}
	})
}
