package main

import (
	"net/http"
	"strings"
	"testing"
)

// browser signs in as a browser does and gives the cookie it got.
func (s *stack) browser(t *testing.T, address string, header ...string) *http.Cookie {
	t.Helper()
	r := s.anonymous().post(t, "/v1/sessions", map[string]any{"address": address, "password": password}, header...).want(http.StatusCreated)
	if r.field("token") != nil && r.field("token") != "" {
		t.Errorf("a browser's token is in the body, where scripts read it: %s", r.Body)
	}
	cookies := (&http.Response{Header: r.Header}).Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	return cookies[0]
}

// cookieSession: a browser's session travels in a cookie that scripts cannot read and other sites cannot use.
func cookieSession(t *testing.T, s *stack) {
	person := s.register(t, "Cora Cookie")
	cookie := s.browser(t, person.address, "Origin: "+s.base, "Sec-Fetch-Site: same-origin")
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.Name != "veranda" || cookie.Secure {
		t.Errorf("cookie over plain HTTP on this machine: %+v", cookie)
	}
	with := "Cookie: " + cookie.Name + "=" + cookie.Value
	nobody := s.anonymous()
	nobody.get(t, "/v1/me", with).want(http.StatusOK)
	org := person.found(t, "By cookie")
	rooms, change := "/v1/organizations/"+org+"/workspaces", map[string]any{"name": "By cookie"}
	nobody.post(t, rooms, change, with, "Origin: "+s.base).want(http.StatusCreated)
	nobody.post(t, rooms, change, with, "Sec-Fetch-Site: same-origin").want(http.StatusCreated)
	for name, from := range map[string][]string{
		"another site":          {with, "Origin: https://evil.example"},
		"a sandboxed page":      {with, "Origin: null"},
		"a page by its site":    {with, "Sec-Fetch-Site: cross-site"},
		"a sister site":         {with, "Sec-Fetch-Site: same-site"},
		"nowhere in particular": {with},
		"signing in elsewhere":  {"Origin: https://evil.example"},
	} {
		r := nobody.post(t, rooms, change, from...)
		if r.Status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
			continue
		}
		r.refused(http.StatusForbidden, "cross_site")
	}
	nobody.post(t, "/v1/sessions", map[string]any{"address": person.address, "password": password}, "Origin: https://evil.example").refused(http.StatusForbidden, "cross_site")
	// A bearer token is no browser's: where it comes from does not matter, and no cookie is looked at beside it.
	person.post(t, rooms, change, "Origin: https://elsewhere.example").want(http.StatusCreated)
	s.anonymous().get(t, "/v1/me", with, "Authorization: Bearer made-up").refused(http.StatusUnauthorized, "unauthenticated")
	out := nobody.delete(t, "/v1/sessions/current", with, "Origin: "+s.base).want(http.StatusNoContent)
	if gone := out.Header.Get("Set-Cookie"); !strings.Contains(gone, cookie.Name+"=;") && !strings.Contains(gone, "expires=Thu, 01 Jan 1970") {
		t.Errorf("signing out sets %q", gone)
	}
	nobody.get(t, "/v1/me", with).refused(http.StatusUnauthorized, "unauthenticated")
}

// secureCookie: behind TLS the cookie is bound to host and TLS, browsers are told to stay with TLS, and links in mails
// come from BASE_URL whatever a request says.
func secureCookie(t *testing.T, s *stack) {
	behind := s.with("BASE_URL=https://veranda.example", "TRUSTED_PROXIES=127.0.0.1")
	behind.run(t)
	address := newAddress("Tess Tls")
	behind.elsewhere().post(t, "/v1/accounts", map[string]any{"address": address, "password": password, "name": "Tess Tls"}, "X-Forwarded-Host: evil.example", "Origin: https://veranda.example").want(http.StatusAccepted)
	letter := s.inbox.last(t, address, "/confirm?token=")
	if !strings.Contains(letter.Text, "https://veranda.example/confirm?token=") || strings.Contains(letter.Text, "evil.example") {
		t.Errorf("the letter says:\n%s", letter.Text)
	}
	behind.elsewhere().post(t, "/v1/accounts/confirm", confirmation(letter.token(t))).want(http.StatusOK)
	cookie := behind.browser(t, address, "Origin: https://veranda.example")
	if cookie.Name != "__Host-veranda" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %+v", cookie)
	}
	r := behind.anonymous().get(t, "/v1/me", "Cookie: "+cookie.Name+"="+cookie.Value).want(http.StatusOK)
	if !strings.HasPrefix(r.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Errorf("headers %v", r.Header)
	}
	behind.anonymous().get(t, "/v1/me", "Cookie: veranda="+cookie.Value).refused(http.StatusUnauthorized, "unauthenticated")
	behind.anonymous().post(t, "/v1/organizations", map[string]any{"kind": "organization", "name": "No"}, "Cookie: "+cookie.Name+"="+cookie.Value, "Origin: "+s.base).refused(http.StatusForbidden, "cross_site")
}
