package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// teamModel says what follows from teams, in the plainest way there is.
type teamModel struct {
	people []veranda.AccountID
	teams  map[TeamID]*modelTeam
	direct map[string]bool // workspace and account
}

type modelTeam struct {
	roles   []string
	members []veranda.AccountID
	// rooms are the workspaces it is in, with the role there.
	rooms map[veranda.WorkspaceID]string
}

// want is everything that is written down, a line each.
func (m *teamModel) want() []string {
	held := map[string][]string{}
	add := func(key string, roles ...string) {
		held[key] = append(held[key], roles...)
	}
	for _, person := range m.people {
		add("organization " + person.String())
	}
	for key := range m.direct {
		add("direct " + key)
	}
	for _, team := range m.teams {
		for _, person := range team.members {
			add("organization "+person.String(), team.roles...)
			for room, role := range team.rooms {
				key := room.String() + " " + person.String()
				kind := "by team "
				if m.direct[key] {
					kind = "direct "
				}
				add(kind+key, strings.Fields(role)...)
			}
		}
	}
	var lines []string
	for key, roles := range held {
		slices.Sort(roles)
		lines = append(lines, fmt.Sprintf("%s: %s", key, strings.Join(slices.Compact(roles), " ")))
	}
	slices.Sort(lines)
	return lines
}

// got reads what is written down.
func (k *kit) written(t testing.TB) []string {
	t.Helper()
	lines := []string{}
	err := k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		for _, text := range []string{
			`SELECT 'organization ' || CAST(account_id AS TEXT) || ': ' || team_roles FROM veranda_memberships WHERE org_id = $1 AND kind = 'internal'`,
			`SELECT CASE WHEN direct THEN 'direct ' ELSE 'by team ' END || CAST(workspace_id AS TEXT) || ' ' || CAST(account_id AS TEXT) || ': ' || team_roles
FROM veranda_workspace_members WHERE org_id = $1`,
		} {
			rows, err := tx.Query(ctx, text, k.Org)
			if err != nil {
				return err
			}
			for rows.Next() {
				var line string
				if err := rows.Scan(&line); err != nil {
					return err
				}
				lines = append(lines, line)
			}
			if err := rows.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// place puts a team into a workspace, changes its role there, or takes it out, as the package of workspaces does.
func (k *kit) place(team TeamID, room veranda.WorkspaceID, role *string) error {
	return k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		if found, err := LockTeam(ctx, tx, k.Org, team); err != nil || !found {
			return err
		}
		text, args := `DELETE FROM veranda_workspace_teams WHERE org_id = $1 AND workspace_id = $2 AND team_id = $3`, []any{k.Org, room, team}
		if role != nil {
			text = `INSERT INTO veranda_workspace_teams (org_id, workspace_id, team_id, roles, added_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (org_id, workspace_id, team_id) DO UPDATE SET roles = excluded.roles`
			args = append(args, *role, tx.DB().Time(tx.DB().Now()))
		}
		if _, err := tx.Exec(ctx, text, args...); err != nil {
			return err
		}
		accounts, err := TeamAccounts(ctx, tx, k.Org, team)
		if err != nil {
			return err
		}
		return RefreshWorkspaceTeams(ctx, tx, k.Org, []veranda.WorkspaceID{room}, accounts)
	})
}

// After any sequence of changes, what is written down is what the teams say.
func TestTeamsAreWrittenDown(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.exec(t, `DELETE FROM veranda_workspace_members WHERE org_id = $1`, k.Org)
		// The stranger is added and removed, and the owner calls and is in no team.
		people := []veranda.AccountID{k.Administrator.Account, k.AccessManager.Account, k.Employee.Account, k.Stranger.Account}
		rooms := []veranda.WorkspaceID{k.World.Open, k.Closed}
		roles := []string{RoleAdministrator, RoleAccessManager, RoleEmployee}
		rapid.Check(t, func(rt *rapid.T) {
			ok := func(err error) {
				if err != nil {
					rt.Fatal(err)
				}
			}
			m := &teamModel{people: append(slices.Clone(people), k.Owner.Account), teams: map[TeamID]*modelTeam{}, direct: map[string]bool{}}
			var ids []TeamID
			for range 3 {
				team, err := k.s.CreateTeam(ctx, k.Owner.Actor, CreateTeamInput{Org: k.Org, Name: veranda.NewOrgID().String()})
				ok(err)
				ids, m.teams[team.ID] = append(ids, team.ID), &modelTeam{rooms: map[veranda.WorkspaceID]string{}}
			}
			for range rapid.IntRange(1, 12).Draw(rt, "changes") {
				id, person, room := rapid.SampledFrom(ids).Draw(rt, "team"), rapid.SampledFrom(people).Draw(rt, "person"), rapid.SampledFrom(rooms).Draw(rt, "room")
				team := m.teams[id]
				if team == nil {
					continue // deleted
				}
				switch rapid.IntRange(0, 7).Draw(rt, "change") {
				case 0, 1:
					_, err := k.s.AddTeamMembers(ctx, k.Owner.Actor, AddTeamMembersInput{Org: k.Org, Team: id, Accounts: []veranda.AccountID{person}})
					ok(err)
					if !slices.Contains(team.members, person) {
						team.members = append(team.members, person)
					}
				case 2:
					err := k.s.RemoveTeamMember(ctx, k.Owner.Actor, RemoveTeamMemberInput{Org: k.Org, Team: id, Account: person})
					if i := slices.Index(team.members, person); i >= 0 {
						ok(err)
						team.members = slices.Delete(team.members, i, i+1)
					} else if veranda.CodeOf(err) != veranda.CodeNotFound {
						rt.Fatalf("removing who is not there: %v", err)
					}
				case 3:
					team.roles = rapid.SliceOfNDistinct(rapid.SampledFrom(roles), 0, 3, rapid.ID[string]).Draw(rt, "roles")
					_, err := k.s.UpdateTeam(ctx, k.Owner.Actor, UpdateTeamInput{Org: k.Org, Team: id, Roles: &team.roles})
					ok(err)
				case 4:
					role := rapid.SampledFrom([]string{"", "manager", "keeper"}).Draw(rt, "role")
					ok(k.place(id, room, &role))
					team.rooms[room] = role
				case 5:
					ok(k.place(id, room, nil))
					delete(team.rooms, room)
				case 6:
					ok(k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
						_, err := enter(ctx, tx, k.Org, room, person)
						return err
					}))
					m.direct[room.String()+" "+person.String()] = true
				case 7:
					ok(k.s.DeleteTeam(ctx, k.Owner.Actor, TeamInput{k.Org, id}))
					delete(m.teams, id)
				}
				if diff := cmp.Diff(m.want(), k.written(t)); diff != "" {
					rt.Fatalf("(-model +written):\n%s", diff)
				}
			}
			for id := range m.teams {
				ok(k.s.DeleteTeam(ctx, k.Owner.Actor, TeamInput{k.Org, id}))
			}
			ok(k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				_, err := tx.Exec(ctx, `DELETE FROM veranda_workspace_members WHERE org_id = $1`, k.Org)
				return err
			}))
		})
	})
}

// Two who change teams of the same people at once lose nothing of each other's.
func TestTeamsAreWrittenDownAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.exec(t, `DELETE FROM veranda_workspace_members WHERE org_id = $1`, k.Org)
		people := []veranda.AccountID{k.Administrator.Account, k.AccessManager.Account, k.Employee.Account}
		rooms := []veranda.WorkspaceID{k.World.Open, k.Closed}
		roles := [][]string{{}, {RoleAdministrator}, {RoleEmployee, RoleAccessManager}}
		var ids []TeamID
		for i := range 2 {
			ids = append(ids, k.team(t, k.Owner.Actor, fmt.Sprint("Team ", i), nil))
		}
		for round := range 15 {
			var wait sync.WaitGroup
			for worker := range 2 {
				wait.Go(func() {
					for step := range 4 {
						n := round*7 + worker*3 + step*5
						id, person, room := ids[(worker+step)%2], people[n%3], rooms[n%2]
						err := patiently(func() error {
							switch n % 4 {
							case 0:
								_, err := k.s.AddTeamMembers(ctx, k.Owner.Actor, AddTeamMembersInput{Org: k.Org, Team: id, Accounts: people})
								return err
							case 1:
								err := k.s.RemoveTeamMember(ctx, k.Owner.Actor, RemoveTeamMemberInput{Org: k.Org, Team: id, Account: person})
								if veranda.CodeOf(err) == veranda.CodeNotFound {
									return nil
								}
								return err
							case 2:
								set := roles[(n/4)%3]
								_, err := k.s.UpdateTeam(ctx, k.Owner.Actor, UpdateTeamInput{Org: k.Org, Team: id, Roles: &set})
								return err
							default:
								role := "manager"
								if n%8 == 7 {
									return k.place(id, room, nil)
								}
								return k.place(id, room, &role)
							}
						})
						if err != nil {
							t.Errorf("round %d: %v", round, err)
						}
					}
				})
			}
			wait.Wait()
			if diff := cmp.Diff(k.modelOf(t, ids).want(), k.written(t)); diff != "" {
				t.Fatalf("round %d (-model +written):\n%s", round, diff)
			}
		}
	})
}

// Somebody enters two teams, and a workspace by both, while neither has committed yet: the later one sees the earlier.
func TestTeamsOfOnePersonAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.exec(t, `DELETE FROM veranda_workspace_members WHERE org_id = $1`, k.Org)
		var ids []TeamID
		for i, role := range []string{RoleAdministrator, RoleAccessManager} {
			ids = append(ids, k.team(t, k.Owner.Actor, fmt.Sprint("Team ", i), []string{role}))
			must(t, k.place(ids[i], k.Closed, new([]string{"keeper", "manager"}[i])))
		}
		change := func(s *Service, i int, leave bool) error {
			if leave {
				return s.RemoveTeamMember(ctx, k.Owner.Actor, RemoveTeamMemberInput{Org: k.Org, Team: ids[i], Account: k.Employee.Account})
			}
			_, err := s.AddTeamMembers(ctx, k.Owner.Actor, AddTeamMembersInput{Org: k.Org, Team: ids[i], Accounts: []veranda.AccountID{k.Employee.Account}})
			return err
		}
		for _, leave := range []bool{false, true} {
			second := make(chan error, 1)
			must(t, k.DB.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
				if err := change(k.s.WithTx(tx), 0, leave); err != nil {
					return err
				}
				go func() { second <- change(k.s, 1, leave) }()
				time.Sleep(150 * time.Millisecond) // the second waits by now, or is done where it does not wait
				return nil
			}))
			must(t, <-second)
			if diff := cmp.Diff(k.modelOf(t, ids).organization(), slices.DeleteFunc(k.written(t), func(line string) bool { return !strings.HasPrefix(line, "organization") })); diff != "" {
				t.Errorf("leaving %v (-model +written):\n%s", leave, diff)
			}
			inside := k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2 AND team_roles = 'keeper manager'`, k.Org, k.Employee.Account)
			if inside != map[bool]int{false: 1, true: 0}[leave] {
				t.Errorf("leaving %v: %d rows in the workspace with the roles of both", leave, inside)
			}
		}
	})
}

// organization are the lines about roles in the organization.
func (m *teamModel) organization() []string {
	return slices.DeleteFunc(m.want(), func(line string) bool { return !strings.HasPrefix(line, "organization") })
}

// patiently repeats what gave up among others, as callers do.
func patiently(call func() error) error {
	for range 20 {
		err := call()
		if err == nil || veranda.CodeOf(err) != veranda.CodeUnavailable {
			return err
		}
	}
	return call()
}

// modelOf reads the teams themselves into a model.
func (k *kit) modelOf(t *testing.T, ids []TeamID) *teamModel {
	t.Helper()
	ctx := context.Background()
	m := &teamModel{
		people: []veranda.AccountID{k.Owner.Account, k.Administrator.Account, k.AccessManager.Account, k.Employee.Account, k.Stranger.Account},
		teams:  map[TeamID]*modelTeam{}, direct: map[string]bool{},
	}
	must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for _, id := range ids {
			team := &modelTeam{rooms: map[veranda.WorkspaceID]string{}}
			row := ""
			if _, err := readOne(ctx, tx.Query, `SELECT roles FROM veranda_teams WHERE org_id = $1 AND id = $2`, []any{k.Org, id}, &row); err != nil {
				return err
			}
			team.roles = strings.Fields(row)
			var err error
			if team.members, err = teamAccounts(ctx, tx, k.Org, id); err != nil {
				return err
			}
			rooms, err := teamWorkspaces(ctx, tx, k.Org, id)
			if err != nil {
				return err
			}
			for _, room := range rooms {
				team.rooms[room] = "manager"
			}
			m.teams[id] = team
		}
		return nil
	}))
	return m
}

// Somebody is put into a team and removed from the organization at once: either the one or the other finds nothing.
func TestTeamMemberLeavesAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		team := k.team(t, k.Owner.Actor, "Admins", []string{RoleAdministrator})
		role := "manager"
		must(t, k.place(team, k.Closed, &role))
		calls := []func() error{
			func() error {
				_, err := k.s.AddTeamMembers(ctx, k.Owner.Actor, AddTeamMembersInput{Org: k.Org, Team: team, Accounts: []veranda.AccountID{k.Stranger.Account}})
				return err
			},
			func() error {
				return patiently(func() error {
					return k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.Stranger.Account, HandTo: k.Administrator.Account})
				})
			},
		}
		_, errs := atOnce(2, func(i int) error { return calls[i]() })
		must(t, errs[1])
		if err := errs[0]; err != nil && !slices.Contains([]veranda.Code{veranda.CodeInvalid, veranda.CodeUnavailable}, veranda.CodeOf(err)) {
			t.Errorf("putting them into the team: %v", err)
		}
		for _, table := range []string{
			`SELECT count(*) FROM veranda_team_members WHERE org_id = $1 AND account_id = $2`, `SELECT count(*) FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`,
			`SELECT count(*) FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`,
		} {
			if n := k.count(t, table, k.Org, k.Stranger.Account); n != 0 {
				t.Errorf("%s: %d", table, n)
			}
		}
		verandatest.WantCode(t, func() error { _, err := k.s.Team(ctx, k.Stranger.Actor, TeamInput{k.Org, team}); return err }(), veranda.CodeNotFound)
	})
}
