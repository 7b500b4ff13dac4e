package formula

import (
	"strings"
	"time"
)

var units = []string{"minutes", "hours", "days", "weeks", "months", "years"}

func dayFrom(t time.Time) (any, error) {
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, ErrDate
	}
	return day(t.Format(dayLayout)), nil
}

func momentOf(t time.Time) (any, error) {
	t = t.UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return nil, ErrDate
	}
	return moment(t.Format(momentLayout)), nil
}

// timeOf is the moment, or the beginning of the day in UTC; false where the value is empty.
func timeOf(v any) (time.Time, bool) {
	var (
		t   time.Time
		err error
	)
	switch v := v.(type) {
	case day:
		t, err = time.Parse(dayLayout, string(v))
	case moment:
		t, err = time.Parse(momentLayout, string(v))
	default:
		return t, false
	}
	return t, err == nil
}

func toDay(a ...any) (any, error) {
	if text, ok := a[1].(string); ok {
		if text = strings.TrimSpace(text); text == "" {
			return nil, nil
		}
		t, err := time.Parse(dayLayout, text)
		if err != nil {
			return nil, ErrNoDate
		}
		return dayFrom(t)
	}
	if t, ok := timeOf(a[1]); ok {
		return dayFrom(t)
	}
	return nil, nil
}

func toMoment(a ...any) (any, error) {
	if text, ok := a[1].(string); ok {
		if text = strings.TrimSpace(text); text == "" {
			return nil, nil
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, ErrNoDate
		}
		return momentOf(t)
	}
	if t, ok := timeOf(a[1]); ok {
		return momentOf(t)
	}
	return nil, nil
}

func part(of func(time.Time) int) func(...any) (any, error) {
	return func(a ...any) (any, error) {
		if t, ok := timeOf(a[1]); ok {
			return whole(of(t)), nil
		}
		return nil, nil
	}
}

func yearOf(t time.Time) int    { return t.Year() }
func quarterOf(t time.Time) int { return (int(t.Month()) + 2) / 3 }
func monthOf(t time.Time) int   { return int(t.Month()) }
func dayOf(t time.Time) int     { return t.Day() }
func weekdayOf(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }
func hourOf(t time.Time) int    { return t.Hour() }
func minuteOf(t time.Time) int  { return t.Minute() }

// later adds whole months; a day that the month does not have becomes its last.
func later(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

func dateAdd(a ...any) (any, error) {
	t, ok := timeOf(a[1])
	if !ok {
		return nil, nil
	}
	// Ten thousand years of minutes: more leads out of the calendar in any unit, and AddDate counts in ints.
	n, err := count(a[2], -5_300_000_000, 5_300_000_000)
	if err != nil {
		return nil, err
	}
	unit := textOf(a[3])
	if most := map[string]int{"minutes": 5_300_000_000, "hours": 88_000_000, "days": 3_660_000, "weeks": 523_000, "months": 120_000, "years": 10_000}[unit]; n > most || n < -most {
		return nil, ErrDate
	}
	switch unit {
	case "years":
		t = later(t, 12*n)
	case "months":
		t = later(t, n)
	case "weeks":
		t = t.AddDate(0, 0, 7*n)
	case "days":
		t = t.AddDate(0, 0, n)
	default:
		if _, isDay := a[1].(day); isDay {
			return nil, ErrArgument // a date has no hours
		}
		minutes := n
		if unit == "hours" {
			minutes *= 60
		}
		t = time.Unix(t.Unix()+60*int64(minutes), int64(t.Nanosecond()))
	}
	if _, isDay := a[1].(day); isDay {
		return dayFrom(t)
	}
	return momentOf(t)
}

func dateDiff(a ...any) (any, error) {
	from, ok := timeOf(a[1])
	to, also := timeOf(a[2])
	if !ok || !also {
		return nil, nil
	}
	unit := textOf(a[3])
	if unit == "months" || unit == "years" {
		months := (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
		if end := later(from, months); months > 0 && end.After(to) {
			months--
		} else if months < 0 && end.Before(to) {
			months++
		}
		if unit == "years" {
			months /= 12
		}
		return whole(months), nil
	}
	// In milliseconds, for a Duration ends after 292 years.
	between := to.UnixMilli() - from.UnixMilli()
	return number{n: between / map[string]int64{"minutes": 60_000, "hours": 3_600_000, "days": 86_400_000, "weeks": 604_800_000}[unit]}, nil
}
