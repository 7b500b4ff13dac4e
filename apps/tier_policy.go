package apps

import (
	"cmp"
	"slices"

	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

const (
	// promoteAt is how many records make an application large, where nothing else is said; demoteShare is the part of it
	// below which a large one is small again: it is far enough below that none goes back and forth.
	promoteAt   = 10_000
	demoteShare = 4

	// maxColumns and maxIndexes are how many generated columns, and indexes over fields, a table has at most. Each index
	// costs every write of a record some 5 to 10 µs.
	maxColumns = 100
	maxIndexes = 8
)

// columnsOf are the slots that a table of an application's own has generated columns for: of all fields that can be compared
// and are not long, the first maxColumns.
func (s *schema) columnsOf(place query.Place) (slots []string) {
	for _, f := range s.set.Fields() {
		if len(slots) < maxColumns && f.Kind != field.LongText && place.Generated(f) != "" {
			slots = append(slots, f.Slot)
		}
	}
	return slots
}

// indexesOf are the slots, and stamps, that lists of a large application need an index for, at most maxIndexes. What
// narrows what somebody sees, by the rules of access, comes first; then the title, what is unique, days and moments, choices
// and people; then who made or changed records, and when; then numbers, then other texts. Yes and no, long texts and lists
// have none.
func (s *schema) indexesOf(place query.Place) (names []string) {
	type wish struct {
		name string
		rank int
	}
	narrowing := map[string]bool{}
	for i := range s.Rules {
		fieldsIn(s.Rules[i].Where, narrowing)
	}
	var wishes []wish
	for _, f := range s.set.Fields() {
		name := f.Slot
		if f.Kind.Stamped() {
			name = place.Column(f)
		} else if place.Indexable(f) == "" {
			continue
		}
		rank := 0
		switch {
		case f.Class() == field.ClassBool || f.Kind == field.LongText:
			continue
		case narrowing[f.Key]:
			rank = 1
		case f.Key == s.Title:
			rank = 2
		case f.Unique:
			rank = 3
		case f.Kind.Stamped():
			rank = 5
		case f.Class() == field.ClassExact:
			rank = 4
		case f.Class() == field.ClassInt:
			rank = 6
		default:
			rank = 7
		}
		wishes = append(wishes, wish{name, rank})
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(a.rank, b.rank) })
	for _, w := range wishes {
		if len(names) < maxIndexes && !slices.Contains(names, w.name) {
			names = append(names, w.name)
		}
	}
	return names
}

// fieldsIn gathers the keys of the fields that a filter looks at.
func fieldsIn(f *query.Filter, into map[string]bool) {
	if f == nil {
		return
	}
	if f.Field != "" {
		into[f.Field] = true
	}
	for i := range f.And {
		fieldsIn(&f.And[i], into)
	}
	for i := range f.Or {
		fieldsIn(&f.Or[i], into)
	}
	fieldsIn(f.Not, into)
}

// newHome is what a table for the application would have.
func (s *schema) newHome(place query.Place, second bool) *home {
	return &home{Second: second, Columns: s.columnsOf(place), Indexes: s.indexesOf(place)}
}

// indexed is what an index is over: a column of the table, or an expression; "" where the field is gone.
func (s *schema) indexed(place query.Place, h *home, name string) string {
	place.Columns = setOf(h.Columns)
	for _, f := range s.set.Fields() {
		if f.Kind.Stamped() && place.Column(f) == name || f.Slot == name && place.Column(f) != "" {
			return place.Column(f)
		}
		if f.Slot == name {
			return place.Indexable(f)
		}
	}
	return ""
}

// missing are the members of a list that another one has not.
func missing(wanted []string, there ...[]string) (list []string) {
	for _, name := range wanted {
		if !slices.ContainsFunc(there, func(l []string) bool { return slices.Contains(l, name) }) {
			list = append(list, name)
		}
	}
	return list
}
