package query_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/verandatest"
)

func searchFields(t testing.TB) *field.Set {
	t.Helper()
	choices := []field.Choice{{ID: "o2", Name: "Ärger"}, {ID: "o10", Name: "50%"}, {ID: "o1", Name: "x ea"}}
	set, err := field.NewSet([]field.Field{
		{Key: "name", Name: "Name", Kind: field.Text, Slot: "f1"},
		{Key: "notes", Name: "Notes", Kind: field.LongText, Slot: "f2"},
		{Key: "state", Name: "State", Kind: field.Select, Slot: "f3", Options: field.Options{Choices: choices}},
		{Key: "tags", Name: "Tags", Kind: field.MultiSelect, Slot: "f4", Options: field.Options{Choices: choices}},
		{Key: "number", Name: "Number", Kind: field.AutoNumber, Slot: "f5", Options: field.Options{Prefix: "ÄB-", Digits: 3}},
		{Key: "due", Name: "Due", Kind: field.Date, Slot: "f6"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func search(t interface{ Fatal(args ...any) }, set *field.Set, text string, hidden ...string) *query.Search {
	var c veranda.Checks
	a := asking()
	a.Hidden = map[string]bool{}
	for _, key := range hidden {
		a.Hidden[key] = true
	}
	s := query.CheckSearch(&c, "/search", text, set, a)
	if err := c.Err(); err != nil {
		t.Fatal(text, err)
	}
	return s
}

// What both databases find by words is what memory finds, hidden fields or not.
func TestSearchesAgree(t *testing.T) {
	verandatest.Each(t, []veranda.Module{veranda.Core()}, func(t *testing.T, e *verandatest.Env) {
		set := searchFields(t)
		places := tables(t, e, set)
		for _, place := range places {
			exec(t, e, "ALTER TABLE "+place.name+" ADD COLUMN search TEXT")
		}
		var records []*query.Record
		rapid.Check(t, func(t *rapid.T) {
			for range rapid.IntRange(1, 5).Draw(t, "records") {
				r := &query.Record{ID: veranda.NewID[struct{}]().String(), Doc: field.Doc{}}
				for _, slot := range []string{"f1", "f2"} {
					if rapid.Bool().Draw(t, slot) {
						text := pick(t, words) + pick(t, []string{" ", "\n", ""}) + pick(t, words)
						r.Doc[slot], r.Doc[slot+"~"] = text, field.Fold(text)
					}
				}
				if rapid.Bool().Draw(t, "state") {
					r.Doc["f3"] = pick(t, []string{"o1", "o2", "o10", "o9"})
				}
				if tags := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"o1", "o2", "o10"}), 0, 3, rapid.ID).Draw(t, "tags"); len(tags) > 0 {
					r.Doc["f4"] = tags
				}
				if rapid.Bool().Draw(t, "numbered") {
					r.Doc["f5"] = pick(t, []int64{1, 10, 999, 9123})
				}
				for _, place := range places {
					insert(t, e, place.name, r)
					exec(t, e, "UPDATE "+place.name+" SET search = $1 WHERE id = $2", set.SearchText(r.Doc), r.ID)
				}
				records = append(records, r)
			}
			text := pick(t, append([]string{"1", "01", "äb-9", "0999"}, words...))
			if runes := []rune(text); rapid.Bool().Draw(t, "part") {
				text = string(runes[:1+len(runes)/2])
			}
			if rapid.Bool().Draw(t, "two") {
				text += " " + pick(t, words)
			}
			hidden := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"name", "notes", "state", "tags", "number", "due"}), rapid.ID).Draw(t, "hidden")
			s := search(t, set, text, hidden...)
			var want []string
			for _, r := range records {
				if s.Match(r) {
					want = append(want, r.ID)
				}
			}
			slices.Sort(want)
			for _, place := range places {
				b := query.NewBuilder(place.place, 1)
				spelled := "SELECT r.id FROM " + place.name + " r WHERE " + b.Search(s) + " ORDER BY r.id"
				if got := texts(t, e, spelled, b.Args()); strings.Join(got, " ") != strings.Join(want, " ") {
					t.Fatalf("%s: %q without %v finds %v, want %v\n%s", place.name, text, hidden, got, want, spelled)
				}
			}
		})
	})
}

// texts reads a query's last column.
func texts(t interface{ Fatal(args ...any) }, e *verandatest.Env, text string, args []any) (all []string) {
	rows, err := e.DB.Writer().DB.QueryContext(context.Background(), text, args...)
	if err != nil {
		t.Fatal(text, args, err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, destinations := make([]string, len(columns)), make([]any, len(columns))
	for i := range values {
		destinations[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(destinations...); err != nil {
			t.Fatal(err)
		}
		all = append(all, values[len(values)-1])
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// What lies in a hidden field is not found, also where the same record has another word elsewhere.
func TestSearchMeaning(t *testing.T) {
	set := searchFields(t)
	r := &query.Record{Doc: field.Doc{"f1": "Große Straße", "f1~": "grosse strasse", "f2": "Secret", "f2~": "secret", "f3": "o2", "f5": int64(7)}}
	for _, test := range []struct {
		text   string
		hidden []string
		want   bool
	}{
		{"", nil, true}, {" STRASSE  größer ", nil, false}, {"STRASSE große", nil, true}, {"arger äb-007", nil, true}, {"secret", nil, true},
		{"secret", []string{"notes"}, false}, {"grosse secret", []string{"notes"}, false}, {"grosse", []string{"notes"}, true},
		{"ärger", []string{"notes"}, true}, {"007", []string{"number"}, false}, {"\u0301", nil, true},
	} {
		if got := search(t, set, test.text, test.hidden...).Match(r); got != test.want {
			t.Errorf("%q without %v: %v", test.text, test.hidden, got)
		}
	}
	var c veranda.Checks
	query.CheckSearch(&c, "/search", "a b c d e f g h i j k", set, asking())
	query.CheckSearch(&c, "/long", strings.Repeat("x", 1001), set, asking())
	verandatest.WantFields(t, c.Err(), "/search too_many", "/long too_long")
}
