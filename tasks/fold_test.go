package tasks

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"  Plain   TEXT\n", "plain text"},
		{"Café", "cafe"},
		{"Cafe\u0301", "cafe"},
		{"STRASSE Straße", "strasse strasse"},
		{"Łódź", "lodz"},
		{"Ærøskøbing", "aeroskobing"},
		{"İstanbul ısı", "istanbul isi"},
		{"ЁЛКА Ёлка", "елка елка"},
		{"ΣΊΣΥΦΟΣ", "σισυφοσ"},
		{"Σίσυφος", "σισυφοσ"},
		{"ﬁne ＷＩＤＥ", "fine wide"},
		{"no\u00a0break", "no break"},
		{"日本", "日本"},
		{"\u13a0", "\u13a0"}, // Cherokee A, whose small form is the younger letter
		{"\uab70", "\u13a0"},
	} {
		if got := fold(c.text); got != c.want {
			t.Errorf("fold(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestFoldCase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Ärger", "ÄRGER", true},
		{"Ärger", "A\u0308rger", true},
		{"Ärger", "Arger", false},
		{"straße", "STRASSE", true},
		{"home", "Home", true},
	} {
		if got := foldCase(c.a) == foldCase(c.b); got != c.same {
			t.Errorf("%q and %q are the same label: %t, want %t", c.a, c.b, got, c.same)
		}
	}
}

// Folding what is folded changes nothing: a word taken from a folded text is found in it.
func TestFoldTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once := fold(rapid.String().Draw(t, "text"))
		if twice := fold(once); twice != once {
			t.Fatalf("fold(%q) = %q", once, twice)
		}
	})
}

func TestSearchWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" the  Other thé ", []string{"other"}},
		{"one two three", []string{"three", "one", "two"}},
		{"% _", []string{"%", "_"}},
	} {
		if got := searchWords(c.text); !slices.Equal(got, c.want) {
			t.Errorf("searchWords(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
