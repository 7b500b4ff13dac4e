package field

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/veranda-go/veranda"
)

// Writing says how people wrote what ParseText reads.
type Writing struct {
	// DecimalComma tells that "1,5" is one and a half, and "1.000" a thousand.
	DecimalComma bool
	// Layout is a layout of package time for dates and moments; empty for ISO 8601 alone.
	Layout string
	// Location is where moments without a zone lie; nil is UTC.
	Location *time.Location
}

var (
	yesWords = []string{"true", "yes", "y", "1", "x", "on", "✓", "да", "evet", "ja", "oui", "si"}
	noWords  = []string{"false", "no", "n", "0", "off", "-", "нет", "hayir", "nein", "non"}
)

// TextError says why a text is no value of a field.
type TextError struct {
	Rule    string // the broken rule, as Parse names it; "text" where the text cannot be read at all
	Message string
}

func (e *TextError) Error() string { return e.Message }

func unreadable(message string) error { return &TextError{Rule: "text", Message: message} }

// ParseText reads what people write into a spreadsheet or a form as a value of the field, in the form of documents: nil
// where it is empty. The error is a *TextError.
func (s *Set) ParseText(key, text string, w Writing) (any, error) {
	col := s.byKey[key]
	if col == nil {
		return nil, &TextError{Rule: "unknown", Message: "is no field of this application"}
	}
	return col.parseText(text, w)
}

// Put stores a value that ParseText or Convert gave; nil empties the field.
func (s *Set) Put(d Doc, key string, value any) {
	if col := s.byKey[key]; col != nil {
		col.put(d, value)
	}
}

func (col *column) parseText(text string, w Writing) (any, error) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" {
		return nil, nil
	}
	if col.Kind.ReadOnly() || col.Given {
		return nil, &TextError{Rule: "read_only", Message: "is given by the program"}
	}
	var c veranda.Checks
	var value any
	switch col.class {
	case ClassBool:
		return parseYes(trimmed)
	case ClassInt:
		value = col.parseNumber(&c, "", plainNumber(trimmed, w.DecimalComma))
	case ClassSet:
		return col.parseParts(trimmed)
	default:
		value = col.parseString(&c, "", col.inFixedForm(trimmed, w))
	}
	return value, first(&c)
}

// first is the first thing that is wrong.
func first(c *veranda.Checks) error {
	var e *veranda.Error
	if errors.As(c.Err(), &e) && len(e.Fields) > 0 {
		return &TextError{Rule: e.Fields[0].Rule, Message: e.Fields[0].Message}
	}
	return nil
}

func parseYes(text string) (any, error) {
	folded := Fold(text)
	for _, word := range yesWords {
		if folded == Fold(word) {
			return int64(1), nil
		}
	}
	for _, word := range noWords {
		if folded == Fold(word) {
			return nil, nil
		}
	}
	return nil, unreadable("must be yes or no")
}

// plainNumber takes away what people write around a number: spaces and separators between thousands, a currency's sign or
// code, the sign of per cent. Brackets, as accountants have them, are a minus.
func plainNumber(text string, comma bool) string {
	negative := strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")")
	text = strings.Trim(text, "()")
	text = strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Sc, r) || r == '%' || unicode.IsLetter(r)
	})
	point, thousands := ".", ","
	if comma {
		point, thousands = ",", "."
	}
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	whole, fraction, found := strings.Cut(text, point)
	if groups := strings.Split(whole, thousands); len(groups) > 1 {
		for _, group := range groups[1:] {
			if len(group) != 3 {
				return text // "1,2" is no number with thousands
			}
		}
	}
	for _, r := range strings.ReplaceAll(whole, thousands, "") {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Sc, r), r == '\'', r == '’':
		case r == '−':
			b.WriteByte('-')
		case r == '+' && b.Len() == 0:
		default:
			b.WriteRune(r)
		}
	}
	if found {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// inFixedForm brings a date in another layout into the form that the API takes, where it can.
func (col *column) inFixedForm(text string, w Writing) string {
	if col.Kind != Date && col.Kind != DateTime {
		return text
	}
	location := w.Location
	if location == nil {
		location = time.UTC
	}
	layouts := []string{w.Layout, time.RFC3339, dateForm, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"}
	for _, layout := range layouts {
		if layout == "" {
			continue
		}
		t, err := time.ParseInLocation(layout, text, location)
		if err != nil {
			continue
		}
		if col.Kind == DateTime {
			return t.UTC().Format(time.RFC3339Nano)
		}
		if h, m, s := t.Clock(); h+m+s == 0 && t.Nanosecond() == 0 {
			return t.Format(dateForm)
		}
		return text // a date with a time is no date: nothing is cut off
	}
	return text
}

// parseParts reads several values between commas, semicolons or ends of lines.
func (col *column) parseParts(text string) (any, error) {
	var c veranda.Checks
	var list []string
	seen := map[string]bool{}
	parts := []string{text}
	if _, whole := col.byName[Fold(text)]; !whole { // a choice's name may have a comma
		parts = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' })
	}
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		var value any
		if col.Kind == MultiSelect {
			value = col.parseChoice(&c, "", part)
		} else {
			value = col.parseString(&c, "", part)
		}
		if id, ok := value.(string); ok && !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	if err := first(&c); err != nil {
		return nil, err
	}
	if len(list) > MaxPeople && col.Kind == Person {
		return nil, &TextError{Rule: "too_many", Message: fmt.Sprintf("must have at most %d people", MaxPeople)}
	}
	return col.ordered(list), nil
}
