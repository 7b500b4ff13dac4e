package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func workspaceFeatures() []feature {
	return []feature{{"W1", []clause{
		{name: "open", run: workspaceOpen},
		{name: "private", run: workspacePrivate},
		{name: "anybody_creates", run: workspaceAnybodyCreates},
		{name: "switching_warns", run: workspaceSwitchingWarns},
		{name: "externals_see_only_theirs", run: workspaceExternals},
		{name: "members", run: workspaceMembers},
		{name: "update_version", run: workspaceUpdateVersion},
	}}, {"W2", []clause{
		{name: "pick_contacts", run: workspacePick},
		{name: "add_members", run: workspaceAdd},
		{name: "invite_by_mail", run: workspaceInvite},
	}}}
}

// nobodysID names nothing: what a foreign thing must be answered like.
const nobodysID = "0198c0de-0000-7000-8000-00000000dead"

// house is an organization with an open workspace and one of each kind of people.
type house struct {
	org, open string
	// owner founded it and made the open workspace; employee is a member of no workspace; external and guest are members
	// of the open one.
	owner, employee, external, guest *caller
}

func newHouse(t *testing.T, s *stack) *house {
	t.Helper()
	h := &house{owner: s.register(t, "Olga Owner")}
	h.org = h.owner.found(t, "Works")
	h.open = h.owner.workspace(t, h.org, "Garden", true)
	h.employee = h.owner.join(t, h.org, "", "internal", "Emil Employee")
	h.external = h.owner.join(t, h.org, h.open, "external", "Xenia External")
	h.guest = h.owner.join(t, h.org, h.open, "guest", "Gustav Guest")
	return h
}

// at is a path in the organization.
func (h *house) at(path string) string { return "/v1/organizations/" + h.org + path }

// in is a path in a workspace.
func (h *house) in(workspace, path string) string {
	return "/v1/organizations/" + h.org + "/workspaces/" + workspace + path
}

// add makes somebody a member of a workspace.
func (c *caller) add(t *testing.T, h *house, workspace string, people ...*caller) {
	t.Helper()
	accounts := make([]string, len(people))
	for i, p := range people {
		accounts[i] = p.account
	}
	c.post(t, h.in(workspace, "/members"), map[string]any{"accounts": accounts}).want(http.StatusOK)
}

// alike asserts that a foreign thing is answered, byte for byte, like one that does not exist. call is made with the
// thing's id and with nobody's.
func alike(t *testing.T, id string, call func(id string) *reply) {
	t.Helper()
	foreign, nothing := call(id), call(nobodysID)
	foreign.refused(http.StatusNotFound, "not_found")
	if foreign.Status != nothing.Status || string(foreign.Body) != string(nothing.Body) {
		t.Errorf("%s: a foreign thing is answered %d %s, a nonexistent one %d %s", foreign.call, foreign.Status, foreign.Body, nothing.Status, nothing.Body)
	}
	a, b := foreign.Header.Clone(), nothing.Header.Clone()
	for _, name := range []string{"X-Request-Id", "Date"} {
		a.Del(name)
		b.Del(name)
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("%s: the header tells a foreign thing (-) from a nonexistent one (+):\n%s", foreign.call, diff)
	}
}

// wantColumn asserts a text of every item of a list, in order.
func (r *reply) wantColumn(name string, want ...string) {
	r.t.Helper()
	r.want(http.StatusOK)
	if diff := cmp.Diff(append([]string{}, want...), r.column(name)); diff != "" {
		r.t.Errorf("%s: %s (-want +got):\n%s", r.call, name, diff)
	}
}

// pages reads a list to its end, so many items at a time, and gives a text of every item.
func (c *caller) pages(t *testing.T, path, column, limit string) []string {
	t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	all, cursor := []string{}, ""
	for range 100 {
		r := c.get(t, path+separator+"limit="+limit+cursor).want(http.StatusOK)
		all = append(all, r.column(column)...)
		next, more := r.field("next").(string)
		if !more {
			return all
		}
		cursor = "&cursor=" + next
	}
	t.Fatalf("%s does not end", path)
	return nil
}

func workspaceOpen(t *testing.T, s *stack) {
	h := newHouse(t, s)
	other := h.owner.workspace(t, h.org, "Roof", true)
	task := h.owner.task(t, h.org, h.open, "Rake the leaves")

	// An employee sees it, enters it and edits in it without being a member.
	r := h.employee.get(t, h.in(h.open, "")).want(http.StatusOK)
	if r.text("name") != "Garden" || r.field("open") != true || r.field("member") != false || r.field("role") != nil {
		t.Errorf("the employee reads %s", r.Body)
	}
	h.employee.get(t, h.at("/workspaces")).wantColumn("name", "Garden", "Roof")
	h.employee.get(t, h.at("/workspaces?sort=created")).wantColumn("name", "Roof", "Garden")
	h.employee.get(t, h.at("/workspaces?q=ARD")).wantColumn("name", "Garden")
	h.employee.get(t, h.at("/workspaces?mine=true")).wantColumn("name")
	if got := h.employee.pages(t, h.at("/workspaces"), "name", "1"); !cmp.Equal(got, []string{"Garden", "Roof"}) {
		t.Errorf("page by page the workspaces are %v", got)
	}
	h.employee.get(t, h.at("/tasks")).wantColumn("title", "Rake the leaves")
	h.employee.patch(t, h.at("/tasks/"+task), map[string]any{"title": "Rake all leaves"}, "If-Match: *").want(http.StatusOK)
	h.employee.task(t, h.org, h.open, "Cut the hedge")
	h.employee.post(t, h.in(h.open, "/statuses"), map[string]any{"text": "The rake is broken."}).want(http.StatusCreated)

	// Managing it is for others; externals and guests are where they were invited, and nowhere else.
	h.employee.patch(t, h.in(h.open, ""), map[string]any{"name": "Mine"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	for _, c := range []*caller{h.external, h.guest} {
		if r := c.get(t, h.in(h.open, "")).want(http.StatusOK); r.field("member") != true || r.text("role") != "plain" {
			t.Errorf("%s reads %s", c.name, r.Body)
		}
		c.get(t, h.at("/workspaces")).wantColumn("name", "Garden")
		alike(t, other, func(id string) *reply { return c.get(t, h.in(id, "")) })
	}
	outsider := s.register(t, "Otto Outsider")
	outsider.found(t, "Elsewhere")
	alike(t, h.open, func(id string) *reply { return outsider.get(t, h.in(id, "")) })
	s.anonymous().get(t, h.in(h.open, "")).refused(http.StatusUnauthorized, "unauthenticated")
}

func workspacePrivate(t *testing.T, s *stack) {
	h := newHouse(t, s)
	administrator := h.owner.join(t, h.org, "", "internal", "Ada Administrator")
	h.owner.roles(t, h.org, administrator.account, "administrator")
	access := h.owner.join(t, h.org, "", "internal", "Arne Access")
	h.owner.roles(t, h.org, access.account, "access_manager")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	task := h.employee.task(t, h.org, cellar, "Hide the wine")
	status := h.employee.post(t, h.in(cellar, "/statuses"), map[string]any{"text": "Nobody knows."}).want(http.StatusCreated).text("id")

	for _, c := range []*caller{h.owner, administrator, access, h.external, h.guest} {
		for _, call := range []func(id string) *reply{
			func(id string) *reply { return c.get(t, h.in(id, "")) },
			func(id string) *reply { return c.get(t, h.in(id, "/members")) },
			func(id string) *reply { return c.get(t, h.in(id, "/contacts")) },
			func(id string) *reply { return c.get(t, h.in(id, "/stream")) },
			func(id string) *reply { return c.get(t, h.in(id, "/labels")) },
			func(id string) *reply { return c.get(t, h.at("/statistics/current?scope=workspace&workspace="+id)) },
			func(id string) *reply { return c.get(t, h.at("/statistics/weeks?scope=workspace&workspace="+id)) },
			func(id string) *reply {
				return c.patch(t, h.in(id, ""), map[string]any{"open": true, "confirm_visibility": true}, "If-Match: *")
			},
			func(id string) *reply {
				return c.post(t, h.in(id, "/members"), map[string]any{"accounts": []string{c.account}})
			},
			func(id string) *reply {
				return c.patch(t, h.in(id, "/members/"+c.account), map[string]any{"role": "manager"})
			},
			func(id string) *reply { return c.delete(t, h.in(id, "/members/"+h.employee.account)) },
			func(id string) *reply { return c.post(t, h.in(id, "/leave"), nil) },
			func(id string) *reply { return c.post(t, h.in(id, "/tasks"), map[string]any{"title": "Mine"}) },
			func(id string) *reply { return c.post(t, h.in(id, "/statuses"), map[string]any{"text": "Mine"}) },
			func(id string) *reply {
				people := []any{map[string]any{"address": "friend@people.example", "kind": "external"}}
				return c.post(t, h.at("/invitations"), map[string]any{"workspace_id": id, "people": people})
			},
		} {
			alike(t, cellar, call)
		}
		alike(t, task, func(id string) *reply { return c.get(t, h.at("/tasks/"+id)) })
		alike(t, status, func(id string) *reply { return c.get(t, h.at("/statuses/"+id)) })
		// Lists are as if it were not there.
		c.get(t, h.at("/workspaces")).wantColumn("name", "Garden")
		c.get(t, h.at("/workspaces?q=cellar")).wantColumn("name")
		c.get(t, h.at("/tasks")).wantColumn("title")
		c.get(t, h.at("/tasks?search=wine")).wantColumn("title")
		alikeLists(t, c.get(t, h.at("/tasks?workspace="+cellar)), c.get(t, h.at("/tasks?workspace="+nobodysID)))
		for _, item := range c.get(t, h.at("/stream")).want(http.StatusOK).items() {
			if item["workspace_id"] == cellar {
				t.Errorf("%s sees %v in the stream", c.name, item)
			}
		}
	}
	s.anonymous().get(t, h.in(cellar, "")).refused(http.StatusUnauthorized, "unauthenticated")

	// Who is let in sees all of it from then on, and who is put out sees nothing any more.
	h.employee.add(t, h, cellar, administrator)
	administrator.get(t, h.in(cellar, "")).want(http.StatusOK)
	administrator.get(t, h.at("/tasks")).wantColumn("title", "Hide the wine")
	h.employee.delete(t, h.in(cellar, "/members/"+administrator.account)).want(http.StatusNoContent)
	alike(t, cellar, func(id string) *reply { return administrator.get(t, h.in(id, "")) })
	administrator.get(t, h.at("/tasks")).wantColumn("title")
}

// alikeLists asserts that a list of something foreign is that of something nonexistent.
func alikeLists(t *testing.T, foreign, nothing *reply) {
	t.Helper()
	foreign.want(http.StatusOK)
	if string(foreign.Body) != string(nothing.Body) {
		t.Errorf("%s: a foreign thing's list is %s, a nonexistent one's %s", foreign.call, foreign.Body, nothing.Body)
	}
}

func workspaceAnybodyCreates(t *testing.T, s *stack) {
	h := newHouse(t, s)
	create := func(c *caller, body any, header ...string) *reply {
		return c.post(t, h.at("/workspaces"), body, header...)
	}
	body := map[string]any{"name": " For myself ", "description": "Notes,\r\nand more."}
	r := create(h.employee, body, "Idempotency-Key: one").want(http.StatusCreated)
	alone := r.text("id")
	if r.text("name") != "For myself" || r.text("description") != "Notes,\nand more." || r.field("open") != false || r.text("role") != "manager" || r.text("created_by") != h.employee.account {
		t.Errorf("the workspace is %s", r.Body)
	}
	if r.Header.Get("Location") != h.in(alone, "") || !strings.HasPrefix(r.Header.Get("Etag"), `"1`) {
		t.Errorf("Location %q, ETag %q", r.Header.Get("Location"), r.Header.Get("Etag"))
	}
	if again := create(h.employee, body, "Idempotency-Key: one").want(http.StatusCreated); again.text("id") != alone {
		t.Errorf("the same call made %s beside %s", again.text("id"), alone)
	}
	h.employee.get(t, h.in(alone, "/members")).wantColumn("name", "Emil Employee")
	alike(t, alone, func(id string) *reply { return h.owner.get(t, h.in(id, "")) })
	h.employee.get(t, h.at("/workspaces?mine=true")).wantColumn("name", "For myself")
	h.owner.workspace(t, h.org, "Another of the same", false)
	h.owner.workspace(t, h.org, "Another of the same", true)

	for _, c := range []*caller{h.external, h.guest} {
		create(c, body).refused(http.StatusForbidden, "forbidden")
		create(c, map[string]any{"name": ""}).want(http.StatusUnprocessableEntity)
	}
	outsider := s.register(t, "Otto Outsider")
	foreign := create(outsider, body)
	foreign.refused(http.StatusNotFound, "not_found")
	nothing := outsider.post(t, "/v1/organizations/"+nobodysID+"/workspaces", body)
	if string(foreign.Body) != string(nothing.Body) {
		t.Errorf("a foreign organization answers %s, none %s", foreign.Body, nothing.Body)
	}
	create(s.anonymous(), body).refused(http.StatusUnauthorized, "unauthenticated")

	long := strings.Repeat("ä", 101)
	create(h.employee, map[string]any{"name": long, "description": strings.Repeat("x", 5001), "open": "yes", "colour": "red"}).
		invalid("/name too_long", "/description too_long", "/open type", "/colour unknown")
	create(h.employee, map[string]any{}).invalid("/name required")
	create(h.employee, map[string]any{"name": " \u200b", "description": "a\u0007"}).invalid("/name required", "/description control_characters")
	create(h.employee, map[string]any{"name": long[:200]}).want(http.StatusCreated)
	h.employee.get(t, h.at("/workspaces?sort=size&limit=0&cursor=x&colour=red")).invalid("/sort one_of", "/limit range", "/cursor cursor", "/colour unknown")
	h.employee.get(t, h.at("/workspaces?cursor=x")).invalid("/cursor cursor")
}

func workspaceSwitchingWarns(t *testing.T, s *stack) {
	h := newHouse(t, s)
	attic := h.employee.workspace(t, h.org, "Attic", false)
	h.employee.post(t, h.in(attic, "/statuses"), map[string]any{"text": "Said among ourselves."}).want(http.StatusCreated)
	member := h.owner.join(t, h.org, "", "internal", "Mira Member")
	h.employee.add(t, h, attic, member)
	open := func(c *caller, to bool, more map[string]any) *reply {
		body := map[string]any{"open": to}
		for name, value := range more {
			body[name] = value
		}
		return c.patch(t, h.in(attic, ""), body, "If-Match: *")
	}
	confirmed := map[string]any{"confirm_visibility": true}

	// Opening: the answer warns, and nothing has changed.
	warned := open(h.employee, true, nil).refused(http.StatusConflict, "workspace.visibility")
	if !strings.Contains(warned.Detail, "past") || !strings.Contains(warned.Detail, "every employee") {
		t.Errorf("the warning is %q", warned.Detail)
	}
	open(h.employee, true, map[string]any{"name": "Loft"}).refused(http.StatusConflict, "workspace.visibility")
	alike(t, attic, func(id string) *reply { return h.owner.get(t, h.in(id, "")) })
	if r := h.employee.get(t, h.in(attic, "")); r.text("name") != "Attic" || r.field("open") != false {
		t.Errorf("after the warning the workspace is %s", r.Body)
	}
	open(h.employee, false, nil).want(http.StatusOK) // it is private already
	open(member, true, confirmed).refused(http.StatusForbidden, "forbidden")
	if r := open(h.employee, true, confirmed).want(http.StatusOK); r.field("open") != true {
		t.Errorf("opened: %s", r.Body)
	}
	// The past is visible, to employees.
	texts := []string{}
	for _, item := range h.owner.get(t, h.in(attic, "/stream?kind=stream")).want(http.StatusOK).items() {
		texts = append(texts, item["status"].(map[string]any)["text"].(string))
	}
	if !cmp.Equal(texts, []string{"Said among ourselves."}) {
		t.Errorf("after opening the owner reads %v", texts)
	}
	alike(t, attic, func(id string) *reply { return h.external.get(t, h.in(id, "")) })

	// Closing: warned, and then hidden from who is no member, whoever that is.
	warned = open(h.owner, false, nil).refused(http.StatusConflict, "workspace.visibility")
	if !strings.Contains(warned.Detail, "hides") || !strings.Contains(warned.Detail, "administrators included") {
		t.Errorf("the warning is %q", warned.Detail)
	}
	h.owner.get(t, h.in(attic, "")).want(http.StatusOK)
	open(h.owner, false, confirmed).want(http.StatusOK)
	alike(t, attic, func(id string) *reply { return h.owner.get(t, h.in(id, "")) })
	member.get(t, h.in(attic, "")).want(http.StatusOK)
	kinds := member.get(t, h.in(attic, "/stream?kind=workspace")).want(http.StatusOK).column("kind")
	if !cmp.Equal(kinds, []string{"workspace.workspace_closed", "workspace.workspace_opened", "workspace.member_added", "workspace.workspace_created"}) {
		t.Errorf("the stream has %v", kinds)
	}

	// A workspace that nobody manages cannot be hidden from everybody who could.
	hall := h.owner.workspace(t, h.org, "Hall", true)
	h.owner.post(t, h.in(hall, "/leave"), nil).want(http.StatusNoContent)
	h.owner.patch(t, h.in(hall, ""), map[string]any{"open": false, "confirm_visibility": true}, "If-Match: *").refused(http.StatusConflict, "workspace.last_manager")
}

func workspaceExternals(t *testing.T, s *stack) {
	h := newHouse(t, s)
	roof := h.owner.workspace(t, h.org, "Roof", true)
	stranger := h.owner.join(t, h.org, roof, "external", "Stan Stranger")
	mine := h.owner.task(t, h.org, h.open, "Rake the leaves")
	foreign := h.owner.task(t, h.org, roof, "Mend the tiles")
	status := h.owner.post(t, h.in(roof, "/statuses"), map[string]any{"text": "It leaks."}).want(http.StatusCreated).text("id")
	for _, c := range []*caller{h.external, h.guest} {
		c.get(t, h.at("/workspaces")).wantColumn("id", h.open)
		c.get(t, h.at("/tasks")).wantColumn("id", mine)
		alike(t, roof, func(id string) *reply { return c.get(t, h.in(id, "")) })
		alike(t, roof, func(id string) *reply { return c.get(t, h.in(id, "/members")) })
		alike(t, foreign, func(id string) *reply { return c.get(t, h.at("/tasks/"+id)) })
		alike(t, status, func(id string) *reply { return c.get(t, h.at("/statuses/"+id)) })
		for _, item := range c.get(t, h.at("/stream")).want(http.StatusOK).items() {
			if item["workspace_id"] != h.open {
				t.Errorf("%s sees %v", c.name, item)
			}
		}
		// Of the people they see whom they share a workspace with.
		c.get(t, h.at("/members")).wantColumn("name", "Gustav Guest", "Olga Owner", "Xenia External")
		alike(t, stranger.account, func(id string) *reply { return c.get(t, h.at("/members/"+id)) })
		alike(t, h.employee.account, func(id string) *reply { return c.get(t, h.at("/members/"+id)) })
		// Of the organization itself, nothing.
		c.get(t, h.at("/statistics/current?scope=organization")).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.at("/statistics/current?scope=workspace&workspace="+h.open)).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.at("/statistics/current?scope=person&account="+h.owner.account)).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.at("/invitations")).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.at("/policy")).refused(http.StatusForbidden, "forbidden")
	}
	h.external.get(t, h.at("")).refused(http.StatusNotFound, "not_found")
	h.external.patch(t, h.at(""), map[string]any{"name": "Ours"}, "If-Match: *").refused(http.StatusNotFound, "not_found")
	h.guest.patch(t, h.at(""), map[string]any{"name": "Ours"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	if r := h.guest.get(t, h.at("")).want(http.StatusOK); r.text("name") != "Works" || r.field("limited") != true || r.field("time_zone") == "UTC" {
		t.Errorf("the guest reads %s of the organization", r.Body)
	}
	// Who leaves sees nothing any more.
	h.external.post(t, h.in(h.open, "/leave"), nil).want(http.StatusNoContent)
	alike(t, h.open, func(id string) *reply { return h.external.get(t, h.in(id, "")) })
	h.external.get(t, h.at("/workspaces")).wantColumn("id")
	h.external.get(t, h.at("/tasks")).wantColumn("id")
}

func workspaceMembers(t *testing.T, s *stack) {
	h := newHouse(t, s)
	plain := h.owner.join(t, h.org, "", "internal", "Paula Plain")
	access := h.owner.join(t, h.org, "", "internal", "Arne Access")
	h.owner.roles(t, h.org, access.account, "access_manager")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	h.owner.add(t, h, h.open, h.employee) // whom employees share a workspace with, they can bring to another
	h.employee.add(t, h, cellar, plain, h.external)
	role := func(c *caller, workspace string, of *caller, name string) *reply {
		return c.patch(t, h.in(workspace, "/members/"+of.account), map[string]any{"role": name})
	}
	want := []string{"Emil Employee", "Paula Plain", "Xenia External"}
	plain.get(t, h.in(cellar, "/members")).wantColumn("name", want...)
	if got := plain.pages(t, h.in(cellar, "/members"), "name", "1"); !cmp.Equal(got, want) {
		t.Errorf("page by page the members are %v", got)
	}
	r := plain.get(t, h.in(cellar, "/members")).want(http.StatusOK)
	if !cmp.Equal(r.column("role"), []string{"manager", "plain", "plain"}) || !cmp.Equal(r.column("kind"), []string{"internal", "internal", "external"}) {
		t.Errorf("the members are %s", r.Body)
	}

	// Plain members and externals change no members.
	for _, c := range []*caller{plain, h.external} {
		role(c, cellar, c, "manager").refused(http.StatusForbidden, "forbidden")
		c.delete(t, h.in(cellar, "/members/"+h.employee.account)).refused(http.StatusForbidden, "forbidden")
		c.post(t, h.in(cellar, "/members"), map[string]any{"accounts": []string{h.owner.account}}).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.in(cellar, "/contacts")).refused(http.StatusForbidden, "forbidden")
	}
	role(h.employee, cellar, h.external, "manager").invalid("/role manager_kind")
	role(h.employee, cellar, plain, "king").invalid("/role one_of")
	role(h.employee, cellar, h.owner, "manager").refused(http.StatusNotFound, "not_found")
	h.employee.delete(t, h.in(cellar, "/members/"+h.owner.account)).refused(http.StatusNotFound, "not_found")

	// A private workspace keeps a manager.
	role(h.employee, cellar, h.employee, "plain").refused(http.StatusConflict, "workspace.last_manager")
	h.employee.post(t, h.in(cellar, "/leave"), nil).refused(http.StatusConflict, "workspace.last_manager")
	h.employee.delete(t, h.in(cellar, "/members/"+h.employee.account)).refused(http.StatusConflict, "workspace.last_manager")
	if r := role(h.employee, cellar, plain, "manager").want(http.StatusOK); r.text("role") != "manager" || r.text("account_id") != plain.account {
		t.Errorf("the manager is %s", r.Body)
	}
	// Of two managers who leave at once, one stays.
	statuses := make([]int, 2)
	var wait sync.WaitGroup
	for i, c := range []*caller{h.employee, plain} {
		wait.Go(func() { statuses[i] = c.post(t, h.in(cellar, "/leave"), nil).Status })
	}
	wait.Wait()
	slices.Sort(statuses)
	if !cmp.Equal(statuses, []int{http.StatusNoContent, http.StatusConflict}) {
		t.Errorf("two managers who leave at once are answered %v", statuses)
	}
	h.external.get(t, h.in(cellar, "")).want(http.StatusOK)

	// In an open workspace: owners manage it, access managers its members, and one can only leave what one is in.
	access.add(t, h, h.open, plain)
	role(access, h.open, plain, "manager").refused(http.StatusForbidden, "forbidden")
	access.patch(t, h.in(h.open, ""), map[string]any{"name": "Park"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	access.delete(t, h.in(h.open, "/members/"+plain.account)).want(http.StatusNoContent)
	plain.get(t, h.in(h.open, "")).want(http.StatusOK)
	plain.post(t, h.in(h.open, "/leave"), nil).refused(http.StatusConflict, "workspace.not_member")
	h.owner.post(t, h.in(h.open, "/leave"), nil).want(http.StatusNoContent)
	h.owner.patch(t, h.in(h.open, ""), map[string]any{"name": "Park"}, "If-Match: *").want(http.StatusOK)
	access.delete(t, h.in(h.open, "/members/"+h.external.account)).want(http.StatusNoContent)
	alike(t, h.open, func(id string) *reply { return h.external.get(t, h.in(id, "")) })
}

func workspaceUpdateVersion(t *testing.T, s *stack) {
	h := newHouse(t, s)
	path := h.in(h.open, "")
	change := func(body any, header ...string) *reply { return h.owner.patch(t, path, body, header...) }
	change(map[string]any{"name": "Park"}).refused(http.StatusPreconditionRequired, "if_match.required")
	change(map[string]any{"name": "Park"}, `If-Match: "7"`).refused(http.StatusPreconditionFailed, "version")
	change(map[string]any{"name": "Park"}, `If-Match: W/"1"`).refused(http.StatusPreconditionFailed, "version")
	change(map[string]any{"name": "Park"}, `If-Match: 1`).invalid("/If-Match format")
	change(map[string]any{}, `If-Match: "1"`).invalid(" required")
	change(map[string]any{"name": "", "description": 7, "id": "x"}, `If-Match: "1"`).invalid("/name too_short", "/description type", "/id unknown")
	change(map[string]any{"name": "\n", "description": "\u0001"}, `If-Match: "1"`).invalid("/name required", "/description control_characters")
	r := change(map[string]any{"name": "Park", "description": "With a pond."}, `If-Match: "1"`).want(http.StatusOK)
	second := r.Header.Get("Etag")
	if !strings.HasPrefix(second, `"2`) || r.text("name") != "Park" || r.text("description") != "With a pond." || r.field("open") != true {
		t.Errorf("changed: %s, ETag %s", r.Body, r.Header.Get("Etag"))
	}
	if r := change(map[string]any{"name": "Park"}, "If-Match: "+second).want(http.StatusOK); r.Header.Get("Etag") != second {
		t.Errorf("a change that changes nothing makes version %s", r.Header.Get("Etag"))
	}
	if r := h.owner.get(t, path, "If-None-Match: "+second); r.Status != http.StatusNotModified || len(r.Body) > 0 {
		t.Errorf("the version one has is answered %d %s", r.Status, r.Body)
	}
	h.owner.get(t, path, `If-None-Match: "1"`).want(http.StatusOK)
	// Of several who change what they have read at once, one does.
	statuses := make([]int, 4)
	var wait sync.WaitGroup
	for i := range statuses {
		wait.Go(func() {
			statuses[i] = change(map[string]any{"description": strings.Repeat("x", i+1)}, "If-Match: "+second).Status
		})
	}
	wait.Wait()
	slices.Sort(statuses)
	if !cmp.Equal(statuses, []int{200, 412, 412, 412}) {
		t.Errorf("changes at once are answered %v", statuses)
	}
	kinds := h.employee.get(t, h.in(h.open, "/stream?kind=workspace.workspace_updated")).want(http.StatusOK).items()
	if len(kinds) != 2 || kinds[1]["data"].(map[string]any)["name_before"] != "Garden" {
		t.Errorf("the stream has %v", kinds)
	}
}
