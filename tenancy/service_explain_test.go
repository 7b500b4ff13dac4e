package tenancy_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

func (k *roleKit) explain(t testing.TB, by veranda.Actor, about veranda.AccountID, permission veranda.Permission, workspace veranda.WorkspaceID) *tenancy.Explanation {
	t.Helper()
	e, err := k.s.Explain(context.Background(), by, tenancy.ExplainInput{Org: k.Org, Account: about, Permission: permission, Workspace: workspace})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestExplain(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		team := veranda.NewOrgID()
		now := k.DB.Time(k.DB.Now())
		k.create(t, k.Owner.Actor, "clerk", body(tenancy.ScopeBoth, []string{"internal", "external", "guest"}, "thing.delete:own", "domain.read"))
		k.exec(t, `INSERT INTO veranda_teams (org_id, id, name, name_key, description, roles, created_by, created_at, updated_at, version) VALUES ($1, $2, 'Clerks', 'clerks', '', 'clerk', $3, $4, $4, 1)`, k.Org, team, k.Owner.Account, now)
		k.exec(t, `INSERT INTO veranda_team_members (org_id, team_id, account_id, added_at) VALUES ($1, $2, $3, $4)`, k.Org, team, k.Stranger.Account, now)
		k.exec(t, `UPDATE veranda_memberships SET team_roles = 'clerk' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Stranger.Account)
		k.exec(t, `INSERT INTO veranda_workspace_teams (org_id, workspace_id, team_id, roles, added_at) VALUES ($1, $2, $3, 'clerk', $4)`, k.Org, k.Sibling, team, now)
		k.exec(t, `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at, direct, team_roles) VALUES ($1, $2, $3, '', $4, $5, 'clerk')`, k.Org, k.Sibling, k.Stranger.Account, now, false)
		k.exec(t, `UPDATE veranda_workspace_members SET roles = 'clerk' WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, k.Org, k.World.Open, k.Guest.Account)
		if err := k.policy(k.Owner.Actor, "p, external, task, comment, deny", "p, owner, invitation, withdraw, allow", "g, clerk, guest"); err != nil {
			t.Fatal(err)
		}
		k.exec(t, `UPDATE veranda_memberships SET cap = 'guest' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Administrator.Account)
		direct := func(role string) tenancy.ExplainedRole { return tenancy.ExplainedRole{Role: role, From: "direct"} }
		for _, one := range []struct {
			name       string
			about      veranda.AccountID
			permission veranda.Permission
			workspace  veranda.WorkspaceID
			reason     string
			roles      []tenancy.ExplainedRole
			sees       []string
			role, row  string
			through    []string
			source     string
			narrower   []veranda.Permission
		}{
			{name: "shipped", about: k.Employee.Account, permission: "thing.edit", workspace: k.World.Open, reason: "allowed", roles: []tenancy.ExplainedRole{direct("employee")}, sees: []string{"open", "member"},
				role: "employee", row: "p, employee, thing, edit, allow", source: "things/policy.csv:8"},
			{name: "another file", about: k.Employee.Account, permission: "team.create", reason: "allowed", roles: []tenancy.ExplainedRole{direct("employee")},
				role: "employee", row: "p, employee, team, create, allow", source: "tenancy/policy_people.csv"},
			{name: "no row", about: k.Employee.Account, permission: "thing.delete", workspace: k.World.Open, reason: "no_row", roles: []tenancy.ExplainedRole{direct("employee")}, sees: []string{"open", "member"},
				narrower: []veranda.Permission{"thing.delete:own"}},
			{name: "by a team's own role", about: k.Stranger.Account, permission: "domain.read", reason: "allowed",
				roles: []tenancy.ExplainedRole{direct("employee"), {Role: "clerk", From: "team", Team: "Clerks"}}, role: "clerk", row: "p, clerk, domain, read, allow", source: "role:clerk"},
			{name: "in a workspace by a team", about: k.Stranger.Account, permission: "thing.read", workspace: k.Sibling, reason: "allowed",
				roles: []tenancy.ExplainedRole{direct("employee"), {Role: "clerk", From: "team", Team: "Clerks"}, {Role: "clerk", From: "workspace_team", Team: "Clerks"}}, sees: []string{"open", "team"},
				role: "employee", row: "p, employee, thing, read, allow", source: "things/policy.csv:7"},
			{name: "inherited", about: k.Stranger.Account, permission: "thing.edit:assigned", reason: "allowed",
				roles: []tenancy.ExplainedRole{direct("employee"), {Role: "clerk", From: "team", Team: "Clerks"}}, role: "clerk", through: []string{"guest"}, row: "p, guest, thing, edit:assigned, allow", source: "things/policy.csv:12"},
			{name: "in a workspace", about: k.Guest.Account, permission: "domain.read", workspace: k.World.Open, reason: "allowed",
				roles: []tenancy.ExplainedRole{direct("guest"), {Role: "clerk", From: "workspace"}}, sees: []string{"member"}, role: "clerk", row: "p, clerk, domain, read, allow", source: "role:clerk"},
			{name: "hidden", about: k.Guest.Account, permission: "thing.read", workspace: k.Sibling, reason: "workspace_hidden", roles: []tenancy.ExplainedRole{direct("guest")}},
			{name: "denied", about: k.External.Account, permission: "task.comment", workspace: k.World.Open, reason: "denied", roles: []tenancy.ExplainedRole{direct("external")}, sees: []string{"member"},
				role: "external", row: "p, external, task, comment, deny", source: "organization"},
			{name: "by grant", about: k.Owner.Account, permission: "invitation.withdraw", reason: "allowed", roles: []tenancy.ExplainedRole{direct("owner")},
				role: "owner", row: "p, owner, invitation, withdraw, allow", source: "organization"},
			{name: "wildcard", about: k.Owner.Account, permission: "role.grant_clerk", reason: "allowed", roles: []tenancy.ExplainedRole{direct("owner")}, role: "owner", row: "p, owner, role, *, allow", source: "tenancy/policy.csv"},
			{name: "capped", about: k.Administrator.Account, permission: "domain.manage", reason: "cap", roles: []tenancy.ExplainedRole{direct("administrator")},
				role: "administrator", row: "p, administrator, domain, manage, allow", source: "tenancy/policy_people.csv"},
			{name: "a stranger", about: k.Outsider.Account, permission: "thing.read", reason: "not_member", roles: []tenancy.ExplainedRole{}},
			{name: "nobody", about: veranda.NewAccountID(), permission: "thing.read", reason: "not_member", roles: []tenancy.ExplainedRole{}},
		} {
			e := k.explain(t, k.AccessManager.Actor, one.about, one.permission, one.workspace)
			if e.Allowed != (one.reason == "allowed") || e.Reason != one.reason || e.Text == "" {
				t.Errorf("%s: %v because %s (%s), want %s", one.name, e.Allowed, e.Reason, e.Text, one.reason)
			}
			if diff := cmp.Diff(one.roles, e.Roles); diff != "" {
				t.Errorf("%s: roles (-want +got):\n%s", one.name, diff)
			}
			if !slices.Equal(one.sees, e.Sees) || !slices.Equal(one.narrower, e.Narrower) {
				t.Errorf("%s: sees %v, narrower %v", one.name, e.Sees, e.Narrower)
			}
			var row tenancy.ExplainedRow
			if e.Decided != nil {
				row = *e.Decided
			}
			if row.Role != one.role || row.Row != one.row || !slices.Equal(row.Through, one.through) || !strings.HasPrefix(row.Source, one.source) || one.source == "" && row.Source != "" {
				t.Errorf("%s: decided by %+v", one.name, row)
			}
		}
	})
}

func TestExplainRefusalsOfThePerson(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		why := func(about veranda.AccountID) *tenancy.Explanation {
			return k.explain(t, k.Owner.Actor, about, "organization.read", nowhere)
		}
		k.exec(t, `UPDATE veranda_memberships SET disabled_at = $3, disabled_reason = 'home' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Stranger.Account, k.DB.Time(k.DB.Now()))
		if e := why(k.Stranger.Account); e.Reason != "disabled" || e.Membership.State != "disabled" || e.Membership.DisabledReason != "home" || len(e.Roles) != 0 {
			t.Errorf("disabled: %+v", e)
		}
		k.exec(t, `UPDATE veranda_organizations SET require_second_factor = $2 WHERE id = $1`, k.Org, true)
		if e := why(k.Employee.Account); e.Reason != "second_factor" || e.Allowed {
			t.Errorf("without a second factor: %+v", e)
		}
		if e := why(k.Guest.Account); e.Reason != "no_row" {
			t.Errorf("a guest, of whom none is asked: %+v", e)
		}
		k.exec(t, `INSERT INTO veranda_factors (account_id, secret, last_step, confirmed_at, created_at) VALUES ($1, $2, 0, $3, $3)`, k.Employee.Account, []byte("s"), k.DB.Time(k.DB.Now()))
		if e := why(k.Employee.Account); !e.Allowed {
			t.Errorf("with a second factor: %+v", e)
		}
		k.exec(t, `UPDATE veranda_accounts SET state = 'disabled' WHERE id = $1`, k.Employee.Account)
		if e := why(k.Employee.Account); e.Reason != "account" || e.Allowed {
			t.Errorf("a disabled account: %+v", e)
		}
	})
}

func TestWhoAsksForExplanations(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		ask := func(by veranda.Actor, about veranda.AccountID, workspace veranda.WorkspaceID) error {
			_, err := k.s.Explain(ctx, by, tenancy.ExplainInput{Org: k.Org, Account: about, Permission: "thing.read", Workspace: workspace})
			return err
		}
		for _, by := range []veranda.Actor{k.Employee.Actor, k.External.Actor, k.Guest.Actor, k.Support.Actor} {
			wantErr(t, "about another", ask(by, k.Owner.Account, nowhere), veranda.ErrForbidden)
			wantErr(t, "about nobody", ask(by, veranda.NewAccountID(), nowhere), veranda.ErrForbidden)
		}
		for _, by := range []struct {
			actor   veranda.Actor
			account veranda.AccountID
		}{{k.Employee.Actor, k.Employee.Account}, {k.External.Actor, k.External.Account}, {k.Guest.Actor, k.Guest.Account}} {
			if err := ask(by.actor, by.account, k.World.Open); err != nil {
				t.Errorf("about oneself: %v", err)
			}
		}
		wantErr(t, "in a private workspace of others", ask(k.Owner.Actor, k.Stranger.Account, k.Closed), veranda.ErrNotFound)
		wantErr(t, "in no workspace", ask(k.Owner.Actor, k.Stranger.Account, veranda.NewWorkspaceID()), veranda.ErrNotFound)
		wantErr(t, "in a foreign workspace", ask(k.Owner.Actor, k.Stranger.Account, k.OtherWorkspace), veranda.ErrNotFound)
		wantErr(t, "a foreign organization", ask(k.Outsider.Actor, k.Owner.Account, nowhere), veranda.ErrNotFound)
		wantErr(t, "anonymous", ask(veranda.Anonymous(), k.Owner.Account, nowhere), veranda.ErrUnauthenticated)
		_, err := k.s.Explain(ctx, veranda.Actor{}, tenancy.ExplainInput{Org: k.Org, Permission: "fly"})
		wantFields(t, "bad input", err, "/account required", "/permission permission")
		_, err = k.s.Explain(ctx, k.Owner.Actor, tenancy.ExplainInput{Org: k.Org, Account: k.Guest.Account, Permission: "thing.fly"})
		wantFields(t, "no permission", err, "/permission unknown")
	})
}

func TestAccess(t *testing.T) {
	eachRoleKit(t, func(t *testing.T, k *roleKit) {
		ctx := context.Background()
		read := func(by veranda.Actor, about veranda.AccountID) (names []string, a *tenancy.Access) {
			t.Helper()
			in := tenancy.AccessInput{Org: k.Org, Account: about, Page: veranda.Page{Limit: 1}}
			for {
				page, err := k.s.Access(ctx, by, in)
				if err != nil {
					t.Fatal(err)
				}
				for _, w := range page.Workspaces.Items {
					names = append(names, w.Name+": "+strings.Join(w.Sees, " "))
				}
				if in.Cursor, a = page.Workspaces.Next, page; in.Cursor == "" {
					slices.Sort(names)
					return names, a
				}
			}
		}
		names, a := read(k.Owner.Actor, k.Employee.Account)
		if diff := cmp.Diff([]string{"Open: open member", "Private: member", "Sibling: open"}, names); diff != "" {
			t.Errorf("an employee's (-want +got):\n%s", diff)
		}
		if !slices.Contains(a.Permissions, "team.create") || slices.Contains(a.Permissions, "domain.read") || slices.Contains(a.Permissions, "account.read_own") || a.Membership.Kind != "internal" {
			t.Errorf("an employee may %v, %+v", a.Permissions, a.Membership)
		}
		// A private workspace that the one who asks does not see is left out, as if there were none.
		if names, _ := read(k.Owner.Actor, k.Stranger.Account); !slices.Equal(names, []string{"Open: open", "Sibling: open"}) {
			t.Errorf("the stranger's, to the owner: %v", names)
		}
		if names, _ := read(k.Stranger.Actor, k.Stranger.Account); !slices.Equal(names, []string{"Closed: member", "Open: open", "Sibling: open"}) {
			t.Errorf("the stranger's, to themselves: %v", names)
		}
		if names, _ := read(k.AccessManager.Actor, k.Guest.Account); !slices.Equal(names, []string{"Open: member", "Private: member"}) {
			t.Errorf("a guest's: %v", names)
		}
		fails := func(what string, by veranda.Actor, about veranda.AccountID, want *veranda.Error) {
			t.Helper()
			_, err := k.s.Access(ctx, by, tenancy.AccessInput{Org: k.Org, Account: about})
			wantErr(t, what, err, want)
		}
		fails("a stranger's", k.Owner.Actor, k.Outsider.Account, veranda.ErrNotFound)
		fails("nobody's", k.Owner.Actor, veranda.NewAccountID(), veranda.ErrNotFound)
		fails("platform support's", k.Owner.Actor, k.Support.Account, veranda.ErrNotFound)
		fails("another's, to an employee", k.Employee.Actor, k.Owner.Account, veranda.ErrNotFound)
		fails("nobody's, to an employee", k.Employee.Actor, veranda.NewAccountID(), veranda.ErrNotFound)
		fails("another organization's", k.Outsider.Actor, k.Owner.Account, veranda.ErrNotFound)
		fails("anonymous", veranda.Anonymous(), k.Owner.Account, veranda.ErrUnauthenticated)
		_, err := k.s.Access(ctx, veranda.Actor{}, tenancy.AccessInput{Org: k.Org, Page: veranda.Page{Limit: 201, Cursor: "x"}})
		wantFields(t, "bad input", err, "/limit range", "/cursor cursor")
		// While the organization consents, what platform support sees.
		k.exec(t, `INSERT INTO veranda_support_consents (org_id, id, reason, given_by, created_at, until_us) VALUES ($1, $2, '', $3, $4, $5)`,
			k.Org, veranda.NewOrgID(), k.Owner.Account, k.DB.Time(k.DB.Now()), k.DB.Now().Add(time.Hour).UnixMicro())
		names, a = read(k.Owner.Actor, k.Support.Account)
		if !slices.Equal(names, []string{"Open: consent", "Sibling: consent"}) || len(a.Roles) != 2 || a.Roles[1].From != "consent" {
			t.Errorf("platform support's: %v, %+v", names, a.Roles)
		}
		// Who is disabled sees nothing.
		k.exec(t, `UPDATE veranda_memberships SET disabled_at = $3 WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account, k.DB.Time(k.DB.Now()))
		if names, a := read(k.Owner.Actor, k.Employee.Account); len(names) != 0 || len(a.Permissions) != 0 || a.Membership.State != "disabled" {
			t.Errorf("a disabled member's: %v, %+v", names, a)
		}
	})
}
