package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func factorFeatures() []feature {
	return []feature{
		{"T22", []clause{
			{name: "set_up", run: factorSetUp},
			{name: "sign_in", run: factorSignIn},
			{name: "code_once", run: factorCodeOnce},
			{name: "recovery_codes", run: factorRecoveryCodes},
			{name: "guessing", run: factorGuessing},
			{name: "remove", run: factorRemove},
			{name: "required", run: factorRequired},
			{name: "reset", run: factorReset},
		}},
	}
}

func factorSetUp(t *testing.T, s *stack) {
	c := s.register(t, "Fina Factor")
	before := s.signIn(t, c.name, c.address)
	const path = "/v1/me/second-factor"
	s.anonymous().post(t, path, map[string]any{"password": password}).refused(http.StatusUnauthorized, "unauthenticated")
	c.post(t, path, map[string]any{}).invalid("/password required")
	c.post(t, path, map[string]any{"password": "not the right one"}).refused(http.StatusConflict, "password.wrong")
	c.post(t, path+"/confirm", map[string]any{"code": "123456"}).refused(http.StatusConflict, "second_factor.none")
	r := c.post(t, path, map[string]any{"password": password}).want(http.StatusOK)
	if got := r.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("an answer with a secret has Cache-Control %q", got)
	}
	link, err := url.Parse(r.text("url"))
	if err != nil || link.Scheme != "otpauth" || link.Query().Get("secret") != r.text("secret") || !strings.HasSuffix(link.Path, ":"+c.address) {
		t.Errorf("%s: %v", r.Body, err)
	}
	c.post(t, path+"/confirm", map[string]any{"code": "nonsense"}).refused(http.StatusConflict, "second_factor.code")
	before.get(t, "/v1/me").want(http.StatusOK)
	if me := c.get(t, "/v1/me").want(http.StatusOK); me.field("second_factor") != nil {
		t.Errorf("in force before its first code: %s", me.Body)
	}
	a := c.setUp(t)
	if len(a.codes) != 10 || len(strings.ReplaceAll(a.codes[0], "-", "")) != 16 { // 80 bits in Base32
		t.Errorf("recovery codes %v", a.codes)
	}
	me := c.get(t, "/v1/me").want(http.StatusOK)
	if me.field("second_factor.recovery_codes") != 10.0 || strings.Contains(string(me.Body), a.secret) {
		t.Errorf("%s", me.Body)
	}
	if sessions := c.get(t, "/v1/sessions").want(http.StatusOK); len(sessions.items()) != 1 || sessions.field("items.0.second_factor") != true {
		t.Errorf("%s", sessions.Body)
	}
	before.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated") // made without
	s.inbox.last(t, c.address, "a second factor was set up")
	c.post(t, path, map[string]any{"password": password}).refused(http.StatusConflict, "second_factor.exists")
}

func factorSignIn(t *testing.T, s *stack) {
	c := s.register(t, "Sigi Signin")
	a := c.setUp(t)
	c.signInBy(t, "").refused(http.StatusUnauthorized, "sign_in.code_required")
	// Only who knows the password learns that there is a second factor.
	nobody := s.elsewhere()
	wrong := func(address, code string) *reply {
		return nobody.post(t, "/v1/sessions", map[string]any{"address": address, "password": "not the right one", "code": code})
	}
	same(t, "a wrong password", wrong(newAddress("Nobody"), ""), wrong(c.address, ""), wrong(c.address, a.codes[0]))
	// A code of an account without a second factor opens nothing more, and is no hindrance.
	plain := s.register(t, "Paula Plain")
	if r := plain.signInBy(t, "123456").want(http.StatusCreated); r.field("second_factor") != false {
		t.Errorf("%s", r.Body)
	}
	r := c.signInBy(t, a.code(t)).want(http.StatusCreated)
	if r.field("second_factor") != true {
		t.Errorf("%s", r.Body)
	}
	c.signInBy(t, "12345678901234567890123456789012345678901").invalid("/code too_long")
}

// A code is used once, also when several sign-ins come at the same moment.
func factorCodeOnce(t *testing.T, s *stack) {
	c := s.register(t, "Olli Once")
	a := c.setUp(t)
	for _, code := range []string{a.code(t), a.codes[0]} {
		var calls []func() *reply
		for range 4 {
			calls = append(calls, func() *reply { return c.signInBy(t, code) })
		}
		if diff := cmp.Diff(map[int]int{http.StatusCreated: 1, http.StatusUnauthorized: 3}, byStatus(together(calls...))); diff != "" {
			t.Errorf("four sign-ins by one code (-want +got):\n%s", diff)
		}
		c.signInBy(t, code).refused(http.StatusUnauthorized, "sign_in.code")
	}
}

func factorRecoveryCodes(t *testing.T, s *stack) {
	c := s.register(t, "Rike Recovery")
	a := c.setUp(t)
	c.signInBy(t, strings.ToUpper(strings.ReplaceAll(a.codes[0], "-", " "))).want(http.StatusCreated)
	s.inbox.last(t, c.address, "9 are left")
	const path = "/v1/me/second-factor/recovery-codes"
	c.post(t, path, map[string]any{}).invalid("/password required", "/code required")
	c.post(t, path, map[string]any{"password": "not the right one", "code": a.codes[1]}).refused(http.StatusConflict, "password.wrong")
	c.post(t, path, map[string]any{"password": password, "code": a.codes[0]}).refused(http.StatusConflict, "second_factor.code")
	made := c.post(t, path, map[string]any{"password": password, "code": a.codes[1]}).want(http.StatusOK)
	s.inbox.last(t, c.address, "new recovery codes were made")
	c.signInBy(t, a.codes[2]).refused(http.StatusUnauthorized, "sign_in.code")
	c.signInBy(t, made.text("recovery_codes.0")).want(http.StatusCreated)
	if got := c.get(t, "/v1/me").want(http.StatusOK).field("second_factor.recovery_codes"); got != 9.0 {
		t.Errorf("%v codes are left", got)
	}
}

// Codes are limited by the network that guesses; the owner is told, and is not locked out.
func factorGuessing(t *testing.T, s *stack) {
	c := s.register(t, "Vera Victim")
	a := c.setUp(t)
	attacker := s.elsewhere()
	guess := func(code string) *reply {
		return attacker.post(t, "/v1/sessions", map[string]any{"address": c.address, "password": password, "code": code})
	}
	for range 5 {
		guess("000000").refused(http.StatusUnauthorized, "sign_in.code")
	}
	r := guess(a.code(t))
	r.refused(http.StatusTooManyRequests, "rate.sign_in")
	if wait, err := time.ParseDuration(r.Header.Get("Retry-After") + "s"); err != nil || wait < 14*time.Minute || wait > 15*time.Minute {
		t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
	}
	s.inbox.last(t, c.address, "with the right password and with wrong codes")
	c.signInBy(t, a.code(t)).want(http.StatusCreated)
}

func factorRemove(t *testing.T, s *stack) {
	c := s.register(t, "Rena Remove")
	a := c.setUp(t)
	other := &caller{stack: s, token: c.signInBy(t, a.codes[0]).want(http.StatusCreated).text("token")}
	const path = "/v1/me/second-factor/remove"
	c.post(t, path, map[string]any{"password": password, "code": "000000"}).refused(http.StatusConflict, "second_factor.code")
	if got := c.post(t, path, map[string]any{"password": password, "code": a.code(t)}).want(http.StatusOK).field("sessions_ended"); got != 1.0 {
		t.Errorf("%v sessions ended", got)
	}
	s.inbox.last(t, c.address, "the second factor of your account")
	other.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
	c.post(t, path, map[string]any{"password": password, "code": a.codes[1]}).refused(http.StatusConflict, "second_factor.none")
	s.signIn(t, c.name, c.address)
}

// An organization that requires a second factor: employees without one see nothing in it at the next call, tokens made
// before included; externals and guests go on.
func factorRequired(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Guarded")
	base := "/v1/organizations/" + org
	place := owner.workspace(t, org, "Vault", true)
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	guest := owner.join(t, org, place, "guest", "Gina Guest")
	external := owner.join(t, org, place, "external", "Xeno External")
	task := owner.task(t, org, place, "Count the gold")
	require := func(c *caller, on bool) *reply {
		return c.patch(t, base, map[string]any{"require_second_factor": on}, "If-Match: *")
	}
	require(owner, true).refused(http.StatusForbidden, "tenancy.second_factor_first")
	require(employee, true).refused(http.StatusForbidden, "forbidden")
	a := owner.setUp(t)
	token := employee.token // made before
	require(owner, true).want(http.StatusOK)

	paths := []string{
		base, base + "/members", base + "/workspaces", base + "/workspaces/" + place, base + "/tasks?workspace=" + place, base + "/tasks/" + task, base + "/tasks", base + "/statistics/weeks?scope=person", base + "/statistics/current?scope=person",
		base + "/workspaces/" + place + "/stream", base + "/invitations", base + "/deliveries", base + "/workspaces/" + place + "/members",
	}
	for _, path := range paths {
		owner.get(t, path).want(http.StatusOK)
		if r := employee.get(t, path); r.Status != http.StatusForbidden || !strings.Contains(string(r.Body), `"tenancy.second_factor"`) {
			t.Errorf("%s answers an employee without a second factor %d %s", path, r.Status, r.Body)
		}
	}
	employee.post(t, base+"/workspaces", map[string]any{"name": "Mine"}).refused(http.StatusForbidden, "tenancy.second_factor")
	for _, other := range []*caller{guest, external} {
		other.get(t, base+"/tasks?workspace="+place).want(http.StatusOK)
	}
	stranger := s.register(t, "Stella Stranger")
	same(t, "an organization that requires a second factor", stranger.get(t, "/v1/organizations/"+forgedID()), stranger.get(t, base))
	// One's own account stays reachable: that is where a second factor is set up.
	employee.get(t, "/v1/me").want(http.StatusOK)
	employee.get(t, "/v1/me/organizations").want(http.StatusOK)
	theirs := employee.setUp(t)
	employee.token = token
	for _, path := range paths[:8] {
		employee.get(t, path).want(http.StatusOK)
	}
	program := &caller{stack: s, token: employee.signInBy(t, theirs.code(t)).want(http.StatusCreated).text("token")}
	program.get(t, base+"/members").want(http.StatusOK)
	employee.post(t, "/v1/me/second-factor/remove", map[string]any{"password": password, "code": theirs.codes[0]}).want(http.StatusOK)
	employee.get(t, base+"/members").refused(http.StatusForbidden, "tenancy.second_factor")

	require(owner, false).want(http.StatusOK)
	employee.get(t, base+"/members").want(http.StatusOK)
	owner.signInBy(t, a.codes[0]).want(http.StatusCreated)
}

// A new password by a mailed link leaves the second factor in force.
func factorReset(t *testing.T, s *stack) {
	c := s.register(t, "Resa Reset")
	a := c.setUp(t)
	nobody := s.elsewhere()
	nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": c.address}).want(http.StatusAccepted)
	const other = "nine cats dance at dusk"
	nobody.post(t, "/v1/passwords/reset", map[string]any{"token": s.inbox.last(t, c.address, "/reset?token=").token(t), "password": other}).want(http.StatusOK)
	c.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
	signIn := map[string]any{"address": c.address, "password": other}
	nobody.post(t, "/v1/sessions", signIn).refused(http.StatusUnauthorized, "sign_in.code_required")
	signIn["code"] = a.codes[0]
	nobody.post(t, "/v1/sessions", signIn).want(http.StatusCreated)
}
