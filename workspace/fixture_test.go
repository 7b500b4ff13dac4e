package workspace_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
	"github.com/veranda-go/veranda/workspace"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), workspace.Module()}
}

// fixture is a world with the service of workspaces in it.
type fixture struct {
	*verandatest.Env
	*world.World
	authz  *tenancy.Authorizer
	ws     *workspace.Service
	limits *limits
}

// limits refuse while they are closed, and remember what they were asked.
type limits struct {
	closed bool
	asked  []string
}

func (l *limits) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, add int64) error {
	if l.closed {
		return veranda.LimitError(resource, "The plan allows no more.")
	}
	for range add {
		l.asked = append(l.asked, resource)
	}
	return nil
}

// each runs a test on every engine.
func each(t *testing.T, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := &fixture{Env: e, World: world.New(t, e), limits: &limits{}}
		var err error
		if f.authz, err = tenancy.NewAuthorizer(context.Background(), e.DB, modules()...); err != nil {
			t.Fatal(err)
		}
		if f.ws, err = workspace.New(workspace.Deps{DB: e.DB, Authz: f.authz, Limits: f.limits, Post: tenancy.Post{}}); err != nil {
			t.Fatal(err)
		}
		run(t, f)
	})
}

// exec changes what only other packages change.
func (f *fixture) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, text, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// accessVersion is what readers compare to learn that others may see a workspace.
func (f *fixture) accessVersion(t testing.TB, id veranda.WorkspaceID) int64 {
	t.Helper()
	var version int64
	if err := f.DB.Reader().NewRaw("SELECT access_version FROM veranda_workspaces WHERE id = ?", id).Scan(context.Background(), &version); err != nil {
		t.Fatal(err)
	}
	return version
}

// everybody are those whose answers a matrix names.
func (f *fixture) everybody() map[string]veranda.Actor {
	return map[string]veranda.Actor{
		"owner": f.Owner.Actor, "administrator": f.Administrator.Actor, "access_manager": f.AccessManager.Actor,
		"employee": f.Employee.Actor, "external": f.External.Actor, "guest": f.Guest.Actor, "stranger": f.Stranger.Actor,
		"support": f.Support.Actor, "outsider": f.Outsider.Actor, "nobody": f.Nobody.Actor,
		"anonymous": veranda.Anonymous(), "zero": {},
	}
}

// The answers of a matrix beside the codes.
const (
	ok        = veranda.Code("")
	notFound  = veranda.CodeNotFound
	forbidden = veranda.CodeForbidden
	noSession = veranda.CodeUnauthenticated
)

// matrix calls for everybody and compares the codes. Who is not named gets not_found, and those who are not signed in
// unauthenticated.
func (f *fixture) matrix(t *testing.T, want map[string]veranda.Code, call func(by veranda.Actor) error) {
	t.Helper()
	full := map[string]veranda.Code{}
	got := map[string]veranda.Code{}
	for name, actor := range f.everybody() {
		full[name] = notFound
		if name == "anonymous" || name == "zero" {
			full[name] = noSession
		}
		if code, named := want[name]; named {
			full[name] = code
		}
		err := call(actor)
		got[name] = ok
		if err != nil {
			got[name] = veranda.CodeOf(err)
		}
		if got[name] == notFound && err.Error() != veranda.ErrNotFound.Error() {
			t.Errorf("%s: not found in other words: %v", name, err)
		}
	}
	if diff := diffOf(full, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// wantError asserts an error by code and reason.
func wantError(t testing.TB, err error, want *veranda.Error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %v, got %v", want, err)
	}
}

// lastData reads the data of the last event of a kind.
func lastData[T any](t testing.TB, f *fixture, kind string) T {
	t.Helper()
	var data T
	events := f.Events(t, kind)
	if len(events) == 0 {
		t.Fatalf("there is no event %s", kind)
	}
	if err := json.Unmarshal(events[len(events)-1].Data, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func newAuthorizer(e *verandatest.Env) (*tenancy.Authorizer, error) {
	return tenancy.NewAuthorizer(context.Background(), e.DB, modules()...)
}

// diffOf compares, ids as they are.
func diffOf(want, got any) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(veranda.OrgID{}, veranda.WorkspaceID{}, veranda.AccountID{}))
}

// patience is how long a transaction is kept open for a call that should wait for it. Only a call that does not wait is
// done by then, so a slow machine makes no test fail.
const patience = 150 * time.Millisecond

// behind runs first in a transaction, begins second meanwhile, and commits when second is done or seems to wait. It gives
// the answer of second.
func (f *fixture) behind(t testing.TB, first func(ctx context.Context, tx *veranda.Tx) error, second func() error) error {
	t.Helper()
	answer := make(chan error, 1)
	err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		if err := first(ctx, tx); err != nil {
			return err
		}
		go func() { answer <- second() }()
		select {
		case err := <-answer:
			answer <- err
		case <-time.After(patience):
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return <-answer
}
