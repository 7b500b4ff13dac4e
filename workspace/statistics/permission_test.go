package statistics_test

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace/statistics"
)

// The rows of the table of who may read what, written out by hand.
func TestWhoReadsWhat(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const ok, no, gone, who = veranda.Code(""), veranda.CodeForbidden, veranda.CodeNotFound, veranda.CodeUnauthenticated
		people := []string{"owner", "administrator", "access_manager", "employee", "stranger", "external", "guest", "support", "outsider", "anonymous", "zero"}
		actors := []veranda.Actor{
			f.Owner.Actor, f.Administrator.Actor, f.AccessManager.Actor, f.Employee.Actor, f.Stranger.Actor, f.External.Actor, f.Guest.Actor,
			f.Support.Actor, f.Outsider.Actor, veranda.Anonymous(), {},
		}
		person := func(id veranda.AccountID) statistics.CurrentInput {
			return statistics.CurrentInput{Scope: statistics.ScopePerson, Account: id}
		}
		space := func(id veranda.WorkspaceID) statistics.CurrentInput {
			return statistics.CurrentInput{Scope: statistics.ScopeWorkspace, Workspace: id}
		}
		for _, test := range []struct {
			name string
			in   statistics.CurrentInput
			want []veranda.Code
		}{
			{"organization", statistics.CurrentInput{Scope: statistics.ScopeOrganization}, []veranda.Code{ok, ok, no, no, no, no, no, no, gone, who, who}},
			{"open workspace", space(f.World.Open), []veranda.Code{ok, ok, ok, ok, ok, no, no, gone, gone, who, who}},
			{"private workspace", space(f.Private), []veranda.Code{ok, ok, ok, ok, gone, no, no, gone, gone, who, who}},
			{"a private one of another", space(f.Closed), []veranda.Code{gone, gone, gone, gone, ok, gone, gone, gone, gone, who, who}},
			{"another tenant's workspace", space(f.OtherWorkspace), []veranda.Code{gone, gone, gone, gone, gone, gone, gone, gone, gone, who, who}},
			{"no workspace", space(veranda.NewWorkspaceID()), []veranda.Code{gone, gone, gone, gone, gone, gone, gone, gone, gone, who, who}},
			{"oneself", person(veranda.AccountID{}), []veranda.Code{ok, ok, ok, ok, ok, ok, ok, no, gone, who, who}},
			{"the guest", person(f.Guest.Account), []veranda.Code{ok, ok, no, no, no, no, ok, no, gone, who, who}},
			{"the employee", person(f.Employee.Account), []veranda.Code{ok, ok, no, ok, no, no, no, no, gone, who, who}},
			{"somebody elsewhere", person(f.Nobody.Account), []veranda.Code{gone, gone, no, no, no, no, no, no, gone, who, who}},
			{"no person", person(veranda.NewAccountID()), []veranda.Code{gone, gone, no, no, no, no, no, no, gone, who, who}},
		} {
			test.in.Org = f.Org
			for i, by := range actors {
				_, current := f.stats.Current(context.Background(), by, test.in)
				weeks := statistics.WeeksInput{Org: f.Org, Scope: test.in.Scope, Workspace: test.in.Workspace, Account: test.in.Account}
				_, past := f.stats.Weeks(context.Background(), by, weeks)
				for what, err := range map[string]error{"the running week": current, "past weeks": past} {
					got := ok
					if err != nil {
						got = veranda.CodeOf(err)
					}
					if got != test.want[i] {
						t.Errorf("%s reads %s of %s: %q, want %q", people[i], what, test.name, got, test.want[i])
					}
				}
			}
		}
	})
}

func TestDigestIsChosen(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		for _, p := range append(f.World.Members(), f.Stranger) {
			got, err := f.stats.Preferences(ctx, p.Actor, statistics.PreferencesInput{Org: f.Org})
			if err != nil {
				t.Fatalf("%s: %v", p.Name, err)
			}
			if want := p.Role != "external" && p.Role != "guest"; got.Digest != want {
				t.Errorf("%s gets the mail unless they choose: %v, want %v", p.Name, got.Digest, want)
			}
		}
		for _, wanted := range []bool{true, false, false, true} {
			got, err := f.stats.SetDigest(ctx, f.Employee.Actor, statistics.SetDigestInput{Org: f.Org, Digest: wanted})
			if err != nil || got.Digest != wanted {
				t.Fatalf("set to %v: %+v, %v", wanted, got, err)
			}
			if got, err = f.stats.Preferences(ctx, f.Employee.Actor, statistics.PreferencesInput{Org: f.Org}); err != nil || got.Digest != wanted {
				t.Fatalf("set to %v and read back: %+v, %v", wanted, got, err)
			}
		}
		f.WantEvents(t, "statistics.*", statistics.EventDigestChanged, statistics.EventDigestChanged)
		for _, p := range []veranda.Actor{f.Support.Actor, f.Outsider.Actor, f.Nobody.Actor, veranda.Anonymous(), {}} {
			if _, err := f.stats.SetDigest(ctx, p, statistics.SetDigestInput{Org: f.Org, Digest: true}); err == nil {
				t.Errorf("somebody who is not of the organization chose its mail")
			}
		}
	})
}

func TestEveryMethodAsks(t *testing.T) {
	t.Parallel()
	e := verandatest.New(t, verandatest.SQLite, modules())
	authz, err := tenancy.NewAuthorizer(context.Background(), e.DB, modules()...)
	if err != nil {
		t.Fatal(err)
	}
	denier := verandatest.NewDenier(authz)
	service, err := statistics.New(statistics.Deps{DB: e.DB, Authz: denier})
	if err != nil {
		t.Fatal(err)
	}
	verandatest.AskEveryMethod(t, service, denier, map[string]any{
		"Weeks":   statistics.WeeksInput{Scope: statistics.ScopeOrganization},
		"Current": statistics.CurrentInput{Scope: statistics.ScopeOrganization},
	}, map[string]string{"EndDigest": "whoever calls it has checked the link in a mail",
		"WithTx": "binds and does nothing", "ComputeDue": "the periodic job, not for requests of users"})
}
