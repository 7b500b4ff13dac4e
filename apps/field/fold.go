package field

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold is the form by which texts are compared and searched: without case, accents and the difference between ß and ss.
// It is made here and never by a database, for databases differ in it. Folding what is folded changes nothing.
func Fold(text string) string {
	if lower, plain := foldASCII(text); plain {
		return lower
	}
	text = cases.Fold().String(norm.NFKD.String(text))
	text = norm.NFKD.String(text)
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(cases.Fold().String(b.String()))
}

// foldASCII folds what has no more than ASCII letters, which most texts are made of.
func foldASCII(text string) (string, bool) {
	upper := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0x80:
			return "", false
		case 'A' <= c && c <= 'Z':
			upper = true
		}
	}
	if upper {
		text = strings.ToLower(text)
	}
	return text, true
}
