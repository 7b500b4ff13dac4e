package query

import (
	"strconv"
	"strings"

	"github.com/veranda-go/veranda/apps/field"
)

// Summarize spells the query for a summary of the records that meet a condition:
//
//	SELECT <columns> FROM <table> r <join> WHERE <condition> <tail>
//
// The rows are read by [Summary.Read]. Groups come in no order, and days apart although months may be asked for: it is Read
// that gathers and sorts them. A month in SQL would keep the databases from using an index over days, and neither knows
// the time zones of the other.
func (b *Builder) Summarize(s *Summary) (columns, join, tail string) {
	var list, joins, by []string
	for i := range s.levels {
		l := &s.levels[i]
		x, from := b.levelKey(l.field, i, s.quarters)
		if from != "" {
			joins = append(joins, from)
		}
		if !b.place.Postgres {
			// Without the plus SQLite would go by an index of the column and fetch each record in its order, for an index
			// of a generated column never holds all that is looked at; reading the table and grouping in memory is faster.
			x = "+" + x
		}
		list = append(list, x)
		by = append(by, strconv.Itoa(len(list)))
		if l.labelled() {
			list = append(list, b.label(l.field))
		}
	}
	list = append(list, "count(*)")
	for i, f := range s.columns {
		list = append(list, b.aggregates(s, i, f)...)
	}
	if len(by) > 0 {
		tail = "GROUP BY " + strings.Join(by, ", ") + " LIMIT " + strconv.Itoa(maxRows+1)
	}
	return strings.Join(list, ", "), strings.Join(joins, " "), tail
}

// labelled tells whether groups are gathered by a folded text, and shown by one of those as written.
func (l *level) labelled() bool { return l.field.Class() == field.ClassText }

func (b *Builder) label(f *field.Field) string {
	if !slotForm.MatchString(f.Slot) {
		return "''"
	}
	text := "coalesce(r.doc->>'" + f.Slot + "','')"
	if b.place.Postgres {
		text += ` COLLATE "C"`
	}
	return "min(" + text + ")"
}

// levelKey is what a level groups by, and the join that it needs: each value of a list is a row of its own.
func (b *Builder) levelKey(f *field.Field, i int, quarters bool) (key, join string) {
	x := b.place.expression(f)
	switch {
	case f.Class() == field.ClassSet:
		if !slotForm.MatchString(f.Slot) {
			return "''", ""
		}
		name := "g" + strconv.Itoa(i)
		if b.place.Postgres {
			return "coalesce(" + name + `.value,'') COLLATE "C"`,
				"LEFT JOIN LATERAL jsonb_array_elements_text(coalesce(r.doc->'" + f.Slot + "','[]')) AS " + name + "(value) ON TRUE"
		}
		return "coalesce(" + name + ".value,'')", "LEFT JOIN json_each(r.doc,'$." + f.Slot + "') AS " + name
	case f.Kind == field.DateTime: // by the hour of UTC, or the quarter of it, of which days are made everywhere
		if !quarters {
			return "substr(" + x + ",1,13)", ""
		}
		return "(CASE WHEN " + x + " = '' THEN '' ELSE substr(" + x + ",1,14)||(CAST(substr(" + x + ",15,2) AS INTEGER)/15) END)", ""
	case moments(f):
		if !quarters {
			return "(" + x + "/3600000000)", ""
		}
		return "(" + x + "/900000000)", ""
	}
	return x, ""
}

// aggregates are the columns that a field's aggregates are made of: how many are filled, then sums, the least and the
// greatest, each where it is asked for. SQLite's sums would overflow, so they are two, of the billions and of the rest;
// PostgreSQL's are exact of themselves.
func (b *Builder) aggregates(s *Summary, i int, f *field.Field) []string {
	x := b.place.expression(f)
	number := f.Class() == field.ClassInt
	filled, empty := x+" <> ''", "''"
	switch {
	case f.Class() == field.ClassSet:
		filled = "r.doc->'" + f.Slot + "' IS NOT NULL"
		if !slotForm.MatchString(f.Slot) {
			filled = "1=0"
		}
	case f.Class() == field.ClassBool:
		filled = x + " = 1"
	case number:
		filled, empty = x+" > "+sentinel, sentinel
	}
	where := " FILTER (WHERE " + filled + ")"
	list := []string{"count(*)" + where}
	if s.wants(i, Sum, Average) {
		if b.place.Postgres {
			list = append(list, "coalesce(sum("+x+")"+where+",0)::text")
		} else {
			list = append(list, "coalesce(sum("+x+"/1000000000)"+where+",0)", "coalesce(sum("+x+"%1000000000)"+where+",0)")
		}
	}
	for _, function := range []Function{Min, Max} {
		if s.wants(i, function) {
			list = append(list, "coalesce("+string(function)+"("+x+")"+where+","+empty+")")
		}
	}
	return list
}
