package main

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// foundingKind founds a tenant of a kind.
func (c *caller) foundingKind(t *testing.T, kind string) *reply {
	t.Helper()
	return c.post(t, "/v1/organizations", map[string]any{"kind": kind, "name": "House"})
}

// companyProved: who has an address in a domain that another organization has proved founds nothing beside it.
func companyProved(t *testing.T, s *stack) {
	owner, org, domain := company(t, s, "Company")
	clerk := s.registerAt(t, "Carl Clerk", at(newAddress("carl"), domain))
	clerk.foundingKind(t, "organization").refused(http.StatusConflict, "tenancy.domain_proved")
	clerk.foundingKind(t, "personal").refused(http.StatusConflict, "tenancy.domain_proved")
	path := "/v1/organizations/" + org + "/join-requests"
	owner.patch(t, path+"/"+owner.get(t, path).want(http.StatusOK).text("items.0.id"), map[string]any{"decision": "approve"}, "If-Match: *").want(http.StatusOK)
	clerk.foundingKind(t, "organization").refused(http.StatusConflict, "tenancy.domain_proved")
	clerk.foundingKind(t, "personal").want(http.StatusCreated)
	// The owner's own proof changes nothing for the owner but that there is one organization.
	owner.foundingKind(t, "organization").refused(http.StatusConflict, "tenancy.owns_already")
}

func ownsOneOfEach(t *testing.T, s *stack) {
	address := at(newAddress("petra"), "gmail.com")
	person := s.registerAt(t, "Petra Private", address)
	for _, kind := range []string{"organization", "personal"} {
		person.foundingKind(t, kind).want(http.StatusCreated)
		person.foundingKind(t, kind).refused(http.StatusConflict, "tenancy.owns_already")
	}
	// Another address owns its own.
	second := at(newAddress("petra"), "gmail.com")
	person.post(t, "/v1/me/addresses", map[string]any{"address": second}).want(http.StatusOK)
	s.elsewhere().post(t, "/v1/accounts/confirm", confirmation(s.inbox.last(t, second, "/confirm?token=").token(t))).want(http.StatusOK)
	person.post(t, "/v1/organizations", map[string]any{"kind": "personal", "name": "Second", "address": second}).want(http.StatusCreated)
	person.post(t, "/v1/organizations", map[string]any{"kind": "personal", "name": "Third", "address": second}).refused(http.StatusConflict, "tenancy.owns_already")
}

// atOnce makes calls side by side and gives their statuses, sorted.
func atOnce(n int, call func(i int) *reply) []int {
	statuses := make(chan int, n)
	for i := range n {
		go func() { statuses <- call(i).Status }()
	}
	got := []int{}
	for range n {
		got = append(got, <-statuses)
	}
	slices.Sort(got)
	return got
}

func foundsAtOnce(t *testing.T, s *stack) {
	person := s.registerAt(t, "Petra Private", at(newAddress("petra"), "gmail.com"))
	for _, kind := range []string{"organization", "personal"} {
		got := atOnce(5, func(int) *reply { return person.foundingKind(t, kind) })
		if diff := cmp.Diff([]int{http.StatusCreated, http.StatusConflict, http.StatusConflict, http.StatusConflict, http.StatusConflict}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	if mine := person.organizations(t); len(mine) != 2 {
		t.Errorf("tenants %v", mine)
	}
}

func joinsMany(t *testing.T, s *stack) {
	person := s.register(t, "Mona Many")
	person.found(t, "Mine")
	for _, kind := range []string{"internal", "guest", "external"} {
		owner := s.register(t, "Olga Owner")
		org := owner.found(t, "Theirs")
		workspace := ""
		if kind == "external" {
			workspace = owner.workspace(t, org, "Garden", false)
		}
		person.post(t, "/v1/invitations/accept", tokenBody(owner.invite(t, org, workspace, kind, person.address))).want(http.StatusOK)
	}
	kinds := person.get(t, "/v1/me/organizations").want(http.StatusOK).column("member_kind")
	slices.Sort(kinds)
	if diff := cmp.Diff([]string{"external", "guest", "internal", "internal"}, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// personalTenant founds one.
func personalTenant(t *testing.T, s *stack) (founder *caller, org string) {
	t.Helper()
	founder = s.registerAt(t, "Petra Private", at(newAddress("petra"), "gmail.com"))
	return founder, founder.foundingKind(t, "personal").want(http.StatusCreated).text("id")
}

func personalOneWorkspace(t *testing.T, s *stack) {
	founder, org := personalTenant(t, s)
	path := "/v1/organizations/" + org + "/workspaces"
	member := founder.join(t, org, "", "internal", "Mona Member")
	for _, by := range []*caller{founder, member} {
		by.post(t, path, map[string]any{"name": "Second", "open": true}).refused(http.StatusConflict, "workspace.personal")
		if got := by.get(t, path).want(http.StatusOK).items(); len(got) != 1 {
			t.Errorf("%d workspaces", len(got))
		}
	}
}

func personalOneWorkspaceAtOnce(t *testing.T, s *stack) {
	founder, org := personalTenant(t, s)
	path := "/v1/organizations/" + org + "/workspaces"
	for _, status := range atOnce(5, func(int) *reply { return founder.post(t, path, map[string]any{"name": "Second", "open": true}) }) {
		if status != http.StatusConflict {
			t.Errorf("a second workspace: %d", status)
		}
	}
	if got := founder.get(t, path).want(http.StatusOK).items(); len(got) != 1 {
		t.Errorf("%d workspaces", len(got))
	}
}

func personalManyMembers(t *testing.T, s *stack) {
	founder, org := personalTenant(t, s)
	people := []any{}
	for range 60 {
		people = append(people, map[string]any{"address": newAddress("member")})
	}
	sent := founder.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": people}).want(http.StatusOK).items()
	for _, item := range sent {
		if item["result"] != "sent" {
			t.Fatalf("%v", item)
		}
	}
	for range 6 {
		founder.join(t, org, "", "internal", "Mona Member")
	}
	if got := founder.get(t, "/v1/organizations/"+org+"/members").want(http.StatusOK).items(); len(got) != 7 {
		t.Errorf("%d members", len(got))
	}
}

func organizationManyWorkspaces(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	for _, name := range []string{"One", "Two", "Three"} {
		owner.workspace(t, org, name, true)
		employee.workspace(t, org, name+" of Emil", false)
	}
	if got := employee.get(t, "/v1/organizations/"+org+"/workspaces").want(http.StatusOK).items(); len(got) != 6 {
		t.Errorf("%d workspaces", len(got))
	}
}
