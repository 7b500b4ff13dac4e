package tenancy

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

// suspend does what disabling the outsider at home does elsewhere.
func (k *assignKit) suspend(t *testing.T) {
	t.Helper()
	must(t, k.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		return k.s.suspendElsewhere(ctx, tx, k.Other, k.Outsider.Account, k.Outsider.Address, k.Nobody.Account)
	}))
}

// When the home disables somebody, access elsewhere is suspended until a manager there confirms.
func TestSuspendElsewhere(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		_, err := k.assign(k.Owner.Actor, k.Outsider.Address)
		must(t, err)
		must(t, k.accept(k.Outsider.Actor, false))
		k.sent(t)
		read := func() error {
			_, err := k.s.Members(ctx, k.Outsider.Actor, MembersInput{Org: k.Org})
			return err
		}
		must(t, read())
		before := len(k.Events(t))
		k.suspend(t)
		want(t, read(), veranda.ErrNotFound)
		if diff := cmp.Diff([]string{EventMemberSuspended}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		event := k.Events(t, EventMemberSuspended)[0]
		if event.Org != k.Org || !event.By.IsZero() || strings.Contains(string(event.Data), k.Other.String()) {
			t.Errorf("the host learns who did it: %+v", event)
		}
		told := map[string]bool{}
		for _, mail := range k.sent(t) {
			told[mail.To] = strings.Contains(mail.Text, "Oscar Outsider")
		}
		if diff := cmp.Diff(map[string]bool{k.Owner.Address: true, k.Administrator.Address: true, k.AccessManager.Address: true}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		list, err := k.s.Members(ctx, k.AccessManager.Actor, MembersInput{Org: k.Org, State: StateSuspended})
		must(t, err)
		if len(list.Items) != 1 || list.Items[0].Account != k.Outsider.Account || list.Items[0].Home != "Other House" {
			t.Errorf("suspended %+v", list.Items)
		}
		confirm := func(by veranda.Actor, account veranda.AccountID) error {
			_, err := k.s.ConfirmMember(ctx, by, ConfirmMemberInput{Org: k.Org, Account: account})
			return err
		}
		want(t, confirm(k.Employee.Actor, k.Outsider.Account), veranda.ErrNotFound)
		want(t, confirm(k.Nobody.Actor, k.Outsider.Account), veranda.ErrNotFound)
		want(t, confirm(k.AccessManager.Actor, k.AccessManager.Account), ErrOwnRoles)
		want(t, confirm(k.AccessManager.Actor, k.Owner.Account), veranda.ErrForbidden)
		want(t, confirm(k.AccessManager.Actor, k.Guest.Account), ErrNotSuspended)
		want(t, confirm(k.AccessManager.Actor, k.Nobody.Account), veranda.ErrNotFound)
		want(t, confirm(veranda.Anonymous(), k.Outsider.Account), veranda.ErrUnauthenticated)
		before = len(k.Events(t))
		must(t, confirm(k.AccessManager.Actor, k.Outsider.Account))
		if diff := cmp.Diff([]string{EventMemberConfirmed}, k.kinds(t, before)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		must(t, read())
		if got := k.standing(t, k.Outsider.Account); got != "external|external||"+k.Other.String()+"|| " {
			t.Errorf("confirmed: %s", got)
		}
		// It happens again each time, and once however often it is called.
		k.suspend(t)
		k.suspend(t)
		want(t, read(), veranda.ErrNotFound)
		if n := len(k.Events(t, EventMemberSuspended)); n != 2 {
			t.Errorf("%d events", n)
		}
		// Removed at home for good, the home is no more.
		k.set(t, `DELETE FROM veranda_workspace_members WHERE org_id = $1 AND account_id = $2`, k.Other, k.Outsider.Account)
		k.set(t, `DELETE FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, k.Other, k.Outsider.Account)
		must(t, confirm(k.Owner.Actor, k.Outsider.Account))
		if got := k.standing(t, k.Outsider.Account); got != "external|external|||| " {
			t.Errorf("confirmed without a home: %s", got)
		}
	})
}

// Only what hangs on the home is suspended: not where somebody is an employee, has another home, or was not known by that
// address.
func TestSuspendElsewhereSparesOthers(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		for name, c := range map[string]struct {
			set       string
			suspended bool
		}{
			"external homed there":              {`kind = 'external', home_org_id = $3, address_key = 'else@new.example'`, true},
			"guest homed there":                 {`kind = 'guest', home_org_id = $3`, true},
			"no home noted, same address":       {`kind = 'external', home_org_id = NULL`, true},
			"no home noted, another address":    {`kind = 'external', home_org_id = NULL, address_key = 'else@new.example'`, false},
			"homed elsewhere, same address":     {`kind = 'external', home_org_id = $1`, false},
			"an employee under the same adress": {`kind = 'internal', home_org_id = NULL`, false},
		} {
			k.set(t, `DELETE FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, k.Org, k.Outsider.Account)
			must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				return storeNewMembership(ctx, tx, newMembership{Org: k.Org, Account: k.Outsider.Account, Kind: MemberExternal, Roles: []string{"external"}, Key: k.Outsider.Address})
			}))
			k.set(t, `UPDATE veranda_memberships SET `+c.set+` WHERE org_id = $1 AND account_id = $2 AND EXISTS (SELECT 1 FROM veranda_organizations WHERE id = $3)`, k.Org, k.Outsider.Account, k.Other)
			k.suspend(t)
			if got := strings.Split(k.standing(t, k.Outsider.Account), "|")[2] == "home"; got != c.suspended {
				t.Errorf("%s: suspended %v", name, got)
			}
		}
	})
}

// The home is noted at every door by which somebody becomes external, and stays when roles change.
func TestHomeIsNoted(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		ctx := context.Background()
		link, _ := k.invited(t, k.World.Open, MemberExternal, k.Outsider.Address)
		_, err := k.s.Accept(ctx, k.Outsider.Actor, AcceptInput{Token: link})
		must(t, err)
		home := k.Other.String()
		if got := k.standing(t, k.Outsider.Account); got != "external|external||"+home+"|| " {
			t.Errorf("by invitation: %s", got)
		}
		_, err = k.s.SetRoles(ctx, k.Owner.Actor, SetRolesInput{Org: k.Org, Account: k.Outsider.Account, Roles: []string{"external"}})
		must(t, err)
		if got := k.standing(t, k.Outsider.Account); got != "external|external||"+home+"|| " {
			t.Errorf("after other roles: %s", got)
		}
		link, _ = k.invited(t, veranda.WorkspaceID{}, MemberInternal, k.Outsider.Address)
		_, err = k.s.Accept(ctx, k.Outsider.Actor, AcceptInput{Token: link})
		must(t, err)
		if got := k.standing(t, k.Outsider.Account); got != "internal|employee|||| " {
			t.Errorf("employed: %s", got)
		}
		// Where a relation is needed, an invitation is no way around it.
		must(t, k.s.RemoveMember(ctx, k.Owner.Actor, RemoveMemberInput{Org: k.Org, Account: k.Outsider.Account}))
		k.set(t, `UPDATE veranda_organizations SET externals_need_relation = $2 WHERE id = $1`, k.Org, true)
		link, _ = k.invited(t, k.World.Open, MemberExternal, k.Outsider.Address)
		_, err = k.s.Accept(ctx, k.Outsider.Actor, AcceptInput{Token: link})
		want(t, err, ErrRelationRequired)
		if got := k.standing(t, k.Outsider.Account); got != "" {
			t.Errorf("refused, and yet: %s", got)
		}
	})
}

// An offer to a member of a home ends with the home: it has to be made again.
func TestOfferEndsWithHome(t *testing.T) {
	eachAssignKit(t, func(t *testing.T, k *assignKit) {
		_, err := k.assign(k.Owner.Actor, k.Outsider.Address)
		must(t, err)
		k.suspend(t) // nothing is in force that could be suspended
		if got := k.standing(t, k.Outsider.Account); got != "external|external|unaccepted|"+k.Other.String()+"|| " {
			t.Errorf("offered: %s", got)
		}
		k.set(t, `UPDATE veranda_memberships SET disabled_at = $3, disabled_reason = 'manager' WHERE org_id = $1 AND account_id = $2`, k.Other, k.Outsider.Account, k.DB.Time(k.Clock.Now()))
		want(t, k.accept(k.Outsider.Actor, false), ErrHomeEnded)
		assigned, err := k.assign(k.Owner.Actor, k.Outsider.Address)
		must(t, err)
		if assigned.Result != AssignedLinked {
			t.Error(assigned.Result)
		}
		if got := k.standing(t, k.Outsider.Account); got != "external|external|unaccepted|||internal employee" {
			t.Errorf("offered again: %s", got)
		}
		must(t, k.accept(k.Outsider.Actor, false))
	})
}
