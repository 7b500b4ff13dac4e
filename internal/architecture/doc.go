// Package architecture holds the rules of the house: who imports whom, which
// library is used where, how SQL is written, where time comes from, which tests
// may be skipped, and what lies at top level. Its test runs every rule over the
// whole module, tests of the module included.
//
//	floors.go     a package imports only lower floors
//	libraries.go  HTTP frameworks, drivers, queues and casbin stay where they belong
//	toplevel.go   what lies beside go.mod
//	nesting.go    no transaction within a transaction but by the module's own Tx
//	sql.go        no bun.Safe, no SQL put together at run time
//	ambient.go    no clock, logger or output that was not passed in
//	skips.go      no skipped test but the listed ones
//	versions.go   libraries not older than their mended versions
//
// A rule is a function from a House to what breaks it. The tests give each rule a
// small house that breaks it, so that no rule passes because it looks nowhere.
//
// Nothing imports this package.
package architecture
