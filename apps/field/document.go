package field

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Doc is what a record says: slot to value, a string, an int64 or a []string. Empty values are absent.
type Doc map[string]any

var errDocument = errors.New("field: malformed document")

// Decode reads a document as a database gives it. It takes the forms that Doc.Append writes and no other.
func Decode(text []byte) (Doc, error) {
	p := reader{text: text}
	d := make(Doc, bytes.Count(text, []byte(`":`))+1)
	p.want('{')
	for first := true; !p.failed && !p.take('}'); first = false {
		if !first {
			p.want(',')
		}
		slot := p.string()
		p.want(':')
		switch c := p.peek(); {
		case c == '"':
			d[slot] = p.string()
		case c == '[':
			d[slot] = p.list()
		default:
			d[slot] = p.number()
		}
	}
	p.space()
	if p.failed || p.at != len(text) {
		return nil, fmt.Errorf("%w: %.100q", errDocument, text)
	}
	return d, nil
}

// reader reads the JSON of documents.
type reader struct {
	text   []byte
	at     int
	failed bool
}

func (p *reader) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\t' || p.text[p.at] == '\r') {
		p.at++
	}
}

// peek is the next octet that is no white space, 0 at the end.
func (p *reader) peek() byte {
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *reader) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *reader) want(c byte) {
	if !p.take(c) {
		p.failed = true
	}
}

func (p *reader) string() string {
	if !p.take('"') {
		p.failed = true
		return ""
	}
	start := p.at
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			text := string(p.text[start:p.at])
			p.at++
			return text
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			p.failed = true
			return ""
		}
	}
	p.failed = true
	return ""
}

// escaped reads a string with escapes, which began at start.
func (p *reader) escaped(start int) string {
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			var text string
			if json.Unmarshal(p.text[start-1:p.at], &text) != nil {
				p.failed = true
			}
			return text
		}
	}
	p.at, p.failed = len(p.text), true // a stroke may have stood at the end
	return ""
}

func (p *reader) number() int64 {
	start := p.at
	for p.at < len(p.text) && (p.text[p.at] == '-' || p.text[p.at] >= '0' && p.text[p.at] <= '9') {
		p.at++
	}
	v, err := strconv.ParseInt(string(p.text[start:p.at]), 10, 64)
	if err != nil {
		p.failed = true
	}
	return v
}

func (p *reader) list() []string {
	p.want('[')
	list := []string{}
	for !p.failed && !p.take(']') {
		if len(list) > 0 {
			p.want(',')
		}
		list = append(list, p.string())
	}
	return list
}

// Append writes the document as JSON, its slots in order, so that equal documents are written alike.
func (d Doc) Append(b []byte) []byte {
	b = append(b, '{')
	for i, slot := range slices.Sorted(maps.Keys(d)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, slot)
		b = append(b, ':')
		b = appendValue(b, d[slot])
	}
	return append(b, '}')
}

// String is the document as JSON.
func (d Doc) String() string { return string(d.Append(nil)) }

// Clone is a copy that can be changed; its lists are shared, for they are never changed in place.
func (d Doc) Clone() Doc { return maps.Clone(d) }

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, s)
		}
		return append(b, ']')
	default:
		return append(b, "null"...)
	}
}

// appendString writes a JSON string. Nothing but what JSON asks for is escaped.
func appendString(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, text[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, text[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, text[start:]...), '"')
}

// equal tells whether two values are the same.
func equal(a, b any) bool {
	x, xs := a.([]string)
	y, ys := b.([]string)
	if xs || ys {
		return xs && ys && slices.Equal(x, y)
	}
	return a == b
}

// Changed gives the old values of the slots in which after differs, nil for what was absent: what is needed to go back.
func Changed(before, after Doc) map[string]any {
	old := map[string]any{}
	for slot, value := range before {
		if now, there := after[slot]; !there || !equal(value, now) {
			old[slot] = value
		}
	}
	for slot := range after {
		if _, there := before[slot]; !there {
			old[slot] = nil
		}
	}
	return old
}

// AppendChanges writes what Changed gave as JSON.
func AppendChanges(b []byte, old map[string]any) []byte { return Doc(old).Append(b) }

// Revert is the document before a change, of which Changed gave the old values.
func Revert(after Doc, old map[string]any) Doc {
	before := after.Clone()
	if before == nil {
		before = Doc{}
	}
	for slot, value := range old {
		if value == nil {
			delete(before, slot)
		} else {
			before[slot] = value
		}
	}
	return before
}
