package pgpipe

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What the server says of a connection in ReadyForQuery (PostgreSQL documentation, "Message Formats").
const (
	statusIdle    = 'I' // outside a transaction
	statusAborted = 'E' // in a transaction in which a statement failed
)

// rollbackTimeout bounds a ROLLBACK, which must also run when the transaction's own context is over. A connection that
// does not answer within it is closed.
const rollbackTimeout = 5 * time.Second

// errAborted is what a transaction answers after the server ended it. It carries the code that PostgreSQL itself gives
// in an aborted transaction, since for the caller there is no difference.
var errAborted = fmt.Errorf("pgpipe: the transaction is over on the server: %w", &pgconn.PgError{
	Severity: "ERROR",
	Code:     "25P02", // in_failed_sql_transaction
	Message:  "current transaction is aborted, commands ignored until end of transaction block",
})

// tx is a connection's open transaction.
type tx struct {
	conn *conn
	ctx  context.Context // of BeginTx; driver.Tx.Commit has none of its own
	tail []deferred      // waiting for COMMIT
	// failed is the error of a deferred statement that was sent ahead of COMMIT. The server has aborted the transaction,
	// and only a savepoint can mend it.
	failed error
	// lost is why nothing can run in this transaction any more.
	lost error
}

// Begin implements driver.Conn.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx. It sends nothing.
func (c *conn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if c.pg.IsClosed() {
		return nil, driver.ErrBadConn
	}
	if c.tx != nil {
		return nil, errors.New("pgpipe: a transaction is already open on this connection")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	begin, err := beginStatement(options)
	if err != nil {
		return nil, err
	}
	c.lazy.set(begin)
	c.tx = &tx{conn: c, ctx: ctx}
	return c.tx, nil
}

// beginStatement spells a transaction's options in SQL.
func beginStatement(options driver.TxOptions) (string, error) {
	begin := "begin"
	switch isolation := sql.IsolationLevel(options.Isolation); isolation {
	case sql.LevelDefault:
	case sql.LevelReadUncommitted:
		begin += " isolation level read uncommitted"
	case sql.LevelReadCommitted:
		begin += " isolation level read committed"
	case sql.LevelRepeatableRead, sql.LevelSnapshot:
		begin += " isolation level repeatable read"
	case sql.LevelSerializable:
		begin += " isolation level serializable"
	default:
		return "", fmt.Errorf("pgpipe: PostgreSQL has no isolation level %v", isolation)
	}
	if options.ReadOnly {
		begin += " read only"
	}
	return begin, nil
}

// usable gives an error when the server would run a statement outside the transaction.
func (t *tx) usable() error {
	if t.lost != nil {
		return t.lost
	}
	server := t.conn.pg.PgConn()
	if t.conn.lazy.isPending() || server.IsClosed() || server.IsBusy() { // pgx itself refuses the last two
		return nil
	}
	// BEGIN went out and the server is outside a transaction: BEGIN failed, or the caller ended the transaction by hand.
	if server.TxStatus() == statusIdle {
		t.lost = errAborted
	}
	return t.lost
}

// drain sends the deferred statements so that the caller's next one comes after them.
func (t *tx) drain(ctx context.Context) error {
	if len(t.tail) == 0 {
		return nil
	}
	tail := t.tail
	t.tail = nil
	err := t.conn.send(ctx, tail, false)
	if err == nil {
		return nil
	}
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || t.conn.pg.IsClosed() || t.conn.pg.PgConn().TxStatus() != statusAborted {
		t.lost = err // they may not have run at all, and the transaction is not whole without them
		return err
	}
	// The caller's statement still goes out, for it may be the ROLLBACK TO SAVEPOINT that undoes the failed ones.
	t.failed = err
	return nil
}

// blame adds the failed deferred statement to the error of one that could not run because of it.
func (t *tx) blame(err error) error {
	if t.failed == nil {
		return err
	}
	if err != nil {
		return errors.Join(t.failed, err)
	}
	server := t.conn.pg.PgConn()
	if server.IsBusy() || server.TxStatus() != statusAborted {
		t.failed = nil // a savepoint took it back
	}
	return nil
}

// Commit implements driver.Tx. It sends the deferred statements and COMMIT. When it gives an error nothing is stored,
// except when the connection was lost, or the context of BeginTx ended, while COMMIT was under way: then nobody knows.
func (t *tx) Commit() error {
	c := t.conn
	if c.tx != t {
		return sql.ErrTxDone
	}
	err := t.commit()
	if undoErr := c.end(); undoErr != nil && err == nil {
		err = undoErr
	}
	return err
}

func (t *tx) commit() error {
	c := t.conn
	if c.pg.IsClosed() {
		return fmt.Errorf("pgpipe: commit: the connection was lost: %w", driver.ErrBadConn)
	}
	if c.pg.PgConn().IsBusy() {
		return errors.New("pgpipe: commit: a result is still being read")
	}
	if err := t.usable(); err != nil {
		return fmt.Errorf("pgpipe: commit: %w: %w", pgx.ErrTxCommitRollback, err)
	}
	if c.lazy.isPending() {
		if len(t.tail) == 0 {
			return nil // nothing was done
		}
	} else if c.pg.PgConn().TxStatus() == statusAborted {
		if t.failed != nil {
			return fmt.Errorf("pgpipe: commit: %w: %w", pgx.ErrTxCommitRollback, t.failed)
		}
		return fmt.Errorf("pgpipe: commit: %w", pgx.ErrTxCommitRollback)
	}
	if len(t.tail) > 0 {
		return c.send(t.ctx, t.tail, true)
	}
	tag, err := c.pg.Exec(t.ctx, "commit")
	if err != nil {
		return err
	}
	return checkCommitted(tag)
}

// checkCommitted finds a COMMIT that the server turned into a ROLLBACK.
func checkCommitted(tag pgconn.CommandTag) error {
	if tag.String() != "COMMIT" {
		return fmt.Errorf("pgpipe: commit: the server answered %s: %w", tag, pgx.ErrTxCommitRollback)
	}
	return nil
}

// Rollback implements driver.Tx. The deferred statements are dropped.
func (t *tx) Rollback() error {
	if t.conn.tx != t {
		return sql.ErrTxDone
	}
	return t.conn.end()
}

// end leaves the transaction: the server is idle afterwards, or the connection closed.
func (c *conn) end() error {
	c.tx = nil
	c.lazy.take()
	if c.pg.IsClosed() || !c.pg.PgConn().IsBusy() && c.pg.PgConn().TxStatus() == statusIdle {
		return nil
	}
	// Not the transaction's context: that may be what ended it, and a connection is cheaper kept than made anew.
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	if !c.pg.PgConn().IsBusy() {
		_, err := c.pg.Exec(ctx, "rollback")
		if err == nil && c.pg.PgConn().TxStatus() == statusIdle {
			return nil
		}
		if err != nil {
			c.kill()
			return fmt.Errorf("pgpipe: rollback: %w", err)
		}
	}
	c.kill()
	return errors.New("pgpipe: rollback: the connection was left in an unknown state and is closed")
}

// kill closes the connection without waiting; the server rolls back what was open.
func (c *conn) kill() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = c.pg.Close(ctx) // it is given up either way
}
