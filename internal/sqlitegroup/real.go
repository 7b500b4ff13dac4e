package sqlitegroup

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// rawConn is what modernc's connections implement of database/sql/driver.
type rawConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.Validator
	sqlite.AuthorizerRegisterer
	sqlite.HookRegisterer
}

// control is one of this package's own statements.
type control int

const (
	beginBatch control = iota
	commitBatch
	rollbackBatch
	openMember
	undoMember
	closeMember
	controls
)

// realConn is the one real connection. Only the holder of the baton uses it.
// Every call runs without a deadline: an interrupted write rolls back the whole
// transaction, not only its statement.
type realConn struct {
	raw   rawConn
	guard *guard
	own   [controls]rawStmt
	cache *stmtCache
}

// analysisLimit bounds ANALYZE on this connection. With the default of 0 it
// writes sqlite_stat4, and from then on SQLite recompiles a cached statement
// whenever a bound value changes (https://www.sqlite.org/pragma.html#pragma_analysis_limit,
// https://www.sqlite.org/fileformat2.html#the_sqlite_stat4_table).
const analysisLimit = "PRAGMA analysis_limit=1000"

func openReal(dsn string) (*realConn, error) {
	// The connector gives what sql.Open("sqlite", dsn) would, with every
	// function and collation registered for it, so that readers and the writer
	// agree about an index.
	ctr, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("sqlitegroup: read DSN: %w", err)
	}
	opened, err := ctr.Connect(context.Background())
	if err != nil {
		return nil, fmt.Errorf("sqlitegroup: open database: %w", err)
	}
	raw, ok := opened.(rawConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlitegroup: connection %T lacks what this package needs", opened), opened.Close())
	}
	r := &realConn{raw: raw, guard: &guard{savepoint: "member_" + rand.Text()}}
	r.cache = newStmtCache(maxCached, r.prepare)
	if err := r.prepareOwn(); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlitegroup: open database: %w", err), r.close())
	}
	return r, nil
}

func (r *realConn) prepareOwn() error {
	if _, err := r.raw.ExecContext(context.Background(), analysisLimit, nil); err != nil {
		return err
	}
	r.raw.RegisterRollbackHook(r.guard.noteRollback)
	if err := r.raw.RegisterAuthorizer(r.guard.authorize); err != nil {
		return err
	}
	r.guard.begin(true, false)
	name := `"` + r.guard.savepoint + `"`
	for which, query := range [controls]string{
		beginBatch:    "BEGIN IMMEDIATE",
		commitBatch:   "COMMIT",
		rollbackBatch: "ROLLBACK",
		openMember:    "SAVEPOINT " + name,
		undoMember:    "ROLLBACK TO " + name,
		closeMember:   "RELEASE " + name,
	} {
		stmt, err := r.prepare(query)
		if err != nil {
			return err
		}
		r.own[which] = stmt
	}
	return nil
}

func (r *realConn) prepare(query string) (rawStmt, error) {
	s, err := r.raw.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	stmt, ok := s.(rawStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlitegroup: statement %T lacks what this package needs", s), s.Close())
	}
	return stmt, nil
}

// run runs one of the own statements. SQLite may recompile it, after a
// change of the schema was rolled back for instance, so the guard must know
// that it is one.
func (r *realConn) run(which control) error {
	r.guard.begin(true, false)
	_, err := r.own[which].ExecContext(context.Background(), nil)
	return err
}

// statement is what a caller wants to run.
type statement struct {
	query    string
	args     []driver.NamedValue
	prepared bool // the caller has prepared it, so it will come again
	readOnly bool // of a read-only transaction
}

// keep tells whether the compiled statement is worth keeping. Without arguments
// its values are written into the text, as bun does, and the text hardly comes
// again; savepoints do. A read-only transaction compiles each statement itself,
// because that is when SQLite asks whether it may write.
func (s *statement) keep() bool {
	if s.readOnly {
		return false
	}
	return len(s.args) > 0 || s.prepared ||
		hasPrefixFold(s.query, "SAVEPOINT ") || hasPrefixFold(s.query, "RELEASE ") || hasPrefixFold(s.query, "ROLLBACK TO ")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// exec runs a caller's statement, or script of several, to its end.
func (r *realConn) exec(s statement) (driver.Result, error) {
	r.guard.begin(false, s.readOnly)
	stmt, err := r.cache.take(s.query, s.keep())
	if err != nil {
		return nil, r.explain(err)
	}
	result, err := stmt.ExecContext(context.Background(), s.args)
	if closeErr := r.cache.give(stmt); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, r.explain(err)
	}
	return result, nil
}

// query starts a caller's statement. The rows must be closed, and the statement
// given back to the cache after that.
func (r *realConn) query(s statement) (driver.Rows, *cached, error) {
	r.guard.begin(false, s.readOnly)
	stmt, err := r.cache.take(s.query, s.keep())
	if err != nil {
		return nil, nil, r.explain(err)
	}
	rows, err := stmt.QueryContext(context.Background(), s.args)
	if err != nil {
		// Closing repeats the error of the run.
		_ = r.cache.give(stmt)
		return nil, nil, r.explain(err)
	}
	return rows, stmt, nil
}

// explain puts the guard's reason before SQLite's "not authorized".
func (r *realConn) explain(err error) error {
	if r.guard.refused != nil {
		return fmt.Errorf("%w (%w)", r.guard.refused, err)
	}
	return err
}

func (r *realConn) close() error {
	errs := []error{r.cache.close()}
	for _, stmt := range r.own {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(append(errs, r.raw.Close())...)
}
