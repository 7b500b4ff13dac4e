package directory

import (
	"context"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), Module()}
}

// fixture is a world with the directory in it.
type fixture struct {
	*verandatest.Env
	*world.World
	authz  *tenancy.Authorizer
	people *Service
	tenant *tenancy.Service
}

// each runs a test on every engine. The world is made behind the index's back, so the index is made by its job.
func each(t *testing.T, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) { run(t, newFixture(t, e)) })
}

func newFixture(t testing.TB, e *verandatest.Env) *fixture {
	t.Helper()
	ctx := context.Background()
	f := &fixture{Env: e, World: world.New(t, e)}
	var err error
	if f.authz, err = tenancy.NewAuthorizer(ctx, e.DB, modules()...); err != nil {
		t.Fatal(err)
	}
	if f.tenant, err = tenancy.New(tenancy.Deps{DB: e.DB, Authz: f.authz, Secret: make([]byte, 32), BaseURL: "https://veranda.example"}); err != nil {
		t.Fatal(err)
	}
	if f.people, err = New(Deps{DB: e.DB, Authz: f.authz}); err != nil {
		t.Fatal(err)
	}
	if err := e.DB.Every(f.people.IndexJob()); err != nil {
		t.Fatal(err)
	}
	e.Drain(t)
	return f
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

// happen changes what only other packages change, with the event they would emit.
func (f *fixture) happen(t testing.TB, e veranda.Event, text string, args ...any) {
	t.Helper()
	err := f.DB.InTx(context.Background(), func(ctx context.Context, tx *veranda.Tx) error {
		if _, err := tx.Exec(ctx, text, args...); err != nil {
			return err
		}
		tx.Emit(e)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// rename is what UpdateMe does to a name.
func (f *fixture) rename(t testing.TB, p world.Person, name string) {
	t.Helper()
	if _, err := f.tenant.UpdateMe(context.Background(), p.Actor, tenancy.UpdateMeInput{Name: &name}); err != nil {
		t.Fatal(err)
	}
}

// find lists names.
func (f *fixture) find(t testing.TB, by veranda.Actor, in Filter) []string {
	t.Helper()
	list, err := f.people.People(context.Background(), by, PeopleInput{Org: f.Org, Filter: in})
	if err != nil {
		t.Fatalf("%+v: %v", in, err)
	}
	return names(list.Items)
}

func names(contacts []Contact) []string {
	out := []string{}
	for _, c := range contacts {
		out = append(out, c.Name)
	}
	return out
}
