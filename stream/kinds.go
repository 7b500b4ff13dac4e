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

// mutedKind is what may be muted in a workspace: one kind.
var mutedKind = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z0-9_]+$`)

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

// narrowed are the kinds shown of those a reader asks for; all where nothing is asked for.
func (s shown) narrowed(filters []string) shown {
	if len(filters) == 0 {
		return s
	}
	var out shown
	for _, filter := range filters {
		if !strings.Contains(filter, ".") {
			filter += ".*"
		}
		for _, p := range s {
			switch {
			case covers(filter, p):
				out = append(out, p)
			case covers(p, filter):
				out = append(out, filter)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// match tells whether a kind is one of them.
func (s shown) match(kind string) bool {
	return slices.ContainsFunc(s, func(p string) bool { return covers(p, kind) })
}

// arguments are the patterns as LIKE has them.
func (s shown) arguments() []any {
	escape := strings.NewReplacer(`_`, `\_`, `*`, `%`)
	out := make([]any, len(s))
	for i, p := range s {
		out[i] = escape.Replace(p)
	}
	return out
}
