// Package veranda is the vocabulary of the Veranda library, and what a program starts to run it.
//
// Veranda gives a Go program collaboration features: organizations with roles, workspaces, tasks, an activity stream,
// statistics. Each feature is a package that works on the program's own database, router and accounts; this package holds
// what they share.
//
// # Concepts
//
//   - [Actor] is who calls. It is an argument of every method; the zero Actor may do nothing.
//   - [DB] is the database, PostgreSQL or SQLite. [Open] opens one, [New] takes a host's own handle.
//   - [Tx] is a transaction. [DB.InTx] begins one, [DB.UseTx] joins a host's, and a service is bound to one by its WithTx,
//     so that a transaction can span several packages and the host's own tables.
//   - [Event] is a change that happened, stored with it. A [Hook] can veto it before the commit; a [Consumer] reacts
//     after it, at least once, and exactly once for what it writes in the transaction it is given.
//   - [Authorizer] says who may do what; package tenancy fulfils it from casbin rows. [Limits] is asked by every create.
//   - [Error] is the one type of error, with a code, a stable reason, and every bad field.
//   - [Module] is what a package brings besides code: schema, permissions, policy rows.
//
// # Starting
//
//	db, err := veranda.Open(ctx, "data/veranda.db")           // or "postgres://…"
//	_, err = veranda.Migrate(ctx, db, veranda.Core(), tenancy.Module(), tasks.Module())
//	authz, err := tenancy.NewAuthorizer(ctx, db, tenancy.Module(), tasks.Module())
//	service, err := tasks.New(tasks.Deps{DB: db, Authz: authz})
//	runner, err := veranda.Start(ctx, db, veranda.RunnerConfig{RedisURL: ""}) // background work
//	defer runner.Stop()
//
// # Promises
//
// What was acknowledged is stored, on SQLite too: commits are synced to the disk, and writers share them. Events and the
// work they lead to travel with the commit that makes them. Redis is only how work travels; wiping it delays work by the
// length of a lease and loses none. What one may not see is answered exactly like what does not exist.
package veranda
