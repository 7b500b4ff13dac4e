package veranda_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	ann, bob := veranda.NewAccountID(), veranda.NewAccountID()
	at := func(name string, id veranda.AccountID) string { return "[@" + name + "](account:" + id.String() + ")" }
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"none", "Ask @ann about account:" + ann.String(), nil},
		{"one", "Ask " + at("Ann", ann) + ", please", names(ann)},
		{"each once, in order", at("Bob", bob) + at("Ann", ann) + at("B", bob), names(bob, ann)},
		{"capitals are no id", strings.ToUpper(at("Ann", ann)), nil},
		{"nobody", at("Ann", veranda.AccountID{}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, names(veranda.Mentions(c.text)...)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := veranda.NewMentions(at("A", ann), at("B", bob)+at("A", ann)); len(got) != 1 || got[0] != bob {
		t.Errorf("newly mentioned are %v, want %v alone", got, bob)
	}
}

func TestTooManyMentions(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for range veranda.MaxMentions + 1 {
		text.WriteString("[@x](account:" + veranda.NewAccountID().String() + ")")
	}
	var c veranda.Checks
	if c.Mentions("/text", text.String()); !c.Failed("/text") {
		t.Error("51 mentions pass")
	}
}
