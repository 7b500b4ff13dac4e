package web

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// route is one operation: what is the same for methods of every type.
type route struct {
	server      *Server
	method      string
	pattern     string // "/v1/organizations/{org}"
	summary     string
	tag         string
	description string
	id          string
	status      int
	access      access
	crossOrigin bool
	idempotent  bool
	upload      bool
	anyVersion  bool
	hidden      bool
	orNothing   bool
	media       string // of an answer that is not JSON
	plan        *plan
	meter       *routeMeter
}

type access uint8

const (
	accessSession   access = iota // somebody who is signed in
	accessPublic                  // anybody; who is signed in is known
	accessAnonymous               // anybody; nobody is known
)

// Option adjusts a route.
type Option func(*route)

// Public lets callers without a session in; the method decides what they may do.
func Public() Option { return func(r *route) { r.access = accessPublic } }

// Anonymous lets everybody in and looks at no session, so that an old cookie does not stand in the way of signing in.
func Anonymous() Option { return func(r *route) { r.access = accessAnonymous } }

// CrossOrigin lets pages of other sites call: cookies are not looked at, and browsers may read the answer. For forms that
// are embedded elsewhere; the method looks at CallOf(ctx).Origin.
func CrossOrigin() Option {
	return func(r *route) { r.crossOrigin, r.access = true, accessPublic }
}

// Idempotent lets callers repeat the call safely with the header Idempotency-Key: the first answer is kept for 24 hours
// together with what the call did, in one transaction, and repeated. Not for answers that hold a secret, for they would
// be kept. The service needs a method WithTx.
func Idempotent() Option { return func(r *route) { r.idempotent = true } }

// Status sets the status of success.
func Status(status int) Option { return func(r *route) { r.status = status } }

// Describe says more than the summary, in CommonMark.
func Describe(text string) Option { return func(r *route) { r.description = text } }

// ID sets the operation's id; the default is made of tag and summary.
func ID(id string) Option { return func(r *route) { r.id = id } }

// AnyVersion makes If-Match optional on a PUT or PATCH: for changes that do not write over what others changed.
func AnyVersion() Option { return func(r *route) { r.anyVersion = true } }

// OrNothing answers 204 where the method, which gives a pointer, gives nil: there is nothing to say.
func OrNothing() Option { return func(r *route) { r.orNothing = true } }

// Hidden leaves the route out of the description.
func Hidden() Option { return func(r *route) { r.hidden = true } }

// Media names the content type of an answer that a raw route writes itself.
func Media(contentType string) Option { return func(r *route) { r.media = contentType } }

// Group is the routes of one service, under one tag.
type Group[S any] struct {
	server  *Server
	tag     string
	service S
}

// On begins a group of routes. description says what the tag is about.
func On[S any](s *Server, tag, description string, service S) *Group[S] {
	if !s.tags[tag] {
		s.tags[tag] = true
		s.description.Tags = append(s.description.Tags, &huma.Tag{Name: tag, Description: description})
	}
	return &Group[S]{server: s, tag: tag, service: service}
}

// Nothing is the output of a method that gives only an error; its answer is 204.
type Nothing struct{}

// None gives a method that answers only an error the shape of the others.
func None[S, I any](method func(service S, ctx context.Context, by veranda.Actor, in I) error) func(S, context.Context, veranda.Actor, I) (Nothing, error) {
	return func(service S, ctx context.Context, by veranda.Actor, in I) (Nothing, error) {
		return Nothing{}, method(service, ctx, by, in)
	}
}

// Get adds a reading route. The method is a method expression, (*tasks.Service).Get, or a function in its stead; so it is
// with the others.
func Get[S, I, O any](g *Group[S], path, summary string, method func(S, context.Context, veranda.Actor, I) (O, error), options ...Option) {
	add(g, fiber.MethodGet, path, summary, fasthttp.StatusOK, method, options)
}

// Create adds a route that makes a thing in a collection: 201 with the Location of the new thing.
func Create[S, I, O any](g *Group[S], path, summary string, method func(S, context.Context, veranda.Actor, I) (O, error), options ...Option) {
	add(g, fiber.MethodPost, path, summary, fasthttp.StatusCreated, method, options)
}

// Post adds a route that does something: 200, or 204 where there is nothing to say.
func Post[S, I, O any](g *Group[S], path, summary string, method func(S, context.Context, veranda.Actor, I) (O, error), options ...Option) {
	add(g, fiber.MethodPost, path, summary, fasthttp.StatusOK, method, options)
}

// Put adds a route that replaces a thing.
func Put[S, I, O any](g *Group[S], path, summary string, method func(S, context.Context, veranda.Actor, I) (O, error), options ...Option) {
	add(g, fiber.MethodPut, path, summary, fasthttp.StatusOK, method, options)
}

// Patch adds a route that changes some fields of a thing.
func Patch[S, I, O any](g *Group[S], path, summary string, method func(S, context.Context, veranda.Actor, I) (O, error), options ...Option) {
	add(g, fiber.MethodPatch, path, summary, fasthttp.StatusOK, method, options)
}

// Delete adds a route that removes a thing; with None where the method gives only an error.
func Delete[S, I, O any](g *Group[S], path, summary string, method func(S, context.Context, veranda.Actor, I) (O, error), options ...Option) {
	add(g, fiber.MethodDelete, path, summary, fasthttp.StatusOK, method, options)
}

// Upload adds a route whose body is a stream of any size and type, handed to the method as it comes: the method bounds
// it. The input's fields are parameters.
func Upload[S, I, O any](g *Group[S], verb, path, summary string, method func(S, context.Context, veranda.Actor, I, io.Reader) (O, error), options ...Option) {
	addUpload(g, verb, path, summary, method, options)
}

// Raw adds a route that writes its own answer: a download, a stream of events, a calendar. Input, sign-in and errors are
// as with the others.
func Raw[S, I any](g *Group[S], verb, path, summary string, handle func(S, *fiber.Ctx, veranda.Actor, I) error, options ...Option) {
	addRaw(g, verb, path, summary, handle, options)
}

// newRoute makes a route of a declaration. A declaration that cannot work is a defect of the program and stops it at
// start, like a broken regular expression does.
func newRoute[I any](s *Server, tag, verb, path, summary string, status int, upload bool, options []Option) *route {
	r := &route{server: s, method: verb, pattern: path, summary: summary, tag: tag, status: status, upload: upload}
	for _, option := range options {
		option(r)
	}
	if r.id == "" {
		r.id = slug(tag) + "-" + slug(summary)
	}
	p, err := newPlan(s.registry, s.compiler, reflect.TypeFor[I](), r)
	if err == nil {
		err = r.matchPath(p)
	}
	if err != nil {
		panic(fmt.Sprintf("web: %s %s: %v", verb, path, err))
	}
	r.plan = p
	r.meter = s.metrics.route(routeKey{verb, path})
	return r
}

// matchPath checks that path and input name the same parameters.
func (r *route) matchPath(p *plan) error {
	inPath := 0
	for _, one := range p.path {
		if !strings.Contains(r.pattern, "{"+one.name+"}") {
			return fmt.Errorf("the path has no {%s}", one.name)
		}
		inPath++
	}
	if wanted := strings.Count(r.pattern, "{"); wanted != inPath {
		return fmt.Errorf("the path has %d parameters, the input %d", wanted, inPath)
	}
	return nil
}

// routerPath is the path as the router spells it.
func (r *route) routerPath() string {
	return strings.NewReplacer("{", ":", "}", "").Replace(r.pattern)
}

// collection is the path of the collection that a thing's path lies in, or "".
func collection(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i > 0 && strings.HasPrefix(path[i+1:], "{") && strings.HasSuffix(path, "}") {
		return path[:i]
	}
	return ""
}

// slug is a text as part of an operation's id.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	return strings.Join(words, "-")
}
