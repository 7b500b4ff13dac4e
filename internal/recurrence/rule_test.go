package recurrence_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/internal/recurrence"
)

const layout = "2006-01-02 15:04"

func wall(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(layout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func rule(t testing.TB, text, start, zone string, except ...string) recurrence.Rule {
	t.Helper()
	p, err := recurrence.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var walls []time.Time
	for _, e := range except {
		walls = append(walls, wall(t, e))
	}
	return p.At(wall(t, start), recurrence.Zone(zone), walls...)
}

// instants writes occurrences as instants with their offsets.
func instants(list []recurrence.Occurrence) (texts []string) {
	for _, o := range list {
		texts = append(texts, o.At.Format("2006-01-02 15:04 -0700"))
	}
	return texts
}

func TestChangesOfTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, start, zone string
		from, to          string // UTC
		want              []string
	}{
		"New York, spring: what does not exist is an hour later": {
			"FREQ=DAILY", "2026-03-06 02:30", "America/New_York", "2026-03-07 00:00", "2026-03-10 00:00",
			[]string{"2026-03-07 02:30 -0500", "2026-03-08 03:30 -0400", "2026-03-09 02:30 -0400"},
		},
		"New York, autumn: of two the first": {
			"FREQ=DAILY", "2026-10-01 01:30", "America/New_York", "2026-10-31 00:00", "2026-11-03 00:00",
			[]string{"2026-10-31 01:30 -0400", "2026-11-01 01:30 -0400", "2026-11-02 01:30 -0500"},
		},
		"Berlin, spring": {
			"FREQ=WEEKLY;BYDAY=SU", "2026-03-01 02:00", "Europe/Berlin", "2026-03-20 00:00", "2026-04-06 00:00",
			[]string{"2026-03-22 02:00 +0100", "2026-03-29 03:00 +0200", "2026-04-05 02:00 +0200"},
		},
		"Berlin, autumn": {
			"FREQ=DAILY", "2026-01-01 02:59", "Europe/Berlin", "2026-10-24 00:00", "2026-10-27 00:00",
			[]string{"2026-10-24 02:59 +0200", "2026-10-25 02:59 +0200", "2026-10-26 02:59 +0100"},
		},
		"Lord Howe moves by half an hour, spring": {
			"FREQ=DAILY", "2026-01-01 02:15", "Australia/Lord_Howe", "2026-10-02 15:00", "2026-10-05 00:00",
			[]string{"2026-10-03 02:15 +1030", "2026-10-04 02:45 +1100", "2026-10-05 02:15 +1100"},
		},
		"Lord Howe, autumn": {
			"FREQ=DAILY", "2026-01-01 01:45", "Australia/Lord_Howe", "2026-04-03 14:00", "2026-04-06 00:00",
			[]string{"2026-04-04 01:45 +1100", "2026-04-05 01:45 +1100", "2026-04-06 01:45 +1030"},
		},
		"Samoa left out 30 December 2011: two on one day": {
			"FREQ=DAILY", "2011-12-01 09:00", "Pacific/Apia", "2011-12-29 00:00", "2012-01-01 00:00",
			[]string{"2011-12-29 09:00 -1000", "2011-12-31 09:00 +1400", "2011-12-31 09:00 +1400", "2012-01-01 09:00 +1400"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := instants(rule(t, c.text, c.start, c.zone).Between(wall(t, c.from), wall(t, c.to)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, start, to string
		want            []string
	}{
		"leap days alone": {
			"FREQ=YEARLY", "2024-02-29 09:00", "2034-01-01 00:00", []string{"2024-02-29", "2028-02-29", "2032-02-29"},
		},
		"months without the 31st are left out": {
			"FREQ=MONTHLY", "2026-01-31 09:00", "2026-06-01 00:00", []string{"2026-01-31", "2026-03-31", "2026-05-31"},
		},
		"last day of the month": {
			"FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31 09:00", "2026-04-01 00:00", []string{"2026-01-31", "2026-02-28", "2026-03-31"},
		},
		"last Friday of the month": {
			"FREQ=MONTHLY;BYDAY=-1FR", "2026-01-01 09:00", "2026-04-01 00:00", []string{"2026-01-30", "2026-02-27", "2026-03-27"},
		},
		"last working day of the month": {
			"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-01 09:00", "2026-06-01 00:00",
			[]string{"2026-01-30", "2026-02-27", "2026-03-31", "2026-04-30", "2026-05-29"},
		},
		"BYSETPOS counts in the whole first week": {
			"FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1", "2026-01-02 09:00", "2026-01-13 00:00", []string{"2026-01-05", "2026-01-12"},
		},
		"every other week begins on WKST": {
			"FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05 09:00", "1998-01-01 00:00",
			[]string{"1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"},
		},
		"Friday the thirteenth": {
			"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-01-01 09:00", "2027-01-01 00:00",
			[]string{"2026-02-13", "2026-03-13", "2026-11-13"},
		},
		"UNTIL is the last that may be": {
			"FREQ=DAILY;UNTIL=20260103T080000Z", "2026-01-01 09:00", "2027-01-01 00:00", []string{"2026-01-01", "2026-01-02", "2026-01-03"},
		},
		"UNTIL in wall time": {
			"FREQ=DAILY;UNTIL=20260103T085959", "2026-01-01 09:00", "2027-01-01 00:00", []string{"2026-01-01", "2026-01-02"},
		},
		"UNTIL a date includes its day": {
			"FREQ=DAILY;UNTIL=20260102", "2026-01-01 09:00", "2027-01-01 00:00", []string{"2026-01-01", "2026-01-02"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, o := range rule(t, c.text, c.start, "Europe/Berlin").Between(wall(t, c.start).AddDate(0, 0, -2), wall(t, c.to)) {
				got = append(got, o.Wall.Format("2006-01-02"))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRule(t *testing.T) {
	t.Parallel()
	r := rule(t, "FREQ=DAILY;COUNT=5", "2026-03-06 02:30", "America/New_York", "2026-03-07 02:30", "2026-03-08 02:30")
	all := r.Between(wall(t, "2026-03-01 00:00"), wall(t, "2026-04-01 00:00"))
	if got, want := instants(all), []string{"2026-03-06 02:30 -0500", "2026-03-09 02:30 -0400", "2026-03-10 02:30 -0400"}; !slices.Equal(got, want) {
		t.Errorf("an exception is named by its wall time and counts: got %v, want %v", got, want)
	}
	last, ok := r.Last()
	if !ok || !last.Wall.Equal(wall(t, "2026-03-10 02:30")) {
		t.Errorf("the last is %v, %v", last, ok)
	}
	if got := r.Known(last.Wall).Between(wall(t, "2026-03-09 12:00"), wall(t, "2030-01-01 00:00")); len(got) != 1 {
		t.Errorf("with its last known: %v", got)
	}
	next, ok := r.Next(all[0].At)
	if !ok || !next.At.Equal(all[1].At) {
		t.Errorf("the next is %v, %v", next, ok)
	}
	if next, ok := r.Next(all[2].At); ok {
		t.Errorf("after the last comes %v", next)
	}
	if next, ok := r.Next(wall(t, "1950-01-01 00:00")); !ok || !next.At.Equal(all[0].At) {
		t.Errorf("long before the start the next is %v, %v", next, ok)
	}
	if _, ok := r.Has(wall(t, "2026-03-08 02:30")); ok {
		t.Error("has an exception")
	}
	if _, ok := r.Has(wall(t, "2026-03-09 02:31")); ok {
		t.Error("has what is none")
	}
	if o, ok := r.Has(wall(t, "2026-03-09 02:30")); !ok || !o.At.Equal(all[1].At) {
		t.Error("has not what it has")
	}
	if n := r.Before(wall(t, "2026-03-09 02:30")); n != 3 {
		t.Errorf("%d before the fourth", n)
	}
	if o, ok := r.LastBefore(wall(t, "2026-03-09 02:30")); !ok || !o.Wall.Equal(wall(t, "2026-03-08 02:30")) {
		t.Errorf("before the fourth comes %v, %v", o, ok)
	}
	if o, ok := r.LastBefore(wall(t, "2026-03-06 02:30")); ok {
		t.Errorf("before the first comes %v", o)
	}
	endless := rule(t, "FREQ=DAILY", "2026-03-06 02:30", "America/New_York")
	if last, ok := endless.Last(); ok {
		t.Errorf("what never ends ends at %v", last)
	}
	if first, err := endless.First(); err != nil || !first.Wall.Equal(wall(t, "2026-03-06 02:30")) {
		t.Errorf("the first is %v, %v", first, err)
	}
}

func TestWhatNeverMatches(t *testing.T) {
	t.Parallel()
	for text, start := range map[string]string{
		"FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29": "2027-01-01 09:00", // 2127 is no leap year
		"FREQ=YEARLY;BYDAY=MO,TU;BYSETPOS=300":             "2026-01-01 09:00",
		"FREQ=DAILY;UNTIL=20250101":                        "2026-01-01 09:00",
		"FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31":           "2026-02-01 09:00",
		"FREQ=YEARLY;BYWEEKNO=53,-53;BYDAY=MO;INTERVAL=7":  "2027-06-01 09:00",
	} {
		first, err := rule(t, text, start, "UTC").First()
		if problem, ok := recurrence.Explain(err); !ok || problem.Rule != recurrence.RuleNever {
			t.Errorf("%s from %s: %v, %v", text, start, first, err)
		}
	}
	if first, err := rule(t, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2096-03-01 09:00", "UTC").First(); err != nil || first.Wall.Year() != 2104 {
		t.Errorf("29 February comes every eight years at the latest: %v, %v", first, err)
	}
	// It happens once in 28 years, and about 2100 once in 40.
	leapMondays := rule(t, "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", "2072-01-01 00:00", "UTC")
	if next, ok := leapMondays.Next(wall(t, "2072-03-01 00:00")); !ok || next.Wall.Year() != 2112 {
		t.Errorf("the next 29 February that is a Monday: %v, %v", next, ok)
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "local", "Local", "Mars/Olympus", "../etc/passwd", "/etc/localtime"} {
		if zone := recurrence.Zone(name); zone != nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
	zone := recurrence.Zone("Asia/Kathmandu")
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	if got := recurrence.Wall(at, zone).Format(layout); got != "2026-05-01 17:45" {
		t.Errorf("the wall shows %s", got)
	}
	if got := recurrence.Resolve(recurrence.Wall(at, zone), zone); !got.Equal(at) {
		t.Errorf("back comes %v", got)
	}
}
