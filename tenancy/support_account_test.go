package tenancy

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func TestSupportDisablesAnAccount(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		session, account := k.account(t, "ada@works.example")
		in := SupportAccountInput{Address: "Ada@Works.example", Reason: "The mailbox was stolen."}
		changed, err := k.s.DisableAccount(ctx, k.Support.Actor, in)
		must(t, err)
		if *changed != (SupportAccount{Account: account, State: AccountDisabled, Sessions: 1}) {
			t.Errorf("changed: %+v", changed)
		}
		_, err = k.s.Me(ctx, session)
		want(t, err, veranda.ErrUnauthenticated)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: in.Address, Password: goodPassword})
		want(t, err, ErrDisabled)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: in.Address, Password: otherPassword})
		want(t, err, ErrSignIn)
		_, err = k.s.DisableAccount(ctx, k.Support.Actor, in)
		must(t, err)
		k.WantEvents(t, "tenancy.account_*", EventAccountRegistered, EventAccountConfirmed, EventAccountDisabled)
		var data AccountClosed
		event := k.Events(t, EventAccountDisabled)[0]
		must(t, json.Unmarshal(event.Data, &data))
		if event.By != k.Support.Account || event.Subject != account.String() || data.Reason != in.Reason || !event.Org.IsZero() {
			t.Errorf("event %+v with %+v", event, data)
		}
		changed, err = k.s.EnableAccount(ctx, k.Support.Actor, in)
		must(t, err)
		if changed.State != AccountActive {
			t.Errorf("enabled: %+v", changed)
		}
		k.signIn(t, in.Address, goodPassword)
	})
}

func TestOnlySupportChangesAccounts(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		in := SupportAccountInput{Address: k.Employee.Address, Reason: "Because."}
		for what, change := range map[string]func(context.Context, veranda.Actor, SupportAccountInput) (*SupportAccount, error){
			"disable": k.s.DisableAccount, "enable": k.s.EnableAccount,
		} {
			for _, p := range append(k.Members(), k.Stranger, k.Outsider, k.Nobody) {
				if _, err := change(ctx, p.Actor, in); err != error(veranda.ErrForbidden) {
					t.Errorf("%s: %s: %v", what, p.Name, err)
				}
			}
			for _, by := range []veranda.Actor{veranda.Anonymous(), veranda.TokenActor("none"), {}} {
				_, err := change(ctx, by, in)
				want(t, err, veranda.ErrUnauthenticated)
			}
			_, err := change(ctx, k.Support.Actor, SupportAccountInput{Address: k.Support.Address, Reason: "Me."})
			want(t, err, ErrOwnAccount)
			_, err = change(ctx, k.Support.Actor, SupportAccountInput{Address: "nobody@works.example", Reason: "Who?"})
			want(t, err, veranda.ErrNotFound)
			_, err = change(ctx, k.Support.Actor, SupportAccountInput{Address: "x", Reason: strings.Repeat("y", 501)})
			verandatest.WantFields(t, err, "/address address", "/reason too_long")
		}
		k.WantEvents(t, "tenancy.account_*")
	})
}

// An owner whose account is disabled is none to count on.
func TestDisabledAccountIsNoOwner(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.set(t, `UPDATE veranda_memberships SET roles = 'owner' WHERE org_id = $1 AND account_id = $2`, k.Org, k.Administrator.Account)
		_, err := k.s.DisableAccount(ctx, k.Support.Actor, SupportAccountInput{Address: k.Administrator.Address, Reason: "Away."})
		must(t, err)
		want(t, k.s.LeaveOrganization(ctx, k.Owner.Actor, LeaveOrganizationInput{Org: k.Org}), ErrLastOwner)
	})
}
