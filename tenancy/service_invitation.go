package tenancy

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
)

// Invite sends invitations to an organization, or to a workspace of it: to become an employee (internal), an external of
// the workspace, or a guest. Who belongs to the organization already is put into the workspace at once. The answer says
// what became of each, never whether an address has an account elsewhere. Up to 1,000 people are invited by one call.
//
// Permission: invitation.create_internal, or invitation.create_internal_by_setting where the organization lets employees
// invite employees (a personal tenant does); invitation.create_external and invitation.create_guest, which ":assigned"
// narrows to workspaces one is a member of; for each role but the one a kind of membership begins with, role.grant_<role>.
// What the inviter may do is asked again when the invitation is accepted. A workspace one does not see is not found. Errors: invalid, rate.attempts, a
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
		if asked[p.Kind+" "+p.Roles] {
			continue
		}
		asked[p.Kind+" "+p.Roles] = true
		if err := s.mayInvite(ctx, standing, from, p.Kind, p.Roles, !in.Workspace.IsZero()); err != nil {
			return nil, err
		}
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	result := &InviteResult{}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "invitations", int64(len(people))); err != nil {
			return err
		}
		result.Items, err = s.inviteAll(ctx, tx, &invitingMany{by: standing.Account, from: from, org: in.Org, workspace: in.Workspace, people: people})
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// mayInvite asks whether somebody may invite a kind of people, with roles, to an organization or into a workspace.
func (s *Service) mayInvite(ctx context.Context, standing *veranda.Standing, from *inviting, kind, roles string, workspace bool) error {
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
	for role := range strings.FieldsSeq(roles) {
		if err == nil && role != defaultRole(kind) {
			err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermGrant(role)})
		}
	}
	return err
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
