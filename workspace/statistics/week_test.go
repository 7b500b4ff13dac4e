package statistics

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

func TestWeekBounds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone, week, starts, ends string
	}{
		{"UTC", "2026-03-02", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"},
		{"Europe/Berlin", "2026-10-19", "2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z"}, // 169 hours
		{"Europe/Berlin", "2026-03-23", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"}, // 167 hours
		{"Pacific/Auckland", "2026-03-30", "2026-03-29T11:00:00Z", "2026-04-05T12:00:00Z"},
		{"America/Los_Angeles", "2026-03-02", "2026-03-02T08:00:00Z", "2026-03-09T07:00:00Z"},
		{"Pacific/Kiritimati", "2026-01-05", "2026-01-04T10:00:00Z", "2026-01-11T10:00:00Z"},
		{"Asia/Kathmandu", "2026-01-05", "2026-01-04T18:15:00Z", "2026-01-11T18:15:00Z"},
		// The clocks of Iran went from Monday, 22 March 2021, 00:00 to 01:00: that midnight never was.
		{"Asia/Tehran", "2021-03-22", "2021-03-21T20:30:00Z", "2021-03-28T19:30:00Z"},
		{"Asia/Tehran", "2021-03-15", "2021-03-14T20:30:00Z", "2021-03-21T20:30:00Z"},
		{"America/Sao_Paulo", "1997-10-06", "1997-10-06T03:00:00Z", "1997-10-13T02:00:00Z"},
		// Those of Israel went from Monday, 24 September 2001, 01:00 back to 00:00: that midnight came twice.
		{"Asia/Jerusalem", "2001-09-24", "2001-09-23T21:00:00Z", "2001-09-30T22:00:00Z"},
		{"Asia/Jerusalem", "2001-09-17", "2001-09-16T21:00:00Z", "2001-09-23T21:00:00Z"},
	} {
		week, err := parseWeek(test.week)
		if err != nil {
			t.Fatal(err)
		}
		zone := place(t, test.zone)
		starts, ends := week.starts(zone).Format(time.RFC3339), week.ends(zone).Format(time.RFC3339)
		if starts != test.starts || ends != test.ends {
			t.Errorf("%s in %s: %s to %s, want %s to %s", test.week, test.zone, starts, ends, test.starts, test.ends)
		}
	}
}

func TestWeekOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ moment, zone, want string }{
		{"2026-03-04T09:30:00Z", "UTC", "2026-03-02"},
		{"2026-03-01T23:59:59Z", "UTC", "2026-02-23"},
		{"2026-03-01T23:59:59Z", "Europe/Berlin", "2026-03-02"},
		{"2026-03-02T07:59:59Z", "America/Los_Angeles", "2026-02-23"},
		{"2026-01-01T12:00:00Z", "UTC", "2025-12-29"},
	} {
		moment, err := time.Parse(time.RFC3339, test.moment)
		if err != nil {
			t.Fatal(err)
		}
		if got := weekOf(moment, place(t, test.zone)).String(); got != test.want {
			t.Errorf("%s in %s lies in the week of %s, want %s", test.moment, test.zone, got, test.want)
		}
	}
}

// Weeks follow each other without gap and overlap, and a week's first moment is the first that lies in it.
func TestWeeksTile(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC}
	for _, name := range []string{
		"Europe/Berlin", "Europe/Dublin", "Atlantic/Azores", "America/Los_Angeles", "America/Sao_Paulo", "America/Havana", "America/Asuncion",
		"America/Scoresbysund", "America/St_Johns", "Asia/Tehran", "Asia/Amman", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Africa/Cairo",
		"Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Apia", "Pacific/Kwajalein", "Antarctica/Troll",
	} {
		zones = append(zones, place(t, name))
	}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		moment := time.Unix(rapid.Int64Range(0, 2_200_000_000).Draw(t, "moment"), 0)
		week := weekOf(moment, zone)
		starts, ends := week.starts(zone), week.ends(zone)
		if moment.Before(starts) || !moment.Before(ends) {
			t.Fatalf("%s does not lie between %s and %s", moment.UTC(), starts, ends)
		}
		if weekOf(starts, zone) != week {
			t.Fatalf("the first moment %s lies in the week of %s, not %s", starts, weekOf(starts, zone), week)
		}
		if before := weekOf(starts.Add(-time.Microsecond), zone); before != week.add(-1) {
			t.Fatalf("the moment before %s lies in the week of %s, not in the one before %s", starts, before, week)
		}
		if again, err := parseWeek(week.String()); err != nil || again != week {
			t.Fatalf("%s reads back as %s, %v", week, again, err)
		}
	})
}
