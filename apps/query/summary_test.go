package query_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/verandatest"
)

func summary(t interface{ Fatal(args ...any) }, set *field.Set, groups []query.Group, aggregates []query.Aggregate, zone *time.Location) *query.Summary {
	var c veranda.Checks
	a := asking()
	a.Location = zone
	s := query.CheckSummary(&c, "/report", groups, aggregates, set, a)
	if err := c.Err(); err != nil {
		t.Fatal(verandatest.Fields(err))
	}
	return s
}

func totals(t interface{ Fatal(args ...any) }, e *verandatest.Env, tb table, c *query.Checked, s *query.Summary) *query.Totals {
	b := query.NewBuilder(tb.place, 1)
	columns, join, tail := b.Summarize(s)
	text := "SELECT " + columns + " FROM " + tb.name + " r " + join + " WHERE " + b.Where(c) + " " + tail
	rows, err := e.DB.Writer().DB.QueryContext(context.Background(), text, b.Args()...)
	if err != nil {
		t.Fatal(text, b.Args(), err)
	}
	defer func() { _ = rows.Close() }()
	got, err := s.Read(rows)
	if err != nil {
		t.Fatal(text, err)
	}
	return got
}

func render(t interface{ Fatal(args ...any) }, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Groups, counts and exact sums of both databases and both kinds of tables are those in memory, whatever the time zone.
func TestSummariesAgree(t *testing.T) {
	verandatest.Each(t, []veranda.Module{veranda.Core()}, func(t *testing.T, e *verandatest.Env) {
		set := fields(t)
		places := tables(t, e, set)
		zones := []*time.Location{nil, zone, time.FixedZone("", 5*3600+45*60), time.FixedZone("", -9*3600-1800)}
		var records []*query.Record
		rapid.Check(t, func(t *rapid.T) {
			for range rapid.IntRange(1, 8).Draw(t, "records") {
				r := record(t)
				for _, place := range places {
					insert(t, e, place.name, r)
				}
				records = append(records, r)
			}
			var groups []query.Group
			for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(set.Fields()), 0, query.MaxGroupLevels, func(f *field.Field) string { return f.Key }).Draw(t, "groups") {
				g := query.Group{Field: f.Key, Descending: rapid.Bool().Draw(t, "descending")}
				if f.Kind == field.Date || f.Kind == field.DateTime || f.Kind == field.CreatedAt {
					g.By = pick(t, []query.Period{query.ByValue, query.ByDay, query.ByWeek, query.ByMonth, query.ByQuarter, query.ByYear})
				}
				groups = append(groups, g)
			}
			aggregates := []query.Aggregate{{Function: query.Count}}
			for range rapid.IntRange(0, 5).Draw(t, "aggregates") {
				f := pick(t, set.Fields())
				aggregates = append(aggregates, query.Aggregate{Function: pick(t, query.Functions(f)), Field: f.Key})
			}
			s := summary(t, set, groups, aggregates, pick(t, zones))
			text := "{}"
			if rapid.Bool().Draw(t, "filtered") {
				text = filter(t, set, 2)
			}
			checked := check(t, set, text)
			var found []*query.Record
			for _, r := range records {
				if checked.Match(r) {
					found = append(found, r)
				}
			}
			want := render(t, s.Of(found))
			for _, place := range places {
				if got := render(t, totals(t, e, place, checked, s)); got != want {
					t.Fatalf("%s, %s by %v, %v (-want +got):\n%s", place.name, text, groups, aggregates, cmp.Diff(want, got))
				}
			}
		})
	})
}

// Figures that were worked out by hand: what memory and databases agree on is right too.
func TestSummaryFigures(t *testing.T) {
	set := fields(t)
	made := func(at string) field.Stamp {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		return field.Stamp{CreatedAt: moment.UnixMicro()}
	}
	records := []*query.Record{
		{Doc: field.Doc{"f1": "Ärger", "f1~": "arger", "f2": int64(1<<63 - 1), "f4": "o10", "f3": "2024-12-31", "f5": []string{"o1", "o2"}, "f9": int64(1)}, Stamp: made("2025-01-02T22:15:00Z")},
		{Doc: field.Doc{"f1": "arger", "f1~": "arger", "f2": int64(1<<63 - 1), "f4": "o2", "f3": "2025-01-05", "f6": int64(1), "f9": int64(2)}, Stamp: made("2025-01-02T21:59:00Z")},
		{Doc: field.Doc{"f2": int64(1), "f4": "o2", "f3": "2025-01-06", "f5": []string{"o1"}, "f9": int64(2)}, Stamp: made("2024-10-01T12:00:00Z")},
		{Doc: field.Doc{}, Stamp: made("2024-09-30T21:59:59Z")},
	}
	sum := []query.Aggregate{{Function: query.Count}, {Function: query.Sum, Field: "price"}}
	for _, test := range []struct {
		groups     []query.Group
		aggregates []query.Aggregate
		want       string
	}{
		{nil, []query.Aggregate{{Function: query.Count}, {Function: query.Sum, Field: "price"}, {Function: query.Average, Field: "stars"}, {Function: query.Min, Field: "due"}, {Function: query.Max, Field: "made"}, {Function: query.CountFilled, Field: "done"}},
			`{"groups":[{"keys":[],"values":[4,"184467440737095516.15",1.6667,"2024-12-31","2025-01-02T22:15:00.000Z",1]}]}`},
		{[]query.Group{{Field: "state"}}, sum, // in the order of the choices
			`{"groups":[{"keys":[null],"values":[1,"0.00"]},{"keys":["o2"],"values":[2,"92233720368547758.08"]},{"keys":["o10"],"values":[1,"92233720368547758.07"]}]}`},
		{[]query.Group{{Field: "name", Descending: true}}, nil, `{"groups":[{"keys":["arger"],"values":[]},{"keys":[null],"values":[]}]}`},
		{[]query.Group{{Field: "due", By: query.ByWeek}}, sum[:1],
			`{"groups":[{"keys":[null],"values":[1]},{"keys":["2025-W01"],"values":[2]},{"keys":["2025-W02"],"values":[1]}]}`},
		{[]query.Group{{Field: "made", By: query.ByDay}}, sum[:1],
			`{"groups":[{"keys":["2024-09-30"],"values":[1]},{"keys":["2024-10-01"],"values":[1]},{"keys":["2025-01-02"],"values":[1]},{"keys":["2025-01-03"],"values":[1]}]}`},
		{[]query.Group{{Field: "made", By: query.ByQuarter}, {Field: "done"}}, sum[:1],
			`{"groups":[{"keys":["2024-Q3",false],"values":[1]},{"keys":["2024-Q4",false],"values":[1]},{"keys":["2025-Q1",false],"values":[1]},{"keys":["2025-Q1",true],"values":[1]}]}`},
		{[]query.Group{{Field: "tags"}}, sum[:1],
			`{"groups":[{"keys":[null],"values":[2]},{"keys":["o2"],"values":[1]},{"keys":["o1"],"values":[2]}]}`},
	} {
		got := render(t, summary(t, set, test.groups, test.aggregates, zone).Of(records))
		if got != test.want {
			t.Errorf("%v %v (-want +got):\n%s", test.groups, test.aggregates, cmp.Diff(test.want, got))
		}
	}
}

func TestBadSummaries(t *testing.T) {
	set, hidden := fields(t), asking()
	hidden.Hidden = map[string]bool{"price": true}
	for _, test := range []struct {
		groups     []query.Group
		aggregates []query.Aggregate
		want       []string
	}{
		{[]query.Group{{Field: "nothing"}, {Field: "price"}, {Field: "name", By: query.ByDay}}, nil, []string{"/groups/0/field unknown", "/groups/1/field unknown", "/groups/2/by kind"}},
		{[]query.Group{{Field: "due", By: "century"}}, []query.Aggregate{{Function: query.Sum, Field: "price"}, {Function: query.Sum, Field: "name"}, {Function: query.Count, Field: "name"}},
			[]string{"/groups/0/by one_of", "/aggregates/0/field unknown", "/aggregates/1/function one_of", "/aggregates/2/field exclusive"}},
		{make([]query.Group, 4), make([]query.Aggregate, 21), []string{"/groups too_many", "/aggregates too_many"}},
	} {
		var c veranda.Checks
		query.CheckSummary(&c, "", test.groups, test.aggregates, set, hidden)
		verandatest.WantFields(t, c.Err(), test.want...)
	}
}

// A thousand groups are told; of more the rest is cut off, and said to be.
func TestMostGroups(t *testing.T) {
	set := fields(t)
	var records []*query.Record
	for i := range query.MaxGroups + 1 {
		records = append(records, &query.Record{Doc: field.Doc{"f2": int64(i)}})
	}
	s := summary(t, set, []query.Group{{Field: "price"}}, nil, nil)
	if got := s.Of(records); len(got.Groups) != query.MaxGroups || !got.More || string(got.Groups[0].Keys[0]) != `"0.00"` {
		t.Errorf("%d groups, more: %v", len(got.Groups), got.More)
	}
	if got := s.Of(records[1:]); len(got.Groups) != query.MaxGroups || got.More {
		t.Errorf("%d groups, more: %v", len(got.Groups), got.More)
	}
}

func BenchmarkSummary(b *testing.B) {
	set := fields(b)
	groups := []query.Group{{Field: "state"}, {Field: "due", By: query.ByMonth}}
	aggregates := []query.Aggregate{{Function: query.Count}, {Function: query.Sum, Field: "price"}}
	b.ReportAllocs()
	for b.Loop() {
		s := summary(b, set, groups, aggregates, nil)
		_, _, _ = query.NewBuilder(query.Place{Postgres: true}, 1).Summarize(s)
	}
}
