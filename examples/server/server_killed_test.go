package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/veranda-go/veranda/verandatest"
)

// Kills of the program, and who calls it meanwhile.
const (
	kills        = 20
	writers      = 4
	wipeEvery    = 3 // Redis is wiped at every third kill
	killedRedis  = 11
	beforeAKill  = 12 // acknowledged tasks between a start and a kill, at least
	inviteesEach = 1
)

// callLedger is what a caller knows, kept outside the program: what was acknowledged, and what was sent and not answered.
type callLedger struct {
	mu           sync.Mutex
	acknowledged map[string]string // key → task
	unanswered   map[string]bool   // key
	next         int
}

func (l *callLedger) key() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	key := fmt.Sprintf("task-%05d", l.next)
	l.unanswered[key] = true
	return key
}

func (l *callLedger) note(key, task string) (before string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.acknowledged[key]
	l.acknowledged[key] = task
	delete(l.unanswered, key)
	return before
}

func (l *callLedger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acknowledged)
}

// keys are those of a map, as they are at the moment.
func (l *callLedger) keys(unanswered bool) (keys []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if unanswered {
		for key := range l.unanswered {
			keys = append(keys, key)
		}
		return keys
	}
	for key := range l.acknowledged {
		keys = append(keys, key)
	}
	return keys
}

// post makes the task of a key, and notes the answer.
func (l *callLedger) post(t *testing.T, owner *caller, path, key string) (status int) {
	status, body, _ := owner.try(http.MethodPost, path, `{"title":"`+key+`"}`, "Idempotency-Key: "+key)
	if status == 0 {
		return 0
	}
	id, err := idOf(body)
	if status != http.StatusCreated || err != nil {
		if status < http.StatusInternalServerError {
			t.Errorf("%s: status %d, %v: %s", key, status, err, body)
		}
		return status
	}
	if before := l.note(key, id); before != "" && before != id {
		t.Errorf("%s was %s and is %s after a kill", key, before, id)
	}
	return status
}

// killedUnderLoad: the program is killed 20 times while it makes tasks and sends mails, and Redis is wiped in between.
// Every acknowledged task is there exactly once, repeating a call with its key answers the same task, what was not
// answered is made once when it is repeated, and every mail that was queued arrives.
func killedUnderLoad(t *testing.T, s *stack) {
	if s.name == "postgres" {
		s = s.with("REDIS_URL=" + redisDatabase(t))
	}
	c := s.run(t)
	owner, org, _, path := s.garden(t, "Killian Kill")
	book := &callLedger{acknowledged: map[string]string{}, unanswered: map[string]bool{}}
	var invited []string
	for round := range kills {
		var group sync.WaitGroup
		stop := make(chan struct{})
		for range writers {
			group.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if book.post(t, owner, path, book.key()) == 0 {
						return // killed
					}
				}
			})
		}
		want := book.count() + beforeAKill
		verandatest.Eventually(t, 60*time.Second, "tasks are acknowledged", func() bool { return book.count() >= want })
		for range inviteesEach {
			address := newAddress("Ivy Invited")
			body, err := json.Marshal(map[string]any{"people": []any{map[string]any{"address": address, "kind": "internal"}}})
			if err != nil {
				t.Fatal(err)
			}
			if status, answer, _ := owner.try(http.MethodPost, "/v1/organizations/"+org+"/invitations", string(body)); status == http.StatusOK {
				invited = append(invited, address)
			} else {
				t.Errorf("invite: %d %s", status, answer)
			}
		}
		c.kill(t)
		close(stop)
		group.Wait()
		if s.name == "postgres" && round%wipeEvery == 0 {
			wipe(t, s)
		}
		c = s.run(t)
		keys := book.keys(false)
		for _, key := range keys[:min(len(keys), 10)] {
			if status := book.post(t, owner, path, key); status != http.StatusCreated {
				t.Errorf("%s repeated after kill %d: %d", key, round, status)
			}
		}
	}
	for _, key := range book.keys(true) {
		if status := book.post(t, owner, path, key); status != http.StatusCreated {
			t.Errorf("%s, unanswered before, repeated: %d", key, status)
		}
	}
	for _, key := range book.keys(false) { // each notes a task that differs from the one acknowledged before
		if status := book.post(t, owner, path, key); status != http.StatusCreated {
			t.Errorf("%s, acknowledged before, repeated: %d", key, status)
		}
	}
	book.compare(t, owner, org)
	// What the killed processes had claimed is due again when their lease is over.
	s.advance(t, 2*time.Minute)
	for _, address := range invited {
		s.inbox.last(t, address, "/invitation?token=")
	}
	if len(invited) != kills*inviteesEach {
		t.Errorf("%d invitations were acknowledged", len(invited))
	}
	t.Logf("%d tasks acknowledged over %d kills, %d mails", book.count(), kills, len(invited))
}

// compare holds the ledger against what the program lists.
func (l *callLedger) compare(t *testing.T, owner *caller, org string) {
	t.Helper()
	stored := map[string]string{}
	for cursor := ""; ; {
		page := owner.get(t, "/v1/organizations/"+org+"/tasks?limit=100"+cursor).want(http.StatusOK)
		for _, item := range page.items() {
			title, id := item["title"].(string), item["id"].(string)
			if other, twice := stored[title]; twice {
				t.Errorf("%s is stored twice, as %s and %s", title, other, id)
			}
			stored[title] = id
		}
		next, _ := page.field("next").(string)
		if next == "" {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
	for key, id := range l.acknowledged {
		if stored[key] != id {
			t.Errorf("%s was acknowledged as %s, and %q is stored", key, id, stored[key])
		}
		delete(stored, key)
	}
	for title, id := range stored {
		t.Errorf("%s, %s, is stored and in no ledger", title, id)
	}
}

// redisDatabase is a database of the Redis for tests that nobody else here uses.
func redisDatabase(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(verandatest.RedisURL())
	if err != nil {
		t.Fatal(err)
	}
	u.Path = fmt.Sprint("/", killedRedis)
	return u.String()
}

// wipe removes everything of the queue from Redis, as a lost Redis would.
func wipe(t *testing.T, s *stack) {
	t.Helper()
	options, err := redis.ParseURL(redisDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	ctx := context.Background()
	keys, err := client.Keys(ctx, "asynq:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) == 0 {
		t.Errorf("there is nothing to wipe at %s: does the program use it?", strings.TrimPrefix(options.Addr, "redis://"))
		return
	}
	if err := client.Del(ctx, keys...).Err(); err != nil {
		t.Fatal(err)
	}
}
