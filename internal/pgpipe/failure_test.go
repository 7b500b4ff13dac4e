package pgpipe

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestAbortedTransactionCannotCommit(t *testing.T) {
	t.Parallel()
	fail := map[string]func(t *testing.T, tx *sql.Tx) error{
		"first exec, constraint": func(_ *testing.T, tx *sql.Tx) error {
			_, err := tx.Exec(insertTask, 0, "again")
			return err
		},
		"first exec without arguments, constraint": func(_ *testing.T, tx *sql.Tx) error {
			_, err := tx.Exec("insert into tasks values (0, 'again')")
			return err
		},
		// The server never sees the BEGIN in front of a simple query that it cannot parse.
		"first exec without arguments, syntax": func(_ *testing.T, tx *sql.Tx) error {
			_, err := tx.Exec("insert wrongly")
			return err
		},
		"first exec, syntax": func(_ *testing.T, tx *sql.Tx) error {
			_, err := tx.Exec("insert wrongly $1", 1)
			return err
		},
		"first query, division": func(_ *testing.T, tx *sql.Tx) error {
			return tx.QueryRow("select 1 / $1::int", 0).Scan(new(int))
		},
		"first query without arguments, syntax": func(_ *testing.T, tx *sql.Tx) error {
			return tx.QueryRow("select wrongly").Scan(new(int))
		},
		"first prepare, syntax": func(_ *testing.T, tx *sql.Tx) error {
			_, err := tx.Prepare("select wrongly")
			return err
		},
		"later exec": func(t *testing.T, tx *sql.Tx) error {
			mustExec(t, tx, insertTask, 1, "one")
			_, err := tx.Exec(insertTask, 0, "again")
			return err
		},
	}
	for name, run := range fail {
		for _, withDeferred := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				conn := oneConn(t, openPool(t, newConfig(t)))
				createTables(t, conn)
				mustExec(t, conn, insertTask, 0, "zero")
				tx := mustBegin(t, conn)
				if err := run(t, tx); pgCode(err) == "" {
					t.Fatalf("the failing statement: %v", err)
				}
				if _, err := tx.Exec(insertTask, 2, "two"); pgCode(err) != "25P02" {
					t.Errorf("exec after the error: %v, want 25P02", err)
				}
				if _, err := tx.Exec("insert into tasks values (3, 'three')"); pgCode(err) != "25P02" {
					t.Errorf("exec without arguments after the error: %v, want 25P02", err)
				}
				if _, err := tx.Query("select 1"); pgCode(err) != "25P02" {
					t.Errorf("query after the error: %v, want 25P02", err)
				}
				if withDeferred {
					_, _ = tx.Exec(insertTask, Deferred{}, 4, "four") // refused or queued, never stored
				}
				if err := tx.Commit(); !errors.Is(err, pgx.ErrTxCommitRollback) {
					t.Errorf("commit: %v, want ErrTxCommitRollback", err)
				}
				wantRows(t, conn, "tasks", "0")
			})
		}
	}
}

// When BEGIN itself fails, what travelled with it must not have run by itself.
func TestFailedBegin(t *testing.T) {
	t.Parallel()
	first := map[string]func(tx *sql.Tx) error{
		"exec":                   func(tx *sql.Tx) error { _, err := tx.Exec(insertTask, 1, "one"); return err },
		"exec without arguments": func(tx *sql.Tx) error { _, err := tx.Exec("insert into tasks values (1, 'one')"); return err },
		"query": func(tx *sql.Tx) error {
			return tx.QueryRow(insertTask+" returning id", 1, "one").Scan(new(int))
		},
		"query without arguments": func(tx *sql.Tx) error {
			return tx.QueryRow("insert into tasks values (1, 'one') returning id").Scan(new(int))
		},
		"deferred": func(tx *sql.Tx) error {
			if _, err := tx.Exec(insertTask, Deferred{}, 1, "one"); err != nil {
				return err
			}
			return tx.QueryRow("select 1").Scan(new(int))
		},
	}
	for name, run := range first {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := oneConn(t, openPool(t, newConfig(t)))
			createTables(t, conn)
			for range 2 { // not prepared yet, and then (by the statement outside the transaction) prepared
				tx := mustBegin(t, conn)
				spoilBegin(t, conn)
				if err := run(tx); pgCode(err) == "" {
					t.Errorf("the first statement: %v, want the server's error", err)
				}
				for range 2 {
					if _, err := tx.Exec(insertTask, 2, "two"); err == nil {
						t.Error("a statement after the failed BEGIN was taken")
					}
				}
				if err := tx.Commit(); !errors.Is(err, pgx.ErrTxCommitRollback) {
					t.Errorf("commit: %v, want ErrTxCommitRollback", err)
				}
				wantRows(t, conn, "tasks")
				mustExec(t, conn, insertTask, 1, "one")
				mustExec(t, conn, "delete from tasks")
			}
			tx := mustBegin(t, conn)
			mustExec(t, tx, insertTask, Deferred{}, 1, "one")
			spoilBegin(t, conn)
			if err := tx.Commit(); pgCode(err) == "" {
				t.Errorf("commit of deferred statements: %v, want the server's error", err)
			}
			wantRows(t, conn, "tasks")
		})
	}
}

// spoilBegin replaces the BEGIN that is waiting by one that the server refuses.
func spoilBegin(t *testing.T, held *sql.Conn) {
	t.Helper()
	err := held.Raw(func(driverConn any) error {
		driverConn.(*conn).lazy.set("begin isolation level imaginary")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTransactionEndedByHand(t *testing.T) {
	t.Parallel()
	conn := oneConn(t, openPool(t, newConfig(t)))
	createTables(t, conn)
	tx := mustBegin(t, conn)
	mustExec(t, tx, insertTask, 1, "one")
	mustExec(t, tx, "rollback")
	if _, err := tx.Exec(insertTask, 2, "two"); pgCode(err) != "25P02" {
		t.Errorf("after ROLLBACK by hand: %v, want 25P02", err)
	}
	if err := tx.Commit(); !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("commit: %v, want ErrTxCommitRollback", err)
	}
	wantRows(t, conn, "tasks")
}

func TestOneTransactionPerConnection(t *testing.T) {
	t.Parallel()
	conn := oneConn(t, openPool(t, newConfig(t)))
	createTables(t, conn)
	tx := mustBegin(t, conn)
	if _, err := conn.BeginTx(context.Background(), nil); err == nil {
		t.Error("a second transaction on the same connection was begun")
	}
	mustExec(t, tx, insertTask, 1, "one")
	mustCommit(t, tx)
	wantRows(t, conn, "tasks", "1")
}

func TestErrorPosition(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	const query = "select 'ä', wrongly"
	want := int32(len("select 'a', ") + 1)
	for name, run := range map[string]func(tx *sql.Tx) error{
		"exec":  func(tx *sql.Tx) error { _, err := tx.Exec(query); return err },
		"query": func(tx *sql.Tx) error { return tx.QueryRow(query).Scan(new(string)) },
		"later": func(tx *sql.Tx) error {
			mustExec(t, tx, "select 1")
			_, err := tx.Exec(query)
			return err
		},
	} {
		tx := mustBegin(t, db)
		var pgErr *pgconn.PgError
		if err := run(tx); !errors.As(err, &pgErr) || pgErr.Position != want {
			t.Errorf("%s: %+v, want position %d", name, pgErr, want)
		}
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

func TestKilledBackend(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	plain := openPlain(t, config)
	createTables(t, plain)
	moments := map[string]struct {
		before func(t *testing.T, tx *sql.Tx)
		after  func(tx *sql.Tx) error
	}{
		"before the first statement": {func(*testing.T, *sql.Tx) {}, func(tx *sql.Tx) error {
			_, err := tx.Exec(insertTask, 1, "one")
			return errors.Join(err, tx.Rollback())
		}},
		"before a batch of deferred statements": {func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, Deferred{}, 1, "one")
		}, (*sql.Tx).Commit},
		"before commit": {func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, 1, "one")
		}, (*sql.Tx).Commit},
		"before deferred statements and commit": {func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, 1, "one")
			mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
		}, (*sql.Tx).Commit},
	}
	for name, moment := range moments {
		db := openPool(t, config)
		db.SetMaxOpenConns(1)
		process := readStrings(t, db, "select pg_backend_pid()::text")[0]
		tx := mustBegin(t, db)
		moment.before(t, tx)
		mustExec(t, plain, "select pg_terminate_backend($1::int)", process)
		waitFor(t, "the server process is gone", func() bool {
			return len(readStrings(t, plain, "select 'there' from pg_stat_activity where pid = $1::int", process)) == 0
		})
		if err := moment.after(tx); err == nil {
			t.Errorf("%s: no error", name)
		}
		wantRows(t, db, "tasks") // on a new connection
		if now := readStrings(t, db, "select pg_backend_pid()::text")[0]; now == process {
			t.Errorf("%s: the killed connection is still in use", name)
		}
	}
}

func TestRowsLeftOpen(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	db.SetMaxOpenConns(1)
	createTables(t, db)
	process := readStrings(t, db, "select pg_backend_pid()::text")
	const many = "select repeat('x', 100) from generate_series(1, 20000)"
	for _, commit := range []bool{true, false} {
		for _, query := range []string{many, many + " where $1"} {
			var args []any
			if strings.HasSuffix(query, "$1") {
				args = append(args, true)
			}
			tx := mustBegin(t, db)
			mustExec(t, tx, insertTask, Deferred{}, 1, "one")
			rows, err := tx.Query(query, args...)
			if err != nil {
				t.Fatal(err)
			}
			if !rows.Next() {
				t.Fatalf("no row: %v", rows.Err())
			}
			mustExec(t, tx, insertEvent, Deferred{}, 1, "created") // needs nothing from the server yet
			if commit {
				mustCommit(t, tx)
				wantRows(t, db, "events", "1")
				mustExec(t, db, "truncate tasks, events, outbox")
			} else {
				if err := tx.Rollback(); err != nil {
					t.Errorf("rollback: %v", err)
				}
				wantRows(t, db, "events")
				wantRows(t, db, "tasks")
			}
			if err := rows.Close(); err != nil {
				t.Errorf("close the rows afterwards: %v", err)
			}
		}
	}
	if diff := cmp.Diff(process, readStrings(t, db, "select pg_backend_pid()::text")); diff != "" {
		t.Errorf("the connection was given up:\n%s", diff)
	}
}

// PostgreSQL answers ROLLBACK to a COMMIT in an aborted transaction, and calls that no error.
func TestCheckCommitted(t *testing.T) {
	t.Parallel()
	if err := checkCommitted(pgconn.NewCommandTag("COMMIT")); err != nil {
		t.Errorf("COMMIT: %v", err)
	}
	if err := checkCommitted(pgconn.NewCommandTag("ROLLBACK")); !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("ROLLBACK: %v, want ErrTxCommitRollback", err)
	}
}
