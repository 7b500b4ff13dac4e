package query

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/veranda-go/veranda/apps/field"
)

// Where is the condition for the filter. It is in brackets and can stand after AND.
func (b *Builder) Where(c *Checked) string { return b.where(c.root) }

func (b *Builder) where(n *node) string {
	switch n.kind {
	case nodeAnd, nodeOr:
		join, none := " AND ", "(1=1)"
		if n.kind == nodeOr {
			join, none = " OR ", "(1=0)"
		}
		if len(n.kids) == 0 {
			return none
		}
		parts := make([]string, len(n.kids))
		for i, kid := range n.kids {
			parts[i] = b.where(kid)
		}
		return "(" + strings.Join(parts, join) + ")"
	case nodeNot:
		return "(NOT " + b.where(n.kids[0]) + ")"
	case nodeTerm:
		return b.term(n)
	}
	return "(1=1)"
}

func (b *Builder) term(n *node) string {
	if n.field.Class() == field.ClassSet {
		return b.setTerm(n)
	}
	x, number := b.place.compared(n.field, n.longest()), n.field.Class() == field.ClassInt
	empty := "''"
	if number {
		empty = sentinel
	}
	switch n.op {
	case IsEmpty:
		return "(" + x + " = " + empty + ")"
	case AnyOf:
		return "(" + x + " IN " + b.list(n, number) + ")"
	case Contains:
		return b.contains(n, x)
	case StartsWith:
		if b.place.Postgres {
			return "starts_with(" + x + "," + b.arg(n.value) + ")"
		}
		value := b.arg(n.value)
		return "(substr(" + x + ",1,length(" + value + ")) = " + value + ")"
	case Less:
		return "(" + x + " < " + b.arg(n.value) + " AND " + x + " > " + empty + ")"
	case AtMost:
		return "(" + x + " <= " + b.arg(n.value) + " AND " + x + " > " + empty + ")"
	case Greater:
		return "(" + x + " > " + b.arg(n.value) + " AND " + x + " > " + empty + ")"
	case AtLeast:
		return "(" + x + " >= " + b.arg(n.value) + " AND " + x + " > " + empty + ")"
	}
	return "(" + x + " = " + b.arg(n.value) + ")"
}

// longest is the length of the longest text that a field is compared with.
func (n *node) longest() (longest int) {
	for _, v := range append(n.values, n.value) {
		if text, ok := v.(string); ok {
			longest = max(longest, utf8.RuneCountInString(text))
		}
	}
	return longest
}

// contains looks into a column as far as that tells all, for a column is cheaper to read than the document.
func (b *Builder) contains(n *node, x string) string {
	find := "instr("
	if b.place.Postgres {
		find = "strpos("
	}
	value := b.arg(n.value)
	found := find + x + "," + value + ")>0"
	if whole := b.place.over("r.doc", n.field); whole != x && n.field.Class() == field.ClassText {
		found = "(" + found + " OR length(" + x + ") = " + strconv.Itoa(KeyLength) + " AND " + find + whole + "," + value + ")>0)"
	}
	return "(" + found + " AND " + x + " <> '')"
}

// list is the values as a list of SQL, from one argument however many they are.
func (b *Builder) list(n *node, number bool) string {
	text, err := json.Marshal(n.values)
	if err != nil { // strings and numbers always marshal
		text = []byte("[]")
	}
	if len(n.values) == 0 {
		text = []byte("[]")
	}
	list := b.arg(string(text))
	switch {
	case !b.place.Postgres:
		return "(SELECT value FROM json_each(" + list + "))"
	case number:
		return "(SELECT v::bigint FROM jsonb_array_elements_text((" + list + ")::jsonb) v)"
	default:
		return "(SELECT v FROM jsonb_array_elements_text((" + list + ")::jsonb) v)"
	}
}

func (b *Builder) setTerm(n *node) string {
	if !slotForm.MatchString(n.field.Slot) {
		return "(1=0)"
	}
	doc := "r.doc->'" + n.field.Slot + "'"
	if n.op == IsEmpty {
		return "(" + doc + " IS NULL)"
	}
	if !b.place.Postgres {
		return "EXISTS(SELECT 1 FROM json_each(r.doc,'$." + n.field.Slot + "') WHERE value IN " + b.list(n, false) + ")"
	}
	parts := make([]string, 0, len(n.values))
	for _, v := range n.values {
		parts = append(parts, "coalesce("+doc+" @> to_jsonb("+b.arg(v)+"),false)")
	}
	if len(parts) == 0 {
		return "(1=0)"
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}
