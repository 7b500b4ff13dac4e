package web

import (
	"errors"
	"io"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// headerRequestID is the header that carries a request's id.
const headerRequestID = "X-Request-Id"

// serve is what the HTTP server calls: around the router, so that what the router refuses is logged, counted and answered
// like everything else.
func (s *Server) serve(rctx *fasthttp.RequestCtx) {
	begin := time.Now()
	call, _ := s.callOf(rctx)
	defer func() {
		if reason := recover(); reason != nil {
			s.log.Error("panic", "request_id", call.ID, "method", string(rctx.Method()), "route", call.pattern, "panic", reason, "stack", string(debug.Stack()))
			s.writeProblem(rctx, call, fiber.ErrInternalServerError)
		}
		s.finish(rctx, call, begin)
	}()
	switch {
	case !knownMethod(rctx.Method()):
		s.writeProblem(rctx, call, fiber.ErrNotImplemented)
	case s.boundBody(rctx) != nil:
		s.discardBody(rctx)
		s.writeProblem(rctx, call, fiber.ErrRequestEntityTooLarge)
	default:
		s.inner(rctx)
	}
}

// knownMethod tells whether the router knows a method; it answers others in plain text.
func knownMethod(method []byte) bool {
	switch string(method) {
	case fasthttp.MethodGet, fasthttp.MethodHead, fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodPatch, fasthttp.MethodDelete, fasthttp.MethodOptions:
		return true
	}
	return false
}

// fail answers what a handler, the router or the HTTP server itself gave as an error.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	rctx := c.Context()
	call, begun := s.callOf(rctx)
	s.writeProblem(rctx, call, err)
	if !begun { // refused while it was read: serve never saw it
		s.finish(rctx, call, time.Now())
	}
	return nil
}

// finish adds what every answer has, counts and logs.
func (s *Server) finish(rctx *fasthttp.RequestCtx, call *Call, begin time.Time) {
	s.writeHeaders(rctx, call)
	took := time.Since(begin)
	status := rctx.Response.StatusCode()
	s.metrics.count(call, rctx.Method(), status, took)
	s.access(rctx, call, status, took)
}

var errTooLarge = errors.New("the body is too large")

// boundBody sees to it that a body that is read whole is no larger than the limit. The HTTP server hands large and chunked
// bodies on as streams, which is what uploads want and what everybody else must not read without a bound.
func (s *Server) boundBody(rctx *fasthttp.RequestCtx) error {
	length := rctx.Request.Header.ContentLength()
	if length >= 0 && length <= s.options.BodyLimit || length == -2 {
		return nil
	}
	for _, u := range s.uploads {
		if u.matches(rctx) {
			return nil
		}
	}
	if length > s.options.BodyLimit {
		return errTooLarge
	}
	stream := rctx.RequestBodyStream()
	if stream == nil {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(stream, int64(s.options.BodyLimit)+1))
	if err != nil || len(body) > s.options.BodyLimit {
		return errTooLarge
	}
	rctx.Request.SetBodyRaw(body)
	return nil
}

// discardBody reads what is still to come of a body that is too large: closed with bytes unread, the connection would be
// reset, and a caller that is still sending would never see why. Up to twice the limit is read in the time any request may
// take to arrive, and what goes beyond that for a second more.
func (s *Server) discardBody(rctx *fasthttp.RequestCtx) {
	stream := rctx.RequestBodyStream()
	if stream == nil {
		return
	}
	if _, err := io.CopyN(io.Discard, stream, 2*int64(s.options.BodyLimit)); err != nil {
		return // it has ended, or nobody sends any more
	}
	s.leaveBody(rctx)
}

// learnPattern notes which route a plain handler was reached by. The kit's operations say it themselves.
func (s *Server) learnPattern(c *fiber.Ctx) error {
	here := c.Route()
	err := c.Next()
	if call, _ := s.callOf(c.Context()); call.pattern == "" {
		if found := c.Route(); found != here {
			call.pattern = found.Path
		}
	}
	return err
}
