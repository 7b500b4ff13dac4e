package tenancy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
)

// policyKeeper is what an Authorizer offers whose rows organizations can change; a host's own may not.
type policyKeeper interface {
	policyReader
	// recompiled is the policy of an organization as its rows are now, in the transaction too.
	recompiled(ctx context.Context, c veranda.Conn, org veranda.OrgID) (*snapshot, error)
	// declared are the permissions of all modules.
	declared() []veranda.Permission
	meaning(permission veranda.Permission) string
	judge(snapshot *snapshot, s *veranda.Standing, ask veranda.Ask, session bool) verdict
}

func (a *Authorizer) recompiled(ctx context.Context, c veranda.Conn, org veranda.OrgID) (*snapshot, error) {
	return a.policies.reloadOrganization(ctx, c, org)
}

func (a *Authorizer) declared() []veranda.Permission {
	all := make([]veranda.Permission, len(a.policies.permissions))
	for i, permission := range a.policies.permissions {
		all[i] = veranda.Permission(permission)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (a *Authorizer) meaning(permission veranda.Permission) string {
	if meaning, known := a.policies.meanings[permission]; known {
		return meaning
	}
	if role, gives := strings.CutPrefix(string(permission), string(PermGrant(""))); gives {
		return "Give and take the role " + role + "."
	}
	kind, action, _ := strings.Cut(string(permission), ".")
	return kind + ": " + strings.NewReplacer("_", " ", ":", ", only ").Replace(action)
}

// policyChange is a change of an organization's roles or rows, behind the lock of its version.
type policyChange struct {
	s        *Service
	keeper   policyKeeper
	conn     veranda.Conn
	tx       *veranda.Tx
	org      veranda.OrgID
	standing *veranda.Standing
	before   *snapshot
	roles    []roleRow // the organization's own
}

// changePolicy asks for permission and makes a change of an organization's roles or rows, with its new version. Changes at
// once wait for each other, so that each sees the rows it changes; who lost the right meanwhile is refused.
func (s *Service) changePolicy(ctx context.Context, by veranda.Actor, org veranda.OrgID, permission veranda.Permission, fn func(ctx context.Context, p *policyChange) error) error {
	ask := veranda.Ask{Permission: permission}
	standing, err := s.conn.Read(ctx, s.reads.standing, by, org, nil)
	if err != nil {
		return err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, ask); err != nil {
		return err
	}
	keeper, ok := s.authz.(policyKeeper)
	if !ok {
		return veranda.ErrNotFound
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if n, err := tx.Exec(ctx, raisePolicy, org); err != nil || n == 0 {
			return errorOr(err, veranda.ErrNotFound)
		}
		p := &policyChange{s: s, keeper: keeper, conn: s.conn.Bind(tx), tx: tx, org: org}
		var err error
		if p.standing, err = p.conn.Read(ctx, s.reads.standing, by, org, nil); err != nil {
			return err
		}
		if err := s.authz.Decide(ctx, p.conn, p.standing, ask); err != nil {
			return err
		}
		if p.before, err = keeper.recompiled(ctx, p.conn, org); err != nil {
			return err
		}
		if p.roles, err = readRoles(ctx, p.conn, org); err != nil {
			return err
		}
		return fn(ctx, p)
	})
}

// mayPassOn tells whether the actor holds a permission in the organization, itself or as a part of another, and so can
// give it on.
func (p *policyChange) mayPassOn(ctx context.Context, permission veranda.Permission) (bool, error) {
	return mayPassOn(ctx, p.s.authz, p.conn, p.standing, permission)
}

func mayPassOn(ctx context.Context, authz veranda.Authorizer, c veranda.Conn, standing *veranda.Standing, permission veranda.Permission) (bool, error) {
	asked := []veranda.Permission{permission}
	if base, _, qualified := strings.Cut(string(permission), ":"); qualified {
		asked = append(asked, veranda.Permission(base))
	}
	if whole, found := implied[permission]; found {
		asked = append(asked, whole)
	}
	for _, one := range asked {
		err := authz.Decide(ctx, c, standing, veranda.Ask{Permission: one})
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, veranda.ErrForbidden) {
			return false, err
		}
	}
	return false, nil
}

// holdsAll refuses permissions that the actor does not hold, by name.
func (p *policyChange) holdsAll(ctx context.Context, permissions []veranda.Permission) error {
	var missing []veranda.Permission
	for _, permission := range permissions {
		held, err := p.mayPassOn(ctx, permission)
		if err != nil {
			return err
		}
		if !held {
			missing = append(missing, permission)
		}
	}
	if len(missing) > 0 {
		return notHeld(missing)
	}
	return nil
}

// after compiles what was written, and refuses it where it lets somebody raise another beyond themselves.
func (p *policyChange) after(ctx context.Context) (*snapshot, error) {
	after, err := p.keeper.recompiled(ctx, p.conn, p.org)
	if err != nil {
		return nil, err
	}
	return after, p.escalates(ctx, after)
}

// escalates refuses a change by which somebody gives more than they may do themselves.
func (p *policyChange) escalates(ctx context.Context, after *snapshot) error {
	names, err := customRoles(ctx, p.conn, p.org)
	if err != nil {
		return err
	}
	for _, r := range shippedRoles {
		names = append(names, r.name)
	}
	if found := newEscalations(p.before.Snapshot, after.Snapshot, names); len(found) > 0 {
		e := found[0]
		return naming(ErrRoleEscalation, "%s may give the role %s, and may not do what it may: %s.", e.granter, e.role, e.permission)
	}
	return nil
}

// emit appends an event of the change.
func (p *policyChange) emit(kind, subject string, data any) {
	p.tx.Emit(veranda.Event{Org: p.org, Kind: kind, Subject: subject, By: p.standing.Account, System: p.standing.System, Data: veranda.MarshalData(data)})
}

// now is the moment of the change, as an argument.
func (p *policyChange) now() any { return p.s.time(p.s.now()) }

func wrapRole(err error) error {
	if err != nil {
		return fmt.Errorf("tenancy: store a role: %w", err)
	}
	return nil
}
