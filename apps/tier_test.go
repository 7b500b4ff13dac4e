package apps_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// large is a fixture in which an application has a table of its own from so many records on.
func large(t *testing.T, promoteAt int64, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := &fixture{Env: e, World: world.New(t, e)}
		var err error
		if f.authz, err = tenancy.NewAuthorizer(context.Background(), e.DB, modules()...); err != nil {
			t.Fatal(err)
		}
		if f.apps, err = apps.New(apps.Deps{DB: e.DB, Authz: f.authz, PromoteAt: promoteAt}); err != nil {
			t.Fatal(err)
		}
		run(t, f)
	})
}

// tiers runs the job; later gives it a run in which it cleans up.
func (f *fixture) tiers(t testing.TB) {
	t.Helper()
	if err := f.apps.TierJob().Run(context.Background(), time.Time{}); err != nil {
		t.Fatalf("tiers: %v", err)
	}
}

func (f *fixture) later(t testing.TB) {
	t.Helper()
	f.Clock.Advance(2 * time.Minute)
	f.tiers(t)
}

// tier is where the application's records lie: "shared", "own", "moving" or "renewed".
func (f *fixture) tier(t testing.TB, a *apps.App) string {
	t.Helper()
	var text string
	if err := f.DB.Reader().DB.QueryRow(`SELECT tier FROM veranda_apps WHERE id = $1`, a.ID).Scan(&text); err != nil {
		t.Fatal(err)
	}
	switch {
	case text == "":
		return "shared"
	case strings.Contains(text, `"moving"`):
		return "moving"
	case strings.Contains(text, `"second"`):
		return "renewed"
	}
	return "own"
}

func (f *fixture) count(t testing.TB, text string, args ...any) (n int64) {
	t.Helper()
	if err := f.DB.Reader().DB.QueryRow(text, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// tables counts the tables of applications' own.
func (f *fixture) tables(t testing.TB) int64 {
	t.Helper()
	return f.count(t, f.DB.Pick(`SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'veranda\_app\_%' AND length(relname) >= 44`,
		`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 'veranda\_app\_%' ESCAPE '\' AND length(name) >= 44`))
}

func (f *fixture) wantTier(t testing.TB, a *apps.App, want string) {
	t.Helper()
	if got := f.tier(t, a); got != want {
		t.Fatalf("the records are in the tier %s, want %s", got, want)
	}
}

// fill adds records in bulk.
func (f *fixture) fill(t testing.TB, a *apps.App, n int, text func(i int) string) (ids []apps.RecordID) {
	t.Helper()
	for n > len(ids) {
		var rows []apps.BulkRow
		for i := len(ids); i < n && len(rows) < apps.MaxBulk; i++ {
			rows = append(rows, apps.BulkRow{Do: apps.Create, Values: values(t, text(i))})
		}
		result, err := f.apps.Bulk(context.Background(), f.Owner.Actor, apps.BulkInput{Org: a.Org, App: a.ID, Rows: rows})
		if err != nil {
			t.Fatal(explain(err))
		}
		for _, r := range result.Rows {
			ids = append(ids, r.Record)
		}
	}
	return ids
}

// everything is what an application's records say, by their ids, in the order of a list by name.
func (f *fixture) everything(t testing.TB, a *apps.App) []string {
	t.Helper()
	in := apps.QueryInput{Org: a.Org, App: a.ID, Sort: []query.Sort{{Field: "name"}}, Limit: 200}
	var all []string
	for {
		page, err := f.apps.QueryRecords(context.Background(), f.Owner.Actor, in)
		if err != nil {
			t.Fatal(explain(err))
		}
		for _, r := range page.Items {
			all = append(all, fmt.Sprint(r.ID, r.Version, string(r.Values)))
		}
		if in.Cursor = page.Next; in.Cursor == "" {
			return all
		}
	}
}

func numbered(i int) string {
	return fmt.Sprintf(`{"name":"Item %d","article":"A%d","price":"%d.50","state":"%s"}`, i*7919%1000, i, i%90, []string{"o1", "o2"}[i%2])
}

func TestLargeApplicationHasTableOfItsOwn(t *testing.T) {
	large(t, 50, func(t *testing.T, f *fixture) {
		ctx, by := context.Background(), f.Owner.Actor
		a := f.app(t)
		ids := f.fill(t, a, 49, numbered)
		f.tiers(t)
		f.wantTier(t, a, "shared")
		f.add(t, by, a, numbered(49))
		before := f.everything(t, a)
		f.tiers(t)
		f.wantTier(t, a, "own")
		if n := f.count(t, `SELECT count(*) FROM veranda_records WHERE app_id = $1`, a.ID); n != 50 {
			t.Errorf("%d records lie in the shared table for those who still read them, want 50", n)
		}
		if diff := cmp.Diff(before, f.everything(t, a)); diff != "" {
			t.Errorf("the records are not what they were (-want +got):\n%s", diff)
		}
		f.later(t)
		if n := f.count(t, `SELECT count(*) FROM veranda_records WHERE app_id = $1`, a.ID); n != 0 {
			t.Errorf("%d records are left in the shared table", n)
		}
		if diff := cmp.Diff(before, f.everything(t, a)); diff != "" {
			t.Errorf("the records are not what they were (-want +got):\n%s", diff)
		}

		// All that is done with a record.
		in := apps.RecordInput{Org: a.Org, App: a.ID, Record: ids[3]}
		r, err := f.apps.Record(ctx, by, in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = f.update(by, r, values(t, `{"name":"New name"}`)); err != nil {
			t.Fatal(explain(err))
		}
		_, err = f.apps.CreateRecord(ctx, by, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: values(t, `{"name":"Twice","article":"A7"}`)})
		invalid(t, err, "/values/article unique")
		fresh := f.add(t, by, a, `{"name":"Fresh"}`)
		if err := f.apps.DeleteRecord(ctx, by, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: fresh.ID}); err != nil {
			t.Fatal(err)
		}
		_, err = f.apps.Record(ctx, by, apps.RecordInput{Org: a.Org, App: a.ID, Record: fresh.ID})
		refused(t, err, veranda.ErrNotFound)
		if _, err := f.apps.RestoreRecord(ctx, by, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: fresh.ID}); err != nil {
			t.Fatal(explain(err))
		}
		if got := value(t, f.record(t, by, fresh), "name"); got != `"Fresh"` {
			t.Errorf("the restored record is called %s", got)
		}

		// Small again.
		var rows []apps.BulkRow
		for _, id := range ids[:40] {
			rows = append(rows, apps.BulkRow{Do: apps.Delete, Record: id})
		}
		if _, err := f.apps.Bulk(ctx, by, apps.BulkInput{Org: a.Org, App: a.ID, Rows: rows}); err != nil {
			t.Fatal(explain(err))
		}
		before = f.everything(t, a)
		f.later(t)
		f.wantTier(t, a, "shared")
		f.later(t)
		if diff := cmp.Diff(before, f.everything(t, a)); diff != "" || len(before) != 11 {
			t.Errorf("the records are not what they were (-want +got):\n%s", diff)
		}
		if n := f.tables(t); n != 0 {
			t.Errorf("%d tables are left", n)
		}
	})
}

// counter is what a writer expects of a record: its version, 0 where it is deleted.
type counter struct {
	version int64
	name    string
}

// While records are moved to a table of their own and back, people write: nothing is lost, nothing doubled, whatever is
// stopped on the way.
func TestMovingLosesNothing(t *testing.T) {
	const start, writers, each = 300, 4, 60
	large(t, 100, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Code", Kind: field.Text, Rules: field.Rules{Unique: true}})
		ids := f.fill(t, a, start, func(i int) string { return fmt.Sprintf(`{"name":"N%d","code":"C%d"}`, i, i) })
		var mu sync.Mutex
		expected := map[apps.RecordID]counter{}
		for i, id := range ids {
			expected[id] = counter{1, fmt.Sprintf("N%d", i)}
		}
		note := func(id apps.RecordID, c counter) {
			mu.Lock()
			defer mu.Unlock()
			expected[id] = c
		}
		var wg sync.WaitGroup
		var done atomic.Int32
		for w := range writers {
			wg.Go(func() {
				defer done.Add(1)
				mine := slices.Clone(ids[w*start/writers : (w+1)*start/writers])
				random := rand.New(rand.NewPCG(uint64(w), 1))
				for i := range each {
					if err := f.writeOne(ctx, a, random, fmt.Sprintf("w%d-%d", w, i), &mine, func(id apps.RecordID) counter {
						mu.Lock()
						defer mu.Unlock()
						return expected[id]
					}, note); err != nil {
						t.Errorf("writer %d: %v", w, explain(err))
						return
					}
				}
			})
		}
		// The job, stopped often, by way of everything: promotion, demotion, and a new table.
		seen := map[string]int{}
		for i := 0; done.Load() < writers || i < 8; i++ {
			seen[f.tier(t, a)]++
			stopped, cancel := context.WithTimeout(ctx, time.Duration(3+i%5*20)*time.Millisecond)
			job := f.apps
			if i%4 == 3 { // another node, for which the application is a small one
				var err error
				if job, err = apps.New(apps.Deps{DB: f.Node(t), Authz: f.authz, PromoteAt: 100_000}); err != nil {
					t.Fatal(err)
				}
			}
			if err := job.TierJob().Run(stopped, time.Time{}); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("job: %v", err)
			}
			cancel()
			if i%2 == 1 {
				f.Clock.Advance(2 * time.Minute)
			}
			time.Sleep(5 * time.Millisecond)
			if i > 2000 {
				t.Fatal("the writers do not end")
			}
		}
		wg.Wait()
		t.Logf("while they wrote, the records were seen in these tiers: %v", seen)
		for range 3 {
			f.later(t)
		}
		f.wantTier(t, a, "own")
		found := map[apps.RecordID]bool{}
		in := apps.QueryInput{Org: a.Org, App: a.ID, Limit: 200}
		for {
			page, err := f.apps.QueryRecords(ctx, f.Owner.Actor, in)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page.Items {
				r := &page.Items[i]
				if found[r.ID] {
					t.Errorf("record %s is there twice", r.ID)
				}
				found[r.ID] = true
				if want := expected[r.ID]; want.version != r.Version || strings.Trim(value(t, r, "name"), `"`) != want.name {
					t.Errorf("record %s is version %d of %s, want %v", r.ID, r.Version, value(t, r, "name"), want)
				}
			}
			if in.Cursor = page.Next; in.Cursor == "" {
				break
			}
		}
		for id, c := range expected {
			if c.version > 0 && !found[id] {
				t.Errorf("record %s is lost", id)
			}
		}
		if n := f.count(t, `SELECT count(*) FROM veranda_records`); n != 0 {
			t.Errorf("%d records are left in the shared table", n)
		}
		if n := f.count(t, `SELECT count(*) FROM veranda_app_moves`); n != 0 {
			t.Errorf("%d moves are left", n)
		}
	})
}

// writeOne makes a random change and notes what is expected of it.
func (f *fixture) writeOne(ctx context.Context, a *apps.App, random *rand.Rand, name string, mine *[]apps.RecordID, known func(apps.RecordID) counter, note func(apps.RecordID, counter)) error {
	by := f.Owner.Actor
	text, err := json.Marshal(name)
	if err != nil {
		return err
	}
	named := apps.Values{"name": text}
	id := (*mine)[random.IntN(len(*mine))]
	is := known(id)
	switch k := random.IntN(10); {
	case k == 0:
		named["code"] = text
		r, err := f.apps.CreateRecord(ctx, by, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: named})
		if err != nil {
			return err
		}
		*mine = append(*mine, r.ID)
		note(r.ID, counter{1, name})
	case k == 1:
		result, err := f.apps.Bulk(ctx, by, apps.BulkInput{Org: a.Org, App: a.ID, Rows: []apps.BulkRow{{Do: apps.Create, Values: named}, {Do: apps.Create, Values: named}}})
		if err != nil {
			return err
		}
		for _, r := range result.Rows {
			*mine = append(*mine, r.Record)
			note(r.Record, counter{1, name})
		}
	case is.version <= 0: // deleted
		r, err := f.apps.RestoreRecord(ctx, by, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: id})
		if err != nil {
			return err
		}
		note(id, counter{r.Version, is.name})
	case k < 4:
		if err := f.apps.DeleteRecord(ctx, by, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: id, Version: is.version}); err != nil {
			return err
		}
		note(id, counter{-is.version, is.name})
	default:
		r, err := f.apps.UpdateRecord(ctx, by, apps.UpdateRecordInput{Org: a.Org, App: a.ID, Record: id, Version: is.version, Values: named})
		if err != nil {
			return err
		}
		note(id, counter{r.Version, name})
	}
	return nil
}

func TestFieldsOfLargeApplication(t *testing.T) {
	large(t, 20, func(t *testing.T, f *fixture) {
		ctx, by := context.Background(), f.Owner.Actor
		a := f.app(t)
		ids := f.fill(t, a, 40, numbered)
		f.tiers(t)
		f.wantTier(t, a, "own")
		f.later(t)

		a, err := f.apps.AddField(ctx, by, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: apps.FieldInput{Name: "Weight", Kind: field.Number}})
		if err != nil {
			t.Fatal(explain(err))
		}
		for i, id := range ids {
			r := &apps.Record{Org: a.Org, App: a.ID, ID: id}
			if _, err := f.update(by, r, values(t, fmt.Sprintf(`{"weight":%d}`, i*17%40))); err != nil {
				t.Fatal(explain(err))
			}
		}
		byWeight := func() []string {
			return f.list(t, by, a, apps.QueryInput{Sort: []query.Sort{{Field: "weight", Descending: true}}, Filter: filter(t, `{"field":"weight","is":"less","value":5}`)}, "weight")
		}
		want := []string{"4", "3", "2", "1", "0"}
		if diff := cmp.Diff(want, byWeight()); diff != "" {
			t.Errorf("without an index:\n%s", diff)
		}
		f.later(t)
		indexed := func() int64 {
			return f.count(t, f.DB.Pick(`SELECT count(*) FROM pg_class WHERE relkind = 'i' AND relname LIKE 'veranda\_app\_%\_f7'`,
				`SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name LIKE 'veranda\_app\_%\_f7' ESCAPE '\'`))
		}
		if n := indexed(); n != 1 {
			t.Errorf("there are %d indexes for the new field", n)
		}
		if diff := cmp.Diff(want, byWeight()); diff != "" {
			t.Errorf("with an index:\n%s", diff)
		}
		f.Clock.Advance(25 * time.Hour)
		f.tiers(t)
		f.wantTier(t, a, "renewed")
		f.later(t)
		if diff := cmp.Diff(want, byWeight()); diff != "" {
			t.Errorf("in the new table:\n%s", diff)
		}
		if n := f.tables(t); n != 1 {
			t.Errorf("there are %d tables", n)
		}

		price := fieldOf(t, a, "price")
		if a, err = f.apps.RetypeField(ctx, by, apps.RetypeInput{Org: a.Org, App: a.ID, Field: price.ID, Kind: field.Text}); err != nil {
			t.Fatal(explain(err))
		}
		cheap := func() []string {
			return f.list(t, by, a, apps.QueryInput{Filter: filter(t, `{"field":"price","is":"starts_with","value":"7."}`)}, "price")
		}
		if diff := cmp.Diff([]string{"7.50"}, cheap()); diff != "" {
			t.Errorf("retyped:\n%s", diff)
		}
		f.later(t)
		if a, err = f.apps.RemoveField(ctx, by, apps.FieldNamed{Org: a.Org, App: a.ID, Field: fieldOf(t, a, "weight").ID}); err != nil {
			t.Fatal(explain(err))
		}
		f.later(t)
		f.Clock.Advance(25 * time.Hour)
		f.tiers(t)
		f.wantTier(t, a, "own")
		if diff := cmp.Diff([]string{"7.50"}, cheap()); diff != "" {
			t.Errorf("retyped, in the new table:\n%s", diff)
		}
		f.later(t)

		// With the application, its tables go.
		if err := f.apps.Delete(ctx, by, apps.DeleteInput{Org: a.Org, App: a.ID}); err != nil {
			t.Fatal(err)
		}
		f.Clock.Advance(apps.DeletedFor + time.Hour)
		if err := f.apps.PurgeJob().Run(ctx, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if n := f.tables(t); n != 0 {
			t.Errorf("%d tables are left", n)
		}
	})
}
