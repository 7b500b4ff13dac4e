package web

import (
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/veranda-go/veranda"
)

// tokenLimit bounds a token; the ones this product makes are far shorter.
const tokenLimit = 1024

// errCrossSite refuses a call that a page of another site may have caused.
var errCrossSite = veranda.NewError(veranda.CodeForbidden, "cross_site", "A browser may make this call only from the pages of this server, under the address it is configured with.")

// credentials is how sessions travel: as "Authorization: Bearer <token>" (RFC 6750) from programs, in a cookie from
// browsers. Both hold the same kind of token.
type credentials struct {
	origin string // of the configured address; the only one browsers may call from
	secure bool
	cookie string
}

func newCredentials(base *url.URL) credentials {
	c := credentials{origin: base.Scheme + "://" + base.Host, secure: base.Scheme == "https", cookie: "veranda"}
	if c.secure {
		// The prefix binds the cookie to this host and to TLS (RFC 6265bis, section 4.1.3.2).
		c.cookie = "__Host-veranda"
	}
	return c
}

// actor is who calls. A bearer token wins, and then no cookie is looked at. What a browser sends by itself, a cookie or
// nothing at all, changes nothing unless the call comes from this server's own pages.
func (c credentials) actor(rctx *fasthttp.RequestCtx, r *route) (veranda.Actor, error) {
	header := &rctx.Request.Header
	if authorization := header.Peek(fasthttp.HeaderAuthorization); len(authorization) > 0 && r.access != accessAnonymous {
		scheme, token, _ := strings.Cut(string(authorization), " ")
		token = strings.TrimSpace(token)
		if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > tokenLimit {
			return veranda.Actor{}, veranda.ErrUnauthenticated
		}
		return veranda.TokenActor(token), nil
	}
	if r.crossOrigin {
		return veranda.Anonymous(), nil
	}
	cookie := header.Cookie(c.cookie)
	if !safe(rctx) && !c.sameSite(header, len(cookie) > 0) {
		return veranda.Actor{}, errCrossSite
	}
	if r.access == accessAnonymous {
		return veranda.Anonymous(), nil
	}
	if len(cookie) > 0 && len(cookie) <= tokenLimit {
		return veranda.TokenActor(string(cookie)), nil
	}
	if r.access == accessPublic {
		return veranda.Anonymous(), nil
	}
	return veranda.Actor{}, veranda.ErrUnauthenticated
}

// safe tells whether the method only reads (RFC 9110, section 9.2.1).
func safe(rctx *fasthttp.RequestCtx) bool { return rctx.IsGet() || rctx.IsHead() || rctx.IsOptions() }

// sameSite tells whether a writing call comes from this server's pages. Browsers send Origin with every such call; where
// it is absent, Sec-Fetch-Site decides, and a cookie without either is refused. Without cookie and without either it is
// no browser. The check without a cookie keeps other sites from signing a browser in as somebody else.
func (c credentials) sameSite(header *fasthttp.RequestHeader, cookie bool) bool {
	if origin := header.Peek(fasthttp.HeaderOrigin); len(origin) > 0 {
		return string(origin) == c.origin
	}
	switch site := string(header.Peek("Sec-Fetch-Site")); site {
	case "same-origin", "none":
		return true
	default:
		return site == "" && !cookie
	}
}

// ownForm tells whether a form was sent from a page of this server. Those send no referrer, so that a browser says
// "Origin: null" for them (Fetch standard, "append a request Origin header"), which pages elsewhere can bring about too:
// Sec-Fetch-Site decides. It is absent from programs, and from browsers where the server is reached without TLS.
func (c credentials) ownForm(header *fasthttp.RequestHeader) bool {
	switch site := string(header.Peek("Sec-Fetch-Site")); site {
	case "same-origin", "none":
		return true
	case "":
		origin := string(header.Peek(fasthttp.HeaderOrigin))
		return origin == "" || origin == "null" || origin == c.origin
	default:
		return false
	}
}

// apply writes the session cookie that a call asked for.
func (c credentials) apply(rctx *fasthttp.RequestCtx, change sessionChange) {
	if !change.set {
		return
	}
	cookie := fasthttp.AcquireCookie()
	defer fasthttp.ReleaseCookie(cookie)
	cookie.SetKey(c.cookie)
	cookie.SetPath("/")
	cookie.SetHTTPOnly(true)
	cookie.SetSecure(c.secure)
	cookie.SetSameSite(fasthttp.CookieSameSiteLaxMode)
	cookie.SetValue(change.token)
	cookie.SetExpire(change.expires)
	if change.token == "" {
		cookie.SetExpire(time.Unix(1, 0))
	}
	rctx.Response.Header.SetCookie(cookie)
}
