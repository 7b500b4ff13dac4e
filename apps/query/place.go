package query

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda/apps/field"
)

// Place is where an application's records lie. Its texts speak of the records' table as r.
type Place struct {
	Postgres bool
	// Columns are the slots that have a generated column, in a table of the application's own.
	Columns map[string]bool
	// Indexed are the slots without one that have an index over what [Place.Indexable] spells.
	Indexed map[string]bool
}

// KeyLength is how many characters of a text, in folded form, records are ordered and grouped by. An index of PostgreSQL
// takes no entry of more than 2,704 octets, and this many characters have at most 2,400.
const KeyLength = 600

var slotForm = regexp.MustCompile(`^f[1-9][0-9]{0,5}$`)

// sentinel is what stands for empty among numbers.
const sentinel = "-9223372036854775808"

// expression is what a field is ordered and grouped by in SQL: the comparable value, of texts the first [KeyLength]
// characters. A slot that is not one cannot get into a text.
func (p Place) expression(f *field.Field) string {
	switch f.Kind {
	case field.CreatedAt:
		return "r.created_at"
	case field.CreatedBy:
		return "r.created_by"
	case field.ChangedAt:
		return "r.changed_at"
	case field.ChangedBy:
		return "r.changed_by"
	}
	if !slotForm.MatchString(f.Slot) {
		return "NULL"
	}
	if p.Columns[f.Slot] && f.Class() != field.ClassSet {
		return "r." + column(f)
	}
	return p.key("r.doc", f)
}

// compared is what a field's value is compared by with others. longest is the length of the longest of them in characters:
// of a text as long as a key the key does not tell all.
func (p Place) compared(f *field.Field, longest int) string {
	switch {
	case f.Class() != field.ClassText || longest < KeyLength && (p.Columns[f.Slot] || p.Indexed[f.Slot]):
		return p.expression(f)
	case !slotForm.MatchString(f.Slot):
		return "NULL"
	}
	return p.over("r.doc", f)
}

// key is over, of texts as much as a key takes.
func (p Place) key(doc string, f *field.Field) string {
	text := p.over(doc, f)
	switch {
	case f.Class() != field.ClassText:
		return text
	case p.Postgres:
		return "left(" + strings.TrimSuffix(text, collation) + "," + strconv.Itoa(KeyLength) + ")" + collation
	}
	return "substr(" + text + ",1," + strconv.Itoa(KeyLength) + ")"
}

const collation = ` COLLATE "C"`

// keyOf is what a record is ordered and grouped by, as the texts have it.
func keyOf(f *field.Field, d field.Doc, stamp field.Stamp) any {
	key := f.Comparable(d, stamp)
	if text, ok := key.(string); ok && f.Class() == field.ClassText && len(text) > KeyLength {
		if runes := []rune(text); len(runes) > KeyLength {
			return string(runes[:KeyLength])
		}
	}
	return key
}

// Indexable is the expression that an index is over for a field without a generated column; "" where none serves.
func (p Place) Indexable(f *field.Field) string {
	if f.Class() == field.ClassSet || f.Kind.Stamped() || !slotForm.MatchString(f.Slot) {
		return ""
	}
	return "(" + p.key("doc", f) + ")"
}

// Column is the name of what an index for a field is over, where the table has a column for it.
func (p Place) Column(f *field.Field) string {
	switch {
	case f.Kind.Stamped():
		return strings.TrimPrefix(p.expression(f), "r.")
	case p.Columns[f.Slot] && slotForm.MatchString(f.Slot):
		return column(f)
	}
	return ""
}

// over is the value as an expression over a document.
func (p Place) over(doc string, f *field.Field) string {
	slot := f.Slot
	switch f.Class() {
	case field.ClassInt, field.ClassBool:
		empty := sentinel
		if f.Class() == field.ClassBool {
			empty = "0"
		}
		if p.Postgres {
			return "coalesce((" + doc + "->>'" + slot + "')::bigint," + empty + ")"
		}
		return "coalesce(" + doc + "->>'" + slot + "'," + empty + ")"
	case field.ClassText:
		slot += "~"
	}
	text := "coalesce(" + doc + "->>'" + slot + "','')"
	if p.Postgres {
		text += collation
	}
	return text
}

func column(f *field.Field) string { return "c_" + f.Slot }

// Generated is the definition of a field's generated column in a table of the application's own. Lists have none.
func (p Place) Generated(f *field.Field) string {
	if f.Class() == field.ClassSet || f.Kind.Stamped() || !slotForm.MatchString(f.Slot) {
		return ""
	}
	kind := "TEXT"
	switch {
	case f.Class() == field.ClassInt || f.Class() == field.ClassBool:
		kind = "INTEGER"
		if p.Postgres {
			kind = "BIGINT"
		}
	case p.Postgres:
		kind = `TEXT COLLATE "C"`
	}
	return column(f) + " " + kind + " GENERATED ALWAYS AS (" + strings.TrimSuffix(p.key("doc", f), collation) + ") STORED"
}

// Builder spells conditions for one query and gathers their arguments, which are never part of the text.
type Builder struct {
	place Place
	first int
	args  []any
}

// NewBuilder begins a query whose first free placeholder is $first.
func NewBuilder(place Place, first int) *Builder { return &Builder{place: place, first: first} }

// Args are the arguments of the placeholders, in their order.
func (b *Builder) Args() []any { return b.args }

// arg is the placeholder of an argument: a string, an int64, or an id.
func (b *Builder) arg(v any) string {
	b.args = append(b.args, v)
	text := "$" + strconv.Itoa(b.first+len(b.args)-1)
	if !b.place.Postgres {
		return text
	}
	if _, ok := v.(int64); ok {
		return text + "::bigint"
	}
	return text + "::text"
}
