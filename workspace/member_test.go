package workspace_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace"
)

func memberNames(members []workspace.Member) []string {
	out := []string{}
	for _, m := range members {
		out = append(out, m.Name+" "+m.Kind+" "+string(m.Role))
	}
	return out
}

func TestMembers(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		want := []string{
			"Adam Administrator internal plain", "Agnes Access internal plain", "Emil Employee internal manager",
			"Gustav Guest guest plain", "Olga Owner internal plain", "Xenia External external plain",
		}
		for _, limit := range []int{1, 4, 50} {
			in := workspace.MembersInput{Org: f.Org, Workspace: f.Private, Page: veranda.Page{Limit: limit}}
			var got []string
			for range 10 {
				list := must(f.ws.Members(ctx, f.External.Actor, in))(t)
				got = append(got, memberNames(list.Items)...)
				if in.Cursor = list.Next; in.Cursor == "" {
					break
				}
			}
			if diff := diffOf(want, got); diff != "" {
				t.Errorf("members in pages of %d (-want +got):\n%s", limit, diff)
			}
		}
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = joined_at WHERE org_id = $1 AND account_id <> $2`, f.Org, f.Guest.Account)
		list := must(f.ws.Members(ctx, f.Guest.Actor, workspace.MembersInput{Org: f.Org, Workspace: f.Private}))(t)
		if diff := diffOf([]string{"Gustav Guest guest plain"}, memberNames(list.Items)); diff != "" {
			t.Errorf("members while the others are disabled (-want +got):\n%s", diff)
		}
		_, err := f.ws.Members(ctx, f.Guest.Actor, workspace.MembersInput{Org: f.Org, Workspace: f.Private, Page: veranda.Page{Cursor: veranda.EncodeCursor("workspace_members", "a", "b")}})
		verandatest.WantFields(t, err, "/cursor cursor")
	})
}

func TestAddMembers(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		in := workspace.AddMembersInput{Org: f.Org, Workspace: f.World.Open, Accounts: []veranda.AccountID{f.Stranger.Account, f.Guest.Account, f.Administrator.Account}}
		added := must(f.ws.AddMembers(ctx, f.Owner.Actor, in))(t)
		want := []workspace.Added{
			{Account: f.Stranger.Account, Outcome: workspace.OutcomeAdded},
			{Account: f.Guest.Account, Outcome: workspace.OutcomeAlready},
			{Account: f.Administrator.Account, Outcome: workspace.OutcomeAdded},
		}
		if diff := diffOf(want, added.Results); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		if version := f.accessVersion(t, f.World.Open); version != 2 {
			t.Errorf("access version %d, want 2", version)
		}
		f.WantEvents(t, "workspace.*", workspace.EventMemberAdded, workspace.EventMemberAdded)
		data := workspace.MemberChanged{Account: f.Administrator.Account, Name: f.Administrator.Name, Workspace: "Open", Kind: "internal", Role: workspace.RolePlain}
		if diff := diffOf(data, lastData[workspace.MemberChanged](t, f, workspace.EventMemberAdded)); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		in.Accounts = in.Accounts[:2]
		must(f.ws.AddMembers(ctx, f.Owner.Actor, in))(t)
		if version := f.accessVersion(t, f.World.Open); version != 2 {
			t.Errorf("nobody was added and the access version is %d, want 2", version)
		}
	})
}

func TestAddMembersIsForWhoManages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		// Who is added is a member already, so that no answer changes the next one's.
		member := map[veranda.WorkspaceID]veranda.AccountID{f.Closed: f.Stranger.Account, f.OtherWorkspace: f.Outsider.Account}
		add := func(id veranda.WorkspaceID, role workspace.Role) func(by veranda.Actor) error {
			account, named := member[id]
			if !named {
				account = f.Employee.Account
			}
			return func(by veranda.Actor) error {
				in := workspace.AddMembersInput{Org: f.Org, Workspace: id, Accounts: []veranda.AccountID{account}, Role: role}
				_, err := f.ws.AddMembers(context.Background(), by, in)
				return err
			}
		}
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": forbidden, "stranger": forbidden, "external": forbidden, "guest": forbidden,
		}, add(f.World.Open, ""))
		// An access manager puts people into open workspaces but gives nobody a right they lack themselves.
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": forbidden, "employee": forbidden, "stranger": forbidden, "external": forbidden, "guest": forbidden,
		}, add(f.World.Open, workspace.RoleManager))
		f.matrix(t, map[string]veranda.Code{
			"owner": forbidden, "administrator": forbidden, "access_manager": forbidden, "employee": ok, "external": forbidden, "guest": forbidden,
		}, add(f.Private, ""))
		f.matrix(t, map[string]veranda.Code{"stranger": ok}, add(f.Closed, ""))
		f.matrix(t, nil, add(f.OtherWorkspace, ""))
	})
}

func TestAddMembersChecksAccounts(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		in := workspace.AddMembersInput{Org: f.Org, Workspace: f.Sibling, Accounts: []veranda.AccountID{
			f.Employee.Account, f.Outsider.Account, veranda.NewAccountID(), f.Nobody.Account, f.Support.Account,
		}}
		_, err := f.ws.AddMembers(ctx, f.Owner.Actor, in)
		verandatest.WantFields(t, err, "/accounts/1 not_found", "/accounts/2 not_found", "/accounts/3 not_found", "/accounts/4 not_found")
		list := must(f.ws.Members(ctx, f.Owner.Actor, workspace.MembersInput{Org: f.Org, Workspace: f.Sibling}))(t)
		if len(list.Items) != 0 {
			t.Errorf("some were added by a refused call: %v", memberNames(list.Items))
		}
		in.Accounts = []veranda.AccountID{f.External.Account, f.Employee.Account, f.Guest.Account}
		in.Role = workspace.RoleManager
		_, err = f.ws.AddMembers(ctx, f.Owner.Actor, in)
		verandatest.WantFields(t, err, "/accounts/0 manager_kind", "/accounts/2 manager_kind")
		in.Accounts = []veranda.AccountID{{}, f.Employee.Account, f.Employee.Account}
		in.Role = "boss"
		_, err = f.ws.AddMembers(ctx, f.Owner.Actor, in)
		verandatest.WantFields(t, err, "/accounts/0 required", "/accounts/2 repeated", "/role one_of")
		_, err = f.ws.AddMembers(ctx, f.Owner.Actor, workspace.AddMembersInput{Org: f.Org, Workspace: f.Sibling})
		verandatest.WantFields(t, err, "/accounts too_few")
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = joined_at WHERE org_id = $1 AND account_id = $2`, f.Org, f.Stranger.Account)
		in = workspace.AddMembersInput{Org: f.Org, Workspace: f.Sibling, Accounts: []veranda.AccountID{f.Stranger.Account}}
		_, err = f.ws.AddMembers(ctx, f.Owner.Actor, in)
		verandatest.WantFields(t, err, "/accounts/0 not_found")
		f.WantEvents(t, "workspace.*")
	})
}

func TestAddMembersSeesTheActorsDirectory(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		// The stranger shares no workspace with an external, the employee does.
		in := workspace.AddMembersInput{Org: f.Org, Workspace: f.Closed, Accounts: []veranda.AccountID{f.External.Account, f.Employee.Account}}
		_, err := f.ws.AddMembers(ctx, f.Stranger.Actor, in)
		verandatest.WantFields(t, err, "/accounts/0 not_found")
		w := must(f.ws.Create(ctx, f.Employee.Actor, workspace.CreateInput{Org: f.Org, Name: "With an external"}))(t)
		in = workspace.AddMembersInput{Org: f.Org, Workspace: w.ID, Accounts: []veranda.AccountID{f.External.Account, f.Stranger.Account}}
		must(f.ws.AddMembers(ctx, f.Employee.Actor, in))(t)
		must(f.ws.Get(ctx, f.External.Actor, workspace.GetInput{Org: f.Org, Workspace: w.ID}))(t)
	})
}

func TestThoseAddedAreTold(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		f.exec(t, `DELETE FROM veranda_addresses WHERE account_id = $1`, f.AccessManager.Account)
		in := workspace.AddMembersInput{Org: f.Org, Workspace: f.World.Open, Accounts: []veranda.AccountID{
			f.Owner.Account, f.Employee.Account, f.Stranger.Account, f.AccessManager.Account,
		}}
		must(f.ws.AddMembers(ctx, f.Owner.Actor, in))(t)
		var rows []struct {
			AccountID veranda.AccountID
			Template  string
			Data      string
		}
		err := f.DB.Reader().NewRaw("SELECT account_id, template, CAST(data AS TEXT) AS data FROM veranda_deliveries").Scan(ctx, &rows)
		if err != nil {
			t.Fatal(err)
		}
		// The owner added themself, the employee was a member, the access manager has no address.
		if len(rows) != 1 || rows[0].AccountID != f.Stranger.Account || rows[0].Template != "added" {
			t.Fatalf("mails: %+v", rows)
		}
		for _, part := range []string{f.Owner.Name, "Veranda Works", "Open"} {
			if !strings.Contains(rows[0].Data, part) {
				t.Errorf("the mail lacks %q: %s", part, rows[0].Data)
			}
		}
	})
}

func TestRemoveMember(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		in := workspace.MemberInput{Org: f.Org, Workspace: f.Private, Account: f.Owner.Account}
		remove := func() error { _, err := f.ws.RemoveMember(ctx, f.Employee.Actor, in); return err }
		if err := remove(); err != nil {
			t.Fatal(err)
		}
		_, err := f.ws.Get(ctx, f.Owner.Actor, workspace.GetInput{Org: f.Org, Workspace: f.Private})
		wantError(t, err, veranda.ErrNotFound)
		wantError(t, remove(), veranda.ErrNotFound)
		in.Account = veranda.NewAccountID()
		wantError(t, remove(), veranda.ErrNotFound)
		in.Account = f.Employee.Account
		wantError(t, remove(), workspace.ErrLastManager)
		if version := f.accessVersion(t, f.Private); version != 2 {
			t.Errorf("access version %d, want 2", version)
		}
		f.WantEvents(t, "workspace.*", workspace.EventMemberRemoved)
		want := workspace.MemberChanged{Account: f.Owner.Account, Name: f.Owner.Name, Workspace: "Private", Kind: "internal", RoleBefore: workspace.RolePlain}
		if diff := diffOf(want, lastData[workspace.MemberChanged](t, f, workspace.EventMemberRemoved)); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	})
}

func TestRemoveMemberIsForWhoManages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		remove := func(id veranda.WorkspaceID) func(by veranda.Actor) error {
			return func(by veranda.Actor) error {
				_, err := f.ws.RemoveMember(context.Background(), by, workspace.MemberInput{Org: f.Org, Workspace: id, Account: f.Guest.Account})
				if err == nil {
					f.exec(t, `INSERT INTO veranda_workspace_members (org_id, workspace_id, account_id, roles, added_at) VALUES ($1, $2, $3, '', $4)`,
						f.Org, id, f.Guest.Account, f.DB.Time(f.DB.Now()))
				}
				return err
			}
		}
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": forbidden, "stranger": forbidden, "external": forbidden, "guest": forbidden,
		}, remove(f.World.Open))
		f.matrix(t, map[string]veranda.Code{
			"owner": forbidden, "administrator": forbidden, "access_manager": forbidden, "employee": ok, "external": forbidden, "guest": forbidden,
		}, remove(f.Private))
	})
}

func TestLeave(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		leave := func(id veranda.WorkspaceID) func(by veranda.Actor) error {
			return func(by veranda.Actor) error {
				_, err := f.ws.Leave(ctx, by, workspace.LeaveInput{Org: f.Org, Workspace: id})
				return err
			}
		}
		wantError(t, leave(f.Private)(f.Employee.Actor), workspace.ErrLastManager)
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": veranda.CodeConflict, "external": ok, "guest": ok,
		}, leave(f.Private))
		f.WantEvents(t, "workspace.*", workspace.EventMemberLeft, workspace.EventMemberLeft, workspace.EventMemberLeft, workspace.EventMemberLeft, workspace.EventMemberLeft)
		wantError(t, leave(f.Sibling)(f.Stranger.Actor), workspace.ErrNotMember)
		if err := leave(f.World.Open)(f.Guest.Actor); err != nil {
			t.Fatal(err)
		}
		wantError(t, leave(f.World.Open)(f.Guest.Actor), veranda.ErrNotFound)
		if version := f.accessVersion(t, f.World.Open); version != 2 {
			t.Errorf("access version %d, want 2", version)
		}
	})
}

func TestLastManagerMayLeaveAnOpenWorkspace(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		w := must(f.ws.Create(ctx, f.Employee.Actor, workspace.CreateInput{Org: f.Org, Name: "Common", Open: true}))(t)
		if _, err := f.ws.Leave(ctx, f.Employee.Actor, workspace.LeaveInput{Org: f.Org, Workspace: w.ID}); err != nil {
			t.Fatal(err)
		}
		if got := must(f.ws.Get(ctx, f.Employee.Actor, workspace.GetInput{Org: f.Org, Workspace: w.ID}))(t); got.Member || got.Role != "" {
			t.Errorf("after leaving: %+v", got)
		}
	})
}

func TestSetMemberRole(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		in := workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.Private, Account: f.Employee.Account, Role: workspace.RolePlain}
		_, err := f.ws.SetMemberRole(ctx, f.Employee.Actor, in)
		wantError(t, err, workspace.ErrLastManager)

		in.Account, in.Role = f.Owner.Account, workspace.RoleManager
		if m := must(f.ws.SetMemberRole(ctx, f.Employee.Actor, in))(t); m.Role != workspace.RoleManager || m.Name != f.Owner.Name {
			t.Errorf("made manager: %+v", m)
		}
		must(f.ws.SetMemberRole(ctx, f.Employee.Actor, in))(t) // changes nothing, emits nothing
		in.Account, in.Role = f.Employee.Account, workspace.RolePlain
		must(f.ws.SetMemberRole(ctx, f.Owner.Actor, in))(t)
		in.Account = f.Owner.Account
		_, err = f.ws.SetMemberRole(ctx, f.Employee.Actor, in)
		wantError(t, err, veranda.ErrForbidden)
		for _, person := range []veranda.AccountID{f.External.Account, f.Guest.Account} {
			_, err = f.ws.SetMemberRole(ctx, f.Owner.Actor, workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.Private, Account: person, Role: workspace.RoleManager})
			verandatest.WantFields(t, err, "/role manager_kind")
		}
		in.Account = f.Stranger.Account
		_, err = f.ws.SetMemberRole(ctx, f.Owner.Actor, in)
		wantError(t, err, veranda.ErrNotFound)
		in.Role = "boss"
		_, err = f.ws.SetMemberRole(ctx, f.Owner.Actor, in)
		verandatest.WantFields(t, err, "/role one_of")
		f.WantEvents(t, "workspace.*", workspace.EventMemberRoleChanged, workspace.EventMemberRoleChanged)
	})
}

func TestSetMemberRoleIsForWhoManages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		toggle := func(by veranda.Actor) error {
			in := workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.World.Open, Account: f.Employee.Account, Role: workspace.RoleManager}
			if _, err := f.ws.SetMemberRole(context.Background(), by, in); err != nil {
				return err
			}
			in.Role = workspace.RolePlain
			_, err := f.ws.SetMemberRole(context.Background(), by, in)
			return err
		}
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": forbidden, "employee": forbidden, "stranger": forbidden, "external": forbidden, "guest": forbidden,
		}, toggle)
	})
}

func TestHostRolesInAWorkspaceStay(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		f.exec(t, `UPDATE veranda_workspace_members SET roles = 'reviewer' WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`, f.Org, f.Private, f.Owner.Account)
		in := workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.Private, Account: f.Owner.Account, Role: workspace.RoleManager}
		for _, want := range []struct {
			role  workspace.Role
			roles string
		}{{workspace.RoleManager, "reviewer manager"}, {workspace.RolePlain, "reviewer"}} {
			in.Role = want.role
			must(f.ws.SetMemberRole(ctx, f.Employee.Actor, in))(t)
			var roles string
			err := f.DB.Reader().NewRaw("SELECT roles FROM veranda_workspace_members WHERE org_id = ? AND workspace_id = ? AND account_id = ?", f.Org, f.Private, f.Owner.Account).Scan(ctx, &roles)
			if err != nil || roles != want.roles {
				t.Errorf("roles %q, %v, want %q", roles, err, want.roles)
			}
		}
	})
}

// Two managers who leave at the same moment cannot each count on the other: the second waits for the first.
func TestManagersLeaveAtOnce(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		must(f.ws.SetMemberRole(ctx, f.Employee.Actor, workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.Private, Account: f.Owner.Account, Role: workspace.RoleManager}))(t)
		leave := workspace.LeaveInput{Org: f.Org, Workspace: f.Private}
		second := f.behind(t, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := f.ws.WithTx(tx).Leave(ctx, f.Employee.Actor, leave)
			return err
		}, func() error {
			_, err := f.ws.Leave(ctx, f.Owner.Actor, leave)
			return err
		})
		wantError(t, second, workspace.ErrLastManager)
	})
}

func contactNames(list veranda.List[workspace.Contact]) []string {
	out := []string{}
	for _, c := range list.Items {
		out = append(out, strings.Fields(c.Name)[0])
	}
	return out
}

func TestPick(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		pick := func(by veranda.Actor, id veranda.WorkspaceID, query string) []string {
			return contactNames(must(f.ws.Pick(ctx, by, workspace.PickInput{Org: f.Org, Workspace: id, Query: query}))(t))
		}
		for _, test := range []struct {
			name  string
			by    veranda.Actor
			id    veranda.WorkspaceID
			query string
			want  []string
		}{
			{"all who are no members", f.Owner.Actor, f.World.Open, "", []string{"Adam", "Agnes", "Olga", "Stella"}},
			{"an access manager", f.AccessManager.Actor, f.Sibling, "", []string{"Adam", "Agnes", "Emil", "Gustav", "Olga", "Stella", "Xenia"}},
			{"an employee who manages", f.Employee.Actor, f.Private, "", []string{"Stella"}},
			{"no externals one does not share a workspace with", f.Stranger.Actor, f.Closed, "", []string{"Adam", "Agnes", "Emil", "Olga"}},
			{"beginning of a word", f.Owner.Actor, f.World.Open, "ac", []string{"Agnes"}},
			{"another case", f.Owner.Actor, f.World.Open, "OLG", []string{"Olga"}},
			{"not within a word", f.Owner.Actor, f.World.Open, "lga", []string{}},
			{"an address", f.Owner.Actor, f.World.Open, "stella.stranger@", []string{"Stella"}},
			{"a wildcard is a letter", f.Owner.Actor, f.World.Open, "%", []string{}},
		} {
			if diff := diffOf(test.want, pick(test.by, test.id, test.query)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.name, diff)
			}
		}
		in := workspace.PickInput{Org: f.Org, Workspace: f.World.Open, Page: veranda.Page{Limit: 3}}
		first := must(f.ws.Pick(ctx, f.Owner.Actor, in))(t)
		in.Cursor = first.Next
		second := must(f.ws.Pick(ctx, f.Owner.Actor, in))(t)
		if diff := diffOf([]string{"Adam", "Agnes", "Olga", "Stella"}, append(contactNames(first), contactNames(second)...)); diff != "" || second.Next != "" {
			t.Errorf("two pages (-want +got):\n%s", diff)
		}
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": forbidden, "stranger": forbidden, "external": forbidden, "guest": forbidden,
		}, func(by veranda.Actor) error {
			_, err := f.ws.Pick(ctx, by, workspace.PickInput{Org: f.Org, Workspace: f.World.Open})
			return err
		})
	})
}

// gate tells when the first decision was made.
type gate struct {
	veranda.Authorizer
	once    sync.Once
	decided chan struct{}
}

func (g *gate) Decide(ctx context.Context, c veranda.Conn, s *veranda.Standing, ask veranda.Ask) error {
	err := g.Authorizer.Decide(ctx, c, s, ask)
	if err == nil {
		g.once.Do(func() { close(g.decided) })
	}
	return err
}

// A call that was allowed, and then waits for a switch to private to commit, is refused.
func TestDecisionIsRepeatedBehindTheLock(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		g := &gate{Authorizer: f.authz, decided: make(chan struct{})}
		service, err := workspace.New(workspace.Deps{DB: f.DB, Authz: g})
		if err != nil {
			t.Fatal(err)
		}
		answer := make(chan error, 1)
		err = f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE veranda_workspaces SET open = $3 WHERE org_id = $1 AND id = $2`, f.Org, f.World.Open, false)
			go func() {
				in := workspace.AddMembersInput{Org: f.Org, Workspace: f.World.Open, Accounts: []veranda.AccountID{f.Stranger.Account}}
				_, err := service.AddMembers(context.Background(), f.AccessManager.Actor, in)
				answer <- err
			}()
			<-g.decided
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, <-answer, veranda.ErrNotFound)
		f.WantEvents(t, "workspace.*")
	})
}
