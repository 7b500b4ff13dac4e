// Package pgpipe is pgx's database/sql driver with fewer round trips per transaction.
//
// A transaction through plain database/sql pays one round trip for BEGIN, one for each statement and one for COMMIT.
// Here BEGIN travels with the transaction's first statement, and statements whose result nobody waits for (an event, an
// outbox row) can be deferred: they travel with COMMIT. A transaction that reads or writes once and defers the rest is
// two round trips; one that defers everything is one; one that does nothing sends nothing.
//
// # How BEGIN travels
//
// BeginTx only notes the BEGIN. The next bytes that pgx writes to the server, whatever they are, get it as a prefix, and
// the server's answer to the prefix is taken out of the stream before pgx reads it (see [lazyBegin]). So every way of
// running a statement stays pgx's own: prepared statements, the statement cache, row values, column types, tracing.
// BEGIN and the statement share one error-recovery unit of the protocol, so that a statement can never run outside the
// transaction because its BEGIN failed: for the extended protocol they lie before the same Sync, for the simple protocol
// in the same Query message (PostgreSQL documentation, "Message Flow", sections "Extended Query", "Multiple Statements
// in a Simple Query" and "Pipelining").
//
// # What keeps a transaction whole
//
// Order holds: a statement that is not deferred sends the deferred ones before it first. A transaction that the server no
// longer knows (BEGIN failed, or somebody sent COMMIT by hand) takes no further statements. Commit gives an error
// whenever the server rolled back instead. A connection goes back to the pool only when the server says it is idle
// outside a transaction; otherwise it is closed.
package pgpipe
