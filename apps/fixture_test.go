package apps_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

func modules() []veranda.Module {
	return []veranda.Module{veranda.Core(), tenancy.Module(), apps.Module()}
}

// fixture is a world with the service of applications in it.
type fixture struct {
	*verandatest.Env
	*world.World
	authz *tenancy.Authorizer
	apps  *apps.Service
	files *shelf
}

// each runs a test on every engine.
func each(t *testing.T, run func(t *testing.T, f *fixture)) {
	t.Helper()
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		run(t, newFixture(t, e, nil))
	})
}

func newFixture(t testing.TB, e *verandatest.Env, limits veranda.Limits) *fixture {
	t.Helper()
	f := &fixture{Env: e, World: world.New(t, e), files: &shelf{files: map[string][]byte{}}}
	var err error
	if f.authz, err = tenancy.NewAuthorizer(context.Background(), e.DB, modules()...); err != nil {
		t.Fatal(err)
	}
	if f.apps, err = apps.New(apps.Deps{DB: e.DB, Authz: f.authz, Limits: limits, Addresses: book{f.World}, Blobs: f.files}); err != nil {
		t.Fatal(err)
	}
	return f
}

// goods are the fields of an application that most tests use.
func goods() []apps.FieldInput {
	return []apps.FieldInput{
		{Name: "Name", Kind: field.Text, Rules: field.Rules{Required: true}},
		{Name: "Article", Kind: field.Text, Rules: field.Rules{Unique: true}},
		{Name: "Price", Kind: field.Currency, Options: field.Options{Currency: "EUR", Min: "0"}},
		{Name: "State", Kind: field.Select, Options: field.Options{Choices: []field.Choice{{Name: "New"}, {Name: "Sold"}}}},
		{Name: "Owner", Kind: field.Person},
		{Name: "Number", Kind: field.AutoNumber, Options: field.Options{Prefix: "G-", Digits: 4}},
	}
}

// app makes an application in the open workspace, as the owner.
func (f *fixture) app(t testing.TB, fields ...apps.FieldInput) *apps.App {
	t.Helper()
	if len(fields) == 0 {
		fields = goods()
	}
	a, err := f.apps.Create(context.Background(), f.Owner.Actor, apps.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Name: "Goods", Fields: fields})
	if err != nil {
		t.Fatalf("create application: %v", err)
	}
	return a
}

// values reads values written as JSON.
func values(t testing.TB, text string) apps.Values {
	t.Helper()
	var v apps.Values
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// add makes a record and expects it to work.
func (f *fixture) add(t testing.TB, by veranda.Actor, a *apps.App, text string) *apps.Record {
	t.Helper()
	r, err := f.apps.CreateRecord(context.Background(), by, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: values(t, text)})
	if err != nil {
		t.Fatalf("create record: %v", explain(err))
	}
	return r
}

func (f *fixture) update(by veranda.Actor, r *apps.Record, v apps.Values) (*apps.Record, error) {
	return f.apps.UpdateRecord(context.Background(), by, apps.UpdateRecordInput{Org: r.Org, App: r.App, Record: r.ID, Values: v})
}

func (f *fixture) record(t testing.TB, by veranda.Actor, r *apps.Record) *apps.Record {
	t.Helper()
	found, err := f.apps.Record(context.Background(), by, apps.RecordInput{Org: r.Org, App: r.App, Record: r.ID})
	if err != nil {
		t.Fatalf("read record: %v", err)
	}
	return found
}

// value is one value of a record as JSON.
func value(t testing.TB, r *apps.Record, key string) string {
	t.Helper()
	var v apps.Values
	if err := json.Unmarshal(r.Values, &v); err != nil {
		t.Fatal(err)
	}
	return string(v[key])
}

// list reads records and gives one value of each.
func (f *fixture) list(t testing.TB, by veranda.Actor, a *apps.App, in apps.QueryInput, key string) []string {
	t.Helper()
	in.Org, in.App = a.Org, a.ID
	page, err := f.apps.QueryRecords(context.Background(), by, in)
	if err != nil {
		t.Fatalf("list: %v", explain(err))
	}
	out := []string{}
	for i := range page.Items {
		out = append(out, strings.Trim(value(t, &page.Items[i], key), `"`))
	}
	return out
}

func filter(t testing.TB, text string) *query.Filter {
	t.Helper()
	f := new(query.Filter)
	if err := json.Unmarshal([]byte(text), f); err != nil {
		t.Fatal(err)
	}
	return f
}

// field is a field of an application by its key.
func fieldOf(t testing.TB, a *apps.App, key string) *field.Field {
	t.Helper()
	for i := range a.Fields {
		if a.Fields[i].Key == key {
			return &a.Fields[i]
		}
	}
	t.Fatalf("no field %s", key)
	return nil
}

// refused expects an error of a reason.
func refused(t testing.TB, err error, want *veranda.Error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("want %s, got %v", want.Reason, explain(err))
	}
}

// invalid expects an error that names exactly these fields and rules, "pointer rule" each.
func invalid(t testing.TB, err error, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, named(err), cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		t.Errorf("bad fields (-want +got):\n%s%v", diff, err)
	}
}

func named(err error) (fields []string) {
	var known *veranda.Error
	if errors.As(err, &known) {
		for _, f := range known.Fields {
			fields = append(fields, f.Pointer+" "+f.Rule)
		}
	}
	return fields
}

func explain(err error) any {
	return []any{err, named(err)}
}

// kinds are the kinds of an application's events so far.
func (f *fixture) kinds(t testing.TB) (kinds []string) {
	t.Helper()
	for _, e := range f.Events(t, "apps.*") {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
