package workspace_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace"
)

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		in := workspace.CreateInput{Org: f.Org, Name: "  Design ", Description: "Drafts\nand more", Open: true}
		w := must(f.ws.Create(ctx, f.Employee.Actor, in))(t)
		want := &workspace.Workspace{
			ID: w.ID, Org: f.Org, Name: "Design", Description: "Drafts\nand more", Open: true, Member: true, Role: workspace.RoleManager,
			CreatedBy: f.Employee.Account, CreatedAt: w.CreatedAt, UpdatedAt: w.CreatedAt, Version: 1,
		}
		if diff := diffOf(want, w); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		if diff := diffOf(w, must(f.ws.Get(ctx, f.Employee.Actor, workspace.GetInput{Org: f.Org, Workspace: w.ID}))(t)); diff != "" {
			t.Errorf("read back (-created +read):\n%s", diff)
		}
		if w.ETag() != `"1"` || w.Location() != "/v1/organizations/"+f.Org.String()+"/workspaces/"+w.ID.String() {
			t.Errorf("ETag %s, Location %s", w.ETag(), w.Location())
		}
		f.WantEvents(t, "workspace.*", workspace.EventCreated)
		event := f.Events(t, "workspace.*")[0]
		if event.Org != f.Org || event.Workspace != w.ID || event.By != f.Employee.Account || event.Subject != w.ID.String() {
			t.Errorf("event is of %s in %s by %s about %s", event.Org, event.Workspace, event.By, event.Subject)
		}
		if diff := diffOf(workspace.Changed{Name: "Design", Open: true}, lastData[workspace.Changed](t, f, workspace.EventCreated)); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		if diff := diffOf([]string{"workspaces"}, f.limits.asked); diff != "" {
			t.Errorf("limits asked (-want +got):\n%s", diff)
		}
	})
}

func TestCreateIsForEmployees(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		want := map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": ok, "employee": ok, "stranger": ok,
			"external": forbidden, "guest": forbidden, "support": forbidden,
		}
		f.matrix(t, want, func(by veranda.Actor) error {
			_, err := f.ws.Create(context.Background(), by, workspace.CreateInput{Org: f.Org, Name: "Mine"})
			return err
		})
		_, err := f.ws.Create(context.Background(), f.Employee.Actor, workspace.CreateInput{Org: veranda.NewOrgID(), Name: "Nowhere"})
		wantError(t, err, veranda.ErrNotFound)
	})
}

func TestCreateChecksEveryField(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		_, err := f.ws.Create(context.Background(), f.Owner.Actor, workspace.CreateInput{Org: f.Org, Name: "a\nb", Description: strings.Repeat("x", 5001)})
		verandatest.WantFields(t, err, "/name line", "/description too_long")
		f.WantEvents(t, "workspace.*")
	})
}

func TestCreateCanBeRefused(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		f.limits.closed = true
		_, err := f.ws.Create(ctx, f.Owner.Actor, workspace.CreateInput{Org: f.Org, Name: "One too many"})
		verandatest.WantCode(t, err, veranda.CodeLimit)
		f.limits.closed = false
		veto := veranda.NewError(veranda.CodeConflict, "host.no", "Not today.")
		f.DB.Veto(veranda.Hook{Name: "host", Kinds: []string{"workspace.*"}, Before: func(context.Context, *veranda.Tx, veranda.Event) error { return veto }})
		_, err = f.ws.Create(ctx, f.Owner.Actor, workspace.CreateInput{Org: f.Org, Name: "Vetoed"})
		wantError(t, err, veto)
		list := must(f.ws.List(ctx, f.Owner.Actor, workspace.ListInput{Org: f.Org}))(t)
		if diff := diffOf([]string{"Open", "Private", "Sibling"}, names(list)); diff != "" {
			t.Errorf("workspaces afterwards (-want +got):\n%s", diff)
		}
	})
}

func TestPersonalTenantHasOneWorkspace(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		f.exec(t, `UPDATE veranda_organizations SET kind = 'personal' WHERE id = $1`, f.Other)
		f.exec(t, `DELETE FROM veranda_workspace_members WHERE org_id = $1`, f.Other)
		f.exec(t, `DELETE FROM veranda_workspaces WHERE org_id = $1`, f.Other)
		second := f.behind(t, func(ctx context.Context, tx *veranda.Tx) error {
			_, err := f.ws.WithTx(tx).Create(ctx, f.Outsider.Actor, workspace.CreateInput{Org: f.Other, Name: "First"})
			return err
		}, func() error {
			_, err := f.ws.Create(ctx, f.Outsider.Actor, workspace.CreateInput{Org: f.Other, Name: "At the same moment"})
			return err
		})
		wantError(t, second, workspace.ErrPersonal)
		_, err := f.ws.Create(ctx, f.Outsider.Actor, workspace.CreateInput{Org: f.Other, Name: "Later"})
		wantError(t, err, workspace.ErrPersonal)
		if diff := diffOf([]string{"First"}, names(must(f.ws.List(ctx, f.Outsider.Actor, workspace.ListInput{Org: f.Other}))(t))); diff != "" {
			t.Errorf("workspaces (-want +got):\n%s", diff)
		}
	})
}

func TestGetShowsOnlyWhatOneMaySee(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		all := map[string]veranda.Code{"owner": ok, "administrator": ok, "access_manager": ok, "employee": ok, "external": ok, "guest": ok}
		open := map[string]veranda.Code{"owner": ok, "administrator": ok, "access_manager": ok, "employee": ok, "stranger": ok}
		openWithGuests := map[string]veranda.Code{"owner": ok, "administrator": ok, "access_manager": ok, "employee": ok, "stranger": ok, "external": ok, "guest": ok}
		for _, test := range []struct {
			name string
			id   veranda.WorkspaceID
			want map[string]veranda.Code
		}{
			{"open", f.World.Open, openWithGuests},
			{"private", f.Private, all},
			{"sibling", f.Sibling, open},
			{"closed", f.Closed, map[string]veranda.Code{"stranger": ok}},
			{"of another tenant", f.OtherWorkspace, nil},
			{"nonexistent", veranda.NewWorkspaceID(), nil},
		} {
			t.Run(test.name, func(t *testing.T) {
				in := workspace.GetInput{Org: f.Org, Workspace: test.id}
				f.matrix(t, test.want, func(by veranda.Actor) error {
					_, err := f.ws.Get(context.Background(), by, in)
					return err
				})
				f.matrix(t, test.want, func(by veranda.Actor) error {
					_, err := f.ws.Members(context.Background(), by, workspace.MembersInput{Org: in.Org, Workspace: in.Workspace})
					return err
				})
			})
		}
	})
}

func TestUpdateIsForWhoManages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		update := func(id veranda.WorkspaceID) func(by veranda.Actor) error {
			return func(by veranda.Actor) error {
				text := "now by another"
				_, err := f.ws.Update(context.Background(), by, workspace.UpdateInput{Org: f.Org, Workspace: id, Description: &text})
				return err
			}
		}
		f.matrix(t, map[string]veranda.Code{
			"owner": ok, "administrator": ok, "access_manager": forbidden, "employee": forbidden, "stranger": forbidden, "external": forbidden, "guest": forbidden,
		}, update(f.World.Open))
		f.matrix(t, map[string]veranda.Code{
			"owner": forbidden, "administrator": forbidden, "access_manager": forbidden, "employee": ok, "external": forbidden, "guest": forbidden,
		}, update(f.Private))
		f.matrix(t, map[string]veranda.Code{"stranger": ok}, update(f.Closed))
	})
}

func TestUpdate(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		name, description := "Atelier", "Drawings"
		in := workspace.UpdateInput{Org: f.Org, Workspace: f.World.Open, Version: 1, Name: &name, Description: &description}
		w := must(f.ws.Update(ctx, f.Owner.Actor, in))(t)
		if w.Name != "Atelier" || w.Description != "Drawings" || w.Version != 2 || !w.UpdatedAt.After(w.CreatedAt) {
			t.Errorf("updated: %+v", w)
		}
		want := workspace.Changed{Name: "Atelier", Open: true, NameBefore: "Open", Fields: []string{"name", "description"}}
		if diff := diffOf(want, lastData[workspace.Changed](t, f, workspace.EventUpdated)); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		if version := f.accessVersion(t, f.World.Open); version != 1 {
			t.Errorf("a name changed the access version to %d", version)
		}
		_, err := f.ws.Update(ctx, f.Owner.Actor, in)
		wantError(t, err, veranda.ErrVersion)
		in.Version = 2
		if again := must(f.ws.Update(ctx, f.Owner.Actor, in))(t); again.Version != 2 {
			t.Errorf("nothing changed and the version is %d", again.Version)
		}
		f.WantEvents(t, "workspace.*", workspace.EventUpdated)

		empty := " "
		_, err = f.ws.Update(ctx, f.Owner.Actor, workspace.UpdateInput{Org: f.Org, Workspace: f.World.Open, Name: &empty})
		verandatest.WantFields(t, err, "/name required")
		_, err = f.ws.Update(ctx, f.Owner.Actor, workspace.UpdateInput{Org: f.Org, Workspace: f.World.Open})
		verandatest.WantFields(t, err, " required")
	})
}

func TestVisibilityIsSwitchedKnowingly(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		open, private := true, false
		in := workspace.UpdateInput{Org: f.Org, Workspace: f.Private, Open: &open}
		_, err := f.ws.Update(ctx, f.Employee.Actor, in)
		wantError(t, err, workspace.ErrOpening)
		if !strings.Contains(err.Error(), "shows all of its past") {
			t.Errorf("the refusal does not say what happens: %v", err)
		}
		in.ConfirmVisibility = true
		if w := must(f.ws.Update(ctx, f.Employee.Actor, in))(t); !w.Open || w.Version != 2 {
			t.Errorf("opened: %+v", w)
		}
		if _, err := f.ws.Get(ctx, f.Stranger.Actor, workspace.GetInput{Org: f.Org, Workspace: f.Private}); err != nil {
			t.Errorf("an employee does not see the opened workspace: %v", err)
		}
		if version := f.accessVersion(t, f.Private); version != 2 {
			t.Errorf("access version %d after opening, want 2", version)
		}

		in.Open, in.ConfirmVisibility = &private, false
		_, err = f.ws.Update(ctx, f.Employee.Actor, in)
		wantError(t, err, workspace.ErrClosing)
		if !strings.Contains(err.Error(), "administrators included") {
			t.Errorf("the refusal does not say what happens: %v", err)
		}
		in.ConfirmVisibility = true
		must(f.ws.Update(ctx, f.Administrator.Actor, in))(t)
		_, err = f.ws.Get(ctx, f.Stranger.Actor, workspace.GetInput{Org: f.Org, Workspace: f.Private})
		wantError(t, err, veranda.ErrNotFound)
		if version := f.accessVersion(t, f.Private); version != 3 {
			t.Errorf("access version %d after closing, want 3", version)
		}
		f.WantEvents(t, "workspace.*", workspace.EventOpened, workspace.EventClosed)
	})
}

func TestPrivateWorkspaceNeedsAManager(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		private := false
		in := workspace.UpdateInput{Org: f.Org, Workspace: f.World.Open, Open: &private, ConfirmVisibility: true}
		_, err := f.ws.Update(ctx, f.Owner.Actor, in)
		wantError(t, err, workspace.ErrLastManager)
		must(f.ws.SetMemberRole(ctx, f.Owner.Actor, workspace.SetMemberRoleInput{Org: f.Org, Workspace: f.World.Open, Account: f.Employee.Account, Role: workspace.RoleManager}))(t)
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = joined_at WHERE org_id = $1 AND account_id = $2`, f.Org, f.Employee.Account)
		_, err = f.ws.Update(ctx, f.Owner.Actor, in)
		wantError(t, err, workspace.ErrLastManager)
		f.exec(t, `UPDATE veranda_memberships SET disabled_at = NULL WHERE org_id = $1 AND account_id = $2`, f.Org, f.Employee.Account)
		if w := must(f.ws.Update(ctx, f.Owner.Actor, in))(t); w.Open {
			t.Error("the workspace is still open")
		}
	})
}

func TestUpdatesAtOnceAreNotLost(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		var wait sync.WaitGroup
		answers := make([]error, 6)
		for i := range answers {
			wait.Go(func() {
				name := "Name " + string(rune('A'+i))
				_, answers[i] = f.ws.Update(ctx, f.Owner.Actor, workspace.UpdateInput{Org: f.Org, Workspace: f.World.Open, Version: 1, Name: &name})
			})
		}
		wait.Wait()
		won := 0
		for _, err := range answers {
			if err == nil {
				won++
			} else if !errors.Is(err, veranda.ErrVersion) {
				t.Errorf("another answer than the version's: %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d updates of version 1 won, want 1", won)
		}
	})
}

func TestDeletedWorkspaceIsGone(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.exec(t, `UPDATE veranda_workspaces SET deleted_at = created_at WHERE org_id = $1 AND id = $2`, f.Org, f.World.Open)
		f.matrix(t, nil, func(by veranda.Actor) error {
			_, err := f.ws.Get(context.Background(), by, workspace.GetInput{Org: f.Org, Workspace: f.World.Open})
			return err
		})
		list := must(f.ws.List(context.Background(), f.Owner.Actor, workspace.ListInput{Org: f.Org}))(t)
		if diff := diffOf([]string{"Private", "Sibling"}, names(list)); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
	})
}

func TestEveryMethodAsks(t *testing.T) {
	t.Parallel()
	e := verandatest.New(t, verandatest.SQLite, modules())
	authz, err := newAuthorizer(e)
	if err != nil {
		t.Fatal(err)
	}
	denier := verandatest.NewDenier(authz)
	service, err := workspace.New(workspace.Deps{DB: e.DB, Authz: denier})
	if err != nil {
		t.Fatal(err)
	}
	name := "x"
	verandatest.AskEveryMethod(t, service, denier, map[string]any{
		"Create":        workspace.CreateInput{Name: name},
		"Update":        workspace.UpdateInput{Name: &name},
		"AddMembers":    workspace.AddMembersInput{Accounts: []veranda.AccountID{veranda.NewAccountID()}},
		"AddTeam":       workspace.AddTeamInput{Team: anyTeam()},
		"SetMemberRole": workspace.SetMemberRoleInput{Role: workspace.RolePlain},
	}, map[string]string{"WithTx": "binds and does nothing", "Notices": "says whom events concern, and reads nothing for anybody"})
}

func names(list veranda.List[workspace.Workspace]) []string {
	out := []string{}
	for _, w := range list.Items {
		out = append(out, w.Name)
	}
	return out
}
