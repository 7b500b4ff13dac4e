package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/workspace"
)

// modules are the packages the measured calls need.
func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), workspace.Module(), tasks.Module()}
}

// fullSide is the server's own stack, wired as the server wires it.
type fullSide struct {
	db     *veranda.DB
	web    *web.Server
	runner *veranda.Runner
	log    *os.File
}

// effectText is what the consumer beside the calls does with each event.
const effectText = `INSERT INTO bench_effects (event_id, kind) VALUES ($1, $2)`

func newFullSide(ctx context.Context, o sideOptions) (_ served, err error) {
	s := &fullSide{}
	// The server logs every call; what reads its log is not part of it.
	if s.log, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	if s.db, err = veranda.Open(ctx, o.location, veranda.WithLog(log)); err != nil {
		return nil, err
	}
	// With a consumer, each create writes an outbox row, whether or not background work runs in this process.
	err = s.db.Consume(veranda.Consumer{Name: "bench", Kinds: []string{"tasks.*"}, Handle: func(ctx context.Context, tx *veranda.Tx, events []veranda.Event) error {
		for _, e := range events {
			if err := tx.Defer(ctx, effectText, e.ID, e.Kind); err != nil {
				return err
			}
		}
		return nil
	}})
	if err != nil {
		return nil, err
	}
	if s.web, err = newWeb(ctx, s.db, log); err != nil {
		return nil, err
	}
	if o.relay {
		// Several runs may share a Redis.
		config := veranda.RunnerConfig{RedisURL: o.redis, Queue: "bench-" + veranda.NewOrgID().String()}
		if s.runner, err = veranda.Start(ctx, s.db, config); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// newWeb declares the measured routes as the server does.
func newWeb(ctx context.Context, db *veranda.DB, log *slog.Logger) (*web.Server, error) {
	authz, err := tenancy.NewAuthorizer(ctx, db, modules()...)
	if err != nil {
		return nil, err
	}
	service, err := tasks.New(tasks.Deps{DB: db, Authz: authz})
	if err != nil {
		return nil, err
	}
	s, err := web.New(web.Options{BaseURL: &url.URL{Scheme: "http", Host: "127.0.0.1"}, DB: db, Log: log})
	if err != nil {
		return nil, err
	}
	const all, one = "/v1/organizations/{org}/tasks", "/v1/organizations/{org}/tasks/{task}"
	g := web.On(s, "Tasks", "Work for oneself or others, in a workspace.", service)
	web.Create(g, "/v1/organizations/{org}/workspaces/{workspace}/tasks", "Create a task", (*tasks.Service).Create, web.Idempotent())
	web.Get(g, all, "List tasks", (*tasks.Service).List)
	web.Get(g, one, "Read a task", (*tasks.Service).Get)
	return s, nil
}

func (s *fullSide) serve(l net.Listener) error { return s.web.Listen(l) }

func (s *fullSide) open(ctx context.Context) (int64, error) {
	stats, err := s.db.OutboxStats(ctx)
	return stats.Open, err
}

func (s *fullSide) close() error {
	if s.runner != nil {
		s.runner.Stop()
	}
	return errors.Join(s.db.Close(), s.log.Close())
}
