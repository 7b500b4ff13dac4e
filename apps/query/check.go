package query

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// Asking is who asks, when and where: what "me" and "today" stand for, and what is hidden from them.
type Asking struct {
	Now      time.Time
	Location *time.Location // nil is UTC
	Me       veranda.AccountID
	Hidden   map[string]bool // keys of fields
}

// Checked is a filter that fits the fields of an application.
type Checked struct {
	root   *node
	fields []string
}

// Fields are the keys of the fields that the filter looks at.
func (c *Checked) Fields() []string { return c.fields }

type nodeKind uint8

const (
	nodeAll  nodeKind = iota // holds for all
	nodeAnd                  // of none: holds for all
	nodeOr                   // of none: holds for none
	nodeNot                  // of one
	nodeTerm                 // a comparison
)

type node struct {
	kind nodeKind
	kids []*node

	field  *field.Field
	op     Operator // Equal, Less, AtMost, Greater, AtLeast, Contains, StartsWith, AnyOf, IsEmpty; the others are made of them
	value  any      // string or int64
	values []any
}

func not(n *node) *node          { return &node{kind: nodeNot, kids: []*node{n}} }
func both(a, b *node) *node      { return &node{kind: nodeAnd, kids: []*node{a, b}} }
func (n *node) with(v any) *node { c := *n; c.value = v; return &c }

// Check checks a filter against an application's fields and reports what is wrong at pointers below at.
func Check(c *veranda.Checks, at string, f *Filter, set *field.Set, asking Asking) *Checked {
	if f.IsZero() {
		return &Checked{root: &node{kind: nodeAll}}
	}
	k := &checker{Checks: c, set: set, asking: asking}
	if k.asking.Location == nil {
		k.asking.Location = time.UTC
	}
	root := k.check(at, f, 1)
	slices.Sort(k.fields)
	return &Checked{root: root, fields: slices.Compact(k.fields)}
}

type checker struct {
	*veranda.Checks
	set    *field.Set
	asking Asking
	terms  int
	fields []string
}

func (k *checker) check(at string, f *Filter, deep int) *node {
	given := 0
	for _, there := range []bool{f.And != nil, f.Or != nil, f.Not != nil, f.Field != "" || f.Is != "" || len(f.Value) > 0} {
		if there {
			given++
		}
	}
	k.terms++
	switch {
	case deep > MaxDepth:
		k.Add(at, "too_deep", "must be at most 32 filters deep")
	case k.terms > MaxTerms:
		if k.terms == MaxTerms+1 {
			k.Add(at, "too_many", "must have at most 200 conditions in all")
		}
	case given != 1:
		k.Add(at, "exclusive", "must have exactly one of and, or, not and field")
	case f.Not != nil:
		return not(k.check(at+"/not", f.Not, deep+1))
	case f.And != nil:
		return &node{kind: nodeAnd, kids: k.checkAll(at+"/and", f.And, deep)}
	case f.Or != nil:
		return &node{kind: nodeOr, kids: k.checkAll(at+"/or", f.Or, deep)}
	default:
		return k.term(at, f)
	}
	return &node{kind: nodeAll}
}

func (k *checker) checkAll(at string, filters []Filter, deep int) []*node {
	kids := make([]*node, 0, min(len(filters), MaxTerms))
	for i := range filters {
		kids = append(kids, k.check(at+"/"+strconv.Itoa(i), &filters[i], deep+1))
		if k.terms > MaxTerms {
			break
		}
	}
	return kids
}

// Operators are what can be asked of a field.
func Operators(f *field.Field) []Operator {
	empty := []Operator{IsEmpty, NotEmpty}
	equal := []Operator{Equal, NotEqual, AnyOf, NoneOf}
	ordered := []Operator{Less, AtMost, Greater, AtLeast}
	switch {
	case f.Kind == field.Checkbox:
		return []Operator{Equal, NotEqual}
	case f.Class() == field.ClassText:
		return slices.Concat(equal, []Operator{Contains, NotContains, StartsWith}, ordered, empty)
	case f.Class() == field.ClassSet:
		return slices.Concat([]Operator{AnyOf, NoneOf, HasAll}, empty)
	case f.Kind == field.CreatedAt, f.Kind == field.ChangedAt:
		return slices.Concat([]Operator{Equal, NotEqual}, ordered)
	case f.Kind == field.Date, f.Kind == field.DateTime:
		return slices.Concat([]Operator{Equal, NotEqual}, ordered, empty)
	case f.Class() == field.ClassInt:
		return slices.Concat(equal, ordered, empty)
	default:
		return slices.Concat(equal, empty)
	}
}

// otherSide says why nothing is asked of a field: its values do not lie in the document.
const otherSide = "shows the other side of a relation: ask for a roll-up of it instead"

func (k *checker) term(at string, f *Filter) *node {
	all := &node{kind: nodeAll}
	fd := k.set.Field(f.Field)
	if fd == nil || k.asking.Hidden[f.Field] {
		k.Add(at+"/field", "unknown", "is no field of this application")
		return all
	}
	k.fields = append(k.fields, f.Field)
	if fd.Reverse {
		k.Add(at+"/field", "kind", otherSide)
		return all
	}
	operators := Operators(fd)
	if !slices.Contains(operators, f.Is) {
		names := make([]string, len(operators))
		for i, o := range operators {
			names[i] = string(o)
		}
		k.Add(at+"/is", "one_of", "must be one of: "+strings.Join(names, ", "))
		return all
	}
	n := &node{kind: nodeTerm, field: fd, op: f.Is}
	switch f.Is {
	case IsEmpty, NotEmpty:
		if len(f.Value) > 0 && string(f.Value) != "null" {
			k.Add(at+"/value", "exclusive", "must not be given with "+string(f.Is))
		}
		n.op = IsEmpty
		if f.Is == NotEmpty {
			return not(n)
		}
		return n
	case AnyOf, NoneOf, HasAll:
		return k.list(at+"/value", n, f)
	}
	if fd.Kind == field.Checkbox {
		n.op, n.value = Equal, int64(0)
		switch string(f.Value) {
		case "true":
			n.value = int64(1)
		case "false":
		default:
			k.Add(at+"/value", "type", "must be true or false")
		}
		if f.Is == NotEqual {
			return not(n)
		}
		return n
	}
	value, until := k.operand(at+"/value", fd, f.Value)
	if value == nil {
		return all // which was reported
	}
	if until != nil {
		return k.day(n, value, until)
	}
	n.value = value
	switch f.Is {
	case NotEqual:
		n.op = Equal
		return not(n)
	case NotContains:
		n.op = Contains
		return not(n)
	}
	return n
}

// day compares a day or moment with a period or a whole day, from and until which it lasts.
func (k *checker) day(n *node, from, until any) *node {
	is := func(op Operator, v any) *node { m := n.with(v); m.op = op; return m }
	switch n.op {
	case Less:
		return is(Less, from)
	case AtLeast:
		return is(AtLeast, from)
	case AtMost:
		return is(Less, until)
	case Greater:
		return is(AtLeast, until)
	}
	on := both(is(AtLeast, from), is(Less, until))
	if n.op == NotEqual {
		return not(on)
	}
	return on
}

func (k *checker) list(at string, n *node, f *Filter) *node {
	var items []json.RawMessage
	if len(f.Value) == 0 || json.Unmarshal(f.Value, &items) != nil {
		k.Add(at, "type", "must be a list")
		return n
	}
	if k.Count(at, len(items), 1, MaxValues); k.Failed(at) {
		return n
	}
	for i, item := range items {
		place := at + "/" + strconv.Itoa(i)
		value, _ := k.operand(place, n.field, item)
		if value == nil {
			continue
		}
		n.values = append(n.values, value)
	}
	if f.Is == HasAll {
		all := &node{kind: nodeAnd}
		for _, v := range n.values {
			one := *n
			one.op, one.values = AnyOf, []any{v}
			all.kids = append(all.kids, &one)
		}
		return all
	}
	n.op = AnyOf
	if f.Is == NoneOf {
		return not(n)
	}
	return n
}

// operand reads what a field is compared with; until is not nil where it is a
// period, or a whole day of a field of moments.
func (k *checker) operand(at string, f *field.Field, raw json.RawMessage) (value, until any) {
	person := f.Kind == field.Person || f.Kind == field.CreatedBy || f.Kind == field.ChangedBy
	if person && string(raw) == `"me"` {
		if k.asking.Me.IsZero() {
			k.Add(at, "account", "is for who has an account")
			return nil, nil
		}
		return k.asking.Me.String(), nil
	}
	moments := f.Kind == field.DateTime || f.Kind == field.CreatedAt || f.Kind == field.ChangedAt
	if moments || f.Kind == field.Date {
		if from, until, ok := k.span(raw); ok {
			if f.Kind == field.Date {
				return from.Format(time.DateOnly), until.Format(time.DateOnly)
			}
			return momentOf(f, from), momentOf(f, until)
		}
		if day, ok := k.relative(raw); ok {
			if f.Kind == field.Date {
				return day.Format(time.DateOnly), nil
			}
			return momentOf(f, day), momentOf(f, day.AddDate(0, 0, 1))
		}
	}
	var before veranda.Checks
	if value = k.set.Operand(&before, at, f.Key, raw); value == nil || value == "" {
		message := "must be a value of the field"
		if err := before.Err(); err != nil {
			if e, ok := err.(*veranda.Error); ok && len(e.Fields) > 0 { //nolint:errorlint // Checks gives no other
				message = e.Fields[0].Message
			}
		}
		k.Add(at, "value", message)
		return nil, nil
	}
	return value, nil
}

// relative reads a day: a word, a number of days from today, or, for moments, a date.
func (k *checker) relative(raw json.RawMessage) (time.Time, bool) {
	now := k.asking.Now.In(k.asking.Location)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, k.asking.Location)
	switch string(raw) {
	case `"today"`:
		return today, true
	case `"yesterday"`:
		return today.AddDate(0, 0, -1), true
	case `"tomorrow"`:
		return today.AddDate(0, 0, 1), true
	}
	var away struct {
		Days *int `json:"days"`
	}
	if len(raw) > 0 && raw[0] == '{' && json.Unmarshal(raw, &away) == nil && away.Days != nil && *away.Days >= -36_600 && *away.Days <= 36_600 {
		return today.AddDate(0, 0, *away.Days), true
	}
	var date string
	if len(raw) == len(`"2006-01-02"`) && json.Unmarshal(raw, &date) == nil {
		if day, err := time.ParseInLocation(time.DateOnly, date, k.asking.Location); err == nil {
			return day, true
		}
	}
	return time.Time{}, false
}

// momentOf is a moment as a field of moments compares it.
func momentOf(f *field.Field, t time.Time) any {
	if f.Kind == field.DateTime {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.UnixMicro()
}

// String tells a filter apart from others in messages of tests.
func (n *node) String() string {
	switch n.kind {
	case nodeTerm:
		return fmt.Sprintf("%s %s %v%v", n.field.Key, n.op, n.value, n.values)
	case nodeNot:
		return "not " + n.kids[0].String()
	case nodeAnd:
		return fmt.Sprintf("and%v", n.kids)
	case nodeOr:
		return fmt.Sprintf("or%v", n.kids)
	}
	return "all"
}
