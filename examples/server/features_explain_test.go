package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

func explainPath(org, account, permission, workspace string) string {
	path := "/v1/organizations/" + org + "/explain?account=" + account + "&permission=" + permission
	if workspace != "" {
		path += "&workspace=" + workspace
	}
	return path
}

func explainWhy(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Why")
	room := owner.workspace(t, org, "Room", false)
	guest := owner.join(t, org, room, "guest", "Gero Guest")
	owner.role(t, org, "writer", "workspace", outsiders, []string{"task.create"}).want(http.StatusCreated)
	owner.put(t, "/v1/organizations/"+org+"/workspaces/"+room+"/members/"+guest.account+"/roles", map[string]any{"roles": []string{"writer"}}).want(http.StatusOK)
	owner.put(t, "/v1/organizations/"+org+"/policy", map[string]any{"csv": "p, guest, task, edit, allow"}, "If-Match: *").want(http.StatusOK)
	for permission, want := range map[string][3]string{
		"task.read":   {"guest", "p, guest, task, read, allow", "tasks/policy.csv:"},
		"task.create": {"writer", "p, writer, task, create, allow", "role:writer"},
		"task.edit":   {"guest", "p, guest, task, edit, allow", "organization"},
		"team.read":   {},
	} {
		e := owner.get(t, explainPath(org, guest.account, permission, room)).want(http.StatusOK)
		if want[0] == "" {
			if e.field("allowed") != false || e.text("reason") != "no_row" {
				t.Errorf("%s: %s", permission, e.Body)
			}
			continue
		}
		if e.field("allowed") != true || e.text("decided.role") != want[0] || e.text("decided.row") != want[1] || !strings.HasPrefix(e.text("decided.source"), want[2]) || e.text("sees.0") != "member" {
			t.Errorf("%s: %s", permission, e.Body)
		}
	}
	e := guest.get(t, explainPath(org, guest.account, "task.create", room)).want(http.StatusOK)
	if e.text("roles.0.role") != "guest" || e.text("roles.0.from") != "direct" || e.text("roles.1.role") != "writer" || e.text("roles.1.from") != "workspace" || e.text("membership.kind") != "guest" {
		t.Errorf("about oneself: %s", e.Body)
	}
}

func explainWhyNot(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Why not")
	room, other := owner.workspace(t, org, "Room", true), owner.workspace(t, org, "Other", true)
	guest := owner.join(t, org, room, "guest", "Gero Guest")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	stranger := s.register(t, "Sven Stranger")
	owner.put(t, "/v1/organizations/"+org+"/policy", map[string]any{"csv": "p, guest, task, comment, deny"}, "If-Match: *").want(http.StatusOK)
	reason := func(account, permission, workspace string) *reply {
		return owner.get(t, explainPath(org, account, permission, workspace)).want(http.StatusOK)
	}
	for want, r := range map[string]*reply{
		"not_member": reason(stranger.account, "task.read", ""), "workspace_hidden": reason(guest.account, "task.read", other),
		"denied": reason(guest.account, "task.comment", room), "no_row": reason(employee.account, "task.delete", room),
	} {
		if r.field("allowed") != false || r.text("reason") != want || r.text("text") == "" {
			t.Errorf("want %s: %s", want, r.Body)
		}
	}
	if r := reason(guest.account, "task.comment", room); r.text("decided.row") != "p, guest, task, comment, deny" || r.text("decided.source") != "organization" {
		t.Errorf("a denial: %s", r.Body)
	}
	if r := reason(employee.account, "task.delete", room); r.text("narrower.0") != "task.delete:own" {
		t.Errorf("what they have of it: %s", r.Body)
	}
	// Whoever does not belong is nobody here, whether they exist or not.
	same(t, "accounts that do not belong", reason(stranger.account, "task.read", ""), reason(forgedID(), "task.read", ""))
}

func explainAccess(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Access")
	open, closed := owner.workspace(t, org, "Open", true), owner.workspace(t, org, "Closed", false)
	employee := owner.join(t, org, closed, "internal", "Emil Employee")
	private := employee.workspace(t, org, "Private", false)
	path := "/v1/organizations/" + org + "/members/" + employee.account + "/access"
	see := func(as *caller) (ids []string) {
		r := as.get(t, path).want(http.StatusOK)
		var body struct {
			Permissions []string
			Workspaces  struct {
				Items []struct {
					ID   string
					Sees []string
				}
			}
		}
		r.decode(&body)
		for _, w := range body.Workspaces.Items {
			ids = append(ids, w.ID+" "+strings.Join(w.Sees, " "))
		}
		if !slices.Contains(body.Permissions, "workspace.create") || slices.Contains(body.Permissions, "domain.manage") {
			t.Errorf("permissions %v", body.Permissions)
		}
		return ids
	}
	if diff := cmp.Diff([]string{open + " open", closed + " member"}, see(owner)); diff != "" {
		t.Errorf("to the owner (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{open + " open", closed + " member", private + " member"}, see(employee)); diff != "" {
		t.Errorf("to themselves (-want +got):\n%s", diff)
	}
	first := owner.get(t, path+"?limit=1").want(http.StatusOK)
	second := owner.get(t, path+"?limit=1&cursor="+first.text("workspaces.next")).want(http.StatusOK)
	if first.text("workspaces.items.0.id") != open || second.text("workspaces.items.0.id") != closed || second.field("workspaces.next") != nil {
		t.Errorf("page by page: %s, %s", first.Body, second.Body)
	}
}

func explainWhoAsks(t *testing.T, s *stack) {
	owner := s.register(t, "Olga Owner")
	org := owner.found(t, "Who asks")
	employee := owner.join(t, org, "", "internal", "Emil Employee")
	manager := owner.join(t, org, "", "internal", "Agnes Access")
	owner.roles(t, org, manager.account, "access_manager")
	private := employee.workspace(t, org, "Private", false)
	manager.get(t, explainPath(org, employee.account, "task.read", "")).want(http.StatusOK)
	employee.get(t, explainPath(org, employee.account, "task.read", private)).want(http.StatusOK)
	employee.get(t, explainPath(org, owner.account, "task.read", "")).refused(http.StatusForbidden, "forbidden")
	same(t, "a private workspace and none", owner.get(t, explainPath(org, employee.account, "task.read", private)), owner.get(t, explainPath(org, employee.account, "task.read", forgedID())))
	same(t, "somebody and nobody", employee.get(t, "/v1/organizations/"+org+"/members/"+owner.account+"/access"), employee.get(t, "/v1/organizations/"+org+"/members/"+forgedID()+"/access"))
	owner.get(t, "/v1/organizations/"+org+"/explain?permission=fly").invalid("/account required", "/permission permission")
	owner.get(t, explainPath(org, owner.account, "task.fly", "")).invalid("/permission unknown")
	s.anonymous().get(t, explainPath(org, owner.account, "task.read", "")).refused(http.StatusUnauthorized, "unauthenticated")
}

// policyEverywhere: what is changed on one node decides on the other at the next call.
func policyEverywhere(t *testing.T, s *stack) {
	s.run(t)
	second := s.another(t)
	second.run(t)
	owner := s.register(t, "Nora Nodes")
	org := owner.found(t, "Everywhere")
	path := "/v1/organizations/" + org
	employee := owner.join(t, org, "", "internal", "Emil Employee").at(second)
	update := map[string]any{"language": "en"}
	for range 3 {
		employee.patch(t, path, update, "If-Match: *").refused(http.StatusForbidden, "forbidden")
		owner.put(t, path+"/policy", map[string]any{"csv": "p, employee, organization, update, allow"}, "If-Match: *").want(http.StatusOK)
		employee.patch(t, path, update, "If-Match: *").want(http.StatusOK)
		owner.put(t, path+"/policy", map[string]any{"csv": ""}, "If-Match: *").want(http.StatusOK)
		employee.patch(t, path, update, "If-Match: *").refused(http.StatusForbidden, "forbidden")
		owner.role(t, org, "secretary", "organization", internals, []string{"organization.update"}).want(http.StatusCreated)
		owner.roles(t, org, employee.account, "employee", "secretary")
		employee.patch(t, path, update, "If-Match: *").want(http.StatusOK)
		owner.put(t, path+"/roles/secretary", map[string]any{"title": "None", "scope": "organization", "kinds": internals, "permissions": []string{}}, "If-Match: *").want(http.StatusOK)
		employee.patch(t, path, update, "If-Match: *").refused(http.StatusForbidden, "forbidden")
		owner.roles(t, org, employee.account, "employee")
		owner.delete(t, path+"/roles/secretary").want(http.StatusNoContent)
	}
}

// hostPermissionInRole: what a host protects itself can be put into an organization's role, with the meaning it gives.
func hostPermissionInRole(t *testing.T, s *stack) {
	h := newHost(t, s)
	ctx := context.Background()
	shop := veranda.Module{Name: "shop", Permissions: []veranda.Permission{"order.ship"}, Policy: "p, owner, order, ship, allow\n", Meanings: map[veranda.Permission]string{"order.ship": "Send an order off."}}
	authz, err := tenancy.NewAuthorizer(ctx, h.db, append(modules(), shop)...)
	if err != nil {
		t.Fatal(err)
	}
	service, err := tenancy.New(tenancy.Deps{DB: h.db, Authz: authz, Secret: make([]byte, 32), BaseURL: "https://shop.example"})
	if err != nil {
		t.Fatal(err)
	}
	clerk := h.member(t, tenancy.RoleEmployee)
	may := func() bool {
		t.Helper()
		e, err := service.Explain(ctx, h.owner, tenancy.ExplainInput{Org: h.org, Account: clerk, Permission: "order.ship"})
		if err != nil {
			t.Fatal(err)
		}
		standing, err := h.db.Conn().Read(ctx, authz.Compose(veranda.Target{}), veranda.AccountActor(clerk), h.org, nil)
		if err != nil {
			t.Fatal(err)
		}
		decided := authz.Decide(ctx, h.db.Conn(), standing, veranda.Ask{Permission: "order.ship"}) == nil
		if decided != e.Allowed {
			t.Errorf("decided %v, explained %+v", decided, e)
		}
		return decided
	}
	if may() {
		t.Error("an employee ships orders without the role")
	}
	list, err := service.Permissions(ctx, h.owner, tenancy.GetOrganizationInput{Org: h.org})
	if err != nil || !slices.ContainsFunc(list.Items, func(p tenancy.RolePermission) bool {
		return p.Permission == "order.ship" && p.Meaning == "Send an order off." && p.Grantable
	}) {
		t.Errorf("the host's permission is not listed: %v", err)
	}
	if _, err := service.CreateRole(ctx, h.owner, tenancy.CreateRoleInput{Org: h.org, Name: "shipping_clerk", RoleBody: tenancy.RoleBody{
		Title: "Shipping clerk", Kinds: internals, Scope: tenancy.ScopeOrganization, Permissions: []veranda.Permission{"order.ship"},
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := service.SetRoles(ctx, h.owner, tenancy.SetRolesInput{Org: h.org, Account: clerk, Roles: []string{"employee", "shipping_clerk"}}); err != nil {
		t.Fatal(err)
	}
	if !may() {
		t.Error("the role does not let its holder ship orders")
	}
}
