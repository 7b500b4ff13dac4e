package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// What a filter can hold.
const (
	MaxDepth  = 32        // filters within filters
	MaxTerms  = 200       // conditions
	MaxValues = 500       // values of one condition
	MaxSize   = 256 << 10 // octets of JSON
)

// Operator is what a condition asks of a field.
type Operator string

// The operators. Which of them a field takes depends on its kind; the error names them.
const (
	Equal       Operator = "equal"
	NotEqual    Operator = "not_equal"
	Less        Operator = "less"
	AtMost      Operator = "at_most"
	Greater     Operator = "greater"
	AtLeast     Operator = "at_least"
	Contains    Operator = "contains"
	NotContains Operator = "not_contains"
	StartsWith  Operator = "starts_with"
	AnyOf       Operator = "any_of"
	NoneOf      Operator = "none_of"
	HasAll      Operator = "has_all"
	IsEmpty     Operator = "empty"
	NotEmpty    Operator = "not_empty"
)

// Filter is a condition on records: exactly one of And, Or, Not and Field is given. The zero Filter holds for all.
type Filter struct {
	And   []Filter        `json:"and,omitempty"`
	Or    []Filter        `json:"or,omitempty"`
	Not   *Filter         `json:"not,omitempty"`
	Field string          `json:"field,omitempty"`
	Is    Operator        `json:"is,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

// IsZero tells whether nothing is asked.
func (f *Filter) IsZero() bool {
	return f == nil || f.And == nil && f.Or == nil && f.Not == nil && f.Field == "" && f.Is == "" && len(f.Value) == 0
}

var errTooDeep = errors.New("filters must be at most 32 deep and 256 KiB long")

// UnmarshalJSON reads a filter. It looks at depth and length before anything is built, and refuses members it does not know.
func (f *Filter) UnmarshalJSON(text []byte) error {
	if len(text) > MaxSize || depth(text) > 2*MaxDepth+2 {
		return errTooDeep
	}
	type plain Filter // without this method
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var p plain
	if err := decoder.Decode(&p); err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	*f = Filter(p)
	return nil
}

// depth is how deep the brackets of a JSON text go.
func depth(text []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}
