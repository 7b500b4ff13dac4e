package pgpipe

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Deferred, as the first argument of sql.Tx's ExecContext, makes the statement travel with COMMIT, or with the next
// statement that is not deferred. Its result has no row count, and its error surfaces at Commit, which then stores
// nothing. Rollback drops it. Outside a transaction it is refused.
//
// The arguments are encoded when the statement is sent, so what they point to must not change before; plain byte slices
// are copied. Deferred statements with arguments are prepared before the first of them runs, so none may depend on a
// table that another one of the same transaction creates.
type Deferred struct{}

var (
	errDeferredQuery   = errors.New("pgpipe: a query that returns rows cannot be deferred")
	errDeferredOutside = errors.New("pgpipe: a statement can only be deferred within a transaction")
)

// deferred is a statement that waits for COMMIT.
type deferred struct {
	query   string
	args    []any
	prepare bool // keep it prepared on the connection
}

// postpone queues a statement of the open transaction.
func (c *conn) postpone(query string, args []driver.NamedValue) (driver.Result, error) {
	if c.pg.IsClosed() {
		return nil, driver.ErrBadConn
	}
	if c.tx == nil {
		return nil, errDeferredOutside
	}
	if err := c.tx.usable(); err != nil {
		return nil, err
	}
	mode := c.argumentMode
	statement := deferred{query: query, args: make([]any, 0, len(args))}
	for i, arg := range args {
		switch value := arg.Value.(type) {
		case pgx.QueryExecMode: // a batch takes no mode for one statement; what remains of it is whether to prepare
			if i == 0 {
				mode = value
				continue
			}
			statement.args = append(statement.args, value)
		case []byte:
			statement.args = append(statement.args, bytes.Clone(value))
		case json.RawMessage:
			statement.args = append(statement.args, slices.Clone(value))
		default:
			statement.args = append(statement.args, value)
		}
	}
	if len(statement.args) > 0 {
		_, rewritten := statement.args[0].(pgx.QueryRewriter) // its text is only known when it is sent
		statement.prepare = mode == pgx.QueryExecModeCacheStatement && !rewritten
	}
	c.tx.tail = append(c.tx.tail, statement)
	return driver.ResultNoRows, nil
}

// send runs deferred statements in one round trip, with a BEGIN that is still pending before and COMMIT behind. A
// statement that this connection has not prepared yet costs one more. A *pgconn.PgError is kept in the chain.
func (c *conn) send(ctx context.Context, tail []deferred, commit bool) error {
	for _, statement := range tail {
		if !statement.prepare {
			continue
		}
		if err := c.prepared.ensure(ctx, c.pg, statement.query); err != nil {
			return fmt.Errorf("pgpipe: prepare deferred statement: %w", err)
		}
	}
	var batch pgx.Batch
	if begin := c.lazy.take(); begin != "" { // batches do not pass lazyBegin
		batch.Queue(begin)
	}
	for _, statement := range tail {
		batch.Queue(statement.query, statement.args...)
	}
	if commit {
		batch.Queue("commit")
	}
	if err := run(c.pg.SendBatch(ctx, &batch), batch.Len(), commit); err != nil {
		c.prepared.doubt(tail, err)
		return err
	}
	return nil
}

// run reads the results of a batch of so many statements, the last of which may be COMMIT.
func run(results pgx.BatchResults, statements int, commit bool) error {
	var tag pgconn.CommandTag
	for i := range statements {
		var err error
		if tag, err = results.Exec(); err != nil {
			_ = results.Close() // gives the same error
			if commit && i == statements-1 {
				return fmt.Errorf("pgpipe: commit: %w", err)
			}
			return fmt.Errorf("pgpipe: deferred statement: %w", err)
		}
	}
	if err := results.Close(); err != nil {
		return fmt.Errorf("pgpipe: deferred statements: %w", err)
	}
	if commit {
		return checkCommitted(tag)
	}
	return nil
}

// preparedSet are the statements that a connection keeps prepared for deferred use. They are pgx's explicit prepared
// statements, named by their own text: those are what a batch finds without preparing the rest of it too.
type preparedSet struct {
	limit   int
	queries []string // oldest first
	suspect []string // to be prepared anew, because a batch with them failed
}

// ensure prepares the query unless it is. It costs no round trip then.
func (s *preparedSet) ensure(ctx context.Context, pg *pgx.Conn, query string) error {
	for len(s.suspect) > 0 {
		if err := pg.Deallocate(ctx, s.suspect[0]); err != nil {
			return err
		}
		s.suspect = s.suspect[1:]
	}
	if !slices.Contains(s.queries, query) {
		for len(s.queries) >= s.limit {
			if err := pg.Deallocate(ctx, s.queries[0]); err != nil {
				return err
			}
			s.queries = s.queries[1:]
		}
	}
	// pgx remembers what it prepared. It is asked each time, because closing a sql.Stmt of the same text forgets it.
	if _, err := pg.Prepare(ctx, query, query); err != nil {
		return err
	}
	if !slices.Contains(s.queries, query) {
		s.queries = append(s.queries, query)
	}
	return nil
}

// doubt marks statements of a failed batch for preparing anew, unless the error shows that they ran as meant. Else a
// statement that a change of the schema spoilt would fail for as long as the connection lives.
func (s *preparedSet) doubt(tail []deferred, err error) {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch class := strings.ToUpper(pgErr.Code)[:min(2, len(pgErr.Code))]; class {
		case "23", "25", "40", "57": // constraint, transaction state, serialization, cancelled or shut down
			return
		}
	}
	for _, statement := range tail {
		if i := slices.Index(s.queries, statement.query); i >= 0 {
			s.suspect = append(s.suspect, statement.query)
			s.queries = slices.Delete(s.queries, i, i+1)
		}
	}
}
