package calendar

import (
	"slices"
	"strconv"
	"time"

	ical "github.com/arran4/golang-ical"

	"github.com/veranda-go/veranda/internal/recurrence"
)

// iCalendar writes events and dated things of other kinds in the format of RFC 5545. Tasks are VEVENTs too: calendars on
// phones and on the web show no VTODO. base is where the program is reached.
func iCalendar(events []*series, dated []*Entry, base string, now time.Time) string {
	cal := ical.NewCalendar()
	cal.SetProductId("-//Veranda//Calendar//EN")
	cal.SetMethod(ical.MethodPublish)
	cal.SetRefreshInterval("PT1H")
	cal.SetXPublishedTTL("PT1H")
	zones := map[string]time.Time{} // by name, the earliest time they are needed
	slices.SortFunc(events, func(a, b *series) int { return slices.Compare([]byte(a.id.String()), []byte(b.id.String())) })
	for _, e := range events {
		if !e.when.allDay && e.when.zone.String() != "UTC" {
			_, first, _ := e.bounds()
			if earliest, known := zones[e.when.zone.String()]; !known || first.Before(earliest) {
				zones[e.when.zone.String()] = first
			}
		}
	}
	names := make([]string, 0, len(zones))
	for name := range zones {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		addZone(cal, recurrence.Zone(name), zones[name], now)
	}
	for _, e := range events {
		addSeries(cal, e, base)
	}
	for _, d := range dated {
		addEntry(cal, d, base)
	}
	return cal.Serialize(ical.WithNewLine("\r\n")) // the library's own choice depends on the machine
}

// addSeries writes an event, and each of its changed occurrences.
func addSeries(cal *ical.Calendar, e *series, base string) {
	uid := e.id.String() + "@veranda"
	v := cal.AddEvent(uid)
	addTexts(v, e, e.title, e.description, e.place, base)
	addWhen(v, e.when)
	if e.recurring() {
		v.AddProperty(ical.ComponentPropertyRrule, e.pattern.Calendar(e.when.zone, e.when.allDay))
	}
	for _, name := range e.cancelled {
		if wall, err := wallOf(name, e.when.allDay); err == nil {
			addTime(v, ical.ComponentPropertyExdate, e.when.at(wall))
		}
	}
	for i := range e.changes {
		c := &e.changes[i]
		wall, err := wallOf(c.Occurrence, e.when.allDay)
		if err != nil {
			continue
		}
		one := cal.AddEvent(uid)
		addTexts(one, e, c.Title, c.Description, c.Place, base)
		addTime(one, ical.ComponentPropertyRecurrenceId, e.when.at(wall))
		addWhen(one, c.when(e.when))
	}
}

func addTexts(v *ical.VEvent, e *series, title, description, place, base string) {
	v.SetDtStampTime(e.updatedAt)
	v.AddProperty(ical.ComponentPropertySequence, strconv.FormatInt(e.version-1, 10))
	v.SetSummary(title)
	if description != "" {
		v.SetDescription(description)
	}
	if place != "" {
		v.SetLocation(place)
	}
	v.SetURL(base + eventPath(e.org, e.id))
}

// addWhen writes a start and an end. What takes no time has a start alone: an end must lie after it (RFC 5545, section
// 3.8.2.2).
func addWhen(v *ical.VEvent, w when) {
	addTime(v, ical.ComponentPropertyDtStart, w)
	if w.seconds == 0 {
		return
	}
	end := w
	if w.allDay {
		end.wall = w.wall.Add(w.length())
	} else {
		_, at := w.instants()
		end.wall = recurrence.Wall(at, w.zone)
	}
	addTime(v, ical.ComponentPropertyDtEnd, end)
}

// addTime writes a time in the form of what it belongs to: a date, UTC, or the wall's time with its zone.
func addTime(v *ical.VEvent, property ical.ComponentProperty, w when) {
	switch {
	case w.allDay:
		v.AddProperty(property, w.wall.Format(recurrence.LayoutDate), ical.WithValue("DATE"))
	case w.zone.String() == "UTC":
		v.AddProperty(property, w.wall.Format(recurrence.LayoutUTC))
	default:
		v.AddProperty(property, w.wall.Format(recurrence.LayoutLocal), ical.WithTZID(w.zone.String()))
	}
}

// addEntry writes what a source gave.
func addEntry(cal *ical.Calendar, d *Entry, base string) {
	uid := d.ID + "-" + d.Kind + "@veranda"
	if d.Occurrence != "" {
		uid = d.Occurrence + "-" + uid
	}
	v := cal.AddEvent(uid)
	v.SetDtStampTime(d.UpdatedAt)
	title := d.Title
	if d.Done {
		title = "✓ " + title
	}
	v.SetSummary(title)
	if d.Place != "" {
		v.SetLocation(d.Place)
	}
	v.SetURL(base + d.Path)
	if first, last, ok := d.days(); ok {
		v.AddProperty(ical.ComponentPropertyDtStart, first.Format(recurrence.LayoutDate), ical.WithValue("DATE"))
		v.AddProperty(ical.ComponentPropertyDtEnd, last.AddDate(0, 0, 1).Format(recurrence.LayoutDate), ical.WithValue("DATE"))
	} else {
		v.AddProperty(ical.ComponentPropertyDtStart, d.StartsAt.UTC().Format(recurrence.LayoutUTC))
		if d.EndsAt.After(d.StartsAt) {
			v.AddProperty(ical.ComponentPropertyDtEnd, d.EndsAt.UTC().Format(recurrence.LayoutUTC))
		}
	}
	v.AddProperty(ical.ComponentPropertyTransp, "TRANSPARENT") // it is due then, it does not take the time
}

func (e *Entry) days() (first, last time.Time, ok bool) {
	if !e.AllDay {
		return first, last, false
	}
	first, err := time.Parse(layoutDate, e.StartDate)
	if err != nil {
		return first, last, false
	}
	if last, err = time.Parse(layoutDate, e.EndDate); err != nil {
		last = first
	}
	return first, last, true
}

// zoneAhead is how many years of a zone's changes a feed tells: programs fetch it anew long before.
const zoneAhead = 10

// addZone writes a VTIMEZONE with each change of the zone's clock from a time on, as the data base of this program has
// it. Single changes say exactly what happened and happens, where a rule would be a guess.
func addZone(cal *ical.Calendar, zone *time.Location, from, now time.Time) {
	tz := cal.AddTimezone(zone.String())
	until := now.AddDate(zoneAhead, 0, 0)
	at := from.In(zone)
	for {
		start, end := at.ZoneBounds()
		name, offset := at.Zone()
		before := offset
		onset := recurrence.Wall(from, zone).AddDate(-1, 0, 0)
		if !start.IsZero() {
			_, before = start.Add(-time.Second).Zone()
			// The onset is written on the wall of the time before (RFC 5545, section 3.6.5).
			onset = start.UTC().Add(time.Duration(before) * time.Second)
		}
		var component *ical.ComponentBase
		if at.IsDST() {
			daylight := &ical.Daylight{}
			tz.Components = append(tz.Components, daylight)
			component = &daylight.ComponentBase
		} else {
			component = &tz.AddStandard().ComponentBase
		}
		component.AddProperty(ical.ComponentPropertyDtStart, onset.Format(recurrence.LayoutLocal))
		component.AddProperty(ical.ComponentProperty(ical.PropertyTzoffsetfrom), utcOffset(before))
		component.AddProperty(ical.ComponentProperty(ical.PropertyTzoffsetto), utcOffset(offset))
		component.AddProperty(ical.ComponentProperty(ical.PropertyTzname), name)
		if end.IsZero() || end.After(until) {
			return
		}
		at = end
	}
}

// utcOffset writes an offset in seconds as RFC 5545 has it, "+0130".
func utcOffset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	two := func(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }
	text := sign + two(seconds/3600) + two(seconds/60%60)
	if seconds%60 != 0 {
		text += two(seconds % 60)
	}
	return text
}
