package query

import (
	"cmp"
	"slices"
	"strings"

	"github.com/veranda-go/veranda/apps/field"
)

// Record is a record as filters and sorts see it.
type Record struct {
	ID    string
	Doc   field.Doc
	Stamp field.Stamp
}

// Match tells whether a record meets the filter, by the meaning that the texts in SQL have.
func (c *Checked) Match(r *Record) bool { return c.root.match(r) }

func (n *node) match(r *Record) bool {
	switch n.kind {
	case nodeAnd:
		return !slices.ContainsFunc(n.kids, func(kid *node) bool { return !kid.match(r) })
	case nodeOr:
		return slices.ContainsFunc(n.kids, func(kid *node) bool { return kid.match(r) })
	case nodeNot:
		return !n.kids[0].match(r)
	case nodeTerm:
		return n.holds(r)
	}
	return true
}

func (n *node) holds(r *Record) bool {
	if n.field.Class() == field.ClassSet {
		list := r.Doc.People(n.field)
		if n.op == IsEmpty {
			return len(list) == 0
		}
		return slices.ContainsFunc(n.values, func(v any) bool { return slices.Contains(list, v.(string)) })
	}
	key := n.field.Comparable(r.Doc, r.Stamp)
	if text, ok := key.(string); ok {
		return n.holdsText(text)
	}
	number := key.(int64)
	switch n.op {
	case IsEmpty:
		return number == field.Empty
	case AnyOf:
		return slices.ContainsFunc(n.values, func(v any) bool { return v == number })
	}
	return ordered(n.op, number != field.Empty, cmp.Compare(number, n.value.(int64)))
}

func (n *node) holdsText(text string) bool {
	switch n.op {
	case IsEmpty:
		return text == ""
	case AnyOf:
		return slices.ContainsFunc(n.values, func(v any) bool { return v == text })
	case Contains:
		return text != "" && strings.Contains(text, n.value.(string))
	case StartsWith:
		return strings.HasPrefix(text, n.value.(string))
	}
	return ordered(n.op, text != "", cmp.Compare(text, n.value.(string)))
}

func ordered(op Operator, there bool, order int) bool {
	switch op {
	case Less:
		return there && order < 0
	case AtMost:
		return there && order <= 0
	case Greater:
		return there && order > 0
	case AtLeast:
		return there && order >= 0
	}
	return order == 0
}
