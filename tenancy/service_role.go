package tenancy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
)

// Roles lists the roles that can be held in an organization, the shipped ones first, with what the rows in force let each
// do.
//
// Permission: roles.read.
func (s *Service) Roles(ctx context.Context, by veranda.Actor, in GetOrganizationInput) (veranda.List[Role], error) {
	list := veranda.List[Role]{Items: []Role{}}
	_, snapshot, err := s.readPolicy(ctx, by, in.Org, PermRolesRead)
	if err != nil {
		return list, err
	}
	roles, err := readRoles(ctx, s.conn, in.Org)
	if err != nil {
		return list, err
	}
	for _, shipped := range shippedRoles {
		r := Role{
			Name: shipped.name, Title: shipped.title, Description: shipped.description, Kinds: []string{shipped.kind}, Scope: shipped.scope,
			GrantedBy: []string{}, InForce: inForce(snapshot, shipped.name), org: in.Org,
		}
		for _, granter := range append(slices.Clone(shippedGranters), roleNames(roles)...) {
			if snapshot.AllowsList(granter, string(PermGrant(shipped.name))) {
				r.GrantedBy = append(r.GrantedBy, granter)
			}
		}
		r.Permissions = r.InForce
		list.Items = append(list.Items, r)
	}
	for i := range roles {
		list.Items = append(list.Items, roles[i].role(in.Org, snapshot))
	}
	return list, nil
}

// Role reads one role.
//
// Permission: roles.read.
func (s *Service) Role(ctx context.Context, by veranda.Actor, in RoleInput) (*Role, error) {
	list, err := s.Roles(ctx, by, GetOrganizationInput{Org: in.Org})
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		if list.Items[i].Name == in.Name {
			return &list.Items[i], nil
		}
	}
	return nil, veranda.ErrNotFound
}

// Permissions lists what can be put into a role: every permission that is asked in an organization, a host program's own
// included.
//
// Permission: roles.read.
func (s *Service) Permissions(ctx context.Context, by veranda.Actor, in GetOrganizationInput) (veranda.List[RolePermission], error) {
	list := veranda.List[RolePermission]{Items: []RolePermission{}}
	standing, _, err := s.readPolicy(ctx, by, in.Org, PermRolesRead)
	if err != nil {
		return list, err
	}
	roles, err := readRoles(ctx, s.conn, in.Org)
	if err != nil {
		return list, err
	}
	keeper, ok := s.authz.(policyKeeper)
	if !ok {
		return list, veranda.ErrNotFound
	}
	for _, permission := range puttable(keeper, roleNames(roles)) {
		kind, action, _ := strings.Cut(string(permission), ".")
		held, err := mayPassOn(ctx, s.authz, s.conn, standing, permission)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, RolePermission{Permission: permission, Kind: kind, Action: action, Meaning: keeper.meaning(permission), Grantable: held})
	}
	return list, nil
}

// puttable are the permissions that can be put into a role of an organization with these roles of its own.
func puttable(keeper policyKeeper, custom []string) []veranda.Permission {
	var all []veranda.Permission
	for _, permission := range keeper.declared() {
		if inOrganization(permission) {
			all = append(all, permission)
		}
	}
	for _, name := range custom {
		all = append(all, PermGrant(name))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// readPolicy reads the actor's standing and the policy in force, and asks a permission.
func (s *Service) readPolicy(ctx context.Context, by veranda.Actor, org veranda.OrgID, permission veranda.Permission) (*veranda.Standing, *snapshot, error) {
	standing, err := s.conn.Read(ctx, s.reads.standing, by, org, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permission}); err != nil {
		return nil, nil, err
	}
	reader, ok := s.authz.(policyReader)
	if !ok {
		return nil, nil, veranda.ErrNotFound
	}
	snapshot, err := reader.policyOf(ctx, s.conn, standing)
	return standing, snapshot, err
}

// inForce is what the rows let a role do in an organization.
func inForce(snapshot *snapshot, role string) []veranda.Permission {
	out := []veranda.Permission{}
	for _, permission := range snapshot.Permissions([]string{role}) {
		if inOrganization(veranda.Permission(permission)) {
			out = append(out, veranda.Permission(permission))
		}
	}
	return out
}

func (r *roleRow) role(org veranda.OrgID, snapshot *snapshot) Role {
	created, updated := r.CreatedAt.Time, r.UpdatedAt.Time
	out := Role{
		Name: r.Name, Title: r.Title, Description: r.Description, Custom: true, Kinds: strings.Fields(r.Kinds), Scope: r.Scope,
		GrantedBy: strings.Fields(r.GrantedBy), Permissions: r.permissions, InForce: inForce(snapshot, r.Name),
		CreatedAt: &created, UpdatedAt: &updated, Version: r.Version, org: org,
	}
	if out.Permissions == nil {
		out.Permissions = []veranda.Permission{}
	}
	return out
}

// CreateRole makes a role of the organization's own. It may do what it is made of and nothing else, from the next call
// on, on every node.
//
// Permission: roles.manage; nobody puts into a role what they may not do themselves in the organization (role.not_held
// names it). Field errors: a name that is "taken", "reserved" or, of a former role, still "held"; a permission that is "unknown" or not asked in an
// organization ("outside"), a granter that is no role. Errors: role.escalation where a granter may not do itself what the
// role may do with roles and policy; a limit on "roles". Event: tenancy.role_created.
func (s *Service) CreateRole(ctx context.Context, by veranda.Actor, in CreateRoleInput) (*Role, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var made Role
	err := s.changePolicy(ctx, by, in.Org, PermRolesManage, func(ctx context.Context, p *policyChange) error {
		var c veranda.Checks
		switch {
		case findRole(p.roles, in.Name) != nil:
			c.Add("/name", "taken", "is the name of another role")
		case slices.Contains(p.before.Roles(), in.Name):
			c.Add("/name", "reserved", "is the name of a role that exists everywhere, or would be taken for one")
		}
		// A former role of the name may have been given at the moment it was deleted.
		left, err := readHolders(ctx, p.tx, in.Org, in.Name)
		if err != nil {
			return err
		}
		if len(left) > 0 && !c.Failed("/name") {
			c.Add("/name", "held", "is the name of a former role that somebody still has")
		}
		granters, err := p.compose(ctx, &c, in.Name, &in.RoleBody)
		if err != nil {
			return err
		}
		if len(p.roles) >= maxRoles {
			return ErrRolesLimit
		}
		if err := s.limits.Allow(ctx, p.tx, in.Org, "roles", 1); err != nil {
			return err
		}
		if _, err := p.tx.Exec(ctx, insertRole, in.Org, in.Name, in.Title, in.Description, strings.Join(in.Kinds, " "), in.Scope, strings.Join(granters, " "),
			p.standing.Account, p.now()); err != nil {
			return wrapRole(err)
		}
		if err := writeRoleRows(ctx, p.tx, in.Org, in.Name, &in.RoleBody, granters); err != nil {
			return err
		}
		p.emit(EventRoleCreated, in.Name, RoleChanged{Title: in.Title, Added: in.Permissions, Kinds: in.Kinds, Scope: in.Scope, Granted: granters})
		return p.result(ctx, in.Name, &made)
	})
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// compose checks what a role is to be made of against the rows in force, and says who gives it.
func (p *policyChange) compose(ctx context.Context, c *veranda.Checks, name string, in *RoleBody) (granters []string, err error) {
	known := puttable(p.keeper, roleNames(p.roles))
	declared := p.keeper.declared()
	for i, permission := range in.Permissions {
		pointer := fmt.Sprintf("/permissions/%d", i)
		switch {
		case permission == PermGrant(name):
			c.Add(pointer, "itself", "a role does not give itself")
		case slices.Contains(known, permission):
		case slices.Contains(declared, permission):
			c.Add(pointer, "outside", "is not asked in an organization")
		default:
			c.Add(pointer, "unknown", "is not a permission of this program")
		}
	}
	if in.GrantedBy == nil {
		granters = p.granters(in.Permissions)
	} else {
		granters = *in.GrantedBy
		for i, granter := range granters {
			if !isShipped(granter) && findRole(p.roles, granter) == nil {
				c.Add(fmt.Sprintf("/granted_by/%d", i), "one_of", "must be owner, administrator, access_manager, employee, manager or a role of the organization")
			}
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	return granters, p.holdsAll(ctx, in.Permissions)
}

// granters are who gives a role whose maker names nobody: those of the usual ones who hold what it governs by.
func (p *policyChange) granters(permissions []veranda.Permission) []string {
	granters := []string{}
	for _, granter := range defaultGranters {
		lacks := func(permission veranda.Permission) bool {
			return governing(string(permission)) && !p.before.AllowsList(granter, string(permission))
		}
		if !slices.ContainsFunc(permissions, lacks) {
			granters = append(granters, granter)
		}
	}
	return granters
}

// result is the role as it is after the change.
func (p *policyChange) result(ctx context.Context, name string, into *Role) error {
	after, err := p.after(ctx)
	if err != nil {
		return err
	}
	roles, err := readRoles(ctx, p.conn, p.org)
	if err != nil {
		return err
	}
	if r := findRole(roles, name); r != nil {
		*into = r.role(p.org, after)
	}
	return nil
}

// UpdateRole replaces what a role is made of. Who holds it may do what it says from the next call on.
//
// Permission: roles.manage, and to hold all that the role will say, as in CreateRole. Errors: as CreateRole; not_found for
// a shipped role too; version; role.held where somebody holds it who could not hold it any more.
// Event: tenancy.role_updated.
func (s *Service) UpdateRole(ctx context.Context, by veranda.Actor, in UpdateRoleInput) (*Role, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var changed Role
	err := s.changePolicy(ctx, by, in.Org, PermRolesManage, func(ctx context.Context, p *policyChange) error {
		before, err := p.lockRole(ctx, in.Name)
		if err != nil {
			return err
		}
		var c veranda.Checks
		granters, err := p.compose(ctx, &c, in.Name, &in.RoleBody)
		if err != nil {
			return err
		}
		if in.Version != 0 && in.Version != before.Version {
			return veranda.ErrVersion
		}
		if err := p.keepsHolders(ctx, in.Name, &in.RoleBody); err != nil {
			return err
		}
		if _, err := p.tx.Exec(ctx, updateRole, in.Org, in.Name, in.Title, in.Description, strings.Join(in.Kinds, " "), in.Scope, strings.Join(granters, " "), p.now()); err != nil {
			return wrapRole(err)
		}
		if err := writeRoleRows(ctx, p.tx, in.Org, in.Name, &in.RoleBody, granters); err != nil {
			return err
		}
		p.emit(EventRoleUpdated, in.Name, RoleChanged{
			Title: in.Title, Added: without(in.Permissions, before.permissions), Removed: without(before.permissions, in.Permissions),
			Kinds: in.Kinds, Scope: in.Scope, Granted: granters,
		})
		return p.result(ctx, in.Name, &changed)
	})
	if err != nil {
		return nil, err
	}
	return &changed, nil
}

// lockRole reads a role that is about to change; who gives it at the same time has finished by then.
func (p *policyChange) lockRole(ctx context.Context, name string) (*roleRow, error) {
	var one int64
	found, err := readOne(ctx, p.tx.Query, p.tx.DB().Pick(lockRoleAlonePostgres, lockRoleAloneSQLite), []any{p.org, name}, &one)
	if err != nil {
		return nil, wrapRole(err)
	}
	if row := findRole(p.roles, name); found && row != nil {
		return row, nil
	}
	return nil, veranda.ErrNotFound
}

// keepsHolders refuses to narrow who can hold a role while somebody does who could not any more.
func (p *policyChange) keepsHolders(ctx context.Context, name string, in *RoleBody) error {
	holders, err := readHolders(ctx, p.tx, p.org, name)
	if err != nil {
		return err
	}
	narrowed := roleRow{Kinds: strings.Join(in.Kinds, " "), Scope: in.Scope}
	for _, h := range holders {
		if h.place == "relation" {
			continue // a cap gives nothing
		}
		if h.kind == "" && in.Scope != h.place && in.Scope != ScopeBoth || h.kind != "" && !narrowed.fits(h.kind, h.place) {
			return ErrRoleHeld
		}
	}
	return nil
}

// without are those of a list that another does not hold.
func without[T comparable](all, others []T) []T {
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return slices.Contains(others, one) })
}

// DeleteRole deletes a role that nobody holds, with every row that speaks of it: one of the same name made later begins
// with nothing.
//
// Permission: roles.manage. Errors: not_found for a shipped role too; role.held. Event: tenancy.role_deleted.
func (s *Service) DeleteRole(ctx context.Context, by veranda.Actor, in RoleInput) error {
	return s.changePolicy(ctx, by, in.Org, PermRolesManage, func(ctx context.Context, p *policyChange) error {
		before, err := p.lockRole(ctx, in.Name)
		if err != nil {
			return err
		}
		holders, err := readHolders(ctx, p.tx, in.Org, in.Name)
		if err != nil {
			return err
		}
		if len(holders) > 0 {
			return ErrRoleHeld
		}
		for _, other := range p.roles {
			granters := strings.Fields(other.GrantedBy)
			if left := slices.DeleteFunc(slices.Clone(granters), func(name string) bool { return name == in.Name }); len(left) < len(granters) {
				if _, err := p.tx.Exec(ctx, updateGranters, in.Org, other.Name, strings.Join(left, " "), p.now()); err != nil {
					return wrapRole(err)
				}
			}
		}
		if _, err := p.tx.Exec(ctx, deleteRowsAbout, in.Org, sourceRole+in.Name, in.Name, "grant_"+in.Name); err != nil {
			return wrapRole(err)
		}
		if _, err := p.tx.Exec(ctx, deleteRole, in.Org, in.Name); err != nil {
			return wrapRole(err)
		}
		p.emit(EventRoleDeleted, in.Name, RoleChanged{Title: before.Title, Removed: before.permissions})
		_, err = p.after(ctx)
		return err
	})
}
