package pgpipe

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// A create (row, event, outbox row) by 32 clients. Plain pgx takes five round trips; with pgpipe it is two, and one when
// the row is deferred too. The benchmark's time is per create, over all clients.
func BenchmarkCreate(b *testing.B) {
	benchmarks := []struct {
		name     string
		pipeline bool
		row      []any // in front of the arguments of each of the statements
		rest     []any
	}{
		{"plain, 5 round trips", false, nil, nil},
		{"begin pipelined, 4", true, nil, nil},
		{"event and outbox deferred, 2", true, nil, []any{Deferred{}}},
		{"event and outbox deferred, not prepared, 2", true, []any{pgx.QueryExecModeExec}, []any{Deferred{}, pgx.QueryExecModeExec}},
		{"all deferred, 1", true, []any{Deferred{}}, []any{Deferred{}}},
	}
	for _, benchmark := range benchmarks {
		b.Run(benchmark.name, func(b *testing.B) {
			const clients = 32
			config := newConfig(b)
			var db *sql.DB
			if benchmark.pipeline {
				db = openPool(b, config)
			} else {
				db = openPlain(b, config)
			}
			db.SetMaxOpenConns(clients)
			db.SetMaxIdleConns(clients)
			createTables(b, db)
			create := func(id int64) error {
				ctx := context.Background()
				tx, err := db.BeginTx(ctx, nil)
				if err != nil {
					return err
				}
				defer func() { _ = tx.Rollback() }() // after Commit it does nothing
				for _, s := range []struct {
					query string
					mode  []any
					args  []any
				}{
					{insertTask, benchmark.row, []any{id, "title"}},
					{insertEvent, benchmark.rest, []any{id, "created"}},
					{insertOutbox, benchmark.rest, []any{id}},
				} {
					if _, err := tx.ExecContext(ctx, s.query, append(append([]any{}, s.mode...), s.args...)...); err != nil {
						return err
					}
				}
				return tx.Commit()
			}
			var next atomic.Int64
			run := func(until int64) {
				var workers sync.WaitGroup
				for range clients {
					workers.Go(func() {
						for id := next.Add(1); id <= until; id = next.Add(1) {
							if err := create(id); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				workers.Wait()
				next.Store(until)
			}
			run(clients * 4) // connects and prepares
			b.ResetTimer()
			run(clients*4 + int64(b.N))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
		})
	}
}
