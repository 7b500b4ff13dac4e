package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func appFeatures() []feature {
	return []feature{
		{"P1", []clause{
			{name: "fields", run: appFields},
			{name: "rules", run: appRules},
			{name: "retype", run: appRetype},
			{name: "removed_and_restored", run: appRemoved},
			{name: "who_designs", run: appWhoDesigns},
		}},
		{"P2", []clause{
			{name: "kinds", run: appKinds},
			{name: "relations", run: appRelations},
			{name: "computed", run: appComputed},
		}},
		{"P3", []clause{
			{name: "records", run: recordLife},
			{name: "find", run: recordFind},
			{name: "groups", run: recordGroups},
			{name: "history", run: recordHistory},
			{name: "comments", run: recordComments},
			{name: "bulk", run: recordBulk},
			{name: "rights_by_role", run: recordRights},
			{name: "lock", run: recordLock},
			{name: "bad_input", run: recordBadInput},
		}},
	}
}

// object is a JSON object.
type object = map[string]any

// app makes an application in the open workspace and gives its path.
func (c *caller) app(t *testing.T, h *house, name string, fields ...object) string {
	t.Helper()
	list := []any{}
	for _, f := range fields {
		list = append(list, f)
	}
	return h.at("/apps/" + c.post(t, h.in(h.open, "/apps"), object{"name": name, "fields": list}).want(http.StatusCreated).text("id"))
}

// record makes a record and gives its id.
func (c *caller) record(t *testing.T, app string, values object) string {
	t.Helper()
	return c.post(t, app+"/records", object{"values": values}).want(http.StatusCreated).text("id")
}

// fieldID is the id of a field of an application.
func (c *caller) fieldID(t *testing.T, app, key string) string {
	t.Helper()
	read := c.get(t, app).want(http.StatusOK)
	for _, list := range []string{"fields", "removed_fields"} {
		all, _ := read.field(list).([]any)
		for _, f := range all {
			if f := f.(object); f["key"] == key {
				return f["id"].(string)
			}
		}
	}
	t.Fatalf("no field %s: %s", key, read.Body)
	return ""
}

// keys are the keys of an application's fields.
func (r *reply) keys() (keys []string) {
	r.t.Helper()
	for _, f := range r.field("fields").([]any) {
		keys = append(keys, f.(object)["key"].(string))
	}
	return keys
}

// values are one value of each record of a list.
func (r *reply) values(key string) []any {
	r.t.Helper()
	out := []any{}
	for _, item := range r.items() {
		out = append(out, item["values"].(object)[key])
	}
	return out
}

const anyVersion = "If-Match: *"

func goods() []object {
	return []object{
		{"name": "Name", "kind": "text", "required": true},
		{"name": "Article", "kind": "text", "unique": true},
		{"name": "Price", "kind": "currency", "currency": "EUR", "min": "0"},
		{"name": "State", "kind": "select", "choices": []any{object{"name": "New"}, object{"name": "Sold", "color": "green"}}},
		{"name": "Owner", "kind": "person"},
	}
}

func appFields(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	made := h.employee.get(t, app).want(http.StatusOK)
	if got := made.keys(); !slices.Equal(got, []string{"name", "article", "price", "state", "owner"}) || made.text("title") != "name" {
		t.Errorf("made with %v, title %v", got, made.field("title"))
	}
	h.external.get(t, h.at("/apps")).wantColumn("name", "Goods")
	more := h.employee.post(t, app+"/fields", object{"name": "Größe", "kind": "number", "decimals": 1, "before_id": h.employee.fieldID(t, app, "price")}, anyVersion).want(http.StatusOK)
	if got := more.keys(); !slices.Equal(got, []string{"name", "article", "grosse", "price", "state", "owner"}) {
		t.Errorf("added: %v", got)
	}
	renamed := h.employee.patch(t, app+"/fields/"+h.employee.fieldID(t, app, "grosse"), object{"name": "Height"}, anyVersion).want(http.StatusOK)
	if renamed.text("fields.2.name") != "Height" || renamed.text("fields.2.key") != "grosse" {
		t.Errorf("renamed: %s", renamed.Body)
	}
	moved := h.employee.post(t, app+"/fields/"+h.employee.fieldID(t, app, "name")+"/move", object{}, anyVersion).want(http.StatusOK)
	if got := moved.keys(); got[5] != "name" {
		t.Errorf("moved: %v", got)
	}
	// Two people design at once: the second is told.
	etag := moved.Header.Get("Etag")
	h.employee.patch(t, app, object{"name": "Stock"}, "If-Match: "+etag).want(http.StatusOK)
	h.owner.post(t, app+"/fields", object{"name": "Late", "kind": "text"}, "If-Match: "+etag).want(http.StatusPreconditionFailed)
	h.employee.post(t, app+"/fields", object{"name": "PRICE", "kind": "text"}, anyVersion).refused(http.StatusConflict, "apps.field_exists")
	h.employee.delete(t, app, anyVersion).want(http.StatusNoContent)
	h.employee.get(t, app).want(http.StatusNotFound)
	h.employee.get(t, h.in(h.open, "/deleted-apps")).wantColumn("name", "Stock")
	h.employee.post(t, app+"/restore", nil, anyVersion).want(http.StatusOK)
	h.employee.get(t, app).want(http.StatusOK)
}

func appRules(t *testing.T, s *stack) {
	h := newHouse(t, s)
	fields := append(goods(),
		object{"name": "Sold on", "kind": "date", "required_when": object{"field": "state", "is": "equal", "value": "o2"}},
		object{"name": "Code", "kind": "text", "pattern": "[A-Z]{2}[0-9]+", "pattern_message": "must look like AB12"},
		object{"name": "Note", "kind": "long_text", "default": "none yet", "max_length": 10},
	)
	app := h.employee.app(t, h, "Goods", fields...)
	create := func(values object) *reply {
		return h.external.post(t, app+"/records", object{"values": values})
	}
	create(object{"price": "-1", "state": "o9", "code": "x", "note": strings.Repeat("x", 11), "color": 1}).
		invalid("/values/name required", "/values/price range", "/values/state choice", "/values/code pattern", "/values/note too_long", "/values/color unknown")
	create(object{"name": "A", "state": "Sold"}).invalid("/values/sold_on required")
	made := create(object{"name": "A", "article": "Ärmel", "state": "Sold", "sold_on": "2026-02-28"}).want(http.StatusCreated)
	if made.text("values.note") != "none yet" || made.text("values.state") != "o2" {
		t.Errorf("made: %s", made.Body)
	}
	create(object{"name": "B", "article": "ARMEL"}).invalid("/values/article unique")
	h.employee.patch(t, app+"/fields/"+h.employee.fieldID(t, app, "state"), object{"choices": []any{object{"id": "o1", "name": "New"}}}, anyVersion).invalid("/choices used")
}

func appRetype(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Sizes", object{"name": "Name", "kind": "text"}, object{"name": "Size", "kind": "text"})
	for name, size := range map[string]string{"a": "10", "b": "12.5", "c": "large"} {
		h.employee.record(t, app, object{"name": name, "size": size})
	}
	field := app + "/fields/" + h.employee.fieldID(t, app, "size")
	to := object{"kind": "number", "decimals": 1}
	preview := h.employee.post(t, field+"/retype-preview", to, anyVersion).want(http.StatusOK)
	if preview.field("converted") != 2.0 || preview.field("failed") != 1.0 || preview.text("examples.0.value") != "large" {
		t.Errorf("preview: %s", preview.Body)
	}
	h.employee.post(t, field+"/retype", to, anyVersion).want(http.StatusOK)
	if diff := cmp.Diff([]any{10.0, 12.5, nil}, h.employee.get(t, app+"/records?sort=name").want(http.StatusOK).values("size")); diff != "" {
		t.Errorf("as numbers (-want +got):\n%s", diff)
	}
	h.employee.post(t, field+"/retype", object{"kind": "text"}, anyVersion).want(http.StatusOK)
	if diff := cmp.Diff([]any{"10", "12.5", "large"}, h.employee.get(t, app+"/records?sort=name").want(http.StatusOK).values("size")); diff != "" {
		t.Errorf("as texts again (-want +got):\n%s", diff)
	}
	h.employee.post(t, field+"/retype", object{"kind": "person"}, anyVersion).invalid("/kind conversion")
}

func appRemoved(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	record := app + "/records/" + h.employee.record(t, app, object{"name": "A", "price": "12.5"})
	field := app + "/fields/" + h.employee.fieldID(t, app, "price")
	removed := h.employee.delete(t, field, anyVersion).want(http.StatusOK)
	if removed.text("removed_fields.0.key") != "price" {
		t.Errorf("removed: %s", removed.Body)
	}
	if _, there := h.employee.get(t, record).want(http.StatusOK).field("values").(object)["price"]; there {
		t.Error("the record still shows the field")
	}
	h.employee.get(t, app+"/records?sort=price").invalid("/sort/0/field unknown")
	h.employee.post(t, field+"/restore", nil, anyVersion).want(http.StatusOK)
	if got := h.employee.get(t, record).want(http.StatusOK).text("values.price"); got != "12.50" {
		t.Errorf("restored: %s", got)
	}
}

func appWhoDesigns(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	h.external.post(t, app+"/fields", object{"name": "Mine", "kind": "text"}, anyVersion).want(http.StatusForbidden)
	h.external.post(t, h.in(h.open, "/apps"), object{"name": "Mine"}).want(http.StatusForbidden)
	h.guest.get(t, app).want(http.StatusNotFound)
	h.guest.get(t, h.at("/apps")).wantColumn("name")
	stranger := s.register(t, "Nora Nobody")
	alike(t, app[strings.LastIndexByte(app, '/')+1:], func(id string) *reply { return stranger.get(t, h.at("/apps/"+id)) })
	h.owner.patch(t, app, object{"only_named": true}, anyVersion).want(http.StatusOK)
	h.external.get(t, app).want(http.StatusNotFound)
	h.external.get(t, h.at("/apps")).wantColumn("name")
	h.owner.get(t, h.at("/apps")).wantColumn("name", "Goods")
}

func appKinds(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "All",
		object{"name": "text", "kind": "text"}, object{"name": "long", "kind": "long_text"}, object{"name": "number", "kind": "number", "decimals": 3},
		object{"name": "money", "kind": "currency", "currency": "EUR"}, object{"name": "percent", "kind": "percent", "decimals": 1},
		object{"name": "date", "kind": "date"}, object{"name": "moment", "kind": "date_time"}, object{"name": "done", "kind": "checkbox"},
		object{"name": "one", "kind": "select", "choices": []any{object{"name": "A"}, object{"name": "B"}}},
		object{"name": "many", "kind": "multi_select", "choices": []any{object{"name": "A"}, object{"name": "B"}}},
		object{"name": "person", "kind": "person"}, object{"name": "people", "kind": "person", "multiple": true},
		object{"name": "email", "kind": "email"}, object{"name": "phone", "kind": "phone"}, object{"name": "link", "kind": "link"},
		object{"name": "stars", "kind": "rating"}, object{"name": "no", "kind": "auto_number", "prefix": "A-", "digits": 3},
		object{"name": "by", "kind": "created_by"}, object{"name": "at", "kind": "created_at"},
	)
	values := object{
		"text": "Ä b", "long": "a\nb", "number": 1234567.125, "money": "92233720368547758.07", "percent": 12.5, "date": "2024-02-29", "moment": "2026-11-24T09:30:00.123Z",
		"done": true, "one": "o2", "many": []any{"o1", "o2"}, "person": h.employee.account, "people": []any{h.owner.account, h.external.account},
		"email": "ann@works.example", "phone": "+49309018200", "link": "https://works.example/a?b=c", "stars": 4.0,
	}
	made := h.employee.post(t, app+"/records", object{"values": values}).want(http.StatusCreated)
	got := made.field("values").(object)
	if got["no"] != 1.0 || got["by"] != h.employee.account || got["at"] == nil {
		t.Errorf("given by the program: %v %v %v", got["no"], got["by"], got["at"])
	}
	for _, key := range []string{"no", "by", "at"} {
		delete(got, key)
	}
	if diff := cmp.Diff(values, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	bad := object{"text": 1, "number": 0.0001, "money": "1.234", "percent": "x", "date": "29.02.2024", "moment": "now", "done": "yes", "one": "C", "many": []any{"o3"},
		"person": h.org, "email": "ann", "phone": "call me", "link": "javascript:alert(1)", "stars": 6, "no": 5, "by": h.owner.account}
	h.employee.post(t, app+"/records", object{"values": bad}).invalid(
		"/values/text type", "/values/number decimals", "/values/money decimals", "/values/percent number", "/values/date date", "/values/moment date_time", "/values/done type",
		"/values/one choice", "/values/many/0 choice", "/values/person not_found", "/values/email email", "/values/phone phone", "/values/link link", "/values/stars range",
		"/values/no read_only", "/values/by read_only")
}

// trade makes companies and orders that name one.
func (h *house) trade(t *testing.T, onDelete string) (companies, orders string) {
	t.Helper()
	c := h.employee
	companies = c.app(t, h, "Companies", object{"name": "Name", "kind": "text"}, object{"name": "Discount", "kind": "percent"})
	orders = c.app(t, h, "Orders", object{"name": "No", "kind": "text"}, object{"name": "Amount", "kind": "currency", "currency": "EUR"})
	target := companies[strings.LastIndexByte(companies, '/')+1:]
	c.post(t, orders+"/fields", object{"name": "Company", "kind": "relation", "target": target, "inverse_name": "Orders", "on_delete": onDelete}, anyVersion).want(http.StatusOK)
	return companies, orders
}

func appRelations(t *testing.T, s *stack) {
	h := newHouse(t, s)
	companies, orders := h.trade(t, "clear")
	ada := h.employee.record(t, companies, object{"name": "Ada"})
	order := h.employee.record(t, orders, object{"no": "1", "company": ada})
	if diff := cmp.Diff([]any{order}, h.employee.get(t, companies+"/records/"+ada).want(http.StatusOK).field("values.orders")); diff != "" {
		t.Errorf("the other side (-want +got):\n%s", diff)
	}
	h.employee.post(t, orders+"/records", object{"values": object{"company": order}}).invalid("/values/company not_found")
	h.employee.delete(t, companies+"/records/"+ada, anyVersion).want(http.StatusNoContent)
	if got := h.employee.get(t, orders+"/records/"+order).want(http.StatusOK).field("values.company"); got != nil {
		t.Errorf("cleared: %v", got)
	}
	h.employee.post(t, companies+"/records/"+ada+"/restore", nil, anyVersion).want(http.StatusOK)
	if got := h.employee.get(t, orders+"/records/"+order).want(http.StatusOK).field("values.company"); got != ada {
		t.Errorf("linked again: %v", got)
	}
	relation := orders + "/fields/" + h.employee.fieldID(t, orders, "company")
	h.employee.patch(t, relation, object{"on_delete": "restrict"}, anyVersion).want(http.StatusOK)
	h.employee.delete(t, companies+"/records/"+ada, anyVersion).refused(http.StatusConflict, "apps.linked")
	h.employee.patch(t, relation, object{"on_delete": "cascade"}, anyVersion).want(http.StatusOK)
	h.employee.delete(t, companies+"/records/"+ada, anyVersion).want(http.StatusNoContent)
	h.employee.get(t, orders+"/records/"+order).want(http.StatusNotFound)
	h.employee.post(t, orders+"/fields", object{"name": "X", "kind": "relation", "target": h.org}, anyVersion).invalid("/target not_found")
}

func appComputed(t *testing.T, s *stack) {
	h := newHouse(t, s)
	companies, orders := h.trade(t, "clear")
	add := func(app string, field object) *reply {
		return h.employee.post(t, app+"/fields", field, anyVersion)
	}
	add(orders, object{"name": "Discount", "kind": "lookup", "through": "company", "of": "discount"}).want(http.StatusOK)
	add(orders, object{"name": "To pay", "kind": "formula", "formula": "amount * (1 - discount)", "result": "currency", "currency": "EUR"}).want(http.StatusOK)
	add(companies, object{"name": "Total", "kind": "roll_up", "through": "orders", "of": "to_pay", "function": "sum"}).want(http.StatusOK)
	add(companies, object{"name": "Count", "kind": "roll_up", "through": "orders", "function": "count"}).want(http.StatusOK)
	ada := h.employee.record(t, companies, object{"name": "Ada", "discount": 10})
	order := h.employee.post(t, orders+"/records", object{"values": object{"no": "1", "amount": "100", "company": ada}}).want(http.StatusCreated)
	h.employee.record(t, orders, object{"no": "2", "amount": "0.10", "company": ada})
	if order.text("values.to_pay") != "90.00" || order.field("values.discount") != 10.0 {
		t.Errorf("computed: %s", order.Body)
	}
	read := h.employee.get(t, companies+"/records/"+ada).want(http.StatusOK)
	if read.text("values.total") != "90.09" || read.field("values.count") != 2.0 {
		t.Errorf("rolled up: %s", read.Body)
	}
	h.employee.patch(t, companies+"/records/"+ada, object{"values": object{"discount": 50}}, anyVersion).want(http.StatusOK)
	h.employee.get(t, companies+"/records?filter="+query(`{"field":"total","is":"equal","value":"50.05"}`)).wantColumn("id", ada)
	h.employee.patch(t, companies+"/records/"+ada, object{"values": object{"total": "1"}}, anyVersion).invalid("/values/total read_only")
	h.employee.patch(t, orders+"/fields/"+h.employee.fieldID(t, orders, "to_pay"), object{"formula": "to_pay + 1"}, anyVersion).want(http.StatusUnprocessableEntity)
	for _, bad := range []string{"amount *", "nothing + 1", `amount + "x"`, strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), "today()"} {
		add(orders, object{"name": "Bad", "kind": "formula", "formula": bad}).want(http.StatusUnprocessableEntity)
	}
	h.employee.delete(t, companies+"/fields/"+h.employee.fieldID(t, companies, "discount"), anyVersion).refused(http.StatusConflict, "apps.field_used")
}

func recordLife(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	made := h.external.post(t, app+"/records", object{"values": object{"name": "Chair", "price": "49.9", "owner": h.employee.account}}).want(http.StatusCreated)
	path := made.Header.Get("Location")
	if path != app+"/records/"+made.text("id") || made.text("title") != "Chair" || made.text("created_by") != h.external.account {
		t.Errorf("made at %s: %s", path, made.Body)
	}
	read := h.owner.get(t, path).want(http.StatusOK)
	if string(read.Body) != string(made.Body) {
		t.Errorf("read %s, made %s", read.Body, made.Body)
	}
	h.owner.get(t, path, "If-None-Match: "+read.Header.Get("Etag")).want(http.StatusNotModified)
	changed := h.owner.patch(t, path, object{"values": object{"price": nil, "name": "Stool"}}, "If-Match: "+read.Header.Get("Etag")).want(http.StatusOK)
	if changed.field("values.price") != nil || changed.text("values.name") != "Stool" || changed.field("version") != 2.0 {
		t.Errorf("changed: %s", changed.Body)
	}
	h.owner.patch(t, path, object{"values": object{"name": "Late"}}, "If-Match: "+read.Header.Get("Etag")).want(http.StatusPreconditionFailed)
	h.employee.delete(t, path, anyVersion).want(http.StatusForbidden)
	h.external.delete(t, path, anyVersion).want(http.StatusNoContent)
	h.owner.get(t, path).want(http.StatusNotFound)
	h.external.get(t, app+"/deleted-records").wantColumn("title", "Stool")
	h.external.post(t, path+"/restore", nil, anyVersion).want(http.StatusOK)
	h.owner.get(t, path).want(http.StatusOK)
	stranger := s.register(t, "Nora Nobody")
	alike(t, made.text("id"), func(id string) *reply { return stranger.get(t, app+"/records/"+id) })
}

func recordFind(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	rows := []any{}
	for i := range 30 {
		values := object{"name": "Thing " + string(rune('A'+i%26)), "price": i % 7, "state": []string{"o1", "o2"}[i%2]}
		if i%3 == 0 {
			values["owner"] = h.employee.account
		}
		rows = append(rows, object{"do": "create", "values": values})
	}
	h.employee.post(t, app+"/bulk-records", object{"rows": rows}).want(http.StatusOK)
	records := app + "/records"
	got := h.external.post(t, records+"/query", object{
		"filter": object{"and": []any{
			object{"field": "price", "is": "at_least", "value": "5"},
			object{"or": []any{object{"field": "state", "is": "equal", "value": "Sold"}, object{"not": object{"field": "owner", "is": "empty"}}}},
		}},
		"sort": []any{object{"field": "price", "descending": true}, object{"field": "name"}}, "fields": []string{"name", "price"},
	}).want(http.StatusOK)
	if diff := cmp.Diff([]any{"Thing B", "Thing G", "Thing N", "Thing F", "Thing M", "Thing T"}, got.values("name")); diff != "" {
		t.Errorf("found (-want +got):\n%s\n%s", diff, got.Body)
	}
	if first := got.items()[0]["values"].(object); len(first) != 2 {
		t.Errorf("more than was chosen: %v", first)
	}
	if mine := h.employee.get(t, records+"?limit=200&filter="+query(`{"field":"owner","is":"equal","value":"me"}`)).want(http.StatusOK).items(); len(mine) != 10 {
		t.Errorf("%d are mine", len(mine))
	}
	h.external.get(t, records+"?search=thing+z").wantColumn("title", "Thing Z")
	for _, sort := range []string{"", "name", "-price,name", "-state,-price", "owner,-name"} {
		seen, next := map[string]bool{}, ""
		for range 10 {
			page := h.external.get(t, records+"?limit=7&sort="+sort+"&cursor="+next).want(http.StatusOK)
			for _, id := range page.column("id") {
				if seen[id] {
					t.Errorf("sorted by %q: %s twice", sort, id)
				}
				seen[id] = true
			}
			if page.field("next") == nil {
				break
			}
			next = page.text("next")
		}
		if len(seen) != 30 {
			t.Errorf("sorted by %q: %d records", sort, len(seen))
		}
	}
}

func recordGroups(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Deals", object{"name": "Name", "kind": "text"}, object{"name": "Amount", "kind": "currency", "currency": "EUR"},
		object{"name": "Stage", "kind": "select", "choices": []any{object{"name": "Open"}, object{"name": "Won"}}}, object{"name": "Closed", "kind": "date"})
	for _, v := range []object{
		{"name": "a", "amount": "10.10", "stage": "Won", "closed": "2026-01-31"}, {"name": "b", "amount": "20.20", "stage": "Won", "closed": "2026-02-01"},
		{"name": "c", "amount": "5", "stage": "Open"}, {"name": "d", "amount": "1", "stage": "Won", "closed": "2026-01-01"},
	} {
		h.employee.record(t, app, v)
	}
	got := h.external.post(t, app+"/records/summary", object{
		"groups": []any{object{"field": "stage"}, object{"field": "closed", "by": "month"}}, "aggregates": []any{object{"function": "count"}, object{"function": "sum", "field": "amount"}, object{"function": "average", "field": "amount"}},
	}).want(http.StatusOK)
	want := []any{
		object{"keys": []any{"o1", nil}, "values": []any{1.0, "5.00", "5.00"}},
		object{"keys": []any{"o2", "2026-01"}, "values": []any{2.0, "11.10", "5.55"}},
		object{"keys": []any{"o2", "2026-02"}, "values": []any{1.0, "20.20", "20.20"}},
	}
	if diff := cmp.Diff(want, got.field("groups")); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

func recordHistory(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	path := app + "/records/" + h.employee.record(t, app, object{"name": "One", "price": "1"})
	h.external.patch(t, path, object{"values": object{"name": "Two", "price": "2"}}, anyVersion).want(http.StatusOK)
	h.external.patch(t, path, object{"values": object{"name": "Three"}}, anyVersion).want(http.StatusOK)
	past := h.owner.get(t, path+"/history").want(http.StatusOK)
	want := []any{object{"field": "name", "name": "Name", "kind": "text", "old": "Two", "new": "Three"}}
	if diff := cmp.Diff(want, past.field("items.0.changes")); diff != "" || past.text("items.0.by") != h.external.account || len(past.items()) != 3 {
		t.Errorf("the last change (-want +got):\n%s%s", diff, past.Body)
	}
	if got := h.owner.get(t, path+"/history?field=price").want(http.StatusOK).column("kind"); !slices.Equal(got, []string{"changed", "created"}) {
		t.Errorf("of the price: %v", got)
	}
	back := h.owner.post(t, path+"/history/1/restore", nil, anyVersion).want(http.StatusOK)
	if back.text("values.name") != "One" || back.text("values.price") != "1.00" || back.field("version") != 4.0 {
		t.Errorf("as in the first version: %s", back.Body)
	}
	h.owner.post(t, path+"/history/9/restore", nil, anyVersion).want(http.StatusNotFound)
}

func recordComments(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	path := app + "/records/" + h.employee.record(t, app, object{"name": "One"}) + "/comments"
	said := h.employee.post(t, path, object{"text": "Ask [@Ex](account:" + h.external.account + ")"}).want(http.StatusCreated)
	if got := h.external.notices(t, 1).column("kind"); !slices.Equal(got, []string{"apps.mentioned"}) {
		t.Errorf("told: %v", got)
	}
	one := path + "/" + said.text("id")
	h.external.patch(t, one, object{"text": "x"}, anyVersion).want(http.StatusForbidden)
	h.employee.patch(t, one, object{"text": "Never mind"}, anyVersion).want(http.StatusOK)
	h.external.get(t, path).wantColumn("text", "Never mind")
	h.owner.delete(t, one, anyVersion).want(http.StatusNoContent)
	h.external.get(t, path).wantColumn("text")
	h.employee.post(t, path, object{"text": " "}).invalid("/text required")
}

func recordBulk(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	old := h.employee.record(t, app, object{"name": "Old", "article": "1"})
	rows := []any{
		object{"do": "upsert", "values": object{"article": "1", "price": "3"}},
		object{"do": "upsert", "values": object{"article": "2", "name": "New"}},
		object{"do": "create", "values": object{"price": "x"}},
	}
	bulk := object{"rows": rows, "match_by": "article"}
	h.employee.post(t, app+"/bulk-records", bulk).refused(http.StatusConflict, "apps.bulk")
	h.employee.get(t, app+"/records").wantColumn("title", "Old")
	bulk["partial"] = true
	done := h.employee.post(t, app+"/bulk-records", bulk).want(http.StatusOK)
	if done.field("updated") != 1.0 || done.field("created") != 1.0 || done.field("failed") != 1.0 || done.text("rows.0.record_id") != old || done.text("rows.2.errors.0.pointer") == "" {
		t.Errorf("done: %s", done.Body)
	}
	h.employee.post(t, app+"/bulk-records", object{"rows": []any{object{"do": "delete", "record_id": old}}}).want(http.StatusOK)
	h.employee.get(t, app+"/records").wantColumn("title", "New")
}

func recordRights(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	mine := h.employee.record(t, app, object{"name": "Mine", "price": "5", "owner": h.external.account})
	other := h.employee.record(t, app, object{"name": "Other", "price": "7"})
	h.employee.patch(t, app, object{"access": []any{
		object{"roles": []string{"external"}, "where": object{"field": "owner", "is": "equal", "value": "me"}, "edit": true, "hidden": []string{"price"}, "read_only": []string{"article"}},
		object{"roles": []string{"guest"}},
	}}, anyVersion).want(http.StatusOK)
	h.external.get(t, app+"/records").wantColumn("id", mine)
	h.external.get(t, app+"/records/"+other).want(http.StatusNotFound)
	if _, there := h.external.get(t, app+"/records/"+mine).want(http.StatusOK).field("values").(object)["price"]; there {
		t.Error("a hidden field is shown")
	}
	h.external.get(t, app+"/records?sort=price").invalid("/sort/0/field unknown")
	h.external.patch(t, app+"/records/"+mine, object{"values": object{"price": "1", "article": "x"}}, anyVersion).invalid("/values/price unknown", "/values/article read_only")
	h.external.post(t, app+"/records", object{"values": object{"name": "x"}}).want(http.StatusForbidden)
	h.external.patch(t, app+"/records/"+mine, object{"values": object{"owner": h.owner.account}}, anyVersion).refused(http.StatusForbidden, "apps.out_of_reach")
	h.guest.get(t, app+"/records").wantColumn("title", "Mine", "Other")
	h.guest.patch(t, app+"/records/"+mine, object{"values": object{"name": "x"}}, anyVersion).want(http.StatusForbidden)
	h.guest.post(t, app+"/records/"+mine+"/comments", object{"text": "Nice."}).want(http.StatusCreated)
	can := h.external.get(t, app).want(http.StatusOK)
	if can.field("can.create") != false || can.field("can.edit") != true || can.field("access") != nil {
		t.Errorf("what they may: %s", can.Body)
	}
}

func recordLock(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	h.employee.patch(t, app, object{"lock": object{"field": "state", "is": "equal", "value": "o2"}}, anyVersion).want(http.StatusOK)
	path := app + "/records/" + h.external.record(t, app, object{"name": "A", "state": "Sold"})
	h.external.patch(t, path, object{"values": object{"name": "B"}}, anyVersion).refused(http.StatusConflict, "apps.record_locked")
	h.external.delete(t, path, anyVersion).refused(http.StatusConflict, "apps.record_locked")
	h.employee.patch(t, path, object{"values": object{"state": "New"}}, anyVersion).want(http.StatusOK)
	h.external.patch(t, path, object{"values": object{"name": "B"}}, anyVersion).want(http.StatusOK)
}

func recordBadInput(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	deep := strings.Repeat(`{"not":`, 1000) + `{"field":"name","is":"empty"}` + strings.Repeat("}", 1000)
	h.employee.post(t, app+"/records/query", `{"filter":`+deep+`}`, "Content-Type: application/json").want(http.StatusUnprocessableEntity)
	h.employee.get(t, app+"/records?filter="+query(`{"field":"name"}`)).invalid("/filter/is one_of")
	h.employee.get(t, app+"/records?filter="+query(`{"field":"price","is":"greater","value":"x"}`)).invalid("/filter/value value")
	h.employee.get(t, app+"/records?filter=x&sort=nothing&fields=nothing&limit=0").want(http.StatusUnprocessableEntity)
	h.employee.get(t, app+"/records?cursor=x").invalid("/cursor cursor")
	h.employee.post(t, h.in(h.open, "/apps"), object{"name": "", "fields": []any{object{"name": "", "kind": "colour"}}}).want(http.StatusUnprocessableEntity)
	h.employee.post(t, app+"/bulk-records", object{"rows": []any{}}).want(http.StatusUnprocessableEntity)
	h.employee.get(t, app+"/records").wantColumn("id")
}

// query is a text as a part of an address.
func query(text string) string { return url.QueryEscape(text) }
