package tenancy

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func TestAddresses(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, _ := k.account(t, "ada@analytic.example")
		second := AddressInput{Address: "Ada@Private.example"}
		me, err := k.s.AddAddress(ctx, by, second)
		must(t, err)
		if len(me.Addresses) != 2 || me.Addresses[1].ConfirmedAt != nil {
			t.Errorf("addresses %+v", me.Addresses)
		}
		first := token(t, k.one(t))
		_, err = k.s.MakePrimary(ctx, by, second)
		want(t, err, ErrAddressUnconfirmed)
		_, err = k.s.SignIn(ctx, veranda.Anonymous(), SignInInput{Address: second.Address, Password: goodPassword})
		want(t, err, ErrSignIn)
		_, err = k.s.AddAddress(ctx, by, second) // again: another link, no other row
		must(t, err)
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: token(t, k.one(t)), Password: goodPassword})
		must(t, err)
		_, err = k.s.Confirm(ctx, veranda.Anonymous(), ConfirmInput{Token: first, Password: goodPassword})
		want(t, err, ErrLink)
		k.signIn(t, "ada@private.example", goodPassword)

		me, err = k.s.MakePrimary(ctx, by, second)
		must(t, err)
		got := []string{}
		for _, a := range me.Addresses {
			got = append(got, a.Address)
		}
		if diff := cmp.Diff([]string{"Ada@Private.example", "ada@analytic.example"}, got); diff != "" || !me.Addresses[0].Primary || me.Addresses[1].Primary {
			t.Errorf("addresses %+v", me.Addresses)
		}
		if mail := k.one(t); mail.To != "ada@analytic.example" {
			t.Errorf("the former primary address is not told, but %q", mail.To)
		}
		_, err = k.s.RemoveAddress(ctx, by, second)
		want(t, err, ErrAddressPrimary)
		_, err = k.s.RemoveAddress(ctx, by, AddressInput{Address: "ada@nowhere.example"})
		want(t, err, veranda.ErrNotFound)
		me, err = k.s.RemoveAddress(ctx, by, AddressInput{Address: "ADA@analytic.example"})
		must(t, err)
		if len(me.Addresses) != 1 {
			t.Errorf("addresses %+v", me.Addresses)
		}
		_, err = k.s.AddAddress(ctx, veranda.Anonymous(), second)
		want(t, err, veranda.ErrUnauthenticated)
		_, err = k.s.AddAddress(ctx, by, AddressInput{Address: "x"})
		verandatest.WantFields(t, err, "/address email")
		k.WantEvents(t, "tenancy.address_*", EventAddressAdded, EventAddressConfirmed, EventAddressPrimary, EventAddressRemoved)
	})
}

// Claiming an address that is somebody else's is answered like any other, and gives nothing.
func TestAddTakenAddress(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		k.account(t, "ada@analytic.example")
		eve, _ := k.account(t, "eve@analytic.example")
		me, err := k.s.AddAddress(ctx, eve, AddressInput{Address: "ada@analytic.example"})
		must(t, err)
		if len(me.Addresses) != 2 {
			t.Errorf("addresses %+v", me.Addresses)
		}
		if mail := k.one(t); mail.Subject != "Your address belongs to your account" || linkPattern.MatchString(mail.Text) {
			t.Errorf("mail %+v", mail)
		}
		k.signIn(t, "ada@analytic.example", goodPassword)
	})
}

func TestAddressInUse(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			address, err := ParseAddress("olga@private.example")
			must(t, err)
			must(t, storeAddress(ctx, tx, k.Owner.Account, address, true, false, k.DB.Now()))
			address, err = ParseAddress("emil@private.example")
			must(t, err)
			return storeAddress(ctx, tx, k.Employee.Account, address, true, false, k.DB.Now())
		}))
		for _, p := range []struct {
			by             veranda.Actor
			used, replaces string
		}{{k.Owner.Actor, k.Owner.Address, "olga@private.example"}, {k.Employee.Actor, k.Employee.Address, "emil@private.example"}} {
			_, err := k.s.MakePrimary(ctx, p.by, AddressInput{Address: p.replaces})
			must(t, err)
			_, err = k.s.RemoveAddress(ctx, p.by, AddressInput{Address: p.used})
			want(t, err, ErrAddressInUse)
		}
	})
}

func TestAddressLimit(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		ctx := context.Background()
		by, account := k.account(t, "ada@analytic.example")
		must(t, k.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			for i := range maxAddresses - 1 {
				address, err := ParseAddress("ada" + string(rune('a'+i)) + "@analytic.example")
				must(t, err)
				must(t, storeAddress(ctx, tx, account, address, false, false, k.DB.Now()))
			}
			return nil
		}))
		_, err := k.s.AddAddress(ctx, by, AddressInput{Address: "more@analytic.example"})
		want(t, err, ErrAddressLimit)
	})
}
