package apps_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/query"
)

// plan is how the database answers a list.
func (f *fixture) plan(t testing.TB, a *apps.App, in apps.QueryInput) string {
	t.Helper()
	in.Org, in.App = a.Org, a.ID
	text, args, err := f.apps.ListText(context.Background(), f.Owner.Actor, in)
	if err != nil {
		t.Fatal(explain(err))
	}
	rows, err := f.DB.Reader().DB.Query(f.DB.Pick("EXPLAIN ", "EXPLAIN QUERY PLAN ")+text, args...) //sql:built the text is the one under test
	if err != nil {
		t.Fatal(text, err)
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var line string
		if f.DB.Embedded() {
			err = rows.Scan(&id, &parent, &unused, &line)
		} else {
			err = rows.Scan(&line)
		}
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// In a table of its own an application's lists go by its indexes, on both databases; so do those of a field that came later.
func TestPlansOfLargeApplication(t *testing.T) {
	large(t, 1000, func(t *testing.T, f *fixture) {
		a := f.app(t)
		f.fill(t, a, 4000, func(i int) string {
			return fmt.Sprintf(`{"name":"Item %d","article":"A%d","price":"%d.50","state":"o%d"}`, i*7919%10007, i, i*31%4000, i%2+1)
		})
		f.tiers(t)
		f.wantTier(t, a, "own")
		f.later(t)
		page, err := f.apps.QueryRecords(context.Background(), f.Owner.Actor, apps.QueryInput{Org: a.Org, App: a.ID, Limit: 1,
			Filter: filter(t, `{"field":"price","is":"at_least","value":"2000"}`), Sort: []query.Sort{{Field: "price"}}})
		if err != nil {
			t.Fatal(explain(err))
		}
		a = f.with(t, a, apps.FieldInput{Name: "Weight", Kind: "number"}, apps.FieldInput{Name: "City", Kind: "text"})
		f.later(t)
		for _, test := range []struct {
			what, index string
			in          apps.QueryInput
			ordered     bool
		}{
			{"an order", "f3", apps.QueryInput{Sort: []query.Sort{{Field: "price", Descending: true}}}, true},
			{"a page within", "f3", apps.QueryInput{Sort: []query.Sort{{Field: "price"}}, Cursor: page.Next}, true},
			{"a text", "f1", apps.QueryInput{Filter: filter(t, `{"field":"name","is":"equal","value":"item 77"}`)}, false},
			{"a range", "f3", apps.QueryInput{Filter: filter(t, `{"and":[{"field":"price","is":"at_least","value":"20"},{"field":"price","is":"less","value":"30"}]}`), Sort: []query.Sort{{Field: "price"}}}, false},
			{"an order by a field that came later", "f7", apps.QueryInput{Sort: []query.Sort{{Field: "weight"}}}, true},
			{"a text of a field that came later", "f8", apps.QueryInput{Filter: filter(t, `{"field":"city","is":"equal","value":"Rome"}`), Sort: []query.Sort{{Field: "city"}}}, false},
		} {
			plan := f.plan(t, a, test.in)
			if !strings.Contains(plan, "_"+test.index+" ") && !strings.HasSuffix(plan, "_"+test.index) ||
				test.ordered && (strings.Contains(plan, "Sort") || strings.Contains(plan, "TEMP B-TREE")) {
				t.Errorf("%s does not go by the index of %s:\n%s", test.what, test.index, plan)
			}
		}
		if !f.DB.Embedded() {
			if plan := f.plan(t, a, apps.QueryInput{Search: "item 4711 nowhere"}); !strings.Contains(plan, "_search") {
				t.Errorf("a search does not go by the trigrams:\n%s", plan)
			}
		}
	})
}

// with adds fields to an application.
func (f *fixture) with(t testing.TB, a *apps.App, fields ...apps.FieldInput) *apps.App {
	t.Helper()
	for _, field := range fields {
		var err error
		if a, err = f.apps.AddField(context.Background(), f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: field}); err != nil {
			t.Fatal(explain(err))
		}
	}
	return a
}
