package sqlitegroup

import (
	"context"
	"slices"
	"sync"
)

// baton is a queue for the right to use the real connection, first come, first
// served. It is handed from holder to holder; the mutex inside guards the
// queue only and is never held during work.
type baton struct {
	mu     sync.Mutex
	held   bool
	closed bool
	queue  []*waiter
}

// waiter gets exactly one value: nil with the baton, or why it gets none.
type waiter struct{ turn chan error }

// take waits for the baton. With nil the caller holds it. If ctx ends while
// waiting the caller does not hold it; the holder may have handed it over at
// that very moment, and then pass is called to give it on.
func (b *baton) take(ctx context.Context, pass func()) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrClosed
	}
	if !b.held {
		b.held = true
		b.mu.Unlock()
		return nil
	}
	w := &waiter{turn: make(chan error, 1)}
	b.queue = append(b.queue, w)
	b.mu.Unlock()

	select {
	case err := <-w.turn:
		return err
	case <-ctx.Done():
	}
	b.mu.Lock()
	at := slices.Index(b.queue, w)
	if at >= 0 {
		b.queue = slices.Delete(b.queue, at, at+1)
	}
	b.mu.Unlock()
	if at < 0 {
		// No longer in the queue, so the answer is in the channel already.
		if err := <-w.turn; err != nil {
			return err
		}
		pass()
	}
	return ctx.Err()
}

// next hands the baton to the first in the queue. With nobody waiting the holder
// keeps it, unless drop says to let it lie free. It reports whether the caller
// is rid of the baton.
func (b *baton) next(drop bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) > 0 {
		w := b.queue[0]
		b.queue[0] = nil
		b.queue = b.queue[1:]
		w.turn <- nil
		return true
	}
	if drop {
		b.held = false
	}
	return drop
}

// retire refuses everybody who waits or comes later, waits for the holder, and
// keeps the baton for good.
func (b *baton) retire() {
	b.mu.Lock()
	b.closed = true
	for _, w := range b.queue {
		w.turn <- ErrClosed
	}
	b.queue = nil
	if !b.held {
		b.held = true
		b.mu.Unlock()
		return
	}
	last := &waiter{turn: make(chan error, 1)}
	b.queue = append(b.queue, last)
	b.mu.Unlock()
	<-last.turn
}
