package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func workspacePick(t *testing.T, s *stack) {
	h := newHouse(t, s)
	maria := h.owner.join(t, h.org, "", "internal", "Maria del Carmen")
	h.owner.join(t, h.org, "", "internal", "Zoë Ångström")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	contacts := h.in(cellar, "/contacts")
	// Employees, whom every employee sees, but not who is in it already; externals only whom one shares a workspace with.
	all := []string{"Maria del Carmen", "Olga Owner", "Zoë Ångström"}
	h.employee.get(t, contacts).wantColumn("name", all...)
	if got := h.employee.pages(t, contacts, "name", "1"); !cmp.Equal(got, all) {
		t.Errorf("page by page the contacts are %v", got)
	}
	h.employee.get(t, contacts+"?q=maria").wantColumn("account_id", maria.account)
	h.employee.get(t, contacts+"?q=CARM").wantColumn("account_id", maria.account)
	h.employee.get(t, contacts+"?q=armen").wantColumn("account_id")
	h.employee.get(t, contacts+"?q="+maria.address[:8]).wantColumn("address", maria.address)
	h.employee.get(t, contacts+"?q=%C3%A5ngs").wantColumn("name", "Zoë Ångström")
	for _, q := range []string{"%25", "_", "!", "%27", "%5C"} {
		h.employee.get(t, contacts+"?q="+q).wantColumn("name")
	}
	h.employee.get(t, contacts+"?q=a%0Ab&limit=201").invalid("/q line", "/limit range")
	h.employee.get(t, contacts+"?q=a%0Ab").invalid("/q line")
	h.employee.get(t, contacts+"?cursor=abc").invalid("/cursor cursor")
	h.employee.add(t, h, cellar, maria)
	h.employee.get(t, contacts).wantColumn("name", "Olga Owner", "Zoë Ångström")
	h.employee.add(t, h, h.employeeOpen(t), maria)
	// The owner's directory is everybody.
	roof := h.owner.workspace(t, h.org, "Roof", true)
	h.owner.get(t, h.in(roof, "/contacts")).wantColumn("name", "Emil Employee", "Gustav Guest", "Maria del Carmen", "Xenia External", "Zoë Ångström")
	h.employee.get(t, h.in(roof, "/contacts")).refused(http.StatusForbidden, "forbidden")
	maria.get(t, contacts).refused(http.StatusForbidden, "forbidden")
	h.external.get(t, h.in(h.open, "/contacts")).refused(http.StatusForbidden, "forbidden")
	alike(t, cellar, func(id string) *reply { return h.owner.get(t, h.in(id, "/contacts")) })
}

// employeeOpen is an open workspace the employee manages.
func (h *house) employeeOpen(t *testing.T) string {
	t.Helper()
	return h.employee.workspace(t, h.org, "Emil's", true)
}

func workspaceAdd(t *testing.T, s *stack) {
	h := newHouse(t, s)
	maria := h.owner.join(t, h.org, "", "internal", "Maria Member")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	add := func(c *caller, body map[string]any) *reply { return c.post(t, h.in(cellar, "/members"), body) }
	r := add(h.employee, map[string]any{"accounts": []string{maria.account, h.employee.account, h.owner.account}}).want(http.StatusOK)
	outcomes := []string{r.text("results.0.outcome"), r.text("results.1.outcome"), r.text("results.2.outcome")}
	if !cmp.Equal(outcomes, []string{"added", "already_member", "added"}) || r.text("results.0.account_id") != maria.account {
		t.Errorf("the results are %s", r.Body)
	}
	maria.get(t, h.in(cellar, "")).want(http.StatusOK)
	letter := s.inbox.last(t, maria.address, "Cellar")
	if letter.Subject != "You were added to Cellar" || !strings.Contains(letter.Text, "Emil Employee added you") || !strings.Contains(letter.Text, "Works") {
		t.Errorf("the letter is %q:\n%s", letter.Subject, letter.Text)
	}
	added := maria.get(t, h.in(cellar, "/stream?kind=workspace.member_added")).want(http.StatusOK).items()
	names := []string{}
	for _, item := range added {
		names = append(names, item["data"].(map[string]any)["name"].(string))
	}
	slices.Sort(names)
	if !cmp.Equal(names, []string{"Maria Member", "Olga Owner"}) {
		t.Errorf("the stream tells of %v", names)
	}

	// All or none: one who cannot be added is named at their place.
	other := s.register(t, "Otto Outsider")
	add(h.employee, map[string]any{"accounts": []string{h.guest.account, other.account, nobodysID}}).
		invalid("/accounts/0 not_found", "/accounts/1 not_found", "/accounts/2 not_found")
	add(h.employee, map[string]any{"accounts": []string{maria.account, maria.account}, "role": "king"}).invalid("/accounts/1 repeated", "/role one_of")
	add(h.employee, map[string]any{"accounts": []string{maria.account, maria.account}}).invalid("/accounts/1 repeated")
	add(h.employee, map[string]any{"accounts": []string{}}).invalid("/accounts too_few")
	add(h.employee, map[string]any{}).invalid("/accounts required")
	h.owner.post(t, h.in(h.open, "/members"), map[string]any{"accounts": []string{h.employee.account, h.external.account}, "role": "manager"}).
		invalid("/accounts/1 manager_kind")
	h.owner.get(t, h.in(h.open, "/members")).wantColumn("name", "Gustav Guest", "Olga Owner", "Xenia External")
	add(maria, map[string]any{"accounts": []string{maria.account}, "role": "manager"}).refused(http.StatusForbidden, "forbidden")
	// The owner sees externals everywhere, and may bring them to another workspace.
	roof := h.owner.workspace(t, h.org, "Roof", true)
	h.owner.add(t, h, roof, h.external)
	h.external.get(t, h.in(roof, "")).want(http.StatusOK)
	// Who changes members is told from who only asks again with the same key.
	body := map[string]any{"accounts": []string{h.guest.account}}
	first := h.owner.post(t, h.in(roof, "/members"), body, "Idempotency-Key: again").want(http.StatusOK)
	second := h.owner.post(t, h.in(roof, "/members"), body, "Idempotency-Key: again").want(http.StatusOK)
	if string(first.Body) != string(second.Body) || first.text("results.0.outcome") != "added" {
		t.Errorf("the first call is answered %s, the same again %s", first.Body, second.Body)
	}
}

func workspaceInvite(t *testing.T, s *stack) {
	h := newHouse(t, s)
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	address := newAddress("Carla Client")
	invite := func(c *caller, workspace string, people ...any) *reply {
		return c.post(t, h.at("/invitations"), map[string]any{"workspace_id": workspace, "people": people})
	}
	person := func(address string) map[string]any { return map[string]any{"address": address} }
	r := invite(h.employee, cellar, person(address)).want(http.StatusOK)
	if r.text("items.0.result") != "sent" {
		t.Errorf("the results are %s", r.Body)
	}
	letter := s.inbox.last(t, address, "/invitation?token=")
	if letter.Subject != "Emil Employee invites you to Cellar (Works)" {
		t.Errorf("the subject is %q", letter.Subject)
	}
	token := letter.token(t)
	look := s.anonymous().post(t, "/v1/invitations/look", map[string]any{"token": token}).want(http.StatusOK)
	if look.text("workspace") != "Cellar" || look.text("kind") != "external" || look.field("has_account") != false {
		t.Errorf("the invitation shows %s", look.Body)
	}
	accepted := s.anonymous().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "Carla Client", "password": password}).want(http.StatusOK)
	if accepted.text("workspace_id") != cellar {
		t.Errorf("accepted: %s", accepted.Body)
	}
	carla := s.signIn(t, "Carla Client", address)
	carla.get(t, h.at("/workspaces")).wantColumn("id", cellar)
	if !slices.Contains(carla.get(t, h.in(cellar, "/members")).want(http.StatusOK).column("name"), "Carla Client") {
		t.Error("who accepted is no member")
	}
	joined := h.employee.get(t, h.in(cellar, "/stream?kind=tenancy.member_joined")).want(http.StatusOK).items()
	if len(joined) == 0 || joined[0]["by"].(map[string]any)["name"] != "Carla Client" {
		t.Errorf("the stream has %v", joined)
	}
	alike(t, cellar, func(id string) *reply { return h.owner.get(t, h.in(id, "")) })

	// A colleague's address is one of the organization's own people: they are in at once, and told.
	r = invite(h.employee, cellar, person(h.owner.address)).want(http.StatusOK)
	if r.text("items.0.result") != "added" {
		t.Errorf("a colleague's result is %s", r.Body)
	}
	h.owner.get(t, h.in(cellar, "")).want(http.StatusOK)
	s.inbox.last(t, h.owner.address, "Cellar")
	if r := invite(h.employee, cellar, person(h.owner.address)).want(http.StatusOK); r.text("items.0.result") != "already_here" {
		t.Errorf("who is in already: %s", r.Body)
	}
	// Employees invite where they are members; externals and guests nowhere.
	invite(h.employee, h.open, person(newAddress("Nobody"))).refused(http.StatusForbidden, "forbidden")
	invite(h.external, h.open, person(newAddress("Nobody"))).refused(http.StatusForbidden, "forbidden")
	invite(carla, cellar, person(newAddress("Nobody"))).refused(http.StatusForbidden, "forbidden")
	alike(t, cellar, func(id string) *reply {
		return h.guest.post(t, h.at("/invitations"), map[string]any{"workspace_id": id, "people": []any{person(newAddress("Nobody"))}})
	})
	invite(h.employee, cellar, map[string]any{"address": address, "kind": "king"}, map[string]any{"kind": 7}).
		invalid("/people/0/kind one_of", "/people/1/kind type", "/people/1/address required")
	invite(h.employee, cellar, person("nonsense"), person(address), person(strings.ToUpper(address))).
		invalid("/people/0/address email", "/people/2/address repeated")
}
