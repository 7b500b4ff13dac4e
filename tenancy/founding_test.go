package tenancy

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
)

func TestFounding(t *testing.T) {
	eachDomainKit(t, func(t *testing.T, k *domainKit) {
		ctx := context.Background()
		found := func(by veranda.Actor, kind OrganizationKind, address string) error {
			_, err := k.s.CreateOrganization(ctx, by, CreateOrganizationInput{Kind: kind, Name: "House", Address: address})
			return err
		}
		k.prove(t, k.Org, k.Owner.Actor, "company.example")
		by, account := k.arrives(t, "ada@company.example")
		want(t, found(by, KindOrganization, ""), ErrDomainProved)
		want(t, found(by, KindPersonal, ""), ErrDomainProved)
		// As a guest still not, as an employee a personal tenant.
		must(t, k.s.AddMember(ctx, k.Org, account, RoleGuest))
		want(t, found(by, KindPersonal, ""), ErrDomainProved)
		_, err := k.decide(k.Owner.Actor, k.open(t), JoinApprove)
		must(t, err)
		want(t, found(by, KindOrganization, ""), ErrDomainProved)
		must(t, found(by, KindPersonal, ""))
		want(t, found(by, KindPersonal, ""), ErrOwnsAlready)

		// A company whose domain nobody has proved founds its organization first. Its own proof stands in nobody's way.
		boss, _ := k.arrives2(t, "boss@firm.example")
		want(t, found(boss, KindPersonal, ""), ErrOrganizationFirst)
		must(t, found(boss, KindOrganization, ""))
		must(t, found(boss, KindPersonal, ""))
		mine, err := k.s.MyOrganizations(ctx, boss)
		must(t, err)
		firm := mine.Items[0].Organization
		if mine.Items[0].Kind != KindOrganization {
			firm = mine.Items[1].Organization
		}
		k.prove(t, firm, boss, "firm.example")
		want(t, found(boss, KindOrganization, ""), ErrOwnsAlready)
		clerk, _ := k.arrives2(t, "clerk@firm.example")
		want(t, found(clerk, KindOrganization, ""), ErrDomainProved)

		private, _ := k.arrives2(t, "ada@gmail.com")
		must(t, found(private, KindPersonal, ""))
		must(t, found(private, KindOrganization, ""))
	})
}

// An address owns one tenant of each kind, whatever comes at once.
func TestFoundingAtOnce(t *testing.T) {
	eachKit(t, func(t *testing.T, k *kit) {
		by, account := k.account(t, "ada@gmail.com")
		made, errs := atOnce(8, func(i int) error {
			kind := KindOrganization
			if i%2 == 1 {
				kind = KindPersonal
			}
			_, err := k.s.CreateOrganization(context.Background(), by, CreateOrganizationInput{Kind: kind, Name: "House"})
			return err
		})
		if made != 2 {
			t.Errorf("%d tenants were founded at once: %v", made, errs)
		}
		for _, err := range errs {
			if err != nil {
				want(t, err, ErrOwnsAlready)
			}
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_account_organizations WHERE account_id = $1`, account); n != 2 {
			t.Errorf("%d memberships", n)
		}
		if n := k.count(t, `SELECT count(*) FROM veranda_workspaces w JOIN veranda_organizations o ON o.id = w.org_id WHERE o.kind = 'personal'`); n != 1 {
			t.Errorf("%d workspaces in the personal tenant", n)
		}
	})
}
