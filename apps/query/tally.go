package query

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// maxRows is how many rows of a database a summary is gathered from.
const maxRows = 100_000

// ErrTooManyGroups is the answer to a summary by values of which there are too many to gather (above 100,000).
var ErrTooManyGroups = veranda.NewError(veranda.CodeInvalid, "apps.too_many_groups", "There are too many groups; group by a longer period or another field, or filter.")

// Totals is a summary's result.
type Totals struct {
	Groups []GroupTotals `json:"groups"`
	// More tells that there are more than MaxGroups, and that the last were cut off.
	More bool `json:"more,omitempty"`
}

// GroupTotals is one group. Values are in the form of the API: a currency's sum is a string, a number's a number, a
// choice its id; null is an empty key, or the least of nothing.
type GroupTotals struct {
	// Keys has one for each level. A text is one of those that are the same in folded form. Periods are "2026-11-24",
	// "2026-W48" (ISO 8601), "2026-11", "2026-Q4" and "2026".
	Keys []json.RawMessage `json:"keys"`
	// Values has one for each aggregate.
	Values []json.RawMessage `json:"values"`
}

// group is one while it is gathered.
type group struct {
	keys   []any // string or int64, what groups are told apart and sorted by
	labels []string
	count  int64
	cells  []cell
}

type cell struct {
	filled      int64
	sum         big.Int
	least, most any
}

type tally struct {
	*Summary
	groups map[string]*group
}

func newTally(s *Summary) *tally { return &tally{Summary: s, groups: map[string]*group{}} }

// at finds the group of keys, or begins it.
func (t *tally) at(keys []any, labels []string) *group {
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "%d:%v,", len(fmt.Sprint(k)), k)
	}
	g := t.groups[b.String()]
	if g == nil {
		g = &group{keys: slices.Clone(keys), labels: slices.Clone(labels), cells: make([]cell, len(t.columns))}
		t.groups[b.String()] = g
		return g
	}
	for i, label := range labels {
		g.labels[i] = min(g.labels[i], label)
	}
	return g
}

func (c *cell) add(filled int64, sum *big.Int, least, most any) {
	if filled == 0 {
		return
	}
	if sum != nil {
		c.sum.Add(&c.sum, sum)
	}
	if least != nil && (c.filled == 0 || compareKeys(least, c.least) < 0) {
		c.least = least
	}
	if most != nil && (c.filled == 0 || compareKeys(most, c.most) > 0) {
		c.most = most
	}
	c.filled += filled
}

// Read gathers the rows that [Builder.Summarize] asked for. It does not close them.
func (s *Summary) Read(rows *sql.Rows) (*Totals, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	t, postgres := newTally(s), len(names) == s.width(true)
	values, destinations := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		destinations[i] = &values[i]
	}
	for n := 0; rows.Next(); n++ {
		if n == maxRows {
			return nil, ErrTooManyGroups
		}
		if err := rows.Scan(destinations...); err != nil {
			return nil, err
		}
		if err := t.row(&reading{values: values}, postgres); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return t.totals(), nil
}

// width is how many columns a row has: those of the sums are one on PostgreSQL and two on SQLite.
func (s *Summary) width(postgres bool) int {
	n := len(s.levels) + 1
	for i := range s.levels {
		if s.levels[i].labelled() {
			n++
		}
	}
	for i := range s.columns {
		n++
		if s.wants(i, Sum, Average) {
			n++
			if !postgres {
				n++
			}
		}
		for _, f := range []Function{Min, Max} {
			if s.wants(i, f) {
				n++
			}
		}
	}
	return n
}

// reading takes the values of a row one after the other.
type reading struct {
	values []any
	at     int
	err    error
}

func (r *reading) next() any {
	v := r.values[r.at]
	r.at++
	switch v := v.(type) {
	case []byte:
		return string(v)
	case string, int64:
		return v
	}
	r.err = fmt.Errorf("query: a summary's column %d holds %T", r.at, v)
	return ""
}

func (r *reading) text() string {
	v := r.next()
	text, ok := v.(string)
	if !ok {
		r.err = fmt.Errorf("query: a summary's column %d holds %T", r.at, v)
	}
	return text
}

func (r *reading) number() int64 {
	v := r.next()
	number, ok := v.(int64)
	if !ok {
		r.err = fmt.Errorf("query: a summary's column %d holds %T", r.at, v)
	}
	return number
}

var billion = big.NewInt(1_000_000_000)

func (t *tally) row(r *reading, postgres bool) error {
	keys, labels := make([]any, len(t.levels)), make([]string, len(t.levels))
	for i := range t.levels {
		keys[i] = t.period(&t.levels[i], t.bucket(&t.levels[i], r.next()))
		if t.levels[i].labelled() {
			labels[i] = r.text()
		}
	}
	g := t.at(keys, labels)
	g.count += r.number()
	for i := range t.columns {
		filled := r.number()
		var sum *big.Int
		switch {
		case t.wants(i, Sum, Average) && postgres:
			var ok bool
			if sum, ok = new(big.Int).SetString(r.text(), 10); !ok {
				return fmt.Errorf("query: a summary's column %d is no number", r.at)
			}
		case t.wants(i, Sum, Average):
			sum = new(big.Int).Mul(big.NewInt(r.number()), billion)
			sum.Add(sum, big.NewInt(r.number()))
		}
		var least, most any
		if t.wants(i, Min) {
			least = r.next()
		}
		if t.wants(i, Max) {
			most = r.next()
		}
		g.cells[i].add(filled, sum, least, most)
	}
	return r.err
}

// bucket is a moment within what a database grouped by, for moments; other keys as they are.
func (t *tally) bucket(l *level, key any) any {
	if !moments(l.field) {
		return key
	}
	switch v := key.(type) {
	case int64:
		if t.quarters {
			return v * 900_000_000
		}
		return v * 3_600_000_000
	case string:
		switch len(v) {
		case len("2006-01-02T15"):
			return v + ":00:00.000Z"
		case len("2006-01-02T15:0"):
			return v[:14] + fmt.Sprintf("%02d", 15*int(v[14]-'0')) + ":00.000Z"
		}
	}
	return key
}

// period is the key of the period that a day or moment lies in; "" where there is none.
func (t *tally) period(l *level, key any) any {
	if !temporal(l.field) {
		return key
	}
	var day time.Time
	switch v := key.(type) {
	case int64:
		day = time.UnixMicro(v).In(t.zone)
	case string:
		form, zone := time.DateOnly, time.UTC
		if moments(l.field) {
			form, zone = "2006-01-02T15:04:05.000Z", t.zone
		}
		at, err := time.Parse(form, v)
		if err != nil { // which is the empty one
			return ""
		}
		day = at.In(zone)
	}
	switch l.by {
	case ByWeek:
		year, week := day.ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case ByMonth:
		return day.Format("2006-01")
	case ByQuarter:
		return fmt.Sprintf("%04d-Q%d", day.Year(), (int(day.Month())+2)/3)
	case ByYear:
		return day.Format("2006")
	}
	return day.Format(time.DateOnly)
}

// Of makes the summary of records in memory, as the databases do.
func (s *Summary) Of(records []*Record) *Totals {
	t := newTally(s)
	for _, r := range records {
		t.record(r, nil, nil)
	}
	return t.totals()
}

// record counts a record under its keys; those of a level of lists are several.
func (t *tally) record(r *Record, keys []any, labels []string) {
	if len(keys) < len(t.levels) {
		l := &t.levels[len(keys)]
		label := ""
		if l.labelled() {
			label, _ = r.Doc[l.field.Slot].(string)
		}
		of := []any{keyOf(l.field, r.Doc, r.Stamp)}
		if list := r.Doc.People(l.field); l.field.Class() == field.ClassSet && len(list) > 0 {
			of = of[:0]
			for _, v := range list {
				of = append(of, v)
			}
		}
		for _, key := range of {
			t.record(r, append(slices.Clone(keys), t.period(l, key)), append(slices.Clone(labels), label))
		}
		return
	}
	g := t.at(keys, labels)
	g.count++
	for i, f := range t.columns {
		switch v := f.Comparable(r.Doc, r.Stamp).(type) {
		case int64:
			if v != field.Empty && (f.Class() != field.ClassBool || v != 0) {
				g.cells[i].add(1, big.NewInt(v), v, v)
			}
		case string:
			if v != "" || len(r.Doc.People(f)) > 0 {
				g.cells[i].add(1, nil, v, v)
			}
		}
	}
}

// totals sorts the groups and shows them.
func (t *tally) totals() *Totals {
	groups := make([]*group, 0, len(t.groups))
	for _, g := range t.groups {
		groups = append(groups, g)
	}
	if len(t.levels) == 0 && len(groups) == 0 {
		groups = append(groups, &group{cells: make([]cell, len(t.columns))})
	}
	slices.SortFunc(groups, t.compare)
	out := &Totals{Groups: make([]GroupTotals, 0, min(len(groups), MaxGroups)), More: len(groups) > MaxGroups}
	for _, g := range groups[:min(len(groups), MaxGroups)] {
		out.Groups = append(out.Groups, t.show(g))
	}
	return out
}

// compare orders groups by their keys: choices in their field's order, empty keys first.
func (t *tally) compare(a, b *group) int {
	for i := range t.levels {
		l := &t.levels[i]
		x, y := a.keys[i], b.keys[i]
		order := 0
		if len(l.field.Choices) > 0 {
			order = cmp.Compare(choicePlace(l.field, x), choicePlace(l.field, y))
		}
		if order == 0 {
			order = compareKeys(x, y)
		}
		if l.descending {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// choicePlace is where a choice stands among its field's, 0 for none.
func choicePlace(f *field.Field, id any) int {
	return slices.IndexFunc(f.Choices, func(c field.Choice) bool { return c.ID == id }) + 1
}

func (t *tally) show(g *group) GroupTotals {
	out := GroupTotals{Keys: make([]json.RawMessage, len(t.levels)), Values: make([]json.RawMessage, len(t.aggregates))}
	for i := range t.levels {
		l := &t.levels[i]
		switch {
		case l.labelled() && g.keys[i] != "":
			out.Keys[i] = quoted(g.labels[i])
		case l.field.Kind == field.Checkbox:
			out.Keys[i] = strconv.AppendBool(nil, g.keys[i] == int64(1))
		case temporal(l.field) && g.keys[i] != "": // a period
			out.Keys[i] = quoted(g.keys[i].(string))
		default:
			out.Keys[i] = shown(l.field, g.keys[i])
		}
	}
	for i, a := range t.aggregates {
		if a.function == Count {
			out.Values[i] = strconv.AppendInt(nil, g.count, 10)
			continue
		}
		c := &g.cells[a.column]
		switch {
		case a.function == CountFilled:
			out.Values[i] = strconv.AppendInt(nil, c.filled, 10)
		case a.function == Sum:
			out.Values[i] = decimal(a.field, new(big.Rat).SetFrac(&c.sum, scaleOf(a.field)), a.field.Decimals)
		case c.filled == 0:
			out.Values[i] = json.RawMessage("null")
		case a.function == Average:
			mean := new(big.Rat).SetFrac(&c.sum, scaleOf(a.field))
			out.Values[i] = decimal(a.field, mean.Quo(mean, new(big.Rat).SetInt64(c.filled)), a.field.Decimals+4)
		case a.function == Min:
			out.Values[i] = shown(a.field, c.least)
		default:
			out.Values[i] = shown(a.field, c.most)
		}
	}
	return out
}

func scaleOf(f *field.Field) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Decimals)), nil)
}

// shown is a key or value in the form of the API.
func shown(f *field.Field, v any) json.RawMessage {
	switch v := v.(type) {
	case int64:
		switch {
		case v == field.Empty:
			return json.RawMessage("null")
		case moments(f):
			return quoted(time.UnixMicro(v).UTC().Format("2006-01-02T15:04:05.000Z"))
		}
		return decimal(f, new(big.Rat).SetFrac(big.NewInt(v), scaleOf(f)), f.Decimals)
	case string:
		if v != "" {
			return quoted(v)
		}
	}
	return json.RawMessage("null")
}

// decimal writes a number: a currency's as a text with the currency's decimals at least, others without noughts at the end.
func decimal(f *field.Field, v *big.Rat, decimals int) json.RawMessage {
	text := v.FloatString(decimals)
	least := 0
	if f.Kind == field.Currency {
		least = f.Decimals
	}
	if point := strings.IndexByte(text, '.'); point >= 0 {
		for strings.HasSuffix(text, "0") && len(text)-point-1 > least {
			text = text[:len(text)-1]
		}
		text = strings.TrimSuffix(text, ".")
	}
	if text == "-0" {
		text = "0"
	}
	if f.Kind == field.Currency {
		return quoted(text)
	}
	return json.RawMessage(text)
}

func quoted(text string) json.RawMessage {
	b, err := json.Marshal(text)
	if err != nil { // texts always marshal
		return json.RawMessage("null")
	}
	return b
}
