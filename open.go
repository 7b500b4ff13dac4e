package veranda

import (
	"context"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda/internal/database"
)

// Open opens the database a URL names: "postgres://…" or the path of a SQLite file (made when absent), as a plain path
// or as "sqlite:<path>".
//
// On SQLite the pragmas are those that keep every promise (WAL, synchronous=FULL, foreign keys), writers share commits,
// and readers are a pool that cannot write. On PostgreSQL BEGIN travels with a transaction's first statement and events
// with COMMIT; pool_max_conns in the URL sets the size of the pool, 32 otherwise.
func Open(ctx context.Context, location string, options ...Option) (*DB, error) {
	if database.IsPostgres(location) {
		return openPostgres(ctx, location, options)
	}
	return openSQLite(ctx, strings.TrimPrefix(location, "sqlite:"), options)
}

func openPostgres(ctx context.Context, location string, options []Option) (*DB, error) {
	handle, err := database.Postgres(location)
	if err != nil {
		return nil, fmt.Errorf("veranda: open PostgreSQL: %w", err)
	}
	db, err := newDB(handle, handle, options)
	if err != nil {
		return nil, err
	}
	db.owned, db.pipelined, db.location = true, true, location
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("veranda: open PostgreSQL: %w", err)
	}
	return db, nil
}

func openSQLite(ctx context.Context, path string, options []Option) (*DB, error) {
	writer, reader, err := database.SQLite(ctx, path, nil)
	if err != nil {
		return nil, fmt.Errorf("veranda: open SQLite %s: %w", path, err)
	}
	db, err := newDB(writer, reader, options)
	if err != nil {
		return nil, err
	}
	db.owned = true
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("veranda: open SQLite %s: %w", path, err)
	}
	return db, nil
}
