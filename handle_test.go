package veranda_test

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // a host's own driver
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/veranda-go/veranda/verandatest"
)

// plainHandle is a handle as a host program would open it by itself.
func plainHandle(t *testing.T, e *verandatest.Env, how string) *bun.DB {
	t.Helper()
	var handle *bun.DB
	if e.Engine == verandatest.Postgres {
		db, err := sql.Open("pgx", e.Location)
		if err != nil {
			t.Fatal(err)
		}
		handle = bun.NewDB(db, pgdialect.New())
	} else {
		dsn := "file:" + e.Location
		if how != "careless" {
			dsn += "?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_txlock=immediate"
		}
		db, err := sql.Open("sqlite", dsn)
		if err != nil {
			t.Fatal(err)
		}
		handle = bun.NewDB(db, sqlitedialect.New())
	}
	t.Cleanup(func() { _ = handle.Close() })
	return handle
}
