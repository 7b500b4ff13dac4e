package apps_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/verandatest"
)

// many is a file of so many rows.
func many(rows int) string {
	var text strings.Builder
	text.WriteString("Name,Article,Price\n")
	for i := range rows {
		fmt.Fprintf(&text, "Thing %d,T-%d,%d.25\n", i, i, i)
	}
	return text.String()
}

func (f *fixture) start(t testing.TB, by veranda.Actor, a *apps.App, text string, o apps.ImportOptions, dry bool) *apps.Import {
	t.Helper()
	i, err := f.apps.StartImport(context.Background(), by, apps.StartImportInput{Org: a.Org, App: a.ID, DryRun: dry, ImportOptions: o}, strings.NewReader(text))
	if err != nil {
		t.Fatalf("start: %v", explain(err))
	}
	if i.State != apps.ImportWaiting || i.Bytes != int64(len(text)) || len(i.Columns) == 0 {
		t.Errorf("started: %+v", i)
	}
	return i
}

func (f *fixture) read(t testing.TB, by veranda.Actor, i *apps.Import) *apps.Import {
	t.Helper()
	i, err := f.apps.ImportOf(context.Background(), by, apps.ImportNamed{Org: i.Org, App: i.App, Import: i.ID})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func (f *fixture) work(t testing.TB) {
	t.Helper()
	if _, err := f.DB.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) size(t testing.TB, a *apps.App) int64 {
	t.Helper()
	s, err := f.apps.Summarize(context.Background(), f.Owner.Actor, apps.SummaryInput{Org: a.Org, App: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for _, g := range s.Groups {
		if err := json.Unmarshal(g.Values[0], &n); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestImportsInTheBackground(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		before := len(f.kinds(t))
		dry := f.start(t, f.Employee.Actor, a, many(1200), apps.ImportOptions{}, true)
		f.work(t)
		if dry = f.read(t, f.Employee.Actor, dry); dry.State != apps.ImportDone || dry.Rows != 1200 || dry.Created != 1200 || f.size(t, a) != 0 {
			t.Errorf("dry run: %+v", dry)
		}
		i := f.start(t, f.Employee.Actor, a, many(1200), apps.ImportOptions{}, false)
		f.work(t)
		i = f.read(t, f.Employee.Actor, i)
		if i.State != apps.ImportDone || i.Created != 1200 || i.Done != 1200 || i.EndedAt == nil || f.size(t, a) != 1200 {
			t.Errorf("imported: %+v, %d records", i, f.size(t, a))
		}
		want := []string{apps.EventImportStarted, apps.EventImportEnded, apps.EventImportStarted, apps.EventRecordsWritten, apps.EventRecordsWritten, apps.EventRecordsWritten, apps.EventImportEnded}
		if diff := cmp.Diff(want, f.kinds(t)[before:]); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		got := f.list(t, f.Owner.Actor, a, apps.QueryInput{Limit: 3}, "name")
		if !cmp.Equal(got, []string{"Thing 0", "Thing 1", "Thing 2"}) {
			t.Errorf("not in the order of the file: %v", got)
		}
		if f.files.count() != 0 {
			t.Error("files are left")
		}
		// One bad row, and nothing is written; or it alone is left out.
		bad := many(700) + "X,T-1,1\n,,y\n"
		i = f.start(t, f.Employee.Actor, a, strings.ReplaceAll(bad, "T-", "U-"), apps.ImportOptions{}, false)
		f.work(t)
		i = f.read(t, f.Employee.Actor, i)
		if diff := cmp.Diff([]string{`702 Article/article duplicate "U-1"`, `703 Price/price number "y"`, `703 Name/name required ""`}, found(i.Findings)); diff != "" || i.State != apps.ImportFailed || i.Reason != "apps.import_findings" || f.size(t, a) != 1200 {
			t.Errorf("%+v (-want +got):\n%s", i, diff)
		}
		i = f.start(t, f.Employee.Actor, a, strings.ReplaceAll(bad, "T-", "U-"), apps.ImportOptions{SkipBad: true}, false)
		f.work(t)
		if i = f.read(t, f.Employee.Actor, i); i.State != apps.ImportDone || i.Created != 700 || i.Failed != 2 || i.FindingsCount != 3 || f.size(t, a) != 1900 {
			t.Errorf("without the bad: %+v", i)
		}
		// Who sees it.
		_, err := f.apps.ImportOf(context.Background(), f.External.Actor, apps.ImportNamed{Org: a.Org, App: a.ID, Import: i.ID})
		refused(t, err, veranda.ErrNotFound)
		f.read(t, f.Owner.Actor, i)
		page, err := f.apps.Imports(context.Background(), f.Employee.Actor, apps.ImportsInput{Org: a.Org, App: a.ID, Page: veranda.Page{Limit: 3}})
		if err != nil || len(page.Items) != 3 || page.Items[0].ID != i.ID || page.Next == "" {
			t.Errorf("%+v %v", page, err)
		}
		page, err = f.apps.Imports(context.Background(), f.Employee.Actor, apps.ImportsInput{Org: a.Org, App: a.ID, Page: veranda.Page{Limit: 3, Cursor: page.Next}})
		if err != nil || len(page.Items) != 1 || page.Items[0].ID != dry.ID || page.Next != "" {
			t.Errorf("%+v %v", page, err)
		}
		if page, err = f.apps.Imports(context.Background(), f.External.Actor, apps.ImportsInput{Org: a.Org, App: a.ID}); err != nil || len(page.Items) != 0 {
			t.Errorf("another's: %+v %v", page, err)
		}
		// What is refused leaves nothing.
		_, err = f.apps.StartImport(context.Background(), f.Employee.Actor, apps.StartImportInput{Org: a.Org, App: a.ID, ImportOptions: apps.ImportOptions{MatchBy: "name"}}, strings.NewReader("Name\nx\n"))
		invalid(t, err, "/match_by unique")
		_, err = f.apps.StartImport(context.Background(), f.Guest.Actor, apps.StartImportInput{Org: a.Org, App: a.ID}, strings.NewReader("Name\nx\n"))
		refused(t, err, veranda.ErrNotFound)
		if f.files.count() != 0 {
			t.Error("files are left")
		}
		// In time it is forgotten.
		f.Clock.Advance(31 * 24 * time.Hour)
		if err := f.apps.PurgeJob().Run(context.Background(), f.DB.Now()); err != nil {
			t.Fatal(err)
		}
		if page, err = f.apps.Imports(context.Background(), f.Owner.Actor, apps.ImportsInput{Org: a.Org, App: a.ID}); err != nil || len(page.Items) != 0 {
			t.Errorf("remembered: %+v %v", page, err)
		}
	})
}

func TestImportsAreCancelled(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		f.add(t, f.Employee.Actor, a, `{"name": "Before"}`)
		cancel := func(i *apps.Import) {
			t.Helper()
			if _, err := f.apps.CancelImport(context.Background(), f.Employee.Actor, apps.ImportNamed{Org: i.Org, App: i.App, Import: i.ID}); err != nil {
				t.Error(err)
			}
		}
		i := f.start(t, f.Employee.Actor, a, many(100), apps.ImportOptions{}, false)
		cancel(i)
		f.work(t)
		if i = f.read(t, f.Employee.Actor, i); i.State != apps.ImportCancelled || i.Withdrawn != 0 || f.size(t, a) != 1 {
			t.Errorf("while it waited: %+v", i)
		}
		// In the middle of writing, which the third reading of the file is.
		i = f.start(t, f.Employee.Actor, a, many(2000), apps.ImportOptions{}, false)
		f.files.nth(2, func() { cancel(i) })
		f.work(t)
		if i = f.read(t, f.Employee.Actor, i); i.State != apps.ImportCancelled || i.Withdrawn == 0 || i.Withdrawn != i.Created || f.size(t, a) != 1 || f.files.count() != 0 {
			t.Errorf("while it wrote: %+v, %d records", i, f.size(t, a))
		}
		cancel(i)
		if again := f.read(t, f.Employee.Actor, i); again.State != apps.ImportCancelled {
			t.Errorf("again: %+v", again)
		}
	})
}

// nth has something done when a file was read half by a later reading, the next one being the first.
func (s *shelf) nth(n int, do func()) {
	readings := 0
	s.reading = func(r io.Reader) io.Reader {
		readings++
		if readings != n {
			return r
		}
		return io.MultiReader(io.LimitReader(r, 20_000), &once{do: do}, r)
	}
}

type once struct{ do func() }

func (o *once) Read([]byte) (int, error) {
	o.do()
	return 0, io.EOF
}

// What is interrupted at any point goes on there, and makes every record once.
func TestImportsGoOn(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t)
		for reading := 1; reading <= 2; reading++ {
			was := f.size(t, a)
			i := f.start(t, f.Employee.Actor, a, strings.ReplaceAll(many(1700), "T-", fmt.Sprint("R", reading, "-")), apps.ImportOptions{}, false)
			f.files.reading = nil
			readings := 0
			f.files.reading = func(r io.Reader) io.Reader {
				if readings++; readings != reading {
					return r
				}
				return io.MultiReader(io.LimitReader(r, 25_000), broken{})
			}
			f.work(t)
			mid := f.read(t, f.Employee.Actor, i)
			if mid.State.Ended() {
				t.Fatalf("not interrupted: %+v", mid)
			}
			f.Clock.Advance(time.Minute)
			f.work(t)
			if i = f.read(t, f.Employee.Actor, i); i.State != apps.ImportDone || i.Created != 1700 || f.size(t, a) != was+1700 {
				t.Errorf("reading %d: %+v, %d records", reading, i, f.size(t, a)-was)
			}
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// scarce allows so many records.
type scarce struct{ left int64 }

func (s *scarce) Allow(_ context.Context, _ *veranda.Tx, _ veranda.OrgID, resource string, n int64) error {
	if resource != "records" {
		return nil
	}
	if s.left -= n; s.left < 0 {
		return veranda.LimitError("records", "No more.")
	}
	return nil
}

// What fails on the way is taken back.
func TestImportsAreTakenBack(t *testing.T) {
	t.Parallel()
	verandatest.Each(t, modules(), func(t *testing.T, e *verandatest.Env) {
		f := newFixture(t, e, &scarce{left: 1200 + 600}) // the check asks for all at once
		a := f.app(t)
		i := f.start(t, f.Employee.Actor, a, many(1200), apps.ImportOptions{}, false)
		f.work(t)
		i = f.read(t, f.Employee.Actor, i)
		if i.State != apps.ImportFailed || i.Reason != "limit.records" || i.Created != 500 || i.Withdrawn != 500 || f.size(t, a) != 0 {
			t.Errorf("%+v, %d records", i, f.size(t, a))
		}
		deleted, err := f.apps.DeletedRecords(context.Background(), f.Owner.Actor, apps.DeletedRecordsInput{Org: a.Org, App: a.ID})
		if err != nil || len(deleted.Items) == 0 {
			t.Errorf("the trash: %v %v", deleted.Items, err)
		}
	})
}

// The file's own records link to each other, in batches too.
func TestImportsLink(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		a := f.app(t, apps.FieldInput{Name: "No", Kind: field.Text, Rules: field.Rules{Unique: true}})
		a = f.addField(t, a, apps.FieldInput{Name: "Next", Kind: field.Relation, Options: field.Options{Target: a.ID.String()}})
		var text strings.Builder
		text.WriteString("No,Next\n")
		for n := range 1100 {
			fmt.Fprintf(&text, "N%d,N%d\n", n, (n+1)%1100)
		}
		i := f.start(t, f.Employee.Actor, a, text.String(), apps.ImportOptions{}, false)
		f.work(t)
		if i = f.read(t, f.Employee.Actor, i); i.State != apps.ImportDone || i.Created != 1100 || i.Updated != 0 {
			t.Errorf("%+v", i)
		}
		if left := f.list(t, f.Owner.Actor, a, apps.QueryInput{Filter: filter(t, `{"field":"next","is":"empty"}`)}, "no"); len(left) != 0 {
			t.Errorf("not linked: %v", left)
		}
	})
}
