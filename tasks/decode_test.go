package tasks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The short way through a list of texts reads what encodeList wrote, whatever the texts hold.
func TestDecodeStringsReadsWhatEncodeListWrote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a",\\\[\]]{0,4}`))).Draw(t, "list")
		if list == nil {
			list = []string{}
		}
		got, err := decodeStrings(encodeList(list))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(list, got); diff != "" {
			t.Error(diff)
		}
	})
}
