package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

// seen is what a test looks for in a drawing.
type seen struct {
	titles, descriptions, texts []string
	fills                       map[string]int // marks by colour
}

// inspect reads a drawing and fails where it holds anything but harmless marks inside it.
func inspect(t testing.TB, drawing []byte, size Size) seen {
	t.Helper()
	result := seen{fills: map[string]int{}}
	decoder := xml.NewDecoder(bytes.NewReader(drawing))
	var open []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("no XML: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			switch name {
			case "svg", "title", "desc", "path", "circle", "text":
			default:
				t.Fatalf("element %q", name)
			}
			if token.Name.Space != svgSpace {
				t.Fatalf("element %q of %q", name, token.Name.Space)
			}
			open = append(open, name)
			for _, a := range token.Attr {
				inspectAttribute(t, a, size)
				if a.Name.Local == "fill" && name == "path" {
					result.fills[a.Value]++
				}
			}
			if name == "text" {
				result.texts = append(result.texts, "")
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			switch text := string(token); open1(open) {
			case "title":
				result.titles = append(result.titles, text)
			case "desc":
				result.descriptions = append(result.descriptions, text)
			case "text":
				result.texts[len(result.texts)-1] += text
			default:
				if strings.TrimSpace(text) != "" {
					t.Fatalf("stray text %q", text)
				}
			}
		default:
			t.Fatalf("%T in the drawing", token)
		}
	}
	return result
}

func open1(open []string) string {
	if len(open) == 0 {
		return ""
	}
	return open[len(open)-1]
}

func inspectAttribute(t testing.TB, a xml.Attr, size Size) {
	t.Helper()
	name := strings.ToLower(a.Name.Local)
	if strings.HasPrefix(name, "on") || name == "href" || name == "src" || name == "style" {
		t.Fatalf("attribute %s=%q", name, a.Value)
	}
	if strings.Contains(a.Value, "url(") || name != "xmlns" && strings.Contains(a.Value, "://") {
		t.Fatalf("attribute %s=%q refers to elsewhere", name, a.Value)
	}
	switch name {
	case "x", "cx", "y", "cy":
		side := float64(size.Width)
		if strings.HasSuffix(name, "y") {
			side = float64(size.Height)
		}
		if v, err := strconv.ParseFloat(a.Value, 64); err != nil || v < -2 || v > side+2 {
			t.Fatalf("%s=%q lies outside of %v", name, a.Value, size)
		}
	case "d":
		for _, part := range strings.FieldsFunc(a.Value, func(r rune) bool { return strings.ContainsRune("MLAQZ ,", r) }) {
			if v, err := strconv.ParseFloat(part, 64); err != nil || math.Abs(v) > float64(max(size.Width, size.Height))+2 {
				t.Fatalf("path %q lies outside of %v", a.Value, size)
			}
		}
	}
}

func draw(t testing.TB, d Data, size Size, theme Theme) seen {
	t.Helper()
	var first, second bytes.Buffer
	if err := Draw(&first, d, size, theme); err != nil {
		t.Fatal(err)
	}
	if err := Draw(&second, d, size, theme); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Fatal("two drawings of the same differ")
	}
	return inspect(t, first.Bytes(), size)
}

var usual = Size{800, 400}

func sales() Data {
	return Data{
		Kind: Bar, Title: "Sales", Unit: "EUR", Categories: []string{"Jan", "Feb", "Mar"},
		Series: []Series{{"Berlin", []string{"1200.50", "-3", ""}}, {"Zürich", []string{"7", "0.5", "12"}}},
	}
}

func hasText(s seen, text string) bool {
	for _, have := range s.texts {
		if have == text {
			return true
		}
	}
	return false
}

func TestMarksAndTexts(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Bar, HorizontalBar, StackedBar} {
		for theme, colors := range palettes {
			d := sales()
			d.Kind = kind
			got := draw(t, d, usual, theme)
			// One key each in the legend, and a bar per value; a gap has none.
			if a, b := got.fills[colors.series[0].String()], got.fills[colors.series[1].String()]; a != 3 || b != 4 {
				t.Errorf("%s, %s: %d and %d marks", kind, theme, a, b)
			}
			for _, text := range []string{"Sales", "EUR", "Jan", "Feb", "Mar", "Berlin", "Zürich", "1,000"} {
				if !hasText(got, text) {
					t.Errorf("%s, %s: no %q among %q", kind, theme, text, got.texts)
				}
			}
			want := "Berlin (EUR): Jan 1,200.50; Feb -3. Zürich (EUR): Jan 7; Feb 0.5; Mar 12."
			if len(got.titles) != 1 || got.titles[0] != "Sales" || len(got.descriptions) != 1 || got.descriptions[0] != want {
				t.Errorf("%s: said %q, %q", kind, got.titles, got.descriptions)
			}
		}
	}
}

func TestLocale(t *testing.T) {
	t.Parallel()
	d := sales()
	d.Locale = language.German
	if got := draw(t, d, usual, Light); !hasText(got, "1.000") || !strings.Contains(got.descriptions[0], "1.200,50") {
		t.Errorf("%q %q", got.texts, got.descriptions)
	}
}

func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	hostile := []string{`<script>alert(1)</script>`, `"/><foreignObject`, `]]><image href="http://x.test/"/>`, "a\x00b\u202ec", "' onload='x", "Ελ العربية 日本語"}
	for _, kind := range Kinds() {
		d := Data{Kind: kind, Title: hostile[0], Unit: hostile[1], Categories: hostile}
		for _, name := range hostile[:2] {
			d.Series = append(d.Series, Series{name, []string{"1", "2", "3", "4", "5", "6"}})
		}
		got := draw(t, d, Size{2000, 900}, Light)
		if got.titles[0] != hostile[0] || !hasText(got, hostile[0]) || !strings.Contains(got.descriptions[0], hostile[1]) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestEdges(t *testing.T) {
	t.Parallel()
	many := Data{Categories: make([]string, 1000), Series: []Series{{Values: make([]string, 1000)}}}
	for i := range many.Categories {
		many.Categories[i] = strings.Repeat("Category ", 30) + strconv.Itoa(i)
		many.Series[0].Values[i] = strconv.Itoa(i % 37)
	}
	data := map[string]Data{
		"no series": {}, "no categories": {Series: []Series{{Name: "x"}}},
		"gaps alone": {Categories: []string{"a"}, Series: []Series{{Values: []string{""}}}},
		"one point":  {Categories: []string{"a"}, Series: []Series{{Values: []string{"0.0034"}}}},
		"nought":     {Categories: []string{"a"}, Series: []Series{{Values: []string{"-0"}}}},
		"vast":       {Categories: []string{"a", "b"}, Series: []Series{{Values: []string{"1e24", "1e-24"}}}},
		"many":       many,
	}
	for name, d := range data {
		for _, kind := range Kinds() {
			for _, size := range []Size{{100, 100}, {100, 4000}, {4000, 100}, usual} {
				d.Kind = kind
				got := draw(t, d, size, Dark)
				if empty := hasText(got, "No data"); size == usual && empty != (strings.HasPrefix(name, "no ") || name == "gaps alone" || name == "nought" && d.round()) {
					t.Errorf("%s, %s: no data: %v", name, kind, empty)
				}
				if name == "many" && size == usual && len(got.texts) > 60 {
					t.Errorf("%s: %d texts", kind, len(got.texts))
				}
			}
		}
	}
}

func TestPieTakesTheSmallTogether(t *testing.T) {
	t.Parallel()
	d := Data{Kind: Donut, Series: []Series{{Name: "x"}}}
	for i := range 14 {
		d.Categories = append(d.Categories, "c"+strconv.Itoa(i))
		d.Series[0].Values = append(d.Series[0].Values, strconv.Itoa(i+1))
	}
	got := draw(t, d, usual, Light)
	if !hasText(got, "Other") || hasText(got, "c3") || !hasText(got, "c4") || !hasText(got, "105") || !hasText(got, "13.3%") {
		t.Errorf("%q", got.texts)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	with := func(change func(*Data)) Data {
		d := sales()
		change(&d)
		return d
	}
	value := func(text string) Data { return with(func(d *Data) { d.Series[0].Values[0] = text }) }
	cases := []struct {
		name  string
		data  Data
		size  Size
		theme Theme
		want  error
	}{
		{"kind", with(func(d *Data) { d.Kind = "radar" }), usual, Light, ErrKind},
		{"theme", sales(), usual, "pink", ErrTheme},
		{"small", sales(), Size{99, 400}, Light, ErrSize},
		{"large", sales(), Size{400, 4001}, Light, ErrSize},
		{"ragged", with(func(d *Data) { d.Categories = d.Categories[1:] }), usual, Light, ErrShape},
		{"series", with(func(d *Data) { d.Series = make([]Series, MaxSeries+1) }), usual, Light, ErrTooMuch},
		{"categories", with(func(d *Data) { d.Categories = make([]string, MaxCategories+1) }), usual, Light, ErrTooMuch},
		{"negative share", with(func(d *Data) { d.Kind = Pie }), usual, Light, ErrNegative},
		{"NaN", value("NaN"), usual, Light, ErrValue},
		{"Inf", value("-Inf"), usual, Light, ErrValue},
		{"hexadecimal", value("0x1p4"), usual, Light, ErrValue},
		{"overflow", value("1e400"), usual, Light, ErrValue},
		{"beyond", value("1e25"), usual, Light, ErrValue},
		{"words", value("12 EUR"), usual, Light, ErrValue},
	}
	for _, c := range cases {
		var out bytes.Buffer
		if err := Draw(&out, c.data, c.size, c.theme); !errors.Is(err, c.want) || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", c.name, err, out.Len())
		}
	}
	if err := sales().Check(); err != nil {
		t.Error(err)
	}
}

func TestUnknownElementsDoNotPass(t *testing.T) {
	t.Parallel()
	for _, inner := range []string{`<script/>`, `<path onclick="x"/>`, `<x:path/>`, `<!-- x -->`, `<text href="x"/>`, `<path`} {
		if err := dress(&bytes.Buffer{}, []byte("<svg>"+inner+"</svg>"), usual, "", ""); err == nil {
			t.Errorf("%s passes", inner)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("Jan", "1", "-2", uint16(800), uint16(400), uint8(0))
	f.Add("<b>", "", "1e24", uint16(100), uint16(4000), uint8(5))
	f.Add("日本語", "0.1", "1e-24", uint16(101), uint16(120), uint8(3))
	f.Fuzz(func(t *testing.T, name, a, b string, width, height uint16, kind uint8) {
		size := Size{100 + int(width)%3901, 100 + int(height)%3901}
		d := Data{
			Kind: Kinds()[int(kind)%len(Kinds())], Title: name, Unit: name, Categories: []string{name, "x", name},
			Series: []Series{{name, []string{a, b, ""}}, {"y", []string{b, a, a}}},
		}
		if d.Check() == nil {
			draw(t, d, size, Light)
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	d := Data{Kind: Bar, Title: "Sales", Series: []Series{{Name: "x"}, {Name: "y"}}}
	for i := range 24 {
		d.Categories = append(d.Categories, "Month "+strconv.Itoa(i))
		for j := range d.Series {
			d.Series[j].Values = append(d.Series[j].Values, strconv.Itoa(i*j+7))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Draw(io.Discard, d, usual, Light); err != nil {
			b.Fatal(err)
		}
	}
}
