package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

// liveRedis is a database of the Redis for tests whose subscriptions nobody else has.
const liveRedis = 12

func liveTwoNodes(t *testing.T, s *stack) {
	cut := func() {}
	if s.name == "postgres" {
		location := redisAt(t, liveRedis)
		s = s.with("REDIS_URL=" + location)
		cut = func() { cutSubscriptions(t, location) }
	}
	liveUnderKills(t, s, cut)
}

func liveWithoutRedis(t *testing.T, s *stack) {
	cut := func() {}
	if s.name == "postgres" {
		s = s.with("REDIS_URL")
		cut = func() { cutListening(t, s) }
	}
	liveUnderKills(t, s, cut)
}

// liveUnderKills: clients on two nodes follow what is written on both, while the nodes are killed and started again one
// after the other and what carries their signals is cut. Every task that was made is told of to each, exactly once; and it
// is told of quickly while nothing is broken.
func liveUnderKills(t *testing.T, s *stack, cut func()) {
	second := s.another(t)
	nodes := []*stack{s, second}
	children := []*child{s.run(t), second.run(t)}
	owner, org, garden, path := s.garden(t, "Lena Live")
	guest := owner.join(t, org, garden, "guest", "Gus Guest")
	var listeners []*listener
	for i, who := range []*caller{owner, owner, guest, guest} {
		listeners = append(listeners, who.listen(t, nodes[i%2], nodes[(i+1)%2]))
	}
	// From node to node.
	begin := time.Now()
	here := owner.at(second).task(t, org, garden, "From the other node")
	for _, l := range listeners {
		l.heard(t, "a client", []string{here})
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("from one node to the other it took %v", took)
	}
	book := &callLedger{acknowledged: map[string]string{"": here}, unanswered: map[string]bool{}}
	stop := make(chan struct{})
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				book.post(t, owner.at(nodes[w%2]), path, book.key())
			}
		})
	}
	for round := range 4 {
		want := book.count() + 15
		verandatest.Eventually(t, 60*time.Second, "tasks are made", func() bool { return book.count() >= want })
		cut()
		node := round % 2
		children[node].kill(t)
		children[node] = nodes[node].run(t)
	}
	close(stop)
	group.Wait()
	for _, key := range book.keys(true) { // perhaps made, and perhaps told of, before the answer was lost
		if status := book.post(t, owner, path, key); status != http.StatusCreated {
			t.Errorf("%s repeated: %d", key, status)
		}
	}
	var want []string
	book.mu.Lock()
	for _, id := range book.acknowledged {
		want = append(want, id)
	}
	book.mu.Unlock()
	for i, l := range listeners {
		l.heard(t, fmt.Sprintf("client %d", i), want)
		if l.count("resync") > 0 {
			t.Errorf("client %d was told to start anew", i)
		}
	}
	// All in the log's order: the same for everybody.
	for _, l := range listeners[1:] {
		if !slices.Equal(l.changes(taskCreated), listeners[0].changes(taskCreated)) {
			t.Error("two clients heard of the same in another order")
		}
	}
	t.Logf("%d tasks, told of to %d clients", len(want), len(listeners))
	// A stop does not wait for those who listen.
	begin = time.Now()
	children[1].stop(t)
	if took := time.Since(begin); took > 4*time.Second {
		t.Errorf("a stop with clients took %v", took)
	}
}

// redisAt is the Redis for tests with another database.
func redisAt(t *testing.T, number int) string {
	t.Helper()
	u, err := url.Parse(verandatest.RedisURL())
	if err != nil {
		t.Fatal(err)
	}
	u.Path = fmt.Sprint("/", number)
	return u.String()
}

var clientLine = regexp.MustCompile(`(?m)^id=(\d+) .* db=(\d+) sub=(\d+) `)

// cutSubscriptions breaks the connections by which nodes hear of one another.
func cutSubscriptions(t *testing.T, location string) {
	t.Helper()
	options, err := redis.ParseURL(location)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	list, err := client.ClientList(ctx).Result()
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for _, line := range clientLine.FindAllStringSubmatch(list, -1) {
		if line[2] == fmt.Sprint(liveRedis) && line[3] != "0" {
			if err := client.ClientKillByFilter(ctx, "ID", line[1]).Err(); err == nil {
				cut++
			}
		}
	}
	if cut == 0 {
		t.Errorf("nobody hears of other nodes:\n%s", list)
	}
}

// cutListening breaks the connections by which nodes listen to PostgreSQL.
func cutListening(t *testing.T, s *stack) {
	t.Helper()
	ctx := context.Background()
	i := slices.IndexFunc(s.env, func(line string) bool { return strings.HasPrefix(line, "DATABASE_URL=") })
	db, err := veranda.Open(ctx, strings.TrimPrefix(s.env[i], "DATABASE_URL="))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var cut int
	if err := db.Writer().NewRaw("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'").Scan(ctx, &cut); err != nil {
		t.Fatal(err)
	}
	if cut == 0 {
		t.Error("nobody listens")
	}
}
