package apps_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

func (f *fixture) view(t testing.TB, by veranda.Actor, a *apps.App, in apps.CreateViewInput) *apps.View {
	t.Helper()
	in.Org, in.App = a.Org, a.ID
	if in.Name == "" {
		in.Name = "A view"
	}
	v, err := f.apps.CreateView(context.Background(), by, in)
	if err != nil {
		t.Fatalf("create view: %v", explain(err))
	}
	return v
}

func TestViews(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		for i, state := range []string{"o1", "o2", "o2"} {
			f.add(t, f.Owner.Actor, a, `{"name": "`+string(rune('A'+i))+`", "price": "`+string(rune('1'+i))+`", "state": "`+state+`"}`)
		}
		sold := f.view(t, f.External.Actor, a, apps.CreateViewInput{Name: "Sold", Kind: apps.TableView, Sharing: apps.Shared, ViewDesign: apps.ViewDesign{
			Filter: filter(t, `{"field": "state", "is": "equal", "value": "o2"}`), Sort: []query.Sort{{Field: "price", Descending: true}},
			Columns: []apps.ViewColumn{{Field: "name", Width: 200}}, PageSize: 1}})
		mine := f.view(t, f.Employee.Actor, a, apps.CreateViewInput{Name: "Mine", Kind: apps.ListView})
		names := func(by veranda.Actor) (list []string) {
			views, err := f.apps.Views(ctx, by, apps.ViewsInput{Org: a.Org, App: a.ID})
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range views.Items {
				list = append(list, v.Name)
			}
			return list
		}
		if got := names(f.Employee.Actor); !slices.Equal(got, []string{"Sold", "Mine"}) {
			t.Errorf("the employee sees %v", got)
		}
		if got := names(f.Owner.Actor); !slices.Equal(got, []string{"Sold"}) {
			t.Errorf("the owner sees %v", got)
		}
		_, err := f.apps.View(ctx, f.Owner.Actor, apps.ViewInput{Org: a.Org, App: a.ID, View: mine.ID})
		refused(t, err, veranda.ErrNotFound)
		page, err := f.apps.QueryRecords(ctx, f.Employee.Actor, apps.QueryInput{Org: a.Org, App: a.ID, View: sold.ID})
		if err != nil || len(page.Items) != 1 || string(page.Items[0].Values) != `{"name":"C"}` || page.Next == "" {
			t.Fatalf("through the view: %+v %v", page, explain(err))
		}
		page, err = f.apps.QueryRecords(ctx, f.Employee.Actor, apps.QueryInput{Org: a.Org, App: a.ID, View: sold.ID, Cursor: page.Next, Filter: filter(t, `{"field": "price", "is": "less", "value": "9"}`)})
		if err != nil || len(page.Items) != 1 || page.Items[0].Title != "B" {
			t.Errorf("and a filter besides: %+v %v", page, explain(err))
		}
		// Who may change which.
		change := func(by veranda.Actor, v *apps.View, in apps.UpdateViewInput) error {
			in.Org, in.App, in.View = a.Org, a.ID, v.ID
			_, err := f.apps.UpdateView(ctx, by, in)
			return err
		}
		if err := change(f.External.Actor, sold, apps.UpdateViewInput{Name: pointer("Gone")}); err != nil {
			t.Error(explain(err))
		}
		if err := change(f.Employee.Actor, sold, apps.UpdateViewInput{Name: pointer("Sold")}); err != nil {
			t.Errorf("a designer: %v", explain(err))
		}
		refused(t, change(f.AccessManager.Actor, sold, apps.UpdateViewInput{Name: pointer("X")}), veranda.ErrForbidden)
		refused(t, change(f.External.Actor, sold, apps.UpdateViewInput{Sharing: pointer(apps.Locked)}), veranda.ErrForbidden)
		if err := change(f.Owner.Actor, sold, apps.UpdateViewInput{Sharing: pointer(apps.Locked)}); err != nil {
			t.Error(explain(err))
		}
		refused(t, change(f.External.Actor, sold, apps.UpdateViewInput{Name: pointer("X")}), veranda.ErrForbidden)
		refused(t, change(f.Owner.Actor, sold, apps.UpdateViewInput{Name: pointer("X"), Version: 1}), veranda.ErrVersion)
		invalid(t, change(f.Owner.Actor, sold, apps.UpdateViewInput{Design: &apps.ViewDesign{Board: "state", Columns: []apps.ViewColumn{{Field: "x"}}, Sort: []query.Sort{{Field: "y"}}}}),
			"/design/board kind", "/design/columns/0/field unknown", "/design/sort/0/field unknown")
		_, err = f.apps.CreateView(ctx, f.Guest.Actor, apps.CreateViewInput{Org: a.Org, App: a.ID, Name: "x", Kind: apps.ListView})
		refused(t, err, veranda.ErrNotFound)
		_, err = f.apps.CreateView(ctx, f.Owner.Actor, apps.CreateViewInput{Org: a.Org, App: a.ID, Name: " ", Kind: "heap", Sharing: "secret"})
		invalid(t, err, "/name required", "/kind one_of", "/sharing one_of")
		if err := f.apps.DeleteView(ctx, f.Employee.Actor, apps.DeleteViewInput{Org: a.Org, App: a.ID, View: mine.ID}); err != nil {
			t.Error(explain(err))
		}
		var to [][]veranda.AccountID
		for _, e := range f.Events(t, apps.EventViewCreated) {
			to = append(to, e.To)
		}
		if len(to) != 2 || to[0] != nil || len(to[1]) != 1 || to[1][0] != f.Employee.Account {
			t.Errorf("who is told: %v", to)
		}
	})
}

// What a view speaks of may be gone, or hidden from who looks: the view says which part, and tells nothing of it.
func TestVoidViews(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t)
		f.add(t, f.Owner.Actor, a, `{"name": "A", "price": "5"}`)
		v := f.view(t, f.Owner.Actor, a, apps.CreateViewInput{Kind: apps.TableView, Sharing: apps.Shared, ViewDesign: apps.ViewDesign{
			Filter: filter(t, `{"field": "price", "is": "greater", "value": "4"}`), Columns: []apps.ViewColumn{{Field: "price"}, {Field: "name"}}}})
		f.rule(t, a, apps.UpdateInput{Access: &[]apps.Rule{{Roles: []string{"external"}, Hidden: []string{"price"}}}})
		seen, err := f.apps.View(ctx, f.External.Actor, apps.ViewInput{Org: a.Org, App: a.ID, View: v.ID})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"/columns", "/filter"}, seen.Void); diff != "" || seen.Filter != nil || len(seen.Columns) != 1 {
			t.Errorf("what they see of it: %+v", seen)
		}
		_, err = f.apps.QueryRecords(ctx, f.External.Actor, apps.QueryInput{Org: a.Org, App: a.ID, View: v.ID})
		invalid(t, err, "/view void")
		if _, err := f.apps.RemoveField(ctx, f.Owner.Actor, f.named(a, "price", t)); err != nil {
			t.Fatal(explain(err))
		}
		_, err = f.apps.QueryRecords(ctx, f.Owner.Actor, apps.QueryInput{Org: a.Org, App: a.ID, View: v.ID})
		invalid(t, err, "/view void")
		_, err = f.apps.QueryRecords(ctx, f.Owner.Actor, apps.QueryInput{Org: a.Org, App: a.ID, View: apps.ViewID(a.ID)})
		invalid(t, err, "/view not_found")
	})
}

func TestBoards(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		for i := range 25 {
			f.add(t, f.Owner.Actor, a, `{"name": "`+string(rune('A'+i))+`", "price": "2", "state": "o2"}`)
		}
		f.add(t, f.Owner.Actor, a, `{"name": "Z"}`)
		v := f.view(t, f.Owner.Actor, a, apps.CreateViewInput{Kind: apps.BoardView, ViewDesign: apps.ViewDesign{Board: "state", Aggregates: []query.Aggregate{{Function: query.Sum, Field: "price"}}}})
		board, err := f.apps.Board(context.Background(), f.Owner.Actor, apps.ViewInput{Org: a.Org, App: a.ID, View: v.ID})
		if err != nil {
			t.Fatal(explain(err))
		}
		type line struct {
			Name, Count, Total string
			Cards              int
			More               bool
		}
		var got []line
		for _, c := range board.Columns {
			got = append(got, line{c.Name, string(c.Count), string(c.Totals[0]), len(c.Cards), c.More})
		}
		if diff := cmp.Diff([]line{{"", "1", `"0.00"`, 1, false}, {"New", "0", "null", 0, false}, {"Sold", "25", `"50.00"`, 20, true}}, got); diff != "" {
			t.Errorf("columns (-want +got):\n%s", diff)
		}
		_, err = f.apps.CreateView(context.Background(), f.Owner.Actor, apps.CreateViewInput{Org: a.Org, App: a.ID, Name: "x", Kind: apps.BoardView, ViewDesign: apps.ViewDesign{Board: "price"}})
		invalid(t, err, "/board kind")
	})
}

func TestCalendars(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		a := f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "From", Kind: field.Date}, apps.FieldInput{Name: "Until", Kind: field.Date},
			apps.FieldInput{Name: "At", Kind: field.DateTime}, apps.FieldInput{Name: "Who", Kind: field.Person})
		f.rule(t, a, apps.UpdateInput{TimeZone: pointer("America/New_York")})
		add := func(name, from, until string) {
			t.Helper()
			v := apps.Values{"name": json.RawMessage(`"` + name + `"`), "from": json.RawMessage(`"` + from + `"`), "who": json.RawMessage(`"` + f.Owner.Account.String() + `"`)}
			if until != "" {
				v["until"] = json.RawMessage(`"` + until + `"`)
			}
			if _, err := f.apps.CreateRecord(ctx, f.Owner.Actor, apps.CreateRecordInput{Org: a.Org, App: a.ID, Values: v}); err != nil {
				t.Fatal(explain(err))
			}
		}
		add("before", "2026-01-01", "2026-01-09")
		add("into", "2026-01-01", "2026-01-10")
		add("within", "2026-01-11", "")
		add("long", "2025-01-01", "2027-01-01")
		add("after", "2026-01-13", "2026-02-01")
		add("backwards", "2026-01-12", "2026-01-01")
		v := f.view(t, f.Owner.Actor, a, apps.CreateViewInput{Kind: apps.CalendarView, Sharing: apps.Shared, ViewDesign: apps.ViewDesign{Start: "from", End: "until"}})
		zone, err := time.LoadLocation("America/New_York")
		if err != nil {
			t.Fatal(err)
		}
		in := apps.CalendarInput{Org: a.Org, App: a.ID, View: v.ID, From: time.Date(2026, 1, 10, 0, 0, 0, 0, zone), To: time.Date(2026, 1, 13, 0, 0, 0, 0, zone)}
		found, err := f.apps.Calendar(ctx, f.Employee.Actor, in)
		if err != nil {
			t.Fatal(explain(err))
		}
		var got []string
		for _, r := range found.Items {
			got = append(got, r.Title+" "+r.StartDate+" "+r.EndDate+" "+r.EndsAt.Format(time.RFC3339))
		}
		want := []string{
			"long 2025-01-01 2027-01-01 2027-01-02T05:00:00Z", "into 2026-01-01 2026-01-10 2026-01-11T05:00:00Z",
			"within 2026-01-11 2026-01-11 2026-01-12T05:00:00Z", "backwards 2026-01-12 2026-01-12 2026-01-13T05:00:00Z",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in time (-want +got):\n%s", diff)
		}
		in.From, in.To = in.To, in.From
		_, err = f.apps.Calendar(ctx, f.Employee.Actor, in)
		invalid(t, err, "/to order")
		_, err = f.apps.CreateView(ctx, f.Owner.Actor, apps.CreateViewInput{Org: a.Org, App: a.ID, Name: "x", Kind: apps.CalendarView, ViewDesign: apps.ViewDesign{Start: "from", End: "at"}})
		invalid(t, err, "/end kind")
		_, err = f.apps.CreateView(ctx, f.Owner.Actor, apps.CreateViewInput{Org: a.Org, App: a.ID, Name: "x", Kind: apps.CalendarView})
		invalid(t, err, "/start required")
		// A personal calendar, and one of moments, beside it.
		f.view(t, f.Owner.Actor, a, apps.CreateViewInput{Kind: apps.CalendarView, ViewDesign: apps.ViewDesign{Start: "at"}})
		dated := func(by veranda.Actor, mine bool) int {
			list, err := f.apps.Dated(ctx, by, apps.DatedInput{Org: a.Org, Mine: mine, From: in.To, To: in.From, Limit: 100})
			if err != nil && veranda.CodeOf(err) != veranda.CodeNotFound {
				t.Fatal(explain(err))
			}
			return len(list)
		}
		for _, p := range []struct {
			who  veranda.Actor
			mine bool
			want int
		}{{f.Employee.Actor, false, 6}, {f.Owner.Actor, true, 6}, {f.Employee.Actor, true, 0}, {f.Guest.Actor, false, 0}, {f.Outsider.Actor, false, 0}} {
			if got := dated(p.who, p.mine); got != p.want { // a day too much at both ends
				t.Errorf("mine %v: %d, want %d", p.mine, got, p.want)
			}
		}
	})
}

func TestReports(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		w := f.trade(t, "")
		ada := f.add(t, f.Owner.Actor, w.companies, `{"name": "Ada <&>"}`)
		for _, amount := range []string{"10", "5.50"} {
			f.add(t, f.Owner.Actor, w.orders, `{"no": "1", "amount": "`+amount+`", "company": "`+ada.ID.String()+`"}`)
		}
		f.add(t, f.Owner.Actor, w.orders, `{"no": "2", "amount": "1"}`)
		v := f.view(t, f.Owner.Actor, w.orders, apps.CreateViewInput{Name: "By customer", Kind: apps.ChartView, ViewDesign: apps.ViewDesign{
			Groups: []query.Group{{Field: "customer"}}, Aggregates: []query.Aggregate{{Function: query.Sum, Field: "amount"}, {Function: query.Count}}}})
		in := apps.ViewInput{Org: v.Org, App: v.App, View: v.ID}
		report, err := f.apps.Report(ctx, f.Owner.Actor, in)
		if err != nil {
			t.Fatal(explain(err))
		}
		if diff := cmp.Diff([][]string{{""}, {"Ada <&>"}}, report.Names); diff != "" || string(report.Groups[1].Values[0]) != `"15.50"` || string(report.Groups[1].Values[1]) != "2" {
			t.Errorf("across the relation (-want +got):\n%s%+v", diff, report.Groups)
		}
		drawing, err := f.apps.Chart(ctx, f.Owner.Actor, apps.ChartInput{Org: v.Org, App: v.App, View: v.ID, Theme: "dark"})
		if err != nil {
			t.Fatal(explain(err))
		}
		var svg bytes.Buffer
		if err := drawing.Draw(&svg); err != nil {
			t.Fatal(err)
		}
		texts := 0
		for d := xml.NewDecoder(bytes.NewReader(svg.Bytes())); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("no XML: %v", err)
			}
			if text, ok := token.(xml.CharData); ok && bytes.Contains(text, []byte("Ada <&>")) {
				texts++
			}
		}
		if texts == 0 {
			t.Errorf("the customer is not named: %s", svg.String())
		}
		_, err = f.apps.Chart(ctx, f.Owner.Actor, apps.ChartInput{Org: v.Org, App: v.App, View: v.ID, Width: 5, Theme: "pink"})
		invalid(t, err, "/width range", "/theme one_of")
		_, err = f.apps.Report(ctx, f.Employee.Actor, in)
		refused(t, err, veranda.ErrNotFound)
		_, err = f.apps.CreateView(ctx, f.Owner.Actor, apps.CreateViewInput{Org: v.Org, App: v.App, Name: "x", Kind: apps.ChartView, ViewDesign: apps.ViewDesign{Chart: "cloud"}})
		invalid(t, err, "/chart one_of", "/groups required")
	})
}
