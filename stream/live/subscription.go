package live

import (
	"context"
	"slices"

	"github.com/veranda-go/veranda"
)

// SubscribeInput says what to be told of.
type SubscribeInput struct {
	// Org narrows the stream to one organization.
	Org veranda.OrgID `query:"organization" doc:"Only what happens in this organization."`
	// Cursor resumes a stream behind the last frame that was read; LastEventID is the same, as a browser sends it when it
	// connects again, and counts where both are given.
	Cursor      string `query:"cursor" maxLength:"64" doc:"The id of the last frame that was read; without one the stream begins now."`
	LastEventID string `header:"Last-Event-ID" maxLength:"64" doc:"The same, as browsers send it when they connect again. It counts where both are given."`
}

// Subscription is a client's stream. Its methods are for one goroutine.
type Subscription struct {
	hub     *Hub
	actor   veranda.Actor
	account veranda.AccountID
	only    veranda.OrgID // zero: all
	mark    string
	wake    chan struct{}

	// Guarded by the hub's mu.
	belongs map[veranda.OrgID]string
	reach   map[veranda.OrgID]string
	round   uint64   // the last batch it was asked about
	pending []*entry // not handed out yet, at most pendingMost
	behind  bool     // it reads by itself what comes after sent
	sent    int64    // through which everything was handed out
	resync  bool
	access  map[veranda.OrgID]bool
	unread  map[countKey]int64
	ended   error
}

// Subscribe begins a stream: of what happens in workspaces the actor may see, and of what is addressed to them, in all of
// their organizations or in one. It asks for no permission of its own: each event asks for what Kind.Permission says, when
// it is delivered. Close it.
//
// Errors: unauthenticated; a cursor that is none, or of another stream than this person's with this filter (invalid);
// not_found for an organization one does not belong to; rate.live beyond Deps.PerAccount; live.unavailable.
func (h *Hub) Subscribe(ctx context.Context, by veranda.Actor, in SubscribeInput) (*Subscription, error) {
	var checks veranda.Checks
	pointer, cursor := "/cursor", in.Cursor
	if in.LastEventID != "" {
		pointer, cursor = "/Last-Event-ID", in.LastEventID
	}
	position, mark, ok := decodeCursor(cursor)
	if cursor != "" && !ok {
		checks.Add(pointer, "cursor", "is not the id of a frame of this stream")
	}
	if err := checks.Err(); err != nil {
		return nil, err
	}
	if by.IsZero() || by.IsAnonymous() {
		return nil, veranda.ErrUnauthenticated
	}
	if by.System() != "" {
		return nil, veranda.ErrForbidden
	}
	s := &Subscription{hub: h, actor: by, only: in.Org, wake: make(chan struct{}, 1), behind: true}
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	s.mark = markOf(s.account, s.only)
	if cursor != "" && mark != s.mark {
		checks.Add(pointer, "cursor", "is of another stream: of another person, or of other organizations")
		return nil, checks.Err()
	}
	if err := h.add(ctx, s); err != nil {
		return nil, err
	}
	if err := s.begin(ctx, cursor != "", position); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// look reads who subscribes and what they may see.
func (s *Subscription) look(ctx context.Context) error {
	h := s.hub
	watched, err := h.watcher.Watched(ctx, h.conn, []veranda.Actor{s.actor})
	if err != nil {
		return err
	}
	if watched[0].Account.IsZero() {
		return veranda.ErrUnauthenticated
	}
	s.account, s.belongs, s.reach = watched[0].Account, watched[0].Belongs, map[veranda.OrgID]string{}
	if _, belongs := s.belongs[s.only]; !s.only.IsZero() && !belongs {
		return veranda.ErrNotFound
	}
	var sights []veranda.Sight
	for org := range s.belongs {
		sights = append(sights, veranda.Sight{Actor: s.actor, Org: org})
	}
	if len(sights) == 0 {
		return nil
	}
	reach, err := h.watcher.Reach(ctx, h.conn, sights)
	for i, sight := range sights {
		if err == nil {
			s.reach[sight.Org] = reach[i]
		}
	}
	return err
}

// add counts and registers a subscription.
func (h *Hub) add(ctx context.Context, s *Subscription) error {
	select {
	case <-h.started:
	case <-ctx.Done():
		return ErrFull.Because(ctx.Err())
	default:
		return ErrFull
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.running || len(h.subs) >= h.deps.PerNode:
		return ErrFull
	case h.accounts[s.account] >= h.deps.PerAccount:
		return ErrConnections
	}
	h.accounts[s.account]++
	h.subs[s] = struct{}{}
	s.sent = h.position
	for i, c := range h.deps.Counters {
		if c.Everywhere {
			h.wantCount(i, veranda.OrgID{}, s.account)
			continue
		}
		for org := range s.belongs {
			if s.only.IsZero() || s.only == org {
				h.wantCount(i, org, s.account)
			}
		}
	}
	return nil
}

// begin sets where the stream begins. A cursor may be ahead of this node, where another one was faster; one ahead of the
// log itself is of a log that is gone, as after a restored backup.
func (s *Subscription) begin(ctx context.Context, resumes bool, position int64) error {
	h := s.hub
	if !resumes {
		return nil
	}
	h.mu.Lock()
	ahead := position > h.position
	if !ahead {
		s.sent = position
	}
	h.mu.Unlock()
	if !ahead {
		return nil
	}
	end, err := h.deps.DB.LogEnd(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.resync = position > end; !s.resync {
		s.sent = position
	}
	return nil
}

// Close ends the stream on this side.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, open := h.subs[s]; !open {
		return
	}
	s.end(ErrEnded)
	delete(h.subs, s)
	if h.accounts[s.account]--; h.accounts[s.account] == 0 {
		delete(h.accounts, s.account)
	}
}

// concerns tells whether an event is one of the stream, rights aside. The caller holds mu.
func (s *Subscription) concerns(e *entry) bool {
	if !s.only.IsZero() && e.event.Org != s.only {
		return false
	}
	if e.event.Addressed() {
		return slices.Contains(e.event.To, s.account)
	}
	_, belongs := s.belongs[e.event.Org]
	return belongs
}

// push adds an event. One client that does not read holds up no other: beyond pendingMost its events are dropped, and it
// reads them again when it comes to it. The caller holds mu.
func (s *Subscription) push(e *entry) {
	switch {
	case s.ended != nil || s.behind || e.position <= s.sent:
	case len(s.pending) >= pendingMost:
		s.fallBehind()
	default:
		s.pending = append(s.pending, e)
		nudge(s.wake)
	}
}

// fallBehind makes the stream read by itself what comes after sent. The caller holds mu.
func (s *Subscription) fallBehind() {
	s.behind, s.pending = true, nil
	nudge(s.wake)
}

// end ends the stream on the hub's side. The caller holds mu.
func (s *Subscription) end(why error) {
	if s.ended == nil {
		s.ended, s.pending = why, nil
		nudge(s.wake)
	}
}

// belong takes in where the account belongs now. The caller holds mu.
func (s *Subscription) belong(w veranda.Watched) {
	_, in := w.Belongs[s.only]
	switch {
	case w.Account != s.account, len(s.belongs) > 0 && len(w.Belongs) == 0, !s.only.IsZero() && !in:
		s.end(ErrEnded)
		return
	}
	for org, is := range w.Belongs {
		if was, had := s.belongs[org]; !had || was != is {
			s.changed(org)
		}
	}
	for org := range s.belongs {
		if _, has := w.Belongs[org]; !has {
			s.changed(org)
			delete(s.reach, org)
		}
	}
	s.belongs = w.Belongs
}

// reached takes in what the account may see of an organization. The caller holds mu.
func (s *Subscription) reached(org veranda.OrgID, reach string) {
	if was, known := s.reach[org]; known && was != reach {
		s.changed(org)
	}
	s.reach[org] = reach
}

func (s *Subscription) changed(org veranda.OrgID) {
	if !s.only.IsZero() && s.only != org {
		return
	}
	if s.access == nil {
		s.access = map[veranda.OrgID]bool{}
	}
	s.access[org] = true
	nudge(s.wake)
}
