package apps

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/formula"
)

// computed is a formula, ready for use.
type computed struct {
	field   *field.Field // as of its result
	program *formula.Program
}

// derived is a lookup or a roll-up, ready for use.
type derived struct {
	field   *field.Field // as of its result
	column  *column
	through *column
}

// readyComputed makes what is computed ready.
func (s *schema) readyComputed() error {
	s.relations, s.derived, s.formulas, s.watched = nil, nil, nil, false
	var uses []formula.Use
	programs := map[string]*computed{}
	for _, col := range s.Columns {
		if col.RemovedAt != nil {
			continue
		}
		f := s.set.Field(col.Key)
		switch col.Kind {
		case field.Relation:
			s.relations = append(s.relations, col)
			s.watched = s.watched || len(col.Watched) > 0
		case field.Lookup, field.RollUp:
			through := s.byKey(col.Through)
			if through == nil {
				return fmt.Errorf("apps: the relation %s of %s is gone", col.Through, col.Key)
			}
			s.derived = append(s.derived, &derived{field: f, column: col, through: through})
		case field.Formula:
			program, err := formula.Compile(col.Formula, *f, s.others(col.Key))
			if err != nil {
				return err
			}
			programs[col.Key] = &computed{field: f, program: program}
			uses = append(uses, formula.Use{Key: col.Key, Uses: program.DependsOn()})
		}
	}
	order, err := formula.Order(uses)
	if err != nil {
		return err
	}
	for _, key := range order {
		s.formulas = append(s.formulas, programs[key])
	}
	return nil
}

// others are the fields that a formula can use: all but its own, and the other sides of relations, whose values lie
// elsewhere.
func (s *schema) others(but string) []field.Field {
	var list []field.Field
	for _, f := range s.set.Fields() {
		if !f.Reverse && f.Key != but {
			list = append(list, *f)
		}
	}
	return list
}

// byKey is the column of a field that is there, nil where there is none.
func (s *schema) byKey(key string) *column {
	for _, col := range s.Columns {
		if col.Key == key && col.RemovedAt == nil {
			return col
		}
	}
	return nil
}

// compute computes a record's formulas. What cannot be computed is empty.
func (s *schema) compute(r *record) {
	for _, c := range s.formulas {
		value, err := c.program.Eval(r.doc, r.stamp)
		if err != nil {
			value = nil
		}
		s.set.Put(r.doc, c.field.Key, value)
	}
}

// maxTold is how many values of related records a text tells.
const maxTold = 100

// tell is what a lookup or a roll-up says of related records; f is the field there, nil where the records alone count.
func (d *derived) tell(f *field.Field, docs []field.Doc) any {
	if d.column.Kind == field.Lookup {
		return d.lookUp(f, docs)
	}
	if d.column.Function == field.Count {
		return int64(len(docs))
	}
	var filled []field.Doc
	for _, doc := range docs {
		if !doc.IsEmpty(f) {
			filled = append(filled, doc)
		}
	}
	switch d.column.Function {
	case field.CountFilled:
		return int64(len(filled))
	case field.Sum, field.Average:
		return d.sum(f, filled)
	}
	var best any
	for _, doc := range filled {
		value := doc[f.Slot]
		if best == nil || (d.column.Function == field.Min) == less(value, best) && value != best {
			best = value
		}
	}
	return best
}

func less(a, b any) bool {
	if x, ok := a.(int64); ok {
		return x < b.(int64)
	}
	return a.(string) < b.(string)
}

func (d *derived) lookUp(f *field.Field, docs []field.Doc) any {
	if d.field.Kind != field.Text {
		for _, doc := range docs {
			return doc[f.Slot]
		}
		return nil
	}
	var texts []string
	for _, doc := range docs {
		if text := f.Text(doc); text != "" && len(texts) < maxTold {
			texts = append(texts, strings.Join(strings.Fields(text), " "))
		}
	}
	text := []rune(strings.Join(texts, ", "))
	if len(text) == 0 {
		return nil
	}
	return string(text[:min(len(text), field.MaxLine)])
}

// sum is the exact sum or average; nothing where it does not fit.
func (d *derived) sum(f *field.Field, docs []field.Doc) any {
	if len(docs) == 0 {
		if d.column.Function == field.Sum {
			return int64(0)
		}
		return nil
	}
	var high, low uint64 // 128 bits, two's complement
	for _, doc := range docs {
		v, _ := doc[f.Slot].(int64)
		var carry uint64
		low, carry = bits.Add64(low, uint64(v), 0)
		high, _ = bits.Add64(high, uint64(v>>63), carry)
	}
	if d.column.Function == field.Sum {
		return fits(int64(high)>>63 != 0, high, low)
	}
	negative := int64(high) < 0
	if negative {
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	for range d.field.Decimals - f.Decimals {
		over, l := bits.Mul64(low, 10)
		h, next := bits.Mul64(high, 10)
		if h != 0 {
			return nil
		}
		var carry uint64
		low, high = l, 0
		if high, carry = bits.Add64(next, over, 0); carry != 0 {
			return nil
		}
	}
	n := uint64(len(docs))
	// Half a unit away from zero.
	var carry uint64
	low, carry = bits.Add64(low, n/2, 0)
	high += carry
	if high >= n {
		return nil
	}
	quotient, _ := bits.Div64(high, low, n)
	if quotient > 1<<63-1 {
		return nil
	}
	if negative {
		return -int64(quotient)
	}
	return int64(quotient)
}

// fits is a sum of 128 bits as a number of a field, nil where it is none.
func fits(negative bool, high, low uint64) any {
	v := int64(low)
	if negative != (v < 0) || negative && high != ^uint64(0) || !negative && high != 0 || v == field.Empty {
		return nil
	}
	return v
}

// result gives a lookup or a roll-up the kind of its result; of is the field of the related records, single tells that
// there is at most one of them.
func result(f *field.Field, of *field.Field, single bool) error {
	f.Decimals, f.Currency = 0, ""
	if f.Kind == field.RollUp && (f.Function == field.Count || f.Function == field.CountFilled) {
		f.Result = field.Number
		return nil
	}
	if of.Kind.Stamped() || of.Reverse || of.Kind == field.Relation || of.Kind == field.Person {
		return errors.New("is not for fields of people, relations, nor of who made a record and when")
	}
	number := of.Kind == field.Number || of.Kind == field.Currency || of.Kind == field.Percent || of.Kind == field.Rating
	switch f.Function {
	case field.Sum, field.Average:
		if !number {
			return errors.New("must be a number")
		}
	case field.Min, field.Max:
		if !number && of.Kind != field.Date && of.Kind != field.DateTime {
			return errors.New("must be a number or a date")
		}
	default:
		if !single || !number && of.Kind != field.Date && of.Kind != field.DateTime && of.Kind != field.Checkbox {
			f.Result = field.Text
			return nil
		}
	}
	if f.Result, f.Decimals, f.Currency = of.Kind, of.Decimals, of.Currency; f.Result == field.Rating {
		f.Result, f.Decimals = field.Number, 0
	}
	if f.Function == field.Average {
		f.Decimals = min(f.Decimals+2, field.MaxDecimals)
	}
	return nil
}

// settleFormula compiles a formula and gives its field the kind of its result.
func (s *schema) settleFormula(f *field.Field) error {
	into := field.Field{Key: f.Key, Name: f.Name, Slot: "f1", Kind: f.Result, Options: field.Options{Decimals: f.Decimals, Currency: f.Currency}}
	program, err := formula.Compile(f.Formula, into, s.others(f.Key))
	if err != nil {
		return err
	}
	if f.Result = program.Kind(); f.Result != field.Currency {
		return nil
	}
	// Money has the decimals of its currency, unless others are given.
	var c veranda.Checks
	money := field.Field{Name: f.Name, Kind: field.Currency, Options: field.Options{Currency: f.Currency, Decimals: f.Decimals}}
	money.Check(&c, "")
	f.Decimals = money.Decimals
	return c.Err()
}
