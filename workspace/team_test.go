package workspace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace"
)

// teams is the fixture with the service that makes teams.
type teams struct {
	*fixture
	people *tenancy.Service
}

func eachTeams(t *testing.T, run func(t *testing.T, f *teams)) {
	t.Helper()
	each(t, func(t *testing.T, f *fixture) {
		people, err := tenancy.New(tenancy.Deps{DB: f.DB, Authz: f.authz, Secret: []byte(strings.Repeat("k", 32)), BaseURL: "https://works.example"})
		run(t, &teams{fixture: f, people: must(people, err)(t)})
	})
}

// team makes a team of the stranger's, with people in it.
func (f *teams) team(t *testing.T, name string, people ...veranda.AccountID) tenancy.TeamID {
	t.Helper()
	ctx := context.Background()
	team := must(f.people.CreateTeam(ctx, f.Stranger.Actor, tenancy.CreateTeamInput{Org: f.Org, Name: name}))(t)
	if len(people) > 0 {
		must(f.people.AddTeamMembers(ctx, f.Stranger.Actor, tenancy.AddTeamMembersInput{Org: f.Org, Team: team.ID, Accounts: people}))(t)
	}
	return team.ID
}

func (f *teams) add(t *testing.T, by veranda.Actor, id veranda.WorkspaceID, team tenancy.TeamID, role workspace.Role) *workspace.Team {
	t.Helper()
	return must(f.ws.AddTeam(context.Background(), by, workspace.AddTeamInput{Org: f.Org, Workspace: id, Team: team, Role: role}))(t)
}

// sees tells whether somebody sees a workspace, and what they are there.
func (f *teams) sees(t *testing.T, by veranda.Actor, id veranda.WorkspaceID) string {
	t.Helper()
	w, err := f.ws.Get(context.Background(), by, workspace.GetInput{Org: f.Org, Workspace: id})
	if err != nil {
		wantError(t, err, veranda.ErrNotFound)
		return "nothing"
	}
	return string(w.Role)
}

func wantSame(t *testing.T, what, want, got string) {
	t.Helper()
	if want != got {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// The people of a team are in its workspaces from the moment they are in the team to the moment they leave it.
func TestTeamEntersAWorkspace(t *testing.T) {
	eachTeams(t, func(t *testing.T, f *teams) {
		ctx := context.Background()
		team := f.team(t, "Gardeners", f.Administrator.Account)
		room := f.Closed // only the stranger is in it
		wantSame(t, "before", "nothing", f.sees(t, f.Administrator.Actor, room))
		added := f.add(t, f.Stranger.Actor, room, team, "")
		if added.Name != "Gardeners" || added.Role != workspace.RolePlain || added.Members != 1 {
			t.Errorf("the team in the workspace is %+v", added)
		}
		if version := f.accessVersion(t, room); version != 2 {
			t.Errorf("access version %d, want 2", version)
		}
		wantSame(t, "by the team", "plain", f.sees(t, f.Administrator.Actor, room))
		in := tenancy.AddTeamMembersInput{Org: f.Org, Team: team, Accounts: []veranda.AccountID{f.Owner.Account}}
		must(f.people.AddTeamMembers(ctx, f.Stranger.Actor, in))(t)
		wantSame(t, "who enters the team later", "plain", f.sees(t, f.Owner.Actor, room))
		f.add(t, f.Stranger.Actor, room, team, workspace.RoleManager)
		wantSame(t, "a team that manages", "manager", f.sees(t, f.Owner.Actor, room))
		must(f.ws.Update(ctx, f.Owner.Actor, workspace.UpdateInput{Org: f.Org, Workspace: room, Description: new("ours")}))(t)
		f.add(t, f.Stranger.Actor, room, team, workspace.RoleManager) // changes nothing
		if err := f.people.RemoveTeamMember(ctx, f.Stranger.Actor, tenancy.RemoveTeamMemberInput{Org: f.Org, Team: team, Account: f.Owner.Account}); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "who left the team", "nothing", f.sees(t, f.Owner.Actor, room))
		if err := f.ws.RemoveTeam(ctx, f.Stranger.Actor, workspace.TeamInput{Org: f.Org, Workspace: room, Team: team}); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "the team is out", "nothing", f.sees(t, f.Administrator.Actor, room))
		f.add(t, f.Stranger.Actor, room, team, "")
		if err := f.people.DeleteTeam(ctx, f.Stranger.Actor, tenancy.TeamInput{Org: f.Org, Team: team}); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "without the team", "nothing", f.sees(t, f.Administrator.Actor, room))
		f.WantEvents(t, "workspace.*", workspace.EventTeamAdded, workspace.EventTeamRoleChanged, workspace.EventUpdated, workspace.EventTeamRemoved, workspace.EventTeamAdded)
		want := workspace.TeamChanged{Team: team, Workspace: "Closed", Role: workspace.RoleManager, RoleBefore: workspace.RolePlain}
		if got := lastData[workspace.TeamChanged](t, f.fixture, workspace.EventTeamRoleChanged); got != want {
			t.Errorf("event %+v, want %+v", got, want)
		}
		members := must(f.ws.Members(ctx, f.Stranger.Actor, workspace.MembersInput{Org: f.Org, Workspace: room}))(t)
		if diff := diffOf([]string{"Stella Stranger internal manager"}, memberNames(members.Items)); diff != "" {
			t.Errorf("who is left (-want +got):\n%s", diff)
		}
	})
}

// Who is a member in their own right and by a team stays while one of both lasts.
func TestMemberByTeamAndDirectly(t *testing.T) {
	eachTeams(t, func(t *testing.T, f *teams) {
		ctx := context.Background()
		room := f.Closed
		team := f.team(t, "Gardeners", f.Owner.Account, f.Administrator.Account)
		f.add(t, f.Stranger.Actor, room, team, "")
		member := workspace.MemberInput{Org: f.Org, Workspace: room, Account: f.Owner.Account}
		_, err := f.ws.RemoveMember(ctx, f.Stranger.Actor, member)
		wantError(t, err, workspace.ErrByTeam)
		_, err = f.ws.Leave(ctx, f.Owner.Actor, workspace.LeaveInput{Org: f.Org, Workspace: room})
		wantError(t, err, workspace.ErrByTeam)
		_, err = f.ws.SetMemberRole(ctx, f.Stranger.Actor, workspace.SetMemberRoleInput{Org: f.Org, Workspace: room, Account: f.Owner.Account, Role: workspace.RoleManager})
		wantError(t, err, workspace.ErrByTeam)
		contacts := must(f.ws.Pick(ctx, f.Stranger.Actor, workspace.PickInput{Org: f.Org, Workspace: room, Query: "Olga"}))(t)
		if len(contacts.Items) != 1 {
			t.Errorf("who is there by a team alone can be picked; the contacts are %+v", contacts.Items)
		}
		added := must(f.ws.AddMembers(ctx, f.Stranger.Actor, workspace.AddMembersInput{Org: f.Org, Workspace: room, Accounts: []veranda.AccountID{f.Owner.Account}, Role: workspace.RoleManager}))(t)
		if added.Results[0].Outcome != workspace.OutcomeAdded {
			t.Errorf("the outcome is %s", added.Results[0].Outcome)
		}
		members := must(f.ws.Members(ctx, f.Stranger.Actor, workspace.MembersInput{Org: f.Org, Workspace: room}))(t)
		via := []workspace.TeamName{{Team: team, Name: "Gardeners"}}
		for _, m := range members.Items {
			want := []workspace.TeamName(nil)
			if m.Account != f.Stranger.Account {
				want = via
			}
			if len(m.Via) != len(want) || len(want) == 1 && m.Via[0] != want[0] || m.ByTeam != (m.Account == f.Administrator.Account) {
				t.Errorf("%s is there by %v, by a team alone: %v", m.Name, m.Via, m.ByTeam)
			}
		}
		stays := must(f.ws.RemoveMember(ctx, f.Stranger.Actor, member))(t)
		if stays == nil || !stays.ByTeam || len(stays.Via) != 1 || stays.Via[0] != via[0] {
			t.Errorf("the answer is %+v", stays)
		}
		wantSame(t, "by the team still", "plain", f.sees(t, f.Owner.Actor, room))
		must(f.ws.AddMembers(ctx, f.Stranger.Actor, workspace.AddMembersInput{Org: f.Org, Workspace: room, Accounts: []veranda.AccountID{f.Owner.Account}}))(t)
		if err := f.ws.RemoveTeam(ctx, f.Stranger.Actor, workspace.TeamInput{Org: f.Org, Workspace: room, Team: team}); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "directly still", "plain", f.sees(t, f.Owner.Actor, room))
		wantSame(t, "by the team alone", "nothing", f.sees(t, f.Administrator.Actor, room))
		if stays := must(f.ws.RemoveMember(ctx, f.Stranger.Actor, member))(t); stays != nil {
			t.Errorf("the answer is %+v, want none", stays)
		}
		wantSame(t, "neither", "nothing", f.sees(t, f.Owner.Actor, room))
	})
}

// A private workspace keeps a manager of its own: a team's people change elsewhere.
func TestTeamIsNoLastManager(t *testing.T) {
	eachTeams(t, func(t *testing.T, f *teams) {
		ctx := context.Background()
		team := f.team(t, "Gardeners", f.Owner.Account, f.Stranger.Account)
		f.add(t, f.Stranger.Actor, f.Closed, team, workspace.RoleManager)
		_, err := f.ws.Leave(ctx, f.Stranger.Actor, workspace.LeaveInput{Org: f.Org, Workspace: f.Closed})
		wantError(t, err, workspace.ErrLastManager)
		_, err = f.ws.SetMemberRole(ctx, f.Owner.Actor, workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.Closed, Account: f.Stranger.Account, Role: workspace.RolePlain})
		wantError(t, err, workspace.ErrLastManager)
		must(f.ws.AddMembers(ctx, f.Stranger.Actor, workspace.AddMembersInput{Org: f.Org, Workspace: f.Closed, Accounts: []veranda.AccountID{f.Employee.Account}, Role: workspace.RoleManager}))(t)
		plain := must(f.ws.SetMemberRole(ctx, f.Owner.Actor, workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.Closed, Account: f.Stranger.Account, Role: workspace.RolePlain}))(t)
		wantSame(t, "plain, and a manager by the team", "manager", string(plain.Role))
	})
}

func TestTeamsOfAWorkspaceAreForWhoManages(t *testing.T) {
	eachTeams(t, func(t *testing.T, f *teams) {
		ctx := context.Background()
		team := f.team(t, "Gardeners")
		add := func(id veranda.WorkspaceID, role workspace.Role) func(by veranda.Actor) error {
			return func(by veranda.Actor) error {
				_, err := f.ws.AddTeam(ctx, by, workspace.AddTeamInput{Org: f.Org, Workspace: id, Team: team, Role: role})
				if err == nil {
					f.exec(t, `DELETE FROM veranda_workspace_teams WHERE org_id = $1`, f.Org)
				}
				return err
			}
		}
		open := map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": forbidden, "stranger": forbidden, "external": forbidden, "guest": forbidden,
		}
		private := map[string]veranda.Code{
			"owner": forbidden, "administrator": forbidden, "access_manager": forbidden, "employee": ok, "external": forbidden, "guest": forbidden,
		}
		f.matrix(t, open, add(f.World.Open, ""))
		f.matrix(t, private, add(f.Private, ""))
		open["access_manager"] = forbidden // managers may do more than change members
		f.matrix(t, open, add(f.World.Open, workspace.RoleManager))
		f.matrix(t, private, add(f.Private, workspace.RoleManager))
		f.matrix(t, private, func(by veranda.Actor) error {
			f.exec(t, `INSERT INTO veranda_workspace_teams (org_id, workspace_id, team_id, roles, added_at) VALUES ($1, $2, $3, '', $4) ON CONFLICT DO NOTHING`,
				f.Org, f.Private, team, f.DB.Time(f.DB.Now()))
			return f.ws.RemoveTeam(ctx, by, workspace.TeamInput{Org: f.Org, Workspace: f.Private, Team: team})
		})
		f.add(t, f.Employee.Actor, f.Private, team, "")
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": ok, "external": forbidden, "guest": forbidden,
		}, func(by veranda.Actor) error {
			list, err := f.ws.Teams(ctx, by, workspace.TeamsInput{Org: f.Org, Workspace: f.Private})
			if err == nil && (len(list.Items) != 1 || list.Items[0].Name != "Gardeners") {
				t.Errorf("the teams are %+v", list.Items)
			}
			return err
		})
		// Externals and guests see people and no teams.
		must(f.people.AddTeamMembers(ctx, f.Stranger.Actor, tenancy.AddTeamMembersInput{Org: f.Org, Team: team, Accounts: []veranda.AccountID{f.Stranger.Account}}))(t)
		for _, by := range []veranda.Actor{f.External.Actor, f.Guest.Actor} {
			for _, m := range must(f.ws.Members(ctx, by, workspace.MembersInput{Org: f.Org, Workspace: f.Private}))(t).Items {
				if m.Via != nil || m.ByTeam {
					t.Errorf("who sees no teams reads that %s is there by one", m.Name)
				}
			}
		}
	})
}

func TestTeamRolesInAWorkspace(t *testing.T) {
	eachTeams(t, func(t *testing.T, f *teams) {
		ctx := context.Background()
		for _, role := range [][3]string{{"auditor", "internal", "organization"}, {"helper", "guest", "workspace"}, {"keeper", "internal", "workspace"}} {
			f.exec(t, `INSERT INTO veranda_roles (org_id, name, title, description, kinds, scope, granted_by, created_by, created_at, updated_at, version)
VALUES ($1, $2, $2, '', $3, $4, 'manager', $5, $6, $6, 1)`, f.Org, role[0], role[1], role[2], f.Owner.Account, f.DB.Time(f.DB.Now()))
		}
		for _, row := range [][3]string{{"manager", "role", "grant_keeper"}, {"keeper", "workspace", "update"}} {
			f.exec(t, `INSERT INTO veranda_policy_rows (org_id, id, type, v0, v1, v2, v3, source) VALUES ($1, $2, 'p', $3, $4, $5, 'allow', 'role:keeper')`,
				f.Org, veranda.NewOrgID(), row[0], row[1], row[2])
		}
		f.exec(t, `UPDATE veranda_organizations SET policy_version = policy_version + 1 WHERE id = $1`, f.Org)
		team := f.team(t, "Gardeners", f.Administrator.Account)
		add := func(by veranda.Actor, id veranda.WorkspaceID, team tenancy.TeamID, role workspace.Role) error {
			_, err := f.ws.AddTeam(ctx, by, workspace.AddTeamInput{Org: f.Org, Workspace: id, Team: team, Role: role})
			return err
		}
		for _, role := range []workspace.Role{"auditor", "helper", "nothing"} {
			verandatest.WantFields(t, add(f.Stranger.Actor, f.Closed, team, role), "/role one_of")
		}
		verandatest.WantFields(t, add(f.Stranger.Actor, f.Closed, anyTeam(), "helper"), "/team_id not_found", "/role one_of")
		verandatest.WantFields(t, add(f.Stranger.Actor, f.Closed, tenancy.TeamID{}, "King's"), "/team_id required", "/role one_of")
		other := must(f.people.CreateTeam(ctx, f.Outsider.Actor, tenancy.CreateTeamInput{Org: f.Other, Name: "Others"}))(t)
		verandatest.WantFields(t, add(f.Stranger.Actor, f.Closed, other.ID, ""), "/team_id not_found")
		verandatest.WantCode(t, add(f.Administrator.Actor, f.World.Open, team, "keeper"), forbidden)
		if err := add(f.Stranger.Actor, f.Closed, team, "keeper"); err != nil {
			t.Fatal(err)
		}
		must(f.ws.Update(ctx, f.Administrator.Actor, workspace.UpdateInput{Org: f.Org, Workspace: f.Closed, Description: new("kept")}))(t)
		wantError(t, f.ws.RemoveTeam(ctx, f.Stranger.Actor, workspace.TeamInput{Org: f.Org, Workspace: f.Closed, Team: other.ID}), veranda.ErrNotFound)
	})
}

// A team enters a workspace and somebody enters the team at the same moment: whoever comes second sees the other.
func TestTeamAndMemberEnterAtOnce(t *testing.T) {
	eachTeams(t, func(t *testing.T, f *teams) {
		ctx := context.Background()
		team := f.team(t, "Gardeners")
		err := f.behind(t, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := f.people.WithTx(tx).AddTeamMembers(ctx, f.Stranger.Actor, tenancy.AddTeamMembersInput{Org: f.Org, Team: team, Accounts: []veranda.AccountID{f.Owner.Account}})
			return err
		}, func() error {
			_, err := f.ws.AddTeam(ctx, f.Stranger.Actor, workspace.AddTeamInput{Org: f.Org, Workspace: f.Closed, Team: team})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, "both", "plain", f.sees(t, f.Owner.Actor, f.Closed))
	})
}

// anyTeam is the id of a team that is not there.
func anyTeam() (id tenancy.TeamID) {
	if err := id.UnmarshalText([]byte(veranda.NewOrgID().String())); err != nil {
		panic(err)
	}
	return id
}
