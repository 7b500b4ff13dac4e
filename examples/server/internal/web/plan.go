package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// plan is how an input is read from a request; made once, when the route is registered.
type plan struct {
	registry            *registry
	path, query, header []parameter
	queryIndex          map[string]int // into query
	body                *rules         // nil: the input has no body
	bodySchema          *huma.Schema   // a reference
	bodyRequired        bool
	defaults            []fallback
	ifMatch             bool  // a version is required
	client              []int // the field ClientAddress; nil: none
}

// fallback is the default of a field of the body.
type fallback struct {
	index []int
	value reflect.Value
}

// newPlan reads the struct tags of an input type. Fields tagged path, query or header are parameters; the other fields
// with a json tag are the body. Fields with neither come from nowhere in a request: a route's own function may set them;
// only ClientAddress, a string outside the body, gets the caller's address.
func newPlan(reg *registry, compile *compiler, t reflect.Type, r *route) (*plan, error) {
	p := &plan{registry: reg, queryIndex: map[string]int{}}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the input %s is not a struct", t)
	}
	hidden := map[string]bool{} // names of properties that are no part of the body
	bodyFields := 0
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			if f.Anonymous && f.Type.Kind() == reflect.Pointer {
				return nil, fmt.Errorf("the input %s embeds a pointer", t)
			}
			continue
		}
		jsonName, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		in, name := place(f)
		if in != "" {
			hidden[jsonName] = true
			one, err := newParameter(reg, compile, f, in, name, r)
			if err != nil {
				return nil, fmt.Errorf("field %s of %s: %w", f.Name, t, err)
			}
			p.addParameter(one)
			continue
		}
		if f.Name == "ClientAddress" && (jsonName == "" || jsonName == "-") && f.Type.Kind() == reflect.String {
			p.client = f.Index
		}
		if jsonName == "" {
			hidden[f.Name] = true
			continue
		}
		if jsonName != "-" {
			bodyFields++
			if err := p.addDefault(f); err != nil {
				return nil, fmt.Errorf("field %s of %s: %w", f.Name, t, err)
			}
		}
	}
	if len(p.query) > 64 {
		return nil, fmt.Errorf("the input %s has more than 64 query parameters", t)
	}
	if bodyFields > 0 {
		if r.method == fiber.MethodGet || r.upload {
			return nil, fmt.Errorf("the input %s has fields that are neither path, query nor header, but the method takes no body", t)
		}
		p.addBody(reg, compile, t, hidden)
	}
	return p, nil
}

func place(f reflect.StructField) (in, name string) {
	for _, in := range []string{"path", "query", "header"} {
		if name, _, _ := strings.Cut(f.Tag.Get(in), ","); name != "" {
			return in, name
		}
	}
	return "", ""
}

func (p *plan) addParameter(one parameter) {
	switch one.in {
	case "path":
		p.path = append(p.path, one)
	case "query":
		p.queryIndex[one.name] = len(p.query)
		p.query = append(p.query, one)
	default:
		p.header = append(p.header, one)
		p.ifMatch = p.ifMatch || one.version && one.required
	}
}

func (p *plan) addDefault(f reflect.StructField) error {
	text, ok := f.Tag.Lookup("default")
	if !ok {
		return nil
	}
	value := reflect.New(f.Type)
	if err := json.Unmarshal([]byte(text), value.Interface()); err != nil {
		if quoted, _ := json.Marshal(text); json.Unmarshal(quoted, value.Interface()) != nil {
			return fmt.Errorf("default %q: %w", text, err)
		}
	}
	p.defaults = append(p.defaults, fallback{f.Index, value.Elem()})
	return nil
}

func (p *plan) addBody(reg *registry, compile *compiler, t reflect.Type, hidden map[string]bool) {
	s := huma.SchemaFromType(reg, t)
	for name := range hidden {
		delete(s.Properties, name)
	}
	var required []string
	for _, name := range s.Required {
		if s.Properties[name] != nil && s.Properties[name].Default == nil {
			required = append(required, name)
		}
	}
	s.Required = required
	s.PrecomputeMessages()
	p.bodyRequired = len(required) > 0
	ref, known := reg.bodies[t] // two routes may take one input
	if !known {
		ref = reg.define(t, t.Name(), s)
		reg.bodies[t] = ref
	}
	p.bodySchema = &huma.Schema{Ref: ref}
	p.body = compile.compile(p.bodySchema)
}

// The errors of a request that is no proper one.
var (
	errMalformedBody = veranda.NewError(veranda.CodeInvalid, "body.malformed", "The body is not valid JSON in UTF-8.")
	errMediaType     = &statusError{fasthttp.StatusUnsupportedMediaType, veranda.NewError(veranda.CodeInvalid, "body.media_type", "The body must be application/json.")}
	errNoIfMatch     = &statusError{fasthttp.StatusPreconditionRequired, veranda.NewError(veranda.CodePrecondition, "if_match.required", "Say in If-Match which version you have read, or * for any.")}
)

// statusError is an error whose status is not that of its code.
type statusError struct {
	status int
	err    *veranda.Error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// read fills an input from a request, or says everything that is wrong with it at once. A path parameter that is none of
// its type names nothing: ErrNotFound.
func (p *plan) read(c *fiber.Ctx, call *Call, target any, body []byte) error {
	in := reflect.ValueOf(target).Elem()
	var found findings
	for i := range p.path {
		if !p.path[i].take(&found, in, unescape(c.Params(p.path[i].name))) {
			return veranda.ErrNotFound
		}
	}
	rctx := c.Context()
	p.readQuery(&found, in, rctx)
	missing := false
	for i := range p.header {
		one := &p.header[i]
		value := string(rctx.Request.Header.Peek(one.name))
		switch {
		case value != "" && one.version:
			if err := one.takeVersion(&found, in, value); err != nil {
				return err
			}
		case value != "":
			one.take(&found, in, value)
		case one.version && one.required:
			missing = true
		case one.required:
			found.addAt("/"+one.name, "required", "must be given")
		}
	}
	if err := p.readBody(&found, in, target, rctx, body); err != nil {
		return err
	}
	if err := found.err(); err != nil {
		return err
	}
	if missing {
		return errNoIfMatch
	}
	if p.client != nil {
		in.FieldByIndex(p.client).SetString(call.Client.String())
	}
	return nil
}

func (p *plan) readQuery(found *findings, in reflect.Value, rctx *fasthttp.RequestCtx) {
	var seen uint64
	if len(rctx.URI().QueryString()) > 0 {
		for key, value := range rctx.QueryArgs().All() {
			i, known := p.queryIndex[string(key)]
			if !known {
				found.addAt("/"+escapeToken.Replace(shorten(string(key))), "unknown", "there is no such parameter")
				continue
			}
			one := &p.query[i]
			if seen&(1<<i) != 0 && !one.list {
				found.addAt("/"+one.name, "repeated", "is given twice")
				continue
			}
			seen |= 1 << i
			one.take(found, in, string(value))
		}
	}
	for i := range p.query {
		one := &p.query[i]
		if seen&(1<<i) != 0 {
			continue
		}
		if one.fallback != "" {
			one.take(found, in, one.fallback)
		} else if one.required {
			found.addAt("/"+one.name, "required", "must be given")
		}
	}
}

// emptyObject is what a call without body means where no field of the body is required.
var emptyObject = []byte("{}")

// noBody refuses fields where an input has none.
var noBody = &rules{kind: kindObject}

func (p *plan) readBody(found *findings, in reflect.Value, target any, rctx *fasthttp.RequestCtx, body []byte) error {
	r := p.body
	switch {
	case len(body) == 0 && r == nil:
		return nil
	case len(body) == 0:
		body = emptyObject
	case r == nil && (rctx.IsGet() || rctx.IsHead()):
		return nil // a body of GET means nothing (RFC 9110, section 9.3.1)
	case !isJSON(rctx.Request.Header.ContentType()):
		return errMediaType
	case !validJSON(body):
		return errMalformedBody
	case r == nil:
		r = noBody
	}
	check := checkJSON{text: body, found: found, registry: p.registry}
	check.value(r)
	if p.body == nil {
		return nil
	}
	for _, d := range p.defaults {
		in.FieldByIndex(d.index).Set(d.value)
	}
	// What can be read is read in spite of findings, so that the method can say what else is wrong.
	if err := json.Unmarshal(body, target); err != nil && len(found.fields) == 0 {
		found.addAt(pointerOfDecode(err), "invalid", "has a value that cannot be read")
	}
	return nil
}

// pointerOfDecode finds the place in what the decoder refuses although its schema allows it.
func pointerOfDecode(err error) string {
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) && typed.Field != "" {
		return "/" + strings.ReplaceAll(typed.Field, ".", "/")
	}
	return ""
}
