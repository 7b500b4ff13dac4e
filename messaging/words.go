package messaging

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda"
)

const (
	// maxWords is how many different words of a message can be searched for; a text of 10,000 characters has about 1,000.
	maxWords = 1000
	// maxWord is how much of a long word is kept, in characters.
	maxWord = 40
)

// wordsOf are the different words of a text in folded form: without case, accents and width (Unicode Annex 15, NFKD), so
// that what people type finds what others wrote.
func wordsOf(text string) []string {
	folded := cases.Fold().String(strings.Map(unmarked, norm.NFKD.String(text)))
	// Folding can compose and mark anew.
	folded = dotless.Replace(strings.Map(unmarked, norm.NFKD.String(folded)))
	words := strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		if utf8.RuneCountInString(word) > maxWord {
			words[i] = string([]rune(word)[:maxWord])
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), maxWords)]
}

// messageWords are the words a message is found by: its text without the addresses of mentions.
func messageWords(text string) []string {
	for _, account := range veranda.Mentions(text) {
		text = strings.ReplaceAll(text, "(account:"+account.String()+")", "")
	}
	return wordsOf(text)
}

// dotless spells the Turkish letter as people without it type it. It is read only and safe for concurrent use.
var dotless = strings.NewReplacer("ı", "i", "ø", "o", "ł", "l", "đ", "d")

func unmarked(r rune) rune {
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
}

// longestFirst orders the words of a query: a long word is in few messages.
func longestFirst(words []string) []string {
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

// wordEnd is behind every word that begins with one: no folded word has this character.
func wordEnd(word string) string { return word + "\U0010FFFF" }
