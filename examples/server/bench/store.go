package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
)

// poolSize is how many connections to PostgreSQL a side has: as many as callers, by default.
const poolSize = 32

// Every pair of the hand-written sides: one connection that writes, a pool that reads, and as many readers as the full
// side has.
const sqliteSettings = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(NORMAL)&_pragma=analysis_limit(1000)"

func openSQLitePair(path string) (writer, reader *sql.DB, err error) {
	file := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String() + sqliteSettings
	if writer, err = sql.Open("sqlite", file+"&_txlock=immediate"); err != nil {
		return nil, nil, err
	}
	writer.SetMaxOpenConns(1)
	if reader, err = sql.Open("sqlite", file+"&_pragma=query_only(1)&_pragma=mmap_size(268435456)"); err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	readers := 2 * runtime.NumCPU()
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	return writer, reader, nil
}

// store makes databases that hold the same world, one for each side.
type store struct {
	engine   engine
	template string // the path or URL of the first
	copies   []string
	folder   string
	server   string // URL, of PostgreSQL
	world    *world
}

// partCount is how many tasks are made and stored at once.
const partCount = 10_000

// newStore fills the first database; copy gives it to a side.
func newStore(ctx context.Context, b *bench, e engine) (_ *store, err error) {
	s := &store{engine: e, folder: b.folder, server: b.postgres, world: newWorld()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.remove(context.WithoutCancel(ctx)))
		}
	}()
	if e == postgres {
		if s.template, err = s.createDatabase(ctx, ""); err != nil {
			return nil, err
		}
	} else {
		s.template = filepath.Join(b.folder, "template.db")
	}
	db, err := veranda.Open(ctx, s.template)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := veranda.Migrate(ctx, db, modules()...); err != nil {
		return nil, err
	}
	if err := s.world.furnish(ctx, db); err != nil {
		return nil, err
	}
	for left := b.tasks; left > 0; left -= partCount {
		tables := s.world.fill(min(left, partCount), func(t time.Time) any { return db.Time(t) })
		if e == postgres {
			err = copyRows(ctx, s.template, tables)
		} else {
			err = insertRows(ctx, db, tables)
		}
		if err != nil {
			return nil, err
		}
	}
	return s, s.settle(ctx, db)
}

// copyRows stores rows in PostgreSQL.
func copyRows(ctx context.Context, location string, tables []table) error {
	conn, err := pgx.Connect(ctx, location)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, t := range tables {
		if _, err := conn.CopyFrom(ctx, pgx.Identifier{t.name}, strings.Split(t.columns, ","), pgx.CopyFromRows(t.rows)); err != nil {
			return fmt.Errorf("fill %s: %w", t.name, err)
		}
	}
	return nil
}

// insertRows stores rows in SQLite.
func insertRows(ctx context.Context, db *veranda.DB, tables []table) error {
	return db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for _, t := range tables {
			for _, row := range t.rows {
				if _, err := tx.Exec(ctx, t.insert, row...); err != nil {
					return fmt.Errorf("fill %s: %w", t.name, err)
				}
			}
		}
		return nil
	})
}

// settle brings the database into the state of one that has been used for a while: statistics are there, and on SQLite
// everything is in one file.
func (s *store) settle(ctx context.Context, db *veranda.DB) error {
	if s.engine == postgres {
		_, err := db.Writer().ExecContext(ctx, "VACUUM ANALYZE")
		return err
	}
	// Without the limit SQLite would gather what makes it prepare a statement again at each execution.
	plain, _, err := openSQLitePair(s.template)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plain.Close()) }()
	for _, text := range []string{"PRAGMA analysis_limit = 1000", "ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := plain.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// copy is a database of a side's own.
func (s *store) copy(ctx context.Context, name string) (string, error) {
	if s.engine == postgres {
		return s.createDatabase(ctx, s.template)
	}
	path := filepath.Join(s.folder, name+".db")
	from, err := os.Open(s.template)
	if err != nil {
		return "", err
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(to, from); err != nil {
		return "", errors.Join(err, to.Close())
	}
	s.copies = append(s.copies, path)
	// What is still to be written to the disk is not to be so while something is measured.
	return path, errors.Join(to.Sync(), to.Close())
}

// createDatabase makes a database on the server, a copy of another where its URL is given.
func (s *store) createDatabase(ctx context.Context, of string) (string, error) {
	admin, err := veranda.Open(ctx, s.server)
	if err != nil {
		return "", err
	}
	defer func() { _ = admin.Close() }()
	template := "template0"
	if of != "" {
		if template, err = databaseName(of); err != nil {
			return "", err
		}
	}
	u, err := url.Parse(s.server)
	if err != nil {
		return "", errors.New("VERANDA_TEST_POSTGRES is no URL")
	}
	name := "veranda_bench_" + strings.ReplaceAll(newID(), "-", "")
	if _, err := admin.Writer().NewRaw("CREATE DATABASE ? TEMPLATE ?", bun.Ident(name), bun.Ident(template)).Exec(ctx); err != nil {
		return "", err
	}
	u.Path = "/" + name
	s.copies = append(s.copies, u.String())
	return u.String(), nil
}

func databaseName(location string) (string, error) {
	u, err := url.Parse(location)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(u.Path, "/"), nil
}

// remove removes every database.
func (s *store) remove(ctx context.Context) error {
	var errs []error
	if s.engine != postgres {
		for _, path := range append(s.copies, s.template) {
			for _, file := range []string{path, path + "-wal", path + "-shm"} {
				if err := os.Remove(file); !errors.Is(err, os.ErrNotExist) {
					errs = append(errs, err)
				}
			}
		}
		return errors.Join(errs...)
	}
	admin, err := veranda.Open(ctx, s.server)
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close() }()
	for _, location := range s.copies {
		name, err := databaseName(location)
		if err == nil {
			_, err = admin.Writer().NewRaw("DROP DATABASE IF EXISTS ? WITH (FORCE)", bun.Ident(name)).Exec(ctx)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
