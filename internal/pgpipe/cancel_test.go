package pgpipe

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// Many transactions write a pair, one half directly and one deferred, while their contexts end at any moment. Whatever
// is stored is stored in pairs, and the pool is as good as new.
func TestCancellation(t *testing.T) {
	t.Parallel()
	handlers := map[string]func(*pgconn.PgConn) ctxwatch.Handler{
		"deadline": nil, // pgx's default: the connection is given up
		"cancel request": func(server *pgconn.PgConn) ctxwatch.Handler { // the statement is, and the connection stays
			return &pgconn.CancelRequestContextWatcherHandler{Conn: server, DeadlineDelay: 5 * time.Second}
		},
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t)
			plain := openPlain(t, config)
			mustExec(t, plain, "create table lefts (id int primary key); create table rights (id int primary key)")
			if handler != nil {
				config.BuildContextWatcherHandler = handler
			}
			db := openPool(t, config)
			db.SetMaxOpenConns(8)
			db.SetMaxIdleConns(8)

			var committed, failed atomic.Int64
			acknowledged := make([]atomic.Bool, 800)
			var workers sync.WaitGroup
			var next atomic.Int64
			for range 16 {
				workers.Go(func() {
					for id := next.Add(1) - 1; int(id) < len(acknowledged); id = next.Add(1) - 1 {
						if writePair(db, int(id)) == nil {
							acknowledged[id].Store(true)
							committed.Add(1)
						} else {
							failed.Add(1)
						}
					}
				})
			}
			workers.Wait()
			t.Logf("%d committed, %d cancelled", committed.Load(), failed.Load())
			if committed.Load() == 0 || failed.Load() == 0 {
				t.Error("the contexts did not end at different moments: this run shows nothing")
			}

			waitFor(t, "no session is in a transaction", func() bool {
				return len(readStrings(t, plain, `select state from pg_stat_activity where application_name = $1
					and pid <> pg_backend_pid() and (state <> 'idle' or xact_start is not null)`,
					config.RuntimeParams["application_name"])) == 0
			})
			lefts := readStrings(t, plain, "select id::text from lefts order by id")
			rights := readStrings(t, plain, "select id::text from rights order by id")
			if diff := cmp.Diff(lefts, rights); diff != "" {
				t.Errorf("half transactions are stored:\n%s", diff)
			}
			stored := make(map[string]bool, len(lefts))
			for _, id := range lefts {
				stored[id] = true
			}
			for id := range acknowledged {
				if acknowledged[id].Load() && !stored[fmt.Sprint(id)] {
					t.Errorf("%d was acknowledged, and is not stored", id)
				}
			}
			// Every connection of the pool works, and none is in a transaction.
			mustExec(t, plain, "truncate lefts, rights")
			for range 16 {
				workers.Go(func() {
					for id := next.Add(1); id < int64(len(acknowledged))+400; id = next.Add(1) {
						if err := writeWhole(context.Background(), db, int(id), 0, func() {}); err != nil {
							t.Errorf("afterwards: %v", err)
						}
					}
				})
			}
			workers.Wait()
			if diff := cmp.Diff(readStrings(t, plain, "select id::text from lefts order by id"),
				readStrings(t, plain, "select id::text from rights order by id")); diff != "" {
				t.Errorf("afterwards:\n%s", diff)
			}
		})
	}
}

// writePair writes a pair under a context that may end at any moment after it has a connection, or not at all.
func writePair(db *sql.DB, id int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return writeWhole(ctx, db, id, rand.IntN(4), func() {
		if id%3 > 0 {
			// BeginTx sends nothing, so the clock runs from the first byte that is sent.
			after := time.Duration(rand.IntN(6_000)) * time.Microsecond
			time.AfterFunc(after, cancel)
		}
	})
}

// writeWhole writes a pair in one of several ways, and calls begun when it has a connection.
func writeWhole(ctx context.Context, db *sql.DB, id, way int, begun func()) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	begun()
	const slowly = " where pg_sleep(random() * 0.004) is not null"
	steps := [][]any{
		{"insert into lefts select $1::int" + slowly, id},
		{"insert into rights values ($1)", Deferred{}, id},
	}
	switch way {
	case 1:
		steps[0] = []any{fmt.Sprintf("insert into lefts select %d%s", id, slowly)}
	case 2:
		steps[0] = []any{"insert into lefts values ($1)", Deferred{}, id}
		steps[1] = []any{"insert into rights select $1::int" + slowly, Deferred{}, id}
	case 3: // the deferred half is sent ahead of commit
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if _, err := tx.ExecContext(ctx, step[0].(string), step[1:]...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// A context that ends between two statements costs the transaction, not the connection.
func TestCancelBetweenStatements(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	db.SetMaxOpenConns(1)
	createTables(t, db)
	process := readStrings(t, db, "select pg_backend_pid()::text")
	for _, begun := range []bool{false, true} {
		ctx, cancel := context.WithCancel(context.Background())
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if begun {
			mustExec(t, tx, insertTask, 1, "one")
		}
		mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
		cancel()
		if err := tx.Commit(); err == nil {
			t.Error("commit after the context ended: no error")
		}
		// The only connection comes back once database/sql has rolled back.
		wantRows(t, db, "tasks")
		wantRows(t, db, "events")
	}
	if diff := cmp.Diff(process, readStrings(t, db, "select pg_backend_pid()::text")); diff != "" {
		t.Errorf("the connection was given up:\n%s", diff)
	}
}

// A statement whose own context is over is not sent, and neither is BEGIN.
func TestCancelledBeforeFirstStatement(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	createTables(t, db)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	tx := mustBegin(t, db)
	if _, err := tx.ExecContext(over, insertTask, 1, "one"); err == nil {
		t.Error("exec with a context that is over: no error")
	}
	if _, err := tx.QueryContext(over, "select 1"); err == nil {
		t.Error("query with a context that is over: no error")
	}
	mustExec(t, tx, insertTask, 2, "two")
	mustCommit(t, tx)
	wantRows(t, db, "tasks", "2")
}

// Not parallel: it counts goroutines.
func TestNoGoroutineStays(t *testing.T) {
	config := newConfig(t)
	plain := openPlain(t, config)
	createTables(t, plain)
	mustExec(t, plain, "create table lefts (id int primary key); create table rights (id int primary key)")
	before := runtime.NumGoroutine()
	db := Open(config)
	for id := range 60 {
		_ = writePair(db, id) // some fail, as they should
	}
	_ = db.QueryRow("select 1 / 0").Scan(new(int))
	if _, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelLinearizable}); err == nil {
		t.Error("an unknown isolation level was accepted")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before })
}
