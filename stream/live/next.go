package live

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
)

// Hello is the first frame: "ready", with the cursor the stream begins at. What is read by other means after it was
// received is at least as new as that.
func (s *Subscription) Hello() []byte {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return append(s.id(s.sent), "event: ready\ndata: {}\n\n"...)
}

// Wake is signalled when Next has something to give.
func (s *Subscription) Wake() <-chan struct{} { return s.wake }

// Next gives what is to be sent now, perhaps nothing: pieces of text/event-stream, shared with other streams and not to
// be changed. ErrEnded and ErrFull end the stream; other errors are passing, and Next may be called again.
func (s *Subscription) Next(ctx context.Context) ([][]byte, error) {
	h := s.hub
	h.mu.Lock()
	if s.ended != nil {
		defer h.mu.Unlock()
		return nil, s.ended
	}
	out := s.notes()
	behind := s.behind
	if !behind {
		out = s.take(out, s.pending)
		s.pending = nil
	}
	h.mu.Unlock()
	if behind {
		return s.catchUp(ctx, out)
	}
	return out, nil
}

// End is the frame that says why the stream ends.
func (s *Subscription) End(why error) []byte {
	reason := "ended"
	var e *veranda.Error
	if errors.As(why, &e) {
		reason = e.Reason
	}
	return frame("end", End{Reason: reason})
}

// Beat is sent where nothing else was for a while. It brings the cursor forward past what others did meanwhile, so that
// whoever resumes after a quiet night has little to go back over.
func (s *Subscription) Beat() []byte {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.ended != nil || s.behind || len(s.pending) > 0 || s.resync {
		return []byte(":\n\n")
	}
	s.sent = max(s.sent, s.hub.position)
	return append(s.id(s.sent), '\n')
}

func (s *Subscription) id(position int64) []byte { return idLine(encodeCursor(position, s.mark)) }

// notes are frames beside the log: they have no place in it, and of several of a kind the last counts. The caller holds mu.
func (s *Subscription) notes() (out [][]byte) {
	for org := range s.access {
		out = append(out, frame("access", Access{Org: org}))
	}
	for key, n := range s.unread {
		out = append(out, frame("unread", Unread{Org: key.org, Counter: s.hub.deps.Counters[key.counter].Name, Unread: n}))
	}
	s.access, s.unread = nil, nil
	return out
}

// take hands entries out. The caller holds mu.
func (s *Subscription) take(out [][]byte, entries []*entry) [][]byte {
	for _, e := range entries {
		out = append(out, s.id(e.position), e.frame())
		s.sent = e.position
	}
	return out
}

// catchUp reads what the stream missed: from the window, and from the log what is older. Delivery goes on beside it; when
// nothing has been delivered meanwhile, the stream takes part in it again.
func (s *Subscription) catchUp(ctx context.Context, out [][]byte) ([][]byte, error) {
	h := s.hub
	ctx, cancel := context.WithTimeout(ctx, resumeWithin)
	defer cancel()
	for {
		h.mu.Lock()
		from, to, floor := s.sent, h.position, h.floor
		if to <= from {
			s.behind = false
		}
		if s.resync || !s.behind {
			out = s.startAnew(out)
			h.mu.Unlock()
			return out, nil
		}
		kept := slices.DeleteFunc(slices.Clone(h.since(from)), func(e *entry) bool { return !s.concerns(e) })
		orgs := s.organizations()
		h.mu.Unlock()
		entries, tooMuch, err := s.older(ctx, from, floor, orgs)
		if err != nil {
			return out, err
		}
		entries = append(entries, kept...)
		var seen []*entry
		if !tooMuch {
			if seen, err = s.mine(ctx, entries); err != nil {
				return out, err
			}
		}
		h.mu.Lock()
		if s.ended != nil {
			defer h.mu.Unlock()
			return nil, s.ended
		}
		if tooMuch || len(seen) > resumeMost {
			s.resync = true
			out = s.startAnew(out)
			h.mu.Unlock()
			return out, nil
		}
		out = s.take(out, seen)
		s.sent = to
		s.behind = h.position > to
		done := !s.behind || len(out) > 0
		if s.behind {
			nudge(s.wake)
		}
		h.mu.Unlock()
		if done {
			return out, nil
		}
	}
}

// startAnew tells a client that has to that it must read everything anew; the stream goes on from here. The caller holds
// mu.
func (s *Subscription) startAnew(out [][]byte) [][]byte {
	if !s.resync {
		return out
	}
	s.resync, s.behind, s.sent, s.pending = false, false, s.hub.position, nil
	return append(out, s.id(s.sent), []byte("event: resync\ndata: {}\n\n"))
}

// organizations are those whose events the stream may have. The caller holds mu.
func (s *Subscription) organizations() (orgs []veranda.OrgID) {
	for org := range s.belongs {
		if s.only.IsZero() || s.only == org {
			orgs = append(orgs, org)
		}
	}
	return orgs
}

// older reads from the log what the window no longer has.
func (s *Subscription) older(ctx context.Context, from, floor int64, orgs []veranda.OrgID) (entries []*entry, tooMuch bool, err error) {
	if from >= floor {
		return nil, false, nil
	}
	if floor-from > resumeBack {
		return nil, true, nil
	}
	h := s.hub
	select { // reading back is slow: after a long standstill everybody comes at once
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	const most = 5 * resumeMost // of which some are seen
	logged, err := h.deps.DB.LogOf(ctx, from, floor, orgs, s.account, most+1)
	if err != nil {
		return nil, false, fmt.Errorf("live: resume: %w", err)
	}
	if len(logged) > most {
		return nil, true, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.DeleteFunc(h.entries(logged), func(e *entry) bool { return !s.concerns(e) }), false, nil
}

// mine are the events that the account may see now.
func (s *Subscription) mine(ctx context.Context, entries []*entry) ([]*entry, error) {
	deliveries := make([]delivery, len(entries))
	for i, e := range entries {
		deliveries[i] = delivery{s, e}
	}
	allowed, err := s.hub.allowed(ctx, deliveries)
	if err != nil {
		return nil, err
	}
	var seen []*entry
	for i, e := range entries {
		if allowed[i] {
			seen = append(seen, e)
		}
	}
	return seen, nil
}
