package main

import (
	"encoding/csv"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// loads imports a file and gives the answer.
func (c *caller) loads(t *testing.T, app, query, file string) *reply {
	t.Helper()
	return c.post(t, app+"/import"+query, file).want(http.StatusOK)
}

func importGuessed(t *testing.T, s *stack) {
	h := newHouse(t, s)
	file := "Kunde;Umsatz;Seit;Aktiv;Foto\n"
	for i := range 12 {
		file += fmt.Sprintf("Firma %d;1.%03d,50 €;%02d.03.2024;%s;\n", i, i, i+13, []string{"ja", "nein"}[i%2])
	}
	path := h.in(h.open, "/import-preview")
	preview := h.employee.post(t, path, file).want(http.StatusOK)
	for i, kind := range []string{"text", "currency", "date", "checkbox", "text"} {
		if got := preview.text(fmt.Sprintf("columns.%d.kind", i)); got != kind || preview.text(fmt.Sprintf("columns.%d.evidence.0", i)) == "" {
			t.Errorf("column %d is %s: %s", i, got, preview.Body)
		}
	}
	if preview.text("about.delimiter") != ";" || preview.field("rows") != 12.0 || len(preview.field("fields").([]any)) != 4 {
		t.Errorf("preview: %s", preview.Body)
	}
	app := h.employee.post(t, h.in(h.open, "/apps"), object{"name": "Kunden", "fields": preview.field("fields")}).want(http.StatusCreated).Header.Get("Location")
	h.employee.loads(t, app, "", file)
	if got := h.employee.get(t, app+"/records?limit=1").want(http.StatusOK); got.text("items.0.values.umsatz") != "1000.50" || got.text("items.0.values.seit") != "2024-03-13" || got.field("items.0.values.aktiv") != true {
		t.Errorf("imported: %s", got.Body)
	}
	h.employee.post(t, path, "").invalid("/file empty")
	h.employee.post(t, path+"?format=doc", "x").want(http.StatusUnprocessableEntity)
	h.guest.post(t, path, file).want(http.StatusForbidden)
}

func importRows(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	dry := h.external.loads(t, app, "?dry_run=true", "Name,Price,State,Article\nA,x,Lost,1\nB,2,,1\n")
	var got []string
	for i := range dry.field("findings").([]any) {
		f := func(name string) string { return fmt.Sprint(dry.field(fmt.Sprintf("findings.%d.%s", i, name))) }
		got = append(got, f("row")+" "+f("field")+" "+f("rule")+" "+f("value"))
	}
	if diff := cmp.Diff([]string{"2 price number x", "2 state choice Lost", "3 article duplicate 1"}, got); diff != "" || dry.field("created") != 0.0 {
		t.Errorf("findings (-want +got):\n%s%s", diff, dry.Body)
	}
	h.external.post(t, app+"/import", "Name,Price\nA,1\nB,x\n").invalid("/rows/3/price number")
	h.external.get(t, app+"/records").wantColumn("title")
	h.external.loads(t, app, "?skip_bad=true", "Name,Price,Article\nA,1,a\nB,x,b\n")
	made := h.external.loads(t, app, "?match_by=article&mapping="+query(`[{"column":"Preis","field":"price","decimal_comma":true}]`), "Article\tPreis\tName\na\t2,50\tA\nb\t3\tB\n")
	if made.field("created") != 1.0 || made.field("updated") != 1.0 {
		t.Errorf("matched: %s", made.Body)
	}
	if diff := cmp.Diff([]string{"2.50", "3.00"}, h.external.prices(t, app)); diff != "" {
		t.Errorf("prices (-want +got):\n%s", diff)
	}
	h.external.loads(t, app, "", string(h.external.get(t, app+"/export?format=xlsx&fields=name,price").want(http.StatusOK).Body))
	if diff := cmp.Diff([]string{"2.50", "2.50", "3.00", "3.00"}, h.external.prices(t, app)); diff != "" {
		t.Errorf("prices (-want +got):\n%s", diff)
	}
	h.guest.post(t, app+"/import", "Name\nx\n").want(http.StatusNotFound)
	h.external.post(t, app+"/import?match_by=price", "Price\n1\n").invalid("/match_by unique")
}

// prices are those of an application's records.
func (c *caller) prices(t *testing.T, app string) (prices []string) {
	t.Helper()
	r := c.get(t, app+"/records?sort=price").want(http.StatusOK)
	for i := range r.field("items").([]any) {
		prices = append(prices, r.text(fmt.Sprintf("items.%d.values.price", i)))
	}
	return prices
}

// ended waits until an import has ended.
func (c *caller) ended(t *testing.T, path string) *reply {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if r := c.get(t, path).want(http.StatusOK); r.field("ended_at") != nil {
			return r
		}
	}
	t.Fatalf("%s does not end: %s", path, c.get(t, path).Body)
	return nil
}

func importLarge(t *testing.T, s *stack) {
	h := newHouse(t, s)
	app := h.employee.app(t, h, "Goods", goods()...)
	var file strings.Builder
	file.WriteString("Name,Price\n")
	for i := range 12_000 {
		fmt.Fprintf(&file, "Thing %d,%d\n", i, i)
	}
	h.external.post(t, app+"/import", file.String()).invalid("/file too_many")
	started := h.external.post(t, app+"/imports", file.String()).want(http.StatusCreated)
	path := started.Header.Get("Location")
	if started.text("state") != "waiting" || started.field("bytes") != float64(file.Len()) {
		t.Errorf("started: %s", started.Body)
	}
	h.employee.get(t, path).want(http.StatusOK) // who made the application manages it
	h.guest.get(t, path).want(http.StatusNotFound)
	if done := h.external.ended(t, path); done.text("state") != "done" || done.field("created") != 12_000.0 || done.field("rows") != 12_000.0 {
		t.Errorf("done: %s", done.Body)
	}
	bad := h.external.ended(t, h.external.post(t, app+"/imports", "Name,Price\nA,1\nB,x\n").want(http.StatusCreated).Header.Get("Location"))
	if bad.text("state") != "failed" || bad.text("reason") != "apps.import_findings" || bad.field("findings.0.row") != 3.0 || bad.text("message") == "" {
		t.Errorf("bad: %s", bad.Body)
	}
	h.external.get(t, app+"/imports").wantColumn("state", "failed", "done")
	// It is cancelled wherever it is by then, and leaves nothing; or it had ended.
	path = h.external.post(t, app+"/imports", file.String()).want(http.StatusCreated).Header.Get("Location")
	h.external.post(t, path+"/cancel", nil).want(http.StatusOK)
	last := h.external.ended(t, path)
	want := "12000"
	if last.text("state") == "done" {
		want = "24000"
	}
	if total := h.external.post(t, app+"/records/summary", object{}).want(http.StatusOK); fmt.Sprint(total.field("groups.0.values.0")) != want {
		t.Errorf("%s: %s", last.Body, total.Body)
	}
	h.external.post(t, path+"/cancel", nil).want(http.StatusOK)
	h.external.post(t, app+"/imports?match_by=price", "Price\n1\n").invalid("/match_by unique")
}

// importRelational imports tables that belong together, as a new user has them from elsewhere, and reports on them: with NULL
// for what is empty, pictures in hexadecimal digits, days written as midnights, and names in several languages.
func importRelational(t *testing.T, s *stack) {
	h := newHouse(t, s)
	load := func(name, file string, unique string, relations map[string]string) (app string, rows float64) {
		t.Helper()
		preview := h.employee.post(t, h.in(h.open, "/import-preview"), file).want(http.StatusOK)
		var fields, links []any
		for _, one := range preview.field("fields").([]any) {
			f := one.(object)
			switch target := relations[f["name"].(string)]; {
			case f["name"] == unique:
				f["unique"] = true
			case target != "":
				links = append(links, object{"name": f["name"], "kind": "relation", "target": filepath.Base(target)})
				continue
			}
			fields = append(fields, f)
		}
		app = h.employee.post(t, h.in(h.open, "/apps"), object{"name": name, "fields": fields}).want(http.StatusCreated).Header.Get("Location")
		for _, f := range links {
			if relations[f.(object)["name"].(string)] == "self" {
				f.(object)["target"] = filepath.Base(app)
			}
			h.employee.post(t, app+"/fields", f).want(http.StatusOK)
		}
		if dry := h.employee.loads(t, app, "?dry_run=true", file); dry.field("findings_count") != 0.0 {
			t.Fatalf("%s: %s", name, dry.Body)
		}
		return app, h.employee.loads(t, app, "", file).field("created").(float64)
	}
	tables := sample
	if _, err := os.Stat(northwindFolder); err == nil {
		tables = map[string]string{}
		for name := range sample {
			text, err := os.ReadFile(filepath.Join(northwindFolder, name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			tables[name] = string(text)
		}
		t.Log("with the real tables")
	}
	categories, _ := load("Categories", tables["categories"], "categoryID", nil)
	customers, _ := load("Customers", tables["customers"], "customerID", nil)
	employees, _ := load("Employees", tables["employees"], "employeeID", map[string]string{"reportsTo": "self"})
	products, _ := load("Products", tables["products"], "productID", map[string]string{"categoryID": categories})
	orders, _ := load("Orders", tables["orders"], "orderID", map[string]string{"customerID": customers, "employeeID": employees})
	details, n := load("Details", tables["order_details"], "", map[string]string{"orderID": orders, "productID": products})
	if want := float64(strings.Count(strings.TrimSpace(tables["order_details"]), "\n")); n != want {
		t.Errorf("%v of %v details", n, want)
	}
	if got := h.employee.get(t, employees+"/records?sort=employeeid&limit=2").want(http.StatusOK); got.text("items.0.values.reportsto") != got.text("items.1.id") || got.field("items.0.values.photo") != nil {
		t.Errorf("who reports to whom: %s", got.Body)
	}
	// What was sold, by category: over two relations and a formula.
	for _, f := range []object{
		{"name": "Category", "kind": "lookup", "through": "productid", "of": "categoryname"},
		{"name": "Total", "kind": "formula", "decimals": 2, "formula": "round(unitprice * quantity * (1 - discount), 2)"},
	} {
		if f["kind"] == "lookup" {
			h.employee.post(t, products+"/fields", object{"name": "categoryName", "kind": "lookup", "through": "categoryid", "of": "categoryname"}).want(http.StatusOK)
		}
		h.employee.post(t, details+"/fields", f).want(http.StatusOK)
	}
	sums := h.employee.post(t, details+"/records/summary", object{"groups": []any{object{"field": "category"}}, "aggregates": []any{object{"function": "sum", "field": "total"}}})
	for deadline := time.Now().Add(time.Minute); strings.Contains(string(sums.Body), `"keys":[null]`) && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		sums = h.employee.post(t, details+"/records/summary", object{"groups": []any{object{"field": "category"}}, "aggregates": []any{object{"function": "sum", "field": "total"}}})
	}
	got := map[string]string{}
	for i := range sums.want(http.StatusOK).field("groups").([]any) {
		got[sums.text(fmt.Sprintf("groups.%d.keys.0", i))] = fmt.Sprintf("%.2f", sums.field(fmt.Sprintf("groups.%d.values.0", i)))
	}
	want := sold(t, tables)
	if len(want) < 2 {
		t.Fatalf("little was sold: %v", want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sold by category (-want +got):\n%s%s", diff, sums.Body)
	}
}

// sample are tables in the manner of a sample database that many know; where that lies beside the project it is taken instead.
var sample = map[string]string{
	"categories": "categoryID,categoryName,description,picture\n1,Getränke,\"Kaffee, Tee und Säfte\",0x151C2F00020000000D000E0014002100FFFFFFFF4269746D617020496D616765005061696E74\n" +
		"2,Gewürze,Soßen und Öle,0x151C2F00020000000D000E0014002100FFFFFFFF4269746D617020496D616765005061696E74\n",
	"customers": "customerID,companyName,region\nNORDA,Nordwärts GmbH,NULL\nPANAD,Panadería São João,SP\n",
	"employees": "employeeID,lastName,birthDate,photo,reportsTo\n1,Davis,1968-12-08 00:00:00.000,0x151C2F00020000000D000E0014002100FFFFFFFF4269746D617020496D616765005061696E74,2\n" +
		"2,Ferrer,1952-02-19 00:00:00.000,0x151C2F00020000000D000E0014002100FFFFFFFF4269746D617020496D616765005061696E74,NULL\n3,Lèvre,1963-08-30 00:00:00.000,0x151C2F00020000000D000E0014002100FFFFFFFF4269746D617020496D616765005061696E74,2\n",
	"products":      "productID,productName,categoryID,unitPrice,discontinued\n1,Chai,1,18.00,0\n2,Kürbiskernöl,2,21.35,1\n3,Guaraná,1,4.50,0\n",
	"orders":        "orderID,customerID,employeeID,orderDate,shippedDate,freight\n10248,NORDA,3,1996-07-04 00:00:00.000,1996-07-16 00:00:00.000,32.38\n10249,PANAD,1,1996-07-05 00:00:00.000,NULL,11.61\n",
	"order_details": "orderID,productID,unitPrice,quantity,discount\n10248,1,14.00,12,0\n10248,2,9.80,10,0.15\n10249,3,4.50,9,0.05\n",
}

// sold is what was sold of each category, computed of the tables.
func sold(t *testing.T, tables map[string]string) map[string]string {
	t.Helper()
	read := func(name string) (rows []map[string]string) {
		records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(tables[name], "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records[1:] {
			row := map[string]string{}
			for i, title := range records[0] {
				row[title] = record[i]
			}
			rows = append(rows, row)
		}
		return rows
	}
	category, of := map[string]string{}, map[string]string{}
	for _, row := range read("categories") {
		category[row["categoryID"]] = row["categoryName"]
	}
	for _, row := range read("products") {
		of[row["productID"]] = category[row["categoryID"]]
	}
	exact := func(text string) *big.Rat {
		n, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is no number", text)
		}
		return n
	}
	sums := map[string]*big.Rat{}
	for _, row := range read("order_details") {
		total := new(big.Rat).Sub(big.NewRat(1, 1), exact(row["discount"]))
		total.Mul(total, exact(row["unitPrice"])).Mul(total, exact(row["quantity"]))
		name := of[row["productID"]]
		if sums[name] == nil {
			sums[name] = new(big.Rat)
		}
		sums[name].Add(sums[name], exact(total.FloatString(2)))
	}
	out := map[string]string{}
	for name, sum := range sums {
		out[name] = sum.FloatString(2)
	}
	return out
}
