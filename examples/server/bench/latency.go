package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/veranda-go/veranda"
)

// latencyGoal is how long after its commit an event's handler is to begin, in the middle.
const latencyGoal = 80 * time.Millisecond

// trickleGap is the time between two commits: long enough for everything to fall asleep again.
const trickleGap = 60 * time.Millisecond

// latency measures how long after a commit the handler begins when commits come one at a time.
func (b *bench) latency(ctx context.Context) error {
	for _, queue := range []struct{ name, redis string }{{"embedded", ""}, {"redis", b.redis}} {
		name := "latency." + queue.name + ".p50"
		if !b.wanted(name) {
			continue
		}
		if queue.name == "redis" && queue.redis == "" {
			b.missing(name, "VERANDA_TEST_REDIS names no server")
			continue
		}
		times, err := b.trickle(ctx, queue.name, queue.redis)
		if err != nil {
			return err
		}
		middle := percentile(times, 0.5)
		b.atMost(name, float64(middle)/float64(latencyGoal), 1)
		b.info(name+".time", milliseconds(middle), "ms")
		b.info("latency."+queue.name+".p99.time", milliseconds(percentile(times, 0.99)), "ms")
	}
	return nil
}

// stopwatch notes when events, by their subject, were committed and when their handler began.
type stopwatch struct {
	mu               sync.Mutex
	committed, begun map[string]time.Time
}

func (w *stopwatch) note(in map[string]time.Time, subject string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := in[subject]; !known {
		in[subject] = at
	}
}

func (w *stopwatch) handled() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.begun)
}

func (b *bench) trickle(ctx context.Context, name, redis string) (_ []time.Duration, err error) {
	db, err := veranda.Open(ctx, filepath.Join(b.folder, name+".db"), veranda.WithLog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := veranda.Migrate(ctx, db, veranda.Core()); err != nil {
		return nil, err
	}
	watch := &stopwatch{committed: map[string]time.Time{}, begun: map[string]time.Time{}}
	err = db.Consume(veranda.Consumer{Name: "watch", Kinds: []string{"bench.*"}, Handle: func(_ context.Context, _ *veranda.Tx, events []veranda.Event) error {
		now := time.Now()
		for _, e := range events {
			watch.note(watch.begun, e.Subject, now)
		}
		return nil
	}})
	if err != nil {
		return nil, err
	}
	runner, err := veranda.Start(ctx, db, veranda.RunnerConfig{RedisURL: redis, Queue: "bench-" + veranda.NewOrgID().String()})
	if err != nil {
		return nil, err
	}
	defer runner.Stop()
	count := max(10, int(time.Duration(b.rounds)*b.duration/trickleGap/2))
	for i := range count {
		// The gap changes, or the commits would fall into step with what looks for them at intervals.
		time.Sleep(trickleGap + time.Duration(i*37%97)*time.Millisecond)
		subject := strconv.Itoa(i)
		err := db.InTx(ctx, func(_ context.Context, tx *veranda.Tx) error {
			tx.Emit(veranda.Event{Kind: "bench.tick", Subject: subject, System: "bench"})
			return nil
		})
		if err != nil {
			return nil, err
		}
		watch.note(watch.committed, subject, time.Now())
	}
	for deadline := time.Now().Add(time.Minute); watch.handled() < count; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("only %d of %d events are handled", watch.handled(), count)
		}
	}
	var times []time.Duration
	for subject, at := range watch.committed {
		// A handler may begin before the one who committed gets its answer.
		times = append(times, max(0, watch.begun[subject].Sub(at)))
	}
	return times, nil
}
