package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/veranda-go/veranda/verandatest"
)

var outboxOpen = regexp.MustCompile(`(?m)^veranda_outbox_open ([0-9]+)$`)

// idle waits until no background work is open.
func (s *stack) idle(t *testing.T) {
	t.Helper()
	verandatest.Eventually(t, 60*time.Second, "the outbox is empty", func() bool {
		found := outboxOpen.FindSubmatch(s.anonymous().get(t, "/metrics").want(http.StatusOK).Body)
		if found == nil {
			t.Fatal("/metrics does not say what is open")
		}
		open, err := strconv.Atoi(string(found[1]))
		return err == nil && open == 0
	})
}

// twoNodes: two processes on one database are one server. On PostgreSQL that is how it is run; on the embedded database a
// second process on the same file works too, as SQLite locks between processes, although nobody needs it.
func twoNodes(t *testing.T, s *stack) {
	second := s.another(t)
	one := s.run(t)
	two := second.run(t)
	owner := s.register(t, "Tina Twonodes")
	there := owner.at(second)
	// A session made on one works on the other, and what one writes the other reads at once.
	org := owner.found(t, "On two nodes")
	there.get(t, "/v1/organizations/"+org).want(http.StatusOK)
	garden := there.workspace(t, org, "Garden", true)
	task := owner.task(t, org, garden, "Made on the first")
	path := "/v1/organizations/" + org + "/tasks/" + task
	read := there.get(t, path).want(http.StatusOK)
	there.patch(t, path, map[string]any{"title": "Changed on the second"}, "If-Match: "+read.Header.Get("ETag")).want(http.StatusOK)
	owner.patch(t, path, map[string]any{"title": "Too late"}, "If-Match: "+read.Header.Get("ETag")).want(http.StatusPreconditionFailed)

	// One key, both nodes at once: one task.
	tasks := "/v1/organizations/" + org + "/workspaces/" + garden + "/tasks"
	var group sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]bool{}
	for i := range 10 {
		group.Go(func() {
			caller := owner
			if i%2 == 0 {
				caller = there
			}
			status, body, _ := caller.try(http.MethodPost, tasks, `{"title":"Once on both"}`, "Idempotency-Key: both")
			id, err := idOf(body)
			if status != http.StatusCreated || err != nil {
				t.Errorf("status %d, %v: %s", status, err, body)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[id] = true
		})
	}
	// Writing on both at the same time loses and refuses nothing.
	for i := range 40 {
		group.Go(func() {
			caller := owner
			if i%2 == 0 {
				caller = there
			}
			status, body, _ := caller.try(http.MethodPost, tasks, fmt.Sprintf(`{"title":"Task %02d"}`, i))
			if status != http.StatusCreated {
				t.Errorf("task %d: status %d: %s", i, status, body)
			}
		})
	}
	group.Wait()
	if len(ids) != 1 {
		t.Errorf("one key on two nodes made %d tasks", len(ids))
	}
	for _, caller := range []*caller{owner, there} {
		if n := len(caller.get(t, "/v1/organizations/"+org+"/tasks?limit=100").want(http.StatusOK).items()); n != 42 {
			t.Errorf("%s lists %d tasks, want 42", caller.stack.base, n)
		}
	}
	// A right that is taken away on one is gone on the other at the next call, and a session too.
	employee := owner.join(t, org, "", "internal", "Emma Employee")
	employee.at(second).get(t, path).want(http.StatusOK)
	owner.delete(t, "/v1/organizations/"+org+"/members/"+employee.account, "If-Match: *").want(http.StatusNoContent)
	employee.at(second).get(t, path).refused(http.StatusUnauthorized, "unauthenticated")
	employee = employee.signedInAgain(t)
	employee.at(second).get(t, path).refused(http.StatusNotFound, "not_found")
	employee.at(second).delete(t, "/v1/sessions/current").want(http.StatusNoContent)
	employee.get(t, "/v1/me").refused(http.StatusUnauthorized, "unauthenticated")

	// The weekly job runs once, however many nodes there are: one mail, one row a week.
	s.idle(t)
	s.advance(t, 8*24*time.Hour)
	s.inbox.last(t, owner.address, "#Statistics")
	s.idle(t)
	second.idle(t)
	digests := slices.DeleteFunc(s.inbox.to(owner.address), func(l letter) bool { return !regexp.MustCompile(`#Statistics`).MatchString(l.Text) })
	if len(digests) != 1 {
		t.Errorf("%d weekly mails arrived, want 1", len(digests))
	}
	weeks := owner.signedInAgain(t).get(t, "/v1/organizations/"+org+"/statistics/weeks?scope=organization").want(http.StatusOK).column("week")
	if len(weeks) != len(slices.Compact(slices.Sorted(slices.Values(weeks)))) || len(weeks) == 0 {
		t.Errorf("weeks %v", weeks)
	}
	// One goes, the other goes on.
	one.kill(t)
	there.signedInAgain(t).get(t, path).want(http.StatusOK)
	two.stop(t)
}

// signedInAgain is the caller with a new session, after time has passed.
func (c *caller) signedInAgain(t *testing.T) *caller {
	t.Helper()
	return c.stack.signIn(t, c.name, c.address)
}
