package policy

import "strings"

// Options is what rows are compiled against.
type Options struct {
	// Permissions names every permission that the program declares, each as
	// "kind.action". A row about any other is refused.
	Permissions []string
}

// Compile resolves rows into a snapshot that carries the version given.
//
// Rows that occur twice are kept once, at their first place. The error joins a
// [RuleError] for each row that is refused: a type other than "p" and "g", a
// wrong number of values, a name with a character outside a-z 0-9 _ . : - (so
// no pattern of any sort; "*" alone may stand for kind and action), an effect
// other than allow and deny, a permission or kind or action that nobody
// declared, a cycle of inheritance, and inheritance beyond [MaxDepth]. A
// declared permission that is not "kind.action" is refused too.
func Compile(version int64, rules []Rule, o Options) (*Snapshot, error) {
	permissions, err := newCatalog(o.Permissions)
	if err != nil {
		return nil, err
	}
	c := &compiler{
		catalog: permissions,
		names:   map[string]string{},
		seen:    make(map[row]struct{}, len(rules)),
		rules:   make([]Rule, 0, len(rules)),
		tree:    hierarchy{number: map[string]uint32{}},
	}
	for i, rule := range rules {
		c.take(i+1, rule)
	}
	order := c.tree.resolve(&c.bad)
	if err := c.bad.err(); err != nil {
		return nil, err
	}
	return &Snapshot{
		version:     version,
		rules:       c.rules,
		permissions: permissions.names,
		permission:  permissions.number,
		words:       permissions.words,
		roles:       c.tree.roles,
		role:        c.tree.number,
		parents:     c.tree.parents,
		cells:       c.cells(order),
	}, nil
}

// row is a rule in a form that can be compared: type and values.
type row [5]string

// grant is what a "p" row means: bits for a role.
type grant struct {
	role uint32
	deny bool
	one  uint32   // the permission, when set is nil
	set  []uint64 // the permissions of a wildcard, shared with the catalog
}

type compiler struct {
	*catalog
	names  map[string]string // one copy of every name, independent of the texts the rows came from
	seen   map[row]struct{}
	rules  []Rule
	tree   hierarchy
	grants []grant
	bad    problems
}

// take checks a row and keeps what it means. Rows are numbered from 1.
func (c *compiler) take(number int, given Rule) {
	rule, reason := given.normalize()
	if reason != "" {
		c.bad.add(&RuleError{Row: number, Rule: given, Reason: reason})
		return
	}
	key := row{rule.Type}
	for i, value := range rule.Values {
		value = c.intern(value)
		rule.Values[i], key[i+1] = value, value
	}
	if _, repeated := c.seen[key]; repeated {
		return
	}
	c.seen[key] = struct{}{}
	rule.Type = c.intern(rule.Type)
	if rule.Type == typeInherit {
		c.tree.inherit(rule.Values[0], rule.Values[1], number, rule)
		c.rules = append(c.rules, rule)
		return
	}
	one, set, reason := c.covered(rule.Values[1], rule.Values[2])
	if reason != "" {
		c.bad.add(&RuleError{Row: number, Rule: rule, Reason: reason})
		return
	}
	c.grants = append(c.grants, grant{
		role: c.tree.add(rule.Values[0]),
		deny: rule.Values[3] == effectDeny,
		one:  one,
		set:  set,
	})
	c.rules = append(c.rules, rule)
}

func (c *compiler) intern(name string) string {
	kept, found := c.names[name]
	if !found {
		kept = strings.Clone(name)
		c.names[kept] = kept
	}
	return kept
}

// cells builds the table: first what rows give each role itself, then what
// roles inherit, each after all those it inherits from.
func (c *compiler) cells(order []uint32) []cell {
	cells := make([]cell, len(c.tree.roles)*c.words)
	for _, g := range c.grants {
		own := cells[int(g.role)*c.words:][:c.words]
		if g.set == nil {
			own[g.one/64].mark(1<<(g.one%64), g.deny)
			continue
		}
		for i, bits := range g.set {
			own[i].mark(bits, g.deny)
		}
	}
	for _, role := range order {
		own := cells[int(role)*c.words:][:c.words]
		for _, parent := range c.tree.parents[role] {
			for i, inherited := range cells[int(parent)*c.words:][:c.words] {
				own[i].allow |= inherited.allow
				own[i].deny |= inherited.deny
			}
		}
	}
	return cells
}
