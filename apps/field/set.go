package field

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/veranda-go/veranda"
)

// Set is the fields of one application, ready for use. It never changes and may be used by several goroutines.
type Set struct {
	columns []*column
	byKey   map[string]*column
}

// column is a field with what its values are checked by.
type column struct {
	Field
	class    Class
	folded   string // the slot of the folded form, of texts
	pattern  *regexp.Regexp
	min, max *int64 // scaled
	choices  map[string]int
	byName   map[string]int
}

// NewSet makes fields ready for use. They must be valid ([CheckAll]) and have slots; stamped kinds have none.
func NewSet(fields []Field) (*Set, error) {
	s := &Set{byKey: make(map[string]*column, len(fields))}
	for i := range fields {
		f := &fields[i]
		if f.Kind.Computed() {
			return nil, fmt.Errorf("field: %s is computed: a set wants it as Resolved gives it", f.Key)
		}
		if !f.Kind.Stamped() && !slotForm.MatchString(f.Slot) {
			return nil, fmt.Errorf("field: %s has the slot %q", f.Key, f.Slot)
		}
		var c veranda.Checks
		col := compile(&c, "", f.Clone())
		if err := c.Err(); err != nil {
			return nil, fmt.Errorf("field: %s: %w", f.Key, err)
		}
		if s.byKey[f.Key] != nil {
			return nil, fmt.Errorf("field: two fields have the key %q", f.Key)
		}
		s.columns = append(s.columns, col)
		s.byKey[f.Key] = col
	}
	return s, nil
}

// Fields are the fields in their order. The list and what it points to must not be changed.
func (s *Set) Fields() []*Field {
	out := make([]*Field, len(s.columns))
	for i, col := range s.columns {
		out[i] = &col.Field
	}
	return out
}

// Field is the field of a key, nil where there is none.
func (s *Set) Field(key string) *Field {
	if col := s.byKey[key]; col != nil {
		return &col.Field
	}
	return nil
}

// ChoiceNames are the names of chosen ids, those of choices that are gone left out.
func (f *Field) ChoiceNames(ids ...string) []string {
	var names []string
	for _, id := range ids {
		for i := range f.Choices {
			if f.Choices[i].ID == id {
				names = append(names, f.Choices[i].Name)
			}
		}
	}
	return names
}

// compile makes a column of a field and checks the options that it is made of.
func compile(c *veranda.Checks, at string, f Field) *column {
	col := &column{Field: f, class: f.Class()}
	if col.class == ClassText {
		col.folded = f.Slot + "~"
	}
	if f.Pattern != "" {
		var err error
		// Package regexp is RE2: its time is linear in the text whatever the pattern.
		if col.pattern, err = regexp.Compile(`^(?:` + f.Pattern + `)$`); err != nil {
			c.Add(at+"/pattern", "pattern", "is no regular expression: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
	col.compileRange(c, at)
	if len(f.Choices) > 0 {
		col.choices, col.byName = make(map[string]int, len(f.Choices)), make(map[string]int, len(f.Choices))
		for i, choice := range f.Choices {
			col.choices[choice.ID] = i
			col.byName[Fold(choice.Name)] = i
		}
	}
	return col
}

// compileRange reads the bounds of numbers; those of dates are compared as they are.
func (col *column) compileRange(c *veranda.Checks, at string) {
	if col.Kind == Rating {
		least, most := int64(1), int64(5)
		if col.Max != "" {
			v, err := scale(col.Max, 0)
			if err != nil || v < 1 || v > MaxRating {
				c.Add(at+"/max", "range", "must be between 1 and 10")
				return
			}
			most = v
		}
		col.min, col.max = &least, &most
		return
	}
	if !col.Kind.decimal() {
		return
	}
	for _, bound := range []struct {
		name, text string
		to         **int64
	}{{"/min", col.Min, &col.min}, {"/max", col.Max, &col.max}} {
		if bound.text == "" {
			continue
		}
		v, err := scale(bound.text, col.Decimals)
		if err != nil {
			c.Add(at+bound.name, "number", err.Error())
			continue
		}
		*bound.to = &v
	}
	if col.min != nil && col.max != nil && *col.min > *col.max {
		c.Add(at+"/max", "range", "must not be less than min")
	}
}
