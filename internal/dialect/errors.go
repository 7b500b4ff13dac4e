package dialect

import (
	"errors"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/veranda-go/veranda/internal/sqlitegroup"
)

// Failure says what kind of refusal a database error is.
type Failure uint8

// What a database can refuse. FailureOther is anything without a meaning of its own.
const (
	FailureNone Failure = iota
	FailureOther
	FailureUnique
	FailureForeignKey
	FailureCheck
	FailureNotNull
	FailureFull      // no room left on the disk
	FailureContended // deadlock, serialization failure, lock timeout: the same call may succeed when repeated
	FailureGone      // the database does not answer
)

// Classify understands a driver's error, and names the constraint (PostgreSQL) or the columns (SQLite: "table.column,
// table.column") of a violated one.
func Classify(err error) (failure Failure, constraint string) {
	if err == nil {
		return FailureNone, ""
	}
	// A shared commit that failed is not this transaction's own violation, whatever its cause was.
	var batch *sqlitegroup.BatchError
	if errors.As(err, &batch) {
		if failure, _ := Classify(batch.Cause); failure == FailureFull {
			return FailureFull, ""
		}
		return FailureContended, ""
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return classifyPostgres(pg), pg.ConstraintName
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return classifySQLite(lite)
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || pgconn.SafeToRetry(err) {
		return FailureGone, ""
	}
	if errors.Is(err, syscall.ENOSPC) {
		return FailureFull, ""
	}
	return FailureOther, ""
}

// classifyPostgres reads the SQLSTATE; PostgreSQL documentation, appendix A.
func classifyPostgres(err *pgconn.PgError) Failure {
	switch err.Code {
	case "23505", "23P01":
		return FailureUnique
	case "23503":
		return FailureForeignKey
	case "23514":
		return FailureCheck
	case "23502":
		return FailureNotNull
	case "53100":
		return FailureFull
	case "40001", "40P01", "55P03":
		return FailureContended
	case "57P01", "57P02", "57P03", "53300":
		return FailureGone
	}
	if strings.HasPrefix(err.Code, "08") {
		return FailureGone
	}
	return FailureOther
}

// classifySQLite reads the extended result code; sqlite.org/rescode.html.
func classifySQLite(err *sqlite.Error) (Failure, string) {
	columns := ""
	if _, rest, ok := strings.Cut(err.Error(), "constraint failed: "); ok {
		// The driver's text repeats the kind before the columns: "constraint failed: UNIQUE constraint failed: t.a, t.b (2067)".
		if _, deeper, ok := strings.Cut(rest, "constraint failed: "); ok {
			rest = deeper
		}
		columns, _, _ = strings.Cut(rest, " (")
	}
	switch err.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return FailureUnique, columns
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return FailureForeignKey, columns
	case sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_DATATYPE:
		return FailureCheck, columns
	case sqlite3.SQLITE_CONSTRAINT_NOTNULL:
		return FailureNotNull, columns
	}
	switch err.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return FailureFull, ""
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return FailureContended, ""
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return FailureGone, ""
	}
	return FailureOther, ""
}
