package chart

import (
	"math"
	"strings"
	"unicode/utf8"
)

// maxDescription bounds the description, in characters: a listener will not sit through
// a thousand numbers, and the table behind the report has them all.
const maxDescription = 2000

// title is the accessible name. A drawing has one even where its maker gave none.
func (s *sheet) title() string {
	if title := plain(s.data.Title); title != "" {
		return title
	}
	return strings.Join(s.seriesNames(), ", ")
}

// description reads the numbers out: "Berlin (EUR): January 1,200.50; February 980."
func (s *sheet) description() string {
	if !s.anything() {
		return plain(s.data.Words.NoData)
	}
	var b strings.Builder
	unit := plain(s.data.Unit)
	for i, series := range s.data.Series {
		if i > 0 && s.data.round() {
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s.name(series.Name))
		if unit != "" {
			b.WriteString(" (" + unit + ")")
		}
		separator := ": "
		for j, text := range series.Values {
			if math.IsNaN(s.values[i][j]) {
				continue
			}
			if b.Len() > maxDescription {
				return shorten(b.String())
			}
			b.WriteString(separator + s.name(s.data.Categories[j]) + " " + s.numbers.exact(text, s.values[i][j]))
			separator = "; "
		}
		b.WriteByte('.')
	}
	return shorten(b.String())
}

func shorten(text string) string {
	if utf8.RuneCountInString(text) <= maxDescription {
		return text
	}
	return string([]rune(text)[:maxDescription]) + "…"
}
