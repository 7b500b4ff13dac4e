package query_test

import (
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// How much was sold in each month, in memory and as SQL asks for it.
func ExampleSummary() {
	set, err := field.NewSet([]field.Field{
		{Key: "sold", Name: "Sold", Kind: field.Date, Slot: "f1"},
		{Key: "pieces", Name: "Pieces", Kind: field.Number, Slot: "f2"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var c veranda.Checks
	s := query.CheckSummary(&c, "", []query.Group{{Field: "sold", By: query.ByMonth}}, []query.Aggregate{{Function: query.Sum, Field: "pieces"}}, set, query.Asking{})
	if err := c.Err(); err != nil {
		fmt.Println(err)
		return
	}
	records := []*query.Record{
		{Doc: field.Doc{"f1": "2026-11-02", "f2": int64(3)}},
		{Doc: field.Doc{"f1": "2026-11-24", "f2": int64(4)}},
		{Doc: field.Doc{"f1": "2026-12-01", "f2": int64(5)}},
	}
	for _, g := range s.Of(records).Groups {
		fmt.Printf("%s %s\n", g.Keys[0], g.Values[0])
	}
	columns, _, tail := query.NewBuilder(query.Place{Postgres: true, Columns: map[string]bool{"f1": true}}, 1).Summarize(s)
	fmt.Println(columns[:7], tail)
	// Output:
	// "2026-11" 7
	// "2026-12" 5
	// r.c_f1, GROUP BY 1 LIMIT 100001
}
