package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// attach adds a further address to the caller's account and confirms it.
func (c *caller) attach(t *testing.T, address string) {
	t.Helper()
	before := len(c.stack.inbox.to(address))
	c.post(t, "/v1/me/addresses", map[string]any{"address": address}).want(http.StatusOK)
	token := c.stack.inbox.wait(t, address, before+1).token(t)
	c.stack.anonymous().post(t, "/v1/accounts/confirm", confirmation(token)).want(http.StatusOK)
}

// addresses are those of the caller's account, each with what it is: "primary", "confirmed" or "claimed".
func (c *caller) addresses(t *testing.T) map[string]string {
	t.Helper()
	var me struct {
		Addresses []struct {
			Address     string
			Primary     bool
			ConfirmedAt *string `json:"confirmed_at"`
		}
	}
	c.get(t, "/v1/me").want(http.StatusOK).decode(&me)
	out := map[string]string{}
	for _, a := range me.Addresses {
		switch {
		case a.ConfirmedAt == nil:
			out[a.Address] = "claimed"
		case a.Primary:
			out[a.Address] = "primary"
		default:
			out[a.Address] = "confirmed"
		}
	}
	return out
}

func addressesOfAccount(t *testing.T, s *stack) {
	c := s.register(t, "Adele Addresses")
	first, second := c.address, newAddress("Adele Second")
	one := func(address string) map[string]any { return map[string]any{"address": address} }
	want := func(what string, want map[string]string) {
		t.Helper()
		if diff := cmp.Diff(want, c.addresses(t)); diff != "" {
			t.Errorf("addresses %s (-want +got):\n%s", what, diff)
		}
	}
	c.post(t, "/v1/me/addresses", one("second")).invalid("/address email")
	c.post(t, "/v1/me/addresses", one(second)).want(http.StatusOK)
	want("after adding one", map[string]string{first: "primary", second: "claimed"})
	c.post(t, "/v1/me/addresses/make-primary", one(second)).refused(http.StatusConflict, "address.unconfirmed")
	s.anonymous().post(t, "/v1/sessions", map[string]any{"address": second, "password": password}).refused(http.StatusUnauthorized, "sign_in.refused")
	// It asks for the mailbox and the account's password, not for a session.
	s.anonymous().post(t, "/v1/accounts/confirm", confirmation(s.inbox.wait(t, second, 1).token(t))).want(http.StatusOK)
	want("after confirming", map[string]string{first: "primary", second: "confirmed"})
	s.signIn(t, c.name, second)

	c.post(t, "/v1/me/addresses/remove", one(first)).refused(http.StatusConflict, "address.primary")
	c.post(t, "/v1/me/addresses/make-primary", one(strings.ToUpper(second))).want(http.StatusOK)
	want("after changing the primary one", map[string]string{first: "confirmed", second: "primary"})
	s.inbox.last(t, first, second) // the former one is told
	c.post(t, "/v1/me/addresses/remove", one(first)).want(http.StatusOK)
	want("after removing the first", map[string]string{second: "primary"})
	c.post(t, "/v1/me/addresses/remove", one(second)).refused(http.StatusConflict, "address.primary") // the last one stays
	unknown := c.post(t, "/v1/me/addresses/remove", one(newAddress("Unknown")))
	unknown.refused(http.StatusNotFound, "not_found")
	stranger := s.register(t, "Sven Stranger")
	same(t, "somebody else's address", unknown, c.post(t, "/v1/me/addresses/remove", one(stranger.address)), c.post(t, "/v1/me/addresses/make-primary", one(stranger.address)),
		c.post(t, "/v1/me/addresses/remove", one(first)))
	s.anonymous().post(t, "/v1/sessions", map[string]any{"address": first, "password": password}).refused(http.StatusUnauthorized, "sign_in.refused")
	s.anonymous().post(t, "/v1/me/addresses", one(second)).refused(http.StatusUnauthorized, "unauthenticated")
	// What was removed is anybody's.
	stranger.attach(t, first)
	for range 19 {
		c.post(t, "/v1/me/addresses", one(newAddress("Further"))).want(http.StatusOK)
	}
	c.post(t, "/v1/me/addresses", one(newAddress("Too many"))).refused(http.StatusForbidden, "limit.addresses")
}

func addressForeign(t *testing.T, s *stack) {
	owner, c := s.register(t, "Olga Owner"), s.register(t, "Clara Claimer")
	free := newAddress("Free")
	add := func(address string) *reply {
		return c.post(t, "/v1/me/addresses", map[string]any{"address": address}).want(http.StatusOK)
	}
	remove := func(address string) {
		c.post(t, "/v1/me/addresses/remove", map[string]any{"address": address}).want(http.StatusOK)
	}
	// The answer tells nothing about whose an address is: both are claimed, and nothing else.
	got := add(owner.address)
	claimed := c.addresses(t)
	remove(owner.address)
	add(free)
	if diff := cmp.Diff(map[string]string{c.address: "primary", owner.address: "claimed"}, claimed); diff != "" {
		t.Errorf("somebody else's address (-want +got):\n%s\n%s", diff, got.Body)
	}
	if diff := cmp.Diff(map[string]string{c.address: "primary", free: "claimed"}, c.addresses(t)); diff != "" {
		t.Errorf("a free address (-want +got):\n%s", diff)
	}
	s.inbox.last(t, owner.address, "tried to add the address")
	for _, l := range s.inbox.to(owner.address) {
		if strings.Contains(l.Text, "Clara") {
			t.Errorf("the owner of an address is told who claims it:\n%s", l.Text)
		}
	}
	if diff := cmp.Diff(map[string]string{owner.address: "primary"}, owner.addresses(t)); diff != "" {
		t.Errorf("a claim changed the owner's account:\n%s", diff)
	}
	// A claim is no hindrance to whom the address belongs, who takes it by proving it.
	s.inbox.wait(t, free, 1)
	s.elsewhere().post(t, "/v1/accounts", registration(free, password, "Frieda Free")).want(http.StatusAccepted)
	s.anonymous().post(t, "/v1/accounts/confirm", confirmation(s.inbox.wait(t, free, 2).token(t))).want(http.StatusOK)
	s.signIn(t, "Frieda Free", free)
	if diff := cmp.Diff(map[string]string{c.address: "primary"}, c.addresses(t)); diff != "" {
		t.Errorf("a claim outlives the proof of another:\n%s", diff)
	}
}

func addressUsed(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"domains": []string{"company.example"}}, "If-Match: *").want(http.StatusOK)
	private := newAddress("Wilma")
	wilma := s.registerAt(t, "Wilma Worker", private)
	company := strings.Replace(newAddress("Wilma"), "people.example", "company.example", 1)
	wilma.attach(t, company)
	invite := func(address string) *reply {
		return owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": address}}}).want(http.StatusOK)
	}
	if r := invite(private); r.text("items.0.result") != "not_allowed" || r.text("items.0.reason") != "domain" {
		t.Errorf("an address outside the domains is answered %s", r.Body)
	}
	// That the account has another address inside them does not count; that one itself does.
	invite(company)
	token := s.inbox.last(t, company, "/invitation?token=").token(t)
	wilma.post(t, "/v1/invitations/accept", tokenBody(token)).want(http.StatusOK)
	member := owner.get(t, "/v1/organizations/"+org+"/members/"+wilma.account).want(http.StatusOK)
	if member.text("address") != company || member.text("kind") != "internal" {
		t.Errorf("the member is %s", member.Body)
	}
	if strings.Contains(string(member.Body), private) {
		t.Errorf("the organization is told another address: %s", member.Body)
	}
	wilma.post(t, "/v1/me/addresses/remove", map[string]any{"address": company}).refused(http.StatusConflict, "address.in_use")
	owner.delete(t, "/v1/organizations/"+org+"/members/"+wilma.account).want(http.StatusNoContent)
	wilma = s.signIn(t, wilma.name, company) // an employee's sessions end with the employment
	wilma.post(t, "/v1/me/addresses/remove", map[string]any{"address": company}).want(http.StatusOK)
}

func accountUnicode(t *testing.T, s *stack) {
	nobody := s.elsewhere()
	// One name in two spellings: decomposed in, composed out.
	decomposed := "Zoe\u0308 A\u030angstro\u0308m"
	c := s.registerAt(t, decomposed, newAddress("Zoe"))
	if got := c.get(t, "/v1/me").want(http.StatusOK).text("name"); got != "Zoë Ångström" {
		t.Errorf("the name %+q comes back as %+q", decomposed, got)
	}
	name := func(name string) *reply { return c.patch(t, "/v1/me", map[string]any{"name": name}, "If-Match: *") }
	for _, good := range []string{"王小明", "עדי כהן", "👩‍🚀 Ada", "O'Connor-Łukasiewicz", "<b>Bold</b> & \"Quoted\""} {
		if got := name(good).want(http.StatusOK).text("name"); got != good {
			t.Errorf("the name %q comes back as %q", good, got)
		}
	}
	name("two\nlines").invalid("/name line")
	name("nul\x00").invalid("/name unicode")
	name("\u200b\u2060").invalid("/name required")
	name(strings.Repeat("ü", 101)).invalid("/name too_long")
	name(strings.Repeat("ü", 100)).want(http.StatusOK)

	// An internationalized domain is one domain in both spellings; mail goes to the one every mail server takes.
	local := strings.Split(newAddress("idn"), "@")[0]
	nobody.post(t, "/v1/accounts", registration(local+"@BÜCHER.example", password, "Irene Idn")).want(http.StatusAccepted)
	ascii := local + "@xn--bcher-kva.example"
	token := s.inbox.wait(t, ascii, 1).token(t)
	nobody.post(t, "/v1/accounts/confirm", confirmation(token)).want(http.StatusOK)
	account := s.signIn(t, "Irene Idn", ascii).account
	for _, spelling := range []string{local + "@bücher.example", local + "@bu\u0308cher.example", strings.ToUpper(local) + "@Bücher。example"} {
		if got := s.signIn(t, "Irene Idn", spelling).account; got != account {
			t.Errorf("%q signs in as another account", spelling)
		}
	}
	// What nobody can tell from something else is refused.
	for address, rule := range map[string]string{
		"p\u0430ul@people.example":                  "email_scripts",    // Cyrillic а
		"paul@peop\u0406e.example":                  "email_scripts",    // Cyrillic І
		"pa\u200bul@people.example":                 "email_characters", // zero width space
		"p\uff41ul@people.example":                  "email_characters", // full-width a
		"paul@[127.0.0.1]":                          "email_domain",
		"paul@127.0.0.1":                            "email_domain",
		"paul@localhost":                            "email_domain",
		"paul@people..example":                      "email_domain",
		`"paul smith"@people.example`:               "email_quoted",
		"Paul <paul@people.example>":                "email_characters",
		"paul@people.example\r\nBcc: x@y.z":         "email_characters",
		strings.Repeat("p", 65) + "@people.example": "too_long",
	} {
		nobody.post(t, "/v1/accounts", registration(address, password, "Paul")).invalid("/address " + rule)
	}
}
