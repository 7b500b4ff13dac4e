package tenancy

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// lets are the three methods by which others end somebody's access, each as a function.
func (k *kit) lets() map[string]func(by veranda.Actor, account, handTo veranda.AccountID) error {
	ctx := context.Background()
	return map[string]func(by veranda.Actor, account, handTo veranda.AccountID) error{
		"disable": func(by veranda.Actor, account, handTo veranda.AccountID) error {
			_, err := k.s.DisableMember(ctx, by, DisableMemberInput{Org: k.Org, Account: account, HandTo: handTo})
			return err
		},
		"remove": func(by veranda.Actor, account, handTo veranda.AccountID) error {
			return k.s.RemoveMember(ctx, by, RemoveMemberInput{Org: k.Org, Account: account, HandTo: handTo})
		},
	}
}

// try runs a change and undoes it.
func (k *kit) try(t *testing.T, change func(s *Service) error) error {
	t.Helper()
	undo := errors.New("undo")
	var answer error
	err := k.DB.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
		answer = change(k.s.WithTx(tx))
		return undo
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	return answer
}

func TestWhoLetsGoWhom(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		// Rows are who tries, columns whom they reach for: as the table "grant roles, disable, remove people" says, "below
		// owner" for administrators; f is forbidden, n not found, s oneself.
		targets := []world.Person{k.Owner, k.Administrator, k.AccessManager, k.Employee, k.External, k.Guest}
		for _, c := range []struct {
			by   world.Person
			want string
		}{
			{k.Owner, "s+++++"},
			{k.Administrator, "fs++++"},
			{k.AccessManager, "ffs+++"},
			{k.Employee, "ffffff"}, // shares a workspace with all
			{k.External, "ffffff"},
			{k.Guest, "ffffff"},
			{k.Stranger, "ffffnn"}, // an employee sees employees
			{k.Outsider, "nnnnnn"},
			{k.Support, "nnnnnn"},
			{k.Nobody, "nnnnnn"},
		} {
			for what, change := range map[string]func(s *Service, account veranda.AccountID) error{
				"disable": func(s *Service, account veranda.AccountID) error {
					_, err := s.DisableMember(ctx, c.by.Actor, DisableMemberInput{Org: k.Org, Account: account})
					return err
				},
				"enable": func(s *Service, account veranda.AccountID) error {
					_, err := s.EnableMember(ctx, c.by.Actor, EnableMemberInput{Org: k.Org, Account: account})
					return err
				},
				"remove": func(s *Service, account veranda.AccountID) error {
					return s.RemoveMember(ctx, c.by.Actor, RemoveMemberInput{Org: k.Org, Account: account})
				},
			} {
				got := ""
				for _, target := range targets {
					switch err := k.try(t, func(s *Service) error { return change(s, target.Account) }); {
					case err == nil:
						got += "+"
					case errors.Is(err, ErrOwnRoles):
						got += "s"
					case err == error(veranda.ErrForbidden):
						got += "f"
					case err == error(veranda.ErrNotFound):
						got += "n"
					default:
						t.Errorf("%s: %s %s: %v", c.by.Name, what, target.Name, err)
					}
				}
				if got != c.want {
					t.Errorf("%s: %s: %s, want %s", c.by.Name, what, got, c.want)
				}
				for _, nobody := range []veranda.AccountID{k.Outsider.Account, veranda.NewAccountID()} {
					if err := k.try(t, func(s *Service) error { return change(s, nobody) }); err != error(veranda.ErrNotFound) {
						t.Errorf("%s: %s somebody who is no member: %v", c.by.Name, what, err)
					}
				}
			}
		}
		// A role by a team counts as one held.
		k.set(t, `UPDATE veranda_memberships SET team_roles = 'administrator' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account)
		want(t, k.lets()["remove"](k.AccessManager.Actor, k.Employee.Account, veranda.AccountID{}), veranda.ErrForbidden)
	})
}

func TestDisabledAndEnabled(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		session := k.signInAs(t, k.Employee)
		in := DisableMemberInput{Org: k.Org, Account: k.Employee.Account, Version: 1}
		disabled, err := k.s.DisableMember(ctx, k.Owner.Actor, in)
		must(t, err)
		if disabled.Version != 2 || disabled.Name != k.Employee.Name {
			t.Errorf("disabled: %+v", disabled)
		}
		// The account is there, its sessions are not, and the organization is as if it did not exist.
		if _, err := k.s.Me(ctx, session); !errors.Is(err, veranda.ErrUnauthenticated) {
			t.Errorf("the session lives on: %v", err)
		}
		_, err = k.s.Organization(ctx, k.Employee.Actor, GetOrganizationInput{Org: k.Org})
		want(t, err, veranda.ErrNotFound)
		again, err := k.s.DisableMember(ctx, k.Owner.Actor, DisableMemberInput{Org: k.Org, Account: k.Employee.Account})
		must(t, err)
		if again.Version != 2 {
			t.Errorf("disabled twice: version %d", again.Version)
		}
		_, err = k.s.EnableMember(ctx, k.Owner.Actor, EnableMemberInput{Org: k.Org, Account: k.Employee.Account, Version: 1})
		want(t, err, veranda.ErrVersion)
		_, err = k.s.SetRoles(ctx, k.Owner.Actor, SetRolesInput{Org: k.Org, Account: k.Employee.Account, Roles: []string{RoleOwner}})
		want(t, err, veranda.ErrNotFound)

		member, err := k.s.EnableMember(ctx, k.Owner.Actor, EnableMemberInput{Org: k.Org, Account: k.Employee.Account, Version: 2})
		must(t, err)
		if member.Version != 3 || !slices.Equal(member.Roles, []string{RoleEmployee}) {
			t.Errorf("enabled: %+v", member)
		}
		_, err = k.s.EnableMember(ctx, k.Owner.Actor, EnableMemberInput{Org: k.Org, Account: k.Employee.Account})
		must(t, err)
		if _, err := k.s.Organization(ctx, k.Employee.Actor, GetOrganizationInput{Org: k.Org}); err != nil {
			t.Errorf("who was enabled: %v", err)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account); n != 2 {
			t.Errorf("%d workspaces after being disabled and enabled, want 2", n)
		}
		k.WantEvents(t, "tenancy.member_*", EventMemberDisabled, EventMemberEnabled)
		k.WantEvents(t, EventSessionsEnded, EventSessionsEnded)
	})
}

// signInAs gives a person's own session.
func (k *kit) signInAs(t *testing.T, p world.Person) veranda.Actor {
	t.Helper()
	var session *NewSession
	must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) (err error) {
		session, err = storeSession(ctx, tx, p.Account, SessionProgram, "a program", "203.0.113.5")
		return err
	}))
	return veranda.TokenActor(session.Token)
}

func TestOnlyTheHomeEndsSessions(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		guest, left := k.signInAs(t, k.Guest), k.signInAs(t, k.AccessManager)
		must(t, k.lets()["remove"](k.Owner.Actor, k.Guest.Account, veranda.AccountID{}))
		must(t, k.s.LeaveOrganization(ctx, left, LeaveOrganizationInput{Org: k.Org}))
		for name, actor := range map[string]veranda.Actor{"a guest who was removed": guest, "an employee who left": left} {
			if _, err := k.s.Me(ctx, actor); err != nil {
				t.Errorf("%s is signed out: %v", name, err)
			}
			_, err := k.s.Organization(ctx, actor, GetOrganizationInput{Org: k.Org})
			want(t, err, veranda.ErrNotFound)
		}
		removed := k.signInAs(t, k.Employee)
		must(t, k.lets()["remove"](k.Owner.Actor, k.Employee.Account, veranda.AccountID{}))
		_, err := k.s.Me(ctx, removed)
		want(t, err, veranda.ErrUnauthenticated)
	})
}

// Elsewhere, access under the address of the home is suspended; what is the person's own stays.
func TestHomeSuspendsElsewhere(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		k.set(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version)
SELECT $1, account_id, 'external', 'external', address_key, joined_at, 1 FROM veranda_memberships WHERE org_id = $2 AND account_id = $3`, k.Other, k.Org, k.Employee.Account)
		k.set(t, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, k.Employee.Account, k.Other)
		must(t, k.lets()["disable"](k.Owner.Actor, k.Employee.Account, veranda.AccountID{}))
		ctx := context.Background()
		_, err := k.s.Members(ctx, k.Employee.Actor, MembersInput{Org: k.Other})
		want(t, err, veranda.ErrNotFound)
		if n := k.count(t, `SELECT count(*) FROM veranda_memberships WHERE org_id = $1 AND disabled_reason = 'home'`, k.Other); n != 1 {
			t.Errorf("%d are suspended in the host, want 1", n)
		}
		// The home takes the person back; the host decides for itself.
		_, err = k.s.EnableMember(ctx, k.Owner.Actor, EnableMemberInput{Org: k.Org, Account: k.Employee.Account})
		must(t, err)
		_, err = k.s.Members(ctx, k.Employee.Actor, MembersInput{Org: k.Other})
		want(t, err, veranda.ErrNotFound)
		_, err = k.s.EnableMember(ctx, k.Outsider.Actor, EnableMemberInput{Org: k.Other, Account: k.Employee.Account})
		want(t, err, ErrSuspendedByHome)
	})
}

func TestRefusedAttemptsAreWrittenDown(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		lets := k.lets()
		want(t, lets["disable"](k.Employee.Actor, k.Owner.Account, veranda.AccountID{}), veranda.ErrForbidden)
		want(t, lets["remove"](k.Administrator.Actor, k.Owner.Account, veranda.AccountID{}), veranda.ErrForbidden)
		want(t, lets["remove"](k.Owner.Actor, k.Owner.Account, veranda.AccountID{}), ErrOwnRoles)
		_, err := k.s.SetRoles(context.Background(), k.Guest.Actor, SetRolesInput{Org: k.Org, Account: k.Employee.Account, Roles: []string{RoleOwner}})
		want(t, err, veranda.ErrForbidden)
		// Reaching for nobody, and by nobody, is no refusal.
		want(t, lets["remove"](k.Stranger.Actor, k.Guest.Account, veranda.AccountID{}), veranda.ErrNotFound)
		want(t, lets["remove"](k.Outsider.Actor, k.Owner.Account, veranda.AccountID{}), veranda.ErrNotFound)
		want(t, lets["remove"](k.Support.Actor, k.Owner.Account, veranda.AccountID{}), veranda.ErrNotFound)

		got := []RightsRefused{}
		for _, e := range k.Events(t, EventRightsRefused) {
			var data RightsRefused
			must(t, json.Unmarshal(e.Data, &data))
			if e.Org != k.Org || e.By.IsZero() || e.Subject != data.Target.String() {
				t.Errorf("event %+v", e)
			}
			data.Target = veranda.AccountID{}
			got = append(got, data)
		}
		wanted := []RightsRefused{
			{What: "disable", Permission: PermGrantRole, Reason: "forbidden"},
			{What: "remove", Permission: PermGrant(RoleOwner), Reason: "forbidden"},
			{What: "remove", Reason: "tenancy.own_roles"},
			{What: "roles", Permission: PermGrantRole, Reason: "forbidden"},
		}
		if diff := cmp.Diff(wanted, got, cmp.Comparer(func(a, b veranda.AccountID) bool { return a == b })); diff != "" {
			t.Errorf("written down (-want +got):\n%s", diff)
		}
		// Nobody fills the log by being refused.
		for range 70 {
			want(t, lets["disable"](k.Employee.Actor, k.Owner.Account, veranda.AccountID{}), veranda.ErrForbidden)
		}
		if n := len(k.Events(t, EventRightsRefused)); n != 3+60 {
			t.Errorf("%d refusals written down, want 63", n)
		}
	})
}

func TestLastOwnerStays(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		want(t, k.s.LeaveOrganization(ctx, k.Owner.Actor, LeaveOrganizationInput{Org: k.Org}), ErrLastOwner)
		_, err := k.s.SetRoles(ctx, k.Owner.Actor, SetRolesInput{Org: k.Org, Account: k.Administrator.Account, Roles: []string{RoleOwner}})
		must(t, err)
		_, err = k.s.DisableMember(ctx, k.Owner.Actor, DisableMemberInput{Org: k.Org, Account: k.Administrator.Account})
		must(t, err)
		want(t, k.s.LeaveOrganization(ctx, k.Owner.Actor, LeaveOrganizationInput{Org: k.Org}), ErrLastOwner)
		_, err = k.s.EnableMember(ctx, k.Owner.Actor, EnableMemberInput{Org: k.Org, Account: k.Administrator.Account})
		must(t, err)
		must(t, k.s.LeaveOrganization(ctx, k.Owner.Actor, LeaveOrganizationInput{Org: k.Org}))
		k.WantEvents(t, EventMemberLeft, EventMemberLeft)
		// The address that founded it is free for another.
		if n := k.count(t, `SELECT count(*) FROM veranda_ownerships WHERE address_key = $1`, k.Owner.Address); n != 0 {
			t.Errorf("the founder who left still owns %d", n)
		}
	})
}

func TestFounderOfAPersonalTenantStays(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		actor, account := k.account(t, "mia@gmail.com")
		tenant, err := k.s.CreateOrganization(ctx, actor, CreateOrganizationInput{Kind: KindPersonal, Name: "Mia"})
		must(t, err)
		k.set(t, `INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version)
SELECT $1, account_id, 'internal', 'owner', address_key, joined_at, 1 FROM veranda_memberships WHERE org_id = $2 AND account_id = $3`, tenant.ID, k.Org, k.Employee.Account)
		k.set(t, `INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, k.Employee.Account, tenant.ID)
		want(t, k.s.LeaveOrganization(ctx, actor, LeaveOrganizationInput{Org: tenant.ID}), ErrFounderStays)
		want(t, k.s.RemoveMember(ctx, k.Employee.Actor, RemoveMemberInput{Org: tenant.ID, Account: account}), ErrFounderStays)
		_, err = k.s.DisableMember(ctx, k.Employee.Actor, DisableMemberInput{Org: tenant.ID, Account: account})
		want(t, err, ErrFounderStays)
		must(t, k.s.LeaveOrganization(ctx, k.Employee.Actor, LeaveOrganizationInput{Org: tenant.ID}))
	})
}

func TestTakerIsAnActiveEmployee(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		for name, taker := range map[string]veranda.AccountID{
			"an external": k.External.Account, "somebody of another tenant": k.Outsider.Account, "nobody": veranda.NewAccountID(),
		} {
			for what, change := range k.lets() {
				err := change(k.Owner.Actor, k.Employee.Account, taker)
				if fields := verandatest.Fields(err); len(fields) != 1 || fields[0].Pointer != "/hand_to" || fields[0].Rule != "not_found" {
					t.Errorf("%s: %s takes over: %v", what, name, err)
				}
			}
		}
		verandatest.WantFields(t, k.lets()["remove"](k.Owner.Actor, k.Employee.Account, k.Employee.Account), "/hand_to self")
		verandatest.WantFields(t, k.s.LeaveOrganization(ctx, k.Employee.Actor, LeaveOrganizationInput{Org: k.Org, HandTo: k.Employee.Account}), "/hand_to self")
		must(t, k.lets()["disable"](k.Owner.Actor, k.Stranger.Account, veranda.AccountID{}))
		verandatest.WantFields(t, k.lets()["remove"](k.Owner.Actor, k.Employee.Account, k.Stranger.Account), "/hand_to not_found")
		// An external does not name an employee they do not see.
		err := k.s.LeaveOrganization(ctx, k.Guest.Actor, LeaveOrganizationInput{Org: k.Org, HandTo: k.Stranger.Account})
		verandatest.WantFields(t, err, "/hand_to not_found")
	})
}

// A hook of the host may refuse, and nothing has happened.
func TestLeavingIsVetoed(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		veto := veranda.NewError(veranda.CodeConflict, "host.no", "Not today.")
		k.DB.Veto(veranda.Hook{Name: "host", Kinds: HandoverKinds(), Before: func(context.Context, *veranda.Tx, veranda.Event) error { return veto }})
		session := k.signInAs(t, k.Employee)
		for what, change := range k.lets() {
			if err := change(k.Owner.Actor, k.Employee.Account, k.Administrator.Account); !errors.Is(err, veto) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := k.s.LeaveOrganization(ctx, session, LeaveOrganizationInput{Org: k.Org, HandTo: k.Administrator.Account}); !errors.Is(err, veto) {
			t.Errorf("leave: %v", err)
		}
		if _, err := k.s.Organization(ctx, session, GetOrganizationInput{Org: k.Org}); err != nil {
			t.Errorf("access after a veto: %v", err)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account); n != 2 {
			t.Errorf("%d workspaces after a veto, want 2", n)
		}
		k.WantEvents(t, "tenancy.*")
	})
}

func TestOwnersRemoveEachOther(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		k.set(t, `UPDATE veranda_memberships SET roles = 'owner' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Employee.Account)
		pair := []world.Person{k.Owner, k.Employee}
		done, errs := atOnce(2, func(i int) error {
			return k.s.RemoveMember(context.Background(), pair[i].Actor, RemoveMemberInput{Org: k.Org, Account: pair[1-i].Account})
		})
		if done != 1 {
			t.Errorf("%d of two owners removed the other: %v", done, errs)
		}
		for _, err := range errs {
			if err != nil && err != error(veranda.ErrNotFound) {
				t.Errorf("who was removed meanwhile is answered %v", err)
			}
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_memberships WHERE org_id = $1 AND roles = 'owner'`, k.Org); n != 1 {
			t.Errorf("%d owners stay, want 1", n)
		}
	})
}

func TestOwnersLeaveAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		k.set(t, `UPDATE veranda_memberships SET roles = 'owner' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Administrator.Account)
		pair := []world.Person{k.Owner, k.Administrator}
		done, errs := atOnce(2, func(i int) error {
			return k.s.LeaveOrganization(context.Background(), pair[i].Actor, LeaveOrganizationInput{Org: k.Org})
		})
		if done != 1 || !errors.Is(errors.Join(errs...), ErrLastOwner) {
			t.Errorf("%d of two owners left: %v", done, errs)
		}
	})
}

// Whoever is removed while they accept an invitation is out, or back in whole.
func TestRemovedWhileAccepting(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		link, _ := k.invited(t, veranda.WorkspaceID{}, MemberInternal, k.External.Address)
		var answers [2]error
		_, _ = atOnce(2, func(i int) error {
			if i == 0 {
				answers[i] = k.s.RemoveMember(context.Background(), k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.External.Account})
			} else {
				_, answers[i] = k.s.Accept(context.Background(), k.External.Actor, AcceptInput{Token: link})
			}
			return answers[i]
		})
		for i, err := range answers {
			if code := veranda.CodeOf(err); err != nil && code != veranda.CodeUnavailable && code != veranda.CodeNotFound && code != veranda.CodePrecondition {
				t.Errorf("call %d: %v", i, err)
			}
		}
		members := k.count(t, `SELECT count(*) FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, k.Org, k.External.Account)
		workspaces := k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`, k.Org, k.External.Account)
		global := k.count(t, `SELECT count(*) FROM veranda_account_organizations WHERE org_id = $1 AND account_id = $2`, k.Org, k.External.Account)
		if members != global || members == 0 && workspaces != 0 || members == 1 && answers[0] == nil && workspaces != 0 {
			t.Errorf("membership %d, listed %d, workspaces %d after %v", members, global, workspaces, answers)
		}
	})
}
