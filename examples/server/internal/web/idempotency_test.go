package web

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/verandatest"
)

func count(t *testing.T, db *veranda.DB, query string) int {
	t.Helper()
	var n int
	if err := db.Writer().DB.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestIdempotentCreate(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		db := e.DB
		b := start(t, Options{DB: db})
		path := fill(notesPath)
		const key = "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324"
		first := b.call("POST", path, `{"title":"milk","tags":["a"]}`, key)
		if first.status != http.StatusCreated || first.header.Get(headerReplayed) != "" {
			t.Fatalf("%d %s %v", first.status, first.body, first.header)
		}
		again := b.call("POST", path, ` { "tags":["a"], "title":"milk" }`, key)
		if again.header.Get(headerReplayed) != "true" {
			t.Errorf("%d %s %v", again.status, again.body, again.header)
		}
		for _, name := range []string{"Location", "ETag", "Content-Type"} {
			if first.header.Get(name) == "" || first.header.Get(name) != again.header.Get(name) {
				t.Errorf("%s: %q and %q", name, first.header.Get(name), again.header.Get(name))
			}
		}
		if diff := cmp.Diff(first.body, again.body); diff != "" || again.status != first.status {
			t.Error(again.status, diff)
		}
		if n := count(t, db, `SELECT count(*) FROM notes`); n != 1 {
			t.Errorf("%d notes", n)
		}
		// Another body, another caller, another key, no key.
		if r := b.call("POST", path, `{"title":"bread"}`, key); r.status != 422 || r.problem(t).Reason != "idempotency.reused" {
			t.Errorf("%d %s", r.status, r.body)
		}
		for _, header := range [][]string{{key, "Authorization: ", "Authorization: Bearer token-of-bob"}, {key + "x"}, nil, nil} {
			if r := b.call("POST", path, `{"title":"milk","tags":["a"]}`, header...); r.status != 201 || r.header.Get(headerReplayed) != "" {
				t.Errorf("%d %s %v", r.status, r.body, r.header)
			}
		}
		if n := count(t, db, `SELECT count(*) FROM notes`); n != 5 {
			t.Errorf("%d notes", n)
		}
		if r := b.call("POST", path, `{"title":"a"}`, "Idempotency-Key: käse"); r.status != 422 || r.problem(t).Reason != "idempotency.key" {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
}

func TestFailedCallKeepsNothing(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		db := e.DB
		b := start(t, Options{DB: db})
		for _, title := range []string{"taken", "late", "panic"} {
			r := b.call("POST", fill(notesPath), `{"title":"`+title+`"}`, "Idempotency-Key: one")
			if r.status < 400 {
				t.Errorf("%d %s", r.status, r.body)
			}
		}
		if n := count(t, db, `SELECT count(*) FROM notes`) + count(t, db, `SELECT count(*) FROM veranda_idempotency`); n != 0 {
			t.Errorf("%d rows remain", n)
		}
		if r := b.call("POST", fill(notesPath), `{"title":"good"}`, "Idempotency-Key: one"); r.status != 201 {
			t.Errorf("%d %s", r.status, r.body)
		}
	})
}

func TestConcurrentDuplicatesMakeOneThing(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		db := e.DB
		b := start(t, Options{DB: db})
		const calls = 16
		replies := make([]reply, calls)
		var group sync.WaitGroup
		for i := range calls {
			group.Go(func() {
				replies[i] = b.call("POST", fill(notesPath), `{"title":"once"}`, "Idempotency-Key: same")
			})
		}
		group.Wait()
		fresh := 0
		for _, r := range replies {
			if r.status != 201 || r.body != replies[0].body {
				t.Errorf("%d %s", r.status, r.body)
			}
			if r.header.Get(headerReplayed) == "" {
				fresh++
			}
		}
		if n := count(t, db, `SELECT count(*) FROM notes`); n != 1 || fresh != 1 {
			t.Errorf("%d notes, %d calls made one", n, fresh)
		}
	})
}

func TestKeptAnswersEnd(t *testing.T) {
	t.Parallel()
	e := verandatest.New(t, verandatest.SQLite, modules())
	db, clock := e.DB, e.Clock
	b := start(t, Options{DB: db})
	repeat := func() reply { return b.call("POST", fill(notesPath), `{"title":"a"}`, "Idempotency-Key: k") }
	repeat()
	clock.Advance(23 * time.Hour)
	if r := repeat(); r.header.Get(headerReplayed) != "true" {
		t.Errorf("%v", r.header)
	}
	clock.Advance(2 * time.Hour)
	if r := repeat(); r.status != 201 || r.header.Get(headerReplayed) != "" {
		t.Errorf("%d %v", r.status, r.header)
	}
	sweep := SweepIdempotency(db)
	if err := db.Every(sweep); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if err := sweep.Run(context.Background(), db.Now()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, `SELECT count(*) FROM veranda_idempotency`); n != want {
			t.Errorf("%d rows, want %d", n, want)
		}
		clock.Advance(25 * time.Hour)
	}
}
