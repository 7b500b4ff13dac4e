package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/internal/policy"
)

// The tests of this file hold the compiled table to casbin's own decisions.

// world is what rows are drawn from: every kind has every action, so that no
// drawn row is refused.
type world struct{ roles, kinds, actions []string }

func newWorld(roles, kinds int) world {
	w := world{actions: []string{"read", "write", "delete", "delete:own"}}
	for i := range roles {
		w.roles = append(w.roles, fmt.Sprintf("role%d", i))
	}
	for i := range kinds {
		w.kinds = append(w.kinds, fmt.Sprintf("kind%d", i))
	}
	return w
}

func (w world) permissions() []string {
	var names []string
	for _, kind := range w.kinds {
		for _, action := range w.actions {
			names = append(names, kind+"."+action)
		}
	}
	return names
}

// draw makes rows: p rows of every shape and g rows that only lead from a later
// role to an earlier one of a drawn order, so that there is no cycle.
func (w world) draw(t *rapid.T, most int) []policy.Rule {
	order := rapid.Permutation(w.roles).Draw(t, "order")
	// Chains stay within what is taken: a role inherits only from the group of
	// roles before its own, and there are fewer groups than links allowed.
	const groups = 6
	group := func(i int) int { return i * groups / len(order) }
	row := rapid.Custom(func(t *rapid.T) policy.Rule {
		if rapid.IntRange(0, 3).Draw(t, "type") == 0 && len(order) > 1 {
			child := rapid.IntRange(1, len(order)-1).Draw(t, "child")
			parent := rapid.IntRange(0, child-1).Draw(t, "parent")
			if len(order) <= policy.MaxDepth || group(parent) < group(child) {
				return policy.Rule{Type: "g", Values: []string{order[child], order[parent]}}
			}
		}
		values := []string{
			rapid.SampledFrom(order).Draw(t, "role"),
			rapid.SampledFrom(append([]string{"*"}, w.kinds...)).Draw(t, "kind"),
			rapid.SampledFrom(append([]string{"*"}, w.actions...)).Draw(t, "action"),
		}
		switch rapid.IntRange(0, 4).Draw(t, "effect") {
		case 0:
			values = append(values, "deny")
		case 1:
			values = append(values, "allow")
		}
		return policy.Rule{Type: "p", Values: values}
	})
	return rapid.SliceOfN(row, 0, most).Draw(t, "rules")
}

// asker asks casbin for a subject that has exactly the given roles through g.
type asker struct {
	enforcer *casbin.Enforcer
	users    int
}

func newAsker(t rapid.TB, s *policy.Snapshot) *asker {
	t.Helper()
	enforcer, err := s.Enforcer()
	if err != nil {
		t.Fatalf("Enforcer: %v", err)
	}
	return &asker{enforcer: enforcer}
}

func (a *asker) subject(t rapid.TB, roles []string) string {
	t.Helper()
	a.users++
	user := fmt.Sprintf("user %d", a.users) // the space keeps it apart from all roles
	for _, role := range roles {
		if _, err := a.enforcer.AddGroupingPolicy(user, role); err != nil {
			t.Fatalf("AddGroupingPolicy: %v", err)
		}
	}
	return user
}

// check compares every answer about one set of roles and one permission.
func (a *asker) check(t rapid.TB, s *policy.Snapshot, user string, roles []string, permission string) {
	t.Helper()
	kind, action, _ := strings.Cut(permission, ".")
	want, row, err := a.enforcer.EnforceEx(user, kind, action)
	if err != nil {
		t.Fatalf("EnforceEx: %v", err)
	}
	if got := s.Allows(roles, permission); got != want {
		t.Fatalf("Allows(%v, %s) = %t, casbin says %t; rows:\n%s", roles, permission, got, want, s.CSV())
	}
	if got := s.AllowsList(strings.Join(roles, " "), permission); got != want {
		t.Fatalf("AllowsList(%v, %s) = %t, casbin says %t; rows:\n%s", roles, permission, got, want, s.CSV())
	}
	e := s.Explain(roles, permission)
	if e.Allowed != want || !slices.Equal(e.Rule.Values, row) {
		t.Fatalf("Explain(%v, %s) = %+v, casbin says %t by %q; rows:\n%s", roles, permission, e, want, row, s.CSV())
	}
	checkExplanation(t, s, roles, permission, e)
}

// checkExplanation holds an explanation to the rows themselves.
func checkExplanation(t rapid.TB, s *policy.Snapshot, roles []string, permission string, e policy.Explanation) {
	t.Helper()
	among := func(rule policy.Rule) bool {
		return slices.ContainsFunc(s.Rules(), func(r policy.Rule) bool { return cmp.Equal(r, rule) })
	}
	switch e.Reason {
	case policy.ReasonNoRule, policy.ReasonUnknownRoles:
		if e.Allowed || e.Role != "" || e.Through != nil || !cmp.Equal(e.Rule, policy.Rule{}) {
			t.Fatalf("Explain(%v, %s) names a row where none decided: %+v", roles, permission, e)
		}
		known := slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(s.Roles(), role) })
		if known != (e.Reason == policy.ReasonNoRule) {
			t.Fatalf("Explain(%v, %s) gives the reason %s", roles, permission, e.Reason)
		}
		return
	case policy.ReasonAllowed, policy.ReasonDenied:
	default:
		t.Fatalf("Explain(%v, %s) gives the reason %q", roles, permission, e.Reason)
	}
	if !among(e.Rule) {
		t.Fatalf("Explain(%v, %s) names a row that is none: %v", roles, permission, e.Rule)
	}
	role, kind, action, effect := e.Rule.Values[0], e.Rule.Values[1], e.Rule.Values[2], e.Rule.Values[3]
	ownKind, ownAction, _ := strings.Cut(permission, ".")
	if kind != "*" && kind != ownKind || action != "*" && action != ownAction {
		t.Fatalf("Explain(%v, %s) names a row about something else: %v", roles, permission, e.Rule)
	}
	if e.Allowed != (effect == "allow") || e.Allowed != (e.Reason == policy.ReasonAllowed) {
		t.Fatalf("Explain(%v, %s) does not agree with its row: %+v", roles, permission, e)
	}
	chain := append([]string{e.Role}, e.Through...)
	if !slices.Contains(roles, e.Role) || chain[len(chain)-1] != role {
		t.Fatalf("Explain(%v, %s) does not lead from a role to the row: %+v", roles, permission, e)
	}
	for i := range len(chain) - 1 {
		if !among(policy.Rule{Type: "g", Values: []string{chain[i], chain[i+1]}}) {
			t.Fatalf("Explain(%v, %s): %s does not inherit from %s", roles, permission, chain[i], chain[i+1])
		}
	}
}

func TestEveryPairAsCasbin(t *testing.T) {
	t.Parallel()
	w := newWorld(5, 2)
	rapid.Check(t, func(t *rapid.T) {
		s, err := policy.Compile(1, w.draw(t, 14), policy.Options{Permissions: w.permissions()})
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}
		a := newAsker(t, s)
		for set := range 1 << len(w.roles) {
			var roles []string
			if set%3 == 0 {
				roles = append(roles, "stranger")
			}
			for i, role := range w.roles {
				if set&(1<<i) != 0 {
					roles = append(roles, role)
				}
			}
			user := a.subject(t, roles)
			var may []string
			for _, permission := range w.permissions() {
				a.check(t, s, user, roles, permission)
				if s.Allows(roles, permission) {
					may = append(may, permission)
				}
			}
			slices.Sort(may)
			if diff := cmp.Diff(may, s.Permissions(roles)); diff != "" {
				t.Fatalf("Permissions(%v) differs from Allows (-allows +permissions):\n%s", roles, diff)
			}
		}
	})
}

// More roles than fit into all subsets, and permissions over several words.
func TestManyRolesAsCasbin(t *testing.T) {
	t.Parallel()
	w := newWorld(40, 50)
	permissions := w.permissions()
	rapid.Check(t, func(t *rapid.T) {
		s, err := policy.Compile(1, w.draw(t, 120), policy.Options{Permissions: permissions})
		if err != nil {
			t.Fatalf("Compile: %v", err)
		}
		a := newAsker(t, s)
		for range 5 {
			roles := rapid.SliceOfN(rapid.SampledFrom(append([]string{"stranger"}, w.roles...)), 0, 6).Draw(t, "roles")
			user := a.subject(t, roles)
			for range 5 {
				a.check(t, s, user, roles, rapid.SampledFrom(permissions).Draw(t, "permission"))
			}
		}
	})
}

// The longest chain that is taken is one that casbin still follows, for a
// denial at its far end too; the reason for the limit is checked with it.
func TestLongestChainAsCasbin(t *testing.T) {
	t.Parallel()
	rules := []policy.Rule{
		{Type: "p", Values: []string{"r0", "task", "read"}},
		{Type: "p", Values: []string{"r0", "task", "write", "deny"}},
	}
	last := "r0"
	for i := range policy.MaxDepth {
		next := fmt.Sprintf("r%d", i+1)
		rules = append(rules, policy.Rule{Type: "g", Values: []string{next, last}})
		last = next
	}
	rules = append(rules, policy.Rule{Type: "p", Values: []string{last, "task", "write"}})
	options := policy.Options{Permissions: []string{"task.read", "task.write"}}
	s, err := policy.Compile(1, rules, options)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	a := newAsker(t, s)
	user := a.subject(t, []string{last})
	a.check(t, s, user, []string{last}, "task.read")
	a.check(t, s, user, []string{last}, "task.write")
	if !s.Allows([]string{last}, "task.read") || s.Allows([]string{last}, "task.write") {
		t.Fatalf("the far end of the chain is lost: %v", s.Permissions([]string{last}))
	}
	if got := len(s.Explain([]string{last}, "task.read").Through); got != policy.MaxDepth {
		t.Errorf("the explanation leads through %d roles, want %d", got, policy.MaxDepth)
	}

	if _, err := policy.Compile(1, append(rules, policy.Rule{Type: "g", Values: []string{"more", last}}), options); err == nil {
		t.Fatal("a chain beyond MaxDepth is taken")
	}
	if _, err := a.enforcer.AddGroupingPolicy("more", last); err != nil {
		t.Fatal(err)
	}
	followed, err := a.enforcer.Enforce(a.subject(t, []string{"more"}), "task", "read")
	if err != nil {
		t.Fatal(err)
	}
	if followed {
		t.Error("casbin follows longer chains now: MaxDepth can grow")
	}
}
