package live

import (
	"testing"

	"github.com/veranda-go/veranda"
)

// A cursor that is taken is one that was given: it is written as it was read.
func FuzzCursor(f *testing.F) {
	mark := markOf(veranda.NewAccountID(), veranda.OrgID{})
	for _, seed := range []string{encodeCursor(0, mark), encodeCursor(1<<62, mark), "", ".", "-1." + mark, "01." + mark, "A." + mark, "zzzzzzzzzzzzzzz." + mark, "1.ABCDEF012345", "1.0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		position, mark, ok := decodeCursor(text)
		if !ok {
			return
		}
		if position < 0 || encodeCursor(position, mark) != text {
			t.Errorf("%q is read as %d of %q, which is written %q", text, position, mark, encodeCursor(position, mark))
		}
	})
}

// Streams of other people, and of the same person narrowed otherwise, have other marks.
func TestMarks(t *testing.T) {
	a, b, org := veranda.NewAccountID(), veranda.NewAccountID(), veranda.NewOrgID()
	all := map[string]bool{markOf(a, veranda.OrgID{}): true, markOf(b, veranda.OrgID{}): true, markOf(a, org): true, markOf(b, org): true}
	if len(all) != 4 {
		t.Errorf("four streams have %d marks", len(all))
	}
}
