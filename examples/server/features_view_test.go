package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func viewFeatures() []feature {
	return []feature{
		{"P4", []clause{
			{name: "saved", run: viewSaved},
			{name: "sharing", run: viewSharing},
			{name: "void_parts", run: viewVoid},
			{name: "board", run: viewBoard},
			{name: "calendar_and_feed", run: viewCalendar},
		}},
		{"P6", []clause{
			{name: "across_relations", run: reportAcross},
			{name: "over_periods", run: reportPeriods},
			{name: "drawn", run: reportDrawn},
		}},
		{"P7", []clause{
			{name: "guessed", run: importGuessed},
			{name: "import", run: importRows},
			{name: "in_the_background", run: importLarge},
			{name: "relational", run: importRelational},
			{name: "export", run: recordExport},
		}},
	}
}

// view makes a view and gives its path.
func (c *caller) view(t *testing.T, app string, body object) string {
	t.Helper()
	return c.post(t, app+"/views", body).want(http.StatusCreated).Header.Get("Location")
}

func viewSaved(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	for _, v := range []object{{"name": "A", "price": 1, "state": "Sold"}, {"name": "B", "price": 2, "state": "Sold"}, {"name": "C", "price": 3}} {
		h.employee.record(t, app, v)
	}
	view := h.employee.view(t, app, object{
		"name": "Sold", "kind": "table", "sharing": "shared", "filter": object{"field": "state", "is": "equal", "value": "o2"}, "sort": []any{object{"field": "price", "descending": true}},
		"columns": []any{object{"field": "name", "width": 240}}, "page_size": 1, "shown_columns": 3, "row_height": "tall",
	})
	read := h.external.get(t, view).want(http.StatusOK)
	if read.field("columns.0.width") != 240.0 || read.field("shown_columns") != 3.0 || read.text("row_height") != "tall" {
		t.Errorf("saved: %s", read.Body)
	}
	id := read.text("id")
	page := h.external.get(t, app+"/records?view="+id).want(http.StatusOK)
	if diff := cmp.Diff([]any{object{"name": "B"}}, []any{page.field("items.0.values")}); diff != "" || page.field("next") == nil {
		t.Errorf("through it (-want +got):\n%s%s", diff, page.Body)
	}
	h.external.post(t, app+"/records/query", object{"view_id": id, "filter": object{"field": "price", "is": "less", "value": "2"}}).wantColumn("title", "A")
	changed := h.employee.patch(t, view, object{"design": object{"sort": []any{object{"field": "name"}}}}, "If-Match: "+read.Header.Get("Etag")).want(http.StatusOK)
	h.employee.patch(t, view, object{"name": "Late"}, "If-Match: "+read.Header.Get("Etag")).want(http.StatusPreconditionFailed)
	if changed.field("filter") != nil {
		t.Errorf("a design is replaced whole: %s", changed.Body)
	}
	h.employee.post(t, app+"/views", object{"name": "", "kind": "board", "sort": []any{object{"field": "x"}}, "start": "price"}).invalid("/name too_short")
	h.employee.post(t, app+"/views", object{"name": "x", "kind": "board", "sort": []any{object{"field": "x"}}, "start": "price"}).invalid("/board required", "/sort/0/field unknown", "/start kind")
	h.employee.delete(t, view, anyVersion).want(http.StatusNoContent)
	h.employee.get(t, view).want(http.StatusNotFound)
}

func viewSharing(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	mine := h.external.view(t, app, object{"name": "Mine", "kind": "list"})
	h.employee.get(t, app+"/views").wantColumn("name")
	h.external.get(t, app+"/views").wantColumn("name", "Mine")
	h.owner.get(t, mine).want(http.StatusNotFound)
	h.external.patch(t, mine, object{"sharing": "shared"}, anyVersion).want(http.StatusOK)
	h.employee.get(t, app+"/views").wantColumn("name", "Mine")
	h.external.patch(t, mine, object{"sharing": "locked"}, anyVersion).want(http.StatusForbidden)
	h.employee.patch(t, mine, object{"sharing": "locked"}, anyVersion).want(http.StatusOK)
	h.external.patch(t, mine, object{"name": "Not mine"}, anyVersion).want(http.StatusForbidden)
	h.external.get(t, mine).want(http.StatusOK)
	h.guest.get(t, app+"/views").want(http.StatusNotFound)
}

func viewVoid(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	view := h.employee.view(t, app, object{"name": "Dear", "kind": "table", "sharing": "shared", "filter": object{"field": "price", "is": "greater", "value": "4"}, "columns": []any{object{"field": "price"}, object{"field": "name"}}})
	h.employee.patch(t, app, object{"access": []any{object{"roles": []string{"external"}, "hidden": []string{"price"}}}}, anyVersion).want(http.StatusOK)
	read := h.external.get(t, view).want(http.StatusOK)
	if diff := cmp.Diff([]string{"/columns", "/filter"}, read.texts("void")); diff != "" || strings.Contains(string(read.Body), "price") {
		t.Errorf("void (-want +got):\n%s%s", diff, read.Body)
	}
	h.external.get(t, app+"/records?view="+read.text("id")).invalid("/view void")
	h.employee.get(t, app+"/records?view="+read.text("id")).want(http.StatusOK)
}

func viewBoard(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	h.employee.record(t, app, object{"name": "A", "price": "1.50", "state": "Sold"})
	h.employee.record(t, app, object{"name": "B", "price": "2", "state": "Sold"})
	h.employee.record(t, app, object{"name": "C"})
	view := h.employee.view(t, app, object{"name": "Board", "kind": "board", "sharing": "shared", "board": "state", "aggregates": []any{object{"function": "sum", "field": "price"}}, "sort": []any{object{"field": "price", "descending": true}}})
	board := h.external.get(t, view+"/board").want(http.StatusOK)
	if board.text("columns.2.name") != "Sold" || board.text("columns.2.color") != "green" || board.field("columns.2.count") != 2.0 || board.text("columns.2.totals.0") != "3.50" ||
		board.text("columns.2.cards.0.title") != "B" || board.text("columns.0.cards.0.title") != "C" || board.field("columns.1.count") != 0.0 {
		t.Errorf("the board: %s", board.Body)
	}
	h.external.get(t, view+"/report").want(http.StatusUnprocessableEntity)
}

func viewCalendar(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Trips", object{"name": "Name", "kind": "text"}, object{"name": "From", "kind": "date"}, object{"name": "Until", "kind": "date"}, object{"name": "Who", "kind": "person"})
	h.employee.record(t, app, object{"name": "Fair in Milan", "from": "2026-05-04", "until": "2026-05-06", "who": h.external.account})
	h.employee.record(t, app, object{"name": "Later", "from": "2026-08-01"})
	view := h.employee.view(t, app, object{"name": "Trips", "kind": "calendar", "sharing": "shared", "start": "from", "end": "until"})
	const may = "?from=2026-05-05T00:00:00Z&to=2026-06-01T00:00:00Z"
	got := h.external.get(t, view+"/calendar"+may).want(http.StatusOK)
	if len(got.items()) != 1 || got.text("items.0.start_date") != "2026-05-04" || got.text("items.0.end_date") != "2026-05-06" {
		t.Errorf("in May: %s", got.Body)
	}
	all := h.external.get(t, h.in(h.open, "/calendar"+may)).want(http.StatusOK)
	if !slices.Contains(all.column("title"), "Fair in Milan") || slices.Contains(all.column("title"), "Later") {
		t.Errorf("among all: %s", all.Body)
	}
	feed := h.external.post(t, h.at("/calendar-feeds"), object{}).want(http.StatusCreated)
	address := feed.text("address")
	ics := string(s.anonymous().get(t, address[strings.Index(address, "/calendar/"):]).want(http.StatusOK).Body)
	if strings.Contains(ics, "Later in life") || !strings.Contains(ics, "BEGIN:VCALENDAR") {
		t.Errorf("the feed: %s", ics)
	}
	if h.guest.get(t, h.in(h.open, "/calendar"+may)).want(http.StatusOK); slices.Contains(h.guest.get(t, h.in(h.open, "/calendar"+may)).column("title"), "Fair in Milan") {
		t.Error("a guest sees what is not shared with guests")
	}
}

func reportAcross(t *testing.T, s *stack) {
	h := newHouse(t, s)
	companies, orders := h.trade(t, "clear")
	h.employee.post(t, orders+"/fields", object{"name": "Customer", "kind": "lookup", "through": "company", "of": "name"}, anyVersion).want(http.StatusOK)
	for name, amounts := range map[string][]string{"Ada": {"10", "5.50"}, "Bob": {"3"}} {
		id := h.employee.record(t, companies, object{"name": name})
		for _, amount := range amounts {
			h.employee.record(t, orders, object{"amount": amount, "company": id})
		}
	}
	view := h.employee.view(t, orders, object{"name": "By customer", "kind": "chart", "sharing": "shared", "groups": []any{object{"field": "customer"}},
		"aggregates": []any{object{"function": "sum", "field": "amount"}, object{"function": "average", "field": "amount"}}})
	report := h.external.get(t, view+"/report").want(http.StatusOK)
	want := []any{object{"keys": []any{"Ada"}, "values": []any{"15.50", "7.75"}}, object{"keys": []any{"Bob"}, "values": []any{"3.00", "3.00"}}}
	if diff := cmp.Diff(want, report.field("groups")); diff != "" {
		t.Errorf("the report (-want +got):\n%s", diff)
	}
}

func reportPeriods(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Deals", object{"name": "Name", "kind": "text"}, object{"name": "Amount", "kind": "currency", "currency": "EUR"}, object{"name": "Closed", "kind": "date"})
	for _, v := range []object{{"amount": "1", "closed": "2025-12-31"}, {"amount": "2", "closed": "2026-01-01"}, {"amount": "3", "closed": "2026-03-31"}, {"amount": "4", "closed": "2026-04-01"}} {
		h.employee.record(t, app, v)
	}
	for by, want := range map[string][]any{
		"year": {"2025", "2026"}, "quarter": {"2025-Q4", "2026-Q1", "2026-Q2"}, "month": {"2025-12", "2026-01", "2026-03", "2026-04"},
	} {
		view := h.employee.view(t, app, object{"name": "By " + by, "kind": "chart", "groups": []any{object{"field": "closed", "by": by}}, "aggregates": []any{object{"function": "sum", "field": "amount"}}})
		report := h.employee.get(t, view+"/report").want(http.StatusOK)
		got := []any{}
		for _, g := range report.field("groups").([]any) {
			got = append(got, g.(object)["keys"].([]any)[0])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", by, diff)
		}
	}
	view := h.employee.view(t, app, object{"name": "This year", "kind": "chart", "filter": object{"field": "closed", "is": "equal", "value": "this_year"}, "groups": []any{object{"field": "closed", "by": "month"}}})
	h.employee.get(t, view+"/report").want(http.StatusOK)
}

func reportDrawn(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	h.employee.record(t, app, object{"name": "A", "price": "10", "state": "Sold"})
	view := h.employee.view(t, app, object{"name": "<script>alert(1)</script>", "kind": "chart", "sharing": "shared", "chart": "pie", "groups": []any{object{"field": "state"}}, "aggregates": []any{object{"function": "sum", "field": "price"}}})
	drawn := h.external.get(t, view+"/chart.svg?width=600&height=300&theme=dark").want(http.StatusOK)
	svg := string(drawn.Body)
	if !strings.HasPrefix(drawn.Header.Get("Content-Type"), "image/svg+xml") || !strings.Contains(svg, "<svg") || !strings.Contains(svg, "Sold") || strings.Contains(svg, "<script") {
		t.Errorf("drawn: %s %s", drawn.Header.Get("Content-Type"), svg)
	}
	if policy := drawn.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	h.external.get(t, view+"/chart.svg?width=9999").want(http.StatusUnprocessableEntity)
}

func recordExport(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Große Liste", goods()...)
	h.employee.record(t, app, object{"name": "=1+1", "price": "12.5", "state": "Sold"})
	h.employee.record(t, app, object{"name": "B"})
	csv := h.external.get(t, app+"/export?fields=name,price,state&sort=-price").want(http.StatusOK)
	if got := string(csv.Body); got != "Name,Price,State\n'=1+1,12.50,Sold\nB,,\n" || !strings.Contains(csv.Header.Get("Content-Disposition"), "grosse-liste.csv") {
		t.Errorf("%s: %s", csv.Header.Get("Content-Disposition"), got)
	}
	if got := string(h.external.get(t, app+"/export?format=jsonl&fields=price&filter="+query(`{"field":"price","is":"not_empty"}`)).want(http.StatusOK).Body); got != "{\"Price\":12.50}\n" {
		t.Errorf("as JSON: %s", got)
	}
	if sheet := h.external.get(t, app+"/export?format=xlsx").want(http.StatusOK); !strings.HasPrefix(string(sheet.Body), "PK") {
		t.Errorf("as XLSX: %.20q", sheet.Body)
	}
	h.external.get(t, app+"/export?fields=nothing").invalid("/fields/0 unknown")
	h.external.get(t, app+"/export?format=pdf").want(http.StatusUnprocessableEntity)
	h.guest.get(t, app+"/export").want(http.StatusNotFound)
}
