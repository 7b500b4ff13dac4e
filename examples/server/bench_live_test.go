package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/examples/server/internal/web"
	"github.com/veranda-go/veranda/stream/live"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// BenchmarkLive: 2,000 clients of 2,000 people, all in one organization, follow what happens on one node, over TCP on this
// machine. Every event is for all of them. It prints the time from before the commit to the arrival at a client, what an
// idle client holds of memory (the client's own end included, as both run in this process), and the goroutines that remain
// after all have left.
func BenchmarkLive(b *testing.B) {
	const clients, events = 2000, 40
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			for b.Loop() {
				liveRound(b, engine, clients, events)
			}
		})
	}
}

func liveRound(b *testing.B, engine verandatest.Engine, clients, events int) {
	e := verandatest.New(b, engine, modules())
	w := world.New(b, e)
	tokens := liveCrowd(b, e, w, clients)
	address, settle := liveServer(b, e)
	base, before := memory()
	crowd := &crowd{}
	for _, token := range tokens {
		crowd.connect(b, address, token)
	}
	verandatest.Eventually(b, 60*time.Second, "all are connected", func() bool { return int(crowd.ready.Load()) == clients })
	time.Sleep(3 * time.Second) // idle workers of connecting go, rights are looked at a few times
	full, _ := memory()
	for range events {
		subject := strconv.FormatInt(time.Now().UnixNano(), 10)
		err := e.DB.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Org: w.Org, Workspace: w.Open, Kind: "tasks.task_created", Subject: subject, By: w.Owner.Account})
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		time.Sleep(250 * time.Millisecond)
	}
	verandatest.Eventually(b, 60*time.Second, "all has arrived", func() bool { return crowd.count() >= clients*events })
	took := crowd.sorted()
	if len(took) != clients*events {
		b.Errorf("%d frames arrived, want %d", len(took), clients*events)
	}
	crowd.leave()
	var after int
	verandatest.Eventually(b, 30*time.Second, "goroutines are back to the base", func() bool {
		after = runtime.NumGoroutine()
		return after <= before+20
	})
	settle()
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	fmt.Printf("RATIO live/%s: commit to arrival, %d clients: p50 %v, p99 %v, of 300ms: %.2f\n", engine, clients, p50.Round(time.Millisecond), p99.Round(time.Millisecond), float64(p99)/float64(300*time.Millisecond))
	fmt.Printf("RATIO live/%s: memory of an idle client, both ends: %.1f KB, of 40 KB: %.2f\n", engine, float64(full-base)/float64(clients)/1024, float64(full-base)/float64(clients)/1024/40)
	fmt.Printf("RATIO live/%s: goroutines %d before, %d after all have left\n", engine, before, after)
}

// liveCrowd are members of the organization, each with a session.
func liveCrowd(b *testing.B, e *verandatest.Env, w *world.World, clients int) (tokens []string) {
	b.Helper()
	err := e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		now, ends := e.DB.Time(e.DB.Now()), e.DB.Time(e.DB.Now().Add(24*time.Hour))
		for i := range clients {
			account, token := veranda.NewAccountID(), fmt.Sprintf("token-of-client-%d", i)
			for _, insert := range []struct {
				text string
				args []any
			}{
				{`INSERT INTO veranda_accounts (id, name, language, time_zone, state, created_at, updated_at, version) VALUES ($1, 'Client', 'en', 'UTC', 'active', $2, $2, 1)`, []any{account, now}},
				{`INSERT INTO veranda_memberships (org_id, account_id, kind, roles, address_key, joined_at, version) VALUES ($1, $2, 'internal', 'employee', $3, $4, 1)`, []any{w.Org, account, token, now}},
				{`INSERT INTO veranda_account_organizations (account_id, org_id) VALUES ($1, $2)`, []any{account, w.Org}},
				{`INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at) VALUES ($1, $2, $3, 'browser', '', '', $4, $4, $5)`, []any{veranda.TokenActor(token).TokenHash(), veranda.NewOrgID(), account, now, ends}},
			} {
				if _, err := tx.Exec(ctx, insert.text, insert.args...); err != nil {
					return err
				}
			}
			tokens = append(tokens, token)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return tokens
}

// liveServer serves the live route alone; settle stops it.
func liveServer(b *testing.B, e *verandatest.Env) (address string, settle func()) {
	b.Helper()
	ctx := context.Background()
	authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules()...)
	if err != nil {
		b.Fatal(err)
	}
	hub, err := live.New(live.Deps{DB: e.DB, Authz: authz, Kinds: liveKinds()})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	server, err := web.New(web.Options{BaseURL: &url.URL{Scheme: "http", Host: listener.Addr().String()}, DB: e.DB, Log: quiet})
	if err != nil {
		b.Fatal(err)
	}
	liveRoutes(server, hub)
	runner, err := veranda.Start(ctx, e.DB, veranda.RunnerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	running := &app{log: quiet, db: e.DB, services: &services{live: hub}}
	stopLive := running.deliverLive(ctx)
	go func() { _ = server.Listen(listener) }()
	return listener.Addr().String(), func() {
		_ = server.Shutdown(ctx)
		stopLive()
		runner.Stop()
	}
}

// crowd is clients that hold as little as can be.
type crowd struct {
	ready atomic.Int64
	conns []net.Conn
	group sync.WaitGroup
	mu    sync.Mutex
	took  []time.Duration
}

var (
	liveReady   = []byte("event: ready")
	liveSubject = []byte(`"subject_id":"`)
)

func (c *crowd) connect(b *testing.B, address, token string) {
	b.Helper()
	var conn net.Conn
	verandatest.Eventually(b, 20*time.Second, "a connection", func() (ok bool) {
		var err error
		conn, err = net.Dial("tcp", address)
		return err == nil
	})
	if _, err := fmt.Fprintf(conn, "GET /v1/live HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", address, token); err != nil {
		b.Fatal(err)
	}
	c.conns = append(c.conns, conn)
	c.group.Go(func() {
		part := make([]byte, 2048)
		for {
			n, err := conn.Read(part)
			now := time.Now().UnixNano()
			text := part[:n]
			if bytes.Contains(text, liveReady) {
				c.ready.Add(1)
			}
			for {
				_, rest, found := bytes.Cut(text, liveSubject)
				if !found {
					break
				}
				digits, after, _ := bytes.Cut(rest, []byte(`"`))
				if begun, err := strconv.ParseInt(string(digits), 10, 64); err == nil {
					c.mu.Lock()
					c.took = append(c.took, time.Duration(now-begun))
					c.mu.Unlock()
				}
				text = after
			}
			if err != nil {
				return
			}
		}
	})
}

func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.took)
}

func (c *crowd) sorted() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.took))
}

func (c *crowd) leave() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.group.Wait()
}

// memory is what is in use, heap and stacks, and how many goroutines there are.
func memory() (octets uint64, goroutines int) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse, runtime.NumGoroutine()
}
