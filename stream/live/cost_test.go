package live_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// BenchmarkRights is what it costs to ask who of 1,000 connected people may see an event: one read.
func BenchmarkRights(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			h := newHouse(b, verandatest.New(b, engine, modules()))
			sights, actors := make([]veranda.Sight, 1000), make([]veranda.Actor, 1000)
			for i := range sights {
				actors[i] = h.session(b, h.Employee.Account, fmt.Sprint("token ", i), h.DB.Now().Add(time.Hour))
				sights[i] = veranda.Sight{Actor: actors[i], Org: h.Org, Workspace: h.World.Open}
			}
			b.Run("standings", func(b *testing.B) {
				for b.Loop() {
					if _, err := h.authz.Standings(context.Background(), h.DB.Conn(), sights); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("watched", func(b *testing.B) {
				for b.Loop() {
					if _, err := h.authz.Watched(context.Background(), h.DB.Conn(), actors); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
