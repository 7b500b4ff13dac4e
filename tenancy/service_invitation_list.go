package tenancy

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
)

// Invitations lists the invitations of an organization, newest first: all of those to the organization and to workspaces
// one sees, or those one sent.
//
// Permission: invitation.read, or invitation.read:own.
func (s *Service) Invitations(ctx context.Context, by veranda.Actor, in InvitationsInput) (veranda.List[Invitation], error) {
	list := veranda.List[Invitation]{Items: []Invitation{}}
	var c veranda.Checks
	limit := in.Size(&c)
	before, id := newestFirst(&c, in.Page, "invitations")
	state, term := in.State, ""
	switch in.State {
	case InvitationExpired:
		state, term = InvitationPending, "past"
	case InvitationPending:
		term = "future"
	case "":
	default:
		veranda.OneOf(&c, "/state", in.State, InvitationPending, InvitationExpired, InvitationAccepted, InvitationWithdrawn, InvitationLapsed)
	}
	if err := c.Err(); err != nil {
		return list, err
	}
	standing, all, err := s.allOrOwn(ctx, by, in.Org, PermInvitationsRead)
	if err != nil {
		return list, err
	}
	args, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return list, err
	}
	now := s.now()
	rows, err := s.readInvitations(ctx, append(args, all, state, term, s.time(now), s.time(before), id, limit+1,
		!in.InvitedBy.IsZero(), in.InvitedBy, !in.Workspace.IsZero(), in.Workspace))
	if err != nil {
		return list, err
	}
	for _, r := range rows[:min(len(rows), limit)] {
		list.Items = append(list.Items, r.invitation(now))
	}
	if len(rows) > limit {
		last := rows[limit-1]
		list.Next = newestCursor("invitations", last.CreatedAt, last.ID.String())
	}
	return list, nil
}

// Resend sends a pending or expired invitation again, with a new link and its whole time; the old link works no more.
//
// Permission: that of the list, and that of inviting this kind of people with these roles. Errors: not_found, invitation.ended,
// rate.attempts. Event: tenancy.invitation_sent.
func (s *Service) Resend(ctx context.Context, by veranda.Actor, in InvitationInput) (*Invitation, error) {
	row, standing, err := s.readForChange(ctx, by, in)
	if err != nil {
		return nil, err
	}
	if err := s.maySeeInvitation(ctx, standing, row); err != nil {
		return nil, err
	}
	_, from, err := s.readInviting(ctx, by, in.Org, row.Workspace)
	if err != nil {
		return nil, err
	}
	if err := s.mayInvite(ctx, standing, from, row.Kind, row.Roles, !row.Workspace.IsZero()); err != nil {
		return nil, err
	}
	if row.State != InvitationPending {
		return nil, ErrInvitationEnded
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		invitations := ruleInvite.of(in.Org.String(), row.Key)
		counted, err := reserveOne(ctx, tx, invitations)
		if err != nil {
			return err
		}
		if !counted {
			return s.WithTx(tx).refused(ctx, ErrRate, invitations)
		}
		sent, err := s.sendAgain(ctx, tx, standing.Account, row, "")
		if err != nil {
			return err
		}
		return storeSendings(ctx, tx, standing.Account, from, []sending{sent})
	})
	if err != nil {
		return nil, err
	}
	i := row.invitation(s.now())
	return &i, nil
}

// Withdraw takes a pending invitation back; nobody is told. Its link answers like one that never was.
//
// Permission: invitation.withdraw, which is platform support's unless it is granted. Errors: not_found,
// invitation.ended. Event: tenancy.invitation_withdrawn.
func (s *Service) Withdraw(ctx context.Context, by veranda.Actor, in InvitationInput) error {
	row, standing, err := s.readForChange(ctx, by, in)
	if err != nil {
		return err
	}
	ask := veranda.Ask{Permission: PermInvitationWithdraw, Missing: row.ID.IsZero(), InWorkspace: standing.Member && !row.Workspace.IsZero()}
	err = s.authz.Decide(ctx, s.conn, standing, ask)
	if veranda.CodeOf(err) == veranda.CodeForbidden {
		if hidden := s.maySeeInvitation(ctx, standing, row); hidden != nil {
			return hidden
		}
	}
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		ended, err := row.end(ctx, tx, InvitationWithdrawn, veranda.AccountID{})
		if err != nil {
			return err
		}
		if !ended {
			return ErrInvitationEnded
		}
		emitInvitation(tx, EventInvitationWithdrawn, row, standing.Account, false)
		return nil
	})
}

// readForChange reads an invitation with the standing of who calls, in its workspace where it has one.
func (s *Service) readForChange(ctx context.Context, by veranda.Actor, in InvitationInput) (*invitationRow, *veranda.Standing, error) {
	row := &invitationRow{}
	read := s.authz.Compose(veranda.Target{
		Columns: invitationColumns, Join: `LEFT JOIN veranda_invitations i ON i.org_id = $2 AND i.id = $4`, Workspace: "i.workspace_id",
	})
	standing, err := s.conn.Read(ctx, read, by, in.Org, []any{in.Invitation}, row.destinations()...)
	return row, standing, err
}

// maySeeInvitation gives ErrNotFound to who may not know of an invitation.
func (s *Service) maySeeInvitation(ctx context.Context, standing *veranda.Standing, row *invitationRow) error {
	err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{
		Permission: PermInvitationsRead, Missing: row.ID.IsZero(), InWorkspace: !row.Workspace.IsZero(),
		Own: row.InvitedBy == standing.Account && !standing.Account.IsZero(),
	})
	if errors.Is(err, veranda.ErrForbidden) {
		return veranda.ErrNotFound
	}
	return err
}
