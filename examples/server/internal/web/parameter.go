package web

import (
	"encoding"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/veranda-go/veranda"
)

// parameter is a field of an input that comes from the path, the query or a header.
type parameter struct {
	in, name string
	index    []int
	required bool
	list     bool // may be repeated; each value is an element
	version  bool // the version of If-Match
	fallback string
	rules    *rules
	set      func(target reflect.Value, text string) bool
	schema   *huma.Schema
	doc      string
}

var textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()

func newParameter(reg *registry, compile *compiler, f reflect.StructField, in, name string, r *route) (parameter, error) {
	p := parameter{in: in, name: name, index: f.Index, fallback: f.Tag.Get("default"), doc: f.Tag.Get("doc")}
	t := f.Type
	if t.Kind() == reflect.Slice && !reflect.PointerTo(t).Implements(textUnmarshalerType) {
		if in != "query" {
			return p, fmt.Errorf("only a query parameter may be a list")
		}
		p.list, t = true, t.Elem()
	}
	p.version = in == "header" && strings.EqualFold(name, "If-Match")
	p.required = in == "path" || f.Tag.Get("required") == "true"
	if p.version && (r.method == fiber.MethodPut || r.method == fiber.MethodPatch) && f.Tag.Get("required") != "false" {
		// Who writes over a thing says which version was read (RFC 6585, section 3); an action may leave it out.
		p.required = !r.anyVersion
	}
	if p.version && deref(t).Kind() != reflect.Int64 {
		return p, fmt.Errorf("If-Match is an int64")
	}
	if p.set = setter(t); p.set == nil {
		return p, fmt.Errorf("a parameter cannot be a %s", t)
	}
	if p.version {
		p.schema = &huma.Schema{Type: huma.TypeString, Examples: []any{`"7"`}}
		p.doc = `The ETag of what you have read, or * for any version.`
		p.rules = &rules{}
		return p, nil
	}
	// The library describes a time in a header by another format than this reads.
	f.Tag = reflect.StructTag(strings.Replace(string(f.Tag), `header:"`, `parameter:"`, 1))
	p.schema = huma.SchemaFromField(reg, f, f.Name)
	p.schema.Nullable = false
	p.schema.Description = ""
	element := p.schema
	if p.list && p.schema.Items != nil {
		element = p.schema.Items
	}
	p.rules = compile.compile(element)
	return p, nil
}

// take checks a value and puts it into the input. It tells whether the value was a proper one.
func (p *parameter) take(found *findings, in reflect.Value, text string) bool {
	before := len(found.fields)
	found.enter(p.name)
	defer found.leave()
	switch {
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		found.add("unicode", "must be valid Unicode without NUL")
	case p.rules.kind == kindInteger || p.rules.kind == kindNumber:
		if !isNumber(text) {
			found.add("type", typeMessage(p.rules.kind))
			break
		}
		p.rules.checkNumber(found, text)
	case p.rules.kind == kindBoolean:
		if text != "true" && text != "false" {
			found.add("type", typeMessage(kindBoolean))
		}
	case p.rules.kind == kindString:
		p.rules.checkString(found, text)
	}
	if len(found.fields) > before {
		return false
	}
	target := in.FieldByIndex(p.index)
	if p.list {
		element := reflect.New(target.Type().Elem()).Elem()
		if !p.set(element, text) {
			found.add("invalid", "has a value that cannot be read")
			return false
		}
		target.Set(reflect.Append(target, element))
		return true
	}
	if !p.set(target, text) {
		found.add("invalid", "has a value that cannot be read")
		return false
	}
	return true
}

// isNumber tells whether a text is a JSON number; the decoder of Go numbers would take "0x1p-2" and "Inf" as well.
func isNumber(text string) bool {
	if text == "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return false
	}
	return json.Valid([]byte(text))
}

// takeVersion reads If-Match. A weak tag never matches here (RFC 9110, section 13.1.1); one tag is all this understands.
func (p *parameter) takeVersion(found *findings, in reflect.Value, text string) error {
	if strings.HasPrefix(text, "W/") {
		return veranda.ErrVersion
	}
	version := int64(0)
	if text != "*" {
		digits, ok := strings.CutPrefix(text, `"`)
		digits, closed := strings.CutSuffix(digits, `"`)
		digits, _, _ = strings.Cut(digits, "-") // the rest tells bodies of one version apart
		n, err := strconv.ParseInt(digits, 10, 64)
		if !ok || !closed {
			found.addAt("/If-Match", "format", `must be an ETag in quotes, such as "7", or *`)
			return nil
		}
		if err != nil || n <= 0 {
			// Some other server's tag: a proper one that matches nothing here.
			return veranda.ErrVersion
		}
		version = n
	}
	target := in.FieldByIndex(p.index)
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.ValueOf(&version))
	} else {
		target.SetInt(version)
	}
	return nil
}

// setter makes the function that puts a checked text into a field of a type, or nil where there is none.
func setter(t reflect.Type) func(reflect.Value, string) bool {
	if t.Kind() == reflect.Pointer {
		inner := setter(t.Elem())
		if inner == nil {
			return nil
		}
		return func(v reflect.Value, text string) bool {
			target := reflect.New(v.Type().Elem())
			ok := inner(target.Elem(), text)
			v.Set(target)
			return ok
		}
	}
	if reflect.PointerTo(t).Implements(textUnmarshalerType) {
		return func(v reflect.Value, text string) bool {
			if at, isTime := v.Addr().Interface().(*time.Time); isTime {
				if err := at.UnmarshalText([]byte(text)); err != nil {
					return false
				}
				*at = at.UTC()
				return true
			}
			return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)) == nil
		}
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value, text string) bool { v.SetString(text); return true }
	case reflect.Bool:
		return func(v reflect.Value, text string) bool { v.SetBool(text == "true"); return true }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value, text string) bool {
			n, err := strconv.ParseInt(text, 10, t.Bits())
			v.SetInt(n)
			return err == nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return func(v reflect.Value, text string) bool {
			n, err := strconv.ParseUint(text, 10, t.Bits())
			v.SetUint(n)
			return err == nil
		}
	case reflect.Float32, reflect.Float64:
		return func(v reflect.Value, text string) bool {
			n, err := strconv.ParseFloat(text, t.Bits())
			v.SetFloat(n)
			return err == nil
		}
	}
	return nil
}

// unescape undoes percent-encoding in a part of a path; what is encoded wrongly stays as it is and names nothing.
func unescape(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
