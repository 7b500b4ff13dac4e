package field_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// all is a field of every kind; their keys are their kinds.
func all() []field.Field {
	var fields []field.Field
	for i, kind := range field.Kinds() {
		if kind.Computed() { // in a set it is of its result's kind
			continue
		}
		f := field.Field{Key: string(kind), Name: string(kind), Kind: kind, Slot: field.SlotOf(int64(i + 1))}
		switch kind {
		case field.Number:
			f.Decimals = 3
		case field.Currency:
			f.Currency, f.Decimals = "EUR", 2
		case field.Percent:
			f.Decimals = 1
		case field.Select, field.MultiSelect:
			f.Choices = []field.Choice{{ID: "o1", Name: "New"}, {ID: "o2", Name: "Won, at last"}, {ID: "o3", Name: "Lost"}}
		case field.Relation:
			f.Target, f.OnDelete = ada, field.Clear
		case field.AutoNumber:
			f.Prefix, f.Digits = "INV-", 4
		}
		fields = append(fields, f)
	}
	fields = append(fields, field.Field{Key: "people", Name: "People", Kind: field.Person, Slot: "f90", Options: field.Options{Multiple: true}})
	return fields
}

func set(t testing.TB, fields ...field.Field) *field.Set {
	t.Helper()
	s, err := field.NewSet(fields)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const ada, bob = "0190b0c0-0000-7000-8000-000000000001", "0190b0c0-0000-7000-8000-000000000002"

var now = field.Now{At: time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC)}

func parse(s *field.Set, key, value string) (field.Doc, error) {
	return s.Parse(map[string]json.RawMessage{key: json.RawMessage(value)}, nil, now)
}

func TestValues(t *testing.T) {
	s := set(t, all()...)
	for _, test := range []struct{ key, in, want, text string }{
		{"text", `"  Ärger \u0061 "`, `"Ärger a"`, "Ärger a"},
		{"text", `"   "`, `null`, ""},
		{"text", `null`, `null`, ""},
		{"long_text", `"a\r\nb"`, `"a\nb"`, "a\nb"},
		{"number", `12.5`, `12.5`, "12.5"},
		{"number", `"-0.001"`, `-0.001`, "-0.001"},
		{"number", `1.5e3`, `1500`, "1500"},
		{"number", `12.3400`, `12.34`, "12.34"},
		{"number", `9223372036854775.807`, `9223372036854775.807`, "9223372036854775.807"},
		{"currency", `"12.5"`, `"12.50"`, "12.50"},
		{"currency", `0.1`, `"0.10"`, "0.10"},
		{"percent", `12.5`, `12.5`, "12.5%"},
		{"date", `"2024-02-29"`, `"2024-02-29"`, "2024-02-29"},
		{"date_time", `"2026-11-24T10:00:00.1239+01:00"`, `"2026-11-24T09:00:00.123Z"`, "2026-11-24T09:00:00.123Z"},
		{"checkbox", `true`, `true`, "true"},
		{"checkbox", `false`, `false`, ""},
		{"select", `"o2"`, `"o2"`, "Won, at last"},
		{"select", `"new"`, `"o1"`, "New"},
		{"multi_select", `["o3","new","o3"]`, `["o1","o3"]`, "New, Lost"},
		{"multi_select", `[]`, `[]`, ""},
		{"person", `"` + ada + `"`, `"` + ada + `"`, ada},
		{"people", `["` + bob + `","` + ada + `"]`, `["` + bob + `","` + ada + `"]`, bob + ", " + ada},
		{"email", `"ann@works.example"`, `"ann@works.example"`, "ann@works.example"},
		{"phone", `"+49 30 901820"`, `"+4930901820"`, "+4930901820"},
		{"phone", `"030 / 90 18 20"`, `"030 / 90 18 20"`, "030 / 90 18 20"},
		{"link", `"https://example.org/ä?q=1"`, `"https://example.org/ä?q=1"`, "https://example.org/ä?q=1"},
		{"rating", `5`, `5`, "5"},
	} {
		t.Run(test.key+" "+test.in, func(t *testing.T) {
			d, err := parse(s, test.key, test.in)
			if err != nil {
				t.Fatal(err)
			}
			shown := show(t, s, d)
			if got := string(shown[test.key]); got != test.want {
				t.Errorf("shown as %s, want %s", got, test.want)
			}
			if got := s.Field(test.key).Text(d); got != test.text {
				t.Errorf("text %q, want %q", got, test.text)
			}
			again, err := field.Decode([]byte(d.String()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(d, again); diff != "" {
				t.Errorf("written and read (-want +got):\n%s", diff)
			}
		})
	}
}

func show(t testing.TB, s *field.Set, d field.Doc) map[string]json.RawMessage {
	t.Helper()
	var shown map[string]json.RawMessage
	if err := json.Unmarshal(s.Show(d, field.Stamp{}, nil), &shown); err != nil {
		t.Fatalf("%s: %v", s.Show(d, field.Stamp{}, nil), err)
	}
	return shown
}

// rules are the pointers and rules of an error's fields.
func rules(err error) string {
	var e *veranda.Error
	if !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	var out []string
	for _, f := range e.Fields {
		out = append(out, f.Pointer+" "+f.Rule)
	}
	return strings.Join(out, ", ")
}

func TestBadValues(t *testing.T) {
	s := set(t, all()...)
	for _, test := range []struct{ key, in, rule string }{
		{"text", `12`, "type"},
		{"text", `"a\u0000b"`, "unicode"},
		{"text", `"a\ud800"`, "type"},
		{"text", `"a\nb"`, "line"},
		{"text", `"` + strings.Repeat("x", field.MaxLine+1) + `"`, "too_long"},
		{"number", `"12,5"`, "number"},
		{"number", `1.2345`, "decimals"},
		{"number", `1e400`, "too large"},
		{"number", `9223372036854775.808`, "too large"},
		{"number", `true`, "number"},
		{"number", `"NaN"`, "number"},
		{"number", `""`, "number"},
		{"currency", `"12.345"`, "decimals"},
		{"date", `"2025-02-29"`, "date"},
		{"date", `"24.11.2026"`, "date"},
		{"date_time", `"2026-11-24 10:00"`, "date_time"},
		{"checkbox", `"yes"`, "type"},
		{"select", `"o9"`, "choice"},
		{"select", `["o1"]`, "type"},
		{"multi_select", `["o1", 2]`, "type"},
		{"multi_select", `{"a":1}`, "type"},
		{"person", `"somebody"`, "person"},
		{"person", `"00000000-0000-0000-0000-000000000000"`, "person"},
		{"email", `"Ann <ann@works.example>"`, "email"},
		{"phone", `"call me"`, "phone"},
		{"link", `"javascript:alert(1)"`, "link"},
		{"link", `"https:"`, "link"},
		{"rating", `6`, "range"},
		{"rating", `0`, "range"},
		{"auto_number", `1`, "read_only"},
		{"created_at", `"2026-11-24T10:00:00Z"`, "read_only"},
		{"nonsense", `1`, "unknown"},
	} {
		t.Run(test.key+" "+test.in[:min(len(test.in), 30)], func(t *testing.T) {
			_, err := parse(s, test.key, test.in)
			if err == nil {
				t.Fatal("taken")
			}
			if got := rules(err); !strings.HasPrefix(got, "/values/"+test.key) || !strings.Contains(got+" "+fieldMessages(err), test.rule) {
				t.Errorf("refused with %q, want the rule %s", got, test.rule)
			}
		})
	}
}

func fieldMessages(err error) string {
	var e *veranda.Error
	var out []string
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			out = append(out, f.Message)
		}
	}
	return strings.Join(out, ", ")
}

// Everything that is wrong with a record is said at once, and the record before stays as it was.
func TestRecords(t *testing.T) {
	fields := []field.Field{
		{Key: "name", Name: "Name", Kind: field.Text, Slot: "f1", Rules: field.Rules{Required: true}},
		{Key: "price", Name: "Price", Kind: field.Number, Slot: "f2", Rules: field.Rules{Default: json.RawMessage(`7`)}, Options: field.Options{Min: "1", Max: "10"}},
		{Key: "owner", Name: "Owner", Kind: field.Person, Slot: "f3", Rules: field.Rules{Default: json.RawMessage(`"me"`)}},
		{Key: "day", Name: "Day", Kind: field.Date, Slot: "f4", Rules: field.Rules{Default: json.RawMessage(`"today"`)}},
		{Key: "code", Name: "Code", Kind: field.Text, Slot: "f5", Options: field.Options{Pattern: "[A-Z]+|x", PatternFor: "must be capitals"}},
	}
	s := set(t, fields...)
	me := now
	if err := me.Me.UnmarshalText([]byte(ada)); err != nil {
		t.Fatal(err)
	}
	me.Location = time.FixedZone("", 3600)
	d, err := s.Parse(map[string]json.RawMessage{"name": []byte(`"A"`)}, nil, me)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(field.Doc{"f1": "A", "f1~": "a", "f2": int64(7), "f3": ada, "f4": "2026-11-25"}, d); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	before := d.Clone()
	_, err = s.Parse(map[string]json.RawMessage{"name": []byte(`null`), "price": []byte(`11`), "code": []byte(`"aB"`), "other": []byte(`1`)}, d, me)
	if want := "/values/code pattern, /values/other unknown, /values/price range, /values/name required"; rules(err) != want {
		t.Errorf("refused with %q, want %q", rules(err), want)
	}
	if diff := cmp.Diff(before, d); diff != "" {
		t.Errorf("the former record changed (-want +got):\n%s", diff)
	}
	after, err := s.Parse(map[string]json.RawMessage{"price": []byte(`null`), "day": []byte(`"2026-01-01"`)}, d, me)
	if err != nil {
		t.Fatal(err)
	}
	old := field.Changed(d, after)
	if diff := cmp.Diff(map[string]any{"f2": int64(7), "f4": "2026-11-25"}, old); diff != "" {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(d, field.Revert(after, old)); diff != "" {
		t.Errorf("reverted (-want +got):\n%s", diff)
	}
}

func TestBadFields(t *testing.T) {
	for _, test := range []struct {
		name string
		f    field.Field
		want string
	}{
		{"kind", field.Field{Name: "N", Kind: "colour"}, "/kind one_of"},
		{"no name", field.Field{Kind: field.Text}, "/name required"},
		{"key", field.Field{Name: "N", Key: "Bad Key", Kind: field.Text}, "/key key"},
		{"option of another kind", field.Field{Name: "N", Kind: field.Text, Options: field.Options{Decimals: 2, Multiple: true}}, "/decimals kind, /multiple kind"},
		{"no choices", field.Field{Name: "N", Kind: field.Select}, "/choices too_few"},
		{"choices alike", field.Field{Name: "N", Kind: field.Select, Options: field.Options{Choices: []field.Choice{{Name: "A"}, {Name: "á"}}}}, "/choices/1/name duplicate"},
		{"choice of elsewhere", field.Field{Name: "N", Kind: field.Select, Options: field.Options{Choices: []field.Choice{{Name: "A", ID: "zz"}}}}, "/choices/0/id not_found"},
		{"pattern", field.Field{Name: "N", Kind: field.Text, Options: field.Options{Pattern: "(a"}}, "/pattern pattern"},
		{"currency", field.Field{Name: "N", Kind: field.Currency, Options: field.Options{Currency: "XYZ"}}, "/currency currency"},
		{"bounds", field.Field{Name: "N", Kind: field.Number, Options: field.Options{Min: "5", Max: "4"}}, "/max range"},
		{"bound", field.Field{Name: "N", Kind: field.Number, Options: field.Options{Min: "five"}}, "/min number"},
		{"dates", field.Field{Name: "N", Kind: field.Date, Options: field.Options{Min: "2026-02-30"}}, "/min date"},
		{"default", field.Field{Name: "N", Kind: field.Number, Rules: field.Rules{Default: json.RawMessage(`"x"`)}}, "/default number"},
		{"default beyond", field.Field{Name: "N", Kind: field.Number, Rules: field.Rules{Default: json.RawMessage(`11`)}, Options: field.Options{Max: "10"}}, "/default range"},
		{"unique checkbox", field.Field{Name: "N", Kind: field.Checkbox, Rules: field.Rules{Unique: true}}, "/unique kind"},
		{"required number of ours", field.Field{Name: "N", Kind: field.AutoNumber, Rules: field.Rules{Required: true}}, "/required kind"},
		{"rating", field.Field{Name: "N", Kind: field.Rating, Options: field.Options{Max: "11"}}, "/max range"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var c veranda.Checks
			test.f.Check(&c, "")
			if got := rules(c.Err()); got != test.want {
				t.Errorf("refused with %q, want %q", got, test.want)
			}
		})
	}
}

func TestGoodFields(t *testing.T) {
	var c veranda.Checks
	yen := field.Field{Name: "Price", Kind: field.Currency, Options: field.Options{Currency: "JPY"}}
	dinar := field.Field{Name: "Price", Kind: field.Currency, Options: field.Options{Currency: "KWD"}}
	state := field.Field{Name: "State", Kind: field.Select, Rules: field.Rules{Default: json.RawMessage(`"New"`)}, Options: field.Options{Choices: []field.Choice{{Name: "New"}, {Name: "Old", ID: "o4"}}}}
	for _, f := range []*field.Field{&yen, &dinar, &state} {
		f.Check(&c, "", "o7")
	}
	if err := c.Err(); err != nil {
		t.Fatalf("refused with %s", rules(err))
	}
	if yen.Decimals != 0 || dinar.Decimals != 3 {
		t.Errorf("yen have %d decimals and dinars %d, want 0 and 3", yen.Decimals, dinar.Decimals)
	}
	if state.Choices[0].ID != "o8" || state.Choices[1].ID != "o4" {
		t.Errorf("choices are %v, want the ids o8 and o4", state.Choices)
	}
}

func TestKeyOf(t *testing.T) {
	for name, want := range map[string]string{
		"Unit price": "unit_price", "Größe (cm)": "grosse_cm", "Цена": "field", "2nd": "f_2nd", "  ": "field", "taken": "taken_2",
		strings.Repeat("ab ", 30): "ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_ab_a",
	} {
		if got := field.KeyOf(name, func(key string) bool { return key == "taken" }); got != want {
			t.Errorf("key of %q is %q, want %q", name, got, want)
		}
	}
}

func TestParseText(t *testing.T) {
	s := set(t, all()...)
	for _, test := range []struct {
		key, in string
		w       field.Writing
		want    any
	}{
		{"number", "1,234.5", field.Writing{}, int64(1234500)},
		{"number", "1.234,5", field.Writing{DecimalComma: true}, int64(1234500)},
		{"number", "1 234,5", field.Writing{DecimalComma: true}, int64(1234500)},
		{"number", "(12)", field.Writing{}, int64(-12000)},
		{"currency", "€ 12.50", field.Writing{}, int64(1250)},
		{"currency", "12.50 EUR", field.Writing{}, int64(1250)},
		{"currency", "-$1,000", field.Writing{}, int64(-100000)},
		{"percent", "12.5 %", field.Writing{}, int64(125)},
		{"checkbox", "Да", field.Writing{}, int64(1)},
		{"checkbox", "no", field.Writing{}, nil},
		{"date", "24.11.2026", field.Writing{Layout: "02.01.2006"}, "2026-11-24"},
		{"date", "1996-07-04 00:00:00.000", field.Writing{}, "1996-07-04"},
		{"date_time", "1996-07-04 10:00", field.Writing{Location: time.FixedZone("", 3600)}, "1996-07-04T09:00:00.000Z"},
		{"select", "WON, AT LAST", field.Writing{}, "o2"},
		{"multi_select", "lost; new", field.Writing{}, []string{"o1", "o3"}},
		{"multi_select", "Won, at last", field.Writing{}, []string{"o2"}},
		{"text", "  ", field.Writing{}, nil},
	} {
		got, err := s.ParseText(test.key, test.in, test.w)
		if err != nil && test.want != nil {
			t.Errorf("%s %q: %v", test.key, test.in, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", test.key, test.in, diff)
		}
	}
	for _, bad := range []struct{ key, in string }{
		{"number", "1,2"}, {"number", "twelve"}, {"date", "1996-07-04 10:00:00"}, {"date", "04/07/1996"}, {"checkbox", "perhaps"},
		{"select", "unknown"}, {"auto_number", "1"}, {"rating", "9"}, {"nonsense", "1"},
	} {
		if got, err := s.ParseText(bad.key, bad.in, field.Writing{}); err == nil {
			t.Errorf("%s %q is read as %v, want an error", bad.key, bad.in, got)
		}
	}
}

func TestUniqueKey(t *testing.T) {
	s := set(t, all()...)
	key := func(name, value string) string {
		d, err := parse(s, name, value)
		if err != nil {
			t.Fatal(err)
		}
		return s.Field(name).UniqueKey(d)
	}
	if a, b := key("text", `"STRASSE é"`), key("text", `"straße E"`); a != b || a == "" {
		t.Errorf("%q and %q are not the same", a, b)
	}
	long := strings.Repeat("x", 500)
	if a, b := key("text", `"`+long+`"`), key("text", `"`+long+`y"`); a == b || len(a) > 200 {
		t.Errorf("long texts have the keys %q and %q", a, b)
	}
	if a := key("number", `null`); a != "" {
		t.Errorf("nothing has the key %q", a)
	}
	if a := key("number", `0`); a != "0" {
		t.Errorf("nought has the key %q", a)
	}
}
