package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func leavingFeatures() []feature {
	return []feature{
		{"T19", []clause{
			{name: "disable", run: leavingDisable},
			{name: "remove", run: leavingRemove},
			{name: "sessions_end", run: leavingSessionsEnd},
			{name: "tasks_handed_over", run: leavingTasks},
			{name: "workspaces_handed_over", run: leavingWorkspaces},
			{name: "leave", run: leavingLeave},
			{name: "last_owner", run: leavingLastOwner},
			{name: "owners_at_once", run: leavingOwnersAtOnce},
			{name: "who_may", run: leavingWhoMay},
			{name: "support_accounts", run: leavingSupport},
		}},
	}
}

// firm is an organization with people.
type firm struct {
	owner *caller
	org   string
	path  string
}

func newFirm(t *testing.T, s *stack, name string) *firm {
	t.Helper()
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, name)
	return &firm{owner: owner, org: org, path: "/v1/organizations/" + org}
}

func (f *firm) employee(t *testing.T, name string) *caller {
	t.Helper()
	return f.owner.join(t, f.org, "", "internal", name)
}

func (f *firm) member(c *caller) string { return f.path + "/members/" + c.account }

func leavingDisable(t *testing.T, s *stack) {
	f := newFirm(t, s, "Disabling")
	emma := f.employee(t, "Emma Employee")
	emma.get(t, f.path).want(http.StatusOK)
	read := f.owner.get(t, f.member(emma)).want(http.StatusOK)
	disabled := f.owner.post(t, f.member(emma)+"/disable", nil, "If-Match: "+read.Header.Get("ETag")).want(http.StatusOK)
	f.owner.post(t, f.member(emma)+"/disable", map[string]any{}, "If-Match: "+read.Header.Get("ETag")).want(http.StatusPreconditionFailed)
	// The account is theirs; the organization is as if it did not exist.
	again := s.signIn(t, emma.name, emma.address)
	same(t, "an organization one is disabled in", again.get(t, "/v1/organizations/"+forgedID()), again.get(t, f.path))
	if orgs := again.organizations(t); slices.Contains(orgs, f.org) {
		t.Errorf("who is disabled still lists the organization: %v", orgs)
	}
	// They cannot be invited back past the one who disabled them.
	token := f.owner.invite(t, f.org, "", "internal", newAddress("else"))
	again.post(t, acceptPath, map[string]any{"token": token, "attach_address": true}).refused(http.StatusConflict, "invitation.disabled")
	enabled := f.owner.post(t, f.member(emma)+"/enable", nil, "If-Match: "+disabled.Header.Get("ETag")).want(http.StatusOK)
	if enabled.Header.Get("ETag") == disabled.Header.Get("ETag") {
		t.Error("enabling gives no new version")
	}
	again.get(t, f.path).want(http.StatusOK)
}

func leavingRemove(t *testing.T, s *stack) {
	f := newFirm(t, s, "Removing")
	emma := f.employee(t, "Emma Employee")
	garden := f.owner.workspace(t, f.org, "Garden", false)
	f.owner.inviting(t, f.org, garden, "external", emma.address)
	emma.get(t, f.path+"/workspaces/"+garden).want(http.StatusOK)
	f.owner.delete(t, f.member(emma)).want(http.StatusNoContent)
	again := s.signIn(t, emma.name, emma.address)
	for _, path := range []string{f.path, f.path + "/workspaces/" + garden, f.path + "/members"} {
		same(t, "what one was removed from", again.get(t, "/v1/organizations/"+forgedID()), again.get(t, path))
	}
	if slices.Contains(f.owner.get(t, f.path+"/members?limit=100").want(http.StatusOK).column("account_id"), emma.account) {
		t.Error("who was removed is in the directory")
	}
	f.owner.delete(t, f.member(emma)).refused(http.StatusNotFound, "not_found")
	// Who comes back comes back new: an employee, and in no workspace.
	back := f.owner.invite(t, f.org, "", "internal", emma.address)
	again.post(t, acceptPath, tokenBody(back)).want(http.StatusOK)
	again.get(t, f.path).want(http.StatusOK)
	again.get(t, f.path+"/workspaces/"+garden).refused(http.StatusNotFound, "not_found")
}

func leavingSessionsEnd(t *testing.T, s *stack) {
	f := newFirm(t, s, "Sessions")
	garden := f.owner.workspace(t, f.org, "Garden", true)
	for name, end := range map[string]func(c *caller) *reply{
		"disabled": func(c *caller) *reply { return f.owner.post(t, f.member(c)+"/disable", nil, "If-Match: *") },
		"removed":  func(c *caller) *reply { return f.owner.delete(t, f.member(c)) },
	} {
		emma, guest := f.employee(t, "Emma Employee"), f.owner.join(t, f.org, garden, "guest", "Gero Guest")
		_, cookie := emma.browse(t)
		browser := s.anonymous()
		browser.get(t, "/v1/me", cookie).want(http.StatusOK)
		if r := end(emma); r.Status >= 300 {
			t.Fatalf("%s: %d %s", name, r.Status, r.Body)
		}
		emma.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
		browser.get(t, "/v1/me", cookie).refused(http.StatusUnauthorized, "unauthenticated")
		// A guest is at home elsewhere: their sessions are none of this organization's.
		if r := end(guest); r.Status >= 300 {
			t.Fatalf("%s: %d %s", name, r.Status, r.Body)
		}
		guest.get(t, "/v1/me").want(http.StatusOK)
		guest.get(t, f.path+"/workspaces/"+garden).refused(http.StatusNotFound, "not_found")
	}
}

func leavingTasks(t *testing.T, s *stack) {
	f := newFirm(t, s, "Handing over")
	emma, tom := f.employee(t, "Emma Employee"), f.employee(t, "Tom Taker")
	garden, cellar := f.owner.workspace(t, f.org, "Garden", true), f.owner.workspace(t, f.org, "Cellar", false)
	f.owner.post(t, f.path+"/workspaces/"+cellar+"/members", map[string]any{"accounts": []string{emma.account}}).want(http.StatusOK)
	give := func(workspace, title string) string {
		return f.owner.post(t, f.path+"/workspaces/"+workspace+"/tasks", map[string]any{"title": title, "assignees": []string{emma.account}}).want(http.StatusCreated).text("id")
	}
	seen, unseen, done := give(garden, "Water"), give(cellar, "Sweep"), give(garden, "Done")
	f.owner.post(t, f.path+"/tasks/"+done+"/finish", nil, "If-Match: *").want(http.StatusOK)

	f.owner.delete(t, f.member(emma)+"?hand_to="+emma.account).invalid("/hand_to self")
	f.owner.delete(t, f.member(emma)+"?hand_to="+forgedID()).invalid("/hand_to not_found")
	f.owner.delete(t, f.member(emma)+"?hand_to="+tom.account).want(http.StatusNoContent)
	for task, want := range map[string][]any{seen: {tom.account}, unseen: {}, done: {emma.account}} {
		if got := f.owner.get(t, f.path+"/tasks/"+task).want(http.StatusOK).field("assignees").([]any); !slices.Equal(got, want) {
			t.Errorf("assignees %v, want %v", got, want)
		}
	}
	tom.get(t, f.path+"/tasks?assignee="+tom.account).want(http.StatusOK).wantColumn("title", "Water")
}

func leavingWorkspaces(t *testing.T, s *stack) {
	f := newFirm(t, s, "Private things")
	emma, tom := f.employee(t, "Emma Employee"), f.employee(t, "Tom Taker")
	den := emma.workspace(t, f.org, "Den", false)
	path := f.path + "/workspaces/" + den
	tom.get(t, path).refused(http.StatusNotFound, "not_found")
	// Disabling alone hands nothing over; who takes over manages what nobody else does.
	f.owner.post(t, f.member(emma)+"/disable", nil, "If-Match: *").want(http.StatusOK)
	f.owner.get(t, path).refused(http.StatusNotFound, "not_found")
	f.owner.post(t, f.member(emma)+"/disable", map[string]any{"hand_to": tom.account}, "If-Match: *").want(http.StatusOK)
	if role := tom.get(t, path).want(http.StatusOK).text("role"); role != "manager" {
		t.Errorf("who took over is %q", role)
	}
	f.owner.delete(t, f.member(emma)).want(http.StatusNoContent)
	f.owner.get(t, path).refused(http.StatusNotFound, "not_found")
	// Nobody is left in it: somebody must be named, and who removes does not come to see it unasked.
	f.owner.delete(t, f.member(tom)).refused(http.StatusConflict, "tenancy.handover_needed")
	f.owner.delete(t, f.member(tom)+"?hand_to="+f.owner.account).want(http.StatusNoContent)
	f.owner.get(t, path).want(http.StatusOK)
}

func leavingLeave(t *testing.T, s *stack) {
	f := newFirm(t, s, "Going")
	emma, tom := f.employee(t, "Emma Employee"), f.employee(t, "Tom Taker")
	den := emma.workspace(t, f.org, "Den", false)
	p := emma.post(t, f.path+"/leave", map[string]any{}).refused(http.StatusConflict, "tenancy.handover_needed")
	if !strings.Contains(p.Detail, "private workspaces") {
		t.Errorf("the refusal does not say what is left: %s", p.Detail)
	}
	emma.post(t, f.path+"/leave", map[string]any{"hand_to": emma.account}).invalid("/hand_to self")
	emma.post(t, f.path+"/leave", map[string]any{"hand_to": tom.account}).want(http.StatusNoContent)
	tom.get(t, f.path+"/workspaces/"+den).want(http.StatusOK)
	// One's own account and sessions go on.
	emma.get(t, "/v1/me").want(http.StatusOK)
	emma.get(t, f.path).refused(http.StatusNotFound, "not_found")
	emma.post(t, f.path+"/leave", map[string]any{}).refused(http.StatusNotFound, "not_found")
}

func leavingLastOwner(t *testing.T, s *stack) {
	f := newFirm(t, s, "Owned")
	f.owner.post(t, f.path+"/leave", map[string]any{}).refused(http.StatusConflict, "tenancy.last_owner")
	f.owner.delete(t, f.member(f.owner)).refused(http.StatusForbidden, "tenancy.own_roles")
	emma := f.employee(t, "Emma Employee")
	f.owner.roles(t, f.org, emma.account, "owner")
	emma.post(t, f.member(f.owner)+"/disable", nil, "If-Match: *").want(http.StatusOK)
	emma.post(t, f.path+"/leave", map[string]any{}).refused(http.StatusConflict, "tenancy.last_owner")

	// A personal tenant keeps its founder.
	mia := s.registerAt(t, "Mia Mobile", at(newAddress("Mia Mobile"), "gmail.com"))
	own := mia.post(t, "/v1/organizations", map[string]any{"kind": "personal", "name": "Mia's"}).want(http.StatusCreated).text("id")
	mia.post(t, "/v1/organizations/"+own+"/leave", map[string]any{}).refused(http.StatusConflict, "tenancy.founder_stays")
}

func leavingOwnersAtOnce(t *testing.T, s *stack) {
	f := newFirm(t, s, "Two owners")
	emma := f.employee(t, "Emma Employee")
	f.owner.roles(t, f.org, emma.account, "owner")
	replies := together(
		func() *reply { return f.owner.delete(t, f.member(emma)) },
		func() *reply { return emma.delete(t, f.member(f.owner)) },
	)
	done := 0
	for _, r := range replies {
		switch r.Status {
		case http.StatusNoContent:
			done++
		case http.StatusNotFound, http.StatusUnauthorized: // removed meanwhile, and signed out
		default:
			t.Errorf("two owners who remove each other: %d %s", r.Status, r.Body)
		}
	}
	if done != 1 {
		t.Errorf("%d of two owners removed the other", done)
	}
}

func leavingWhoMay(t *testing.T, s *stack) {
	f := newFirm(t, s, "Rights")
	garden := f.owner.workspace(t, f.org, "Garden", true)
	people := map[string]*caller{"owner": f.owner}
	for _, role := range []string{"administrator", "access_manager", "employee"} {
		people[role] = f.employee(t, "Ines "+role)
		f.owner.roles(t, f.org, people[role].account, role)
	}
	people["external"] = f.owner.join(t, f.org, garden, "external", "Xenia External")
	people["guest"] = f.owner.join(t, f.org, garden, "guest", "Gero Guest")
	people["stranger"] = s.register(t, "Sven Stranger")
	// Written by hand, by who is reached for: 200 may, 403 sees them and may not, 404 does not see them.
	const yes, no, hidden = http.StatusOK, http.StatusForbidden, http.StatusNotFound
	for target, row := range map[string]map[string]int{
		"owner":         {"administrator": no, "access_manager": no, "employee": no, "external": no, "guest": no, "stranger": hidden}, // they share the garden
		"administrator": {"owner": yes, "access_manager": no, "employee": no, "external": hidden, "guest": hidden, "stranger": hidden},
		"employee":      {"owner": yes, "administrator": yes, "access_manager": yes, "external": hidden, "guest": hidden, "stranger": hidden},
		"guest":         {"owner": yes, "administrator": yes, "access_manager": yes, "employee": hidden, "external": no, "stranger": hidden},
	} {
		for who, want := range row {
			// To enable who is enabled changes nothing, and asks for the same right as to disable.
			if r := people[who].post(t, f.member(people[target])+"/enable", nil, "If-Match: *"); r.Status != want {
				t.Errorf("%s enabling %s: %d, want %d: %s", who, target, r.Status, want, r.Body)
			}
			if want == yes {
				continue
			}
			if r := people[who].post(t, f.member(people[target])+"/disable", nil, "If-Match: *"); r.Status != want {
				t.Errorf("%s disabling %s: %d, want %d: %s", who, target, r.Status, want, r.Body)
			}
			if r := people[who].delete(t, f.member(people[target])); r.Status != want {
				t.Errorf("%s removing %s: %d, want %d: %s", who, target, r.Status, want, r.Body)
			}
		}
	}
	same(t, "whom one does not see", people["external"].delete(t, f.path+"/members/"+forgedID()), people["external"].delete(t, f.member(people["administrator"])))
}

func leavingSupport(t *testing.T, s *stack) {
	f := newFirm(t, s, "Supported")
	emma := f.employee(t, "Emma Employee")
	sam := s.register(t, "Sam Support")
	sam.makeSupport(t)
	in := map[string]any{"address": strings.ToUpper(emma.address), "reason": "The mailbox was stolen."}
	f.owner.post(t, "/v1/support/accounts/disable", in).refused(http.StatusForbidden, "forbidden")
	sam.post(t, "/v1/support/accounts/disable", map[string]any{"address": "x", "reason": ""}).invalid("/address address", "/reason too_short")
	sam.post(t, "/v1/support/accounts/disable", map[string]any{"address": newAddress("nobody"), "reason": "Who?"}).refused(http.StatusNotFound, "not_found")
	sam.post(t, "/v1/support/accounts/disable", map[string]any{"address": sam.address, "reason": "Me."}).refused(http.StatusForbidden, "support.own_account")
	sam.post(t, "/v1/support/accounts/disable", in).want(http.StatusOK)
	emma.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")
	signIn := map[string]any{"address": emma.address, "password": password, "kind": "program"}
	s.elsewhere().post(t, "/v1/sessions", signIn).refused(http.StatusConflict, "sign_in.disabled")
	// The membership stays, and so it is all there again.
	f.owner.get(t, f.member(emma)).want(http.StatusOK)
	sam.post(t, "/v1/support/accounts/enable", in).want(http.StatusOK)
	s.signIn(t, emma.name, emma.address).get(t, f.path).want(http.StatusOK)
}
