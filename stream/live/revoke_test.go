package live_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream/live"
	"github.com/veranda-go/veranda/verandatest"
)

type fakeCounts struct {
	mu      sync.Mutex
	numbers map[veranda.AccountID]int64
}

func (f *fakeCounts) set(account veranda.AccountID, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.numbers[account] = n
}

func (f *fakeCounts) count(_ context.Context, _ veranda.OrgID, accounts []veranda.AccountID) (map[veranda.AccountID]int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[veranda.AccountID]int64{}
	for _, a := range accounts {
		out[a] = f.numbers[a]
	}
	return out, nil
}

// session makes a session in the database and gives the actor who holds its token.
func (h *house) session(t testing.TB, account veranda.AccountID, token string, ends time.Time) veranda.Actor {
	t.Helper()
	by := veranda.TokenActor(token)
	now := h.DB.Now()
	h.exec(t, `INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at) VALUES ($1, $2, $3, 'browser', '', '', $4, $4, $5)`,
		by.TokenHash(), veranda.NewOrgID(), account, h.DB.Time(now), h.DB.Time(ends))
	return by
}

// What ends a right ends the stream within a second, without an event that says so, and nothing that happens afterwards
// comes.
func TestEnded(t *testing.T) {
	t.Parallel()
	ends := map[string]func(t *testing.T, h *house, by veranda.Actor){
		"session deleted": func(t *testing.T, h *house, by veranda.Actor) {
			h.exec(t, `DELETE FROM veranda_sessions WHERE token_hash = $1`, by.TokenHash())
		},
		"session expired": func(t *testing.T, h *house, _ veranda.Actor) { h.Clock.Advance(2 * time.Hour) },
		"last membership disabled": func(t *testing.T, h *house, _ veranda.Actor) {
			h.exec(t, `UPDATE veranda_memberships SET disabled_at = $1 WHERE account_id = $2`, h.DB.Time(h.DB.Now()), h.Guest.Account)
		},
		"organization deleted": func(t *testing.T, h *house, _ veranda.Actor) {
			h.exec(t, `UPDATE veranda_organizations SET deleted_at = $1 WHERE id = $2`, h.DB.Time(h.DB.Now()), h.Org)
		},
	}
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		for name, end := range ends {
			t.Run(name, func(t *testing.T) {
				h := newHouse(t, verandatest.New(t, e.Engine, modules()))
				by := h.session(t, h.Guest.Account, name, h.DB.Now().Add(time.Hour))
				c := connect(t, h.hub, by, "")
				first := h.in(t, h.Open)
				c.wants(t, "the guest", first)
				begin := time.Now()
				end(t, h, by)
				h.in(t, h.Open)
				verandatest.Eventually(t, 3*time.Second, "the stream ends", func() bool { _, _, ended, _ := c.state(); return ended })
				if took := c.ended.Sub(begin); took > time.Second {
					t.Errorf("the stream ended after %v, want within a second", took)
				}
				c.wants(t, "the guest, ended", first)
				if s, err := h.hub.Subscribe(context.Background(), by, live.SubscribeInput{Org: h.Org}); err == nil {
					s.Close()
					t.Error("subscribed again")
				}
			})
		}
	})
}

// A workspace that is lost is silent at once, and the client is told to drop it; the stream goes on.
func TestLosingAWorkspace(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e)
		guest, owner := connect(t, h.hub, h.Guest.Actor, ""), connect(t, h.hub, h.Owner.Actor, "")
		first := h.in(t, h.Private)
		guest.wants(t, "the guest", first)
		err := h.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Org: h.Org, Workspace: h.Private, Kind: "workspace.member_removed"})
			_, err := tx.Exec(ctx, `DELETE FROM veranda_workspace_members WHERE workspace_id = $1 AND account_id = $2`, h.Private, h.Guest.Account)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		after := h.in(t, h.Private)
		last := h.in(t, h.Open)
		guest.wants(t, "who lost a workspace", first, last)
		owner.wants(t, "the owner", first, after, last)
		verandatest.Eventually(t, 5*time.Second, "the guest is told", func() bool { access, _, _, _ := guest.state(); return access == 1 })
		if access, _, ended, _ := owner.state(); access != 0 || ended {
			t.Errorf("the owner was told %d times, ended=%v", access, ended)
		}
	})
}

// Writers commit out of order, clients come and go, rights are taken away, at random, on two nodes. Who keeps the right
// gets everything once, in the log's order; who loses it gets nothing that was committed afterwards.
func TestNothingMissedNothingTwice(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e, func(d *live.Deps) { d.Window = 100 })
		second := e.Node(t)
		nodes := []*live.Hub{h.hub, h.node(t, second, h.authz, func(d *live.Deps) { d.Window = 100 })}
		observers := map[int]*client{4: nil, 5: nil} // stay connected
		for p := range observers {
			observers[p] = connect(t, nodes[0], h.Members()[p].Actor, "")
		}
		var access sync.RWMutex // held by a writer while it commits, by who takes a right away alone
		var mu sync.Mutex
		lost, late := map[veranda.AccountID]bool{}, map[string][]veranda.AccountID{}
		writing := make(chan struct{})
		var writers, readers sync.WaitGroup
		people := h.Members()
		clients := make([]*client, len(people))
		for i, p := range people { // before anything is written
			clients[i] = connect(t, nodes[0], p.Actor, "")
		}
		for w := range 6 {
			writers.Go(func() {
				random := rand.New(rand.NewPCG(uint64(w), 7))
				for range 60 {
					access.RLock()
					mu.Lock()
					var without []veranda.AccountID
					for a := range lost {
						without = append(without, a)
					}
					mu.Unlock()
					event := veranda.Event{Org: h.Org, Workspace: h.Private, Kind: "tasks.task_created", ID: newEventID()}
					if random.IntN(4) == 0 {
						event.Workspace = h.Closed // noise
					}
					db := e.DB
					if random.IntN(2) == 0 {
						db = second
					}
					err := db.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
						tx.Emit(event)
						if e.Engine == verandatest.Postgres { // SQLite has one writer: it would only wait
							time.Sleep(time.Duration(random.IntN(8)) * time.Millisecond)
						}
						return nil
					})
					access.RUnlock()
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					late[event.ID.String()] = without
					mu.Unlock()
					time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
				}
			})
		}
		got := make([][]string, len(people))
		for i, p := range people {
			readers.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), 11))
				cursor, last, c := "", false, clients[i]
				for {
					select {
					case <-writing:
						last = true
					case <-time.After(time.Duration(20+random.IntN(150)) * time.Millisecond):
					}
					if last {
						time.Sleep(1200 * time.Millisecond) // what is left arrives
					}
					c.leave()
					got[i] = append(got[i], c.got()...)
					if _, _, _, cursor = c.state(); last {
						return
					}
					c = connect(t, nodes[random.IntN(2)], p.Actor, cursor)
				}
			})
		}
		for _, p := range []int{4, 5} { // external and guest
			before := observers[p].count()
			verandatest.Eventually(t, 20*time.Second, "events come while the right is there", func() bool { return observers[p].count() >= before+10 })
			access.Lock()
			h.exec(t, `DELETE FROM veranda_workspace_members WHERE workspace_id = $1 AND account_id = $2`, h.Private, people[p].Account)
			mu.Lock()
			lost[people[p].Account] = true
			mu.Unlock()
			access.Unlock()
		}
		writers.Wait()
		close(writing)
		readers.Wait()
		var log []string
		logged, err := e.DB.LogAfter(context.Background(), 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range logged {
			if l.Workspace == h.Private && l.Kind == "tasks.task_created" {
				log = append(log, l.ID.String())
			}
		}
		for i, p := range people {
			if !lost[p.Account] {
				if !slices.Equal(got[i], log) {
					t.Errorf("%s got %d events of %d, or in another order", p.Name, len(got[i]), len(log))
				}
				continue
			}
			seen, next := map[string]bool{}, 0
			for _, id := range got[i] {
				if seen[id] {
					t.Errorf("%s got %s twice", p.Name, id)
				}
				seen[id] = true
				if slices.Contains(late[id], p.Account) {
					t.Errorf("%s got %s, committed after the right was taken away", p.Name, id)
				}
				at := slices.Index(log[next:], id)
				if at < 0 {
					t.Errorf("%s got %s out of order", p.Name, id)
					break
				}
				next += at + 1
			}
		}
	})
}
