package veranda

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver of the reading pool

	"github.com/veranda-go/veranda/internal/pgpipe"
	"github.com/veranda-go/veranda/internal/sqlitegroup"
)

// Open opens the database a URL names: "postgres://…" or the path of a SQLite file (made when absent), as a plain path
// or as "sqlite:<path>".
//
// On SQLite the pragmas are those that keep every promise (WAL, synchronous=FULL, foreign keys), writers share commits,
// and readers are a pool that cannot write. On PostgreSQL BEGIN travels with a transaction's first statement and events
// with COMMIT.
func Open(ctx context.Context, location string, options ...Option) (*DB, error) {
	if strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://") {
		return openPostgres(ctx, location, options)
	}
	return openSQLite(ctx, strings.TrimPrefix(location, "sqlite:"), options)
}

// postgresConnections is the size of the pool unless the URL says pool_max_conns.
const postgresConnections = 32

func openPostgres(ctx context.Context, location string, options []Option) (*DB, error) {
	location, connections, err := poolSize(location)
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(location)
	if err != nil {
		return nil, fmt.Errorf("veranda: open PostgreSQL: %w", err)
	}
	pool := pgpipe.Open(config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	handle := bun.NewDB(pool, pgdialect.New())
	db, err := newDB(handle, handle, options)
	if err != nil {
		return nil, err
	}
	db.owned, db.pipelined = true, true
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("veranda: open PostgreSQL: %w", err)
	}
	return db, nil
}

// poolSize takes pool_max_conns, which the driver would send to the server, out of the URL.
func poolSize(location string) (string, int, error) {
	u, err := url.Parse(location)
	if err != nil {
		return "", 0, fmt.Errorf("veranda: open PostgreSQL: the URL is malformed")
	}
	query := u.Query()
	connections := postgresConnections
	if text := query.Get("pool_max_conns"); text != "" {
		if _, err := fmt.Sscanf(text, "%d", &connections); err != nil || connections < 2 {
			return "", 0, fmt.Errorf("veranda: open PostgreSQL: pool_max_conns must be a number from 2")
		}
		query.Del("pool_max_conns")
		u.RawQuery = query.Encode()
	}
	return u.String(), connections, nil
}

// The pragmas of every connection. synchronous=FULL: with NORMAL the last commits can be lost when power fails.
const sqlitePragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)"

func openSQLite(ctx context.Context, path string, options []Option) (*DB, error) {
	if path == "" || strings.ContainsAny(path, "?#") || strings.Contains(path, ":memory:") {
		return nil, fmt.Errorf("veranda: open SQLite: want the path of a file without ? and #")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("veranda: open SQLite: %w", err)
	}
	file := (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String()
	write, _, err := sqlitegroup.Open(sqlitegroup.Config{DSN: file + "?" + sqlitePragmas + "&_pragma=wal_autocheckpoint(2000)"})
	if err != nil {
		return nil, fmt.Errorf("veranda: open SQLite %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", file+"?"+sqlitePragmas+"&_pragma=query_only(1)&_pragma=mmap_size(268435456)")
	if err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("veranda: open SQLite %s: %w", path, err)
	}
	readers := 2 * runtime.NumCPU()
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	db, err := newDB(bun.NewDB(write, sqlitedialect.New()), bun.NewDB(read, sqlitedialect.New()), options)
	if err != nil {
		return nil, err
	}
	db.owned = true
	// The writer comes first: it makes the file and turns WAL on, which a reader that cannot write could not.
	if _, err := db.writer.ExecContext(ctx, "SELECT 1"); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("veranda: open SQLite %s: %w", path, err)
	}
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("veranda: open SQLite %s: %w", path, err)
	}
	return db, nil
}
