package tenancy

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func mapped(id veranda.AccountID, name, address string) MapAccountInput {
	return MapAccountInput{ID: id, Name: name, Address: address}
}

func TestMapAccount(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx, id := context.Background(), veranda.NewAccountID()
		kinds := func() (kinds []string) {
			for _, e := range k.Events(t, "tenancy.*") {
				if e.Subject == id.String() && e.System == "host" {
					kinds = append(kinds, e.Kind)
					if e.System != "host" {
						t.Errorf("%s is by %q, want the host", e.Kind, e.System)
					}
				}
			}
			return kinds
		}
		for range 2 { // the second call has nothing to do
			if err := k.s.MapAccount(ctx, mapped(id, "  Ada Host ", "Ada@Host.example")); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{EventAccountMapped}, kinds()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		me, err := k.s.Me(ctx, veranda.AccountActor(id))
		if err != nil {
			t.Fatal(err)
		}
		if me.Name != "Ada Host" || me.State != AccountActive || me.Language != "en" || me.TimeZone != "UTC" || me.Version != 1 ||
			len(me.Addresses) != 1 || me.Addresses[0].Address != "Ada@Host.example" || me.Addresses[0].ConfirmedAt == nil || !me.Addresses[0].Primary {
			t.Errorf("mapped: %+v", me)
		}
		if found, err := k.s.AccountByAddress(ctx, "ada@HOST.example"); err != nil || found != id {
			t.Errorf("by address: %v, %v", found, err)
		}
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "ada@host.example", Password: ""})
		verandatest.WantCode(t, err, veranda.CodeUnauthenticated)

		change := mapped(id, "Ada Moved", "ada@moved.example")
		change.Language, change.TimeZone = "de", "Europe/Berlin"
		if err := k.s.MapAccount(ctx, change); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{EventAccountMapped, EventAccountUpdated, EventAddressPrimary}, kinds()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if me, err = k.s.Me(ctx, veranda.AccountActor(id)); err != nil {
			t.Fatal(err)
		}
		if me.Name != "Ada Moved" || me.Language != "de" || me.TimeZone != "Europe/Berlin" || me.Version != 2 || len(me.Addresses) != 2 ||
			me.Addresses[0].Key != "ada@moved.example" || me.Addresses[1].Primary || me.Addresses[1].ConfirmedAt == nil {
			t.Errorf("moved: %+v", me)
		}
		// Back again, with neither language nor zone: those stay.
		if err := k.s.MapAccount(ctx, mapped(id, "Ada Moved", "ada@host.example")); err != nil {
			t.Fatal(err)
		}
		if me, err = k.s.Me(ctx, veranda.AccountActor(id)); err != nil || me.Addresses[0].Address != "ada@host.example" || len(me.Addresses) != 2 || me.Language != "de" {
			t.Errorf("moved back: %+v, %v", me, err)
		}
	})
}

func TestMapAccountRefuses(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		verandatest.WantFields(t, k.s.MapAccount(ctx, MapAccountInput{Language: "?", TimeZone: "Nowhere"}),
			"/id required", "/name required", "/address required", "/language language", "/time_zone time_zone")
		want(t, k.s.MapAccount(ctx, mapped(veranda.NewAccountID(), "Somebody", k.Owner.Address)), ErrAddressOwned)
		_, err := k.s.AccountByAddress(ctx, "nobody@nowhere.example")
		want(t, err, veranda.ErrNotFound)
		_, err = k.s.AccountByAddress(ctx, "nobody")
		verandatest.WantFields(t, err, "/address email")

		// Somebody's claim of an address gives way to the host's word, and cannot be mapped itself.
		k.register(t, "late@host.example", goodPassword)
		claim := k.Events(t, EventAccountRegistered)[0].Subject
		pending := veranda.AccountID{}
		if err := pending.UnmarshalText([]byte(claim)); err != nil {
			t.Fatal(err)
		}
		want(t, k.s.MapAccount(ctx, mapped(pending, "Late", "late@host.example")), ErrMapPending)
		if err := k.s.MapAccount(ctx, mapped(veranda.NewAccountID(), "Late", "late@host.example")); err != nil {
			t.Fatal(err)
		}
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: "late@host.example", Password: goodPassword})
		want(t, err, ErrSignIn)
	})
}

func TestMapAccountInHostTransaction(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx, id := context.Background(), veranda.NewAccountID()
		err := k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			if err := k.s.WithTx(tx).MapAccount(ctx, mapped(id, "Gone", "gone@host.example")); err != nil {
				return err
			}
			return k.s.WithTx(tx).AddMember(ctx, veranda.NewOrgID(), id, RoleEmployee)
		})
		want(t, err, veranda.ErrNotFound)
		if _, err := k.s.AccountByAddress(ctx, "gone@host.example"); err == nil {
			t.Error("the account outlived the transaction")
		}
		k.WantEvents(t, EventAccountMapped)
	})
}

func TestAddMember(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx, id := context.Background(), veranda.NewAccountID()
		if err := k.s.MapAccount(ctx, mapped(id, "Ada Host", "ada@host.example")); err != nil {
			t.Fatal(err)
		}
		verandatest.WantFields(t, k.s.AddMember(ctx, k.Org, id, "king"), "/role one_of")
		want(t, k.s.AddMember(ctx, k.Org, veranda.NewAccountID(), RoleGuest), veranda.ErrNotFound)

		domains := []string{"works.example"}
		if _, err := k.s.UpdateOrganization(ctx, k.Owner.Actor, UpdateOrganizationInput{Org: k.Org, Domains: &domains}); err != nil {
			t.Fatal(err)
		}
		want(t, k.s.AddMember(ctx, k.Org, id, RoleEmployee), ErrInvitationDomain)
		for range 2 { // the second call has nothing to do
			if err := k.s.AddMember(ctx, k.Org, id, RoleGuest); err != nil {
				t.Fatal(err)
			}
		}
		// An address in the organization's domain makes an employee possible, also as a further address.
		for _, address := range []string{"ada@works.example", "ada@host.example"} {
			if err := k.s.MapAccount(ctx, mapped(id, "Ada Host", address)); err != nil {
				t.Fatal(err)
			}
		}
		if err := k.s.AddMember(ctx, k.Org, id, RoleAccessManager); err != nil {
			t.Fatal(err)
		}
		if err := k.s.AddMember(ctx, k.Org, id, RoleExternal); err != nil { // never less
			t.Fatal(err)
		}
		member, err := k.s.Member(ctx, k.Owner.Actor, MemberInput{Org: k.Org, Account: id})
		if err != nil {
			t.Fatal(err)
		}
		if member.Kind != MemberInternal || !cmp.Equal(member.Roles, []string{RoleAccessManager}) || member.Address != "ada@works.example" {
			t.Errorf("member: %+v", member)
		}
		k.WantEvents(t, "tenancy.member_*", EventMemberJoined, EventMemberUpgraded)
	})
}

func TestAddMemberToPersonalTenant(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx, id := context.Background(), veranda.NewAccountID()
		if err := k.s.MapAccount(ctx, mapped(id, "Ada Alone", "ada.alone@gmail.com")); err != nil {
			t.Fatal(err)
		}
		own, err := k.s.CreateOrganization(ctx, veranda.AccountActor(id), CreateOrganizationInput{Kind: KindPersonal, Name: "Mine"})
		if err != nil {
			t.Fatal(err)
		}
		verandatest.WantFields(t, k.s.AddMember(ctx, own.ID, k.Nobody.Account, RoleGuest), "/role personal")
		if err := k.s.AddMember(ctx, own.ID, k.Nobody.Account, RoleEmployee); err != nil {
			t.Fatal(err)
		}
		mine, err := k.s.MyOrganizations(ctx, k.Nobody.Actor)
		if err != nil || len(mine.Items) != 1 || mine.Items[0].Organization != own.ID {
			t.Errorf("got %+v, %v", mine, err)
		}
	})
}

// full refuses any more members.
type full struct{}

func (full) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, _ int64) error {
	if resource != "members" {
		return nil
	}
	return veranda.LimitError(resource, "The plan has no room for more members.")
}

func TestAddMemberAsksLimits(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, []veranda.Module{veranda.Core(), Module()}, func(t *testing.T, e *verandatest.Env) {
		k := newKit(t, e, full{})
		verandatest.WantCode(t, k.s.AddMember(context.Background(), k.Org, k.Nobody.Account, RoleEmployee), veranda.CodeLimit)
		if err := k.s.AddMember(context.Background(), k.Org, k.Employee.Account, RoleEmployee); err != nil {
			t.Errorf("somebody who is a member already: %v", err)
		}
		e.WantEvents(t, "tenancy.member_*")
	})
}
