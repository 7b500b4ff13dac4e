package tasks

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold is the form in which texts are searched: two texts that differ only in case, accents, width or white space fold
// to the same. It decomposes (NFKD, Unicode Annex 15), drops the marks, folds case (Unicode, section 3.13), and spells
// letters with strokes, which do not decompose, by the letters people type in their place.
func fold(text string) string {
	if ascii(text) {
		return strings.Join(strings.Fields(strings.ToLower(text)), " ")
	}
	text = caseless(dropMarks(norm.NFKD.String(text)))
	// Folding can bring marks and compositions anew: U+0345 becomes a letter, some ligatures two.
	text = plainLetters.Replace(dropMarks(norm.NFKD.String(text)))
	return strings.Join(strings.Fields(text), " ")
}

// foldCase is the form in which labels are compared: case does not tell them apart, accents do.
func foldCase(text string) string {
	if ascii(text) {
		return strings.ToLower(text)
	}
	return norm.NFKC.String(caseless(norm.NFKC.String(text)))
}

// caseless folds case. Package cases folds each Cherokee letter to the other case of it, and does not fold what it folded
// to the same; with all in lower case first it does.
func caseless(text string) string { return cases.Fold().String(strings.ToLower(text)) }

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

func dropMarks(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, text)
}

// plainLetters is read only and safe for concurrent use.
var plainLetters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "ı", "i", "æ", "ae", "œ", "oe", "þ", "th")
