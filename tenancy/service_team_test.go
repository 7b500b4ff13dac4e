package tenancy

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// team makes a team with people in it.
func (k *kit) team(t *testing.T, by veranda.Actor, name string, roles []string, people ...veranda.AccountID) TeamID {
	t.Helper()
	team, err := k.s.CreateTeam(context.Background(), by, CreateTeamInput{Org: k.Org, Name: name, Roles: roles})
	must(t, err)
	if len(people) > 0 {
		_, err := k.s.AddTeamMembers(context.Background(), by, AddTeamMembersInput{Org: k.Org, Team: team.ID, Accounts: people})
		must(t, err)
	}
	return team.ID
}

// teamRoles are the roles somebody has by teams, as permission checks read them.
func (k *kit) teamRoles(t testing.TB, account veranda.AccountID) string {
	t.Helper()
	var roles string
	if _, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT team_roles FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, []any{k.Org, account}, &roles); err != nil {
		t.Fatal(err)
	}
	return roles
}

// answers calls for everybody and compares the codes; not_found for who is not named, unauthenticated for who is not
// signed in.
func (k *kit) answers(t *testing.T, wanted map[string]veranda.Code, call func(by veranda.Actor) error) {
	t.Helper()
	everybody := map[string]veranda.Actor{
		"owner": k.Owner.Actor, "administrator": k.Administrator.Actor, "access_manager": k.AccessManager.Actor, "employee": k.Employee.Actor,
		"stranger": k.Stranger.Actor, "external": k.External.Actor, "guest": k.Guest.Actor, "support": k.Support.Actor, "outsider": k.Outsider.Actor,
		"nobody": k.Nobody.Actor, "anonymous": veranda.Anonymous(), "zero": {},
	}
	got, full := map[string]veranda.Code{}, map[string]veranda.Code{}
	for name, actor := range everybody {
		full[name] = veranda.CodeNotFound
		if name == "anonymous" || name == "zero" {
			full[name] = veranda.CodeUnauthenticated
		}
		if code, named := wanted[name]; named {
			full[name] = code
		}
		got[name] = ""
		if err := call(actor); err != nil {
			if got[name] = veranda.CodeOf(err); got[name] == veranda.CodeNotFound && err.Error() != veranda.ErrNotFound.Error() {
				t.Errorf("%s: not found in other words: %v", name, err)
			}
		}
	}
	if diff := cmp.Diff(full, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

const refused = veranda.CodeForbidden

func TestTeamsAreForEmployees(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		team := k.team(t, k.Employee.Actor, "Gardeners", nil, k.Employee.Account)
		in := TeamInput{Org: k.Org, Team: team}
		employees := map[string]veranda.Code{"owner": "", "administrator": "", "access_manager": "", "employee": "", "stranger": ""}
		t.Run("read", func(t *testing.T) {
			k.answers(t, employees, func(by veranda.Actor) error { _, err := k.s.Team(ctx, by, in); return err })
			k.answers(t, employees, func(by veranda.Actor) error {
				_, err := k.s.TeamMembers(ctx, by, TeamMembersInput{Org: k.Org, Team: team})
				return err
			})
			lists := map[string]veranda.Code{"owner": "", "administrator": "", "access_manager": "", "employee": "", "stranger": "", "external": refused, "guest": refused, "support": refused}
			k.answers(t, lists, func(by veranda.Actor) error { _, err := k.s.Teams(ctx, by, TeamsInput{Org: k.Org}); return err })
			n := 0
			k.answers(t, lists, func(by veranda.Actor) error {
				n++
				_, err := k.s.CreateTeam(ctx, by, CreateTeamInput{Org: k.Org, Name: "Team " + strings.Repeat("x", n)})
				return err
			})
		})
		t.Run("change", func(t *testing.T) {
			managers := map[string]veranda.Code{"owner": "", "administrator": "", "access_manager": "", "employee": "", "stranger": refused}
			description := "We water."
			k.answers(t, managers, func(by veranda.Actor) error {
				_, err := k.s.UpdateTeam(ctx, by, UpdateTeamInput{Org: k.Org, Team: team, Description: &description})
				return err
			})
			k.answers(t, managers, func(by veranda.Actor) error {
				_, err := k.s.AddTeamMembers(ctx, by, AddTeamMembersInput{Org: k.Org, Team: team, Accounts: []veranda.AccountID{k.Stranger.Account}})
				return err
			})
			k.answers(t, managers, func(by veranda.Actor) error {
				k.exec(t, `INSERT INTO veranda_team_members (org_id, team_id, account_id, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
					k.Org, team, k.Stranger.Account, k.DB.Time(k.DB.Now()))
				return k.s.RemoveTeamMember(ctx, by, RemoveTeamMemberInput{Org: k.Org, Team: team, Account: k.Stranger.Account})
			})
			k.answers(t, managers, func(by veranda.Actor) error {
				made := k.team(t, k.Employee.Actor, "Short-lived "+veranda.NewOrgID().String(), nil)
				return k.s.DeleteTeam(ctx, by, TeamInput{Org: k.Org, Team: made})
			})
		})
		// Another tenant's team, and none at all.
		for name, in := range map[string]TeamInput{"another's": {k.Other, team}, "none": {k.Org, veranda.NewID[teamKind]()}} {
			for _, by := range []veranda.Actor{k.Owner.Actor, k.Outsider.Actor} {
				if _, err := k.s.Team(ctx, by, in); err == nil || err.Error() != veranda.ErrNotFound.Error() {
					t.Errorf("%s: %v", name, err)
				}
				want(t, k.s.DeleteTeam(ctx, by, in), veranda.ErrNotFound)
			}
		}
	})
}

func TestTeamNamesAndLists(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		for _, name := range []string{"Welders", "ärzte", "Apples", "apricots", "Beams"} {
			k.team(t, k.Employee.Actor, name, nil)
		}
		mine := k.team(t, k.Employee.Actor, "Apes", nil, k.Stranger.Account)
		list := func(by veranda.Actor, in TeamsInput) []string {
			t.Helper()
			in.Org = k.Org
			names := []string{}
			for range 10 {
				page, err := k.s.Teams(ctx, by, in)
				must(t, err)
				for _, team := range page.Items {
					names = append(names, team.Name)
				}
				if in.Cursor = page.Next; in.Cursor == "" {
					break
				}
			}
			return names
		}
		all := []string{"Apes", "Apples", "apricots", "Beams", "Welders", "ärzte"}
		for _, limit := range []int{1, 4, 0} {
			got := list(k.Employee.Actor, TeamsInput{Page: veranda.Page{Limit: limit}})
			slices.SortFunc(got, func(a, b string) int { return strings.Compare(teamNameKey(a), teamNameKey(b)) }) // the database's order of ä is its own
			if diff := cmp.Diff(all, got); diff != "" {
				t.Errorf("in pages of %d (-want +got):\n%s", limit, diff)
			}
		}
		if diff := cmp.Diff([]string{"Apes", "Apples", "apricots"}, list(k.Owner.Actor, TeamsInput{Query: "AP"})); diff != "" {
			t.Errorf("beginning with AP (-want +got):\n%s", diff)
		}
		if got := list(k.Owner.Actor, TeamsInput{Query: "%"}); len(got) != 0 {
			t.Errorf("%% is taken for a pattern: %v", got)
		}
		if diff := cmp.Diff([]string{"Apes"}, list(k.Stranger.Actor, TeamsInput{Mine: true})); diff != "" {
			t.Errorf("one's own (-want +got):\n%s", diff)
		}
		team, err := k.s.Team(ctx, k.Stranger.Actor, TeamInput{k.Org, mine})
		must(t, err)
		if !team.Member || team.Members != 1 || team.CreatedBy != k.Employee.Account || team.Version != 1 {
			t.Errorf("the team is %+v", team)
		}
		_, err = k.s.CreateTeam(ctx, k.Owner.Actor, CreateTeamInput{Org: k.Org, Name: " APES "})
		verandatest.WantFields(t, err, "/name taken")
		other := "beams"
		_, err = k.s.UpdateTeam(ctx, k.Employee.Actor, UpdateTeamInput{Org: k.Org, Team: mine, Name: &other})
		verandatest.WantFields(t, err, "/name taken")
		_, err = k.s.CreateTeam(ctx, k.Owner.Actor, CreateTeamInput{Org: k.Org, Name: " ", Description: "\x01", Roles: []string{"owner", "employee", "employee"}})
		verandatest.WantFields(t, err, "/name required", "/description control_characters", "/roles/0 owner", "/roles/2 repeated")
		_, err = k.s.Teams(ctx, k.Owner.Actor, TeamsInput{Org: k.Org, Query: "a\nb", Page: veranda.Page{Limit: 201, Cursor: "x"}})
		verandatest.WantFields(t, err, "/limit range", "/cursor cursor", "/q line")
		_, err = k.s.UpdateTeam(ctx, k.Employee.Actor, UpdateTeamInput{Org: k.Org, Team: mine})
		verandatest.WantFields(t, err, " required")
		name := "Chimps"
		_, err = k.s.UpdateTeam(ctx, k.Employee.Actor, UpdateTeamInput{Org: k.Org, Team: mine, Version: 2, Name: &name})
		want(t, err, veranda.ErrVersion)
		for range 2 { // the second changes nothing
			team, err = k.s.UpdateTeam(ctx, k.Employee.Actor, UpdateTeamInput{Org: k.Org, Team: mine, Name: &name})
			must(t, err)
		}
		if team.Version != 2 || team.Name != name {
			t.Errorf("the updated team is %+v", team)
		}
		k.WantEvents(t, "tenancy.team_updated", EventTeamUpdated)
	})
}

func TestTeamsOfPersonalTenantsAndDomains(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.exec(t, `UPDATE veranda_organizations SET domains = $2 WHERE id = $1`, k.Org, `["elsewhere.example"]`)
		_, err := k.s.CreateTeam(ctx, k.Owner.Actor, CreateTeamInput{Org: k.Org, Name: "Gardeners"})
		want(t, err, ErrTeamDomain)
		k.exec(t, `UPDATE veranda_memberships SET address_key = 'emil@elsewhere.example' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account)
		k.team(t, k.Employee.Actor, "Gardeners", nil)
		k.exec(t, `UPDATE veranda_organizations SET kind = 'personal', domains = '[]' WHERE id = $1`, k.Org)
		_, err = k.s.CreateTeam(ctx, k.Owner.Actor, CreateTeamInput{Org: k.Org, Name: "Family"})
		want(t, err, ErrNoTeams)
		_, err = k.s.CreateTeam(ctx, veranda.SystemActor("statistics"), CreateTeamInput{Org: k.Org, Name: "Machines"})
		verandatest.WantCode(t, err, veranda.CodeForbidden)
	})
}

func TestTeamMembers(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		team := k.team(t, k.Employee.Actor, "Gardeners", nil, k.Employee.Account)
		add := func(accounts ...veranda.AccountID) (*AddedTeamMembers, error) {
			return k.s.AddTeamMembers(ctx, k.Employee.Actor, AddTeamMembersInput{Org: k.Org, Team: team, Accounts: accounts})
		}
		added, err := add(k.Owner.Account, k.Employee.Account, k.Stranger.Account)
		must(t, err)
		if diff := cmp.Diff([]string{"added", "already_member", "added"}, []string{added.Results[0].Outcome, added.Results[1].Outcome, added.Results[2].Outcome}); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		k.exec(t, `UPDATE veranda_memberships SET disabled_at = joined_at WHERE org_id = $1 AND account_id = $2`, k.Org, k.AccessManager.Account)
		// All or none. The employee shares workspaces with external and guest, so they are seen, and not with the hidden one.
		hidden := k.Nobody.Account
		k.exec(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) VALUES ($1, $2, 'external', 'external', 'n@x.example', $3, 1)`,
			k.Org, hidden, k.DB.Time(k.DB.Now()))
		_, err = add(k.Administrator.Account, k.External.Account, k.Guest.Account, hidden, k.Outsider.Account, veranda.NewAccountID(), k.AccessManager.Account)
		verandatest.WantFields(t, err, "/accounts/1 kind", "/accounts/2 kind", "/accounts/3 not_found", "/accounts/4 not_found", "/accounts/5 not_found", "/accounts/6 not_found")
		_, err = add(k.Owner.Account, k.Owner.Account, veranda.AccountID{})
		verandatest.WantFields(t, err, "/accounts/1 repeated", "/accounts/2 required")
		list, err := k.s.TeamMembers(ctx, k.Stranger.Actor, TeamMembersInput{Org: k.Org, Team: team, Page: veranda.Page{Limit: 2}})
		must(t, err)
		more, err := k.s.TeamMembers(ctx, k.Stranger.Actor, TeamMembersInput{Org: k.Org, Team: team, Page: veranda.Page{Limit: 2, Cursor: list.Next}})
		must(t, err)
		names := []string{}
		for _, m := range append(list.Items, more.Items...) {
			names = append(names, m.Name)
		}
		if diff := cmp.Diff([]string{"Emil Employee", "Olga Owner", "Stella Stranger"}, names); diff != "" || more.Next != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		remove := RemoveTeamMemberInput{Org: k.Org, Team: team, Account: k.Owner.Account}
		must(t, k.s.RemoveTeamMember(ctx, k.Employee.Actor, remove))
		want(t, k.s.RemoveTeamMember(ctx, k.Employee.Actor, remove), veranda.ErrNotFound)
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.Stranger.Account, HandTo: k.Administrator.Account}))
		if n := k.count(t, `SELECT count(*) FROM veranda_team_members WHERE org_id = $1`, k.Org); n != 1 {
			t.Errorf("%d people are left in the team, want the employee", n)
		}
		must(t, k.s.DeleteTeam(ctx, k.Employee.Actor, TeamInput{k.Org, team}))
		k.WantEvents(t, "tenancy.team_*", EventTeamCreated, EventTeamMemberAdded, EventTeamMemberAdded, EventTeamMemberAdded, EventTeamMemberRemoved, EventTeamDeleted)
	})
}

// A team's roles count at the next call, and end with the team, the place in it, or the role.
func TestTeamRolesCount(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		administers := func() bool {
			t.Helper()
			_, err := k.s.Policy(ctx, k.Employee.Actor, GetOrganizationInput{Org: k.Org})
			if err != nil && veranda.CodeOf(err) != veranda.CodeForbidden {
				t.Fatal(err)
			}
			return err == nil
		}
		in := func(what string, wanted bool) {
			t.Helper()
			if got := administers(); got != wanted {
				t.Errorf("%s: the employee administers: %v, want %v", what, got, wanted)
			}
		}
		in("before", false)
		team := k.team(t, k.Owner.Actor, "Admins", []string{RoleAdministrator}, k.Employee.Account)
		in("in the team", true)
		none, both := []string{}, []string{RoleAdministrator, RoleAccessManager}
		_, err := k.s.UpdateTeam(ctx, k.Owner.Actor, UpdateTeamInput{Org: k.Org, Team: team, Roles: &none})
		must(t, err)
		in("the team holds nothing", false)
		_, err = k.s.UpdateTeam(ctx, k.Owner.Actor, UpdateTeamInput{Org: k.Org, Team: team, Roles: &both})
		must(t, err)
		in("the team holds roles again", true)
		if got := k.teamRoles(t, k.Employee.Account); got != "access_manager administrator" {
			t.Errorf("the roles by teams are %q", got)
		}
		must(t, k.s.RemoveTeamMember(ctx, k.Owner.Actor, RemoveTeamMemberInput{Org: k.Org, Team: team, Account: k.Employee.Account}))
		in("out of the team", false)
		_, err = k.s.AddTeamMembers(ctx, k.Owner.Actor, AddTeamMembersInput{Org: k.Org, Team: team, Accounts: []veranda.AccountID{k.Employee.Account}})
		must(t, err)
		in("in the team again", true)
		must(t, k.s.DeleteTeam(ctx, k.Owner.Actor, TeamInput{k.Org, team}))
		in("without the team", false)
		var data TeamChanged
		events := k.Events(t, EventTeamRolesChanged)
		must(t, json.Unmarshal(events[1].Data, &data))
		if diff := cmp.Diff(TeamChanged{Name: "Admins", Roles: []string{RoleAccessManager, RoleAdministrator}}, data); diff != "" || len(events) != 2 {
			t.Errorf("%d events, the last (-want +got):\n%s", len(events), diff)
		}
	})
}

// Nobody raises themselves by a team, and nobody gives by a team what they may not give by name.
func TestTeamRolesAreGranted(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		create := func(by veranda.Actor, roles ...string) error {
			_, err := k.s.CreateTeam(ctx, by, CreateTeamInput{Org: k.Org, Name: veranda.NewOrgID().String(), Roles: roles})
			return err
		}
		verandatest.WantCode(t, create(k.Employee.Actor, RoleEmployee), refused)
		verandatest.WantCode(t, create(k.AccessManager.Actor, RoleAdministrator), refused)
		verandatest.WantFields(t, create(k.Owner.Actor, RoleExternal, "gardener"), "/roles/0 one_of", "/roles/1 one_of")

		// A team of the employee's own that the owner gave a role is not theirs to fill any more.
		team := k.team(t, k.Employee.Actor, "Admins", nil)
		roles := []string{RoleAdministrator}
		update := func(by veranda.Actor, roles []string) error {
			_, err := k.s.UpdateTeam(ctx, by, UpdateTeamInput{Org: k.Org, Team: team, Roles: &roles})
			return err
		}
		add := func(by veranda.Actor, account veranda.AccountID) error {
			_, err := k.s.AddTeamMembers(ctx, by, AddTeamMembersInput{Org: k.Org, Team: team, Accounts: []veranda.AccountID{account}})
			return err
		}
		verandatest.WantCode(t, update(k.Employee.Actor, roles), refused)
		must(t, update(k.Administrator.Actor, roles))
		verandatest.WantCode(t, add(k.Employee.Actor, k.Employee.Account), refused)
		verandatest.WantCode(t, add(k.AccessManager.Actor, k.AccessManager.Account), refused)
		verandatest.WantCode(t, k.s.DeleteTeam(ctx, k.Employee.Actor, TeamInput{k.Org, team}), refused)
		must(t, add(k.Administrator.Actor, k.Administrator.Account)) // gains nothing
		want(t, update(k.Administrator.Actor, []string{RoleAccessManager}), ErrOwnRoles)
		must(t, add(k.Administrator.Actor, k.Stranger.Account))
		verandatest.WantCode(t, k.s.RemoveTeamMember(ctx, k.AccessManager.Actor, RemoveTeamMemberInput{Org: k.Org, Team: team, Account: k.Stranger.Account}), refused)
		must(t, update(k.Owner.Actor, []string{RoleAdministrator, RoleAccessManager}))
		want(t, func() error {
			made := k.team(t, k.Administrator.Actor, "Access", []string{RoleAccessManager})
			must(t, k.s.RemoveTeamMember(ctx, k.Administrator.Actor, RemoveTeamMemberInput{Org: k.Org, Team: team, Account: k.Administrator.Account}))
			_, err := k.s.AddTeamMembers(ctx, k.Administrator.Actor, AddTeamMembersInput{Org: k.Org, Team: made, Accounts: []veranda.AccountID{k.Administrator.Account}})
			return err
		}(), ErrOwnRoles)

		// Who is an administrator by a team is one to those who may not remove administrators.
		verandatest.WantCode(t, k.s.RemoveMember(ctx, k.AccessManager.Actor, RemoveMemberInput{Org: k.Org, Account: k.Stranger.Account}), refused)
		_, err := k.s.SetRoles(ctx, k.AccessManager.Actor, SetRolesInput{Org: k.Org, Account: k.Stranger.Account, Roles: []string{RoleEmployee}})
		verandatest.WantCode(t, err, refused)
	})
}

// Roles of an organization's own are held by teams where employees can hold them in it.
func TestTeamsHoldCustomRoles(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		for _, role := range [][3]string{{"auditor", "internal external", "organization"}, {"helper", "guest", "both"}, {"keeper", "internal", "workspace"}} {
			k.exec(t, `INSERT INTO veranda_roles (org_id, name, title, description, kinds, scope, granted_by, created_by, created_at, updated_at, version)
VALUES ($1, $2, $2, '', $3, $4, 'owner', $5, $6, $6, 1)`, k.Org, role[0], role[1], role[2], k.Owner.Account, k.DB.Time(k.DB.Now()))
		}
		for _, row := range [][3]string{{"owner", "role", "grant_auditor"}, {"auditor", "policy", "read"}} {
			k.exec(t, `INSERT INTO veranda_policy_rows (org_id, id, type, v0, v1, v2, v3, source) VALUES ($1, $2, 'p', $3, $4, $5, 'allow', 'role:auditor')`,
				k.Org, veranda.NewOrgID(), row[0], row[1], row[2])
		}
		k.exec(t, `UPDATE veranda_organizations SET policy_version = policy_version + 1 WHERE id = $1`, k.Org)
		_, err := k.s.CreateTeam(ctx, k.Owner.Actor, CreateTeamInput{Org: k.Org, Name: "All", Roles: []string{"auditor", "helper", "keeper"}})
		verandatest.WantFields(t, err, "/roles/1 one_of", "/roles/2 one_of")
		team := k.team(t, k.Owner.Actor, "Auditors", []string{"auditor"}, k.Employee.Account)
		_, err = k.s.Policy(ctx, k.Employee.Actor, GetOrganizationInput{Org: k.Org})
		must(t, err)
		_, err = k.s.AddTeamMembers(ctx, k.Administrator.Actor, AddTeamMembersInput{Org: k.Org, Team: team, Accounts: []veranda.AccountID{k.Stranger.Account}})
		verandatest.WantCode(t, err, refused)
		// A role that is gone stands in nobody's way.
		k.exec(t, `DELETE FROM veranda_policy_rows WHERE org_id = $1`, k.Org)
		k.exec(t, `DELETE FROM veranda_roles WHERE org_id = $1`, k.Org)
		k.exec(t, `UPDATE veranda_organizations SET policy_version = policy_version + 1 WHERE id = $1`, k.Org)
		none := []string{}
		_, err = k.s.UpdateTeam(ctx, k.Administrator.Actor, UpdateTeamInput{Org: k.Org, Team: team, Roles: &none})
		must(t, err)
	})
}

func TestTeamLimitsAndVeto(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, []veranda.Module{veranda.Core(), Module()}, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		limits := &teamLimits{}
		k := newKit(t, e, limits)
		team := k.team(t, k.Owner.Actor, "Admins", []string{RoleAdministrator})
		_, err := k.s.CreateDepartment(ctx, k.Owner.Actor, CreateDepartmentInput{Org: k.Org, Name: "Sales"})
		must(t, err)
		if diff := cmp.Diff([]string{"teams", "departments"}, limits.asked); diff != "" {
			t.Errorf("limits asked (-want +got):\n%s", diff)
		}
		limits.closed = true
		_, err = k.s.CreateTeam(ctx, k.Owner.Actor, CreateTeamInput{Org: k.Org, Name: "More"})
		want(t, err, veranda.LimitError("teams", ""))
		veto := veranda.NewError(veranda.CodeConflict, "test.veto", "No.")
		e.DB.Veto(veranda.Hook{Name: "no", Kinds: []string{EventTeamMemberAdded}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return veto }})
		_, err = k.s.AddTeamMembers(ctx, k.Owner.Actor, AddTeamMembersInput{Org: k.Org, Team: team, Accounts: []veranda.AccountID{k.Employee.Account}})
		want(t, err, veto)
		if roles := k.teamRoles(t, k.Employee.Account); roles != "" || k.count(t, `SELECT count(*) FROM veranda_team_members WHERE org_id = $1`, k.Org) != 0 {
			t.Errorf("what was vetoed left roles: %q", roles)
		}
		k.WantEvents(t, "tenancy.team_*", EventTeamCreated)
	})
}

// teamLimits refuse while they are closed, and remember what they were asked.
type teamLimits struct {
	closed bool
	asked  []string
}

func (l *teamLimits) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	if l.closed {
		return veranda.LimitError(resource, "The plan allows no more.")
	}
	l.asked = append(l.asked, resource)
	return nil
}
