package veranda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/veranda-go/veranda/internal/dialect"
	"github.com/veranda-go/veranda/internal/queue"
)

// RunnerConfig says how background work runs.
type RunnerConfig struct {
	// RedisURL is redis://, rediss://, redis-socket://, redis-sentinel:// or redis-cluster://; empty for a queue inside
	// the process.
	RedisURL string
	// Queue is the queue's name; programs that share a Redis give different ones. Default "veranda".
	Queue string
	// Concurrency is how many tasks run at once on this node. Default 8.
	Concurrency int
}

// Runner is the background work of one node: the relay from the outbox to the queue, the job server, the sequencer and
// the clock of periodic jobs.
type Runner struct {
	db        *DB
	queue     string
	client    *asynq.Client
	server    *asynq.Server
	stopQueue func()
	bus       redis.UniversalClient // nil: no Redis joins the nodes
	running   context.Context       // ends when the runner stops
	queued    *queued               // what lies in a queue inside the process; nil: the queue outlives it
	cancel    context.CancelFunc
	loops     sync.WaitGroup
	stopOnce  sync.Once
}

// How often an idle job server looks for tasks: half of it is the mean delay from commit to handler, and a look costs
// processor time, more so on the queue inside the process.
const (
	checkEmbedded = 100 * time.Millisecond
	checkRedis    = 40 * time.Millisecond
)

const taskType = "veranda:work"

// Start begins the background work. Register hooks, consumers and periodic jobs before.
func Start(ctx context.Context, db *DB, config RunnerConfig) (*Runner, error) {
	connection, stopQueue, err := queue.Open(config.RedisURL)
	if err != nil {
		return nil, err
	}
	if config.Queue == "" {
		config.Queue = "veranda"
	}
	if config.Concurrency <= 0 {
		config.Concurrency = 8
	}
	check := checkRedis
	r := &Runner{db: db, queue: config.Queue, stopQueue: stopQueue}
	if config.RedisURL == "" {
		check, r.queued = checkEmbedded, &queued{work: map[outboxID]work{}}
	}
	r.client = asynq.NewClient(connection)
	r.server = asynq.NewServer(connection, asynq.Config{
		Concurrency: config.Concurrency, Queues: map[string]int{config.Queue: 1}, TaskCheckInterval: check,
		Logger: queueLog{db.log}, LogLevel: asynq.WarnLevel, ShutdownTimeout: 20 * time.Second,
	})
	if err := r.client.Ping(); err != nil {
		r.closeClients()
		stopQueue()
		return nil, fmt.Errorf("veranda: Redis does not answer: %w", err)
	}
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.running = ctx
	if err := r.server.Start(asynq.HandlerFunc(r.perform)); err != nil {
		r.cancel()
		r.closeClients()
		stopQueue()
		return nil, fmt.Errorf("veranda: start job server: %w", err)
	}
	r.loop(ctx, "relay", db.wake, time.Second, r.relay)
	r.loop(ctx, "periodic jobs", nil, time.Second, db.EnqueueDue)
	if db.kind == dialect.Postgres {
		r.loop(ctx, "sequencer", db.sequence, 500*time.Millisecond, db.sequenceAll)
	}
	r.announce(ctx, config.RedisURL, connection)
	return r, nil
}

// loop runs step when it is signalled and every interval, until the runner stops. Errors are reported when they begin.
func (r *Runner) loop(ctx context.Context, name string, signal <-chan struct{}, interval time.Duration, step func(context.Context) error) {
	r.loops.Go(func() {
		timer := time.NewTicker(interval)
		defer timer.Stop()
		failing := false
		for {
			select {
			case <-ctx.Done():
				return
			case <-signal:
			case <-timer.C:
			}
			err := step(ctx)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil && !failing:
				r.db.log.Error("background work fails", "part", name, "error", err)
			case err == nil && failing:
				r.db.log.Info("background work goes on", "part", name)
			}
			failing = err != nil
		}
	})
}

// relay brings due rows of the outbox to the queue until none is left.
func (r *Runner) relay(ctx context.Context) error {
	for ctx.Err() == nil {
		batches, count, err := r.db.claim(ctx)
		if err != nil || count == 0 {
			return err
		}
		for _, w := range batches {
			if err := r.enqueue(ctx, w); err != nil {
				return errors.Join(err, r.db.release(context.WithoutCancel(ctx), w, time.Second))
			}
		}
		if count < claimBatch {
			return nil
		}
	}
	return nil
}

// enqueue makes one task. Its id is of this claim alone, so it meets no older task; a task that runs twice finds its rows
// gone. The queue's own retries are off: a failed row comes back through the outbox.
func (r *Runner) enqueue(ctx context.Context, w work) error {
	payload, err := json.Marshal(w)
	if err != nil {
		return err
	}
	most := lease - 5*time.Second
	if r.long(w) {
		most = longest
	}
	r.queued.add(w)
	_, err = r.client.EnqueueContext(ctx, asynq.NewTask(taskType, payload), asynq.Queue(r.queue), asynq.MaxRetry(0), asynq.Timeout(most))
	return err
}

// queued is work that was claimed and lies in a queue that ends with the process: it is given back then. A nil one keeps
// nothing.
type queued struct {
	mu   sync.Mutex
	work map[outboxID]work // by its first row
}

func (q *queued) add(w work) {
	if q != nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.work[w.IDs[0]] = w
	}
}

func (q *queued) remove(w work) {
	if q != nil && len(w.IDs) > 0 {
		q.mu.Lock()
		defer q.mu.Unlock()
		delete(q.work, w.IDs[0])
	}
}

func (q *queued) rest() (list []work) {
	if q != nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		for _, w := range q.work {
			list = append(list, w)
		}
	}
	return list
}

// longest is how long a task of a Long consumer may take.
const longest = 7 * 24 * time.Hour

func (r *Runner) long(w work) bool {
	c, ok := r.db.consumer(w.Consumer)
	return ok && c.Long
}

// perform does one task. A failure of the outbox itself leaves the rows to their lease.
func (r *Runner) perform(ctx context.Context, t *asynq.Task) error {
	var w work
	if err := json.Unmarshal(t.Payload(), &w); err != nil {
		return fmt.Errorf("veranda: malformed task: %w", err)
	}
	r.queued.remove(w)
	if r.long(w) {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		defer context.AfterFunc(r.running, stop)()
	}
	if err := r.db.process(ctx, w); err != nil {
		r.db.log.Error("background work fails", "consumer", w.Consumer, "error", err)
	}
	return nil
}

// Ready tells whether the queue answers.
func (r *Runner) Ready() error {
	if err := r.client.Ping(); err != nil {
		return NewError(CodeUnavailable, "queue", "The queue does not answer.").Because(err)
	}
	return nil
}

// Stop ends the background work: tasks under way get 20 seconds, what remains is open in the outbox. It can be called
// again.
func (r *Runner) Stop() {
	r.stopOnce.Do(func() {
		r.cancel()
		r.loops.Wait()
		r.server.Shutdown()
		for _, w := range r.queued.rest() {
			if err := r.db.release(context.Background(), w, 0); err != nil {
				r.db.log.Warn("work that was claimed waits for its claim to run out", "consumer", w.Consumer, "error", err)
			}
		}
		r.closeClients()
		r.stopQueue()
	})
}

func (r *Runner) closeClients() {
	_ = r.client.Close()
	if r.bus != nil {
		_ = r.bus.Close()
	}
}

// queueLog brings the job server's messages to the program's log.
type queueLog struct{ log *slog.Logger }

func (q queueLog) Debug(args ...any) { q.log.Debug(fmt.Sprint(args...)) }
func (q queueLog) Info(args ...any)  { q.log.Info(fmt.Sprint(args...)) }
func (q queueLog) Warn(args ...any)  { q.log.Warn(fmt.Sprint(args...)) }
func (q queueLog) Error(args ...any) { q.log.Error(fmt.Sprint(args...)) }
func (q queueLog) Fatal(args ...any) { q.log.Error(fmt.Sprint(args...)) }
