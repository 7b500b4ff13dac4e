package pgpipe

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// testDatabase is the database of one run of these tests. Each test has a schema of its own in it.
type testDatabase struct {
	once sync.Once
	name string
	err  error
}

var runDatabase testDatabase

func TestMain(m *testing.M) {
	code := m.Run()
	if err := runDatabase.drop(); err != nil {
		fmt.Fprintln(os.Stderr, "drop the test database:", err)
		code = 1
	}
	os.Exit(code)
}

func serverURL() string { return os.Getenv("VERANDA_TEST_POSTGRES") }

// onServer runs one statement outside the test database.
func onServer(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := pgx.Connect(ctx, serverURL())
	if err != nil {
		return err
	}
	_, err = server.Exec(ctx, statement)
	if closeErr := server.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}

func (d *testDatabase) create() error {
	d.once.Do(func() {
		name := "pgpipe_" + strings.ReplaceAll(uuid.NewString(), "-", "")
		if d.err = onServer("create database " + name); d.err == nil {
			d.name = name
		}
	})
	return d.err
}

func (d *testDatabase) drop() error {
	if d.name == "" {
		return nil
	}
	return onServer("drop database " + d.name + " with (force)")
}

// needPostgres is the one place that lets a test go without PostgreSQL: loudly, and not where it is required.
func needPostgres(t testing.TB) {
	t.Helper()
	if serverURL() != "" {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("VERANDA_REQUIRE"), ","), "postgres") {
		t.Fatal("VERANDA_REQUIRE names postgres, but VERANDA_TEST_POSTGRES is empty")
	}
	t.Skip("NOT TESTED: PostgreSQL pipelining needs a server; set VERANDA_TEST_POSTGRES to its URL")
}

// newConfig gives a configuration whose sessions work in a new, empty schema.
func newConfig(t testing.TB) *pgx.ConnConfig {
	t.Helper()
	needPostgres(t)
	if err := runDatabase.create(); err != nil {
		t.Fatalf("create the test database: %v", err)
	}
	config, err := pgx.ParseConfig(serverURL())
	if err != nil {
		t.Fatalf("VERANDA_TEST_POSTGRES: %v", err)
	}
	schema := "s" + strings.ReplaceAll(uuid.NewString(), "-", "")
	config.Database = runDatabase.name
	config.RuntimeParams["search_path"] = schema
	config.RuntimeParams["application_name"] = schema
	config.RuntimeParams["timezone"] = "Asia/Tokyo" // a time zone that no machine's default hides
	setUp := stdlib.OpenDB(*config)
	mustExec(t, setUp, "create schema "+schema)
	if err := setUp.Close(); err != nil {
		t.Fatal(err)
	}
	return config
}

// openPool opens a pool and closes it with the test.
func openPool(t testing.TB, config *pgx.ConnConfig) *sql.DB {
	t.Helper()
	db := Open(config)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the pool: %v", err)
		}
	})
	return db
}

// openPlain opens pgx's own pool on the same schema, as the reference.
func openPlain(t testing.TB, config *pgx.ConnConfig) *sql.DB {
	t.Helper()
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the plain pool: %v", err)
		}
	})
	return db
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func mustExec(t testing.TB, db execer, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readStrings gives the first column of every row.
func readStrings(t testing.TB, db queryer, query string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	all := []string{}
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

func mustBegin(t testing.TB, db interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
}) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	t.Cleanup(func() { _ = tx.Rollback() }) // has an effect only where the test failed before the end
	return tx
}

func mustCommit(t testing.TB, tx *sql.Tx) {
	t.Helper()
	if err := tx.Commit(); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

// oneConn holds one connection of the pool, so that nothing but the test uses it.
func oneConn(t testing.TB, db *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatalf("connection: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test may have closed it
	return conn
}

// waitFor waits until the condition holds, at most ten seconds.
func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
