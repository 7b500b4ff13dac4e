package live

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// countKey is a number of an organization, or of all.
type countKey struct {
	counter int // in Deps.Counters
	org     veranda.OrgID
}

// noteCounts notes whose numbers addressed events may have changed.
func (h *Hub) noteCounts(logged []veranda.Logged) {
	if len(h.deps.Counters) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range logged {
		if !l.Addressed() {
			continue
		}
		for i, c := range h.deps.Counters {
			if !veranda.Matches(c.Kinds, l.Kind) {
				continue
			}
			for _, account := range l.To {
				if h.accounts[account] > 0 {
					h.wantCount(i, l.Org, account)
				}
			}
		}
	}
}

// wantCount has a number asked for. The caller holds mu.
func (h *Hub) wantCount(counter int, org veranda.OrgID, account veranda.AccountID) {
	if h.deps.Counters[counter].Everywhere {
		org = veranda.OrgID{}
	}
	key := countKey{counter, org}
	if h.toCount[key] == nil {
		h.toCount[key] = map[veranda.AccountID]bool{}
	}
	h.toCount[key][account] = true
	nudge(h.counts)
}

// count asks for the numbers that may have changed: once for all accounts of an organization.
func (h *Hub) count(ctx context.Context) error {
	h.mu.Lock()
	wanted := h.toCount
	h.toCount = map[countKey]map[veranda.AccountID]bool{}
	h.mu.Unlock()
	var failed error
	for key, set := range wanted {
		accounts := make([]veranda.AccountID, 0, len(set))
		for account := range set {
			accounts = append(accounts, account)
		}
		for part := range slices.Chunk(accounts, askedAtOnce) {
			numbers, err := h.deps.Counters[key.counter].Count(ctx, key.org, part)
			h.mu.Lock()
			if err != nil {
				failed = fmt.Errorf("live: count %s: %w", h.deps.Counters[key.counter].Name, err)
				for _, account := range part {
					h.again(key, account)
				}
			} else {
				h.tellCounts(key, part, numbers)
			}
			h.mu.Unlock()
		}
	}
	return failed
}

// again keeps a number that could not be asked for until the next look; the caller holds mu.
func (h *Hub) again(key countKey, account veranda.AccountID) {
	if h.toCount[key] == nil {
		h.toCount[key] = map[veranda.AccountID]bool{}
	}
	h.toCount[key][account] = true
}

// tellCounts gives numbers to those they are of. The caller holds mu.
func (h *Hub) tellCounts(key countKey, accounts []veranda.AccountID, numbers map[veranda.AccountID]int64) {
	asked := map[veranda.AccountID]bool{}
	for _, account := range accounts {
		asked[account] = true
	}
	for s := range h.subs {
		if _, belongs := s.belongs[key.org]; asked[s.account] && (belongs || key.org.IsZero()) && (s.only.IsZero() || s.only == key.org || key.org.IsZero()) {
			if s.unread == nil {
				s.unread = map[countKey]int64{}
			}
			s.unread[key] = numbers[s.account]
			nudge(s.wake)
		}
	}
}
