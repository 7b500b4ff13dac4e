package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/policy"
)

// SetOrganizationPolicyInput replaces an organization's own policy rows.
type SetOrganizationPolicyInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	// Version is the one of PolicyInForce.ETag; 0 takes any.
	Version int64  `header:"If-Match" json:"-"`
	CSV     string `json:"csv" maxLength:"100000" doc:"casbin rows, one a line: p, role, kind, action, allow or deny; g, role, parent. They hold in addition to the installation's; none at all takes the organization's own away."`
}

func (in *SetOrganizationPolicyInput) validate() error {
	var c veranda.Checks
	if len(in.CSV) > maxPolicyText {
		c.Add("/csv", "too_long", fmt.Sprintf("must have at most %d bytes", maxPolicyText))
	} else if _, err := policy.ParseCSV("line", in.CSV); err != nil {
		reportRows(&c, err)
	}
	return c.Err()
}

// PolicyCSVInput asks for policy rows as a file.
type PolicyCSVInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	// Only is "organization" for the rows that SetOrganizationPolicy replaces; empty means all that are in force.
	Only string `query:"only" json:"-" enum:"organization" doc:"The organization's own rows only, as they are replaced; all that are in force when absent."`
}

const selectOwnRows = `SELECT type, v0, v1, v2, v3, source FROM veranda_policy_rows WHERE org_id = $1 AND source = '' ORDER BY id`

// readOwnRows are the rows an organization set for itself, without those of its roles.
func readOwnRows(ctx context.Context, c veranda.Conn, org veranda.OrgID) ([]policy.Rule, error) {
	var rules []policy.Rule
	err := readAll(ctx, c.Query, selectOwnRows, []any{org}, func(rows *sql.Rows) error {
		var r policyRow
		err := rows.Scan(&r.Type, &r.V0, &r.V1, &r.V2, &r.V3, &r.Source)
		rules = append(rules, r.rule(org))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tenancy: read an organization's own rows: %w", err)
	}
	return rules, nil
}

// SetOrganizationPolicy replaces the rows an organization adds to the installation's for itself. They are in force at the
// next call on every node.
//
// Permission: policy.update. Owners write what they like within what an organization decides, also what they may not do
// themselves so far (taking an invitation back, as shipped). Whoever else may write rows raises nobody by them, neither
// themselves nor others, beyond what they may do already, and takes no denial away: role.not_held names what they lack.
//
// Field errors at /csv, with the line: a row that is none, about a role or a permission that does not exist or that is not
// the organization's to decide ("row"); more than 500 of them ("too_many"). Errors: policy.lockout for denials that would
// keep an owner from mending them; role.escalation as in CreateRole; version. Event: tenancy.organization_policy_changed,
// when something changed.
func (s *Service) SetOrganizationPolicy(ctx context.Context, by veranda.Actor, in SetOrganizationPolicyInput) (*PolicyInForce, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	err := s.changePolicy(ctx, by, in.Org, PermPolicyUpdate, func(ctx context.Context, p *policyChange) error {
		var c veranda.Checks
		custom := roleNames(p.roles)
		rules := ownRows(&c, in.CSV, p.keeper, custom)
		if err := c.Err(); err != nil {
			return err
		}
		// The lock has raised the version by one already.
		if in.Version != 0 && in.Version != policyTag(p.before.org-1) {
			return veranda.ErrVersion
		}
		before, err := readOwnRows(ctx, p.conn, in.Org)
		if err != nil {
			return err
		}
		if _, err := p.tx.Exec(ctx, deletePolicyRows, in.Org, ""); err != nil {
			return fmt.Errorf("tenancy: store rows: %w", err)
		}
		for _, rule := range rules {
			values := append(slices.Clone(rule.Values), "", "")
			if _, err := p.tx.Exec(ctx, insertPolicyRow, in.Org, veranda.NewID[policyRowKind](), rule.Type, values[0], values[1], values[2], values[3], ""); err != nil {
				return fmt.Errorf("tenancy: store rows: %w", err)
			}
		}
		if err := p.holdRows(ctx, before, rules, custom); err != nil {
			return err
		}
		added, removed := differing(rules, before), differing(before, rules)
		if added+removed > 0 {
			p.emit(EventOrganizationPolicyChanged, in.Org.String(), OrganizationPolicyChanged{Rows: len(rules), Added: added, Removed: removed})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Policy(ctx, by, GetOrganizationInput{Org: in.Org})
}

// holdRows compiles what was written and holds it to what its writer may do.
func (p *policyChange) holdRows(ctx context.Context, before, rules []policy.Rule, custom []string) error {
	after, err := p.keeper.recompiled(ctx, p.conn, p.org)
	if err != nil {
		return compiles(err)
	}
	owners, err := p.owners(ctx)
	if err != nil {
		return err
	}
	for _, roles := range append(owners, RoleOwner) {
		if permission, out := lockedOut(p.before.Snapshot, after.Snapshot, roles, custom); out {
			return naming(ErrPolicyLockout, "Taken is: %s.", permission)
		}
	}
	if err := p.escalates(ctx, after); err != nil {
		return err
	}
	if slices.Contains(strings.Fields(p.standing.Roles), RoleOwner) && p.standing.Cap == "" {
		return nil
	}
	for _, rule := range before {
		if rule.Type == "p" && rule.Values[3] == "deny" && !slices.ContainsFunc(rules, sameRule(rule)) {
			return naming(ErrRoleNotHeld, "Only an owner takes a denial away: %s.", rule.String())
		}
	}
	lists := append(slices.Clone(custom), p.standing.Roles)
	for _, r := range shippedRoles {
		lists = append(lists, r.name)
	}
	if p.standing.System != "" {
		lists = append(lists, roleSystem+p.standing.System)
	}
	var missing []veranda.Permission
	own := raised(p.before.Snapshot, after.Snapshot, []string{p.standing.Roles})
	for _, permission := range raised(p.before.Snapshot, after.Snapshot, lists) {
		// What the writer could do before is what counts: the rows just written must not speak for themselves.
		if slices.Contains(own, permission) || !holds(p.before.Snapshot, p.standing.Roles, permission) ||
			p.standing.Cap != "" && !holds(p.before.Snapshot, p.standing.Cap, permission) {
			missing = append(missing, permission)
		}
	}
	if len(missing) > 0 {
		return notHeld(missing)
	}
	return nil
}

// owners are the lists of roles that the organization's owners hold.
func (p *policyChange) owners(ctx context.Context) ([]string, error) {
	var lists []string
	err := readAll(ctx, p.tx.Query, `SELECT DISTINCT roles || ' ' || team_roles FROM veranda_memberships
WHERE org_id = $1 AND disabled_at IS NULL AND ' ' || roles || ' ' || team_roles || ' ' LIKE '% owner %'`, []any{p.org}, func(rows *sql.Rows) error {
		var roles string
		err := rows.Scan(&roles)
		lists = append(lists, roles)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tenancy: read owners: %w", err)
	}
	return lists, nil
}

// compiles turns what the compiler refuses, such as a circle of inheritance, into a field error.
func compiles(err error) error {
	var c veranda.Checks
	if veranda.CodeOf(err) != veranda.CodeInternal {
		return err
	}
	for _, one := range ruleErrors(err) {
		c.Add("/csv", "row", one.Reason)
	}
	return errorOr(c.Err(), err)
}

// sameRule finds a row of the same meaning.
func sameRule(rule policy.Rule) func(policy.Rule) bool {
	return func(other policy.Rule) bool {
		return rule.Type == other.Type && slices.Equal(rule.Values, other.Values)
	}
}

// differing counts the rows that another list does not have.
func differing(rules, others []policy.Rule) (count int) {
	for _, rule := range rules {
		if !slices.ContainsFunc(others, sameRule(rule)) {
			count++
		}
	}
	return count
}

// PolicyCSV is the policy rows in force in an organization as casbin CSV, with comments that say where each part comes
// from; or the organization's own rows alone.
//
// Permission: policy.read.
func (s *Service) PolicyCSV(ctx context.Context, by veranda.Actor, in PolicyCSVInput) (string, error) {
	var c veranda.Checks
	if in.Only != "" {
		veranda.OneOf(&c, "/only", in.Only, sourceOrganization)
	}
	if err := c.Err(); err != nil {
		return "", err
	}
	_, snapshot, err := s.readPolicy(ctx, by, in.Org, PermPolicyRead)
	if err != nil {
		return "", err
	}
	if in.Only != "" {
		own, err := readOwnRows(ctx, s.conn, in.Org)
		return formatRows(own), err
	}
	return formatRows(snapshot.Rules()), nil
}

// formatRows writes rows with a comment before each part from another file or source.
func formatRows(rules []policy.Rule) string {
	var b strings.Builder
	last := ""
	for _, rule := range rules {
		part := rule.Source
		if !strings.HasPrefix(part, sourceRole) {
			part, _, _ = strings.Cut(part, ":")
		}
		if part != last {
			b.WriteString("# " + part + "\n")
			last = part
		}
		b.WriteString(rule.String())
		b.WriteByte('\n')
	}
	return b.String()
}
