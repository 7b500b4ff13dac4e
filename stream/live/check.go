package live

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// noteRights notes which organizations' rights events may have changed, and tells whether there were such events.
func (h *Hub) noteRights(logged []veranda.Logged) bool {
	found := false
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range logged {
		if veranda.Matches(h.deps.Rights, l.Kind) {
			found = true
			if !l.Org.IsZero() {
				h.changed[l.Org] = true
			}
		}
	}
	if found && len(h.changed) > 0 {
		nudge(h.checks)
	}
	return found
}

// check looks whose session or membership has ended, and where people may see another set of workspaces than before.
func (h *Hub) check(ctx context.Context) error {
	if err := h.checkSessions(ctx); err != nil {
		return err
	}
	return h.checkReach(ctx)
}

// checkSessions asks of everybody who is connected whether the session lives and where they belong: one read.
func (h *Hub) checkSessions(ctx context.Context) error {
	h.checking.Lock() // an older answer must not come after a newer one
	defer h.checking.Unlock()
	asked := map[veranda.Actor]int{}
	var actors []veranda.Actor
	h.mu.Lock()
	for s := range h.subs {
		if _, known := asked[s.actor]; !known {
			asked[s.actor] = len(actors)
			actors = append(actors, s.actor)
		}
	}
	h.mu.Unlock()
	watched := make([]veranda.Watched, 0, len(actors))
	for part := range slices.Chunk(actors, askedAtOnce) {
		some, err := h.watcher.Watched(ctx, h.conn, part)
		if err != nil {
			return fmt.Errorf("live: read who is connected: %w", err)
		}
		watched = append(watched, some...)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if n, known := asked[s.actor]; known {
			s.belong(watched[n])
		}
	}
	return nil
}

// checkReach tells those whose workspaces changed that they did.
func (h *Hub) checkReach(ctx context.Context) error {
	h.mu.Lock()
	orgs := h.changed
	h.changed = map[veranda.OrgID]bool{}
	var sights []veranda.Sight
	var whose []*Subscription
	for s := range h.subs {
		for org := range s.belongs {
			if orgs[org] {
				sights, whose = append(sights, veranda.Sight{Actor: s.actor, Org: org}), append(whose, s)
			}
		}
	}
	h.mu.Unlock()
	var reach []string
	for part := range slices.Chunk(sights, askedAtOnce) {
		some, err := h.watcher.Reach(ctx, h.conn, part)
		if err != nil {
			h.mu.Lock()
			for org := range orgs {
				h.changed[org] = true
			}
			h.mu.Unlock()
			return fmt.Errorf("live: read what people may see: %w", err)
		}
		reach = append(reach, some...)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range whose {
		s.reached(sights[i].Org, reach[i])
	}
	return nil
}

func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
