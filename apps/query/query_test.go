package query_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/verandatest"
)

// What the databases find, page after page, is what the evaluation in memory finds, in the same order: in the table that
// small applications share and in a large one's own.
func TestDatabasesAgree(t *testing.T) {
	verandatest.Each(t, []veranda.Module{veranda.Core()}, func(t *testing.T, e *verandatest.Env) {
		set := fields(t)
		places := tables(t, e, set)
		var records []*query.Record
		rapid.Check(t, func(t *rapid.T) { // each case adds records to those of the cases before
			for range rapid.IntRange(1, 8).Draw(t, "records") {
				r := record(t)
				for _, place := range places {
					insert(t, e, place.name, r)
				}
				records = append(records, r)
			}
			text := filter(t, set, 4)
			checked := check(t, set, text)
			var sorts []query.Sort
			for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"name", "price", "due", "state", "done", "at", "owner", "stars", "made", "maker"}), 0, 3, rapid.ID).Draw(t, "sorts") {
				sorts = append(sorts, query.Sort{Field: key, Descending: rapid.Bool().Draw(t, "descending")})
			}
			var c veranda.Checks
			sorting := query.CheckSort(&c, "/sort", sorts, set, asking())
			if err := c.Err(); err != nil {
				t.Fatal(err)
			}
			want, found := sorted(records, checked, sorting)
			limit := rapid.IntRange(1, 20).Draw(t, "limit")
			start := 0 // a page somewhere within
			var position []string
			if len(found) > 0 && rapid.Bool().Draw(t, "after") {
				start = rapid.IntRange(0, len(found)-1).Draw(t, "start")
				position = sorting.Position(found[start])
				start++
			}
			want = want[start:min(start+limit, len(want))]
			for _, place := range places {
				got, err := page(e, place, checked, sorting, position, limit)
				if err != nil {
					t.Fatal(err)
				}
				if strings.Join(got, " ") != strings.Join(want, " ") {
					t.Fatalf("%s, %s sorted by %v after %q (-want +got):\n%s", place.name, text, sorts, position, cmp.Diff(want, got))
				}
			}
		})
	})
}

func TestBadFilters(t *testing.T) {
	set := fields(t)
	deep := strings.Repeat(`{"not":`, query.MaxDepth) + `{"field":"done","is":"equal","value":true}` + strings.Repeat(`}`, query.MaxDepth)
	wide := `{"or":[` + strings.Repeat(`{"field":"done","is":"equal","value":true},`, query.MaxTerms) + `{"field":"done","is":"equal","value":true}]}`
	hidden := asking()
	hidden.Hidden = map[string]bool{"price": true}
	for _, test := range []struct {
		filter string
		want   string
	}{
		{`{"field":"nothing","is":"equal","value":1}`, "/filter/field unknown"},
		{`{"field":"price","is":"equal","value":"1"}`, "/filter/field unknown"}, // hidden
		{`{"and":[{"field":"name","is":"near","value":"a"},{"field":"due","is":"less","value":"soon"}]}`, "/filter/and/0/is one_of, /filter/and/1/value value"},
		{`{"field":"name","is":"contains","value":""}`, "/filter/value value"},
		{`{"field":"name","is":"contains"}`, "/filter/value value"},
		{`{"field":"name","is":"empty","value":1}`, "/filter/value exclusive"},
		{`{"field":"stars","is":"any_of","value":3}`, "/filter/value type"},
		{`{"field":"stars","is":"any_of","value":[]}`, "/filter/value too_few"},
		{`{"field":"stars","is":"any_of","value":[1,"x"]}`, "/filter/value/1 value"},
		{`{"field":"done","is":"equal","value":"yes"}`, "/filter/value type"},
		{`{"field":"state","is":"equal","value":"gone"}`, "/filter/value value"},
		{`{"and":[],"or":[]}`, "/filter exclusive"},
		{`{"not":{}}`, "/filter/not exclusive"},
		{deep, "/filter" + strings.Repeat("/not", query.MaxDepth) + " too_deep"},
		{wide, "/filter/or/199 too_many"},
	} {
		var f query.Filter
		if err := json.Unmarshal([]byte(test.filter), &f); err != nil {
			t.Errorf("%.100s: %v", test.filter, err)
			continue
		}
		var c veranda.Checks
		query.Check(&c, "/filter", &f, set, hidden)
		var got []string
		for _, f := range verandatest.Fields(c.Err()) {
			got = append(got, f.Pointer+" "+f.Rule)
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%.100s is refused with %q, want %q", test.filter, got, test.want)
		}
	}
	for _, text := range []string{
		strings.Repeat(`{"not":`, 1000) + `{}` + strings.Repeat(`}`, 1000), `{"field":"` + strings.Repeat("x", query.MaxSize) + `"}`,
		`{"sql":"1=1"}`, `{"field":1}`, `[]`,
	} {
		var f query.Filter
		if err := json.Unmarshal([]byte(text), &f); err == nil {
			t.Errorf("%.100s is taken", text)
		}
	}
}

func TestBadSorts(t *testing.T) {
	set := fields(t)
	var c veranda.Checks
	query.CheckSort(&c, "/sort", []query.Sort{{Field: "nothing"}, {Field: "tags"}, {Field: "name"}, {Field: "name", Descending: true}}, set, asking())
	verandatest.WantFields(t, c.Err(), "/sort/0/field unknown", "/sort/1/field kind", "/sort/3/field duplicate")
	s := query.CheckSort(new(veranda.Checks), "/sort", []query.Sort{{Field: "price"}}, set, asking())
	for _, position := range [][]string{nil, {"1"}, {"x", ada}, {"1", ada, "2"}} {
		if text, err := query.NewBuilder(query.Place{}, 1).After(s, position); err == nil {
			t.Errorf("the position %q is taken: %s", position, text)
		}
	}
}

// A filter is never a part of the text: whatever is asked, the text is made of the words of its own.
func FuzzFilter(f *testing.F) {
	set := fields(f)
	for _, seed := range []string{
		`{"field":"name","is":"contains","value":"'; DROP TABLE x; --"}`, `{"and":[{"field":"price","is":"less","value":"1.50"}]}`,
		`{"not":{"field":"tags","is":"has_all","value":["o1"]}}`, `{"field":"due","is":"equal","value":{"days":7}}`, `{"or":[]}`, `{`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var asked query.Filter
		if json.Unmarshal([]byte(text), &asked) != nil {
			return
		}
		var c veranda.Checks
		checked := query.Check(&c, "", &asked, set, asking())
		if c.Err() != nil {
			return
		}
		checked.Match(&query.Record{Doc: field.Doc{}})
		for _, place := range []query.Place{{}, {Postgres: true}, {Columns: map[string]bool{"f1": true, "f2": true}}} {
			b := query.NewBuilder(place, 1)
			where := b.Where(checked)
			if strings.ContainsAny(where, ";\\\n") || strings.Contains(where, "--") || strings.Count(where, "(") != strings.Count(where, ")") {
				t.Errorf("%q is spelled %s", text, where)
			}
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	set := fields(b)
	const text = `{"and":[{"field":"state","is":"any_of","value":["o1","o2"]},{"or":[{"field":"due","is":"less","value":"today"},{"field":"name","is":"contains","value":"ann"}]},{"field":"owner","is":"equal","value":"me"}]}`
	b.ReportAllocs()
	for b.Loop() {
		checked := check(b, set, text)
		builder := query.NewBuilder(query.Place{Postgres: true}, 4)
		_ = builder.Where(checked)
	}
}
