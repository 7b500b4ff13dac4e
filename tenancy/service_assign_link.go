package tenancy

import (
	"context"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
)

// assignLinked links somebody who has an account: a membership that is not in force until they accept it. No second
// account is made. Who belongs to no tenant is offered employment, where the domains allow it and no external is asked for.
func (s *Service) assignLinked(ctx context.Context, tx *veranda.Tx, a *assignment, who *person) (string, error) {
	home, err := homeOf(ctx, tx.Query, who.ID, who.Key, a.Org)
	if err != nil {
		return "", err
	}
	limit, err := relationCap(ctx, tx, a.Org, home, a.rules.NeedRelation)
	if err != nil {
		return "", err
	}
	m := newMembership{
		Org: a.Org, Account: who.ID, Kind: MemberExternal, Roles: []string{RoleExternal}, Key: who.Key, Offered: true, Home: home, Cap: limit,
		UserName: a.UserName, Fallback: a.Language,
	}
	if err := s.offerRoles(ctx, tx, a, home, &m); err != nil {
		return "", err
	}
	if err := s.limits.Allow(ctx, tx, a.Org, "members", 1); err != nil {
		return "", err
	}
	if err := storeNewMembership(ctx, tx, m); err != nil {
		return "", err
	}
	if _, err := s.enterWorkspace(ctx, tx, a, who.ID, MemberExternal); err != nil {
		return "", err
	}
	a.emit(tx, who.ID, AssignedLinked, MemberExternal)
	return AssignedLinked, s.tellLinked(ctx, tx, a, who)
}

// offerRoles settles what is offered: the roles of an external, or employment besides and the roles of an employee.
func (s *Service) offerRoles(ctx context.Context, tx *veranda.Tx, a *assignment, home veranda.OrgID, m *newMembership) error {
	employable := false
	if home.IsZero() && a.Kind != MemberExternal {
		allowed, err := domainAllows(a.rules.Domains, m.Key)
		if err != nil {
			return err
		}
		employable = allowed
	}
	if !employable {
		roles, err := s.rolesFor(ctx, tx, a, MemberExternal)
		m.Roles = roles
		return err
	}
	roles, err := s.rolesFor(ctx, tx, a, MemberInternal)
	m.OfferedKind, m.OfferedRoles = MemberInternal, roles
	return err
}

// offerAgain puts somebody who has not accepted yet into one more workspace, with other roles where some are given, and
// tells them once more.
func (s *Service) offerAgain(ctx context.Context, tx *veranda.Tx, a *assignment, who *person, m *memberStanding) (string, error) {
	entered, err := s.enterWorkspace(ctx, tx, a, who.ID, MemberExternal)
	if err != nil {
		return "", err
	}
	// What is offered is judged anew: the person may have found another home, or lost the one they had.
	home, err := homeOf(ctx, tx.Query, who.ID, m.Key, a.Org)
	if err != nil {
		return "", err
	}
	limit, err := relationCap(ctx, tx, a.Org, home, a.rules.NeedRelation)
	if err != nil {
		return "", err
	}
	offered := newMembership{Key: m.Key, Roles: strings.Fields(m.Roles), OfferedKind: m.OfferedKind, OfferedRoles: strings.Fields(m.OfferedRoles)}
	if len(a.Roles) > 0 || home != m.Home {
		offered = newMembership{Key: m.Key, Roles: []string{RoleExternal}}
		if err := s.offerRoles(ctx, tx, a, home, &offered); err != nil {
			return "", err
		}
	}
	_, err = tx.Exec(ctx, `UPDATE veranda_memberships SET roles = $3, offered_kind = $4, offered_roles = $5, home_org_id = $6, cap = $7, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND disabled_reason = 'unaccepted'`, a.Org, who.ID, strings.Join(offered.Roles, " "), offered.OfferedKind,
		strings.Join(offered.OfferedRoles, " "), nullID(home), limit)
	if err != nil {
		return "", wrapped("change offer", err)
	}
	if entered || len(a.Roles) > 0 || home != m.Home {
		a.emit(tx, who.ID, AssignedLinked, MemberExternal)
	}
	return AssignedLinked, s.tellLinked(ctx, tx, a, who)
}

// tellLinked writes to somebody who may accept or decline, by the very address or number the access manager knows, and
// nothing else of theirs: the organization reads its delivery log. Whose account is only reserved gets the link by which
// it becomes theirs.
func (s *Service) tellLinked(ctx context.Context, tx *veranda.Tx, a *assignment, who *person) error {
	recipient := a.contact.written(who.Key)
	if who.State == AccountPending {
		_, err := s.sendActivation(ctx, tx, a.Org, a.standing.Account, a.data(), who, recipient)
		return err
	}
	row := mailRow{
		Org: a.Org, Account: who.ID, By: a.standing.Account, Channel: ChannelMail, Recipient: recipient, Template: templateLinked, Language: a.rules.Language,
		mailContent: mailContent{Zone: who.TimeZone, Data: mailData{"Name": who.Name}, Language: mailLanguage(who.Language, a.Language)},
	}
	for name, value := range a.data() {
		row.Data[name] = value
	}
	if isPhoneKey(who.Key) {
		row.Channel = ChannelPhone
	}
	return queueMail(ctx, tx, row)
}

// AcceptMembership accepts what an access manager offered: to be external, or, where employment is offered, an employee.
// Who accepted as an external can still accept the employment. The home is the tenant one belongs to at this moment.
//
// Permission: membership.accept_own, outside any organization. Errors: not_found where nothing is offered;
// membership.no_employment; membership.home_ended; invitation.domain where the organization takes employees from other domains only;
// relation.required; a limit on "members" for an employment. Events: tenancy.membership_accepted; tenancy.member_joined in
// the organization and its workspaces, or tenancy.member_upgraded.
func (s *Service) AcceptMembership(ctx context.Context, by veranda.Actor, in AcceptMembershipInput) (*Mine, error) {
	standing, err := s.signedIn(ctx, by, PermMembershipAccept)
	if err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		return s.WithTx(tx).acceptMembership(ctx, tx, standing.Account, in)
	})
	if err != nil {
		return nil, err
	}
	list, err := s.mine(ctx, standing.Account)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(list, func(m Mine) bool { return m.Organization == in.Org })
	if at < 0 { // removed at this moment
		return nil, veranda.ErrNotFound
	}
	return &list[at], nil
}

func (s *Service) acceptMembership(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, in AcceptMembershipInput) error {
	m, err := readMemberStanding(ctx, tx, in.Org, account)
	if err != nil {
		return err
	}
	if m == nil || m.state() != StateOffered && (m.state() != StateActive || m.OfferedKind == "") {
		return veranda.ErrNotFound
	}
	rules, err := readAssignRules(ctx, tx, in.Org)
	if err != nil {
		return err
	}
	offered := m.state() == StateOffered
	if offered {
		if err := homeStays(ctx, tx, account, m.Home); err != nil {
			return err
		}
	}
	if in.Employment {
		if err := s.employ(ctx, tx, account, in.Org, m, rules); err != nil {
			return err
		}
	} else if offered {
		home, err := homeOf(ctx, tx.Query, account, m.Key, in.Org)
		if err != nil {
			return err
		}
		limit, err := relationCap(ctx, tx, in.Org, home, rules.NeedRelation)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE veranda_memberships SET disabled_at = NULL, disabled_reason = '', home_org_id = $3, cap = $4, joined_at = $5, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND disabled_reason = 'unaccepted'`, in.Org, account, nullID(home), limit, s.time(s.now()))
		if err != nil {
			return wrapped("accept membership", err)
		}
	} else {
		return veranda.ErrNotFound // an external already
	}
	return emitAccepted(ctx, tx, in.Org, account, in.Employment, offered)
}

// homeStays refuses an offer that was made to a member of a home which has disabled or removed them since.
func homeStays(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, home veranda.OrgID) error {
	if home.IsZero() {
		return nil
	}
	one := 0
	found, err := readOne(ctx, tx.Query, `SELECT 1 FROM veranda_memberships WHERE org_id = $1 AND account_id = $2 AND kind = 'internal' AND disabled_at IS NULL`,
		[]any{home, account}, &one)
	if err == nil && !found {
		err = ErrHomeEnded
	}
	return err
}

// employ makes somebody an employee to whom that was offered, by the rules in force now.
func (s *Service) employ(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, org veranda.OrgID, m *memberStanding, rules *assignRules) error {
	if m.OfferedKind != MemberInternal {
		return ErrNoEmployment
	}
	allowed, err := domainAllows(rules.Domains, m.Key)
	if err != nil {
		return err
	}
	if !allowed {
		return ErrInvitationDomain
	}
	roles := strings.Fields(m.OfferedRoles)
	wrong, err := misfits(ctx, tx.Query, org, MemberInternal, roles)
	if err != nil {
		return err
	}
	roles = slices.DeleteFunc(roles, func(role string) bool { return slices.Contains(wrong, role) }) // ended since they were offered
	if len(roles) == 0 {
		roles = []string{RoleEmployee}
	}
	if err := s.limits.Allow(ctx, tx, org, "members", 1); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE veranda_memberships SET kind = 'internal', roles = $3, offered_kind = '', offered_roles = '', home_org_id = NULL, cap = '',
	disabled_at = NULL, disabled_reason = '', joined_at = $4, version = version + 1 WHERE org_id = $1 AND account_id = $2 AND offered_kind = 'internal'`,
		org, account, strings.Join(roles, " "), s.time(s.now()))
	return wrapped("accept employment", err)
}

// emitAccepted says that somebody accepted, and where they are from now on.
func emitAccepted(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID, employment, joined bool) error {
	kind := MemberExternal
	if employment {
		kind = MemberInternal
	}
	tx.Emit(veranda.Event{Org: org, Kind: EventMembershipAccepted, Subject: account.String(), By: account,
		Data: veranda.MarshalData(MembershipAnswered{Kind: kind, Employment: employment})})
	if !joined {
		tx.Emit(veranda.Event{Org: org, Kind: EventMemberUpgraded, Subject: account.String(), By: account,
			Data: veranda.MarshalData(MemberJoined{Kind: kind, Before: MemberExternal})})
		return nil
	}
	e := veranda.Event{Org: org, Kind: EventMemberJoined, Subject: account.String(), By: account, Data: veranda.MarshalData(MemberJoined{Kind: kind})}
	tx.Emit(e)
	workspaces, err := readIDs[veranda.WorkspaceID](ctx, tx, `SELECT wm.workspace_id FROM veranda_workspace_members wm
JOIN veranda_workspaces w ON w.org_id = wm.org_id AND w.id = wm.workspace_id AND w.deleted_at IS NULL
WHERE wm.org_id = $1 AND wm.account_id = $2 ORDER BY wm.workspace_id`, org, account)
	if err != nil {
		return err
	}
	for _, workspace := range workspaces {
		e.Workspace = workspace
		tx.Emit(e)
	}
	return raiseAccessOf(ctx, tx, org, account)
}

// DeclineMembership declines what an access manager offered, and nothing of it is kept. Who accepted as an external
// declines the employment by it and stays.
//
// Permission: membership.accept_own, outside any organization. Errors: not_found where nothing is offered. Event:
// tenancy.membership_declined.
func (s *Service) DeclineMembership(ctx context.Context, by veranda.Actor, in DeclineMembershipInput) error {
	standing, err := s.signedIn(ctx, by, PermMembershipAccept)
	if err != nil {
		return err
	}
	account := standing.Account
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		m, err := readMemberStanding(ctx, tx, in.Org, account)
		if err != nil {
			return err
		}
		offered := m != nil && m.state() == StateOffered
		if !offered && (m == nil || m.state() != StateActive || m.OfferedKind == "") {
			return veranda.ErrNotFound
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventMembershipDeclined, Subject: account.String(), By: account,
			Data: veranda.MarshalData(MembershipAnswered{Kind: m.Kind, Employment: !offered})})
		if offered {
			return removeMembership(ctx, tx, in.Org, account)
		}
		_, err = tx.Exec(ctx, `UPDATE veranda_memberships SET offered_kind = '', offered_roles = '', version = version + 1 WHERE org_id = $1 AND account_id = $2`, in.Org, account)
		return wrapped("decline employment", err)
	})
}

// acceptOffered takes an accepted invitation, or a host's word, for the acceptance of what was offered to the same account.
func acceptOffered(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, account veranda.AccountID) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_memberships SET disabled_at = NULL, disabled_reason = '', joined_at = $3, version = version + 1
WHERE org_id = $1 AND account_id = $2 AND disabled_reason = 'unaccepted'`, org, account, tx.DB().Time(tx.DB().Now()))
	if err != nil || n == 0 {
		return wrapped("accept membership", err)
	}
	if err := settleHome(ctx, tx, org, account); err != nil {
		return err
	}
	return emitAccepted(ctx, tx, org, account, false, true)
}
