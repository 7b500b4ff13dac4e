package sqlitegroup

import (
	"context"
	"time"
)

// batch is one real transaction. All but done belongs to the holder of the
// baton; err may be read by anybody once done is closed.
type batch struct {
	opened    time.Time
	members   int // all that joined and ended
	committed int // of them, those whose savepoint was released to be stored
	dead      error
	done      chan struct{}
	err       error
}

// join takes the baton, opens a batch if none is open, and sets the member's
// savepoint. Without an error the caller holds the baton and must call leave.
func (g *Group) join(ctx context.Context) (*batch, error) {
	if err := g.baton.take(ctx, g.pass); err != nil {
		return nil, err
	}
	joined := false
	defer func() {
		if !joined {
			g.pass()
		}
	}()
	if g.batch == nil {
		if err := g.real.run(beginBatch); err != nil {
			return nil, err
		}
		// errOutcome stays only if the COMMIT panicked, so that nobody takes it
		// for a success.
		g.batch = &batch{opened: time.Now(), done: make(chan struct{}), err: errOutcome}
	}
	b := g.batch
	if err := g.real.run(openMember); err != nil {
		b.dead = err
		return nil, &BatchError{Cause: err}
	}
	joined = true
	return b, nil
}

// leave ends the holder's membership, passes the baton, and waits for the
// batch. The error is the batch's.
func (g *Group) leave(b *batch, commit bool) error {
	g.endMember(b, commit)
	<-b.done
	return b.err
}

// endMember releases or rolls back the member's savepoint and passes the baton
// whatever happens.
func (g *Group) endMember(b *batch, commit bool) {
	defer g.pass()
	b.members++
	if b.dead != nil {
		return
	}
	if !commit {
		if err := g.real.run(undoMember); err != nil {
			b.dead = err
			return
		}
	}
	if err := g.real.run(closeMember); err != nil {
		b.dead = err
		return
	}
	if commit {
		b.committed++
	}
}

// pass gives the baton away. The batch ends first if it is due, or if nobody
// is there to continue it.
func (g *Group) pass() {
	gone := false
	defer func() {
		// A panic of OnSync must not leave the others waiting; finish has
		// cleared the batch, so this does not come here again.
		if !gone {
			g.pass()
		}
	}()
	if g.batch != nil && g.due(g.batch) {
		g.finish()
	}
	// Somebody who waits may give up between two looks at the queue. Therefore
	// the baton is dropped only without a batch, and only by the same look
	// that found nobody.
	if !g.baton.next(g.batch == nil) {
		g.finish()
		g.baton.next(true)
	}
	gone = true
}

func (g *Group) due(b *batch) bool {
	return b.dead != nil || b.members >= g.maxBatch || time.Since(b.opened) >= g.maxBatchTime
}

// finish ends the open batch and answers its members.
func (g *Group) finish() {
	b := g.batch
	g.batch = nil
	defer close(b.done)
	if b.dead == nil {
		b.dead = g.real.run(commitBatch)
	}
	if b.dead != nil {
		// SQLite may have rolled back already; then this fails, rightly.
		_ = g.real.run(rollbackBatch)
		b.err = &BatchError{Cause: b.dead}
		return
	}
	b.err = nil
	if b.committed == 0 {
		return
	}
	g.batches.Add(1)
	g.members.Add(int64(b.committed))
	if g.onSync != nil {
		g.onSync()
	}
}
