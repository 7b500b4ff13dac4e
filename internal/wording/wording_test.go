package wording

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, tag, zone, source string, data any) (string, error) {
	t.Helper()
	place, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := CalendarOf(nil, tag, tag)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := template.New("t").Funcs(Functions(tag, calendar, place)).Parse(source)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = parsed.Execute(&b, data)
	return b.String(), err
}

func TestPlural(t *testing.T) {
	t.Parallel()
	const russian = `{{plural . "one" "# задача" "few" "# задачи" "many" "# задач"}}`
	const english = `{{plural . "other" "# tasks" "one" "# task"}}`
	const turkish = `{{plural . "other" "# görev"}}`
	const arabic = `{{plural . "zero" "z" "one" "o" "two" "t" "few" "f" "many" "m" "other" "x"}}`
	for _, c := range []struct {
		tag, source string
		n           any
		want        string
	}{
		{"ru", russian, 0, "0 задач"}, {"ru", russian, 1, "1 задача"}, {"ru", russian, 2, "2 задачи"}, {"ru", russian, 4, "4 задачи"}, {"ru", russian, 5, "5 задач"},
		{"ru", russian, 11, "11 задач"}, {"ru", russian, 12, "12 задач"}, {"ru", russian, 21, "21 задача"}, {"ru", russian, "22", "22 задачи"}, {"ru", russian, int64(111), "111 задач"},
		{"ru", russian, 1001, "1\u00a0001 задача"}, {"ru", russian, 1_000_002, "1\u00a0000\u00a0002 задачи"}, {"ru", russian, -1, "-1 задача"}, {"ru-RU", russian, 3, "3 задачи"},
		{"en", english, 1, "1 task"}, {"en", english, 0, "0 tasks"}, {"en-GB", english, 1234, "1,234 tasks"}, {"de", english, 1234, "1.234 tasks"},
		{"tr", turkish, 1, "1 görev"}, {"tr", turkish, 5, "5 görev"},
		{"ar", arabic, 0, "z"}, {"ar", arabic, 2, "t"}, {"ar", arabic, 3, "f"}, {"ar", arabic, 11, "m"}, {"ar", arabic, 100, "x"},
	} {
		got, err := write(t, c.tag, "UTC", c.source, c.n)
		if err != nil || got != c.want {
			t.Errorf("%s %v: %q, %v; want %q", c.tag, c.n, got, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		source string
		n      any
	}{
		"no number": {english, "many"}, "half": {english, 1.5}, "an odd form": {`{{plural . "one" "x" "other"}}`, 1}, "an unknown form": {`{{plural . "several" "x" "other" "y"}}`, 1}, "no form": {`{{plural . "one" "x"}}`, 2},
	} {
		if got, err := write(t, "en", "UTC", c.source, c.n); err == nil {
			t.Errorf("%s: %q is no error", name, got)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 5, 21, 30, 0, 0, time.UTC)
	const all = `{{date .}} | {{moment .}} | {{weekday .}}`
	for _, c := range []struct{ tag, zone, want string }{
		{"en", "Europe/Vienna", "5 March 2026 | 5 March 2026, 22:30 CET | Thursday"},
		{"ru", "Europe/Moscow", "6 марта 2026 г. | 6 марта 2026 г., 00:30 MSK | пятница"},
		{"tr", "Europe/Istanbul", "6 Mart 2026 | 6 Mart 2026 00:30 UTC+3 | Cuma"},
		{"de-AT", "Europe/Vienna", "5. März 2026 | 5. März 2026, 22:30 CET | Donnerstag"},
		{"fr", "Asia/Kathmandu", "2026-03-06 | 2026-03-06 03:15 UTC+5:45 | Friday"},
		{"en", "America/St_Johns", "5 March 2026 | 5 March 2026, 18:00 NST | Thursday"},
	} {
		if got, err := write(t, c.tag, c.zone, all, at); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.tag, got, err)
		}
		if got, err := write(t, c.tag, c.zone, all, at.Format(time.RFC3339)); err != nil || got != c.want {
			t.Errorf("%s as a text: %q, %v", c.tag, got, err)
		}
	}
	for _, c := range []struct{ tag, from, to, want string }{
		{"en", "2026-03-02", "2026-03-08", "2–8 March 2026"}, {"en", "2026-03-30", "2026-04-05", "30 March – 5 April 2026"}, {"en", "2026-12-28", "2027-01-03", "28 December 2026 – 3 January 2027"},
		{"ru", "2026-03-02", "2026-03-08", "2–8 марта 2026 г."}, {"tr", "2026-03-30", "2026-04-05", "30 Mart – 5 Nisan 2026"}, {"de", "2026-03-02", "2026-03-08", "2.–8. März 2026"},
		{"fr", "2026-03-02", "2026-03-08", "2026-03-02 – 2026-03-08"},
	} {
		// A date is the same day wherever its reader is.
		if got, err := write(t, c.tag, "America/Los_Angeles", `{{span .From .To}}`, map[string]string{"From": c.from, "To": c.to}); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.tag, got, err)
		}
	}
	if got, err := write(t, "en", "UTC", `{{date .}}`, "tomorrow"); err == nil {
		t.Errorf("%q", got)
	}
}

func TestCase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tag, want string }{{"tr", "İSTANBUL ısı İstanbul'un"}, {"en", "ISTANBUL isi Istanbul'un"}} {
		if got, err := write(t, c.tag, "UTC", `{{upper "istanbul"}} {{lower "ISI"}} {{title "istanbul'un"}}`, nil); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", c.tag, got, err)
		}
	}
}

func TestCalendars(t *testing.T) {
	t.Parallel()
	files, err := fs.ReadDir(shipped, "calendars")
	if err != nil || len(files) != 4 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		data, err := shipped.ReadFile("calendars/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseCalendar(data); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
	}
	host := fstest.MapFS{"fr/calendar.json": {Data: []byte(`{"months":["janvier","février","mars","avril","mai","juin","juillet","août","septembre","octobre","novembre","décembre"],
"weekdays":["lundi","mardi","mercredi","jeudi","vendredi","samedi","dimanche"],"date":"{weekday} {day} {month} {year}","moment":"{date} à {time} ({zone})","span_month":"du {day} au {to_day} {month} {year}","span_year":"du {day} {month} au {to_day} {to_month} {year}"}`)}}
	c, err := CalendarOf(host, "fr", "fr")
	if err != nil || c.WriteMoment(time.Date(2026, 8, 1, 10, 0, 0, 0, time.UTC)) != "samedi 1 août 2026 à 10:00 (UTC)" {
		t.Errorf("%+v %v", c, err)
	}
	for _, text := range []string{``, `{}`, `{"months":[]}`, `{"mounths":[]}`, strings.Replace(string(host["fr/calendar.json"].Data), "{weekday}", "{jour}", 1), strings.Replace(string(host["fr/calendar.json"].Data), `"mai",`, "", 1)} {
		if _, err := ParseCalendar([]byte(text)); err == nil {
			t.Errorf("%s is no error", text)
		}
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	for wanted, want := range map[string][]string{"pt-BR": {"pt-BR", "pt", "en"}, "zh-Hant-TW": {"zh-Hant-TW", "zh-Hant", "en"}, "": {"en"}, "nonsense!": {"en"}, "ru": {"ru", "en"}} {
		if got := Chain(wanted); !cmp.Equal(got, want) {
			t.Errorf("%s: %v", wanted, got)
		}
	}
	o := Overlay{Host: fstest.MapFS{"de/a.txt": {Data: []byte("host")}}, Shipped: fstest.MapFS{"t/de/a.txt": {}, "t/de/b.txt": {Data: []byte("shipped")}, "t/en/c.txt": {}}, Folder: "t"}
	for name, want := range map[string]string{"t/de/a.txt": "host", "t/de/b.txt": "shipped"} {
		if got, err := fs.ReadFile(o, name); err != nil || string(got) != want {
			t.Errorf("%s: %s %v", name, got, err)
		}
	}
	at := func(name string) func(string) string {
		return func(tag string) string { return "t/" + tag + "/" + name }
	}
	if tag, found := Best(o, "de-AT", at("a.txt")); !found || tag != "de" {
		t.Error(tag)
	}
	if tag, found := Best(o, "de-AT", at("c.txt")); !found || tag != "en" {
		t.Error(tag)
	}
	if tag, found := Best(o, "de-AT", at("d.txt")); found {
		t.Error(tag)
	}
}
