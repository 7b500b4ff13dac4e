package apps_test

import (
	"context"
	"strings"
	"testing"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/verandatest"
)

// Whatever a file says, a dry run answers with findings or a refusal, writes nothing, and what it finds good can be imported.
func FuzzImport(f *testing.F) {
	for _, text := range []string{
		"Name,Price,Day,State\nA,1.5,2024-01-02,New\n", "name;price\n\"a;b\";1.000,5\n", "[{\"Name\":\"x\",\"Price\":null}]", "{\"Name\":1}\n{\"Name\":true}\n",
		"Name\n'=1+1\n\x00", "Name\tDay\r\nx\t31.12.1999\r\n", "\xff\xfeN\x00a\x00m\x00e\x00\n\x00x\x00\n\x00", "PK\x03\x04", "Name,Name\n,,,\n", "Link,Name\nx,y\ny,x\n",
	} {
		f.Add(text, true)
	}
	w := newFixture(f, verandatest.New(f, verandatest.SQLite, modules()), nil)
	a := w.app(f, apps.FieldInput{Name: "Name", Kind: field.Text, Rules: field.Rules{Unique: true}}, apps.FieldInput{Name: "Price", Kind: field.Number, Options: field.Options{Decimals: 2}},
		apps.FieldInput{Name: "Day", Kind: field.Date}, apps.FieldInput{Name: "State", Kind: field.Select, Options: field.Options{Choices: []field.Choice{{Name: "New"}}}})
	f.Fuzz(func(t *testing.T, text string, skip bool) {
		before := w.size(t, a)
		dry, err := w.load(w.Owner.Actor, a, text, apps.ImportOptions{SkipBad: skip}, true)
		if w.size(t, a) != before {
			t.Fatal("a dry run wrote")
		}
		if err != nil {
			if code := veranda.CodeOf(err); code != veranda.CodeInvalid {
				t.Fatalf("%s: %v", code, err)
			}
			return
		}
		if dry.FindingsCount > 0 || strings.Contains(text, "\x00") {
			return
		}
		result, err := w.apps.Import(context.Background(), w.Owner.Actor, apps.ImportInput{Org: a.Org, App: a.ID, ImportOptions: apps.ImportOptions{SkipBad: skip}}, strings.NewReader(text))
		if err != nil || result.Created != dry.Created || w.size(t, a) != before+result.Created {
			t.Fatalf("the dry run made %d, the import %+v: %v", dry.Created, result, err)
		}
	})
}
