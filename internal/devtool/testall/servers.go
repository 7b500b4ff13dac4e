package main

import "context"

// servers are the running pair and the room they write in.
type servers struct {
	room     *room
	postgres *postgres
	redis    *redis
}

// startServers starts both, or none: what was started before a failure is stopped.
// They start one after another, because each must be started from this goroutine
// (see main).
func startServers(ctx context.Context, programs binaries, durable bool) (_ *servers, err error) {
	owner, err := serverAccount()
	if err != nil {
		return nil, err
	}
	r, err := newRoom(owner)
	if err != nil {
		return nil, err
	}
	s := &servers{room: r}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.postgres, err = startPostgres(ctx, r, programs, durable); err != nil {
		return nil, err
	}
	if s.redis, err = startRedis(ctx, r, programs); err != nil {
		return nil, err
	}
	return s, nil
}

// environment is what tells tests where the servers are. It comes after the
// caller's own, so that a server named there is not touched.
func (s *servers) environment() []string {
	return []string{
		"VERANDA_TEST_POSTGRES=" + s.postgres.url(),
		"VERANDA_TEST_REDIS=" + s.redis.url(),
		"VERANDA_REQUIRE=postgres,redis,walk,khal",
	}
}

// stop ends what runs and removes what it wrote.
func (s *servers) stop() {
	if s.redis != nil {
		s.redis.stop()
	}
	if s.postgres != nil {
		s.postgres.stop()
	}
	s.room.remove()
}
