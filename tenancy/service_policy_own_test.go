package tenancy_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

func TestOrganizationPolicy(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		// "Take an invitation back: by grant."
		if k.may(t, k.Owner.Actor, "invitation.withdraw", nowhere) {
			t.Fatal("owners take invitations back as shipped")
		}
		rows := []string{"# Who takes invitations back.", "p, owner, invitation, withdraw, allow", "", "p, employee, invitation, create_internal, allow"}
		if err := k.policy(k.Owner.Actor, rows...); err != nil {
			t.Fatal(err)
		}
		if !k.may(t, k.Owner.Actor, "invitation.withdraw", nowhere) || !k.may(t, k.Employee.Actor, "invitation.create_internal", nowhere) {
			t.Error("the organization's rows are not in force on the other node")
		}
		if k.may(t, k.Outsider.Actor, "invitation.withdraw", nowhere) {
			t.Error("another organization's owner has it too")
		}
		in, err := k.s.Policy(ctx, k.Owner.Actor, tenancy.GetOrganizationInput{Org: k.Org})
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"p, owner, invitation, withdraw, allow", "p, employee, invitation, create_internal, allow"}; !slices.Equal(in.OrganizationRows, want) || !slices.Contains(in.Rows, want[0]) || in.OrganizationVersion != 1 || in.ETag() != `"2"` {
			t.Errorf("policy %v, version %d, tag %s", in.OrganizationRows, in.OrganizationVersion, in.ETag())
		}
		own, err := k.s.PolicyCSV(ctx, k.Administrator.Actor, tenancy.PolicyCSVInput{Org: k.Org, Only: "organization"})
		if err != nil || own != "# organization\np, owner, invitation, withdraw, allow\np, employee, invitation, create_internal, allow\n" {
			t.Errorf("the organization's rows as CSV: %q, %v", own, err)
		}
		all, err := k.s.PolicyCSV(ctx, k.Administrator.Actor, tenancy.PolicyCSVInput{Org: k.Org})
		if err != nil || !strings.Contains(all, "# tenancy/policy_people.csv\n") || !strings.Contains(all, "# tasks/policy.csv\n") || !strings.HasSuffix(all, own) {
			t.Errorf("all rows as CSV, %v:\n%s", err, all)
		}
		// What was exported can be set again: the same rows, no event.
		if err := k.policy(k.Owner.Actor, own); err != nil {
			t.Fatal(err)
		}
		_, err = k.s.SetOrganizationPolicy(ctx, k.Owner.Actor, tenancy.SetOrganizationPolicyInput{Org: k.Org, Version: 2})
		wantErr(t, "an old version", err, veranda.ErrVersion)
		if _, err = k.s.SetOrganizationPolicy(ctx, k.Owner.Actor, tenancy.SetOrganizationPolicyInput{Org: k.Org, Version: 3}); err != nil {
			t.Fatal(err)
		}
		if k.may(t, k.Owner.Actor, "invitation.withdraw", nowhere) {
			t.Error("rows that were taken away still decide")
		}
		events := k.Events(t, "tenancy.organization_policy_changed")
		if len(events) != 2 || string(events[0].Data) != `{"rows":2,"added":2,"removed":0}` && !strings.Contains(string(events[0].Data), `"added": 2`) {
			t.Errorf("events %+v", events)
		}
		// A right that is denied is gone at the next call.
		if err := k.policy(k.Owner.Actor, "p, employee, task, create, deny"); err != nil {
			t.Fatal(err)
		}
		if k.may(t, k.Employee.Actor, "task.create", k.World.Open) {
			t.Error("a denied right is still there")
		}
		k.limits.refused = "everything"
		for name, one := range map[string]struct {
			by   veranda.Actor
			want *veranda.Error
		}{
			"administrator": {k.Administrator.Actor, veranda.ErrForbidden}, "access manager": {k.AccessManager.Actor, veranda.ErrForbidden},
			"employee": {k.Employee.Actor, veranda.ErrForbidden}, "guest": {k.Guest.Actor, veranda.ErrForbidden}, "support": {k.Support.Actor, veranda.ErrForbidden},
			"outsider": {k.Outsider.Actor, veranda.ErrNotFound}, "anonymous": {veranda.Anonymous(), veranda.ErrUnauthenticated},
		} {
			wantErr(t, name, k.policy(one.by, "p, guest, task, create, allow"), one.want)
		}
	})
}

func TestRowsAnOrganizationCannotHave(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeOrganization, employees, "thing.read"))
		set := func(rows ...string) error { return k.policy(k.Owner.Actor, rows...) }
		for _, row := range []string{
			"p, anonymous, thing, read, allow", "p, member, thing, read, allow", "p, support, thing, read, allow", "p, support_consented, thing, edit, allow",
			"p, system:cleaner, thing, read, allow", "p, never_made, thing, read, allow", "p, owner, account, read_own, allow", "p, owner, support, change_staff, allow",
			"p, owner, support, *, allow", "p, owner, organization, *, allow", "p, owner, *, read, allow", "p, owner, *, *, allow", "p, employee, thing, fly, allow",
			"p, employee, moon, *, allow", "p, employee, thing, read, perhaps", "p, employee", "g2, clerk, employee", "g, employee, owner", "g, clerk, owner", "g, clerk, administrator",
			"g, clerk, access_manager", "g, clerk, support", "g, clerk, member", "g, clerk, never_made", "g, clerk, clerk", "p, manager, roles, manage, allow", "p, manager, role, *, allow",
		} {
			wantFields(t, row, set("p, guest, thing, read, allow", row), "/csv row")
		}
		// Each by its line, all at once.
		err := set("p, owner, moon, walk, allow", "", "# fine", "p, owner, thing, read, allow", "p, nobody_here, thing, read, allow")
		wantFields(t, "two bad rows", err, "/csv row", "/csv row")
		if text := err.Error(); !strings.Contains(text, "/csv row") {
			t.Error(text)
		}
		var fields []string
		if e, ok := err.(*veranda.Error); ok {
			for _, f := range e.Fields {
				fields = append(fields, f.Message)
			}
		}
		if len(fields) != 2 || !strings.HasPrefix(fields[0], "line 1: ") || !strings.HasPrefix(fields[1], "line 5: ") || !strings.Contains(fields[1], "nobody_here") {
			t.Errorf("bad rows are told as %q", fields)
		}
		wantFields(t, "too many", set(strings.Repeat("p, guest, thing, read, allow\n", 501)), "/csv too_many")
		wantFields(t, "too long", set(strings.Repeat("#", 100_001)), "/csv too_long")
		// Owners cannot be locked out, by whichever of their roles.
		for _, row := range []string{
			"p, owner, policy, update, deny", "p, owner, organization, update, deny", "p, owner, role, *, deny", "p, owner, role, grant_owner, deny", "p, owner, role, grant_clerk, deny",
			"p, owner, roles, manage, deny", "p, owner, member, grant_role, deny", "p, owner, policy, *, deny",
		} {
			wantErr(t, row, set(row), tenancy.ErrPolicyLockout)
		}
		if err := set("p, administrator, roles, manage, deny"); err != nil {
			t.Errorf("owners keep administrators from making roles: %v", err)
		}
		k.exec(t, `UPDATE veranda_memberships SET roles = 'owner administrator' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Stranger.Account)
		wantErr(t, "an owner's other role", set("p, administrator, organization, update, deny"), tenancy.ErrPolicyLockout, "organization.update")
		k.exec(t, `UPDATE veranda_memberships SET roles = 'employee' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Stranger.Account)
		// Rows that would let access managers raise each other.
		wantErr(t, "employees change policy", set("p, employee, policy, update, allow"), tenancy.ErrRoleEscalation, "employee", "policy.update")
		wantErr(t, "access managers give administrators", set("p, access_manager, role, grant_administrator, allow"), tenancy.ErrRoleEscalation)
		// Inheritance among roles of one's own; a circle is refused.
		k.create(t, k.Owner.Actor, "senior", body(tenancy.ScopeOrganization, employees))
		if err := set("g, senior, clerk", "g, clerk, employee"); err != nil {
			t.Fatal(err)
		}
		wantFields(t, "a circle", set("g, senior, clerk", "g, clerk, senior"), "/csv row")
		if err := k.set(k.Owner.Actor, k.Employee, "senior"); err != nil {
			t.Fatal(err)
		}
		if !k.may(t, k.Employee.Actor, "task.create", k.World.Open) {
			t.Error("a role does not inherit")
		}
		// With a role go the rows about it.
		if err := k.set(k.Owner.Actor, k.Employee, "employee"); err != nil {
			t.Fatal(err)
		}
		if err := k.s.DeleteRole(ctx, k.Owner.Actor, tenancy.RoleInput{Org: k.Org, Name: "clerk"}); err != nil {
			t.Fatal(err)
		}
		in, err := k.s.Policy(ctx, k.Owner.Actor, tenancy.GetOrganizationInput{Org: k.Org})
		if err != nil || len(in.OrganizationRows) != 0 {
			t.Errorf("rows about a deleted role: %v, %v", in, err)
		}
	})
}

// Whoever may write rows without being an owner raises nobody by them.
func TestPolicyWritersRaiseNobody(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		k.create(t, k.Owner.Actor, "lawyer", body(tenancy.ScopeOrganization, employees, "policy.read", "policy.update", "thing.read", "task.read"))
		if err := k.set(k.Owner.Actor, k.Employee, "lawyer"); err != nil {
			t.Fatal(err)
		}
		if err := k.policy(k.Owner.Actor, "p, guest, task, comment, deny"); err != nil {
			t.Fatal(err)
		}
		const kept = "p, guest, task, comment, deny"
		by := k.Employee.Actor
		for _, row := range []string{
			"p, lawyer, domain, manage, allow", "p, lawyer, role, *, allow", "p, guest, domain, read, allow", "p, administrator, domain, read, deny\np, administrator, invitation, withdraw, allow", "g, lawyer, employee",
		} {
			err := k.policy(by, kept, row)
			if veranda.CodeOf(err) != veranda.CodeForbidden && veranda.CodeOf(err) != veranda.CodeConflict {
				t.Errorf("%s: %v, want a refusal", row, err)
			}
		}
		wantErr(t, "beyond themselves", k.policy(by, kept, "p, lawyer, domain, manage, allow"), tenancy.ErrRoleNotHeld, "domain.manage")
		wantErr(t, "a denial taken away", k.policy(by), tenancy.ErrRoleNotHeld, kept)
		if err := k.policy(by, kept, "p, guest, thing, read, allow", "p, external, task, delete:own, deny"); err != nil {
			t.Errorf("within what they may do: %v", err)
		}
	})
}

// What the host sets in place of the shipped rows is in force on the other node at the next call.
func TestInstallationPolicyReplaced(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		if !k.may(t, k.Owner.Actor, "organization.update", nowhere) || k.may(t, k.Guest.Actor, "thing.delete", nowhere) {
			t.Fatal("shipped rows are not in force")
		}
		if err := k.policy(k.Owner.Actor, "p, owner, thing, delete:own, allow"); err != nil {
			t.Fatal(err)
		}
		if err := k.authz.SetPolicy(ctx, "p, guest, thing, delete, allow\np, owner, policy, read, allow\n", true); err != nil {
			t.Fatal(err)
		}
		if k.may(t, k.Owner.Actor, "organization.update", nowhere) || !k.may(t, k.Guest.Actor, "thing.delete", nowhere) || !k.may(t, k.Owner.Actor, "thing.delete:own", nowhere) {
			t.Error("the replaced rows, with the organization's own, are not in force on the other node")
		}
		if err := k.authz.SetPolicy(ctx, "", false); err != nil {
			t.Fatal(err)
		}
		if !k.may(t, k.Owner.Actor, "organization.update", nowhere) || k.may(t, k.Guest.Actor, "thing.delete", nowhere) {
			t.Error("the shipped rows are not back on the other node")
		}
	})
}
