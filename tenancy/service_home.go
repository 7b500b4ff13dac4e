package tenancy

import (
	"context"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

// Memberships that hang on a home: as external or guest, known to be homed in the organization, or, where no home was
// noted, by the same address. Where somebody is an employee they are at home themselves, and nobody else ends that.
const (
	selectElsewhere = `SELECT m.org_id FROM veranda_account_organizations ao
JOIN veranda_memberships m ON m.org_id = ao.org_id AND m.account_id = ao.account_id
WHERE ao.account_id = $1 AND ao.org_id <> $2 AND m.kind <> 'internal' AND m.disabled_at IS NULL
AND (m.home_org_id = $2 OR m.home_org_id IS NULL AND m.address_key = $3) ORDER BY m.org_id`
	suspendMembership = `UPDATE veranda_memberships SET disabled_at = $3, disabled_reason = 'home', version = version + 1
WHERE org_id = $1 AND account_id = $2 AND disabled_at IS NULL`
)

// suspendElsewhere ends the access a person has in other organizations because their home has disabled or removed them: it
// is suspended until a manager there confirms them. Call it in the transaction that disables or removes an employee, with
// the address key of that membership; by is who does it, and needs no mail about it. The other organizations hear that it
// happened, never who did it.
//
// Event, in each of the other organizations: tenancy.member_suspended. Their managers are told by mail.
func (s *Service) suspendElsewhere(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, addressKey string, by veranda.AccountID) error {
	hosts, err := readIDs[veranda.OrgID](ctx, tx, selectElsewhere, account, org, addressKey)
	if err != nil {
		return err
	}
	for _, host := range hosts {
		n, err := tx.Exec(ctx, suspendMembership, host, account, tx.DB().Time(tx.DB().Now()))
		if err != nil {
			return fmt.Errorf("tenancy: suspend membership: %w", err)
		}
		if n == 0 {
			continue
		}
		if err := raiseAccessOf(ctx, tx, host, account); err != nil {
			return err
		}
		tx.Emit(veranda.Event{Org: host, Kind: EventMemberSuspended, Subject: account.String(), System: systemHome})
		if err := s.WithTx(tx).tellSuspended(ctx, tx, host, account, by); err != nil {
			return err
		}
	}
	return nil
}

// systemHome is who suspends memberships elsewhere, in the eyes of those.
const systemHome = "home"

// tellSuspended writes to those of an organization who can let members in again that a member of theirs was disabled at home.
func (s *Service) tellSuspended(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account, except veranda.AccountID) error {
	data := map[string]string{}
	var name, address, organization string
	_, err := readOne(ctx, tx.Query, `SELECT a.name, coalesce(d.address, m.address_key), o.name FROM veranda_memberships m
JOIN veranda_accounts a ON a.id = m.account_id JOIN veranda_organizations o ON o.id = m.org_id
LEFT JOIN veranda_addresses d ON d.account_id = m.account_id AND d.address_key = m.address_key
WHERE m.org_id = $1 AND m.account_id = $2`, []any{org, account}, &name, &address, &organization)
	if err != nil {
		return err
	}
	data["Person"], data["Address"], data["Organization"] = name, address, organization
	managers, err := s.holders(ctx, tx, org, PermGrantRole, maxTold)
	if err != nil {
		return err
	}
	for _, manager := range managers {
		if manager == except {
			continue
		}
		if err := s.tellMember(ctx, tx, telling{Org: org, Account: manager, Template: templateHomeDisabled, Data: data}); err != nil {
			return err
		}
	}
	return nil
}

// maxTold bounds how many managers are written to.
const maxTold = 50

// ConfirmMember lets somebody in again whose home has disabled them. What the home does afterwards changes nothing here
// until it disables them once more.
//
// Permission: member.grant_role, and role.grant_<role> for every role the member holds; not oneself (tenancy.own_roles).
// Errors: member.not_suspended; relation.required where the organization needs a relation with the home and there is none
// any more. Event: tenancy.member_confirmed.
func (s *Service) ConfirmMember(ctx context.Context, by veranda.Actor, in ConfirmMemberInput) (*Member, error) {
	target, standing, err := s.readTarget(ctx, by, in.Org, in.Account)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermGrantRole, See: PermMembersRead}); err != nil {
		return nil, err
	}
	switch {
	case target.Account.IsZero():
		return nil, veranda.ErrNotFound
	case target.Account == standing.Account:
		return nil, ErrOwnRoles
	}
	for _, role := range target.roles() {
		if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermGrant(role)}); err != nil {
			return nil, err
		}
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		m, err := readMemberStanding(ctx, tx, in.Org, in.Account)
		if err != nil {
			return err
		}
		// The roles are those that were judged; a change of them in between asks again.
		if m == nil || m.Reason != reasonHome || m.Roles != target.Roles {
			return ErrNotSuspended
		}
		home, err := keptHome(ctx, tx, in.Org, in.Account, m)
		if err != nil {
			return err
		}
		rules, err := readAssignRules(ctx, tx, in.Org)
		if err != nil {
			return err
		}
		limit, err := relationCap(ctx, tx, in.Org, home, rules.NeedRelation && m.Kind == MemberExternal)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE veranda_memberships SET disabled_at = NULL, disabled_reason = '', home_org_id = $3, cap = $4, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND disabled_reason = 'home'`, in.Org, in.Account, nullID(home), limit)
		if err != nil {
			return fmt.Errorf("tenancy: confirm member: %w", err)
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventMemberConfirmed, Subject: in.Account.String(), By: standing.Account, System: standing.System})
		return raiseAccessOf(ctx, tx, in.Org, in.Account)
	})
	if err != nil {
		return nil, err
	}
	return s.memberView(ctx, in.Org, in.Account)
}

// keptHome is the home that was noted while the person still belongs to it, disabled or not, and otherwise their present
// one.
func keptHome(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, m *memberStanding) (veranda.OrgID, error) {
	if !m.Home.IsZero() {
		one := 0
		kept, err := readOne(ctx, tx.Query, `SELECT 1 FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, []any{m.Home, account}, &one)
		if err != nil || kept {
			return m.Home, err
		}
	}
	return homeOf(ctx, tx.Query, account, m.Key, org)
}

// memberTargetJoin joins the member a call names to the standing, as t, in whatever state.
const (
	memberTargetColumns = `t.account_id, t.kind, t.roles, t.address_key, t.version, t.disabled_reason, ta.state, ta.reserved_by`
	memberTargetJoin    = `LEFT JOIN veranda_memberships t ON t.org_id = $2 AND t.account_id = $4
LEFT JOIN veranda_accounts ta ON ta.id = t.account_id`
)

// memberTarget is the member a call names; Account is zero where there is none.
type memberTarget struct {
	Account    veranda.AccountID
	Kind       string
	Roles      string
	Key        string
	Version    int64
	Reason     string
	State      string // the account's
	ReservedBy veranda.OrgID
}

func (t *memberTarget) roles() []string { return strings.Fields(t.Roles) }

func (s *Service) readTarget(ctx context.Context, by veranda.Actor, org veranda.OrgID, account veranda.AccountID) (*memberTarget, *veranda.Standing, error) {
	var t memberTarget
	read := s.authz.Compose(veranda.Target{Columns: memberTargetColumns, Join: memberTargetJoin})
	standing, err := s.conn.Read(ctx, read, by, org, []any{account}, &t.Account, &t.Kind, &t.Roles, &t.Key, &t.Version, &t.Reason, &t.State, &t.ReservedBy)
	return &t, standing, err
}
