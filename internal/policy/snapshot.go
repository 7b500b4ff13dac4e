package policy

import (
	"math/bits"
	"slices"
	"strings"
)

// Snapshot is a compiled policy. It never changes, so that any number of
// goroutines may read it. A nil snapshot allows nothing: a program that has
// not loaded its policy yet stays closed.
type Snapshot struct {
	version     int64
	rules       []Rule
	permissions []string // sorted; the place is the number of the bit
	permission  map[string]uint32
	words       int // cells of a role
	roles       []string
	role        map[string]uint32
	parents     [][]uint32 // by role, in the order of the rows
	cells       []cell     // the words of the first role, of the second, …
}

// cell is a word of a role's permissions: what the role's own and inherited
// rows allow and deny, side by side because both are read together.
type cell struct{ allow, deny uint64 }

func (c *cell) mark(bits uint64, deny bool) {
	if deny {
		c.deny |= bits
	} else {
		c.allow |= bits
	}
}

// add joins what one more role has in the word at the place given.
func (s *Snapshot) add(to cell, role string, word int) cell {
	if number, found := s.role[role]; found {
		its := s.cells[int(number)*s.words+word]
		to.allow |= its.allow
		to.deny |= its.deny
	}
	return to
}

// Version is the number that the snapshot was compiled with, 0 for a nil one.
func (s *Snapshot) Version() int64 {
	if s == nil {
		return 0
	}
	return s.version
}

// Declares tells whether a permission is one of those the snapshot was compiled
// with.
func (s *Snapshot) Declares(permission string) bool {
	if s == nil {
		return false
	}
	_, found := s.permission[permission]
	return found
}

// Allows tells whether somebody with these roles has a permission: one of the
// roles allows it and none denies it. Unknown roles count for nothing, an
// unknown permission is false. It does not allocate.
func (s *Snapshot) Allows(roles []string, permission string) bool {
	if s == nil {
		return false
	}
	number, found := s.permission[permission]
	if !found {
		return false
	}
	var has cell
	for _, role := range roles {
		has = s.add(has, role, int(number/64))
	}
	return has.allow&^has.deny&(1<<(number%64)) != 0
}

// AllowsList is [Snapshot.Allows] with the roles in one string, separated by
// spaces, as a query that joins them returns. It does not allocate either.
func (s *Snapshot) AllowsList(roles, permission string) bool {
	return s.AllowsLists(roles, "", permission)
}

// AllowsLists is [Snapshot.AllowsList] with the roles in two lists, for roles
// that come from two places: a denial of one holds against the other.
func (s *Snapshot) AllowsLists(roles, more, permission string) bool {
	if s == nil {
		return false
	}
	number, found := s.permission[permission]
	if !found {
		return false
	}
	has := s.addList(cell{}, roles, int(number/64))
	has = s.addList(has, more, int(number/64))
	return has.allow&^has.deny&(1<<(number%64)) != 0
}

// addList joins what the roles of a list have in the word at the place given.
func (s *Snapshot) addList(to cell, roles string, word int) cell {
	for roles != "" {
		end := strings.IndexByte(roles, ' ')
		if end < 0 {
			return s.add(to, roles, word)
		}
		if end > 0 {
			to = s.add(to, roles[:end], word)
		}
		roles = roles[end+1:]
	}
	return to
}

// Permissions lists what somebody with these roles may do, sorted by name.
func (s *Snapshot) Permissions(roles []string) []string {
	if s == nil {
		return nil
	}
	var names []string
	for word := range s.words {
		var has cell
		for _, role := range roles {
			has = s.add(has, role, word)
		}
		for left := has.allow &^ has.deny; left != 0; left &= left - 1 {
			names = append(names, s.permissions[word*64+bits.TrailingZeros64(left)])
		}
	}
	return names
}

// Roles lists the roles that occur in the rows, sorted by name.
func (s *Snapshot) Roles() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(slices.Values(s.roles))
}

// Rules lists the rows in their order, each once, with effects written out.
// The caller may change what it gets.
func (s *Snapshot) Rules() []Rule {
	if s == nil {
		return nil
	}
	rules := make([]Rule, len(s.rules))
	for i, rule := range s.rules {
		rules[i] = rule.clone()
	}
	return rules
}

// CSV is the rows as a text that [ParseCSV] and casbin's file adapter read.
func (s *Snapshot) CSV() string {
	if s == nil {
		return ""
	}
	return formatCSV(s.rules)
}

func (r Rule) clone() Rule {
	r.Values = slices.Clone(r.Values)
	return r
}
