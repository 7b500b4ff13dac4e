package query_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/verandatest"
)

const ada, bob = "0190b0c0-0000-7000-8000-000000000001", "0190b0c0-0000-7000-8000-000000000002"

func fields(t testing.TB) *field.Set {
	t.Helper()
	choices := []field.Choice{{ID: "o2", Name: "New"}, {ID: "o10", Name: "Won"}, {ID: "o1", Name: "Lost"}}
	set, err := field.NewSet([]field.Field{
		{Key: "name", Name: "Name", Kind: field.Text, Slot: "f1"},
		{Key: "price", Name: "Price", Kind: field.Currency, Slot: "f2", Options: field.Options{Currency: "EUR", Decimals: 2}},
		{Key: "due", Name: "Due", Kind: field.Date, Slot: "f3"},
		{Key: "state", Name: "State", Kind: field.Select, Slot: "f4", Options: field.Options{Choices: choices}},
		{Key: "tags", Name: "Tags", Kind: field.MultiSelect, Slot: "f5", Options: field.Options{Choices: choices}},
		{Key: "done", Name: "Done", Kind: field.Checkbox, Slot: "f6"},
		{Key: "at", Name: "At", Kind: field.DateTime, Slot: "f7"},
		{Key: "owner", Name: "Owner", Kind: field.Person, Slot: "f8"},
		{Key: "stars", Name: "Stars", Kind: field.Rating, Slot: "f9"},
		{Key: "made", Name: "Made", Kind: field.CreatedAt},
		{Key: "maker", Name: "Maker", Kind: field.CreatedBy},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// words are texts that have been trouble, in databases and in patterns.
var words = []string{"Ärger", "a\u0308rger", "Straße", "STRASSE", "İstanbul", "ıx", "ΣΊΣΥΦΟΣ", "50%", "a_b", `a\b`, "O'Neil", `"q"`, "😀x", "10", "9", "zebra", "Zebra", "éa", "ea", "中文", "ﬁn", "FIN", "\uffff", "\U00010000", "Å", "-1", "true", "null", "ǅ"}

var (
	now   = time.Date(2025, 1, 2, 23, 30, 0, 0, time.UTC)
	zone  = time.FixedZone("", 2*3600) // where it is the third already
	dates = []string{"0001-01-01", "1969-12-31", "2025-01-01", "2025-01-02", "2025-01-03", "9999-12-31"}
	times = []string{"2025-01-02T21:59:59.999Z", "2025-01-02T22:00:00.000Z", "2025-01-03T21:59:59.999Z", "2025-01-03T22:00:00.000Z", "1999-01-01T00:00:00.000Z"}
	cents = []int64{0, 1, -1, 5, 1<<53 + 1, 1<<63 - 1, -1<<63 + 1, 1000, 999}
)

func pick[T any](t *rapid.T, of []T) T { return of[rapid.IntRange(0, len(of)-1).Draw(t, "n")] }

// record is a random record; a quarter of its values are empty.
func record(t *rapid.T) *query.Record {
	r := &query.Record{ID: veranda.NewID[struct{}]().String(), Doc: field.Doc{}}
	there := func() bool { return rapid.IntRange(0, 3).Draw(t, "there") > 0 }
	put := func(slot string, value any) {
		if there() {
			r.Doc[slot] = value
		}
	}
	if there() {
		text := pick(t, words)
		if rapid.Bool().Draw(t, "two") {
			text += pick(t, words)
		}
		r.Doc["f1"], r.Doc["f1~"] = text, field.Fold(text)
	}
	put("f2", pick(t, cents))
	put("f3", pick(t, dates))
	put("f4", pick(t, []string{"o1", "o2", "o10", "o7"})) // o7 is gone
	if tags := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"o1", "o2", "o10"}), 0, 3, rapid.ID).Draw(t, "tags"); len(tags) > 0 {
		r.Doc["f5"] = tags
	}
	put("f6", int64(1))
	put("f7", pick(t, times))
	put("f8", pick(t, []string{ada, bob}))
	put("f9", int64(rapid.IntRange(1, 5).Draw(t, "stars")))
	r.Stamp = field.Stamp{CreatedAt: now.UnixMicro() + rapid.Int64Range(-2, 2).Draw(t, "at")*3_600_000_000, CreatedBy: pick(t, []string{ada, bob, ""})}
	return r
}

// filter is a random filter as people write it.
func filter(t *rapid.T, set *field.Set, deep int) string {
	if deep > 0 && rapid.IntRange(0, 2).Draw(t, "nested") > 0 {
		kind := pick(t, []string{"and", "or", "not"})
		if kind == "not" {
			return `{"not":` + filter(t, set, deep-1) + `}`
		}
		kids := make([]string, rapid.IntRange(0, 3).Draw(t, "kids"))
		for i := range kids {
			kids[i] = filter(t, set, deep-1)
		}
		return `{"` + kind + `":[` + strings.Join(kids, ",") + `]}`
	}
	f := pick(t, set.Fields())
	op := pick(t, query.Operators(f))
	term := func(value string) string { return fmt.Sprintf(`{"field":%q,"is":%q,"value":%s}`, f.Key, op, value) }
	switch op {
	case query.IsEmpty, query.NotEmpty:
		return fmt.Sprintf(`{"field":%q,"is":%q}`, f.Key, op)
	case query.AnyOf, query.NoneOf, query.HasAll:
		values := make([]string, rapid.IntRange(1, 3).Draw(t, "values"))
		for i := range values {
			values[i] = operand(t, f)
		}
		return term("[" + strings.Join(values, ",") + "]")
	}
	return term(operand(t, f))
}

func operand(t *rapid.T, f *field.Field) string {
	quoted := func(text string) string {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	switch f.Kind {
	case field.Currency:
		return quoted(f.Text(field.Doc{f.Slot: pick(t, cents)}))
	case field.Rating:
		return pick(t, []string{"0", "1", "3", "5", "77"})
	case field.Date:
		return pick(t, append([]string{`"today"`, `{"days":-1}`, `"tomorrow"`, `"this_week"`, `"last_year"`}, quoted(pick(t, dates))))
	case field.DateTime, field.CreatedAt:
		return pick(t, append([]string{`"today"`, `"yesterday"`, `{"days":1}`, `"2025-01-03"`, `"this_month"`, `"last_week"`}, quoted(pick(t, times))))
	case field.Select, field.MultiSelect:
		return pick(t, []string{`"o1"`, `"o2"`, `"o10"`, `"new"`})
	case field.Person, field.CreatedBy:
		return pick(t, []string{`"me"`, quoted(bob)})
	case field.Checkbox:
		return pick(t, []string{"true", "false"})
	}
	runes := []rune(pick(t, words))
	from := rapid.IntRange(0, len(runes)-1).Draw(t, "from")
	part := string(runes[from : from+rapid.IntRange(1, len(runes)-from).Draw(t, "length")])
	if field.Fold(part) == "" { // a mark alone
		part = "a"
	}
	return quoted(part)
}

// asking is who asks in these tests.
func asking() query.Asking {
	a := query.Asking{Now: now, Location: zone}
	if err := a.Me.UnmarshalText([]byte(ada)); err != nil {
		panic(err)
	}
	return a
}

func check(t interface{ Fatal(args ...any) }, set *field.Set, text string) *query.Checked {
	var f query.Filter
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(text, err)
	}
	var c veranda.Checks
	checked := query.Check(&c, "/filter", &f, set, asking())
	if err := c.Err(); err != nil {
		t.Fatal(text, verandatest.Fields(err))
	}
	return checked
}

// table is where the records of a test lie.
type table struct {
	name  string
	place query.Place
}

// tables makes one table as many small applications share it, and one as a large one has of its own, with columns.
func tables(t *testing.T, e *verandatest.Env, set *field.Set) []table {
	t.Helper()
	id, number, doc := "TEXT", "INTEGER", "TEXT"
	if !e.DB.Embedded() {
		id, number, doc = "UUID", "BIGINT", "JSONB"
	}
	text := "TEXT"
	if !e.DB.Embedded() {
		text = `TEXT COLLATE "C"`
	}
	shared := table{name: "test_shared", place: query.Place{Postgres: !e.DB.Embedded()}}
	own := table{name: "test_own", place: query.Place{Postgres: !e.DB.Embedded(), Columns: map[string]bool{}}}
	columns, indexes := "", []string{}
	for _, f := range set.Fields() {
		if definition := own.place.Generated(f); definition != "" {
			own.place.Columns[f.Slot] = true
			columns += definition + ", "
			indexes = append(indexes, fmt.Sprintf("CREATE INDEX test_own_%[1]s ON test_own (c_%[1]s, id)", f.Slot))
		}
	}
	base := fmt.Sprintf("(id %s PRIMARY KEY, created_at %[2]s NOT NULL, created_by %[3]s NOT NULL, changed_at %[2]s NOT NULL, changed_by %[3]s NOT NULL, ", id, number, text)
	exec(t, e, "CREATE TABLE test_shared "+base+"doc "+doc+" NOT NULL)")
	exec(t, e, "CREATE TABLE test_own "+base+columns+"doc "+doc+" NOT NULL)")
	for _, index := range indexes {
		exec(t, e, index)
	}
	return []table{shared, own}
}

func exec(t interface{ Fatal(args ...any) }, e *verandatest.Env, text string, args ...any) {
	if _, err := e.DB.Writer().DB.ExecContext(context.Background(), text, args...); err != nil {
		t.Fatal(text, err)
	}
}

func insert(t interface{ Fatal(args ...any) }, e *verandatest.Env, name string, r *query.Record) {
	exec(t, e, "INSERT INTO "+name+" (id, created_at, created_by, changed_at, changed_by, doc) VALUES ($1, $2, $3, $4, $5, $6)",
		r.ID, r.Stamp.CreatedAt, r.Stamp.CreatedBy, r.Stamp.ChangedAt, r.Stamp.ChangedBy, r.Doc.String())
}

// page reads a page of ids after a position.
func page(e *verandatest.Env, tb table, c *query.Checked, s *query.Sorting, position []string, limit int) ([]string, error) {
	b := query.NewBuilder(tb.place, 1)
	text := "SELECT r.id FROM " + tb.name + " r WHERE " + b.Where(c)
	if position != nil {
		after, err := b.After(s, position)
		if err != nil {
			return nil, err
		}
		text += " AND " + after
	}
	text += " ORDER BY " + b.OrderBy(s) + fmt.Sprintf(" LIMIT %d", limit)
	rows, err := e.DB.Writer().DB.QueryContext(context.Background(), text, b.Args()...)
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w", text, b.Args(), err)
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// sorted are the ids of the records that meet the filter, in order.
func sorted(records []*query.Record, c *query.Checked, s *query.Sorting) (ids []string, found []*query.Record) {
	for _, r := range records {
		if c.Match(r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, s.Compare)
	for _, r := range found {
		ids = append(ids, r.ID)
	}
	return ids, found
}
