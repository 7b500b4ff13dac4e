package notifications

import "time"

// resolve is the moment a clock in a zone shows a time of a day. What a clock skips when it is put forward comes as much
// later as it is put forward, and of what it shows twice the first counts (RFC 5545, section 3.3.5).
func resolve(zone *time.Location, year int, month time.Month, day, minute int) time.Time {
	wall := time.Date(year, month, day, 0, minute, 0, 0, time.UTC)
	_, before := wall.Add(-24 * time.Hour).In(zone).Zone()
	_, after := wall.Add(24 * time.Hour).In(zone).Zone()
	first := wall.Add(-time.Duration(before) * time.Second)
	if shows(first.In(zone), wall) || before == after {
		return first
	}
	if second := wall.Add(-time.Duration(after) * time.Second); shows(second.In(zone), wall) {
		return second
	}
	return first
}

func shows(t, wall time.Time) bool {
	return t.Day() == wall.Day() && t.Hour() == wall.Hour() && t.Minute() == wall.Minute()
}

// schedule is when somebody is told, in their time zone.
type schedule struct {
	Settings
	zone *time.Location
}

// mailDue is when a mail about something that happens now leaves.
func (s schedule) mailDue(now time.Time, urgent bool) time.Time {
	if urgent && s.UrgentAtOnce {
		return now
	}
	return s.awake(s.gathered(now, urgent))
}

// phoneDue is when a text message leaves: those are not gathered for an hour or a day, but wait for who is away, and for
// quiet hours to end.
func (s schedule) phoneDue(now time.Time, urgent bool) time.Time {
	if urgent && s.UrgentAtOnce {
		return now
	}
	return s.awake(now.Add(s.away()))
}

func (s schedule) away() time.Duration { return time.Duration(s.AwayMinutes) * time.Minute }

// gathered is when what is gathered leaves; what is urgent is not gathered.
func (s schedule) gathered(now time.Time, urgent bool) time.Time {
	local := now.In(s.zone)
	switch {
	case s.Digest == DigestImmediately || urgent:
		return now.Add(s.away())
	case s.Digest == DigestHourly:
		// By the minutes its own clock shows: not every zone is whole hours from UTC.
		past := time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
		return now.Add(time.Hour - past)
	}
	for ahead := 0; ; ahead++ {
		day := time.Date(local.Year(), local.Month(), local.Day()+ahead, 0, 0, 0, 0, time.UTC)
		if s.Digest == DigestWeekly && isoWeekday(day) != s.Weekday {
			continue
		}
		if at := resolve(s.zone, day.Year(), day.Month(), day.Day(), s.Hour*60); at.After(now) {
			return at
		}
	}
}

// awake is a moment, or the end of the quiet hours it lies in.
func (s schedule) awake(t time.Time) time.Time {
	from, to, days, ok := s.quiet()
	if !ok {
		return t
	}
	// A night's end may lie in another quiet period only where the two touch, which a day's own from and to never do; a
	// clock that is put back can bring it about once.
	for range 3 {
		moved := false
		local := t.In(s.zone)
		for ahead := -1; ahead <= 0; ahead++ {
			day := time.Date(local.Year(), local.Month(), local.Day()+ahead, 0, 0, 0, 0, time.UTC)
			if days&(1<<(isoWeekday(day)-1)) == 0 {
				continue
			}
			last := day
			if to <= from {
				last = day.AddDate(0, 0, 1)
			}
			begins := resolve(s.zone, day.Year(), day.Month(), day.Day(), from)
			ends := resolve(s.zone, last.Year(), last.Month(), last.Day(), to)
			if !t.Before(begins) && t.Before(ends) {
				t, moved = ends, true
			}
		}
		if !moved {
			break
		}
	}
	return t.UTC()
}

// isoWeekday is 1 for Monday to 7 for Sunday (ISO 8601).
func isoWeekday(t time.Time) int { return int(t.Weekday()+6)%7 + 1 }
