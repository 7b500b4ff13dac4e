package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

// forgedID is an id of nothing.
func forgedID() string { return "01890000-0000-7000-8000-0123456789ab" }

// browse signs in as a browser and gives the session cookie, as "name=value".
func (c *caller) browse(t *testing.T) (cookie *http.Cookie, header string) {
	t.Helper()
	r := c.stack.anonymous().post(t, "/v1/sessions", map[string]any{"address": c.address, "password": password, "label": "Firefox"}, "Origin: "+c.stack.base).want(http.StatusCreated)
	if r.text("token") != "" {
		t.Error("a browser's token is in the body, where a script can read it")
	}
	return r.cookie()
}

// cookie is the one cookie an answer sets, and the header that sends it back.
func (r *reply) cookie() (cookie *http.Cookie, header string) {
	r.t.Helper()
	lines := r.Header.Values("Set-Cookie")
	if len(lines) != 1 {
		r.t.Fatalf("%s: sets %d cookies, want one: %v", r.call, len(lines), lines)
	}
	cookie, err := http.ParseSetCookie(lines[0])
	if err != nil {
		r.t.Fatalf("%s: %v", r.call, err)
	}
	return cookie, "Cookie: " + cookie.Name + "=" + cookie.Value
}

func sessionSignIn(t *testing.T, s *stack) {
	c := s.register(t, "Sina Signin")
	if len(c.token) < 43 { // 256 bits in base64
		t.Errorf("the token %q is short", c.token)
	}
	nobody := s.elsewhere()
	// Case and surrounding white space of the address do not matter; every sign-in has a token of its own.
	r := nobody.post(t, "/v1/sessions", map[string]any{"address": " " + strings.ToUpper(c.address) + " ", "password": password, "kind": "program", "label": "backup"}).
		want(http.StatusCreated)
	if r.text("token") == c.token || r.text("account_id") != c.account || r.text("label") != "backup" || r.text("kind") != "program" {
		t.Errorf("the second session is %s", r.Body)
	}
	if len(r.Header.Values("Set-Cookie")) > 0 {
		t.Error("a program is given a cookie")
	}
	if got := r.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("an answer with a token has Cache-Control %q", got)
	}
	again := &caller{stack: s, token: r.text("token")}
	if got := again.get(t, "/v1/me").want(http.StatusOK).text("id"); got != c.account {
		t.Errorf("the token is %s's, want %s's", got, c.account)
	}
	nobody.post(t, "/v1/sessions", map[string]any{"address": c.address, "password": strings.ToUpper(password)}).refused(http.StatusUnauthorized, "sign_in.refused")
	nobody.post(t, "/v1/sessions", map[string]any{"address": "x", "password": password, "label": "two\nlines"}).invalid("/address email", "/label line")
	nobody.post(t, "/v1/sessions", map[string]any{"address": c.address, "password": strings.Repeat("x", 257), "kind": "robot", "label": strings.Repeat("x", 201)}).
		invalid("/password too_long", "/kind one_of", "/label too_long")

	missing := nobody.get(t, "/v1/me")
	missing.refused(http.StatusUnauthorized, "unauthenticated")
	if got := missing.Header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate is %q, want Bearer", got)
	}
	with := func(authorization string) *reply { return nobody.get(t, "/v1/me", "Authorization: "+authorization) }
	same(t, "no valid token", missing, with("Bearer "+forgedToken()), with("Bearer "), with("Basic "+c.token), with(c.token), with("Bearer "+c.token+"x"),
		with("Bearer "+strings.Repeat("x", 5000)))
	with("bearer " + c.token).want(http.StatusOK) // RFC 9110, section 11.1: the scheme's case does not matter
	// In an address, where it would come into logs, a token is none.
	nobody.get(t, "/v1/organizations?access_token="+c.token).want(http.StatusMethodNotAllowed)
	nobody.get(t, "/v1/me/organizations", "X-Token: "+c.token).refused(http.StatusUnauthorized, "unauthenticated")
}

func sessionBrowser(t *testing.T, s *stack) {
	c := s.register(t, "Bruno Browser")
	cookie, header := c.browse(t)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || len(cookie.Value) < 43 {
		t.Errorf("the cookie is %s", cookie)
	}
	if left := time.Until(cookie.Expires); left < 13*24*time.Hour || left > 90*24*time.Hour {
		t.Errorf("the cookie ends %v", cookie.Expires)
	}
	nobody := s.anonymous()
	if got := nobody.get(t, "/v1/me", header).want(http.StatusOK).text("id"); got != c.account {
		t.Errorf("the cookie is %s's, want %s's", got, c.account)
	}

	// What a page elsewhere can make a browser send changes nothing.
	change := func(more ...string) *reply {
		return nobody.patch(t, "/v1/me", map[string]any{"language": "de"}, append([]string{header, "If-Match: *"}, more...)...)
	}
	foreign := change("Origin: https://evil.example")
	foreign.refused(http.StatusForbidden, "cross_site")
	same(t, "calls from elsewhere", foreign, change(), change("Origin: null"), change("Origin: "+s.base+".evil.example"), change("Origin: https://"+strings.TrimPrefix(s.base, "http://")),
		change("Sec-Fetch-Site: cross-site"), change("Sec-Fetch-Site: same-site"), change("Origin: https://evil.example", "Sec-Fetch-Site: same-origin"))
	for _, h := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
		if got := nobody.get(t, "/v1/me", header, "Origin: https://evil.example").Header.Get(h); got != "" {
			t.Errorf("a page elsewhere may read: %s is %q", h, got)
		}
	}
	if got := nobody.get(t, "/v1/me", header).text("language"); got != "en" {
		t.Errorf("a call from elsewhere changed the language to %q", got)
	}
	change("Origin: " + s.base).want(http.StatusOK)
	change("Sec-Fetch-Site: same-origin").want(http.StatusOK)
	// Nor may a page elsewhere sign a browser in as somebody.
	nobody.post(t, "/v1/sessions", map[string]any{"address": c.address, "password": password}, "Origin: https://evil.example").refused(http.StatusForbidden, "cross_site")
	// A program's token is never sent by itself, so its origin does not matter.
	c.patch(t, "/v1/me", map[string]any{"language": "fr"}, "If-Match: *", "Origin: https://elsewhere.example").want(http.StatusOK)

	nobody.delete(t, "/v1/sessions/current", header).refused(http.StatusForbidden, "cross_site")
	out := nobody.delete(t, "/v1/sessions/current", header, "Origin: "+s.base).want(http.StatusNoContent)
	if gone, _ := out.cookie(); gone.Name != cookie.Name || gone.Value != "" || gone.Expires.After(time.Now()) {
		t.Errorf("signing out leaves the cookie %s", gone)
	}
	same(t, "a cookie of an ended session", nobody.get(t, "/v1/me"), nobody.get(t, "/v1/me", header))
	c.get(t, "/v1/me").want(http.StatusOK)
}

func sessionSecureCookie(t *testing.T, s *stack) {
	s.env = append(s.env, "BASE_URL=https://veranda.example")
	s.start(t)
	address := newAddress("Theo Tls")
	nobody := s.anonymous()
	nobody.post(t, "/v1/accounts", registration(address, password, "Theo Tls")).want(http.StatusAccepted)
	mail := s.inbox.wait(t, address, 1)
	if !strings.Contains(mail.Text, "https://veranda.example/confirm?token=") {
		t.Errorf("the link is not built from BASE_URL:\n%s", mail.Text)
	}
	nobody.post(t, "/v1/accounts/confirm", confirmation(mail.token(t)), "Host: evil.example", "X-Forwarded-Host: evil.example").want(http.StatusOK)
	signIn := map[string]any{"address": address, "password": password}
	nobody.post(t, "/v1/sessions", signIn, "Origin: "+s.base).refused(http.StatusForbidden, "cross_site")
	r := nobody.post(t, "/v1/sessions", signIn, "Origin: https://veranda.example").want(http.StatusCreated)
	cookie, header := r.cookie()
	if cookie.Name != "__Host-veranda" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("the cookie is %s", cookie)
	}
	if got := r.Header.Get("Strict-Transport-Security"); !strings.HasPrefix(got, "max-age=") {
		t.Errorf("Strict-Transport-Security is %q", got)
	}
	nobody.get(t, "/v1/me", header).want(http.StatusOK)
	// A link asked for under another host still leads here.
	nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": address}, "X-Forwarded-Host: evil.example").want(http.StatusAccepted)
	if reset := s.inbox.last(t, address, "token="); strings.Contains(s.inbox.wait(t, address, 2).Text, "evil.example") {
		t.Errorf("the caller chose the link's host:\n%s", reset.Text)
	}
}

func sessionList(t *testing.T, s *stack) {
	c := s.register(t, "Lisa List")
	stranger := s.register(t, "Sven Stranger")
	second := s.signIn(t, c.name, c.address)
	_, cookie := c.browse(t)
	sessions := c.get(t, "/v1/sessions").want(http.StatusOK)
	items := sessions.items()
	if len(items) != 3 {
		t.Fatalf("three sessions are listed as %s", sessions.Body)
	}
	if strings.Contains(string(sessions.Body), c.token) || strings.Contains(string(sessions.Body), "hash") {
		t.Errorf("the list tells tokens: %s", sessions.Body)
	}
	current := 0
	for _, item := range items {
		if item["current"] == true {
			current++
		}
		if item["client_address"] == "" || item["created_at"] == nil || item["expires_at"] == nil {
			t.Errorf("a session is listed as %v", item)
		}
	}
	if current != 1 {
		t.Errorf("%d sessions are the current one", current)
	}
	labels := sessions.column("label")
	if !slices.Contains(labels, "Firefox") {
		t.Errorf("the labels are %v", labels)
	}

	mine := func(as *caller, header ...string) string {
		for _, item := range as.get(t, "/v1/sessions", header...).want(http.StatusOK).items() {
			if item["current"] == true {
				return item["id"].(string)
			}
		}
		t.Fatal("no session is the current one")
		return ""
	}
	path := "/v1/sessions/"
	same(t, "a session that is not one's own", stranger.delete(t, path+forgedID()), stranger.delete(t, path+mine(c)), stranger.delete(t, path+"nonsense"))
	c.delete(t, path+mine(second)).want(http.StatusNoContent)
	unauthenticated := s.anonymous().get(t, "/v1/me")
	same(t, "a revoked session", unauthenticated, second.get(t, "/v1/me"))
	c.delete(t, path+mine(s.anonymous(), cookie)).want(http.StatusNoContent)
	same(t, "a revoked cookie", unauthenticated, s.anonymous().get(t, "/v1/me", cookie))

	third, fourth := s.signIn(t, c.name, c.address), s.signIn(t, c.name, c.address)
	c.post(t, "/v1/sessions/revoke-others", nil).want(http.StatusNoContent)
	same(t, "revoked sessions", unauthenticated, third.get(t, "/v1/me"), fourth.get(t, "/v1/me"))
	if got := len(c.get(t, "/v1/sessions").want(http.StatusOK).items()); got != 1 {
		t.Errorf("%d sessions are left, want the caller's own", got)
	}
	stranger.get(t, "/v1/me").want(http.StatusOK)
	c.delete(t, "/v1/sessions/current").want(http.StatusNoContent)
	same(t, "a program that signed out", unauthenticated, c.get(t, "/v1/me"), c.delete(t, "/v1/sessions/current"))
}

func sessionEnd(t *testing.T, s *stack) {
	s.start(t)
	const day = 24 * time.Hour
	c := s.register(t, "Ida Idle") // a program: a year
	_, used := c.browse(t)         // used every ten days: ninety days
	_, idle := c.browse(t)         // not used: fourteen days
	nobody := s.anonymous()
	unauthenticated := nobody.get(t, "/v1/me")
	// use calls once and waits until that is written down, which happens beside the call.
	use := func(header string) {
		t.Helper()
		verandatest.Eventually(t, 30*time.Second, "the use of a session is written down", func() bool {
			for _, item := range nobody.get(t, "/v1/sessions", header).want(http.StatusOK).items() {
				if seen, err := time.Parse(time.RFC3339, item["seen_at"].(string)); item["current"] == true && err == nil && s.now().Sub(seen) < time.Hour {
					return true
				}
			}
			return false
		})
	}
	s.advance(t, 10*day)
	use(used)
	s.advance(t, 5*day)
	same(t, "a session idle for fifteen days", unauthenticated, nobody.get(t, "/v1/me", idle))
	for s.moved < 80*day {
		use(used)
		s.advance(t, 10*day)
	}
	use(used)
	s.advance(t, 91*day-s.moved)
	same(t, "a browser's session after ninety days", unauthenticated, nobody.get(t, "/v1/me", used))
	s.advance(t, 364*day-s.moved)
	if got := c.get(t, "/v1/sessions").want(http.StatusOK).column("kind"); !cmp.Equal(got, []string{"program"}) {
		t.Errorf("ended sessions are listed: %v", got)
	}
	s.advance(t, 2*day)
	same(t, "a program's token after a year", unauthenticated, c.get(t, "/v1/me"))
	s.signIn(t, c.name, c.address).get(t, "/v1/me").want(http.StatusOK)
}
