package apps_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/tabular"
)

func (f *fixture) export(t testing.TB, by veranda.Actor, in apps.ExportInput) (string, *apps.Export) {
	t.Helper()
	e, err := f.apps.Export(context.Background(), by, in)
	if err != nil {
		t.Fatalf("export: %v", explain(err))
	}
	var file bytes.Buffer
	n, err := e.WriteTo(&file)
	if err != nil || n != int64(file.Len()) {
		t.Fatalf("export: %d of %d octets: %v", n, file.Len(), err)
	}
	return file.String(), e
}

func TestExports(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		f.add(t, f.Owner.Actor, a, `{"name": "=1+1", "price": "5.5", "state": "o2", "owner": "`+f.Owner.Account.String()+`"}`)
		f.add(t, f.Owner.Actor, a, `{"name": "Größe, 2", "article": "+49"}`)
		in := apps.ExportInput{Org: a.Org, App: a.ID, Sort: "-name"}
		got, e := f.export(t, f.Employee.Actor, in)
		want := "Name,Article,Price,State,Owner,Number\n\"Größe, 2\",'+49,,,,G-0002\n'=1+1,,5.50,Sold," + f.Owner.Account.String() + ",G-0001\n"
		if diff := cmp.Diff(want, got); diff != "" || e.Name != "goods.csv" {
			t.Errorf("%s (-want +got):\n%s", e.Name, diff)
		}
		in.Format, in.Fields = tabular.JSON, "price,name"
		if got, _ := f.export(t, f.Employee.Actor, in); got != "[\n{\"Price\":null,\"Name\":\"Größe, 2\"},\n{\"Price\":5.50,\"Name\":\"=1+1\"}\n]\n" {
			t.Errorf("as JSON: %s", got)
		}
		in.Format = tabular.XLSX
		sheet, _ := f.export(t, f.Employee.Actor, in)
		source, err := tabular.Open(strings.NewReader(sheet), tabular.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = source.Close() }()
		var rows [][]string
		for {
			row, err := source.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, append([]string{}, row...))
		}
		if diff := cmp.Diff([][]string{{"", "Größe, 2"}, {"5.5", "=1+1"}}, rows); diff != "" {
			t.Errorf("as XLSX (-want +got):\n%s", diff)
		}
		// What rules hide is in no file.
		f.rule(t, a, apps.UpdateInput{Access: &[]apps.Rule{{Roles: []string{"external"}, Hidden: []string{"price"}, Where: filter(t, `{"field": "state", "is": "equal", "value": "o2"}`)}}})
		if got, _ := f.export(t, f.External.Actor, apps.ExportInput{Org: a.Org, App: a.ID}); strings.Contains(got, "Price") || strings.Contains(got, "Größe") || strings.Count(got, "\n") != 2 {
			t.Errorf("to who sees less: %s", got)
		}
		_, err = f.apps.Export(context.Background(), f.External.Actor, apps.ExportInput{Org: a.Org, App: a.ID, Fields: "price", Format: "pdf"})
		invalid(t, err, "/format one_of")
		_, err = f.apps.Export(context.Background(), f.External.Actor, apps.ExportInput{Org: a.Org, App: a.ID, Fields: "price"})
		invalid(t, err, "/fields/0 unknown")
		_, err = f.apps.Export(context.Background(), f.Guest.Actor, apps.ExportInput{Org: a.Org, App: a.ID})
		refused(t, err, veranda.ErrNotFound)
	})
}

// A file has all records, however many pages they are.
func TestExportsAreWhole(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t, apps.FieldInput{Name: "N", Kind: field.Number})
		for from := 0; from < 650; from += 325 {
			var rows []apps.BulkRow
			for i := range 325 {
				rows = append(rows, apps.BulkRow{Do: apps.Create, Values: apps.Values{"n": []byte(fmt.Sprint(from + i))}})
			}
			if _, err := f.apps.Bulk(context.Background(), f.Owner.Actor, apps.BulkInput{Org: a.Org, App: a.ID, Rows: rows}); err != nil {
				t.Fatal(explain(err))
			}
		}
		got, _ := f.export(t, f.Owner.Actor, apps.ExportInput{Org: a.Org, App: a.ID, Sort: "n"})
		var want strings.Builder
		want.WriteString("N\n")
		for i := range 650 {
			fmt.Fprintln(&want, i)
		}
		if got != want.String() {
			t.Errorf("%d lines", strings.Count(got, "\n"))
		}
	})
}
