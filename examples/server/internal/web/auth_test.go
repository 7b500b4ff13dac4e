package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

// whoCalls gives the actor of a call as text.
func whoCalls(_ *notes, _ context.Context, by veranda.Actor, _ struct{}) (map[string]bool, error) {
	return map[string]bool{
		"anonymous": by.IsAnonymous(),
		"ann":       string(by.TokenHash()) == string(veranda.TokenActor("token-of-ann").TokenHash()),
		"bob":       string(by.TokenHash()) == string(veranda.TokenActor("token-of-bob").TokenHash()),
	}, nil
}

func withWho(b *bench) {
	g := On(b.server, "Who", "Who calls.", b.notes)
	Get(g, "/v1/who", "Who reads", whoCalls)
	Post(g, "/v1/who", "Who writes", whoCalls)
	Post(g, "/v1/public", "Who writes publicly", whoCalls, Public())
	Post(g, "/v1/anonymous", "Who writes namelessly", whoCalls, Anonymous())
	Post(g, "/v1/embedded", "Who writes elsewhere", whoCalls, CrossOrigin())
	Post(g, "/v1/sign-in", "Sign in", None(func(_ *notes, ctx context.Context, _ veranda.Actor, _ struct{}) error {
		CallOf(ctx).SetSession("token-of-bob", time.Now().Add(time.Hour))
		return nil
	}), Anonymous())
	Post(g, "/v1/sign-in-fails", "Fail to sign in", None(func(_ *notes, ctx context.Context, _ veranda.Actor, _ struct{}) error {
		CallOf(ctx).SetSession("token-of-bob", time.Now().Add(time.Hour))
		return veranda.ErrUnauthenticated
	}), Anonymous())
	Post(g, "/v1/sign-out", "Sign out", None(func(_ *notes, ctx context.Context, _ veranda.Actor, _ struct{}) error {
		CallOf(ctx).EndSession()
		return nil
	}), Public())
}

func TestWhoCalls(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "veranda.example"}
	b := start(t, Options{BaseURL: base}, withWho)
	const (
		none, ann, cookie = "Authorization: ", "Authorization: Bearer token-of-ann", "Cookie: __Host-veranda=token-of-bob"
		own, foreign      = "Origin: https://veranda.example", "Origin: https://evil.example"
	)
	for name, test := range map[string]struct {
		method, path string
		header       []string
		want         string
	}{
		"token":                          {"GET", "/v1/who", []string{ann}, "ann"},
		"small letters":                  {"GET", "/v1/who", []string{none, "Authorization: bearer token-of-ann"}, "ann"},
		"no token":                       {"GET", "/v1/who", []string{none}, "401 unauthenticated"},
		"empty token":                    {"GET", "/v1/who", []string{none, "Authorization: Bearer  "}, "401 unauthenticated"},
		"another scheme":                 {"GET", "/v1/who", []string{none, "Authorization: Basic YTpi"}, "401 unauthenticated"},
		"another scheme and a cookie":    {"GET", "/v1/who", []string{none, "Authorization: Basic YTpi", cookie}, "401 unauthenticated"},
		"cookie":                         {"GET", "/v1/who", []string{none, cookie}, "bob"},
		"cookie from elsewhere reads":    {"GET", "/v1/who", []string{none, cookie, foreign}, "bob"},
		"cookie without prefix":          {"GET", "/v1/who", []string{none, "Cookie: veranda=token-of-bob"}, "401 unauthenticated"},
		"token wins over cookie":         {"POST", "/v1/who", []string{ann, cookie, foreign}, "ann"},
		"cookie, own page":               {"POST", "/v1/who", []string{none, cookie, own}, "bob"},
		"cookie, own page by metadata":   {"POST", "/v1/who", []string{none, cookie, "Sec-Fetch-Site: same-origin"}, "bob"},
		"cookie, other page":             {"POST", "/v1/who", []string{none, cookie, foreign}, "403 cross_site"},
		"cookie, other page's metadata":  {"POST", "/v1/who", []string{none, cookie, "Sec-Fetch-Site: same-site"}, "403 cross_site"},
		"cookie, origin beats metadata":  {"POST", "/v1/who", []string{none, cookie, foreign, "Sec-Fetch-Site: same-origin"}, "403 cross_site"},
		"cookie, sandboxed page":         {"POST", "/v1/who", []string{none, cookie, "Origin: null"}, "403 cross_site"},
		"cookie, http page":              {"POST", "/v1/who", []string{none, cookie, "Origin: http://veranda.example"}, "403 cross_site"},
		"cookie, longer name":            {"POST", "/v1/who", []string{none, cookie, "Origin: https://veranda.example.evil.example"}, "403 cross_site"},
		"cookie, nothing said":           {"POST", "/v1/who", []string{none, cookie}, "403 cross_site"},
		"public, nobody":                 {"POST", "/v1/public", []string{none}, "anonymous"},
		"public, cookie":                 {"POST", "/v1/public", []string{none, cookie, own}, "bob"},
		"public, other page":             {"POST", "/v1/public", []string{none, foreign}, "403 cross_site"},
		"anonymous, cookie is not used":  {"POST", "/v1/anonymous", []string{none, cookie, own}, "anonymous"},
		"anonymous, token is not used":   {"POST", "/v1/anonymous", []string{ann}, "anonymous"},
		"anonymous, other page":          {"POST", "/v1/anonymous", []string{none, foreign}, "403 cross_site"},
		"embedded, other page":           {"POST", "/v1/embedded", []string{none, foreign}, "anonymous"},
		"embedded, no cookie used":       {"POST", "/v1/embedded", []string{none, cookie, foreign}, "anonymous"},
		"plain route's own check stays":  {"POST", "/v1/who", []string{none, own}, "401 unauthenticated"},
		"token with the origin of a app": {"POST", "/v1/who", []string{ann, foreign}, "ann"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := b.call(test.method, test.path, "", test.header...)
			got := ""
			if r.status == http.StatusOK {
				for _, who := range []string{"anonymous", "ann", "bob"} {
					if strings.Contains(r.body, `"`+who+`":true`) {
						got = who
					}
				}
			} else {
				got = strings.TrimSpace(strings.Join([]string{http.StatusText(r.status), r.problem(t).Reason}, " "))
				got = strings.NewReplacer("Unauthorized", "401", "Forbidden", "403").Replace(got)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if r.status == http.StatusUnauthorized && r.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("headers %v", r.header)
			}
		})
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	secure := start(t, Options{BaseURL: &url.URL{Scheme: "https", Host: "veranda.example"}}, withWho)
	plain := start(t, Options{}, withWho)
	cookieOf := func(r reply) *http.Cookie {
		t.Helper()
		cookies := (&http.Response{Header: r.header}).Cookies()
		if len(cookies) == 0 {
			return nil
		}
		return cookies[0]
	}
	c := cookieOf(secure.call("POST", "/v1/sign-in", ""))
	if c == nil || c.Name != "__Host-veranda" || c.Value != "token-of-bob" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || time.Until(c.Expires) < 50*time.Minute {
		t.Errorf("%+v", c)
	}
	c = cookieOf(plain.call("POST", "/v1/sign-in", ""))
	if c == nil || c.Name != "veranda" || c.Secure || !c.HttpOnly {
		t.Errorf("%+v", c)
	}
	if c = cookieOf(plain.call("POST", "/v1/sign-out", "")); c == nil || c.Value != "" || c.Expires.After(time.Now()) {
		t.Errorf("%+v", c)
	}
	if r := plain.call("POST", "/v1/sign-in-fails", ""); r.status != 401 || cookieOf(r) != nil {
		t.Errorf("%d %v", r.status, r.header)
	}
}

func TestPreflightOfEmbeddedRoute(t *testing.T) {
	t.Parallel()
	b := start(t, Options{}, withWho)
	r := b.call("OPTIONS", "/v1/embedded", "", "Authorization: ", "Origin: https://shop.example", "Access-Control-Request-Method: POST")
	if r.status != 204 || r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Access-Control-Allow-Credentials") != "" || r.header.Get("Access-Control-Allow-Methods") != "POST" {
		t.Errorf("%d %v", r.status, r.header)
	}
	if r := b.call("POST", "/v1/embedded", "{", "Authorization: ", "Content-Type: application/json", "Origin: https://shop.example"); r.status != 400 || r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %v", r.status, r.header)
	}
	if r := b.call("GET", "/v1/who", "", "Origin: https://shop.example"); r.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", r.header)
	}
}
