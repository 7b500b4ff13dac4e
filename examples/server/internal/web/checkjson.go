package web

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// checkJSON holds a JSON text against rules where it lies, without making values of it: a request is decoded once, into
// the method's input, after this has found nothing. The text is known to be valid JSON and UTF-8.
//
// Names are compared exactly and may not repeat, although Go's decoder would take "TITLE" for "title" and merge repeated
// objects: what was checked must be what is decoded.
type checkJSON struct {
	text     []byte
	at       int
	found    *findings
	registry huma.Registry
}

func (c *checkJSON) space() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return
		}
	}
}

// value checks the value that begins here and moves behind it.
func (c *checkJSON) value(r *rules) {
	c.space()
	if c.found.full() {
		c.skip()
		return
	}
	if r.whole != nil {
		c.checkWhole(r.whole)
		return
	}
	first := c.text[c.at]
	if first == 'n' {
		c.at += len("null")
		if !r.nullable && r.kind != kindAny {
			c.found.add("type", "must not be null")
		}
		return
	}
	if r.kind == kindAny {
		c.skip()
		return
	}
	switch {
	case first == '"' && r.kind == kindString:
		text := c.string()
		r.checkString(c.found, text)
	case first == '{' && r.kind == kindObject:
		c.object(r)
	case first == '[' && r.kind == kindArray:
		c.array(r)
	case (first == 't' || first == 'f') && r.kind == kindBoolean:
		c.skip()
	case (first == '-' || first >= '0' && first <= '9') && (r.kind == kindInteger || r.kind == kindNumber):
		begin := c.at
		c.skip()
		r.checkNumber(c.found, string(c.text[begin:c.at]))
	default:
		c.skip()
		c.found.add("type", typeMessage(r.kind))
	}
}

func typeMessage(k kind) string {
	switch k {
	case kindBoolean:
		return "must be true or false"
	case kindInteger:
		return "must be a whole number"
	case kindNumber:
		return "must be a number"
	case kindString:
		return "must be a string"
	case kindArray:
		return "must be a list"
	default:
		return "must be an object"
	}
}

// string reads a string and moves behind it.
func (c *checkJSON) string() string {
	begin := c.at
	escaped := c.skipString()
	if !escaped {
		return string(c.text[begin+1 : c.at-1])
	}
	var text string
	_ = json.Unmarshal(c.text[begin:c.at], &text) // valid JSON
	return text
}

// skipString moves behind a string and tells whether it holds escapes.
func (c *checkJSON) skipString() (escaped bool) {
	for c.at++; ; c.at++ {
		switch c.text[c.at] {
		case '\\':
			escaped = true
			c.at++
		case '"':
			c.at++
			return escaped
		}
	}
}

// skip moves behind a value.
func (c *checkJSON) skip() {
	depth := 0
	for {
		switch c.text[c.at] {
		case '"':
			c.skipString()
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			depth--
			c.at++
		case ' ', '\t', '\n', '\r', ',', ':':
			c.at++
			continue
		default:
			for c.at < len(c.text) && !strings.ContainsRune(" \t\n\r,:]}", rune(c.text[c.at])) {
				c.at++
			}
		}
		if depth == 0 {
			return
		}
	}
}

func (c *checkJSON) array(r *rules) {
	count := 0
	c.at++
	for {
		c.space()
		switch c.text[c.at] {
		case ']':
			c.at++
			r.checkCount(c.found, count)
			return
		case ',':
			c.at++
			continue
		}
		c.found.enterItem(count)
		c.value(r.items)
		c.found.leave()
		count++
	}
}

func (c *checkJSON) object(r *rules) {
	var few uint64 // which of the first 64 fields were seen
	var many map[int]bool
	seen := func(i int) bool {
		if i < 64 {
			before := few&(1<<i) != 0
			few |= 1 << i
			return before
		}
		if many == nil {
			many = map[int]bool{}
		}
		before := many[i]
		many[i] = true
		return before
	}
	c.at++
	for {
		c.space()
		if c.text[c.at] == ',' {
			c.at++
			continue
		}
		if c.text[c.at] == '}' {
			c.at++
			break
		}
		name := c.string()
		c.space()
		c.at++ // the colon
		c.found.enter(name)
		i, known := r.properties[name]
		switch {
		case known && seen(i):
			c.found.add("repeated", "is given twice")
			c.space()
			c.skip()
		case known:
			c.value(r.fields[i].rules)
		case r.open && r.others != nil:
			c.value(r.others)
		case r.open:
			c.space()
			c.skip()
		default:
			c.found.add("unknown", "there is no such field")
			c.space()
			c.skip()
		}
		c.found.leave()
	}
	for i, p := range r.fields {
		if p.required && !(i < 64 && few&(1<<i) != 0 || i >= 64 && many[i]) {
			c.found.enter(p.name)
			c.found.add("required", "must be given")
			c.found.leave()
		}
	}
}

// checkWhole leaves a schema with combinations to the schema library.
func (c *checkJSON) checkWhole(s *huma.Schema) {
	begin := c.at
	c.skip()
	var value any
	_ = json.Unmarshal(c.text[begin:c.at], &value) // valid JSON
	result := &huma.ValidateResult{}
	huma.Validate(c.registry, s, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, value, result)
	here := c.found.pointer()
	for _, err := range result.Errors {
		if detail, ok := err.(*huma.ErrorDetail); ok {
			c.found.addAt(here+pointerOf(detail.Location), "invalid", detail.Message)
		}
	}
}

// pointerOf turns the library's place ("items[2].title") into a JSON pointer.
func pointerOf(location string) string {
	if location == "" {
		return ""
	}
	location = strings.ReplaceAll(location, "]", "")
	return "/" + strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/").Replace(location)
}

func (r *rules) checkCount(f *findings, count int) {
	if r.minItems >= 0 && count < r.minItems {
		f.add("too_few", "must have at least "+strconv.Itoa(r.minItems)+" elements")
	}
	if r.maxItems >= 0 && count > r.maxItems {
		f.add("too_many", "must have at most "+strconv.Itoa(r.maxItems)+" elements")
	}
}

// length counts characters, as the domain packages do.
func length(text string) int { return utf8.RuneCountInString(text) }
