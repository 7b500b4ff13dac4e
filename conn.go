package veranda

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda/internal/dialect"
)

// Conn is what a service reads and writes through: the database, or the transaction it is bound to. Services keep one
// and rebind it in WithTx.
type Conn struct {
	db *DB
	tx *Tx
}

// Conn is the unbound connection of a service.
func (db *DB) Conn() Conn { return Conn{db: db} }

// Bind makes the connection work in a transaction.
func (c Conn) Bind(tx *Tx) Conn { return Conn{db: c.db, tx: tx} }

// DB is the database.
func (c Conn) DB() *DB { return c.db }

// Tx is the transaction the connection is bound to, or nil.
func (c Conn) Tx() *Tx { return c.tx }

// InTx runs fn in a transaction: a new one, or a savepoint of the one the connection is bound to.
func (c Conn) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if c.tx != nil {
		return c.tx.InTx(ctx, fn)
	}
	return c.db.InTx(ctx, fn)
}

// Reader is where reads go: the reading pool, or the bound transaction.
func (c Conn) Reader() bun.IDB {
	if c.tx != nil {
		return c.tx.bun
	}
	return c.db.reader
}

// Query runs a hot read: a text that is constant for the life of the program, with $n placeholders, prepared once and
// cached on both databases.
func (c Conn) Query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	rows, err := c.query(ctx, text, args)
	return rows, translate(err)
}

// QueryBuilt is Query for a text that was put together for the call from parts that are constant: a filter's conditions.
// There may be any number of such texts; the last few hundred are kept prepared. Values never stand in the text.
func (c Conn) QueryBuilt(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if c.tx != nil || c.db.kind == dialect.Postgres || !c.db.owned {
		return c.Query(ctx, text, args...)
	}
	kept, err := c.db.built.take(ctx, c.db.reader.DB, text)
	if err != nil {
		return nil, translate(fmt.Errorf("veranda: prepare: %w", err))
	}
	rows, err := kept.stmt.QueryContext(ctx, args...)
	c.db.built.giveBack(kept) // rows keep the statement open
	return rows, translate(err)
}

func (c Conn) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if c.tx != nil {
		return c.tx.Query(ctx, text, args...)
	}
	if c.db.kind == dialect.Postgres || !c.db.owned {
		return c.db.reader.DB.QueryContext(ctx, text, args...)
	}
	stmt, err := c.db.statements.get(ctx, c.db.reader.DB, text)
	if err != nil {
		return nil, fmt.Errorf("veranda: prepare: %w", err)
	}
	return stmt.QueryContext(ctx, args...)
}

// Optional wraps a scan destination so that NULL leaves it alone: a LEFT JOIN that found nothing reads as zero values.
// It takes what Veranda's rows are made of.
func Optional(destination any) sql.Scanner { return optional{destination} }

type optional struct{ destination any }

func (o optional) Scan(src any) error {
	if src == nil {
		return nil
	}
	switch d := o.destination.(type) {
	case sql.Scanner:
		return d.Scan(src)
	case *string:
		switch v := src.(type) {
		case string:
			*d = v
			return nil
		case []byte:
			*d = string(v)
			return nil
		}
	case *int64:
		if v, ok := src.(int64); ok {
			*d = v
			return nil
		}
	case *int:
		if v, ok := src.(int64); ok {
			*d = int(v)
			return nil
		}
	case *bool:
		switch v := src.(type) {
		case bool:
			*d = v
			return nil
		case int64:
			*d = v != 0
			return nil
		}
	case *[]byte:
		switch v := src.(type) {
		case []byte:
			*d = append([]byte(nil), v...)
			return nil
		case string:
			*d = []byte(v)
			return nil
		}
	}
	return fmt.Errorf("veranda: cannot read %T into %T", src, o.destination)
}
