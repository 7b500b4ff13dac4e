// Package queue gives asynq its Redis: a real one by URL, or one inside the process when there is none.
package queue

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// Open understands redis://, rediss://, redis-socket://, redis-sentinel:// as asynq does, and redis-cluster://host:port,host:port
// (rediss-cluster:// for TLS). An empty URL starts a Redis inside the process, without a port; what it holds is gone with
// the process, which is harmless: the outbox is the truth. stop ends it.
func Open(location string) (connection asynq.RedisConnOpt, stop func(), err error) {
	if location == "" {
		return openEmbedded()
	}
	if scheme, rest, ok := strings.Cut(location, "-cluster://"); ok && (scheme == "redis" || scheme == "rediss") {
		connection, err = parseCluster(scheme, rest)
	} else {
		connection, err = asynq.ParseRedisURI(location)
	}
	if err != nil {
		// The driver's error may repeat the URL, password and all.
		return nil, nil, fmt.Errorf("veranda: the Redis URL is malformed")
	}
	return connection, func() {}, nil
}

func parseCluster(scheme, rest string) (asynq.RedisConnOpt, error) {
	hosts, _, _ := strings.Cut(rest, "/") // a cluster has no numbered databases
	option := asynq.RedisClusterClientOpt{}
	if user, after, ok := strings.Cut(hosts, "@"); ok {
		u, err := url.Parse("redis://" + user + "@host")
		if err != nil {
			return nil, err
		}
		option.Username = u.User.Username()
		option.Password, _ = u.User.Password()
		hosts = after
	}
	for _, address := range strings.Split(hosts, ",") {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return nil, err
		}
		option.Addrs = append(option.Addrs, address)
	}
	if scheme == "rediss" {
		option.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return option, nil
}

// embedded is a Redis in this process, reached through pipes.
type embedded struct{ server *miniredis.Miniredis }

// MakeRedisClient is asynq's way to a client.
func (e embedded) MakeRedisClient() any {
	return redis.NewClient(&redis.Options{
		Addr:            "in-process",
		DisableIdentity: true,
		Dialer:          func(context.Context, string, string) (net.Conn, error) { return e.server.Dial() },
	})
}

// tick is how often keys of the embedded Redis age: its time stands still unless it is told how much has passed.
const tick = 500 * time.Millisecond

func openEmbedded() (asynq.RedisConnOpt, func(), error) {
	server := miniredis.NewMiniRedis()
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		last := time.Now()
		for {
			select {
			case <-done:
				return
			case now := <-ticker.C:
				server.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	return embedded{server}, func() { close(done); <-stopped; server.Close() }, nil
}
