package directory

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// person is what of a member is searched for.
type person struct {
	name, first, last, userName string
	address, addressKey         string
	numbers                     []string // confirmed phone numbers in the form of E.164
}

// entry is a person's row of the index and what hangs on it.
type entry struct {
	sortKey string
	words   string // each behind a space
	domains string
	inside  string // for those inside the organization, as phones are
	phones  string
	terms   []string // keys of veranda_directory_terms
	typable []string // words that are found with a slip in them
}

const (
	headLetters = 3 // the longest beginning that has rows of its own
	// domainLetters and phoneDigits are the fewest that are looked for in domains and phone numbers: the beginning of a
	// company's domain would find everybody.
	domainLetters = 3
	phoneDigits   = 4
	maxWord       = 40 // letters of a word that count
)

// entryOf makes the row of a person.
func entryOf(p person) entry {
	e := entry{sortKey: sortKey(p.name)}
	var words, spelled, labels, domains []string
	for _, text := range []string{p.name, p.first, p.last} {
		folded := fold(text)
		words, spelled = append(words, wordsOf(folded)...), append(spelled, spelledOf(folded)...)
	}
	for _, address := range []string{p.address, p.addressKey} {
		local, domain, found := strings.Cut(fold(address), "@")
		if !found {
			continue
		}
		words, spelled = append(words, wordsOf(local)...), append(spelled, local+"@"+domain)
		for {
			label, rest, more := strings.Cut(domain, ".")
			if !more { // the last one says nothing: everybody's is "com"
				break
			}
			labels, domains = append(labels, partsOf(label)...), append(domains, domain)
			domain = rest
		}
	}
	userName := fold(p.userName)
	inside := unique(append(wordsOf(userName), spelledOf(userName)...))
	words, labels = unique(words), unique(labels)
	var terms []string
	for _, word := range slices.Concat(words, wordsOf(userName)) {
		word = head(word, maxWord)
		terms = append(terms, word)
		for n := 1; n <= headLetters; n++ {
			terms = append(terms, head(word, n))
		}
		if typable(word) {
			e.typable = append(e.typable, word)
		}
	}
	for _, label := range labels {
		if label = head(label, maxWord); utf8.RuneCountInString(label) >= domainLetters {
			terms = append(terms, label, head(label, domainLetters))
		}
	}
	var phones []string
	for _, number := range p.numbers {
		phones = append(phones, numbersOf(digitsOf(number))...)
	}
	phones = unique(phones)
	for _, number := range phones {
		terms = append(terms, phoneMark+number)
	}
	e.terms, e.typable = unique(terms), unique(e.typable)
	e.words, e.domains = spaced(words, unique(spelled)), spaced(unique(domains))
	e.inside, e.phones = spaced(inside), spaced(phones)
	return e
}

// phoneMark tells terms of phone numbers from words that are digits.
const phoneMark = "+"

// numbersOf are the ways a number is dialled: whole, and within its country, with a zero before it or not. Country codes
// have one to three digits (ITU-T E.164); which it is does not matter for a search.
func numbersOf(digits string) []string {
	if len(digits) < phoneDigits {
		return nil
	}
	numbers := []string{digits}
	for code := 1; code <= 3 && len(digits)-code >= phoneDigits; code++ {
		numbers = append(numbers, digits[code:], "0"+digits[code:])
	}
	return numbers
}

// spaced is words in one text, each behind a space.
func spaced(lists ...[]string) string {
	var b strings.Builder
	for _, list := range lists {
		for _, word := range list {
			b.WriteByte(' ')
			b.WriteString(word)
		}
	}
	return b.String()
}

func unique(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// token is a word of a query.
type token struct {
	// word is looked up in the index: letters and digits; "" where the index does not help.
	word string
	// pattern is what the person's words contain: the word behind a space, or a part of an address as typed.
	pattern string
	// digits are those of a phone number, or "".
	digits string
}

// maxTokens is how many words of a query count.
const maxTokens = 6

// tokensOf reads a query. Words that another one begins with say nothing of their own.
func tokensOf(query string) []token {
	if number, ok := numberOf(query); ok {
		return []token{{word: number, pattern: " " + number, digits: number}}
	}
	var tokens []token
	for typed := range strings.FieldsSeq(fold(query)) {
		typed = strings.Trim(typed, ".,;:()<>\"'")
		parts := partsOf(typed)
		if len(parts) > 0 && (strings.Contains(typed, "@") || len(parts) > 1 && strings.Contains(typed, ".")) {
			tokens = append(tokens, spelledToken(typed, parts))
			continue
		}
		for _, part := range parts {
			part = head(part, maxWord)
			t := token{word: part, pattern: " " + part}
			if digits := digitsOf(part); digits == part && len(digits) >= phoneDigits {
				t.digits = digits
			}
			tokens = append(tokens, t)
		}
	}
	tokens = slices.DeleteFunc(slices.Clone(tokens), func(t token) bool {
		return slices.ContainsFunc(tokens, func(o token) bool {
			return len(o.pattern) > len(t.pattern) && o.digits == "" && strings.HasPrefix(o.pattern, t.pattern)
		})
	})
	slices.SortStableFunc(tokens, func(a, b token) int { return len(b.word) - len(a.word) })
	tokens = slices.CompactFunc(tokens, func(a, b token) bool { return a.pattern == b.pattern })
	return tokens[:min(len(tokens), maxTokens)]
}

// spelledToken is a part of an address or domain, or initials: it is found as it was typed, and looked up by its longest
// word, but not by what may be the last label of a domain.
func spelledToken(typed string, parts []string) token {
	t := token{pattern: " " + typed}
	if strings.HasPrefix(typed, "@") {
		t.pattern = typed
	}
	if len(parts) > 1 {
		parts = parts[:len(parts)-1]
	}
	for _, part := range parts {
		if len(part) > len(t.word) {
			t.word = head(part, maxWord)
		}
	}
	if t.pattern == typed && utf8.RuneCountInString(t.word) < domainLetters {
		t.word = ""
	}
	return t
}

// numberOf reads a phone number written with the usual signs between its digits.
func numberOf(query string) (digits string, ok bool) {
	query = strings.TrimSpace(query)
	digits = digitsOf(query)
	if len(digits) < phoneDigits || digits == query && !strings.HasPrefix(query, "00") {
		return "", false // a single run of digits may as well be part of a name
	}
	if strings.Trim(query, "0123456789 +-()/.") != "" {
		return "", false
	}
	if international, found := strings.CutPrefix(digits, "00"); found {
		digits = international
	}
	return digits, len(digits) >= phoneDigits
}

// spelledOf are the words of a folded text that have more in them than letters and digits: "j.r" and "o'connor".
func spelledOf(folded string) []string {
	var spelled []string
	for token := range strings.FieldsSeq(folded) {
		token = strings.Trim(token, ".,;:()<>\"'")
		if parts := partsOf(token); len(parts) > 1 {
			spelled = append(spelled, token)
		}
	}
	return spelled
}

// typable tells whether slips in a word are forgiven: letters only, for digits are copied and not spelled.
func typable(word string) bool {
	return utf8.RuneCountInString(word) >= headLetters && !strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mc, r) })
}
