package statistics_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace/statistics"
)

var kinds = []string{
	"tasks.task_created", "tasks.task_finished", "tasks.task_reopened", "stream.status_posted", "stream.comment_added", "tasks.comment_added",
	"tasks.task_updated", "tenancy.member_joined", "workspace.member_added",
}

// plainCount counts as the documentation of Figures has it, one event after the other.
func plainCount(events []happening, counts func(happening) bool, scope statistics.Scope) statistics.Figures {
	seen := map[string]bool{}
	first := func(key string) int64 {
		if seen[key] {
			return 0
		}
		seen[key] = true
		return 1
	}
	var f statistics.Figures
	for _, e := range events {
		if !counts(e) {
			continue
		}
		switch e.kind {
		case "tasks.task_created":
			f.TasksCreated += first("created " + e.subject)
		case "tasks.task_finished":
			f.TasksFinished += first("finished " + e.subject)
		case "tasks.task_reopened":
			f.TasksReopened += first("reopened " + e.subject)
		case "stream.status_posted":
			f.Posts += first("post " + e.subject)
		case "stream.comment_added", "tasks.comment_added":
			f.Comments += first("comment " + e.subject)
		case "tenancy.member_joined":
			if scope == statistics.ScopeWorkspace || scope == statistics.ScopeOrganization && e.workspace.IsZero() {
				f.PeopleJoined += first("joined " + e.subject)
			}
		case "workspace.member_added":
			if scope == statistics.ScopeWorkspace {
				f.PeopleJoined += first("joined " + e.subject)
			}
		}
		if scope != statistics.ScopePerson && !e.by.Account.IsZero() {
			f.ActivePeople += first("active " + e.by.Account.String())
		}
	}
	return f
}

// What the database groups is what a plain loop counts.
func TestFiguresMatchAPlainCount(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		random := rand.New(rand.NewPCG(4, 8))
		starts, ends := at(t, "2026-03-09T00:00:00Z"), at(t, "2026-03-16T00:00:00Z")
		spaces := []veranda.WorkspaceID{f.World.Open, f.Private, f.Sibling, {}}
		people := append(f.World.Members(), f.Stranger, world.Person{})
		var events []happening
		for range 600 {
			events = append(events, happening{
				at:        starts.Add(-24*time.Hour + time.Duration(random.Int64N(int64(9*24*time.Hour)))).Truncate(time.Microsecond),
				kind:      kinds[random.IntN(len(kinds))],
				subject:   fmt.Sprint(random.IntN(60)),
				workspace: spaces[random.IntN(len(spaces))],
				by:        people[random.IntN(len(people))],
			})
		}
		f.happen(t, events...)
		f.overdue = nil
		f.Clock.Set(ends.Add(time.Hour))
		f.compute(t)
		inWeek := func(e happening) bool { return !e.at.Before(starts) && e.at.Before(ends) }
		check := func(name string, by veranda.Actor, in statistics.WeeksInput, want statistics.Figures) {
			t.Helper()
			for _, week := range f.weeks(t, by, in) {
				if week.Week != "2026-03-09" {
					continue
				}
				week.Figures.TasksOverdue = nil
				if diff := diffOf(want, week.Figures); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				return
			}
			t.Errorf("%s: the week is not there", name)
		}
		check("organization", f.Owner.Actor, organization, plainCount(events, inWeek, statistics.ScopeOrganization))
		for _, id := range spaces[:3] {
			counts := func(e happening) bool { return inWeek(e) && e.workspace == id }
			check("workspace", f.Employee.Actor, statistics.WeeksInput{Scope: statistics.ScopeWorkspace, Workspace: id}, plainCount(events, counts, statistics.ScopeWorkspace))
		}
		for _, p := range people[:7] {
			counts := func(e happening) bool { return inWeek(e) && e.by.Account == p.Account }
			check(p.Name, p.Actor, statistics.WeeksInput{Scope: statistics.ScopePerson}, plainCount(events, counts, statistics.ScopePerson))
		}
	})
}

// BenchmarkComputeWeek computes a week of 50,000 events by 500 people in 40 workspaces.
func BenchmarkComputeWeek(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) { benchmarkWeek(b, engine) })
	}
}

func benchmarkWeek(b *testing.B, engine verandatest.Engine) {
	ctx := context.Background()
	e := verandatest.New(b, engine, modules())
	f := &fixture{Env: e, World: world.New(b, e)}
	var err error
	if f.authz, err = tenancy.NewAuthorizer(ctx, e.DB, modules()...); err != nil {
		b.Fatal(err)
	}
	if f.stats, err = statistics.New(statistics.Deps{DB: e.DB, Authz: f.authz}); err != nil {
		b.Fatal(err)
	}
	spaces := []veranda.WorkspaceID{f.World.Open, f.Private}
	for len(spaces) < 40 {
		id := veranda.NewWorkspaceID()
		spaces = append(spaces, id)
		f.exec(b, `INSERT INTO veranda_workspaces (org_id, id, name, description, open, access_version, created_by, created_at, updated_at, version)
			VALUES ($1, $2, 'W', '', $3, 1, $4, $5, $5, 1)`, f.Org, id, true, f.Owner.Account, e.DB.Time(e.DB.Now()))
	}
	people := make([]world.Person, 500)
	for i := range people {
		people[i].Account = veranda.NewAccountID()
	}
	starts := at(b, "2026-03-09T00:00:00Z")
	for n := 0; n < 50_000; n += 5_000 {
		var events []happening
		for i := n; i < n+5_000; i++ {
			events = append(events, happening{starts.Add(time.Duration(i) * time.Second), kinds[i%7], fmt.Sprint(i), spaces[i%40], people[i*7%500]})
		}
		f.happen(b, events...)
	}
	f.Clock.Set(at(b, "2026-03-16T01:00:00Z"))
	for b.Loop() {
		f.exec(b, `DELETE FROM veranda_statistics_weeks`)
		if stored := f.compute(b); stored != 4 {
			b.Fatalf("%d weeks, want 4", stored)
		}
	}
}
