package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

const acceptPath = "/v1/invitations/accept"

// accepting is the body that accepts an invitation and makes an account.
func accepting(token, name string) map[string]any {
	return map[string]any{"token": token, "name": name, "password": password}
}

func invitationEmployee(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Employer")
	address := newAddress("Emma Employee")
	invite := func(people ...any) *reply {
		return owner.post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": people})
	}
	r := invite(map[string]any{"address": address, "language": "de"}).want(http.StatusOK)
	if len(r.items()) != 1 || r.text("items.0.result") != "sent" || r.text("items.0.address") != address {
		t.Errorf("the answer is %s", r.Body)
	}
	mail := s.inbox.last(t, address, "/invitation?token=")
	if mail.Subject != "Olga Owner invites you to Employer" || !strings.Contains(mail.Text, s.base+"/invitation?token=") {
		t.Errorf("the mail is %q\n%s", mail.Subject, mail.Text)
	}
	token, nobody := mail.token(t), s.elsewhere()
	view := nobody.post(t, "/v1/invitations/look", tokenBody(token)).want(http.StatusOK)
	if view.text("organization") != "Employer" || view.text("inviter") != "Olga Owner" || view.text("kind") != "internal" || view.field("has_account") != false {
		t.Errorf("the invitation looks like %s", view.Body)
	}
	if strings.Contains(string(view.Body), address) {
		t.Errorf("who holds a forwarded link reads the whole address: %s", view.Body)
	}
	// What is wrong is said, and the link works on.
	nobody.post(t, acceptPath, tokenBody(token)).invalid("/name required", "/password too_short")
	nobody.post(t, acceptPath, map[string]any{"token": token, "name": "two\nlines", "password": "password1", "language": "not a tag", "time_zone": "x", "label": "a\nb"}).
		invalid("/name line", "/password common", "/language language", "/time_zone time_zone", "/label line")
	accepted := nobody.post(t, acceptPath, accepting(token, "Emma Employee")).want(http.StatusOK)
	if accepted.text("organization_id") != org {
		t.Errorf("the answer is %s", accepted.Body)
	}
	emma := s.signIn(t, "Emma Employee", address)
	if got := emma.get(t, "/v1/me").text("language"); got != "de" {
		t.Errorf("the new account's language is %q, want the invitation's", got)
	}
	member := owner.get(t, "/v1/organizations/"+org+"/members/"+emma.account).want(http.StatusOK)
	if member.text("kind") != "internal" || !cmp.Equal(member.field("roles"), []any{"employee"}) {
		t.Errorf("the member is %s", member.Body)
	}
	emma.workspace(t, org, "Emma's", true)

	// A call that is repeated because its answer was lost invites once.
	once := newAddress("Otto Once")
	people := map[string]any{"people": []any{map[string]any{"address": once}}}
	for range 3 {
		owner.post(t, "/v1/organizations/"+org+"/invitations", people, "Idempotency-Key: once").want(http.StatusOK)
	}
	s.anonymous().post(t, acceptPath, accepting(s.inbox.wait(t, once, 1).token(t), "Otto Once")).want(http.StatusOK)
	if letters := s.inbox.to(once); len(letters) != 1 {
		t.Errorf("%d letters for one invitation", len(letters))
	}

	invite().invalid("/people too_few")
	invite(map[string]any{"address": "nonsense"}, map[string]any{"address": "twice@people.example"}, map[string]any{"address": "TWICE@people.example"},
		map[string]any{"address": newAddress("x"), "kind": "external"}, map[string]any{"address": newAddress("x"), "language": "not a tag"}).
		invalid("/people/0/address email", "/people/2/address repeated", "/people/3/kind workspace", "/people/4/language language")
	invite(map[string]any{"address": newAddress("x"), "kind": "owner"}, map[string]any{"kind": "guest", "roles": []string{"owner"}}).
		invalid("/people/0/kind one_of", "/people/1/address required", "/people/1/roles/0 kind")
	s.anonymous().post(t, "/v1/organizations/"+org+"/invitations", map[string]any{"people": []any{map[string]any{"address": address}}}).refused(http.StatusUnauthorized, "unauthenticated")
}

func invitationExternal(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Host")
	path := "/v1/organizations/" + org
	cellar := owner.workspace(t, org, "Cellar", false)
	attic := owner.workspace(t, org, "Attic", true)
	address := newAddress("Xenia External")
	// Who is invited to a workspace becomes an external of it unless the call says otherwise.
	owner.post(t, path+"/invitations", map[string]any{"workspace_id": cellar, "people": []any{map[string]any{"address": address}}}).want(http.StatusOK)
	mail := s.inbox.last(t, address, "/invitation?token=")
	token := mail.token(t)
	if mail.Subject != "Olga Owner invites you to Cellar (Host)" {
		t.Errorf("the mail's subject is %q", mail.Subject)
	}
	if view := s.anonymous().post(t, "/v1/invitations/look", tokenBody(token)).want(http.StatusOK); view.text("workspace") != "Cellar" || view.text("kind") != "external" {
		t.Errorf("the invitation looks like %s", view.Body)
	}
	if got := s.anonymous().post(t, acceptPath, accepting(token, "Xenia External")).want(http.StatusOK).text("workspace_id"); got != cellar {
		t.Errorf("the workspace is %s, want %s", got, cellar)
	}
	xenia := s.signIn(t, "Xenia External", address)
	xenia.get(t, path+"/workspaces/"+cellar).want(http.StatusOK)
	xenia.task(t, org, cellar, "Count the bottles")
	same(t, "what an external does not see", xenia.get(t, path+"/workspaces/"+forgedID()), xenia.get(t, path+"/workspaces/"+attic), xenia.get(t, path))
	member := owner.get(t, path+"/members/"+xenia.account).want(http.StatusOK)
	if member.text("kind") != "external" || !cmp.Equal(member.field("roles"), []any{"external"}) {
		t.Errorf("the member is %s", member.Body)
	}
	// Joining appears in the workspace's stream, and in no other.
	joined := func(workspace string) (by []string) {
		for _, item := range owner.get(t, path+"/workspaces/"+workspace+"/stream?kind=tenancy.member_joined").want(http.StatusOK).items() {
			by = append(by, item["subject_id"].(string))
		}
		return by
	}
	verandatest.Eventually(t, 30*time.Second, "the external's joining in the stream", func() bool { return cmp.Equal(joined(cellar), []string{xenia.account}) })
	if got := joined(attic); len(got) > 0 {
		t.Errorf("another workspace's stream tells of %v", got)
	}
	// A workspace that is not of this organization is none.
	other := s.register(t, "Otto Other")
	foreign := other.workspace(t, other.found(t, "Elsewhere"), "Foreign", true)
	invite := func(workspace string) *reply {
		return owner.post(t, path+"/invitations", map[string]any{"workspace_id": workspace, "people": []any{map[string]any{"address": newAddress("x")}}})
	}
	unknown := invite(forgedID())
	unknown.refused(http.StatusNotFound, "not_found")
	same(t, "another organization's workspace", unknown, invite(foreign))
}

func invitationGuest(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Host")
	path := "/v1/organizations/" + org
	garden := owner.workspace(t, org, "Garden", true)
	visitor := owner.join(t, org, "", "guest", "Vito Visitor")
	gardener := owner.join(t, org, garden, "guest", "Gero Gardener")
	for _, as := range []*caller{visitor, gardener} {
		if got := as.get(t, path).want(http.StatusOK); got.field("limited") != true || got.text("name") != "Host" {
			t.Errorf("%s reads %s", as.name, got.Body)
		}
		if member := owner.get(t, path+"/members/"+as.account).want(http.StatusOK); member.text("kind") != "guest" || !cmp.Equal(member.field("roles"), []any{"guest"}) {
			t.Errorf("the member is %s", member.Body)
		}
	}
	gardener.get(t, path+"/workspaces/"+garden).want(http.StatusOK)
	same(t, "a workspace a guest is not in", visitor.get(t, path+"/workspaces/"+forgedID()), visitor.get(t, path+"/workspaces/"+garden))
	if got := visitor.get(t, path+"/members").want(http.StatusOK).column("name"); !cmp.Equal(got, []string{visitor.name}) {
		t.Errorf("a guest without workspace sees %v", got)
	}
}

func invitationPersonalMember(t *testing.T, s *stack) {
	founder := s.registerAt(t, "Fia Founder", personalAddress("Fia Founder"))
	org := founder.post(t, "/v1/organizations", map[string]any{"kind": "personal", "name": "Fia's place"}).want(http.StatusCreated).text("id")
	path := "/v1/organizations/" + org
	workspace := founder.get(t, path+"/workspaces").column("id")[0]
	address := newAddress("Max Member")
	token := founder.invite(t, org, "", "internal", address)
	if view := s.anonymous().post(t, "/v1/invitations/look", tokenBody(token)).want(http.StatusOK); view.text("organization_kind") != "personal" {
		t.Errorf("the invitation looks like %s", view.Body)
	}
	s.anonymous().post(t, acceptPath, accepting(token, "Max Member")).want(http.StatusOK)
	member := s.signIn(t, "Max Member", address)
	second := member.join(t, org, "", "internal", "Mona Member") // members invite members
	for _, as := range []*caller{member, second} {
		as.get(t, path+"/workspaces/"+workspace).want(http.StatusOK)
		as.task(t, org, workspace, "Something")
	}
	founder.post(t, path+"/invitations", map[string]any{"workspace_id": workspace, "people": []any{
		map[string]any{"address": newAddress("x"), "kind": "external"}, map[string]any{"address": newAddress("x"), "kind": "guest"},
	}}).invalid("/people/0/kind personal", "/people/1/kind personal")
}
