package sqlitegroup

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// together runs the members in one batch, in their order, and returns their
// errors. The fixture's MaxBatchTime must be long.
func together(t *testing.T, f *fixture, members ...func(*sql.Tx) error) []error {
	t.Helper()
	gate, err := f.Begin() // holds the baton until all stand in the queue
	if err != nil {
		t.Fatal(err)
	}
	errs := make([]error, len(members))
	var wg sync.WaitGroup
	for i, member := range members {
		wg.Go(func() { errs[i] = inTx(context.Background(), f.DB, member) })
		waitQueued(t, f.group, i+1)
	}
	// If the batch fails this does too, and says what the members say.
	_ = gate.Rollback()
	wg.Wait()
	return errs
}

func patient(c *Config) { c.MaxBatchTime = time.Hour }

func insert(x any) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO a VALUES($1)", x)
		return err
	}
}

func hasCode(err error, code int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == code
}

// The disk is full for one member, who doesn't even look at the error: nobody
// in the batch is told that it is stored, nobody's row is, and the next batch
// works.
func TestDiskFullFailsTheBatch(t *testing.T) {
	t.Parallel()
	f := open(t, "&_pragma=max_page_count(50)", patient)
	f.exec(t, "CREATE TABLE a(x)")
	var statementErr, afterErr error
	reads := func(tx *sql.Tx) error {
		var n int
		return tx.QueryRow("SELECT count(*) FROM a").Scan(&n)
	}
	errs := together(t, f, insert("before"), reads,
		func(tx *sql.Tx) error {
			_, statementErr = tx.Exec("INSERT INTO a VALUES($1)", strings.Repeat("x", 1<<20))
			_, afterErr = tx.Exec("INSERT INTO a VALUES('in autocommit')")
			return nil
		})
	if !hasCode(statementErr, sqlite3.SQLITE_FULL) {
		t.Errorf("statement on a full disk: %v", statementErr)
	}
	if _, ok := errors.AsType[*BatchError](afterErr); !ok {
		t.Errorf("statement after it: %v, want a *BatchError", afterErr)
	}
	for i, err := range errs {
		if _, ok := errors.AsType[*BatchError](err); !ok || !hasCode(err, sqlite3.SQLITE_FULL) {
			t.Errorf("member %d got %v, want a *BatchError with the code of a full disk", i, err)
		}
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 0 {
		t.Errorf("%d rows of the failed batch are stored", n)
	}
	for i, err := range together(t, f, insert("later"), insert("later")) {
		if err != nil {
			t.Errorf("member %d of the next batch: %v", i, err)
		}
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 2 {
		t.Errorf("%d rows after the next batch, want 2", n)
	}
}

// Under load on a disk that fills up, what was acknowledged is stored, and
// nothing else.
func TestDiskFullUnderLoad(t *testing.T) {
	t.Parallel()
	f := open(t, "&_pragma=max_page_count(150)")
	f.exec(t, "CREATE TABLE a(x)", "CREATE TABLE counter(n INT)", "INSERT INTO counter VALUES(0)")
	var acked, refused atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 40 {
				err := inTx(context.Background(), f.DB, func(tx *sql.Tx) error {
					_, _ = tx.Exec("INSERT INTO a VALUES($1)", strings.Repeat("x", 3000))
					_, err := tx.Exec("UPDATE counter SET n = n + 1")
					return err
				})
				if err == nil {
					acked.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	rows, counter := f.committed(t, "SELECT count(*) FROM a"), f.committed(t, "SELECT n FROM counter")
	if int64(rows) != acked.Load() || rows != counter {
		t.Errorf("acknowledged %d, rows %d, counter %d", acked.Load(), rows, counter)
	}
	if acked.Load() == 0 || refused.Load() == 0 {
		t.Errorf("acknowledged %d, refused %d: the disk was not filled within the test", acked.Load(), refused.Load())
	}
}

// A conflict clause rolls the whole transaction back with an error that
// otherwise is harmless.
func TestRollbackByConflictClause(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	f.exec(t, "CREATE TABLE a(x UNIQUE)", "INSERT INTO a VALUES('taken')")
	var statementErr error
	errs := together(t, f, insert("before"), func(tx *sql.Tx) error {
		_, statementErr = tx.Exec("INSERT OR ROLLBACK INTO a VALUES('taken')")
		_, err := tx.Exec("INSERT INTO a VALUES('in autocommit')")
		return err
	})
	if !hasCode(statementErr, sqlite3.SQLITE_CONSTRAINT) {
		t.Errorf("statement: %v", statementErr)
	}
	for i, err := range errs {
		if _, ok := errors.AsType[*BatchError](err); !ok {
			t.Errorf("member %d got %v, want a *BatchError", i, err)
		}
	}
	f.exec(t, "INSERT INTO a VALUES('after')")
	if n := f.committed(t, "SELECT count(*) FROM a WHERE x IN ('taken', 'after')"); n != 2 || n != f.committed(t, "SELECT count(*) FROM a") {
		t.Errorf("%d of the rows expected are stored, of %d", n, f.committed(t, "SELECT count(*) FROM a"))
	}
}

// An ordinary constraint violation concerns nobody else.
func TestConstraintHarmsNobody(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	f.exec(t, "CREATE TABLE a(x UNIQUE)")
	errs := together(t, f, insert("one"), insert("one"), insert("two"))
	if errs[0] != nil || errs[2] != nil {
		t.Errorf("neighbours of a conflict got %v and %v", errs[0], errs[2])
	}
	e, ok := errors.AsType[*sqlite.Error](errs[1])
	if !ok || e.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		t.Errorf("conflict: %v, want the extended code of a unique constraint", errs[1])
	}
	if _, ok := errors.AsType[*BatchError](errs[1]); ok {
		t.Errorf("conflict %v is called a failure of the batch", errs[1])
	}
}

// COMMIT itself fails, here by a deferred foreign key.
func TestCommitFails(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	f.exec(t, "CREATE TABLE p(id INTEGER PRIMARY KEY)", "CREATE TABLE a(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)", "INSERT INTO p VALUES(1)")
	for i, err := range together(t, f, insert(1), insert(4711)) {
		if _, ok := errors.AsType[*BatchError](err); !ok || !hasCode(err, sqlite3.SQLITE_CONSTRAINT) {
			t.Errorf("member %d got %v", i, err)
		}
	}
	for i, err := range together(t, f, insert(1), insert(1)) {
		if err != nil {
			t.Errorf("member %d of the next batch: %v", i, err)
		}
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

// Whoever is answered finds the sync already seen, and the row stored.
func TestSyncBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	var synced atomic.Int64 // the members in batches synced so far
	var f *fixture
	f = open(t, "", func(c *Config) {
		c.OnSync = func() { synced.Store(f.group.Stats().Members) }
	})
	f.exec(t, "CREATE TABLE a(x)")
	var answered atomic.Int64
	answered.Store(1)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 30 {
				if err := inTx(context.Background(), f.DB, insert(1)); err != nil {
					t.Error(err)
				}
				if n := answered.Add(1); n > synced.Load() {
					t.Errorf("%d answered when %d were synced", n, synced.Load())
				}
			}
		})
	}
	wg.Wait()
	if got := synced.Load(); got != 16*30+1 {
		t.Errorf("synced %d members, want %d", got, 16*30+1)
	}
}

// A panic in OnSync reaches one member; all others are answered.
func TestPanicInOnSync(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	f := open(t, "", patient, func(c *Config) {
		c.OnSync = func() {
			if armed.CompareAndSwap(true, false) {
				panic("on sync")
			}
		}
	})
	f.exec(t, "CREATE TABLE a(x)")
	armed.Store(true)
	var panics atomic.Int64
	member := func(tx *sql.Tx) error { return insert(1)(tx) }
	gate, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			defer func() {
				if recover() != nil {
					panics.Add(1)
				}
			}()
			if err := inTx(context.Background(), f.DB, member); err != nil {
				t.Error(err)
			}
		})
		waitQueued(t, f.group, i+1)
	}
	if err := gate.Rollback(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if panics.Load() != 1 {
		t.Errorf("%d members saw the panic, want 1", panics.Load())
	}
	f.exec(t, "INSERT INTO a VALUES(2)")
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}

// MaxBatch bounds a batch even when others wait to join it.
func TestMaxBatch(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient, func(c *Config) { c.MaxBatch = 3 })
	f.exec(t, "CREATE TABLE a(x)")
	before := f.group.Stats()
	// With the gate that holds the queue back: gate+2, 3, 1 members.
	for i, err := range together(t, f, insert(1), insert(2), insert(3), insert(4), insert(5), insert(6)) {
		if err != nil {
			t.Errorf("member %d: %v", i, err)
		}
	}
	after := f.group.Stats()
	if batches, members := after.Batches-before.Batches, after.Members-before.Members; batches != 3 || members != 6 {
		t.Errorf("%d members in %d batches, want 6 in 3", members, batches)
	}
}

// Members that only read, or roll back, learn nothing before the batch they
// read from is durable.
func TestEveryMemberWaitsForTheBatch(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	var answered, early atomic.Int64
	f := open(t, "", patient, func(c *Config) {
		c.OnSync = func() {
			if armed.Load() {
				early.Store(answered.Load())
			}
		}
	})
	f.exec(t, "CREATE TABLE a(x)")
	armed.Store(true)
	gate, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var seen [2]int
	count := func(tx *sql.Tx, i int) error { return tx.QueryRow("SELECT count(*) FROM a").Scan(&seen[i]) }
	errFail := errors.New("fail")
	var wg sync.WaitGroup
	for i, member := range []func(*sql.Tx) error{
		insert(1),
		func(tx *sql.Tx) error { return count(tx, 0) },
		func(tx *sql.Tx) error { return errors.Join(count(tx, 1), errFail) },
		func(tx *sql.Tx) error {
			// Long enough for the others to be answered, if they were to be.
			for range 300 {
				if err := insert(2)(tx); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		wg.Go(func() {
			err := inTx(context.Background(), f.DB, member)
			answered.Add(1)
			if err != nil && !errors.Is(err, errFail) {
				t.Error(err)
			}
		})
		waitQueued(t, f.group, i+1)
	}
	if err := gate.Rollback(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if seen != [2]int{1, 1} {
		t.Errorf("members saw %v rows, want the uncommitted one: they were not in one batch", seen)
	}
	if early.Load() != 0 {
		t.Errorf("%d members were answered before the sync", early.Load())
	}
}

// A grave error that left the transaction standing ends the batch too. Here a
// second, attached file is locked by somebody else.
func TestGraveErrorWithoutRollback(t *testing.T) {
	t.Parallel()
	f := open(t, "", patient)
	second := filepath.Join(t.TempDir(), "second.db")
	other, err := sql.Open("sqlite", "file:"+second+"?_txlock=exclusive")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.Exec("CREATE TABLE b(x)"); err != nil {
		t.Fatal(err)
	}
	f.exec(t, "CREATE TABLE a(x)", "PRAGMA busy_timeout=0")
	var locked *sql.Tx
	var statementErr, afterErr error
	errs := together(t, f, insert(1), func(tx *sql.Tx) error {
		//sql:built the test varies the statement itself
		if _, err := tx.Exec("ATTACH '" + second + "' AS late"); err != nil {
			return err
		}
		var err error
		if locked, err = other.Begin(); err != nil {
			return err
		}
		_, statementErr = tx.Exec("INSERT INTO late.b VALUES(1)")
		_, afterErr = tx.Exec("INSERT INTO a VALUES(2)")
		return nil
	})
	if locked == nil {
		t.Fatal(errs)
	}
	if err := locked.Rollback(); err != nil {
		t.Fatal(err)
	}
	if !hasCode(statementErr, sqlite3.SQLITE_BUSY) {
		t.Errorf("statement: %v", statementErr)
	}
	for i, err := range append(errs, afterErr) {
		if _, ok := errors.AsType[*BatchError](err); !ok {
			t.Errorf("answer %d: %v, want a *BatchError", i, err)
		}
	}
	if n := f.committed(t, "SELECT count(*) FROM a"); n != 0 {
		t.Errorf("%d rows stored, want 0", n)
	}
	f.exec(t, "INSERT INTO a VALUES(3)")
}
