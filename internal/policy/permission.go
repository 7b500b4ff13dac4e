package policy

import (
	"fmt"
	"slices"
	"strings"
)

// catalog numbers the permissions that a program declares. Numbers follow the
// names' order, so that walking bits gives a sorted list.
type catalog struct {
	names  []string
	number map[string]uint32
	words  int // 64-bit words that hold one bit for each permission
	// Bits of the permissions that a wildcard stands for.
	all      []uint64
	ofKind   map[string][]uint64 // kind.*
	ofAction map[string][]uint64 // *.action
}

// newCatalog refuses names that are not kind.action. Repeated names are kept
// once, because parts of a program may declare the same permission.
func newCatalog(permissions []string) (*catalog, error) {
	names := slices.Clone(permissions)
	slices.Sort(names)
	names = slices.Compact(names)
	words := (len(names) + 63) / 64
	c := &catalog{
		names:    names,
		number:   make(map[string]uint32, len(names)),
		words:    words,
		all:      make([]uint64, words),
		ofKind:   map[string][]uint64{},
		ofAction: map[string][]uint64{},
	}
	for i, name := range names {
		kind, action, found := strings.Cut(name, ".")
		if !found || !validName(kind) || !validName(action) {
			return nil, fmt.Errorf("declared permission %q is not kind.action of the characters a-z 0-9 _ . : -", clip(name))
		}
		name = strings.Clone(name) // the caller's string may be part of a large text
		names[i] = name
		c.number[name] = uint32(i)
		for _, set := range [][]uint64{c.all, grown(c.ofKind, kind, words), grown(c.ofAction, action, words)} {
			set[i/64] |= 1 << (i % 64)
		}
	}
	return c, nil
}

// grown returns the set kept under a name and makes an empty one at first.
func grown(sets map[string][]uint64, name string, words int) []uint64 {
	set := sets[name]
	if set == nil {
		set = make([]uint64, words)
		sets[name] = set
	}
	return set
}

// covered returns the permissions that kind and action of a row stand for,
// either as one number or, for a wildcard, as a set; or the reason why the row
// is refused. A misspelt denial that matched nothing would leave open what
// somebody meant to close, so that only "*, *" may stand for nothing.
func (c *catalog) covered(kind, action string) (one uint32, set []uint64, reason string) {
	switch {
	case kind == wildcard && action == wildcard:
		return 0, c.all, ""
	case action == wildcard:
		if set = c.ofKind[kind]; set == nil {
			return 0, nil, fmt.Sprintf("no declared permission has the kind %s", kind)
		}
		return 0, set, ""
	case kind == wildcard:
		if set = c.ofAction[action]; set == nil {
			return 0, nil, fmt.Sprintf("no declared permission has the action %s", action)
		}
		return 0, set, ""
	}
	one, found := c.number[kind+"."+action]
	if !found {
		return 0, nil, fmt.Sprintf("the permission %s.%s is not declared", kind, action)
	}
	return one, nil, ""
}
