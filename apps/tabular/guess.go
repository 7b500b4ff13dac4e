package tabular

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// Guessed is what a column probably is.
type Guessed struct {
	Column string `json:"column"`
	// Field is the proposal: a name, a kind and its options.
	Field field.Field `json:"field"`
	// Writing is how its values are written.
	Writing Writing `json:"writing"`
	// Evidence are sentences for people: how many cells fit, and what speaks against.
	Evidence []string `json:"evidence"`
	// Skip proposes to leave the column out: it holds nothing, or what is no text.
	Skip bool `json:"skip,omitempty"`
}

// Writing says how cells are written.
type Writing struct {
	DecimalComma bool   `json:"decimal_comma,omitempty"`
	Layout       string `json:"layout,omitempty" doc:"A date's or moment's layout, spelled with Mon Jan 2 15:04:05 2006."`
	// Nothing are words that stand for an empty cell.
	Nothing []string `json:"nothing,omitempty"`
}

// nothing are words that many programs write where there is no value.
var nothing = []string{"NULL", "null", "N/A", "n/a", "#N/A", "NaN", "nil", "None", "\\N"}

// layouts are the forms of dates that are tried, the unmistakable ones first.
var layouts = []string{
	"2006-01-02", "2006/01/02", "20060102", "02.01.2006", "2.1.2006", "02/01/2006", "01/02/2006", "1/2/2006", "02-01-2006", "01-02-06", "2 Jan 2006", "Jan 2, 2006", "2 January 2006", "January 2, 2006",
}

var momentLayouts = []string{
	"2006-01-02 15:04:05.999", "2006-01-02T15:04:05.999", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04", "02.01.2006 15:04:05", "02.01.2006 15:04", "02/01/2006 15:04:05", "01/02/2006 15:04:05", "1/2/2006 15:04", "1/2/06 15:04",
}

// Guess proposes a field for each column, by a sample of rows.
func Guess(columns []string, sample [][]string) []Guessed {
	guesses := make([]Guessed, len(columns))
	for i, name := range columns {
		var cells []string
		for _, row := range sample {
			if i < len(row) {
				cells = append(cells, strings.TrimSpace(row[i]))
			}
		}
		guesses[i] = guessColumn(name, cells)
	}
	return guesses
}

func guessColumn(name string, all []string) Guessed {
	g := Guessed{Column: name, Field: field.Field{Name: name, Kind: field.Text}}
	var cells []string
	empty := 0
	for _, cell := range all {
		switch {
		case cell == "":
			empty++
		case slices.Contains(nothing, cell):
			if !slices.Contains(g.Writing.Nothing, cell) {
				g.Writing.Nothing = append(g.Writing.Nothing, cell)
			}
			empty++
		default:
			cells = append(cells, cell)
		}
	}
	if len(g.Writing.Nothing) > 0 {
		g.say("%s stands for an empty cell.", strings.Join(g.Writing.Nothing, ", "))
	}
	if len(cells) == 0 {
		g.Skip = true
		g.say("All %d cells looked at are empty.", len(all))
		return g
	}
	if hexadecimal(cells) {
		g.Skip = true
		g.say("The cells are hexadecimal: pictures or files, not texts.")
		return g
	}
	for _, try := range []func(*Guessed, []string) bool{
		asCheckbox, asNumber, asPercent, asMoney, asDate, asMoment, asKind(field.Email, "are mail addresses"), asLink, asPhone, asChoice, asLong,
	} {
		if try(&g, cells) {
			return g
		}
	}
	g.say("All %d filled cells are texts of one line.", len(cells))
	return g
}

func (g *Guessed) say(format string, args ...any) {
	g.Evidence = append(g.Evidence, fmt.Sprintf(format, args...))
}

// fits tells whether all cells are values of a field.
func fits(f field.Field, w field.Writing, cells []string) (ok bool, but string) {
	f.Key, f.Slot = "a", "f1"
	set, err := field.NewSet([]field.Field{f})
	if err != nil {
		return false, ""
	}
	for _, cell := range cells {
		if _, err := set.ParseText("a", cell, w); err != nil {
			return false, cell
		}
	}
	return true, ""
}

// WritingOf finds out how the cells of a column are written that hold values of a field: in the way that most of them can be
// read in.
func WritingOf(f field.Field, sample []string) (w Writing) {
	var cells []string
	for _, cell := range sample {
		cell = strings.TrimSpace(cell)
		switch {
		case cell == "":
		case slices.Contains(nothing, cell):
			if !slices.Contains(w.Nothing, cell) {
				w.Nothing = append(w.Nothing, cell)
			}
		default:
			cells = append(cells, cell)
		}
	}
	plain := field.Field{Name: "x", Kind: f.Kind, Options: f.Options}
	var ways []Writing
	switch f.Kind {
	case field.Number, field.Currency, field.Percent:
		ways = []Writing{{}, {DecimalComma: true}}
	case field.Date, field.DateTime:
		ways = []Writing{{}}
		for _, layout := range slices.Concat(layouts, momentLayouts) {
			ways = append(ways, Writing{Layout: layout})
		}
	default:
		return w
	}
	w.Nothing = nothing // none of them is a number or a date
	fewest := len(cells) + 1
	for _, way := range ways {
		if bad := misfits(plain, way, cells, fewest); bad < fewest {
			fewest, w.DecimalComma, w.Layout = bad, way.DecimalComma, way.Layout
		}
	}
	return w
}

// misfits counts the cells that are no values of a field when they are written so, up to a limit.
func misfits(f field.Field, w Writing, cells []string, most int) (bad int) {
	f.Key, f.Slot = "a", "f1"
	set, err := field.NewSet([]field.Field{f})
	if err != nil {
		return most
	}
	for _, cell := range cells {
		if _, err := set.ParseText("a", cell, field.Writing{DecimalComma: w.DecimalComma, Layout: w.Layout}); err != nil {
			if bad++; bad == most {
				break
			}
		}
	}
	return bad
}

func hexadecimal(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool {
		return len(cell) < 60 || !strings.HasPrefix(cell, "0x") || strings.Trim(cell[2:], "0123456789abcdefABCDEF") != ""
	})
}

func asCheckbox(g *Guessed, cells []string) bool {
	words := map[string]bool{}
	for _, cell := range cells {
		words[strings.ToLower(cell)] = true
	}
	if len(words) > 2 || words["0"] || words["1"] || len(words) == 1 && len(cells) < 3 {
		return false
	}
	f := field.Field{Name: "x", Kind: field.Checkbox}
	if ok, _ := fits(f, field.Writing{}, cells); !ok {
		return false
	}
	g.Field.Kind = field.Checkbox
	g.say("All %d filled cells are words for yes and no.", len(cells))
	return true
}

// figures tells whether cells are written with digits, and nothing that would be lost in a number: a zero before other
// digits is part of a code.
func figures(cells []string) bool {
	for _, cell := range cells {
		digits := strings.TrimLeft(cell, "-+( ")
		if digits == "" || digits[0] < '0' || digits[0] > '9' {
			return false
		}
		if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
			return false
		}
		if strings.ContainsFunc(cell, unicode.IsLetter) {
			return false
		}
	}
	return true
}

// decimals is how many decimals cells have at most, written with a point or a comma; ok tells that they are numbers so.
func decimals(cells []string, comma bool) (most int, ok bool) {
	point := "."
	if comma {
		point = ","
	}
	for _, cell := range cells {
		_, fraction, _ := strings.Cut(cell, point)
		most = max(most, len(strings.TrimRight(strings.TrimRight(fraction, "% )€$£¥"), " ")))
	}
	if most > field.MaxDecimals {
		return most, false
	}
	ok, _ = fits(field.Field{Name: "x", Kind: field.Number, Options: field.Options{Decimals: most}}, field.Writing{DecimalComma: comma}, cells)
	return most, ok
}

func (g *Guessed) number(kind field.Kind, cells []string) bool {
	for _, comma := range []bool{false, true} {
		most, ok := decimals(cells, comma)
		if !ok {
			continue
		}
		g.Field.Kind, g.Field.Decimals, g.Writing.DecimalComma = kind, most, comma
		g.say("All %d filled cells are numbers with at most %d decimals.", len(cells), most)
		if comma {
			g.say("Decimals are written with a comma.")
		} else if other, also := decimals(cells, true); also && other != most {
			g.say("They could be written with a comma for decimals too; a point is likelier.")
		}
		return true
	}
	return false
}

func asNumber(g *Guessed, cells []string) bool {
	return figures(cells) && !slices.ContainsFunc(cells, func(c string) bool {
		return strings.ContainsAny(c, "%€$£¥/:") || strings.Count(c, "-") > 1 || strings.Count(c, ".") > 1 && !strings.Contains(c, ",")
	}) && g.number(field.Number, cells)
}

func asPercent(g *Guessed, cells []string) bool {
	return figures(cells) && !slices.ContainsFunc(cells, func(c string) bool { return !strings.HasSuffix(c, "%") }) && g.number(field.Percent, cells)
}

// signs are the currencies of signs that stand for one.
var signs = map[string]string{"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₽": "RUB", "₺": "TRY"}

func asMoney(g *Guessed, cells []string) bool {
	unit, bare := "", make([]string, len(cells))
	for i, cell := range cells {
		for sign, code := range signs {
			if strings.HasPrefix(strings.TrimLeft(cell, "-( "), sign) || strings.HasSuffix(strings.TrimRight(cell, ") "), sign) {
				if unit != "" && unit != code {
					return false
				}
				unit = code
				bare[i] = strings.TrimSpace(strings.ReplaceAll(cell, sign, ""))
			}
		}
		if bare[i] == "" {
			return false
		}
	}
	if !figures(bare) || !g.number(field.Currency, bare) {
		return false
	}
	g.Field.Currency, g.Field.Decimals = unit, max(g.Field.Decimals, 2)
	g.say("They bear the sign of %s.", unit)
	return true
}

func asDate(g *Guessed, cells []string) bool { return g.date(field.Date, layouts, cells) }

func asMoment(g *Guessed, cells []string) bool {
	if ok, _ := fits(field.Field{Name: "x", Kind: field.Date}, field.Writing{}, cells); ok {
		g.Field.Kind = field.Date
		g.say("All %d filled cells are midnights: days, written with a time.", len(cells))
		return true
	}
	return g.date(field.DateTime, momentLayouts, cells)
}

func (g *Guessed) date(kind field.Kind, among []string, cells []string) bool {
	var found []string
	for _, layout := range among {
		if ok, _ := fits(field.Field{Name: "x", Kind: kind}, field.Writing{Layout: layout}, cells); ok {
			found = append(found, layout)
		}
	}
	// Without a layout what ISO 8601 says is read.
	if plain, _ := fits(field.Field{Name: "x", Kind: kind}, field.Writing{}, cells); plain {
		found = []string{""}
	}
	if len(found) == 0 || kind == field.Date && found[0] == "20060102" && len(cells) < 3 {
		return false
	}
	g.Field.Kind, g.Writing.Layout = kind, found[0]
	if found[0] == "" {
		g.say("All %d filled cells are dates as ISO 8601 has them.", len(cells))
	} else {
		g.say("All %d filled cells are dates like %s.", len(cells), found[0])
	}
	if len(found) > 1 && strings.HasPrefix(found[0], "02/01") {
		g.say("Day and month could be the other way round: no cell has a day after the 12th.")
	}
	return true
}

func asKind(kind field.Kind, what string) func(*Guessed, []string) bool {
	return func(g *Guessed, cells []string) bool {
		if ok, _ := fits(field.Field{Name: "x", Kind: kind}, field.Writing{}, cells); !ok {
			return false
		}
		g.Field.Kind = kind
		g.say("All %d filled cells %s.", len(cells), what)
		return true
	}
}

func asLink(g *Guessed, cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return !strings.Contains(c, "://") }) && asKind(field.Link, "are addresses of the web")(g, cells)
}

func asPhone(g *Guessed, cells []string) bool {
	name := strings.ToLower(g.Column)
	named := slices.ContainsFunc([]string{"phone", "fax", "mobile", "tel", "telefon", "телефон"}, func(word string) bool { return strings.Contains(name, word) })
	international := !slices.ContainsFunc(cells, func(c string) bool { return !strings.HasPrefix(c, "+") })
	return (named || international) && asKind(field.Phone, "are phone numbers")(g, cells)
}

// asChoice takes few texts that come again and again for choices.
func asChoice(g *Guessed, cells []string) bool {
	const most = 20
	seen := map[string]bool{}
	for _, cell := range cells {
		if len([]rune(cell)) > 50 || strings.ContainsRune(cell, '\n') {
			g.Field.Choices = nil
			return false
		}
		if !seen[field.Fold(cell)] {
			g.Field.Choices = append(g.Field.Choices, field.Choice{Name: cell})
		}
		if seen[field.Fold(cell)] = true; len(seen) > most {
			break
		}
	}
	if len(seen) > most || len(cells) < 10 || len(seen)*4 > len(cells) || len(seen) < 2 {
		g.Field.Choices = nil
		return false
	}
	var c veranda.Checks
	f := g.Field.Clone()
	f.Kind = field.Select
	if f.Check(&c, ""); c.Err() != nil {
		g.Field.Choices = nil
		return false
	}
	g.Field = f
	g.say("The %d filled cells have only %d different texts.", len(cells), len(seen))
	return true
}

func asLong(g *Guessed, cells []string) bool {
	longest, lines := 0, false
	for _, cell := range cells {
		longest = max(longest, len([]rune(cell)))
		lines = lines || strings.ContainsRune(cell, '\n')
	}
	if longest <= 200 && !lines {
		return false
	}
	g.Field.Kind = field.LongText
	g.say("The longest of the %d filled cells has %d characters.", len(cells), longest)
	return true
}
