package wordset

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.String(), 1, 300).Draw(t, "words")
		set, err := Open(Encode(words))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !set.Has(word) || !set.Has("\xff no such word", word) {
				t.Fatalf("%q is not in the set", word)
			}
		}
	})
}

// What is not in the set is hardly ever taken for it, and a word takes less than three octets.
func TestMistakes(t *testing.T) {
	t.Parallel()
	words := make([]string, 20000)
	for i := range words {
		words[i] = fmt.Sprint("word ", i)
	}
	data := Encode(append(words, words[:100]...))
	set, err := Open(data)
	if err != nil || set.Len() != len(words) || len(data) > 3*len(words) {
		t.Fatalf("%d words in %d octets, %v", set.Len(), len(data), err)
	}
	mistakes := 0
	for i := range 2000 {
		if set.Has(fmt.Sprint("no word ", i)) {
			mistakes++
		}
	}
	if mistakes > 2 {
		t.Errorf("%d of 2000 mistaken", mistakes)
	}
	empty, err := Open(Encode(nil))
	if err != nil || empty.Has("a") || empty.Len() != 0 {
		t.Errorf("the empty set: %v", err)
	}
	if _, err := Open(nil); err == nil {
		t.Error("nothing is no set")
	}
}
