package formula_test

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/formula"
)

func fields() []field.Field {
	f := func(key string, kind field.Kind, o field.Options) field.Field {
		return field.Field{Key: key, Name: key, Kind: kind, Slot: "s" + key, Options: o}
	}
	choices := field.Options{Choices: []field.Choice{{ID: "o1", Name: "Open"}, {ID: "o2", Name: "Gewonnen"}}}
	return []field.Field{
		f("qty", field.Number, field.Options{}), f("price", field.Currency, field.Options{Currency: "EUR", Decimals: 2}),
		f("yen", field.Currency, field.Options{Currency: "JPY"}),
		f("discount", field.Percent, field.Options{Decimals: 1}), f("name", field.Text, field.Options{}),
		f("paid", field.Checkbox, field.Options{}), f("due", field.Date, field.Options{}), f("met", field.DateTime, field.Options{}),
		f("status", field.Select, choices), f("tags", field.MultiSelect, choices), f("in", field.Number, field.Options{}),
		f("none", field.Number, field.Options{}), f("nodate", field.Date, field.Options{}), f("made", field.CreatedAt, field.Options{}),
	}
}

func record() field.Doc {
	return field.Doc{"sqty": int64(3), "sprice": int64(1999), "syen": int64(100), "sdiscount": int64(125), "sname": "Zoë",
		"spaid": int64(1), "sdue": "2026-01-31", "smet": "2026-03-01T12:30:00.000Z", "sstatus": "o2", "stags": []string{"o1", "o2"}, "sin": int64(7)}
}

func TestEval(t *testing.T) {
	t.Parallel()
	money := field.Field{Kind: field.Currency, Options: field.Options{Currency: "EUR", Decimals: 2}}
	two := field.Field{Kind: field.Number, Options: field.Options{Decimals: 2}}
	percent := field.Field{Kind: field.Percent, Options: field.Options{Decimals: 1}}
	infer := field.Field{}
	tests := []struct {
		text string
		into field.Field
		want any
		fail *formula.Error
	}{
		{"0.1 + 0.2 == 0.3", infer, int64(1), nil},
		{"price * qty", money, int64(5997), nil},
		{"qty*price*(1-discount)", money, int64(5247), nil}, // 52.47375
		{"discount", percent, int64(125), nil},
		{"50 * discount", two, int64(625), nil},
		{"1/3*3", two, int64(100), nil},
		{"1/3", two, int64(33), nil}, {"2/3", two, int64(67), nil}, {"-0.005", two, int64(-1), nil}, {"0.005", two, int64(1), nil},
		{"yen + 0.4", infer, int64(100), nil},
		{"1/0", two, nil, formula.ErrDivision}, {"qty / none", two, nil, formula.ErrDivision},
		{"99999999999999999 * 1000", two, nil, formula.ErrOverflow},
		{"9_223_372_036_854_775_807 * 100 / 100 - 9223372036854775806", two, int64(100), nil},
		{"none + 1", two, int64(100), nil}, {"none == 0", infer, nil, nil}, {"none == nil", infer, int64(1), nil}, {"none < 1", infer, nil, nil},
		{"none ?? 5", infer, int64(5), nil}, {"coalesce(none, nil, qty)", infer, int64(3), nil}, {"empty(none) and not empty(qty)", infer, int64(1), nil},
		{"none", infer, nil, nil}, {"nil", infer, nil, nil},
		{"-7 % 3", infer, int64(2), nil}, {"mod(7, -3)", infer, int64(-2), nil}, {"mod(-6, 3)", infer, int64(0), nil},
		{"round(2.345, 2)", two, int64(235), nil}, {"floor(-2.5)", infer, int64(-3), nil}, {"ceil(-2.5)", infer, int64(-2), nil},
		{"round(1250, -2)", infer, int64(1300), nil}, {"round(-1250, -2)", infer, int64(-1300), nil}, {"round(1, 1.5)", infer, nil, formula.ErrArgument},
		{"abs(-2) + min(3, none, 2) + max(1, 9)", infer, int64(13), nil}, {"min(due, nodate)", infer, "2026-01-31", nil},
		{"field(\"in\") + 1", infer, int64(8), nil},
		{"paid ? \"yes\" : \"no\"", infer, "yes", nil}, {"if(qty > 5, 1, if(qty < 2, 2, 3))", infer, int64(3), nil},
		{"1 < qty < 4", infer, int64(1), nil}, {"not paid", infer, nil, nil}, {"paid == true", infer, int64(1), nil}, {"paid != false", infer, int64(1), nil},
		{"name == \"ZOE\"", infer, int64(1), nil}, {"name contains \"oe\"", infer, int64(1), nil}, {"name matches \"^Z\"", infer, int64(1), nil},
		{"status in [\"Open\", \"gewonnen\"]", infer, int64(1), nil}, {"\"open\" in tags and len(tags) == 2", infer, int64(1), nil},
		{"status not in [\"Open\"]", infer, int64(1), nil}, {"join(tags, \"/\")", infer, "Open/Gewonnen", nil},
		{"name + \"!\"", infer, "Zoë!", nil}, {"concat(name, \" \", price, \" \", due, \" \", 1/3)", infer, "Zoë 19.99 2026-01-31 0.333333333", nil},
		{"name | upper() | left(2)", infer, "ZO", nil}, {"right(name, 1) + lower(\"ÄB\") + trim(\" x \")", infer, "ëäbx", nil},
		{"len(name)", infer, int64(3), nil}, {"replace(name, \"o\", \"oo\")", infer, "Zooë", nil}, {"number(\"1.50\")", two, int64(150), nil},
		{"number(name)", two, nil, formula.ErrNoNumber}, {"date(name)", infer, nil, formula.ErrNoDate},
		{"year(due) * 10000 + month(due) * 100 + day(due)", infer, int64(20260131), nil}, {"weekday(due)", infer, int64(6), nil}, {"quarter(due)", infer, int64(1), nil},
		{"date_add(due, 1, \"months\")", infer, "2026-02-28", nil}, {"date_add(due, 1, \"days\")", infer, "2026-02-01", nil},
		{"date_add(met, -13, \"hours\")", infer, "2026-02-28T23:30:00.000Z", nil}, {"date_add(due, 9000, \"years\")", infer, nil, formula.ErrDate},
		{"date_add(due, 1, \"hours\")", infer, nil, formula.ErrArgument}, {"date_add(nodate, 1, \"days\")", infer, nil, nil},
		{"date_diff(due, date(met), \"days\")", infer, int64(29), nil}, {"date_diff(due, date(met), \"months\")", infer, int64(1), nil},
		{"date_diff(date(met), due, \"months\")", infer, int64(-1), nil}, {"date_diff(date_time(due), met, \"hours\")", infer, int64(708), nil},
		{"due < date(\"2026-02-01\")", infer, int64(1), nil}, {"year(made)", infer, int64(2026), nil},
		{"\"a\\nb\"", infer, "a b", nil},
	}
	stamp := field.Stamp{CreatedAt: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).UnixMicro()}
	for _, test := range tests {
		p, err := formula.Compile(test.text, test.into, fields())
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		got, err := p.Eval(record(), stamp)
		if got != test.want || test.fail == nil && err != nil || test.fail != nil && !errors.Is(err, test.fail) {
			t.Errorf("%s: %v, %v; want %v, %v", test.text, got, err, test.want, test.fail)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	deep := "1"
	for range 40 {
		deep = "(1 < (" + deep + ") < 3 ? 1 : 2)"
	}
	tests := []struct{ text, rule string }{
		{"", "syntax"}, {"1 +", "syntax"}, {"0x10", "syntax"}, {"\xff", "syntax"},
		{strings.Repeat("(", 100_000), "too_long"}, {strings.Repeat("(", 200), "too_deep"}, {deep, "too_deep"},
		{strings.Repeat("1+", 1500) + "1", "too_complex"}, {strings.Repeat("-", 3990) + "1", "too_complex"},
		{"missing + 1", "unknown_field"}, {"$env", "unknown_field"}, {"exec(1)", "unknown_function"}, {"repeat(\"a\", 9)", "unknown_function"},
		{"map([1], #)", "unknown_function"}, {"sum(1..9)", "unknown_function"}, {"1..1000000000", "type"},
		{"name.Foo", "not_allowed"}, {"tags[0]", "not_allowed"}, {"let a = 1; a", "not_allowed"}, {"{a: 1}", "not_allowed"}, {"[1]", "not_allowed"},
		{"name.upper()", "not_allowed"}, {"today()", "stale"}, {"now()", "stale"},
		{"name + 1", "type"}, {"due - due", "type"}, {"due < met", "type"}, {"qty and paid", "type"}, {"qty ? 1 : 2", "type"},
		{"paid ? 1 : name", "type"}, {"upper(1)", "type"}, {"min(1, due)", "type"}, {"date_diff(due, met, \"days\")", "type"},
		{"round()", "arguments"}, {"date_add(due, 1, \"moons\")", "arguments"}, {"date_add(due, 1, name)", "type"},
		{"name matches name", "type"}, {"name matches \"(\"", "pattern"}, {"2 ^ 100", "type"}, {"tags", "result"},
	}
	for _, test := range tests {
		_, err := formula.Compile(test.text, field.Field{}, fields())
		var e *veranda.Error
		var p *formula.Problem
		if !errors.As(err, &e) || !errors.As(err, &p) || len(e.Fields) != 1 || e.Fields[0].Rule != test.rule || e.Fields[0].Pointer != "/formula" {
			t.Errorf("%.60s: %v, want the rule %s", test.text, err, test.rule)
		}
	}
	if _, err := formula.Compile("name", field.Field{Kind: field.Number}, fields()); err == nil {
		t.Error("a text goes into a number")
	}
	var p *formula.Problem
	if _, err := formula.Compile("1 + nope", field.Field{}, fields()); !errors.As(err, &p) || p.Position != 5 {
		t.Errorf("position %+v", p)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	order, err := formula.Order([]formula.Use{{"c", []string{"b", "x"}}, {"b", []string{"a"}}, {"a", nil}})
	if err != nil || fmt.Sprint(order) != "[a b c]" {
		t.Error(order, err)
	}
	_, err = formula.Order([]formula.Use{{"z", []string{"a"}}, {"a", []string{"b"}}, {"b", []string{"a"}}})
	var e *veranda.Error
	if !errors.As(err, &e) || !strings.Contains(e.Fields[0].Message, "a → b → a") || e.Fields[0].Rule != "cycle" {
		t.Error(err)
	}
	if got := formula.UsedBy([]formula.Use{{"z", []string{"a"}}, {"a", []string{"b"}}}, "a"); fmt.Sprint(got) != "[z]" {
		t.Error(got)
	}
	p, err := formula.Compile("qty + price * qty", field.Field{}, fields())
	if err != nil || fmt.Sprint(p.DependsOn()) != "[qty price]" || p.Kind() != field.Number {
		t.Error(err, p)
	}
}

// Arithmetic agrees with fractions that are rounded once, halves away from zero.
func TestExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, want := fmt.Sprint(rapid.Int64Range(0, 1e15).Draw(t, "first")), new(big.Rat)
		want.SetString(text)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			n := fmt.Sprintf("%d.%0*d", rapid.Int64Range(0, 1e9).Draw(t, "whole"), rapid.IntRange(1, 9).Draw(t, "places"), rapid.IntRange(1, 9).Draw(t, "last"))
			operand, _ := new(big.Rat).SetString(n)
			operator := rapid.SampledFrom([]string{"+", "-", "*", "/"}).Draw(t, "operator")
			text = "(" + text + ")" + operator + n
			switch operator {
			case "+":
				want.Add(want, operand)
			case "-":
				want.Sub(want, operand)
			case "*":
				want.Mul(want, operand)
			default:
				want.Quo(want, operand)
			}
		}
		decimals := rapid.IntRange(0, 9).Draw(t, "decimals")
		p, err := formula.Compile(text, field.Field{Kind: field.Number, Options: field.Options{Decimals: decimals}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Eval(nil, field.Stamp{})
		rounded, _ := new(big.Int).SetString(strings.Replace(want.FloatString(decimals), ".", "", 1), 10) // half away from zero
		if !rounded.IsInt64() || rounded.Int64() == field.Empty {
			if !errors.Is(err, formula.ErrOverflow) {
				t.Fatalf("%s: %v, %v, want overflow", text, got, err)
			}
		} else if got != rounded.Int64() {
			t.Fatalf("%s: %v, %v, want %v", text, got, err, rounded)
		}
	})
}

func TestFunctionsAreListed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, f := range formula.Functions() {
		if seen[f.Name] || f.Meaning == "" || !strings.HasPrefix(f.Signature, f.Name+"(") {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
	}
	if !seen["if"] || !seen["date_add"] || !seen["round"] {
		t.Error(seen)
	}
}

// However a formula is built, the work for one record ends.
func TestCost(t *testing.T) {
	t.Parallel()
	text := "name"
	for range 12 {
		text = "replace(" + text + ", \"a\", \"aaaaaaaaaa\")"
	}
	d := record()
	d["sname"] = strings.Repeat("a", 1000)
	for _, text := range []string{text, strings.Repeat("name contains \"b\" or ", 180) + "paid"} {
		p, err := formula.Compile(text, field.Field{}, fields())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Eval(d, field.Stamp{}); err != nil && !errors.Is(err, formula.ErrTooLong) && !errors.Is(err, formula.ErrCost) {
			t.Error(err)
		}
	}
}

func FuzzCompileEval(f *testing.F) {
	for _, seed := range []string{"qty*price*(1-discount)", "1/0", "name | upper()", "status in [\"Open\"]", "date_add(due, 1e9, \"days\")",
		"1 < 2 < 3 ?: 4", "9e99*9e99/7e-9", "if(paid, nil, \"x\")", "let a = 1; a", "replace(name, \"\", name)", "a?.b?.[1]", "b'x'", "1..9", "#", "::f(1)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		p, err := formula.Compile(text, field.Field{}, fields())
		if err == nil {
			for _, d := range []field.Doc{nil, record()} {
				if value, err := p.Eval(d, field.Stamp{}); errors.Is(err, formula.ErrInternal) || err != nil && value != nil {
					t.Fatal(value, err)
				}
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Fatal(took)
		}
	})
}

func BenchmarkEval(b *testing.B) {
	p, err := formula.Compile("qty*price*(1-discount)", field.Field{Kind: field.Currency, Options: field.Options{Currency: "EUR"}}, fields())
	if err != nil {
		b.Fatal(err)
	}
	d := record()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Eval(d, field.Stamp{}); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleCompile() {
	fields := []field.Field{
		{Key: "qty", Name: "Quantity", Kind: field.Number, Slot: "f1"},
		{Key: "price", Name: "Price", Kind: field.Currency, Slot: "f2", Options: field.Options{Currency: "EUR"}},
	}
	total := field.Field{Key: "total", Name: "Total", Kind: field.Currency, Slot: "f3", Options: field.Options{Currency: "EUR"}}
	p, err := formula.Compile("qty * price", total, fields)
	if err != nil {
		fmt.Println(err)
		return
	}
	cents, err := p.Eval(field.Doc{"f1": int64(3), "f2": int64(1999)}, field.Stamp{})
	fmt.Println(cents, err)
	// Output: 5997 <nil>
}
