package tenancy

import (
	"context"
	"errors"
	"slices"

	"github.com/veranda-go/veranda"
)

// What is tried with somebody's rights, in RightsRefused.
const (
	changeRoles   = "roles"
	changeDisable = "disable"
	changeEnable  = "enable"
	changeRemove  = "remove"
)

// RemoveMember ends a membership: access to the organization and all its workspaces is gone at once. Where the person was
// an employee, all their sessions and program tokens end too, and what they could do elsewhere as somebody of this
// organization is suspended. What they had to do goes to HandTo, or to who removes them; see Handover.
//
// Permission: member.grant_role, and role.grant_<role> for every role the member holds; not oneself (tenancy.own_roles).
// Whom one does not see is not found. Errors: invalid (/hand_to), tenancy.last_owner, tenancy.founder_stays,
// tenancy.handover_needed (where nobody here takes over), version (their roles changed at this moment). Events:
// tenancy.member_removed, tenancy.workspace_handed_over, tenancy.sessions_ended; tenancy.rights_refused.
func (s *Service) RemoveMember(ctx context.Context, by veranda.Actor, in RemoveMemberInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	return s.depart(ctx, by, departing{org: in.Org, account: in.Account, handTo: in.HandTo, what: changeRemove},
		func(ctx context.Context, tx *veranda.Tx, d *departure) error {
			return d.end(ctx, tx, EventMemberRemoved)
		})
}

// LeaveOrganization ends one's own membership, as RemoveMember does; one's sessions go on.
//
// Permission: membership.leave. Errors: invalid (/hand_to), tenancy.last_owner, tenancy.founder_stays,
// tenancy.handover_needed (an employee who leaves something names who takes over). Events: tenancy.member_left,
// tenancy.workspace_handed_over.
func (s *Service) LeaveOrganization(ctx context.Context, by veranda.Actor, in LeaveOrganizationInput) error {
	standing, err := s.conn.Read(ctx, s.reads.standing, by, in.Org, nil)
	if err != nil {
		return err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermMembershipLeave}); err != nil {
		return err
	}
	if standing.Account.IsZero() || !standing.Member {
		return veranda.ErrForbidden // a background job belongs nowhere
	}
	if err := checkHandTo(standing.Account, in.HandTo); err != nil {
		return err
	}
	return s.depart(ctx, by, departing{org: in.Org, account: standing.Account, handTo: in.HandTo},
		func(ctx context.Context, tx *veranda.Tx, d *departure) error {
			return d.end(ctx, tx, EventMemberLeft)
		})
}

// departing is what a method was asked: who goes and who takes over; what is the word for a change of somebody else, and
// empty for one's own.
type departing struct {
	org             veranda.OrgID
	account, handTo veranda.AccountID
	// named is who takes over where the call says so: by default the one who removes somebody takes their tasks, but gets
	// neither people nor private workspaces by it.
	named veranda.AccountID
	what  string
}

// departure is a change within its transaction: the rows are held and the rights were asked behind the lock.
type departure struct {
	departing
	service  *Service // bound
	standing *veranda.Standing
	target   *leaverRow
}

// depart decides outside a transaction, so that a refused caller keeps no writer waiting, and once more inside it behind
// a lock of the people concerned: of two who remove each other at once, one stays.
func (s *Service) depart(ctx context.Context, by veranda.Actor, in departing, fn func(ctx context.Context, tx *veranda.Tx, d *departure) error) error {
	read, standing, err := s.departing(ctx, by, in)
	if err != nil {
		return err
	}
	if !in.handTo.IsZero() {
		if seen, err := s.sees(ctx, by, in.org, in.handTo); err != nil || !seen {
			return errorOr(err, errHandTo())
		}
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := holdWorkspaces(ctx, tx, in.org, in.account); err != nil {
			return err
		}
		// Who removes takes over by default, where they can.
		taker := in.handTo
		in.named = in.handTo
		if taker.IsZero() && in.what == changeRemove {
			taker = standing.Account
		}
		owner := slices.Contains(read.roles(), RoleOwner)
		takes, err := lockPeople(ctx, tx, in.org, in.account, standing.Account, taker, owner)
		if err != nil {
			return err
		}
		switch {
		case takes:
			in.handTo = taker
		case !in.handTo.IsZero():
			return errHandTo()
		}
		// A workspace that the person was added to a moment before.
		if err := holdWorkspaces(ctx, tx, in.org, in.account); err != nil {
			return err
		}
		d := &departure{departing: in, service: s.WithTx(tx)}
		if d.target, d.standing, err = d.service.departing(ctx, by, in); err != nil {
			return err
		}
		if !owner && slices.Contains(d.target.roles(), RoleOwner) {
			return veranda.ErrVersion // made an owner at this moment, and the other owners are not held
		}
		return fn(ctx, tx, d)
	})
}

// departing reads who goes and asks for the right.
func (s *Service) departing(ctx context.Context, by veranda.Actor, in departing) (*leaverRow, *veranda.Standing, error) {
	if in.what != "" {
		return s.changing(ctx, by, in.org, in.account, in.what)
	}
	target := &leaverRow{membershipRow: membershipRow{Org: in.org}}
	standing, err := s.conn.Read(ctx, s.reads.member, by, in.org, []any{in.account}, target.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermMembershipLeave, Missing: target.Account.IsZero()}); err != nil {
		return nil, nil, err
	}
	return target, standing, nil
}

// end ends the membership.
func (d *departure) end(ctx context.Context, tx *veranda.Tx, kind string) error {
	if err := d.guard(ctx, tx); err != nil {
		return err
	}
	if err := (handover{org: d.org, from: d.account, to: d.named, standing: d.standing}).run(ctx, tx); err != nil {
		return err
	}
	if err := removeMembership(ctx, tx, d.org, d.account); err != nil {
		return err
	}
	if err := d.sever(ctx, tx); err != nil {
		return err
	}
	tx.Emit(d.event(kind, MemberLeft{Roles: []string{}, HandTo: d.handTo}))
	return nil
}

// guard refuses to leave an organization without an owner, and a personal tenant without its founder.
func (d *departure) guard(ctx context.Context, tx *veranda.Tx) error {
	var kind OrganizationKind
	var founder veranda.AccountID
	if _, err := readOne(ctx, tx.Query, `SELECT kind, created_by FROM veranda_organizations WHERE id = $1`, []any{d.org}, &kind, &founder); err != nil {
		return err
	}
	if kind == KindPersonal && founder == d.account {
		return ErrFounderStays
	}
	if d.target.disabled() { // counts as no owner already
		return nil
	}
	return d.service.guardLastOwner(ctx, tx, d.target.membershipRow, false)
}

// sever ends what an employee had by belonging here: their sessions, unless they go by themselves, and their access
// elsewhere as somebody of this organization.
func (d *departure) sever(ctx context.Context, tx *veranda.Tx) error {
	if d.target.Kind != MemberInternal {
		return nil
	}
	if d.what != "" {
		ended, err := endSessions(ctx, tx, d.account, nil)
		if err != nil {
			return err
		}
		if ended > 0 {
			emitAccount(tx, EventSessionsEnded, d.account, veranda.AccountID{}, SessionsEnded{Sessions: ended})
		}
	}
	return d.service.suspendElsewhere(ctx, tx, d.org, d.account, d.target.AddressKey, d.standing.Account)
}

func (d *departure) event(kind string, data MemberLeft) veranda.Event {
	data.Account, data.Kind, data.Before = d.account, d.target.Kind, d.target.held()
	return veranda.Event{
		Org: d.org, Kind: kind, Subject: d.account.String(), By: d.standing.Account, System: d.standing.System, At: d.service.now(),
		Data: veranda.MarshalData(data),
	}
}

// memberForChange reads the active member whose roles are to be changed, and asks for the right over every role they
// hold.
func (s *Service) memberForChange(ctx context.Context, by veranda.Actor, org veranda.OrgID, account veranda.AccountID) (*membershipRow, *veranda.Standing, error) {
	target, standing, err := s.changing(ctx, by, org, account, changeRoles)
	if err != nil {
		return nil, nil, err
	}
	if target.disabled() {
		return nil, nil, veranda.ErrNotFound
	}
	return &target.membershipRow, standing, nil
}

// changing reads a member, disabled ones too, and asks for the right over every role they hold. Who sees the member and
// may not is forbidden, which is written down; who does not see them is told that there is nobody.
func (s *Service) changing(ctx context.Context, by veranda.Actor, org veranda.OrgID, account veranda.AccountID, what string) (*leaverRow, *veranda.Standing, error) {
	target := &leaverRow{membershipRow: membershipRow{Org: org}}
	standing, err := s.conn.Read(ctx, s.reads.member, by, org, []any{account}, target.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	refused := s.decideFor(ctx, standing, veranda.Ask{Permission: PermGrantRole})
	if refused != nil && !errors.Is(refused, veranda.ErrForbidden) {
		return nil, nil, s.noteRefused(ctx, standing, org, account, what, refused)
	}
	if err := s.showsAll(ctx, standing); err != nil || refused != nil || target.Account.IsZero() {
		if err != nil && !errors.Is(err, veranda.ErrForbidden) {
			return nil, nil, err
		}
		if seen, err := s.sees(ctx, by, org, account); err != nil || !seen {
			return nil, nil, errorOr(err, veranda.ErrNotFound)
		}
	}
	if refused == nil && target.Account == standing.Account {
		refused = ErrOwnRoles
	}
	for _, role := range target.held() {
		if refused == nil {
			refused = s.decideFor(ctx, standing, veranda.Ask{Permission: PermGrant(role)})
		}
	}
	if refused != nil {
		return nil, nil, s.noteRefused(ctx, standing, org, account, what, refused)
	}
	return target, standing, nil
}

// showsAll tells whether somebody sees the whole directory, those without access included.
func (s *Service) showsAll(ctx context.Context, standing *veranda.Standing) error {
	return s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermMembersRead})
}
