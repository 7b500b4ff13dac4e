package recurrence

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Problem says why a rule is refused: a short name of the broken rule, as bad fields have, and a sentence for people.
type Problem struct{ Rule, Message string }

func (p *Problem) Error() string { return "recurrence: " + p.Message }

// Explain is the Problem in an error of this package; ok is false for other errors and nil.
func Explain(err error) (p Problem, ok bool) {
	if found := (*Problem)(nil); errors.As(err, &found) {
		return *found, true
	}
	return Problem{}, false
}

// The names of broken rules.
const (
	RuleSyntax    = "rrule_syntax"
	RuleFrequency = "rrule_frequency"
	RuleInterval  = "rrule_interval"
	RuleCount     = "rrule_count"
	RuleUntil     = "rrule_until"
	// RulePart is a part that is not known, not supported, or not allowed beside the others.
	RulePart = "rrule_part"
	// RuleValue is a number or day that its part does not have.
	RuleValue = "rrule_value"
	// RuleNever is a rule without an occurrence in the first ten years.
	RuleNever = "rrule_never"
)

func problem(rule, format string, args ...any) error {
	return &Problem{rule, fmt.Sprintf(format, args...)}
}

// Parse reads the text of a rule, with or without "RRULE:" before it. Its errors are Problems.
func Parse(text string) (Pattern, error) {
	if len(text) > MaxText {
		return Pattern{}, problem(RuleSyntax, "must have at most %d characters", MaxText)
	}
	text = strings.ToUpper(strings.TrimSpace(text))
	text = strings.TrimSuffix(strings.TrimPrefix(text, "RRULE:"), ";")
	var p Pattern
	p.interval = 1
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return Pattern{}, problem(RuleSyntax, "must be parts such as FREQ=WEEKLY;BYDAY=MO, of RFC 5545")
		}
		if seen[name] {
			return Pattern{}, problem(RuleSyntax, "must have each part once: %s", name)
		}
		seen[name] = true
		if err := p.read(name, value); err != nil {
			return Pattern{}, err
		}
	}
	switch {
	case !seen["FREQ"]:
		return Pattern{}, problem(RuleFrequency, "must have FREQ: DAILY, WEEKLY, MONTHLY or YEARLY")
	case seen["COUNT"] && seen["UNTIL"]:
		return Pattern{}, problem(RulePart, "must not have both COUNT and UNTIL")
	}
	if err := p.check(); err != nil {
		return Pattern{}, err
	}
	p.set = true
	return p, nil
}

func (p *Pattern) read(name, value string) (err error) {
	switch name {
	case "FREQ":
		frequencies := map[string]rrule.Frequency{
			"DAILY": rrule.DAILY, "WEEKLY": rrule.WEEKLY, "MONTHLY": rrule.MONTHLY, "YEARLY": rrule.YEARLY,
		}
		var ok bool
		if p.freq, ok = frequencies[value]; !ok {
			return problem(RuleFrequency, "must repeat DAILY, WEEKLY, MONTHLY or YEARLY")
		}
	case "INTERVAL":
		if p.interval, err = number(value); err != nil || p.interval < 1 || p.interval > MaxInterval {
			return problem(RuleInterval, "must have an INTERVAL between 1 and %d", MaxInterval)
		}
	case "COUNT":
		if p.count, err = number(value); err != nil || p.count < 1 || p.count > MaxCount {
			return problem(RuleCount, "must have a COUNT between 1 and %d", MaxCount)
		}
	case "UNTIL":
		p.until, err = readUntil(value)
	case "WKST":
		if p.wkst, err = dayNumber(value); err != nil {
			return err
		}
	case "BYMONTH":
		p.month, err = numbers(name, value, 12, false)
	case "BYMONTHDAY":
		p.monthDay, err = numbers(name, value, 31, true)
	case "BYYEARDAY":
		p.yearDay, err = numbers(name, value, 366, true)
	case "BYWEEKNO":
		p.weekNo, err = numbers(name, value, 53, true)
	case "BYSETPOS":
		p.setPos, err = numbers(name, value, 366, true)
	case "BYDAY":
		p.day, err = days(value)
	case "BYHOUR", "BYMINUTE", "BYSECOND":
		return problem(RulePart, "must not have %s: the time of day is that of the start", name)
	default:
		return problem(RulePart, "must have parts of RFC 5545 only, each known: FREQ, INTERVAL, COUNT, UNTIL, WKST, BY…")
	}
	return err
}

// number reads digits; a sign before them is not a number of RFC 5545's INTERVAL and COUNT.
func number(text string) (int, error) {
	if strings.Trim(text, "0123456789") != "" || len(text) > 9 {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(text)
}

func numbers(name, value string, most int, negative bool) (list []int, err error) {
	for text := range strings.SplitSeq(value, ",") {
		digits := strings.TrimPrefix(text, "+")
		sign := 1
		if negative && digits == text {
			if rest, ok := strings.CutPrefix(text, "-"); ok {
				digits, sign = rest, -1
			}
		}
		n, err := number(digits)
		if err != nil || n < 1 || n > most {
			if negative {
				return nil, problem(RuleValue, "must have a %s between 1 and %d, or between -%d and -1", name, most, most)
			}
			return nil, problem(RuleValue, "must have a %s between 1 and %d", name, most)
		}
		list = append(list, sign*n)
	}
	return tidy(list, cmp.Compare[int]), nil
}

func days(value string) (list []weekday, err error) {
	for text := range strings.SplitSeq(value, ",") {
		cut := max(0, len(text)-2)
		var d weekday
		if d.day, err = dayNumber(text[cut:]); err != nil {
			return nil, err
		}
		if text[:cut] != "" {
			n, err := numbers("BYDAY", text[:cut], 53, true)
			if err != nil {
				return nil, err
			}
			d.n = n[0]
		}
		list = append(list, d)
	}
	return tidy(list, func(a, b weekday) int { return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.day, b.day)) }), nil
}

func dayNumber(text string) (int, error) {
	for i, name := range dayNames {
		if text == name {
			return i, nil
		}
	}
	return 0, problem(RuleValue, "must have days of the week as MO, TU, WE, TH, FR, SA, SU")
}

func readUntil(text string) (until, error) {
	for form, layout := range map[untilForm]string{untilUTC: LayoutUTC, untilLocal: LayoutLocal, untilDate: LayoutDate} {
		if len(text) != len(layout) {
			continue
		}
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1900 {
			return until{form, at}, nil
		}
	}
	return until{}, problem(RuleUntil, "must have an UNTIL such as 20301231, 20301231T235959 or 20301231T235959Z")
}

// check refuses what RFC 5545, section 3.3.10, forbids or leaves without meaning.
func (p Pattern) check() error {
	ordinals, plain := false, false
	for _, d := range p.day {
		ordinals, plain = ordinals || d.n != 0, plain || d.n == 0
		if (p.freq == rrule.MONTHLY || len(p.month) > 0) && (d.n > 5 || d.n < -5) {
			return problem(RuleValue, "must not count more than five of a day of the week in a month")
		}
	}
	switch {
	case ordinals && plain:
		// The library, and with it many programs that read feeds, takes the two as conditions that both must hold.
		return problem(RulePart, "must count all days of the week (as 2MO) or none")
	case ordinals && p.freq != rrule.MONTHLY && p.freq != rrule.YEARLY:
		return problem(RulePart, "must not count days of the week (as 2MO) except in MONTHLY and YEARLY")
	case ordinals && len(p.weekNo) > 0:
		return problem(RulePart, "must not count days of the week (as 2MO) beside BYWEEKNO")
	case len(p.monthDay) > 0 && p.freq == rrule.WEEKLY:
		return problem(RulePart, "must not have BYMONTHDAY in WEEKLY")
	case len(p.yearDay) > 0 && p.freq != rrule.YEARLY:
		return problem(RulePart, "must not have BYYEARDAY except in YEARLY")
	case len(p.weekNo) > 0 && p.freq != rrule.YEARLY:
		return problem(RulePart, "must not have BYWEEKNO except in YEARLY")
	case len(p.weekNo) > 0 && (len(p.day) == 0 || len(p.month)+len(p.monthDay)+len(p.yearDay)+len(p.setPos) > 0):
		return problem(RulePart, "must have BYDAY, and no other part, beside BYWEEKNO")
	case len(p.setPos) > 0 && (p.freq == rrule.DAILY || len(p.month)+len(p.monthDay)+len(p.yearDay)+len(p.day) == 0):
		return problem(RulePart, "must have BYSETPOS only beside another BY part, and not in DAILY")
	case len(p.month) > 0 && len(p.monthDay) > 0 && !p.hasDay():
		return problem(RuleNever, "must not name days that no month of BYMONTH has")
	}
	return nil
}

// hasDay tells whether any of the months has any of the days, in a leap year.
func (p Pattern) hasDay() bool {
	for _, month := range p.month {
		length := time.Date(2024, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
		for _, day := range p.monthDay {
			if max(day, -day) <= length {
				return true
			}
		}
	}
	return false
}
