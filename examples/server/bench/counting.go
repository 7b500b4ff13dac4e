package main

import (
	"context"
	"database/sql/driver"
	"fmt"
	"sync/atomic"
)

// counter is a database driver that counts the statements that pass.
type counter struct {
	driver.Connector
	statements *atomic.Int64
}

// fullConn is what the driver's connections implement of database/sql/driver.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// Connect wraps a connection of the driver.
func (c counter) Connect(ctx context.Context) (driver.Conn, error) {
	plain, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := plain.(fullConn)
	if !ok {
		_ = plain.Close()
		return nil, fmt.Errorf("a connection %T cannot be counted", plain)
	}
	return countedConn{conn, c.statements}, nil
}

type countedConn struct {
	fullConn
	statements *atomic.Int64
}

// QueryContext counts a query.
func (c countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.statements.Add(1)
	return c.fullConn.QueryContext(ctx, query, args)
}

// ExecContext counts a statement.
func (c countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.statements.Add(1)
	return c.fullConn.ExecContext(ctx, query, args)
}

// PrepareContext counts the statement it makes, though it may run several times: Veranda prepares nothing on a handle
// that is the host's.
func (c countedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.statements.Add(1)
	return c.fullConn.PrepareContext(ctx, query)
}
