// Command testall runs the project's checks and tests on private, throw-away
// database servers, so that `make test` needs nothing but Go on a fresh Debian
// machine and never touches a server that is already there.
//
//	testall [-limit 29m] [go test flags and packages]
//	testall -with [-durable] [-limit 2h] -- command [arguments]
//
// The first form checks formatting, runs go vet and staticcheck and then
// go test -race (the acceptance tests of examples/server without the race detector,
// unless they are asked for by name); packages and flags given narrow it. The second
// runs any command with the servers up.
//
// What is run finds the servers by three variables:
//
//	VERANDA_TEST_POSTGRES  URL of the "postgres" database, as its superuser
//	VERANDA_TEST_REDIS     redis://127.0.0.1:port
//	VERANDA_REQUIRE        postgres,redis,walk,khal: a test that lacks what it needs fails
//
// Whatever happens (a failed test, SIGINT, SIGTERM, the end of the program that
// started it, the time limit), the servers are stopped and their directory is
// removed before testall ends. Its status is that of what it ran, or 128 plus
// the number of the signal that ended it.
//
// Where to look: arguments.go (command line), packages.go and debian.go (what is
// missing, how it is installed), binaries.go (where servers are found), room.go
// (the temporary directory and whose it is), postgres.go and redis.go (how each
// is started), server.go (start, readiness, stop), process.go (child processes
// and signals), checks.go (the steps), interrupt.go (what ends a run early).
package main
