package pgpipe

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
)

const (
	insertTask   = "insert into tasks (id, title) values ($1, $2)"
	insertEvent  = "insert into events (id, kind) values ($1, $2)"
	insertOutbox = "insert into outbox (id) values ($1)"
	selectTitle  = "select title from tasks where id = $1"
)

func createTables(t testing.TB, db execer) {
	t.Helper()
	mustExec(t, db, `create table tasks (id bigint primary key, title text not null);
		create table events (id bigint primary key, kind text not null);
		create table outbox (id bigint primary key references events (id) deferrable initially deferred)`)
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	commit := func(t *testing.T, tx *sql.Tx) { mustCommit(t, tx) }
	rollback := func(t *testing.T, tx *sql.Tx) {
		if err := tx.Rollback(); err != nil {
			t.Fatalf("rollback: %v", err)
		}
	}
	read := func(t *testing.T, tx *sql.Tx, query string, args ...any) {
		if got := readStrings(t, tx, query, args...); len(got) != 1 {
			t.Fatalf("%s gave %q, want one row", query, got)
		}
	}
	tests := []struct {
		name string
		work func(t *testing.T, tx *sql.Tx)
		end  func(t *testing.T, tx *sql.Tx)
		want int
	}{
		{"nothing, commit", func(*testing.T, *sql.Tx) {}, commit, 0},
		{"nothing, rollback", func(*testing.T, *sql.Tx) {}, rollback, 0},
		{"create", func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, 1, "one")
			mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
			mustExec(t, tx, insertOutbox, Deferred{}, 1)
		}, commit, 2},
		{"create without arguments", func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, "insert into tasks (id, title) values (1, 'one')")
			mustExec(t, tx, "insert into events (id, kind) values (1, 'created')", Deferred{})
			mustExec(t, tx, "insert into outbox (id) values (1)", Deferred{})
		}, commit, 2},
		{"read, all else deferred", func(t *testing.T, tx *sql.Tx) {
			read(t, tx, selectTitle, 0)
			mustExec(t, tx, insertTask, Deferred{}, 1, "one")
			mustExec(t, tx, "insert into events (id, kind) values (1, 'created')", Deferred{})
			mustExec(t, tx, insertOutbox, Deferred{}, 1)
		}, commit, 2},
		{"all deferred", func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, Deferred{}, 1, "one")
			mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
			mustExec(t, tx, insertOutbox, Deferred{}, 1)
		}, commit, 1},
		{"deferred, rolled back", func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, Deferred{}, 1, "one")
		}, rollback, 0},
		{"written, rolled back", func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, 1, "one")
			mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
		}, rollback, 2},
		{"query without arguments", func(t *testing.T, tx *sql.Tx) {
			read(t, tx, "select title from tasks where id = 0")
		}, commit, 2},
		{"deferred before a query", func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, Deferred{}, 1, "one")
			read(t, tx, selectTitle, 1)
		}, commit, 3},
		{"two statements", func(t *testing.T, tx *sql.Tx) {
			mustExec(t, tx, insertTask, 1, "one")
			read(t, tx, selectTitle, 1)
		}, commit, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := newConfig(t)
			proxy := behindProxy(t, config)
			conn := oneConn(t, openPool(t, config))
			createTables(t, conn)
			mustExec(t, conn, insertTask, 0, "zero")
			// The first round prepares what the second, which is measured, uses.
			for _, prepare := range []bool{true, false} {
				got := proxy.during(func() {
					tx := mustBegin(t, conn)
					test.work(t, tx)
					test.end(t, tx)
				})
				if !prepare && got != test.want {
					t.Errorf("%d round trips, want %d", got, test.want)
				}
				mustExec(t, conn, "truncate events cascade")
				mustExec(t, conn, "delete from tasks where id <> 0")
			}
		})
	}
}

// What the same create costs without this package.
func TestRoundTripsOfPlainDriver(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	proxy := behindProxy(t, config)
	conn := oneConn(t, openPlain(t, config))
	createTables(t, conn)
	var got int
	for id := range 2 {
		got = proxy.during(func() {
			tx := mustBegin(t, conn)
			mustExec(t, tx, insertTask, id, "one")
			mustExec(t, tx, insertEvent, id, "created")
			mustExec(t, tx, insertOutbox, id)
			mustCommit(t, tx)
		})
	}
	if got != 5 {
		t.Errorf("%d round trips, want 5: the proxy does not count what it should", got)
	}
}

// A first statement of every kind carries BEGIN, and the server is in a transaction after it.
func TestFirstStatementBegins(t *testing.T) {
	t.Parallel()
	first := map[string]func(t *testing.T, tx *sql.Tx){
		"exec":             func(t *testing.T, tx *sql.Tx) { mustExec(t, tx, "set local lock_timeout = 1") },
		"several in one":   func(t *testing.T, tx *sql.Tx) { mustExec(t, tx, "select 1; select 2; -- end") },
		"empty":            func(t *testing.T, tx *sql.Tx) { mustExec(t, tx, "") },
		"savepoint":        func(t *testing.T, tx *sql.Tx) { mustExec(t, tx, "savepoint here") },
		"exec arguments":   func(t *testing.T, tx *sql.Tx) { mustExec(t, tx, "select $1::int", 1) },
		"query":            func(t *testing.T, tx *sql.Tx) { readStrings(t, tx, "select 'a'") },
		"query arguments":  func(t *testing.T, tx *sql.Tx) { readStrings(t, tx, "select $1::text", "a") },
		"query of no rows": func(t *testing.T, tx *sql.Tx) { readStrings(t, tx, "select $1::text where false", "a") },
		"prepare": func(t *testing.T, tx *sql.Tx) {
			statement, err := tx.PrepareContext(context.Background(), "select $1::text")
			if err != nil {
				t.Fatal(err)
			}
			if got := readStrings(t, preparedQueryer{statement}, "", "a"); len(got) != 1 || got[0] != "a" {
				t.Errorf("prepared statement gave %q", got)
			}
		},
	}
	config := newConfig(t)
	db := openPool(t, config)
	for name, run := range first {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := oneConn(t, db)
			for range 2 { // not prepared yet, prepared
				tx, err := conn.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelSerializable})
				if err != nil {
					t.Fatal(err)
				}
				run(t, tx)
				// Only inside the transaction is the level what was asked for.
				if got := readStrings(t, tx, "show transaction_isolation"); got[0] != "serializable" {
					t.Errorf("isolation after the first statement: %s", got[0])
				}
				mustCommit(t, tx)
				if got := readStrings(t, conn, "show transaction_isolation"); got[0] != "read committed" {
					t.Errorf("isolation after commit: %s", got[0])
				}
			}
		})
	}
}

// preparedQueryer reads a prepared statement as readStrings reads a text.
type preparedQueryer struct{ statement *sql.Stmt }

func (p preparedQueryer) QueryContext(ctx context.Context, _ string, args ...any) (*sql.Rows, error) {
	return p.statement.QueryContext(ctx, args...)
}

func TestTxOptions(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	tests := []struct {
		options  sql.TxOptions
		level    string
		readOnly string
	}{
		{sql.TxOptions{}, "read committed", "off"},
		{sql.TxOptions{ReadOnly: true}, "read committed", "on"},
		{sql.TxOptions{Isolation: sql.LevelReadUncommitted}, "read uncommitted", "off"},
		{sql.TxOptions{Isolation: sql.LevelReadCommitted}, "read committed", "off"},
		{sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, "repeatable read", "on"},
		{sql.TxOptions{Isolation: sql.LevelSnapshot}, "repeatable read", "off"},
		{sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true}, "serializable", "on"},
	}
	for _, test := range tests {
		tx, err := db.BeginTx(context.Background(), &test.options)
		if err != nil {
			t.Fatalf("%+v: %v", test.options, err)
		}
		level, readOnly := readStrings(t, tx, "show transaction_isolation"), readStrings(t, tx, "show transaction_read_only")
		if level[0] != test.level || readOnly[0] != test.readOnly {
			t.Errorf("%+v: level %s, read only %s", test.options, level[0], readOnly[0])
		}
		mustCommit(t, tx)
	}
	if _, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelLinearizable}); err == nil {
		t.Error("an isolation level that PostgreSQL lacks was accepted")
	}
	// All deferred: the options travel with the batch.
	mustExec(t, db, "create table one (id int)")
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, "insert into one values (1)", Deferred{})
	if code := pgCode(tx.Commit()); code != "25006" {
		t.Errorf("deferred insert in a read-only transaction: code %q, want 25006", code)
	}
}

func TestSupports(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	if !Supports(openPool(t, config)) {
		t.Error("a pool of Open is not recognized")
	}
	if Supports(stdlib.OpenDB(*config)) {
		t.Error("pgx's own pool was taken for one of Open")
	}
}
