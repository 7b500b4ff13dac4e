package sqlitegroup

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cancelDuring stores cancel for the SQL function during and returns an insert
// that calls it, and works for a good while after that.
func cancelDuring(t *testing.T, cancel context.CancelFunc) string {
	during.Store(t.Name(), func() { cancel() })
	return "INSERT INTO a(w, n) WITH RECURSIVE r(i) AS (SELECT during('" + t.Name() + "') UNION ALL SELECT i+1 FROM r WHERE i < 400000) SELECT 7, sum(i) FROM r"
}

// Writers that commit, fail, panic, exit, are cancelled and roll back nested
// savepoints share batches; exactly what was acknowledged is stored.
func TestAcknowledgedIsStored(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(w INT, n INT)", "CREATE TABLE counter(n INT)", "INSERT INTO counter VALUES(0)")

	const writers, rounds = 32, 30
	errFail := errors.New("fail")
	// one is one transaction; how it ends depends on the writer.
	one := func(w, n int, acked *atomic.Int64) {
		defer func() {
			if p := recover(); p != nil && p != "panic" {
				panic(p)
			}
		}()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		err := inTx(ctx, f.DB, func(tx *sql.Tx) error {
			if _, err := tx.Exec("INSERT INTO a VALUES($1, $2)", w, n); err != nil {
				return err
			}
			if w%8 == 0 {
				cancel()
			}
			if _, err := tx.Exec("UPDATE counter SET n = n + 1"); err != nil {
				return err
			}
			switch w % 8 {
			case 1:
				panic("panic")
			case 2:
				return errFail
			case 3:
				runtime.Goexit()
			case 4:
				for _, q := range []string{"SAVEPOINT s", "INSERT INTO a VALUES(1000, 1)", "ROLLBACK TO s", "RELEASE s"} {
					if _, err := tx.Exec(q); err != nil {
						return err
					}
				}
			case 5: // an error the caller does not mind
				if _, err := tx.Exec("INSERT INTO nowhere VALUES(1)"); err == nil {
					t.Error("insert into a missing table succeeded")
				}
			}
			return nil
		})
		if err == nil {
			acked.Add(1)
		}
	}
	var acked atomic.Int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range rounds {
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					one(w, n, &acked)
				}()
				<-ended
			}
		})
	}
	wg.Wait()

	got := int64(f.committed(t, "SELECT count(*) FROM a"))
	if got != acked.Load() || int64(f.committed(t, "SELECT n FROM counter")) != got {
		t.Errorf("acknowledged %d, rows %d, counter %d", acked.Load(), got, f.committed(t, "SELECT n FROM counter"))
	}
	if want := int64(writers / 2 * rounds); got < want {
		t.Errorf("stored %d, want at least the %d of the writers nothing happens to", got, want)
	}
	if n := f.committed(t, "SELECT count(*) FROM a WHERE w = 1000"); n != 0 {
		t.Errorf("%d rows of rolled back savepoints are stored", n)
	}
	if n := f.committed(t, "SELECT count(*) FROM a WHERE w % 8 IN (1, 2, 3)"); n != 0 {
		t.Errorf("%d rows of failed transactions are stored", n)
	}
	s := f.group.Stats()
	if s.Members != acked.Load()+3 { // and the three statements above
		t.Errorf("Stats().Members = %d, want %d", s.Members, acked.Load()+3)
	}
	if s.Batches >= s.Members {
		t.Errorf("%d batches for %d members: commits are not shared", s.Batches, s.Members)
	}
}

// A caller gives up in the middle of a write statement. It gets its context's
// error, and a member before it in the same batch is stored.
func TestCancelInStatementHarmsNobody(t *testing.T) {
	t.Parallel()
	f := open(t, "", func(c *Config) { c.MaxBatchTime = time.Hour })
	f.exec(t, "CREATE TABLE a(w INT, n INT)")

	first, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Exec("INSERT INTO a(w) VALUES(1)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	second := make(chan error, 1)
	go func() {
		second <- inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, cancelDuring(t, cancel)); err != nil {
				t.Errorf("statement running when its context ended: %v", err)
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO a(w) VALUES(8)")
			return err
		})
	}()
	waitQueued(t, f.group, 1)
	if err := first.Commit(); err != nil {
		t.Errorf("commit of the neighbour: %v", err)
	}
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled member got %v", err)
	}
	if n := f.committed(t, "SELECT group_concat(w) FROM a"); n != 1 {
		t.Errorf("stored %d, want the neighbour's row alone", n)
	}
	if got := f.group.Stats(); got.Batches != 2 || got.Members != 2 {
		t.Errorf("%+v, want one batch for the table and one for the neighbour", got)
	}
}

// The context of the whole transaction ends in the middle of a statement:
// database/sql rolls back from another goroutine.
func TestCancelTransactionInStatement(t *testing.T) {
	t.Parallel()
	f := open(t, "")
	f.exec(t, "CREATE TABLE a(w INT, n INT)")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := inTx(ctx, f.DB, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), cancelDuring(t, cancel))
		return err
	})
	if err == nil {
		t.Error("commit after the end of the context succeeded")
	}
	f.exec(t, "INSERT INTO a(w) VALUES(1)")
	if n := f.committed(t, "SELECT group_concat(w) FROM a"); n != 1 {
		t.Errorf("stored %d, want the later row alone", n)
	}
}

// waitQueued returns when n callers wait for the baton.
func waitQueued(t testing.TB, g *Group, n int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		g.baton.mu.Lock()
		queued := len(g.baton.queue)
		g.baton.mu.Unlock()
		if queued == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d callers wait for the baton, want %d", queued, n)
		}
		runtime.Gosched()
	}
}
