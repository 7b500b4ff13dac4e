package policy

import (
	"fmt"
	"slices"
	"strings"
)

// MaxDepth is the longest chain of inheritance that is taken, in "g" rows.
// casbin's role manager follows ten links and then silently stops, which would
// lose a denial at the far end; one link is used up by the subject's own role.
const MaxDepth = 9

// hierarchy numbers the roles and holds which inherits from which.
type hierarchy struct {
	roles   []string
	number  map[string]uint32
	parents [][]uint32 // by role, in the order of the rows
	rows    [][]place  // the rows that parents come from, for messages
}

// place is a "g" row with its number.
type place struct {
	row  int
	rule Rule
}

// add returns a role's number and gives it one at first.
func (h *hierarchy) add(role string) uint32 {
	number, found := h.number[role]
	if !found {
		number = uint32(len(h.roles))
		h.number[role] = number
		h.roles = append(h.roles, role)
		h.parents = append(h.parents, nil)
		h.rows = append(h.rows, nil)
	}
	return number
}

// inherit notes that child has what parent has. The caller leaves out rows
// that occur twice.
func (h *hierarchy) inherit(child, parent string, row int, rule Rule) {
	lower, upper := h.add(child), h.add(parent)
	h.parents[lower] = append(h.parents[lower], upper)
	h.rows[lower] = append(h.rows[lower], place{row, rule})
}

// resolve returns the roles in an order in which every role stands after those
// it inherits from. A cycle and a chain beyond [MaxDepth] are added to bad.
func (h *hierarchy) resolve(bad *problems) []uint32 {
	waiting := make([]int, len(h.roles)) // parents that are not in order yet
	children := make([][]uint32, len(h.roles))
	for child, parents := range h.parents {
		waiting[child] = len(parents)
		for _, parent := range parents {
			children[parent] = append(children[parent], uint32(child))
		}
	}
	order := make([]uint32, 0, len(h.roles))
	for role := range h.roles {
		if waiting[role] == 0 {
			order = append(order, uint32(role))
		}
	}
	for next := 0; next < len(order); next++ {
		for _, child := range children[order[next]] {
			if waiting[child]--; waiting[child] == 0 {
				order = append(order, child)
			}
		}
	}
	if len(order) < len(h.roles) {
		bad.add(h.cycle(waiting))
		return nil
	}
	if e := h.tooDeep(order); e != nil {
		bad.add(e)
	}
	return order
}

// cycle describes a cycle among the roles that still wait for a parent. Each of
// them has a parent that waits too, so that going up must come round.
func (h *hierarchy) cycle(waiting []int) *RuleError {
	stands := func(role uint32) bool { return waiting[role] > 0 }
	role := uint32(slices.IndexFunc(waiting, func(n int) bool { return n > 0 }))
	var path []uint32
	met := map[uint32]int{} // place on the path
	for {
		start, again := met[role]
		if again {
			path = append(path[start:], role)
			break
		}
		met[role] = len(path)
		path = append(path, role)
		role = h.parents[role][slices.IndexFunc(h.parents[role], stands)]
	}
	names := make([]string, len(path))
	for i, r := range path {
		names[i] = h.roles[r]
	}
	// The row that closed the cycle is the last one of it.
	var closing place
	for i := range len(path) - 1 {
		if p := h.place(path[i], path[i+1]); p.row > closing.row {
			closing = p
		}
	}
	return &RuleError{Row: closing.row, Rule: closing.rule, Reason: "roles inherit in a cycle: " + shortChain(names)}
}

// tooDeep describes the first role in order whose chain is too long, or nil.
func (h *hierarchy) tooDeep(order []uint32) *RuleError {
	depth := make([]int, len(h.roles))
	above := make([]uint32, len(h.roles)) // the parent on the longest chain
	for _, role := range order {
		for _, parent := range h.parents[role] {
			if depth[parent]+1 > depth[role] {
				depth[role], above[role] = depth[parent]+1, parent
			}
		}
		if depth[role] <= MaxDepth {
			continue
		}
		p := h.place(role, above[role])
		names := []string{h.roles[role]}
		for r := role; depth[r] > 0; r = above[r] {
			names = append(names, h.roles[above[r]])
		}
		return &RuleError{Row: p.row, Rule: p.rule, Reason: fmt.Sprintf(
			"roles inherit through more than %d rows, which casbin does not follow: %s", MaxDepth, shortChain(names))}
	}
	return nil
}

// place finds the row that makes child inherit from parent.
func (h *hierarchy) place(child, parent uint32) place {
	return h.rows[child][slices.Index(h.parents[child], parent)]
}

// shortChain writes a chain of roles and leaves out the middle of a long one.
func shortChain(names []string) string {
	if len(names) > 12 {
		names = slices.Concat(names[:6], []string{"…"}, names[len(names)-5:])
	}
	return strings.Join(names, " → ")
}
