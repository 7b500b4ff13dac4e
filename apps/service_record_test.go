package apps_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

func TestRecordLives(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		r := f.add(t, f.Employee.Actor, a, `{"name": "Chair", "article": "C-1", "price": "49.90", "state": "New", "owner": "`+f.Employee.Account.String()+`"}`)
		want := `{"name":"Chair","article":"C-1","price":"49.90","state":"o1","owner":"` + f.Employee.Account.String() + `","number":1}`
		if string(r.Values) != want || r.Title != "Chair" || r.Version != 1 || r.CreatedBy != f.Employee.Account {
			t.Errorf("made: %s %+v", r.Values, r)
		}
		if got := f.record(t, f.External.Actor, r); string(got.Values) != want {
			t.Errorf("read: %s", got.Values)
		}
		r, err := f.update(f.External.Actor, r, values(t, `{"price": "50", "state": "o2"}`))
		if err != nil {
			t.Fatal(explain(err))
		}
		if value(t, r, "price") != `"50.00"` || value(t, r, "name") != `"Chair"` || r.Version != 2 || r.ChangedBy != f.External.Account {
			t.Errorf("changed: %s %+v", r.Values, r)
		}
		same, err := f.update(f.External.Actor, r, values(t, `{"price": 50}`))
		if err != nil || same.Version != 2 {
			t.Errorf("nothing changed: %+v %v", same, err)
		}
		named := apps.RecordVersionInput{Org: a.Org, App: a.ID, Record: r.ID}
		refused(t, f.apps.DeleteRecord(ctx, f.External.Actor, named), veranda.ErrForbidden)
		named.Version = 1
		refused(t, f.apps.DeleteRecord(ctx, f.Employee.Actor, named), veranda.ErrVersion)
		named.Version = 2
		if err := f.apps.DeleteRecord(ctx, f.Employee.Actor, named); err != nil {
			t.Fatal(err)
		}
		_, err = f.apps.Record(ctx, f.Owner.Actor, apps.RecordInput{Org: a.Org, App: a.ID, Record: r.ID})
		refused(t, err, veranda.ErrNotFound)
		trash, err := f.apps.DeletedRecords(ctx, f.Employee.Actor, apps.DeletedRecordsInput{Org: a.Org, App: a.ID})
		if err != nil || len(trash.Items) != 1 || trash.Items[0].DeletedBy != f.Employee.Account || trash.Items[0].Title != "Chair" {
			t.Fatalf("trash: %+v %v", trash, err)
		}
		if trash, err := f.apps.DeletedRecords(ctx, f.External.Actor, apps.DeletedRecordsInput{Org: a.Org, App: a.ID}); err != nil || len(trash.Items) != 0 {
			t.Errorf("another's trash: %+v %v", trash, err)
		}
		named.Version = trash.Items[0].Version
		back, err := f.apps.RestoreRecord(ctx, f.Employee.Actor, named)
		if err != nil || back.Version != 4 || value(t, back, "number") != "1" {
			t.Errorf("restored: %+v %v", back, err)
		}
		want2 := []string{apps.EventAppCreated, apps.EventRecordCreated, apps.EventRecordUpdated, apps.EventRecordDeleted, apps.EventRecordRestored}
		if diff := cmp.Diff(want2, f.kinds(t)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestRecordRules(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		fields := append(goods(),
			apps.FieldInput{Name: "Sold on", Kind: field.Date, Rules: field.Rules{RequiredWhen: []byte(`{"field": "state", "is": "equal", "value": "o2"}`)}},
			apps.FieldInput{Name: "Added", Kind: field.Date, Rules: field.Rules{Default: []byte(`"today"`)}},
		)
		a := f.app(t, fields...)
		create := func(text string) error {
			_, err := f.apps.CreateRecord(ctx, f.Employee.Actor, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: values(t, text)})
			return err
		}
		invalid(t, create(`{"price": "-1", "state": "gone", "number": 7, "colour": "red", "sold_on": "2026-13-01"}`),
			"/values/name required", "/values/price range", "/values/state choice", "/values/number read_only", "/values/colour unknown", "/values/sold_on date")
		invalid(t, create(`{"name": "Table", "state": "o2"}`), "/values/sold_on required")
		invalid(t, create(`{"name": "Table", "owner": "`+f.Outsider.Account.String()+`"}`), "/values/owner not_found")
		invalid(t, create(`{"name": "Table", "owner": "`+apps.ID(veranda.NewAccountID()).String()+`"}`), "/values/owner not_found")
		r := f.add(t, f.Employee.Actor, a, `{"name": "Table", "article": "Ä 1", "state": "o2", "sold_on": "2026-01-02"}`)
		if got := value(t, r, "added"); got != `"`+f.DB.Now().UTC().Format("2006-01-02")+`"` {
			t.Errorf("default: %s", got)
		}
		invalid(t, create(`{"name": "Other", "article": "a 1"}`), "/values/article unique")
		if got := value(t, f.add(t, f.Employee.Actor, a, `{"name": "Next"}`), "number"); got != "2" {
			t.Errorf("a refused record took a number: %s", got)
		}
		_, err := f.update(f.Employee.Actor, r, values(t, `{"sold_on": null}`))
		invalid(t, err, "/values/sold_on required")
		if r, err = f.update(f.Employee.Actor, r, values(t, `{"article": null}`)); err != nil {
			t.Fatal(explain(err))
		}
		if err := create(`{"name": "Other", "article": "a 1"}`); err != nil {
			t.Errorf("the value is free again: %v", explain(err))
		}
		_, err = f.update(f.Employee.Actor, r, values(t, `{"article": "A 1"}`))
		invalid(t, err, "/values/article unique")
	})
}

func TestRecordsAreFound(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		for i := range 25 {
			state, owner := "o1", f.Employee.Account
			if i%3 == 0 {
				state, owner = "o2", f.Owner.Account
			}
			f.add(t, f.Owner.Actor, a, fmt.Sprintf(`{"name": "Thing %02d", "price": "%d.50", "state": %q, "owner": %q}`, i, i%5, state, owner))
		}
		got := f.list(t, f.External.Actor, a, apps.QueryInput{
			Filter: filter(t, `{"and": [{"field": "state", "is": "equal", "value": "o2"}, {"field": "price", "is": "at_least", "value": "3"}]}`),
			Sort:   []query.Sort{{Field: "price", Descending: true}, {Field: "name"}},
		}, "name")
		if diff := cmp.Diff([]string{"Thing 09", "Thing 24", "Thing 03", "Thing 18"}, got); diff != "" {
			t.Errorf("filtered (-want +got):\n%s", diff)
		}
		if got := f.list(t, f.Employee.Actor, a, apps.QueryInput{Search: "THING 09"}, "name"); len(got) != 2 || got[1] != "Thing 09" {
			t.Errorf("searched: %v", got)
		}
		if got := f.list(t, f.Employee.Actor, a, apps.QueryInput{Filter: filter(t, `{"field": "owner", "is": "equal", "value": "me"}`), Limit: 200}, "name"); len(got) != 16 {
			t.Errorf("mine: %v", got)
		}
		// Every page of every order, each record once.
		for _, sort := range []string{"", "name", "-price,name", "state,-price", "owner,-name", "-number"} {
			seen, cursor := map[string]int{}, ""
			for {
				page, err := f.apps.Records(context.Background(), f.Owner.Actor, apps.RecordsInput{Org: a.Org, App: a.ID, Sort: sort, Fields: "name", Limit: 7, Cursor: cursor})
				if err != nil {
					t.Fatal(sort, explain(err))
				}
				for i := range page.Items {
					seen[string(page.Items[i].Values)]++
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			if len(seen) != 25 {
				t.Errorf("sorted by %q: %d records", sort, len(seen))
			}
			for name, n := range seen {
				if n != 1 {
					t.Errorf("sorted by %q: %s %d times", sort, name, n)
				}
			}
		}
		totals, err := f.apps.Summarize(context.Background(), f.Owner.Actor, apps.SummaryInput{Org: a.Org, App: a.ID,
			Groups: []query.Group{{Field: "state"}}, Aggregates: []query.Aggregate{{Function: query.Count}, {Function: query.Sum, Field: "price"}}})
		if err != nil {
			t.Fatal(explain(err))
		}
		if len(totals.Groups) != 2 || string(totals.Groups[0].Values[0]) != "16" || string(totals.Groups[1].Values[0]) != "9" {
			t.Errorf("summary: %+v", totals)
		}
		_, err = f.apps.Records(context.Background(), f.Owner.Actor, apps.RecordsInput{Org: a.Org, App: a.ID, Filter: `{"field": "colour", "is": "equal", "value": 1}`, Sort: "size", Fields: "weight"})
		invalid(t, err, "/filter/field unknown", "/sort/0/field unknown", "/fields/0 unknown")
		_, err = f.apps.Records(context.Background(), f.Owner.Actor, apps.RecordsInput{Org: a.Org, App: a.ID, Cursor: "x"})
		invalid(t, err, "/cursor cursor")
		_, err = f.apps.Records(context.Background(), f.Owner.Actor, apps.RecordsInput{Org: a.Org, App: a.ID, Filter: strings.Repeat(`{"not":`, 1000) + `{}` + strings.Repeat(`}`, 1000)})
		invalid(t, err, "/filter filter")
	})
}

// Texts too long for a cursor do not end a list.
func TestLongTextsHavePages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		for i := range 5 {
			f.add(t, f.Owner.Actor, a, fmt.Sprintf(`{"name": "%s %d"}`, strings.Repeat("ж", 900), i))
		}
		count, cursor := 0, ""
		for {
			page, err := f.apps.Records(context.Background(), f.Owner.Actor, apps.RecordsInput{Org: a.Org, App: a.ID, Sort: "-name", Limit: 2, Cursor: cursor})
			if err != nil {
				t.Fatal(explain(err))
			}
			count += len(page.Items)
			if cursor = page.Next; cursor == "" {
				break
			}
			if len(cursor) > 1000 {
				t.Fatalf("a cursor of %d octets", len(cursor))
			}
		}
		if count != 5 {
			t.Errorf("%d records", count)
		}
	})
}

func TestBulk(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		kept := f.add(t, f.Employee.Actor, a, `{"name": "Kept", "article": "K"}`)
		gone := f.add(t, f.Employee.Actor, a, `{"name": "Gone", "article": "G"}`)
		rows := func(more ...apps.BulkRow) apps.BulkInput {
			return apps.BulkInput{Org: a.Org, App: a.ID, MatchBy: "article", Rows: append([]apps.BulkRow{
				{Do: apps.Create, Values: values(t, `{"name": "One", "article": "1"}`)},
				{Do: apps.Update, Record: kept.ID, Values: values(t, `{"price": "3"}`)},
				{Do: apps.Delete, Record: gone.ID},
				{Do: apps.Upsert, Values: values(t, `{"article": "k2", "name": "Two"}`)},
			}, more...)}
		}
		bad := []apps.BulkRow{
			{Do: apps.Create, Values: values(t, `{"name": "Again", "article": "1"}`)},
			{Do: apps.Create, Values: values(t, `{"price": "x"}`)},
			{Do: apps.Update, Record: apps.RecordID(veranda.NewAccountID()), Values: values(t, `{"price": "3"}`)},
			{Do: apps.Delete, Record: kept.ID},
		}
		_, err := f.apps.Bulk(ctx, f.Employee.Actor, rows(bad...))
		refused(t, err, apps.ErrBulk)
		invalid(t, err, "/rows/5/values/name required", "/rows/5/values/price number", "/rows/6 not_found", "/rows/7/record_id duplicate")
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "name"); len(got) != 2 {
			t.Errorf("a refused bulk call left %v", got)
		}
		in := rows(bad...)
		in.Partial = true
		result, err := f.apps.Bulk(ctx, f.Employee.Actor, in)
		if err != nil {
			t.Fatal(explain(err))
		}
		var outcomes []apps.Outcome
		for _, row := range result.Rows {
			outcomes = append(outcomes, row.Outcome)
		}
		want := []apps.Outcome{apps.Created, apps.Updated, apps.Deleted, apps.Created, apps.Failed, apps.Failed, apps.Failed, apps.Failed}
		if diff := cmp.Diff(want, outcomes); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		if result.Created != 2 || result.Failed != 4 || result.Rows[4].Errors[0].Pointer != "/values/article" {
			t.Errorf("result: %+v", result)
		}
		if diff := cmp.Diff([]string{"Kept", "One", "Two"}, f.list(t, f.Owner.Actor, a, apps.QueryInput{Sort: []query.Sort{{Field: "name"}}}, "name")); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		result, err = f.apps.Bulk(ctx, f.Employee.Actor, apps.BulkInput{Org: a.Org, App: a.ID, MatchBy: "article", Rows: []apps.BulkRow{
			{Do: apps.Upsert, Values: values(t, `{"article": "K2", "price": "9"}`)},
			{Do: apps.Upsert, Values: values(t, `{"article": "k3", "name": "Three"}`)},
			{Do: apps.Upsert, Values: values(t, `{"article": "K", "name": "Kept"}`)},
		}})
		if err != nil || result.Updated != 1 || result.Created != 1 || result.Unchanged != 1 {
			t.Errorf("upsert: %+v %v", result, explain(err))
		}
		// Two records exchange their unique values.
		found, err := f.apps.QueryRecords(ctx, f.Owner.Actor, apps.QueryInput{Org: a.Org, App: a.ID, Sort: []query.Sort{{Field: "name"}}})
		if err != nil {
			t.Fatal(err)
		}
		x, y := &found.Items[0], &found.Items[1]
		result, err = f.apps.Bulk(ctx, f.Employee.Actor, apps.BulkInput{Org: a.Org, App: a.ID, Rows: []apps.BulkRow{
			{Do: apps.Update, Record: x.ID, Values: apps.Values{"article": []byte(value(t, y, "article"))}},
			{Do: apps.Update, Record: y.ID, Values: apps.Values{"article": []byte(value(t, x, "article"))}},
		}})
		if err != nil || result.Updated != 2 {
			t.Errorf("exchange: %+v %v", result, explain(err))
		}
		if got := len(f.Events(t, apps.EventRecordsWritten)); got != 3 {
			t.Errorf("%d events of bulk calls", got)
		}
	})
}

func TestBulkInput(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		_, err := f.apps.Bulk(context.Background(), f.Owner.Actor, apps.BulkInput{Org: a.Org, App: a.ID, Rows: []apps.BulkRow{
			{Do: "burn"}, {Do: apps.Update}, {Do: apps.Upsert}, {Do: apps.Delete, Record: apps.RecordID(a.ID), Values: apps.Values{"a": nil}}, {Do: apps.Create, Version: 3},
		}})
		invalid(t, err, "/rows/0/do one_of", "/rows/1/record_id required", "/match_by required", "/rows/3/values exclusive", "/rows/4/version range")
		_, err = f.apps.Bulk(context.Background(), f.Owner.Actor, apps.BulkInput{Org: a.Org, App: a.ID, MatchBy: "name", Rows: []apps.BulkRow{{Do: apps.Create}}})
		invalid(t, err, "/match_by unique")
		_, err = f.apps.Bulk(context.Background(), f.Owner.Actor, apps.BulkInput{Org: a.Org, App: a.ID})
		invalid(t, err, "/rows too_few")
	})
}
