package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/internal/policy"
)

// options declares what the examples of these tests speak of.
var options = policy.Options{Permissions: []string{
	"task.read", "task.write", "task.delete", "task.delete:own", "file.read", "apps.record.read",
}}

// compile takes rows as text and fails the test when they are refused.
func compile(t *testing.T, text string) *policy.Snapshot {
	t.Helper()
	rules, err := policy.ParseCSV("test.csv", text)
	if err != nil {
		t.Fatalf("ParseCSV: %v", err)
	}
	s, err := policy.Compile(7, rules, options)
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return s
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	p := func(values ...string) policy.Rule { return policy.Rule{Type: "p", Values: values} }
	g := func(values ...string) policy.Rule { return policy.Rule{Type: "g", Values: values} }
	tests := []struct {
		name  string
		rules []policy.Rule
		row   int
		want  []string // what the message must say
	}{
		{"undeclared permission", []policy.Rule{p("a", "task", "read"), p("a", "task", "raed")}, 2, []string{"policy row 2", "p, a, task, raed, allow", "task.raed is not declared"}},
		{"undeclared denial", []policy.Rule{p("a", "tusk", "read", "deny")}, 1, []string{"p, a, tusk, read, deny", "tusk.read is not declared"}},
		{"kind that nobody declared", []policy.Rule{p("a", "tusk", "*")}, 1, []string{"kind tusk"}},
		{"action that nobody declared", []policy.Rule{p("a", "*", "raed", "deny")}, 1, []string{"action raed"}},
		{"qualifier that nobody declared", []policy.Rule{p("a", "task", "read:own")}, 1, []string{"task.read:own is not declared"}},
		{"dot in the kind", []policy.Rule{p("a", "apps.record", "read")}, 1, []string{`kind "apps.record" has a dot`}},
		{"other effect", []policy.Rule{p("a", "task", "read", "maybe")}, 1, []string{`effect "maybe" is neither allow nor deny`}},
		{"empty effect", []policy.Rule{p("a", "task", "read", "")}, 1, []string{`effect ""`}},
		{"effect in capitals", []policy.Rule{p("a", "task", "read", "DENY")}, 1, []string{`effect "DENY"`}},
		{"too few values", []policy.Rule{p("a", "task")}, 1, []string{"p, a, task:", "has 2 values"}},
		{"too many values", []policy.Rule{p("a", "task", "read", "allow", "x")}, 1, []string{"has 5 values"}},
		{"no values", []policy.Rule{p()}, 1, []string{"has 0 values"}},
		{"domain in g", []policy.Rule{g("a", "b", "org1")}, 1, []string{"g, a, b, org1", "has 3 values"}},
		{"g of one", []policy.Rule{g("a")}, 1, []string{"has 1 values"}},
		{"p2", []policy.Rule{{Type: "p2", Values: []string{"a", "task", "read"}}}, 1, []string{`type "p2"`}},
		{"g2", []policy.Rule{{Type: "g2", Values: []string{"a", "b"}}}, 1, []string{`type "g2"`}},
		{"no type", []policy.Rule{{}}, 1, []string{"policy row 1", `type ""`}},
		{"pattern in the action", []policy.Rule{p("a", "task", "re*")}, 1, []string{`action "re*"`}},
		{"regular expression", []policy.Rule{p("a", "task", "(read)|(write)")}, 1, []string{"action", "character"}},
		{"key pattern", []policy.Rule{p("a", "/task/:id", "read")}, 1, []string{`kind "/task/:id"`}},
		{"space in the role", []policy.Rule{p("a b", "task", "read")}, 1, []string{`role "a b"`}},
		{"capital", []policy.Rule{p("Admin", "task", "read")}, 1, []string{`role "Admin"`}},
		{"not ASCII", []policy.Rule{p("chefé", "task", "read")}, 1, []string{"role", "character"}},
		{"line break", []policy.Rule{p("a\np, b", "task", "read")}, 1, []string{`"a\np, b"`}},
		{"empty role", []policy.Rule{p("", "task", "read")}, 1, []string{"role is empty"}},
		{"empty kind", []policy.Rule{p("a", "", "read")}, 1, []string{"kind is empty"}},
		{"empty action", []policy.Rule{p("a", "task", "")}, 1, []string{"action is empty"}},
		{"role of everybody", []policy.Rule{p("*", "task", "read")}, 1, []string{`role may not be "*"`}},
		{"inheriting by everybody", []policy.Rule{g("*", "a")}, 1, []string{`role may not be "*"`}},
		{"inheriting everything", []policy.Rule{g("a", "*")}, 1, []string{`inherited role may not be "*"`}},
		{"own parent", []policy.Rule{g("a", "a")}, 1, []string{"g, a, a", "cycle: a → a"}},
		{"cycle", []policy.Rule{g("z", "a"), g("a", "b"), g("b", "c"), g("c", "a"), g("c", "d")}, 4, []string{"g, c, a", "cycle", "a → b", "b → c", "c → a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := policy.Compile(1, test.rules, options)
			if err == nil || s != nil {
				t.Fatalf("Compile(%v) = %v, %v; want an error", test.rules, s, err)
			}
			var refused *policy.RuleError
			if !errors.As(err, &refused) {
				t.Fatalf("the error is no RuleError: %v", err)
			}
			if refused.Row != test.row {
				t.Errorf("the error is about row %d, want %d: %v", refused.Row, test.row, err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the message is not one line: %q", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the message %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestCompileRefusesDeclarations(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "task", ".read", "task.", "task.*", "*.read", "Task.read", "task.read all", "task.read,write"} {
		if _, err := policy.Compile(1, nil, policy.Options{Permissions: []string{"task.read", name}}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", name)) {
			t.Errorf("Compile with the permission %q: %v, want an error that names it", name, err)
		}
	}
}

func TestCompileNamesEveryBadRow(t *testing.T) {
	t.Parallel()
	var rules []policy.Rule
	for i := range 50 {
		rules = append(rules, policy.Rule{Type: "p", Values: []string{"a", "task", fmt.Sprintf("no%d", i)}, Source: fmt.Sprintf("rows.csv:%d", i+3)})
	}
	_, err := policy.Compile(1, rules, options)
	if err == nil {
		t.Fatal("the rows are taken")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || lines[20] != "and 30 more refused policy rows" {
		t.Errorf("the error has %d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
	want := "policy row 2 (rows.csv:4): p, a, task, no1, allow: the permission task.no1 is not declared"
	if lines[1] != want {
		t.Errorf("the second line is %q, want %q", lines[1], want)
	}
}

func TestCompileTakes(t *testing.T) {
	t.Parallel()
	s := compile(t, `
		p, owner, *, *
		p, employee, task, read
		p, employee, task, read, allow
		p, employee, apps, record.read
		p, external, *, read
		p, external, task, *, deny
		p, org:0190:foreman_2, task, delete:own
		g, guest, external
		g, guest, external
	`)
	want := strings.TrimLeft(`
p, owner, *, *, allow
p, employee, task, read, allow
p, employee, apps, record.read, allow
p, external, *, read, allow
p, external, task, *, deny
p, org:0190:foreman_2, task, delete:own, allow
g, guest, external
`, "\n")
	if diff := cmp.Diff(want, s.CSV()); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
	roles := []string{"employee", "external", "guest", "org:0190:foreman_2", "owner"}
	if diff := cmp.Diff(roles, s.Roles()); diff != "" {
		t.Errorf("Roles (-want +got):\n%s", diff)
	}
	for role, want := range map[string][]string{
		"owner":              {"apps.record.read", "file.read", "task.delete", "task.delete:own", "task.read", "task.write"},
		"employee":           {"apps.record.read", "task.read"},
		"external":           {"file.read"},
		"guest":              {"file.read"},
		"org:0190:foreman_2": {"task.delete:own"},
		"nobody":             nil,
	} {
		if diff := cmp.Diff(want, s.Permissions([]string{role})); diff != "" {
			t.Errorf("Permissions of %s (-want +got):\n%s", role, diff)
		}
	}
	if got := s.Version(); got != 7 {
		t.Errorf("Version = %d, want 7", got)
	}
}

// Compile must not depend on what the caller does with the rows afterwards,
// nor let the rows it hands out be changed.
func TestSnapshotStandsAlone(t *testing.T) {
	t.Parallel()
	rules := []policy.Rule{{Type: "p", Values: []string{"employee", "task", "read"}}}
	s, err := policy.Compile(1, rules, options)
	if err != nil {
		t.Fatal(err)
	}
	want := s.CSV()
	rules[0].Values[0] = "external"
	s.Rules()[0].Values[0] = "external"
	s.Explain([]string{"employee"}, "task.read").Rule.Values[0] = "external"
	enforcer, err := s.Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enforcer.RemovePolicy("employee", "task", "read", "allow"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.CSV()); diff != "" {
		t.Errorf("the snapshot changed (-before +after):\n%s", diff)
	}
	if !s.Allows([]string{"employee"}, "task.read") {
		t.Error("the snapshot no longer allows what it did")
	}
}

// Cycles are found wherever they are, and only where they are.
func TestCyclesAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const roles = 7 // too few for a chain beyond MaxDepth
		var reach [roles][roles]bool
		var rules []policy.Rule
		for _, link := range rapid.SliceOfN(rapid.IntRange(0, roles*roles-1), 0, 9).Draw(t, "links") {
			child, parent := link/roles, link%roles
			reach[child][parent] = true
			rules = append(rules, policy.Rule{Type: "g", Values: []string{fmt.Sprintf("r%d", child), fmt.Sprintf("r%d", parent)}})
		}
		for middle := range roles { // transitive closure after Warshall
			for from := range roles {
				for to := range roles {
					reach[from][to] = reach[from][to] || reach[from][middle] && reach[middle][to]
				}
			}
		}
		cyclic := false
		for role := range roles {
			cyclic = cyclic || reach[role][role]
		}
		_, err := policy.Compile(1, rules, options)
		if (err != nil) != cyclic {
			t.Fatalf("Compile(%v): %v, want an error: %t", rules, err, cyclic)
		}
		var refused *policy.RuleError
		if errors.As(err, &refused) && !cmp.Equal(rules[refused.Row-1], refused.Rule) {
			t.Fatalf("row %d is %v, the error speaks of %v", refused.Row, rules[refused.Row-1], refused.Rule)
		}
	})
}
