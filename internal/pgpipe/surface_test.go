package pgpipe

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// What database/sql offers beside transactions.
func TestOutsideTransactions(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	createTables(t, db)
	ctx := context.Background()
	if err := db.PingContext(ctx); err != nil {
		t.Errorf("ping: %v", err)
	}
	result, err := db.ExecContext(ctx, "insert into tasks select n, 'x' from generate_series($1::int, 3) n", 1)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := result.RowsAffected(); n != 3 || err != nil {
		t.Errorf("rows affected: %d, %v", n, err)
	}
	statement, err := db.PrepareContext(ctx, selectTitle)
	if err != nil {
		t.Fatal(err)
	}
	if got := readStrings(t, preparedQueryer{statement}, "", 2); !cmp.Equal(got, []string{"x"}) {
		t.Errorf("prepared: %q", got)
	}
	tx := mustBegin(t, db)
	mustExec(t, tx, "update tasks set title = 'y'", Deferred{})
	if got := readStrings(t, preparedQueryer{tx.StmtContext(ctx, statement)}, "", 2); !cmp.Equal(got, []string{"y"}) {
		t.Errorf("prepared, in a transaction after a deferred statement: %q", got)
	}
	mustCommit(t, tx)
	if err := statement.Close(); err != nil {
		t.Errorf("close the prepared statement: %v", err)
	}
	// Options of pgx pass through.
	got := readStrings(t, db, "select @word::text", pgx.NamedArgs{"word": "named"})
	if !cmp.Equal(got, []string{"named"}) {
		t.Errorf("named arguments: %q", got)
	}
	if got := readStrings(t, db, "select $1::text", pgx.QueryExecModeSimpleProtocol, "simple"); !cmp.Equal(got, []string{"simple"}) {
		t.Errorf("simple protocol: %q", got)
	}
}

func TestPingWithinTransaction(t *testing.T) {
	t.Parallel()
	conn := oneConn(t, openPool(t, newConfig(t)))
	createTables(t, conn)
	tx := mustBegin(t, conn)
	if err := conn.PingContext(context.Background()); err != nil {
		t.Fatalf("ping: %v", err)
	}
	mustExec(t, tx, insertTask, 1, "one")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	wantRows(t, conn, "tasks")
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	config := newConfig(t)
	conn := oneConn(t, openPool(t, config))
	createTables(t, conn)
	ctx := context.Background()
	copyIn := func(driverConn any) error {
		plain, err := Unwrap(ctx, driverConn)
		if err != nil {
			return err
		}
		_, err = plain.Conn().CopyFrom(ctx, pgx.Identifier{"outbox"}, []string{"id"}, pgx.CopyFromRows([][]any{{1}, {2}}))
		return err
	}
	for _, deferFirst := range []bool{false, true} {
		tx := mustBegin(t, conn)
		if deferFirst {
			mustExec(t, tx, insertEvent, Deferred{}, 1, "created")
			mustExec(t, tx, insertEvent, Deferred{}, 2, "created")
		}
		if err := conn.Raw(copyIn); err != nil {
			t.Fatalf("copy: %v", err)
		}
		wantRows(t, conn, "outbox", "1", "2")
		if deferFirst {
			mustCommit(t, tx)
			wantRows(t, conn, "outbox", "1", "2")
		} else {
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			wantRows(t, conn, "outbox")
		}
	}
	if err := oneConn(t, openPlain(t, config)).Raw(copyIn); err == nil {
		t.Error("a connection of another driver was unwrapped")
	}
}

// A connection that was left inside a transaction does not go back to the pool.
func TestConnectionLeftInTransaction(t *testing.T) {
	t.Parallel()
	db := openPool(t, newConfig(t))
	db.SetMaxOpenConns(1)
	process := readStrings(t, db, "select pg_backend_pid()::text")
	mustExec(t, db, "begin")
	now := readStrings(t, db, "select pg_backend_pid()::text")
	if cmp.Equal(process, now) {
		t.Error("the connection is used again although a transaction is open on it")
	}
	held, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	err = held.Raw(func(driverConn any) error {
		c := driverConn.(*conn)
		if !c.IsValid() {
			t.Error("an idle connection is not valid")
		}
		if _, err := c.BeginTx(context.Background(), driver.TxOptions{}); err != nil {
			return err
		}
		if c.IsValid() {
			t.Error("a connection with an open transaction is valid")
		}
		if err := c.ResetSession(context.Background()); !errors.Is(err, driver.ErrBadConn) {
			t.Errorf("reset within a transaction: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if again := readStrings(t, db, "select pg_backend_pid()::text"); cmp.Equal(now, again) {
		t.Error("the connection is used again although a transaction was begun on it")
	}
}

// A host that goes through a transaction pooler switches the statement cache off.
func TestWithoutStatementCache(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*pgx.ConnConfig){
		func(config *pgx.ConnConfig) { config.StatementCacheCapacity = 0 },
		func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = pgx.QueryExecModeExec },
		func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol },
		func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec },
		func(config *pgx.ConnConfig) { config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe },
	} {
		config := newConfig(t)
		change(config)
		conn := oneConn(t, openPool(t, config))
		createTables(t, conn)
		for _, id := range []string{"1", "2"} {
			tx := mustBegin(t, conn)
			mustExec(t, tx, insertTask, id, "one")
			mustExec(t, tx, insertEvent, Deferred{}, id, "created")
			if got := readStrings(t, tx, selectTitle, id); !cmp.Equal(got, []string{"one"}) {
				t.Errorf("%v: %q", config.DefaultQueryExecMode, got)
			}
			mustExec(t, tx, insertOutbox, Deferred{}, id)
			mustCommit(t, tx)
		}
		wantRows(t, conn, "outbox", "1", "2")
		if got := readStrings(t, conn, "select statement from pg_prepared_statements where statement <> ''"); len(got) > 0 {
			t.Errorf("%v: prepared %q", config.DefaultQueryExecMode, got)
		}
	}
}

func TestThroughBun(t *testing.T) {
	t.Parallel()
	type task struct {
		bun.BaseModel `bun:"table:tasks"`
		ID            int64  `bun:",pk"`
		Title         string `bun:",nullzero"`
	}
	config := newConfig(t)
	proxy := behindProxy(t, config)
	pool := openPool(t, config)
	pool.SetMaxOpenConns(1)
	createTables(t, pool)
	db := bun.NewDB(pool, pgdialect.New())
	held, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx := context.Background()
	create := func(id int64) {
		err := held.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			created := &task{ID: id, Title: "it's new"}
			if _, err := tx.NewInsert().Model(created).Returning("*").Exec(ctx); err != nil {
				return err
			}
			_, err := tx.Tx.ExecContext(ctx, insertEvent, Deferred{}, id, "created")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	create(1)
	if got := proxy.during(func() { create(2) }); got != 2 {
		t.Errorf("a create through bun: %d round trips, want 2", got)
	}
	var updated task
	err = held.RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead}, func(ctx context.Context, tx bun.Tx) error {
		if err := tx.NewSelect().Model(&updated).Where("id = ?", 2).Scan(ctx); err != nil {
			return err
		}
		updated.Title += ", and changed"
		_, err := tx.NewUpdate().Model(&updated).WherePK().Returning("title").Exec(ctx)
		return err
	})
	if err != nil || updated.Title != "it's new, and changed" {
		t.Errorf("update: %+v, %v", updated, err)
	}
	refused := errors.New("refused")
	err = held.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*task)(nil)).Where("id = ?", 1).Exec(ctx); err != nil {
			return err
		}
		nested := tx.RunInTx(ctx, nil, func(ctx context.Context, inner bun.Tx) error { // a savepoint
			_, err := inner.NewInsert().Model(&task{ID: 2, Title: "again"}).Exec(ctx)
			return err
		})
		if pgCode(nested) != "23505" {
			t.Errorf("nested insert: %v, want 23505", nested)
		}
		n, err := tx.NewSelect().Model((*task)(nil)).Count(ctx)
		if n != 1 || err != nil {
			t.Errorf("count after the savepoint: %d, %v", n, err)
		}
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("the function's error: %v", err)
	}
	var all []task
	if err := held.NewSelect().Model(&all).Order("id").Scan(ctx); err != nil {
		t.Fatal(err)
	}
	want := []task{{ID: 1, Title: "it's new"}, {ID: 2, Title: "it's new, and changed"}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	wantRows(t, held, "events", "1", "2")
}
