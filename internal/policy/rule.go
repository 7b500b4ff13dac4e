package policy

import (
	"fmt"
	"strings"
)

// The row types and effects that exist.
const (
	typePermission = "p"
	typeInherit    = "g"
	effectAllow    = "allow"
	effectDeny     = "deny"
	wildcard       = "*"
)

// Rule is one casbin row.
type Rule struct {
	// Type is "p" (a permission) or "g" (inheritance among roles).
	Type string
	// Values holds role, kind, action and effect of a "p" row, where a missing
	// effect means "allow"; role and the role it inherits from of a "g" row.
	Values []string
	// Source says where the row was written, for messages and explanations:
	// "tasks/policy.csv:12", or whatever names a stored row. It has no part in
	// the row's meaning and may be empty.
	Source string
}

// String is the row as casbin's CSV files hold it: "p, employee, task, read,
// allow". A missing effect is written out, because casbin refuses a "p" row
// that is shorter than the model's definition. Values that no valid row can
// have are quoted, so that a refused row can be shown on one line.
func (r Rule) String() string {
	var b strings.Builder
	r.write(&b)
	return b.String()
}

func (r Rule) write(b *strings.Builder) {
	b.WriteString(plain(r.Type))
	for _, value := range r.Values {
		b.WriteString(", ")
		b.WriteString(plain(value))
	}
	if r.Type == typePermission && len(r.Values) == 3 {
		b.WriteString(", " + effectAllow)
	}
}

// plain returns a value as it may stand in a line of text: as it is when it is
// a valid name or wildcard, quoted and shortened otherwise.
func plain(value string) string {
	if value == wildcard || validName(value) {
		return value
	}
	return fmt.Sprintf("%q", clip(value))
}

// About tells whether a p row speaks of a permission, "kind.action".
func (r Rule) About(permission string) bool {
	kind, action, _ := strings.Cut(permission, ".")
	return r.Type == typePermission && len(r.Values) >= 3 &&
		(r.Values[1] == wildcard || r.Values[1] == kind) && (r.Values[2] == wildcard || r.Values[2] == action)
}

// clip shortens text that goes into a message.
func clip(text string) string {
	const most = 120
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// validName tells whether a name consists of the characters that names may
// have: lower-case ASCII letters, digits and "_.:-". What regular expressions,
// casbin's key patterns, CSV and space-separated lists give a meaning to is
// thereby left out.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '.', c == ':', c == '-':
		default:
			return false
		}
	}
	return name != ""
}

// checkName says what is wrong with a name, or nothing.
func checkName(what, name string) string {
	switch {
	case name == "":
		return what + " is empty"
	case name == wildcard:
		return what + ` may not be "*"`
	case !validName(name):
		return fmt.Sprintf("%s %q has a character outside a-z 0-9 _ . : -", what, clip(name))
	}
	return ""
}

// normalize checks a row on its own, without knowing which permissions exist.
// It returns the row with its effect written out and values of its own, or
// the reason why the row is refused.
func (r Rule) normalize() (Rule, string) {
	switch r.Type {
	case typePermission:
		return r.normalizePermission()
	case typeInherit:
		return r.normalizeInherit()
	}
	return Rule{}, fmt.Sprintf("rows of type %q are not taken, only p and g", clip(r.Type))
}

func (r Rule) normalizePermission() (Rule, string) {
	if len(r.Values) != 3 && len(r.Values) != 4 {
		return Rule{}, fmt.Sprintf("a p row has role, kind, action and perhaps effect, this one has %d values", len(r.Values))
	}
	values := make([]string, 4)
	values[3] = effectAllow
	copy(values, r.Values)
	role, kind, action, effect := values[0], values[1], values[2], values[3]
	if reason := checkName("role", role); reason != "" {
		return Rule{}, reason
	}
	if kind != wildcard {
		if reason := checkName("kind", kind); reason != "" {
			return Rule{}, reason
		}
		// A permission is split at its first dot, so such a kind would match
		// nothing; joined with its action it might look like another one.
		if strings.Contains(kind, ".") {
			return Rule{}, fmt.Sprintf("kind %q has a dot", kind)
		}
	}
	if action != wildcard {
		if reason := checkName("action", action); reason != "" {
			return Rule{}, reason
		}
	}
	if effect != effectAllow && effect != effectDeny {
		return Rule{}, fmt.Sprintf("effect %q is neither allow nor deny", clip(effect))
	}
	return Rule{Type: typePermission, Values: values, Source: r.Source}, ""
}

func (r Rule) normalizeInherit() (Rule, string) {
	if len(r.Values) != 2 {
		return Rule{}, fmt.Sprintf("a g row has a role and the role it inherits from, this one has %d values", len(r.Values))
	}
	for i, what := range []string{"role", "inherited role"} {
		if reason := checkName(what, r.Values[i]); reason != "" {
			return Rule{}, reason
		}
	}
	return Rule{Type: typeInherit, Values: []string{r.Values[0], r.Values[1]}, Source: r.Source}, ""
}
