package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// Periods are those of who asks, for whom it is Friday, January 3rd, 2025.
func TestPeriods(t *testing.T) {
	set := fields(t)
	for _, test := range []struct{ word, before, first, last, after string }{
		{"this_week", "2024-12-29", "2024-12-30", "2025-01-05", "2025-01-06"},
		{"last_week", "2024-12-22", "2024-12-23", "2024-12-29", "2024-12-30"},
		{"next_week", "2025-01-05", "2025-01-06", "2025-01-12", "2025-01-13"},
		{"this_month", "2024-12-31", "2025-01-01", "2025-01-31", "2025-02-01"},
		{"last_month", "2024-11-30", "2024-12-01", "2024-12-31", "2025-01-01"},
		{"next_month", "2025-01-31", "2025-02-01", "2025-02-28", "2025-03-01"},
		{"this_quarter", "2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01"},
		{"last_quarter", "2024-09-30", "2024-10-01", "2024-12-31", "2025-01-01"},
		{"next_quarter", "2025-03-31", "2025-04-01", "2025-06-30", "2025-07-01"},
		{"this_year", "2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01"},
		{"last_year", "2023-12-31", "2024-01-01", "2024-12-31", "2025-01-01"},
	} {
		for is, want := range map[query.Operator]string{
			query.Equal: ".xx..", query.NotEqual: "x..xx", query.Less: "x....", query.AtMost: "xxx..", query.AtLeast: ".xxx.", query.Greater: "...x.",
		} {
			checked := check(t, set, fmt.Sprintf(`{"field":"due","is":%q,"value":%q}`, is, test.word))
			var got strings.Builder
			for _, due := range []string{test.before, test.first, test.last, test.after, ""} {
				r := &query.Record{Doc: field.Doc{}}
				if due != "" {
					r.Doc["f3"] = due
				}
				if checked.Match(r) {
					got.WriteByte('x')
				} else {
					got.WriteByte('.')
				}
			}
			if got.String() != want {
				t.Errorf("%s %s: %s, want %s", is, test.word, got.String(), want)
			}
		}
	}
	// Moments are compared with the midnights of who asks, two hours before those of UTC.
	checked := check(t, set, `{"field":"at","is":"equal","value":"this_month"}`)
	for moment, want := range map[string]bool{"2024-12-31T21:59:59.999Z": false, "2024-12-31T22:00:00.000Z": true, "2025-01-31T21:59:59.999Z": true, "2025-01-31T22:00:00.000Z": false} {
		if got := checked.Match(&query.Record{Doc: field.Doc{"f7": moment}}); got != want {
			t.Errorf("%s in this month: %v", moment, got)
		}
	}
}
