package chart

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"

	"golang.org/x/text/language"
)

// Kind is a form of drawing.
type Kind string

// The forms of drawing.
const (
	Bar           Kind = "bar"            // upright bars, one beside the other per category
	HorizontalBar Kind = "horizontal_bar" // lying bars; room for long names
	StackedBar    Kind = "stacked_bar"    // the series of a category on top of each other
	Line          Kind = "line"
	Area          Kind = "area"  // lines with the space beneath tinted; as Line where values are missing or below nought
	Pie           Kind = "pie"   // the shares of the first series' values
	Donut         Kind = "donut" // a pie with a hole that shows the sum
)

// Kinds are all forms of drawing.
func Kinds() []Kind {
	return []Kind{Bar, HorizontalBar, StackedBar, Line, Area, Pie, Donut}
}

// Theme is a set of colours.
type Theme string

// The themes.
const (
	Light Theme = "light"
	Dark  Theme = "dark"
)

// What a drawing may hold. Beyond it nobody can tell the marks apart.
const (
	MinSide       = 100   // pixels
	MaxSide       = 4000  // pixels
	MaxCategories = 2000  // points along an axis
	MaxSeries     = 10    // as many as there are colours
	maxMagnitude  = 1e24  // of a value; far beyond the sums of 64-bit columns
	maxDigits     = 64    // characters of a value
	maxNameLength = 4_000 // bytes of a name that are looked at
)

// Why data cannot be drawn. Errors of Draw and Data.Check wrap one of them.
var (
	ErrKind     = errors.New("chart: no such kind of drawing")
	ErrTheme    = errors.New("chart: no such theme")
	ErrSize     = errors.New("chart: a side is not of 100 to 4000 pixels")
	ErrTooMuch  = errors.New("chart: too many series or categories")
	ErrShape    = errors.New("chart: a series does not have one value per category")
	ErrValue    = errors.New("chart: a value is not a decimal number")
	ErrNegative = errors.New("chart: a pie has no shares below nought")
)

// Size is that of a drawing in pixels. As a vector image it can be scaled afterwards;
// the size decides how much text fits.
type Size struct {
	Width, Height int
}

// Series is a row of values, one for each category.
type Series struct {
	Name string
	// Values are decimals as texts ("1200.50", "-3", "1e6"), so that what is exact stays
	// exact in the description. The empty text is a gap: there is no value, which is
	// not nought.
	Values []string
}

// Data is what a drawing shows.
type Data struct {
	Kind  Kind
	Title string // shown, and the accessible name
	// Unit of the values, shown at their axis: "EUR", "kg", "%".
	Unit       string
	Categories []string
	Series     []Series // a Pie or Donut shows the first only
	// Locale decides the form of numbers: 1,234.5 or 1.234,5. The zero value means English.
	Locale language.Tag
	Words  Words
}

// Words are what a drawing says by itself. Empty ones are said in English.
type Words struct {
	NoData string // "No data"
	Other  string // "Other": the small shares of a pie taken together
	Empty  string // "(empty)": a category or series without a name
}

func (w Words) orEnglish() Words {
	if w.NoData == "" {
		w.NoData = "No data"
	}
	if w.Other == "" {
		w.Other = "Other"
	}
	if w.Empty == "" {
		w.Empty = "(empty)"
	}
	return w
}

// Check tells whether the data can be drawn. Its errors wrap ErrKind, ErrTooMuch,
// ErrShape, ErrValue or ErrNegative and name the place. Data without series,
// categories or values can be drawn: the drawing says that there is none.
func (d Data) Check() error {
	_, err := d.parse()
	return err
}

// decimal is stricter than strconv.ParseFloat, which takes "NaN", "Inf", "0x1p-2" and "1_000".
var decimal = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?$`)

// parse gives the values as numbers, gaps as NaN. Floats are good enough for pixels.
func (d Data) parse() ([][]float64, error) {
	switch {
	case !slices.Contains(Kinds(), d.Kind):
		return nil, fmt.Errorf("%w: %q", ErrKind, d.Kind)
	case len(d.Categories) > MaxCategories:
		return nil, fmt.Errorf("%w: %d categories, at most %d", ErrTooMuch, len(d.Categories), MaxCategories)
	case len(d.Series) > MaxSeries:
		return nil, fmt.Errorf("%w: %d series, at most %d", ErrTooMuch, len(d.Series), MaxSeries)
	}
	all := make([][]float64, len(d.Series))
	for i, s := range d.Series {
		if len(s.Values) != len(d.Categories) {
			return nil, fmt.Errorf("%w: series %d has %d values for %d categories", ErrShape, i, len(s.Values), len(d.Categories))
		}
		all[i] = make([]float64, len(s.Values))
		for j, text := range s.Values {
			value, err := number(text)
			if err != nil {
				return nil, fmt.Errorf("series %d, value %d: %w", i, j, err)
			}
			if value < 0 && i == 0 && d.round() {
				return nil, fmt.Errorf("series %d, value %d: %w", i, j, ErrNegative)
			}
			all[i][j] = value
		}
	}
	return all, nil
}

func (d Data) round() bool { return d.Kind == Pie || d.Kind == Donut }

func number(text string) (float64, error) {
	if text == "" {
		return math.NaN(), nil
	}
	if len(text) > maxDigits || !decimal.MatchString(text) {
		return 0, fmt.Errorf("%w: %.*q", ErrValue, maxDigits, text)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(value) > maxMagnitude {
		return 0, fmt.Errorf("%w of at most 24 digits: %q", ErrValue, text)
	}
	if math.Abs(value) < 1/maxMagnitude {
		return 0, nil
	}
	return value, nil
}
