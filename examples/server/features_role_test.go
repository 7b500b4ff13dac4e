package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// roleFeatures are roles of an organization's own, its own policy rows, and what explains them.
func roleFeatures() []feature {
	return []feature{
		{"T11", []clause{
			{name: "role_of_ones_own", run: roleOfOnesOwn},
			{name: "in_one_workspace", run: roleInOneWorkspace},
			{name: "kinds", run: roleKinds},
			{name: "who_gives", run: roleWhoGives},
			{name: "nobody_raises", run: roleNobodyRaises},
			{name: "held", run: roleHeld},
			{name: "permissions", run: rolePermissionsListed},
			{name: "bad_input", run: roleBadInput},
			{name: "own_rows", run: policyOwnRows},
			{name: "rows_refused", run: policyOwnRowsRefused},
			{name: "refused_noted", run: roleRefusalNoted},
		}},
		{"T15", []clause{
			{name: "why", run: explainWhy},
			{name: "why_not", run: explainWhyNot},
			{name: "what_they_see", run: explainAccess},
			{name: "who_asks", run: explainWhoAsks},
		}},
	}
}

// role makes a role of the organization's own.
func (c *caller) role(t *testing.T, org, name, scope string, kinds, permissions []string, more ...any) *reply {
	t.Helper()
	body := map[string]any{"name": name, "title": "The " + name, "scope": scope, "kinds": kinds, "permissions": permissions}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return c.post(t, "/v1/organizations/"+org+"/roles", body)
}

var (
	internals = []string{"internal"}
	outsiders = []string{"external", "guest"}
	anybody   = []string{"internal", "external", "guest"}
)

func roleOfOnesOwn(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Own roles")
	path := "/v1/organizations/" + org
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	employee.get(t, path+"/deliveries").want(http.StatusOK)
	employee.patch(t, path, map[string]any{"language": "de"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	made := owner.role(t, org, "secretary", "organization", internals, []string{"organization.update"}).want(http.StatusCreated)
	if at := made.Header.Get("Location"); !strings.HasSuffix(at, path+"/roles/secretary") {
		t.Errorf("Location %q", at)
	}
	employee.patch(t, path, map[string]any{"language": "de"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	owner.roles(t, org, employee.account, "employee", "secretary")
	employee.patch(t, path, map[string]any{"language": "de"}, "If-Match: *").want(http.StatusOK)
	// What is taken out of the role is gone at the next call.
	read := employee.get(t, path+"/roles/secretary").want(http.StatusOK)
	if read.field("custom") != true || read.text("in_force.0") != "organization.update" || read.text("granted_by.0") != "administrator" {
		t.Errorf("the role reads %s", read.Body)
	}
	change := map[string]any{"title": "Clerk", "scope": "organization", "kinds": internals, "permissions": []string{"delivery.read"}}
	tag := "If-Match: " + read.Header.Get("ETag")
	owner.put(t, path+"/roles/secretary", change).refused(http.StatusPreconditionRequired, "if_match.required")
	owner.put(t, path+"/roles/secretary", change, tag).want(http.StatusOK)
	owner.put(t, path+"/roles/secretary", change, tag).refused(http.StatusPreconditionFailed, "version")
	employee.patch(t, path, map[string]any{"language": "en"}, "If-Match: *").refused(http.StatusForbidden, "forbidden")
	// And the role itself.
	owner.roles(t, org, employee.account, "employee")
	owner.delete(t, path+"/roles/secretary").want(http.StatusNoContent)
	owner.get(t, path+"/roles/secretary").refused(http.StatusNotFound, "not_found")
	names := owner.get(t, path+"/roles").want(http.StatusOK).column("name")
	if diff := cmp.Diff([]string{"owner", "administrator", "access_manager", "employee", "external", "guest", "manager"}, names); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	owner.delete(t, path+"/roles/employee").refused(http.StatusNotFound, "not_found")
}

func roleInOneWorkspace(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Workspace roles")
	here, there := owner.workspace(t, org, "Here", false), owner.workspace(t, org, "There", false)
	guest := owner.join(t, org, here, "guest", "Gero Guest")
	owner.inviting(t, org, there, "guest", guest.address)
	path := "/v1/organizations/" + org + "/workspaces/"
	owner.role(t, org, "writer", "workspace", outsiders, []string{"task.create", "task.edit"}).want(http.StatusCreated)
	task := map[string]any{"title": "Water the plants"}
	guest.post(t, path+here+"/tasks", task).refused(http.StatusForbidden, "forbidden")
	give := func(as *caller, workspace, account string, roles ...string) *reply {
		return as.put(t, path+workspace+"/members/"+account+"/roles", map[string]any{"roles": append([]string{}, roles...)})
	}
	if given := give(owner, here, guest.account, "writer").want(http.StatusOK); given.text("roles.0") != "writer" || given.field("manager") != false {
		t.Errorf("given: %s", given.Body)
	}
	made := guest.post(t, path+here+"/tasks", task).want(http.StatusCreated).text("id")
	guest.patch(t, "/v1/organizations/"+org+"/tasks/"+made, map[string]any{"title": "Water all plants"}, "If-Match: *").want(http.StatusOK)
	guest.post(t, path+there+"/tasks", task).refused(http.StatusForbidden, "forbidden")
	// Whoever manages stays the manager.
	owner.role(t, org, "reader", "both", anybody, []string{"task.read"}).want(http.StatusCreated)
	second := owner.join(t, org, here, "internal", "Mara Manager")
	owner.patch(t, path+here+"/members/"+second.account, map[string]any{"role": "manager"}).want(http.StatusOK)
	if given := give(owner, here, second.account, "reader").want(http.StatusOK); given.field("manager") != true {
		t.Errorf("a manager with a role: %s", given.Body)
	}
	second.patch(t, path+here, map[string]any{"description": "Still mine"}, "If-Match: *").want(http.StatusOK)
	owner.patch(t, path+here+"/members/"+second.account, map[string]any{"role": "plain"}).want(http.StatusOK)
	if given := give(owner, here, second.account, "reader").want(http.StatusOK); given.field("manager") != false || given.text("roles.0") != "reader" {
		t.Errorf("a plain member with a role: %s", given.Body)
	}
	give(owner, here, owner.account, "reader").refused(http.StatusForbidden, "tenancy.own_roles")
	give(second, here, guest.account).refused(http.StatusForbidden, "forbidden")
	give(owner, here, second.account, "writer", "manager").invalid("/roles/1 one_of")
	give(owner, here, second.account, "writer").invalid("/roles/0 kind")
	// Taken, it is gone at the next call.
	give(owner, here, guest.account).want(http.StatusOK)
	guest.post(t, path+here+"/tasks", task).refused(http.StatusForbidden, "forbidden")
}

func roleKinds(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Kinds")
	room := owner.workspace(t, org, "Room", true)
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	external := owner.join(t, org, room, "external", "Xenia External")
	owner.role(t, org, "clerk", "organization", internals, []string{"audit.read_people"}).want(http.StatusCreated)
	owner.role(t, org, "partner", "organization", []string{"external"}, []string{"roles.read", "workspace.read", "task.read"}).want(http.StatusCreated)
	set := func(account string, roles ...string) *reply {
		return owner.put(t, "/v1/organizations/"+org+"/members/"+account+"/roles", map[string]any{"roles": roles}, "If-Match: *")
	}
	set(employee.account, "employee", "partner").invalid("/roles/1 kind")
	set(external.account, "external", "clerk").invalid("/roles/1 kind")
	set(external.account, "external", "unheard_of").invalid("/roles/1 one_of")
	set(employee.account, "employee", "clerk").want(http.StatusOK)
	external.get(t, "/v1/organizations/"+org+"/roles").refused(http.StatusForbidden, "forbidden")
	// In place of the shipped role: externals of this set read, and make nothing.
	set(external.account, "partner").want(http.StatusOK)
	external.get(t, "/v1/organizations/"+org+"/roles").want(http.StatusOK)
	external.get(t, "/v1/organizations/"+org+"/workspaces/"+room).want(http.StatusOK)
	external.post(t, "/v1/organizations/"+org+"/workspaces/"+room+"/tasks", map[string]any{"title": "No"}).refused(http.StatusForbidden, "forbidden")
}

func roleWhoGives(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Givers")
	people := map[string]*caller{}
	for _, role := range []string{"administrator", "access_manager", "employee"} {
		people[role] = owner.join(t, org, "", "internal", "Ines "+role)
		owner.roles(t, org, people[role].account, role)
	}
	target := owner.join(t, org, "", "internal", "Theo Target")
	set := func(as *caller, account string, roles ...string) *reply {
		return as.put(t, "/v1/organizations/"+org+"/members/"+account+"/roles", map[string]any{"roles": roles}, "If-Match: *")
	}
	owner.role(t, org, "common", "organization", internals, []string{"domain.read"}).want(http.StatusCreated)
	owner.role(t, org, "closely_held", "organization", internals, []string{"domain.read"}, "granted_by", []string{"administrator"}).want(http.StatusCreated)
	owner.role(t, org, "owners_only", "organization", internals, []string{"domain.read"}, "granted_by", []string{}).want(http.StatusCreated)
	for _, row := range []struct {
		role                               string
		administrator, accessManager, none int
	}{
		{"common", http.StatusOK, http.StatusOK, http.StatusForbidden},
		{"closely_held", http.StatusOK, http.StatusForbidden, http.StatusForbidden},
		{"owners_only", http.StatusForbidden, http.StatusForbidden, http.StatusForbidden},
	} {
		for who, want := range map[string]int{"administrator": row.administrator, "access_manager": row.accessManager, "employee": row.none} {
			owner.roles(t, org, target.account, "employee")
			if r := set(people[who], target.account, "employee", row.role); r.Status != want {
				t.Errorf("%s gives %s: %d, want %d: %s", who, row.role, r.Status, want, r.Body)
			}
			// Taking asks for the same right as giving.
			owner.roles(t, org, target.account, "employee", row.role)
			if r := set(people[who], target.account, "employee"); r.Status != want {
				t.Errorf("%s takes %s: %d, want %d: %s", who, row.role, r.Status, want, r.Body)
			}
		}
	}
	for who, as := range people {
		if who != "employee" {
			set(as, as.account, who, "common").refused(http.StatusForbidden, "tenancy.own_roles")
		}
	}
}

func roleNobodyRaises(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Raised")
	path := "/v1/organizations/" + org
	administrator := owner.join(t, org, "", "internal", "Adam Administrator")
	owner.roles(t, org, administrator.account, "administrator")
	lawyer := owner.join(t, org, "", "internal", "Lea Lawyer")
	if p := administrator.role(t, org, "mighty", "organization", internals, []string{"domain.read", "policy.update"}).refused(http.StatusForbidden, "role.not_held"); !strings.Contains(p.Detail, "policy.update") || strings.Contains(p.Detail, "domain.read") {
		t.Errorf("the refusal says %q", p.Detail)
	}
	owner.role(t, org, "mighty", "organization", internals, []string{"invitation.withdraw"}).refused(http.StatusForbidden, "role.not_held")
	// A right to change rights is given by those who have it.
	if p := owner.role(t, org, "lawyer", "organization", internals, []string{"policy.read", "policy.update"}, "granted_by", []string{"administrator"}).refused(http.StatusConflict, "role.escalation"); !strings.Contains(p.Detail, "policy.update") {
		t.Errorf("the refusal says %q", p.Detail)
	}
	owner.role(t, org, "lawyer", "organization", internals, []string{"policy.read", "policy.update"}).want(http.StatusCreated)
	owner.roles(t, org, lawyer.account, "employee", "lawyer")
	// Whoever writes rows without owning the organization raises nobody by them.
	for _, row := range []string{"p, lawyer, domain, manage, allow", "p, employee, domain, read, allow", "g, lawyer, employee\np, lawyer, role, grant_owner, allow"} {
		r := lawyer.put(t, path+"/policy", map[string]any{"csv": row}, "If-Match: *")
		if r.Status != http.StatusForbidden && r.Status != http.StatusConflict {
			t.Errorf("%s: %d: %s", row, r.Status, r.Body)
		}
	}
	if e := owner.get(t, path+"/explain?permission=domain.manage&account="+lawyer.account).want(http.StatusOK); e.field("allowed") != false {
		t.Errorf("the lawyer: %s", e.Body)
	}
}

func roleHeld(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Held")
	path := "/v1/organizations/" + org + "/roles/clerk"
	room := owner.workspace(t, org, "Room", true)
	guest := owner.join(t, org, room, "guest", "Gero Guest")
	owner.role(t, org, "clerk", "both", anybody, []string{"domain.read"}).want(http.StatusCreated)
	place := "/v1/organizations/" + org + "/workspaces/" + room + "/members/" + guest.account + "/roles"
	owner.put(t, place, map[string]any{"roles": []string{"clerk"}}).want(http.StatusOK)
	owner.delete(t, path).refused(http.StatusConflict, "role.held")
	narrowed := map[string]any{"title": "Clerk", "scope": "organization", "kinds": anybody, "permissions": []string{}}
	owner.put(t, path, narrowed, "If-Match: *").refused(http.StatusConflict, "role.held")
	owner.put(t, place, map[string]any{"roles": []string{}}).want(http.StatusOK)
	owner.put(t, path, narrowed, "If-Match: *").want(http.StatusOK)
	owner.delete(t, path).want(http.StatusNoContent)
}

func rolePermissionsListed(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Listed")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	listed := map[string]map[string]any{}
	for _, item := range employee.get(t, "/v1/organizations/"+org+"/permissions").want(http.StatusOK).items() {
		name, _ := item["permission"].(string)
		listed[name] = item
		if item["meaning"] == "" || name != item["kind"].(string)+"."+item["action"].(string) {
			t.Errorf("%v", item)
		}
	}
	// Everything that a role of an organization can mean, and nothing else.
	for _, m := range modules() {
		for _, p := range m.Permissions {
			kind, _, _ := strings.Cut(string(p), ".")
			_, shown := listed[string(p)]
			if outside := kind == "account" || kind == "session" || kind == "notification" || kind == "support_request"; outside && shown {
				t.Errorf("%s can be put into a role", p)
			}
			if m.Meanings[p] == "" && shown {
				t.Errorf("%s is listed without a meaning of its own", p)
			}
			if m.Name != "tenancy" && m.Name != "support" && m.Name != "notifications" && !shown {
				t.Errorf("%s cannot be put into a role", p)
			}
		}
	}
	for name, grantable := range map[string]bool{"task.create": true, "domain.manage": false, "delivery.read:own": true} {
		if listed[name]["grantable"] != grantable {
			t.Errorf("to an employee %s is %v", name, listed[name])
		}
	}
}

func roleBadInput(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Bad input")
	path := "/v1/organizations/" + org + "/roles"
	owner.post(t, path, map[string]any{"name": "Owner", "scope": "moon", "kinds": []string{}, "permissions": []string{"fly"}, "granted_by": []string{"guest"}}).
		invalid("/name pattern", "/title required", "/scope one_of", "/kinds too_few", "/permissions/0 permission", "/granted_by/0 one_of")
	owner.role(t, org, "manager", "both", internals, []string{"task.read"}).invalid("/name reserved")
	owner.role(t, org, "clerk", "both", internals, []string{"task.fly", "account.read_own"}).invalid("/permissions/0 unknown", "/permissions/1 outside")
	first := owner.post(t, path, map[string]any{"name": "clerk", "title": "Clerk", "scope": "both", "kinds": internals, "permissions": []string{}}, "Idempotency-Key: the-clerk").want(http.StatusCreated)
	again := owner.post(t, path, map[string]any{"name": "clerk", "title": "Clerk", "scope": "both", "kinds": internals, "permissions": []string{}}, "Idempotency-Key: the-clerk").want(http.StatusCreated)
	if string(first.Body) != string(again.Body) {
		t.Errorf("repeated: %s, then %s", first.Body, again.Body)
	}
	owner.role(t, org, "clerk", "both", internals, []string{}).invalid("/name taken")
	stranger := s.register(t, "Sven Stranger")
	same(t, "a foreign role", stranger.get(t, path+"/clerk"), stranger.get(t, "/v1/organizations/"+forgedID()+"/roles/clerk"))
}

func policyOwnRows(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Own rows")
	path := "/v1/organizations/" + org
	administrator := owner.join(t, org, "", "internal", "Adam Administrator")
	owner.roles(t, org, administrator.account, "administrator")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	invitation := owner.invited(t, org)
	owner.delete(t, invitation).refused(http.StatusForbidden, "forbidden")
	// "Take an invitation back: by grant"; and employees who make no workspaces.
	tag := "If-Match: " + owner.get(t, path+"/policy").want(http.StatusOK).Header.Get("ETag")
	rows := map[string]any{"csv": "# Ours.\np, owner, invitation, withdraw, allow\np, employee, workspace, create, deny\n"}
	administrator.put(t, path+"/policy", rows, tag).refused(http.StatusForbidden, "forbidden")
	owner.put(t, path+"/policy", rows).refused(http.StatusPreconditionRequired, "if_match.required")
	set := owner.put(t, path+"/policy", rows, tag).want(http.StatusOK)
	if set.text("organization_rows.0") != "p, owner, invitation, withdraw, allow" {
		t.Errorf("set: %s", set.Body)
	}
	owner.put(t, path+"/policy", rows, tag).refused(http.StatusPreconditionFailed, "version")
	owner.delete(t, invitation).want(http.StatusNoContent)
	employee.post(t, path+"/workspaces", map[string]any{"name": "No"}).refused(http.StatusForbidden, "forbidden")
	// Another organization has none of it.
	other := s.register(t, "Otto Other")
	elsewhere := other.found(t, "Elsewhere")
	other.delete(t, other.invited(t, elsewhere)).refused(http.StatusForbidden, "forbidden")
	// As a file, for casbin's tools and for setting it again.
	all := administrator.get(t, path+"/policy.csv").want(http.StatusOK)
	if kind := all.Header.Get("Content-Type"); kind != "text/csv; charset=utf-8" || !strings.Contains(string(all.Body), "# tasks/policy.csv\np, owner, task, read, allow\n") {
		t.Errorf("%s:\n%s", kind, all.Body)
	}
	own := string(administrator.get(t, path+"/policy.csv?only=organization").want(http.StatusOK).Body)
	if own != "# organization\np, owner, invitation, withdraw, allow\np, employee, workspace, create, deny\n" {
		t.Errorf("the organization's rows:\n%s", own)
	}
	owner.put(t, path+"/policy", map[string]any{"csv": own}, "If-Match: *").want(http.StatusOK)
	employee.get(t, path+"/policy.csv").refused(http.StatusForbidden, "forbidden")
	owner.get(t, path+"/policy.csv?only=moon").invalid("/only one_of")
	// Without them everything is as shipped.
	owner.put(t, path+"/policy", map[string]any{"csv": ""}, "If-Match: *").want(http.StatusOK)
	employee.post(t, path+"/workspaces", map[string]any{"name": "Yes"}).want(http.StatusCreated)
	owner.delete(t, owner.invited(t, org)).refused(http.StatusForbidden, "forbidden")
}

func policyOwnRowsRefused(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Refused rows")
	path := "/v1/organizations/" + org + "/policy"
	for _, row := range []string{
		"p, support, task, read, allow", "p, anonymous, task, read, allow", "p, system:digest, task, read, allow", "p, owner, *, *, allow", "p, owner, account, read_own, allow",
		"g, employee, owner", "p, employee, task, fly, allow", "p, unheard_of, task, read, allow", "p, owner", "p, manager, policy, update, allow",
	} {
		p := owner.put(t, path, map[string]any{"csv": "# One line before.\n" + row}, "If-Match: *")
		p.invalid("/csv row")
		if !strings.Contains(string(p.Body), "line 2: ") {
			t.Errorf("%s is refused without its line: %s", row, p.Body)
		}
	}
	for _, row := range []string{"p, owner, policy, update, deny", "p, owner, role, *, deny", "p, owner, organization, update, deny"} {
		owner.put(t, path, map[string]any{"csv": row}, "If-Match: *").refused(http.StatusConflict, "policy.lockout")
	}
	owner.put(t, path, map[string]any{"csv": "p, access_manager, role, grant_owner, allow"}, "If-Match: *").refused(http.StatusConflict, "role.escalation")
	owner.put(t, path, map[string]any{"csv": strings.Repeat("p, guest, task, read, allow\n", 501)}, "If-Match: *").invalid("/csv too_many")
	if rows := owner.get(t, path).want(http.StatusOK).field("organization_rows"); len(rows.([]any)) != 0 {
		t.Errorf("refused rows were kept: %v", rows)
	}
}

func roleRefusalNoted(t *testing.T, s *stack) {
	h := newHost(t, s)
	ctx := context.Background()
	var seen []veranda.Event
	if err := h.db.Consume(veranda.Consumer{Name: "test.refused", Kinds: []string{tenancy.EventRightsRefused}, Handle: func(_ context.Context, _ *veranda.Tx, events []veranda.Event) error {
		seen = append(seen, events...)
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	manager, target := h.member(t, tenancy.RoleAccessManager), h.member(t, tenancy.RoleEmployee)
	service := h.services.tenancy
	_, err := service.CreateRole(ctx, h.owner, tenancy.CreateRoleInput{Org: h.org, Name: "closely_held", RoleBody: tenancy.RoleBody{
		Title: "Held closely", Kinds: internals, Scope: tenancy.ScopeOrganization, GrantedBy: &[]string{},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.SetRoles(ctx, veranda.AccountActor(manager), tenancy.SetRolesInput{Org: h.org, Account: target, Roles: []string{"employee", "closely_held"}}); err != error(veranda.ErrForbidden) {
		t.Errorf("an access manager gives an owner's role: %v", err)
	}
	if _, err := h.db.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].Subject != target.String() || seen[0].By != manager || !strings.Contains(string(seen[0].Data), "role.grant_closely_held") {
		t.Errorf("the log has %+v", seen)
	}
}

// member makes somebody a member of the host's organization.
func (h *host) member(t *testing.T, role string) veranda.AccountID {
	t.Helper()
	ctx, id := context.Background(), veranda.NewAccountID()
	if err := h.services.tenancy.MapAccount(ctx, tenancy.MapAccountInput{ID: id, Name: role, Address: newAddress(role)}); err != nil {
		t.Fatal(err)
	}
	if err := h.services.tenancy.AddMember(ctx, h.org, id, role); err != nil {
		t.Fatal(err)
	}
	return id
}
