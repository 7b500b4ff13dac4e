package statistics

import "time"

// calendarWeek is a week by the date of its Monday, kept as that date's midnight in UTC so that days can be added.
type calendarWeek struct{ monday time.Time }

// dateLayout is how weeks are written: ISO 8601 dates, which sort by time.
const dateLayout = time.DateOnly

// weekOf is the week a moment lies in, at a place.
func weekOf(moment time.Time, place *time.Location) calendarWeek {
	local := moment.In(place)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	sinceMonday := (int(day.Weekday()) + 6) % 7
	return calendarWeek{day.AddDate(0, 0, -sinceMonday)}
}

// parseWeek reads a week as it is written.
func parseWeek(text string) (calendarWeek, error) {
	monday, err := time.Parse(dateLayout, text)
	return calendarWeek{monday}, err
}

func (w calendarWeek) String() string { return w.monday.Format(dateLayout) }

// add is the week so many weeks later.
func (w calendarWeek) add(weeks int) calendarWeek {
	return calendarWeek{w.monday.AddDate(0, 0, 7*weeks)}
}

func (w calendarWeek) before(other calendarWeek) bool { return w.monday.Before(other.monday) }

// starts is the first moment of the week's Monday at a place. That is midnight, unless the clocks there skip or repeat
// it: then it is the moment the new day begins for the first time. Weeks so have neither gaps nor overlaps.
func (w calendarWeek) starts(place *time.Location) time.Time {
	year, month, day := w.monday.Date()
	start := time.Date(year, month, day, 0, 0, 0, 0, place)
	if weekOf(start, place).before(w) {
		// Midnight is skipped and was understood by the offset that holds afterwards: the day begins with the change.
		_, change := start.ZoneBounds()
		start = change
	}
	if change, _ := start.ZoneBounds(); !change.IsZero() {
		// Midnight comes twice when the clocks are put back over it: the day began before the change.
		_, after := start.Zone()
		_, before := change.Add(-time.Nanosecond).Zone()
		earlier := start.Add(time.Duration(after-before) * time.Second)
		if earlier.Before(change) && weekOf(earlier, place) == w {
			start = earlier
		}
	}
	return start.UTC()
}

// ends is the first moment of the week after.
func (w calendarWeek) ends(place *time.Location) time.Time { return w.add(1).starts(place) }
