package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold makes spellings comparable: without case and diacritics, Turkish dotted and dotless i alike, and Cyrillic and Greek
// letters as Latin ones, so that a name is found typed in either script. What has no such form stays as it is.
func fold(text string) string {
	return strip(transliterate(cases.Fold().String(norm.NFC.String(text))))
}

// sortKey orders people by name: folded, but in the script it is written in. It is cut to keep rows of the index small.
func sortKey(name string) string {
	key := strip(cases.Fold().String(norm.NFC.String(name)))
	key = strings.Join(strings.FieldsFunc(key, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }), " ")
	if key == "" {
		key = strings.Join(strings.Fields(name), " ")
	}
	if len(key) <= maxSortKey {
		return key
	}
	cut := maxSortKey
	for !utf8.RuneStart(key[cut]) {
		cut--
	}
	return key[:cut]
}

// maxSortKey is the length of a sort key in octets; people whose names begin with as many equal letters are in the order
// of their ids.
const maxSortKey = 60

// strip takes diacritics away, and writes letters that have none but a stroke or a ligature with those of the alphabet.
func strip(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if plain, found := plainLetters[r]; found {
			b.WriteString(plain)
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String()) // what was taken apart beyond letters and marks, such as Hangul, is whole again
}

// plainLetters are Latin letters that Unicode does not take apart, in their case-folded form.
var plainLetters = map[rune]string{
	'ı': "i", 'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ħ': "h", 'ŧ': "t", 'ŋ': "n", 'ə': "e",
	'ɛ': "e", 'ɔ': "o", 'ƙ': "k", 'ɓ': "b", 'ɗ': "d",
}

// transliterate writes case-folded Cyrillic after the BGN/PCGN romanizations, with y for й, and Greek after ISO 843 without
// its marks.
func transliterate(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cyrillic, unicode.Greek) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		latin, found := latinLetters[r]
		if !found && unicode.Is(unicode.Greek, r) { // with an accent
			latin, found = latinLetters[[]rune(norm.NFD.String(string(r)))[0]]
		}
		if !found {
			b.WriteRune(r)
			continue
		}
		b.WriteString(latin)
	}
	return b.String()
}

var latinLetters = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k",
	'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts",
	'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'ґ': "g", 'є': "ye", 'і': "i", 'ї': "yi", 'ў': "u", 'ђ': "dj", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'џ': "dz", 'ѓ': "g",
	'ќ': "k", 'ѕ': "dz", 'қ': "q", 'ғ': "g", 'ң': "n", 'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h", 'ә': "a",
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m",
	'ν': "n", 'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
}

// wordsOf are the words of a folded text: what lies between anything but letters and digits. A word that was held together
// by an apostrophe or a hyphen is a word joined, too: "o", "connor" and "oconnor".
func wordsOf(folded string) []string {
	var words []string
	for token := range strings.FieldsSeq(folded) {
		parts := partsOf(token)
		words = append(words, parts...)
		if len(parts) > 1 && !strings.Contains(token, "@") {
			words = append(words, strings.Join(parts, ""))
		}
	}
	return words
}

// partsOf are the runs of letters and digits of a folded text.
func partsOf(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Mc, r)
	})
}

// digitsOf are the digits of a text.
func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// head is the first n letters of a word, or the whole.
func head(word string, n int) string {
	for i := range word {
		if n == 0 {
			return word[:i]
		}
		n--
	}
	return word
}
