package recurrence

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// The bounds of patterns.
const (
	MaxInterval = 1000
	MaxCount    = 10_000
	// MaxText is how many bytes a rule's text may have.
	MaxText = 500
)

// Pattern is a recurrence rule without its start, such as "FREQ=WEEKLY;BYDAY=MO,WE". The zero Pattern is none; Parse
// makes the others. Patterns are not changed once made.
type Pattern struct {
	freq     rrule.Frequency
	set      bool
	interval int
	count    int
	until    until
	wkst     int // 0 is Monday
	setPos   []int
	month    []int
	monthDay []int
	yearDay  []int
	weekNo   []int
	day      []weekday
}

// weekday is an element of BYDAY: the nth Friday, or each one where n is 0.
type weekday struct{ n, day int }

// until is the end of a pattern in one of the three forms of RFC 5545.
type until struct {
	form untilForm
	at   time.Time // an instant for untilUTC, else a wall time
}

type untilForm int

const (
	untilNone untilForm = iota
	untilUTC
	untilLocal
	untilDate
)

var dayNames = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// The layouts of RFC 5545's times.
const (
	LayoutDate  = "20060102"
	LayoutLocal = "20060102T150405"
	LayoutUTC   = "20060102T150405Z"
)

// IsZero tells whether there is no pattern.
func (p Pattern) IsZero() bool { return !p.set }

// Endless tells whether a pattern has neither COUNT nor UNTIL.
func (p Pattern) Endless() bool { return p.count == 0 && p.until.form == untilNone }

// Count is the pattern's COUNT, 0 without one.
func (p Pattern) Count() int { return p.count }

// WithCount is the same pattern with another COUNT and without UNTIL.
func (p Pattern) WithCount(n int) Pattern {
	p.count, p.until = n, until{}
	return p
}

// WithLast is the same pattern ending with the occurrence at a wall time, that one included, and without COUNT.
func (p Pattern) WithLast(wall time.Time) Pattern {
	p.count, p.until = 0, until{untilLocal, wall.UTC().Truncate(time.Second)}
	return p
}

// String is the normalised text: parts in one order, lists sorted and without repetition, what is the default left out.
// Parse of it gives the same pattern. UNTIL keeps the form it was given in.
func (p Pattern) String() string { return p.text(p.until.String()) }

// Calendar is the text for an iCalendar property, where UNTIL takes the form that the start has (RFC 5545, section
// 3.3.10): a date for all-day events, UTC for the others.
func (p Pattern) Calendar(zone *time.Location, allDay bool) string {
	end := p.until
	switch {
	case end.form == untilNone:
	case allDay:
		if end.form == untilUTC {
			end.at = Wall(end.at, zone)
		}
		end.form = untilDate
	case end.form != untilUTC:
		end = until{untilUTC, Resolve(end.wall(zone), zone).UTC()}
	}
	return p.text(end.String())
}

func (p Pattern) text(end string) string {
	if !p.set {
		return ""
	}
	var b strings.Builder
	b.WriteString("FREQ=" + p.freq.String())
	part := func(name, value string) {
		if value != "" {
			b.WriteString(";" + name + "=" + value)
		}
	}
	if p.interval > 1 {
		part("INTERVAL", strconv.Itoa(p.interval))
	}
	if p.count > 0 {
		part("COUNT", strconv.Itoa(p.count))
	}
	part("UNTIL", end)
	part("BYMONTH", joined(p.month))
	part("BYWEEKNO", joined(p.weekNo))
	part("BYYEARDAY", joined(p.yearDay))
	part("BYMONTHDAY", joined(p.monthDay))
	days := make([]string, len(p.day))
	for i, d := range p.day {
		if d.n != 0 {
			days[i] = strconv.Itoa(d.n)
		}
		days[i] += dayNames[d.day]
	}
	part("BYDAY", strings.Join(days, ","))
	part("BYSETPOS", joined(p.setPos))
	if p.wkst != 0 {
		part("WKST", dayNames[p.wkst])
	}
	return b.String()
}

func joined(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

func (u until) String() string {
	switch u.form {
	case untilUTC:
		return u.at.Format(LayoutUTC)
	case untilLocal:
		return u.at.Format(LayoutLocal)
	case untilDate:
		return u.at.Format(LayoutDate)
	default:
		return ""
	}
}

// wall is the last wall time that may still be an occurrence. An UNTIL that is a date includes its whole day.
func (u until) wall(zone *time.Location) time.Time {
	switch u.form {
	case untilUTC:
		return Wall(u.at, zone)
	case untilDate:
		return u.at.Add(24*time.Hour - time.Second)
	default:
		return u.at
	}
}

// passed tells whether an occurrence lies behind the end.
func (u until) passed(o Occurrence, zone *time.Location) bool {
	switch u.form {
	case untilNone:
		return false
	case untilUTC:
		return o.At.After(u.at)
	default:
		return o.Wall.After(u.wall(zone))
	}
}

// option is the pattern for the library, from a start that lies at the beginning of a period. What a rule takes from its
// start (the day of the month, the day of the week) is taken from the real one.
func (p Pattern) option(start, from time.Time) rrule.ROption {
	o := rrule.ROption{
		Freq: p.freq, Interval: p.interval, Dtstart: from, Wkst: libraryDay(p.wkst, 0), Bysetpos: p.setPos,
		Bymonth: p.month, Bymonthday: p.monthDay, Byyearday: p.yearDay, Byweekno: p.weekNo,
	}
	for _, d := range p.day {
		o.Byweekday = append(o.Byweekday, libraryDay(d.day, d.n))
	}
	if len(p.monthDay)+len(p.yearDay)+len(p.weekNo)+len(p.day) > 0 {
		return o
	}
	switch p.freq {
	case rrule.YEARLY:
		if len(p.month) == 0 {
			o.Bymonth = []int{int(start.Month())}
		}
		o.Bymonthday = []int{start.Day()}
	case rrule.MONTHLY:
		o.Bymonthday = []int{start.Day()}
	case rrule.WEEKLY:
		o.Byweekday = []rrule.Weekday{libraryDay(mondayFirst(start), 0)}
	}
	return o
}

// libraryDay is a day of the week, Monday being 0, as the library has it.
func libraryDay(day, n int) rrule.Weekday {
	d := [...]rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}[day]
	return d.Nth(n)
}

func mondayFirst(t time.Time) int { return (int(t.Weekday()) + 6) % 7 }

// tidy sorts a list and takes out repetition, so that two texts of one rule are one.
func tidy[T comparable](list []T, compare func(a, b T) int) []T {
	slices.SortFunc(list, compare)
	return slices.Compact(list)
}
