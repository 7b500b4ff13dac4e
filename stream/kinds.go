package stream

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// kindPattern is what Deps.Kinds may hold: a kind, or the beginning of kinds and an asterisk.
var kindPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*\.([a-z0-9_]+|[a-z0-9_]*\*)$`)

// kindFilter is what a reader may ask for: a group, which is what stands before the dot, or one kind.
var kindFilter = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$`)

// shown are the kinds of events a stream shows, as patterns of which none covers another.
type shown []string

// newShown checks the patterns of Deps.Kinds. Posted statuses are always shown.
func newShown(patterns []string) (shown, error) {
	all := append([]string{EventStatusPosted}, patterns...)
	for _, p := range all {
		if !kindPattern.MatchString(p) {
			return nil, fmt.Errorf("stream: %q in Deps.Kinds is neither a kind such as tasks.task_finished nor a pattern such as tasks.*", p)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(slices.Clone(all), func(p string) bool {
		return slices.ContainsFunc(all, func(other string) bool { return other != p && covers(other, p) })
	}), nil
}

// covers tells whether every kind that matches narrow matches wide.
func covers(wide, narrow string) bool {
	if prefix, ok := strings.CutSuffix(wide, "*"); ok {
		return strings.HasPrefix(narrow, prefix)
	}
	return wide == narrow
}

// narrowed are the kinds shown of those a reader asks for. Two patterns share the narrower one or nothing, so there are
// never more than without a filter.
func (s shown) narrowed(filter string) shown {
	if filter == "" {
		return s
	}
	if !strings.Contains(filter, ".") {
		filter += ".*"
	}
	var out shown
	for _, p := range s {
		switch {
		case covers(filter, p):
			out = append(out, p)
		case covers(p, filter):
			out = append(out, filter)
		}
	}
	return out
}

// arguments are the patterns as LIKE has them, filled up to a number of placeholders by a pattern that no kind matches,
// so that one text serves every filter.
func (s shown) arguments(count int) []any {
	escape := strings.NewReplacer(`_`, `\_`, `*`, `%`)
	out := make([]any, count)
	for i := range out {
		out[i] = ""
		if i < len(s) {
			out[i] = escape.Replace(s[i])
		}
	}
	return out
}
