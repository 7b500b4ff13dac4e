package tenancy_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

func TestRolesOfOnesOwn(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		made := k.create(t, k.Administrator.Actor, "clerk", body(tenancy.ScopeOrganization, employees, "delivery.read", "domain.read", "thing.read"))
		if !made.Custom || made.Version != 1 || !slices.Equal(made.GrantedBy, []string{"administrator", "access_manager"}) || len(made.InForce) != 3 {
			t.Errorf("made %+v", made)
		}
		if k.may(t, k.Employee.Actor, "domain.read", nowhere) {
			t.Error("an employee reads domains before the role is given")
		}
		if err := k.set(k.AccessManager.Actor, k.Employee, "employee", "clerk"); err != nil {
			t.Fatal(err)
		}
		if !k.may(t, k.Employee.Actor, "domain.read", nowhere) || k.may(t, k.Employee.Actor, "domain.manage", nowhere) {
			t.Error("the role gives other rights than it says")
		}
		// A change is in force at the next call, on the other node.
		in := tenancy.UpdateRoleInput{Org: k.Org, Name: "clerk", RoleBody: body(tenancy.ScopeOrganization, employees, "audit.read_people")}
		in.Version = 2
		_, err := k.s.UpdateRole(ctx, k.Owner.Actor, in)
		wantErr(t, "an old version", err, veranda.ErrVersion)
		in.Version = 1
		if _, err := k.s.UpdateRole(ctx, k.Owner.Actor, in); err != nil {
			t.Fatal(err)
		}
		if k.may(t, k.Employee.Actor, "domain.read", nowhere) || !k.may(t, k.Employee.Actor, "audit.read_people", nowhere) {
			t.Error("the changed role is not in force on the other node")
		}
		// Held, it can neither be deleted nor be narrowed to others.
		wantErr(t, "delete what is held", k.s.DeleteRole(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"}), tenancy.ErrRoleHeld)
		_, err = k.s.UpdateRole(ctx, k.Owner.Actor, tenancy.UpdateRoleInput{Org: k.Org, Name: "clerk", RoleBody: body(tenancy.ScopeOrganization, outsiders)})
		wantErr(t, "narrow what is held", err, tenancy.ErrRoleHeld)
		_, err = k.s.UpdateRole(ctx, k.Owner.Actor, tenancy.UpdateRoleInput{Org: k.Org, Name: "clerk", RoleBody: body(tenancy.ScopeWorkspace, employees)})
		wantErr(t, "move what is held", err, tenancy.ErrRoleHeld)
		if err := k.set(k.AccessManager.Actor, k.Employee, "employee"); err != nil {
			t.Fatal(err)
		}
		if err := k.s.DeleteRole(ctx, k.Administrator.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"}); err != nil {
			t.Fatal(err)
		}
		if k.may(t, k.Employee.Actor, "audit.read_people", nowhere) {
			t.Error("a deleted role still gives rights")
		}
		wantErr(t, "delete what is gone", k.s.DeleteRole(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"}), veranda.ErrNotFound)
		// One of the same name begins with nothing.
		k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeOrganization, employees))
		if role, err := k.s.Role(ctx, k.Employee.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"}); err != nil || len(role.InForce) != 0 {
			t.Errorf("a role of a former name may %v, %v", role, err)
		}
		k.WantEvents(t, "tenancy.role_*", "tenancy.role_created", "tenancy.role_updated", "tenancy.role_deleted", "tenancy.role_created")
	})
}

func TestWhoMakesRoles(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		in := tenancy.CreateRoleInput{Org: k.Org, Name: "clerk", RoleBody: body(tenancy.ScopeOrganization, employees, "domain.read")}
		for name, one := range map[string]struct {
			by   veranda.Actor
			want *veranda.Error
		}{
			"access manager": {k.AccessManager.Actor, veranda.ErrForbidden}, "employee": {k.Employee.Actor, veranda.ErrForbidden},
			"external": {k.External.Actor, veranda.ErrForbidden}, "guest": {k.Guest.Actor, veranda.ErrForbidden},
			"support": {k.Support.Actor, veranda.ErrForbidden}, "outsider": {k.Outsider.Actor, veranda.ErrNotFound},
			"nobody": {k.Nobody.Actor, veranda.ErrNotFound}, "anonymous": {veranda.Anonymous(), veranda.ErrUnauthenticated}, "zero": {veranda.Actor{}, veranda.ErrUnauthenticated},
		} {
			_, err := k.s.CreateRole(ctx, one.by, in)
			wantErr(t, name+" makes one", err, one.want)
			_, err = k.s.UpdateRole(ctx, one.by, tenancy.UpdateRoleInput{Org: k.Org, Name: "clerk", RoleBody: in.RoleBody})
			wantErr(t, name+" changes one", err, one.want)
			wantErr(t, name+" deletes one", k.s.DeleteRole(ctx, one.by, tenancy.RoleInput{Org: k.Org, Name: "clerk"}), one.want)
		}
		// Nobody puts into a role what they may not do themselves: the refusal names it.
		in.Permissions = []veranda.Permission{"domain.read", "policy.update", "invitation.withdraw"}
		_, err := k.s.CreateRole(ctx, k.Administrator.Actor, in)
		wantErr(t, "beyond oneself", err, tenancy.ErrRoleNotHeld, "policy.update", "invitation.withdraw")
		in.Permissions = []veranda.Permission{"invitation.withdraw"}
		_, err = k.s.CreateRole(ctx, k.Owner.Actor, in)
		wantErr(t, "an owner beyond themselves", err, tenancy.ErrRoleNotHeld, "invitation.withdraw")
		// What is a part of what one may do can be passed on.
		in.Permissions = []veranda.Permission{"delivery.read:own", "member.read_shared", "organization.read_name", "thing.edit:assigned"}
		if _, err := k.s.CreateRole(ctx, k.Owner.Actor, in); err != nil {
			t.Errorf("parts of one's own rights: %v", err)
		}
		// All at once, before anybody is asked.
		for _, by := range []veranda.Actor{k.Owner.Actor, {}} {
			_, err = k.s.CreateRole(ctx, by, tenancy.CreateRoleInput{Org: k.Org, Name: "Owner!", RoleBody: tenancy.RoleBody{
				Permissions: []veranda.Permission{"fly", "task.read", "task.read"}, Kinds: []string{"alien"}, Scope: "moon", GrantedBy: &[]string{"guest"},
			}})
			wantFields(t, "bad input", err, "/name pattern", "/title required", "/permissions/0 permission", "/permissions/2 repeated", "/kinds/0 one_of", "/scope one_of", "/granted_by/0 one_of")
		}
		_, err = k.s.CreateRole(ctx, k.Owner.Actor, tenancy.CreateRoleInput{Org: k.Org, Name: "clerk", RoleBody: tenancy.RoleBody{
			Title: "T", Kinds: employees, Scope: "both", GrantedBy: &[]string{"nobody_here"},
			Permissions: []veranda.Permission{"task.fly", "account.read_own", "session.sign_in", "support.change_staff", "organization.create", "role.grant_clerk"},
		}})
		wantFields(t, "against the rows", err, "/name taken", "/granted_by/0 one_of", "/permissions/0 unknown", "/permissions/1 outside", "/permissions/2 outside", "/permissions/3 outside", "/permissions/4 outside", "/permissions/5 itself")
		for _, name := range []string{"owner", "support", "support_consented", "manager", "member", "anonymous", "system", "guest"} {
			_, err = k.s.CreateRole(ctx, k.Owner.Actor, tenancy.CreateRoleInput{Org: k.Org, Name: name, RoleBody: body(tenancy.ScopeBoth, employees)})
			wantFields(t, "the name "+name, err, "/name reserved")
		}
		// A role that the host's rows speak of is not an organization's to make.
		if err := k.authz.SetPolicy(ctx, "p, auditor, thing, read, allow\n", false); err != nil {
			t.Fatal(err)
		}
		_, err = k.s.CreateRole(ctx, k.Owner.Actor, tenancy.CreateRoleInput{Org: k.Org, Name: "auditor", RoleBody: body(tenancy.ScopeBoth, employees)})
		wantFields(t, "the name of a host's role", err, "/name reserved")
		k.exec(t, `UPDATE veranda_memberships SET roles = 'guest former' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Guest.Account)
		_, err = k.s.CreateRole(ctx, k.Owner.Actor, tenancy.CreateRoleInput{Org: k.Org, Name: "former", RoleBody: body(tenancy.ScopeBoth, employees)})
		wantFields(t, "a name that somebody still has", err, "/name held")
		k.limits.refused = "roles"
		_, err = k.s.CreateRole(ctx, k.Owner.Actor, tenancy.CreateRoleInput{Org: k.Org, Name: "one_more", RoleBody: body(tenancy.ScopeBoth, employees)})
		wantErr(t, "beyond the plan", err, veranda.LimitError("roles", ""))
		k.WantEvents(t, "tenancy.role_*", "tenancy.role_created")
	})
}

// Nobody raises a colleague who then raises them: what governs roles and policy is given by those alone who hold it.
func TestNoEscalationThroughAColleague(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		governs := body(tenancy.ScopeOrganization, employees, "roles.manage", "member.grant_role", "role.grant_administrator", "role.grant_access_manager",
			"role.grant_employee", "role.grant_external", "role.grant_guest")
		made := k.create(t, k.Administrator.Actor, "deputy", governs)
		if !slices.Equal(made.GrantedBy, []string{"administrator"}) {
			t.Errorf("given by %v, want those who hold it themselves", made.GrantedBy)
		}
		governs.GrantedBy = &[]string{"access_manager"}
		_, err := k.s.CreateRole(ctx, k.Owner.Actor, tenancy.CreateRoleInput{Org: k.Org, Name: "vice", RoleBody: governs})
		wantErr(t, "given by access managers", err, tenancy.ErrRoleEscalation, "access_manager", "vice")
		wantErr(t, "an access manager gives it", k.set(k.AccessManager.Actor, k.Employee, "employee", "deputy"), veranda.ErrForbidden)
		if err := k.set(k.Administrator.Actor, k.Employee, "employee", "deputy"); err != nil {
			t.Fatal(err)
		}
		// The deputy may make roles now, of what they may do themselves; and nobody gives themselves anything.
		_, err = k.s.CreateRole(ctx, k.Employee.Actor, tenancy.CreateRoleInput{Org: k.Org, Name: "mine", RoleBody: body(tenancy.ScopeOrganization, employees, "domain.manage")})
		wantErr(t, "a deputy beyond themselves", err, tenancy.ErrRoleNotHeld, "domain.manage")
		wantErr(t, "their own roles", k.set(k.Employee.Actor, k.Employee, "administrator"), tenancy.ErrOwnRoles)
		// Taking it asks for the same right as giving it.
		wantErr(t, "an access manager takes it", k.set(k.AccessManager.Actor, k.Employee, "employee"), veranda.ErrForbidden)
		// A granter who loses the right through a change of theirs would give more than they hold.
		k.create(t, k.Owner.Actor, "chief", body(tenancy.ScopeOrganization, employees, "policy.update", "member.grant_role"))
		heads := body(tenancy.ScopeOrganization, employees, "policy.update")
		heads.GrantedBy = &[]string{"chief"}
		k.create(t, k.Owner.Actor, "head", heads)
		_, err = k.s.UpdateRole(ctx, k.Owner.Actor, tenancy.UpdateRoleInput{Org: k.Org, Name: "chief", RoleBody: body(tenancy.ScopeOrganization, employees, "member.grant_role")})
		wantErr(t, "a granter made less", err, tenancy.ErrRoleEscalation, "chief", "head", "policy.update")
		if err := k.s.DeleteRole(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "chief"}); err != nil {
			t.Fatal(err)
		}
		if role, err := k.s.Role(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "head"}); err != nil || len(role.GrantedBy) != 0 || role.Version != 2 {
			t.Errorf("after its granter is gone: %+v, %v", role, err)
		}
		// Refused attempts to give are in the log.
		k.WantEvents(t, "tenancy.rights_refused", "tenancy.rights_refused", "tenancy.rights_refused", "tenancy.rights_refused")
	})
}

// Internal and external people may hold different sets.
func TestRolesFitKindAndPlace(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeOrganization, employees, "domain.read"))
		k.create(t, k.Owner.Actor, "partner", body(tenancy.ScopeOrganization, outsiders, "domain.read"))
		k.create(t, k.Owner.Actor, "writer", body(tenancy.ScopeWorkspace, outsiders, "task.create"))
		wantFields(t, "an employee as a partner", k.set(k.Owner.Actor, k.Employee, "partner"), "/roles/0 kind")
		wantFields(t, "an external as a clerk", k.set(k.Owner.Actor, k.External, "external", "clerk"), "/roles/1 kind")
		wantFields(t, "an external as an employee", k.set(k.Owner.Actor, k.External, "employee"), "/roles/0 kind")
		wantFields(t, "a workspace's role", k.set(k.Owner.Actor, k.Guest, "writer"), "/roles/0 scope")
		wantFields(t, "no role", k.set(k.Owner.Actor, k.Guest, "never_made", "manager"), "/roles/1 one_of")
		wantFields(t, "no role", k.set(k.Owner.Actor, k.Guest, "guest", "never_made"), "/roles/1 one_of")
		if err := k.set(k.Owner.Actor, k.Guest, "guest", "partner"); err != nil {
			t.Fatal(err)
		}
		if !k.may(t, k.Guest.Actor, "domain.read", nowhere) || k.may(t, k.External.Actor, "domain.read", nowhere) {
			t.Error("the partner's role is not the guest's alone")
		}
		// Another organization has none of it.
		list, err := k.s.Roles(context.Background(), k.Outsider.Actor, tenancy.GetOrganizationInput{Org: k.Other})
		if err != nil || len(list.Items) != 7 {
			t.Errorf("another organization's roles: %v, %v", list.Items, err)
		}
	})
}

// A workspace's roles count in that workspace alone.
func TestWorkspaceRoles(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		k.create(t, k.Owner.Actor, "writer", body(tenancy.ScopeWorkspace, outsiders, "task.create", "task.edit"))
		k.create(t, k.Owner.Actor, "reader", body(tenancy.ScopeBoth, []string{"internal", "external", "guest"}, "task.read"))
		k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeOrganization, outsiders))
		give := func(by veranda.Actor, workspace veranda.WorkspaceID, account veranda.AccountID, roles ...string) error {
			_, err := k.s.SetWorkspaceRoles(ctx, by, tenancy.SetWorkspaceRolesInput{Org: k.Org, Workspace: workspace, Account: account, Roles: roles})
			return err
		}
		if k.may(t, k.Guest.Actor, "task.create", k.World.Open) {
			t.Fatal("a guest makes tasks as shipped")
		}
		if err := give(k.Owner.Actor, k.World.Open, k.Guest.Account, "writer", "reader"); err != nil {
			t.Fatal(err)
		}
		if !k.may(t, k.Guest.Actor, "task.create", k.World.Open) || k.may(t, k.Guest.Actor, "task.create", k.Private) || k.may(t, k.Guest.Actor, "task.create", nowhere) {
			t.Error("a workspace's role does not count in that workspace alone")
		}
		wantErr(t, "delete what is held", k.s.DeleteRole(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "writer"}), tenancy.ErrRoleHeld)
		wantFields(t, "bad input", give(veranda.Actor{}, k.World.Open, k.Guest.Account, "guest", "manager", "writer", "writer"), "/roles/0 one_of", "/roles/1 one_of", "/roles/3 repeated")
		wantFields(t, "misfits", give(k.Owner.Actor, k.World.Open, k.Employee.Account, "writer", "clerk", "never_made"), "/roles/0 kind", "/roles/1 scope", "/roles/2 one_of")
		wantErr(t, "a private workspace of others", give(k.Administrator.Actor, k.Closed, k.Stranger.Account, "reader"), veranda.ErrNotFound)
		wantErr(t, "a foreign workspace", give(k.Owner.Actor, k.OtherWorkspace, k.Guest.Account, "writer"), veranda.ErrNotFound)
		wantErr(t, "no member there", give(k.Owner.Actor, k.Sibling, k.Guest.Account, "writer"), veranda.ErrNotFound)
		wantErr(t, "a member who manages nothing", give(k.External.Actor, k.World.Open, k.Guest.Account), veranda.ErrForbidden)
		wantErr(t, "oneself", give(k.Employee.Actor, k.Private, k.Employee.Account, "reader"), tenancy.ErrOwnRoles)
		// Who manages the members of a workspace gives what they may give, and nothing else.
		wantErr(t, "a manager who gives no roles", give(k.Employee.Actor, k.Private, k.Guest.Account, "writer"), veranda.ErrForbidden)
		if err := give(k.AccessManager.Actor, k.World.Open, k.External.Account, "writer"); err != nil {
			t.Errorf("an access manager in an open workspace: %v", err)
		}
		managed := body(tenancy.ScopeWorkspace, outsiders, "task.create", "task.edit")
		managed.GrantedBy = &[]string{"manager"}
		if _, err := k.s.UpdateRole(ctx, k.Owner.Actor, tenancy.UpdateRoleInput{Org: k.Org, Name: "writer", RoleBody: managed}); err != nil {
			t.Fatal(err)
		}
		if err := give(k.Employee.Actor, k.Private, k.Guest.Account, "writer"); err != nil {
			t.Errorf("a manager gives what managers give: %v", err)
		}
		// Whoever manages stays the manager.
		k.exec(t, `UPDATE veranda_workspace_members SET roles = 'manager' WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, k.Org, k.World.Open, k.Employee.Account)
		if err := give(k.Owner.Actor, k.World.Open, k.Employee.Account, "reader"); err != nil {
			t.Fatal(err)
		}
		if !k.may(t, k.Employee.Actor, "workspace.manage", k.World.Open) {
			t.Error("the manager's role was lost")
		}
		if err := give(k.Owner.Actor, k.World.Open, k.Guest.Account); err != nil {
			t.Fatal(err)
		}
		if k.may(t, k.Guest.Actor, "task.create", k.World.Open) {
			t.Error("a role that was taken still counts")
		}
	})
}

// Of two changes at once one wins, and a role is neither held nor half deleted.
func TestRolesRace(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		for range 5 {
			k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeOrganization, employees, "domain.read"))
			var given, deleted error
			var group sync.WaitGroup
			group.Go(func() { given = k.set(k.Owner.Actor, k.Employee, "employee", "clerk") })
			group.Go(func() {
				deleted = k.s.DeleteRole(ctx, k.Administrator.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"})
			})
			group.Wait()
			if (given == nil) == (deleted == nil) {
				t.Fatalf("given: %v, deleted: %v; want exactly one", given, deleted)
			}
			if deleted != nil {
				if err := k.set(k.Owner.Actor, k.Employee, "employee"); err != nil {
					t.Fatal(err)
				}
				if err := k.s.DeleteRole(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		role := k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeOrganization, employees))
		results := make([]error, 4)
		var group sync.WaitGroup
		for i := range results {
			group.Go(func() {
				_, results[i] = k.s.UpdateRole(ctx, k.Owner.Actor, tenancy.UpdateRoleInput{Org: k.Org, Name: "clerk", Version: role.Version, RoleBody: body(tenancy.ScopeBoth, employees)})
			})
		}
		group.Wait()
		won := 0
		for _, err := range results {
			if err == nil {
				won++
			} else {
				wantErr(t, "a change that came second", err, veranda.ErrVersion)
			}
		}
		if won != 1 {
			t.Errorf("%d of 4 changes of one version won", won)
		}
	})
}

func TestRolesAndPermissionsAreListed(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeOrganization, employees, "thing.read"))
		in := tenancy.GetOrganizationInput{Org: k.Org}
		roles, err := k.s.Roles(ctx, k.Employee.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range roles.Items {
			names = append(names, r.Name)
			if r.Name == "employee" && (!slices.Contains(r.Permissions, "thing.edit") || slices.Contains(r.Permissions, "domain.read") || !slices.Equal(r.GrantedBy, []string{"owner", "administrator", "access_manager"})) {
				t.Errorf("the employee's role: %+v", r)
			}
		}
		if !slices.Equal(names, []string{"owner", "administrator", "access_manager", "employee", "external", "guest", "manager", "clerk"}) {
			t.Errorf("roles %v", names)
		}
		permissions, err := k.s.Permissions(ctx, k.Administrator.Actor, in)
		if err != nil {
			t.Fatal(err)
		}
		found := map[veranda.Permission]tenancy.RolePermission{}
		for _, p := range permissions.Items {
			found[p.Permission] = p
			if p.Meaning == "" || string(p.Permission) != p.Kind+"."+p.Action {
				t.Errorf("%+v", p)
			}
		}
		for permission, grantable := range map[veranda.Permission]bool{
			"task.delete:own": true, "thing.read": true, "role.grant_clerk": true, "role.grant_owner": false, "policy.update": false, "invitation.withdraw": false, "delivery.read:own": true,
		} {
			if p, ok := found[permission]; !ok || p.Grantable != grantable {
				t.Errorf("%s: %+v, listed %v, want grantable %v", permission, p, ok, grantable)
			}
		}
		for _, hidden := range []veranda.Permission{"account.read_own", "session.sign_in", "organization.create", "support.change_staff", "membership.accept_own"} {
			if _, ok := found[hidden]; ok {
				t.Errorf("%s can be put into a role", hidden)
			}
		}
		for _, by := range []veranda.Actor{k.External.Actor, k.Guest.Actor, k.Support.Actor} {
			_, err := k.s.Roles(ctx, by, in)
			wantErr(t, "roles", err, veranda.ErrForbidden)
			_, err = k.s.Permissions(ctx, by, in)
			wantErr(t, "permissions", err, veranda.ErrForbidden)
		}
		_, err = k.s.Role(ctx, k.Outsider.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"})
		wantErr(t, "a foreign role", err, veranda.ErrNotFound)
		_, err = k.s.Role(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "never_made"})
		wantErr(t, "no role", err, veranda.ErrNotFound)
	})
}
