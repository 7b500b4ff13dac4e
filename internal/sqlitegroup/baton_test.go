package sqlitegroup

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// A caller that gives up waiting gets its context's error at once, and the
// others their turn.
func TestWaitingBeginCancelled(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	f.exec(t, "CREATE TABLE a(x)")
	holder, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := insert(1)(holder); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wait := func(ctx context.Context, queued int, want error) {
		wg.Go(func() {
			if err := inTx(ctx, f.DB, insert(queued)); !errors.Is(err, want) {
				t.Errorf("waiter %d: %v, want %v", queued, err, want)
			}
		})
		waitQueued(t, f.group, queued)
	}
	ctx, cancel := context.WithCancel(context.Background())
	wait(context.Background(), 1, nil)
	wait(ctx, 2, context.Canceled)
	wait(context.Background(), 3, nil)
	wait(ctx, 4, context.Canceled) // the last in the queue
	cancel()
	waitQueued(t, f.group, 2)
	if err := holder.Commit(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if n := f.committed(t, "SELECT sum(x) FROM a"); n != 1+1+3 {
		t.Errorf("sum %d, want 5", n)
	}
}

// The only one waiting gives up: members of the batch who counted on it to go
// on are answered all the same.
func TestLastWaiterCancelled(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	f.exec(t, "CREATE TABLE a(x)")
	var stored atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 60 {
				ctx, cancel := context.WithCancel(context.Background())
				begun := make(chan struct{})
				go func() {
					// Cancels before, while, or after the baton comes.
					for range rand.IntN(2000) {
						select {
						case <-begun:
							return
						default:
						}
					}
					cancel()
				}()
				err := inTx(ctx, f.DB, insert(1))
				close(begun)
				cancel()
				switch {
				case err == nil:
					stored.Add(1)
				case !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := int64(f.committed(t, "SELECT count(*) FROM a")); n != stored.Load() {
		t.Errorf("acknowledged %d, stored %d", stored.Load(), n)
	}
	// database/sql answers a cancelled Commit before it has rolled back; once
	// this has had its turn, so has everybody.
	f.exec(t, "SELECT 1")
	f.group.baton.mu.Lock()
	defer f.group.baton.mu.Unlock()
	if f.group.baton.held || len(f.group.baton.queue) != 0 || f.group.batch != nil {
		t.Errorf("afterwards: held=%v, %d waiting, batch open=%v", f.group.baton.held, len(f.group.baton.queue), f.group.batch != nil)
	}
}

// Handed the baton at the moment it gives up, a caller passes it on, and ends
// the batch if nobody else can.
func TestCancelledWithBaton(t *testing.T) {
	t.Parallel()
	var b baton
	pass := func() { b.next(true) }
	for range 2000 {
		if err := b.take(context.Background(), pass); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		result := make(chan error, 1)
		go func() { result <- b.take(ctx, pass) }()
		go cancel()
		b.next(true)
		if <-result == nil {
			pass()
		}
		b.mu.Lock()
		held, queued := b.held, len(b.queue)
		b.mu.Unlock()
		if held || queued != 0 {
			t.Fatalf("afterwards: held=%v, %d waiting", held, queued)
		}
	}
}

// Close lets the running batch end and be answered, refuses who waits, and may
// be called again.
func TestCloseWhileInUse(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	f.exec(t, "CREATE TABLE a(x)")
	holder, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := insert(1)(holder); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			if err := inTx(context.Background(), f.DB, insert(2)); !errors.Is(err, ErrClosed) {
				t.Errorf("waiting when the database was closed: %v", err)
			}
		})
		waitQueued(t, f.group, i+1)
	}
	closed := make(chan error, 1)
	go func() { closed <- f.Close() }()
	waitQueued(t, f.group, 1) // Close alone
	wg.Wait()
	if err := insert(4)(holder); err != nil {
		t.Errorf("statement of the running transaction: %v", err)
	}
	if err := holder.Commit(); err != nil {
		t.Errorf("commit of the running transaction: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	if n := f.committed(t, "SELECT sum(x) FROM a"); n != 5 {
		t.Errorf("sum %d, want 5", n)
	}
	if err := errors.Join(f.Close(), f.group.close()); err != nil {
		t.Errorf("close again: %v", err)
	}
	if _, err := f.Exec("SELECT 1"); err == nil {
		t.Error("closed database works")
	}
	if _, err := (&conn{g: f.group}).Begin(); !errors.Is(err, ErrClosed) {
		t.Errorf("begin on a connection left over: %v", err)
	}
}

// Members in a batch that nobody continues are stored when Close comes.
func TestCloseUnderLoad(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(x)")
	var acked atomic.Int64
	var wg sync.WaitGroup
	started := make(chan struct{}, 16)
	for range 16 {
		wg.Go(func() {
			for n := 0; ; n++ {
				if err := inTx(context.Background(), f.DB, insert(1)); err != nil {
					return
				}
				acked.Add(1)
				if n == 5 {
					started <- struct{}{}
				}
			}
		})
	}
	for range 16 {
		<-started
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if n := int64(f.committed(t, "SELECT count(*) FROM a")); n != acked.Load() {
		t.Errorf("acknowledged %d, stored %d", acked.Load(), n)
	}
}
