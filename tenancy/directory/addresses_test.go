package directory

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// An address is turned into an account, and back, for whom the directory shows and for nobody else.
func TestAddresses(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		f.exec(t, `UPDATE veranda_addresses SET confirmed_at = NULL WHERE account_id = $1`, f.AccessManager.Account)
		all := []world.Person{f.Owner, f.Employee, f.External, f.Guest, f.Stranger, f.AccessManager, f.Outsider, f.Nobody}
		for _, c := range []struct {
			by   world.Person
			sees []world.Person
		}{
			{f.Owner, []world.Person{f.Owner, f.Employee, f.External, f.Guest, f.Stranger}},
			{f.Stranger, []world.Person{f.Owner, f.Employee, f.Stranger}},
			{f.External, []world.Person{f.Owner, f.Employee, f.External, f.Guest}},
		} {
			var addresses []string
			var accounts []veranda.AccountID
			for _, p := range all {
				addresses, accounts = append(addresses, strings.ToUpper(p.Address)), append(accounts, p.Account)
			}
			addresses = append(addresses, "no address", "")
			found, err := f.people.ByAddress(ctx, c.by.Actor, f.World.Org, addresses)
			if err != nil {
				t.Fatal(err)
			}
			back, err := f.people.AddressesOf(ctx, c.by.Actor, f.World.Org, accounts)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != len(c.sees) || len(back) != len(c.sees) {
				t.Errorf("%s finds %v and %v, want %d", c.by.Name, found, back, len(c.sees))
			}
			for _, p := range c.sees {
				if found[strings.ToUpper(p.Address)] != p.Account || back[p.Account] != p.Address {
					t.Errorf("%s: %s is %v, %q", c.by.Name, p.Name, found[strings.ToUpper(p.Address)], back[p.Account])
				}
			}
		}
		_, err := f.people.ByAddress(ctx, f.Outsider.Actor, f.World.Org, nil)
		verandatest.WantCode(t, err, veranda.CodeNotFound)
	})
}
