package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/valyala/fasthttp"
)

// output is how a method's result becomes an answer; made once, when the route is registered.
type output[O any] struct {
	t       reflect.Type
	nothing bool
	tagged  bool  // it has a version: ETag() string
	located bool  // it says where it lies: Location() string
	idIndex []int // its field with the json name "id"; nil: none
	items   []int // its field Items, a list that must not be null
}

type (
	tagger  interface{ ETag() string }
	locator interface{ Location() string }
)

func newOutput[O any]() output[O] {
	t := reflect.TypeFor[O]()
	o := output[O]{t: t, nothing: t == reflect.TypeFor[Nothing]()}
	// The methods are looked for on the pointer, which has those of the value as well.
	pointer := reflect.PointerTo(deref(t))
	o.tagged = pointer.Implements(reflect.TypeFor[tagger]())
	o.located = pointer.Implements(reflect.TypeFor[locator]())
	if base := deref(t); base.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(base) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == "id" && f.Type.Implements(reflect.TypeFor[fmt.Stringer]()) {
				o.idIndex = f.Index
			}
		}
		if f, ok := base.FieldByName("Items"); ok && f.Type.Kind() == reflect.Slice && t.Kind() == reflect.Struct {
			o.items = f.Index
		}
	}
	return o
}

// pointer is the result by pointer, which has all its methods.
func (o *output[O]) pointer(out *O) any {
	if o.t.Kind() == reflect.Pointer {
		return any(*out)
	}
	return out
}

func (o *output[O]) version(out *O) string {
	if !o.tagged {
		return ""
	}
	return strings.Trim(o.pointer(out).(tagger).ETag(), `"`)
}

// entityTag is the tag of an answer: the thing's version, by which If-Match decides, and a hash of the body, for a body
// can change without the version: a count of comments, a name. Every node makes the same.
func entityTag(version string, body []byte) string {
	return `"` + version + "-" + strconv.FormatUint(xxhash.Sum64(body), 36) + `"`
}

// location is where a new thing lies: where it says itself, or below the collection it was made in.
func (o *output[O]) location(rctx *fasthttp.RequestCtx, r *route, out *O) string {
	switch {
	case r.status != fasthttp.StatusCreated:
		return ""
	case o.located:
		return o.pointer(out).(locator).Location()
	case o.idIndex == nil || !r.server.items[r.pattern]:
		return ""
	}
	id := deref2(reflect.ValueOf(out)).FieldByIndex(o.idIndex).Interface().(fmt.Stringer).String()
	return string(rctx.Path()) + "/" + id
}

func deref2(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v
}

// write answers with a result.
func (o *output[O]) write(rctx *fasthttp.RequestCtx, r *route, out *O) error {
	if location := o.location(rctx, r, out); location != "" {
		rctx.Response.Header.Set(fasthttp.HeaderLocation, location)
	}
	rctx.Response.SetStatusCode(r.status)
	if r.orNothing && reflect.ValueOf(out).Elem().IsNil() {
		rctx.Response.SetStatusCode(fasthttp.StatusNoContent)
		return nil
	}
	if o.nothing {
		return nil
	}
	rctx.Response.Header.SetContentTypeBytes(mediaJSON)
	o.fillItems(out)
	if err := encode(rctx.Response.BodyWriter(), out); err != nil {
		return err
	}
	if version := o.version(out); version != "" {
		etag := entityTag(version, rctx.Response.Body())
		rctx.Response.Header.Set(fasthttp.HeaderETag, etag)
		if (rctx.IsGet() || rctx.IsHead()) && matchesTag(rctx.Request.Header.Peek(fasthttp.HeaderIfNoneMatch), etag) {
			rctx.Response.ResetBody()
			rctx.Response.SetStatusCode(fasthttp.StatusNotModified)
		}
	}
	return nil
}

// fillItems makes a list without items an empty one: null is no list.
func (o *output[O]) fillItems(out *O) {
	if o.items == nil {
		return
	}
	if items := reflect.ValueOf(out).Elem().FieldByIndex(o.items); items.IsNil() {
		items.Set(reflect.MakeSlice(items.Type(), 0, 0))
	}
}

// answer is a result as it is kept for repetition.
func (o *output[O]) answer(rctx *fasthttp.RequestCtx, r *route, out *O) (answer, error) {
	a := answer{Status: r.status, Location: o.location(rctx, r, out)}
	if o.nothing {
		return a, nil
	}
	o.fillItems(out)
	var b bytes.Buffer
	if err := encode(&b, out); err != nil {
		return answer{}, err
	}
	a.Body = b.Bytes()
	if version := o.version(out); version != "" {
		a.ETag = entityTag(version, a.Body)
	}
	return a, nil
}

// encoder is an encoder whose destination can be changed, so that it can be used again.
type encoder struct {
	to   io.Writer
	json *json.Encoder
}

// Write passes on to the destination of the moment.
func (e *encoder) Write(p []byte) (int, error) { return e.to.Write(p) }

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(e)
	// Answers are JSON under nosniff, never part of a page.
	e.json.SetEscapeHTML(false)
	return e
}}

func encode(to io.Writer, value any) error {
	e := encoders.Get().(*encoder)
	e.to = to
	err := e.json.Encode(value)
	e.to = nil
	if err != nil {
		return fmt.Errorf("encode answer: %w", err) // the encoder is not used again: it keeps its error
	}
	encoders.Put(e)
	return nil
}

// matchesTag tells whether If-None-Match names a tag; the comparison is the weak one (RFC 9110, section 13.1.2).
func matchesTag(header []byte, etag string) bool {
	if len(header) == 0 {
		return false
	}
	etag = strings.TrimPrefix(etag, "W/")
	for part := range strings.SplitSeq(string(header), ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == etag {
			return true
		}
	}
	return false
}
