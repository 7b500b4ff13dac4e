package live_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/stream/live"
	"github.com/veranda-go/veranda/verandatest"
)

func TestEachIsToldWhatTheySee(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e)
		owner, guest, stranger, outsider := connect(t, h.hub, h.Owner.Actor, ""), connect(t, h.hub, h.Guest.Actor, ""), connect(t, h.hub, h.Stranger.Actor, ""), connect(t, h.hub, h.Outsider.Actor, "")
		only, err := h.hub.Subscribe(context.Background(), h.Owner.Actor, live.SubscribeInput{Org: h.Org})
		if err != nil {
			t.Fatal(err)
		}
		narrowed := follow(t, only)
		open := h.in(t, h.Open)
		private := h.in(t, h.Private)
		closed := h.in(t, h.Closed)
		sibling := h.in(t, h.Sibling)
		h.emit(t, h.DB, veranda.Event{Kind: "tenancy.role_changed"}) // not among the kinds
		elsewhere := h.emit(t, h.DB, veranda.Event{Org: h.Other, Workspace: h.OtherWorkspace})
		addressed := h.emit(t, h.DB, veranda.Event{Kind: "messaging.message_sent", To: []veranda.AccountID{h.Guest.Account, h.Stranger.Account, h.Outsider.Account}})
		h.emit(t, h.DB, veranda.Event{Kind: "messaging.message_sent"}) // addressed to nobody: nobody's
		last := h.in(t, h.Open)
		there := h.emit(t, h.DB, veranda.Event{Org: h.Other, Workspace: h.OtherWorkspace})
		owner.wants(t, "the owner", open, private, sibling, last)
		narrowed.wants(t, "the owner in one organization", open, private, sibling, last)
		guest.wants(t, "the guest", open, private, addressed, last)
		stranger.wants(t, "the stranger", open, closed, sibling, addressed, last)
		// Addressed by mistake, and no member of the organization it happened in.
		outsider.wants(t, "the outsider", elsewhere, there)
	})
}

func TestSubscribeRefuses(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e, func(d *live.Deps) { d.PerAccount = 2 })
		ctx := context.Background()
		subscribe := func(by veranda.Actor, in live.SubscribeInput) error {
			s, err := h.hub.Subscribe(ctx, by, in)
			if err == nil {
				t.Cleanup(s.Close)
			}
			return err
		}
		verandatest.WantCode(t, subscribe(veranda.Actor{}, live.SubscribeInput{}), veranda.CodeUnauthenticated)
		verandatest.WantCode(t, subscribe(veranda.Anonymous(), live.SubscribeInput{}), veranda.CodeUnauthenticated)
		verandatest.WantCode(t, subscribe(veranda.TokenActor("no such token"), live.SubscribeInput{}), veranda.CodeUnauthenticated)
		verandatest.WantCode(t, subscribe(veranda.SystemActor("job"), live.SubscribeInput{}), veranda.CodeForbidden)
		verandatest.WantCode(t, subscribe(h.Owner.Actor, live.SubscribeInput{Org: h.Other}), veranda.CodeNotFound)
		verandatest.WantCode(t, subscribe(h.Owner.Actor, live.SubscribeInput{Org: veranda.NewOrgID()}), veranda.CodeNotFound)
		for _, bad := range []string{"x", "1.", "zz.0123456789", "-1.0123456789ab", "01.0123456789ab", "1.0123456789AB"} {
			verandatest.WantFields(t, subscribe(veranda.Actor{}, live.SubscribeInput{Cursor: bad}), "/cursor cursor")
		}
		mine := connect(t, h.hub, h.Owner.Actor, "")
		_, _, _, cursor := mine.state()
		verandatest.WantFields(t, subscribe(h.Employee.Actor, live.SubscribeInput{LastEventID: cursor}), "/Last-Event-ID cursor")
		verandatest.WantFields(t, subscribe(h.Owner.Actor, live.SubscribeInput{Org: h.Org, Cursor: cursor}), "/cursor cursor")
		if err := subscribe(h.Owner.Actor, live.SubscribeInput{Cursor: cursor}); err != nil {
			t.Error(err)
		}
		if err := subscribe(h.Owner.Actor, live.SubscribeInput{}); !errors.Is(err, live.ErrConnections) {
			t.Errorf("a third connection: %v", err)
		}
		mine.leave()
		if err := subscribe(h.Owner.Actor, live.SubscribeInput{}); err != nil {
			t.Errorf("after one left: %v", err)
		}
	})
}

func TestResume(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		// A window of 16 events, so that going back reads the log as well.
		h := newHouse(t, e, func(d *live.Deps) { d.Window = 16 })
		guest := connect(t, h.hub, h.Guest.Actor, "")
		first := h.in(t, h.Open)
		guest.wants(t, "the guest", first)
		guest.leave()
		_, _, _, cursor := guest.state()
		want := []string{}
		for i := range 60 {
			if i%3 == 0 {
				h.in(t, h.Sibling)
			}
			want = append(want, h.in(t, h.Open))
		}
		want = append(want, h.emit(t, h.DB, veranda.Event{Kind: "messaging.message_sent", To: []veranda.AccountID{h.Guest.Account}}))
		other := connect(t, h.hub, h.Employee.Actor, "")
		last := h.in(t, h.Open)
		verandatest.Eventually(t, 5*time.Second, "the last is delivered", func() bool { return len(other.got()) > 0 && other.got()[len(other.got())-1] == last })
		guest = connect(t, h.hub, h.Guest.Actor, cursor)
		want = append(want, last)
		guest.wants(t, "who resumes", want...)
		want = append(want, h.in(t, h.Open))
		guest.wants(t, "who resumed", want...)
		guest.leave()
		// Nothing twice: the cursor of the last frame gives nothing more.
		_, _, _, end := guest.state()
		guest = connect(t, h.hub, h.Guest.Actor, end)
		next := h.in(t, h.Open)
		guest.wants(t, "who resumes at the end", next)

		// Too much to tell.
		before, err := e.DB.LogEnd(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		err = e.DB.InTx(context.Background(), func(_ context.Context, tx *veranda.Tx) error {
			for range 1100 {
				tx.Emit(veranda.Event{Org: h.Org, Workspace: h.Open, Kind: "tasks.task_created"})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		verandatest.Eventually(t, 5*time.Second, "the hub has read all of it", func() bool {
			probe := connect(t, h.hub, h.External.Actor, "")
			defer probe.leave()
			_, _, _, at := probe.state()
			position, err := e.DB.LogEnd(context.Background())
			return err == nil && position >= before+1100 && strings.HasPrefix(at, strconv.FormatInt(position, 36)+".")
		})
		late := connect(t, h.hub, h.Guest.Actor, cursor)
		verandatest.Eventually(t, 5*time.Second, "a client that missed too much starts anew", func() bool { _, resync, _, _ := late.state(); return resync == 1 })
		late.wants(t, "who started anew", h.in(t, h.Open))
	})
}

// A cursor that is ahead of the log is of a log that was there before a backup was restored.
func TestCursorAheadOfTheLog(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e)
		c := connect(t, h.hub, h.Guest.Actor, "")
		c.leave()
		_, _, _, cursor := c.state()
		c = connect(t, h.hub, h.Guest.Actor, "zzz"+cursor)
		verandatest.Eventually(t, 5*time.Second, "it starts anew", func() bool { _, resync, _, _ := c.state(); return resync == 1 })
		c.wants(t, "who started anew", h.in(t, h.Open))
	})
}

// One client that does not read holds up nobody, and reads everything when it reads again.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e)
		s, err := h.hub.Subscribe(context.Background(), h.Guest.Actor, live.SubscribeInput{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // it takes part in delivery
			if _, err := s.Next(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		quick := connect(t, h.hub, h.Employee.Actor, "")
		var want []string
		for range 200 {
			want = append(want, h.in(t, h.Open))
		}
		quick.wants(t, "a quick client", want...)
		slow := follow(t, s)
		slow.wants(t, "a slow client", want...)
	})
}

// A host's own Authorizer, which knows nothing of sights.
func TestAnAuthorizerThatIsAskedOneByOne(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e)
		plain := struct{ veranda.Authorizer }{h.authz}
		if _, err := live.New(live.Deps{DB: e.DB, Authz: plain, Kinds: kinds()}); err == nil {
			t.Error("a hub without a way to learn of organizations")
		}
		hub := h.node(t, e.DB, plain, func(d *live.Deps) {
			d.Organizations = func(_ context.Context, account veranda.AccountID) ([]veranda.OrgID, error) {
				if account == h.Outsider.Account {
					return []veranda.OrgID{h.Other}, nil
				}
				return []veranda.OrgID{h.Org}, nil
			}
		})
		guest, outsider := connect(t, hub, h.Guest.Actor, ""), connect(t, hub, h.Outsider.Actor, "")
		h.in(t, h.Sibling)
		here := h.in(t, h.Open)
		there := h.emit(t, h.DB, veranda.Event{Org: h.Other, Workspace: h.OtherWorkspace})
		guest.wants(t, "the guest", here)
		outsider.wants(t, "the outsider", there)
	})
}

// Two nodes on one database: without Redis they tell one another through PostgreSQL; on SQLite by looking.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		h := newHouse(t, e)
		second := e.Node(t)
		hub := h.node(t, second, h.authz)
		here, there := connect(t, h.hub, h.Guest.Actor, ""), connect(t, hub, h.Guest.Actor, "")
		var want []string
		for i := range 40 {
			db := e.DB
			if i%2 == 1 {
				db = second
			}
			want = append(want, h.emit(t, db, veranda.Event{Workspace: h.Open}))
		}
		here.wants(t, "who is on the first node", want...)
		there.wants(t, "who is on the second node", want...)
		// From one node to the other, with the cursor.
		there.leave()
		_, _, _, cursor := there.state()
		missed := h.in(t, h.Open)
		connect(t, h.hub, h.Guest.Actor, cursor).wants(t, "who changed nodes", missed)
	})
}

func TestUnread(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		counts := &fakeCounts{numbers: map[veranda.AccountID]int64{}}
		h := newHouse(t, e, func(d *live.Deps) {
			d.Counters = []live.Counter{
				{Name: "messages", Kinds: []string{"messaging.*"}, Count: counts.count},
				{Name: "inbox", Kinds: []string{"notifications.*"}, Everywhere: true, Count: counts.count},
			}
		})
		counts.set(h.Guest.Account, 3)
		guest := connect(t, h.hub, h.Guest.Actor, "")
		has := func(n int64) func() bool {
			return func() bool {
				guest.mu.Lock()
				defer guest.mu.Unlock()
				return guest.unread["messages"] == n
			}
		}
		verandatest.Eventually(t, 5*time.Second, "a number on connecting", has(3))
		counts.set(h.Guest.Account, 4)
		h.emit(t, h.DB, veranda.Event{Kind: "messaging.message_sent", To: []veranda.AccountID{h.Guest.Account}})
		verandatest.Eventually(t, 5*time.Second, "a number after a message", has(4))
		counts.set(h.Guest.Account, 9)
		h.emit(t, h.DB, veranda.Event{Kind: "notifications.notice_made", To: []veranda.AccountID{h.Guest.Account}})
		verandatest.Eventually(t, 5*time.Second, "the inbox's number", func() bool {
			guest.mu.Lock()
			defer guest.mu.Unlock()
			return guest.unread["inbox"] == 9 && guest.unread["messages"] == 4
		})
	})
}
