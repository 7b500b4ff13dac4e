package tenancy

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest/world"
)

// role is what somebody is in a workspace: "-" for who is no member.
func (k *kit) role(t *testing.T, workspace veranda.WorkspaceID, p world.Person) string {
	t.Helper()
	role := "-"
	if _, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT roles FROM veranda_workspace_members WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`,
		[]any{k.Org, workspace, p.Account}, &role); err != nil {
		t.Fatal(err)
	}
	return role
}

func TestPrivateWorkspacesKeepAManager(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		// The stranger is alone in theirs; the employee is the last manager of another.
		err := k.s.LeaveOrganization(ctx, k.Stranger.Actor, LeaveOrganizationInput{Org: k.Org})
		if err == nil || err.Error() != `conflict: tenancy.handover_needed: Name somebody who takes over (hand_to): there are private workspaces that nobody else is in left, 1 of them.` {
			t.Fatalf("leaving a private workspace: %v", err)
		}
		must(t, k.s.LeaveOrganization(ctx, k.Stranger.Actor, LeaveOrganizationInput{Org: k.Org, HandTo: k.Administrator.Account}))
		if got := k.role(t, k.Closed, k.Administrator); got != "manager" {
			t.Errorf("who took over is %q in a workspace that nobody else was in", got)
		}

		// Disabling alone touches nothing.
		must(t, k.lets()["disable"](k.Owner.Actor, k.Employee.Account, veranda.AccountID{}))
		if got := k.role(t, k.Private, k.Owner); got != "" {
			t.Errorf("the owner is %q in the private workspace", got)
		}
		must(t, k.lets()["disable"](k.Owner.Actor, k.Employee.Account, k.AccessManager.Account))
		if got := k.role(t, k.Private, k.AccessManager) + "," + k.role(t, k.Private, k.Employee); got != "manager,manager" {
			t.Errorf("who took over and who is disabled are %q", got)
		}
		// There is a manager now, so removing gives it to nobody else.
		must(t, k.lets()["remove"](k.Owner.Actor, k.Employee.Account, veranda.AccountID{}))
		if got := k.role(t, k.Private, k.Owner) + "," + k.role(t, k.Private, k.Employee); got != ",-" {
			t.Errorf("the owner and who was removed are %q", got)
		}
		// The last manager again: somebody who is in it already takes over, not the one who removes.
		must(t, k.lets()["remove"](k.Owner.Actor, k.AccessManager.Account, veranda.AccountID{}))
		if got := k.role(t, k.Private, k.Owner) + "," + k.role(t, k.Private, k.Administrator); got != ",manager" {
			t.Errorf("who removed and who is in it are %q in the private workspace", got)
		}
		got := []string{}
		for _, e := range k.Events(t, EventWorkspaceHandedOver) {
			var data WorkspaceHandedOver
			must(t, json.Unmarshal(e.Data, &data))
			name := map[veranda.WorkspaceID]string{k.Closed: "closed", k.Private: "private"}[e.Workspace]
			if data.Joined {
				name += " joined"
			}
			got = append(got, name)
		}
		if diff := cmp.Diff([]string{"closed joined", "private", "private"}, got); diff != "" {
			t.Errorf("handed over (-want +got):\n%s", diff)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_workspaces WHERE org_id = $1 AND id = $2 AND access_version > 3`, k.Org, k.Private); n != 1 {
			t.Error("those who look at the workspace do not learn that its people changed")
		}
	})
}

// The last manager and another leave at the same time: somebody manages afterwards.
func TestManagersLeaveAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		k.set(t, `UPDATE veranda_workspace_members SET roles = 'manager' WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, k.Org, k.Private, k.AccessManager.Account)
		pair := []world.Person{k.Employee, k.AccessManager}
		done, errs := atOnce(2, func(i int) error {
			return k.s.LeaveOrganization(context.Background(), pair[i].Actor, LeaveOrganizationInput{Org: k.Org, HandTo: k.Administrator.Account})
		})
		if done != 2 {
			t.Fatalf("%d of two left: %v", done, errs)
		}
		if got := k.role(t, k.Private, k.Administrator); got != "manager" {
			t.Errorf("after both managers left, who took over is %q", got)
		}
	})
}

// managers tells who is whose manager, by the initials of people and of the department.
func (k *kit) managers(t *testing.T) map[string]string {
	t.Helper()
	initial := map[veranda.AccountID]string{
		{}: "", k.Owner.Account: "owner", k.Administrator.Account: "administrator", k.AccessManager.Account: "access", k.Employee.Account: "employee", k.Stranger.Account: "stranger",
	}
	got := map[string]string{}
	for account, name := range initial {
		var manager veranda.AccountID
		found, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT manager_id FROM veranda_memberships WHERE org_id = $1 AND account_id = $2 AND manager_id IS NOT NULL`, []any{k.Org, account}, &manager)
		must(t, err)
		if found {
			got[name] = initial[manager]
		}
	}
	var lead veranda.AccountID
	found, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT manager_id FROM veranda_departments WHERE org_id = $1 AND manager_id IS NOT NULL`, []any{k.Org}, &lead)
	must(t, err)
	if found {
		got["department"] = initial[lead]
	}
	return got
}

func TestPeopleAndDepartmentsAreHandedOver(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		manage := func(person, manager world.Person) {
			t.Helper()
			k.set(t, `UPDATE veranda_memberships SET manager_id = $3 WHERE org_id = $1 AND account_id = $2`, k.Org, person.Account, manager.Account)
		}
		k.set(t, `INSERT INTO veranda_departments (org_id, id, name, name_key, manager_id, created_at, version)
SELECT org_id, $3, 'Sales', 'sales', account_id, joined_at, 1 FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account, veranda.NewWorkspaceID())
		// owner <- employee <- access <- administrator; employee <- stranger
		manage(k.Employee, k.Owner)
		manage(k.AccessManager, k.Employee)
		manage(k.Administrator, k.AccessManager)
		manage(k.Stranger, k.Employee)
		must(t, k.lets()["remove"](k.Owner.Actor, k.Employee.Account, k.Administrator.Account))
		want := map[string]string{"administrator": "owner", "access": "administrator", "stranger": "administrator", "department": "administrator"}
		if diff := cmp.Diff(want, k.managers(t)); diff != "" {
			t.Errorf("managers after somebody below took over (-want +got):\n%s", diff)
		}
		k.set(t, `UPDATE veranda_workspace_members SET roles = 'manager' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Owner.Account)
		// Who leaves by themselves and names nobody leaves people and departments without.
		must(t, k.s.LeaveOrganization(context.Background(), k.Administrator.Actor, LeaveOrganizationInput{Org: k.Org}))
		if diff := cmp.Diff(map[string]string{}, k.managers(t)); diff != "" {
			t.Errorf("managers after nobody took over (-want +got):\n%s", diff)
		}
	})
}

func TestTeamsAreLeftToo(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		team := veranda.NewWorkspaceID()
		k.set(t, `INSERT INTO veranda_teams (org_id, id, name, name_key, description, roles, created_by, created_at, updated_at, version)
SELECT org_id, $3, 'Team', 'team', '', '', account_id, joined_at, joined_at, 1 FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account, team)
		k.set(t, `INSERT INTO veranda_team_members (org_id, team_id, account_id, added_at)
SELECT org_id, $3, account_id, joined_at FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account, team)
		must(t, k.lets()["remove"](k.Owner.Actor, k.Employee.Account, veranda.AccountID{}))
		if n := k.count(t, `SELECT count(*) FROM veranda_team_members WHERE org_id = $1`, k.Org); n != 0 {
			t.Errorf("%d members of the team stay", n)
		}
	})
}
