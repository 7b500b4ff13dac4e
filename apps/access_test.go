package apps_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/verandatest/world"
)

func (f *fixture) rule(t testing.TB, a *apps.App, in apps.UpdateInput) *apps.App {
	t.Helper()
	in.Org, in.App = a.Org, a.ID
	a, err := f.apps.Update(context.Background(), f.Owner.Actor, in)
	if err != nil {
		t.Fatal(explain(err))
	}
	return a
}

// Who may do what without rules: the shipped policy.
func TestShippedRights(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Owner.Actor, a, `{"name": "A"}`)
		read := map[string]error{}
		for _, p := range []struct {
			who                        world.Person
			read, write, design, trash *veranda.Error
		}{
			{f.Owner, nil, nil, nil, nil},
			{f.Administrator, nil, nil, nil, nil},
			{f.AccessManager, nil, nil, veranda.ErrForbidden, veranda.ErrForbidden},
			{f.Employee, nil, nil, nil, veranda.ErrForbidden},
			{f.External, nil, nil, veranda.ErrForbidden, veranda.ErrForbidden},
			{f.Guest, veranda.ErrNotFound, veranda.ErrNotFound, veranda.ErrNotFound, veranda.ErrNotFound},
			{f.Outsider, veranda.ErrNotFound, veranda.ErrNotFound, veranda.ErrNotFound, veranda.ErrNotFound},
		} {
			check := func(what string, err error, want *veranda.Error) {
				t.Helper()
				switch {
				case want == nil && err != nil:
					t.Errorf("%s may %s: %v", p.who.Name, what, err)
				case want != nil && veranda.CodeOf(err) != want.Code:
					t.Errorf("%s may not %s: want %s, got %v", p.who.Name, what, want.Code, err)
				}
			}
			_, err := f.apps.Record(ctx, p.who.Actor, apps.RecordInput{Org: a.Org, App: a.ID, Record: r.ID})
			check("read", err, p.read)
			read[p.who.Name] = err
			_, err = f.update(p.who.Actor, r, values(t, `{"price": null}`))
			check("write", err, p.write)
			_, err = f.apps.Update(ctx, p.who.Actor, apps.UpdateInput{Org: a.Org, App: a.ID, Name: pointer("Goods")})
			check("design", err, p.design)
			err = f.apps.DeleteRecord(ctx, p.who.Actor, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: r.ID, Version: 99})
			if want := p.trash; want == nil {
				check("delete", err, veranda.ErrVersion)
			} else {
				check("delete", err, want)
			}
		}
		_, err := f.apps.Record(ctx, veranda.Actor{}, apps.RecordInput{Org: a.Org, App: a.ID, Record: r.ID})
		refused(t, err, veranda.ErrUnauthenticated)
		_, err = f.apps.Record(ctx, f.Owner.Actor, apps.RecordInput{Org: f.World.Other, App: a.ID, Record: r.ID})
		refused(t, err, veranda.ErrNotFound)
		other := f.app(t)
		_, err = f.apps.Record(ctx, f.Owner.Actor, apps.RecordInput{Org: a.Org, App: other.ID, Record: r.ID})
		refused(t, err, veranda.ErrNotFound)
	})
}

func TestRowsAndFieldsByRole(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		mine := f.add(t, f.Owner.Actor, a, `{"name": "Mine", "article": "M", "price": "5", "owner": "`+f.External.Account.String()+`"}`)
		theirs := f.add(t, f.Owner.Actor, a, `{"name": "Theirs", "article": "T", "price": "7", "owner": "`+f.Owner.Account.String()+`"}`)
		a = f.rule(t, a, apps.UpdateInput{Access: &[]apps.Rule{
			{Roles: []string{"external"}, Where: filter(t, `{"field": "owner", "is": "equal", "value": "me"}`), Create: true, Edit: true, Hidden: []string{"price"}, ReadOnly: []string{"article"}},
			{Roles: []string{"guest"}},
		}})
		who := f.External.Actor
		if diff := cmp.Diff([]string{"Mine"}, f.list(t, who, a, apps.QueryInput{}, "name")); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		seen, err := f.apps.Get(ctx, who, apps.GetInput{Org: a.Org, App: a.ID})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"name", "article", "state", "owner", "number"}, keysOf(seen)); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
		if seen.Access != nil || seen.Can.Delete || !seen.Can.Create || seen.Can.Design || seen.Can.ReadOnly[0] != "article" {
			t.Errorf("what they see of the rules: %+v", seen)
		}
		_, err = f.apps.Record(ctx, who, apps.RecordInput{Org: a.Org, App: a.ID, Record: theirs.ID})
		refused(t, err, veranda.ErrNotFound)
		_, err = f.update(who, theirs, values(t, `{"name": "x"}`))
		refused(t, err, veranda.ErrNotFound)
		_, err = f.update(who, mine, values(t, `{"price": "1", "article": "x"}`))
		invalid(t, err, "/values/price unknown", "/values/article read_only")
		_, err = f.update(who, mine, values(t, `{"owner": "`+f.Owner.Account.String()+`"}`))
		refused(t, err, apps.ErrOutOfReach)
		refused(t, f.apps.DeleteRecord(ctx, who, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: mine.ID}), veranda.ErrForbidden)
		_, err = f.apps.CreateRecord(ctx, who, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: values(t, `{"name": "New"}`)})
		refused(t, err, apps.ErrOutOfReach)
		if _, err = f.apps.CreateRecord(ctx, who, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: values(t, `{"name": "New", "owner": "`+f.External.Account.String()+`"}`)}); err != nil {
			t.Errorf("a record of one's own: %v", explain(err))
		}
		for name, in := range map[string]apps.QueryInput{
			"/filter/field unknown":  {Filter: filter(t, `{"field": "price", "is": "greater", "value": "1"}`)},
			"/sort/0/field unknown":  {Sort: []query.Sort{{Field: "price"}}},
			"/fields/0 unknown":      {Fields: []string{"price"}},
			"/filter/field unknown ": {Filter: filter(t, `{"field": "nonsense", "is": "greater", "value": "1"}`)},
		} {
			in.Org, in.App = a.Org, a.ID
			_, err := f.apps.QueryRecords(ctx, who, in)
			invalid(t, err, strings.TrimSpace(name))
		}
		_, err = f.apps.Summarize(ctx, who, apps.SummaryInput{Org: a.Org, App: a.ID, Aggregates: []query.Aggregate{{Function: query.Sum, Field: "price"}}})
		invalid(t, err, "/aggregates/0/field unknown")
		totals, err := f.apps.Summarize(ctx, who, apps.SummaryInput{Org: a.Org, App: a.ID})
		if err != nil || string(totals.Groups[0].Values[0]) != "2" {
			t.Errorf("they count more than they see: %+v %v", totals, err)
		}
		if _, err := f.update(f.Owner.Actor, mine, values(t, `{"price": "6", "name": "Mine too"}`)); err != nil {
			t.Fatal(err)
		}
		past, err := f.apps.History(ctx, who, apps.HistoryInput{Org: a.Org, App: a.ID, Record: mine.ID})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range past.Items {
			for _, c := range e.Changes {
				if c.Field == "price" {
					t.Errorf("the history tells of a hidden field: %+v", c)
				}
			}
		}
		_, err = f.apps.History(ctx, who, apps.HistoryInput{Org: a.Org, App: a.ID, Record: mine.ID, Field: "price"})
		invalid(t, err, "/field unknown")
		if _, err := f.apps.Bulk(ctx, who, apps.BulkInput{Org: a.Org, App: a.ID, MatchBy: "article", Rows: []apps.BulkRow{{Do: apps.Upsert, Values: values(t, `{"article": "T"}`)}}}); veranda.CodeOf(err) != veranda.CodeForbidden {
			t.Errorf("upsert tells of records out of sight: %v", err)
		}
		// A guest sees it now, and changes nothing.
		if got := f.list(t, f.Guest.Actor, a, apps.QueryInput{}, "name"); len(got) != 3 {
			t.Errorf("the guest sees %v", got)
		}
		_, err = f.update(f.Guest.Actor, mine, values(t, `{"name": "x"}`))
		refused(t, err, veranda.ErrForbidden)
	})
}

func TestOnlyNamed(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		a = f.rule(t, a, apps.UpdateInput{OnlyNamed: pointer(true), Access: &[]apps.Rule{{Roles: []string{"external"}, Edit: true}}})
		_, err := f.apps.Get(ctx, f.Employee.Actor, apps.GetInput{Org: a.Org, App: a.ID})
		refused(t, err, veranda.ErrNotFound)
		for _, p := range []struct {
			who  world.Person
			want int
		}{{f.Owner, 1}, {f.External, 1}, {f.Employee, 0}, {f.Guest, 0}} {
			list, err := f.apps.List(ctx, p.who.Actor, apps.ListInput{Org: a.Org})
			if err != nil || len(list.Items) != p.want {
				t.Errorf("%s sees %d applications: %v", p.who.Name, len(list.Items), err)
			}
		}
	})
}

func TestLockHoldsRecords(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		a = f.rule(t, a, apps.UpdateInput{Lock: filter(t, `{"field": "state", "is": "equal", "value": "o2"}`)})
		r := f.add(t, f.External.Actor, a, `{"name": "A", "state": "o1"}`)
		r, err := f.update(f.External.Actor, r, values(t, `{"state": "o2"}`))
		if err != nil || !r.Locked {
			t.Fatalf("%+v %v", r, explain(err))
		}
		_, err = f.update(f.External.Actor, r, values(t, `{"state": "o1"}`))
		refused(t, err, apps.ErrRecordLocked)
		refused(t, f.apps.DeleteRecord(ctx, f.External.Actor, apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: r.ID}), apps.ErrRecordLocked)
		if _, err := f.update(f.Owner.Actor, r, values(t, `{"state": "o1"}`)); err != nil {
			t.Errorf("who manages the application: %v", explain(err))
		}
		if _, err := f.update(f.External.Actor, r, values(t, `{"name": "B"}`)); err != nil {
			t.Errorf("unlocked again: %v", explain(err))
		}
	})
}

func TestBadRules(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		_, err := f.apps.Update(context.Background(), f.Owner.Actor, apps.UpdateInput{Org: a.Org, App: a.ID,
			Lock: filter(t, `{"field": "nothing", "is": "equal", "value": 1}`), Title: pointer("nothing"),
			Access: &[]apps.Rule{{}, {Roles: []string{"x"}, Where: filter(t, `{"field": "price", "is": "has_all", "value": []}`), Hidden: []string{"nothing"}}}})
		invalid(t, err, "/lock/field unknown", "/title unknown", "/access/0/roles too_few", "/access/1/where/is one_of", "/access/1/hidden/0 unknown")
	})
}
