package stream

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestShownKinds(t *testing.T) {
	t.Parallel()
	got, err := newShown([]string{"tasks.task_*", "tasks.*", "tasks.task_finished", "workspace.created", "workspace.created"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shown{"stream.status_posted", "tasks.*", "workspace.created"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{`stream.status\_posted`, `tasks.%`, `workspace.created`}, got.arguments()); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

// Narrowing by a filter is the same as asking both the patterns and the filter about each kind.
func TestNarrowedIsBoth(t *testing.T) {
	t.Parallel()
	word := rapid.SampledFrom([]string{"a", "b", "ab", "a_b"})
	rapid.Check(t, func(t *rapid.T) {
		var patterns []string
		for range rapid.IntRange(0, 4).Draw(t, "patterns") {
			p := word.Draw(t, "package") + "." + word.Draw(t, "kind")
			switch rapid.IntRange(0, 2).Draw(t, "form") {
			case 1:
				p += "*"
			case 2:
				p = p[:strings.Index(p, ".")+1] + "*"
			}
			patterns = append(patterns, p)
		}
		s, err := newShown(patterns)
		if err != nil {
			t.Fatal(err)
		}
		var filters []string
		for range rapid.IntRange(0, 3).Draw(t, "filters") {
			filter := word.Draw(t, "group")
			if rapid.Bool().Draw(t, "exact") {
				filter += "." + word.Draw(t, "name")
			}
			filters = append(filters, filter)
		}
		narrowed := s.narrowed(filters)
		kind := word.Draw(t, "of") + "." + word.Draw(t, "is")
		group, _, _ := strings.Cut(kind, ".")
		want := matchesAny(append(patterns, EventStatusPosted), kind) && (len(filters) == 0 || slices.Contains(filters, kind) || slices.Contains(filters, group))
		if got := narrowed.match(kind); got != want || got != matchesAny(narrowed, kind) {
			t.Fatalf("%v narrowed by %q to %v: %s is shown %t, want %t", patterns, filters, narrowed, kind, got, want)
		}
	})
}

// matchesAny matches as shells do, which is another way than the package's.
func matchesAny(patterns []string, kind string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, kind); err == nil && ok {
			return true
		}
	}
	return false
}
