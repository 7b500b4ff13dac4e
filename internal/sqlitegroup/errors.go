package sqlitegroup

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrClosed is the answer to whoever begins a transaction, or waits to,
	// once the database is being closed.
	ErrClosed = errors.New("sqlitegroup: database is closed")

	// ErrTransactionControl is in the chain of the error for BEGIN, COMMIT, END
	// or ROLLBACK given as a statement, and for a statement naming the savepoint
	// this package keeps for the member.
	ErrTransactionControl = errors.New("sqlitegroup: statement would end or break the transaction shared with others")

	// ErrReadOnly is in the chain of the error for a statement that could write,
	// in a transaction begun with sql.TxOptions.ReadOnly.
	ErrReadOnly = errors.New("sqlitegroup: statement may write, and the transaction is read-only")

	errTxDone     = errors.New("sqlitegroup: transaction has already ended")
	errNestedTx   = errors.New("sqlitegroup: connection is already in a transaction")
	errRowsEnded  = errors.New("sqlitegroup: rows were closed by the end of their transaction")
	errRolledBack = errors.New("sqlitegroup: SQLite rolled the shared transaction back")
	errOutcome    = errors.New("sqlitegroup: batch ended without an answer from SQLite")
)

// BatchError is the error of every member of a batch that did not commit, and
// of every statement given to a batch that can no longer commit. None of the
// batch's changes are stored. The cause may be another member's doing, so
// whoever translates errors must look for *BatchError before *sqlite.Error: a
// constraint another member violated is no conflict of this one. Running the
// transaction again is sound.
type BatchError struct {
	// Cause is what ended the batch; a *sqlite.Error is in its chain if SQLite
	// gave one.
	Cause error
}

// Error says that nothing was stored, and why.
func (e *BatchError) Error() string {
	return fmt.Sprintf("sqlitegroup: shared transaction failed, nothing was stored: %v", e.Cause)
}

// Unwrap returns the cause.
func (e *BatchError) Unwrap() error { return e.Cause }

// endsBatch tells whether SQLite may have rolled back the whole transaction
// with this error, or cannot go on with it
// (https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A
// Transaction"; a corrupt database is added because nothing it says is to be
// trusted). Only the primary code in the low byte counts.
func endsBatch(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL:
		return true
	}
	return false
}
