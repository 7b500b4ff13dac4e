package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/veranda-go/veranda/internal/policy"
)

var ignoreSource = cmpopts.IgnoreFields(policy.Rule{}, "Source")

func TestParseCSV(t *testing.T) {
	t.Parallel()
	text := "# tasks\r\n" +
		"\r\n" +
		"p, employee, task, read\r\n" +
		"  p,employee,task,write,deny  \n" +
		"\t# p, employee, *, *\n" +
		"p, \"employee\", \"task\",\"delete:own\", allow\n" +
		"g,\tguest, external"
	want := []policy.Rule{
		{Type: "p", Values: []string{"employee", "task", "read", "allow"}, Source: "rows.csv:3"},
		{Type: "p", Values: []string{"employee", "task", "write", "deny"}, Source: "rows.csv:4"},
		{Type: "p", Values: []string{"employee", "task", "delete:own", "allow"}, Source: "rows.csv:6"},
		{Type: "g", Values: []string{"guest", "external"}, Source: "rows.csv:7"},
	}
	got, err := policy.ParseCSV("rows.csv", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ParseCSV (-want +got):\n%s", diff)
	}
	for _, empty := range []string{"", "\n\n", "# nothing", " \t\r\n"} {
		if rules, err := policy.ParseCSV("rows.csv", empty); err != nil || len(rules) != 0 {
			t.Errorf("ParseCSV(%q) = %v, %v; want no rules", empty, rules, err)
		}
	}
}

func TestParseCSVRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"open quote", `p, "employee, task, read`, `rows.csv:2: "p, \"employee, task, read" is not CSV`},
		{"quote within", `p, emp"loyee, task, read`, "is not CSV"},
		{"space before a comma", "p, employee , task, read", `role "employee " has a character outside`},
		{"comment behind a row", "p, employee, task, read # yes", `action "read # yes"`},
		{"too few values", "p, employee", "rows.csv:2: p, employee: a p row has"},
		{"comma at the end", "p, employee, task, read,", `effect "" is neither`},
		{"other type", "p2, employee, task, read", `type "p2"`},
		{"type alone", "p", "has 0 values"},
		{"quoted comma", `p, "a,b", task, read`, `role "a,b"`},
		{"byte order mark", "\ufeffp, employee, task, read", `type "\ufeffp"`},
		{"tab for comma", "p\temployee\ttask\tread", "rows of type"},
		{"pattern", "p, employee, task, r*", `action "r*"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rules, err := policy.ParseCSV("rows.csv", "p, owner, *, *\n"+test.text+"\n")
			if err == nil || rules != nil {
				t.Fatalf("ParseCSV = %v, %v; want an error and no rules", rules, err)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "rows.csv:2: ") {
				t.Errorf("the message is %q, want the line and %q", err, test.want)
			}
			var refused *policy.RuleError
			if !errors.As(err, &refused) || refused.Rule.Source != "rows.csv:2" {
				t.Errorf("the error does not carry its line: %#v", refused)
			}
		})
	}
	_, err := policy.ParseCSV("rows.csv", "p, a\np, owner, *, *\nq, b")
	if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), "rows.csv:3") {
		t.Errorf("ParseCSV does not name both bad lines: %v", err)
	}
}

func TestRuleString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rule policy.Rule
		want string
	}{
		{policy.Rule{Type: "p", Values: []string{"employee", "task", "read"}}, "p, employee, task, read, allow"},
		{policy.Rule{Type: "p", Values: []string{"employee", "*", "*", "deny"}, Source: "x:1"}, "p, employee, *, *, deny"},
		{policy.Rule{Type: "g", Values: []string{"guest", "external"}}, "g, guest, external"},
		{policy.Rule{Type: "p", Values: []string{"a\nb"}}, `p, "a\nb"`},
		{policy.Rule{}, `""`},
	}
	for _, test := range tests {
		if got := test.rule.String(); got != test.want {
			t.Errorf("String = %s, want %s", got, test.want)
		}
	}
}

func TestCSVRoundTrip(t *testing.T) {
	t.Parallel()
	w := newWorld(30, 6)
	rapid.Check(t, func(t *rapid.T) {
		o := policy.Options{Permissions: w.permissions()}
		s, err := policy.Compile(1, w.draw(t, 40), o)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := policy.ParseCSV("again.csv", s.CSV())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.Rules(), rules, ignoreSource, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("rows after writing and reading (-before +after):\n%s", diff)
		}
		again, err := policy.Compile(1, rules, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.CSV(), again.CSV()); diff != "" {
			t.Fatalf("CSV after compiling again (-before +after):\n%s", diff)
		}
	})
}

// byCasbin reads a text line by line as casbin's adapters do. A row without an
// effect is read by a model without one, which is what such rows are made for.
func byCasbin(text string) ([]policy.Rule, error) {
	var rules []policy.Rule
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		m, err := load(line, policy.Model)
		if err != nil {
			m, err = load(line, strings.Replace(policy.Model, policyLine, "p = role, kind, act\n", 1))
		}
		if err != nil {
			return nil, err
		}
		for _, section := range []string{"p", "g"} {
			for _, values := range m[section][section].Policy {
				if section == "p" && len(values) == 3 {
					values = append(values, "allow")
				}
				rules = append(rules, policy.Rule{Type: section, Values: values})
			}
		}
	}
	return rules, nil
}

func load(line, text string) (model.Model, error) {
	m, err := model.NewModelFromString(text)
	if err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	if err := persist.LoadPolicyLine(line, m); err != nil {
		return nil, fmt.Errorf("loading the line: %w", err)
	}
	return m, nil
}

// FuzzParseCSV: whatever is taken, casbin reads the same from it, it is written
// and read back unchanged, and its rows name the lines they stand on.
func FuzzParseCSV(f *testing.F) {
	for _, seed := range []string{
		"", "p, employee, task, read, allow\n", exampleRows,
		"# comment\r\n\r\n p,a,*,*,deny", `p, "a", "b", "c"`, `p, "a""b", c, d`, `"p",a,b,c`,
		"g, a, b\ng, b, a", "p2, a, b, c", "p, a , b, c", "p,a,b", ",,,", `"`, "p, a, \"b\n\", c", "p,\u00a0a,b,c\u0085",
		"\ufeffp, a, b, c", "p, a, b.c, d.e:f-g_h", "#p,a,b,c\n#", "p, a, b, c # d", "p\r, a, b, c", "\"p\"\r,a,b,c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := policy.ParseCSV("fuzz.csv", text)
		if err != nil {
			if rules != nil {
				t.Fatalf("rows beside an error: %v", rules)
			}
			var refused *policy.RuleError
			if !errors.As(err, &refused) || !strings.HasPrefix(refused.Rule.Source, "fuzz.csv:") {
				t.Fatalf("the error names no line: %v", err)
			}
			return
		}
		theirs, err := byCasbin(text)
		if err != nil {
			t.Fatalf("casbin does not read what is taken: %v", err)
		}
		if diff := cmp.Diff(theirs, rules, ignoreSource); diff != "" {
			t.Fatalf("casbin reads something else (-casbin +own):\n%s", diff)
		}
		lines := strings.Split(text, "\n")
		var b strings.Builder
		for _, rule := range rules {
			var number int
			if _, err := fmt.Sscanf(rule.Source, "fuzz.csv:%d", &number); err != nil || !strings.Contains(lines[number-1], rule.Values[0]) {
				t.Fatalf("%v does not stand on its line %s (%v)", rule, rule.Source, err)
			}
			b.WriteString(rule.String() + "\n")
		}
		again, err := policy.ParseCSV("again.csv", b.String())
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if diff := cmp.Diff(rules, again, ignoreSource); diff != "" {
			t.Fatalf("rows after writing and reading (-before +after):\n%s", diff)
		}
	})
}
