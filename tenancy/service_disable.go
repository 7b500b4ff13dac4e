package tenancy

import (
	"context"

	"github.com/veranda-go/veranda"
)

// DisableMember takes a member's access away at once and keeps the membership: EnableMember gives it back. An employee's
// sessions and program tokens end, and what they could do elsewhere as somebody of this organization is suspended. Nothing
// they had to do is touched, unless HandTo takes it over; who is disabled already can be handed over still.
//
// Permission: member.grant_role, and role.grant_<role> for every role the member holds; not oneself (tenancy.own_roles).
// Whom one does not see is not found. Errors: invalid (/hand_to), tenancy.last_owner, tenancy.founder_stays,
// tenancy.unaccepted, version. Events: tenancy.member_disabled, tenancy.workspace_handed_over, tenancy.sessions_ended;
// tenancy.rights_refused.
func (s *Service) DisableMember(ctx context.Context, by veranda.Actor, in DisableMemberInput) (*Member, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	err := s.depart(ctx, by, departing{org: in.Org, account: in.Account, handTo: in.HandTo, what: changeDisable},
		func(ctx context.Context, tx *veranda.Tx, d *departure) error {
			return d.disable(ctx, tx, in.Version)
		})
	if err != nil {
		return nil, err
	}
	return s.readMemberRow(ctx, in.Org, in.Account)
}

func (d *departure) disable(ctx context.Context, tx *veranda.Tx, version int64) error {
	if version != 0 && version != d.target.Version {
		return veranda.ErrVersion
	}
	if d.target.disabled() && d.target.Reason == DisabledUnaccepted {
		return ErrUnaccepted
	}
	if d.target.disabled() && d.target.Reason == DisabledByManager && d.handTo.IsZero() {
		return nil
	}
	if err := d.guard(ctx, tx); err != nil {
		return err
	}
	if err := (handover{org: d.org, from: d.account, to: d.handTo, standing: d.standing, stays: true}).run(ctx, tx); err != nil {
		return err
	}
	if !d.target.disabled() || d.target.Reason != DisabledByManager {
		if err := disableMembership(ctx, tx, d.target, DisabledByManager, d.service.now()); err != nil {
			return err
		}
		if err := d.sever(ctx, tx); err != nil {
			return err
		}
	}
	tx.Emit(d.event(EventMemberDisabled, MemberLeft{Roles: d.target.held(), Reason: DisabledByManager, HandTo: d.handTo}))
	return nil
}

// EnableMember gives a disabled member their access back, with the roles they had: also to whom lost it with a relation
// that stands again. Who is not disabled stays as they are.
//
// Permission: as DisableMember. Errors: tenancy.unaccepted, tenancy.suspended_by_home, tenancy.relation_ended, a limit on
// "members", version. Event: tenancy.member_enabled; tenancy.rights_refused.
func (s *Service) EnableMember(ctx context.Context, by veranda.Actor, in EnableMemberInput) (*Member, error) {
	err := s.depart(ctx, by, departing{org: in.Org, account: in.Account, what: changeEnable},
		func(ctx context.Context, tx *veranda.Tx, d *departure) error {
			return d.enable(ctx, tx, in.Version)
		})
	if err != nil {
		return nil, err
	}
	return s.readMemberRow(ctx, in.Org, in.Account)
}

func (d *departure) enable(ctx context.Context, tx *veranda.Tx, version int64) error {
	if version != 0 && version != d.target.Version {
		return veranda.ErrVersion
	}
	if !d.target.disabled() {
		return nil
	}
	switch d.target.Reason {
	case DisabledUnaccepted:
		return ErrUnaccepted
	case DisabledByHome:
		return ErrSuspendedByHome
	case DisabledByRelation:
		_, state, err := relationFor(ctx, tx, d.org, d.target.Home)
		if err != nil {
			return err
		}
		if state != RelationActive {
			return ErrRelationEnded
		}
	}
	if err := d.service.limits.Allow(ctx, tx, d.org, "members", 1); err != nil {
		return err
	}
	if err := enableMembership(ctx, tx, d.target); err != nil {
		return err
	}
	tx.Emit(d.event(EventMemberEnabled, MemberLeft{Roles: d.target.held(), Reason: d.target.Reason}))
	return nil
}
