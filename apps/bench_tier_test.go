package apps_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// BenchmarkTier compares a large application with a table written by hand for the same twelve columns, with typed columns
// and the same indexes, in the same database and the same run: RATIO lines, of medians. VERANDA_BENCH_RECORDS is how many
// records there are; 20,000 where it is not set.
//
// The side written by hand does what a program for one purpose does: it reads what the caller may do, asks the database with
// constant texts, and makes JSON of what it found; when it writes, it writes the same history, event and outbox rows.
func BenchmarkTier(b *testing.B) {
	records := 20_000
	if text := os.Getenv("VERANDA_BENCH_RECORDS"); text != "" {
		var err error
		if records, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			newTierBench(b, engine, records).run(b)
		})
	}
}

// byHand is the other side: a table written for one purpose.
const (
	handColumns = `id, version, created_at, created_by, changed_at, changed_by, name, name_key, article, price, state, owner, due, at, weight, stars, done, city, note`
	handList    = `SELECT ` + handColumns + ` FROM bench_hand `

	handTablePG = `CREATE TABLE bench_hand (id UUID PRIMARY KEY, version BIGINT NOT NULL, created_at TIMESTAMPTZ NOT NULL, created_by UUID, changed_at TIMESTAMPTZ NOT NULL, changed_by UUID,
name TEXT NOT NULL, name_key TEXT COLLATE "C" NOT NULL, article TEXT NOT NULL, price BIGINT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, due DATE NOT NULL, at TIMESTAMPTZ NOT NULL,
weight BIGINT NOT NULL, stars BIGINT NOT NULL, done BOOLEAN NOT NULL, city TEXT NOT NULL, city_key TEXT COLLATE "C" NOT NULL, note TEXT NOT NULL, search TEXT COLLATE "C" NOT NULL)`
	handTable = `CREATE TABLE bench_hand (id TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, created_at INTEGER NOT NULL, created_by TEXT, changed_at INTEGER NOT NULL, changed_by TEXT,
name TEXT NOT NULL, name_key TEXT NOT NULL, article TEXT NOT NULL, price INTEGER NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, due TEXT NOT NULL, at TEXT NOT NULL,
weight INTEGER NOT NULL, stars INTEGER NOT NULL, done INTEGER NOT NULL, city TEXT NOT NULL, city_key TEXT NOT NULL, note TEXT NOT NULL, search TEXT NOT NULL) STRICT`
	handFillPG = `INSERT INTO bench_hand SELECT id, version, to_timestamp(0), NULL, to_timestamp(0), NULL, doc->>'f1', doc->>'f1~', doc->>'f2', (doc->>'f3')::bigint, doc->>'f4', doc->>'f5',
(doc->>'f6')::date, (doc->>'f7')::timestamptz, (doc->>'f8')::bigint, (doc->>'f9')::bigint, doc->>'f10' IS NOT NULL, doc->>'f11', doc->>'f11~', doc->>'f12', search FROM veranda_records WHERE app_id = $1`
	handFill = `INSERT INTO bench_hand SELECT id, version, 0, NULL, 0, NULL, doc->>'f1', doc->>'f1~', doc->>'f2', doc->>'f3', doc->>'f4', doc->>'f5',
doc->>'f6', doc->>'f7', doc->>'f8', doc->>'f9', doc->>'f10' IS NOT NULL, doc->>'f11', doc->>'f11~', doc->>'f12', search FROM veranda_records WHERE app_id = $1`

	handInsert  = `INSERT INTO bench_hand (` + handColumns + `, city_key, search) VALUES ($1, 1, $2, $3, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	handRead    = handList + `WHERE id = $1`
	handUpdate  = `UPDATE bench_hand SET version = version + 1, changed_at = $2, changed_by = $3, name = $4, name_key = $5, price = $6, search = $7 WHERE id = $1 AND version = $8`
	handHistory = `INSERT INTO veranda_record_history (org_id, app_id, record_id, version, kind, at, by_id, before) VALUES ($1, $2, $3, $4, 'changed', $5, $6, $7)`

	fillPG = `INSERT INTO veranda_records SELECT $1::uuid, $2::uuid, ('01900000-' || lpad(to_hex(n >> 12), 4, '0') || '-7' || lpad(to_hex(n & 4095), 3, '0') || '-8000-000000000000')::uuid, 1, n, '', n, '',
jsonb_build_object('f1', 'Item ' || (n * 7919 % 1000003), 'f1~', 'item ' || (n * 7919 % 1000003), 'f2', 'A' || n, 'f2~', 'a' || n, 'f3', n * 104729 % 1000000, 'f4', 'o' || (n % 5 + 1), 'f5', '01900000-0000-7000-8000-' || lpad((n % 50)::text, 12, '0'),
'f6', to_char(date '2020-01-01' + (n * 31 % 2500)::int, 'YYYY-MM-DD'), 'f7', '2025-01-02T22:00:' || lpad((n % 60)::text, 2, '0') || '.000Z', 'f8', n * 13 % 5000, 'f9', n % 5 + 1, 'f11', 'City ' || (n % 300), 'f11~', 'city ' || (n % 300), 'f12', 'A note that says something of item ' || n || ', and a little more' || CASE WHEN n % 20000 = 7 THEN ' needle' ELSE '' END, 'f12~', 'a note that says something of item ' || n || ', and a little more' || CASE WHEN n % 20000 = 7 THEN ' needle' ELSE '' END),
'item ' || (n * 7919 % 1000003) || E'\n' || 'a' || n || E'\nnew\ncity ' || (n % 300) || E'\na note that says something of item ' || n || ', and a little more' || CASE WHEN n % 20000 = 7 THEN ' needle' ELSE '' END FROM generate_series(1::bigint, $3::bigint) n`
	fillSQLite = `INSERT INTO veranda_records WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < $3) SELECT $1, $2, printf('01900000-%04x-7%03x-8000-000000000000', n >> 12, n & 4095), 1, n, '', n, '',
json_object('f1', 'Item ' || (n * 7919 % 1000003), 'f1~', 'item ' || (n * 7919 % 1000003), 'f2', 'A' || n, 'f2~', 'a' || n, 'f3', n * 104729 % 1000000, 'f4', 'o' || (n % 5 + 1), 'f5', printf('01900000-0000-7000-8000-%012d', n % 50),
'f6', date('2020-01-01', (n * 31 % 2500) || ' days'), 'f7', printf('2025-01-02T22:00:%02d.000Z', n % 60), 'f8', n * 13 % 5000, 'f9', n % 5 + 1, 'f11', 'City ' || (n % 300), 'f11~', 'city ' || (n % 300), 'f12', 'A note that says something of item ' || n || ', and a little more' || CASE WHEN n % 20000 = 7 THEN ' needle' ELSE '' END, 'f12~', 'a note that says something of item ' || n || ', and a little more' || CASE WHEN n % 20000 = 7 THEN ' needle' ELSE '' END),
'item ' || (n * 7919 % 1000003) || char(10) || 'a' || n || char(10) || 'new' || char(10) || 'city ' || (n % 300) || char(10) || 'a note that says something of item ' || n || ', and a little more' || CASE WHEN n % 20000 = 7 THEN ' needle' ELSE '' END FROM s`
)

type tierBench struct {
	*fixture
	app     *apps.App
	other   *apps.App // to which the history of the other side belongs
	records int
	engine  verandatest.Engine
	read    veranda.ComposedRead
	serial  atomic.Int64
}

func newTierBench(b *testing.B, engine verandatest.Engine, records int) *tierBench {
	ctx := context.Background()
	e := verandatest.New(b, engine, modules())
	w := world.New(b, e)
	// The clock of the world, to measure by.
	db, err := veranda.Open(ctx, e.Location)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	e.DB = db
	t := &tierBench{fixture: &fixture{Env: e, World: w}, records: records, engine: engine}
	if t.authz, err = tenancy.NewAuthorizer(ctx, db, modules()...); err != nil {
		b.Fatal(err)
	}
	if t.apps, err = apps.New(apps.Deps{DB: db, Authz: t.authz, PromoteAt: 1000}); err != nil {
		b.Fatal(err)
	}
	choices := []field.Choice{{Name: "New"}, {Name: "Open"}, {Name: "Won"}, {Name: "Lost"}, {Name: "Old"}}
	t.app = t.fixture.app(b,
		apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Article", Kind: field.Text, Rules: field.Rules{Unique: true}},
		apps.FieldInput{Name: "Price", Kind: field.Currency, Options: field.Options{Currency: "EUR"}}, apps.FieldInput{Name: "State", Kind: field.Select, Options: field.Options{Choices: choices}},
		apps.FieldInput{Name: "Owner", Kind: field.Person}, apps.FieldInput{Name: "Due", Kind: field.Date}, apps.FieldInput{Name: "At", Kind: field.DateTime},
		apps.FieldInput{Name: "Weight", Kind: field.Number}, apps.FieldInput{Name: "Stars", Kind: field.Rating, Options: field.Options{Max: "5"}}, apps.FieldInput{Name: "Done", Kind: field.Checkbox},
		apps.FieldInput{Name: "City", Kind: field.Text}, apps.FieldInput{Name: "Note", Kind: field.LongText})
	t.other = t.fixture.app(b, apps.FieldInput{Name: "Name", Kind: field.Text})
	t.read = t.authz.Compose(veranda.Target{Workspace: "$4"})
	t.exec(b, db.Pick(fillPG, fillSQLite), t.app.Org, t.app.ID, records)
	t.exec(b, db.Pick(`INSERT INTO veranda_record_keys SELECT org_id, app_id, 'f2', doc->>'f2~', id FROM veranda_records WHERE app_id = $1`,
		`INSERT INTO veranda_record_keys SELECT org_id, app_id, 'f2', doc->>'f2~', id FROM veranda_records WHERE app_id = $1`), t.app.ID)
	if engine == verandatest.Postgres {
		t.exec(b, `VACUUM (ANALYZE) veranda_records`)
	}
	return t
}

// makeByHand makes the other side. It comes second, so that it does not lie better in a file.
func (t *tierBench) makeByHand(b *testing.B) {
	t.exec(b, t.DB.Pick(handTablePG, handTable))
	t.exec(b, t.DB.Pick(handFillPG, handFill), t.app.ID)
	t.exec(b, `CREATE UNIQUE INDEX bench_hand_article_key ON bench_hand (article)`)
	for _, column := range []string{"name_key", "article", "state", "owner", "due", "at", "price", "weight"} {
		t.exec(b, "CREATE INDEX bench_hand_"+column+" ON bench_hand ("+column+", id)")
	}
	if t.engine == verandatest.Postgres {
		t.exec(b, `CREATE EXTENSION IF NOT EXISTS pg_trgm`)
		t.exec(b, `CREATE INDEX bench_hand_search ON bench_hand USING gin (search gin_trgm_ops)`)
		t.exec(b, `VACUUM (ANALYZE) bench_hand`)
	}
}

func (t *tierBench) exec(b *testing.B, text string, args ...any) {
	b.Helper()
	if _, err := t.DB.Writer().DB.ExecContext(context.Background(), text, args...); err != nil {
		b.Fatal(text[:min(len(text), 100)], err)
	}
}

func (t *tierBench) run(b *testing.B) {
	t.promote(b)
	t.makeByHand(b)
	deep := t.cursor(b)
	filterOf := func(text string) *query.Filter { return filter(b, text) }
	price := []query.Sort{{Field: "price"}}
	t.compare(b, "sorted list", t.list(apps.QueryInput{Sort: []query.Sort{{Field: "price", Descending: true}}}), t.hand(handList+`ORDER BY price DESC, id DESC LIMIT 51`))
	t.compare(b, "filter and sort", t.list(apps.QueryInput{Filter: filterOf(`{"field":"state","is":"equal","value":"o2"}`), Sort: []query.Sort{{Field: "due"}}}),
		t.hand(handList+`WHERE state = $1 ORDER BY due, id LIMIT 51`, "o2"))
	t.compare(b, "range", t.list(apps.QueryInput{Filter: filterOf(`{"and":[{"field":"price","is":"at_least","value":"4000"},{"field":"price","is":"less","value":"4100"}]}`), Sort: price}),
		t.hand(handList+`WHERE price >= $1 AND price < $2 ORDER BY price, id LIMIT 51`, int64(400000), int64(410000)))
	t.compare(b, "narrow range, another order", t.list(apps.QueryInput{Filter: filterOf(`{"and":[{"field":"price","is":"at_least","value":"4000"},{"field":"price","is":"less","value":"4010"}]}`), Sort: []query.Sort{{Field: "city"}}}),
		t.hand(handList+`WHERE price >= $1 AND price < $2 ORDER BY city_key, id LIMIT 51`, int64(400000), int64(401000)))
	t.compare(b, "sum by group", t.summary, t.handSummary)
	t.compare(b, "search for a word", t.list(apps.QueryInput{Search: "needle"}), t.hand(t.DB.Pick(
		handList+`WHERE search LIKE $1 ORDER BY id LIMIT 51`, handList+`WHERE instr(search, $1) > 0 ORDER BY id LIMIT 51`), t.DB.Pick("%needle%", "needle")))
	t.compare(b, "deep page", t.list(apps.QueryInput{Sort: []query.Sort{{Field: "name"}}, Cursor: deep}), t.hand(handList+`WHERE (name_key, id) > ($1, $2) ORDER BY name_key, id LIMIT 51`, "item 5", apps.RecordID{}))
	t.compare(b, "insert", t.insert, t.handInsert)
	t.compare(b, "update", t.update, t.handUpdate)
}

// compare calls both sides in turn and tells how their medians compare.
func (t *tierBench) compare(b *testing.B, what string, ours, theirs func(ctx context.Context) error) {
	var mine, other []time.Duration
	began := time.Now()
	for i := 0; i < 300 && (i < 5 || time.Since(began) < 6*time.Second); i++ {
		for _, side := range []struct {
			call func(context.Context) error
			took *[]time.Duration
		}{{ours, &mine}, {theirs, &other}} {
			at := time.Now()
			if err := side.call(context.Background()); err != nil {
				b.Fatal(what, explain(err))
			}
			*side.took = append(*side.took, time.Since(at))
		}
	}
	slices.Sort(mine)
	slices.Sort(other)
	m, o := mine[len(mine)/2], other[len(other)/2]
	fmt.Printf("RATIO tier.%s.%s: %.2f (at most 1.5), %.3f ms beside %.3f, %d records\n", t.engine, what, float64(m)/float64(o), float64(m)/1e6, float64(o)/1e6, t.records)
}

// promote moves the records, while four people write.
func (t *tierBench) promote(b *testing.B) {
	ctx := context.Background()
	var phase atomic.Int32
	var mu sync.Mutex
	took := map[int32][]time.Duration{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 2))
			for {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				now := phase.Load()
				at := time.Now()
				_, err := t.apps.UpdateRecord(ctx, t.Owner.Actor, apps.UpdateRecordInput{Org: t.app.Org, App: t.app.ID, Record: t.some(random), Values: values(b, fmt.Sprintf(`{"weight":%d}`, random.IntN(5000)))})
				if err != nil {
					b.Error(explain(err))
					return
				}
				mu.Lock()
				took[now] = append(took[now], time.Since(at))
				mu.Unlock()
			}
		})
	}
	time.Sleep(3 * time.Second)
	phase.Store(1)
	began := time.Now()
	if err := t.apps.TierJob().Run(ctx, time.Time{}); err != nil {
		b.Fatal(err)
	}
	whole := time.Since(began)
	phase.Store(2)
	close(stop)
	wg.Wait()
	if t.tier(b, t.app) != "own" {
		b.Fatal("the application was not promoted")
	}
	p99 := func(list []time.Duration) time.Duration {
		slices.Sort(list)
		return list[len(list)*99/100]
	}
	before, during := p99(took[0]), p99(took[1])
	fmt.Printf("RATIO tier.%s.writers while records move: %.2f (at most 3), p99 %v beside %v, at most %v; %d records moved in %v\n",
		t.engine, float64(during)/float64(before), during.Round(10*time.Microsecond), before.Round(10*time.Microsecond), took[1][len(took[1])-1].Round(time.Millisecond), t.records, whole.Round(time.Millisecond))
}

func (t *tierBench) some(random *rand.Rand) apps.RecordID {
	n := 1 + random.IntN(t.records)
	id, err := veranda.ParseID[recordKindOf](fmt.Sprintf("01900000-%04x-7%03x-8000-000000000000", n>>12, n&4095))
	if err != nil {
		panic(err)
	}
	return apps.RecordID(id)
}

// recordKindOf stands for a kind that is the package's own.
type recordKindOf struct{}

func (t *tierBench) cursor(b *testing.B) string {
	page, err := t.apps.QueryRecords(context.Background(), t.Owner.Actor, apps.QueryInput{Org: t.app.Org, App: t.app.ID, Limit: 50,
		Filter: filter(b, `{"field":"name","is":"at_least","value":"item 5"}`), Sort: []query.Sort{{Field: "name"}}})
	if err != nil {
		b.Fatal(explain(err))
	}
	return page.Next
}

func (t *tierBench) list(in apps.QueryInput) func(ctx context.Context) error {
	in.Org, in.App, in.Limit = t.app.Org, t.app.ID, 50
	return func(ctx context.Context) error {
		page, err := t.apps.QueryRecords(ctx, t.Owner.Actor, in)
		if err == nil && len(page.Items) == 0 {
			err = fmt.Errorf("no records")
		}
		return err
	}
}

func (t *tierBench) summary(ctx context.Context) error {
	_, err := t.apps.Summarize(ctx, t.Owner.Actor, apps.SummaryInput{Org: t.app.Org, App: t.app.ID, Groups: []query.Group{{Field: "state"}}, Aggregates: []query.Aggregate{{Function: query.Count}, {Function: query.Sum, Field: "price"}}})
	return err
}

// handRow is a row of the table written by hand.
type handRow struct {
	ID                                         apps.RecordID `json:"id"`
	Version                                    int64         `json:"version"`
	CreatedAt, ChangedAt                       any
	CreatedBy, ChangedBy                       any
	Name, NameKey, Article, State, Owner, City string
	Price, Weight, Stars                       int64
	Due, At, Done                              any
	Note                                       string
}

func (r *handRow) into() []any {
	return []any{&r.ID, &r.Version, &r.CreatedAt, &r.CreatedBy, &r.ChangedAt, &r.ChangedBy, &r.Name, &r.NameKey, &r.Article, &r.Price, &r.State, &r.Owner, &r.Due, &r.At, &r.Weight, &r.Stars, &r.Done, &r.City, &r.Note}
}

func (t *tierBench) allowed(ctx context.Context) (*veranda.Standing, error) {
	standing, err := t.DB.Conn().Read(ctx, t.read, t.Owner.Actor, t.app.Org, []any{t.app.Workspace})
	if err != nil {
		return nil, err
	}
	return standing, t.authz.Decide(ctx, t.DB.Conn(), standing, veranda.Ask{Permission: apps.PermReadRecord, InWorkspace: true})
}

func (t *tierBench) hand(text string, args ...any) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		if _, err := t.allowed(ctx); err != nil {
			return err
		}
		rows, err := t.DB.Conn().Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		found := make([]handRow, 0, 51)
		for rows.Next() {
			var r handRow
			if err := rows.Scan(r.into()...); err != nil {
				return err
			}
			found = append(found, r)
		}
		if len(found) == 0 {
			return fmt.Errorf("no rows")
		}
		_, err = json.Marshal(found)
		return err
	}
}

func (t *tierBench) handSummary(ctx context.Context) error {
	if _, err := t.allowed(ctx); err != nil {
		return err
	}
	rows, err := t.DB.Conn().Query(ctx, t.DB.Pick(`SELECT state, count(*), sum(price)::bigint FROM bench_hand GROUP BY state`, `SELECT state, count(*), sum(price) FROM bench_hand GROUP BY +state`))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var state string
		var n, sum int64
		if err := rows.Scan(&state, &n, &sum); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *tierBench) insert(ctx context.Context) error {
	n := t.serial.Add(1)
	_, err := t.apps.CreateRecord(ctx, t.Owner.Actor, apps.CreateRecordInput{Org: t.app.Org, App: t.app.ID, Values: apps.Values{
		"name": []byte(fmt.Sprintf(`"Item %d"`, n)), "article": []byte(fmt.Sprintf(`"B%d"`, n)), "price": []byte(`"12.50"`), "state": []byte(`"o1"`), "owner": []byte(`"` + t.Owner.Actor.Account().String() + `"`),
		"due": []byte(`"2026-01-01"`), "at": []byte(`"2026-01-01T00:00:00Z"`), "weight": []byte(`7`), "stars": []byte(`3`), "city": []byte(`"City 7"`), "note": []byte(`"A note that says something"`),
	}})
	return err
}

func (t *tierBench) handInsert(ctx context.Context) error {
	n := t.serial.Add(1)
	standing, err := t.allowed(ctx)
	if err != nil {
		return err
	}
	return t.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		now := t.DB.Now()
		id := veranda.NewID[recordKindOf]()
		var day, at any = "2026-01-01", "2026-01-01T00:00:00.000Z"
		var done any = int64(0)
		if t.engine == verandatest.Postgres {
			done = false
		}
		name := fmt.Sprintf("Item %d", n)
		if err := tx.Defer(ctx, handInsert, id, t.DB.Time(now), standing.Account, name, field.Fold(name), fmt.Sprintf("B%d", n), int64(1250), "o1", t.Owner.Actor.Account().String(), day, at, int64(7), int64(3), done, "City 7", "A note that says something", "city 7",
			field.Fold(name)+"\nnew\ncity 7\na note that says something"); err != nil {
			return err
		}
		tx.Emit(t.event(apps.EventRecordCreated, id.String(), standing))
		return nil
	})
}

func (t *tierBench) event(kind, id string, standing *veranda.Standing) veranda.Event {
	return veranda.Event{Org: t.app.Org, Workspace: t.app.Workspace, Kind: kind, Subject: id, By: standing.Account, At: t.DB.Now(), Data: veranda.MarshalData(apps.RecordChanged{App: t.app.ID, Name: t.app.Name})}
}

var benchRandom = rand.New(rand.NewPCG(1, 2)) //nolint:gochecknoglobals // of this benchmark, which runs alone

func (t *tierBench) update(ctx context.Context) error {
	n := t.serial.Add(1)
	_, err := t.apps.UpdateRecord(ctx, t.Owner.Actor, apps.UpdateRecordInput{Org: t.app.Org, App: t.app.ID, Record: t.some(benchRandom), Values: apps.Values{
		"name": []byte(fmt.Sprintf(`"Thing %d"`, n)), "price": []byte(fmt.Sprintf(`"%d.50"`, n)),
	}})
	return err
}

func (t *tierBench) handUpdate(ctx context.Context) error {
	n := t.serial.Add(1)
	standing, err := t.allowed(ctx)
	if err != nil {
		return err
	}
	return t.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		id := t.some(benchRandom)
		rows, err := tx.Query(ctx, t.DB.Pick(handRead+` FOR NO KEY UPDATE`, handRead), id)
		if err != nil {
			return err
		}
		var r handRow
		for rows.Next() {
			err = rows.Scan(r.into()...)
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		now, name := t.DB.Now(), fmt.Sprintf("Thing %d", n)
		search := field.Fold(name) + "\n" + field.Fold(r.Article) + "\nnew\n" + field.Fold(r.City) + "\n" + field.Fold(r.Note)
		if err := tx.Defer(ctx, handUpdate, id, t.DB.Time(now), standing.Account, name, field.Fold(name), n*100+50, search, r.Version); err != nil {
			return err
		}
		before, err := json.Marshal(map[string]any{"f1": r.Name, "f1~": r.NameKey, "f3": r.Price})
		if err != nil {
			return err
		}
		if err := tx.Defer(ctx, handHistory, t.app.Org, t.other.ID, id, r.Version+1, now.UnixMicro(), standing.Account.String(), string(before)); err != nil {
			return err
		}
		tx.Emit(t.event(apps.EventRecordUpdated, id.String(), standing))
		return nil
	})
}
