package sqlitegroup

import (
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// guard watches the real connection from inside SQLite: as its authorizer it
// refuses statements that would end the shared transaction, and as its rollback
// hook it sees when SQLite ended it. Both are called by SQLite within a call
// the holder of the baton makes, so nothing here needs a lock.
type guard struct {
	savepoint  string // name of the members' savepoint
	own        bool   // the statement is this package's own
	readOnly   bool   // the member promised not to write
	refused    error  // why the authorizer refused, since begin
	rolledBack bool   // the rollback hook was called, since begin
}

// begin prepares the guard for one call.
func (w *guard) begin(own, readOnly bool) {
	w.own, w.readOnly = own, readOnly
	w.refused, w.rolledBack = nil, false
}

// authorize is the sqlite.AuthorizerFn. SQLite calls it while it compiles a
// statement, again when it must recompile a cached one.
func (w *guard) authorize(action sqlite.AuthorizerActionCode, arg1, arg2, _, _ string) sqlite.AuthorizerReturnCode {
	if w.own {
		return sqlite.AuthorizerOK
	}
	switch action {
	case sqlite.AuthTransaction:
		// END comes here as COMMIT.
		w.refused = fmt.Errorf("%w: %s; use the methods of sql.DB and sql.Tx", ErrTransactionControl, arg1)
		return sqlite.AuthorizerDeny
	case sqlite.AuthSavepoint:
		// arg2 is the bare name, whatever quotes the statement has; SQLite
		// compares these names without regard to case.
		if strings.EqualFold(arg2, w.savepoint) {
			w.refused = fmt.Errorf("%w: savepoint name is reserved", ErrTransactionControl)
			return sqlite.AuthorizerDeny
		}
		return sqlite.AuthorizerOK
	case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthFunction, sqlite.AuthRecursive:
		return sqlite.AuthorizerOK
	}
	if w.readOnly {
		w.refused = ErrReadOnly
		return sqlite.AuthorizerDeny
	}
	return sqlite.AuthorizerOK
}

// noteRollback is the sqlite.RollbackHookFn; ROLLBACK TO does not call it.
func (w *guard) noteRollback() { w.rolledBack = true }
