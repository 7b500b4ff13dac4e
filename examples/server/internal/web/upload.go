package web

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// uploadPath is a route whose body is not bounded by the server.
type uploadPath struct {
	method string
	parts  []string // of the pattern; a parameter is ""
}

func newUploadPath(method, pattern string) uploadPath {
	u := uploadPath{method: method}
	for part := range strings.SplitSeq(pattern, "/") {
		if strings.Contains(part, "{") {
			part = ""
		}
		u.parts = append(u.parts, part)
	}
	return u
}

func (u uploadPath) matches(rctx *fasthttp.RequestCtx) bool {
	if string(rctx.Method()) != u.method {
		return false
	}
	parts := strings.Split(string(rctx.Path()), "/")
	if len(parts) != len(u.parts) {
		return false
	}
	for i, part := range u.parts {
		if part != "" && part != parts[i] {
			return false
		}
	}
	return true
}

func addUpload[S, I, O any](g *Group[S], verb, path, summary string, method func(S, context.Context, veranda.Actor, I, io.Reader) (O, error), options []Option) {
	r := newRoute[I](g.server, g.tag, verb, path, summary, fasthttp.StatusCreated, true, options)
	out := newOutput[O]()
	if out.nothing {
		r.status = fasthttp.StatusNoContent
	}
	g.server.uploads = append(g.server.uploads, newUploadPath(verb, path))
	r.register(func(c *fiber.Ctx) error {
		rctx := c.Context()
		call, by, err := r.begin(rctx)
		if err != nil {
			r.server.leaveBody(rctx)
			return err
		}
		in := new(I)
		if err := r.plan.read(c, call, in, nil); err != nil {
			r.server.leaveBody(rctx)
			return err
		}
		result, err := method(g.service, call, by, *in, r.server.stream(rctx))
		if err != nil {
			r.server.leaveBody(rctx)
			return err
		}
		r.server.credentials.apply(rctx, call.session)
		return out.write(rctx, r, &result)
	})
	describe(r, &out)
}

// leaveWithin is how long a refused caller who is still sending is listened to.
const leaveWithin = time.Second

// leaveBody ends with a body that is refused: nobody wants the rest of it, but a caller who is still sending would see a
// reset connection in place of the answer, so what comes within a second is read first.
func (s *Server) leaveBody(rctx *fasthttp.RequestCtx) {
	rctx.SetConnectionClose()
	stream := rctx.RequestBodyStream()
	if stream != nil && rctx.SetReadDeadline(time.Now().Add(leaveWithin)) == nil {
		_, _ = io.Copy(io.Discard, stream) // however far it comes
	}
}

func addRaw[S, I any](g *Group[S], verb, path, summary string, handle func(S, *fiber.Ctx, veranda.Actor, I) error, options []Option) {
	r := newRoute[I](g.server, g.tag, verb, path, summary, fasthttp.StatusOK, false, options)
	r.register(func(c *fiber.Ctx) error {
		rctx := c.Context()
		call, by, err := r.begin(rctx)
		if err != nil {
			return err
		}
		body, err := readBody(rctx)
		if err != nil {
			return err
		}
		in := new(I)
		if err := r.plan.read(c, call, in, body); err != nil {
			return err
		}
		// The call is what methods are to be called with; fiber's own contexts must not be kept.
		c.SetUserContext(call)
		if err := handle(g.service, c, by, *in); err != nil {
			return err
		}
		r.server.credentials.apply(rctx, call.session)
		return nil
	})
	out := newOutput[Nothing]()
	describe(r, &out)
}

// stream is the body as it comes. Each part may take as long as a whole small request: a large upload over a slow line
// is no attack, a line that has fallen silent is.
func (s *Server) stream(rctx *fasthttp.RequestCtx) io.Reader {
	body := rctx.RequestBodyStream()
	if body == nil {
		return bytes.NewReader(rctx.Request.Body())
	}
	return &patientReader{body: body, rctx: rctx, patience: s.options.ReadTimeout}
}

type patientReader struct {
	body     io.Reader
	rctx     *fasthttp.RequestCtx
	patience time.Duration
}

// Read gives errTruncated where the caller left or fell silent: no fault of the server.
func (r *patientReader) Read(p []byte) (int, error) {
	if err := r.rctx.SetReadDeadline(time.Now().Add(r.patience)); err != nil {
		return 0, errTruncated
	}
	n, err := r.body.Read(p)
	if err != nil && err != io.EOF {
		return n, errTruncated
	}
	return n, err
}
