package field_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/apps/field"
)

// words are texts that have been trouble.
var words = []string{"Ärger", "a\u0308rger", "Straße", "STRASSE", "İstanbul", "ıx", "ΣΊΣΥΦΟΣ", "50%", "a_b", `a\b`, "O'Neil", `say "no"`, "😀x", "10", "9.5", "中文", "ﬁn", "FIN", "\U00010000", "Å", "true", "null", "ǅ", "1,5", "2024-02-29", "New"}

func text(t *rapid.T) string {
	if rapid.Bool().Draw(t, "word") {
		return rapid.SampledFrom(words).Draw(t, "text")
	}
	return rapid.StringN(1, 20, -1).Draw(t, "text")
}

// value is a value of a field in the form of the API.
func value(t *rapid.T, f *field.Field) json.RawMessage {
	var v any
	switch f.Kind {
	case field.Number, field.Currency, field.Percent:
		n := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-10_000, 10_000)).Draw(t, "number")
		d := field.Doc{f.Slot: max(n, -1<<63+1)}
		probe := *f
		probe.Kind = field.Number
		v = json.RawMessage(probe.Text(d))
	case field.Date:
		v = rapid.SampledFrom([]string{"0001-01-01", "1969-12-31", "2024-02-29", "9999-12-31"}).Draw(t, "date")
	case field.DateTime:
		v = time.UnixMilli(rapid.Int64Range(-1e12, 4e12).Draw(t, "moment")).UTC().Format(time.RFC3339Nano)
	case field.Checkbox:
		v = rapid.Bool().Draw(t, "checkbox")
	case field.Select:
		v = rapid.SampledFrom(f.Choices).Draw(t, "choice").ID
	case field.MultiSelect:
		v = rapid.SliceOf(rapid.SampledFrom([]string{"o1", "o2", "o3"})).Draw(t, "choices")
	case field.Person:
		v = ada
		if f.Multiple {
			v = rapid.SliceOfDistinct(rapid.SampledFrom([]string{ada, bob}), rapid.ID).Draw(t, "people")
		}
	case field.Relation:
		v = ada
	case field.Email:
		v = "ann+" + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "email")) + "@works.example"
	case field.Phone:
		v = "+4930901820" + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "phone"))
	case field.Link:
		v = "https://example.org/" + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "link"))
	case field.Rating:
		v = rapid.IntRange(1, 5).Draw(t, "rating")
	default:
		v = text(t)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// writable are the fields of all kinds that people write.
func writable() []field.Field {
	var out []field.Field
	for _, f := range all() {
		if !f.Kind.ReadOnly() {
			out = append(out, f)
		}
	}
	return out
}

// What is shown is read as the same, and so is what is stored.
func TestShowAndParseAgree(t *testing.T) {
	s := set(t, all()...)
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(writable()).Draw(t, "field")
		d, err := s.Parse(map[string]json.RawMessage{f.Key: value(t, &f)}, nil, now)
		if err != nil {
			t.Skip(err)
		}
		var shown map[string]json.RawMessage
		if err := json.Unmarshal(s.Show(d, field.Stamp{}, nil), &shown); err != nil {
			t.Fatal(err)
		}
		again, err := s.Parse(map[string]json.RawMessage{f.Key: shown[f.Key]}, nil, now)
		if err != nil {
			t.Fatalf("%s: %v", shown[f.Key], rules(err))
		}
		if diff := gocmp.Diff(d, again); diff != "" {
			t.Errorf("%s (-want +got):\n%s", shown[f.Key], diff)
		}
		stored, err := field.Decode([]byte(d.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(d, stored); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
	})
}

func TestFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := text(t)
		if once, twice := field.Fold(text), field.Fold(field.Fold(text)); once != twice {
			t.Errorf("%q folds to %q and then to %q", text, once, twice)
		}
	})
	for _, same := range [][]string{{"Straße", "STRASSE", "strasse"}, {"Ärger", "a\u0308rger", "arger"}, {"ﬁn", "FIN"}, {"ΣΊΣΥΦΟΣ", "σισυφοσ"}} {
		for _, other := range same {
			if field.Fold(other) != field.Fold(same[0]) {
				t.Errorf("%q folds to %q, %q to %q", same[0], field.Fold(same[0]), other, field.Fold(other))
			}
		}
	}
}

// Retyping and retyping back loses nothing, whatever converts and whatever does not.
func TestThereAndBack(t *testing.T) {
	fields := writable()
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.SampledFrom(fields).Draw(t, "from"), rapid.SampledFrom(fields).Draw(t, "to")
		to.Slot = "f99"
		c, err := field.NewConversion(from, to, nil)
		if err != nil {
			relation := from.Kind == field.Relation || to.Kind == field.Relation
			if !relation && (from.Kind == field.Person) == (to.Kind == field.Person) {
				t.Errorf("%s to %s is impossible: %v", from.Kind, to.Kind, err)
			}
			return
		}
		s, err := field.NewSet([]field.Field{from})
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Parse(map[string]json.RawMessage{from.Key: value(t, &from)}, nil, now)
		if err != nil {
			t.Skip(err)
		}
		before := d.Clone()
		applied := c.Apply(d)
		if applied != nil && d["f99"] != nil {
			t.Errorf("%s does not convert (%v) and is %v", before, applied, d["f99"])
		}
		if err := c.Back(d); err != nil {
			t.Fatalf("back: %v", err)
		}
		delete(d, "f99")
		delete(d, "f99~")
		if diff := gocmp.Diff(before, d); diff != "" {
			t.Errorf("%s to %s and back (-want +got):\n%s", from.Kind, to.Kind, diff)
		}
	})
}

// Numbers are ordered by their keys as they are by their values.
func TestOrder(t *testing.T) {
	s := set(t, all()...)
	f := s.Field("currency")
	rapid.Check(t, func(t *rapid.T) {
		key := func(cents int64) int64 {
			d, err := s.Parse(map[string]json.RawMessage{"currency": fmt.Appendf(nil, `"%s"`, f.Text(field.Doc{f.Slot: cents}))}, nil, now)
			if err != nil {
				t.Fatal(err)
			}
			return f.Comparable(d, field.Stamp{}).(int64)
		}
		a, b := rapid.Int64Range(-1e15, 1e15).Draw(t, "a"), rapid.Int64Range(-1e15, 1e15).Draw(t, "b")
		if cmp.Compare(key(a), key(b)) != cmp.Compare(a, b) {
			t.Errorf("%d and %d have the keys %d and %d", a, b, key(a), key(b))
		}
	})
}

func FuzzParse(f *testing.F) {
	s := set(f, all()...)
	for _, seed := range []string{`"a"`, `12.5`, `-1e9`, `true`, `["o1"]`, `{"a":[]}`, `"\ud800"`, `"2026-11-24"`, `nul`, `"`} {
		for i := range s.Fields() {
			f.Add(i, seed)
		}
	}
	f.Fuzz(func(t *testing.T, i int, raw string) {
		fields := s.Fields()
		key := fields[(i%len(fields)+len(fields))%len(fields)].Key
		d, err := s.Parse(map[string]json.RawMessage{key: json.RawMessage(raw)}, nil, now)
		if err != nil {
			return
		}
		stored, err := field.Decode([]byte(d.String()))
		if err != nil {
			t.Fatalf("%q is stored as %s: %v", raw, d, err)
		}
		if diff := gocmp.Diff(d, stored); diff != "" {
			t.Errorf("stored (-want +got):\n%s", diff)
		}
		if !json.Valid(s.Show(d, field.Stamp{}, nil)) {
			t.Errorf("%q is shown as %s", raw, s.Show(d, field.Stamp{}, nil))
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{}`, `{"f1":"a","f2":12,"f3":["a","b"]}`, `{"f1":"\u00e4\n"}`, `{"f1":{}}`, `{"f1":1.5}`, `[`, `{"f1":"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := field.Decode([]byte(text))
		if err != nil {
			return
		}
		again, err := field.Decode([]byte(d.String()))
		if err != nil {
			t.Fatalf("%q is written as %s: %v", text, d, err)
		}
		if !json.Valid([]byte(d.String())) {
			t.Fatalf("%q is written as %s", text, d)
		}
		_ = again
	})
}

func BenchmarkRecord(b *testing.B) {
	s := set(b, all()...)
	values := map[string]json.RawMessage{
		"text": []byte(`"A customer's name"`), "long_text": []byte(`"Some words about it"`), "number": []byte(`12.5`), "currency": []byte(`"99.90"`),
		"percent": []byte(`20`), "date": []byte(`"2026-11-24"`), "date_time": []byte(`"2026-11-24T10:00:00Z"`), "checkbox": []byte(`true`),
		"select": []byte(`"o1"`), "multi_select": []byte(`["o1","o3"]`), "email": []byte(`"ann@works.example"`), "rating": []byte(`4`),
	}
	d, err := s.Parse(values, nil, now)
	if err != nil {
		b.Fatal(err)
	}
	stored := []byte(d.String())
	b.Run("parse and write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d, err := s.Parse(values, nil, now)
			if err != nil {
				b.Fatal(err)
			}
			_ = d.Append(nil)
		}
	})
	b.Run("read and show", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d, err := field.Decode(stored)
			if err != nil {
				b.Fatal(err)
			}
			_ = s.Show(d, field.Stamp{}, nil)
		}
	})
}
