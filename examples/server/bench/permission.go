package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	driver "modernc.org/sqlite"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
)

// permission counts what deciding costs the database. A check is to be one read in which every table is found by an
// index, together with the thing itself, and none where the membership was just read.
func (b *bench) permission(ctx context.Context) (err error) {
	path := filepath.Join(b.folder, "permission.db")
	w := newWorld()
	if err := makeSmall(ctx, path, w); err != nil {
		return err
	}
	var statements atomic.Int64
	connector, err := driver.NewConnector("file:" + path + "?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return err
	}
	handle := bun.NewDB(sql.OpenDB(counter{connector, &statements}), sqlitedialect.New())
	defer func() { err = errors.Join(err, handle.Close()) }()
	db, err := veranda.New(ctx, handle, veranda.WithLog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	authz, err := tenancy.NewAuthorizer(ctx, db, modules()...)
	if err != nil {
		return err
	}
	service, err := tasks.New(tasks.Deps{DB: db, Authz: authz})
	if err != nil {
		return err
	}
	in := tasks.GetInput{}
	if err := errors.Join(in.Org.UnmarshalText([]byte(organizationID)), in.Task.UnmarshalText([]byte(w.tasks[0]))); err != nil {
		return err
	}
	by := veranda.TokenActor(callerToken)

	statements.Store(0)
	if _, err := service.Get(ctx, by, in); err != nil {
		return err
	}
	b.info("permission.get.statements", float64(statements.Load()), "statements for sign-in, permission and the task")

	read := authz.Compose(veranda.Target{Workspace: "$4"})
	statements.Store(0)
	standing, err := db.Conn().Read(ctx, read, by, in.Org, []any{w.workspaces[0]})
	if err != nil {
		return err
	}
	b.info("permission.read.statements", float64(statements.Load()), "statements to read who somebody is")
	statements.Store(0)
	if err := authz.Decide(ctx, db.Conn(), standing, veranda.Ask{Permission: tasks.PermRead, InWorkspace: true}); err != nil {
		return err
	}
	b.info("permission.decide.statements", float64(statements.Load()), "statements once that is read")

	scans, steps, err := scansOf(ctx, handle.DB, read.Text, w)
	if err != nil {
		return err
	}
	b.info("permission.read.lookups", float64(steps-scans), "tables found by an index")
	b.info("permission.read.scans", float64(scans), "tables read from end to end")
	return nil
}

// makeSmall makes a SQLite database with the world and a few tasks.
func makeSmall(ctx context.Context, path string, w *world) (err error) {
	db, err := veranda.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := veranda.Migrate(ctx, db, modules()...); err != nil {
		return err
	}
	if err := w.furnish(ctx, db); err != nil {
		return err
	}
	return insertRows(ctx, db, w.fill(100, db.Time))
}

// scansOf asks SQLite how it would run a read: https://www.sqlite.org/eqp.html.
func scansOf(ctx context.Context, db *sql.DB, text string, w *world) (scans, steps int, err error) {
	hash := sha256.Sum256([]byte(callerToken))
	//sql:built the text is the authorizer's own, before which stands EXPLAIN QUERY PLAN
	rows, err := db.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, hash[:], organizationID, nil, w.workspaces[0])
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return 0, 0, err
		}
		switch {
		case strings.Contains(detail, "SUBQUERY"): // what it does follows
			continue
		case strings.HasPrefix(detail, "SCAN"):
			scans++
		case !strings.HasPrefix(detail, "SEARCH"):
			return 0, 0, fmt.Errorf("SQLite says %q", detail)
		}
		steps++
	}
	return scans, steps, rows.Err()
}
