package statistics_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace"
	"github.com/veranda-go/veranda/workspace/statistics"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), workspace.Module(), statistics.Module()}
}

// fixture is a world with the service of statistics in it. The world is founded on Wednesday, 4 March 2026.
type fixture struct {
	*verandatest.Env
	*world.World
	authz   *tenancy.Authorizer
	stats   *statistics.Service
	overdue []overdue
}

// overdue is a row of what package tasks would count.
type overdue struct {
	workspace veranda.WorkspaceID
	assignee  veranda.AccountID
	count     int64
}

// each runs a test on every engine.
func each(t *testing.T, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := &fixture{Env: e, World: world.New(t, e)}
		var err error
		if f.authz, err = tenancy.NewAuthorizer(context.Background(), e.DB, modules()...); err != nil {
			t.Fatal(err)
		}
		f.stats = f.node(t, e.DB)
		run(t, f)
	})
}

// node makes the service on a node of the program.
func (f *fixture) node(t testing.TB, db *veranda.DB) *statistics.Service {
	t.Helper()
	count := func(_ context.Context, _ *veranda.Tx, org veranda.OrgID, _ time.Time, yield func(veranda.WorkspaceID, veranda.AccountID, int64)) error {
		if org == f.Org {
			for _, o := range f.overdue {
				yield(o.workspace, o.assignee, o.count)
			}
		}
		return nil
	}
	service, err := statistics.New(statistics.Deps{
		DB: db, Authz: f.authz, Overdue: count, Post: tenancy.Post{},
		Link: func(org veranda.OrgID) string { return "https://veranda.example/" + org.String() + "/statistics" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// at reads a moment.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// exec changes what only other packages change.
func (f *fixture) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// happening is an event of another package.
type happening struct {
	at        time.Time
	kind      string
	subject   string
	workspace veranda.WorkspaceID
	by        world.Person
}

// happen puts events into the log of the world's organization.
func (f *fixture) happen(t testing.TB, events ...happening) {
	t.Helper()
	err := f.DB.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
		for _, e := range events {
			tx.Emit(veranda.Event{Org: f.Org, Workspace: e.workspace, Kind: e.kind, Subject: e.subject, By: e.by.Account, At: e.at})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// compute computes what is due and says how many weeks were stored.
func (f *fixture) compute(t testing.TB) int {
	t.Helper()
	stored, err := f.stats.ComputeDue(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// zone moves an organization to another time zone.
func (f *fixture) zone(t testing.TB, org veranda.OrgID, name string) {
	t.Helper()
	f.exec(t, `UPDATE veranda_organizations SET time_zone = $2 WHERE id = $1`, org, name)
}

// weeks reads all weeks of somebody, oldest first.
func (f *fixture) weeks(t testing.TB, by veranda.Actor, in statistics.WeeksInput) []statistics.Week {
	t.Helper()
	in.Org = f.Org
	list, err := f.stats.Weeks(context.Background(), by, in)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(list.Items)
	return list.Items
}

// mail is a queued mail.
type mail struct {
	account                 veranda.AccountID
	language, subject, text string
}

// mails are those queued, in the order of queueing.
func (f *fixture) mails(t testing.TB) []mail {
	t.Helper()
	var rows []struct {
		AccountID veranda.AccountID
		Template  string
		Language  string
		Data      string
	}
	err := f.DB.Reader().NewRaw("SELECT account_id, template, language, CAST(data AS TEXT) AS data FROM veranda_deliveries ORDER BY id").Scan(context.Background(), &rows)
	if err != nil {
		t.Fatal(err)
	}
	var mails []mail
	for _, r := range rows {
		var content struct{ Subject, Text string }
		if err := json.Unmarshal([]byte(r.Data), &content); err != nil {
			t.Fatal(err)
		}
		if r.Template != "statistics_digest" {
			t.Errorf("a mail is called %s", r.Template)
		}
		mails = append(mails, mail{r.AccountID, r.Language, content.Subject, content.Text})
	}
	return mails
}

// readers names who gets mails, sorted by first name.
func (f *fixture) readers(t testing.TB) []string {
	t.Helper()
	people := append(f.World.Members(), f.Stranger, f.Outsider)
	names := []string{}
	for _, m := range f.mails(t) {
		i := slices.IndexFunc(people, func(p world.Person) bool { return p.Account == m.account })
		if i < 0 {
			t.Fatalf("a mail to a stranger: %+v", m)
		}
		names = append(names, strings.Fields(people[i].Name)[0])
	}
	slices.Sort(names)
	return names
}

// count is a pointer to a count.
func count(n int64) *int64 { return &n }

// diffOf compares, ids as they are.
func diffOf(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(veranda.OrgID{}, veranda.WorkspaceID{}, veranda.AccountID{}))
}
