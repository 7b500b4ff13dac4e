package verandatest

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

// Env is what a test works with.
type Env struct {
	Engine  Engine
	DB      *veranda.DB
	Clock   *Clock
	Modules []veranda.Module
	// Location is the database's URL or path, for a second node or another program.
	Location string
}

// Each runs a test on every engine, each with a fresh database that has the modules' schema.
func Each(t *testing.T, modules []veranda.Module, run func(t *testing.T, e *Env)) {
	t.Helper()
	for _, engine := range []Engine{SQLite, Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			run(t, New(t, engine, modules))
		})
	}
}

// New makes an Env on one engine.
func New(t testing.TB, engine Engine, modules []veranda.Module) *Env {
	t.Helper()
	e := &Env{Engine: engine, Clock: NewClock(), Modules: modules, Location: Location(t, engine, modules)}
	e.DB = e.Node(t)
	return e
}

// Node opens the same database once more, as another node of the program would, with the same clock.
func (e *Env) Node(t testing.TB) *veranda.DB {
	t.Helper()
	location := e.Location
	if e.Engine == Postgres {
		location += poolFew(location)
	}
	db, err := veranda.Open(context.Background(), location, veranda.WithClock(e.Clock), veranda.WithLog(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// poolFew keeps many tests at once within the server's connections.
func poolFew(location string) string {
	if strings.Contains(location, "?") {
		return "&pool_max_conns=8"
	}
	return "?pool_max_conns=8"
}

// Drain does all background work that is due, and what it leads to.
func (e *Env) Drain(t testing.TB) {
	t.Helper()
	if err := e.DB.EnqueueDue(context.Background()); err != nil {
		t.Fatalf("enqueue periodic jobs: %v", err)
	}
	if _, err := e.DB.Drain(context.Background()); err != nil {
		t.Fatalf("drain: %v", err)
	}
}

// Open counts the pieces of work that are not done.
func (e *Env) Open(t testing.TB) int64 {
	t.Helper()
	stats, err := e.DB.OutboxStats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return stats.Open + stats.Parked
}

// Events are the events of some kinds ("tasks.*"; none means all), oldest first.
func (e *Env) Events(t testing.TB, kinds ...string) []veranda.Event {
	t.Helper()
	var rows []struct {
		OrgID       veranda.OrgID
		ID          veranda.EventID
		WorkspaceID veranda.WorkspaceID
		Kind        string
		SubjectID   string
		ByID        veranda.AccountID
		System      string
		Data        []byte
		ToIDs       string `bun:"to_ids"`
	}
	err := e.DB.Reader().NewRaw("SELECT org_id, id, workspace_id, kind, subject_id, by_id, system, data, to_ids FROM veranda_events ORDER BY id").Scan(context.Background(), &rows)
	if err != nil {
		t.Fatalf("read events: %v", err)
	}
	var events []veranda.Event
	for _, r := range rows {
		if len(kinds) > 0 && !covered(kinds, r.Kind) {
			continue
		}
		var to []veranda.AccountID
		for _, field := range strings.Fields(r.ToIDs) {
			var id veranda.AccountID
			if err := id.UnmarshalText([]byte(field)); err != nil {
				t.Fatalf("recipients of %s: %v", r.ID, err)
			}
			to = append(to, id)
		}
		events = append(events, veranda.Event{
			Org: r.OrgID, ID: r.ID, Workspace: r.WorkspaceID, Kind: r.Kind, Subject: r.SubjectID, By: r.ByID, System: r.System, Data: r.Data, To: to,
		})
	}
	return events
}

func covered(patterns []string, kind string) bool {
	for _, p := range patterns {
		if prefix, wild := strings.CutSuffix(p, "*"); p == kind || wild && strings.HasPrefix(kind, prefix) {
			return true
		}
	}
	return false
}

// WantEvents asserts the kinds of events that a pattern covers, in order.
func (e *Env) WantEvents(t testing.TB, pattern string, want ...string) {
	t.Helper()
	got := []string{}
	for _, event := range e.Events(t, pattern) {
		got = append(got, event.Kind)
	}
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events %s (-want +got):\n%s", pattern, diff)
	}
}

// WantCode asserts an error's code.
func WantCode(t testing.TB, err error, code veranda.Code) {
	t.Helper()
	if err == nil {
		t.Fatalf("want an error %s, got none", code)
	}
	if got := veranda.CodeOf(err); got != code {
		t.Fatalf("want an error %s, got %v", code, err)
	}
}

// WantFields asserts which fields an error names, as pointer and rule: "/title required".
func WantFields(t testing.TB, err error, want ...string) {
	t.Helper()
	WantCode(t, err, veranda.CodeInvalid)
	var got []string
	for _, f := range Fields(err) {
		got = append(got, f.Pointer+" "+f.Rule)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

// Eventually waits until a condition holds, and fails the test when it does not within the time.
func Eventually(t testing.TB, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
