package veranda_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// queues are the Redises a runner works with: inside the process, and a real one where there is one.
func eachQueue(t *testing.T, run func(t *testing.T, e *verandatest.Env, redisURL string)) {
	t.Helper()
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		for _, kind := range []string{"embedded", "redis"} {
			t.Run(string(engine)+"/"+kind, func(t *testing.T) {
				t.Parallel()
				url := ""
				if kind == "redis" {
					if url = verandatest.RedisURL(); url == "" {
						verandatest.Missing(t, "redis", "VERANDA_TEST_REDIS")
					}
				}
				location := verandatest.Location(t, engine, core)
				db, err := veranda.Open(context.Background(), location, veranda.WithLog(slog.New(slog.DiscardHandler)))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = db.Close() })
				run(t, &verandatest.Env{Engine: engine, DB: db, Location: location, Modules: core}, url)
			})
		}
	}
}

// effects is a table for what consumers write, so that an effect done twice shows.
type effects struct {
	mu   sync.Mutex
	seen map[string]int
}

func (f *effects) add(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		f.seen = map[string]int{}
	}
	f.seen[key]++
}

func (f *effects) len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seen)
}

func start(t *testing.T, e *verandatest.Env, url string) *veranda.Runner {
	t.Helper()
	r, err := veranda.Start(context.Background(), e.DB, veranda.RunnerConfig{RedisURL: url, Queue: "t" + fmt.Sprint(time.Now().UnixNano())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

func TestRunnerBringsEveryEventToItsConsumer(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, e *verandatest.Env, url string) {
		const events = 300
		var delivered effects
		var handled atomic.Int64
		must(t, e.DB.Consume(veranda.Consumer{Name: "handle", Kinds: []string{"test.*"}, Handle: func(ctx context.Context, tx *veranda.Tx, batch []veranda.Event) error {
			for _, event := range batch {
				// A row of the same key twice would violate the primary key: the effect happens once.
				if _, err := tx.Exec(ctx, `INSERT INTO veranda_slots (job, slot) VALUES ($1, $2)`, event.ID.String(), e.DB.Time(time.Unix(0, 0))); err != nil {
					return err
				}
			}
			handled.Add(int64(len(batch)))
			return nil
		}}))
		must(t, e.DB.Consume(veranda.Consumer{Name: "deliver", Kinds: []string{"test.a"}, Deliver: func(ctx context.Context, event veranda.Event) error {
			delivered.add(event.ID.String())
			return nil
		}}))
		r := start(t, e, url)
		if err := r.Ready(); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 6 {
			group.Go(func() {
				for i := range events / 6 {
					kind := "test.a"
					if i%2 == 0 {
						kind = "test.b"
					}
					must(t, e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error { emit(tx, kind); return nil }))
				}
			})
		}
		group.Wait()
		verandatest.Eventually(t, 30*time.Second, "all work done", func() bool { return e.Open(t) == 0 })
		var effects int
		must(t, e.DB.Reader().NewRaw("SELECT count(*) FROM veranda_slots WHERE job NOT LIKE 'cron%'").Scan(context.Background(), &effects))
		if effects != events || delivered.len() != events/2 {
			t.Errorf("%d effects and %d deliveries, want %d and %d", effects, delivered.len(), events, events/2)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWipedRedisLosesNothing(t *testing.T) {
	t.Parallel()
	url := verandatest.RedisURL()
	if url == "" {
		verandatest.Missing(t, "redis", "VERANDA_TEST_REDIS")
	}
	e := verandatest.New(t, verandatest.SQLite, core)
	done := effects{}
	must(t, e.DB.Consume(veranda.Consumer{Name: "effect", Kinds: []string{"test.*"}, Deliver: func(ctx context.Context, event veranda.Event) error {
		done.add(event.ID.String())
		return nil
	}}))
	for range 50 {
		must(t, e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.a"); return nil }))
	}
	options, err := redis.ParseURL(url)
	must(t, err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	queue := "wiped" + fmt.Sprint(time.Now().UnixNano())
	wipe := func() {
		keys, err := client.Keys(context.Background(), "asynq:{"+queue+"}*").Result()
		must(t, err)
		if len(keys) > 0 {
			must(t, client.Del(context.Background(), keys...).Err())
		}
	}
	runner, err := veranda.Start(context.Background(), e.DB, veranda.RunnerConfig{RedisURL: url, Queue: queue})
	must(t, err)
	defer runner.Stop()
	e.DB.Wake()
	wipe()
	// What was in the queue is gone; its rows come back when their lease ends.
	verandatest.Eventually(t, 30*time.Second, "all effects", func() bool {
		e.Clock.Advance(time.Minute)
		e.DB.Wake()
		return done.len() == 50 && e.Open(t) == 0
	})
}

func TestFailingWorkIsRepeatedAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		var good, bad int
		must(t, e.DB.Consume(veranda.Consumer{Name: "picky", Kinds: []string{"test.*"}, Handle: func(ctx context.Context, tx *veranda.Tx, batch []veranda.Event) error {
			for _, event := range batch {
				if event.Kind == "test.poison" {
					bad++
					if bad < 6 {
						panic("poison")
					}
					continue
				}
				if _, err := tx.Exec(ctx, `INSERT INTO veranda_slots (job, slot) VALUES ($1, $2)`, event.ID.String(), e.DB.Time(time.Unix(0, 0))); err != nil {
					return err
				}
				good++
			}
			return nil
		}}))
		must(t, e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			for i := range 10 {
				if i == 4 {
					emit(tx, "test.poison")
				}
				emit(tx, "test.good")
			}
			return nil
		}))
		e.Drain(t)
		if open := e.Open(t); open != 1 {
			t.Fatalf("%d pieces open, want the poison alone", open)
		}
		var slots int
		must(t, e.DB.Reader().NewRaw("SELECT count(*) FROM veranda_slots").Scan(ctx, &slots))
		if slots != 10 {
			t.Errorf("%d effects, want 10", slots)
		}
		for range 6 {
			e.Clock.Advance(2 * time.Minute)
			e.Drain(t)
		}
		if open := e.Open(t); open != 0 {
			t.Errorf("%d pieces open, want none", open)
		}
	})
}

func TestWorkThatFailsForEverIsParked(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		attempts := 0
		must(t, e.DB.Consume(veranda.Consumer{Name: "never", Kinds: []string{"test.*"}, Deliver: func(ctx context.Context, event veranda.Event) error {
			attempts++
			return errors.New("no")
		}}))
		must(t, e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.a"); return nil }))
		for range 40 {
			e.Drain(t)
			e.Clock.Advance(2 * time.Hour)
		}
		stats, err := e.DB.OutboxStats(ctx)
		must(t, err)
		if stats.Parked != 1 || stats.Open != 0 || attempts != 25 {
			t.Errorf("parked %d, open %d after %d attempts, want 1, 0 after 25", stats.Parked, stats.Open, attempts)
		}
	})
}

func TestPeriodicJobRunsOncePerSlot(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, core, func(t *testing.T, e *verandatest.Env) {
		ctx := context.Background()
		nodes := []*veranda.DB{e.DB, e.Node(t), e.Node(t)}
		var runs effects
		for _, db := range nodes {
			must(t, db.Every(veranda.Periodic{Name: "job", Every: time.Hour, Run: func(ctx context.Context, slot time.Time) error {
				runs.add(slot.Format(time.RFC3339))
				return nil
			}}))
		}
		for range 3 {
			var group sync.WaitGroup
			for _, db := range nodes {
				group.Go(func() {
					if err := db.EnqueueDue(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			e.Drain(t)
			e.Clock.Advance(time.Hour)
		}
		if runs.len() != 3 {
			t.Fatalf("%d slots, want 3", runs.len())
		}
		for slot, n := range runs.seen {
			if n != 1 {
				t.Errorf("slot %s ran %d times", slot, n)
			}
		}
	})
}

func TestEventsAfterMissesNothingAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, e *verandatest.Env, url string) {
		start(t, e, url)
		ctx := context.Background()
		const writers, each = 8, 40
		var group sync.WaitGroup
		for writer := range writers {
			group.Go(func() {
				for i := range each {
					err := e.DB.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
						emit(tx, "test.a")
						if e.Engine == verandatest.Postgres {
							// Transactions that commit in another order than they began.
							if _, err := tx.Exec(ctx, `SELECT pg_sleep($1)`, float64((writer*7+i*3)%10)/1000); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		seen := map[veranda.EventID]int{}
		position := int64(0)
		verandatest.Eventually(t, 30*time.Second, "every event read", func() bool {
			events, next, err := e.DB.EventsAfter(ctx, position, 7)
			must(t, err)
			position = next
			for _, event := range events {
				seen[event.ID]++
			}
			return len(seen) == writers*each
		})
		group.Wait()
		for id, n := range seen {
			if n != 1 {
				t.Errorf("event %s was read %d times", id, n)
			}
		}
	})
}

// What is long keeps its claim while it runs, runs beside the rest, and begins anew when the node stops.
func TestRunnerDoesLongWork(t *testing.T) {
	t.Parallel()
	eachQueue(t, func(t *testing.T, e *verandatest.Env, url string) {
		var began, ended, others atomic.Int64
		release := make(chan struct{})
		must(t, e.DB.Consume(veranda.Consumer{Name: "long", Kinds: []string{"test.long"}, Long: true, Deliver: func(ctx context.Context, _ veranda.Event) error {
			began.Add(1)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-release:
				ended.Add(1)
				return nil
			}
		}}))
		must(t, e.DB.Consume(veranda.Consumer{Name: "other", Kinds: []string{"test.other"}, Deliver: func(context.Context, veranda.Event) error {
			others.Add(1)
			return nil
		}}))
		queue := "long" + fmt.Sprint(time.Now().UnixNano())
		start := func() *veranda.Runner {
			r, err := veranda.Start(context.Background(), e.DB, veranda.RunnerConfig{RedisURL: url, Queue: queue})
			must(t, err)
			t.Cleanup(r.Stop)
			return r
		}
		r := start()
		const long = 10 // more than run at once, and than the queue has workers
		must(t, e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
			for range long {
				emit(tx, "test.long")
			}
			return nil
		}))
		verandatest.Eventually(t, 30*time.Second, "long work began", func() bool { return began.Load() > 0 })
		must(t, e.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error { emit(tx, "test.other"); return nil }))
		verandatest.Eventually(t, 30*time.Second, "other work is done meanwhile", func() bool { return others.Load() == 1 })
		r.Stop()
		if ended.Load() != 0 {
			t.Error("it ended before it was done")
		}
		close(release)
		start()
		// What lay claimed in a queue that is gone comes back when its claim runs out.
		verandatest.Eventually(t, 150*time.Second, "all long work done", func() bool { return e.Open(t) == 0 })
		if ended.Load() != long {
			t.Errorf("%d of %d ended", ended.Load(), long)
		}
		if stats, err := e.DB.OutboxStats(context.Background()); err != nil || stats.Parked != 0 {
			t.Errorf("%+v %v", stats, err)
		}
	})
}
