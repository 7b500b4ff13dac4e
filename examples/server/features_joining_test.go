package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/idna"

	"github.com/veranda-go/veranda/verandatest"
)

func joiningFeatures() []feature {
	return []feature{
		{id: "T5", clauses: []clause{
			{name: "prove", run: domainProved},
			{name: "public_domains", run: domainsNobodys},
			{name: "taken", run: domainTaken},
			{name: "record_gone", run: domainRecordGone, alone: true},
			{name: "dns_silent", run: domainDNSFails},
			{name: "ask", run: joinAsked},
			{name: "by_itself", run: joinByItself},
			{name: "decline", run: joinDeclinedClause},
			{name: "further_address", run: joinFurtherAddress},
			{name: "look_alikes", run: joinLookAlikes},
			{name: "decided_twice", run: joinDecidedTwice},
			{name: "domain_gone", run: joinDomainGone},
			{name: "who_may", run: joinWhoMay},
		}},
		{id: "T6", clauses: []clause{
			{name: "one_of_each", run: ownsOneOfEach},
			{name: "at_once", run: foundsAtOnce},
			{name: "joins_many", run: joinsMany},
		}},
		{id: "T7", clauses: []clause{
			{name: "one_workspace", run: personalOneWorkspace},
			{name: "one_workspace_at_once", run: personalOneWorkspaceAtOnce},
			{name: "no_member_limit", run: personalManyMembers},
			{name: "many_workspaces", run: organizationManyWorkspaces},
		}},
	}
}

// prove claims a domain, sets its record and has it checked.
func (c *caller) prove(t *testing.T, org, domain string) {
	t.Helper()
	path := "/v1/organizations/" + org + "/domains"
	claim := c.post(t, path, map[string]any{"domain": domain}).want(http.StatusCreated)
	c.stack.dns.Set(claim.text("record_name"), []string{claim.text("record_value")})
	c.post(t, path+"/"+domain+"/check", nil).want(http.StatusOK)
}

// joining says what becomes of requests.
func (c *caller) joining(t *testing.T, org, how string) {
	t.Helper()
	c.patch(t, "/v1/organizations/"+org, map[string]any{"joining": how}, "If-Match: *").want(http.StatusOK)
}

// requests are one's own, as "organization's name: state".
func (c *caller) requests(t *testing.T) []string {
	t.Helper()
	out := []string{}
	for _, r := range c.get(t, "/v1/me/join-requests").want(http.StatusOK).items() {
		out = append(out, fmt.Sprintf("%s: %s", r["name"], r["state"]))
	}
	return out
}

// company is an organization that has proved a domain of its own.
func company(t *testing.T, s *stack, name string) (owner *caller, org, domain string) {
	t.Helper()
	owner = s.register(t, "Olga Owner")
	org, domain = owner.found(t, name), freshDomain()
	owner.prove(t, org, domain)
	return owner, org, domain
}

func domainProved(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	path := "/v1/organizations/" + org + "/domains"
	domain := freshDomain()
	claim := owner.post(t, path, map[string]any{"domain": strings.ToUpper(domain) + "."}).want(http.StatusCreated)
	name, value := claim.text("record_name"), claim.text("record_value")
	if name != "_veranda."+domain || !strings.HasPrefix(value, "veranda-domain=") || claim.text("state") != "claimed" {
		t.Fatalf("claim %s", claim.Body)
	}
	check := path + "/" + domain + "/check"
	if detail := owner.post(t, check, nil).refused(http.StatusConflict, "domain.unproved").Detail; !strings.Contains(detail, name) || !strings.Contains(detail, value) {
		t.Errorf("the refusal does not name the record: %s", detail)
	}
	s.dns.Set(name, []string{"v=spf1 -all"}, []string{strings.Repeat("x", 255), strings.Repeat("y", 255)}, []string{value[:20], value[20:]})
	if state := owner.post(t, check, nil).want(http.StatusOK).text("state"); state != "proved" {
		t.Errorf("after the record was set: %s", state)
	}
	// In Unicode, and one claim whatever the spelling.
	bücher := fmt.Sprintf("bücher%d.example", personNumber.Add(1))
	first := owner.post(t, path, map[string]any{"domain": bücher}).want(http.StatusCreated)
	second := owner.post(t, path, map[string]any{"domain": first.text("domain")}).want(http.StatusCreated)
	if first.text("record_value") != second.text("record_value") || first.text("unicode") != bücher || !strings.HasPrefix(first.text("domain"), "xn--") {
		t.Errorf("claims of one domain: %s, %s", first.Body, second.Body)
	}
	owner.delete(t, path+"/"+first.text("domain")).want(http.StatusNoContent)
	if got := owner.get(t, path).want(http.StatusOK).column("domain"); !slices.Equal(got, []string{domain}) {
		t.Errorf("domains %v", got)
	}
}

func domainsNobodys(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	path := "/v1/organizations/" + org + "/domains"
	for domain, rule := range map[string]string{
		"gmail.com": "public_mail", "MAIL.RU": "public_mail", "outlook.com.tr": "public_mail", "co.uk": "public_suffix", "com.tr": "public_suffix",
		"github.io": "public_suffix", "localhost": "domain", "127.0.0.1": "domain", "*.company.example": "domain", "c\u043empany.example": "domain", "a@company.example": "domain",
	} {
		owner.post(t, path, map[string]any{"domain": domain}).invalid("/domain " + rule)
	}
	private := s.registerAt(t, "Petra Private", at(newAddress("petra"), "gmail.com"))
	home := private.post(t, "/v1/organizations", map[string]any{"kind": "personal", "name": "Home"}).want(http.StatusCreated).text("id")
	private.post(t, "/v1/organizations/"+home+"/domains", map[string]any{"domain": freshDomain()}).refused(http.StatusConflict, "domain.personal")
}

func domainTaken(t *testing.T, s *stack) {
	_, _, domain := company(t, s, "Company")
	rival := s.register(t, "Rita Rival")
	org := rival.found(t, "Rivals")
	path := "/v1/organizations/" + org + "/domains"
	claim := rival.post(t, path, map[string]any{"domain": domain}).want(http.StatusCreated) // tells nothing
	rival.post(t, path+"/"+domain+"/check", nil).refused(http.StatusConflict, "domain.unproved")
	s.dns.Set(claim.text("record_name"), []string{claim.text("record_value")})
	rival.post(t, path+"/"+domain+"/check", nil).refused(http.StatusConflict, "domain.taken")
}

func domainRecordGone(t *testing.T, s *stack) {
	s.start(t)
	owner, org, domain := company(t, s, "Company")
	asker := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), domain))
	path := "/v1/organizations/" + org + "/domains"
	s.dns.Set("_veranda." + domain)
	state := func(want string) {
		t.Helper()
		s.advance(t, 24*time.Hour)
		verandatest.Eventually(t, 30*time.Second, "the domain is "+want, func() bool {
			return s.signIn(t, owner.name, owner.address).get(t, path).want(http.StatusOK).text("items.0.state") == want
		})
	}
	state("missing")
	s.advance(t, 6*24*time.Hour)
	state("claimed")
	asker = s.signIn(t, asker.name, asker.address)
	if got := asker.requests(t); !slices.Equal(got, []string{"Company: lapsed"}) {
		t.Errorf("requests %v", got)
	}
}

func domainDNSFails(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org, domain := owner.found(t, "Company"), freshDomain()
	path := "/v1/organizations/" + org + "/domains"
	owner.post(t, path, map[string]any{"domain": domain}).want(http.StatusCreated)
	s.dns.Fail("_veranda."+domain, true, false)
	owner.post(t, path+"/"+domain+"/check", nil).refused(http.StatusServiceUnavailable, "domain.dns")
	s.dns.Fail("_veranda."+domain, false, true)
	began := time.Now()
	owner.post(t, path+"/"+domain+"/check", nil).refused(http.StatusServiceUnavailable, "domain.dns")
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("a silent name server was waited for %s", took)
	}
}

func joinAsked(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	path := "/v1/organizations/" + org
	asker := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), domain))
	if got := asker.requests(t); !slices.Equal(got, []string{"Company: pending"}) {
		t.Fatalf("requests %v", got)
	}
	asker.get(t, path).refused(http.StatusNotFound, "not_found")
	if l := s.inbox.last(t, owner.address, "asks to join"); !strings.Contains(l.Text, "Jonas Joiner") || !strings.Contains(l.Text, asker.address) {
		t.Errorf("the mail says %s", l.Text)
	}
	asked := owner.get(t, path+"/join-requests?state=pending").want(http.StatusOK)
	if asked.text("items.0.name") != "Jonas Joiner" || asked.text("items.0.address") != asker.address {
		t.Errorf("%s", asked.Body)
	}
	one := path + "/join-requests/" + asked.text("items.0.id")
	owner.patch(t, one, map[string]any{"decision": "approve"}, `If-Match: "77"`).refused(http.StatusPreconditionFailed, "version")
	owner.patch(t, one, map[string]any{"decision": "maybe"}, `If-Match: "1"`).invalid("/decision one_of")
	owner.patch(t, one, map[string]any{"decision": "approve"}, `If-Match: "1"`).want(http.StatusOK)
	asker.get(t, path).want(http.StatusOK)
	s.inbox.last(t, asker.address, "was approved")
	if kind := owner.get(t, path+"/members/"+asker.account).want(http.StatusOK).text("kind"); kind != "internal" {
		t.Errorf("who was approved is %s", kind)
	}
}

func joinByItself(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	owner.joining(t, org, "auto")
	person := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), strings.ToUpper(domain)))
	if got := person.requests(t); !slices.Equal(got, []string{"Company: joined"}) {
		t.Errorf("requests %v", got)
	}
	person.get(t, "/v1/organizations/"+org).want(http.StatusOK)
	// Whoever is removed does not come back by themselves.
	owner.delete(t, "/v1/organizations/"+org+"/members/"+person.account).want(http.StatusNoContent)
	person = s.signIn(t, person.name, person.address) // their sessions ended with it
	again := person.post(t, "/v1/me/join-requests", map[string]any{"organization_id": org}).want(http.StatusCreated)
	if again.text("state") != "pending" || again.Header.Get("Location") != "/v1/me/join-requests/"+again.text("id") {
		t.Errorf("%s", again.Body)
	}
}

func joinDeclinedClause(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	path := "/v1/organizations/" + org + "/join-requests"
	asker := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), domain))
	one := path + "/" + owner.get(t, path).want(http.StatusOK).text("items.0.id")
	owner.patch(t, one, map[string]any{"decision": "decline"}, "If-Match: *").want(http.StatusOK)
	s.inbox.last(t, asker.address, "was declined")
	asker.post(t, "/v1/me/join-requests", map[string]any{"organization_id": org}).refused(http.StatusConflict, "join.declined")
	seen := asker.get(t, "/v1/me/join-requests").want(http.StatusOK)
	if seen.text("items.0.state") != "declined" || strings.Contains(string(seen.Body), owner.account) {
		t.Errorf("who asked sees %s", seen.Body)
	}
	owner.patch(t, one, map[string]any{"decision": "approve"}, "If-Match: *").refused(http.StatusConflict, "join.ended")
}

func joinFurtherAddress(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	person := s.register(t, "Jonas Joiner")
	person.post(t, "/v1/me/join-requests", map[string]any{"organization_id": org}).refused(http.StatusNotFound, "not_found")
	address := at(newAddress("jonas"), domain)
	person.post(t, "/v1/me/addresses", map[string]any{"address": address}).want(http.StatusOK)
	if got := person.get(t, "/v1/me/joinable").want(http.StatusOK).items(); len(got) > 0 {
		t.Errorf("an unconfirmed address may join %v", got)
	}
	s.elsewhere().post(t, "/v1/accounts/confirm", confirmation(s.inbox.last(t, address, "/confirm?token=").token(t))).want(http.StatusOK)
	if got := person.requests(t); len(got) > 0 {
		t.Errorf("a further address asked by itself: %v", got)
	}
	joinable := person.get(t, "/v1/me/joinable").want(http.StatusOK)
	if joinable.text("items.0.organization_id") != org || joinable.text("items.0.address") != address {
		t.Fatalf("joinable %s", joinable.Body)
	}
	request := person.post(t, "/v1/me/join-requests", map[string]any{"organization_id": org, "address": address}).want(http.StatusCreated).text("id")
	person.post(t, "/v1/me/join-requests", map[string]any{"organization_id": org}).refused(http.StatusConflict, "join.asked")
	owner.delete(t, "/v1/me/join-requests/"+request).refused(http.StatusNotFound, "not_found")
	person.delete(t, "/v1/me/join-requests/"+request).want(http.StatusNoContent)
	person.delete(t, "/v1/me/join-requests/"+request).refused(http.StatusConflict, "join.ended")
	if got := person.requests(t); !slices.Equal(got, []string{"Company: withdrawn"}) {
		t.Errorf("requests %v", got)
	}
}

func joinLookAlikes(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	owner.joining(t, org, "auto")
	for _, elsewhere := range []string{domain + ".evil.example", "evil" + domain, "mail." + domain, domain + ".com", strings.Replace(domain, "d", "ԁ", 1)} {
		address := at(newAddress("eve"), elsewhere)
		s.elsewhere().post(t, "/v1/accounts", map[string]any{"address": address, "password": password, "name": "Eve"}).want(http.StatusAccepted)
		ascii, err := idna.Lookup.ToASCII(elsewhere)
		if err != nil {
			t.Fatal(err)
		}
		s.elsewhere().post(t, "/v1/accounts/confirm", confirmation(s.inbox.last(t, at(address, ascii), "/confirm?token=").token(t))).want(http.StatusOK)
		eve := s.signIn(t, "Eve", address)
		if got := eve.requests(t); len(got) > 0 {
			t.Errorf("%s joined: %v", address, got)
		}
		eve.post(t, "/v1/me/join-requests", map[string]any{"organization_id": org}).refused(http.StatusNotFound, "not_found")
	}
	person := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), strings.ToUpper(domain)))
	person.get(t, "/v1/organizations/"+org).want(http.StatusOK)
	// Where the organization lists its domains, the list judges the address too.
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"domains": []string{"else.example"}}, "If-Match: *").want(http.StatusOK)
	outside := s.registerAt(t, "Otto Outside", at(newAddress("otto"), domain))
	if got := outside.requests(t); len(got) > 0 {
		t.Errorf("an address outside the list asked: %v", got)
	}
	outside.post(t, "/v1/me/join-requests", map[string]any{"organization_id": org}).refused(http.StatusConflict, "join.domain")
}

func joinDecidedTwice(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	path := "/v1/organizations/" + org
	manager := owner.join(t, org, "", "internal", "Agnes Access")
	owner.roles(t, org, manager.account, "access_manager")
	asker := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), domain))
	one := path + "/join-requests/" + owner.get(t, path+"/join-requests").want(http.StatusOK).text("items.0.id")
	answers := make(chan int, 2)
	for by, decision := range map[*caller]string{owner: "approve", manager: "decline"} {
		go func() { answers <- by.patch(t, one, map[string]any{"decision": decision}, "If-Match: *").Status }()
	}
	got := []int{<-answers, <-answers}
	slices.Sort(got)
	if diff := cmp.Diff([]int{http.StatusOK, http.StatusConflict}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if state, status := asker.requests(t)[0], asker.get(t, path).Status; (state == "Company: joined") != (status == http.StatusOK) {
		t.Errorf("%s, and the organization answers %d", state, status)
	}
}

func joinDomainGone(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	path := "/v1/organizations/" + org
	asker := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), domain))
	one := path + "/join-requests/" + owner.get(t, path+"/join-requests").want(http.StatusOK).text("items.0.id")
	owner.delete(t, path+"/domains/"+domain).want(http.StatusNoContent)
	owner.patch(t, one, map[string]any{"decision": "approve"}, "If-Match: *").refused(http.StatusConflict, "join.ended")
	if got := asker.requests(t); !slices.Equal(got, []string{"Company: lapsed"}) {
		t.Errorf("requests %v", got)
	}
}

func joinWhoMay(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	path := "/v1/organizations/" + org
	asker := s.registerAt(t, "Jonas Joiner", at(newAddress("jonas"), domain))
	one := path + "/join-requests/" + owner.get(t, path+"/join-requests").want(http.StatusOK).text("items.0.id")
	employee, guest := owner.join(t, org, "", "internal", "Emil Employee"), owner.join(t, org, "", "guest", "Gero Guest")
	for _, c := range []struct {
		by   *caller
		list int
	}{{employee, http.StatusForbidden}, {guest, http.StatusForbidden}, {asker, http.StatusNotFound}, {s.register(t, "Nora Nobody"), http.StatusNotFound}} {
		c.by.get(t, path+"/join-requests").want(c.list)
		c.by.get(t, path+"/domains").want(c.list)
		c.by.patch(t, one, map[string]any{"decision": "approve"}, "If-Match: *").refused(http.StatusNotFound, "not_found")
		c.by.delete(t, path+"/domains/"+domain).refused(http.StatusNotFound, "not_found")
	}
	owner.roles(t, org, employee.account, "access_manager")
	employee.get(t, path+"/domains").want(http.StatusForbidden)
	employee.patch(t, one, map[string]any{"decision": "approve"}, "If-Match: *").want(http.StatusOK)
}
