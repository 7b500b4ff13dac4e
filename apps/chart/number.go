package chart

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	xnumber "golang.org/x/text/number"
)

// numbers writes numbers in the form of a language.
type numbers struct {
	printer *message.Printer
	point   string // between whole and fraction
}

func newNumbers(locale language.Tag) numbers {
	if locale == language.Und {
		locale = language.English
	}
	n := numbers{printer: message.NewPrinter(locale)}
	// "0.5" in that language, less its digits, leaves the point.
	half := []rune(n.printer.Sprint(xnumber.Decimal(0.5)))
	if len(half) == 3 {
		n.point = string(half[1])
	} else {
		n.point = "."
	}
	return n
}

// float writes a number with at most so many digits behind the point.
func (n numbers) float(value float64, digits int) string {
	if value == 0 {
		value = 0 // no "-0"
	}
	if size := math.Abs(value); size >= 1e15 || size > 0 && size < 1e-9 {
		return strconv.FormatFloat(value, 'g', 4, 64)
	}
	text := n.printer.Sprint(xnumber.Decimal(value, xnumber.MaxFractionDigits(digits)))
	if strings.Trim(text, "-\u2212\u200e\u200f0"+n.point) == "" {
		return n.printer.Sprint(xnumber.Decimal(0)) // rounded to nothing: "-0" again
	}
	return text
}

// share writes a part of a whole as per cent.
func (n numbers) share(part float64) string {
	return n.printer.Sprint(xnumber.Percent(part, xnumber.MaxFractionDigits(1)))
}

// exact writes a decimal text without loss: what a float cannot hold stays as it came.
func (n numbers) exact(text string, value float64) string {
	whole, fraction, _ := strings.Cut(strings.TrimLeft(text, "+-"), ".")
	if len(whole)+len(fraction) > 15 || strings.ContainsAny(text, "eE") {
		return text
	}
	return n.printer.Sprint(xnumber.Decimal(value, xnumber.MinFractionDigits(len(fraction)), xnumber.MaxFractionDigits(len(fraction))))
}

// digitsFor is how many digits behind the point tell the marks of an axis apart.
func digitsFor(least, most float64) int {
	span := math.Max(most, 0) - math.Min(least, 0)
	if span <= 0 || span >= 100 {
		return 0
	}
	return min(12, max(0, 2-int(math.Floor(math.Log10(span)))))
}
