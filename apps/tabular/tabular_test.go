package tabular_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/tabular"
)

// read reads all of a file.
func read(t interface {
	Helper()
	Fatal(args ...any)
}, file []byte, o tabular.Options) (columns []string, rows [][]string, about tabular.About) {
	t.Helper()
	s, err := tabular.Open(bytes.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for {
		row, err := s.Next()
		if errors.Is(err, io.EOF) {
			return s.Columns(), rows, s.About()
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, append([]string{}, row...))
	}
}

func TestEncodingsAndDelimiters(t *testing.T) {
	western, err := charmap.Windows1252.NewEncoder().Bytes([]byte("Name;Größe\nMünchen;1,5\n"))
	if err != nil {
		t.Fatal(err)
	}
	cyrillic, err := charmap.Windows1251.NewEncoder().Bytes([]byte("Имя,Город\nАнна,Москва\n"))
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte("Name\tGröße\nMünchen\t1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, file, encoding, delimiter string
		columns, first                  []string
	}{
		{"plain", "a,b\n1,2\n", "utf-8", ",", []string{"a", "b"}, []string{"1", "2"}},
		{"a mark", "\xef\xbb\xbfa|b\r\n\"x\r\ny\"|\"say \"\"no\"\"\"\r\n", "utf-8", "|", []string{"a", "b"}, []string{"x\ny", `say "no"`}},
		{"western", string(western), "windows-1252", ";", []string{"Name", "Größe"}, []string{"München", "1,5"}},
		{"cyrillic", string(cyrillic), "windows-1251", ",", []string{"Имя", "Город"}, []string{"Анна", "Москва"}},
		{"utf-16", string(utf16), "utf-16le", "\t", []string{"Name", "Größe"}, []string{"München", "1"}},
		{"names", "a,,A\n1,2,3\n", "utf-8", ",", []string{"a", "Column 2", "A 2"}, []string{"1", "2", "3"}},
		{"short rows", "a,b,c\n1\n", "utf-8", ",", []string{"a", "b", "c"}, []string{"1", "", ""}},
	} {
		columns, rows, about := read(t, []byte(test.file), tabular.Options{})
		if diff := cmp.Diff(test.columns, columns); diff != "" {
			t.Errorf("%s: columns (-want +got):\n%s", test.name, diff)
		}
		if len(rows) == 0 || cmp.Diff(test.first, rows[0]) != "" {
			t.Errorf("%s: rows %q", test.name, rows)
		}
		if about.Encoding != test.encoding || about.Delimiter != test.delimiter || len(about.Evidence) < 2 {
			t.Errorf("%s: %+v", test.name, about)
		}
	}
}

func TestJSON(t *testing.T) {
	columns, rows, _ := read(t, []byte(`[{"a": "x", "n": 1.50, "l": ["p", "q"]}, {"n": null, "a": true}]`), tabular.Options{})
	if diff := cmp.Diff([]string{"a", "n", "l"}, columns); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"x", "1.50", "p\nq"}, {"true", "", ""}}, rows); diff != "" {
		t.Error(diff)
	}
	_, rows, about := read(t, []byte("{\"a\": 1}\n{\"a\": 2}\n"), tabular.Options{})
	if len(rows) != 2 || about.Format != tabular.Lines {
		t.Errorf("%v %+v", rows, about)
	}
}

func TestBadFiles(t *testing.T) {
	for name, test := range map[string]struct{ file, rule string }{
		"empty":            {" \n", "empty"},
		"mixed encodings":  {"a,b\n" + strings.Repeat("ä,b\n", 30_000) + "\xe4,b\n", "encoding"},
		"too many cells":   {"a,b\n1,2,3\n", "columns"},
		"no archive":       {"PK\x03\x04nonsense", "malformed"},
		"nested":           {`[{"a": {"b": 1}}]`, "nested"},
		"another member":   {`[{"a": 1}, {"b": 1}]`, "columns"},
		"no object":        {`[1]`, "malformed"},
		"cut off":          {`[{"a": 1}, {"a"`, "malformed"},
		"an endless quote": {"a,b\n\"" + strings.Repeat("x,\n", 4<<20), "too_long"},
	} {
		s, err := tabular.Open(strings.NewReader(test.file), tabular.Options{})
		for err == nil {
			_, err = s.Next()
		}
		var known *tabular.Error
		if !errors.As(err, &known) || known.Rule != test.rule {
			t.Errorf("%s: want %s, got %v", name, test.rule, err)
		}
		if s != nil {
			_ = s.Close()
		}
	}
}

func TestGuess(t *testing.T) {
	sample := func(cells ...string) [][]string {
		var rows [][]string
		for _, cell := range cells {
			rows = append(rows, []string{cell})
		}
		return rows
	}
	many := make([]string, 40)
	for i := range many {
		many[i] = []string{"New", "Sold", "Lost"}[i%3]
	}
	for _, test := range []struct {
		name  string
		cells []string
		kind  field.Kind
		check func(g tabular.Guessed) bool
	}{
		{"n", []string{"1", "20", "NULL", "3"}, field.Number, func(g tabular.Guessed) bool { return g.Field.Decimals == 0 && g.Writing.Nothing[0] == "NULL" }},
		{"n", []string{"1.50", "1,200.25", "-3"}, field.Number, func(g tabular.Guessed) bool { return g.Field.Decimals == 2 && !g.Writing.DecimalComma }},
		{"n", []string{"1,5", "1.200,25"}, field.Number, func(g tabular.Guessed) bool { return g.Field.Decimals == 2 && g.Writing.DecimalComma }},
		{"zip", []string{"05021", "12209"}, field.Text, nil},
		{"n", []string{"12 %", "7.5%"}, field.Percent, func(g tabular.Guessed) bool { return g.Field.Decimals == 1 }},
		{"n", []string{"€ 12.50", "€3"}, field.Currency, func(g tabular.Guessed) bool { return g.Field.Currency == "EUR" && g.Field.Decimals == 2 }},
		{"d", []string{"2024-02-29", ""}, field.Date, nil},
		{"d", []string{"1996-07-04 00:00:00.000", "NULL"}, field.Date, nil},
		{"d", []string{"31.12.2024", "01.02.2024"}, field.Date, func(g tabular.Guessed) bool { return g.Writing.Layout == "02.01.2006" }},
		{"d", []string{"12/31/2024", "01/02/2024"}, field.Date, func(g tabular.Guessed) bool { return g.Writing.Layout == "01/02/2006" }},
		{"d", []string{"01/02/2024"}, field.Date, func(g tabular.Guessed) bool { return len(g.Evidence) == 2 }},
		{"d", []string{"2024-02-29 10:30:00", "2024-03-01 11:00:00"}, field.DateTime, nil},
		{"c", []string{"yes", "no", "yes"}, field.Checkbox, nil},
		{"m", []string{"ann@works.example"}, field.Email, nil},
		{"w", []string{"https://works.example"}, field.Link, nil},
		{"phone", []string{"(5) 555-4729", "030-0074321"}, field.Phone, nil},
		{"state", many, field.Select, func(g tabular.Guessed) bool { return len(g.Field.Choices) == 3 }},
		{"text", []string{strings.Repeat("long ", 50)}, field.LongText, nil},
		{"text", []string{"a b", "c"}, field.Text, nil},
		{"photo", []string{"0x" + strings.Repeat("00FF", 40)}, field.Text, func(g tabular.Guessed) bool { return g.Skip }},
		{"none", []string{"", "NULL"}, field.Text, func(g tabular.Guessed) bool { return g.Skip }},
	} {
		g := tabular.Guess([]string{test.name}, sample(test.cells...))[0]
		if g.Field.Kind != test.kind || test.check != nil && !test.check(g) || len(g.Evidence) == 0 {
			t.Errorf("%q: %s %+v %+v %q", test.cells, g.Field.Kind, g.Field.Options, g.Writing, g.Evidence)
		}
	}
}

// What is written is read again, in every format; what a spreadsheet would compute is guarded.
func TestWriteAndRead(t *testing.T) {
	columns := []string{"a", "b"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom([]string{"=1+1", "+49", "-x", "@SUM(A1)", "'", "'=1", "a,b", `say "no"`, "x\ny", "Ärger 😀", "1.50", "\t=1"}), rapid.StringN(1, 20, -1))
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return strings.Map(func(r rune) rune { // what no cell of XML can hold, and ends of lines of the old kind
				if r == '\r' || r < 0x20 && r != '\n' && r != '\t' || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
					return 'x'
				}
				return r
			}, text.Draw(t, "text"))
		}), 2, 2), 1, 5).Draw(t, "rows")
		for _, format := range []tabular.Format{tabular.CSV, tabular.XLSX, tabular.JSON, tabular.Lines} {
			var file bytes.Buffer
			w, err := tabular.NewWriter(&file, format, columns)
			if err != nil {
				t.Fatal(err)
			}
			var want [][]string
			for _, row := range rows {
				if err := w.Write([]tabular.Cell{{Text: row[0]}, {Text: row[1]}}); err != nil {
					t.Fatal(err)
				}
				if strings.TrimSpace(row[0]+row[1]) != "" {
					want = append(want, row)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if format == tabular.CSV {
				cells, err := csv.NewReader(bytes.NewReader(file.Bytes())).ReadAll()
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range cells {
					for _, cell := range row {
						if cell != "" && strings.ContainsRune("=+-@\t", rune(cell[0])) {
							t.Fatalf("a spreadsheet would compute %q", cell)
						}
					}
				}
			}
			_, got, _ := read(t, file.Bytes(), tabular.Options{Format: format, Encoding: "utf-8", Delimiter: ','})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", format, diff)
			}
		}
	})
}

func TestNumbersStayExact(t *testing.T) {
	for _, format := range []tabular.Format{tabular.CSV, tabular.XLSX, tabular.JSON} {
		var file bytes.Buffer
		w, err := tabular.NewWriter(&file, format, []string{"n"})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []string{"-12.5", "92233720368547758.07"} {
			if err := w.Write([]tabular.Cell{{Text: n, Kind: tabular.NumberCell}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		_, rows, _ := read(t, file.Bytes(), tabular.Options{})
		if diff := cmp.Diff([][]string{{"-12.5"}, {"92233720368547758.07"}}, rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

// excerpts are like the files of Northwind, for where those do not lie beside the repository.
var excerpts = map[string]string{
	"orders.csv":    "orderID,customerID,orderDate,shippedDate,shipVia,freight\n1,ALFKI,1996-07-04 00:00:00.000,NULL,3,32.38\n2,ANATR,1996-07-05 00:00:00.000,1996-07-16 00:00:00.000,1,11.61\n",
	"employees.csv": "lastName,birthDate,homePhone,photo,notes\nÅberg,1948-12-08 00:00:00.000,(206) 555-9857,0x" + strings.Repeat("15", 40) + ",\"" + strings.Repeat("Long. ", 50) + "\"\n",
	"customers.csv": "companyName,region,country,phone\nToms Spezialitäten,NULL,Germany,030-0074321\n",
	"products.csv":  "productName,unitPrice,discontinued\nChai,18.00,0\nChang,19.00,1\n",
}

// The sample data of Northwind: NULL for nothing, hexadecimal pictures, midnights for days, names that are not ASCII.
func TestNorthwind(t *testing.T) {
	for name, want := range map[string]map[string]field.Kind{
		"orders.csv":    {"orderID": field.Number, "customerID": field.Text, "orderDate": field.Date, "shippedDate": field.Date, "freight": field.Number, "shipVia": field.Number},
		"employees.csv": {"birthDate": field.Date, "homePhone": field.Phone, "notes": field.LongText, "lastName": field.Text},
		"customers.csv": {"companyName": field.Text, "phone": field.Phone, "country": field.Text},
		"products.csv":  {"unitPrice": field.Number, "productName": field.Text},
	} {
		file, err := os.ReadFile(filepath.Join("../../../shared/data/northwind", name))
		if errors.Is(err, fs.ErrNotExist) {
			file, err = []byte(excerpts[name]), nil
		}
		if err != nil {
			t.Fatal(err)
		}
		columns, rows, about := read(t, file, tabular.Options{})
		if about.Encoding != "utf-8" || about.Delimiter != "," {
			t.Errorf("%s: %+v", name, about)
		}
		for _, g := range tabular.Guess(columns, rows) {
			if kind, said := want[g.Column]; said && g.Field.Kind != kind {
				t.Errorf("%s, %s: %s %q", name, g.Column, g.Field.Kind, g.Evidence)
			}
			if g.Column == "photo" && !g.Skip {
				t.Errorf("%s: a picture is taken for a text", name)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("\xff\xfea\x00;\x00b\x00"))
	f.Add([]byte(`[{"a":1}]`))
	f.Add([]byte("{\"a\":[1,2]}\n{}"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := tabular.Open(bytes.NewReader(file), tabular.Options{})
		if err != nil {
			return
		}
		defer func() { _ = s.Close() }()
		var sample [][]string
		for range 100 {
			row, err := s.Next()
			if err != nil {
				break
			}
			if len(row) != len(s.Columns()) {
				t.Fatalf("%d cells of %d columns", len(row), len(s.Columns()))
			}
			sample = append(sample, append([]string{}, row...))
		}
		if guesses := tabular.Guess(s.Columns(), sample); len(guesses) != len(s.Columns()) {
			t.Fatal("a column without a guess")
		}
	})
}

func ExampleOpen() {
	source, err := tabular.Open(strings.NewReader("Name;Price\nChair;49,90\nTable;120\n"), tabular.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var sample [][]string
	for {
		row, err := source.Next()
		if err != nil {
			break
		}
		sample = append(sample, append([]string{}, row...))
	}
	for _, g := range tabular.Guess(source.Columns(), sample) {
		fmt.Println(g.Field.Name, g.Field.Kind, g.Field.Decimals)
	}
	// Output:
	// Name text 0
	// Price number 2
}

// A row of twelve cells.
func BenchmarkCSV(b *testing.B) {
	row := "Alfreds Futterkiste,Maria Anders,12209,1996-07-04,32.38,Germany,Berlin,x@y.example,yes,3,17.5,note\n"
	file := []byte("a,b,c,d,e,f,g,h,i,j,k,l\n" + strings.Repeat(row, 10_000))
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		s, err := tabular.Open(bytes.NewReader(file), tabular.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := s.Next(); err != nil {
				break
			}
			rows++
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
