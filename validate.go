package veranda

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Checks gathers every bad field of an input, so that a caller learns of all at once.
//
//	var c veranda.Checks
//	in.Title = c.Line("/title", in.Title, 1, 200)
//	return c.Err()
type Checks struct{ fields []FieldError }

// Add reports a bad field.
func (c *Checks) Add(pointer, rule, message string) {
	c.fields = append(c.fields, FieldError{Pointer: pointer, Rule: rule, Message: message})
}

// Err is nil, or the one error with every bad field.
func (c *Checks) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &Error{Code: CodeInvalid, Reason: "invalid", Message: "Some fields are not valid.", Fields: slices.Clone(c.fields)}
}

// Failed tells whether a field was reported at or below a pointer.
func (c *Checks) Failed(pointer string) bool {
	return slices.ContainsFunc(c.fields, func(f FieldError) bool {
		return f.Pointer == pointer || strings.HasPrefix(f.Pointer, pointer+"/")
	})
}

// Line checks a text of one line, in characters: names and titles. It gives the text back in Unicode's NFC with
// surrounding white space cut.
func (c *Checks) Line(pointer, text string, least, most int) string {
	text = c.text(pointer, text, least, most)
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		c.Add(pointer, "line", "must be one line without control characters")
	}
	return text
}

// Text checks a text of several lines, in characters.
func (c *Checks) Text(pointer, text string, least, most int) string {
	text = c.text(pointer, strings.ReplaceAll(text, "\r\n", "\n"), least, most)
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		c.Add(pointer, "control_characters", "must not contain control characters")
	}
	return text
}

func (c *Checks) text(pointer, text string, least, most int) string {
	if !storable(text) {
		c.Add(pointer, "unicode", "must be valid Unicode without NUL")
		return ""
	}
	text = strings.TrimSpace(norm.NFC.String(text))
	length := utf8.RuneCountInString(text)
	visible := strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !invisible(r) })
	switch {
	case least > 0 && !visible:
		c.Add(pointer, "required", "must not be empty")
	case length < least:
		c.Add(pointer, "too_short", fmt.Sprintf("must have at least %d characters", least))
	case length > most:
		c.Add(pointer, "too_long", fmt.Sprintf("must have at most %d characters", most))
	}
	return text
}

// storable tells whether both databases keep the text as it is.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// invisible are characters that show nothing: a title made of them is empty. Unicode's default ignorable ones (UAX #44),
// and the blanks that are not white space.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) ||
		unicode.Is(unicode.Variation_Selector, r) || r == '\u2800' || r == '\u3164' || r == '\u115f' || r == '\u1160' || r == '\uffa0'
}

// OneOf checks that a value is one of those allowed.
func OneOf[T ~string](c *Checks, pointer string, value T, allowed ...T) {
	if slices.Contains(allowed, value) {
		return
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	c.Add(pointer, "one_of", "must be one of: "+strings.Join(names, ", "))
}

// Range checks a number.
func (c *Checks) Range(pointer string, value, least, most int64) {
	if value < least || value > most {
		c.Add(pointer, "range", fmt.Sprintf("must be between %d and %d", least, most))
	}
}

// Count checks how many elements a list has.
func (c *Checks) Count(pointer string, count, least, most int) {
	switch {
	case count < least:
		c.Add(pointer, "too_few", fmt.Sprintf("must have at least %d elements", least))
	case count > most:
		c.Add(pointer, "too_many", fmt.Sprintf("must have at most %d elements", most))
	}
}

// Moment checks that a time lies within the years 1900 to 9999, which both databases and every calendar format keep.
func (c *Checks) Moment(pointer string, t time.Time) time.Time {
	if t.IsZero() {
		c.Add(pointer, "required", "must be a time")
	} else if year := t.UTC().Year(); year < 1900 || year > 9999 {
		c.Add(pointer, "range", "must lie between the years 1900 and 9999")
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Required checks that an id is given.
func Required[Kind any](c *Checks, pointer string, id ID[Kind]) {
	if id.IsZero() {
		c.Add(pointer, "required", "must be given")
	}
}
