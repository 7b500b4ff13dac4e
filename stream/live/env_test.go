package live_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream"
	"github.com/veranda-go/veranda/stream/live"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), stream.Module()}
}

func kinds() []live.Kind {
	return []live.Kind{{Pattern: "tasks.*", Permission: stream.PermRead}, {Pattern: "stream.*", Permission: stream.PermRead}, {Pattern: "messaging.*"}}
}

// house is a furnished database with a hub on it.
type house struct {
	DB    *veranda.DB
	Clock *verandatest.Clock
	*world.World
	authz *tenancy.Authorizer
	hub   *live.Hub
}

func newHouse(t testing.TB, e *verandatest.Env, change ...func(*live.Deps)) *house {
	t.Helper()
	h := &house{DB: e.DB, Clock: e.Clock, World: world.New(t, e)}
	var err error
	if h.authz, err = tenancy.NewAuthorizer(context.Background(), e.DB, e.Modules...); err != nil {
		t.Fatal(err)
	}
	h.hub = h.node(t, e.DB, h.authz, change...)
	return h
}

// node runs a hub, and the background work that gives positions, on a database.
func (h *house) node(t testing.TB, db *veranda.DB, authz veranda.Authorizer, change ...func(*live.Deps)) *live.Hub {
	t.Helper()
	deps := live.Deps{DB: db, Authz: authz, Kinds: kinds()}
	for _, c := range change {
		c(&deps)
	}
	hub, err := live.New(deps)
	if err != nil {
		t.Fatal(err)
	}
	runner, err := veranda.Start(context.Background(), db, veranda.RunnerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		runner.Stop()
	})
	verandatest.Eventually(t, 10*time.Second, "the hub runs", func() bool {
		s, err := hub.Subscribe(context.Background(), h.Owner.Actor, live.SubscribeInput{})
		if err == nil {
			s.Close()
		}
		return err == nil
	})
	return hub
}

// emit commits an event and gives its id.
func (h *house) emit(t testing.TB, db *veranda.DB, e veranda.Event) string {
	t.Helper()
	if e.Org.IsZero() {
		e.Org = h.Org
	}
	if e.Kind == "" {
		e.Kind = "tasks.task_created"
	}
	e.ID = newEventID()
	err := db.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
		tx.Emit(e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return e.ID.String()
}

func (h *house) in(t testing.TB, workspace veranda.WorkspaceID) string {
	t.Helper()
	return h.emit(t, h.DB, veranda.Event{Workspace: workspace})
}

func (h *house) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	err := h.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// client reads a stream as a browser would, and notes what it was told.
type client struct {
	s      *live.Subscription
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	ids    []string // of changes
	access int
	resync int
	unread map[string]int64
	cursor string
	ended  time.Time
}

func connect(t testing.TB, hub *live.Hub, by veranda.Actor, cursor string) *client {
	t.Helper()
	s, err := hub.Subscribe(context.Background(), by, live.SubscribeInput{Cursor: cursor})
	if err != nil {
		t.Fatal(err)
	}
	return follow(t, s)
}

func follow(t testing.TB, s *live.Subscription) *client {
	ctx, cancel := context.WithCancel(context.Background())
	c := &client{s: s, cancel: cancel, done: make(chan struct{}), unread: map[string]int64{}}
	c.read(s.Hello())
	go c.run(ctx)
	t.Cleanup(c.leave)
	return c
}

// leave breaks the connection and gives the cursor to resume with.
func (c *client) leave() {
	c.cancel()
	<-c.done
	c.s.Close()
}

func (c *client) run(ctx context.Context) {
	defer close(c.done)
	for {
		pieces, err := c.s.Next(ctx)
		c.read(slices.Concat(pieces...))
		if live.Ended(err) {
			c.mu.Lock()
			c.ended = time.Now()
			c.mu.Unlock()
			return
		}
		if len(pieces) > 0 && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-c.s.Wake():
		case <-time.After(100 * time.Millisecond):
			c.read(c.s.Beat())
		}
	}
}

func (c *client) read(text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for block := range strings.SplitSeq(string(text), "\n\n") {
		name, data := "", ""
		for line := range strings.SplitSeq(block, "\n") {
			field, value, _ := strings.Cut(line, ": ")
			switch field {
			case "id":
				c.cursor = value
			case "event":
				name = value
			case "data":
				data = value
			}
		}
		switch name {
		case "change":
			var change live.Change
			if err := json.Unmarshal([]byte(data), &change); err != nil {
				panic(errors.Join(err, errors.New(data)))
			}
			c.ids = append(c.ids, change.ID.String())
		case "access":
			c.access++
		case "resync":
			c.resync++
		case "unread":
			var u live.Unread
			if err := json.Unmarshal([]byte(data), &u); err != nil {
				panic(err)
			}
			c.unread[u.Counter] = u.Unread
		}
	}
}

func (c *client) got() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.ids)
}

func (c *client) count() int { return len(c.got()) }

func (c *client) state() (access, resync int, ended bool, cursor string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.access, c.resync, !c.ended.IsZero(), c.cursor
}

// wants waits until exactly these changes have come, in this order.
func (c *client) wants(t testing.TB, who string, want ...string) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for len(c.got()) < len(want) && time.Now().Before(deadline) {
		time.Sleep(2 * time.Millisecond)
	}
	if got := c.got(); !slices.Equal(got, want) {
		t.Errorf("%s got %d changes, want %d:\n%v\n%v", who, len(got), len(want), got, want)
	}
}

func newEventID() (id veranda.EventID) {
	if err := id.UnmarshalText([]byte(veranda.NewOrgID().String())); err != nil {
		panic(err)
	}
	return id
}
