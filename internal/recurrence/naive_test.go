package recurrence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/internal/recurrence"
)

// naive expands a rule by looking at every day from the start on, with nothing of the library: the days that a period
// has, those of them that match, and of those the positions asked for.
type naive struct {
	freq                                  string
	interval, count, wkst                 int
	month, monthDay, yearDay, weekNo, pos []int
	day                                   []nthDay
}

type nthDay struct{ n, day int }

func (n naive) text() string {
	parts := []string{"FREQ=" + n.freq, fmt.Sprintf("INTERVAL=%d", n.interval), "WKST=" + names[n.wkst]}
	list := func(name string, numbers []int) {
		if len(numbers) > 0 {
			parts = append(parts, name+"="+strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]"))
		}
	}
	if n.count > 0 {
		list("COUNT", []int{n.count})
	}
	list("BYMONTH", n.month)
	list("BYMONTHDAY", n.monthDay)
	list("BYYEARDAY", n.yearDay)
	list("BYWEEKNO", n.weekNo)
	list("BYSETPOS", n.pos)
	var days []string
	for _, d := range n.day {
		if d.n != 0 {
			days = append(days, fmt.Sprint(d.n)+names[d.day])
		} else {
			days = append(days, names[d.day])
		}
	}
	if len(days) > 0 {
		parts = append(parts, "BYDAY="+strings.Join(days, ","))
	}
	return strings.Join(parts, ";")
}

var names = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

func weekdayOf(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

// period names the period of a day, counted from the start's.
func (n naive) period(start, day time.Time) int {
	switch n.freq {
	case "YEARLY":
		year := day.Year()
		if len(n.weekNo) > 0 {
			year, _ = n.week(day)
			first, _ := n.week(start)
			return year - first
		}
		return year - start.Year()
	case "MONTHLY":
		return (day.Year()-start.Year())*12 + int(day.Month()) - int(start.Month())
	case "WEEKLY":
		first := start.AddDate(0, 0, -(weekdayOf(start)-n.wkst+7)%7)
		return int(day.Sub(first).Hours()/24) / 7
	default:
		return int(day.Sub(start).Hours() / 24)
	}
}

// week is the year and number of a week, the first being that with at least four days in the year.
func (n naive) week(day time.Time) (year, number int) {
	middle := day.AddDate(0, 0, 3-(weekdayOf(day)-n.wkst+7)%7)
	return middle.Year(), (middle.YearDay()-1)/7 + 1
}

func (n naive) weeksOf(year int) int {
	_, number := n.week(time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC))
	return number
}

func (n naive) matches(start, day time.Time) bool {
	last := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	yearDays := time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	in := func(list []int, number, of int) bool {
		return len(list) == 0 || slices.Contains(list, number) || slices.Contains(list, number-of-1)
	}
	year, week := n.week(day)
	if len(n.month) > 0 && !slices.Contains(n.month, int(day.Month())) || !in(n.monthDay, day.Day(), last) ||
		!in(n.yearDay, day.YearDay(), yearDays) || !in(n.weekNo, week, n.weeksOf(year)) {
		return false
	}
	if len(n.day) > 0 {
		return slices.ContainsFunc(n.day, func(d nthDay) bool {
			if d.day != weekdayOf(day) {
				return false
			}
			place, length := day.YearDay(), yearDays
			if n.freq == "MONTHLY" || len(n.month) > 0 {
				place, length = day.Day(), last
			}
			return d.n == 0 || d.n == (place-1)/7+1 || d.n == -((length-place)/7+1)
		})
	}
	if len(n.monthDay)+len(n.yearDay)+len(n.weekNo) > 0 {
		return true
	}
	switch n.freq {
	case "YEARLY":
		return day.Day() == start.Day() && (len(n.month) > 0 || day.Month() == start.Month())
	case "MONTHLY":
		return day.Day() == start.Day()
	case "WEEKLY":
		return weekdayOf(day) == weekdayOf(start)
	default:
		return true
	}
}

func (n naive) days(start, to time.Time) (list []time.Time) {
	midnight := start.Truncate(24 * time.Hour)
	first := time.Date(start.Year()-1, 1, 1, 0, 0, 0, 0, time.UTC)
	var set []time.Time
	current := 0
	flush := func() {
		for i, day := range set {
			if len(n.pos) > 0 && !slices.Contains(n.pos, i+1) && !slices.Contains(n.pos, i-len(set)) {
				continue
			}
			at := day.Add(start.Sub(midnight))
			if !at.Before(start) && at.Before(to) && (n.count == 0 || len(list) < n.count) {
				list = append(list, at)
			}
		}
		set = nil
	}
	for day := first; day.Before(to.AddDate(1, 1, 0)); day = day.AddDate(0, 0, 1) {
		p := n.period(midnight, day)
		if n.freq == "WEEKLY" && day.Before(midnight.AddDate(0, 0, -(weekdayOf(start)-n.wkst+7)%7)) {
			continue
		}
		if p != current {
			flush()
			current = p
		}
		if p >= 0 && p%n.interval == 0 && n.matches(midnight, day) {
			set = append(set, day)
		}
	}
	return list
}

func drawRule(t *rapid.T) naive {
	list := func(label string, most int, negative bool) []int {
		least := 1
		if negative {
			least = -most
		}
		number := rapid.IntRange(least, most).Filter(func(n int) bool { return n != 0 })
		return rapid.SliceOfNDistinct(number, 1, 3, rapid.ID[int]).Draw(t, label)
	}
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	n := naive{
		freq:     rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "frequency"),
		interval: rapid.SampledFrom([]int{1, 1, 1, 2, 3, 5, 13}).Draw(t, "interval"),
		wkst:     rapid.IntRange(0, 6).Draw(t, "week start"),
	}
	if maybe("counted") {
		n.count = rapid.IntRange(1, 30).Draw(t, "count")
	}
	if n.freq == "YEARLY" && maybe("by week") {
		n.weekNo = list("weeks", 53, true)
		n.day = []nthDay{{0, rapid.IntRange(0, 6).Draw(t, "day")}}
		n.interval = 1
		return n
	}
	if maybe("by month") {
		n.month = list("months", 12, false)
	}
	if n.freq != "WEEKLY" && maybe("by day of month") {
		n.monthDay = list("days of month", 31, true)
	}
	if n.freq == "YEARLY" && maybe("by day of year") {
		n.yearDay = list("days of year", 366, true)
	}
	if maybe("by day") {
		ordinals := 0
		switch {
		case n.freq == "MONTHLY" || n.freq == "YEARLY" && len(n.month) > 0:
			ordinals = 5
		case n.freq == "YEARLY":
			ordinals = 53
		}
		for _, day := range rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 1, 4, rapid.ID[int]).Draw(t, "days") {
			n.day = append(n.day, nthDay{day: day})
		}
		if ordinals > 0 && maybe("ordinals") {
			for i := range n.day {
				n.day[i].n = rapid.IntRange(-ordinals, ordinals).Filter(func(n int) bool { return n != 0 }).Draw(t, "ordinal")
			}
		}
	}
	if n.freq != "DAILY" && len(n.month)+len(n.monthDay)+len(n.yearDay)+len(n.day) > 0 && maybe("by position") {
		n.pos = list("positions", 5, true)
	}
	return n
}

// TestAgainstNaiveExpansion: what lies between any two times, however far from the start, is what looking at every day
// since the start gives.
func TestAgainstNaiveExpansion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := drawRule(t)
		start := time.Date(2015, 1, 1, 9, 30, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 3000).Draw(t, "start"))
		from := start.AddDate(0, 0, rapid.IntRange(-100, 2500).Draw(t, "from"))
		to := from.AddDate(0, 0, rapid.IntRange(1, 800).Draw(t, "days"))
		p, err := recurrence.Parse(n.text())
		if problem, ok := recurrence.Explain(err); ok && problem.Rule == recurrence.RuleNever {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", n.text(), err)
		}
		r := p.At(start, time.UTC)
		var got, want []string
		for _, o := range r.Between(from, to) {
			got = append(got, o.Wall.Format(layout))
		}
		for _, day := range n.days(start, to) {
			if !day.Before(from) {
				want = append(want, day.Format(layout))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s from %s between %s and %s:\n got %v\nwant %v", n.text(), start, from, to, got, want)
		}
		if next, ok := r.Next(from); len(want) > 0 && want[0] != from.Format(layout) && (!ok || next.Wall.Format(layout) != want[0]) {
			t.Fatalf("%s from %s: after %s comes %v, %v, want %s", n.text(), start, from, next, ok, want[0])
		}
	})
}
