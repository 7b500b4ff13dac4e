package recurrence

import (
	"iter"
	"time"

	"github.com/teambition/rrule-go"
)

// The bounds of searching.
const (
	// FirstWithin is how many years may pass between a start and the first occurrence.
	FirstWithin = 10
	// Horizon is how many years ahead Next and Last look: 29 February falls on one day of the week every 28 years, or 40
	// about a year such as 2100.
	Horizon = 50
)

// Occurrence is one time at which a rule happens.
type Occurrence struct {
	// Wall names the occurrence: its wall time.
	Wall time.Time
	// At is the instant, in the rule's zone.
	At time.Time
}

// Rule is a pattern with a start, a zone and exceptions. Make it with At.
type Rule struct {
	pattern Pattern
	start   time.Time // wall
	zone    *time.Location
	except  map[int64]bool
	last    time.Time // wall; zero where it is not known
}

// At is the rule of a pattern that starts at a wall time in a zone, without the occurrences at the wall times excepted
// (EXDATE; COUNT counts those too). The start itself is an occurrence only where the pattern has it. Seconds are the
// smallest unit.
func (p Pattern) At(start time.Time, zone *time.Location, except ...time.Time) Rule {
	r := Rule{pattern: p, start: start.UTC().Truncate(time.Second), zone: zone}
	if len(except) > 0 {
		r.except = make(map[int64]bool, len(except))
		for _, wall := range except {
			r.except[wall.Unix()] = true
		}
	}
	return r
}

// Known is the same rule with the wall time of its last occurrence, as Last told it once: a rule with COUNT is then
// expanded from near what is asked, as others are.
func (r Rule) Known(last time.Time) Rule {
	r.last = last.UTC()
	return r
}

// First is the first occurrence, exceptions counted too. A rule without one in the first ten years is refused with a
// Problem.
func (r Rule) First() (Occurrence, error) {
	for o := range r.walk(r.start, r.start.AddDate(FirstWithin, 0, 0)) {
		return o, nil
	}
	return Occurrence{}, problem(RuleNever, "must match a day within %d years of its start", FirstWithin)
}

// Last is the last occurrence, exceptions counted too; ok is false for patterns without an end, and where there is none.
// Of a COUNT that reaches beyond the year 9999 it is the last before.
func (r Rule) Last() (last Occurrence, ok bool) {
	if r.pattern.Endless() {
		return Occurrence{}, false
	}
	for o := range r.walk(r.start, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)) {
		last, ok = o, true
	}
	return last, ok
}

// Between gives the occurrences with from ≤ At < to, in order, without the exceptions. How many there are is bounded by
// the days between.
func (r Rule) Between(from, to time.Time) (list []Occurrence) {
	for o := range r.walk(r.wallBefore(from), r.wallAfter(to)) {
		if !o.At.Before(from) && o.At.Before(to) && !r.except[o.Wall.Unix()] {
			list = append(list, o)
		}
	}
	return list
}

// Next is the first occurrence after an instant that is no exception; ok is false where there is none within Horizon.
func (r Rule) Next(after time.Time) (next Occurrence, ok bool) {
	limit := r.wallAfter(after)
	if limit.Before(r.start) {
		limit = r.start
	}
	for o := range r.walk(r.wallBefore(after), limit.AddDate(Horizon, 0, 0)) {
		if o.At.After(after) && !r.except[o.Wall.Unix()] {
			return o, true
		}
	}
	return Occurrence{}, false
}

// Has tells whether there is an occurrence of that name that is no exception.
func (r Rule) Has(wall time.Time) (found Occurrence, ok bool) {
	wall = wall.UTC()
	for o := range r.walk(wall, wall) {
		if o.Wall.Equal(wall) && !r.except[wall.Unix()] {
			return o, true
		}
	}
	return Occurrence{}, false
}

// Before counts the occurrences whose wall time lies before one, exceptions counted too: what COUNT has used up by then.
func (r Rule) Before(wall time.Time) (count int) {
	for o := range r.walk(r.start, wall) {
		if o.Wall.Before(wall) {
			count++
		}
	}
	return count
}

// LastBefore is the last occurrence whose wall time lies before one, exceptions counted too.
func (r Rule) LastBefore(wall time.Time) (last Occurrence, ok bool) {
	for o := range r.walk(r.start, wall) {
		if o.Wall.Before(wall) {
			last, ok = o, true
		}
	}
	return last, ok
}

// slack is more than any change of a clock in the IANA data base moved it: Samoa left out a whole day.
const slack = 25 * time.Hour

func (r Rule) wallBefore(at time.Time) time.Time { return Wall(at, r.zone).Add(-slack) }
func (r Rule) wallAfter(at time.Time) time.Time  { return Wall(at, r.zone).Add(slack) }

// walk gives the occurrences with from ≤ Wall ≤ to, in order of their wall times, exceptions too.
func (r Rule) walk(from, to time.Time) iter.Seq[Occurrence] {
	return func(yield func(Occurrence) bool) {
		if from.Before(r.start) {
			from = r.start
		}
		if !r.last.IsZero() && r.last.Before(to) {
			to = r.last
		}
		if to.Before(from) || !r.pattern.set {
			return
		}
		counting := r.pattern.count > 0 && r.last.IsZero()
		begin := from
		if counting {
			begin = r.start
		}
		rule, err := rrule.NewRRule(r.pattern.option(r.start, r.period(begin)))
		if err != nil {
			return // Parse refused what the library refuses
		}
		next := rule.Iterator()
		for n := 0; ; {
			wall, ok := next()
			if !ok || wall.After(to) {
				return
			}
			if wall.Before(r.start) {
				continue
			}
			n++
			if counting && n > r.pattern.count {
				return
			}
			if wall.Before(from) {
				continue
			}
			o := Occurrence{Wall: wall, At: Resolve(wall, r.zone)}
			if r.pattern.until.passed(o, r.zone) || !yield(o) {
				return
			}
		}
	}
}

// period is the beginning of the last period of the pattern that starts at or before a wall time: a day, a week, a month
// or a year that lies a whole number of intervals after the start's. It has the start's time of day.
func (r Rule) period(wall time.Time) time.Time {
	hour, minute, second := r.start.Clock()
	at := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	}
	year, month, day := r.start.Date()
	interval := r.pattern.interval
	whole := func(distance int) int { return max(0, distance/interval*interval) }
	switch r.pattern.freq {
	case rrule.YEARLY:
		return at(year+whole(wall.Year()-year), 1, 1)
	case rrule.MONTHLY:
		months := (wall.Year()-year)*12 + int(wall.Month()-month)
		return at(year, month+time.Month(whole(months)), 1)
	case rrule.WEEKLY:
		day -= (mondayFirst(r.start) - r.pattern.wkst + 7) % 7
		weeks := (dayNumberOf(wall) - dayNumberOf(at(year, month, day))) / 7
		return at(year, month, day+7*whole(weeks))
	default:
		return at(year, month, day+whole(dayNumberOf(wall)-dayNumberOf(r.start)))
	}
}

// dayNumberOf counts the days since the year 1800, before which no rule starts.
func dayNumberOf(t time.Time) int {
	return int((t.Unix() - time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC).Unix()) / (24 * 60 * 60))
}
