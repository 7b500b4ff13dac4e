// Package database opens the two databases as Veranda runs on them. It is the one place that chooses drivers.
package database

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver of the reading pool

	"github.com/veranda-go/veranda/internal/pgpipe"
	"github.com/veranda-go/veranda/internal/sqlitegroup"
)

// IsPostgres tells whether a location names a PostgreSQL database.
func IsPostgres(location string) bool {
	return strings.HasPrefix(location, "postgres://") || strings.HasPrefix(location, "postgresql://")
}

// postgresConnections is the size of the pool unless the URL says pool_max_conns.
const postgresConnections = 32

// Postgres opens a pool in which BEGIN travels with a transaction's first statement, and deferred statements with COMMIT.
func Postgres(location string) (*bun.DB, error) {
	location, connections, err := poolSize(location)
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(location)
	if err != nil {
		// The driver's error may repeat the URL, password and all.
		return nil, fmt.Errorf("the URL is malformed")
	}
	pool := pgpipe.Open(config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return bun.NewDB(pool, pgdialect.New()), nil
}

// poolSize takes pool_max_conns, which the driver would send to the server, out of the URL.
func poolSize(location string) (string, int, error) {
	u, err := url.Parse(location)
	if err != nil {
		return "", 0, fmt.Errorf("the URL is malformed")
	}
	query := u.Query()
	connections := postgresConnections
	if text := query.Get("pool_max_conns"); text != "" {
		if _, err := fmt.Sscanf(text, "%d", &connections); err != nil || connections < 2 {
			return "", 0, fmt.Errorf("pool_max_conns must be a number from 2")
		}
		query.Del("pool_max_conns")
		u.RawQuery = query.Encode()
	}
	return u.String(), connections, nil
}

// The pragmas of every connection. synchronous=FULL: with NORMAL the last commits can be lost when power fails.
const sqlitePragmas = "_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)"

// SQLite opens a file, made when absent: a handle whose writers share commits, and a pool of readers that cannot write.
// onSync is called after each durable commit before it is answered; nil for nothing.
func SQLite(ctx context.Context, path string, onSync func()) (writer, reader *bun.DB, err error) {
	file, err := fileURL(path)
	if err != nil {
		return nil, nil, err
	}
	write, _, err := sqlitegroup.Open(sqlitegroup.Config{DSN: file + "?" + sqlitePragmas + "&_pragma=wal_autocheckpoint(2000)", OnSync: onSync})
	if err != nil {
		return nil, nil, err
	}
	// The writer comes first: it makes the file and turns WAL on, which a reader that cannot write could not.
	if _, err := write.ExecContext(ctx, "SELECT 1"); err != nil {
		_ = write.Close()
		return nil, nil, err
	}
	read, err := sql.Open("sqlite", file+"?"+sqlitePragmas+"&_pragma=query_only(1)&_pragma=mmap_size(268435456)")
	if err != nil {
		_ = write.Close()
		return nil, nil, err
	}
	readers := 2 * runtime.NumCPU()
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return bun.NewDB(write, sqlitedialect.New()), bun.NewDB(read, sqlitedialect.New()), nil
}

func fileURL(path string) (string, error) {
	if path == "" || strings.ContainsAny(path, "?#") || strings.Contains(path, ":memory:") {
		return "", fmt.Errorf("want the path of a file without ? and #")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String(), nil
}

// Plain opens either database as a host program would by itself: no group commit, nothing pipelined. pragmas are for
// SQLite, "_pragma=foreign_keys(1)&…".
func Plain(location, pragmas string) (*bun.DB, error) {
	if IsPostgres(location) {
		config, err := pgx.ParseConfig(location)
		if err != nil {
			return nil, err
		}
		return bun.NewDB(stdlib.OpenDB(*config), pgdialect.New()), nil
	}
	file, err := fileURL(location)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", file+"?"+pragmas)
	if err != nil {
		return nil, err
	}
	return bun.NewDB(db, sqlitedialect.New()), nil
}
