package query

import (
	"encoding/json"
	"strings"
	"time"
)

// span reads a period that a day or moment is compared with: "this_week", "last_month", "next_quarter", "this_year" and so
// on, in the zone of who asks; weeks begin on Monday. It lasts from one midnight until another.
func (k *checker) span(raw json.RawMessage) (from, until time.Time, ok bool) {
	var word string
	if len(raw) > 20 || json.Unmarshal(raw, &word) != nil {
		return from, until, false
	}
	which, period, _ := strings.Cut(word, "_")
	away := map[string]int{"last": -1, "this": 0, "next": 1}
	n, known := away[which]
	if !known {
		return from, until, false
	}
	now := k.asking.Now.In(k.asking.Location)
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, k.asking.Location)
	}
	switch Period(period) {
	case ByWeek:
		monday := now.Day() - (int(now.Weekday())+6)%7 + 7*n
		return day(now.Year(), now.Month(), monday), day(now.Year(), now.Month(), monday+7), true
	case ByMonth:
		month := now.Month() + time.Month(n)
		return day(now.Year(), month, 1), day(now.Year(), month+1, 1), true
	case ByQuarter:
		first := now.Month() - (now.Month()-1)%3 + time.Month(3*n)
		return day(now.Year(), first, 1), day(now.Year(), first+3, 1), true
	case ByYear:
		return day(now.Year()+n, time.January, 1), day(now.Year()+n+1, time.January, 1), true
	}
	return from, until, false
}
