package statistics_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace/statistics"
)

// work puts some work into the week of 2 March and moves the clock behind its end.
func (f *fixture) work(t testing.TB) {
	t.Helper()
	f.happen(t,
		happening{at(t, "2026-03-05T12:00:00Z"), "tasks.task_created", "one", f.World.Open, f.Owner},
		happening{at(t, "2026-03-05T12:00:00Z"), "tasks.task_finished", "two", f.Private, f.Employee},
		happening{at(t, "2026-03-05T12:00:00Z"), "stream.status_posted", "three", f.Closed, f.Stranger},
	)
	f.Clock.Set(at(t, "2026-03-09T00:10:00Z"))
}

var employees = []string{"Adam", "Agnes", "Emil", "Olga", "Stella"}

func TestDigestsAreQueuedOnce(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.work(t)
		f.Drain(t)
		if diff := diffOf(employees, f.readers(t)); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
		for range 3 {
			if stored := f.compute(t); stored != 0 {
				t.Errorf("%d weeks were computed again", stored)
			}
			f.Clock.Advance(15 * time.Minute)
			f.Drain(t)
		}
		if diff := diffOf(employees, f.readers(t)); diff != "" {
			t.Errorf("mails after more runs (-want +got):\n%s", diff)
		}
		// The other organization was computed too; nothing happened there, and nobody is told so.
		f.WantEvents(t, "statistics.*", statistics.EventWeekComputed, statistics.EventWeekComputed, statistics.EventDigestsQueued)
		for _, e := range f.Events(t, statistics.EventWeekComputed) {
			if e.System != "statistics" || e.Subject != "2026-03-02" || strings.Contains(string(e.Data), "tasks") {
				t.Errorf("event by %q about %s: %s", e.System, e.Subject, e.Data)
			}
		}
		if open := f.Env.Open(t); open != 0 {
			t.Errorf("%d pieces of work are left", open)
		}
	})
}

func TestNodesComputeAtOnce(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		second := f.Node(t)
		nodes := []*statistics.Service{f.stats, f.node(t, second)}
		dbs := []*veranda.DB{f.DB, second}
		f.work(t)
		var wait sync.WaitGroup
		begin := make(chan struct{})
		stored := make([]int, 4)
		for i := range stored {
			wait.Go(func() {
				<-begin
				var err error
				if stored[i], err = nodes[i%2].ComputeDue(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		wait.Wait()
		if sum := stored[0] + stored[1] + stored[2] + stored[3]; sum != 2 {
			t.Errorf("two organizations' weeks were stored %d times: %v", sum, stored)
		}
		for i := range 4 {
			wait.Go(func() {
				if err := dbs[i%2].EnqueueDue(ctx); err != nil {
					t.Error(err)
				}
				if _, err := dbs[i%2].Drain(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if diff := diffOf(employees, f.readers(t)); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
	})
}

func TestDigestSaysWhatItsReaderMaySee(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		f.overdue = []overdue{{f.Private, veranda.AccountID{}, 2}, {f.Private, f.Employee.Account, 2}}
		f.exec(t, `UPDATE veranda_accounts SET language = 'de-AT' WHERE id = $1`, f.AccessManager.Account)
		if _, err := f.stats.SetDigest(ctx, f.External.Actor, statistics.SetDigestInput{Org: f.Org, Digest: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.stats.SetDigest(ctx, f.Administrator.Actor, statistics.SetDigestInput{Org: f.Org, Digest: false}); err != nil {
			t.Fatal(err)
		}
		f.work(t)
		f.Drain(t)
		if diff := diffOf([]string{"Agnes", "Emil", "Olga", "Stella", "Xenia"}, f.readers(t)); diff != "" {
			t.Fatalf("mails (-want +got):\n%s", diff)
		}
		// Active are the three who worked and the two who chose about the mail.
		want := map[veranda.AccountID]string{
			f.Owner.Account: `Veranda Works: your week of 2–8 March 2026
Hello Olga Owner,

this was the week of 2–8 March 2026. Changes from the week before are in brackets.

You
  Tasks created: 1 (+1)
  Tasks finished: 0
  Tasks reopened: 0
  Posts: 0
  Comments: 0
  Tasks overdue: 0

Veranda Works
  Tasks created: 1 (+1)
  Tasks finished: 1 (+1)
  Tasks reopened: 0
  Posts: 1 (+1)
  Comments: 0
  People joined: 0
  People active: 5 (+5)
  Tasks overdue: 2

All weeks: https://veranda.example/` + f.Org.String() + `/statistics

You get this mail every week. You can turn it off where the statistics of Veranda Works are shown.
`,
			f.Employee.Account: `Veranda Works: your week of 2–8 March 2026
Hello Emil Employee,

this was the week of 2–8 March 2026. Changes from the week before are in brackets.

You
  Tasks created: 0
  Tasks finished: 1 (+1)
  Tasks reopened: 0
  Posts: 0
  Comments: 0
  Tasks overdue: 2

Open
  Tasks created: 1 (+1)
  Tasks finished: 0
  Tasks reopened: 0
  Posts: 0
  Comments: 0
  People joined: 0
  People active: 1 (+1)
  Tasks overdue: 0

Private
  Tasks created: 0
  Tasks finished: 1 (+1)
  Tasks reopened: 0
  Posts: 0
  Comments: 0
  People joined: 0
  People active: 1 (+1)
  Tasks overdue: 2

All weeks: https://veranda.example/` + f.Org.String() + `/statistics

You get this mail every week. You can turn it off where the statistics of Veranda Works are shown.
`,
		}
		for _, m := range f.mails(t) {
			text := m.subject + "\n" + m.text
			if want[m.account] != "" {
				if diff := diffOf(want[m.account], text); diff != "" {
					t.Errorf("mail (-want +got):\n%s", diff)
				}
			}
			switch m.account {
			case f.External.Account: // own figures and nothing else
				if strings.Contains(text, "People active") || strings.Contains(text, "Private") {
					t.Errorf("an external is told of others:\n%s", text)
				}
			case f.AccessManager.Account:
				if !strings.Contains(text, "Ihre Woche vom 2.–8. März 2026") || !strings.Contains(text, "Private\n  Aufgaben erstellt: 0") {
					t.Errorf("not in German, or without the workspace:\n%s", text)
				}
			}
			if m.account != f.Stranger.Account && strings.Contains(text, "Closed") {
				t.Errorf("somebody is told of a private workspace of others:\n%s", text)
			}
		}
	})
}

func TestDigestComparesWithTheWeekBefore(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.overdue = []overdue{{f.World.Open, veranda.AccountID{}, 5}}
		f.work(t)
		f.Drain(t)
		f.overdue = []overdue{{f.World.Open, veranda.AccountID{}, 3}}
		f.happen(t, happening{at(t, "2026-03-10T12:00:00Z"), "tasks.comment_added", "four", f.World.Open, f.Owner})
		f.Clock.Set(at(t, "2026-03-16T00:10:00Z"))
		f.Drain(t)
		for _, m := range f.mails(t) {
			if m.account != f.Owner.Account || !strings.Contains(m.subject, "9–15 March 2026") {
				continue
			}
			for _, line := range []string{"Tasks created: 0 (-1)", "Comments: 1 (+1)", "Tasks overdue: 3 (-2)", "People active: 1 (-2)"} {
				if !strings.Contains(m.text, line) {
					t.Errorf("the mail lacks %q:\n%s", line, m.text)
				}
			}
			return
		}
		t.Error("there is no mail of the second week to the owner")
	})
}

func TestNoDigestForWhoCannotReadIt(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.exec(t, `UPDATE veranda_accounts SET state = 'disabled' WHERE id = $1`, f.Owner.Account)
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = joined_at WHERE org_id = $1 AND account_id = $2`, f.Org, f.Administrator.Account)
		f.exec(t, `DELETE FROM veranda_addresses WHERE account_id = $1`, f.AccessManager.Account)
		f.exec(t, `UPDATE veranda_memberships SET roles = 'trainee' WHERE org_id = $1 AND account_id = $2`, f.Org, f.Employee.Account)
		f.work(t)
		f.Drain(t)
		if diff := diffOf([]string{"Stella"}, f.readers(t)); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
	})
}

func TestQuietWeekSendsNothing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.Clock.Set(at(t, "2026-03-09T00:10:00Z"))
		f.Drain(t)
		if week := one(t, f.weeks(t, f.Owner.Actor, organization)); week.Figures.ActivePeople != 0 {
			t.Errorf("figures of an empty week: %+v", week.Figures)
		}
		if mails := f.mails(t); len(mails) != 0 {
			t.Errorf("%d mails about nothing", len(mails))
		}
		if open := f.Env.Open(t); open != 0 {
			t.Errorf("%d pieces of work are left", open)
		}
	})
}

// More people than one transaction takes: each gets one mail.
func TestDigestsComeInBatches(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const people = 230
		err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			now := f.DB.Time(f.DB.Now())
			for i := range people {
				id := veranda.NewAccountID()
				address := fmt.Sprintf("person%d@works.example", i)
				for _, insert := range []struct {
					text string
					args []any
				}{
					{`INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version) VALUES ($1, $2, 'en', 'UTC', 'active', $3, $3, 1)`, []any{id, "Person", now}},
					{`INSERT INTO veranda_addresses (account_id, address_key, address, confirmed_at, is_primary, created_at) VALUES ($1, $2, $2, $3, $4, $3)`, []any{id, address, now, true}},
					{`INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) VALUES ($1, $2, 'internal', 'employee', $3, $4, 1)`, []any{f.Org, id, address, now}},
				} {
					if _, err := tx.Exec(ctx, insert.text, insert.args...); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f.work(t)
		f.Drain(t)
		seen := map[veranda.AccountID]int{}
		for _, m := range f.mails(t) {
			if seen[m.account]++; seen[m.account] > 1 {
				t.Fatalf("%s got %d mails", m.account, seen[m.account])
			}
		}
		if want := people + len(employees); len(seen) != want {
			t.Errorf("%d people got a mail, want %d", len(seen), want)
		}
		f.WantEvents(t, statistics.EventDigestsQueued, statistics.EventDigestsQueued, statistics.EventDigestsQueued, statistics.EventDigestsQueued)
	})
}

// A host can refuse the week; then nothing of it is stored, and it is tried again.
func TestVetoUndoesTheWeek(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		refuse := true
		veto := veranda.NewError(veranda.CodeConflict, "host.no", "Not now.")
		f.DB.Veto(veranda.Hook{Name: "host", Kinds: []string{statistics.EventWeekComputed}, Before: func(_ context.Context, _ *veranda.Tx, e veranda.Event) error {
			if refuse && e.Org == f.Org {
				return veto
			}
			return nil
		}})
		f.work(t)
		stored, err := f.stats.ComputeDue(context.Background())
		verandatest.WantCode(t, err, veranda.CodeConflict)
		if stored != 1 || len(f.weeks(t, f.Owner.Actor, organization)) != 0 {
			t.Errorf("%d weeks were stored, want the other organization's alone", stored)
		}
		refuse = false
		if stored := f.compute(t); stored != 1 {
			t.Errorf("%d weeks were stored afterwards, want 1", stored)
		}
	})
}
