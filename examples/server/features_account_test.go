package main

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func accountFeatures() []feature {
	return []feature{
		{"T1", []clause{
			{name: "register", run: accountRegister},
			{name: "password_rules", run: accountPasswordRules},
			{name: "confirm", run: accountConfirm},
			{name: "confirm_expiry", run: accountConfirmExpiry, alone: true},
			{name: "sign_in_before_confirm", run: accountSignInBeforeConfirm},
			{name: "rival_claims", run: accountRivalClaims},
			{name: "secrets", run: accountSecretsKept, alone: true},
			{name: "no_enumeration", run: accountNoEnumeration},
			{name: "sign_in", run: sessionSignIn},
			{name: "browser_session", run: sessionBrowser},
			{name: "secure_cookie", run: sessionSecureCookie, alone: true},
			{name: "sessions", run: sessionList},
			{name: "idle_and_absolute_end", run: sessionEnd, alone: true},
			{name: "guessing", run: guessingPasswords},
			{name: "guessing_links", run: guessingLinks},
			{name: "guessing_later", run: guessingLater, alone: true},
			{name: "mail_flood", run: guessingMailFlood},
			{name: "addresses", run: addressesOfAccount},
			{name: "foreign_address", run: addressForeign},
			{name: "address_used", run: addressUsed},
			{name: "profile", run: accountProfile},
			{name: "unicode", run: accountUnicode},
			{name: "link_pages", run: linkPagesOfMails},
			{name: "invitation_page", run: linkPageOfInvitation},
			{name: "confirm_password", run: accountConfirmPassword},
			{name: "phones", run: phonesOfAccount},
		}},
		{"T2", []clause{
			{name: "reset", run: passwordReset},
			{name: "same_answer", run: passwordSameAnswer},
			{name: "expiry", run: passwordResetExpiry, alone: true},
			{name: "change", run: passwordChange},
			{name: "by_phone", run: passwordResetByPhone},
		}},
		{"T3", []clause{
			{name: "by_invitation", run: tenantByInvitation},
			{name: "alone", run: tenantAlone},
			{name: "personal_tenant", run: tenantPersonal},
			{name: "company_first", run: tenantCompanyFirst},
			{name: "company_proved", run: companyProved},
		}},
	}
}

// same asserts that answers do not differ in anything but the request's id and the time: status, headers and body.
func same(t *testing.T, what string, first *reply, others ...*reply) {
	t.Helper()
	visible := func(r *reply) http.Header {
		h := r.Header.Clone()
		h.Del("X-Request-Id")
		h.Del("Date")
		h.Del("Retry-After") // how long from now
		return h
	}
	for _, other := range others {
		if first.Status != other.Status || !bytes.Equal(first.Body, other.Body) {
			t.Errorf("%s: %s answers %d %s\nbut %s answers %d %s", what, first.call, first.Status, first.Body, other.call, other.Status, other.Body)
		}
		if diff := cmp.Diff(visible(first), visible(other)); diff != "" {
			t.Errorf("%s: the headers of %s (-) and %s (+) differ:\n%s", what, first.call, other.call, diff)
		}
	}
}

// forgedToken has the form of a link's or session's token and is none.
func forgedToken() string { return rand.Text() + rand.Text()[:17] }

// registration is the body of a call that registers.
func registration(address, secret, name string) map[string]any {
	return map[string]any{"address": address, "password": secret, "name": name}
}

func tokenBody(token string) map[string]any { return map[string]any{"token": token} }

func accountRegister(t *testing.T, s *stack) {
	nobody, address := s.elsewhere(), newAddress("Rita Register")
	r := nobody.post(t, "/v1/accounts", registration(address, password, "Rita Register")).want(http.StatusAccepted)
	if strings.TrimSpace(string(r.Body)) != "{}" {
		t.Errorf("registering tells more than it should: %s", r.Body)
	}
	mail := s.inbox.wait(t, address, 1)
	for _, want := range []string{"Rita Register", address, s.base + "/confirm?token="} {
		if !strings.Contains(mail.Text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, mail.Text)
		}
	}
	if len(mail.token(t)) < 43 { // 256 bits in base64
		t.Errorf("the link's token %q is short", mail.token(t))
	}
	if mail.Header.Get("Message-Id") == "" || mail.Header.Get("Auto-Submitted") == "" {
		t.Errorf("the mail lacks Message-ID or Auto-Submitted: %v", mail.Header)
	}
	nobody.post(t, "/v1/accounts", map[string]any{"address": "rita", "password": "password1", "name": " ", "language": "klingonisch!", "time_zone": "Mars/Olympus"}).
		invalid("/address email", "/password common", "/name required", "/language language", "/time_zone time_zone")
	nobody.post(t, "/v1/accounts", map[string]any{"address": strings.Repeat("r", 255), "password": "short", "name": "", "language": strings.Repeat("x", 36)}).
		invalid("/address too_long", "/password too_short", "/name too_short", "/language too_long")
	nobody.post(t, "/v1/accounts", map[string]any{}).invalid("/address required", "/password required", "/name required")
	withMore := registration(newAddress("Rita Register"), password, "Rita Register")
	withMore["state"], withMore["id"] = "active", "00000000-0000-7000-8000-000000000000"
	nobody.post(t, "/v1/accounts", withMore).invalid("/state unknown", "/id unknown")
	nobody.post(t, "/v1/accounts", `{"address":`).refused(http.StatusBadRequest, "body.malformed")
	nobody.post(t, "/v1/accounts", `{}`, "Content-Type: text/plain").refused(http.StatusUnsupportedMediaType, "body.media_type")
}

func accountPasswordRules(t *testing.T, s *stack) {
	nobody := s.elsewhere()
	address := newAddress("Paula Password")
	for _, bad := range []struct{ secret, rule string }{
		{"seven b", "too_short"},
		{strings.Repeat("seven birds ", 22)[:257], "too_long"},
		{"password1", "common"},
		{"P@ssw0rd2024!", "common"},
		{"12345678", "common"},
		{"qwertyuiop", "common"},
		{"aaaaaaaaaaaa", "common"},
		{"Paula Password", "common"},
		{"paulapassword1", "common"},
		{address, "common"},
		{"Veranda2026!", "common"},
	} {
		nobody.post(t, "/v1/accounts", registration(address, bad.secret, "Paula Password")).invalid("/password " + bad.rule)
	}
	if len(s.inbox.to(address)) > 0 {
		t.Error("a refused registration sent a mail")
	}

	// The bounds are allowed, nothing is cut off, and no kinds of characters are asked for.
	long := strings.Repeat("seven birds ", 22)[:255]
	for secret, wrong := range map[string]string{
		"vqzkwmxj":       "vqzkwmxJ",
		long + "x":       long + "y",
		"Grüße an Zoë 🎻": "Gruße an Zoë 🎻",
	} {
		address := newAddress("Paula Password")
		nobody.post(t, "/v1/accounts", registration(address, secret, "Paula Password")).want(http.StatusAccepted)
		nobody.post(t, "/v1/accounts/confirm", map[string]any{"token": s.inbox.last(t, address, "/confirm?token=").token(t), "password": secret}).want(http.StatusOK)
		signIn := func(secret string) *reply {
			return nobody.post(t, "/v1/sessions", map[string]any{"address": address, "password": secret, "kind": "program"})
		}
		signIn(wrong).refused(http.StatusUnauthorized, "sign_in.refused")
		if len(secret) < 256 {
			signIn(secret+" ").refused(http.StatusUnauthorized, "sign_in.refused")
		}
		signIn(secret).want(http.StatusCreated)
	}
}

func accountConfirm(t *testing.T, s *stack) {
	nobody := s.elsewhere()
	address := newAddress("Conny Confirm")
	nobody.post(t, "/v1/accounts", registration(address, password, "Conny Confirm")).want(http.StatusAccepted)
	token := s.inbox.wait(t, address, 1).token(t)
	confirm := func(token string) *reply { return nobody.post(t, "/v1/accounts/confirm", confirmation(token)) }
	flipped := "A" + token[1:]
	if flipped == token {
		flipped = "B" + token[1:]
	}
	tampered := confirm(flipped)
	if got := confirm(token).want(http.StatusOK).text("address"); got != address {
		t.Errorf("confirmed %q, want %q", got, address)
	}
	c := s.signIn(t, "Conny Confirm", address)
	c.get(t, "/v1/me").want(http.StatusOK)

	forged := confirm(forgedToken())
	forged.refused(http.StatusNotFound, "tenancy.link")
	nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": address}).want(http.StatusAccepted)
	reset := s.inbox.last(t, address, "/reset?token=").token(t)
	owner := s.register(t, "Olga Owner")
	invitation := owner.invite(t, owner.found(t, "Elsewhere"), "", "guest", newAddress("Gero Guest"))
	same(t, "links that do not confirm", forged, tampered, confirm(token), confirm(reset), confirm(invitation), confirm("x"))
	// Tried at the wrong place, the other links are not used up.
	nobody.post(t, "/v1/invitations/look", tokenBody(invitation)).want(http.StatusOK)
	nobody.post(t, "/v1/passwords/reset", map[string]any{"token": reset, "password": "nine cats dance at dusk"}).want(http.StatusOK)
}

func accountConfirmExpiry(t *testing.T, s *stack) {
	s.start(t)
	nobody, address := s.anonymous(), newAddress("Lena Late")
	register := func() {
		nobody.post(t, "/v1/accounts", registration(address, password, "Lena Late")).want(http.StatusAccepted)
	}
	confirm := func(token string) *reply { return nobody.post(t, "/v1/accounts/confirm", confirmation(token)) }
	register()
	late := s.inbox.wait(t, address, 1).token(t)
	s.advance(t, 24*time.Hour+time.Minute)
	same(t, "an expired link", confirm(forgedToken()), confirm(late))
	register()
	timely := s.inbox.wait(t, address, 2).token(t)
	s.advance(t, 23*time.Hour)
	confirm(timely).want(http.StatusOK)
	s.signIn(t, "Lena Late", address)
}

func accountSignInBeforeConfirm(t *testing.T, s *stack) {
	nobody, address := s.elsewhere(), newAddress("Ulli Unconfirmed")
	nobody.post(t, "/v1/accounts", registration(address, password, "Ulli Unconfirmed")).want(http.StatusAccepted)
	signIn := func(address, secret string) *reply {
		return nobody.post(t, "/v1/sessions", map[string]any{"address": address, "password": secret})
	}
	r := signIn(address, password)
	r.refused(http.StatusConflict, "sign_in.unconfirmed")
	if len(r.Header.Values("Set-Cookie")) > 0 {
		t.Error("a refused sign-in sets a cookie")
	}
	same(t, "a wrong password", signIn(newAddress("Nobody"), password), signIn(address, "not what was registered"))
	nobody.post(t, "/v1/accounts/confirm", confirmation(s.inbox.wait(t, address, 1).token(t))).want(http.StatusOK)
	signIn(address, password).want(http.StatusCreated)
}

func accountNoEnumeration(t *testing.T, s *stack) {
	known := s.register(t, "Karl Known")
	pending := newAddress("Petra Pending")
	nobody := s.elsewhere()
	nobody.post(t, "/v1/accounts", registration(pending, password, "Petra Pending")).want(http.StatusAccepted)
	const other = "nine cats dance at dusk"

	register := func(address string) *reply {
		return nobody.post(t, "/v1/accounts", registration(address, other, "Somebody Else")).want(http.StatusAccepted)
	}
	same(t, "registering", register(newAddress("New")), register(known.address), register(strings.ToUpper(known.address)), register(pending))
	signIn := func(address string) *reply {
		return nobody.post(t, "/v1/sessions", map[string]any{"address": address, "password": "a wrong one, surely"})
	}
	unknown := signIn(newAddress("Unknown"))
	unknown.refused(http.StatusUnauthorized, "sign_in.refused")
	same(t, "signing in", unknown, signIn(known.address), signIn(pending))
	reset := func(address string) *reply {
		return nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": address}).want(http.StatusAccepted)
	}
	same(t, "asking for a reset", reset(newAddress("Unknown")), reset(known.address), reset(pending))

	// The owner is told, and nothing of the account has changed.
	s.inbox.last(t, known.address, "tried to make an account")
	if got := known.get(t, "/v1/me").want(http.StatusOK).text("name"); got != "Karl Known" {
		t.Errorf("registering a known address renamed its account to %q", got)
	}
	s.signIn(t, known.name, known.address)
	nobody.post(t, "/v1/sessions", map[string]any{"address": known.address, "password": other}).refused(http.StatusUnauthorized, "sign_in.refused")
	for i, l := range s.inbox.to(known.address) {
		if strings.Contains(l.Text, "/confirm?token=") && i > 0 {
			t.Errorf("a link to confirm was sent for an account that exists:\n%s", l.Text)
		}
	}
}

func accountProfile(t *testing.T, s *stack) {
	c := s.register(t, "Petra Profile")
	me := c.get(t, "/v1/me").want(http.StatusOK)
	tag := me.Header.Get("ETag")
	if me.text("name") != "Petra Profile" || me.text("language") != "en" || me.text("time_zone") != "UTC" || me.text("state") != "active" || tag == "" {
		t.Fatalf("a new account is %s, ETag %q", me.Body, tag)
	}
	change := map[string]any{"name": "Petra P. Profile", "language": "pt-br", "time_zone": "America/Sao_Paulo"}
	c.patch(t, "/v1/me", change).refused(http.StatusPreconditionRequired, "if_match.required")
	changed := c.patch(t, "/v1/me", change, "If-Match: "+tag).want(http.StatusOK)
	if changed.text("name") != "Petra P. Profile" || changed.text("language") != "pt-BR" || changed.text("time_zone") != "America/Sao_Paulo" {
		t.Errorf("the changed account is %s", changed.Body)
	}
	if changed.Header.Get("ETag") == tag {
		t.Error("a change kept the ETag")
	}
	c.patch(t, "/v1/me", map[string]any{"name": "Too Late"}, "If-Match: "+tag).refused(http.StatusPreconditionFailed, "version")
	c.patch(t, "/v1/me", map[string]any{"name": " ", "language": "not a tag", "time_zone": "Local"}, "If-Match: *").
		invalid("/name required", "/language language", "/time_zone time_zone")
	c.patch(t, "/v1/me", map[string]any{"state": "disabled", "addresses": []string{"x@y.example"}}, "If-Match: *").invalid("/state unknown", "/addresses unknown")
	after := c.get(t, "/v1/me").want(http.StatusOK)
	if diff := cmp.Diff(string(changed.Body), string(after.Body)); diff != "" {
		t.Errorf("refused changes left something behind:\n%s", diff)
	}
	c.get(t, "/v1/me", "If-None-Match: "+after.Header.Get("ETag")).want(http.StatusNotModified)
	s.anonymous().get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
	s.anonymous().patch(t, "/v1/me", change, "If-Match: *").refused(http.StatusUnauthorized, "unauthenticated")
}
