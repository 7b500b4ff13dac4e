// Package verandatest is what tests of Veranda, and of programs that embed it, stand on: a fresh migrated database for
// each test on every engine present, a clock that is moved by hand, background work that is drained on demand, and
// assertions on events.
//
//	func TestTransfer(t *testing.T) {
//		verandatest.Each(t, []veranda.Module{veranda.Core(), tenancy.Module(), tasks.Module()}, func(t *testing.T, e *verandatest.Env) {
//			…
//			e.Clock.Advance(time.Hour)
//			e.Drain(t)
//			e.WantEvents(t, "tasks.*", "tasks.task_created", "tasks.task_finished")
//		})
//	}
//
// SQLite needs nothing. PostgreSQL is found by VERANDA_TEST_POSTGRES, Redis by VERANDA_TEST_REDIS. A missing engine is
// skipped by name, a missing program likewise; VERANDA_REQUIRE=postgres,redis turns that into a failure.
package verandatest
