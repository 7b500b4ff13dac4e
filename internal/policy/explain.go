package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Why a decision was as it was: the values of [Explanation.Reason].
const (
	ReasonAllowed           = "allowed"            // Rule allows it, nothing denies it
	ReasonDenied            = "denied"             // Rule denies it
	ReasonNoRule            = "no_rule"            // the roles are known, but no row speaks of it
	ReasonUnknownRoles      = "unknown_roles"      // none of the roles occurs in the rows
	ReasonUnknownPermission = "unknown_permission" // nobody declared it
	ReasonNoPolicy          = "no_policy"          // nothing is loaded (a nil snapshot)
)

// Explanation says which row decided.
type Explanation struct {
	// Permission is what was asked for.
	Permission string
	// Allowed is what [Snapshot.Allows] answers.
	Allowed bool
	// Role is the one of the person's roles that the deciding row speaks of or
	// that inherits it; empty when no row decided.
	Role string
	// Through lists the roles from which Role inherits the row, nearest first,
	// the row's own role last; empty when the row is Role's own.
	Through []string
	// Rule is the row that decided: the first that denies, else the first that
	// allows, in the order of the rows, as casbin's EnforceEx names it. It is
	// zero when no row decided.
	Rule Rule
	// Reason is one of the Reason constants.
	Reason string
}

// String is a sentence for the person who asked, in English.
func (e Explanation) String() string {
	switch e.Reason {
	case ReasonAllowed, ReasonDenied:
		by := e.Role
		if len(e.Through) > 0 {
			by += ", which inherits from " + strings.Join(e.Through, ", then ") + ","
		}
		text := fmt.Sprintf("%s is %s for %s by the row %q", e.Permission, e.Reason, by, e.Rule.String())
		if e.Rule.Source != "" {
			text += " (" + e.Rule.Source + ")"
		}
		return text
	case ReasonNoRule:
		return e.Permission + " is allowed by no row of these roles"
	case ReasonUnknownRoles:
		return "no row speaks of any of these roles"
	case ReasonUnknownPermission:
		return plain(e.Permission) + " is not a permission of this program"
	}
	return "no policy is loaded"
}

// Explain decides as [Snapshot.Allows] does and says which role and row
// decided. It walks all rows, so it is for people who ask why, not for calls.
func (s *Snapshot) Explain(roles []string, permission string) Explanation {
	e := Explanation{Permission: permission}
	if s == nil {
		e.Reason = ReasonNoPolicy
		return e
	}
	if _, declared := s.permission[permission]; !declared {
		e.Reason = ReasonUnknownPermission
		return e
	}
	reached := s.reach(roles)
	if len(reached) == 0 {
		e.Reason = ReasonUnknownRoles
		return e
	}
	rule, found := s.deciding(reached, permission)
	if !found {
		e.Reason = ReasonNoRule
		return e
	}
	e.Rule = rule.clone()
	e.Allowed = rule.Values[3] == effectAllow
	e.Reason = ReasonDenied
	if e.Allowed {
		e.Reason = ReasonAllowed
	}
	chain := s.chain(reached, s.role[rule.Values[0]])
	e.Role, e.Through = chain[0], chain[1:]
	return e
}

// deciding finds the first row that denies, else the first that allows.
func (s *Snapshot) deciding(reached map[uint32]uint32, permission string) (Rule, bool) {
	kind, action, _ := strings.Cut(permission, ".")
	var allowing *Rule
	for i := range s.rules {
		rule := &s.rules[i]
		if rule.Type != typePermission || !matches(rule.Values[1], kind) || !matches(rule.Values[2], action) {
			continue
		}
		if _, speaks := reached[s.role[rule.Values[0]]]; !speaks {
			continue
		}
		if rule.Values[3] == effectDeny {
			return *rule, true
		}
		if allowing == nil {
			allowing = rule
		}
	}
	if allowing == nil {
		return Rule{}, false
	}
	return *allowing, true
}

func matches(pattern, name string) bool { return pattern == wildcard || pattern == name }

// reach returns every role that the given ones have or inherit, each with the
// role one step nearer to the person; a role the person has stands for itself.
// It goes level by level, so that the steps lead along a shortest chain.
func (s *Snapshot) reach(roles []string) map[uint32]uint32 {
	from := map[uint32]uint32{}
	var level []uint32
	for _, role := range roles {
		number, known := s.role[role]
		if _, repeated := from[number]; !known || repeated {
			continue
		}
		from[number] = number
		level = append(level, number)
	}
	for next := 0; next < len(level); next++ {
		for _, parent := range s.parents[level[next]] {
			if _, repeated := from[parent]; !repeated {
				from[parent] = level[next]
				level = append(level, parent)
			}
		}
	}
	return from
}

// chain names the roles from one of the person's to the one given.
func (s *Snapshot) chain(from map[uint32]uint32, role uint32) []string {
	chain := []string{s.roles[role]}
	for from[role] != role {
		role = from[role]
		chain = append(chain, s.roles[role])
	}
	slices.Reverse(chain)
	return chain
}
