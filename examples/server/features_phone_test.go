package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

// newPhone is a number nobody else in this run has.
func newNumber() string { return fmt.Sprintf("+491512%07d", personNumber.Add(1)) }

// texts are the text messages to a number so far, oldest first: they lie in the data directory where no provider is
// configured.
func (s *stack) texts(t *testing.T, number string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.dir, "data", "phone", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var texts []string
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var kept struct{ To, Text string }
		if err := json.Unmarshal(raw, &kept); err != nil {
			t.Fatal(err)
		}
		if kept.To == number {
			texts = append(texts, kept.Text)
		}
	}
	return texts
}

// text waits for the nth message to a number.
func (s *stack) text(t *testing.T, number string, n int) string {
	t.Helper()
	var texts []string
	verandatest.Eventually(t, 30*time.Second, fmt.Sprintf("message %d to %s", n, number), func() bool {
		texts = s.texts(t, number)
		return len(texts) >= n
	})
	return texts[n-1]
}

var sixDigits = regexp.MustCompile(`^\d{6}\b`)

// textCode is the code a message begins with.
func textCode(t *testing.T, text string) string {
	t.Helper()
	code := sixDigits.FindString(text)
	if code == "" {
		t.Fatalf("no code in %q", text)
	}
	return code
}

// addPhone adds a number to the caller's account and proves it.
func (c *caller) addPhone(t *testing.T, number string) {
	t.Helper()
	before := len(c.stack.texts(t, number))
	c.post(t, "/v1/me/phones", map[string]any{"phone": number}).want(http.StatusOK)
	code := textCode(t, c.stack.text(t, number, before+1))
	c.post(t, "/v1/me/phones/confirm", map[string]any{"phone": number, "code": code}).want(http.StatusOK)
}

func phonesOfAccount(t *testing.T, s *stack) {
	c, number := s.register(t, "Philo Phone"), newNumber()
	const path = "/v1/me/phones"
	c.post(t, path, map[string]any{"phone": "0151 2345678"}).invalid("/phone phone_country")
	c.post(t, path, map[string]any{"phone": "call me"}).invalid("/phone phone")
	c.post(t, path, map[string]any{}).invalid("/phone required")
	spelled := number[:3] + " " + number[3:6] + "-" + number[6:]
	if r := c.post(t, path, map[string]any{"phone": spelled}).want(http.StatusOK); r.text("phones.0.number") != number || r.field("phones.0.confirmed_at") != nil {
		t.Errorf("%s", r.Body)
	}
	signIn := func(phone string) *reply {
		return s.anonymous().post(t, "/v1/sessions", map[string]any{"phone": phone, "password": password, "kind": "program"})
	}
	code := textCode(t, s.text(t, number, 1))
	signIn(number).refused(http.StatusUnauthorized, "sign_in.refused")
	c.patch(t, "/v1/me", map[string]any{"channel": "phone"}, "If-Match: *").invalid("/channel phone_unconfirmed")
	other := s.register(t, "Oda Other")
	other.post(t, path+"/confirm", map[string]any{"phone": number, "code": code}).refused(http.StatusConflict, "phone.code")
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	c.post(t, path+"/confirm", map[string]any{"phone": number, "code": wrong}).refused(http.StatusConflict, "phone.code")
	c.post(t, path+"/confirm", map[string]any{"phone": spelled, "code": code}).want(http.StatusOK)
	c.post(t, path+"/confirm", map[string]any{"phone": number, "code": code}).refused(http.StatusConflict, "phone.code")
	s.inbox.last(t, c.address, number) // the owner is told
	if got := signIn(spelled).want(http.StatusCreated).text("account_id"); got != c.account {
		t.Errorf("the number signs in %s", got)
	}
	c.patch(t, "/v1/me", map[string]any{"channel": "phone", "first_name": "Philo", "last_name": "Phone", "week_start": 7}, "If-Match: *").want(http.StatusOK)

	// Somebody else's number answers as any other, and its owner is told.
	first, second := other.post(t, path, map[string]any{"phone": number}), other.post(t, path, map[string]any{"phone": newNumber()})
	if first.Status != http.StatusOK || second.Status != http.StatusOK || first.field("phones.0.confirmed_at") != nil {
		t.Errorf("%s\n%s", first.Body, second.Body)
	}
	if text := s.text(t, number, 2); sixDigits.MatchString(text) || !strings.Contains(text, "belongs to yours") {
		t.Errorf("the owner is sent %q", text)
	}
	c.post(t, path+"/remove", map[string]any{"phone": number}).want(http.StatusOK)
	if me := c.get(t, "/v1/me").want(http.StatusOK); me.text("channel") != "mail" || len(me.field("phones").([]any)) != 0 || me.text("first_name") != "Philo" || me.field("week_start") != 7.0 {
		t.Errorf("%s", me.Body)
	}
	signIn(number).refused(http.StatusUnauthorized, "sign_in.refused")
}

func passwordResetByPhone(t *testing.T, s *stack) {
	c, number := s.register(t, "Resi Phone"), newNumber()
	c.addPhone(t, number)
	nobody := s.elsewhere()
	ask := func(body map[string]any) *reply { return nobody.post(t, "/v1/passwords/reset-requests", body) }
	ask(map[string]any{"phone": number, "address": c.address}).invalid("/phone exclusive")
	ask(map[string]any{}).invalid("/address required")
	same(t, "asking for a reset", ask(map[string]any{"phone": newNumber()}), ask(map[string]any{"phone": number}), ask(map[string]any{"address": c.address}))
	text := s.text(t, number, 2)
	_, token, found := strings.Cut(text, "/reset?token=")
	if !found {
		t.Fatalf("no link in %q", text)
	}
	const other = "nine cats dance at dusk"
	body := map[string]any{"token": strings.Fields(token)[0], "password": other}
	nobody.post(t, "/v1/passwords/reset", body).want(http.StatusOK)
	nobody.post(t, "/v1/passwords/reset", body).refused(http.StatusNotFound, "tenancy.link")
	c.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
	nobody.post(t, "/v1/sessions", map[string]any{"phone": number, "password": other}).want(http.StatusCreated)
}

// Who clicks the link of somebody else's registration activates nothing: it takes the password chosen there.
func accountConfirmPassword(t *testing.T, s *stack) {
	nobody, address := s.elsewhere(), newAddress("Vicky Victim")
	nobody.post(t, "/v1/accounts", registration(address, "the rival waits in the dark", "Rival")).want(http.StatusAccepted)
	token := s.inbox.wait(t, address, 1).token(t)
	confirm := func(secret string) *reply {
		return nobody.post(t, "/v1/accounts/confirm", map[string]any{"token": token, "password": secret})
	}
	nobody.post(t, "/v1/accounts/confirm", tokenBody(token)).invalid("/password required")
	for range 10 {
		confirm(password).refused(http.StatusConflict, "password.wrong")
	}
	r := confirm("the rival waits in the dark")
	r.refused(http.StatusTooManyRequests, "rate.attempts")
	if r.Header.Get("Retry-After") == "" {
		t.Error("it is not said when to try again")
	}
	// It hinders nobody from making their own account of the address.
	nobody.post(t, "/v1/accounts", registration(address, password, "Vicky Victim")).want(http.StatusAccepted)
	nobody.post(t, "/v1/accounts/confirm", confirmation(s.inbox.wait(t, address, 2).token(t))).want(http.StatusOK)
	c := s.signIn(t, "Vicky Victim", address)
	// A further address is confirmed by the password too, or by who is signed in as the account.
	further := newAddress("Vicky Further")
	c.post(t, "/v1/me/addresses", map[string]any{"address": further}).want(http.StatusOK)
	token = s.inbox.wait(t, further, 1).token(t)
	s.register(t, "Eve Else").post(t, "/v1/accounts/confirm", tokenBody(token)).refused(http.StatusConflict, "password.wrong")
	c.post(t, "/v1/accounts/confirm", tokenBody(token)).want(http.StatusOK)
}
