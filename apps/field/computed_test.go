package field_test

import (
	"encoding/json"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// A computed field stands in a set as one of the kind of its result, which nobody writes.
func TestComputed(t *testing.T) {
	sum := field.Field{Key: "total", Name: "Total", Kind: field.RollUp, Slot: "f2", Options: field.Options{
		Through: "lines", Of: "price", Function: field.Sum, Result: field.Currency, Currency: "EUR", Decimals: 2}}
	if _, err := field.NewSet([]field.Field{sum}); err == nil {
		t.Error("a set takes what is not resolved")
	}
	s := set(t, sum.Resolved())
	if got := string(s.Show(field.Doc{"f2": int64(1250)}, field.Stamp{}, nil)); got != `{"total":"12.50"}` {
		t.Errorf("shown: %s", got)
	}
	_, err := s.Parse(map[string]json.RawMessage{"total": []byte(`"1"`)}, nil, now)
	if veranda.CodeOf(err) != veranda.CodeInvalid {
		t.Errorf("written: %v", err)
	}
}

func TestRelations(t *testing.T) {
	one := field.Field{Key: "a", Name: "A", Kind: field.Relation, Slot: "f1", Options: field.Options{Target: ada}}
	many := field.Field{Key: "b", Name: "B", Kind: field.Relation, Slot: "f2", Options: field.Options{Target: ada, Multiple: true}}
	s := set(t, one, many)
	doc, err := s.Parse(map[string]json.RawMessage{"a": []byte(`"` + ada + `"`), "b": []byte(`["` + bob + `", "` + bob + `", "` + ada + `"]`)}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(s.Show(doc, field.Stamp{}, nil)); got != `{"a":"`+ada+`","b":["`+bob+`","`+ada+`"]}` {
		t.Errorf("shown: %s", got)
	}
	if got := string(s.Show(field.Doc{}, field.Stamp{}, nil)); got != `{"a":null,"b":[]}` {
		t.Errorf("empty: %s", got)
	}
	for _, bad := range []string{`5`, `"x"`, `[1]`, `"00000000-0000-0000-0000-000000000000"`} {
		if _, err := s.Parse(map[string]json.RawMessage{"b": []byte(bad)}, nil, now); veranda.CodeOf(err) != veranda.CodeInvalid {
			t.Errorf("%s is taken: %v", bad, err)
		}
	}
	for _, bad := range []field.Field{
		{Name: "x", Kind: field.Relation},
		{Name: "x", Kind: field.Relation, Options: field.Options{Target: ada, OnDelete: "burn"}},
		{Name: "x", Kind: field.Text, Options: field.Options{Target: ada}},
		{Name: "x", Kind: field.Lookup, Options: field.Options{Through: "a"}},
		{Name: "x", Kind: field.RollUp, Options: field.Options{Through: "a", Of: "b"}},
		{Name: "x", Kind: field.Formula},
	} {
		var c veranda.Checks
		if bad.Check(&c, ""); c.Err() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
