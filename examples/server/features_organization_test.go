package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func organizationFeatures() []feature {
	return []feature{
		{"T4", []clause{
			{name: "create", run: organizationCreate},
			{name: "settings", run: organizationSettings},
			{name: "one_change_at_once", run: organizationConcurrent},
			{name: "domains", run: organizationDomains},
			{name: "domain_doors", run: organizationDomainDoors},
			{name: "one_per_address", run: organizationOnePerAddress},
			{name: "name_only", run: organizationNameOnly},
			{name: "look_alikes", run: organizationLookAlikes},
		}},
		{"T8", []clause{
			{name: "employee", run: invitationEmployee},
			{name: "external", run: invitationExternal},
			{name: "guest", run: invitationGuest},
			{name: "personal_member", run: invitationPersonalMember},
			{name: "many_at_once", run: invitationManyAtOnce},
			{name: "tells_nothing", run: invitationTellsNothing},
			{name: "existing_account", run: invitationExistingAccount},
			{name: "already_here", run: invitationAlreadyHere},
			{name: "another_address", run: invitationAnotherAddress},
			{name: "withdraw", run: invitationWithdraw},
			{name: "resend", run: invitationResend},
			{name: "expiry", run: invitationExpiry, alone: true},
			{name: "lapses", run: invitationLapses},
			{name: "link_answers", run: invitationLinkAnswers},
			{name: "twice_at_once", run: invitationTwiceAtOnce},
			{name: "who_may", run: invitationWhoMay},
			{name: "list", run: invitationList},
			{name: "thousand", run: invitationThousand, alone: true},
			{name: "look_lapses", run: invitationLookLapses},
			{name: "filters", run: invitationFilters},
			{name: "withdraw_by_grant", run: invitationWithdrawByGrant, alone: true},
			{name: "sign_in_page", run: invitationSignInPage},
		}},
	}
}

// at moves an address to another domain.
func at(address, domain string) string {
	local, _, _ := strings.Cut(address, "@")
	return local + "@" + domain
}

// together makes calls at the same moment and gives their answers.
func together(calls ...func() *reply) []*reply {
	replies := make([]*reply, len(calls))
	start, done := make(chan struct{}), make(chan struct{})
	for i, call := range calls {
		go func() {
			<-start
			replies[i] = call()
			done <- struct{}{}
		}()
	}
	close(start)
	for range calls {
		<-done
	}
	return replies
}

// byStatus counts answers by their status.
func byStatus(replies []*reply) map[int]int {
	out := map[int]int{}
	for _, r := range replies {
		out[r.Status]++
	}
	return out
}

func organizationCreate(t *testing.T, s *stack) {
	c, stranger := s.register(t, "Frida Founder"), s.register(t, "Sven Stranger")
	create := func(body map[string]any, header ...string) *reply {
		return c.post(t, "/v1/organizations", body, header...)
	}
	create(map[string]any{"kind": "organization", "name": "two\nlines", "domains": []string{"nodot", "fine.example", "fine.example", "user@fine.example", "*.fine.example"},
		"language": "not a tag", "time_zone": "Mars/Olympus", "invite": []string{newAddress("Nobody")}}).
		invalid("/name line", "/domains/0 domain", "/domains/2 repeated", "/domains/3 domain", "/domains/4 domain", "/language language", "/time_zone time_zone", "/invite personal")
	create(map[string]any{"kind": "enterprise", "name": strings.Repeat("x", 101), "domains": make([]string, 21)}).
		invalid("/kind one_of", "/name too_long", "/domains too_many")
	create(map[string]any{"kind": "organization", "name": "Fine", "owner": c.account}).invalid("/owner unknown")
	if got := c.organizations(t); len(got) > 0 {
		t.Fatalf("a refused organization exists: %v", got)
	}

	body := map[string]any{"kind": "organization", "name": " Frida's Fine Foods ", "domains": []string{"Fine.Example"}, "language": "de", "time_zone": "Europe/Berlin"}
	r := create(body, "Idempotency-Key: found-once").want(http.StatusCreated)
	id := r.text("id")
	if r.Header.Get("Location") != "/v1/organizations/"+id || r.Header.Get("ETag") == "" {
		t.Errorf("Location %q, ETag %q", r.Header.Get("Location"), r.Header.Get("ETag"))
	}
	if got := create(body, "Idempotency-Key: found-once").want(http.StatusCreated).text("id"); got != id {
		t.Errorf("a repeated call founded another organization: %s", got)
	}
	read := c.get(t, "/v1/organizations/"+id).want(http.StatusOK)
	if diff := cmp.Diff(string(r.Body), string(read.Body)); diff != "" {
		t.Errorf("what was made (-) reads as (+):\n%s", diff)
	}
	if read.text("name") != "Frida's Fine Foods" || read.text("domains.0") != "fine.example" || read.text("language") != "de" || read.text("time_zone") != "Europe/Berlin" ||
		read.text("created_by") != c.account || read.field("employees_invite") != false {
		t.Errorf("the organization is %s", read.Body)
	}
	member := c.get(t, "/v1/organizations/"+id+"/members/"+c.account).want(http.StatusOK)
	if !cmp.Equal(member.field("roles"), []any{"owner"}) || member.text("kind") != "internal" || member.text("address") != c.address {
		t.Errorf("the founder is %s", member.Body)
	}
	same(t, "an organization of others", stranger.get(t, "/v1/organizations/"+forgedID()), stranger.get(t, "/v1/organizations/"+id), stranger.get(t, "/v1/organizations/nonsense"),
		stranger.patch(t, "/v1/organizations/"+id, map[string]any{"name": "Mine"}, "If-Match: *"))
	s.anonymous().get(t, "/v1/organizations/"+id).refused(http.StatusUnauthorized, "unauthenticated")
	if got := stranger.organizations(t); len(got) > 0 {
		t.Errorf("a stranger belongs to %v", got)
	}
}

func organizationSettings(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Settings")
	path := "/v1/organizations/" + org
	garden := owner.workspace(t, org, "Garden", true)
	administrator := owner.join(t, org, "", "internal", "Ada Administrator")
	owner.roles(t, org, administrator.account, "administrator")
	manager := owner.join(t, org, "", "internal", "Malte Manager")
	owner.roles(t, org, manager.account, "access_manager")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	external := owner.join(t, org, garden, "external", "Xenia External")
	guest := owner.join(t, org, "", "guest", "Gero Guest")
	stranger := s.register(t, "Sven Stranger")

	before := owner.get(t, path).want(http.StatusOK)
	tag := before.Header.Get("ETag")
	change := map[string]any{"name": "Better Settings", "domains": []string{"b.example", "a.example"}, "employees_invite": true, "language": "fr", "time_zone": "Asia/Kolkata"}
	owner.patch(t, path, change).refused(http.StatusPreconditionRequired, "if_match.required")
	after := owner.patch(t, path, change, "If-Match: "+tag).want(http.StatusOK)
	if after.text("name") != "Better Settings" || !cmp.Equal(after.field("domains"), []any{"b.example", "a.example"}) || after.field("employees_invite") != true ||
		after.text("language") != "fr" || after.text("time_zone") != "Asia/Kolkata" {
		t.Errorf("the changed organization is %s", after.Body)
	}
	if before.field("version").(float64)+1 != after.field("version").(float64) || after.Header.Get("ETag") == tag {
		t.Errorf("the version went from %v to %v, the ETag from %s to %s", before.field("version"), after.field("version"), tag, after.Header.Get("ETag"))
	}
	owner.patch(t, path, map[string]any{"name": "Too late"}, "If-Match: "+tag).refused(http.StatusPreconditionFailed, "version")
	owner.patch(t, path, map[string]any{"name": "Weak"}, `If-Match: W/"2"`).refused(http.StatusPreconditionFailed, "version")
	owner.patch(t, path, map[string]any{"name": "Bare"}, "If-Match: 2").invalid("/If-Match format")
	owner.patch(t, path, map[string]any{"name": " ", "domains": []string{"-"}, "language": "not a tag", "time_zone": "x"}, "If-Match: *").
		invalid("/name required", "/domains/0 domain", "/language language", "/time_zone time_zone")
	owner.patch(t, path, map[string]any{}, "If-Match: *").invalid(" required")
	owner.patch(t, path, map[string]any{"kind": "personal", "created_by": stranger.account, "policy_version": 9}, "If-Match: *").
		invalid("/kind unknown", "/created_by unknown", "/policy_version unknown")

	small := map[string]any{"language": "es"}
	for who, as := range map[string]*caller{"access manager": manager, "employee": employee, "guest": guest} {
		if r := as.patch(t, path, small, "If-Match: *"); r.Status != http.StatusForbidden {
			t.Errorf("%s is answered %d %s", who, r.Status, r.Body)
		}
	}
	hidden := stranger.patch(t, "/v1/organizations/"+forgedID(), small, "If-Match: *")
	hidden.refused(http.StatusNotFound, "not_found")
	same(t, "settings of others", hidden, stranger.patch(t, path, small, "If-Match: *"), external.patch(t, path, small, "If-Match: *"))
	if got := employee.get(t, path).want(http.StatusOK); !cmp.Equal(string(got.Body), string(after.Body)) {
		t.Errorf("an employee reads %s, want what the owner set: %s", got.Body, after.Body)
	}
	administrator.patch(t, path, small, "If-Match: "+after.Header.Get("ETag")).want(http.StatusOK)
	if got := owner.get(t, path).want(http.StatusOK); got.text("language") != "es" || got.text("name") != "Better Settings" {
		t.Errorf("a change of one field leaves %s", got.Body)
	}
}

func organizationConcurrent(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	path := "/v1/organizations/" + owner.found(t, "Busy")
	tag := owner.get(t, path).Header.Get("ETag")
	var calls []func() *reply
	for _, name := range []string{"One", "Two", "Three", "Four", "Five", "Six"} {
		calls = append(calls, func() *reply { return owner.patch(t, path, map[string]any{"name": name}, "If-Match: "+tag) })
	}
	if diff := cmp.Diff(map[int]int{http.StatusOK: 1, http.StatusPreconditionFailed: 5}, byStatus(together(calls...))); diff != "" {
		t.Errorf("six changes of one version at once (-want +got):\n%s", diff)
	}
}

func organizationOnePerAddress(t *testing.T, s *stack) {
	c := s.registerAt(t, "Ole Once", personalAddress("Ole Once"))
	second := newAddress("Ole Second")
	create := func(kind, name, address string) *reply {
		body := map[string]any{"kind": kind, "name": name}
		if address != "" {
			body["address"] = address
		}
		return c.post(t, "/v1/organizations", body)
	}
	var calls []func() *reply
	for range 5 {
		calls = append(calls, func() *reply { return create("organization", "First", "") })
	}
	replies := together(calls...)
	if diff := cmp.Diff(map[int]int{http.StatusCreated: 1, http.StatusConflict: 4}, byStatus(replies)); diff != "" {
		t.Errorf("founding five at once (-want +got):\n%s", diff)
	}
	create("organization", "Again", "").refused(http.StatusConflict, "tenancy.owns_already")
	create("organization", "Again", strings.ToUpper(c.address)).refused(http.StatusConflict, "tenancy.owns_already")
	create("personal", "Mine", "").want(http.StatusCreated)
	create("personal", "Mine again", "").refused(http.StatusConflict, "tenancy.owns_already")
	// Another address founds another; only a confirmed one of one's own counts.
	create("organization", "Second", second).invalid("/address not_found")
	c.post(t, "/v1/me/addresses", map[string]any{"address": second}).want(http.StatusOK)
	create("organization", "Second", second).invalid("/address not_found")
	s.anonymous().post(t, "/v1/accounts/confirm", confirmation(s.inbox.wait(t, second, 1).token(t))).want(http.StatusOK)
	create("organization", "Second", second).want(http.StatusCreated)
	stranger := s.register(t, "Sven Stranger")
	create("organization", "Foreign", stranger.address).invalid("/address not_found")
	// An owning address stays, and one may belong to any number of others.
	c.post(t, "/v1/me/addresses/remove", map[string]any{"address": second}).refused(http.StatusConflict, "address.in_use")
	for _, kind := range []string{"internal", "guest"} {
		owner := s.register(t, "Olga Owner")
		token := owner.invite(t, owner.found(t, "Further"), "", kind, c.address)
		c.post(t, "/v1/invitations/accept", tokenBody(token)).want(http.StatusOK)
	}
	if got := c.organizations(t); len(got) != 5 {
		t.Errorf("the tenants are %v, want three owned and two others", got)
	}
}

func organizationNameOnly(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Secretive")
	path := "/v1/organizations/" + org
	owner.patch(t, path, map[string]any{"domains": []string{"people.example", "secret.example"}, "time_zone": "Asia/Tokyo"}, "If-Match: *").want(http.StatusOK)
	garden := owner.workspace(t, org, "Garden", true)
	shed := owner.workspace(t, org, "Shed", true)
	guest := owner.join(t, org, garden, "guest", "Gero Guest")
	external := owner.join(t, org, garden, "external", "Xenia External")
	stranger := s.register(t, "Sven Stranger")

	r := guest.get(t, path).want(http.StatusOK)
	if r.text("name") != "Secretive" || r.field("limited") != true {
		t.Errorf("a guest reads %s", r.Body)
	}
	for _, secret := range []string{"secret.example", "Tokyo", owner.account} {
		if strings.Contains(string(r.Body), secret) {
			t.Errorf("a guest reads %q: %s", secret, r.Body)
		}
	}
	same(t, "an organization of which one has only a workspace", stranger.get(t, path), external.get(t, path))
	for _, as := range []*caller{guest, external} {
		if got := as.get(t, path+"/workspaces").want(http.StatusOK).column("id"); !cmp.Equal(got, []string{garden}) {
			t.Errorf("%s sees the workspaces %v, want only %s", as.name, got, garden)
		}
		same(t, "a workspace that is not theirs", as.get(t, path+"/workspaces/"+forgedID()), as.get(t, path+"/workspaces/"+shed))
		names := as.get(t, path+"/members").want(http.StatusOK).column("name")
		slices.Sort(names)
		if want := []string{guest.name, owner.name, external.name}; !cmp.Equal(names, want) {
			t.Errorf("%s sees %v, want whom they share a workspace with: %v", as.name, names, want)
		}
		as.get(t, path+"/policy").refused(http.StatusForbidden, "forbidden")
		as.post(t, path+"/workspaces", map[string]any{"name": "Mine"}).refused(http.StatusForbidden, "forbidden")
	}
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	same(t, "a member one shares nothing with", guest.get(t, path+"/members/"+forgedID()), guest.get(t, path+"/members/"+employee.account))
}
