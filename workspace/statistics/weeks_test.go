package statistics_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/statistics"
)

var organization = statistics.WeeksInput{Scope: statistics.ScopeOrganization}

// one is the only week of a list.
func one(t testing.TB, weeks []statistics.Week) statistics.Week {
	t.Helper()
	if len(weeks) != 1 {
		t.Fatalf("%d weeks, want 1: %+v", len(weeks), weeks)
	}
	return weeks[0]
}

// The week in which the clocks of Berlin are put back, to the microsecond.
func TestFiguresAreExact(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.zone(t, f.Org, "Europe/Berlin")
		f.Clock.Set(at(t, "2026-10-14T12:00:00Z"))
		f.exec(t, `UPDATE veranda_organizations SET created_at = $1`, f.DB.Time(at(t, "2026-10-19T06:00:00Z")))
		starts, ends := at(t, "2026-10-18T22:00:00Z"), at(t, "2026-10-25T23:00:00Z")
		inside, last := starts.Add(50*time.Hour), ends.Add(-time.Microsecond)
		f.happen(t,
			happening{starts.Add(-time.Microsecond), "tasks.task_created", "before", f.World.Open, f.Owner},
			happening{starts, "tasks.task_created", "first", f.World.Open, f.Owner},
			happening{inside, "tasks.task_created", "second", f.Private, f.Employee},
			happening{inside, "tasks.task_finished", "first", f.World.Open, f.Employee},
			happening{inside, "tasks.task_reopened", "first", f.World.Open, f.Owner},
			happening{inside, "tasks.task_finished", "first", f.World.Open, f.Owner},
			happening{inside, "tasks.task_updated", "first", f.World.Open, f.Administrator},
			happening{inside, "stream.status_posted", "status", f.World.Open, f.External},
			happening{inside, "stream.comment_added", "comment 1", f.World.Open, f.Employee},
			happening{inside, "tasks.comment_added", "comment 2", f.Private, f.Employee},
			happening{inside, "tenancy.member_joined", f.Stranger.Account.String(), veranda.WorkspaceID{}, f.Stranger},
			happening{inside, "tenancy.member_joined", f.Guest.Account.String(), f.World.Open, f.Guest},
			happening{inside, "workspace.member_added", f.External.Account.String(), f.World.Open, f.Owner},
			happening{inside, "tasks.task_created", "by nobody", f.World.Open, world.Person{}},
			happening{last, "stream.status_posted", "late status", f.Private, f.Employee},
			happening{ends, "tasks.task_created", "after", f.World.Open, f.Owner},
		)
		f.overdue = []overdue{
			{f.World.Open, veranda.AccountID{}, 3}, {f.World.Open, f.Owner.Account, 2},
			{f.Private, veranda.AccountID{}, 4}, {f.Private, f.Owner.Account, 1}, {f.Private, f.Guest.Account, 1},
		}
		f.Clock.Set(ends.Add(5*time.Minute - time.Second))
		if stored := f.compute(t); stored != 0 {
			t.Fatalf("%d weeks were computed before the week had settled", stored)
		}
		f.Clock.Set(ends.Add(5 * time.Minute))
		if stored := f.compute(t); stored != 1 {
			t.Fatalf("%d weeks were computed, want one: in the other organization it is still Sunday", stored)
		}

		totals := one(t, f.weeks(t, f.Owner.Actor, organization))
		want := statistics.Week{Week: "2026-10-19", StartsAt: starts, EndsAt: ends, Figures: statistics.Figures{
			TasksCreated: 3, TasksFinished: 1, TasksReopened: 1, Posts: 2, Comments: 2, PeopleJoined: 1, ActivePeople: 6, TasksOverdue: count(7),
		}}
		if diff := diffOf(want, totals); diff != "" {
			t.Errorf("the organization's week (-want +got):\n%s", diff)
		}
		for _, test := range []struct {
			name string
			by   veranda.Actor
			in   statistics.WeeksInput
			want statistics.Figures
		}{
			{
				"open", f.Stranger.Actor, statistics.WeeksInput{Scope: statistics.ScopeWorkspace, Workspace: f.World.Open},
				statistics.Figures{TasksCreated: 2, TasksFinished: 1, TasksReopened: 1, Posts: 1, Comments: 1, PeopleJoined: 2, ActivePeople: 5, TasksOverdue: count(3)},
			},
			{
				"private", f.Employee.Actor, statistics.WeeksInput{Scope: statistics.ScopeWorkspace, Workspace: f.Private},
				statistics.Figures{TasksCreated: 1, Posts: 1, Comments: 1, ActivePeople: 1, TasksOverdue: count(4)},
			},
			{
				"sibling", f.Employee.Actor, statistics.WeeksInput{Scope: statistics.ScopeWorkspace, Workspace: f.Sibling},
				statistics.Figures{},
			},
			{
				"employee", f.Employee.Actor, statistics.WeeksInput{Scope: statistics.ScopePerson},
				statistics.Figures{TasksCreated: 1, TasksFinished: 1, Posts: 1, Comments: 2, TasksOverdue: count(0)},
			},
			{
				"owner", f.Administrator.Actor, statistics.WeeksInput{Scope: statistics.ScopePerson, Account: f.Owner.Account},
				statistics.Figures{TasksCreated: 1, TasksFinished: 1, TasksReopened: 1, TasksOverdue: count(3)},
			},
			{
				"guest", f.Guest.Actor, statistics.WeeksInput{Scope: statistics.ScopePerson, Account: f.Guest.Account},
				statistics.Figures{TasksOverdue: count(1)},
			},
			{
				"access manager", f.AccessManager.Actor, statistics.WeeksInput{Scope: statistics.ScopePerson},
				statistics.Figures{},
			},
		} {
			week := one(t, f.weeks(t, test.by, test.in))
			if diff := diffOf(test.want, week.Figures); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
	})
}

func TestWeeksEndInTheirTimeZone(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.zone(t, f.Org, "Pacific/Auckland")
		f.zone(t, f.Other, "America/Los_Angeles")
		for _, step := range []struct {
			now  string
			want int
		}{
			{"2026-03-08T11:04:59Z", 0}, {"2026-03-08T11:05:00Z", 1}, // Monday in Auckland, 13 hours ahead
			{"2026-03-09T07:04:59Z", 0}, {"2026-03-09T07:05:00Z", 1}, // and in Los Angeles, where summer time began on Sunday
			{"2026-04-05T12:04:59Z", 3 + 3}, {"2026-04-05T12:05:00Z", 1}, // Auckland's went back an hour on Sunday
		} {
			f.Clock.Set(at(t, step.now))
			if stored := f.compute(t); stored != step.want {
				t.Errorf("at %s %d weeks were computed, want %d", step.now, stored, step.want)
			}
		}
		var got []string
		for _, w := range f.weeks(t, f.Owner.Actor, organization) {
			got = append(got, w.Week+" "+w.StartsAt.Format(time.RFC3339))
		}
		want := []string{
			"2026-03-02 2026-03-01T11:00:00Z", "2026-03-09 2026-03-08T11:00:00Z", "2026-03-16 2026-03-15T11:00:00Z",
			"2026-03-23 2026-03-22T11:00:00Z", "2026-03-30 2026-03-29T11:00:00Z",
		}
		if diff := diffOf(want, got); diff != "" {
			t.Errorf("weeks of Auckland (-want +got):\n%s", diff)
		}
	})
}

func TestUnknownTimeZoneIsUTC(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.zone(t, f.Org, "Mars/Olympus_Mons")
		f.Clock.Set(at(t, "2026-03-09T00:05:00Z"))
		f.compute(t)
		if week := one(t, f.weeks(t, f.Owner.Actor, organization)); week.Week != "2026-03-02" || !week.EndsAt.Equal(at(t, "2026-03-09T00:00:00Z")) {
			t.Errorf("the week is %+v", week)
		}
	})
}

func TestMissedWeeksAreMadeUpFor(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.overdue = []overdue{{f.World.Open, veranda.AccountID{}, 5}}
		f.happen(t,
			happening{at(t, "2026-03-04T12:00:00Z"), "tasks.task_created", "too old", f.World.Open, f.Owner},
			happening{at(t, "2026-04-15T12:00:00Z"), "tasks.task_created", "missed", f.World.Open, f.Owner},
			happening{at(t, "2026-05-20T12:00:00Z"), "tasks.task_created", "latest", f.World.Open, f.Owner},
		)
		f.Clock.Set(at(t, "2026-05-28T12:00:00Z")) // a Thursday, after eleven full weeks
		f.Drain(t)
		var got []string
		for _, w := range f.weeks(t, f.Owner.Actor, organization) {
			got = append(got, w.Week)
			wantCreated := map[string]int64{"2026-04-13": 1, "2026-05-18": 1}[w.Week]
			if w.Figures.TasksCreated != wantCreated {
				t.Errorf("%s: %d tasks created, want %d", w.Week, w.Figures.TasksCreated, wantCreated)
			}
			if latest := w.Week == "2026-05-18"; latest != (w.Figures.TasksOverdue != nil) {
				t.Errorf("%s: overdue tasks are %v", w.Week, w.Figures.TasksOverdue)
			}
		}
		want := []string{"2026-03-30", "2026-04-06", "2026-04-13", "2026-04-20", "2026-04-27", "2026-05-04", "2026-05-11", "2026-05-18"}
		if diff := diffOf(want, got); diff != "" {
			t.Errorf("weeks (-want +got):\n%s", diff)
		}
		if diff := diffOf([]string{"Adam", "Agnes", "Emil", "Olga", "Stella"}, f.readers(t)); diff != "" {
			t.Errorf("mails, of the latest week only (-want +got):\n%s", diff)
		}
	})
}

func TestDeletedWorkspaceIsNotShown(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.happen(t,
			happening{at(t, "2026-03-05T12:00:00Z"), "tasks.task_created", "one", f.World.Open, f.Owner},
			happening{at(t, "2026-03-05T12:00:00Z"), "tasks.task_created", "two", f.Sibling, f.Owner},
		)
		f.overdue = []overdue{{f.Sibling, veranda.AccountID{}, 9}, {f.Sibling, f.Owner.Account, 9}, {f.World.Open, veranda.AccountID{}, 1}}
		f.exec(t, `UPDATE veranda_workspaces SET deleted_at = created_at WHERE org_id = $1 AND id = $2`, f.Org, f.Sibling)
		f.Clock.Set(at(t, "2026-03-09T01:00:00Z"))
		f.compute(t)
		want := statistics.Figures{TasksCreated: 2, ActivePeople: 1, TasksOverdue: count(1)}
		if diff := diffOf(want, one(t, f.weeks(t, f.Owner.Actor, organization)).Figures); diff != "" {
			t.Errorf("totals keep what was done (-want +got):\n%s", diff)
		}
		own := one(t, f.weeks(t, f.Owner.Actor, statistics.WeeksInput{Scope: statistics.ScopePerson})).Figures
		if diff := diffOf(statistics.Figures{TasksCreated: 2, TasksOverdue: count(0)}, own); diff != "" {
			t.Errorf("the owner's (-want +got):\n%s", diff)
		}
		_, err := f.stats.Weeks(context.Background(), f.Owner.Actor, statistics.WeeksInput{Org: f.Org, Scope: statistics.ScopeWorkspace, Workspace: f.Sibling})
		if !errors.Is(err, veranda.ErrNotFound) {
			t.Errorf("weeks of a deleted workspace: %v", err)
		}
		var rows int
		err = f.DB.Reader().NewRaw("SELECT count(*) FROM veranda_statistics_weeks WHERE scope = 'workspace' AND scope_id = ?", f.Sibling).Scan(context.Background(), &rows)
		if err != nil || rows != 0 {
			t.Errorf("%d rows of a deleted workspace, %v", rows, err)
		}
	})
}

func TestDeletedOrganizationIsLeftOut(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.exec(t, `UPDATE veranda_organizations SET deleted_at = created_at WHERE id = $1`, f.Org)
		f.Clock.Set(at(t, "2026-03-09T01:00:00Z"))
		if stored := f.compute(t); stored != 1 {
			t.Errorf("%d weeks computed, want the other organization's only", stored)
		}
		_, err := f.stats.Weeks(context.Background(), f.Owner.Actor, statistics.WeeksInput{Org: f.Org, Scope: statistics.ScopeOrganization})
		if !errors.Is(err, veranda.ErrNotFound) {
			t.Errorf("weeks of a deleted organization: %v", err)
		}
	})
}

func TestWeeksPage(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.Clock.Set(at(t, "2026-04-10T01:00:00Z"))
		f.compute(t)
		in := statistics.WeeksInput{Org: f.Org, Scope: statistics.ScopePerson, Page: veranda.Page{Limit: 2}}
		var got []string
		for range 5 {
			list, err := f.stats.Weeks(context.Background(), f.Guest.Actor, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range list.Items {
				got = append(got, w.Week)
			}
			if in.Cursor = list.Next; in.Cursor == "" {
				break
			}
		}
		if diff := diffOf([]string{"2026-03-30", "2026-03-23", "2026-03-16", "2026-03-09", "2026-03-02"}, got); diff != "" {
			t.Errorf("weeks in pages (-want +got):\n%s", diff)
		}
		_, err := f.stats.Weeks(context.Background(), f.Guest.Actor, statistics.WeeksInput{Org: f.Org, Scope: "team", Page: veranda.Page{Limit: -1, Cursor: "x"}})
		verandatest.WantFields(t, err, "/limit range", "/scope one_of", "/cursor cursor")
		_, err = f.stats.Weeks(context.Background(), f.Guest.Actor, statistics.WeeksInput{Org: f.Org, Scope: statistics.ScopeWorkspace})
		verandatest.WantFields(t, err, "/workspace required")
	})
}

func TestCurrentCountsLive(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.zone(t, f.Org, "Pacific/Auckland")
		f.Clock.Set(at(t, "2026-03-08T12:00:00Z")) // one o'clock on Monday in Auckland
		f.happen(t,
			happening{at(t, "2026-03-08T10:59:59Z"), "tasks.task_created", "on Sunday", f.World.Open, f.Owner},
			happening{at(t, "2026-03-08T11:00:00Z"), "tasks.task_created", "on Monday", f.World.Open, f.Employee},
			happening{at(t, "2026-03-08T11:30:00Z"), "stream.status_posted", "status", f.Private, f.Employee},
		)
		for _, test := range []struct {
			name string
			in   statistics.CurrentInput
			want statistics.Figures
		}{
			{"organization", statistics.CurrentInput{Scope: statistics.ScopeOrganization}, statistics.Figures{TasksCreated: 1, Posts: 1, ActivePeople: 1}},
			{"workspace", statistics.CurrentInput{Scope: statistics.ScopeWorkspace, Workspace: f.Private}, statistics.Figures{Posts: 1, ActivePeople: 1}},
			{"quiet workspace", statistics.CurrentInput{Scope: statistics.ScopeWorkspace, Workspace: f.Sibling}, statistics.Figures{}},
			{"person", statistics.CurrentInput{Scope: statistics.ScopePerson, Account: f.Employee.Account}, statistics.Figures{TasksCreated: 1, Posts: 1}},
			{"oneself", statistics.CurrentInput{Scope: statistics.ScopePerson}, statistics.Figures{}},
		} {
			test.in.Org = f.Org
			got, err := f.stats.Current(context.Background(), f.Owner.Actor, test.in)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			want := &statistics.Week{Week: "2026-03-09", StartsAt: at(t, "2026-03-08T11:00:00Z"), EndsAt: at(t, "2026-03-15T11:00:00Z"), Running: true, Figures: test.want}
			if diff := diffOf(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
	})
}
