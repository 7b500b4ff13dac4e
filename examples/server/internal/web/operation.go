package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// operation is a route with its method.
type operation[S, I, O any] struct {
	*route
	service S
	bind    func(*veranda.Tx) S // nil: the service cannot join a transaction
	call    func(S, context.Context, veranda.Actor, I) (O, error)
	output  output[O]
}

func add[S, I, O any](g *Group[S], verb, path, summary string, status int, method func(S, context.Context, veranda.Actor, I) (O, error), options []Option) {
	r := newRoute[I](g.server, g.tag, verb, path, summary, status, false, options)
	o := &operation[S, I, O]{route: r, service: g.service, call: method, output: newOutput[O]()}
	if o.output.nothing && r.status < fasthttp.StatusMultipleChoices {
		r.status = fasthttp.StatusNoContent
	}
	if r.idempotent {
		binder, ok := any(g.service).(interface{ WithTx(*veranda.Tx) S })
		if !ok || g.server.answers == nil {
			panic(fmt.Sprintf("web: %s %s: Idempotent wants a service with WithTx, and Options.DB", verb, path))
		}
		o.bind = binder.WithTx
	}
	r.register(o.handle)
	describe(r, &o.output)
}

// handle serves a call: who calls, what with, the method, the answer.
func (o *operation[S, I, O]) handle(c *fiber.Ctx) error {
	rctx := c.Context()
	call, by, err := o.begin(rctx)
	if err != nil {
		return err
	}
	body, err := readBody(rctx)
	if err != nil {
		return err
	}
	in := new(I)
	if err := o.plan.read(c, call, in, body); err != nil {
		return o.everyFinding(call, in, err)
	}
	if o.bind != nil {
		if key := rctx.Request.Header.Peek(headerIdempotencyKey); len(key) > 0 {
			return o.once(rctx, call, by, in, string(key), body)
		}
	}
	out, err := o.call(o.service, call, by, *in)
	if err != nil {
		return err
	}
	o.server.credentials.apply(rctx, call.session)
	return o.output.write(rctx, o.route, &out)
}

// everyFinding adds to what the schema refuses what the method itself would, so that a caller learns of every bad field at
// once. It asks as the zero actor, who may do nothing: a method checks its input before it looks at who calls.
func (o *operation[S, I, O]) everyFinding(call *Call, in *I, err error) error {
	var schema, method *veranda.Error
	if !errors.As(err, &schema) || schema.Code != veranda.CodeInvalid || len(schema.Fields) == 0 || len(schema.Fields) >= findingsLimit {
		return err
	}
	if _, refused := o.call(o.service, call, veranda.Actor{}, *in); !errors.As(refused, &method) || method.Code != veranda.CodeInvalid {
		return err
	}
	call.session = sessionChange{}
	all := &veranda.Error{Code: schema.Code, Reason: schema.Reason, Message: schema.Message, Fields: slices.Clone(schema.Fields)}
	for _, field := range method.Fields {
		known := slices.ContainsFunc(schema.Fields, func(f veranda.FieldError) bool {
			return f.Pointer == field.Pointer || strings.HasPrefix(f.Pointer, field.Pointer+"/") || strings.HasPrefix(field.Pointer, f.Pointer+"/")
		})
		if !known {
			all.Fields = append(all.Fields, field)
		}
	}
	return all
}

// once runs the method unless its answer is kept already.
func (o *operation[S, I, O]) once(rctx *fasthttp.RequestCtx, call *Call, by veranda.Actor, in *I, key string, body []byte) error {
	request, err := requestOf(rctx, call, by, key, body)
	if err != nil {
		return err
	}
	kept, replayed, err := o.server.answers.once(call, request, func(ctx context.Context, tx *veranda.Tx) (answer, error) {
		out, err := o.call(o.bind(tx), ctx, by, *in)
		if err != nil {
			return answer{}, err
		}
		return o.output.answer(rctx, o.route, &out)
	})
	if err != nil {
		return err
	}
	if replayed {
		rctx.Response.Header.Set(headerReplayed, "true")
	} else {
		o.server.credentials.apply(rctx, call.session)
	}
	kept.write(rctx)
	return nil
}

// begin notes which route a call came by and finds out who calls.
func (r *route) begin(rctx *fasthttp.RequestCtx) (*Call, veranda.Actor, error) {
	call, _ := r.server.callOf(rctx)
	call.route, call.pattern = r, r.pattern
	if r.crossOrigin {
		allowOrigins(rctx)
	}
	by, err := r.server.credentials.actor(rctx, r)
	return call, by, err
}

// register adds the route to the router.
func (r *route) register(handle fiber.Handler) {
	r.server.app.Add(r.method, r.routerPath(), handle)
	if r.method == fiber.MethodGet {
		r.server.app.Add(fiber.MethodHead, r.routerPath(), handle)
		if c := collection(r.pattern); c != "" {
			r.server.items[c] = true
		}
	}
	if r.crossOrigin {
		r.server.app.Add(fiber.MethodOptions, r.routerPath(), r.preflight)
	}
}

// allowOrigins lets every page read the answer. No cookie was looked at, so the answer is what anybody would get.
func allowOrigins(rctx *fasthttp.RequestCtx) {
	rctx.Response.Header.Set(fasthttp.HeaderAccessControlAllowOrigin, "*")
}

// preflight answers a browser that asks before it calls (Fetch standard, section 3.3).
func (r *route) preflight(c *fiber.Ctx) error {
	call, _ := r.server.callOf(c.Context())
	call.pattern = r.pattern
	allowOrigins(c.Context())
	c.Set(fasthttp.HeaderAccessControlAllowMethods, r.method)
	c.Set(fasthttp.HeaderAccessControlAllowHeaders, "Content-Type, Idempotency-Key")
	c.Set(fasthttp.HeaderAccessControlMaxAge, "600")
	return c.SendStatus(fasthttp.StatusNoContent)
}

// errTruncated says that the body ended before its announced length, or did not come in time.
var errTruncated = &statusError{fasthttp.StatusBadRequest, veranda.NewError(veranda.CodeInvalid, "body.truncated", "The body did not arrive whole.")}

// readBody is the whole body, whose length serve has bounded.
func readBody(rctx *fasthttp.RequestCtx) ([]byte, error) {
	stream := rctx.RequestBodyStream()
	length := rctx.Request.Header.ContentLength()
	if stream == nil {
		return rctx.Request.Body(), nil
	}
	if length <= 0 {
		return nil, nil
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(stream, body); err != nil {
		rctx.SetConnectionClose()
		return nil, errTruncated
	}
	return body, nil
}
