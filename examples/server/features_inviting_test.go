package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func invitingFeatures() []feature {
	return []feature{{id: "T9", clauses: []clause{
		{name: "personal_members", run: invitesAsPersonalMember},
		{name: "employees", run: invitesAsEmployee},
		{name: "employees_by_setting", run: invitesBySetting},
		{name: "externals_guests", run: invitesAsExternalOrGuest},
		{name: "roles", run: invitesWithRoles},
	}}}
}

// trying is the status of inviting somebody new.
func (c *caller) trying(t *testing.T, org, workspace, kind string) int {
	t.Helper()
	body := map[string]any{"people": []any{map[string]any{"address": newAddress("invited"), "kind": kind}}}
	if workspace != "" {
		body["workspace_id"] = workspace
	}
	return c.post(t, "/v1/organizations/"+org+"/invitations", body).Status
}

func invitesAsPersonalMember(t *testing.T, s *stack) {
	founder, org := personalTenant(t, s)
	member := founder.join(t, org, "", "internal", "Mona Member")
	second := member.join(t, org, "", "internal", "Sigrid Second") // whom a member invited invites on
	second.join(t, org, "", "internal", "Theo Third")
	// Members only: the founder is told so, a member may not in any case.
	if got := []int{founder.trying(t, org, "", "guest"), founder.trying(t, org, "", "external"), member.trying(t, org, "", "guest")}; !slices.Equal(got, []int{422, 422, 403}) {
		t.Errorf("guests and externals of a personal tenant: %v", got)
	}
}

func invitesAsEmployee(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	mine, other := employee.workspace(t, org, "Mine", false), owner.workspace(t, org, "Open", true)
	for _, kind := range []string{"external", "guest"} {
		employee.join(t, org, mine, kind, "Ina Invited")
		if status := employee.trying(t, org, other, kind); status != http.StatusForbidden {
			t.Errorf("an employee invites a %s where they are not: %d", kind, status)
		}
	}
	if status := employee.trying(t, org, "", "guest"); status != http.StatusForbidden {
		t.Errorf("an employee invites a guest to the organization: %d", status)
	}
}

func invitesBySetting(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	set := func(on bool) {
		t.Helper()
		owner.patch(t, "/v1/organizations/"+org, map[string]any{"employees_invite": on}, "If-Match: *").want(http.StatusOK)
	}
	if status := employee.trying(t, org, "", "internal"); status != http.StatusForbidden {
		t.Errorf("without the setting: %d", status)
	}
	set(true)
	colleague := employee.join(t, org, "", "internal", "Cora Colleague")
	pending := newAddress("Paul Pending")
	token := colleague.invite(t, org, "", "internal", pending)
	set(false) // the right counts when it is accepted
	s.elsewhere().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "Paul", "password": password}).refused(http.StatusNotFound, "tenancy.link")
}

func invitesAsExternalOrGuest(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	garden := owner.workspace(t, org, "Garden", false)
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"employees_invite": true}, "If-Match: *").want(http.StatusOK)
	for _, as := range []string{"external", "guest"} {
		person := owner.join(t, org, garden, as, "Ina Invited")
		for _, kind := range []string{"internal", "external", "guest"} {
			if status := person.trying(t, org, garden, kind); status != http.StatusForbidden {
				t.Errorf("%s invites %s: %d", as, kind, status)
			}
		}
	}
}

func invitesWithRoles(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	path := "/v1/organizations/" + org
	with := func(by *caller, address string, roles ...string) *reply {
		return by.post(t, path+"/invitations", map[string]any{"people": []any{map[string]any{"address": address, "roles": roles}}})
	}
	admin := owner.join(t, org, "", "internal", "Adam Administrator")
	owner.roles(t, org, admin.account, "administrator")
	with(admin, newAddress("x"), "owner").refused(http.StatusForbidden, "forbidden")
	with(owner, newAddress("x"), "guest").invalid("/people/0/roles/0 kind")
	with(owner, newAddress("x"), "king").invalid("/people/0/roles/0 one_of")
	address, late := newAddress("Agnes Access"), newAddress("Lara Late")
	with(admin, address, "access_manager").want(http.StatusOK)
	with(admin, late, "administrator").want(http.StatusOK)
	accept := func(address string) *reply {
		token := s.inbox.last(t, address, "/invitation?token=").token(t)
		return s.elsewhere().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "New", "password": password})
	}
	account := accept(address).want(http.StatusOK).text("account_id")
	if got := owner.get(t, path+"/members/"+account).want(http.StatusOK).field("roles"); !cmp.Equal(got, []any{"access_manager"}) {
		t.Errorf("roles %v", got)
	}
	owner.roles(t, org, admin.account, "access_manager")
	accept(late).refused(http.StatusNotFound, "tenancy.link")
}

func invitationThousand(t *testing.T, s *stack) {
	s.start(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	path := "/v1/organizations/" + org + "/invitations"
	people := []any{}
	for range 1000 {
		people = append(people, map[string]any{"address": newAddress("many")})
	}
	owner.post(t, path, map[string]any{"people": append(slices.Clone(people), map[string]any{"address": newAddress("many")})}).invalid("/people too_many")
	results := map[string]int{}
	for _, result := range owner.post(t, path, map[string]any{"people": people}).want(http.StatusOK).column("result") {
		results[result]++
	}
	if diff := cmp.Diff(map[string]int{"sent": 1000}, results); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	last := people[999].(map[string]any)["address"].(string)
	s.inbox.last(t, last, "/invitation?token=")
}

func invitationLookLapses(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	manager := owner.join(t, org, "", "internal", "Agnes Access")
	owner.roles(t, org, manager.account, "access_manager")
	token := manager.invite(t, org, "", "internal", newAddress("Ina Invited"))
	look := func() *reply { return s.elsewhere().post(t, "/v1/invitations/look", tokenBody(token)) }
	look().want(http.StatusOK)
	owner.roles(t, org, manager.account, "employee")
	look().refused(http.StatusNotFound, "tenancy.link")
	lapsed := owner.get(t, "/v1/organizations/"+org+"/invitations?state=lapsed").want(http.StatusOK)
	if len(lapsed.items()) != 1 || lapsed.text("items.0.invited_by") != manager.account {
		t.Errorf("%s", lapsed.Body)
	}
}

func invitationFilters(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	garden := employee.workspace(t, org, "Garden", true)
	employee.trying(t, org, garden, "external")
	owner.trying(t, org, garden, "guest")
	owner.trying(t, org, "", "internal")
	count := func(query string) int {
		t.Helper()
		return len(owner.get(t, "/v1/organizations/"+org+"/invitations?state=pending&"+query).want(http.StatusOK).items())
	}
	got := []int{count(""), count("workspace_id=" + garden), count("invited_by=" + owner.account), count("invited_by=" + employee.account + "&workspace_id=" + garden)}
	if diff := cmp.Diff([]int{3, 2, 2, 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	owner.get(t, "/v1/organizations/"+org+"/invitations?workspace_id=garden").want(http.StatusUnprocessableEntity)
}

func invitationWithdrawByGrant(t *testing.T, s *stack) {
	file := filepath.Join(s.dir, "policy.csv")
	if err := os.WriteFile(file, []byte("p, owner, invitation, withdraw, allow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.env = append(s.env, "POLICY_FILE="+file)
	s.start(t)
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	admin := owner.join(t, org, "", "internal", "Adam Administrator")
	owner.roles(t, org, admin.account, "administrator")
	address := newAddress("Ina Invited")
	token := owner.invite(t, org, "", "internal", address)
	path := "/v1/organizations/" + org + "/invitations"
	one := path + "/" + owner.get(t, path+"?state=pending").want(http.StatusOK).text("items.0.id")
	admin.delete(t, one).refused(http.StatusForbidden, "forbidden")
	mails := len(s.inbox.to(address))
	owner.delete(t, one).want(http.StatusNoContent)
	s.elsewhere().post(t, "/v1/invitations/look", tokenBody(token)).refused(http.StatusNotFound, "tenancy.link")
	if len(s.inbox.to(address)) != mails {
		t.Error("who was invited was told")
	}
}

// invitationSignInPage: who has an account signs in on the page itself, without a script.
func invitationSignInPage(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	known := s.register(t, "Kira Known")
	token := owner.invite(t, org, "", "internal", known.address)
	nobody := s.elsewhere()
	body := nobody.get(t, "/invitation?token="+token).page(http.StatusOK)
	for _, want := range []string{`name="address" type="email"`, `name="password" type="password" autocomplete="current-password"`, "Sign in and accept", `method="post"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s:\n%s", want, body)
		}
	}
	if strings.Contains(body, `name="name"`) || strings.Contains(body, "<script") {
		t.Errorf("the page asks for more:\n%s", body)
	}
	values := url.Values{"token": {token}, "address": {known.address}, "password": {"not the right one"}}
	wrong := nobody.form(t, "/invitation", values)
	if body := wrong.page(http.StatusUnauthorized); !strings.Contains(body, "The address or the password is wrong") || !strings.Contains(body, "Sign in and accept") {
		t.Errorf("after a wrong password:\n%s", body)
	}
	// Somebody else's account does not take what was sent to this one, and is not left signed in.
	other := s.register(t, "Otto Other")
	refused := nobody.form(t, "/invitation", url.Values{"token": {token}, "address": {other.address}, "password": {password}})
	refused.page(http.StatusConflict)
	if len(refused.Header.Values("Set-Cookie")) > 0 {
		t.Error("a refused acceptance signed the browser in")
	}
	if got := other.get(t, "/v1/sessions").want(http.StatusOK).items(); len(got) != 1 {
		t.Errorf("%d sessions are left", len(got))
	}
	values.Set("password", password)
	accepted := nobody.form(t, "/invitation", values)
	if body := accepted.page(http.StatusOK); !strings.Contains(body, "Welcome to Company") {
		t.Errorf("after accepting:\n%s", body)
	}
	_, header := accepted.cookie()
	if got := nobody.get(t, "/v1/me/organizations", header).want(http.StatusOK).column("organization_id"); !slices.Equal(got, []string{org}) {
		t.Errorf("organizations %v", got)
	}
	nobody.form(t, "/invitation", values).page(http.StatusNotFound)
}

// organizationLookAlikes: what looks like one of an organization's domains is not one, whatever the spelling; what is one
// is, however it is written.
func organizationLookAlikes(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	n := personNumber.Add(1)
	domain, bücher := fmt.Sprintf("example%d.com", n), fmt.Sprintf("bücher%d.com", n)
	owner.patch(t, "/v1/organizations/"+org, map[string]any{"domains": []string{domain, bücher}}, "If-Match: *").want(http.StatusOK)
	for _, elsewhere := range []string{
		domain + ".evil.org", "evil" + domain, "mail." + domain, strings.Replace(domain, ".com", ".co", 1), domain + ".com", strings.Replace(domain, "l", "1", 1),
		strings.Replace(bücher, "ü", "u", 1), strings.Replace(bücher, "ü", "ue", 1), strings.Replace(bücher, "ü", "ů", 1), "xn--" + domain,
	} {
		got := owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": at(newAddress("eve"), elsewhere), "kind": "internal"}}})
		if got.Status == http.StatusUnprocessableEntity { // no address at all
			continue
		}
		if result := got.want(http.StatusOK).text("items.0.result"); result != "not_allowed" {
			t.Errorf("%s is %s", elsewhere, result)
		}
	}
	mixed := at(newAddress("eve"), strings.Replace(domain, "a", "\u0430", 1)) // Cyrillic among Latin letters
	owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": mixed}}}).want(http.StatusUnprocessableEntity)
	for _, ours := range []string{strings.ToUpper(domain), strings.ToUpper(bücher)} {
		if got := owner.inviting(t, org, "", "internal", at(newAddress("ada"), ours)); !slices.Equal(got, []string{"sent"}) {
			t.Errorf("%s is %v", ours, got)
		}
	}
	// A dot at the end of a domain is the root of the DNS, and no part of an address (RFC 5321 section 4.1.2).
	if dotted := owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": at(newAddress("dot"), domain+".")}}}); dotted.Status == http.StatusOK {
		if result := dotted.text("items.0.result"); result != "not_allowed" {
			t.Errorf("a domain with a dot at its end is %s", result)
		}
	}
}
