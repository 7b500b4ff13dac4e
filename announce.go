package veranda

import (
	"context"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/veranda-go/veranda/internal/database"
	"github.com/veranda-go/veranda/internal/dialect"
)

// logChannel is the channel on which nodes tell one another that the log has grown, in PostgreSQL; in Redis the queue's
// name stands before it, as programs may share one.
const logChannel = "veranda_log"

// listenAgain is how long a node waits before it listens again after its connection broke. Until then it finds what
// others commit by looking.
const listenAgain = 250 * time.Millisecond

// announce joins the nodes: what this one adds to the log it tells the others, and it hears what they add. The message is
// empty: whoever hears it reads the log, so a lost, repeated or forged one harms nothing.
func (r *Runner) announce(ctx context.Context, redisURL string, connection asynq.RedisConnOpt) {
	switch {
	case redisURL != "":
		client, ok := connection.MakeRedisClient().(redis.UniversalClient)
		if !ok {
			return
		}
		r.bus = client
		channel := r.queue + ":" + logChannel
		r.loop(ctx, "telling other nodes", r.db.announced.outward, time.Hour, func(ctx context.Context) error {
			return client.Publish(ctx, channel, "").Err()
		})
		r.loops.Go(func() { r.hearRedis(ctx, client, channel) })
	case r.db.kind == dialect.Postgres && r.db.location != "":
		r.loop(ctx, "telling other nodes", r.db.announced.outward, time.Hour, func(ctx context.Context) error {
			_, err := r.db.reader.DB.ExecContext(ctx, `SELECT pg_notify($1, '')`, logChannel)
			return err
		})
		r.loops.Go(func() {
			r.again(ctx, "hearing other nodes", func(ctx context.Context) error {
				return database.Listen(ctx, r.db.location, logChannel, r.db.announced.tell)
			})
		})
	}
}

// hearRedis listens for as long as the runner runs; the client connects again by itself.
func (r *Runner) hearRedis(ctx context.Context, client redis.UniversalClient, channel string) {
	subscription := client.Subscribe(ctx, channel)
	defer func() { _ = subscription.Close() }()
	heard := subscription.ChannelWithSubscriptions(redis.WithChannelHealthCheckInterval(time.Second))
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-heard: // a message, or that it listens again and may have missed some
			if !open {
				return
			}
			r.db.announced.tell()
		}
	}
}

// again repeats what should not end, until the runner stops. Errors are reported when they begin.
func (r *Runner) again(ctx context.Context, name string, step func(context.Context) error) {
	for failing := false; ctx.Err() == nil; {
		begun := time.Now()
		err := step(ctx)
		if ctx.Err() != nil {
			return
		}
		if steady := time.Since(begun) > time.Minute; err != nil && (!failing || steady) {
			r.db.log.Error("background work fails", "part", name, "error", err)
			failing = true
		}
		pause(ctx, listenAgain)
	}
}

// pause waits, or returns at once when the context ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
