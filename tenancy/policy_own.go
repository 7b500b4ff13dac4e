package tenancy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/policy"
)

// maxPolicyRows is how many rows of its own an organization can have: they are compiled with the installation's at the
// first call after a change.
const maxPolicyRows = 500

// maxPolicyText bounds the text that is read at all.
const maxPolicyText = 100_000

// ownRows reads an organization's rows and says, by line, which of them it cannot have. What is taken:
//
//   - p rows about owner, administrator, access_manager, employee, external, guest, manager (who manages a workspace, there)
//     and the organization's own roles. Rows about anonymous, member, support, support_consented and system: are the
//     installation's: they decide outside any organization, or for the platform.
//   - permissions that are asked in an organization, so that a wildcard for every kind is not taken.
//   - for manager nothing about roles and policy: whoever makes a workspace manages it.
//   - g rows by which one of the organization's own roles inherits from another, or from employee, external or guest. By
//     inheritance nobody becomes an owner, an administrator or an access manager, for these are given by fewer people than
//     the organization's own roles are; and a shipped role inherits from none, for who gives it does not look at rows.
func ownRows(c *veranda.Checks, text string, keeper policyKeeper, custom []string) []policy.Rule {
	if len(text) > maxPolicyText {
		c.Add("/csv", "too_long", fmt.Sprintf("must have at most %d bytes", maxPolicyText))
		return nil
	}
	rules, err := policy.ParseCSV("line", text)
	if err != nil {
		reportRows(c, err)
		return nil
	}
	if len(rules) > maxPolicyRows {
		c.Add("/csv", "too_many", fmt.Sprintf("must have at most %d rows", maxPolicyRows))
		return nil
	}
	known := puttable(keeper, custom)
	declared := keeper.declared()
	bad := 0
	for _, rule := range rules {
		reason := ""
		if rule.Type == "g" {
			reason = inheritable(rule, custom)
		} else {
			reason = permissible(rule, known, declared, custom)
		}
		if reason == "" {
			continue
		}
		if bad++; bad <= 20 {
			c.Add("/csv", "row", line(rule)+": "+reason)
		}
	}
	return rules
}

// line is where a row stands, "line 3".
func line(rule policy.Rule) string { return strings.Replace(rule.Source, ":", " ", 1) }

// reportRows reports what ParseCSV refuses.
func reportRows(c *veranda.Checks, err error) {
	for _, refused := range ruleErrors(err) {
		c.Add("/csv", "row", line(refused.Rule)+": "+refused.Reason)
	}
}

// ruleErrors are the refused rows that an error joins.
func ruleErrors(err error) []*policy.RuleError {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		var all []*policy.RuleError
		for _, one := range joined.Unwrap() {
			all = append(all, ruleErrors(one)...)
		}
		return all
	}
	var refused *policy.RuleError
	if errors.As(err, &refused) {
		return []*policy.RuleError{refused}
	}
	return nil
}

func inheritable(rule policy.Rule, custom []string) string {
	child, parent := rule.Values[0], rule.Values[1]
	switch {
	case !slices.Contains(custom, child):
		return "only a role of the organization's own inherits, and " + child + " is none"
	case slices.Contains(custom, parent), parent == RoleEmployee, parent == RoleExternal, parent == RoleGuest:
		return ""
	default:
		return "a role inherits from employee, external, guest or another role of the organization's own, and not from " + parent
	}
}

func permissible(rule policy.Rule, known, declared []veranda.Permission, custom []string) string {
	role, kind, action := rule.Values[0], rule.Values[1], rule.Values[2]
	switch {
	case !isShipped(role) && !slices.Contains(custom, role):
		return "there is no role " + role + " whose rights the organization decides"
	case kind == "*":
		return "a row names the kind of thing it is about"
	}
	covered := 0
	for _, permission := range append(slices.Clone(declared), known...) {
		if !rule.About(string(permission)) {
			continue
		}
		covered++
		if !slices.Contains(known, permission) {
			return string(permission) + " is not asked in an organization"
		}
		if role == roleManager && rule.Values[3] == "allow" && governing(string(permission)) {
			return "whoever makes a workspace manages it, so managers get nothing about roles and policy: " + string(permission)
		}
	}
	if covered == 0 {
		return "there is no permission " + kind + "." + action
	}
	return ""
}

// mending are the permissions by which owners change roles and rows: no row of the organization's own may take them away.
var mending = []veranda.Permission{
	PermOrganizationRead, PermOrganizationUpdate, PermPolicyRead, PermPolicyUpdate, PermRolesRead, PermRolesManage, PermGrantRole,
	PermGrant(RoleOwner), PermGrant(RoleAdministrator), PermGrant(RoleAccessManager), PermGrant(RoleEmployee), PermGrant(RoleExternal), PermGrant(RoleGuest),
}

// lockedOut is a permission that owners with these roles had before and have no more.
func lockedOut(before, after *policy.Snapshot, roles string, custom []string) (veranda.Permission, bool) {
	all := slices.Clone(mending)
	for _, name := range custom {
		all = append(all, PermGrant(name))
	}
	for _, permission := range all {
		if before.AllowsList(roles, string(permission)) && !after.AllowsList(roles, string(permission)) {
			return permission, true
		}
	}
	return "", false
}

// raised are the permissions that any of these lists of roles gains by a change, each once.
func raised(before, after *policy.Snapshot, lists []string) []veranda.Permission {
	var gained []veranda.Permission
	for _, roles := range lists {
		for _, permission := range after.Permissions(strings.Fields(roles)) {
			if !before.AllowsList(roles, permission) && !slices.Contains(gained, veranda.Permission(permission)) {
				gained = append(gained, veranda.Permission(permission))
			}
		}
	}
	return gained
}
