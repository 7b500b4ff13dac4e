package pgpipe

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// conn is one connection of a pool of Open. database/sql calls it from one goroutine at a time.
type conn struct {
	plain        *stdlib.Conn
	pg           *pgx.Conn
	lazy         *lazyBegin
	argumentMode pgx.QueryExecMode
	prepared     preparedSet
	tx           *tx // nil outside a transaction
}

// What database/sql looks for in a connection.
var (
	_ driver.Conn               = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
)

// Unwrap gives pgx's own connection inside sql.Conn.Raw, for what database/sql lacks, such as COPY or LISTEN. Within a
// transaction it first sends BEGIN and the deferred statements that still wait. It fails for a connection of another
// driver.
func Unwrap(ctx context.Context, driverConn any) (*stdlib.Conn, error) {
	c, ok := driverConn.(*conn)
	if !ok {
		return nil, fmt.Errorf("pgpipe: %T is not a connection of this package", driverConn)
	}
	if err := c.arrange(ctx); err != nil {
		return nil, err
	}
	if begin := c.lazy.take(); begin != "" {
		if _, err := c.pg.Exec(ctx, begin); err != nil {
			return nil, fmt.Errorf("pgpipe: begin: %w", err)
		}
	}
	return c.plain, nil
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) > 0 {
		if _, ok := args[0].Value.(Deferred); ok {
			return c.postpone(query, args[1:])
		}
	}
	if err := c.arrange(ctx); err != nil {
		return nil, err
	}
	result, err := c.plain.ExecContext(ctx, query, c.withMode(args))
	return result, c.explain(err)
}

// QueryContext implements driver.QueryerContext. The rows are pgx's own.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) > 0 {
		if _, ok := args[0].Value.(Deferred); ok {
			return nil, errDeferredQuery
		}
	}
	if err := c.arrange(ctx); err != nil {
		return nil, err
	}
	rows, err := c.plain.QueryContext(ctx, query, c.withMode(args))
	if err = c.explain(err); err != nil {
		return nil, err
	}
	return rows, nil
}

// withMode puts the execution mode in front of a statement's arguments. An option of the caller's own that follows it
// wins. Without arguments the connection's default stands, which caches nothing.
func (c *conn) withMode(args []driver.NamedValue) []driver.NamedValue {
	if len(args) == 0 {
		return args
	}
	all := make([]driver.NamedValue, 0, len(args)+1)
	all = append(all, driver.NamedValue{Value: c.argumentMode})
	return append(all, args...)
}

// arrange makes the connection ready for a statement: it refuses when the transaction is over on the server, and sends
// the deferred statements that must come before.
func (c *conn) arrange(ctx context.Context) error {
	c.lazy.shift = 0
	if c.tx == nil {
		return nil
	}
	if err := c.tx.usable(); err != nil {
		return err
	}
	return c.tx.drain(ctx)
}

// explain completes the error of a statement that arrange allowed.
func (c *conn) explain(err error) error {
	if c.tx != nil {
		err = c.tx.blame(err)
	}
	var pgErr *pgconn.PgError
	if c.lazy.shift > 0 && errors.As(err, &pgErr) && int(pgErr.Position) > c.lazy.shift {
		pgErr.Position -= int32(c.lazy.shift) // a place in the caller's text, not in "begin;" and the text
	}
	return err
}

// Prepare implements driver.Conn.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.arrange(ctx); err != nil {
		return nil, err
	}
	prepared, err := c.plain.PrepareContext(ctx, query)
	if err = c.explain(err); err != nil {
		return nil, err
	}
	plain, ok := prepared.(*stdlib.Stmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("pgpipe: pgx prepared a %T instead of a *stdlib.Stmt", prepared), prepared.Close())
	}
	return &stmt{Stmt: plain, conn: c}, nil
}

// CheckNamedValue implements driver.NamedValueChecker: every value goes to pgx as it is, but for those that say that they
// are a text. Of such a value pgx would first try to make the column's binary form, fail, and parse the text then.
func (c *conn) CheckNamedValue(value *driver.NamedValue) error {
	if valuer, ok := value.Value.(driver.Valuer); ok {
		if v := reflect.ValueOf(valuer); v.Kind() != reflect.Pointer || !v.IsNil() {
			plain, err := valuer.Value()
			if err != nil {
				return err
			}
			if text, ok := plain.(string); ok {
				value.Value = text
				return nil
			}
		}
	}
	return c.plain.CheckNamedValue(value)
}

// Ping implements driver.Pinger.
func (c *conn) Ping(ctx context.Context) error { return c.plain.Ping(ctx) }

// ResetSession implements driver.SessionResetter; pgx also looks whether a connection that was idle still lives.
func (c *conn) ResetSession(ctx context.Context) error {
	if !c.IsValid() {
		return driver.ErrBadConn
	}
	return c.plain.ResetSession(ctx)
}

// IsValid implements driver.Validator: only a connection that is idle, outside a transaction, goes back to the pool.
func (c *conn) IsValid() bool {
	return c.tx == nil && !c.pg.IsClosed() && !c.pg.PgConn().IsBusy() && c.pg.PgConn().TxStatus() == statusIdle
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	c.lazy.take()
	return c.plain.Close()
}

// stmt is a prepared statement that keeps its place among the deferred ones.
type stmt struct {
	*stdlib.Stmt
	conn *conn
}

var (
	_ driver.StmtExecContext  = (*stmt)(nil)
	_ driver.StmtQueryContext = (*stmt)(nil)
)

// ExecContext implements driver.StmtExecContext.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.conn.arrange(ctx); err != nil {
		return nil, err
	}
	result, err := s.Stmt.ExecContext(ctx, args)
	return result, s.conn.explain(err)
}

// QueryContext implements driver.StmtQueryContext.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.conn.arrange(ctx); err != nil {
		return nil, err
	}
	rows, err := s.Stmt.QueryContext(ctx, args)
	if err = s.conn.explain(err); err != nil {
		return nil, err
	}
	return rows, nil
}
