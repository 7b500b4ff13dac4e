package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/config"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace"
	"github.com/veranda-go/veranda/workspace/statistics"
)

// demoPassword is the password in what the demo prints.
var demoPassword = regexp.MustCompile(`(?m)^  ([a-z0-9]{16})$`)

func passwordOf(t *testing.T, printed string) string {
	t.Helper()
	found := demoPassword.FindStringSubmatch(printed)
	if found == nil {
		t.Fatalf("no password in:\n%s", printed)
	}
	return found[1]
}

// filled is a database with the demo in it, and the services on it under the real clock.
type filled struct {
	*app
	settings *config.Config
	now      time.Time // when the demo was made
	printed  string
	org      veranda.OrgID
	owner    veranda.Actor
}

func fill(t *testing.T, engine verandatest.Engine, now time.Time) *filled {
	t.Helper()
	environment := map[string]string{"DATA_DIR": t.TempDir(), "DATABASE_URL": verandatest.Location(t, engine, nil)}
	settings, err := config.Load(func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	if err := settings.Prepare(); err != nil {
		t.Fatal(err)
	}
	f := &filled{settings: settings, now: now}
	if f.app, err = newApp(context.Background(), settings, slog.New(slog.DiscardHandler), nil, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.close(); err != nil {
			t.Error(err)
		}
	})
	f.printed = f.demo(t)
	account, err := f.services.tenancy.AccountByAddress(context.Background(), demoPeople[0].address)
	if err != nil {
		t.Fatal(err)
	}
	f.owner = veranda.AccountActor(account)
	mine, err := f.services.tenancy.MyOrganizations(context.Background(), f.owner)
	if err != nil || len(mine.Items) != 1 {
		t.Fatalf("the founder's organizations: %+v, %v", mine, err)
	}
	f.org = mine.Items[0].Organization
	return f
}

func (f *filled) demo(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := fillDemoUntil(context.Background(), f.settings, slog.New(slog.DiscardHandler), &out, f.now); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDemo(t *testing.T) {
	t.Parallel()
	now := veranda.SystemClock{}.Now()
	for name, c := range map[string]struct {
		engine verandatest.Engine
		now    time.Time
	}{
		"sqlite": {verandatest.SQLite, now}, "postgres": {verandatest.Postgres, now},
		// Early on a Monday, and on a Sunday after the clocks were put forward.
		"monday": {verandatest.SQLite, time.Date(2026, 3, 2, 1, 5, 0, 0, time.UTC)}, "sunday": {verandatest.SQLite, time.Date(2026, 4, 5, 20, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fill(t, c.engine, c.now)
			t.Run("people", f.wantPeople)
			t.Run("workspaces", f.wantWorkspaces)
			t.Run("tasks", f.wantTasks)
			t.Run("statuses", f.wantStatuses)
			t.Run("project", f.wantProject)
			t.Run("talk", f.wantTalk)
			t.Run("weeks", f.wantWeeks)
			t.Run("events", f.wantPast)
			t.Run("again", f.wantNothingNew)
		})
	}
}

// wantPeople signs everybody in with what was printed.
func (f *filled) wantPeople(t *testing.T) {
	ctx := context.Background()
	members, err := f.services.tenancy.Members(ctx, f.owner, tenancy.MembersInput{Org: f.org})
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]string{}
	for _, m := range members.Items {
		roles[m.Address] = strings.Join(m.Roles, " ")
	}
	want := map[string]string{}
	for _, p := range demoPeople {
		want[p.address] = p.role
		in := tenancy.SignInInput{Address: p.address, Password: passwordOf(t, f.printed), Kind: tenancy.SessionBrowser, ClientAddress: "198.51.100.4"}
		if _, err := f.services.tenancy.SignIn(ctx, veranda.Anonymous(), in); err != nil {
			t.Errorf("%s cannot sign in: %v", p.address, err)
		}
	}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}

func (f *filled) wantWorkspaces(t *testing.T) {
	ctx := context.Background()
	list, err := f.services.workspaces.List(ctx, f.owner, workspace.ListInput{Org: f.org})
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]int{}, map[string]int{}
	for _, w := range list.Items {
		members, err := f.services.workspaces.Members(ctx, f.owner, workspace.MembersInput{Org: f.org, Workspace: w.ID})
		if err != nil {
			t.Fatal(err)
		}
		got[w.Name] = len(members.Items)
	}
	for _, w := range demoWorkspaces {
		want[w.name] = len(w.people)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members of workspaces (-want +got):\n%s", diff)
	}
}

func (f *filled) wantTasks(t *testing.T) {
	list, err := f.services.tasks.List(context.Background(), f.owner, tasks.ListInput{Org: f.org, Page: veranda.Page{Limit: veranda.MaxPageLimit}})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, task := range list.Items {
		count["all"]++
		count[string(task.State)]++
		count["comments"] += int(task.Comments)
		count["labels"] += len(task.Labels)
		if len(task.Assignees) == 1 {
			count["assigned"]++
		}
		if task.State == tasks.Open && task.DueAt != nil && task.DueAt.Before(f.now) {
			count["overdue"]++
		}
		if task.FinishedAt != nil && task.DueAt != nil && task.FinishedAt.After(*task.DueAt) {
			count["late"]++
		}
		if slices.ContainsFunc(task.Checklist, func(item tasks.ChecklistItem) bool { return item.Done }) {
			count["ticked"]++
		}
	}
	// What is finished depends on the day of the week on which the demo is made.
	for what, least := range map[string]int{
		"all": 60, "assigned": 60, "labels": 60, "open": 7, "finished": 35, "overdue": 4, "late": 4, "comments": 30, "ticked": 10,
	} {
		if count[what] < least {
			t.Errorf("%s: %d, want at least %d", what, count[what], least)
		}
	}
	if want := len(demoTasks) + demoProjectTasks; count["all"] != want {
		t.Errorf("%d tasks, want %d", count["all"], want)
	}
}

func (f *filled) wantStatuses(t *testing.T) {
	var items []stream.Item
	page := veranda.Page{Limit: veranda.MaxPageLimit}
	for {
		list, err := f.services.stream.ListAll(context.Background(), f.owner, stream.ListAllInput{Org: f.org, Page: page})
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, list.Items...)
		if page.Cursor = list.Next; page.Cursor == "" {
			break
		}
	}
	statuses, comments, reactions := 0, int64(0), int64(0)
	for i, item := range items {
		if i > 0 && item.At.After(items[i-1].At) {
			t.Errorf("the stream is not in the order of time: %s at %s follows %s", item.Kind, item.At, items[i-1].At)
		}
		if item.Status == nil {
			continue
		}
		statuses++
		comments += item.Status.Comments
		for _, n := range item.Status.Reactions.Counts {
			reactions += n
		}
	}
	replies := 0
	for _, s := range demoStatuses {
		replies += len(s.replies)
	}
	if statuses != len(demoStatuses)+len(demoPosts) || comments != int64(replies) || reactions < int64(len(demoStatuses)) {
		t.Errorf("%d statuses with %d comments and %d reactions, want %d, %d and more than one each", statuses, comments, reactions, len(demoStatuses), replies)
	}
}

func (f *filled) wantWeeks(t *testing.T) {
	weeks, err := f.services.statistics.Weeks(context.Background(), f.owner, statistics.WeeksInput{Org: f.org, Scope: statistics.ScopeOrganization})
	if err != nil {
		t.Fatal(err)
	}
	if len(weeks.Items) != demoWeeks {
		t.Fatalf("%d weeks, want %d", len(weeks.Items), demoWeeks)
	}
	created := int64(0)
	for _, w := range weeks.Items {
		created += w.Figures.TasksCreated
		if w.Figures.TasksCreated == 0 || w.Figures.Posts == 0 || w.Figures.Comments == 0 || w.Figures.ActivePeople < 9 || w.Figures.TasksOverdue == nil {
			t.Errorf("week %s: %+v", w.Week, w.Figures)
		}
	}
	oldest, newest := weeks.Items[demoWeeks-1].Figures, weeks.Items[0].Figures
	if created != int64(len(demoTasks)+demoProjectTasks) || oldest.PeopleJoined != int64(len(demoPeople)-1) || newest.TasksOverdue == nil || *newest.TasksOverdue == 0 {
		t.Errorf("created %d, the first week %+v, the last %+v", created, oldest, newest)
	}
}

// wantPast asserts that nothing but the sign-ins of this test is of the future, and that no work or mail was left for the server to do.
func (f *filled) wantPast(t *testing.T) {
	ctx := context.Background()
	var late int
	row := f.db.Reader().DB.QueryRowContext(ctx, `SELECT count(*) FROM veranda_events WHERE at > $1 AND kind <> 'tenancy.signed_in'`, f.db.Time(f.now.Add(time.Second)))
	if err := row.Scan(&late); err != nil || late > 0 {
		t.Errorf("%d events of the future, %v", late, err)
	}
	stats, err := f.db.OutboxStats(ctx)
	if err != nil || stats.Open != 0 || stats.Parked != 0 {
		t.Errorf("work left over: %+v, %v", stats, err)
	}
	for _, state := range []string{"queued", "failed"} {
		list, err := f.services.tenancy.Deliveries(ctx, f.owner, tenancy.DeliveriesInput{Org: f.org, State: state})
		if err != nil || len(list.Items) > 0 {
			t.Errorf("mails that are %s: %+v, %v", state, list.Items, err)
		}
	}
}

func (f *filled) wantNothingNew(t *testing.T) {
	env := &verandatest.Env{DB: f.db}
	before := len(env.Events(t))
	printed := f.demo(t)
	if !strings.Contains(printed, "left alone") || demoPassword.MatchString(printed) {
		t.Errorf("the second run says:\n%s", printed)
	}
	if after := len(env.Events(t)); after != before {
		t.Errorf("the second run left %d events", after-before)
	}
}

// The week begins where the demo says, whatever the day and the change of clocks.
func TestDemoStart(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation(demoZone)
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		"2026-11-23T15:00:00Z": "2026-10-26", // a Monday
		"2026-11-29T23:59:59Z": "2026-10-26", // a Sunday
		"2026-11-23T00:59:59Z": "2026-10-19", // too early on Monday
		"2026-11-23T01:00:00Z": "2026-10-26",
		"2026-04-20T00:00:00Z": "2026-03-23", // Monday at one there; the clocks were put forward within
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		start := demoStart(at, zone)
		if got := start.Format(time.DateOnly); got != want || start.Hour() != 0 || start.Weekday() != time.Monday {
			t.Errorf("at %s: starts %s, want %s", now, start, want)
		}
	}
}

// The demo's calls work against the running program, and nothing of it is mailed.
func TestDemoServed(t *testing.T) {
	for _, name := range stackNames() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, name)
			s.start(t, "-demo")
			printed := s.output.String()
			signIn := map[string]any{"address": demoPeople[0].address, "password": passwordOf(t, printed), "kind": "program"}
			if !strings.Contains(printed, `'{"address":"`+demoPeople[0].address+`","password":"`+passwordOf(t, printed)+`","kind":"program"}'`) {
				t.Errorf("the call to sign in is missing in:\n%s", printed)
			}
			owner := &caller{stack: s, token: s.anonymous().post(t, "/v1/sessions", signIn).want(http.StatusCreated).text("token")}
			calls := regexp.MustCompile(`curl -s "`+regexp.QuoteMeta(s.base)+`([^"]+)" -H "\$A"`).FindAllStringSubmatch(printed, -1)
			if len(calls) != 5 {
				t.Fatalf("%d calls to try, want 5, in:\n%s", len(calls), printed)
			}
			for _, c := range calls {
				if items, ok := owner.get(t, c[1]).want(http.StatusOK).field("items").([]any); !ok || len(items) < demoLeast(c[1]) {
					t.Errorf("%s: %v", c[1], items)
				}
			}
			s.inbox.mu.Lock()
			defer s.inbox.mu.Unlock()
			if len(s.inbox.letters) > 0 {
				t.Errorf("mails were sent: %+v", s.inbox.letters)
			}
		})
	}
}
