package web

import (
	"log/slog"
	"time"

	"github.com/valyala/fasthttp"
)

// The policies of what a browser may do with an answer. An answer of the API is never a page; a page of the server loads
// nothing and cannot be framed. Handlers that need another policy set it themselves.
const (
	policyData = "default-src 'none'; frame-ancestors 'none'"
	policyPage = "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// The names and values that every answer has, in the form that costs least to write.
var (
	nameRequestID   = []byte(headerRequestID)
	nameNoSniff     = []byte(fasthttp.HeaderXContentTypeOptions)
	nameReferrer    = []byte(fasthttp.HeaderReferrerPolicy)
	namePolicy      = []byte(fasthttp.HeaderContentSecurityPolicy)
	nameHSTS        = []byte(fasthttp.HeaderStrictTransportSecurity)
	nameCache       = []byte(fasthttp.HeaderCacheControl)
	nameETag        = []byte("Etag") // as the HTTP server spells it
	valueNoSniff    = []byte("nosniff")
	valueReferrer   = []byte("no-referrer")
	valuePolicy     = []byte(policyData)
	valueHSTS       = []byte("max-age=63072000; includeSubDomains")
	valueRevalidate = []byte("private, no-cache")
	valueNoStore    = []byte("no-store")
)

// writeHeaders adds what every answer has and what it has not said itself.
func (s *Server) writeHeaders(rctx *fasthttp.RequestCtx, call *Call) {
	h := &rctx.Response.Header
	h.SetCanonical(nameRequestID, []byte(call.ID))
	h.SetCanonical(nameNoSniff, valueNoSniff)
	h.SetCanonical(nameReferrer, valueReferrer)
	if len(h.PeekBytes(namePolicy)) == 0 {
		h.SetCanonical(namePolicy, valuePolicy)
	}
	if s.hsts {
		h.SetCanonical(nameHSTS, valueHSTS)
	}
	if len(h.PeekBytes(nameCache)) == 0 {
		// What has a version may be kept by the caller, but asked for again each time; nothing else is kept at all.
		if len(h.PeekBytes(nameETag)) > 0 && (rctx.IsGet() || rctx.IsHead()) {
			h.SetCanonical(nameCache, valueRevalidate)
		} else {
			h.SetCanonical(nameCache, valueNoStore)
		}
	}
}

// access logs a call: never its path, query, headers or body, which may hold secrets; the route's pattern says enough,
// and the request's id ties everything together.
func (s *Server) access(rctx *fasthttp.RequestCtx, call *Call, status int, took time.Duration) {
	if !s.log.Enabled(call, slog.LevelInfo) {
		return
	}
	pattern := call.pattern
	if pattern == "" {
		pattern = "none"
	}
	size := -1 // a stream: to ask for its length would read it
	if !rctx.Response.IsBodyStream() {
		size = len(rctx.Response.Body())
	}
	s.log.LogAttrs(call, slog.LevelInfo, "call",
		slog.String("request_id", call.ID), slog.String("method", string(rctx.Method())), slog.String("route", pattern),
		slog.Int("status", status), slog.Duration("took", took), slog.Int("bytes", size),
		slog.String("client", call.Client.String()))
}
