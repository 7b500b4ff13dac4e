package tenancy

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func (k *kit) accept(by veranda.Actor, in AcceptInput) (*Accepted, error) {
	in.ClientAddress = "192.0.2.200"
	return k.s.Accept(context.Background(), by, in)
}

// asNew accepts as somebody without an account.
func (k *kit) asNew(token string) (*Accepted, error) {
	return k.accept(veranda.Anonymous(), AcceptInput{Token: token, Name: "Nina New", Password: goodPassword})
}

func TestAcceptAsNew(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.register(t, "nina@new.example", otherPassword) // somebody claims the address before
		k.sent(t)
		link, _ := k.invited(t, k.World.Open, MemberExternal, "Nina@new.example")
		view, err := k.s.Look(ctx, veranda.Anonymous(), LookInput{Token: link})
		must(t, err)
		wanted := &InvitationView{
			Organization: "Veranda Works", OrganizationKind: "organization", Workspace: "Open", Inviter: "Olga Owner", Kind: MemberExternal, Address: "N***@new.example", ExpiresAt: view.ExpiresAt,
		}
		if diff := cmp.Diff(wanted, view); diff != "" {
			t.Errorf("view (-want +got):\n%s", diff)
		}
		_, err = k.accept(veranda.Anonymous(), AcceptInput{Token: link})
		verandatest.WantFields(t, err, "/name required", "/password too_short")
		accepted, err := k.asNew(link)
		must(t, err)
		if accepted.Org != k.Org || accepted.Workspace != k.World.Open || accepted.Session == nil {
			t.Fatalf("accepted %+v", accepted)
		}
		by := veranda.TokenActor(accepted.Session.Token)
		me, err := k.s.Me(ctx, by)
		must(t, err)
		if me.ID != accepted.Account || me.State != AccountActive || len(me.Addresses) != 1 || me.Addresses[0].ConfirmedAt == nil || len(me.Organizations) != 1 ||
			me.Organizations[0].Member != MemberExternal {
			t.Errorf("account %+v", me)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_organizations`); n != 2 {
			t.Errorf("%d organizations: something else was made", n)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`, k.Org, accepted.Account); n != 1 {
			t.Errorf("a member of %d workspaces", n)
		}
		if n := k.count(t, `SELECT access_version FROM veranda_workspaces WHERE org_id = $1 AND id = $2`, k.Org, k.World.Open); n != 2 {
			t.Errorf("access version %d", n)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'nina@new.example'`); n != 1 {
			t.Errorf("%d claims of the address", n)
		}
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "nina@new.example", Password: otherPassword})
		want(t, err, ErrSignIn)
		_, err = k.asNew(link)
		want(t, err, ErrLink)
		events := k.Events(t, EventMemberJoined)
		if len(events) != 2 || !events[0].Workspace.IsZero() || events[1].Workspace != k.World.Open || events[1].Subject != accepted.Account.String() {
			t.Errorf("events %+v", events)
		}
		k.WantEvents(t, "tenancy.invitation*", EventInvitationSent, EventInvitationAccepted)
	})
}

func TestAcceptSignedIn(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		ada, account := k.account(t, "ada@analytic.example")
		eve, _ := k.account(t, "eve@analytic.example")
		link, _ := k.invited(t, veranda.WorkspaceID{}, MemberInternal, "ada@analytic.example")
		view, err := k.s.Look(ctx, eve, LookInput{Token: link})
		must(t, err)
		if !view.HasAccount {
			t.Error("the page cannot tell that there is an account")
		}
		_, err = k.asNew(link)
		want(t, err, ErrSignInFirst)
		for _, attach := range []bool{false, true} {
			_, err = k.accept(eve, AcceptInput{Token: link, AttachAddress: attach})
			want(t, err, ErrAddressTaken)
		}
		accepted, err := k.accept(ada, AcceptInput{Token: link})
		must(t, err)
		if accepted.Account != account || accepted.Session != nil {
			t.Errorf("accepted %+v", accepted)
		}
		me, err := k.s.Me(ctx, ada)
		must(t, err)
		if len(me.Organizations) != 1 || !cmp.Equal(me.Organizations[0].Roles, []string{RoleEmployee}) || me.Organizations[0].Address != "ada@analytic.example" {
			t.Errorf("organizations %+v", me.Organizations)
		}
		// The rules judge the address that was used: the mailed one, once it is proved for the account.
		link, _ = k.invited(t, veranda.WorkspaceID{}, MemberGuest, "Eve@Work.example")
		_, err = k.accept(eve, AcceptInput{Token: link})
		want(t, err, ErrOtherAddress)
		_, err = k.accept(eve, AcceptInput{Token: link, AttachAddress: true})
		must(t, err)
		me, err = k.s.Me(ctx, eve)
		must(t, err)
		if len(me.Addresses) != 2 || me.Addresses[1].Address != "Eve@Work.example" || me.Addresses[1].ConfirmedAt == nil || me.Organizations[0].Address != "Eve@Work.example" {
			t.Errorf("account %+v", me)
		}
		// An expired session is nobody's.
		k.Clock.Advance(browserIdle - time.Hour)
		link, _ = k.invited(t, veranda.WorkspaceID{}, MemberGuest, "ada@third.example")
		k.Clock.Advance(2 * time.Hour)
		_, err = k.accept(ada, AcceptInput{Token: link, AttachAddress: true})
		verandatest.WantFields(t, err, "/name required", "/password too_short")
	})
}

func TestAcceptUpgrades(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		kind := func(p veranda.AccountID) string {
			var kind, roles string
			_, err := readOne(context.Background(), k.DB.Conn().Query, `SELECT kind, roles FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, []any{k.Org, p}, &kind, &roles)
			must(t, err)
			return kind + " " + roles
		}
		link, _ := k.invited(t, veranda.WorkspaceID{}, MemberInternal, k.External.Address)
		_, err := k.accept(k.External.Actor, AcceptInput{Token: link})
		must(t, err)
		if got := kind(k.External.Account); got != "internal employee" {
			t.Errorf("the external is %s", got)
		}
		// Never the other way: an employee who takes an external's invitation under another address stays one.
		link, _ = k.invited(t, k.Sibling, MemberExternal, "emil@private.example")
		_, err = k.accept(k.Employee.Actor, AcceptInput{Token: link, AttachAddress: true})
		must(t, err)
		if got := kind(k.Employee.Account); got != "internal employee" {
			t.Errorf("the employee is %s", got)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE workspace_id = $1 AND account_id = $2`, k.Sibling, k.Employee.Account); n != 1 {
			t.Error("the employee is not in the workspace")
		}
		k.WantEvents(t, "tenancy.member_*", EventMemberUpgraded, EventMemberJoined)
	})
}

// Accepted many times at once, one membership comes of it.
func TestAcceptAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		link, _ := k.invited(t, k.World.Open, MemberExternal, "nina@new.example")
		won, errs := atOnce(6, func(int) error {
			_, err := k.asNew(link)
			return err
		})
		if won != 1 {
			t.Fatalf("%d of 6 accepted: %v", won, errs)
		}
		for _, err := range errs {
			if err != nil && err != error(ErrLink) && err != error(ErrSignInFirst) {
				t.Errorf("refused by %v", err)
			}
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_memberships WHERE address_key = 'nina@new.example'`); n != 1 {
			t.Errorf("%d memberships", n)
		}
		ada, account := k.account(t, "ada@analytic.example")
		link, _ = k.invited(t, k.World.Open, MemberExternal, "ada@analytic.example")
		won, errs = atOnce(6, func(int) error {
			_, err := k.accept(ada, AcceptInput{Token: link})
			return err
		})
		if won != 1 {
			t.Fatalf("%d of 6 accepted: %v", won, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrLink)
			}
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_memberships WHERE account_id = $1`, account); n != 1 {
			t.Errorf("%d memberships", n)
		}
		// Two invitations of one person, to two workspaces, at once.
		eve, account := k.account(t, "eve@analytic.example")
		first, _ := k.invited(t, k.World.Open, MemberExternal, "eve@analytic.example")
		second, _ := k.invited(t, k.Sibling, MemberExternal, "eve@analytic.example")
		won, errs = atOnce(2, func(i int) error {
			_, err := k.accept(eve, AcceptInput{Token: []string{first, second}[i]})
			return err
		})
		if won != 2 {
			t.Fatalf("%d of 2 accepted: %v", won, errs)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_workspace_members WHERE account_id = $1`, account); n != 2 {
			t.Errorf("a member of %d workspaces", n)
		}
	})
}

// Used, expired, withdrawn, lapsed, forged and foreign links are one answer.
func TestAcceptDeadLinks(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		dead := map[string]string{"forged": strings.Repeat("A", 43), "empty": ""}
		dead["used"], _ = k.invited(t, veranda.WorkspaceID{}, MemberGuest, "used@new.example")
		_, err := k.asNew(dead["used"])
		must(t, err)
		dead["expired"], _ = k.invited(t, veranda.WorkspaceID{}, MemberGuest, "expired@new.example")
		k.Clock.Advance(invitationLives)
		var id InvitationID
		dead["withdrawn"], id = k.invited(t, veranda.WorkspaceID{}, MemberGuest, "withdrawn@new.example")
		must(t, k.s.Withdraw(ctx, k.Support.Actor, InvitationInput{Org: k.Org, Invitation: id}))
		dead["resent"], _ = k.invited(t, veranda.WorkspaceID{}, MemberGuest, "resent@new.example")
		k.invited(t, veranda.WorkspaceID{}, MemberGuest, "resent@new.example")
		k.register(t, "purpose@new.example", goodPassword)
		dead["of another purpose"] = token(t, k.one(t))
		_, err = k.invite(k.Stranger.Actor, k.Closed, MemberGuest, "workspace@new.example")
		must(t, err)
		dead["of a deleted workspace"] = token(t, k.one(t))
		k.set(t, `UPDATE veranda_workspaces SET deleted_at = $2 WHERE id = $1`, k.Closed, k.DB.Time(k.DB.Now()))
		for name, token := range dead {
			_, err := k.asNew(token)
			if err != error(ErrLink) {
				t.Errorf("%s: accepting gives %v", name, err)
			}
			_, err = k.s.Look(ctx, veranda.Anonymous(), LookInput{Token: token})
			if err != error(ErrLink) {
				t.Errorf("%s: looking gives %v", name, err)
			}
		}
		_, err = k.accept(veranda.Actor{}, AcceptInput{Token: dead["used"]})
		want(t, err, veranda.ErrUnauthenticated)
	})
}

// An invitation lapses when who sent it loses the right, by whatever way.
func TestInvitationLapses(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, k *kit){
		"role": func(t *testing.T, k *kit) {
			k.set(t, `UPDATE veranda_memberships SET roles = 'guest', kind = 'guest' WHERE account_id = $1`, k.Employee.Account)
		},
		"workspace": func(t *testing.T, k *kit) {
			k.set(t, `DELETE FROM veranda_workspace_members WHERE workspace_id = $1 AND account_id = $2`, k.Private, k.Employee.Account)
		},
		"membership": func(t *testing.T, k *kit) {
			k.set(t, `UPDATE veranda_memberships SET disabled_at = $2 WHERE account_id = $1`, k.Employee.Account, k.DB.Time(k.DB.Now()))
		},
		"account": func(t *testing.T, k *kit) {
			k.set(t, `UPDATE veranda_accounts SET state = 'disabled' WHERE id = $1`, k.Employee.Account)
		},
		"organization": func(t *testing.T, k *kit) {
			k.set(t, `UPDATE veranda_organizations SET deleted_at = $2 WHERE id = $1`, k.Org, k.DB.Time(k.DB.Now()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachKit(t, func(t *testing.T, k *kit) {
				ada, _ := k.account(t, "ada@analytic.example")
				_, err := k.invite(k.Employee.Actor, k.Private, MemberExternal, "ada@analytic.example")
				must(t, err)
				link := token(t, k.one(t))
				lose(t, k)
				_, err = k.accept(ada, AcceptInput{Token: link})
				want(t, err, ErrLink)
				if n := k.count(t, `SELECT count(*) FROM veranda_invitations WHERE state = 'lapsed'`); n != 1 {
					t.Error("it has not lapsed")
				}
				k.WantEvents(t, EventInvitationLapsed, EventInvitationLapsed)
				k.set(t, `UPDATE veranda_accounts SET state = 'active' WHERE id = $1`, k.Employee.Account)
				_, err = k.accept(ada, AcceptInput{Token: link}) // for good
				want(t, err, ErrLink)
			})
		})
	}
}

func TestAcceptRepeatsTheRules(t *testing.T) {
	t.Parallel()
	full := veranda.LimitError("members", "The plan has room for no more members.")
	verandatest.Each(t, []veranda.Module{veranda.Core(), Module()}, func(t *testing.T, e *verandatest.Env) {
		limits := &vetoing{}
		k := newKit(t, e, limits)
		link, _ := k.invited(t, veranda.WorkspaceID{}, MemberInternal, "nina@new.example")
		k.set(t, `UPDATE veranda_organizations SET domains = '["works.example"]' WHERE id = $1`, k.Org)
		_, err := k.asNew(link)
		want(t, err, ErrInvitationDomain)
		k.set(t, `UPDATE veranda_organizations SET domains = '["new.example"]' WHERE id = $1`, k.Org)
		limits.err = full
		_, err = k.asNew(link)
		want(t, err, full)
		if n := k.count(t, `SELECT count(*) FROM veranda_addresses WHERE address_key = 'nina@new.example'`); n != 0 {
			t.Error("an account was made")
		}
		limits.err = nil
		_, err = k.asNew(link)
		must(t, err)
		if diff := cmp.Diff([]string{"invitations", "members", "members"}, limits.asked); diff != "" {
			t.Errorf("limits (-want +got):\n%s", diff)
		}
		ada, account := k.account(t, "ada@new.example")
		link, _ = k.invited(t, veranda.WorkspaceID{}, MemberGuest, "ada@new.example")
		_, err = k.accept(ada, AcceptInput{Token: link})
		must(t, err)
		link, _ = k.invited(t, veranda.WorkspaceID{}, MemberInternal, "ada@new.example")
		k.set(t, `UPDATE veranda_memberships SET disabled_at = $2 WHERE account_id = $1`, account, k.DB.Time(k.DB.Now()))
		_, err = k.accept(ada, AcceptInput{Token: link})
		want(t, err, ErrMembershipDisabled)
	})
}

// vetoing is a Limits that says what it was asked, and may refuse.
type vetoing struct {
	asked []string
	err   error
}

func (v *vetoing) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	v.asked = append(v.asked, resource)
	if resource == "members" {
		return v.err
	}
	return nil
}

// Who registers alone has no tenant; a personal one is founded with its first invitations, and those who come by them
// are members who may invite.
func TestPersonalTenant(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		ada, _ := k.account(t, "ada@gmail.com")
		org, err := k.s.CreateOrganization(ctx, ada, CreateOrganizationInput{Kind: KindPersonal, Name: "Ada's", Invite: []string{"nina@gmail.com", "noor@else.example"}})
		must(t, err)
		mails := k.sent(t)
		if len(mails) != 2 || mails[0].Subject != "Ada Person invites you to Ada's" {
			t.Fatalf("mails %+v", mails)
		}
		for _, mail := range mails {
			accepted, err := k.asNew(token(t, mail))
			must(t, err)
			by := veranda.TokenActor(accepted.Session.Token)
			me, err := k.s.Me(ctx, by)
			must(t, err)
			if len(me.Organizations) != 1 || me.Organizations[0].ID != org.ID || me.Organizations[0].Kind != "personal" || me.Organizations[0].Member != MemberInternal {
				t.Errorf("organizations %+v", me.Organizations)
			}
			result, err := k.s.Invite(ctx, by, InviteInput{Org: org.ID, People: []Invitee{{Address: "more." + mail.To}}})
			must(t, err)
			if diff := cmp.Diff([]string{"sent"}, results(result)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}
