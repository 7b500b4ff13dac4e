package main

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inviting invites addresses as one kind, and gives what became of each: "sent", or "not_allowed domain".
func (c *caller) inviting(t *testing.T, org, workspace, kind string, addresses ...string) []string {
	t.Helper()
	people := []any{}
	for _, a := range addresses {
		people = append(people, map[string]any{"address": a, "kind": kind})
	}
	body := map[string]any{"people": people}
	if workspace != "" {
		body["workspace_id"] = workspace
	}
	out := []string{}
	for _, item := range c.post(t, "/v1/organizations/"+org+"/invitations", body).want(http.StatusOK).items() {
		result := item["result"].(string)
		if reason, ok := item["reason"].(string); ok {
			result += " " + reason
		}
		out = append(out, result)
	}
	return out
}

func organizationDomains(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	path := "/v1/organizations/" + org
	set := func(domains ...string) *reply {
		return owner.patch(t, path, map[string]any{"domains": append([]string{}, domains...)}, "If-Match: *")
	}
	set("company.example", "COMPANY.example", "exa mple.com", "user@company.example", "*.company.example", "localhost", "127.0.0.1", "c\u043empany.example", "").
		invalid("/domains/1 repeated", "/domains/2 domain", "/domains/3 domain", "/domains/4 domain", "/domains/5 domain", "/domains/6 domain", "/domains/7 domain", "/domains/8 domain")
	got := set("Company.Example", "BÜCHER.example").want(http.StatusOK).field("domains")
	if diff := cmp.Diff([]any{"company.example", "xn--bcher-kva.example"}, got); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
	address := newAddress("Doris Domain")
	addresses := []string{
		at(newAddress("d"), "company.example"), at(newAddress("d"), "COMPANY.example"), at(newAddress("d"), "bücher.example"), at(newAddress("d"), "xn--bcher-kva.example"),
		at(address, "mail.company.example"), at(address, "company.example.evil.org"), at(address, "notcompany.example"), at(address, "company.example.com"),
		at(address, "company-example.com"), at(address, "example"+".org"), at(address, "buecher.example"), at(address, "gmail.com"), at("company.example", "evil.org"),
	}
	want := []string{"sent", "sent", "sent", "sent"}
	for len(want) < len(addresses) {
		want = append(want, "not_allowed domain")
	}
	if diff := cmp.Diff(want, owner.inviting(t, org, "", "internal", addresses...)); diff != "" {
		t.Errorf("inviting %v (-want +got):\n%s", addresses, diff)
	}
	for _, refused := range addresses[4:] {
		if len(s.inbox.to(refused)) > 0 {
			t.Errorf("%s was written to", refused)
		}
	}
	// Others can be externals and guests.
	garden := owner.workspace(t, org, "Garden", false)
	if got := owner.inviting(t, org, garden, "external", newAddress("Xenia")); !cmp.Equal(got, []string{"sent"}) {
		t.Errorf("an external outside the domains is %v", got)
	}
	if got := owner.inviting(t, org, "", "guest", newAddress("Gero")); !cmp.Equal(got, []string{"sent"}) {
		t.Errorf("a guest outside the domains is %v", got)
	}
	set().want(http.StatusOK)
	if got := owner.inviting(t, org, "", "internal", newAddress("Anybody")); !cmp.Equal(got, []string{"sent"}) {
		t.Errorf("without domains an employee is %v", got)
	}
}

func organizationDomainDoors(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Company")
	path := "/v1/organizations/" + org
	garden := owner.workspace(t, org, "Garden", true)
	settled := owner.join(t, org, "", "internal", "Silke Settled")
	external := owner.join(t, org, garden, "external", "Xenia External")
	guest := owner.join(t, org, "", "guest", "Gero Guest")
	// Invited while anybody could become an employee, accepted when no longer.
	early := newAddress("Edda Early")
	token := owner.invite(t, org, "", "internal", early)
	colleague := s.registerAt(t, "Carl Colleague", at(newAddress("carl"), "company.example"))
	accepting := newAddress("Carl Other")
	other := owner.invite(t, org, "", "internal", accepting)
	owner.patch(t, path, map[string]any{"domains": []string{"company.example"}}, "If-Match: *").want(http.StatusOK)

	nobody := s.elsewhere()
	nobody.post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "Edda Early", "password": password}).refused(http.StatusConflict, "invitation.domain")
	nobody.post(t, "/v1/sessions", map[string]any{"address": early, "password": password}).refused(http.StatusUnauthorized, "sign_in.refused")
	// An account with an address in the domain does not make the address that was invited one of it.
	colleague.post(t, "/v1/invitations/accept", map[string]any{"token": other, "attach_address": true}).refused(http.StatusConflict, "invitation.domain")
	if got := colleague.organizations(t); len(got) > 0 {
		t.Errorf("a refused invitation made a member of %v", got)
	}
	if _, attached := colleague.addresses(t)[accepting]; attached {
		t.Error("a refused invitation attached its address")
	}
	// Nor do roles, nor a further invitation.
	for _, as := range []*caller{external, guest} {
		owner.put(t, path+"/members/"+as.account+"/roles", map[string]any{"roles": []string{"employee"}}, "If-Match: *").invalid("/roles/0 kind")
		if got := owner.inviting(t, org, "", "internal", as.address); !cmp.Equal(got, []string{"not_allowed domain"}) {
			t.Errorf("%s as an employee is %v", as.name, got)
		}
	}
	// Those who are employees stay; whoever has an address in the domain becomes one.
	settled.get(t, path).want(http.StatusOK)
	settled.task(t, org, garden, "Still here")
	token = owner.invite(t, org, "", "internal", colleague.address)
	colleague.post(t, "/v1/invitations/accept", tokenBody(token)).want(http.StatusOK)
	if got := owner.get(t, path+"/members/"+colleague.account).want(http.StatusOK).text("kind"); got != "internal" {
		t.Errorf("an address in the domain became %s", got)
	}
}
