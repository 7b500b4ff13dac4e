package web

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"
)

// Call is what a request says besides its input. It is the context every method is called with, so a route's own
// function finds it by CallOf; it holds nothing that is reused after the answer.
type Call struct {
	context.Context

	// ID names the request in answer and log.
	ID string
	// Client is the caller's address: the peer's, or what a trusted proxy says of it.
	Client netip.Addr
	// UserAgent and Languages are the headers User-Agent and Accept-Language, cut to 512 bytes; made up by the caller.
	UserAgent, Languages string
	// Origin is the page the call comes from, where a browser says so: "https://example.org".
	Origin string

	route   *route // nil: not one of the kit's operations
	pattern string // the route's path for log and metrics; never what the caller sent, which may hold a secret
	session sessionChange
}

// sessionChange is what to do with the session cookie when the call succeeds.
type sessionChange struct {
	set     bool
	token   string // empty: remove
	expires time.Time
}

type callKey struct{}

// Value gives the call itself to CallOf.
func (c *Call) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// CallOf is the call that a method was called for. Outside of a request it is an empty one.
func CallOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{Context: ctx}
}

// SetSession gives a browser its session cookie with the answer, if the call succeeds. The token must not also be in the
// body: a script could read it there.
func (c *Call) SetSession(token string, expires time.Time) {
	c.session = sessionChange{set: true, token: token, expires: expires}
}

// EndSession takes the session cookie away with the answer, if the call succeeds.
func (c *Call) EndSession() { c.session = sessionChange{set: true} }

// callOf is the call of a request that is being served, made on first use.
func (s *Server) callOf(rctx *fasthttp.RequestCtx) (call *Call, begun bool) {
	if call, ok := rctx.UserValue(callKey{}).(*Call); ok {
		return call, true
	}
	header := &rctx.Request.Header
	peer := peerOf(rctx)
	call = &Call{
		Context: context.Background(), Client: s.proxies.client(peer, header),
		UserAgent: cut(header.UserAgent()), Languages: cut(header.Peek(fasthttp.HeaderAcceptLanguage)),
		Origin: cut(header.Peek(fasthttp.HeaderOrigin)),
	}
	call.ID = s.requestID(peer, header)
	rctx.SetUserValue(callKey{}, call)
	return call, false
}

// headerLimit bounds how much of a header is kept.
const headerLimit = 512

func cut(value []byte) string {
	if len(value) > headerLimit {
		value = value[:headerLimit]
	}
	return string(value)
}

// requestID takes a trusted proxy's id, so that its log and this one tell of the same request, or makes one.
func (s *Server) requestID(peer netip.Addr, header *fasthttp.RequestHeader) string {
	if s.proxies.trusts(peer) {
		if id := header.Peek(headerRequestID); sane(id) {
			return string(id)
		}
	}
	// An id names, it protects nothing: no need for a slower source.
	id := make([]byte, 0, 24)
	id = strconv.AppendUint(id, rand.Uint64()|1<<63, 36)
	return string(strconv.AppendUint(id, uint64(rand.Uint32())|1<<32, 36))
}

// sane tells whether a proxy's request id can stand in a log line and a header.
func sane(id []byte) bool {
	if len(id) < 8 || len(id) > 128 {
		return false
	}
	for _, c := range id {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=':
		default:
			return false
		}
	}
	return true
}
