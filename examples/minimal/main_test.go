package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/uptrace/bun"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tasks"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/workspace"
)

// running is a shop with its server, on a database that has Veranda's schema and nothing of the shop's.
type running struct {
	*shop
	server *httptest.Server
	events *verandatest.Env
}

func eachDatabase(t *testing.T, run func(t *testing.T, r *running)) {
	t.Helper()
	t.Parallel()
	modules := []veranda.Module{veranda.Core(), tenancy.Module(), workspace.Module(), tasks.Module()}
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			run(t, start(t, verandatest.Location(t, engine, modules)))
		})
	}
}

func start(t *testing.T, location string) *running {
	t.Helper()
	handle := open(location)
	s, err := newShop(context.Background(), handle)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.routes())
	t.Cleanup(func() {
		server.Close()
		if err := handle.Close(); err != nil {
			t.Error(err)
		}
	})
	return &running{shop: s, server: server, events: &verandatest.Env{DB: s.db}}
}

// call makes a call as a user and decodes its answer into one of a kind.
func call[T any](t *testing.T, r *running, user, method, path, body string, want int) (answer T) {
	t.Helper()
	request, err := http.NewRequest(method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		request.SetBasicAuth(user, user+"-key")
	}
	response, err := r.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != want {
		t.Fatalf("%s %s: status %d, want %d", method, path, response.StatusCode, want)
	}
	if want == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
	}
	return answer
}

func (r *running) orders(t *testing.T) []order {
	t.Helper()
	return call[[]order](t, r, "ada", "GET", "/orders", "", http.StatusOK)
}

func (r *running) titles(t *testing.T) (titles []string) {
	t.Helper()
	for _, task := range call[veranda.List[tasks.Task]](t, r, "ben", "GET", "/tasks", "", http.StatusOK).Items {
		titles = append(titles, task.Title)
	}
	return titles
}

// unchanged runs what must leave orders, tasks and events as they are.
func (r *running) unchanged(t *testing.T, what string, run func()) {
	t.Helper()
	type state struct {
		Orders []order
		Titles []string
		Events int
	}
	read := func() state { return state{r.orders(t), r.titles(t), len(r.events.Events(t))} }
	before := read()
	run()
	if diff := cmp.Diff(before, read(), sameIDs); diff != "" {
		t.Errorf("%s left something behind (-before +after):\n%s", what, diff)
	}
}

// sameIDs compares ids, which have no exported fields, by ==.
var sameIDs = cmpopts.EquateComparable(tasks.ID{})

func body(number, item string) string { return fmt.Sprintf(`{"number":%q,"item":%q}`, number, item) }

func TestOrderBringsTask(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *running) {
		made := call[order](t, r, "ada", "POST", "/orders", body("A-1", "Oak table"), http.StatusOK)
		if diff := cmp.Diff([]order{{Number: "A-1", Item: "Oak table", Task: made.Task}}, r.orders(t), sameIDs); diff != "" || made.Task.IsZero() {
			t.Errorf("orders (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Oak table"}, r.titles(t)); diff != "" {
			t.Errorf("tasks (-want +got):\n%s", diff)
		}
		r.events.WantEvents(t, "tasks.*", tasks.EventTaskCreated)

		call[any](t, r, "", "GET", "/orders", "", http.StatusUnauthorized)
		call[any](t, r, "eve", "GET", "/orders", "", http.StatusUnauthorized)
		call[any](t, r, "ben", "POST", "/orders/A-9/finish", "", http.StatusConflict)

		call[any](t, r, "ben", "POST", "/orders/A-1/finish", "", http.StatusOK)
		r.events.WantEvents(t, "tasks.*", tasks.EventTaskCreated, tasks.EventTaskFinished)
		if r.orders(t)[0].Built {
			t.Error("the consumer ran before background work did")
		}
		if _, err := r.db.Drain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !r.orders(t)[0].Built {
			t.Error("the consumer did not mark the order as built")
		}
	})
}

func TestNeitherOrBoth(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *running) {
		for i := range 2 {
			call[order](t, r, "ada", "POST", "/orders", body(fmt.Sprint("A-", i), "Chair"), http.StatusOK)
		}
		r.unchanged(t, "a task that Veranda refuses", func() {
			call[any](t, r, "ada", "POST", "/orders", body("A-7", strings.Repeat("long", 100)), http.StatusConflict)
		})
		r.unchanged(t, "an order that the shop's table refuses, after its task was made", func() {
			call[any](t, r, "ada", "POST", "/orders", body("A-1", "Chair"), http.StatusConflict)
		})
		r.unchanged(t, "a shop's transaction that fails after both were written", func() {
			failed := errors.New("out of wood")
			err := r.handle.RunInTx(context.Background(), nil, func(ctx context.Context, tx bun.Tx) error {
				err := r.db.UseTx(ctx, tx, func(ctx context.Context, vtx *veranda.Tx) error {
					_, err := r.tasks.WithTx(vtx).Create(ctx, r.actor(t, "ada"), tasks.CreateInput{Org: r.org, Workspace: r.workshop, Title: "Shelf"})
					return err
				})
				if err != nil {
					return err
				}
				if _, err := tx.NewInsert().Model(&order{Number: "A-8", Item: "Shelf"}).Exec(ctx); err != nil {
					return err
				}
				return failed
			})
			if !errors.Is(err, failed) {
				t.Errorf("got %v", err)
			}
		})
		call[order](t, r, "ada", "POST", "/orders", body("A-3", "Chair"), http.StatusOK)
		r.unchanged(t, "the shop's veto", func() {
			call[any](t, r, "ada", "POST", "/orders", body("A-4", "Chair"), http.StatusConflict)
		})
	})
}

func (r *running) actor(t *testing.T, name string) veranda.Actor {
	t.Helper()
	u := user{Name: name}
	if err := r.handle.NewSelect().Model(&u).WherePK().Scan(context.Background()); err != nil {
		t.Fatal(err)
	}
	return veranda.AccountActor(u.Account)
}

func TestStartsAgain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *running) {
		call[order](t, r, "ada", "POST", "/orders", body("A-1", "Oak table"), http.StatusOK)
		var again *shop
		r.unchanged(t, "starting again", func() {
			var err error
			if again, err = newShop(context.Background(), r.handle); err != nil {
				t.Fatal(err)
			}
		})
		if again.org != r.org || again.workshop != r.workshop {
			t.Error("it works in another organization or workshop than before")
		}
	})
}

func TestBackgroundWork(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *running) {
		runner, err := veranda.Start(context.Background(), r.db, veranda.RunnerConfig{})
		if err != nil {
			t.Fatal(err)
		}
		defer runner.Stop()
		call[order](t, r, "ada", "POST", "/orders", body("A-1", "Oak table"), http.StatusOK)
		call[any](t, r, "ben", "POST", "/orders/A-1/finish", "", http.StatusOK)
		verandatest.Eventually(t, 30*time.Second, "the order is built", func() bool { return r.orders(t)[0].Built })
	})
}
