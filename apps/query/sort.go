package query

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// MaxSorts is how many fields a list is sorted by.
const MaxSorts = 5

// Sort is a field that a list is sorted by.
type Sort struct {
	Field      string `json:"field" doc:"A field's key."`
	Descending bool   `json:"descending,omitempty"`
}

// Sorting is sorts that fit the fields of an application. The record's id comes last, in the direction of the last field.
type Sorting struct{ keys []sortKey }

type sortKey struct {
	field      *field.Field
	descending bool
	choices    string // "|o2|o1|", by which choices are sorted
}

// number tells whether the key is one.
func (k *sortKey) number() bool {
	return k.choices != "" || k.field.Class() == field.ClassInt || k.field.Class() == field.ClassBool
}

// CheckSort checks sorts against an application's fields and reports what is wrong at pointers below at.
func CheckSort(c *veranda.Checks, at string, sorts []Sort, set *field.Set, asking Asking) *Sorting {
	c.Count(at, len(sorts), 0, MaxSorts)
	s := &Sorting{}
	if c.Failed(at) {
		return s
	}
	for i, sort := range sorts {
		place, f := at+"/"+strconv.Itoa(i)+"/field", set.Field(sort.Field)
		switch {
		case f == nil || asking.Hidden[sort.Field]:
			c.Add(place, "unknown", "is no field of this application")
		case f.Class() == field.ClassSet:
			c.Add(place, "kind", "cannot be sorted by, for it holds lists")
		case slices.ContainsFunc(s.keys, func(k sortKey) bool { return k.field.Key == sort.Field }):
			c.Add(place, "duplicate", "is sorted by already")
		default:
			s.keys = append(s.keys, sortKey{field: f, descending: sort.Descending, choices: choiceOrder(f)})
		}
	}
	return s
}

// choiceOrder is the ids of a field's choices in their order, as texts of SQL look a choice up.
func choiceOrder(f *field.Field) string {
	if f.Kind != field.Select {
		return ""
	}
	var b strings.Builder
	b.WriteByte('|')
	for i := range f.Choices {
		if id := f.Choices[i].ID; slotForm.MatchString("f" + strings.TrimPrefix(id, "o")) {
			b.WriteString(id + "|")
		}
	}
	return b.String()
}

// Compare orders two records as the texts in SQL do.
func (s *Sorting) Compare(a, b *Record) int {
	for i := range s.keys {
		k := &s.keys[i]
		order := compareKeys(k.of(a), k.of(b))
		if k.descending {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	order := cmp.Compare(a.ID, b.ID)
	if s.backwards() {
		order = -order
	}
	return order
}

func (s *Sorting) backwards() bool { return len(s.keys) > 0 && s.keys[len(s.keys)-1].descending }

func compareKeys(a, b any) int {
	if x, ok := a.(string); ok {
		return cmp.Compare(x, b.(string))
	}
	return cmp.Compare(a.(int64), b.(int64))
}

// of is a record's key.
func (k *sortKey) of(r *Record) any {
	key := keyOf(k.field, r.Doc, r.Stamp)
	if k.choices != "" {
		return int64(strings.Index(k.choices, "|"+key.(string)+"|") + 1)
	}
	return key
}

// Position is where a record stands in the order: what a cursor is made of.
func (s *Sorting) Position(r *Record) []string {
	position := make([]string, 0, len(s.keys)+1)
	for i := range s.keys {
		switch v := s.keys[i].of(r).(type) {
		case string:
			position = append(position, v)
		case int64:
			position = append(position, strconv.FormatInt(v, 10))
		}
	}
	return append(position, r.ID)
}

// Parts is how many parts a position has.
func (s *Sorting) Parts() int { return len(s.keys) + 1 }

// Name tells sortings apart, so that a cursor of one order is refused by another.
func (s *Sorting) Name() string {
	var b strings.Builder
	for i := range s.keys {
		b.WriteString(s.keys[i].field.Slot + string(s.keys[i].field.Kind))
		if s.keys[i].descending {
			b.WriteByte('-')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func (b *Builder) key(k *sortKey) string {
	x := b.place.expression(k.field)
	switch {
	case k.choices == "":
		return x
	case b.place.Postgres:
		return "strpos('" + k.choices + "','|'||" + x + "||'|')"
	default:
		return "instr('" + k.choices + "','|'||" + x + "||'|')"
	}
}

// OrderBy is the order, without its words ORDER BY.
func (b *Builder) OrderBy(s *Sorting) string {
	parts := make([]string, 0, len(s.keys)+1)
	for i := range s.keys {
		part := b.key(&s.keys[i])
		if s.keys[i].descending {
			part += " DESC"
		}
		parts = append(parts, part)
	}
	if s.backwards() {
		return strings.Join(append(parts, "r.id DESC"), ", ")
	}
	return strings.Join(append(parts, "r.id"), ", ")
}

var errPosition = errors.New("query: the position is none of this order")

// After is the condition for what comes after a position.
func (b *Builder) After(s *Sorting, position []string) (string, error) {
	if len(position) != s.Parts() {
		return "", errPosition
	}
	values := make([]any, len(s.keys))
	for i := range s.keys {
		values[i] = position[i]
		if s.keys[i].number() {
			v, err := strconv.ParseInt(position[i], 10, 64)
			if err != nil {
				return "", errPosition
			}
			values[i] = v
		}
	}
	id := position[len(s.keys)]
	if !slices.ContainsFunc(s.keys, func(k sortKey) bool { return k.descending != s.backwards() }) {
		return b.afterRow(s, values, id), nil
	}
	return b.afterSpelled(s, values, id), nil
}

// afterRow compares rows, where all directions are one. SQLite uses an index over an expression for a comparison of its
// own only, not for one of rows, so it gets one more, of the first key.
func (b *Builder) afterRow(s *Sorting, values []any, id string) string {
	var left, right []string
	for i := range s.keys {
		left, right = append(left, b.key(&s.keys[i])), append(right, b.arg(values[i]))
	}
	op := " > "
	if s.backwards() {
		op = " < "
	}
	text := "(" + strings.Join(append(left, "r.id"), ",") + ")" + op + "(" + strings.Join(append(right, b.id(id)), ",") + ")"
	if len(s.keys) > 0 && !b.place.Postgres && !b.place.Columns[s.keys[0].field.Slot] {
		text += " AND " + left[0] + strings.TrimSuffix(op, " ") + "= " + right[0]
	}
	return "(" + text + ")"
}

// afterSpelled spells the comparison out, where directions differ.
func (b *Builder) afterSpelled(s *Sorting, values []any, id string) string {
	op := func(descending bool) string {
		if descending {
			return " < "
		}
		return " > "
	}
	text := "r.id" + op(s.backwards()) + b.id(id)
	for i := len(s.keys) - 1; i >= 0; i-- {
		x, value, o := b.key(&s.keys[i]), b.arg(values[i]), op(s.keys[i].descending)
		text = "(" + x + strings.TrimSuffix(o, " ") + "= " + value + " AND (" + x + o + value + " OR " + text + "))"
	}
	return text
}

func (b *Builder) id(id string) string {
	text := b.arg(id)
	if b.place.Postgres {
		return "(" + text + ")::uuid"
	}
	return text
}
