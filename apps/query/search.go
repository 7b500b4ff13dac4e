package query

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// MaxWords is how many words are searched for at once.
const MaxWords = 10

// Search is words to be found, each somewhere in a record: in its texts, the names of its choices, its numbers given by
// the program; neither case nor accents count.
type Search struct {
	words   []string
	set     *field.Set
	visible []*field.Field // where words must be found; nil where all of a record may be seen
}

// CheckSearch reads what people search for; nothing holds for all. It reports to the pointer at.
func CheckSearch(c *veranda.Checks, at, text string, set *field.Set, asking Asking) *Search {
	s := &Search{set: set}
	if text = c.Text(at, text, 0, 1000); c.Failed(at) {
		return s
	}
	for _, word := range strings.FieldsFunc(field.Fold(text), unicode.IsSpace) {
		if !slices.Contains(s.words, word) {
			s.words = append(s.words, word)
		}
	}
	c.Count(at, len(s.words), 0, MaxWords)
	hidden := false
	visible := []*field.Field{}
	for _, f := range set.Fields() {
		switch {
		case !searched(f):
		case asking.Hidden[f.Key]:
			hidden = true
		default:
			visible = append(visible, f)
		}
	}
	if hidden {
		s.visible = visible
	}
	return s
}

// searched tells whether a field is part of what records are searched by, [field.Set.SearchText].
func searched(f *field.Field) bool {
	return f.Class() == field.ClassText || f.Kind == field.Select || f.Kind == field.MultiSelect || f.Kind == field.AutoNumber
}

// IsZero tells whether nothing is searched for.
func (s *Search) IsZero() bool { return len(s.words) == 0 }

// Words are what is searched for, in folded form, for an index that narrows.
func (s *Search) Words() []string { return s.words }

// Match tells whether a record has all words.
func (s *Search) Match(r *Record) bool {
	if s.IsZero() {
		return true
	}
	all := s.set.SearchText(r.Doc)
	for _, word := range s.words {
		if !strings.Contains(all, word) {
			return false
		}
		if s.visible != nil && !slices.ContainsFunc(s.visible, func(f *field.Field) bool { return has(f, r.Doc, word) }) {
			return false
		}
	}
	return true
}

// has tells whether one field has a word.
func has(f *field.Field, d field.Doc, word string) bool {
	switch f.Kind {
	case field.Select, field.MultiSelect:
		named := choicesNamed(f, word)
		return slices.ContainsFunc(d.People(f), func(id string) bool { return slices.Contains(named, any(id)) })
	case field.AutoNumber:
		return strings.Contains(field.Fold(f.Text(d)), word)
	}
	text, _ := f.Comparable(d, field.Stamp{}).(string)
	return strings.Contains(text, word)
}

func choicesNamed(f *field.Field, word string) (ids []any) {
	for i := range f.Choices {
		if strings.Contains(field.Fold(f.Choices[i].Name), word) {
			ids = append(ids, f.Choices[i].ID)
		}
	}
	return ids
}

// Search is the condition for the words, in brackets. It looks into r.search, which holds [field.Set.SearchText]; on
// PostgreSQL by LIKE, for which a trigram index serves. Where a field is hidden that r.search holds too, each word must
// besides lie in a field that is not: otherwise searching would tell what is in the hidden one.
func (b *Builder) Search(s *Search) string {
	parts := []string{}
	for _, word := range s.words {
		if b.place.Postgres {
			parts = append(parts, "r.search LIKE "+b.arg("%"+likePattern.Replace(word)+"%"))
		} else {
			parts = append(parts, "instr(r.search,"+b.arg(word)+")>0")
		}
		if s.visible != nil {
			parts = append(parts, b.inOne(s.visible, word))
		}
	}
	if len(parts) == 0 {
		return "(1=1)"
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

var likePattern = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// inOne is the condition that one of the fields has the word.
func (b *Builder) inOne(fields []*field.Field, word string) string {
	var parts []string
	needle, find := "", "instr("
	if b.place.Postgres {
		find = "strpos("
	}
	finds := func(x string) string {
		if needle == "" { // PostgreSQL refuses an argument that no text speaks of
			needle = b.arg(word)
		}
		return find + x + "," + needle + ")>0"
	}
	for _, f := range fields {
		if !slotForm.MatchString(f.Slot) {
			continue
		}
		x := b.place.compared(f, KeyLength)
		switch f.Kind {
		case field.Select, field.MultiSelect:
			if named := choicesNamed(f, word); len(named) > 0 {
				parts = append(parts, b.term(&node{kind: nodeTerm, field: f, op: AnyOf, values: named}))
			}
		case field.AutoNumber:
			parts = append(parts, "("+x+" > "+sentinel+" AND "+finds(b.number(f, x))+")")
		default:
			parts = append(parts, finds(x))
		}
	}
	return anyOf(parts)
}

// number is an auto-number as people read it, folded.
func (b *Builder) number(f *field.Field, x string) string {
	prefix := b.arg(field.Fold(f.Prefix))
	if b.place.Postgres {
		return fmt.Sprintf("%s||lpad(%s::text,greatest(%d,length(%s::text)),'0')", prefix, x, f.Digits, x)
	}
	return fmt.Sprintf("%s||printf('%%0%dd',%s)", prefix, max(1, f.Digits), x)
}

// anyOf joins conditions as a balanced tree: SQLite refuses an expression a thousand deep, and a row of ORs is as deep as
// it is long.
func anyOf(parts []string) string {
	switch len(parts) {
	case 0:
		return "(1=0)"
	case 1:
		return parts[0]
	}
	half := len(parts) / 2
	return "(" + anyOf(parts[:half]) + " OR " + anyOf(parts[half:]) + ")"
}
