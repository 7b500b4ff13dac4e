package query_test

import (
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/verandatest"
)

// In a table of an application's own the index (column, id) is found by what is spelled here: for what is equal, for a
// range, for an order and for a page deep within it, on both databases.
func TestIndexesServe(t *testing.T) {
	verandatest.Each(t, []veranda.Module{veranda.Core()}, func(t *testing.T, e *verandatest.Env) {
		set := fields(t)
		own := tables(t, e, set)[1]
		exec(t, e, e.DB.Pick(
			`INSERT INTO test_own (id, created_at, created_by, changed_at, changed_by, doc) SELECT gen_random_uuid(), 0, '', 0, '',
				jsonb_build_object('f1', n::text, 'f1~', n::text, 'f2', n, 'f3', to_char(date '2000-01-01' + n, 'YYYY-MM-DD'), 'f6', n % 2) FROM generate_series(1, 10000) n`,
			`INSERT INTO test_own (id, created_at, created_by, changed_at, changed_by, doc) WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2000)
				SELECT printf('%036d', n), 0, '', 0, '', json_object('f1', CAST(n AS TEXT), 'f1~', CAST(n AS TEXT), 'f2', n, 'f3', date('2000-01-01', n || ' days')) FROM s`))
		if !e.DB.Embedded() { // SQLite plans without statistics, as the program does
			exec(t, e, "ANALYZE test_own")
		}
		at := &query.Record{ID: ada, Doc: field.Doc{"f1": "5", "f1~": "5", "f2": int64(900000), "f3": "2020-05-05"}}
		for _, test := range []struct {
			filter, index string
			sorts         []query.Sort
			deep          bool
		}{
			{filter: `{"field":"price","is":"equal","value":"9.00"}`, index: "test_own_f2"},
			{filter: `{"field":"name","is":"equal","value":"77"}`, index: "test_own_f1"},
			{filter: `{"and":[{"field":"price","is":"at_least","value":"3.00"},{"field":"price","is":"less","value":"3.50"}]}`, index: "test_own_f2", sorts: []query.Sort{{Field: "price"}}},
			{filter: `{"field":"due","is":"greater","value":"2001-05-05"}`, index: "test_own_f3", sorts: []query.Sort{{Field: "due", Descending: true}}},
			{filter: `{}`, index: "test_own_f1", sorts: []query.Sort{{Field: "name"}}},
			{filter: `{}`, index: "test_own_f3", sorts: []query.Sort{{Field: "due", Descending: true}}, deep: true},
			{filter: `{}`, index: "test_own_f2", sorts: []query.Sort{{Field: "price"}}, deep: true},
			{filter: `{"field":"tags","is":"none_of","value":["o1"]}`, index: "test_own_f1", sorts: []query.Sort{{Field: "name"}}, deep: true},
		} {
			checked := check(t, set, test.filter)
			var c veranda.Checks
			sorting := query.CheckSort(&c, "/sort", test.sorts, set, asking())
			b := query.NewBuilder(own.place, 1)
			text := e.DB.Pick("EXPLAIN ", "EXPLAIN QUERY PLAN ") + "SELECT r.id, r.doc FROM test_own r WHERE " + b.Where(checked)
			if test.deep {
				after, err := b.After(sorting, sorting.Position(at))
				if err != nil {
					t.Fatal(err)
				}
				text += " AND " + after
			}
			if len(test.sorts) > 0 {
				text += " ORDER BY " + b.OrderBy(sorting)
			}
			plan := strings.Join(texts(t, e, text+" LIMIT 50", b.Args()), "\n")
			if !strings.Contains(plan, test.index+" ") && !strings.HasSuffix(plan, test.index) {
				t.Errorf("%s %v: %s is not used:\n%s", test.filter, test.sorts, test.index, plan)
			}
			if len(test.sorts) > 0 && (strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort")) {
				t.Errorf("%s %v: is sorted besides:\n%s", test.filter, test.sorts, plan)
			}
		}
		if !e.DB.Embedded() {
			return
		}
		b := query.NewBuilder(own.place, 1)
		columns, join, tail := b.Summarize(summary(t, set, []query.Group{{Field: "due", By: query.ByMonth}}, []query.Aggregate{{Function: query.Sum, Field: "price"}}, nil))
		plan := strings.Join(texts(t, e, "EXPLAIN QUERY PLAN SELECT "+columns+" FROM test_own r "+join+" "+tail, b.Args()), "\n")
		if !strings.Contains(plan, "USE TEMP B-TREE FOR GROUP BY") || strings.Contains(plan, "USING INDEX") {
			t.Errorf("groups fetch each record in an index's order:\n%s", plan)
		}
	})
}
