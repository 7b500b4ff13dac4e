package tenancy

import (
	"context"
	"errors"
	"strconv"

	"github.com/veranda-go/veranda"
)

// Invite sends invitations to an organization, or to a workspace of it: to become an employee (internal), an external of
// the workspace, or a guest. Who belongs to the organization already is put into the workspace at once. The answer says
// what became of each, never whether an address has an account elsewhere.
//
// Permission: invitation.create_internal, or invitation.create_internal_by_setting where the organization lets employees
// invite employees (a personal tenant does); invitation.create_external and invitation.create_guest, which ":assigned"
// narrows to workspaces one is a member of. A workspace one does not see is not found. Errors: invalid, rate.attempts, a
// limit on "invitations". Events: tenancy.invitation_sent, tenancy.member_joined.
func (s *Service) Invite(ctx context.Context, by veranda.Actor, in InviteInput) (*InviteResult, error) {
	people, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, from, err := s.readInviting(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return nil, err
	}
	asked := map[string]bool{}
	var c veranda.Checks
	for i, p := range people {
		if standing.OrgKind == string(KindPersonal) && p.Kind != MemberInternal {
			c.Add("/people/"+strconv.Itoa(i)+"/kind", "personal", "a personal tenant has members only")
		}
		if asked[p.Kind] {
			continue
		}
		asked[p.Kind] = true
		if err := s.mayInvite(ctx, standing, from, p.Kind, !in.Workspace.IsZero()); err != nil {
			return nil, err
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	result := &InviteResult{Items: make([]InviteOutcome, 0, len(people))}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		result.Items = result.Items[:0]
		if err := s.limits.Allow(ctx, tx, in.Org, "invitations", int64(len(people))); err != nil {
			return err
		}
		for _, p := range people {
			outcome, err := s.inviteOne(ctx, tx, standing.Account, from, in.Org, in.Workspace, p)
			if err != nil {
				return err
			}
			result.Items = append(result.Items, outcome)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// mayInvite asks whether somebody may invite a kind of people to an organization or into a workspace.
func (s *Service) mayInvite(ctx context.Context, standing *veranda.Standing, from *inviting, kind string, workspace bool) error {
	ask := veranda.Ask{Permission: PermInviteInternal, InWorkspace: workspace}
	switch kind {
	case MemberExternal:
		ask.Permission, ask.Assigned = PermInviteExternal, standing.WorkspaceMember
	case MemberGuest:
		ask.Permission, ask.Assigned = PermInviteGuest, standing.WorkspaceMember
	}
	err := s.authz.Decide(ctx, s.conn, standing, ask)
	bySetting := from.EmployeesInvite || standing.OrgKind == string(KindPersonal)
	if kind == MemberInternal && bySetting && veranda.CodeOf(err) == veranda.CodeForbidden {
		ask.Permission = PermInviteInternalBySetting
		err = s.authz.Decide(ctx, s.conn, standing, ask)
	}
	if err == nil && standing.Account.IsZero() {
		return veranda.ErrForbidden // an invitation is somebody's
	}
	return err
}

// inviteOne invites one person.
func (s *Service) inviteOne(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, from *inviting, org veranda.OrgID, workspace veranda.WorkspaceID, p invitee) (InviteOutcome, error) {
	outcome := InviteOutcome{Address: p.Address.Written, Result: InviteNotAllowed}
	if p.Kind == MemberInternal {
		allowed, err := domainAllows(from.Domains, p.Address.Key)
		if err != nil {
			return outcome, err
		}
		if !allowed {
			outcome.Reason = ReasonDomain
			return outcome, nil
		}
	}
	// Only members by this very address are recognised: whether somebody here has it as a further address is theirs to tell.
	var member struct {
		account  veranda.AccountID
		kind     string
		disabled bool
	}
	found, err := readOne(ctx, tx.Query, `SELECT account_id, kind, disabled_at IS NOT NULL FROM veranda_memberships WHERE org_id = $1 AND address_key = $2 LIMIT 1`,
		[]any{org, p.Address.Key}, &member.account, &member.kind, &member.disabled)
	if err != nil {
		return outcome, err
	}
	switch {
	case found && member.disabled:
		outcome.Reason = ReasonDisabled
		return outcome, nil
	case found && kindRank(member.kind) >= kindRank(p.Kind):
		outcome.Result = InviteAlreadyHere
		if !workspace.IsZero() {
			added, err := s.addMember(ctx, tx, by, from, org, workspace, member.account, member.kind)
			if err != nil {
				return outcome, err
			}
			if added {
				outcome.Result = InviteAdded
			}
		}
		return outcome, nil
	}
	for _, count := range []attempt{ruleInvite.of(org.String(), p.Address.Key), ruleInviter.of(by.String())} {
		counted, err := reserveOne(ctx, tx, count)
		if err != nil {
			return outcome, err
		}
		if !counted {
			outcome.Reason = ReasonTooOften
			return outcome, nil
		}
	}
	row, err := s.sendInvitation(ctx, tx, by, from, org, workspace, p)
	if err != nil {
		return outcome, err
	}
	outcome.Result, outcome.Invitation = InviteSent, &row.ID
	return outcome, nil
}

// addMember puts a member of the organization into a workspace, and tells them.
func (s *Service) addMember(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, from *inviting, org veranda.OrgID, workspace veranda.WorkspaceID, account veranda.AccountID, kind string) (bool, error) {
	entered, err := enter(ctx, tx, org, workspace, account)
	if errors.Is(err, ErrLink) {
		return false, veranda.ErrNotFound
	}
	if err != nil || !entered {
		return false, err
	}
	tx.Emit(veranda.Event{Org: org, Workspace: workspace, Kind: EventMemberJoined, Subject: account.String(), By: by,
		Data: veranda.MarshalData(MemberJoined{Kind: kind, Before: kind})})
	_, err = Post{}.Queue(ctx, tx, MailRequest{Org: org, Account: account, By: by, Template: templateAdded,
		Data: map[string]string{"Inviter": from.Inviter, "Organization": from.Organization, "Workspace": from.Workspace}})
	if errors.Is(err, veranda.ErrNotFound) { // nobody to write to: the account has no address yet
		err = nil
	}
	return true, err
}

// sendInvitation makes an invitation, or sends a pending one again under a new link.
func (s *Service) sendInvitation(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, from *inviting, org veranda.OrgID, workspace veranda.WorkspaceID, p invitee) (*invitationRow, error) {
	row, err := readInvitation(ctx, tx.Query, selectPending, org, p.Address.Key, p.Kind, workspace)
	if err != nil {
		return nil, err
	}
	if row != nil && row.Workspace == workspace {
		return row, s.sendAgain(ctx, tx, by, from, row, p.Language)
	}
	now := s.now()
	row = &invitationRow{
		Org: org, ID: veranda.NewID[invitationKind](), Workspace: workspace, Kind: p.Kind, Roles: defaultRole(p.Kind), Key: p.Address.Key,
		Address: p.Address.Written, Language: p.Language, InvitedBy: by, State: InvitationPending, CreatedAt: now, ExpiresAt: now.Add(invitationLives), Version: 1,
	}
	if row.Language == "" {
		row.Language = from.Language
	}
	if err := storeInvitation(ctx, tx, row); err != nil {
		return nil, err
	}
	return row, s.mailInvitation(ctx, tx, by, from, row, false)
}

// sendAgain gives a pending invitation its whole time again; it is the present sender's from now on.
func (s *Service) sendAgain(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, from *inviting, row *invitationRow, language string) error {
	if language != "" {
		row.Language = language
	}
	row.InvitedBy, row.ExpiresAt, row.Version = by, s.now().Add(invitationLives), row.Version+1
	n, err := tx.Exec(ctx, resendInvitation, row.Org, row.ID, s.time(row.ExpiresAt), by, row.Language)
	if err != nil {
		return wrapped("send invitation again", err)
	}
	if n == 0 {
		return ErrInvitationEnded
	}
	if err := voidInvitationLinks(ctx, tx, row.Org, row.ID); err != nil {
		return err
	}
	return s.mailInvitation(ctx, tx, by, from, row, true)
}

func (s *Service) mailInvitation(ctx context.Context, tx *veranda.Tx, by veranda.AccountID, from *inviting, row *invitationRow, again bool) error {
	link, err := s.newLink(linkInvitation, s.now())
	if err != nil {
		return err
	}
	link.Org, link.Subject, link.Key = row.Org, row.ID, row.Key
	if err := storeLink(ctx, tx, link); err != nil {
		return err
	}
	emitInvitation(tx, EventInvitationSent, row, by, again)
	return queueMail(ctx, tx, mailRow{
		Org: row.Org, By: by, Recipient: row.Address, Template: templateInvitation, Language: row.Language, Link: link.Hash,
		mailContent: mailContent{Zone: from.TimeZone, Data: mailData{
			"Inviter": from.Inviter, "Organization": from.Organization, "Workspace": from.Workspace,
		}},
	})
}

// inviteMember invites the first people of a new personal tenant, by its founder.
func (s *Service) inviteMember(ctx context.Context, tx *veranda.Tx, org organizationRow, address string) error {
	parsed, err := ParseAddress(address)
	if err != nil {
		return err
	}
	from := &inviting{Organization: org.Name, Domains: org.Domains, Language: org.Language, TimeZone: org.TimeZone}
	if _, err := readOne(ctx, tx.Query, `SELECT name FROM veranda_accounts WHERE id = $1`, []any{org.CreatedBy}, &from.Inviter); err != nil {
		return err
	}
	_, err = s.inviteOne(ctx, tx, org.CreatedBy, from, org.ID, veranda.WorkspaceID{}, invitee{Address: parsed, Kind: MemberInternal})
	return err
}
