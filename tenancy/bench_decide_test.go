package tenancy_test

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// What a decision costs once the standing is read.
func BenchmarkDecide(b *testing.B) {
	e := verandatest.New(b, verandatest.SQLite, modules())
	w := world.New(b, e)
	ctx := context.Background()
	authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules()...)
	if err != nil {
		b.Fatal(err)
	}
	read := authz.Compose(veranda.Target{Workspace: "$4"})
	for _, one := range []struct {
		name string
		by   veranda.Actor
		ask  veranda.Ask
	}{
		{"allowed", w.Owner.Actor, veranda.Ask{Permission: "thing.edit"}},
		{"allowed in a workspace", w.Guest.Actor, veranda.Ask{Permission: "thing.edit", Assigned: true, InWorkspace: true}},
		{"managed", w.Administrator.Actor, veranda.Ask{Permission: "thing.delete", InWorkspace: true}},
		{"refused", w.Guest.Actor, veranda.Ask{Permission: "thing.delete", Own: true, InWorkspace: true}},
	} {
		standing, err := e.DB.Conn().Read(ctx, read, one.by, w.Org, []any{w.Open})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(one.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = authz.Decide(ctx, e.DB.Conn(), standing, one.ask)
			}
		})
	}
}
