package sqlitegroup

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkGroupCommit compares transactions of three inserts through the group
// with the same on a plain pool of one connection, both synchronous=FULL.
func BenchmarkGroupCommit(b *testing.B) {
	const (
		insert = "INSERT INTO note(writer, n, body) VALUES($1, $2, $3)"
		body   = "a text of the length that a note usually has"
	)
	plain := func(b *testing.B) *sql.DB {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "plain.db")+pragmas+"&_txlock=immediate")
		if err != nil {
			b.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		b.Cleanup(func() { _ = db.Close() })
		return db
	}
	group := func(b *testing.B) *sql.DB { return open(b, "").DB }
	for _, c := range []struct {
		name    string
		db      func(*testing.B) *sql.DB
		writers int
	}{
		{"group-32", group, 32},
		{"one-by-one-32", plain, 32},
		{"group-1", group, 1},
		{"one-by-one-1", plain, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			db := c.db(b)
			if _, err := db.Exec("CREATE TABLE note(id INTEGER PRIMARY KEY, writer INT, n INT, body TEXT)"); err != nil {
				b.Fatal(err)
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			took := make([][]time.Duration, c.writers)
			var wg sync.WaitGroup
			b.ResetTimer()
			for w := range c.writers {
				wg.Go(func() {
					for left.Add(-1) >= 0 {
						start := time.Now()
						err := inTx(context.Background(), db, func(tx *sql.Tx) error {
							for n := range 3 {
								if _, err := tx.Exec(insert, w, n, body); err != nil {
									return err
								}
							}
							return nil
						})
						if err != nil {
							b.Error(err)
							return
						}
						took[w] = append(took[w], time.Since(start))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			all := slices.Concat(took...)
			if len(all) == 0 {
				return
			}
			slices.Sort(all)
			b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "tx/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
		})
	}
}
