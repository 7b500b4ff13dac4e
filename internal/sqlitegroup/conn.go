package sqlitegroup

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// conn is a virtual connection. database/sql calls it, its transaction and its
// rows under one lock.
type conn struct {
	g  *Group
	tx *tx // nil outside a transaction
}

var (
	_ driver.Conn               = (*conn)(nil)
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.SessionResetter    = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
)

// Begin is BeginTx without options, as driver.Conn demands.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx waits for the baton, for as long as ctx lasts, and makes the
// connection a member of a batch. Every isolation level is accepted: members
// run one after the other, which is serializable, more than any level asks. A
// read-only transaction refuses statements that could write.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.tx != nil {
		return nil, errNestedTx
	}
	b, err := c.g.join(ctx)
	if err != nil {
		return nil, err
	}
	c.tx = &tx{c: c, batch: b, readOnly: opts.ReadOnly}
	return c.tx, nil
}

// Prepare is PrepareContext without a context, as driver.Conn demands.
func (c *conn) Prepare(query string) (driver.Stmt, error) { return &stmt{c: c, query: query}, nil }

// PrepareContext remembers the text. It is compiled, and its errors show, when
// it runs, because the connection may not be its to use now.
func (c *conn) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	return c.Prepare(query)
}

// ExecContext runs a statement in the transaction, or as a member of its own.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return c.exec(ctx, statement{query: query, args: args})
}

// QueryContext runs a query in the transaction, or as a member of its own; then
// its rows are read into memory, and it is answered after the batch ended.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(ctx, statement{query: query, args: args})
}

// Ping runs a query, so it needs the baton like one.
func (c *conn) Ping(ctx context.Context) error {
	rows, err := c.query(ctx, statement{query: "SELECT 1"})
	if err != nil {
		return err
	}
	return rows.Close()
}

// ResetSession rolls back what a previous user left open.
func (c *conn) ResetSession(context.Context) error { return c.abandon() }

// IsValid is false with a transaction left open: database/sql then closes the
// connection instead of lending it to the next.
func (c *conn) IsValid() bool { return c.tx == nil }

// Close ends a transaction left open, or everybody would wait for it for ever.
func (c *conn) Close() error { return c.abandon() }

func (c *conn) abandon() error {
	if c.tx == nil {
		return nil
	}
	return c.tx.Rollback()
}

func (c *conn) exec(ctx context.Context, s statement) (result driver.Result, err error) {
	if c.tx != nil {
		return c.tx.exec(s)
	}
	err = c.alone(ctx, func(t *tx) error {
		result, err = t.exec(s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

func (c *conn) query(ctx context.Context, s statement) (found driver.Rows, err error) {
	if c.tx != nil {
		return c.tx.query(s)
	}
	err = c.alone(ctx, func(t *tx) error {
		r, err := t.query(s)
		if err != nil {
			return err
		}
		r.detach()
		if r.after != io.EOF {
			return r.after
		}
		found = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// alone runs do as a member of its own.
func (c *conn) alone(ctx context.Context, do func(*tx) error) error {
	if _, err := c.BeginTx(ctx, driver.TxOptions{}); err != nil {
		return err
	}
	t := c.tx
	ended := false
	defer func() {
		if !ended { // do panicked
			_ = t.Rollback()
		}
	}()
	err := do(t)
	ended = true
	if err == nil {
		return t.Commit()
	}
	if batchErr := t.Rollback(); batchErr != nil && !errors.Is(batchErr, err) {
		return errors.Join(err, batchErr)
	}
	return err
}

// stmt is a remembered text.
type stmt struct {
	c     *conn
	query string
}

var (
	_ driver.StmtExecContext  = (*stmt)(nil)
	_ driver.StmtQueryContext = (*stmt)(nil)
)

// Close does nothing: the compiled statement belongs to the shared cache.
func (s *stmt) Close() error { return nil }

// NumInput is unknown before the statement is compiled.
func (s *stmt) NumInput() int { return -1 }

// Exec is ExecContext without a context, as driver.Stmt demands.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

// Query is QueryContext without a context, as driver.Stmt demands.
func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

// ExecContext is conn.ExecContext with the statement kept compiled.
func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.c.exec(ctx, statement{query: s.query, args: args, prepared: true})
}

// QueryContext is conn.QueryContext with the statement kept compiled.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.c.query(ctx, statement{query: s.query, args: args, prepared: true})
}

func named(values []driver.Value) []driver.NamedValue {
	out := make([]driver.NamedValue, len(values))
	for i, v := range values {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}
