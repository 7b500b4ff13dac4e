package apps_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/verandatest/world"
)

// book is what the fixture's actors know of addresses: all of the world's.
type book struct{ *world.World }

// ByAddress finds by exact address.
func (b book) ByAddress(_ context.Context, _ veranda.Actor, _ veranda.OrgID, addresses []string) (map[string]veranda.AccountID, error) {
	found := map[string]veranda.AccountID{}
	for _, p := range append(b.Members(), b.Stranger, b.Outsider) {
		if slices.Contains(addresses, p.Address) {
			found[p.Address] = p.Account
		}
	}
	return found, nil
}

// shelf keeps files in memory.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
	// reading, where there is one, is called with each reading of a file.
	reading func(io.Reader) io.Reader
}

func (s *shelf) Write(_ context.Context, key string, r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[key] = text
	return nil
}

func (s *shelf) Read(_ context.Context, key string) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, there := s.files[key]
	if !there {
		return nil, errors.New("no such file")
	}
	var r io.Reader = bytes.NewReader(text)
	if s.reading != nil {
		r = s.reading(r)
	}
	return io.NopCloser(r), nil
}

func (s *shelf) Delete(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, key)
	return nil
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.files)
}

func (f *fixture) load(by veranda.Actor, a *apps.App, text string, o apps.ImportOptions, dry bool) (*apps.ImportResult, error) {
	return f.apps.Import(context.Background(), by, apps.ImportInput{Org: a.Org, App: a.ID, DryRun: dry, ImportOptions: o}, strings.NewReader(text))
}

func (f *fixture) loaded(t testing.TB, by veranda.Actor, a *apps.App, text string, o apps.ImportOptions) *apps.ImportResult {
	t.Helper()
	result, err := f.load(by, a, text, o, false)
	if err != nil {
		t.Fatalf("import: %v", explain(err))
	}
	return result
}

func found(list []apps.ImportFinding) []string {
	out := []string{}
	for _, f := range list {
		out = append(out, fmt.Sprintf("%d %s/%s %s %q", f.Row, f.Column, f.Field, f.Rule, f.Value))
	}
	return out
}

func TestImport(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		address := f.Employee.Address
		text := "Name;Article;Price;State;Owner;Elsewhere\nEimer;E-1;1.234,50;Sold;" + address + ";x\nHarke;NULL;7,5;;;y\n"
		before := len(f.kinds(t))
		dry, err := f.load(f.Employee.Actor, a, text, apps.ImportOptions{}, true)
		if err != nil {
			t.Fatal(explain(err))
		}
		if dry.Created != 2 || dry.Rows != 2 || dry.FindingsCount != 0 || dry.About.Delimiter != ";" || dry.Columns[2].Field != "price" || !dry.Columns[2].Writing.DecimalComma || dry.Columns[5].Field != "" {
			t.Errorf("dry run: %+v", dry)
		}
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "name"); len(got) != 0 || len(f.kinds(t)) != before {
			t.Errorf("a dry run wrote %v, %v", got, f.kinds(t)[before:])
		}
		f.loaded(t, f.Employee.Actor, a, text, apps.ImportOptions{})
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "price"); !cmp.Equal(got, []string{"1234.50", "7.50"}) {
			t.Errorf("prices %v", got)
		}
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "owner"); !cmp.Equal(got, []string{f.Employee.Account.String(), "null"}) {
			t.Errorf("owners %v", got)
		}
		if got := f.kinds(t)[before:]; !cmp.Equal(got, []string{apps.EventRecordsWritten}) {
			t.Errorf("events %v", got)
		}

		// Everything that is wrong is told at once, and nothing is written.
		bad := "Article,Name,Price,State,Owner\nE-1,A,1,New,\nE-2,,minus,Lost,nobody@example.org\nE-3,C,-1,New," + f.Outsider.Account.String() + "\nE-3,D,2,Sold,\n"
		dry, err = f.load(f.Employee.Actor, a, bad, apps.ImportOptions{}, true)
		if err != nil {
			t.Fatal(explain(err))
		}
		want := []string{
			`2 Article/article unique "E-1"`, `3 Price/price number "minus"`, `3 State/state choice "Lost"`, `3 Owner/owner not_found "nobody@example.org"`, `3 Name/name required ""`,
			`4 Price/price range "-1"`, `4 Owner/owner not_found "` + f.Outsider.Account.String() + `"`, `5 Article/article duplicate "E-3"`,
		}
		got := found(dry.Findings)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || dry.Failed != 4 || dry.FindingsCount != 8 {
			t.Errorf("findings (-want +got):\n%s%+v", diff, dry.ImportCounts)
		}
		_, err = f.load(f.Employee.Actor, a, "Name,Article,Price\nA,E-9,1\nB,E-8,x\n", apps.ImportOptions{}, false)
		invalid(t, err, "/rows/3/price number")
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "article"); len(got) != 2 {
			t.Errorf("all or none: %v", got)
		}
		result := f.loaded(t, f.Employee.Actor, a, "Name,Article,Price\nA,E-9,1\nB,E-8,x\n", apps.ImportOptions{SkipBad: true})
		if result.Created != 1 || result.Failed != 1 || result.FindingsCount != 1 {
			t.Errorf("without the bad: %+v", result)
		}
		// By a unique field records are changed.
		result = f.loaded(t, f.Employee.Actor, a, "Article,Price,Name\nE-1,2,Eimer\nE-9,1,A\nE-7,3,Neu\n", apps.ImportOptions{MatchBy: "article"})
		if diff := cmp.Diff(apps.ImportCounts{Created: 1, Updated: 1, Unchanged: 1}, result.ImportCounts); diff != "" {
			t.Errorf("matched (-want +got):\n%s", diff)
		}
		dry, err = f.load(f.Employee.Actor, a, "Article,Name\nE-7,x\nE-7,y\n", apps.ImportOptions{MatchBy: "article"}, true)
		if err != nil || dry.FindingsCount != 1 || dry.Findings[0].Rule != "duplicate" {
			t.Errorf("a value twice: %+v %v", dry, err)
		}
	})
}

func TestImportRefusesBadInput(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		for _, test := range []struct {
			text string
			o    apps.ImportOptions
			want []string
		}{
			{"", apps.ImportOptions{}, []string{"/file empty"}},
			{"Other\nx\n", apps.ImportOptions{}, []string{"/mapping required"}},
			{"Number\nG-0001\n", apps.ImportOptions{}, []string{"/mapping required"}},
			{"Name\nx\n", apps.ImportOptions{MatchBy: "article"}, []string{"/match_by column"}},
			{"Name\nx\n", apps.ImportOptions{MatchBy: "name"}, []string{"/match_by unique"}},
			{"Name\nx\n", apps.ImportOptions{Mapping: "{}"}, []string{"/mapping mapping"}},
			{"Name\nx\n", apps.ImportOptions{Mapping: `[{"column":"Nam","field":"name"}]`}, []string{"/mapping/0/column unknown"}},
			{"A\nx\n", apps.ImportOptions{Mapping: `[{"column":"A","field":"nam"}]`}, []string{"/mapping/0/field unknown"}},
			{"A\nx\n", apps.ImportOptions{Mapping: `[{"column":"A","field":"number"}]`}, []string{"/mapping/0/field read_only"}},
			{"A,B\nx,y\n", apps.ImportOptions{Mapping: `[{"column":"A","field":"name"},{"column":"B","field":"name"},{"column":"A"}]`}, []string{"/mapping/1/field duplicate", "/mapping/2/column duplicate"}},
			{"A\nx\n", apps.ImportOptions{Mapping: `[{"column":"A","field":"name","by":"x"}]`}, []string{"/mapping/0/by exclusive"}},
			{"Name\nx,y\n", apps.ImportOptions{}, []string{"/rows/2 columns"}},
			{"Name\n" + strings.Repeat("x\n", apps.MaxImportRows+1), apps.ImportOptions{}, []string{"/file too_many"}},
			{"Name\n" + strings.Repeat("x", apps.MaxImportBytes), apps.ImportOptions{}, []string{"/file too_long"}},
			{"Name\nx\n", apps.ImportOptions{TimeZone: "Mars", FileOptions: apps.FileOptions{Format: "doc", Delimiter: "::"}}, []string{"/format one_of", "/delimiter delimiter", "/time_zone time_zone"}},
			{"Name\nx\n", apps.ImportOptions{FileOptions: apps.FileOptions{Format: "xlsx"}}, []string{"/file malformed"}},
		} {
			_, err := f.load(f.Employee.Actor, a, test.text, test.o, false)
			if diff := cmp.Diff(test.want, named(err)); diff != "" {
				t.Errorf("%.30q %+v (-want +got):\n%s%v", test.text, test.o, diff, err)
			}
		}
		if got := f.list(t, f.Owner.Actor, a, apps.QueryInput{}, "name"); len(got) != 0 {
			t.Errorf("written: %v", got)
		}
		// What rules hide is not there to be written, and what is read-only is left out.
		f.rule(t, a, apps.UpdateInput{Access: &[]apps.Rule{{Roles: []string{"external"}, Create: true, Hidden: []string{"price"}, ReadOnly: []string{"article"}}}})
		_, err := f.load(f.External.Actor, a, "Name,P\nx,1\n", apps.ImportOptions{Mapping: `[{"column":"P","field":"price"}]`}, false)
		invalid(t, err, "/mapping/0/field unknown")
		result := f.loaded(t, f.External.Actor, a, "Name,Price,Article\nx,1,y\n", apps.ImportOptions{})
		if result.Columns[1].Field != "" || result.Columns[2].Field != "" {
			t.Errorf("columns %+v", result.Columns)
		}
		_, err = f.load(f.Guest.Actor, a, "Name\nx\n", apps.ImportOptions{}, false)
		refused(t, err, veranda.ErrNotFound)
		_, err = f.load(f.Outsider.Actor, a, "Name\nx\n", apps.ImportOptions{}, true)
		refused(t, err, veranda.ErrNotFound)
	})
}

func TestImportLinks(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		customers := f.app(t, apps.FieldInput{Name: "Name", Kind: field.Text, Rules: field.Rules{Required: true}}, apps.FieldInput{Name: "Number", Kind: field.Number, Rules: field.Rules{Unique: true}})
		f.loaded(t, f.Employee.Actor, customers, "Number,Name\n1,Ada\n2,Bob\n", apps.ImportOptions{})
		orders := f.app(t,
			apps.FieldInput{Name: "No", Kind: field.Text, Rules: field.Rules{Unique: true}})
		orders = f.addField(t, orders, apps.FieldInput{Name: "Customer", Kind: field.Relation, Options: field.Options{Target: customers.ID.String()}})
		orders = f.addField(t, orders, apps.FieldInput{Name: "Follows", Kind: field.Relation, Options: field.Options{Target: orders.ID.String()}})
		text := "No,Customer,Follows\nA,1,C\nB,2,\nC,1,B\n"
		dry, err := f.load(f.Employee.Actor, orders, text, apps.ImportOptions{}, true)
		if err != nil || dry.FindingsCount != 0 || dry.Columns[1].By != "number" || dry.Columns[2].By != "no" {
			t.Fatalf("%+v %v", dry, explain(err))
		}
		f.loaded(t, f.Employee.Actor, orders, text, apps.ImportOptions{})
		page, err := f.apps.QueryRecords(context.Background(), f.Owner.Actor, apps.QueryInput{Org: orders.Org, App: orders.ID})
		if err != nil {
			t.Fatal(err)
		}
		a, b, c := page.Items[0], page.Items[1], page.Items[2]
		got := []string{value(t, &a, "follows"), value(t, &b, "follows"), value(t, &c, "follows")}
		if want := []string{`"` + c.ID.String() + `"`, "null", `"` + b.ID.String() + `"`}; !cmp.Equal(got, want) {
			t.Errorf("who follows: %v, want %v", got, want)
		}
		ada := f.list(t, f.Owner.Actor, customers, apps.QueryInput{Filter: filter(t, `{"field":"number","is":"equal","value":1}`)}, "name")
		if value(t, &a, "customer") != value(t, &c, "customer") || !cmp.Equal(ada, []string{"Ada"}) {
			t.Errorf("customers %s %s", value(t, &a, "customer"), value(t, &c, "customer"))
		}
		dry, err = f.load(f.Employee.Actor, orders, "No,Customer,Follows\nD,7,A\nE,x,Z\n", apps.ImportOptions{}, true)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{`2 Customer/customer not_found "7"`, `3 Customer/customer not_found "x"`}
		if diff := cmp.Diff(want, found(dry.Findings)); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
		dry, err = f.load(f.Employee.Actor, orders, "No,Follows\nE,Z\n", apps.ImportOptions{}, true)
		if err != nil || !cmp.Equal(found(dry.Findings), []string{`2 Follows/follows not_found "Z"`}) {
			t.Errorf("to nobody: %+v %v", dry, err)
		}
	})
}

func TestPreviewImport(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		in := apps.PreviewImportInput{Org: f.World.Org, Workspace: f.World.Open}
		var text strings.Builder
		text.WriteString("Name\tPrice\tBorn\tPicture\n")
		for i := range 1500 {
			fmt.Fprintf(&text, "Name %d\t%d.5\t2024-02-%02d\t\n", i, i, 1+i%28)
		}
		p, err := f.apps.PreviewImport(context.Background(), f.Employee.Actor, in, strings.NewReader(text.String()))
		if err != nil {
			t.Fatal(explain(err))
		}
		if p.Rows != apps.PreviewRows || len(p.Sample) != apps.PreviewSample || len(p.Fields) != 3 || len(p.Columns) != 4 || !p.Columns[3].Skip || p.Columns[2].Kind != field.Date || len(p.Columns[1].Evidence) == 0 {
			t.Errorf("%+v", p)
		}
		// What it proposes can be made, and the file goes in.
		a, err := f.apps.Create(context.Background(), f.Employee.Actor, apps.CreateInput{Org: f.World.Org, Workspace: f.World.Open, Name: "Proposed", Fields: p.Fields})
		if err != nil {
			t.Fatal(explain(err))
		}
		if result := f.loaded(t, f.Employee.Actor, a, text.String(), apps.ImportOptions{}); result.Created != 1500 {
			t.Errorf("%+v", result)
		}
		_, err = f.apps.PreviewImport(context.Background(), f.Guest.Actor, in, strings.NewReader("a\n"))
		refused(t, err, veranda.ErrForbidden)
		_, err = f.apps.PreviewImport(context.Background(), f.Employee.Actor, in, strings.NewReader(" \n"))
		invalid(t, err, "/file empty")
	})
}
