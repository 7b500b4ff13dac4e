package stream_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// BenchmarkStream measures a page of 50 in a log of 100,000 events of which a tenth are statuses, at its top and deep in
// it, and a reaction.
func BenchmarkStream(b *testing.B) {
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			ctx := context.Background()
			e := verandatest.New(b, engine, modules())
			w := world.New(b, e)
			authz, err := tenancy.NewAuthorizer(ctx, e.DB, e.Modules...)
			if err != nil {
				b.Fatal(err)
			}
			s, err := stream.New(stream.Deps{DB: e.DB, Authz: authz, Kinds: []string{"tasks.*", "workspace.*", "tenancy.member_joined", "apps.*", "files.*"}})
			if err != nil {
				b.Fatal(err)
			}
			fill(b, e, w, s)
			deep := veranda.Page{}
			for range 500 {
				page, err := s.List(ctx, w.Employee.Actor, stream.ListInput{Org: w.Org, Workspace: w.Open, Page: veranda.Page{Limit: 50, Cursor: deep.Cursor}})
				if err != nil {
					b.Fatal(err)
				}
				deep.Cursor = page.Next
			}
			run := func(name string, call func() error) {
				b.Run(name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if err := call(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			list := func(in stream.ListInput) func() error {
				in.Org, in.Workspace = w.Org, w.Open
				return func() error {
					page, err := s.List(ctx, w.Employee.Actor, in)
					if err == nil && len(page.Items) != veranda.DefaultPageLimit {
						err = fmt.Errorf("%d items", len(page.Items))
					}
					return err
				}
			}
			run("top", list(stream.ListInput{}))
			run("deep", list(stream.ListInput{Page: deep}))
			run("statuses", list(stream.ListInput{Filter: stream.Filter{Kinds: []string{"stream"}}}))
			run("all", func() error {
				_, err := s.ListAll(ctx, w.Employee.Actor, stream.ListAllInput{Org: w.Org})
				return err
			})
			status, err := s.Post(ctx, w.Employee.Actor, stream.PostInput{Org: w.Org, Workspace: w.Open, Text: "hello"})
			if err != nil {
				b.Fatal(err)
			}
			run("get", func() error {
				_, err := s.Get(ctx, w.Employee.Actor, stream.GetInput{Org: w.Org, Status: status.ID})
				return err
			})
			run("like and back", func() error {
				in := stream.ReactInput{Org: w.Org, Status: status.ID, Reaction: stream.ReactionLike}
				if _, err := s.React(ctx, w.Employee.Actor, in); err != nil {
					return err
				}
				_, err := s.Unreact(ctx, w.Employee.Actor, in)
				return err
			})
		})
	}
}

// fill posts 10,000 statuses among 90,000 events of tasks, over two workspaces.
func fill(b *testing.B, e *verandatest.Env, w *world.World, s *stream.Service) {
	b.Helper()
	for range 100 {
		err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			bound := s.WithTx(tx)
			for i := range 1000 {
				workspace := w.Open
				if i%2 == 1 {
					workspace = w.Sibling
				}
				if i%10 == 0 {
					if _, err := bound.Post(ctx, w.Owner.Actor, stream.PostInput{Org: w.Org, Workspace: w.Open, Text: "We have moved in. Come and see."}); err != nil {
						return err
					}
					continue
				}
				tx.Emit(veranda.Event{Org: w.Org, Workspace: workspace, Kind: "tasks.task_created", By: w.Employee.Account, Data: veranda.MarshalData(map[string]string{"title": "Paint the veranda"})})
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := e.DB.Writer().NewRaw("ANALYZE veranda_events").Exec(context.Background()); err != nil {
		b.Fatal(err)
	}
}
