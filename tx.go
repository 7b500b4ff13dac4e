package veranda

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda/internal/pgpipe"
)

// ErrNested refuses DB.InTx inside DB.InTx: the inner one would wait for the outer one for ever. Bind the inner service
// with WithTx.
var ErrNested = errors.New("veranda: InTx inside InTx: bind the service with WithTx")

// Tx is a running transaction. It builds queries as bun does, and gathers events that are stored with the commit.
// A Tx must not be used by several goroutines at once nor after its function returned.
type Tx struct {
	db       *DB
	bun      bun.Tx
	gathered *gathered
}

// gathered is what travels with COMMIT; shared by a transaction and those nested in it.
type gathered struct {
	events     []Event
	jobs       []outboxEntry
	after      []func()
	savepoints int
}

type txMark struct{}

const savepoint = "SAVEPOINT "

// InTx runs fn in a transaction: committed when fn returns nil, undone when it returns an error or panics. The caller's
// context can end the waiting for the transaction's start; once begun, neither fn's statements nor the commit are
// cancelled half-way. Keep fn short and free of anything slow: on SQLite all writers wait for it.
//
// Errors of the database that mean something to callers come back as *Error (storage_full, contended, database).
func (db *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(txMark{}) != nil {
		return ErrNested
	}
	// The transaction must outlive its context, or a cancelled caller would roll back what was already answered.
	begin, stop := detached(ctx)
	btx, err := db.writer.BeginTx(begin, nil)
	stop()
	if err != nil {
		return translate(fmt.Errorf("veranda: begin: %w", err))
	}
	tx := &Tx{db: db, bun: btx, gathered: &gathered{}}
	finished := false
	defer func() {
		if !finished { // an error, a panic or Goexit
			_ = btx.Rollback()
		}
	}()
	inner := context.WithValue(context.WithoutCancel(ctx), txMark{}, true)
	if err := fn(inner, tx); err != nil {
		return translate(err)
	}
	stored, work, err := tx.flush(inner)
	if err != nil {
		return translate(err)
	}
	finished = true
	if err := btx.Commit(); err != nil {
		return translate(fmt.Errorf("veranda: commit: %w", err))
	}
	if stored {
		db.signal(work)
	}
	for _, after := range tx.gathered.after {
		after()
	}
	return nil
}

// detached is a context that ends with its parent until stop is called, and never afterwards.
func detached(parent context.Context) (ctx context.Context, stop func()) {
	if parent.Done() == nil {
		return parent, func() {}
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	unhook := context.AfterFunc(parent, func() { cancel(context.Cause(parent)) })
	// database/sql watches the context for the life of the transaction, so it is left uncancelled.
	return ctx, func() { unhook() }
}

// UseTx joins a transaction of the host program: what services bound to the Tx write lies in it, and is kept or undone
// with it. fn is a savepoint: when it fails, its own writes and events are undone and the host's transaction can go on.
// Events are stored when fn returns. After its commit the host may call Wake, so that background work starts at once.
func (db *DB) UseTx(ctx context.Context, host bun.Tx, fn func(ctx context.Context, tx *Tx) error) error {
	tx := &Tx{db: db, bun: host, gathered: &gathered{}}
	inner := context.WithValue(context.WithoutCancel(ctx), txMark{}, true)
	return translate(tx.InTx(inner, func(ctx context.Context, nested *Tx) error {
		if err := fn(ctx, nested); err != nil {
			return err
		}
		_, _, err := nested.flush(ctx)
		return err
	}))
}

// InTx runs fn in a savepoint of the transaction: when it fails, its writes and events are undone and the transaction
// can go on. The savepoint is made and ended by an uncancellable context, for a savepoint whose rollback is cancelled
// would be committed.
func (tx *Tx) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	ctx = context.WithoutCancel(ctx)
	g := tx.gathered
	g.savepoints++
	name := "veranda_" + strconv.Itoa(g.savepoints)
	if err := tx.Defer(ctx, savepoint+name); err != nil {
		return fmt.Errorf("veranda: savepoint: %w", err)
	}
	events, jobs, after := len(g.events), len(g.jobs), len(g.after)
	nested := &Tx{db: tx.db, bun: tx.bun, gathered: g}
	released := false
	defer func() {
		if released {
			return
		}
		g.events, g.jobs, g.after = g.events[:events], g.jobs[:jobs], g.after[:after]
		// Statements still waiting for COMMIT are sent with the first of these; should one of them fail, the second is
		// what undoes it.
		//sql:built a savepoint's name cannot be a placeholder; it is a number of ours
		if _, err := tx.bun.Tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+name); err != nil {
			//sql:built a savepoint's name, as above
			_, _ = tx.bun.Tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+name)
		}
	}()
	if err := fn(ctx, nested); err != nil {
		return err
	}
	// RELEASE is not deferred, so that a deferred statement that fails does so within the function it belongs to.
	//sql:built a savepoint's name, as above
	if _, err := tx.bun.Tx.ExecContext(ctx, "RELEASE SAVEPOINT "+name); err != nil {
		return fmt.Errorf("veranda: release savepoint: %w", err)
	}
	released = true
	return nil
}

// DB is the database of the transaction.
func (tx *Tx) DB() *DB { return tx.db }

// Bun is the transaction as bun's, for a host that writes its own tables within Veranda's transaction. Do not end it, and
// do not nest by its own BeginTx or RunInTx: nest with InTx.
func (tx *Tx) Bun() bun.Tx { return tx.bun }

// Emit stores an event with the commit. Id and time are filled in when absent; what is emitted in a savepoint that fails
// is dropped with it. Past MaxRecipients the commit fails.
func (tx *Tx) Emit(e Event) {
	if e.ID.IsZero() {
		e.ID = NewID[eventKind]()
	}
	if e.At.IsZero() {
		e.At = tx.db.Now()
	}
	if len(e.Data) == 0 {
		e.Data = []byte("{}")
	}
	tx.gathered.events = append(tx.gathered.events, e)
}

// OnCommit runs fn after the commit, in this process, if it gets that far: for what may be lost, such as waking somebody.
// Within a host's transaction it never runs.
func (tx *Tx) OnCommit(fn func()) {
	tx.gathered.after = append(tx.gathered.after, fn)
}

// NewSelect starts a SELECT in the transaction.
func (tx *Tx) NewSelect() *bun.SelectQuery { return tx.bun.NewSelect() }

// NewInsert starts an INSERT in the transaction.
func (tx *Tx) NewInsert() *bun.InsertQuery { return tx.bun.NewInsert() }

// NewUpdate starts an UPDATE in the transaction.
func (tx *Tx) NewUpdate() *bun.UpdateQuery { return tx.bun.NewUpdate() }

// NewDelete starts a DELETE in the transaction.
func (tx *Tx) NewDelete() *bun.DeleteQuery { return tx.bun.NewDelete() }

// NewRaw runs a text with bun's ? placeholders in the transaction.
func (tx *Tx) NewRaw(query string, args ...any) *bun.RawQuery { return tx.bun.NewRaw(query, args...) }

// Query runs a constant text with $n placeholders in the transaction.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.bun.Tx.QueryContext(ctx, query, args...)
}

// Exec runs a constant text with $n placeholders in the transaction and tells how many rows it touched.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := tx.bun.Tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Defer is Exec for a statement whose result nobody needs: on PostgreSQL it travels with the next statement or with
// COMMIT and saves a round trip, and its error comes from there.
func (tx *Tx) Defer(ctx context.Context, query string, args ...any) error {
	if tx.db.pipelined {
		_, err := tx.bun.Tx.ExecContext(ctx, query, append([]any{pgpipe.Deferred{}}, args...)...)
		return err
	}
	_, err := tx.bun.Tx.ExecContext(ctx, query, args...)
	return err
}
