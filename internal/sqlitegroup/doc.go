// Package sqlitegroup is a database/sql driver that lets concurrent
// transactions on one SQLite database share commits.
//
// SQLite has one writer at a time, and with synchronous=FULL each COMMIT waits
// for the disk. Most of a small transaction is that wait. Here every
// "connection" of the sql.DB is virtual, and all of them stand on one real
// connection of modernc.org/sqlite:
//
//   - BeginTx takes the baton. Whoever holds it is alone on the real connection.
//     Waiting for it can be cancelled; nothing after that can.
//   - The first holder opens one real transaction, the batch (BEGIN IMMEDIATE).
//     Each virtual transaction, a member, is a savepoint of it.
//   - Commit releases the savepoint, Rollback rolls back to it; both pass the
//     baton to the next one waiting. When nobody waits, or the batch is full or
//     old, the holder runs the COMMIT first.
//   - Commit and Rollback return only when the batch has ended. A member that
//     only read, or failed, waits too: what it read may come from a member
//     whose changes are not yet durable, so its answer must not be out before.
//
// # When a batch fails
//
// After some errors (a full disk, an I/O error, …) SQLite rolls back the whole
// transaction, and a later statement would run in autocommit. The batch is
// therefore dead from that error on: statements of its members are refused, and
// every member's Commit or Rollback returns a *BatchError with the cause. The
// same holds if SQLite rolls back for another reason (INSERT OR ROLLBACK,
// RAISE(ROLLBACK)), which a rollback hook sees. The next member starts anew.
//
// # What callers should know
//
// A slow member delays everybody, so nothing slow belongs inside a transaction.
//
// BEGIN, COMMIT, END and ROLLBACK as statements are refused
// (ErrTransactionControl); SAVEPOINT, RELEASE and ROLLBACK TO work, within the
// own transaction. SQLite's authorizer decides this while it compiles the
// statement, so comments, quoting and scripts of several statements don't
// matter.
//
// The context of a statement does not reach SQLite: an interrupted write
// statement would roll back the work of everybody in the batch. database/sql
// still refuses to start a statement with an ended context.
//
// State of the connection is shared: temporary tables, PRAGMA values,
// last_insert_rowid() between transactions. Statements that SQLite refuses
// within a transaction (VACUUM, PRAGMA journal_mode, PRAGMA synchronous) are
// refused here always, and PRAGMA foreign_keys has no effect, as within any
// transaction: such settings belong in Config.DSN. A violated deferred
// foreign key shows only at COMMIT, and would fail the whole batch: schemas
// used here should have immediate ones.
//
// ATTACH works, but BEGIN IMMEDIATE does not lock an attached file, so that
// another process's lock on it fails the whole batch: one file is one Group.
//
// A second BeginTx by the holder of a transaction waits for itself, as with any
// pool of one connection.
package sqlitegroup
