package wording

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

//go:embed calendars
var shipped embed.FS

// CalendarFile is the name of a language's calendar in a host's folder of the language.
const CalendarFile = "calendar.json"

// Calendar is how a language writes dates. In the patterns stand {day}, {month} (its name), {year}, {weekday}, {date},
// {time}, {zone}, and {to_day} and {to_month} of the last day of a span.
type Calendar struct {
	// Months are the names as they stand in a date, from January; Weekdays begin with Monday.
	Months   []string `json:"months"`
	Weekdays []string `json:"weekdays"`
	// Date and Moment are a day, and a time of a day in a zone.
	Date   string `json:"date"`
	Moment string `json:"moment"`
	// SpanMonth are days of one month, SpanYear of one year; other spans are two dates.
	SpanMonth string `json:"span_month"`
	SpanYear  string `json:"span_year"`
}

// ParseCalendar reads a calendar and says all that is wrong with it.
func ParseCalendar(data []byte) (*Calendar, error) {
	c := &Calendar{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	var problems []error
	if len(c.Months) != 12 || len(c.Weekdays) != 7 {
		problems = append(problems, errors.New("calendar: want 12 months and 7 weekdays"))
	}
	for name, pattern := range map[string]string{"date": c.Date, "moment": c.Moment, "span_month": c.SpanMonth, "span_year": c.SpanYear} {
		if rest := placeholders.Replace(pattern); pattern == "" || strings.ContainsAny(rest, "{}") {
			problems = append(problems, fmt.Errorf("calendar: %s is empty or has a placeholder that is none", name))
		}
	}
	return c, errors.Join(problems...)
}

var placeholders = strings.NewReplacer("{day}", "", "{month}", "", "{year}", "", "{weekday}", "", "{date}", "", "{time}", "", "{zone}", "", "{to_day}", "", "{to_month}", "")

// CalendarOf is the calendar of a language: the host's, at <folder>/calendar.json of its files, or the shipped one of the
// language or of a more general one; nil where there is none.
func CalendarOf(files fs.FS, folder, tag string) (*Calendar, error) {
	if files != nil {
		if data, err := fs.ReadFile(files, folder+"/"+CalendarFile); err == nil {
			return ParseCalendar(data)
		}
	}
	for _, tag := range parents(tag) {
		if data, err := shipped.ReadFile("calendars/" + tag + ".json"); err == nil {
			return ParseCalendar(data)
		}
	}
	return nil, nil
}

// WriteDate writes a day.
func (c *Calendar) WriteDate(t time.Time) string {
	if c == nil {
		return t.Format(time.DateOnly)
	}
	return c.fill(c.Date, t, t)
}

// WriteMoment writes a time of a day, with the zone named.
func (c *Calendar) WriteMoment(t time.Time) string {
	if c == nil {
		return t.Format("2006-01-02 15:04 ") + zoneName(t)
	}
	return strings.NewReplacer("{date}", c.WriteDate(t), "{time}", t.Format("15:04"), "{zone}", zoneName(t)).Replace(c.Moment)
}

// WriteSpan writes the days from one to another.
func (c *Calendar) WriteSpan(from, to time.Time) string {
	switch {
	case c == nil || from.Year() != to.Year():
		return c.WriteDate(from) + " – " + c.WriteDate(to)
	case from.Month() != to.Month():
		return c.fill(c.SpanYear, from, to)
	default:
		return c.fill(c.SpanMonth, from, to)
	}
}

// WriteWeekday names the day of the week.
func (c *Calendar) WriteWeekday(t time.Time) string {
	if c == nil {
		return t.Weekday().String()
	}
	return c.Weekdays[(int(t.Weekday())+6)%7]
}

func (c *Calendar) fill(pattern string, t, to time.Time) string {
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()), "{month}", c.Months[t.Month()-1], "{year}", strconv.Itoa(t.Year()), "{weekday}", c.WriteWeekday(t),
		"{to_day}", strconv.Itoa(to.Day()), "{to_month}", c.Months[to.Month()-1],
	).Replace(pattern)
}

// zoneName is a zone's abbreviation or, where it has none, how far it is from UTC: the data base then says only "+03".
func zoneName(t time.Time) string {
	name, offset := t.Zone()
	if !strings.ContainsAny(name, "+-0123456789") {
		return name
	}
	text := fmt.Sprintf("UTC%+d", offset/3600)
	if minutes := offset % 3600 / 60; minutes != 0 {
		text += fmt.Sprintf(":%02d", max(minutes, -minutes))
	}
	return text
}
