package main

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// makeSupport makes the caller platform support, by the program's own command beside the one that runs.
func (c *caller) makeSupport(t *testing.T) {
	t.Helper()
	command := c.stack.command("-make-support", c.address)
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), c.address+" is platform support now.") {
		t.Fatalf("-make-support: %v\n%s", err, out)
	}
}

// invitation is an invitation's path and the token of its link.
func (c *caller) invitation(t *testing.T, org, workspace, kind, address string) (path, token string) {
	t.Helper()
	token = c.invite(t, org, workspace, kind, address)
	for _, item := range c.get(t, "/v1/organizations/"+org+"/invitations?limit=100").want(http.StatusOK).items() {
		if item["address"] == address && item["kind"] == kind {
			return "/v1/organizations/" + org + "/invitations/" + item["id"].(string), token
		}
	}
	t.Fatalf("the invitation of %s is not listed", address)
	return "", ""
}

// states are the states of an organization's invitations by address.
func (c *caller) states(t *testing.T, org string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, item := range c.get(t, "/v1/organizations/"+org+"/invitations?limit=100").want(http.StatusOK).items() {
		out[item["address"].(string)] = item["state"].(string)
	}
	return out
}

// dead asserts that a link answers like one that never was, wherever it is used.
func (s *stack) dead(t *testing.T, what, token string) {
	t.Helper()
	nobody := s.elsewhere()
	look := func(token string) *reply { return nobody.post(t, "/v1/invitations/look", tokenBody(token)) }
	accept := func(token string) *reply { return nobody.post(t, acceptPath, accepting(token, "Somebody")) }
	for _, use := range []func(string) *reply{look, accept} {
		unknown := use(forgedToken())
		unknown.refused(http.StatusNotFound, "tenancy.link")
		same(t, what, unknown, use(token))
	}
}

func invitationWithdraw(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Withdrawing")
	garden := owner.workspace(t, org, "Garden", true)
	cellar := owner.workspace(t, org, "Cellar", false)
	administrator := owner.join(t, org, "", "internal", "Ada Administrator")
	owner.roles(t, org, administrator.account, "administrator")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	external := owner.join(t, org, garden, "external", "Xenia External")
	stranger, support := s.register(t, "Sven Stranger"), s.register(t, "Susi Support")
	address := newAddress("Willi Withdrawn")
	path, token := owner.invitation(t, org, "", "internal", address)

	// Nobody in the organization can take one back, not even who sent it.
	unknown := "/v1/organizations/" + org + "/invitations/" + forgedID()
	for _, as := range []*caller{owner, administrator} {
		as.delete(t, path).refused(http.StatusForbidden, "forbidden")
		as.delete(t, unknown).refused(http.StatusNotFound, "not_found")
	}
	hidden := stranger.delete(t, unknown)
	hidden.refused(http.StatusNotFound, "not_found")
	same(t, "an invitation one may not know of", hidden, employee.delete(t, path), external.delete(t, path), stranger.delete(t, path), support.delete(t, path), support.delete(t, unknown))
	s.anonymous().delete(t, path).refused(http.StatusUnauthorized, "unauthenticated")
	s.anonymous().post(t, "/v1/invitations/look", tokenBody(token)).want(http.StatusOK)

	support.makeSupport(t)
	same(t, "an invitation there is not", hidden, support.delete(t, unknown), support.delete(t, strings.Replace(path, org, forgedID(), 1)))
	before := len(s.inbox.to(address))
	support.delete(t, path).want(http.StatusNoContent)
	s.dead(t, "a withdrawn link", token)
	support.delete(t, path).refused(http.StatusConflict, "invitation.ended")
	owner.post(t, path+"/resend", nil).refused(http.StatusConflict, "invitation.ended")
	if got := owner.states(t, org)[address]; got != "withdrawn" {
		t.Errorf("the invitation is %s", got)
	}
	// One into a private workspace too, though support never sees the workspace.
	private, second := owner.invitation(t, org, cellar, "external", newAddress("Priska Private"))
	support.delete(t, private).want(http.StatusNoContent)
	s.dead(t, "a withdrawn link", second)
	support.get(t, "/v1/organizations/"+org+"/workspaces/"+cellar).refused(http.StatusNotFound, "not_found")
	// It happens silently: of what is sent afterwards the first thing arrives, and nothing else has.
	third := owner.invite(t, org, "", "internal", address)
	if got := len(s.inbox.to(address)); got != before+1 {
		t.Errorf("%d letters came, want the new invitation only", got-before)
	}
	if mails := owner.get(t, "/v1/organizations/"+org+"/deliveries").want(http.StatusOK).column("template"); strings.Contains(strings.Join(mails, " "), "withdraw") {
		t.Errorf("somebody was told: %v", mails)
	}
	s.anonymous().post(t, acceptPath, accepting(third, "Willi Again")).want(http.StatusOK)
	// Of the organization support knows the name, and nobody in it.
	if got := support.get(t, "/v1/organizations/"+org).want(http.StatusOK); got.field("limited") != true || got.text("name") != "Withdrawing" {
		t.Errorf("support reads %s", got.Body)
	}
	support.get(t, "/v1/organizations/"+org+"/members").refused(http.StatusForbidden, "forbidden")
	support.get(t, "/v1/organizations/"+org+"/invitations").refused(http.StatusForbidden, "forbidden")

	missing := s.command("-make-support", newAddress("Nobody"))
	var exit *exec.ExitError
	if out, err := missing.CombinedOutput(); err == nil {
		t.Errorf("an address nobody has was made support: %s", out)
	} else if exit, _ = err.(*exec.ExitError); exit == nil || exit.ExitCode() != 1 {
		t.Errorf("-make-support with an unknown address: %v\n%s", err, out)
	}
}

func invitationResend(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Again")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	stranger := s.register(t, "Sven Stranger")
	address := newAddress("Resi Resend")
	path, first := owner.invitation(t, org, "", "guest", address)
	hidden := stranger.post(t, path[:strings.LastIndex(path, "/")+1]+forgedID()+"/resend", nil)
	hidden.refused(http.StatusNotFound, "not_found")
	same(t, "an invitation one may not know of", hidden, stranger.post(t, path+"/resend", nil), employee.post(t, path+"/resend", nil))
	owner.post(t, path+"/resend", nil).want(http.StatusOK)
	second := s.inbox.wait(t, address, 2).token(t)
	s.dead(t, "a link that was replaced", first)
	// To invite once more is the same: one invitation, the newest link.
	if got := owner.inviting(t, org, "", "guest", address); !cmp.Equal(got, []string{"sent"}) {
		t.Errorf("inviting again is %v", got)
	}
	third := s.inbox.wait(t, address, 3).token(t)
	s.dead(t, "a link that was replaced", second)
	if got := owner.get(t, "/v1/organizations/"+org+"/invitations?state=pending").want(http.StatusOK).items(); len(got) != 1 {
		t.Errorf("%d invitations are pending, want one: %v", len(got), got)
	}
	// Nobody is flooded: five a day to one address.
	owner.post(t, path+"/resend", nil).want(http.StatusOK)
	s.inbox.wait(t, address, 4) // a mail whose link was replaced before it went out is not sent
	owner.post(t, path+"/resend", nil).want(http.StatusOK)
	owner.post(t, path+"/resend", nil).refused(http.StatusTooManyRequests, "rate.attempts")
	if got := owner.inviting(t, org, "", "guest", address); !cmp.Equal(got, []string{"not_allowed too_often"}) {
		t.Errorf("the sixth invitation is %v", got)
	}
	s.dead(t, "a link that was replaced", third)
	last := s.inbox.wait(t, address, 5).token(t)
	s.anonymous().post(t, acceptPath, accepting(last, "Resi Resend")).want(http.StatusOK)
	owner.post(t, path+"/resend", nil).refused(http.StatusConflict, "invitation.ended")
}

func invitationExpiry(t *testing.T, s *stack) {
	s.start(t)
	const day = 24 * time.Hour
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Patient")
	late, timely := newAddress("Lena Late"), newAddress("Timo Timely")
	path, lateToken := owner.invitation(t, org, "", "internal", late)
	_, timelyToken := owner.invitation(t, org, "", "internal", timely)
	s.advance(t, 14*day-time.Hour)
	s.anonymous().post(t, acceptPath, accepting(timelyToken, "Timo Timely")).want(http.StatusOK)
	if got := owner.states(t, org); got[late] != "pending" || got[timely] != "accepted" {
		t.Errorf("after not quite a fortnight the invitations are %v", got)
	}
	s.advance(t, 2*time.Hour)
	s.dead(t, "an expired link", lateToken)
	if got := owner.states(t, org)[late]; got != "expired" {
		t.Errorf("after a fortnight the invitation is %s", got)
	}
	for state, want := range map[string]string{"expired": late, "accepted": timely} {
		if got := owner.get(t, "/v1/organizations/"+org+"/invitations?state="+state).want(http.StatusOK).column("address"); !cmp.Equal(got, []string{want}) {
			t.Errorf("the %s invitations are %v, want %s", state, got, want)
		}
	}
	r := owner.post(t, path+"/resend", nil).want(http.StatusOK)
	if r.text("state") != "pending" {
		t.Errorf("sent again it is %s", r.Body)
	}
	s.advance(t, 13*day)
	s.dead(t, "the expired link of an invitation that was sent again", lateToken)
	s.anonymous().post(t, acceptPath, accepting(s.inbox.wait(t, late, 2).token(t), "Lena Late")).want(http.StatusOK)
}

func invitationLapses(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Lapsing")
	path := "/v1/organizations/" + org
	garden := owner.workspace(t, org, "Garden", true)
	setting := func(may bool) {
		owner.patch(t, path, map[string]any{"employees_invite": may}, "If-Match: *").want(http.StatusOK)
	}
	remove := func(c *caller) {
		owner.delete(t, path+"/members/"+c.account).want(http.StatusNoContent)
	}
	setting(true)
	demoted := owner.join(t, org, "", "internal", "Demian Demoted")
	owner.roles(t, org, demoted.account, "access_manager")
	gone := owner.join(t, org, "", "internal", "Gitta Gone")
	gardener := owner.join(t, org, "", "internal", "Gerda Gardener")
	owner.inviting(t, org, garden, "external", gardener.address)

	addresses := map[string]string{}
	tokens := map[string]string{}
	for what, invite := range map[string]struct {
		by              *caller
		workspace, kind string
	}{
		"a setting taken back":    {gardener, "", "internal"},
		"a role taken away":       {demoted, "", "guest"},
		"a membership ended":      {gone, "", "internal"},
		"a workspace left":        {gardener, garden, "external"},
		"a right that never went": {owner, "", "internal"},
	} {
		addresses[what] = newAddress("Ivo Invited")
		tokens[what] = invite.by.invite(t, org, invite.workspace, invite.kind, addresses[what])
	}
	setting(false)
	owner.roles(t, org, demoted.account, "employee")
	remove(gone)
	owner.delete(t, path+"/workspaces/"+garden+"/members/"+gardener.account).want(http.StatusNoContent)
	for what, token := range tokens {
		if what == "a right that never went" {
			s.anonymous().post(t, acceptPath, accepting(token, "Ivo Invited")).want(http.StatusOK)
			continue
		}
		s.dead(t, what, token)
	}
	for what, address := range addresses {
		want := "lapsed"
		if what == "a right that never went" {
			want = "accepted"
		}
		if got := owner.states(t, org)[address]; got != want {
			t.Errorf("after %s the invitation is %s, want %s", what, got, want)
		}
	}
	if got := owner.get(t, path+"/members?q=ivo").want(http.StatusOK).items(); len(got) != 1 {
		t.Errorf("lapsed invitations made members: %v", got)
	}
	// Once lapsed it stays so, though the right may come back.
	setting(true)
	s.dead(t, "a lapsed link", tokens["a setting taken back"])
}

func invitationLinkAnswers(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Links")
	address := newAddress("Udo Used")
	used := owner.invite(t, org, "", "internal", address)
	s.anonymous().post(t, acceptPath, accepting(used, "Udo Used")).want(http.StatusOK)
	s.dead(t, "a used link", used)
	// Also to who used it.
	udo := s.signIn(t, "Udo Used", address)
	same(t, "a used link and a forged one", udo.post(t, acceptPath, tokenBody(forgedToken())), udo.post(t, acceptPath, tokenBody(used)))
	living := owner.invite(t, org, "", "guest", newAddress("Lia Living"))
	for what, token := range map[string]string{
		"a link with its end cut": living[:len(living)-1], "a link with something behind": living + "A", "a link in other letters": strings.ToLower(living), "nothing of a link": "-",
	} {
		s.dead(t, what, token)
	}
	// Links of another purpose do not open it.
	nobody, fresh := s.elsewhere(), newAddress("Fred Fresh")
	nobody.post(t, "/v1/accounts", registration(fresh, password, "Fred Fresh")).want(http.StatusAccepted)
	confirm := s.inbox.wait(t, fresh, 1).token(t)
	s.dead(t, "a link to confirm", confirm)
	nobody.post(t, "/v1/accounts/confirm", confirmation(confirm)).want(http.StatusOK)
	nobody.post(t, acceptPath, accepting(living, "Lia Living")).want(http.StatusOK)
	// The token is taken from the body only, where no log sees it.
	nobody.post(t, acceptPath+"?token="+living, map[string]any{}).invalid("/token unknown", "/token required")
}

func invitationTwiceAtOnce(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Race")
	path := "/v1/organizations/" + org
	garden, cellar := owner.workspace(t, org, "Garden", true), owner.workspace(t, org, "Cellar", false)
	once := map[int]int{http.StatusOK: 1, http.StatusNotFound: 4}
	// An account that exists.
	known := s.register(t, "Kira Known")
	token := owner.invite(t, org, "", "internal", known.address)
	var calls []func() *reply
	for range 5 {
		calls = append(calls, func() *reply { return known.post(t, acceptPath, tokenBody(token)) })
	}
	if diff := cmp.Diff(once, byStatus(together(calls...))); diff != "" {
		t.Errorf("accepting five times at once (-want +got):\n%s", diff)
	}
	// One that is made by it.
	fresh := newAddress("Frida Fresh")
	token = owner.invite(t, org, "", "internal", fresh)
	calls = nil
	for range 5 {
		calls = append(calls, func() *reply { return s.anonymous().post(t, acceptPath, accepting(token, "Frida Fresh")) })
	}
	replies := together(calls...)
	got := byStatus(replies)
	if got[http.StatusOK] != 1 || got[http.StatusNotFound]+got[http.StatusConflict] != 4 {
		t.Errorf("accepting five times at once without account: %v", got)
	}
	s.signIn(t, "Frida Fresh", fresh)
	// Different invitations of one person at the same moment.
	both := s.register(t, "Bea Both")
	tokens := []string{owner.invite(t, org, garden, "external", both.address), owner.invite(t, org, cellar, "external", both.address), owner.invite(t, org, "", "internal", both.address)}
	calls = nil
	for _, token := range tokens {
		calls = append(calls, func() *reply { return both.post(t, acceptPath, tokenBody(token)) })
	}
	if diff := cmp.Diff(map[int]int{http.StatusOK: 3}, byStatus(together(calls...))); diff != "" {
		t.Errorf("accepting three invitations at once (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{both.name, "Frida Fresh", known.name, owner.name}, owner.get(t, path+"/members").want(http.StatusOK).column("name")); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if got := owner.get(t, path+"/members/"+both.account).want(http.StatusOK).text("kind"); got != "internal" {
		t.Errorf("who accepted three invitations is %s", got)
	}
	for _, workspace := range []string{garden, cellar} {
		both.get(t, path+"/workspaces/"+workspace).want(http.StatusOK)
	}
}
