package directory

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A slip is a letter too many, too few, another one, or two in the wrong order (Damerau 1964): forgiven once in a word of
// four letters or more, also while it is still being typed.
//
// Words are found by the deletion neighbourhood of their beginnings: two texts that are one slip apart have something in
// common when letters are left out, one of either (Bocek, Hunt and Stiller, "Fast Similarity Search in Large
// Dictionaries", 2007). A typed word that is one slip from a beginning of a word is with its first four letters at most
// one slip from one of three, four or five letters.
const slipLetters = 4

// forgives tells whether a slip in a typed word is forgiven.
func forgives(typed string) bool {
	return utf8.RuneCountInString(typed) >= slipLetters && typable(typed)
}

// fragmentsOf are the keys under which a word is found.
func fragmentsOf(word string) []string {
	fragments := []string{head(word, slipLetters-1)}
	for n := slipLetters - 1; n <= slipLetters+1; n++ {
		beginning := head(word, n)
		if n <= slipLetters || utf8.RuneCountInString(beginning) < n {
			fragments = append(fragments, beginning)
		}
		if n >= slipLetters {
			fragments = append(fragments, shortened(beginning)...)
		}
	}
	return unique(fragments)
}

// fragmentsTyped are the keys a typed word is looked up by.
func fragmentsTyped(typed string) []string {
	beginning := head(typed, slipLetters)
	return unique(append(shortened(beginning), beginning))
}

// shortened are the texts that are left when one letter is left out.
func shortened(text string) []string {
	letters := []rune(text)
	out := make([]string, 0, len(letters))
	for i := range letters {
		out = append(out, string(slices.Delete(slices.Clone(letters), i, i+1)))
	}
	return out
}

// slipped tells whether a word begins with something that is one slip from what was typed, and not with just that.
func slipped(typed, word string) bool {
	return !strings.HasPrefix(word, typed) && oneSlip([]rune(typed), []rune(word))
}

// oneSlip tells whether a beginning of a word is at most one slip from what was typed.
func oneSlip(typed, word []rune) bool {
	i := 0
	for i < len(typed) && i < len(word) && typed[i] == word[i] {
		i++
	}
	rest, left := typed[i:], word[i:]
	if len(rest) == 0 {
		return true
	}
	begins := func(word, beginning []rune) bool {
		return len(word) >= len(beginning) && slices.Equal(word[:len(beginning)], beginning)
	}
	switch {
	case begins(left, rest[1:]): // one too many
		return true
	case len(left) == 0:
		return false
	case begins(left[1:], rest[1:]): // another one
		return true
	case begins(left[1:], rest): // one too few
		return true
	default: // two in the wrong order; the second of them may not be typed yet
		return len(left) > 1 && len(rest) > 1 && rest[0] == left[1] && rest[1] == left[0] && begins(left[2:], rest[2:])
	}
}

// The ways a person's words meet a query.
const (
	matchExactly = 0
	matchSlipped = 1
	matchNot     = -1
)

// match tells how a person's words meet all tokens: each exactly, or some with a slip.
func (e *entry) match(tokens []token, inside bool) int {
	worst := matchExactly
	for _, t := range tokens {
		switch {
		case e.meets(t, inside):
		case t.forgives() && (someSlipped(t.word, e.words) || inside && someSlipped(t.word, e.inside)):
			worst = matchSlipped
		default:
			return matchNot
		}
	}
	return worst
}

func (e *entry) meets(t token, inside bool) bool {
	return strings.Contains(e.words, t.pattern) ||
		utf8.RuneCountInString(t.pattern) > domainLetters && strings.Contains(e.domains, t.pattern) ||
		inside && (strings.Contains(e.inside, t.pattern) || t.digits != "" && strings.Contains(e.phones, " "+t.digits))
}

// forgives tells whether a slip in the token is forgiven.
func (t token) forgives() bool { return t.pattern == " "+t.word && forgives(t.word) }

func someSlipped(typed, words string) bool {
	for word := range strings.FieldsSeq(words) {
		if typable(word) && slipped(typed, word) {
			return true
		}
	}
	return false
}
