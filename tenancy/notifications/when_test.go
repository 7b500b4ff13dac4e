package notifications

import (
	"testing"
	"time"
)

// Berlin puts the clock forward on 29 March 2026 at 02:00 and back on 25 October at 03:00; India is five hours and a half
// ahead of UTC; Samoa had no 30 December 2011.
func TestWhenMailsLeave(t *testing.T) {
	t.Parallel()
	daily := func(hour int) Settings { s := defaults(); s.Digest, s.Hour = DigestDaily, hour; return s }
	weekly := func(day, hour int) Settings { s := daily(hour); s.Digest, s.Weekday = DigestWeekly, day; return s }
	hourly := defaults()
	hourly.Digest = DigestHourly
	quiet := func(s Settings, from, to string, days ...int) Settings {
		s.QuietFrom, s.QuietTo, s.QuietDays = from, to, days
		return s
	}
	strict := quiet(defaults(), "22:00", "07:00")
	strict.UrgentAtOnce = false
	for name, row := range map[string]struct {
		zone     string
		settings Settings
		urgent   bool
		now      string
		want     string
	}{
		"immediately":                      {"Europe/Berlin", defaults(), false, "2026-03-04T09:30:00Z", "2026-03-04T09:35:00Z"},
		"urgent at once":                   {"Europe/Berlin", quiet(daily(8), "22:00", "07:00"), true, "2026-03-04T23:30:00Z", "2026-03-04T23:30:00Z"},
		"urgent, and still quiet":          {"Europe/Berlin", strict, true, "2026-03-04T23:30:00Z", "2026-03-05T06:00:00Z"},
		"hourly":                           {"Europe/Berlin", hourly, false, "2026-03-04T09:30:01Z", "2026-03-04T10:00:00Z"},
		"hourly on the hour":               {"Europe/Berlin", hourly, false, "2026-03-04T09:00:00Z", "2026-03-04T10:00:00Z"},
		"hourly in India":                  {"Asia/Kolkata", hourly, false, "2026-03-04T09:00:00Z", "2026-03-04T09:30:00Z"},
		"daily, today":                     {"Europe/Berlin", daily(18), false, "2026-03-04T09:30:00Z", "2026-03-04T17:00:00Z"},
		"daily, tomorrow":                  {"Europe/Berlin", daily(8), false, "2026-03-04T09:30:00Z", "2026-03-05T07:00:00Z"},
		"daily, just now":                  {"Europe/Berlin", daily(8), false, "2026-03-04T07:00:00Z", "2026-03-05T07:00:00Z"},
		"daily, before the clock":          {"Europe/Berlin", daily(8), false, "2026-03-28T07:30:00Z", "2026-03-29T06:00:00Z"},
		"daily, at what the clock skips":   {"Europe/Berlin", daily(2), false, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		"daily, at what is shown twice":    {"Europe/Berlin", daily(2), false, "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z"},
		"daily, between the two":           {"Europe/Berlin", daily(2), false, "2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"},
		"daily, where a day is missing":    {"Pacific/Apia", daily(8), false, "2011-12-29T20:00:00Z", "2011-12-30T18:00:00Z"},
		"weekly":                           {"Europe/Berlin", weekly(1, 8), false, "2026-03-04T09:30:00Z", "2026-03-09T07:00:00Z"},
		"weekly, over the clock":           {"Europe/Berlin", weekly(1, 8), false, "2026-03-25T09:30:00Z", "2026-03-30T06:00:00Z"},
		"weekly, today":                    {"Europe/Berlin", weekly(3, 18), false, "2026-03-04T09:30:00Z", "2026-03-04T17:00:00Z"},
		"weekly, Sunday":                   {"Europe/Berlin", weekly(7, 18), false, "2026-03-04T09:30:00Z", "2026-03-08T17:00:00Z"},
		"quiet at night":                   {"Europe/Berlin", quiet(defaults(), "22:00", "07:00"), false, "2026-03-04T22:30:00Z", "2026-03-05T06:00:00Z"},
		"quiet in the morning":             {"Europe/Berlin", quiet(defaults(), "22:00", "07:00"), false, "2026-03-04T03:30:00Z", "2026-03-04T06:00:00Z"},
		"quiet is over at its end":         {"Europe/Berlin", quiet(defaults(), "22:00", "07:00"), false, "2026-03-04T05:55:00Z", "2026-03-04T06:00:00Z"},
		"quiet at noon":                    {"Europe/Berlin", quiet(defaults(), "12:00", "13:00"), false, "2026-03-04T11:20:00Z", "2026-03-04T12:00:00Z"},
		"quiet on another day":             {"Europe/Berlin", quiet(defaults(), "22:00", "07:00", 5, 6), false, "2026-03-04T22:30:00Z", "2026-03-04T22:35:00Z"},
		"quiet since the day before":       {"Europe/Berlin", quiet(defaults(), "22:00", "07:00", 3), false, "2026-03-05T03:30:00Z", "2026-03-05T06:00:00Z"},
		"quiet, the clock put forward":     {"Europe/Berlin", quiet(defaults(), "22:00", "07:00"), false, "2026-03-28T23:30:00Z", "2026-03-29T05:00:00Z"},
		"quiet, the clock put back":        {"Europe/Berlin", quiet(defaults(), "22:00", "07:00"), false, "2026-10-24T23:30:00Z", "2026-10-25T06:00:00Z"},
		"quiet until what the clock skips": {"Europe/Berlin", quiet(defaults(), "22:00", "02:30"), false, "2026-03-28T23:30:00Z", "2026-03-29T01:30:00Z"},
		"quiet within what is shown twice": {"Europe/Berlin", quiet(defaults(), "02:15", "02:45"), false, "2026-10-25T00:20:00Z", "2026-10-25T00:45:00Z"},
		"daily into quiet hours":           {"Europe/Berlin", quiet(daily(6), "22:00", "07:00"), false, "2026-03-04T09:30:00Z", "2026-03-05T06:00:00Z"},
	} {
		zone, err := time.LoadLocation(row.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, row.now)
		if err != nil {
			t.Fatal(err)
		}
		s := schedule{Settings: row.settings, zone: zone}
		if got := s.mailDue(now, row.urgent).UTC().Format(time.RFC3339); got != row.want {
			t.Errorf("%s: at %s it leaves at %s, want %s", name, row.now, got, row.want)
		}
	}
}

// Text messages are not gathered.
func TestWhenMessagesLeave(t *testing.T) {
	t.Parallel()
	s := schedule{Settings: defaults(), zone: time.UTC}
	s.Digest, s.QuietFrom, s.QuietTo = DigestWeekly, "10:00", "11:00"
	for now, want := range map[string]string{"2026-03-04T09:30:00Z": "2026-03-04T09:35:00Z", "2026-03-04T09:57:00Z": "2026-03-04T11:00:00Z"} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.phoneDue(at, false).Format(time.RFC3339); got != want {
			t.Errorf("at %s it leaves at %s, want %s", now, got, want)
		}
		if got := s.phoneDue(at, true); !got.Equal(at) {
			t.Errorf("at %s what is urgent leaves at %s", now, got)
		}
	}
}
