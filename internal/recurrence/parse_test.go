package recurrence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda/internal/recurrence"
)

func TestParseNormalises(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"FREQ=DAILY": "FREQ=DAILY",
		"rrule:freq=weekly;wkst=mo;interval=1;byday=we,mo,we;":  "FREQ=WEEKLY;BYDAY=MO,WE",
		" RRULE:BYDAY=-1FR;FREQ=MONTHLY ":                       "FREQ=MONTHLY;BYDAY=-1FR",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1":         "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
		"FREQ=YEARLY;INTERVAL=2;BYMONTH=12,1;BYMONTHDAY=+31,-1": "FREQ=YEARLY;INTERVAL=2;BYMONTH=1,12;BYMONTHDAY=-1,31",
		"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO":                      "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
		"FREQ=YEARLY;BYDAY=53MO":                                "FREQ=YEARLY;BYDAY=53MO",
		"FREQ=DAILY;UNTIL=20301231T235959Z":                     "FREQ=DAILY;UNTIL=20301231T235959Z",
		"FREQ=DAILY;UNTIL=20301231T235959":                      "FREQ=DAILY;UNTIL=20301231T235959",
		"FREQ=DAILY;UNTIL=20301231":                             "FREQ=DAILY;UNTIL=20301231",
		"FREQ=DAILY;COUNT=010":                                  "FREQ=DAILY;COUNT=10",
		"FREQ=WEEKLY;INTERVAL=1000;WKST=SU;BYDAY=SU,SA":         "FREQ=WEEKLY;INTERVAL=1000;BYDAY=SA,SU;WKST=SU",
	} {
		p, err := recurrence.Parse(text)
		if err != nil || p.String() != want {
			t.Errorf("%q: got %q, %v, want %q", text, p, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      recurrence.RuleSyntax,
		"every monday":          recurrence.RuleSyntax,
		"FREQ":                  recurrence.RuleSyntax,
		"FREQ=":                 recurrence.RuleSyntax,
		"FREQ=DAILY;FREQ=DAILY": recurrence.RuleSyntax,
		"FREQ=DAILY;X=" + strings.Repeat("1", 600): recurrence.RuleSyntax,
		"INTERVAL=2":                               recurrence.RuleFrequency,
		"FREQ=SECONDLY":                            recurrence.RuleFrequency,
		"FREQ=MINUTELY":                            recurrence.RuleFrequency,
		"FREQ=HOURLY;INTERVAL=24;BYHOUR=3":         recurrence.RuleFrequency,
		"FREQ=DAILY;INTERVAL=0":                    recurrence.RuleInterval,
		"FREQ=DAILY;INTERVAL=-1":                   recurrence.RuleInterval,
		"FREQ=DAILY;INTERVAL=1001":                 recurrence.RuleInterval,
		"FREQ=DAILY;COUNT=0":                       recurrence.RuleCount,
		"FREQ=DAILY;COUNT=2000000000":              recurrence.RuleCount,
		"FREQ=DAILY;COUNT=2;UNTIL=20300101":        recurrence.RulePart,
		"FREQ=DAILY;UNTIL=tomorrow":                recurrence.RuleUntil,
		"FREQ=DAILY;UNTIL=20301301":                recurrence.RuleUntil,
		"FREQ=DAILY;BYHOUR=3":                      recurrence.RulePart,
		"FREQ=DAILY;BYMINUTE=3":                    recurrence.RulePart,
		"FREQ=DAILY;BYSECOND=3":                    recurrence.RulePart,
		"FREQ=DAILY;BYEASTER=0":                    recurrence.RulePart,
		"FREQ=DAILY;DTSTART=20260101":              recurrence.RulePart,
		"FREQ=DAILY;BYMONTH=13":                    recurrence.RuleValue,
		"FREQ=DAILY;BYMONTH=-1":                    recurrence.RuleValue,
		"FREQ=MONTHLY;BYMONTHDAY=0":                recurrence.RuleValue,
		"FREQ=MONTHLY;BYMONTHDAY=32":               recurrence.RuleValue,
		"FREQ=WEEKLY;BYDAY=XX":                     recurrence.RuleValue,
		"FREQ=WEEKLY;BYDAY=M":                      recurrence.RuleValue,
		"FREQ=MONTHLY;BYDAY=6MO":                   recurrence.RuleValue,
		"FREQ=YEARLY;BYMONTH=12;BYDAY=53MO":        recurrence.RuleValue,
		"FREQ=MONTHLY;BYDAY=0MO":                   recurrence.RuleValue,
		"FREQ=MONTHLY;BYDAY=2MO,FR":                recurrence.RulePart,
		"FREQ=WEEKLY;BYDAY=2MO":                    recurrence.RulePart,
		"FREQ=YEARLY;BYWEEKNO=3;BYDAY=2MO":         recurrence.RulePart,
		"FREQ=YEARLY;BYWEEKNO=3":                   recurrence.RulePart,
		"FREQ=MONTHLY;BYWEEKNO=3;BYDAY=MO":         recurrence.RulePart,
		"FREQ=WEEKLY;BYMONTHDAY=3":                 recurrence.RulePart,
		"FREQ=MONTHLY;BYYEARDAY=3":                 recurrence.RulePart,
		"FREQ=MONTHLY;BYSETPOS=1":                  recurrence.RulePart,
		"FREQ=DAILY;BYDAY=MO;BYSETPOS=2":           recurrence.RulePart,
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30":      recurrence.RuleNever,
		"FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=31,-31": recurrence.RuleNever,
	} {
		p, err := recurrence.Parse(text)
		problem, ok := recurrence.Explain(err)
		if !ok || problem.Rule != want || problem.Message == "" {
			t.Errorf("%q: got %q, %v, want %s", text, p, err, want)
		}
	}
	if _, ok := recurrence.Explain(nil); ok {
		t.Error("no error explained as a problem")
	}
}

func TestCalendarText(t *testing.T) {
	t.Parallel()
	berlin := recurrence.Zone("Europe/Berlin")
	for _, c := range []struct {
		text, want string
		allDay     bool
	}{
		{"FREQ=DAILY;UNTIL=20260701", "FREQ=DAILY;UNTIL=20260701T215959Z", false},
		{"FREQ=DAILY;UNTIL=20260701T100000", "FREQ=DAILY;UNTIL=20260701T080000Z", false},
		{"FREQ=DAILY;UNTIL=20260701T100000Z", "FREQ=DAILY;UNTIL=20260701T100000Z", false},
		{"FREQ=DAILY;UNTIL=20260701T230000Z", "FREQ=DAILY;UNTIL=20260702", true},
		{"FREQ=DAILY;UNTIL=20260701T100000", "FREQ=DAILY;UNTIL=20260701", true},
		{"FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=3", true},
	} {
		p, err := recurrence.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Calendar(berlin, c.allDay); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

// FuzzParse: whatever is given is refused with a Problem or read, and what is read answers every question in bounds.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE;WKST=SU;BYSETPOS=-1", "FREQ=YEARLY;BYWEEKNO=53,-53;BYDAY=SU",
		"FREQ=YEARLY;BYDAY=-53MO,53SU;INTERVAL=3", "FREQ=MONTHLY;BYDAY=-5SU,5FR;BYMONTH=2", "FREQ=SECONDLY",
		"FREQ=DAILY;UNTIL=20260701T100000Z;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYYEARDAY=-366,366;COUNT=99",
	} {
		f.Add(seed, int64(1_780_000_000))
	}
	zone := recurrence.Zone("America/New_York")
	f.Fuzz(func(t *testing.T, text string, seconds int64) {
		p, err := recurrence.Parse(text)
		if err != nil {
			if _, ok := recurrence.Explain(err); !ok {
				t.Fatalf("not a problem: %v", err)
			}
			return
		}
		again, err := recurrence.Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q became %q and then %q, %v", text, p, again, err)
		}
		start := time.Unix(seconds%4_000_000_000, 0).UTC()
		rule := p.At(start, zone)
		first, err := rule.First()
		if err != nil {
			return
		}
		if first.Wall.Before(start) {
			t.Fatalf("%q begins at %v, before its start %v", p, first.Wall, start)
		}
		if list := rule.Between(first.At, first.At.Add(time.Second)); len(list) == 0 || !list[0].Wall.Equal(first.Wall) {
			t.Fatalf("%q: the first is %v, and between are %v", p, first, list)
		}
		if n := len(rule.Between(start, start.AddDate(0, 0, 400))); n > 401 {
			t.Fatalf("%q: %d in 400 days", p, n)
		}
		rule.Next(first.At)
	})
}
