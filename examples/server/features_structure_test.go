package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/verandatest"
)

func structureFeatures() []feature {
	return []feature{
		{"T21", slices.Concat(teamClauses(), []clause{
			{name: "teams", run: structureTeams},
			{name: "team_roles", run: structureTeamRoles},
			{name: "team_raises_nobody", run: structureTeamRaisesNobody},
			{name: "team_in_workspace", run: structureTeamInWorkspace},
			{name: "externals_see_no_teams", run: structureExternals},
			{name: "departments", run: structureDepartments},
			{name: "managers", run: structureManagers},
			{name: "welcome", run: structureWelcome},
		})},
	}
}

// teamClauses are what a tenant's kind and its mail domains say about teams.
func teamClauses() []clause {
	return []clause{
		{name: "personal_no_teams", run: structurePersonal},
		{name: "teams_by_domain", run: structureByDomain},
	}
}

// team makes a team with people in it.
func (c *caller) team(t *testing.T, org, name string, roles []string, people ...*caller) string {
	t.Helper()
	path := "/v1/organizations/" + org + "/teams"
	id := c.post(t, path, map[string]any{"name": name, "roles": roles}).want(http.StatusCreated).text("id")
	for _, p := range people {
		c.post(t, path+"/"+id+"/members", map[string]any{"accounts": []string{p.account}}).want(http.StatusOK)
	}
	return id
}

func structurePersonal(t *testing.T, s *stack) {
	c := s.registerAt(t, "Pia Personal", personalAddress("Pia Personal"))
	org := c.post(t, "/v1/organizations", map[string]any{"kind": "personal", "name": "Pia's place"}).want(http.StatusCreated).text("id")
	c.post(t, "/v1/organizations/"+org+"/teams", map[string]any{"name": "Family"}).refused(http.StatusConflict, "tenancy.no_teams")
	c.get(t, "/v1/organizations/"+org+"/teams").wantColumn("name")
}

func structureByDomain(t *testing.T, s *stack) {
	address := newAddress("Olga Owner")
	owner := s.registerAt(t, "Olga Owner", address)
	org := owner.found(t, "Domains")
	path := "/v1/organizations/" + org
	early := owner.join(t, org, "", "internal", "Erna Early")
	own := newAddress("Oskar Own")
	own = own[:strings.Index(own, "@")] + "@works.example"
	owner.patch(t, path, map[string]any{"domains": []string{"works.example"}}, "If-Match: *").want(http.StatusOK)
	token := owner.invite(t, org, "", "internal", own)
	s.anonymous().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "Oskar Own", "password": password}).want(http.StatusOK)
	employee := s.signIn(t, "Oskar Own", own)
	team := map[string]any{"name": "Gardeners"}
	for _, c := range []*caller{owner, early} { // they belong to it by an address that is in no domain of it
		c.post(t, path+"/teams", team).refused(http.StatusForbidden, "tenancy.team_domain")
	}
	employee.post(t, path+"/teams", team).want(http.StatusCreated)
	owner.patch(t, path, map[string]any{"domains": []string{}}, "If-Match: *").want(http.StatusOK)
	early.post(t, path+"/teams", map[string]any{"name": "Early birds"}).want(http.StatusCreated)
}

func structureTeams(t *testing.T, s *stack) {
	h := newHouse(t, s)
	other := s.register(t, "Otto Other")
	maria := h.owner.join(t, h.org, "", "internal", "Maria Member")
	teams := h.at("/teams")
	h.employee.post(t, teams, map[string]any{"name": " ", "roles": []string{"owner", "x", "x"}, "colour": "red"}).
		invalid("/name required", "/roles/0 owner", "/roles/2 repeated", "/colour unknown")
	body := map[string]any{"name": "Gardeners", "description": "We water."}
	r := h.employee.post(t, teams, body, "Idempotency-Key: one-team").want(http.StatusCreated)
	id := r.text("id")
	if again := h.employee.post(t, teams, body, "Idempotency-Key: one-team").want(http.StatusCreated); again.text("id") != id {
		t.Error("a repeated call made another team")
	}
	if r.Header.Get("Location") != teams+"/"+id || r.field("member") != false || r.text("created_by") != h.employee.account {
		t.Errorf("the team is %s at %s", r.Body, r.Header.Get("Location"))
	}
	h.owner.post(t, teams, map[string]any{"name": "GARDENERS"}).invalid("/name taken")
	one := teams + "/" + id
	h.employee.patch(t, one, map[string]any{"name": "Growers"}).refused(http.StatusPreconditionRequired, "if_match.required")
	h.employee.patch(t, one, map[string]any{"name": "Growers"}, `If-Match: "7"`).refused(http.StatusPreconditionFailed, "version")
	h.employee.patch(t, one, map[string]any{"name": "Growers"}, "If-Match: "+r.Header.Get("ETag")).want(http.StatusOK)
	maria.patch(t, one, map[string]any{"name": "Mine"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	add := func(c *caller, accounts ...string) *reply {
		return c.post(t, one+"/members", map[string]any{"accounts": accounts})
	}
	added := add(h.employee, maria.account, h.employee.account).want(http.StatusOK)
	if added.text("results.0.outcome") != "added" || add(h.employee, maria.account).want(http.StatusOK).text("results.0.outcome") != "already_member" {
		t.Errorf("the results are %s", added.Body)
	}
	add(h.owner, h.external.account, other.account, nobodysID, h.owner.account).invalid("/accounts/0 kind", "/accounts/1 not_found", "/accounts/2 not_found")
	add(maria, h.owner.account).refused(http.StatusForbidden, "forbidden")
	h.owner.get(t, one+"/members").wantColumn("name", "Emil Employee", "Maria Member")
	if got := h.owner.pages(t, one+"/members", "name", "1"); !cmp.Equal(got, []string{"Emil Employee", "Maria Member"}) {
		t.Errorf("page by page: %v", got)
	}
	h.owner.team(t, h.org, "Guards", nil)
	h.owner.get(t, teams+"?q=g").wantColumn("name", "Growers", "Guards")
	h.owner.get(t, teams+"?q=gr").wantColumn("name", "Growers")
	maria.get(t, teams+"?mine=true").wantColumn("name", "Growers")
	if got := maria.pages(t, teams, "name", "1"); !cmp.Equal(got, []string{"Growers", "Guards"}) {
		t.Errorf("page by page: %v", got)
	}
	h.employee.delete(t, one+"/members/"+maria.account).want(http.StatusNoContent)
	h.employee.delete(t, one+"/members/"+maria.account).refused(http.StatusNotFound, "not_found")
	alike(t, id, func(id string) *reply { return other.get(t, teams+"/"+id) })
	h.owner.delete(t, h.at("/members/"+h.employee.account)).want(http.StatusNoContent) // who leaves the organization leaves its teams
	if left := h.owner.get(t, one).want(http.StatusOK); left.field("members") != 0.0 {
		t.Errorf("after everybody left: %s", left.Body)
	}
	h.owner.delete(t, one).want(http.StatusNoContent)
	h.owner.get(t, one).refused(http.StatusNotFound, "not_found")
}

// What a team holds its people may do at the next call, and not a call longer than they are in it.
func structureTeamRoles(t *testing.T, s *stack) {
	h := newHouse(t, s)
	administers := func(status int) {
		t.Helper()
		h.employee.get(t, h.at("/policy")).want(status)
	}
	administers(http.StatusForbidden)
	id := h.owner.team(t, h.org, "Admins", []string{"administrator"}, h.employee)
	team := h.at("/teams/" + id)
	administers(http.StatusOK)
	h.owner.patch(t, team, map[string]any{"roles": []string{}}, "If-Match: *").want(http.StatusOK)
	administers(http.StatusForbidden)
	h.owner.patch(t, team, map[string]any{"roles": []string{"administrator"}}, "If-Match: *").want(http.StatusOK)
	administers(http.StatusOK)
	h.owner.delete(t, team+"/members/"+h.employee.account).want(http.StatusNoContent)
	administers(http.StatusForbidden)
	h.owner.post(t, team+"/members", map[string]any{"accounts": []string{h.employee.account}}).want(http.StatusOK)
	administers(http.StatusOK)
	h.owner.delete(t, team).want(http.StatusNoContent)
	administers(http.StatusForbidden)
	// An owner is one by name.
	h.owner.post(t, h.at("/teams"), map[string]any{"name": "Owners", "roles": []string{"owner"}}).invalid("/roles/0 owner")
	h.owner.post(t, h.at("/teams"), map[string]any{"name": "Guests", "roles": []string{"guest", "king"}}).invalid("/roles/0 one_of", "/roles/1 one_of")
}

func structureTeamRaisesNobody(t *testing.T, s *stack) {
	h := newHouse(t, s)
	manager := h.owner.join(t, h.org, "", "internal", "Agnes Access")
	h.owner.roles(t, h.org, manager.account, "access_manager")
	admin := h.owner.join(t, h.org, "", "internal", "Ada Admin")
	h.owner.roles(t, h.org, admin.account, "administrator")
	id := h.employee.team(t, h.org, "Admins", nil)
	team := h.at("/teams/" + id)
	roles := map[string]any{"roles": []string{"administrator"}}
	for _, c := range []*caller{h.employee, manager} {
		c.patch(t, team, roles, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	}
	admin.patch(t, team, roles, "If-Match: *").want(http.StatusOK)
	enter := func(c *caller, team string) *reply {
		return c.post(t, team+"/members", map[string]any{"accounts": []string{c.account}})
	}
	for _, c := range []*caller{h.employee, manager} { // also into the team they made
		enter(c, team).refused(http.StatusForbidden, "forbidden")
		c.delete(t, team).refused(http.StatusForbidden, "forbidden")
	}
	enter(admin, h.at("/teams/"+admin.team(t, h.org, "Access", []string{"access_manager"}))).refused(http.StatusForbidden, "tenancy.own_roles")
	enter(admin, team).want(http.StatusOK) // gains nothing
	admin.patch(t, team, map[string]any{"roles": []string{"access_manager"}}, "If-Match: *").refused(http.StatusForbidden, "tenancy.own_roles")
	h.owner.post(t, team+"/members", map[string]any{"accounts": []string{h.employee.account}}).want(http.StatusOK)
	manager.delete(t, h.at("/members/"+h.employee.account)).refused(http.StatusForbidden, "forbidden") // an administrator now
}

func structureTeamInWorkspace(t *testing.T, s *stack) {
	h := newHouse(t, s)
	maria := h.owner.join(t, h.org, "", "internal", "Maria Member")
	cellar := h.employee.workspace(t, h.org, "Cellar", false)
	teams := h.in(cellar, "/teams")
	id := h.owner.team(t, h.org, "Gardeners", nil, maria)
	maria.get(t, h.in(cellar, "")).refused(http.StatusNotFound, "not_found")
	h.employee.post(t, teams, map[string]any{"team_id": nobodysID, "role": "king"}).invalid("/team_id not_found", "/role one_of")
	maria.post(t, teams, map[string]any{"team_id": id}).refused(http.StatusNotFound, "not_found")
	added := h.employee.post(t, teams, map[string]any{"team_id": id}).want(http.StatusOK)
	if added.text("name") != "Gardeners" || added.text("role") != "plain" || added.field("members") != 1.0 {
		t.Errorf("the team is %s", added.Body)
	}
	maria.get(t, h.in(cellar, "")).want(http.StatusOK)
	maria.task(t, h.org, cellar, "Water the plants")
	maria.patch(t, h.in(cellar, ""), map[string]any{"name": "Mine"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	h.employee.post(t, teams, map[string]any{"team_id": id, "role": "manager"}).want(http.StatusOK)
	maria.patch(t, h.in(cellar, ""), map[string]any{"description": "Cool and dry."}, "If-Match: *").want(http.StatusOK)
	// Who enters the team enters its workspaces, and the list says by which team.
	h.owner.post(t, h.at("/teams/"+id+"/members"), map[string]any{"accounts": []string{h.owner.account}}).want(http.StatusOK)
	members := h.owner.get(t, h.in(cellar, "/members")).want(http.StatusOK)
	members.wantColumn("name", "Emil Employee", "Maria Member", "Olga Owner")
	members.wantColumn("role", "manager", "manager", "manager")
	if members.field("items.1.via.0.name") != "Gardeners" || members.field("items.1.by_team") != true || members.field("items.0.via") != nil {
		t.Errorf("the members are %s", members.Body)
	}
	h.employee.get(t, teams).wantColumn("name", "Gardeners")
	// A private workspace keeps a manager of its own.
	h.employee.post(t, h.in(cellar, "/leave"), nil).refused(http.StatusConflict, "workspace.last_manager")
	// Who is there in both ways stays while one lasts.
	h.employee.delete(t, h.in(cellar, "/members/"+maria.account)).refused(http.StatusConflict, "workspace.by_team")
	maria.post(t, h.in(cellar, "/leave"), nil).refused(http.StatusConflict, "workspace.by_team")
	h.employee.add(t, h, cellar, maria)
	stays := h.employee.delete(t, h.in(cellar, "/members/"+maria.account)).want(http.StatusOK)
	if stays.field("by_team") != true || stays.text("via.0.team_id") != id {
		t.Errorf("the answer is %s", stays.Body)
	}
	maria.get(t, h.in(cellar, "")).want(http.StatusOK)
	h.employee.add(t, h, cellar, maria)
	h.employee.delete(t, teams+"/"+id).want(http.StatusNoContent)
	h.employee.delete(t, teams+"/"+id).refused(http.StatusNotFound, "not_found")
	h.owner.get(t, h.in(cellar, "")).refused(http.StatusNotFound, "not_found")
	maria.get(t, h.in(cellar, "")).want(http.StatusOK)
	h.employee.delete(t, h.in(cellar, "/members/"+maria.account)).want(http.StatusNoContent)
	maria.get(t, h.in(cellar, "")).refused(http.StatusNotFound, "not_found")
	kinds := h.employee.get(t, h.in(cellar, "/stream?limit=200")).want(http.StatusOK).column("kind")
	for _, kind := range []string{"workspace.team_added", "workspace.team_role_changed", "workspace.team_removed"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("the stream tells of %v, not of %s", kinds, kind)
		}
	}
}

// Externals and guests see people, and no teams: neither in lists, nor by ids, nor in the stream.
func structureExternals(t *testing.T, s *stack) {
	h := newHouse(t, s)
	id := h.employee.team(t, h.org, "Secret gardeners", nil, h.employee)
	h.owner.post(t, h.in(h.open, "/teams"), map[string]any{"team_id": id}).want(http.StatusOK)
	for _, c := range []*caller{h.external, h.guest} {
		c.get(t, h.at("/teams")).refused(http.StatusForbidden, "forbidden")
		c.post(t, h.at("/teams"), map[string]any{"name": "Ours"}).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.in(h.open, "/teams")).refused(http.StatusForbidden, "forbidden")
		c.get(t, h.at("/departments")).refused(http.StatusForbidden, "forbidden")
		for _, call := range []func(id string) *reply{
			func(id string) *reply { return c.get(t, h.at("/teams/"+id)) },
			func(id string) *reply { return c.get(t, h.at("/teams/"+id+"/members")) },
			func(id string) *reply { return c.delete(t, h.at("/teams/"+id)) },
		} {
			alike(t, id, call)
		}
		for _, path := range []string{"/members", "/stream"} {
			if body := string(c.get(t, h.in(h.open, path)).want(http.StatusOK).Body); strings.Contains(body, "Secret gardeners") || strings.Contains(body, `"via"`) {
				t.Errorf("%s tells of the team: %s", path, body)
			}
		}
	}
}

func structureDepartments(t *testing.T, s *stack) {
	h := newHouse(t, s)
	all := h.at("/departments")
	create := func(name, parent string) string {
		t.Helper()
		body := map[string]any{"name": name}
		if parent != "" {
			body["parent_id"] = parent
		}
		return h.owner.post(t, all, body).want(http.StatusCreated).text("id")
	}
	h.employee.post(t, all, map[string]any{"name": "Mine"}).refused(http.StatusForbidden, "forbidden")
	h.owner.post(t, all, map[string]any{"name": "", "parent_id": nobodysID}).invalid("/name too_short")
	h.owner.post(t, all, map[string]any{"name": "X", "parent_id": nobodysID, "manager_id": h.external.account}).invalid("/parent_id not_found", "/manager_id kind")
	sales := create("Sales", "")
	north := create("North", sales)
	h.owner.post(t, all, map[string]any{"name": "SALES"}).invalid("/name taken")
	patch := func(id string, body map[string]any) *reply {
		return h.owner.patch(t, all+"/"+id, body, "If-Match: *")
	}
	patch(sales, map[string]any{"parent_id": north}).invalid("/parent_id circle")
	patch(sales, map[string]any{"parent_id": sales}).invalid("/parent_id circle")
	patch(north, map[string]any{"parent_id": sales, "clear_parent": true}).invalid("/clear_parent exclusive")
	if r := patch(north, map[string]any{"clear_parent": true, "name": "Far north", "manager_id": h.employee.account}).want(http.StatusOK); r.field("parent_id") != nil || r.text("manager_id") != h.employee.account {
		t.Errorf("the department is %s", r.Body)
	}
	patch(north, map[string]any{"parent_id": sales}).want(http.StatusOK)
	deep := north
	for range 8 {
		deep = create("Deeper", deep)
	}
	h.owner.post(t, all, map[string]any{"name": "Too deep", "parent_id": deep}).invalid("/parent_id depth")
	h.employee.get(t, all+"?q=far").wantColumn("name", "Far north")
	// Its people, with those of its parts; only an empty one is deleted.
	h.owner.put(t, h.at("/members/"+h.employee.account+"/links"), map[string]any{"department_id": deep}, "If-Match: *").want(http.StatusOK)
	h.employee.get(t, all+"/"+sales+"/members").wantColumn("name", "Emil Employee")
	h.employee.get(t, all+"/"+sales+"/members?alone=true").wantColumn("name")
	h.owner.delete(t, all+"/"+deep).refused(http.StatusConflict, "tenancy.department_not_empty")
	h.owner.delete(t, all+"/"+sales).refused(http.StatusConflict, "tenancy.department_not_empty")
	h.owner.put(t, h.at("/members/"+h.employee.account+"/links"), map[string]any{}, "If-Match: *").want(http.StatusOK)
	h.owner.delete(t, all+"/"+deep).want(http.StatusNoContent)
	alike(t, sales, func(id string) *reply { return h.external.get(t, all+"/"+id) })
}

func structureManagers(t *testing.T, s *stack) {
	h := newHouse(t, s)
	maria := h.owner.join(t, h.org, "", "internal", "Maria Member")
	manager := h.owner.join(t, h.org, "", "internal", "Agnes Access")
	h.owner.roles(t, h.org, manager.account, "access_manager")
	set := func(c, who *caller, body map[string]any, header ...string) *reply {
		return c.put(t, h.at("/members/"+who.account+"/links"), body, append(header, "If-Match: *")[0])
	}
	led := func(by *caller) map[string]any { return map[string]any{"manager_id": by.account} }
	set(manager, h.employee, led(h.owner)).want(http.StatusOK)
	set(manager, maria, led(h.employee)).want(http.StatusOK)
	set(h.employee, maria, led(h.owner)).refused(http.StatusForbidden, "forbidden")
	set(manager, h.owner, led(maria)).invalid("/manager_id circle")
	set(manager, maria, led(maria)).invalid("/manager_id oneself")
	set(manager, maria, led(h.external)).invalid("/manager_id kind")
	set(manager, maria, map[string]any{"manager_id": nobodysID, "department_id": nobodysID}).invalid("/manager_id not_found", "/department_id not_found")
	set(manager, maria, led(h.owner), `If-Match: "99"`).refused(http.StatusPreconditionFailed, "version")
	// What an external is within an organization is said by their own.
	set(manager, h.external, led(h.employee)).invalid("/manager_id kind")
	h.employee.get(t, h.at("/members/"+h.owner.account+"/reports")).wantColumn("name", "Emil Employee")
	if links := maria.get(t, h.at("/members/"+maria.account+"/links")).want(http.StatusOK); links.text("manager_id") != h.employee.account || links.field("department_id") != nil {
		t.Errorf("the links are %s", links.Body)
	}
	h.owner.delete(t, h.at("/members/"+h.employee.account)).want(http.StatusNoContent)
	if links := maria.get(t, h.at("/members/"+maria.account+"/links")).want(http.StatusOK); links.field("manager_id") != nil {
		t.Errorf("the manager left, and the links are %s", links.Body)
	}
	h.guest.get(t, h.at("/members/"+maria.account+"/links")).refused(http.StatusForbidden, "forbidden")
}

func structureWelcome(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Warm House")
	path := "/v1/organizations/" + org
	garden := owner.workspace(t, org, "Garden", true)
	owner.patch(t, path, map[string]any{"welcome": "two\u0007"}, "If-Match: *").invalid("/welcome control_characters")
	if r := owner.patch(t, path, map[string]any{"welcome": "Coffee is on us.\nDoors open at nine."}, "If-Match: *").want(http.StatusOK); r.text("welcome") != "Coffee is on us.\nDoors open at nine." {
		t.Errorf("the organization is %s", r.Body)
	}
	const hello = "you belong to “Warm House” now"
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	letter := s.inbox.last(t, employee.address, hello)
	if letter.Subject != "Welcome to Warm House" || !strings.Contains(letter.Text, "Hello Emil Employee,") || !strings.Contains(letter.Text, "Coffee is on us.\nDoors open at nine.") {
		t.Errorf("the letter is %q:\n%s", letter.Subject, letter.Text)
	}
	external := owner.join(t, org, garden, "external", "Xenia External")
	token := owner.invite(t, org, "", "internal", external.address)
	external.post(t, "/v1/invitations/accept", map[string]any{"token": token}).want(http.StatusOK)
	s.inbox.last(t, external.address, hello)
	owner.inviting(t, org, garden, "internal", employee.address) // put into a workspace, not welcomed again
	s.inbox.last(t, employee.address, "added you to the workspace")
	for who, want := range map[*caller]int{owner: 0, employee: 1, external: 1} {
		if got := len(s.inbox.holding(who.address, hello)); got != want {
			t.Errorf("%s has %d letters, want %d", who.name, got, want)
		}
	}
	verandatest.Eventually(t, 30*time.Second, "the log of deliveries", func() bool {
		return slices.Contains(owner.get(t, path+"/deliveries?state=sent").want(http.StatusOK).column("template"), "welcome")
	})
}
