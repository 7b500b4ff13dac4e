package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
)

// extended is the server within this process, as a team runs it that adds code of its own between newApp and serve.
func extended(t *testing.T, s *stack, limits veranda.Limits, extend func(*app)) *stack {
	t.Helper()
	inside := &stack{name: s.name, dir: t.TempDir(), inbox: newInbox(t)}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	inside.base = "http://" + address
	lines := []string{
		"LISTEN_ADDR=" + address, "DATA_DIR=" + inside.dir, "SMTP_URL=" + inside.inbox.url, "MAIL_FROM=no-reply@veranda.example",
		"DATABASE_URL=" + verandatest.Location(t, engineOf(s), nil),
	}
	if s.name == "postgres" {
		lines = append(lines, "REDIS_URL="+verandatest.RedisURL())
	}
	a, err := newApp(context.Background(), settingsOf(t, lines...), slog.New(slog.DiscardHandler), limits, nil)
	if err != nil {
		t.Fatal(err)
	}
	extend(a)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	verandatest.Eventually(t, 30*time.Second, "the server is ready", func() bool {
		return (&child{stack: inside}).answers("/readyz") == http.StatusOK
	})
	return inside
}

// heard collects what a consumer was told.
type heard struct {
	mu     sync.Mutex
	events []veranda.Event
}

func (h *heard) add(events ...veranda.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, events...)
}

// subjects are the subjects of a kind, each once, in the order they were heard first.
func (h *heard) subjects(kind string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := []string{}
	for _, e := range h.events {
		if e.Kind == kind && !slices.Contains(out, e.Subject) {
			out = append(out, e.Subject)
		}
	}
	return out
}

// A hook's refusal is what the caller gets, and nothing of the change is stored; a consumer hears of what was committed,
// of nothing else, and again when it failed.
func vetoAndAfter(t *testing.T, s *stack) {
	var handled, delivered heard
	var failures sync.Map // subjects whose first hearing failed
	flaky := func(e veranda.Event) error {
		if _, again := failures.LoadOrStore(e.Subject, true); !again {
			return fmt.Errorf("the receiver of %s is away", e.Subject)
		}
		return nil
	}
	kinds := []string{tasks.EventTaskCreated, tasks.EventTaskFinished}
	inside := extended(t, s, nil, func(a *app) {
		a.db.Veto(veranda.Hook{Name: "test.books", Kinds: []string{tasks.EventTaskFinished, tenancy.EventOrganizationCreated}, Before: func(ctx context.Context, tx *veranda.Tx, e veranda.Event) error {
			if e.Kind == tasks.EventTaskFinished {
				return veranda.NewError(veranda.CodeConflict, "test.books_closed", "The books are closed.")
			}
			return nil
		}})
		for _, consumer := range []veranda.Consumer{
			{Name: "test.handled", Kinds: kinds, Handle: func(_ context.Context, _ *veranda.Tx, events []veranda.Event) error {
				handled.add(events...)
				return nil
			}},
			{Name: "test.delivered", Kinds: kinds, Deliver: func(_ context.Context, e veranda.Event) error {
				delivered.add(e)
				return flaky(e)
			}},
		} {
			if err := a.db.Consume(consumer); err != nil {
				t.Fatal(err)
			}
		}
	})
	owner := inside.register(t, "Vera Veto")
	org := owner.found(t, "Hooked")
	garden := owner.workspace(t, org, "Garden", true)
	task := owner.task(t, org, garden, "Keep open")
	path := "/v1/organizations/" + org + "/tasks/" + task
	before := owner.get(t, path).want(http.StatusOK)
	refused := owner.post(t, path+"/finish", nil).refused(http.StatusConflict, "test.books_closed")
	if refused.Detail != "The books are closed." {
		t.Errorf("detail %q", refused.Detail)
	}
	if diff := cmp.Diff(string(before.Body), string(owner.get(t, path).Body)); diff != "" {
		t.Errorf("the vetoed change left something (-before +after):\n%s", diff)
	}
	stream := "/v1/organizations/" + org + "/workspaces/" + garden + "/stream?kind=tasks"
	if kinds := owner.get(t, stream).want(http.StatusOK).column("kind"); !slices.Equal(kinds, []string{tasks.EventTaskCreated}) {
		t.Errorf("the stream shows %v", kinds)
	}
	second := owner.task(t, org, garden, "Another")
	want := slices.Sorted(slices.Values([]string{task, second})) // in no promised order
	verandatest.Eventually(t, 30*time.Second, "the consumer hears of both tasks", func() bool {
		return slices.Equal(slices.Sorted(slices.Values(handled.subjects(tasks.EventTaskCreated))), want)
	})
	verandatest.Eventually(t, 60*time.Second, "each failed delivery is tried again", func() bool {
		delivered.mu.Lock()
		defer delivered.mu.Unlock()
		count := map[string]int{}
		for _, e := range delivered.events {
			count[e.Subject]++
		}
		return count[task] >= 2 && count[second] >= 2
	})
	if got := append(handled.subjects(tasks.EventTaskFinished), delivered.subjects(tasks.EventTaskFinished)...); len(got) > 0 {
		t.Errorf("consumers heard of a change that was vetoed: %v", got)
	}
}

// few allows so many of each resource of an organization.
type few struct {
	mu    sync.Mutex
	most  map[string]int64
	given map[string]int64
}

// Allow counts, for the sake of the test within the process.
func (f *few) Allow(_ context.Context, _ *veranda.Tx, org veranda.OrgID, resource string, add int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := org.String() + " " + resource
	if most, limited := f.most[resource]; limited && f.given[key]+add > most {
		return veranda.LimitError(resource, fmt.Sprintf("The plan has room for %d %s.", most, resource))
	}
	f.given[key] += add
	return nil
}

// Every call that makes something asks the limits, and the refusal names the limit; nothing is made.
func limitsRefuse(t *testing.T, s *stack) {
	limits := &few{most: map[string]int64{"tasks": 1, "workspaces": 2, "members": 1, "statuses": 1, "status_comments": 1}, given: map[string]int64{}}
	inside := extended(t, s, limits, func(*app) {})
	owner := inside.register(t, "Lea Limit")
	org := owner.found(t, "Limited")
	base := "/v1/organizations/" + org
	garden := owner.workspace(t, org, "Garden", true)
	cellar := owner.workspace(t, org, "Cellar", true)
	full := owner.post(t, base+"/workspaces", map[string]any{"name": "Attic"}).refused(http.StatusForbidden, "limit.workspaces")
	if full.Detail != "The plan has room for 2 workspaces." {
		t.Errorf("detail %q", full.Detail)
	}
	owner.task(t, org, garden, "The one")
	for _, room := range []string{garden, cellar} {
		owner.post(t, base+"/workspaces/"+room+"/tasks", map[string]any{"title": "One more"}, "Idempotency-Key: again").refused(http.StatusForbidden, "limit.tasks")
	}
	if titles := owner.get(t, base+"/tasks").want(http.StatusOK).column("title"); !slices.Equal(titles, []string{"The one"}) {
		t.Errorf("tasks %v", titles)
	}
	statuses := base + "/workspaces/" + garden + "/statuses"
	owner.post(t, statuses, map[string]any{"text": "Watering"}).want(http.StatusCreated)
	owner.post(t, statuses, map[string]any{"text": "Weeding"}).refused(http.StatusForbidden, "limit.statuses")
	owner.join(t, org, "", "internal", "Mia Member")
	address := newAddress("Too Many")
	owner.post(t, base+"/invitations", map[string]any{"people": []any{map[string]any{"address": address, "kind": "internal"}}}).want(http.StatusOK)
	token := inside.inbox.last(t, address, "/invitation?token=").token(t)
	inside.elsewhere().post(t, "/v1/invitations/accept", map[string]any{"token": token, "name": "Too Many", "password": password}).refused(http.StatusForbidden, "limit.members")
	// Another organization has its own.
	other := inside.register(t, "Olaf Other")
	unspoilt := other.found(t, "Unspoilt")
	other.task(t, unspoilt, other.workspace(t, unspoilt, "Garden", true), "The one there")
}
