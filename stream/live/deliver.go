package live

import (
	"context"
	"slices"

	"github.com/veranda-go/veranda"
)

// deliver brings what the log holds since the last time to those who may see it.
func (h *Hub) deliver(ctx context.Context) error {
	for ctx.Err() == nil {
		h.mu.Lock()
		position := h.position
		h.mu.Unlock()
		logged, err := h.deps.DB.LogAfter(ctx, position, batchSize)
		if err != nil || len(logged) == 0 {
			return err
		}
		if err := h.deliverBatch(ctx, logged); err != nil {
			return err
		}
		if len(logged) < batchSize {
			return nil
		}
	}
	return nil
}

// delivery is an event for a subscription.
type delivery struct {
	to    *Subscription
	entry *entry
}

// deliverBatch asks who may see the events of a batch, after it was read and before anything is given out, and gives it
// out. Where it fails nothing was given out, and the batch is read again.
func (h *Hub) deliverBatch(ctx context.Context, logged []veranda.Logged) error {
	entries := h.entries(logged)
	if h.noteRights(logged) {
		// Somebody may belong to an organization since an event of this batch; the following ones are for them too.
		if err := h.checkSessions(ctx); err != nil {
			return err
		}
	}
	round, candidates := h.candidates(entries)
	allowed, err := h.allowed(ctx, candidates)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.keep(entries, logged[len(logged)-1].Position)
	for i, d := range candidates {
		if allowed[i] {
			d.to.push(d.entry)
		}
	}
	for s := range h.subs {
		if s.round != round && !s.behind { // came while it was asked
			s.fallBehind()
		}
	}
	h.mu.Unlock()
	h.noteCounts(logged)
	return nil
}

// candidates are who may be concerned by the events, in the events' order: those an event is addressed to, or all who
// belong to its organization.
func (h *Hub) candidates(entries []*entry) (round uint64, all []delivery) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.round++
	byOrg, byAccount := map[veranda.OrgID][]*Subscription{}, map[veranda.AccountID][]*Subscription{}
	for _, e := range entries {
		byOrg[e.event.Org] = nil
	}
	for s := range h.subs {
		if s.behind {
			continue
		}
		s.round = h.round
		byAccount[s.account] = append(byAccount[s.account], s)
		for org := range s.belongs {
			if list, wanted := byOrg[org]; wanted {
				byOrg[org] = append(list, s)
			}
		}
	}
	for _, e := range entries {
		if !e.event.Addressed() {
			for _, s := range byOrg[e.event.Org] {
				if s.concerns(e) {
					all = append(all, delivery{s, e})
				}
			}
			continue
		}
		for _, account := range e.event.To {
			for _, s := range byAccount[account] {
				if s.concerns(e) {
					all = append(all, delivery{s, e})
				}
			}
		}
	}
	return h.round, all
}

// keep adds to the window and cuts it. The caller holds mu.
func (h *Hub) keep(entries []*entry, position int64) {
	h.window = append(h.window, entries...)
	h.position = position
	if surplus := len(h.window) - h.deps.Window; surplus > h.deps.Window/8 {
		h.floor = h.window[surplus-1].position
		h.window = slices.Clone(h.window[surplus:])
	}
}

// since are the kept events after a position. The caller holds mu.
func (h *Hub) since(position int64) []*entry {
	i, _ := slices.BinarySearchFunc(h.window, position+1, func(e *entry, p int64) int { return int(e.position - p) })
	return h.window[i:]
}
