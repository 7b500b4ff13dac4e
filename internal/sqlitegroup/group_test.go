package sqlitegroup

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"modernc.org/sqlite"
)

// during holds what tests want done in the middle of a statement, by a key of
// their own, for the SQL function during(key).
var during sync.Map

// TestMain registers the SQL function before any connection is opened, because
// modernc's list of functions must not change beside that.
func TestMain(m *testing.M) {
	sqlite.MustRegisterScalarFunction("during", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		do, ok := during.Load(args[0])
		if !ok {
			return nil, fmt.Errorf("nothing to do for %v", args[0])
		}
		do.(func())()
		return int64(1), nil
	})
	m.Run()
}

const pragmas = "?_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_pragma=synchronous(FULL)&_time_format=sqlite"

// fixture is a fresh database, its group writer, and a plain handle of its own
// that sees only what is committed.
type fixture struct {
	*sql.DB
	group  *Group
	reader *sql.DB
}

// open makes a fixture; extra is appended to the writer's DSN.
func open(t testing.TB, extra string, change ...func(*Config)) *fixture {
	t.Helper()
	file := "file:" + filepath.Join(t.TempDir(), "test.db") + pragmas
	cfg := Config{DSN: file + extra}
	for _, f := range change {
		f(&cfg)
	}
	db, group, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	reader, err := sql.Open("sqlite", file+"&_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	return &fixture{DB: db, group: group, reader: reader}
}

// exec runs statements one by one, each a member of its own.
func (f *fixture) exec(t testing.TB, queries ...string) {
	t.Helper()
	for _, q := range queries {
		if _, err := f.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// committed asks the reader for a number.
func (f *fixture) committed(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := f.reader.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// inTx is how callers use a transaction: rolled back unless fn returns nil,
// also when it panics.
func inTx(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
