package formula

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Function describes a function of formulas to those who write them.
type Function struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Meaning   string `json:"meaning"`
}

// Functions are all functions, by their names.
func Functions() []Function {
	list := append(make([]Function, 0, len(functions)+len(special)), special...)
	for name, f := range functions {
		list = append(list, Function{name, f.signature, f.meaning})
	}
	slices.SortFunc(list, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// special functions are no calls: they compute only what they need, or something when the formula is made.
var special = []Function{
	{"if", "if(condition, yes, no)", "One of two values, as condition ? yes : no."},
	{"coalesce", "coalesce(value, …)", "The first value that is not empty."},
	{"empty", "empty(value)", "Whether a value is empty: nothing, an empty text or list, a checkbox that is not set."},
	{"field", `field("key")`, "A field whose key is a word of formulas, such as in or not."},
}

// function is one that is called with the values of its arguments, after the record.
type function struct {
	signature, meaning string
	takes              []string // the types of each argument, as letters of types; the last may be left out where optional
	optional           int
	variadic           bool // the last argument may come again
	same               bool // all arguments have the type of the first
	gives              valueType
	do                 func(...any) (any, error)
}

// types are the letters of function.takes.
var types = map[byte]valueType{'n': typeNumber, 't': typeText, 'b': typeBool, 'd': typeDay, 'm': typeMoment, 'l': typeList}

const anything = "ntbdml"

func (c *checker) function(n *ast.CallNode, name string) (ast.Node, valueType, error) {
	count := func(want int) error {
		if len(n.Arguments) != want {
			return c.problem(n, "arguments", "%s takes %d arguments", name, want)
		}
		return nil
	}
	switch name {
	case "today", "now":
		return nil, 0, c.problem(n, "stale", "%s() would be out of date as soon as the record is stored; use a filter with a relative date", name)
	case "if":
		if err := count(3); err != nil {
			return nil, 0, err
		}
		return c.conditional(n, n.Arguments[0], n.Arguments[1], n.Arguments[2])
	case "coalesce":
		if len(n.Arguments) == 0 {
			return nil, 0, c.problem(n, "arguments", "coalesce takes at least 1 argument")
		}
		return c.otherwise(n, n.Arguments...)
	case "empty":
		if err := count(1); err != nil {
			return nil, 0, err
		}
		made, _, err := c.check(n.Arguments[0])
		if err != nil {
			return nil, 0, err
		}
		return c.call(n, "empty", func(a ...any) (any, error) { return !isFilled(a[0]), nil }, made), typeBool, nil
	case "field":
		if err := count(1); err != nil {
			return nil, 0, err
		}
		key, ok := n.Arguments[0].(*ast.StringNode)
		if !ok {
			return nil, 0, c.problem(n, "type", "field needs a key in quotes")
		}
		return c.field(n, key.Value)
	}
	f, known := functions[name]
	if !known {
		return nil, 0, c.problem(n, "unknown_function", "there is no function of this name")
	}
	return c.ordinary(n, name, f)
}

func (c *checker) ordinary(n *ast.CallNode, name string, f function) (ast.Node, valueType, error) {
	given, most := len(n.Arguments), len(f.takes)
	if given < most-f.optional || given > most && !f.variadic {
		return nil, 0, c.problem(n, "arguments", "must be %s", f.signature)
	}
	arguments, gives, first := []ast.Node{environment}, f.gives, typeEmpty
	for i, argument := range n.Arguments {
		made, t, err := c.check(argument)
		if err != nil {
			return nil, 0, err
		}
		letters := f.takes[min(i, most-1)]
		if unit, ok := argument.(*ast.StringNode); ok && letters == "u" {
			if !slices.Contains(units, unit.Value) {
				return nil, 0, c.problem(argument, "arguments", "must be one of: %s", strings.Join(units, ", "))
			}
			letters = "t"
		}
		if t != typeEmpty && !strings.ContainsFunc(letters, func(r rune) bool { return types[byte(r)] == t }) {
			return nil, 0, c.problem(argument, "type", "cannot be %s here: %s", t, f.signature)
		}
		if first == typeEmpty {
			first = t
		}
		if _, ok := common(first, t); f.same && i < 2+most && !ok && letters != "t" && letters != "n" {
			return nil, 0, c.problem(argument, "type", "all values must be of one type")
		}
		arguments = append(arguments, made)
	}
	if gives == 0 {
		gives = first
	}
	return c.call(n, name, f.do, arguments...), gives, nil
}

var functions = map[string]function{
	"abs":   {"abs(number)", "The number without its sign.", []string{"n"}, 0, false, false, typeNumber, absolute},
	"round": {"round(number, decimals = 0)", "Rounded to decimals, halves away from zero.", []string{"n", "n"}, 1, false, false, typeNumber, rounder(halfAway)},
	"floor": {"floor(number, decimals = 0)", "Rounded down.", []string{"n", "n"}, 1, false, false, typeNumber, rounder(down)},
	"ceil":  {"ceil(number, decimals = 0)", "Rounded up.", []string{"n", "n"}, 1, false, false, typeNumber, rounder(up)},
	"mod":   {"mod(number, divisor)", "The remainder, with the divisor's sign.", []string{"n", "n"}, 0, false, false, typeNumber, func(a ...any) (any, error) { return modulo(a[1:]...) }},
	"min":   {"min(value, …)", "The least of numbers, dates or moments; empty ones do not count.", []string{"ndm"}, 0, true, true, 0, extreme(-1)},
	"max":   {"max(value, …)", "The greatest of numbers, dates or moments; empty ones do not count.", []string{"ndm"}, 0, true, true, 0, extreme(1)},

	"number":   {"number(text)", "The number that a text says: -12.5.", []string{"t"}, 0, false, false, typeNumber, toNumber},
	"text":     {"text(value)", "A value as a text.", []string{anything}, 0, false, false, typeText, concat},
	"concat":   {"concat(value, …)", "Values one after the other, as a text.", []string{anything}, 0, true, false, typeText, concat},
	"join":     {"join(list, separator)", "A list as a text.", []string{"l", "t"}, 0, false, false, typeText, join},
	"upper":    {"upper(text)", "In capitals.", []string{"t"}, 0, false, false, typeText, mapped(strings.ToUpper)},
	"lower":    {"lower(text)", "In small letters.", []string{"t"}, 0, false, false, typeText, mapped(strings.ToLower)},
	"trim":     {"trim(text)", "Without white space at its ends.", []string{"t"}, 0, false, false, typeText, mapped(strings.TrimSpace)},
	"left":     {"left(text, count)", "The first characters.", []string{"t", "n"}, 0, false, false, typeText, left},
	"right":    {"right(text, count)", "The last characters.", []string{"t", "n"}, 0, false, false, typeText, right},
	"len":      {"len(text or list)", "How many characters or elements.", []string{"tl"}, 0, false, false, typeNumber, length},
	"replace":  {"replace(text, old, new)", "With every old text replaced.", []string{"t", "t", "t"}, 0, false, false, typeText, replace},
	"contains": {"contains(text, part)", "Whether the text has the part; case and accents do not count.", []string{"t", "t"}, 0, false, false, typeBool, folded(strings.Contains)},

	"date":      {"date(text or moment)", "The date of 2026-11-24, or of a moment in UTC.", []string{"tmd"}, 0, false, false, typeDay, toDay},
	"date_time": {"date_time(text or date)", "The moment of an RFC 3339 text, or the beginning of a date in UTC.", []string{"tdm"}, 0, false, false, typeMoment, toMoment},
	"year":      {"year(date)", "The year.", []string{"dm"}, 0, false, false, typeNumber, part(yearOf)},
	"quarter":   {"quarter(date)", "1 to 4.", []string{"dm"}, 0, false, false, typeNumber, part(quarterOf)},
	"month":     {"month(date)", "1 to 12.", []string{"dm"}, 0, false, false, typeNumber, part(monthOf)},
	"day":       {"day(date)", "The day of the month.", []string{"dm"}, 0, false, false, typeNumber, part(dayOf)},
	"weekday":   {"weekday(date)", "1 (Monday) to 7 (Sunday), as ISO 8601 counts.", []string{"dm"}, 0, false, false, typeNumber, part(weekdayOf)},
	"hour":      {"hour(moment)", "0 to 23, in UTC.", []string{"m"}, 0, false, false, typeNumber, part(hourOf)},
	"minute":    {"minute(moment)", "0 to 59.", []string{"m"}, 0, false, false, typeNumber, part(minuteOf)},
	"date_add":  {`date_add(date, count, "days")`, "Later by whole minutes, hours, days, weeks, months or years; the 31st becomes the last of a shorter month.", []string{"dm", "n", "u"}, 0, false, false, 0, dateAdd},
	"date_diff": {`date_diff(from, to, "days")`, "How many whole minutes, hours, days, weeks, months or years lie between two dates or moments; negative backwards.", []string{"dm", "dm", "u"}, 0, false, true, typeNumber, dateDiff},
}
