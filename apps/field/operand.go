package field

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda"
)

// Operand reads a value that records are compared with, in the form of the API, as what Comparable gives: texts folded,
// numbers scaled, the moments of stamped fields in microseconds. The field's rules do not hold for it: asking for what is
// greater than the greatest is no mistake. It gives nil where something is wrong, which is reported, and where it is empty.
func (s *Set) Operand(c *veranda.Checks, at, key string, raw json.RawMessage) any {
	col := s.byKey[key]
	raw = bytes.TrimSpace(raw)
	if col == nil || len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if col.class == ClassText {
		text, ok := stringOf(raw)
		if !ok {
			c.Add(at, "type", "must be a text")
			return nil
		}
		return operandText(c, at, text)
	}
	bare := *col
	bare.min, bare.max, bare.Min, bare.Max = nil, nil, "", ""
	switch col.Kind {
	case CreatedAt, ChangedAt:
		bare.Kind, bare.class = DateTime, ClassExact
		moment, ok := bare.parse(c, at, raw).(string)
		if !ok {
			return nil
		}
		t, err := time.Parse(momentForm, moment)
		if err != nil { // the form is ours
			return nil
		}
		return t.UnixMicro()
	case CreatedBy, ChangedBy:
		bare.Kind = Person
	case MultiSelect, Person, Relation: // one of the list
		bare.class, bare.Multiple = ClassExact, false
		if col.Kind == MultiSelect {
			bare.Kind = Select
		}
	}
	return bare.parse(c, at, raw)
}

// operandText folds a text to be looked for. White space at its ends counts, unlike in values: " a" finds "b a".
func operandText(c *veranda.Checks, at, text string) any {
	if len(text) > 4*MaxLine || strings.ContainsRune(text, 0) {
		c.Add(at, "too_long", "must have at most 1000 characters, without NUL")
		return nil
	}
	return Fold(norm.NFC.String(text))
}
