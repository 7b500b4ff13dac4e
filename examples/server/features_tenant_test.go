package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// personalAddress is an address of a provider of mailboxes for anybody.
func personalAddress(name string) string {
	return strings.Replace(newAddress(name), "people.example", "gmail.com", 1)
}

// organizations are the ids of the caller's tenants.
func (c *caller) organizations(t *testing.T) []string {
	t.Helper()
	return c.get(t, "/v1/me/organizations").want(http.StatusOK).column("organization_id")
}

func tenantByInvitation(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Colleagues")
	garden := owner.workspace(t, org, "Garden", true)
	colleague := owner.join(t, org, "", "internal", "Cora Colleague")
	address := newAddress("Nina New")
	token := owner.invite(t, org, "", "internal", address)
	r := s.elsewhere().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "Nina New", "password": password, "label": "Firefox"}).want(http.StatusOK)
	if r.text("organization_id") != org || r.field("session.token") != "" {
		t.Errorf("the answer is %s", r.Body)
	}
	// The mailed link proved the address: whoever accepts is signed in at once, without another mail.
	_, cookie := r.cookie()
	nobody := s.anonymous()
	me := nobody.get(t, "/v1/me", cookie).want(http.StatusOK)
	if me.text("name") != "Nina New" || me.text("addresses.0.address") != address || me.field("addresses.0.confirmed_at") == nil {
		t.Errorf("the new account is %s", me.Body)
	}
	nina := s.signIn(t, "Nina New", address)
	if got := nina.organizations(t); !cmp.Equal(got, []string{org}) {
		t.Errorf("the new account belongs to %v, want only %s", got, org)
	}
	names := nina.get(t, "/v1/organizations/"+org+"/members").want(http.StatusOK).column("name")
	if !cmp.Equal(names, []string{colleague.name, "Nina New", owner.name}) {
		t.Errorf("the colleagues are %v", names)
	}
	if got := nina.get(t, "/v1/organizations/"+org+"/workspaces").want(http.StatusOK).column("id"); !cmp.Equal(got, []string{garden}) {
		t.Errorf("the workspaces are %v, want the one there was", got)
	}
	if letters := s.inbox.holding(address, "/confirm?token="); len(letters) != 0 {
		t.Errorf("%d letters ask to confirm what the invitation proved", len(letters))
	}
}

func tenantAlone(t *testing.T, s *stack) {
	for _, c := range []*caller{s.register(t, "Alma Alone"), s.registerAt(t, "Anton Alone", personalAddress("Anton Alone"))} {
		r := c.get(t, "/v1/me/organizations").want(http.StatusOK)
		if got := strings.TrimSpace(string(r.Body)); got != `{"items":[]}` {
			t.Errorf("who registered alone has %s", got)
		}
		if got := c.get(t, "/v1/me").want(http.StatusOK).field("organizations"); !cmp.Equal(got, []any{}) {
			t.Errorf("who registered alone belongs to %v", got)
		}
	}
	c := s.registerAt(t, "Amir Alone", personalAddress("Amir Alone"))
	org := c.found(t, "Chosen") // with a personal address too
	if got := c.organizations(t); !cmp.Equal(got, []string{org}) {
		t.Errorf("after choosing the tenants are %v", got)
	}
	s.anonymous().post(t, "/v1/organizations", map[string]any{"kind": "organization", "name": "Nobody's"}).refused(http.StatusUnauthorized, "unauthenticated")
}

func tenantPersonal(t *testing.T, s *stack) {
	c := s.registerAt(t, "Pia Personal", personalAddress("Pia Personal"))
	create := func(body map[string]any) *reply { return c.post(t, "/v1/organizations", body) }
	create(map[string]any{"kind": "personal", "name": " ", "domains": []string{"pia.example"}, "invite": []string{newAddress("Fine"), "nonsense"}}).
		invalid("/name required", "/domains personal", "/invite/1 address")
	friend, stranger := newAddress("Frida Friend"), personalAddress("Fred Friend")
	r := create(map[string]any{"kind": "personal", "name": "Pia's place", "invite": []string{friend, stranger}}).want(http.StatusCreated)
	org := r.text("id")
	if r.Header.Get("Location") != "/v1/organizations/"+org || r.text("kind") != "personal" {
		t.Errorf("the answer is %s at %q", r.Body, r.Header.Get("Location"))
	}
	// It has exactly one workspace, of its name.
	workspaces := "/v1/organizations/" + org + "/workspaces"
	if got := c.get(t, workspaces).want(http.StatusOK).column("name"); !cmp.Equal(got, []string{"Pia's place"}) {
		t.Errorf("the workspaces are %v", got)
	}
	c.post(t, workspaces, map[string]any{"name": "Second", "open": true}).refused(http.StatusConflict, "workspace.personal")
	create(map[string]any{"kind": "personal", "name": "Another"}).refused(http.StatusConflict, "tenancy.owns_already")
	c.patch(t, "/v1/organizations/"+org, map[string]any{"domains": []string{"pia.example"}}, "If-Match: *").invalid("/domains personal")

	// The first invitations arrived, and make members who work in the workspace and may invite further ones.
	for _, address := range []string{friend, stranger} {
		token := s.inbox.last(t, address, "/invitation?token=").token(t)
		s.anonymous().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "A Friend", "password": password}).want(http.StatusOK)
	}
	member := s.signIn(t, "A Friend", friend)
	workspace := c.get(t, workspaces).column("id")[0]
	member.task(t, org, workspace, "Water the roses")
	further := member.join(t, org, "", "internal", "Further Friend")
	further.get(t, workspaces+"/"+workspace).want(http.StatusOK)
	guest := map[string]any{"people": []any{map[string]any{"address": newAddress("Gast"), "kind": "guest"}}}
	c.post(t, "/v1/organizations/"+org+"/invitations", guest).invalid("/people/0/kind personal")
	member.post(t, "/v1/organizations/"+org+"/invitations", guest).refused(http.StatusForbidden, "forbidden")
	member.patch(t, "/v1/organizations/"+org, map[string]any{"name": "Mine now"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
}

func tenantCompanyFirst(t *testing.T, s *stack) {
	c := s.register(t, "Cosima Company")
	personal := map[string]any{"kind": "personal", "name": "Cosima's place"}
	c.post(t, "/v1/organizations", personal).refused(http.StatusConflict, "tenancy.organization_first")
	if got := c.organizations(t); len(got) > 0 {
		t.Errorf("a refused tenant exists: %v", got)
	}
	org := c.found(t, "Cosima's company")
	own := c.post(t, "/v1/organizations", personal).want(http.StatusCreated).text("id")
	want := []string{org, own}
	got := c.organizations(t)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tenants (-want +got):\n%s", diff)
	}
	// The address that is used decides, not the account: a personal one has its personal tenant at once.
	both := s.register(t, "Bettina Both")
	private := personalAddress("Bettina Both")
	personal["address"] = private
	both.post(t, "/v1/organizations", personal).invalid("/address not_found")
	both.attach(t, private)
	both.post(t, "/v1/organizations", personal).want(http.StatusCreated)
	personal["address"] = both.address
	both.post(t, "/v1/organizations", personal).refused(http.StatusConflict, "tenancy.organization_first")
	// To have been invited somewhere is not to have founded.
	member := c.join(t, org, "", "internal", "Mia Member")
	member.post(t, "/v1/organizations", map[string]any{"kind": "personal", "name": "Mia's place"}).refused(http.StatusConflict, "tenancy.organization_first")
}
