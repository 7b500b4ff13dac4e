package policy_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/veranda-go/veranda/internal/policy"
)

// benchmarkRows makes a policy of the size given: roles of fifteen rows, every
// fifth role inheriting from the one before instead of its last row.
func benchmarkRows(size int) ([]policy.Rule, policy.Options) {
	var o policy.Options
	actions := []string{"read", "list", "create", "update", "delete", "delete:own", "restore", "share"}
	for kind := range 25 {
		for _, action := range actions {
			o.Permissions = append(o.Permissions, fmt.Sprintf("kind%d.%s", kind, action))
		}
	}
	rules := make([]policy.Rule, 0, size)
	for n := range size {
		role := n / 15
		source := fmt.Sprintf("policy.csv:%d", n+1)
		switch at := n % 15; {
		case at == 14 && role%5 == 4:
			rules = append(rules, policy.Rule{Type: "g", Values: []string{fmt.Sprintf("role%d", role), fmt.Sprintf("role%d", role-1)}, Source: source})
		case at == 13:
			rules = append(rules, policy.Rule{Type: "p", Values: []string{fmt.Sprintf("role%d", role), "*", actions[role%8], "deny"}, Source: source})
		default:
			rules = append(rules, policy.Rule{Type: "p", Values: []string{fmt.Sprintf("role%d", role), fmt.Sprintf("kind%d", (role+at)%25), actions[(role+at*3+1)%8]}, Source: source})
		}
	}
	return rules, o
}

var sizes = []int{60, 1_500, 15_000}

// benchmarkSnapshot also returns three roles, among them the last of the policy
// and the first, and something that they may do.
func benchmarkSnapshot(b *testing.B, size int) (*policy.Snapshot, []string, string) {
	b.Helper()
	rules, o := benchmarkRows(size)
	s, err := policy.Compile(1, rules, o)
	if err != nil {
		b.Fatal(err)
	}
	last := size/15 - 1
	roles := []string{fmt.Sprintf("role%d", last), fmt.Sprintf("role%d", last/2), "role0"}
	may := s.Permissions(roles)
	if len(may) == 0 {
		b.Fatalf("%v may do nothing", roles)
	}
	return s, roles, may[len(may)/2]
}

func BenchmarkAllows(b *testing.B) {
	for _, size := range sizes {
		s, roles, permission := benchmarkSnapshot(b, size)
		for _, count := range []int{1, 2, 3} {
			b.Run(fmt.Sprintf("rows=%d/roles=%d", size, count), func(b *testing.B) {
				some := roles[3-count:]
				b.ReportAllocs()
				for b.Loop() {
					s.Allows(some, permission)
				}
			})
		}
		b.Run(fmt.Sprintf("rows=%d/list=3", size), func(b *testing.B) {
			list := roles[0] + " " + roles[1] + " " + roles[2]
			b.ReportAllocs()
			for b.Loop() {
				s.AllowsList(list, permission)
			}
		})
	}
}

func BenchmarkEnforce(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("rows=%d/roles=3", size), func(b *testing.B) {
			s, roles, permission := benchmarkSnapshot(b, size)
			kind, action, _ := strings.Cut(permission, ".")
			enforcer, err := s.Enforcer()
			if err != nil {
				b.Fatal(err)
			}
			for _, role := range roles {
				if _, err := enforcer.AddGroupingPolicy("somebody", role); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if allowed, err := enforcer.Enforce("somebody", kind, action); err != nil || !allowed {
					b.Fatal(allowed, err)
				}
			}
		})
	}
}

// BenchmarkCompile also reports what a snapshot keeps in memory.
func BenchmarkCompile(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			rules, o := benchmarkRows(size)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			s, err := policy.Compile(1, rules, o)
			if err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := policy.Compile(1, rules, o); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "bytes-kept")
			runtime.KeepAlive(s)
		})
	}
}

func BenchmarkParseCSV(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			s, _, _ := benchmarkSnapshot(b, size)
			text := s.CSV()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := policy.ParseCSV("policy.csv", text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkExplain(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
			s, roles, permission := benchmarkSnapshot(b, size)
			b.ReportAllocs()
			for b.Loop() {
				s.Explain(roles, permission)
			}
		})
	}
}
