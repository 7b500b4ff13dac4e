package wording

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Functions are what a template of a language calls:
//
//	{{plural .Count "one" "# task" "other" "# tasks"}}  the form for a number (CLDR's zero, one, two, few, many, other), # the number
//	{{number .Count}}                                   a number with the language's separators
//	{{upper .Name}} {{lower .Name}} {{title .Name}}     in the language's own alphabet: the Turkish i has its dot
//	{{date .At}} {{moment .At}} {{weekday .At}}         of a time, or of a text in RFC 3339 or YYYY-MM-DD, in the reader's zone
//	{{span .From .To}}                                  the days from one to another
//
// calendar may be nil. zone is the reader's.
func Functions(tag string, calendar *Calendar, zone *time.Location) map[string]any {
	lang, err := language.Parse(tag)
	if err != nil {
		lang = language.English
	}
	if zone == nil {
		zone = time.UTC
	}
	written := func(write func(t time.Time) string) func(value any) (string, error) {
		return func(value any) (string, error) {
			t, err := moment(value, zone)
			if err != nil {
				return "", err
			}
			return write(t), nil
		}
	}
	return map[string]any{
		"plural":  func(n any, forms ...string) (string, error) { return pluralOf(lang, n, forms) },
		"number":  func(n any) (string, error) { return numberOf(lang, n) },
		"upper":   func(text string) string { return cases.Upper(lang).String(text) },
		"lower":   func(text string) string { return cases.Lower(lang).String(text) },
		"title":   func(text string) string { return cases.Title(lang, cases.NoLower).String(text) },
		"date":    written(calendar.WriteDate),
		"moment":  written(calendar.WriteMoment),
		"weekday": written(calendar.WriteWeekday),
		"span": func(from, to any) (string, error) {
			first, err := moment(from, zone)
			if err != nil {
				return "", err
			}
			last, err := moment(to, zone)
			if err != nil {
				return "", err
			}
			return calendar.WriteSpan(first, last), nil
		},
	}
}

// moment reads what templates are given for a time. A date without a time is the same day in every zone.
func moment(value any, zone *time.Location) (time.Time, error) {
	switch v := value.(type) {
	case time.Time:
		return v.In(zone), nil
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t.In(zone), nil
		}
		if t, err := time.Parse(time.DateOnly, v); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%v is no time in RFC 3339 and no date", value)
}

func integer(n any) (int64, error) {
	switch v := n.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case string:
		if parsed, err := strconv.ParseInt(v, 10, 64); err == nil {
			return parsed, nil
		}
	}
	return 0, fmt.Errorf("%v is no whole number", n)
}

func numberOf(lang language.Tag, n any) (string, error) {
	count, err := integer(n)
	if err != nil {
		return "", err
	}
	return message.NewPrinter(lang).Sprint(number.Decimal(count)), nil
}

var pluralForms = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}

// pluralOf chooses a form; "other" stands in for one that is not given.
func pluralOf(lang language.Tag, n any, forms []string) (string, error) {
	count, err := integer(n)
	if err != nil {
		return "", err
	}
	if len(forms)%2 != 0 {
		return "", fmt.Errorf("plural wants pairs of a form and its text")
	}
	// The rules look at the last digits only; of a whole number there are no others.
	digits := max(count, -count)
	if digits < 0 { // the one number without an opposite
		digits = 0
	}
	wanted := pluralForms[plural.Cardinal.MatchPlural(lang, int(digits%1_000_000)+millions(digits), 0, 0, 0, 0)]
	text, found := "", false
	for i := 0; i < len(forms); i += 2 {
		switch forms[i] {
		case wanted:
			text, found = forms[i+1], true
		case "zero", "one", "two", "few", "many":
		case "other":
			if !found {
				text, found = forms[i+1], true
			}
		default:
			return "", fmt.Errorf("plural has no form %q", forms[i])
		}
	}
	if !found {
		return "", fmt.Errorf("plural has neither the form %q nor \"other\"", wanted)
	}
	written, err := numberOf(lang, count)
	if err != nil {
		return "", err
	}
	return strings.ReplaceAll(text, "#", written), nil
}

// millions keeps a great number great, for languages that count whole millions in another way.
func millions(digits int64) int {
	if digits >= 1_000_000 {
		return 1_000_000
	}
	return 0
}
