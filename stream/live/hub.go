package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/veranda-go/veranda"
)

// Kind is events that are delivered.
type Kind struct {
	// Pattern is a kind ("stream.status_posted"), the beginning of kinds with an asterisk ("tasks.*"), or "*". The first
	// pattern that covers an event counts.
	Pattern string
	// Permission is what somebody needs to see such an event, in the event's workspace where it has one: "task.read". Empty
	// for events addressed to people (veranda.Event.To): to be addressed and to belong to the organization suffices. An
	// event that is not addressed and has no permission is delivered to nobody.
	Permission veranda.Permission
}

// Counter tells how much waits for people.
type Counter struct {
	// Name is what clients know the number by: "messages".
	Name string
	// Kinds are patterns of the addressed events after which the number is asked anew, for those they are addressed to.
	Kinds []string
	// Everywhere says that the number is of all organizations together: Count is called with the zero id.
	Everywhere bool
	// Count gives the numbers of accounts; one it leaves out has 0.
	Count func(ctx context.Context, org veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]int64, error)
}

// Deps are what a hub works with.
type Deps struct {
	DB *veranda.DB
	// Authz decides who sees what. Where it is a veranda.Watcher, everybody is asked about in one read.
	Authz veranda.Authorizer
	// Organizations says where an account belongs; wanted only where Authz is no veranda.Watcher.
	Organizations func(ctx context.Context, account veranda.AccountID) ([]veranda.OrgID, error)
	Kinds         []Kind
	Counters      []Counter
	// Rights are patterns of events after which it is looked at once who belongs where; default "tenancy.*" and
	// "workspace.*". Every half second it is looked anyway.
	Rights []string
	// PerAccount is how many subscriptions one account may have on a node, default 20; PerNode how many there may be in
	// all, default 10,000.
	PerAccount, PerNode int
	// Window is how many of the last events are kept in memory for those who resume, default 8,192.
	Window int
	Log    *slog.Logger
}

// Bounds of what one subscription is given at once.
const (
	pendingMost = 64      // frames waiting for one client; beyond, it reads again
	resumeMost  = 1_000   // events to resume over; beyond, the client starts anew
	resumeBack  = 100_000 // positions to go back over in the log; beyond, the client starts anew
	resumeReads = 2       // clients that go back in the log at once
	batchSize   = 500
	askedAtOnce = 1_000 // sights in one read
)

const (
	lookEvery  = 500 * time.Millisecond // behind the signals
	checkEvery = 500 * time.Millisecond
	// resumeWithin is how long a client's reading back may take before it is tried again.
	resumeWithin = 30 * time.Second
)

// Hub delivers what happens to those who are connected to this node. Make one with New, keep Run running, and Subscribe.
type Hub struct {
	deps    Deps
	conn    veranda.Conn
	watcher veranda.Watcher
	log     *slog.Logger

	reading  chan struct{} // a place for each of resumeReads
	started  chan struct{} // closed when position is known
	checks   chan struct{}
	counts   chan struct{}
	checking sync.Mutex

	mu       sync.Mutex
	running  bool
	position int64 // through which the log was delivered
	floor    int64 // after which the window holds everything
	window   []*entry
	round    uint64
	subs     map[*Subscription]struct{}
	accounts map[veranda.AccountID]int
	changed  map[veranda.OrgID]bool // organizations whose rights changed
	toCount  map[countKey]map[veranda.AccountID]bool
}

// New makes a hub.
func New(d Deps) (*Hub, error) {
	if d.DB == nil || d.Authz == nil || len(d.Kinds) == 0 {
		return nil, errors.New("live: Deps wants DB, Authz and Kinds")
	}
	for _, c := range d.Counters {
		if c.Name == "" || c.Count == nil {
			return nil, fmt.Errorf("live: counter %q wants a name and Count", c.Name)
		}
	}
	for _, n := range []struct {
		value    *int
		fallback int
	}{{&d.PerAccount, 20}, {&d.PerNode, 10_000}, {&d.Window, 8_192}} {
		if *n.value <= 0 {
			*n.value = n.fallback
		}
	}
	if d.Rights == nil {
		d.Rights = []string{"tenancy.*", "workspace.*"}
	}
	if d.Log == nil {
		d.Log = d.DB.Log()
	}
	watcher, ok := d.Authz.(veranda.Watcher)
	if !ok {
		if d.Organizations == nil {
			return nil, errors.New("live: Deps wants Organizations, as Authz is no veranda.Watcher")
		}
		watcher = newOneByOne(d)
	}
	return &Hub{
		deps: d, conn: d.DB.Conn(), watcher: watcher, log: d.Log,
		reading: make(chan struct{}, resumeReads), started: make(chan struct{}), checks: make(chan struct{}, 1), counts: make(chan struct{}, 1),
		subs: map[*Subscription]struct{}{}, accounts: map[veranda.AccountID]int{}, changed: map[veranda.OrgID]bool{},
		toCount: map[countKey]map[veranda.AccountID]bool{},
	}, nil
}

// Run delivers until the context ends; it is called once. When it returns, all subscriptions have ended.
func (h *Hub) Run(ctx context.Context) {
	grown, stop := h.deps.DB.Follow()
	defer stop()
	defer h.end()
	if !h.prime(ctx) {
		return
	}
	var loops sync.WaitGroup
	loops.Go(func() { h.loop(ctx, "live: rights", h.checks, checkEvery, h.check) })
	loops.Go(func() { h.loop(ctx, "live: unread counts", h.counts, time.Hour, h.count) })
	h.loop(ctx, "live: delivery", grown, lookEvery, h.deliver)
	loops.Wait()
}

// loop runs step when it is signalled and every interval. A failing step is repeated at the next occasion.
func (h *Hub) loop(ctx context.Context, name string, signal <-chan struct{}, interval time.Duration, step func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-signal:
		case <-ticker.C:
		}
		err := step(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			h.log.Error("background work fails", "part", name, "error", err)
		case err == nil && failing:
			h.log.Info("background work goes on", "part", name)
		}
		failing = err != nil
	}
}

// prime finds where the log ends and fills the window, so that a node that was restarted meets those who come back
// without reading the log for each.
func (h *Hub) prime(ctx context.Context) bool {
	for failing := false; ; failing = true {
		err := h.primeOnce(ctx)
		if err == nil {
			close(h.started)
			return true
		}
		if !failing && ctx.Err() == nil {
			h.log.Error("background work fails", "part", "live: start", "error", err)
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(lookEvery):
		}
	}
}

func (h *Hub) primeOnce(ctx context.Context) error {
	end, err := h.deps.DB.LogEnd(ctx)
	if err != nil {
		return err
	}
	position := max(0, end-int64(h.deps.Window))
	floor, window := position, []*entry(nil)
	for position < end {
		logged, err := h.deps.DB.LogAfter(ctx, position, batchSize)
		if err != nil {
			return err
		}
		if len(logged) == 0 {
			break
		}
		window = append(window, h.entries(logged)...)
		position = logged[len(logged)-1].Position
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running, h.position, h.floor, h.window = true, position, floor, window
	return nil
}

// end ends all subscriptions.
func (h *Hub) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = false
	for s := range h.subs {
		s.end(ErrFull)
	}
}

// entries are the events that are delivered to somebody.
func (h *Hub) entries(logged []veranda.Logged) []*entry {
	var out []*entry
	for _, l := range logged {
		kind := slices.IndexFunc(h.deps.Kinds, func(k Kind) bool { return veranda.Matches([]string{k.Pattern}, l.Kind) })
		if kind < 0 || !l.Addressed() && h.deps.Kinds[kind].Permission == "" {
			continue
		}
		out = append(out, &entry{event: l.Event, position: l.Position, kind: kind})
	}
	return out
}

// Connected is how many subscriptions there are.
func (h *Hub) Connected() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}
