package policy_test

import (
	"strings"
	"testing"

	"github.com/veranda-go/veranda/internal/policy"
)

// part replaces one line of the model that is taken.
func part(t *testing.T, old, replacement string) string {
	t.Helper()
	if strings.Count(policy.Model, old) != 1 {
		t.Fatalf("the model has not exactly one %q", old)
	}
	return strings.Replace(policy.Model, old, replacement, 1)
}

const (
	requestLine = "r = role, kind, act\n"
	policyLine  = "p = role, kind, act, eft\n"
	roleLine    = "g = _, _\n"
	effectLine  = "e = some(where (p.eft == allow)) && !some(where (p.eft == deny))\n"
	matchLine   = "m = (p.kind == \"*\" || r.kind == p.kind) && (p.act == \"*\" || r.act == p.act) && g(r.role, p.role)\n"
)

func TestCheckModelTakes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"own":            policy.Model,
		"comments":       "# ours\n" + part(t, matchLine, "; the rule\n"+matchLine) + "\n# end",
		"layout":         part(t, requestLine, "r=role,kind ,  act\n"),
		"two lines":      part(t, " && g(r.role, p.role)", " \\\n  && g(r.role, p.role)"),
		"order":          part(t, matchLine, `m = g(r.role, p.role) && (p.act == r.act || p.act == '*') && ("*" == p.kind || p.kind == r.kind)`+"\n"),
		"parentheses":    part(t, matchLine, `m = ((g(r.role,p.role)) && (((p.kind == "*") || (r.kind == p.kind)) && (p.act == "*" || (r.act == p.act))))`+"\n"),
		"names":          strings.NewReplacer("role, kind, act", "sub, obj, do", ".role", ".sub", ".kind", ".obj", ".act", ".do").Replace(policy.Model),
		"said twice":     part(t, matchLine, strings.TrimSuffix(matchLine, "\n")+` && g(r.role, p.role)`+"\n"),
		"casbin's quirk": part(t, matchLine, "m2x = true\n"+matchLine), // a name that casbin never looks up
	} {
		if err := policy.CheckModel(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckModelRefuses(t *testing.T) {
	t.Parallel()
	matcher := func(text string) string { return part(t, matchLine, "m = "+text+"\n") }
	tests := []struct{ name, text, want string }{
		{"empty", "", "missing required sections"},
		{"not a model", "[matchers]\nwhat", "casbin does not read"},
		{"very long", policy.Model + strings.Repeat("#", 20000), "longer than"},
		{"domain in the request", part(t, requestLine, "r = role, dom, kind, act\n"), "4 fields"},
		{"domain in the policy", part(t, policyLine, "p = role, dom, kind, act, eft\n"), "instead of role, kind, act, eft"},
		{"no effect field", part(t, policyLine, "p = role, kind, act\n"), "instead of role, kind, act, eft"},
		{"effect field elsewhere", part(t, policyLine, "p = eft, role, kind, act\n"), "instead of role, kind, act, eft"},
		{"field twice", part(t, policyLine, "p = role, role, act, eft\n"), "twice"},
		{"fields in another order", part(t, policyLine, "p = role, act, kind, eft\n"), "means something else"},
		{"no roles", strings.Replace(part(t, roleLine, ""), "[role_definition]", "", 1), "no role_definition"},
		{"roles in domains", part(t, roleLine, "g = _, _, _\n"), `"_, _, _"`},
		{"conditional roles", part(t, roleLine, "g = _, _, (_, _)\n"), "no conditions"},
		{"g2", part(t, roleLine, roleLine+"g2 = _, _\n"), "defines g2"},
		{"p2", part(t, policyLine, policyLine+"p2 = role, act\n"), "defines p2"},
		{"r2", part(t, requestLine, requestLine+"r2 = role, act\n"), "defines r2"},
		{"e2", part(t, effectLine, effectLine+"e2 = some(where (p.eft == allow))\n"), "defines e2"},
		{"m2", part(t, matchLine, matchLine+"m2 = true\n"), "defines m2"},
		{"an allow is enough", part(t, effectLine, "e = some(where (p.eft == allow))\n"), "policy_effect"},
		{"open unless denied", part(t, effectLine, "e = !some(where (p.eft == deny))\n"), "policy_effect"},
		{"priority", part(t, effectLine, "e = priority(p.eft) || deny\n"), "policy_effect"},
		{"effect that casbin does not know", part(t, effectLine, "e = some(where (p.eft==allow)) && !some(where (p.eft==deny))\n"), "policy_effect"},
		{"no wildcard", matcher(`g(r.role, p.role) && r.kind == p.kind && r.act == p.act`), "means something else"},
		{"no roles in the matcher", matcher(`r.role == p.role && (p.kind == "*" || r.kind == p.kind) && (p.act == "*" || r.act == p.act)`), "means something else"},
		{"inheritance upside down", matcher(`g(p.role, r.role) && (p.kind == "*" || r.kind == p.kind) && (p.act == "*" || r.act == p.act)`), "means something else"},
		{"wildcard in the request", matcher(`g(r.role, p.role) && (r.kind == "*" || r.kind == p.kind) && (p.act == "*" || r.act == p.act)`), "means something else"},
		{"no parentheses", matcher(`g(r.role, p.role) && p.kind == "*" || r.kind == p.kind && p.act == "*" || r.act == p.act`), "means something else"},
		{"other wildcard", matcher(`g(r.role, p.role) && (p.kind == "any" || r.kind == p.kind) && (p.act == "*" || r.act == p.act)`), "means something else"},
		{"superuser", matcher(`(` + strings.TrimSpace(strings.TrimPrefix(matchLine, "m = ")) + `) || r.role == "root"`), "means something else"},
		{"everything", matcher("true"), `"true" is no field`},
		{"regular expression", matcher(`g(r.role, p.role) && regexMatch(r.kind, p.kind) && r.act == p.act`), "function regexMatch"},
		{"key pattern", matcher(`g(r.role, p.role) && keyMatch(r.kind, p.kind) && r.act == p.act`), "function keyMatch"},
		{"eval", matcher(`eval(p.kind) && g(r.role, p.role)`), "function eval"},
		{"regular expression by operator", matcher(`g(r.role, p.role) && r.kind =~ p.kind`), "is none of"},
		{"attribute", matcher(`r.role.owner == p.role`), "is none of"},
		{"unequal", matcher(`g(r.role, p.role) && r.kind != p.kind`), "is none of"},
		{"equal in a row", matcher(`r.kind == p.kind == p.act`), "twice in a row"},
		{"open parenthesis", matcher(`(r.kind == p.kind`), `"" instead of ")"`},
		{"one too many", matcher(`r.kind == p.kind)`), "out of place"},
		{"open string", matcher(`p.kind == "*`), "does not end"},
		{"backslash", matcher(`p.kind == "\d"`), "backslash"},
		{"g of three", matcher(`g(r.role, p.role, r.kind)`), `"," instead of ")"`},
		{"g of a string", matcher(`g("root", p.role)`), "not given a field first"},
		{"g to a string", matcher(`g(r.role, "root")`), "not given a field second"},
		{"g of one", matcher(`g(r.role)`), `instead of ","`},
		{"unknown field", matcher(`g(r.role, p.role) && r.owner == p.kind`), "is no field"},
		{"nothing behind and", matcher(`g(r.role, p.role) &&`), "is no field"},
		{"nothing behind equal", matcher(`p.kind ==`), "is no field"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if err := policy.CheckModel(test.text); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("CheckModel: %v, want an error with %q; the model:\n%s", err, test.want, test.text)
			}
		})
	}
}
