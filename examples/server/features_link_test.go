package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// form posts what a page's form would, as a browser does it from the page: without referrer, so the origin is "null".
func (c *caller) form(t *testing.T, path string, values url.Values, header ...string) *reply {
	t.Helper()
	header = append([]string{"Content-Type: application/x-www-form-urlencoded", "Origin: null", "Sec-Fetch-Site: same-origin"}, header...)
	return c.post(t, path, values.Encode(), header...)
}

// page asserts that an answer is a page that loads nothing, goes nowhere and is not kept.
func (r *reply) page(status int) string {
	r.t.Helper()
	r.want(status)
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
	} {
		if got := r.Header.Get(name); got != want {
			r.t.Errorf("%s: %s is %q, want %q", r.call, name, got, want)
		}
	}
	policy := r.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			r.t.Errorf("%s: the policy lacks %q: %s", r.call, want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(string(r.Body), "<script") {
		r.t.Errorf("%s: the page may run scripts: %s", r.call, policy)
	}
	return string(r.Body)
}

func linkPagesOfMails(t *testing.T, s *stack) {
	nobody, address := s.elsewhere(), newAddress("Paul Page")
	nobody.post(t, "/v1/accounts", registration(address, password, "Paul Page")).want(http.StatusAccepted)
	link := func(l letter) string {
		token := l.token(t)
		for line := range strings.Lines(l.Text) {
			if path, found := strings.CutPrefix(strings.TrimSpace(line), s.base); found && strings.HasSuffix(path, "?token="+token) {
				return path
			}
		}
		t.Fatalf("the mail's link is not on a line of its own:\n%s", l.Text)
		return ""
	}
	path := link(s.inbox.wait(t, address, 1))
	token := s.inbox.wait(t, address, 1).token(t)
	// A scanner that opens the link, as often as it likes, changes nothing.
	for range 3 {
		if body := nobody.get(t, path).page(http.StatusOK); !strings.Contains(body, `<form method="post" action="/confirm">`) || !strings.Contains(body, token) {
			t.Fatalf("the page has no form for the link:\n%s", body)
		}
	}
	nobody.send(t, http.MethodHead, path, nil).want(http.StatusOK)
	nobody.post(t, "/v1/sessions", map[string]any{"address": address, "password": password}).refused(http.StatusConflict, "sign_in.unconfirmed")
	if body := nobody.form(t, "/confirm", url.Values{"token": {token}, "password": {password}}).page(http.StatusOK); !strings.Contains(body, address) {
		t.Errorf("the page does not say what was confirmed:\n%s", body)
	}
	c := s.signIn(t, "Paul Page", address)
	used, forged := nobody.form(t, "/confirm", url.Values{"token": {token}, "password": {password}}), nobody.form(t, "/confirm", url.Values{"token": {forgedToken()}, "password": {password}})
	if body := forged.page(http.StatusNotFound); strings.Contains(body, "<form") {
		t.Errorf("the page of a link that does not work asks for something:\n%s", body)
	}
	same(t, "the page of a used link", forged, used, nobody.form(t, "/confirm", url.Values{"password": {password}}))
	// A token is shown as text whatever it holds.
	if body := nobody.get(t, "/confirm?token="+url.QueryEscape(`"><script>alert(1)</script>`)).page(http.StatusOK); strings.Contains(body, "<script") {
		t.Errorf("the page shows what the caller sent as markup:\n%s", body)
	}

	nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": address}).want(http.StatusAccepted)
	reset := s.inbox.last(t, address, "/reset?token=")
	if body := nobody.get(t, link(reset)).page(http.StatusOK); !strings.Contains(body, `autocomplete="new-password"`) {
		t.Errorf("the page asks for no password:\n%s", body)
	}
	c.get(t, "/v1/me").want(http.StatusOK)
	// What is wrong is said on the page, and the link still works.
	if body := nobody.form(t, "/reset", url.Values{"token": {reset.token(t)}, "password": {"password1"}}).page(http.StatusUnprocessableEntity); strings.Contains(body, "password1") ||
		!strings.Contains(body, "guessed first") {
		t.Errorf("the page repeats the password, or does not say what is wrong:\n%s", body)
	}
	nobody.form(t, "/reset", url.Values{"token": {reset.token(t)}, "password": {"nine cats dance at dusk"}}).page(http.StatusOK)
	c.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
	nobody.post(t, "/v1/sessions", map[string]any{"address": address, "password": "nine cats dance at dusk"}).want(http.StatusCreated)
}

func linkPageOfInvitation(t *testing.T, s *stack) {
	owner := s.registerAt(t, "Olga <Owner>", newAddress("Olga"))
	org := owner.found(t, "Page & Sons")
	address := newAddress("Ina Invited")
	token := owner.invite(t, org, "", "guest", address)
	nobody := s.elsewhere()
	body := nobody.get(t, "/invitation?token="+token).page(http.StatusOK)
	if !strings.Contains(body, "Olga &lt;Owner&gt; invites") || !strings.Contains(body, "Page &amp; Sons") || strings.Contains(body, address) {
		t.Errorf("the page is\n%s", body)
	}
	owner.get(t, "/v1/organizations/"+org+"/members").want(http.StatusOK)
	if got := owner.get(t, "/v1/organizations/"+org+"/members").column("name"); len(got) != 1 {
		t.Errorf("looking at an invitation made a member: %v", got)
	}
	values := url.Values{"token": {token}, "name": {"Ina Invited"}, "password": {password}}
	// A page elsewhere must not sign a browser in as somebody else by an invitation of its own.
	for _, header := range [][]string{
		{"Sec-Fetch-Site: cross-site"}, {"Sec-Fetch-Site: same-site"}, {"Sec-Fetch-Site: ", "Origin: https://evil.example"},
	} {
		r := nobody.form(t, "/invitation", values, header...)
		r.page(http.StatusForbidden)
		if len(r.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("a form of another site signs the browser in: %v", header)
		}
	}
	accepted := nobody.form(t, "/invitation", values)
	accepted.page(http.StatusOK)
	_, header := accepted.cookie()
	if got := nobody.get(t, "/v1/me", header).want(http.StatusOK).text("name"); got != "Ina Invited" {
		t.Errorf("the page signed in %q", got)
	}
	if strings.Contains(string(accepted.Body), strings.TrimPrefix(header, "Cookie: veranda=")) {
		t.Error("the session's token is on the page")
	}
	forged := nobody.get(t, "/invitation?token="+forgedToken())
	forged.page(http.StatusNotFound)
	same(t, "the page of a used link", forged, nobody.get(t, "/invitation?token="+token), nobody.get(t, "/invitation?token=x"), nobody.get(t, "/invitation"),
		nobody.form(t, "/invitation", values))
	// The page of who has an account says to sign in.
	known := s.register(t, "Kira Known")
	if body := nobody.get(t, "/invitation?token="+owner.invite(t, org, "", "guest", known.address)).page(http.StatusOK); !strings.Contains(body, "sign in with it") {
		t.Errorf("the page of who has an account is\n%s", body)
	}
}

func passwordReset(t *testing.T, s *stack) {
	c := s.register(t, "Resi Reset")
	second := s.signIn(t, c.name, c.address)
	_, cookie := c.browse(t)
	nobody := s.elsewhere()
	ask := func() {
		nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": c.address}).want(http.StatusAccepted)
	}
	ask()
	mail := s.inbox.last(t, c.address, "/reset?token=")
	ask()
	other := s.inbox.wait(t, c.address, 3).token(t)
	token := mail.token(t)
	set := func(token, secret string) *reply {
		return nobody.post(t, "/v1/passwords/reset", map[string]any{"token": token, "password": secret})
	}
	forged := set(forgedToken(), "nine cats dance at dusk")
	forged.refused(http.StatusNotFound, "tenancy.link")
	// What is wrong with the password does not use the link up.
	set(token, "short").invalid("/password too_short")
	set(token, "password1").invalid("/password common")
	set(token, c.address).invalid("/password common")
	c.get(t, "/v1/me").want(http.StatusOK)
	done := set(token, "nine cats dance at dusk").want(http.StatusOK)
	if got := done.field("sessions_ended"); got != float64(3) {
		t.Errorf("%v sessions ended, want 3", got)
	}
	if len(done.Header.Values("Set-Cookie")) > 0 || strings.Contains(string(done.Body), "token") {
		t.Errorf("a reset signs somebody in: %s", done.Body)
	}
	unauthenticated := nobody.get(t, "/v1/me")
	same(t, "sessions after a reset", unauthenticated, c.get(t, "/v1/me"), second.get(t, "/v1/me"), nobody.get(t, "/v1/me", cookie))
	same(t, "links after a reset", forged, set(token, "ten dogs howl at noon"), set(other, "ten dogs howl at noon"))
	s.inbox.last(t, c.address, "was changed") // the owner is told
	signIn := func(secret string) *reply {
		return nobody.post(t, "/v1/sessions", map[string]any{"address": c.address, "password": secret})
	}
	signIn(password).refused(http.StatusUnauthorized, "sign_in.refused")
	signIn("nine cats dance at dusk").want(http.StatusCreated)
	nobody.post(t, "/v1/passwords/reset", map[string]any{}).invalid("/token required", "/password required")
}

func passwordSameAnswer(t *testing.T, s *stack) {
	c := s.register(t, "Sanna Same")
	second := newAddress("Sanna Second")
	c.attach(t, second)
	unknown := newAddress("Unknown")
	nobody := s.elsewhere()
	ask := func(address string) *reply {
		return nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": address})
	}
	same(t, "asking for a reset", ask(c.address).want(http.StatusAccepted), ask(unknown), ask(second))
	ask("nonsense").invalid("/address email")
	// By any confirmed address, to that address.
	token := s.inbox.last(t, second, "/reset?token=").token(t)
	s.inbox.last(t, c.address, "/reset?token=")
	nobody.post(t, "/v1/passwords/reset", map[string]any{"token": token, "password": "nine cats dance at dusk"}).want(http.StatusOK)
	if got := s.inbox.to(unknown); len(got) > 0 {
		t.Errorf("an unknown address was written to: %v", got)
	}
}

func passwordResetExpiry(t *testing.T, s *stack) {
	s.start(t)
	c := s.register(t, "Lena Late")
	nobody := s.anonymous()
	ask := func(n int) string {
		nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": c.address}).want(http.StatusAccepted)
		return s.inbox.wait(t, c.address, n).token(t)
	}
	set := func(token string) *reply {
		return nobody.post(t, "/v1/passwords/reset", map[string]any{"token": token, "password": "nine cats dance at dusk"})
	}
	late := ask(2)
	s.advance(t, time.Hour+time.Minute)
	same(t, "an expired link", set(forgedToken()), set(late))
	c.get(t, "/v1/me").want(http.StatusOK)
	timely := ask(3)
	s.advance(t, 58*time.Minute)
	set(timely).want(http.StatusOK)
}

func passwordChange(t *testing.T, s *stack) {
	c := s.register(t, "Carla Change")
	other := s.signIn(t, c.name, c.address)
	change := func(present, fresh string) *reply {
		return c.put(t, "/v1/me/password", map[string]any{"present": present, "new": fresh})
	}
	change("not the present one", "nine cats dance at dusk").refused(http.StatusConflict, "password.wrong")
	change(password, "short").invalid("/new too_short")
	change(password, "password1").invalid("/new common")
	other.get(t, "/v1/me").want(http.StatusOK)
	if got := change(password, "nine cats dance at dusk").want(http.StatusOK).field("sessions_ended"); got != float64(1) {
		t.Errorf("%v sessions ended, want 1", got)
	}
	c.get(t, "/v1/me").want(http.StatusOK)
	other.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
	s.inbox.last(t, c.address, "was changed")
	// Whoever found an open session does not guess the password through it.
	for range 10 {
		change("not the present one", "ten dogs howl at noon").refused(http.StatusConflict, "password.wrong")
	}
	change("nine cats dance at dusk", "ten dogs howl at noon").refused(http.StatusTooManyRequests, "rate.attempts")
	s.anonymous().put(t, "/v1/me/password", map[string]any{"present": password, "new": password}).refused(http.StatusUnauthorized, "unauthenticated")
}
