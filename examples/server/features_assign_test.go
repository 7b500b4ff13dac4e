package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

// assignFeatures are the access manager's path, and what is different for internal and external people.
func assignFeatures() []feature {
	return []feature{
		{id: "T10", clauses: []clause{
			{name: "search", run: assignSearch},
			{name: "search_limited", run: assignSearchLimited},
			{name: "create_internal", run: assignCreateInternal},
			{name: "create_external", run: assignCreateExternal},
			{name: "only_reserved", run: assignOnlyReserved},
			{name: "by_phone", run: assignByPhone},
			{name: "elsewhere", run: assignElsewhere},
			{name: "homeless", run: assignHomeless},
			{name: "already_here", run: assignAlreadyHere},
			{name: "reserved_elsewhere", run: assignReservedElsewhere},
			{name: "who_may", run: assignWhoMay},
			{name: "bad_input", run: assignBadInput},
		}},
		{id: "T12", clauses: []clause{
			{name: "access", run: externalAccess},
			{name: "account_creation", run: externalAccountCreation},
			{name: "management", run: externalManagement},
			{name: "reserved_names", run: reservedNames},
			{name: "home_kept", run: homeKept},
			{name: "home_disables", run: homeDisables},
		}},
	}
}

// hosting is an organization with an access manager, and a workspace that is open.
type hosting struct {
	owner, manager *caller
	org, path, ws  string
}

func hosts(t *testing.T, s *stack, name string) *hosting {
	t.Helper()
	h := &hosting{owner: s.register(t, "Olga Owner")}
	h.org = h.owner.found(t, name)
	h.path = "/v1/organizations/" + h.org
	h.ws = h.owner.workspace(t, h.org, "Garden", true)
	h.manager = h.owner.join(t, h.org, "", "internal", "Agnes Access")
	h.owner.roles(t, h.org, h.manager.account, "access_manager")
	return h
}

// find gives the result of a search for an address.
func (h *hosting) find(t *testing.T, address string) *reply {
	t.Helper()
	return h.manager.post(t, h.path+"/people/find", map[string]any{"address": address}).want(http.StatusOK)
}

// assign assigns by address; more are further fields, name and value in turn.
func (h *hosting) assign(t *testing.T, address string, more ...any) *reply {
	t.Helper()
	body := map[string]any{"workspace_id": h.ws, "first_name": "Nils", "last_name": "Newman"}
	if address != "" {
		body["address"] = address
	}
	for n := 0; n < len(more); n += 2 {
		body[more[n].(string)] = more[n+1]
	}
	return h.manager.post(t, h.path+"/people/assign", body)
}

// activate makes a reserved account its owner's by the mailed link, and signs in.
func (s *stack) activate(t *testing.T, name, address string) *caller {
	t.Helper()
	token := s.inbox.last(t, address, "/activate?token=").token(t)
	s.elsewhere().post(t, "/v1/accounts/activate", map[string]any{"token": token, "password": password}).want(http.StatusCreated)
	return s.signIn(t, name, address)
}

// offered is the entry of an organization among one's own; nil where there is none.
func (c *caller) mine(t *testing.T, org string) map[string]any {
	t.Helper()
	for _, item := range c.get(t, "/v1/me/organizations").want(http.StatusOK).items() {
		if item["organization_id"] == org {
			return item
		}
	}
	return nil
}

func (c *caller) accepts(t *testing.T, org string, employment bool) *reply {
	t.Helper()
	return c.post(t, "/v1/me/organizations/"+org+"/accept", map[string]any{"employment": employment})
}

func assignSearch(t *testing.T, s *stack) {
	h := hosts(t, s, "Searching")
	homed := s.register(t, "Hanna Homed")
	homed.found(t, "Hanna's")
	homeless := s.register(t, "Hugo Homeless")
	claimed := newAddress("Claimed")
	s.elsewhere().post(t, "/v1/accounts", map[string]any{"address": claimed, "password": password, "name": "Nobody Yet"}).want(http.StatusAccepted)
	for address, want := range map[string]map[string]any{
		newAddress("Nobody"):           {"result": "none"},
		claimed:                        {"result": "none"},
		strings.ToUpper(homed.address): {"result": "elsewhere"},
		homeless.address:               {"result": "homeless"},
		h.owner.address:                {"result": "here", "account_id": h.owner.account, "name": "Olga Owner", "state": "active"},
	} {
		var got map[string]any
		h.find(t, address).decode(&got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
	find := h.path + "/people/find"
	h.manager.post(t, find, map[string]any{}).invalid("/address required")
	h.manager.post(t, find, map[string]any{"address": "x", "phone": "030 12"}).invalid("/address email", "/phone phone_country", "/phone one")
	h.manager.post(t, find, map[string]any{"address": homed.address, "name": "Hanna"}).invalid("/name unknown")
}

func assignSearchLimited(t *testing.T, s *stack) {
	h := hosts(t, s, "Counting")
	for range 30 {
		h.find(t, newAddress("Guess"))
	}
	r := h.manager.post(t, h.path+"/people/find", map[string]any{"address": h.owner.address})
	r.refused(http.StatusTooManyRequests, "rate.attempts")
	if r.Header.Get("Retry-After") == "" {
		t.Error("the refusal does not say when to try again")
	}
	h.owner.post(t, h.path+"/people/find", map[string]any{"address": h.owner.address}).want(http.StatusOK)
}

func assignCreateInternal(t *testing.T, s *stack) {
	h := hosts(t, s, "Creating")
	address := newAddress("Nils Newman")
	r := h.assign(t, address, "user_name", "nils", "language", "de").want(http.StatusOK)
	if r.text("result") != "created_internal" || r.text("member.state") != "reserved" || r.text("member.name") != "Nils Newman" || r.text("member.user_name") != "nils" {
		t.Errorf("the answer is %s", r.Body)
	}
	account := r.text("member.account_id")
	if got := h.manager.get(t, h.path+"/members?state=reserved").want(http.StatusOK).column("account_id"); !cmp.Equal(got, []string{account}) {
		t.Errorf("reserved are %v", got)
	}
	mail := s.inbox.last(t, address, "/activate?token=")
	if !strings.Contains(mail.Text, "Agnes Access") || !strings.Contains(mail.Text, "Garden") {
		t.Errorf("the mail is %q\n%s", mail.Subject, mail.Text)
	}
	nils := s.activate(t, "Nils Newman", address)
	if nils.account != account || nils.get(t, "/v1/me").text("language") != "de" {
		t.Error("another account, or another language")
	}
	if mine := nils.mine(t, h.org); mine == nil || mine["state"] != "active" || mine["member_kind"] != "internal" {
		t.Errorf("own organizations: %v", mine)
	}
	nils.task(t, h.org, h.ws, "Something")
	nils.workspace(t, h.org, "Nils's", true) // an employee's right
	member := h.manager.get(t, h.path+"/members/"+account).want(http.StatusOK)
	if member.text("state") != "active" || !cmp.Equal(member.field("roles"), []any{"employee"}) {
		t.Errorf("the member is %s", member.Body)
	}
	h.assign(t, newAddress("Other"), "user_name", "NILS").invalid("/user_name taken")
	// A call that is repeated because its answer was lost assigns once.
	again := newAddress("Once")
	body := map[string]any{"workspace_id": h.ws, "address": again, "first_name": "Otto", "last_name": "Once"}
	for range 2 {
		h.manager.post(t, h.path+"/people/assign", body, "Idempotency-Key: once").want(http.StatusOK)
	}
	s.inbox.wait(t, again, 1)
	if n := len(s.inbox.to(again)); n != 1 {
		t.Errorf("%d letters for one assignment", n)
	}
}

func assignCreateExternal(t *testing.T, s *stack) {
	h := hosts(t, s, "Domains")
	h.owner.patch(t, h.path, map[string]any{"domains": []string{"works.example"}}, "If-Match: *").want(http.StatusOK)
	for _, c := range []struct{ address, kind, want string }{
		{newAddress("Otto Other"), "", "created_external"},
		{newAddress("Ida Inside"), "internal", "created_external"},
		{strings.Replace(newAddress("Emma Else"), "people.example", "works.example", 1), "", "created_internal"},
		{strings.Replace(newAddress("Xenia Else"), "people.example", "works.example", 1), "external", "created_external"},
	} {
		more := []any{}
		if c.kind != "" {
			more = []any{"kind", c.kind}
		}
		r := h.assign(t, c.address, more...).want(http.StatusOK)
		if got := r.text("result"); got != c.want {
			t.Errorf("%s as %q: %s, want %s", c.address, c.kind, got, c.want)
		}
	}
	xenia := newAddress("Xenia External")
	h.assign(t, xenia).want(http.StatusOK)
	external := s.activate(t, "Xenia External", xenia)
	external.get(t, h.path+"/workspaces/"+h.ws).want(http.StatusOK)
	same(t, "what an external does not see", external.get(t, h.path+"/workspaces/"+forgedID()), external.get(t, h.path))
	h.assign(t, newAddress("Role"), "roles", []string{"employee"}).invalid("/roles/0 kind")
}

func assignOnlyReserved(t *testing.T, s *stack) {
	h := hosts(t, s, "Reserving")
	address := newAddress("Rita Reserved")
	r := h.assign(t, address).want(http.StatusOK)
	first := s.inbox.last(t, address, "/activate?token=").token(t)
	s.elsewhere().post(t, "/v1/sessions", map[string]any{"address": address, "password": password}).refused(http.StatusUnauthorized, "sign_in.refused")
	member := h.path + "/members/" + r.text("member.account_id")
	sent := h.manager.post(t, member+"/activation", nil).want(http.StatusOK)
	if sent.text("recipient") != address || sent.text("channel") != "mail" {
		t.Errorf("the answer is %s", sent.Body)
	}
	verandatest.Eventually(t, 30*time.Second, "a second link", func() bool { return len(s.inbox.holding(address, "/activate?token=")) == 2 })
	s.elsewhere().post(t, "/v1/accounts/activate", map[string]any{"token": first, "password": password}).refused(http.StatusNotFound, "tenancy.link")
	s.activate(t, "Rita Reserved", address)
	h.manager.post(t, member+"/activation", nil).refused(http.StatusConflict, "activation.not_reserved")
	// Taken back while it was reserved, the account is gone, and the address free.
	gone := newAddress("Greta Gone")
	h.manager.delete(t, h.path+"/members/"+h.assign(t, gone).want(http.StatusOK).text("member.account_id")).want(http.StatusNoContent)
	if got := h.find(t, gone).text("result"); got != "none" {
		t.Errorf("found %s", got)
	}
	if got := h.assign(t, gone).want(http.StatusOK).text("result"); got != "created_internal" {
		t.Errorf("again: %s", got)
	}
}

func assignByPhone(t *testing.T, s *stack) {
	h := hosts(t, s, "Phones")
	r := h.assign(t, "", "phone", "+49 (30) 901820-11").want(http.StatusOK)
	if r.text("result") != "created_internal" || r.text("member.address") != "+493090182011" {
		t.Errorf("the answer is %s", r.Body)
	}
	// The log of what was sent names the channel and the number, whatever becomes of it.
	log := h.manager.get(t, h.path+"/deliveries?channel=phone").want(http.StatusOK)
	if log.text("items.0.channel") != "phone" || log.text("items.0.recipient") != "+493090182011" || log.text("items.0.template") != "activate" {
		t.Errorf("sent was %s", log.Body)
	}
	found := h.manager.post(t, h.path+"/people/find", map[string]any{"phone": "+493090182011"}).want(http.StatusOK)
	if found.text("result") != "here" || found.text("state") != "reserved" {
		t.Errorf("found %s", found.Body)
	}
}

func assignElsewhere(t *testing.T, s *stack) {
	h := hosts(t, s, "Host")
	hanna := s.register(t, "Hanna Homed")
	home := hanna.found(t, "Hanna's House")
	r := h.assign(t, hanna.address, "kind", "internal").want(http.StatusOK)
	if r.text("result") != "linked" || r.text("member.state") != "offered" || r.text("member.kind") != "external" || r.text("member.account_id") != hanna.account {
		t.Errorf("the answer is %s", r.Body)
	}
	mail := s.inbox.last(t, hanna.address, "accept or decline")
	if !strings.Contains(mail.Subject, "Garden") || strings.Contains(mail.Text, "token=") {
		t.Errorf("the mail is %q\n%s", mail.Subject, mail.Text)
	}
	// Nothing is told of her: neither who she is nor where from.
	for _, path := range []string{"/members?state=offered", "/members/" + hanna.account, "/deliveries?limit=200", "/workspaces/" + h.ws + "/stream", "/workspaces/" + h.ws + "/members"} {
		if body := string(h.manager.get(t, h.path+path).want(http.StatusOK).Body); strings.Contains(body, "Hanna H") || strings.Contains(body, home) {
			t.Errorf("%s tells who was linked: %s", path, body)
		}
	}
	same(t, "an organization one has not accepted", hanna.get(t, "/v1/organizations/"+forgedID()), hanna.get(t, h.path), hanna.get(t, h.path+"/workspaces/"+h.ws), hanna.get(t, h.path+"/members"))
	if mine := hanna.mine(t, h.org); mine == nil || mine["state"] != "offered" || mine["name"] != "Host" {
		t.Fatalf("own organizations: %v", mine)
	}
	s.register(t, "Nora Nobody").accepts(t, h.org, false).refused(http.StatusNotFound, "not_found")
	hanna.accepts(t, h.org, true).refused(http.StatusConflict, "membership.no_employment")
	accepted := hanna.accepts(t, h.org, false).want(http.StatusOK)
	if accepted.text("state") != "active" || accepted.text("member_kind") != "external" {
		t.Errorf("accepted: %s", accepted.Body)
	}
	hanna.get(t, h.path+"/workspaces/"+h.ws).want(http.StatusOK)
	member := h.manager.get(t, h.path+"/members/"+hanna.account).want(http.StatusOK)
	if member.text("name") != "Hanna Homed" || member.text("home") != "Hanna's House" || member.text("state") != "active" {
		t.Errorf("the member is %s", member.Body)
	}
	hanna.accepts(t, h.org, false).refused(http.StatusNotFound, "not_found")
	// Another one declines, and nothing is left.
	otto := s.register(t, "Otto Owner")
	otto.found(t, "Otto's")
	h.assign(t, otto.address).want(http.StatusOK)
	otto.post(t, "/v1/me/organizations/"+h.org+"/decline", nil).want(http.StatusNoContent)
	if otto.mine(t, h.org) != nil || h.find(t, otto.address).text("result") != "elsewhere" {
		t.Error("something is left of what was declined")
	}
	otto.post(t, "/v1/me/organizations/"+h.org+"/decline", nil).refused(http.StatusNotFound, "not_found")
}

func assignHomeless(t *testing.T, s *stack) {
	h := hosts(t, s, "Employer")
	hugo := s.register(t, "Hugo Homeless")
	if r := h.assign(t, hugo.address).want(http.StatusOK); r.text("result") != "linked" || r.text("member.kind") != "external" {
		t.Errorf("the answer is %s", r.Body)
	}
	if mine := hugo.mine(t, h.org); mine["employment_offered"] != true || mine["member_kind"] != "external" {
		t.Errorf("own organizations: %v", mine)
	}
	hugo.accepts(t, h.org, false).want(http.StatusOK)
	hugo.get(t, h.path+"/workspaces/"+h.ws).want(http.StatusOK)
	hugo.get(t, h.path).refused(http.StatusNotFound, "not_found") // external still
	if got := hugo.accepts(t, h.org, true).want(http.StatusOK); got.text("member_kind") != "internal" || !cmp.Equal(got.field("roles"), []any{"employee"}) {
		t.Errorf("employed: %s", got.Body)
	}
	hugo.get(t, h.path).want(http.StatusOK)
	// The organization's domains are judged when somebody accepts.
	ida := s.register(t, "Ida Idle")
	h.assign(t, ida.address).want(http.StatusOK)
	h.owner.patch(t, h.path, map[string]any{"domains": []string{"works.example"}}, "If-Match: *").want(http.StatusOK)
	ida.accepts(t, h.org, true).refused(http.StatusConflict, "invitation.domain")
	ida.accepts(t, h.org, false).want(http.StatusOK)
}

func assignAlreadyHere(t *testing.T, s *stack) {
	h := hosts(t, s, "Here")
	emil := h.owner.join(t, h.org, "", "internal", "Emil Employee")
	r := h.assign(t, emil.address).want(http.StatusOK)
	if r.text("result") != "assigned" || !cmp.Equal(r.field("member.roles"), []any{"employee"}) {
		t.Errorf("the answer is %s", r.Body)
	}
	s.inbox.last(t, emil.address, "gave you access to the workspace “Garden”")
	if got := h.assign(t, emil.address).want(http.StatusOK).text("result"); got != "already_here" {
		t.Errorf("again: %s", got)
	}
	members := h.manager.get(t, h.path+"/workspaces/"+h.ws+"/members").want(http.StatusOK).column("account_id")
	if !strings.Contains(strings.Join(members, " "), emil.account) {
		t.Errorf("members %v", members)
	}
	// Roles are changed as they are by who may give them.
	h.assign(t, emil.address, "roles", []string{"administrator"}).refused(http.StatusForbidden, "forbidden")
	h.assign(t, h.manager.address, "roles", []string{"employee"}).refused(http.StatusForbidden, "tenancy.own_roles")
}

func assignReservedElsewhere(t *testing.T, s *stack) {
	first, second := hosts(t, s, "First"), hosts(t, s, "Second")
	address := newAddress("Bea Both")
	one := first.assign(t, address).want(http.StatusOK)
	two := second.assign(t, address, "first_name", "Another", "last_name", "Name").want(http.StatusOK)
	if two.text("result") != "linked" || two.text("member.account_id") != one.text("member.account_id") || two.text("member.name") != "" {
		t.Errorf("the answer is %s", two.Body)
	}
	verandatest.Eventually(t, 30*time.Second, "two links", func() bool { return len(s.inbox.holding(address, "/activate?token=")) == 2 })
	bea := s.activate(t, "Bea Both", address)
	if bea.mine(t, first.org)["state"] != "active" || bea.mine(t, second.org)["state"] != "offered" {
		t.Error("the person is not where she should be")
	}
}

func assignWhoMay(t *testing.T, s *stack) {
	h := hosts(t, s, "Rights")
	closed := h.owner.workspace(t, h.org, "Closed", false)
	employee := h.owner.join(t, h.org, "", "internal", "Emil Employee")
	external := h.owner.join(t, h.org, h.ws, "external", "Xenia External")
	guest := h.owner.join(t, h.org, h.ws, "guest", "Gero Guest")
	stranger := s.register(t, "Sven Stranger")
	const yes, no, hidden = http.StatusOK, http.StatusForbidden, http.StatusNotFound
	for _, row := range []struct {
		who                *caller
		find, open, closed int
	}{
		{h.owner, yes, yes, yes}, {h.manager, yes, yes, hidden}, {employee, no, no, hidden}, {external, no, no, hidden}, {guest, no, no, hidden}, {stranger, hidden, hidden, hidden},
	} {
		for workspace, want := range map[string]int{h.ws: row.open, closed: row.closed} {
			body := map[string]any{"workspace_id": workspace, "address": newAddress("Somebody"), "first_name": "Some", "last_name": "Body"}
			if r := row.who.post(t, h.path+"/people/assign", body); r.Status != want {
				t.Errorf("%s assigns: %d, want %d: %s", row.who.name, r.Status, want, r.Body)
			}
		}
		if r := row.who.post(t, h.path+"/people/find", map[string]any{"address": newAddress("Somebody")}); r.Status != row.find {
			t.Errorf("%s searches: %d, want %d: %s", row.who.name, r.Status, row.find, r.Body)
		}
	}
	s.anonymous().post(t, h.path+"/people/find", map[string]any{"address": "x@people.example"}).refused(http.StatusUnauthorized, "unauthenticated")
	// A workspace of another organization is none.
	other := stranger.workspace(t, stranger.found(t, "Elsewhere"), "Foreign", true)
	same(t, "another organization's workspace", h.assign(t, newAddress("x"), "workspace_id", forgedID()), h.assign(t, newAddress("x"), "workspace_id", other))
}

func assignBadInput(t *testing.T, s *stack) {
	h := hosts(t, s, "Checks")
	h.manager.post(t, h.path+"/people/assign", map[string]any{
		"address": "nonsense", "phone": "030", "first_name": "a\nb", "user_name": "two words", "language": "no tag!", "kind": "guest", "roles": []string{"a b", "guest", "guest"},
		"workspace_role": "king", "name": "x",
	}).invalid("/workspace_id required", "/address email", "/phone phone_country", "/first_name line", "/user_name user_name", "/language language", "/kind one_of",
		"/roles/0 one_of", "/roles/2 repeated", "/workspace_role one_of", "/name unknown")
	h.assign(t, newAddress("Nameless"), "first_name", "", "last_name", "").invalid("/first_name required", "/last_name required")
	h.assign(t, newAddress("Boss"), "roles", []string{"owner"}).refused(http.StatusForbidden, "forbidden")
	h.assign(t, newAddress("Manager"), "workspace_role", "manager").refused(http.StatusForbidden, "forbidden")
}
