package apps_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veranda-go/veranda/apps"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/tenancy"
	"github.com/veranda-go/veranda/verandatest"
	"github.com/veranda-go/veranda/verandatest/world"
)

// BenchmarkImport compares importing a file of twelve columns in the background, checked and written, with the engine's own
// bulk load of the same rows, Service.Bulk 500 at a time, in the same database and the same run: a RATIO of the times, and by
// how much the process grew at most. VERANDA_BENCH_RECORDS is how many rows there are; 20,000 where it is not set.
func BenchmarkImport(b *testing.B) {
	rows := 20_000
	if text := os.Getenv("VERANDA_BENCH_RECORDS"); text != "" {
		var err error
		if rows, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	for _, engine := range []verandatest.Engine{verandatest.SQLite, verandatest.Postgres} {
		b.Run(string(engine), func(b *testing.B) { benchImport(b, engine, rows) })
	}
}

// folder keeps files in a folder.
type folder string

func (f folder) path(key string) string {
	return filepath.Join(string(f), strings.ReplaceAll(key, "/", "_"))
}

func (f folder) Write(_ context.Context, key string, r io.Reader) error {
	file, err := os.Create(f.path(key))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(file, r)
	return err
}

func (f folder) Read(_ context.Context, key string) (io.ReadCloser, error) {
	return os.Open(f.path(key))
}
func (f folder) Delete(_ context.Context, key string) error { return os.Remove(f.path(key)) }

var importTitles = []string{"Name", "Article", "Price", "State", "Due", "At", "Weight", "Stars", "Done", "City", "Mail", "Note"}

func importCells(n int) []string {
	return []string{
		fmt.Sprintf("Item %d", n*7919%1000003), fmt.Sprintf("A%d", n), fmt.Sprintf("%d.%02d", n%10000, n%100), []string{"New", "Open", "Sold"}[n%3],
		time.Unix(0, 0).AddDate(50, 0, n%2500).Format(time.DateOnly), fmt.Sprintf("2025-01-02T22:00:%02dZ", n%60), strconv.Itoa(n * 13 % 5000), strconv.Itoa(n%5 + 1),
		[]string{"true", "false"}[n%2], fmt.Sprintf("City %d", n%300), fmt.Sprintf("p%d@example.org", n), fmt.Sprintf("A note that says something of item %d, and a little more", n),
	}
}

func importApp(b *testing.B, f *fixture) *apps.App {
	return f.app(b, apps.FieldInput{Name: "Name", Kind: field.Text}, apps.FieldInput{Name: "Article", Kind: field.Text, Rules: field.Rules{Unique: true}},
		apps.FieldInput{Name: "Price", Kind: field.Currency, Options: field.Options{Currency: "EUR"}},
		apps.FieldInput{Name: "State", Kind: field.Select, Options: field.Options{Choices: []field.Choice{{Name: "New"}, {Name: "Open"}, {Name: "Sold"}}}},
		apps.FieldInput{Name: "Due", Kind: field.Date}, apps.FieldInput{Name: "At", Kind: field.DateTime}, apps.FieldInput{Name: "Weight", Kind: field.Number},
		apps.FieldInput{Name: "Stars", Kind: field.Rating}, apps.FieldInput{Name: "Done", Kind: field.Checkbox}, apps.FieldInput{Name: "City", Kind: field.Text},
		apps.FieldInput{Name: "Mail", Kind: field.Email}, apps.FieldInput{Name: "Note", Kind: field.LongText})
}

func benchImport(b *testing.B, engine verandatest.Engine, rows int) {
	ctx := context.Background()
	e := verandatest.New(b, engine, modules())
	f := &fixture{Env: e, World: world.New(b, e)}
	authz, err := tenancy.NewAuthorizer(ctx, e.DB, modules()...)
	if err != nil {
		b.Fatal(err)
	}
	files := folder(b.TempDir())
	if f.apps, err = apps.New(apps.Deps{DB: e.DB, Authz: authz, Blobs: files}); err != nil {
		b.Fatal(err)
	}
	source := filepath.Join(b.TempDir(), "rows.csv")
	writeRows(b, source, rows)

	bulk := importApp(b, f)
	began := time.Now()
	for from := 0; from < rows; from += apps.MaxBulk {
		in := apps.BulkInput{Org: bulk.Org, App: bulk.ID}
		for n := from; n < min(from+apps.MaxBulk, rows); n++ {
			c := importCells(n)
			in.Rows = append(in.Rows, apps.BulkRow{Do: apps.Create, Values: apps.Values{
				"name": quoted(c[0]), "article": quoted(c[1]), "price": quoted(c[2]), "state": quoted("o" + strconv.Itoa(n%3+1)), "due": quoted(c[4]), "at": quoted(c[5]),
				"weight": []byte(c[6]), "stars": []byte(c[7]), "done": []byte(c[8]), "city": quoted(c[9]), "mail": quoted(c[10]), "note": quoted(c[11]),
			}})
		}
		if _, err := f.apps.Bulk(ctx, f.Owner.Actor, in); err != nil {
			b.Fatal(explain(err))
		}
	}
	base := time.Since(began)

	a := importApp(b, f)
	file, err := os.Open(source)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	peak := watchMemory()
	began = time.Now()
	i, err := f.apps.StartImport(ctx, f.Owner.Actor, apps.StartImportInput{Org: a.Org, App: a.ID}, file)
	if err != nil {
		b.Fatal(explain(err))
	}
	if _, err := e.DB.Drain(ctx); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	before, most := peak()
	if i, err = f.apps.ImportOf(ctx, f.Owner.Actor, apps.ImportNamed{Org: a.Org, App: a.ID, Import: i.ID}); err != nil || i.Created != int64(rows) {
		b.Fatalf("%+v %v", i, err)
	}
	b.ReportMetric(took.Seconds()/base.Seconds(), "ratio")
	b.Logf("RATIO import of %d rows, %s: %.2f of the bulk load's time (%.1f s to %.1f s, %.0f rows a second); resident %d MB before, %d MB at most",
		rows, engine, took.Seconds()/base.Seconds(), took.Seconds(), base.Seconds(), float64(rows)/took.Seconds(), before, most)
}

func quoted(text string) []byte { return []byte(strconv.Quote(text)) }

func writeRows(b *testing.B, path string, rows int) {
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, strings.Join(importTitles, ","))
	for n := range rows {
		cells := importCells(n)
		cells[11] = strconv.Quote(cells[11])
		fmt.Fprintln(w, strings.Join(cells, ","))
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}

// watchMemory looks at the process's resident memory until the function that it gives is called, which tells what it was
// before and at most, in megabytes. Linux alone tells; elsewhere both are 0.
func watchMemory() func() (before, most int64) {
	resident := func() int64 {
		text, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			return 0
		}
		var size, pages int64
		if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
			return 0
		}
		return pages * int64(os.Getpagesize()) >> 20
	}
	before := resident()
	var most atomic.Int64
	most.Store(before)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				most.Store(max(most.Load(), resident()))
			}
		}
	}()
	return func() (int64, int64) {
		close(stop)
		<-done
		return before, most.Load()
	}
}
