package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func invitationExistingAccount(t *testing.T, s *stack) {
	owner, known, other := s.register(t, "Olga Owner"), s.register(t, "Kira Known"), s.register(t, "Otto Other")
	own := known.found(t, "Kira's own")
	org := owner.found(t, "Further")
	token := owner.invite(t, org, "", "internal", strings.ToUpper(known.address))
	if view := s.anonymous().post(t, "/v1/invitations/look", tokenBody(token)).want(http.StatusOK); view.field("has_account") != true {
		t.Errorf("the invitation looks like %s", view.Body)
	}
	// Without signing in it makes no second account, under another account it joins nobody.
	s.elsewhere().post(t, acceptPath, accepting(token, "Kira Twice")).refused(http.StatusConflict, "invitation.sign_in")
	other.post(t, acceptPath, tokenBody(token)).refused(http.StatusConflict, "invitation.sign_in_as")
	other.post(t, acceptPath, map[string]any{"token": token, "attach_address": true}).refused(http.StatusConflict, "invitation.sign_in_as")
	s.anonymous().post(t, acceptPath, tokenBody(token), "Authorization: Bearer "+forgedToken()).refused(http.StatusConflict, "invitation.sign_in")
	s.anonymous().post(t, acceptPath, tokenBody(token), "Authorization: Basic "+forgedToken()).refused(http.StatusUnauthorized, "unauthenticated")
	_, cookie := known.browse(t)
	s.anonymous().post(t, acceptPath, tokenBody(token), cookie, "Origin: https://evil.example").refused(http.StatusForbidden, "cross_site")
	r := known.post(t, acceptPath, tokenBody(token)).want(http.StatusOK)
	if r.text("account_id") != known.account || r.field("session") != nil || len(r.Header.Values("Set-Cookie")) > 0 {
		t.Errorf("the answer is %s", r.Body)
	}
	if got := known.organizations(t); len(got) != 2 {
		t.Errorf("the tenants are %v, want %s and %s", got, own, org)
	}
	s.signIn(t, known.name, known.address) // with the password it had
	if got := other.organizations(t); len(got) > 0 {
		t.Errorf("another account belongs to %v", got)
	}
}

func invitationAlreadyHere(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Here")
	path := "/v1/organizations/" + org
	cellar := owner.workspace(t, org, "Cellar", false)
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	guest := owner.join(t, org, "", "guest", "Gero Guest")
	if got := owner.inviting(t, org, "", "guest", employee.address, guest.address); !cmp.Equal(got, []string{"already_here", "already_here"}) {
		t.Errorf("members as guests are %v", got)
	}
	// Into a workspace a member is put at once, and told; nobody becomes less by it.
	employee.get(t, path+"/workspaces/"+cellar).refused(http.StatusNotFound, "not_found")
	if got := owner.inviting(t, org, cellar, "external", employee.address); !cmp.Equal(got, []string{"added"}) {
		t.Errorf("an employee invited to a workspace is %v", got)
	}
	employee.get(t, path+"/workspaces/"+cellar).want(http.StatusOK)
	s.inbox.last(t, employee.address, "added you to the workspace “Cellar”")
	if got := owner.inviting(t, org, cellar, "external", employee.address); !cmp.Equal(got, []string{"already_here"}) {
		t.Errorf("once more it is %v", got)
	}
	kind := func(as *caller) string {
		return owner.get(t, path+"/members/"+as.account).want(http.StatusOK).text("kind")
	}
	if got := kind(employee); got != "internal" {
		t.Errorf("an invitation made an employee %s", got)
	}
	// A guest may become an employee, by accepting.
	token := owner.invite(t, org, "", "internal", guest.address)
	if got := kind(guest); got != "guest" {
		t.Errorf("before accepting the guest is %s", got)
	}
	guest.post(t, acceptPath, tokenBody(token)).want(http.StatusOK)
	if got := kind(guest); got != "internal" {
		t.Errorf("after accepting the guest is %s", got)
	}
	guest.workspace(t, org, "Gero's", true)
	// Who was removed may come again, by a new link only.
	owner.delete(t, path+"/members/"+guest.account).want(http.StatusNoContent)
	guest = guest.signedInAgain(t) // an employee's sessions ended
	same(t, "the link of who was removed", guest.post(t, acceptPath, tokenBody(forgedToken())), guest.post(t, acceptPath, tokenBody(token)))
	same(t, "an organization one was removed from", guest.get(t, "/v1/organizations/"+forgedID()), guest.get(t, path))
	guest.post(t, acceptPath, tokenBody(owner.invite(t, org, "", "guest", guest.address))).want(http.StatusOK)
	if got := kind(guest); got != "guest" {
		t.Errorf("who came again as a guest is %s", got)
	}
	// A link accepted late makes nobody less.
	late := newAddress("Lola Late")
	small, large := owner.invite(t, org, cellar, "external", late), owner.invite(t, org, "", "internal", late)
	s.anonymous().post(t, acceptPath, accepting(large, "Lola Late")).want(http.StatusOK)
	lola := s.signIn(t, "Lola Late", late)
	lola.post(t, acceptPath, tokenBody(small)).want(http.StatusOK)
	if got := kind(lola); got != "internal" {
		t.Errorf("a late link made an employee %s", got)
	}
	lola.get(t, path+"/workspaces/"+cellar).want(http.StatusOK)
}

func invitationAnotherAddress(t *testing.T, s *stack) {
	owner, c := s.register(t, "Olga Owner"), s.register(t, "Ada Another")
	org := owner.found(t, "Another")
	invited := newAddress("Ada Invited")
	token := owner.invite(t, org, "", "internal", invited)
	c.post(t, acceptPath, tokenBody(token)).refused(http.StatusConflict, "invitation.other_address")
	if got := c.organizations(t); len(got) > 0 {
		t.Errorf("a refused invitation made a member of %v", got)
	}
	c.post(t, acceptPath, map[string]any{"token": token, "attach_address": true}).want(http.StatusOK)
	if diff := cmp.Diff(map[string]string{c.address: "primary", invited: "confirmed"}, c.addresses(t)); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	member := owner.get(t, "/v1/organizations/"+org+"/members/"+c.account).want(http.StatusOK)
	if member.text("address") != invited || strings.Contains(string(member.Body), c.address) {
		t.Errorf("the organization is told %s, want only the address it invited", member.Body)
	}
	if got := s.signIn(t, c.name, invited).account; got != c.account {
		t.Errorf("the attached address signs in %s", got)
	}
	// One that was claimed before needs no saying so: the link proves it.
	claimed := newAddress("Ada Claimed")
	c.post(t, "/v1/me/addresses", map[string]any{"address": claimed}).want(http.StatusOK)
	other := s.register(t, "Olaf Owner")
	second := other.found(t, "Second")
	token = other.invite(t, second, "", "guest", claimed)
	c.post(t, acceptPath, tokenBody(token)).want(http.StatusOK)
	if got := c.addresses(t)[claimed]; got != "confirmed" {
		t.Errorf("the claimed address is %s", got)
	}
}
