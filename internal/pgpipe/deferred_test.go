package pgpipe

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgCode is PostgreSQL's code in an error's chain, "" if there is none.
func pgCode(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// wantRows compares a table's ids.
func wantRows(t testing.TB, db queryer, table string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, readStrings(t, db, "select id::text from "+table+" order by id")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", table, diff)
	}
}

func TestDeferredKeepsItsPlace(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	createTables(t, db)
	ctx := context.Background()

	tx := mustBegin(t, db)
	mustExec(t, tx, insertTask, Deferred{}, 1, "one")
	mustExec(t, tx, "update tasks set title = title || '!' where id = $1", 1) // exec
	mustExec(t, tx, insertTask, Deferred{}, 2, "two")
	if got := readStrings(t, tx, "select title from tasks order by id"); !cmp.Equal(got, []string{"one!", "two"}) {
		t.Errorf("query after deferred statements: %q", got)
	}
	statement, err := tx.PrepareContext(ctx, "update tasks set title = title || '?' where id = $1")
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, tx, insertTask, Deferred{}, 3, "three")
	if _, err := statement.ExecContext(ctx, 3); err != nil { // prepared
		t.Fatal(err)
	}
	mustExec(t, tx, "update tasks set title = title || '.'", Deferred{})
	mustCommit(t, tx)
	want := []string{"one!.", "two.", "three?."}
	if got := readStrings(t, db, "select title from tasks order by id"); !cmp.Equal(got, want) {
		t.Errorf("after commit %q, want %q", got, want)
	}
}

func TestDeferredArguments(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	mustExec(t, db, "create table t (id int, raw bytea, doc jsonb, names text[], missing text)")
	raw, doc := []byte("before"), json.RawMessage(`{"a":1}`)
	for id, mode := range []any{nil, pgx.QueryExecModeExec, pgx.QueryExecModeCacheStatement} {
		tx := mustBegin(t, db)
		args := []any{Deferred{}, mode, id, raw, doc, []string{"x", "y"}, nil}
		if mode == nil {
			args = append(args[:1], args[2:]...)
		}
		mustExec(t, tx, "insert into t values ($1, $2, $3, $4, $5)", args...)
		copy(raw, "AFTER!") // a caller may use its buffer again
		copy(doc, `{"b":2}`)
		mustCommit(t, tx)
		copy(raw, "before")
		copy(doc, `{"a":1}`)
	}
	got := readStrings(t, db, "select convert_from(raw, 'utf8') || doc::text || names::text || (missing is null) from t order by id")
	want := `before{"a": 1}{x,y}true`
	if diff := cmp.Diff([]string{want, want, want}, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	// A rewriter makes its text when it is sent.
	tx := mustBegin(t, db)
	mustExec(t, tx, "insert into t (id, missing) values (@id, @text)", Deferred{}, pgx.NamedArgs{"id": 9, "text": "named"})
	mustCommit(t, tx)
	if got := readStrings(t, db, "select missing from t where id = 9"); !cmp.Equal(got, []string{"named"}) {
		t.Errorf("named arguments: %q", got)
	}
}

func TestDeferredErrorFailsCommit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		query string
		args  []any
		code  string
	}{
		{"unique", insertTask, []any{0, "again"}, "23505"},
		{"unique without arguments", "insert into tasks values (0, 'again')", nil, "23505"},
		{"constraint checked at commit", insertOutbox, []any{77}, "23503"},
		{"unknown table", "insert into nowhere values ($1)", []any{1}, "42P01"},
		{"unknown table without arguments", "insert into nowhere values (1)", nil, "42P01"},
		{"argument that cannot be encoded", insertTask, []any{struct{}{}, "x"}, ""},
		{"wrong number of arguments", insertTask, []any{5}, ""},
	}
	for _, test := range tests {
		for _, alone := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/alone=%v", test.name, alone), func(t *testing.T) {
				t.Parallel()
				conn := oneConn(t, openPool(t, newConfig(t)))
				createTables(t, conn)
				mustExec(t, conn, insertTask, 0, "zero")
				process := readStrings(t, conn, "select pg_backend_pid()::text")
				for range 2 { // the second time with prepared statements
					tx := mustBegin(t, conn)
					if !alone {
						mustExec(t, tx, insertTask, 1, "one")
					}
					mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
					mustExec(t, tx, test.query, append([]any{Deferred{}}, test.args...)...)
					mustExec(t, tx, insertEvent, Deferred{}, 2, "created")
					err := tx.Commit()
					if err == nil || pgCode(err) != test.code {
						t.Fatalf("commit: %v, want code %q", err, test.code)
					}
					wantRows(t, conn, "tasks", "0")
					wantRows(t, conn, "events")
				}
				// The connection stays, and works.
				if diff := cmp.Diff(process, readStrings(t, conn, "select pg_backend_pid()::text")); diff != "" {
					t.Errorf("another connection:\n%s", diff)
				}
				tx := mustBegin(t, conn)
				mustExec(t, tx, insertTask, 1, "one")
				mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
				mustCommit(t, tx)
				wantRows(t, conn, "tasks", "0", "1")
				wantRows(t, conn, "events", "1")
			})
		}
	}
}

func TestDeferredErrorBeforeAnotherStatement(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	createTables(t, db)
	mustExec(t, db, insertTask, 0, "zero")

	tx := mustBegin(t, db)
	mustExec(t, tx, insertTask, 1, "one")
	mustExec(t, tx, insertTask, Deferred{}, 0, "again")
	if _, err := tx.Exec(insertTask, 2, "two"); pgCode(err) != "23505" {
		t.Errorf("the statement after: %v, want the deferred one's error", err)
	}
	if _, err := tx.Query(selectTitle, 0); pgCode(err) != "23505" {
		t.Errorf("the query after: %v, want the deferred one's error", err)
	}
	mustExec(t, tx, insertTask, Deferred{}, 3, "three")
	err := tx.Commit()
	if pgCode(err) != "23505" || !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("commit: %v, want the deferred one's error and ErrTxCommitRollback", err)
	}
	wantRows(t, db, "tasks", "0")

	// An argument that cannot be sent leaves the server's transaction open and whole, but the caller's is not.
	tx = mustBegin(t, db)
	mustExec(t, tx, insertTask, 1, "one")
	mustExec(t, tx, insertTask, Deferred{}, struct{}{}, "x")
	if _, err := tx.Exec(insertTask, 2, "two"); err == nil {
		t.Error("the statement after was taken")
	}
	if _, err := tx.Exec(insertTask, Deferred{}, 3, "three"); err == nil {
		t.Error("a deferred statement after was taken")
	}
	if err := tx.Commit(); !errors.Is(err, pgx.ErrTxCommitRollback) {
		t.Errorf("commit: %v, want ErrTxCommitRollback", err)
	}
	wantRows(t, db, "tasks", "0")
}

func TestDeferredWithinSavepoint(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	createTables(t, db)
	mustExec(t, db, insertTask, 0, "zero")

	tx := mustBegin(t, db)
	mustExec(t, tx, insertTask, Deferred{}, 1, "kept")
	mustExec(t, tx, "savepoint inner_one")
	mustExec(t, tx, insertTask, Deferred{}, 2, "undone")
	mustExec(t, tx, insertTask, Deferred{}, 0, "fails")
	mustExec(t, tx, "rollback to savepoint inner_one") // takes the failed statement back too
	mustExec(t, tx, insertTask, Deferred{}, 3, "kept")
	mustCommit(t, tx)
	wantRows(t, db, "tasks", "0", "1", "3")
}

func TestRollbackDropsDeferred(t *testing.T) {
	t.Parallel()
	conn := oneConn(t, openPool(t, newConfig(t)))
	createTables(t, conn)
	for _, begun := range []bool{false, true} {
		tx := mustBegin(t, conn)
		if begun {
			mustExec(t, tx, insertTask, 1, "one")
		}
		mustExec(t, tx, insertTask, Deferred{}, 2, "two")
		if err := tx.Rollback(); err != nil {
			t.Fatalf("rollback: %v", err)
		}
		tx = mustBegin(t, conn) // nothing may be left over for the next
		mustExec(t, tx, "select 1")
		mustCommit(t, tx)
		wantRows(t, conn, "tasks")
	}
}

func TestDeferredMisuse(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	createTables(t, db)
	ctx := context.Background()
	if _, err := db.ExecContext(ctx, insertTask, Deferred{}, 1, "one"); !errors.Is(err, errDeferredOutside) {
		t.Errorf("outside a transaction: %v", err)
	}
	tx := mustBegin(t, db)
	if _, err := tx.QueryContext(ctx, selectTitle, Deferred{}, 1); !errors.Is(err, errDeferredQuery) {
		t.Errorf("query: %v", err)
	}
	result, err := tx.ExecContext(ctx, insertTask, Deferred{}, 1, "one")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); err == nil {
		t.Errorf("a deferred statement claims to know that it changed %d rows", n)
	}
	mustCommit(t, tx)
	if _, err := tx.ExecContext(ctx, insertTask, Deferred{}, 2, "two"); !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("after commit: %v", err)
	}
	wantRows(t, db, "tasks", "1")
}

// Texts without arguments are new each time and would fill the server with prepared statements.
func TestWhatStaysPrepared(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	config.StatementCacheCapacity = 2
	conn := oneConn(t, openPool(t, config))
	createTables(t, conn)
	for i := range 5 {
		tx := mustBegin(t, conn)
		mustExec(t, tx, fmt.Sprintf("insert into tasks values (%d, 'a')", i))
		readStrings(t, tx, fmt.Sprintf("select title from tasks where id = %d", i))
		mustExec(t, tx, fmt.Sprintf("insert into tasks values (%d, 'b')", 100+i), Deferred{})
		mustCommit(t, tx)
	}
	prepared := "select statement from pg_prepared_statements order by statement"
	if got := readStrings(t, conn, prepared); len(got) != 0 {
		t.Errorf("prepared: %q", got)
	}
	for i := range 5 {
		tx := mustBegin(t, conn)
		mustExec(t, tx, fmt.Sprintf("insert into events (id, kind) values ($1, 'a%d')", i), Deferred{}, i)
		mustCommit(t, tx)
	}
	want := []string{"insert into events (id, kind) values ($1, 'a3')", "insert into events (id, kind) values ($1, 'a4')"}
	if diff := cmp.Diff(want, readStrings(t, conn, prepared)); diff != "" {
		t.Errorf("prepared for deferred use (-want +got):\n%s", diff)
	}
	wantRows(t, conn, "events", "0", "1", "2", "3", "4")
}

// A change of the schema may spoil a prepared statement: it fails once, not for as long as the connection lives.
func TestSpoiltStatementIsPreparedAnew(t *testing.T) {
	t.Parallel()
	conn := oneConn(t, openPool(t, newConfig(t)))
	mustExec(t, conn, "create table t (id int)")
	run := func(id int) error {
		tx := mustBegin(t, conn)
		mustExec(t, tx, "insert into t (id) values ($1) returning *", Deferred{}, id)
		return tx.Commit()
	}
	if err := run(1); err != nil {
		t.Fatal(err)
	}
	mustExec(t, conn, "alter table t add column more text")
	if code := pgCode(run(2)); code != "0A000" {
		t.Fatalf("code %q, want 0A000: the statement was not spoilt, and this test shows nothing", code)
	}
	if err := run(3); err != nil {
		t.Errorf("after the failure: %v", err)
	}
	wantRows(t, conn, "t", "1", "3")
}
