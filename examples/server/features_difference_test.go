package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

// guestOf is somebody with a home of their own who is external in a host organization.
func guestOf(t *testing.T, s *stack, h *hosting) (person, homeOwner *caller, home string) {
	t.Helper()
	homeOwner = s.register(t, "Hanna Home")
	home = homeOwner.found(t, "Home & Sons")
	person = homeOwner.join(t, home, "", "internal", "Pia Person")
	h.assign(t, person.address).want(http.StatusOK)
	person.accepts(t, h.org, false).want(http.StatusOK)
	return person, homeOwner, home
}

// External people see the workspaces they are in, and nothing else of the organization.
func externalAccess(t *testing.T, s *stack) {
	h := hosts(t, s, "Access")
	other := h.owner.workspace(t, h.org, "Attic", true)
	person, _, _ := guestOf(t, s, h)
	colleague := h.owner.join(t, h.org, "", "internal", "Emil Employee")
	person.task(t, h.org, h.ws, "Something")
	same(t, "what an external does not see", person.get(t, h.path+"/workspaces/"+forgedID()), person.get(t, h.path+"/workspaces/"+other), person.get(t, h.path))
	if got := person.get(t, h.path+"/workspaces").want(http.StatusOK).column("id"); !cmp.Equal(got, []string{h.ws}) {
		t.Errorf("an external lists %v", got)
	}
	person.post(t, h.path+"/workspaces", map[string]any{"name": "Mine"}).refused(http.StatusForbidden, "forbidden")
	colleague.get(t, h.path+"/workspaces/"+other).want(http.StatusOK)
	colleague.get(t, h.path).want(http.StatusOK)
}

// An external never gets a second account: whoever is known is linked, by any spelling of the address.
func externalAccountCreation(t *testing.T, s *stack) {
	h := hosts(t, s, "Accounts")
	person, _, _ := guestOf(t, s, h)
	for _, address := range []string{person.address, strings.ToUpper(person.address), " " + person.address + " "} {
		r := h.assign(t, address).want(http.StatusOK)
		if r.text("result") != "already_here" || r.text("member.account_id") != person.account {
			t.Errorf("%q: %s", address, r.Body)
		}
	}
	second := hosts(t, s, "Accounts too")
	if got := second.assign(t, person.address).want(http.StatusOK); got.text("result") != "linked" || got.text("member.account_id") != person.account {
		t.Errorf("in another organization: %s", got.Body)
	}
	if r := second.assign(t, newAddress("Nils New")).want(http.StatusOK); r.text("result") != "created_internal" {
		t.Errorf("somebody new: %s", r.Body)
	}
}

// The host gives roles, assigns, unlinks and says a fall-back language; the profile is the person's.
func externalManagement(t *testing.T, s *stack) {
	h := hosts(t, s, "Management")
	person, _, home := guestOf(t, s, h)
	member := h.path + "/members/" + person.account
	r := h.manager.patch(t, member, map[string]any{"fallback_language": "de", "user_name": "pia"}, "If-Match: *").want(http.StatusOK)
	if r.text("fallback_language") != "de" || r.text("user_name") != "pia" {
		t.Errorf("changed: %s", r.Body)
	}
	etag := r.Header.Get("ETag")
	h.manager.patch(t, member, map[string]any{"user_name": "pia.p"}, "If-Match: "+etag).want(http.StatusOK)
	h.manager.patch(t, member, map[string]any{"user_name": "pia.q"}, "If-Match: "+etag).refused(http.StatusPreconditionFailed, "version")
	before := person.get(t, "/v1/me").want(http.StatusOK)
	for _, field := range []string{"name", "language", "time_zone", "channel", "address", "kind"} {
		h.manager.patch(t, member, map[string]any{field: "Other"}, "If-Match: *").invalid("/" + field + " unknown")
	}
	h.manager.patch(t, member, map[string]any{"first_name": "Other", "last_name": "Name"}, "If-Match: *").invalid("/first_name own", "/last_name own")
	if after := person.get(t, "/v1/me").want(http.StatusOK); string(after.Body) != string(before.Body) {
		t.Errorf("the profile has changed:\n%s\n%s", before.Body, after.Body)
	}
	h.owner.put(t, member+"/roles", map[string]any{"roles": []string{"employee"}}, "If-Match: *").invalid("/roles/0 kind")
	// What the person says of themselves shows at once.
	person.patch(t, "/v1/me", map[string]any{"name": "Pia Renamed"}, "If-Match: *").want(http.StatusOK)
	if got := h.manager.get(t, member).text("name"); got != "Pia Renamed" {
		t.Errorf("the host shows %q", got)
	}
	h.manager.delete(t, member).want(http.StatusNoContent)
	same(t, "an organization that unlinked", person.get(t, "/v1/organizations/"+forgedID()), person.get(t, h.path+"/workspaces/"+h.ws))
	if mine := person.mine(t, home); mine == nil || mine["state"] != "active" || person.mine(t, h.org) != nil {
		t.Error("unlinking touches the home, or leaves the host in the list")
	}
}

// The names of a reserved account of an employee can be corrected by who made it, until it is the person's.
func reservedNames(t *testing.T, s *stack) {
	h := hosts(t, s, "Names")
	address := newAddress("Nils Newman")
	member := h.path + "/members/" + h.assign(t, address).want(http.StatusOK).text("member.account_id")
	if got := h.manager.patch(t, member, map[string]any{"last_name": "Neumann"}, "If-Match: *").want(http.StatusOK).text("name"); got != "Nils Neumann" {
		t.Errorf("the name is %q", got)
	}
	nils := s.activate(t, "Nils Neumann", address)
	if got := nils.get(t, "/v1/me").text("name"); got != "Nils Neumann" {
		t.Errorf("the person is called %q", got)
	}
	h.manager.patch(t, member, map[string]any{"last_name": "Other"}, "If-Match: *").invalid("/last_name own")
	external := h.path + "/members/" + h.assign(t, newAddress("Xenia"), "kind", "external").want(http.StatusOK).text("member.account_id")
	h.manager.patch(t, external, map[string]any{"last_name": "Other"}, "If-Match: *").invalid("/last_name own")
}

// The home is kept, whatever door somebody came through and whatever roles they get.
func homeKept(t *testing.T, s *stack) {
	h := hosts(t, s, "Keeping")
	linked, homeOwner, home := guestOf(t, s, h)
	invited := homeOwner.join(t, home, "", "internal", "Ines Invited")
	token := h.owner.invite(t, h.org, h.ws, "external", invited.address)
	invited.post(t, "/v1/invitations/accept", map[string]any{"token": token}).want(http.StatusOK)
	for _, person := range []*caller{linked, invited} {
		h.owner.roles(t, h.org, person.account, "external")
		member := h.manager.get(t, h.path+"/members/"+person.account).want(http.StatusOK)
		if member.text("home") != "Home & Sons" {
			t.Errorf("%s: %s", person.name, member.Body)
		}
		// Only for those who manage people.
		if colleague := linked.get(t, h.path+"/members/"+person.account).want(http.StatusOK); colleague.field("home") != nil || colleague.field("state") != nil {
			t.Errorf("an external sees %s", colleague.Body)
		}
		if person.mine(t, home)["member_kind"] != "internal" {
			t.Error("the home does not count the person as its own any more")
		}
	}
}

// When the home ends somebody's access, the host suspends it until a manager there confirms.
func homeDisables(t *testing.T, s *stack) {
	h := hosts(t, s, "Suspending")
	person, homeOwner, home := guestOf(t, s, h)
	room := h.path + "/workspaces/" + h.ws
	person.get(t, room).want(http.StatusOK)
	homeOwner.delete(t, "/v1/organizations/"+home+"/members/"+person.account).want(http.StatusNoContent)
	person = s.signIn(t, person.name, person.address) // the home may have ended all sessions
	person.get(t, room).refused(http.StatusNotFound, "not_found")
	for _, manager := range []*caller{h.owner, h.manager} {
		mail := s.inbox.last(t, manager.address, "is suspended")
		if !strings.Contains(mail.Text, "Pia Person") || strings.Contains(mail.Text, "Hanna Home") {
			t.Errorf("the mail says:\n%s", mail.Text)
		}
	}
	member := h.path + "/members/" + person.account
	if got := h.manager.get(t, h.path+"/members?state=suspended").want(http.StatusOK).column("account_id"); !cmp.Equal(got, []string{person.account}) {
		t.Errorf("suspended are %v", got)
	}
	h.assign(t, person.address).refused(http.StatusConflict, "assign.suspended")
	employee := h.owner.join(t, h.org, "", "internal", "Emil Employee")
	employee.post(t, member+"/confirm", nil).refused(http.StatusNotFound, "not_found")
	// Coming back at home does not bring anything back elsewhere.
	token := homeOwner.invite(t, home, "", "internal", person.address)
	person.post(t, "/v1/invitations/accept", map[string]any{"token": token}).want(http.StatusOK)
	person.get(t, room).refused(http.StatusNotFound, "not_found")
	if got := h.manager.post(t, member+"/confirm", nil).want(http.StatusOK); got.text("state") != "active" || got.text("home") != "Home & Sons" {
		t.Errorf("confirmed: %s", got.Body)
	}
	person.get(t, room).want(http.StatusOK)
	h.manager.post(t, member+"/confirm", nil).refused(http.StatusConflict, "member.not_suspended")
	// The other way round: what the host does is nothing to the home.
	h.manager.delete(t, member).want(http.StatusNoContent)
	verandatest.Eventually(t, 10*time.Second, "the home stays", func() bool { return person.get(t, "/v1/organizations/"+home).Status == http.StatusOK })
}
