package recurrence

import (
	"strings"
	"time"
	_ "time/tzdata" // zones are known also where the machine has none
)

// Zone is a time zone of the IANA data base by its name, or nil where there is none of that name. "Local" is none: what
// it means depends on the machine.
func Zone(name string) *time.Location {
	if name == "" || len(name) > 64 || strings.EqualFold(name, "local") {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

// Wall is what the clock on the wall shows at an instant, as a time in UTC.
func Wall(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

// Resolve is the instant at which the wall's clock shows a time: the first of two where the clock is put back, and with
// the offset from before the change where it is put forward over that time (RFC 5545, section 3.3.5).
func Resolve(wall time.Time, zone *time.Location) time.Time {
	wall = wall.UTC()
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	// The standard library promises one of the two offsets about a change, not which.
	near := time.Date(year, month, day, hour, minute, second, wall.Nanosecond(), zone)
	_, current := near.Zone()
	offsets := [3]int{current, current, current}
	start, end := near.ZoneBounds()
	if !start.IsZero() {
		_, offsets[0] = start.Add(-time.Second).Zone()
	}
	if !end.IsZero() {
		_, offsets[2] = end.Zone()
	}
	var found time.Time
	for _, offset := range offsets {
		at := wall.Add(-time.Duration(offset) * time.Second)
		if _, real := at.In(zone).Zone(); real == offset && (found.IsZero() || at.Before(found)) {
			found = at
		}
	}
	if found.IsZero() {
		// In a gap: at the end of the zone's period where its offset leads past it, else at the beginning.
		before := offsets[0]
		if at := wall.Add(-time.Duration(current) * time.Second); !end.IsZero() && !at.Before(end) {
			before = current
		}
		found = wall.Add(-time.Duration(before) * time.Second)
	}
	return found.In(zone)
}
