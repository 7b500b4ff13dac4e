package apps_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

func (f *fixture) addField(t testing.TB, a *apps.App, in apps.FieldInput) *apps.App {
	t.Helper()
	a, err := f.apps.AddField(context.Background(), f.Owner.Actor, apps.AddFieldInput{Org: a.Org, App: a.ID, FieldInput: in})
	if err != nil {
		t.Fatalf("add field %s: %v", in.Name, explain(err))
	}
	return a
}

func (f *fixture) reread(t testing.TB, a *apps.App) *apps.App {
	t.Helper()
	a, err := f.apps.Get(context.Background(), f.Owner.Actor, apps.GetInput{Org: a.Org, App: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// trade is companies and their orders: orders name a company, and companies sum up their orders.
type trade struct{ companies, orders *apps.App }

func (f *fixture) trade(t testing.TB, rule field.OnDelete) trade {
	t.Helper()
	w := trade{
		companies: f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Discount", Kind: field.Percent}),
		orders:    f.app(t, apps.FieldInput{Name: "No", Kind: field.Text}, apps.FieldInput{Name: "Amount", Kind: field.Currency, Options: field.Options{Currency: "EUR"}}),
	}
	w.orders = f.addField(t, w.orders, apps.FieldInput{Name: "Company", Kind: field.Relation, Options: field.Options{
		Target: w.companies.ID.String(), OnDelete: rule, InverseName: "Orders"}})
	w.orders = f.addField(t, w.orders, apps.FieldInput{Name: "Customer", Kind: field.Lookup, Options: field.Options{Through: "company", Of: "name"}})
	w.orders = f.addField(t, w.orders, apps.FieldInput{Name: "Discount", Kind: field.Lookup, Options: field.Options{Through: "company", Of: "discount"}})
	w.orders = f.addField(t, w.orders, apps.FieldInput{Name: "To pay", Kind: field.Formula, Options: field.Options{
		Formula: "amount * (1 - discount)", Result: field.Currency, Currency: "EUR", Decimals: 2}})
	for name, options := range map[string]field.Options{
		"Count":   {Through: "orders", Function: field.Count},
		"Total":   {Through: "orders", Of: "to_pay", Function: field.Sum},
		"Average": {Through: "orders", Of: "amount", Function: field.Average},
		"Largest": {Through: "orders", Of: "amount", Function: field.Max},
		"Numbers": {Through: "orders", Of: "no"},
	} {
		kind := field.RollUp
		if options.Function == "" {
			kind = field.Lookup
		}
		w.companies = f.addField(t, w.companies, apps.FieldInput{Name: name, Kind: kind, Options: options})
	}
	return w
}

// shown are some of a record's values in one line.
func shown(t testing.TB, r *apps.Record, keys ...string) string {
	t.Helper()
	var parts []string
	for _, key := range keys {
		parts = append(parts, strings.Trim(value(t, r, key), `"`))
	}
	return strings.Join(parts, "|")
}

func (f *fixture) totals(t testing.TB, r *apps.Record) string {
	t.Helper()
	return shown(t, f.record(t, f.Owner.Actor, r), "count", "total", "average", "largest", "numbers")
}

func TestRelationsAndWhatIsComputed(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		w := f.trade(t, "")
		if diff := cmp.Diff([]string{"name", "discount", "orders"}, keysOf(f.reread(t, w.companies))[:3]); diff != "" {
			t.Fatalf("the other side (-want +got):\n%s", diff)
		}
		who := f.Employee.Actor
		ada := f.add(t, who, w.companies, `{"name": "Ada", "discount": 10}`)
		bob := f.add(t, who, w.companies, `{"name": "Bob"}`)
		if got := f.totals(t, ada); got != "0|0.00|null|null|null" {
			t.Errorf("nothing yet: %s", got)
		}
		order := func(no, amount string, company *apps.Record) *apps.Record {
			return f.add(t, who, w.orders, fmt.Sprintf(`{"no": %q, "amount": %q, "company": %q}`, no, amount, company.ID))
		}
		one, two := order("1", "100", ada), order("2", "33.33", ada)
		order("3", "7", bob)
		if got := shown(t, one, "customer", "discount", "to_pay", "company"); got != "Ada|10|90.00|"+ada.ID.String() {
			t.Errorf("looked up: %s", got)
		}
		if got := f.totals(t, ada); got != "2|120.00|66.6650|100.00|1, 2" {
			t.Errorf("rolled up: %s", got)
		}
		if got, want := value(t, f.record(t, who, ada), "orders"), `["`+one.ID.String()+`","`+two.ID.String()+`"]`; got != want {
			t.Errorf("the other side: %s", got)
		}
		// A change over there comes through all that depends on it.
		if _, err := f.update(who, ada, values(t, `{"discount": 50, "name": "Ada & Co"}`)); err != nil {
			t.Fatal(explain(err))
		}
		if got := shown(t, f.record(t, who, one), "customer", "to_pay"); got != "Ada & Co|50.00" {
			t.Errorf("looked up anew: %s", got)
		}
		if got := f.totals(t, ada); got != "2|66.67|66.6650|100.00|1, 2" {
			t.Errorf("rolled up anew: %s", got)
		}
		if got := f.list(t, who, w.orders, apps.QueryInput{Filter: filter(t, `{"field": "customer", "is": "starts_with", "value": "ADA"}`), Sort: []query.Sort{{Field: "to_pay"}}}, "no"); !slices.Equal(got, []string{"2", "1"}) {
			t.Errorf("found by what is looked up: %v", got)
		}
		// An order moves, is deleted, and comes back.
		if _, err := f.update(who, two, apps.Values{"company": []byte(`"` + bob.ID.String() + `"`)}); err != nil {
			t.Fatal(explain(err))
		}
		if a, b := f.totals(t, ada), f.totals(t, bob); a != "1|50.00|100.0000|100.00|1" || b != "2|40.33|20.1650|33.33|2, 3" {
			t.Errorf("moved: %s, %s", a, b)
		}
		named := apps.RecordVersionInput{Org: one.Org, App: one.App, Record: one.ID}
		if err := f.apps.DeleteRecord(ctx, who, named); err != nil {
			t.Fatal(err)
		}
		if got := f.totals(t, ada); got != "0|0.00|null|null|null" {
			t.Errorf("deleted: %s", got)
		}
		if _, err := f.apps.RestoreRecord(ctx, who, named); err != nil {
			t.Fatal(explain(err))
		}
		if got := f.totals(t, ada); got != "1|50.00|100.0000|100.00|1" {
			t.Errorf("restored: %s", got)
		}
		// What is computed is nobody's to write.
		_, err := f.update(who, one, values(t, `{"customer": "x", "to_pay": "1"}`))
		invalid(t, err, "/values/customer read_only", "/values/to_pay read_only")
		_, err = f.update(who, ada, values(t, `{"orders": []}`))
		invalid(t, err, "/values/orders read_only")
		_, err = f.apps.Records(ctx, who, apps.RecordsInput{Org: ada.Org, App: ada.App, Filter: `{"field": "orders", "is": "empty"}`})
		invalid(t, err, "/filter/field kind")
	})
}

func TestLinksToWhatIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		w := f.trade(t, "")
		ada := f.add(t, f.Owner.Actor, w.companies, `{"name": "Ada"}`)
		order := f.add(t, f.Owner.Actor, w.orders, `{"no": "1"}`)
		link := func(by veranda.Actor, id fmt.Stringer) error {
			_, err := f.update(by, order, apps.Values{"company": []byte(`"` + id.String() + `"`)})
			return err
		}
		invalid(t, link(f.Owner.Actor, order.ID), "/values/company not_found")
		invalid(t, link(f.Owner.Actor, apps.RecordID(veranda.NewAccountID())), "/values/company not_found")
		// Of another tenant, and of what a rule hides.
		f.rule(t, w.companies, apps.UpdateInput{Access: &[]apps.Rule{{Roles: []string{"external"}, Where: filter(t, `{"field": "name", "is": "equal", "value": "Bob"}`)}}})
		invalid(t, link(f.External.Actor, ada.ID), "/values/company not_found")
		if err := link(f.Owner.Actor, ada.ID); err != nil {
			t.Error(explain(err))
		}
		other, err := f.apps.Create(ctx, f.Outsider.Actor, apps.CreateInput{Org: f.World.Other, Workspace: f.World.OtherWorkspace, Name: "Theirs"})
		if err != nil {
			t.Fatal(explain(err))
		}
		_, err = f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: w.orders.Org, App: w.orders.ID, FieldInput: apps.FieldInput{
			Name: "Theirs", Kind: field.Relation, Options: field.Options{Target: other.ID.String()}}})
		invalid(t, err, "/target not_found")
		_, err = f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: w.orders.Org, App: w.orders.ID, FieldInput: apps.FieldInput{
			Name: "Wrong", Kind: field.Lookup, Options: field.Options{Through: "company", Of: "nothing"}}})
		invalid(t, err, "/of unknown")
		_, err = f.apps.AddField(ctx, f.Owner.Actor, apps.AddFieldInput{Org: w.companies.Org, App: w.companies.ID, FieldInput: apps.FieldInput{
			Name: "Wrong", Kind: field.RollUp, Options: field.Options{Through: "orders", Of: "no", Function: field.Sum}}})
		invalid(t, err, "/of kind")
	})
}

func TestDeletingWhatIsLinked(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		for _, rule := range []field.OnDelete{field.Clear, field.Restrict, field.Cascade} {
			w := f.trade(t, rule)
			ada := f.add(t, f.Owner.Actor, w.companies, `{"name": "Ada"}`)
			order := f.add(t, f.Owner.Actor, w.orders, `{"no": "1", "amount": "5", "company": "`+ada.ID.String()+`"}`)
			named := apps.RecordVersionInput{Org: ada.Org, App: ada.App, Record: ada.ID}
			err := f.apps.DeleteRecord(ctx, f.Owner.Actor, named)
			if rule == field.Restrict {
				refused(t, err, apps.ErrLinked)
				result, err := f.apps.Bulk(ctx, f.Owner.Actor, apps.BulkInput{Org: ada.Org, App: ada.App, Partial: true, Rows: []apps.BulkRow{
					{Do: apps.Delete, Record: ada.ID}, {Do: apps.Create, Values: values(t, `{"name": "C"}`)}}})
				if err != nil || result.Failed != 1 || result.Created != 1 || result.Rows[0].Reason != apps.ErrLinked.Reason {
					t.Errorf("in bulk: %+v %v", result, explain(err))
				}
				continue
			}
			if err != nil {
				t.Fatal(rule, explain(err))
			}
			if rule == field.Cascade {
				_, err := f.apps.Record(ctx, f.Owner.Actor, apps.RecordInput{Org: order.Org, App: order.App, Record: order.ID})
				refused(t, err, veranda.ErrNotFound)
				continue
			}
			if got := shown(t, f.record(t, f.Owner.Actor, order), "company", "customer"); got != "null|null" {
				t.Errorf("cleared: %s", got)
			}
			if _, err := f.apps.RestoreRecord(ctx, f.Owner.Actor, named); err != nil {
				t.Fatal(explain(err))
			}
			if got := shown(t, f.record(t, f.Owner.Actor, order), "company", "customer"); got != ada.ID.String()+"|Ada" {
				t.Errorf("linked again: %s", got)
			}
			if got := f.totals(t, ada); got != "1|5.00|5.0000|5.00|1" {
				t.Errorf("totals again: %s", got)
			}
		}
	})
}

func TestFieldsThatOthersNeed(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		w := f.trade(t, "")
		remove := func(a *apps.App, key string) error {
			_, err := f.apps.RemoveField(ctx, f.Owner.Actor, f.named(f.reread(t, a), key, t))
			return err
		}
		refused(t, remove(w.orders, "company"), apps.ErrFieldUsed)
		refused(t, remove(w.orders, "discount"), apps.ErrFieldUsed) // by the formula
		refused(t, remove(w.orders, "to_pay"), apps.ErrFieldUsed)   // by the sum over there
		refused(t, remove(w.companies, "name"), apps.ErrFieldUsed)
		invalid(t, remove(w.companies, "orders"), "/field_id reverse")
		_, err := f.apps.RetypeField(ctx, f.Owner.Actor, apps.RetypeInput{Org: w.companies.Org, App: w.companies.ID, Field: fieldOf(t, w.companies, "discount").ID, Kind: field.Text})
		refused(t, err, apps.ErrFieldUsed)
		ada := f.add(t, f.Owner.Actor, w.companies, `{"name": "Ada"}`)
		f.add(t, f.Owner.Actor, w.orders, `{"no": "1", "amount": "5", "company": "`+ada.ID.String()+`"}`)
		for _, key := range []string{"count", "total", "average", "largest", "numbers"} {
			if err := remove(w.companies, key); err != nil {
				t.Fatal(key, explain(err))
			}
		}
		for _, key := range []string{"to_pay", "discount", "customer", "company"} {
			if err := remove(w.orders, key); err != nil {
				t.Fatal(key, explain(err))
			}
		}
		if got := keysOf(f.reread(t, w.companies)); !slices.Equal(got, []string{"name", "discount"}) {
			t.Errorf("the other side stayed: %v", got)
		}
		for _, id := range f.reread(t, w.orders).RemovedFields {
			if id.Key == "company" {
				if _, err := f.apps.RestoreField(ctx, f.Owner.Actor, apps.FieldNamed{Org: w.orders.Org, App: w.orders.ID, Field: id.ID}); err != nil {
					t.Fatal(explain(err))
				}
			}
		}
		for _, id := range f.reread(t, w.companies).RemovedFields {
			if id.Key == "total" {
				_, err := f.apps.RestoreField(ctx, f.Owner.Actor, apps.FieldNamed{Org: w.orders.Org, App: w.companies.ID, Field: id.ID})
				refused(t, err, apps.ErrFieldUsed)
			}
			if id.Key == "largest" {
				if _, err := f.apps.RestoreField(ctx, f.Owner.Actor, apps.FieldNamed{Org: w.orders.Org, App: w.companies.ID, Field: id.ID}); err != nil {
					t.Fatal(explain(err))
				}
			}
		}
		f.Drain(t)
		if got := shown(t, f.record(t, f.Owner.Actor, ada), "largest"); got != "5.00" {
			t.Errorf("restored: %s", got)
		}
	})
}

func TestFormulas(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a, err := f.apps.Create(ctx, f.Owner.Actor, apps.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Name: "Lines", Fields: []apps.FieldInput{
			{Name: "Net", Kind: field.Formula, Options: field.Options{Formula: "qty * price", Decimals: 2}},
			{Name: "Qty", Kind: field.Number},
			{Name: "Price", Kind: field.Currency, Options: field.Options{Currency: "EUR"}},
			{Name: "Gross", Kind: field.Formula, Options: field.Options{Formula: "net * 1.19", Decimals: 2}},
		}})
		if err != nil {
			t.Fatal(explain(err))
		}
		r := f.add(t, f.Owner.Actor, a, `{"qty": 3, "price": "9.99"}`)
		if got := shown(t, r, "net", "gross"); got != "29.97|35.66" {
			t.Errorf("computed: %s", got)
		}
		if r, err = f.update(f.Owner.Actor, r, values(t, `{"qty": 1}`)); err != nil || shown(t, r, "net", "gross") != "9.99|11.89" {
			t.Errorf("computed anew: %s %v", r.Values, explain(err))
		}
		change := func(key, text string) error {
			_, err := f.apps.UpdateField(ctx, f.Owner.Actor, apps.UpdateFieldInput{Org: a.Org, App: a.ID, Field: fieldOf(t, a, key).ID, Formula: &text})
			return err
		}
		for text, want := range map[string]string{"gross + 1": "/formula cycle", "qty +": "/formula syntax", "nothing": "/formula unknown_field", `"a"`: "/formula result"} {
			err := change("net", text)
			if got := named(err); len(got) != 1 || got[0] != want {
				t.Errorf("%s: want %s, got %v", text, want, explain(err))
			}
		}
		if err := change("net", "qty * price * 2"); err != nil {
			t.Fatal(explain(err))
		}
		if got := shown(t, f.record(t, f.Owner.Actor, r), "net", "gross"); got != "19.98|23.78" {
			t.Errorf("a changed formula: %s", got)
		}
		past, err := f.apps.History(ctx, f.Owner.Actor, apps.HistoryInput{Org: a.Org, App: a.ID, Record: r.ID})
		if err != nil || len(past.Items) != 2 || len(past.Items[0].Changes) != 1 || past.Items[0].Changes[0].Field != "qty" {
			t.Errorf("the history tells of what people wrote: %+v %v", past, err)
		}
		_, err = f.apps.RemoveField(ctx, f.Owner.Actor, f.named(a, "qty", t))
		refused(t, err, apps.ErrFieldUsed)
	})
}

// A circle over two applications is refused.
func TestCirclesOverRelations(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		w := f.trade(t, "")
		text := "amount * (1 - discount) * (company_total > 0 ? 1 : 1)"
		w.orders = f.addField(t, w.orders, apps.FieldInput{Name: "Company total", Kind: field.Lookup, Options: field.Options{Through: "company", Of: "total"}})
		_, err := f.apps.UpdateField(context.Background(), f.Owner.Actor, apps.UpdateFieldInput{Org: w.orders.Org, App: w.orders.ID, Field: fieldOf(t, w.orders, "to_pay").ID, Formula: &text})
		invalid(t, err, "/formula cycle")
	})
}

// Whatever happens to orders, by many at once, the companies' totals are what they add up to.
func TestTotalsStayRight(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		w := f.trade(t, "")
		var companies []*apps.Record
		for i := range 4 {
			companies = append(companies, f.add(t, f.Owner.Actor, w.companies, fmt.Sprintf(`{"name": "C%d", "discount": %d}`, i, 10*i)))
		}
		seed := time.Now().UnixNano()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		for range 6 {
			var wg sync.WaitGroup
			for range 4 {
				seed := int64(random.Uint64())
				wg.Go(func() { f.churn(t, w, companies, seed) })
			}
			wg.Wait()
			f.Drain(t)
			for _, c := range companies {
				totals, err := f.apps.Summarize(ctx, f.Owner.Actor, apps.SummaryInput{Org: c.Org, App: w.orders.ID,
					Filter:     filter(t, `{"field": "company", "is": "equal", "value": "`+c.ID.String()+`"}`),
					Aggregates: []query.Aggregate{{Function: query.Count}, {Function: query.Sum, Field: "to_pay"}}})
				if err != nil {
					t.Fatal(explain(err))
				}
				want := totals.Groups[0].Values
				if got := f.record(t, f.Owner.Actor, c); value(t, got, "count") != string(want[0]) || cents(value(t, got, "total")) != cents(string(want[1])) {
					t.Errorf("%s orders of %s, but %s", want[0], want[1], shown(t, got, "count", "total"))
				}
			}
		}
	})
}

func cents(text string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(strings.Trim(text, `"`), ".", ""), 10, 64)
	if err != nil { // null: nothing to pay
		return 0
	}
	return n
}

// churn makes, changes, moves and deletes orders, and changes companies.
func (f *fixture) churn(t *testing.T, w trade, companies []*apps.Record, seed int64) {
	var mine []*apps.Record
	for step := range 6 {
		company := companies[(seed>>(3*step))&3]
		amount := fmt.Sprintf("%d.%02d", seed>>7&63, seed>>13&63)
		var err error
		switch seed >> (4 * step) & 3 {
		case 0, 1:
			mine = append(mine, f.add(t, f.Owner.Actor, w.orders, fmt.Sprintf(`{"no": "%d", "amount": %q, "company": %q}`, step, amount, company.ID)))
		case 2:
			if len(mine) > 0 {
				_, err = f.update(f.Owner.Actor, mine[0], values(t, fmt.Sprintf(`{"amount": %q, "company": %q}`, amount, company.ID)))
			}
		case 3:
			_, err = f.update(f.Owner.Actor, company, values(t, fmt.Sprintf(`{"discount": %d}`, seed>>9&63)))
		}
		if err != nil {
			t.Errorf("churn: %v", explain(err))
		}
	}
	if len(mine) > 1 {
		if err := f.apps.DeleteRecord(context.Background(), f.Owner.Actor, apps.RecordVersionInput{Org: mine[1].Org, App: mine[1].App, Record: mine[1].ID}); err != nil {
			t.Errorf("churn: %v", explain(err))
		}
	}
}
