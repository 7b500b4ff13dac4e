package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veranda-go/veranda/internal/policy"
)

const exampleRows = `
p, owner, *, *
p, employee, task, read
p, employee, task, delete:own
p, external, *, read
p, suspended, *, *, deny
g, guest, external
`

func TestAllows(t *testing.T) {
	t.Parallel()
	s := compile(t, exampleRows)
	tests := []struct {
		name       string
		roles      []string
		list       string
		permission string
		want       bool
	}{
		{"own row", []string{"employee"}, "employee", "task.read", true},
		{"no row", []string{"employee"}, "employee", "task.write", false},
		{"qualified, not plain", []string{"employee"}, "employee", "task.delete", false},
		{"qualified", []string{"employee"}, "employee", "task.delete:own", true},
		{"wildcard covers the qualified", []string{"owner"}, "owner", "task.delete:own", true},
		{"inherited", []string{"guest"}, "guest", "file.read", true},
		{"action split at the first dot only", []string{"guest"}, "guest", "apps.record.read", false},
		{"union", []string{"guest", "employee"}, "guest employee", "task.delete:own", true},
		{"denial wins whichever comes first", []string{"suspended", "owner"}, "suspended owner", "task.read", false},
		{"denial wins whichever comes last", []string{"owner", "suspended"}, "owner suspended", "task.read", false},
		{"unknown role beside a known one", []string{"nobody", "employee"}, "nobody employee", "task.read", true},
		{"unknown role", []string{"nobody"}, "nobody", "task.read", false},
		{"unknown permission", []string{"owner"}, "owner", "task.fly", false},
		{"empty permission", []string{"owner"}, "owner", "", false},
		{"wildcard is no permission", []string{"owner"}, "owner", "*.*", false},
		{"no role", nil, "", "task.read", false},
		{"empty role", []string{""}, " ", "task.read", false},
		{"more spaces than needed", []string{"", "employee", ""}, "  employee ", "task.read", true},
		{"part of a name", []string{"employ"}, "employ ee", "task.read", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := s.Allows(test.roles, test.permission); got != test.want {
				t.Errorf("Allows(%q, %q) = %t, want %t", test.roles, test.permission, got, test.want)
			}
			if got := s.AllowsList(test.list, test.permission); got != test.want {
				t.Errorf("AllowsList(%q, %q) = %t, want %t", test.list, test.permission, got, test.want)
			}
			if got := s.Explain(test.roles, test.permission).Allowed; got != test.want {
				t.Errorf("Explain(%q, %q).Allowed = %t, want %t", test.roles, test.permission, got, test.want)
			}
		})
	}
}

func TestNilSnapshotIsClosed(t *testing.T) {
	t.Parallel()
	var s *policy.Snapshot
	owner := []string{"owner"}
	if s.Allows(owner, "task.read") || s.AllowsList("owner", "task.read") {
		t.Error("a nil snapshot allows something")
	}
	if got := s.Explain(owner, "task.read"); got.Allowed || got.Reason != policy.ReasonNoPolicy {
		t.Errorf("Explain = %+v", got)
	}
	if s.Permissions(owner) != nil || s.Roles() != nil || s.Rules() != nil || s.CSV() != "" || s.Version() != 0 {
		t.Error("a nil snapshot holds something")
	}
	if e, err := s.Enforcer(); err == nil {
		t.Errorf("Enforcer = %v, want an error", e)
	}
}

func TestEmptyPolicy(t *testing.T) {
	t.Parallel()
	s, err := policy.Compile(1, nil, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Allows([]string{"owner"}, "task.read") {
		t.Error("an empty policy allows something")
	}
	// Rows may speak of everything where nothing is declared yet.
	s, err = policy.Compile(1, []policy.Rule{{Type: "p", Values: []string{"owner", "*", "*"}}}, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Allows([]string{"owner"}, "task.read") || s.Permissions([]string{"owner"}) != nil {
		t.Error("what nobody declared is allowed")
	}
	// casbin agrees about a policy without rows.
	s, err = policy.Compile(1, nil, options)
	if err != nil {
		t.Fatal(err)
	}
	a := newAsker(t, s)
	a.check(t, s, a.subject(t, []string{"owner"}), []string{"owner"}, "task.read")
}

func TestExplain(t *testing.T) {
	t.Parallel()
	s := compile(t, `p, external, file, read
p, employee, task, *
p, suspended, *, *, deny
g, visitor, guest
g, guest, external
g, barred, suspended`)
	row := func(line string, values ...string) policy.Rule {
		return policy.Rule{Type: "p", Values: values, Source: "test.csv:" + line}
	}
	reads := row("1", "external", "file", "read", "allow")
	tests := []struct {
		name       string
		roles      []string
		permission string
		want       policy.Explanation
		text       string
	}{
		{"inherited twice", []string{"visitor"}, "file.read",
			policy.Explanation{Allowed: true, Role: "visitor", Through: []string{"guest", "external"}, Rule: reads, Reason: policy.ReasonAllowed},
			`file.read is allowed for visitor, which inherits from guest, then external, by the row "p, external, file, read, allow" (test.csv:1)`},
		{"the nearest role", []string{"visitor", "external"}, "file.read",
			policy.Explanation{Allowed: true, Role: "external", Through: []string{}, Rule: reads, Reason: policy.ReasonAllowed},
			`file.read is allowed for external by the row "p, external, file, read, allow" (test.csv:1)`},
		{"denied", []string{"employee", "barred"}, "task.read",
			policy.Explanation{Role: "barred", Through: []string{"suspended"}, Rule: row("3", "suspended", "*", "*", "deny"), Reason: policy.ReasonDenied},
			`task.read is denied for barred, which inherits from suspended, by the row "p, suspended, *, *, deny" (test.csv:3)`},
		{"no row", []string{"visitor"}, "task.read",
			policy.Explanation{Reason: policy.ReasonNoRule}, "task.read is allowed by no row of these roles"},
		{"unknown roles", []string{"nobody", ""}, "task.read",
			policy.Explanation{Reason: policy.ReasonUnknownRoles}, "no row speaks of any of these roles"},
		{"no roles", nil, "task.read",
			policy.Explanation{Reason: policy.ReasonUnknownRoles}, "no row speaks of any of these roles"},
		{"unknown permission", []string{"employee"}, "task.\nfly",
			policy.Explanation{Reason: policy.ReasonUnknownPermission}, `"task.\nfly" is not a permission of this program`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := s.Explain(test.roles, test.permission)
			test.want.Permission = test.permission
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Explain (-want +got):\n%s", diff)
			}
			if got.String() != test.text {
				t.Errorf("String = %s, want %s", got, test.text)
			}
		})
	}
}

// It does not run in parallel: allocations are counted for the whole process.
func TestAllowsDoesNotAllocate(t *testing.T) {
	s := compile(t, exampleRows)
	roles := []string{"guest", "employee", "nobody"}
	list := "guest employee nobody"
	permissions := []string{"task.delete:own", "task.write", "no.such"}
	allowed := 0
	for name, ask := range map[string]func(permission string) bool{
		"Allows":     func(permission string) bool { return s.Allows(roles, permission) },
		"AllowsList": func(permission string) bool { return s.AllowsList(list, permission) },
	} {
		for _, permission := range permissions {
			if got := testing.AllocsPerRun(200, func() {
				if ask(permission) {
					allowed++
				}
			}); got != 0 {
				t.Errorf("%s(%s) allocates %v times", name, permission, got)
			}
		}
	}
	if allowed != 2*201 { // one warm-up run each
		t.Errorf("%d answers were yes, want %d", allowed, 2*201)
	}
}
