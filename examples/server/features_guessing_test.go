package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// guess signs in with wrong passwords until that is refused, and gives the statuses and the last answer.
func (c *caller) guess(t *testing.T, address string, times int) (statuses []int, last *reply) {
	t.Helper()
	for i := range times {
		last = c.post(t, "/v1/sessions", map[string]any{"address": address, "password": fmt.Sprintf("guess number %d", i)})
		statuses = append(statuses, last.Status)
	}
	return statuses, last
}

func guessingPasswords(t *testing.T, s *stack) {
	victim := s.register(t, "Vera Victim")
	other := s.register(t, "Oskar Other")
	attacker, elsewhere := s.elsewhere(), s.elsewhere()
	statuses, refused := attacker.guess(t, victim.address, 11)
	want := []int{401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 429}
	if diff := cmp.Diff(want, statuses); diff != "" {
		t.Errorf("eleven guesses are answered (-want +got):\n%s", diff)
	}
	refused.refused(http.StatusTooManyRequests, "rate.sign_in")
	// An address nobody has is limited alike, so that the limit tells nothing.
	unknown, refusedUnknown := s.elsewhere().guess(t, newAddress("Nobody"), 11)
	if diff := cmp.Diff(statuses, unknown); diff != "" {
		t.Errorf("guesses at a known (-) and an unknown (+) address are answered differently:\n%s", diff)
	}
	same(t, "too many guesses", refused, refusedUnknown)
	// From where it was guessed, the right password is refused too; from elsewhere the owner is not locked out.
	right := map[string]any{"address": victim.address, "password": password}
	same(t, "the right password among guesses", refused, attacker.post(t, "/v1/sessions", right))
	// Nobody comes from elsewhere by saying so.
	same(t, "another address in a header", refused, attacker.post(t, "/v1/sessions", right, "X-Forwarded-For: 203.0.113.9"),
		attacker.post(t, "/v1/sessions", right, "Forwarded: for=203.0.113.9"), attacker.post(t, "/v1/sessions", right, "X-Real-Ip: 203.0.113.9"))
	elsewhere.post(t, "/v1/sessions", right).want(http.StatusCreated)
	victim.get(t, "/v1/me").want(http.StatusOK)
	same(t, "the attacker after the owner signed in", refused, attacker.post(t, "/v1/sessions", right))
	// Others who share the attacker's network sign in as ever.
	attacker.post(t, "/v1/sessions", map[string]any{"address": other.address, "password": password}).want(http.StatusCreated)
	// Signing in rightly forgets what was mistyped before.
	elsewhere.guess(t, other.address, 9)
	elsewhere.post(t, "/v1/sessions", map[string]any{"address": other.address, "password": password}).want(http.StatusCreated)
	if _, last := elsewhere.guess(t, other.address, 9); last.Status != http.StatusUnauthorized {
		t.Errorf("after a right password nine wrong ones are answered %d", last.Status)
	}
	// Another spelling of the address is the same address.
	spelled := s.elsewhere()
	spelled.guess(t, victim.address, 5)
	if _, last := spelled.guess(t, " "+victim.address[:4]+"era"+victim.address[4:], 1); last.Status != http.StatusUnauthorized {
		t.Errorf("another address is counted with the victim's: %d", last.Status)
	}
}

func guessingLinks(t *testing.T, s *stack) {
	guesser, elsewhere := s.elsewhere(), s.elsewhere()
	address := newAddress("Lea Link")
	elsewhere.post(t, "/v1/accounts", registration(address, password, "Lea Link")).want(http.StatusAccepted)
	token := s.inbox.wait(t, address, 1).token(t)
	for i := range 60 {
		path := []string{"/v1/accounts/confirm", "/v1/invitations/look", "/v1/invitations/accept"}[i%3]
		body := tokenBody(forgedToken())
		if i%3 == 0 {
			body = confirmation(forgedToken())
		}
		guesser.post(t, path, body).refused(http.StatusNotFound, "tenancy.link")
	}
	guesser.post(t, "/v1/accounts/confirm", confirmation(forgedToken())).refused(http.StatusTooManyRequests, "rate.attempts")
	guesser.post(t, "/v1/invitations/look", tokenBody(forgedToken())).refused(http.StatusTooManyRequests, "rate.attempts")
	guesser.post(t, "/v1/accounts/confirm", confirmation(token)).refused(http.StatusTooManyRequests, "rate.attempts")
	elsewhere.post(t, "/v1/accounts/confirm", confirmation(token)).want(http.StatusOK)
}

func guessingLater(t *testing.T, s *stack) {
	s.start(t)
	victim := s.register(t, "Vera Victim")
	attacker := s.elsewhere()
	limited := func(address string) bool {
		t.Helper()
		_, last := attacker.guess(t, address, 1)
		return last.Status == http.StatusTooManyRequests
	}
	attacker.guess(t, victim.address, 10)
	if !limited(victim.address) {
		t.Fatal("ten guesses are not limited")
	}
	s.advance(t, 14*time.Minute)
	if !limited(victim.address) {
		t.Error("the limit ended before a quarter of an hour")
	}
	s.advance(t, 2*time.Minute)
	if limited(victim.address) {
		t.Fatal("the limit did not end after a quarter of an hour")
	}
	// A window that was used up makes the next one longer.
	attacker.guess(t, victim.address, 9)
	s.advance(t, 16*time.Minute)
	if !limited(victim.address) {
		t.Error("the second window is as short as the first")
	}
	s.advance(t, 15*time.Minute)
	attacker.post(t, "/v1/sessions", map[string]any{"address": victim.address, "password": password}).want(http.StatusCreated)
}

func guessingMailFlood(t *testing.T, s *stack) {
	c := s.register(t, "Fiona Flooded") // one mail
	nobody := s.elsewhere()
	before := len(s.inbox.to(c.address))
	var first *reply
	for range 7 {
		r := nobody.post(t, "/v1/passwords/reset-requests", map[string]any{"address": c.address}).want(http.StatusAccepted)
		if first == nil {
			first = r
		}
		same(t, "asking again", first, r)
	}
	// A last mail by another way shows that nothing is still on its way: mails are sent in the order they were asked for.
	s.inbox.wait(t, c.address, before+4)
	marker := newAddress("Marker")
	nobody.post(t, "/v1/accounts", registration(marker, password, "Marker")).want(http.StatusAccepted)
	s.inbox.wait(t, marker, 1)
	if got := len(s.inbox.to(c.address)); got > 5 {
		t.Errorf("%d mails within an hour to one address that anybody may cause, want at most 5", got)
	}
	// A network that asks for too many is refused.
	flooder := s.elsewhere()
	for range 60 {
		flooder.post(t, "/v1/passwords/reset-requests", map[string]any{"address": newAddress("Unknown")}).want(http.StatusAccepted)
	}
	flooder.post(t, "/v1/passwords/reset-requests", map[string]any{"address": c.address}).refused(http.StatusTooManyRequests, "rate.attempts")
	flooder.post(t, "/v1/accounts", registration(newAddress("Late"), password, "Late")).refused(http.StatusTooManyRequests, "rate.attempts")
}
