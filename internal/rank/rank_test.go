package rank_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/internal/rank"
)

// A list whose things are put anywhere, many times, stays in the order that was asked for.
func TestMovesKeepTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var keys []string
		for range rapid.IntRange(1, 300).Draw(t, "moves") {
			at := rapid.IntRange(0, len(keys)).Draw(t, "at")
			after, before := "", ""
			if at > 0 {
				after = keys[at-1]
			}
			if at < len(keys) {
				before = keys[at]
			}
			key := rank.Between(after, before)
			if !rank.Valid(key) || key <= after || before != "" && key >= before {
				t.Fatalf("between %q and %q: %q", after, before, key)
			}
			keys = slices.Insert(keys, at, key)
		}
		if !slices.IsSorted(keys) {
			t.Fatalf("not in order: %q", keys)
		}
	})
}

func TestSpreadIsInOrderAndShort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(0, 2000).Draw(t, "count")
		after := rapid.StringMatching(`([0-9A-Za-z]{0,20}[1-9A-Za-z])?`).Draw(t, "after")
		before := rapid.StringMatching(`([0-9A-Za-z]{0,20}[1-9A-Za-z])?`).Draw(t, "before")
		if before != "" && after >= before {
			after, before = before, after
		}
		if after == before && after != "" {
			return
		}
		keys := rank.Spread(after, before, count)
		if len(keys) != count {
			t.Fatalf("%d keys, want %d", len(keys), count)
		}
		all := append([]string{after}, keys...)
		if before != "" {
			all = append(all, before)
		}
		for i := 1; i < len(all); i++ {
			if all[i-1] >= all[i] {
				t.Fatalf("%q does not come before %q", all[i-1], all[i])
			}
		}
		for _, key := range keys {
			if !rank.Valid(key) || len(key) > max(len(after), len(before))+5 {
				t.Fatalf("between %q and %q: %q of %d", after, before, key, count)
			}
		}
	})
}

func TestKeysOfIdsComeInTheirOrder(t *testing.T) {
	t.Parallel()
	last := ""
	for range 100 {
		id := uuid.Must(uuid.NewV7()).String()
		key := rank.Of(id)
		if !rank.Valid(key) || key <= last || rank.Last(last, id) != key {
			t.Fatalf("%q after %q", key, last)
		}
		last = key
	}
	if key := rank.Last("zz", uuid.Must(uuid.NewV7()).String()); key <= "zz" || !rank.Valid(key) {
		t.Errorf("behind zz comes %q", key)
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{"V": true, "0V": true, "": false, "V0": false, "a-b": false, "é": false, "0": false} {
		if rank.Valid(key) != want {
			t.Errorf("Valid(%q) is %v", key, !want)
		}
	}
}
