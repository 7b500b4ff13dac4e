package directory

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"Zoë ÅNGSTRÖM", "zoe angstrom"}, {"İpek ışık", "ipek isik"}, {"Straße", "strasse"}, {"Łukasz Øster", "lukasz oster"},
		{"Иван Щукин", "ivan shchukin"}, {"Γιώργος", "giorgos"}, {"김민수", "김민수"}, {"Nguyễn", "nguyen"}, {"ﬁne", "fine"},
	} {
		if got := fold(test.text); got != test.want {
			t.Errorf("%s is folded to %q, want %q", test.text, got, test.want)
		}
	}
}

func TestSortKeys(t *testing.T) {
	t.Parallel()
	people := []string{"zoe", "Ángela", "Андрей", "anna", "Östen", "Olaf", "  ", "☃"}
	slices.SortFunc(people, func(a, b string) int { return strings.Compare(sortKey(a), sortKey(b)) })
	if want := []string{"  ", "Ángela", "anna", "Olaf", "Östen", "zoe", "Андрей", "☃"}; !slices.Equal(people, want) {
		t.Errorf("sorted: %q", people)
	}
	if long := sortKey(strings.Repeat("ж", 100)); len(long) > maxSortKey {
		t.Errorf("a key of %d octets", len(long))
	}
}

func TestQueriesMeetPeople(t *testing.T) {
	t.Parallel()
	p := person{
		name: "Anne-Marie O’Connor", userName: "am7", address: "A.OConnor+news@Mail.Works.example", addressKey: "a.oconnor+news@mail.works.example",
		numbers: []string{"+4917012345678"},
	}
	e := entryOf(p)
	for query, want := range map[string]int{
		"an": 0, "ANNE": 0, "marie": 0, "annemarie": 0, "o'connor": 0, "oconnor": 0, "connor anne": 0, "am7": 0,
		"a.oconnor": 0, "a.oconnor+news@mail.works.example": 0, "a.oconnor+news@ma": 0, "@mail": 0, "@mail.works": 0, "works.ex": 0, "wor": 0, "news": 0,
		"+49 170 123": 0, "0170-1234": 0, "(0170) 12": 0, "1701": 0, "0049170123": 0, "49170": 0, "anne 0170123": 0,
		"wo": -1, "example": -1, "@works": -1, "anne bert": -1, "170 999": -1, "45678": -1, "@exam": -1, "b@works": -1,
		"conor": 1, "onnor": 1, "cnonor": 1, "anen": 1, "mrie": 1, "maarie": 1, "anne cnonor": 1, "connxr": 1, "ane": -1, "maree": 1, "mqrqe": -1,
		"am8": -1, "works.exmaple": -1, "01790": -1,
	} {
		tokens := tokensOf(query)
		if got := e.match(tokens, true); got != want || len(tokens) == 0 {
			t.Errorf("%q meets as %d, want %d (%+v)", query, got, want, tokens)
		}
		if got := e.match(tokens, false); tokens[0].digits != "" && got != matchNot {
			t.Errorf("%q tells a number to who does not see it", query)
		}
	}
	for _, query := range []string{"", " ", "%", "'", "--", "@", "…"} {
		if tokens := tokensOf(query); len(tokens) > 0 {
			t.Errorf("%q has words: %+v", query, tokens)
		}
	}
}

// distance is the optimal string alignment distance, by the book.
func distance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range b {
		d[0][j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

// A slip is what the book says it is, and whatever word it leads to is found by the fragments.
func TestSlipsAreFoundByFragments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[abcé]{3,9}`).Draw(t, "word")
		typed := rapid.StringMatching(`[abcé]{4,8}`).Draw(t, "typed")
		if rapid.Bool().Draw(t, "near") {
			letters := []rune(word)
			letters = letters[:rapid.IntRange(3, len(letters)).Draw(t, "length")]
			i := rapid.IntRange(0, len(letters)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "slip") {
			case 0:
				letters = slices.Delete(letters, i, i+1)
			case 1:
				letters = slices.Insert(letters, i, 'c')
			case 2:
				letters[i] = 'b'
			default:
				if i > 0 {
					letters[i], letters[i-1] = letters[i-1], letters[i]
				}
			}
			typed = string(letters)
		}
		if !forgives(typed) {
			return
		}
		near := false
		letters := []rune(word)
		for n := range len(letters) + 1 {
			near = near || distance([]rune(typed), letters[:n]) <= 1
		}
		if got := oneSlip([]rune(typed), letters); got != near {
			t.Fatalf("%s and %s: one slip %v, by the book %v", typed, word, got, near)
		}
		if near {
			keys := fragmentsOf(word)
			if !slices.ContainsFunc(fragmentsTyped(typed), func(f string) bool { return slices.Contains(keys, f) }) {
				t.Fatalf("%s does not lead to %s: %v, %v", typed, word, fragmentsTyped(typed), keys)
			}
		}
	})
}
