package web

import (
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// registry names and keeps the schemas of the description. It is the library's own in all but three things: ids of every
// kind are strings of format "uuid", types of the same name in several packages get names of their own instead of a
// panic, and a page of things is called "<Thing>List".
type registry struct {
	schemas map[string]*huma.Schema
	types   map[string]reflect.Type
	names   map[reflect.Type]string
	aliases map[reflect.Type]reflect.Type
	bodies  map[reflect.Type]string // references to the bodies of inputs
}

var _ huma.Registry = (*registry)(nil)

func newRegistry() *registry {
	return &registry{
		schemas: map[string]*huma.Schema{}, types: map[string]reflect.Type{},
		names: map[reflect.Type]string{}, aliases: map[reflect.Type]reflect.Type{}, bodies: map[reflect.Type]string{},
	}
}

// schemaPrefix is where components lie in the description.
const schemaPrefix = "#/components/schemas/"

// identifier is what an id type says of itself, so that it needs to know nothing of descriptions.
type identifier interface{ UUIDFormat() }

var (
	identifierType = reflect.TypeFor[identifier]()
	timeType       = reflect.TypeFor[time.Time]()
)

// Schema describes a type; structs are components, referred to where allowRef.
func (r *registry) Schema(t reflect.Type, allowRef bool, hint string) *huma.Schema {
	pointer := t.Kind() == reflect.Pointer
	base := deref(t)
	if alias, ok := r.aliases[base]; ok {
		return r.Schema(alias, allowRef, hint)
	}
	if base.Implements(identifierType) {
		return &huma.Schema{Type: huma.TypeString, Format: "uuid", Nullable: pointer}
	}
	if !r.component(base) {
		if base.Kind() == reflect.Slice || base.Kind() == reflect.Array {
			t = base
		}
		return huma.SchemaFromType(r, t)
	}
	name, known := r.names[base]
	if !known {
		name = r.name(base, hint)
		r.names[base], r.types[name] = name, base
		r.schemas[name] = &huma.Schema{} // so that a type within itself refers to it
		s := huma.SchemaFromType(r, base)
		tidy(base, s)
		r.schemas[name] = s
	}
	if allowRef {
		return &huma.Schema{Ref: schemaPrefix + name}
	}
	return r.schemas[name]
}

// component tells whether a type is described under a name of its own.
func (r *registry) component(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t == timeType {
		return false
	}
	_, provides := reflect.New(t).Interface().(huma.SchemaProvider)
	_, text := reflect.New(t).Interface().(interface{ UnmarshalText([]byte) error })
	return !provides && !text
}

// tidy says what holds for pages: their items are a list also where there are none.
func tidy(t reflect.Type, s *huma.Schema) {
	if items := s.Properties["items"]; items != nil && strings.HasPrefix(t.Name(), "List[") {
		items.Nullable = false
	}
}

// name finds a name that no other type has: the type's own, with the package before it where that is needed. Inputs are
// called alike in every package, so they always carry it: tasks.CreateInput is TaskCreateInput.
func (r *registry) name(t reflect.Type, hint string) string {
	plain := plainName(t)
	if plain == "" {
		plain = capital(hint)
	}
	owner := capital(strings.TrimSuffix(path.Base(t.PkgPath()), "s"))
	prefixed := plain
	if t.PkgPath() != "" && !strings.HasPrefix(plain, owner) {
		prefixed = owner + plain
	}
	if strings.HasSuffix(plain, "Input") || strings.HasSuffix(plain, "Body") || strings.HasSuffix(plain, "Filter") {
		plain = prefixed
	}
	for _, candidate := range []string{plain, prefixed} {
		if _, taken := r.types[candidate]; !taken {
			return candidate
		}
	}
	for n := 2; ; n++ {
		candidate := fmt.Sprintf("%s%d", prefixed, n)
		if _, taken := r.types[candidate]; !taken {
			return candidate
		}
	}
}

// plainName is a type's name without its package; "List[…/tasks.Task]" reads TaskList.
func plainName(t reflect.Type) string {
	base, arguments, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return capital(base)
	}
	var b strings.Builder
	for argument := range strings.SplitSeq(strings.TrimSuffix(arguments, "]"), ",") {
		// Of "List[a/b.Thing]" within, only the words count.
		for part := range strings.FieldsFuncSeq(argument, func(c rune) bool { return c == '[' || c == ']' || c == '*' }) {
			part = part[strings.LastIndexByte(part, '/')+1:]
			part = part[strings.LastIndexByte(part, '.')+1:]
			// Types made within a function carry a number after a middle dot.
			part, _, _ = strings.Cut(part, "·")
			b.WriteString(capital(part))
		}
	}
	return b.String() + capital(base)
}

func capital(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[size:]
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// define keeps a schema that stands for no Go type of its own under a name like that of a type.
func (r *registry) define(t reflect.Type, hint string, s *huma.Schema) (ref string) {
	name := r.name(t, hint)
	r.types[name], r.schemas[name] = t, s
	return schemaPrefix + name
}

// SchemaFromRef finds the schema a reference names.
func (r *registry) SchemaFromRef(ref string) *huma.Schema {
	name, ok := strings.CutPrefix(ref, schemaPrefix)
	if !ok {
		return nil
	}
	return r.schemas[name]
}

// TypeFromRef finds the type a reference names.
func (r *registry) TypeFromRef(ref string) reflect.Type {
	return r.types[strings.TrimPrefix(ref, schemaPrefix)]
}

// Map is every schema by name.
func (r *registry) Map() map[string]*huma.Schema { return r.schemas }

// RegisterTypeAlias describes one type as another.
func (r *registry) RegisterTypeAlias(t reflect.Type, alias reflect.Type) { r.aliases[t] = alias }

// MarshalJSON writes the components.
func (r *registry) MarshalJSON() ([]byte, error) { return json.Marshal(r.schemas) }
