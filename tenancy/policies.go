package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/policy"
)

// snapshot is a compiled policy with the spellings of qualified permissions made once, so that deciding allocates
// nothing.
type snapshot struct {
	*policy.Snapshot
	org       int64
	qualified map[veranda.Permission]qualifiedNames
}

type qualifiedNames struct{ own, assigned, managed string }

// policies keeps the compiled rows: those of the installation, and of each organization that has rows of its own. A
// standing brings the versions in force; what is older than that is loaded again before it decides anything.
type policies struct {
	db          *veranda.DB
	permissions []string
	qualified   map[veranda.Permission]qualifiedNames
	meanings    map[veranda.Permission]string
	shipped     []policy.Rule

	global atomic.Pointer[snapshot]
	mu     sync.Mutex // held while loading
	orgs   sync.Map   // veranda.OrgID → *snapshot
	kept   int        // how many orgs holds; guarded by mu
}

func newPolicies(db *veranda.DB, modules []veranda.Module) (*policies, error) {
	p := &policies{db: db, qualified: map[veranda.Permission]qualifiedNames{}, meanings: map[veranda.Permission]string{}}
	for _, m := range modules {
		for _, permission := range m.Permissions {
			p.permissions = append(p.permissions, string(permission))
		}
		rules, err := shippedRows(m)
		if err != nil {
			return nil, fmt.Errorf("tenancy: %w", err)
		}
		p.shipped = append(p.shipped, rules...)
		for permission, meaning := range m.Meanings {
			p.meanings[permission] = meaning
		}
	}
	for _, permission := range p.permissions {
		base, qualifier, ok := strings.Cut(permission, ":")
		if !ok {
			continue
		}
		names := p.qualified[veranda.Permission(base)]
		switch ":" + qualifier {
		case qualifierOwn:
			names.own = permission
		case qualifierAssigned:
			names.assigned = permission
		case qualifierManaged:
			names.managed = permission
		case qualifierOpen: // asked for by its full name
		default:
			return nil, fmt.Errorf("tenancy: permission %s: qualifier :%s is not known", permission, qualifier)
		}
		p.qualified[veranda.Permission(base)] = names
	}
	return p, nil
}

// of is the policy in force for a standing.
func (p *policies) of(ctx context.Context, c veranda.Conn, s *veranda.Standing) (*snapshot, error) {
	current := p.global.Load()
	if s.GlobalPolicy > current.Version() {
		loaded, err := p.reload(ctx, c)
		if err != nil {
			return nil, err
		}
		current = loaded
	}
	if s.OrgPolicy == 0 {
		return current, nil
	}
	if own, ok := p.orgs.Load(s.Org); ok {
		if own := own.(*snapshot); own.org >= s.OrgPolicy && own.Version() >= current.Version() {
			return own, nil
		}
	}
	return p.reloadOrganization(ctx, c, s.Org)
}

// reload compiles the installation's rows again, read through the caller's connection so that a change in the caller's
// own transaction counts.
func (p *policies) reload(ctx context.Context, c veranda.Conn) (*snapshot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	version, rules, err := p.installation(ctx, c)
	if err != nil {
		return nil, err
	}
	return p.compileGlobal(c, version, rules)
}

func (p *policies) compileGlobal(c veranda.Conn, version int64, rules []policy.Rule) (*snapshot, error) {
	if current := p.global.Load(); current != nil && current.Version() >= version {
		return current, nil
	}
	compiled, err := policy.Compile(version, rules, policy.Options{Permissions: p.permissions})
	if err != nil {
		return nil, fmt.Errorf("tenancy: policy: %w", err)
	}
	fresh := &snapshot{Snapshot: compiled, qualified: p.qualified}
	if c.Tx() == nil { // what is not committed yet decides for its own transaction only
		p.global.Store(fresh)
	}
	return fresh, nil
}

func (p *policies) reloadOrganization(ctx context.Context, c veranda.Conn, org veranda.OrgID) (*snapshot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	version, rules, err := p.installation(ctx, c)
	if err != nil {
		return nil, err
	}
	var orgVersion int64
	if err := c.Reader().NewRaw("SELECT policy_version FROM veranda_organizations WHERE id = ?", org).Scan(ctx, &orgVersion); err != nil {
		return nil, fmt.Errorf("tenancy: policy of an organization: %w", err)
	}
	own, err := p.rows(ctx, c, org)
	if err != nil {
		return nil, err
	}
	custom, err := customRoles(ctx, c, org)
	if err != nil {
		return nil, err
	}
	compiled, err := p.compileOrganization(version, rules, own, custom)
	if err != nil {
		return nil, fmt.Errorf("tenancy: policy of an organization: %w", err)
	}
	fresh := &snapshot{Snapshot: compiled, org: orgVersion, qualified: p.qualified}
	if c.Tx() == nil {
		p.keep(org, fresh)
	}
	return fresh, nil
}

// maxKept is how many organizations' compiled rows are kept, some 100 KB each: what an installation holds in memory is
// bounded, however many of its organizations have rows of their own.
const maxKept = 500

// keep keeps an organization's compiled rows, in place of any others where there are too many. The caller holds mu.
func (p *policies) keep(org veranda.OrgID, fresh *snapshot) {
	if _, had := p.orgs.Swap(org, fresh); had {
		return
	}
	if p.kept++; p.kept <= maxKept {
		return
	}
	p.orgs.Range(func(other, _ any) bool { // in no order: whichever is asked about again is compiled again
		if other == any(org) {
			return true
		}
		p.orgs.Delete(other)
		p.kept--
		return false
	})
}

// compileOrganization compiles the installation's rows with those of an organization, which may speak of the roles it made
// for itself: giving each is a permission of its own. A row about a permission that no package declares any more is left
// out: what a program has lost, nobody may do.
func (p *policies) compileOrganization(version int64, rules, own []policy.Rule, custom []string) (*policy.Snapshot, error) {
	permissions := slices.Clone(p.permissions)
	for _, role := range custom {
		permissions = append(permissions, string(PermGrant(role)))
	}
	all := slices.Clone(rules)
	for _, rule := range own {
		if rule.Type != "p" || slices.ContainsFunc(permissions, func(permission string) bool { return rule.About(permission) }) {
			all = append(all, rule)
		}
	}
	return policy.Compile(version, all, policy.Options{Permissions: permissions})
}

// customRoles are the names of the roles an organization made for itself.
func customRoles(ctx context.Context, c veranda.Conn, org veranda.OrgID) ([]string, error) {
	var names []string
	if err := c.Reader().NewRaw("SELECT name FROM veranda_roles WHERE org_id = ? ORDER BY name", org).Scan(ctx, &names); err != nil {
		return nil, fmt.Errorf("tenancy: custom roles: %w", err)
	}
	return names, nil
}

// installation reads version and rows for everybody: the shipped ones, unless replaced, and those in the database.
func (p *policies) installation(ctx context.Context, c veranda.Conn) (int64, []policy.Rule, error) {
	var state struct {
		Version  int64
		Replaced bool
	}
	// The version is read before the rows: should they change in between, the rows are newer than the version says, and
	// the next standing brings the version that loads them again.
	if err := c.Reader().NewRaw("SELECT version, replaced FROM veranda_policy_state WHERE one = 1").Scan(ctx, &state); err != nil {
		return 0, nil, fmt.Errorf("tenancy: policy version: %w", err)
	}
	rows, err := p.rows(ctx, c, veranda.OrgID{})
	if err != nil {
		return 0, nil, err
	}
	if state.Replaced {
		return state.Version, rows, nil
	}
	return state.Version, append(slices.Clone(p.shipped), rows...), nil
}

type policyRow struct {
	Type, V0, V1, V2, V3 string
	Source               string
}

// rule is the row as a rule. Where it was written is said by its source: a role of the organization's own, or its rows.
func (r policyRow) rule(org veranda.OrgID) policy.Rule {
	values := []string{r.V0, r.V1}
	if r.Type == "p" {
		values = append(values, r.V2, r.V3)
	}
	if r.Source == "" {
		r.Source = sourceOrganization
		if org.IsZero() {
			r.Source = sourceInstallation
		}
	}
	return policy.Rule{Type: r.Type, Values: values, Source: r.Source}
}

func (p *policies) rows(ctx context.Context, c veranda.Conn, org veranda.OrgID) ([]policy.Rule, error) {
	var rows []policyRow
	err := c.Reader().NewRaw("SELECT type, v0, v1, v2, v3, source FROM veranda_policy_rows WHERE org_id = ? ORDER BY id", org).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("tenancy: policy rows: %w", err)
	}
	rules := make([]policy.Rule, len(rows))
	for i, r := range rows {
		rules[i] = r.rule(org)
	}
	return rules, nil
}

type policyRowKind struct{}

// PolicyCSV is the policy in force for the installation, as casbin CSV, for reading and for export.
func (a *Authorizer) PolicyCSV() string { return a.policies.global.Load().CSV() }

// SetPolicy keeps rows for the whole installation in the database: in addition to the shipped ones, or in their place.
// It replaces rows set before; rows that casbin or this model would not take are refused and nothing changes. It is in
// force at the next call on every node. It asks nobody: it is for the host program itself, which owns the policy. Rows
// that are set already are left as they are, so a host may call it at every start.
//
// Event: tenancy.policy_changed, when something changed.
func (a *Authorizer) SetPolicy(ctx context.Context, csv string, replaceShipped bool) error {
	rules, err := policy.ParseCSV("policy", csv)
	if err != nil {
		return veranda.NewError(veranda.CodeInvalid, "tenancy.policy", err.Error())
	}
	all := rules
	if !replaceShipped {
		all = append(slices.Clone(a.policies.shipped), rules...)
	}
	if _, err := policy.Compile(0, all, policy.Options{Permissions: a.policies.permissions}); err != nil {
		return veranda.NewError(veranda.CodeInvalid, "tenancy.policy", err.Error())
	}
	err = a.db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var zero veranda.OrgID
		if same, err := a.policies.isSet(ctx, tx, rules, replaceShipped); err != nil || same {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM veranda_policy_rows WHERE org_id = $1`, zero); err != nil {
			return err
		}
		for _, r := range rules {
			values := append(slices.Clone(r.Values), "", "", "")
			if _, err := tx.Exec(ctx, `INSERT INTO veranda_policy_rows (org_id, id, type, v0, v1, v2, v3) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				zero, veranda.NewID[policyRowKind](), r.Type, values[0], values[1], values[2], values[3]); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE veranda_policy_state SET version = version + 1, replaced = $1 WHERE one = 1`, replaceShipped); err != nil {
			return err
		}
		tx.Emit(veranda.Event{Kind: EventPolicyChanged, Subject: "installation", System: "host", Data: veranda.MarshalData(PolicyChanged{Rows: len(rules), Replaced: replaceShipped})})
		return nil
	})
	if err != nil {
		return err
	}
	_, err = a.policies.reload(ctx, a.db.Conn())
	return err
}

// isSet tells whether the installation has these rows already. It holds the state's row until the transaction ends, so
// that of nodes that start together one sets them and the others find them set.
func (p *policies) isSet(ctx context.Context, tx *veranda.Tx, rules []policy.Rule, replaceShipped bool) (bool, error) {
	if _, err := tx.Exec(ctx, `UPDATE veranda_policy_state SET version = version WHERE one = 1`); err != nil {
		return false, err
	}
	var replaced bool
	if err := tx.NewRaw("SELECT replaced FROM veranda_policy_state WHERE one = 1").Scan(ctx, &replaced); err != nil {
		return false, fmt.Errorf("tenancy: policy state: %w", err)
	}
	set, err := p.rows(ctx, p.db.Conn().Bind(tx), veranda.OrgID{})
	if err != nil {
		return false, err
	}
	same := func(a, b policy.Rule) bool { return a.Type == b.Type && slices.Equal(a.Values, b.Values) }
	return replaced == replaceShipped && slices.EqualFunc(set, rules, same), nil
}
