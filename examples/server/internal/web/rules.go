package web

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// rules is a schema made ready for checking: references are followed, patterns compiled, names looked up in a map.
type rules struct {
	kind     kind
	nullable bool

	minimum, maximum, above, below *float64
	minLength, maxLength           int // -1: unbounded
	minItems, maxItems             int
	pattern                        *regexp.Regexp
	patternMessage                 string
	format                         string
	enum                           []string // as JSON; nil allows everything
	enumMessage                    string

	items      *rules
	properties map[string]int // index into fields
	fields     []property
	open       bool   // an object with names that are not known
	others     *rules // what their values must be; nil: anything

	// whole is a schema with combinations (oneOf and the like), which only the schema library checks.
	whole *huma.Schema
}

type property struct {
	name     string
	required bool
	rules    *rules
}

type kind uint8

const (
	kindAny kind = iota
	kindBoolean
	kindInteger
	kindNumber
	kindString
	kindArray
	kindObject
)

// compiler turns schemas into rules; components are compiled once, so that recursive ones end.
type compiler struct {
	registry huma.Registry
	done     map[string]*rules
}

func newCompiler(registry huma.Registry) *compiler {
	return &compiler{registry: registry, done: map[string]*rules{}}
}

func (c *compiler) compile(s *huma.Schema) *rules {
	if s == nil {
		return &rules{}
	}
	if s.Ref != "" {
		if known, ok := c.done[s.Ref]; ok {
			return known
		}
		into := &rules{}
		c.done[s.Ref] = into
		c.fill(into, c.registry.SchemaFromRef(s.Ref))
		return into
	}
	into := &rules{}
	c.fill(into, s)
	return into
}

func (c *compiler) fill(r *rules, s *huma.Schema) {
	*r = rules{
		nullable: s.Nullable, minimum: s.Minimum, maximum: s.Maximum, above: s.ExclusiveMinimum, below: s.ExclusiveMaximum,
		minLength: bound(s.MinLength), maxLength: bound(s.MaxLength), minItems: bound(s.MinItems), maxItems: bound(s.MaxItems),
		format: s.Format,
	}
	if len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) > 0 || s.Not != nil {
		r.whole = s
		return
	}
	for _, value := range s.Enum {
		text, err := json.Marshal(value)
		if err != nil { // values come from struct tags
			panic(fmt.Sprintf("web: enum of a schema: %v", err))
		}
		r.enum = append(r.enum, string(text))
	}
	r.enumMessage = "must be one of: " + strings.ReplaceAll(strings.Join(r.enum, ", "), `"`, "")
	if s.Pattern != "" {
		r.pattern = regexp.MustCompile(s.Pattern)
		r.patternMessage = "must match " + s.Pattern
		if s.PatternDescription != "" {
			r.patternMessage = "must be " + s.PatternDescription
		}
	}
	switch s.Type {
	case huma.TypeBoolean:
		r.kind = kindBoolean
	case huma.TypeInteger:
		r.kind = kindInteger
	case huma.TypeNumber:
		r.kind = kindNumber
	case huma.TypeString:
		r.kind = kindString
		if s.ContentEncoding == "base64" {
			r.format = "base64"
		}
	case huma.TypeArray:
		r.kind = kindArray
		r.items = c.compile(s.Items)
	case huma.TypeObject:
		r.kind = kindObject
		c.fillObject(r, s)
	}
}

func (c *compiler) fillObject(r *rules, s *huma.Schema) {
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	r.properties = make(map[string]int, len(names))
	for i, name := range names {
		r.properties[name] = i
		r.fields = append(r.fields, property{
			name: name, required: slices.Contains(s.Required, name), rules: c.compile(s.Properties[name]),
		})
	}
	switch additional := s.AdditionalProperties.(type) {
	case bool:
		r.open = additional
	case *huma.Schema:
		r.open, r.others = true, c.compile(additional)
	}
}

// bound gives what is not bounded a number no length has.
func bound(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}
