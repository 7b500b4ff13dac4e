package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Look shows an invitation to who holds its link. It changes nothing, but that an invitation whose sender may not invite
// any more lapses.
//
// Permission: invitation.look (anonymous). Errors: tenancy.link, whatever is wrong with the link; rate.attempts. Event:
// tenancy.invitation_lapsed.
func (s *Service) Look(ctx context.Context, by veranda.Actor, in LookInput) (*InvitationView, error) {
	if _, err := s.signedIn(ctx, by, PermInvitationLook); err != nil {
		return nil, err
	}
	var view *InvitationView
	err := s.withLink(ctx, in.ClientAddress, in.Token, func(link *linkRow) error {
		row, err := s.openInvitation(ctx, link)
		if err != nil {
			return err
		}
		standing, from, err := s.presentRight(ctx, row)
		if err == error(ErrLink) {
			return s.lapseUnsupported(ctx, row)
		}
		if err != nil {
			return err
		}
		owner, err := readAccountRow(ctx, s.conn.Query, selectOwner, row.Key)
		if err != nil {
			return err
		}
		view = &InvitationView{
			Organization: from.Organization, OrganizationKind: standing.OrgKind, Workspace: from.Workspace, Inviter: from.Inviter,
			Kind: row.Kind, Address: maskAddress(row.Address), HasAccount: owner != nil, ExpiresAt: row.ExpiresAt,
		}
		return nil
	})
	return view, err
}

// openInvitation reads the invitation of a link that works; everything else is ErrLink.
func (s *Service) openInvitation(ctx context.Context, link *linkRow) (*invitationRow, error) {
	if !link.works(linkInvitation, s.now()) {
		return nil, ErrLink
	}
	row, err := readInvitation(ctx, s.conn.Query, selectInvitation, link.Org, link.Subject)
	if err != nil {
		return nil, err
	}
	if row == nil || row.State != InvitationPending || !s.now().Before(row.ExpiresAt) {
		return nil, ErrLink
	}
	return row, nil
}

// presentRight asks whether who sent an invitation may still send it; ErrLink says no.
func (s *Service) presentRight(ctx context.Context, row *invitationRow) (*veranda.Standing, *inviting, error) {
	standing, from, err := s.readInviting(ctx, veranda.AccountActor(row.InvitedBy), row.Org, row.Workspace)
	if err != nil {
		return nil, nil, err
	}
	if from.InviterState != string(AccountActive) {
		return nil, nil, ErrLink
	}
	switch err := s.mayInvite(ctx, standing, from, row.Kind, row.Roles, !row.Workspace.IsZero()); veranda.CodeOf(err) {
	case veranda.CodeForbidden, veranda.CodeNotFound, veranda.CodeUnauthenticated:
		return nil, nil, ErrLink
	default:
		return standing, from, err
	}
}

// Accept joins the organization, and the workspace, an invitation names. Whoever is signed in under the invited address
// joins; under another one they must say that the invited address, which the link proves, is to be added to their
// account. Whoever is not signed in gives a name and a password: the new account is active at once and signed in, and
// nothing else is made. The rules about domains judge the invited address.
//
// Permission: invitation.accept (anonymous). Errors: invalid; tenancy.link, whatever is wrong with the link, also where
// the inviter has lost the right; invitation.sign_in, invitation.sign_in_as, invitation.other_address,
// invitation.domain, invitation.disabled; a limit on "members"; rate.attempts. Events: tenancy.invitation_accepted,
// tenancy.member_joined or tenancy.member_upgraded, tenancy.member_joined in the workspace, for a new account
// tenancy.account_registered and tenancy.signed_in; tenancy.invitation_lapsed.
func (s *Service) Accept(ctx context.Context, by veranda.Actor, in AcceptInput) (*Accepted, error) {
	standing, err := s.signedIn(ctx, by, PermInvitationAccept)
	if err != nil {
		return nil, err
	}
	account := standing.Account
	// An expired session passes as anonymous, and its account must not count.
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermAccountRead}); err != nil {
		account = veranda.AccountID{}
	}
	var accepted *Accepted
	err = s.withLink(ctx, in.ClientAddress, in.Token, func(link *linkRow) error {
		row, err := s.openInvitation(ctx, link)
		if err != nil {
			return err
		}
		var person *newAccount
		if account.IsZero() {
			if person, err = s.invitedPerson(ctx, &in, row); err != nil {
				return err
			}
		}
		accepted, err = s.accept(ctx, link, row, account, person, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	return accepted, nil
}

// invitedPerson checks and hashes what a new account is made of.
func (s *Service) invitedPerson(ctx context.Context, in *AcceptInput, row *invitationRow) (*newAccount, error) {
	owner, err := readAccountRow(ctx, s.conn.Query, selectOwner, row.Key)
	if err != nil {
		return nil, err
	}
	if owner != nil {
		return nil, ErrSignInFirst // who holds the link has the mailbox, and may know
	}
	address, err := ParseAddress(row.Address)
	if err != nil {
		return nil, err
	}
	if in.Language == "" {
		in.Language = row.Language
	}
	if in.TimeZone == "" {
		err := s.conn.Reader().NewRaw("SELECT time_zone FROM veranda_organizations WHERE id = ?", row.Org).Scan(ctx, &in.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("tenancy: read the organization's time zone: %w", err)
		}
	}
	var c veranda.Checks
	checkPerson(&c, &in.Name, &in.Language, &in.TimeZone)
	in.Label = c.Line("/label", in.Label, 0, 200)
	checkPassword(&c, "/password", in.Password, address.Key, in.Name)
	if err := c.Err(); err != nil {
		return nil, err
	}
	hash, err := s.passwords.hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	return &newAccount{
		accountRow: accountRow{
			ID: veranda.NewAccountID(), Name: in.Name, Language: in.Language, TimeZone: in.TimeZone, State: AccountActive, Password: hash,
		},
		Address: address, Confirmed: true,
	}, nil
}

// accept uses the link and makes the membership, in one transaction. Of several who try at once, one does.
func (s *Service) accept(ctx context.Context, link *linkRow, row *invitationRow, account veranda.AccountID, person *newAccount, in AcceptInput) (*Accepted, error) {
	accepted := &Accepted{Org: row.Org, Workspace: row.Workspace, Account: account}
	lapsed := false
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		if err := lockAddress(ctx, tx, row.Key); err != nil {
			return err
		}
		if err := spend(ctx, tx, link, linkInvitation); err != nil {
			return err
		}
		_, from, err := bound.presentRight(ctx, row)
		if err == error(ErrLink) {
			lapsed = true
			return bound.lapse(ctx, tx, row)
		}
		if err != nil {
			return err
		}
		if row.Kind == MemberInternal {
			if allowed, err := domainAllows(from.Domains, row.Key); err != nil {
				return err
			} else if !allowed {
				return ErrInvitationDomain
			}
		}
		if person != nil {
			if accepted.Session, err = bound.storePerson(ctx, tx, person, in); err != nil {
				return err
			}
			accepted.Account = person.ID
		} else if err := bound.proveAddress(ctx, tx, account, row, in.AttachAddress); err != nil {
			return err
		}
		ended, err := row.end(ctx, tx, InvitationAccepted, accepted.Account)
		if err != nil {
			return err
		}
		if !ended {
			return ErrLink
		}
		emitInvitation(tx, EventInvitationAccepted, row, accepted.Account, false)
		return bound.joinInvited(ctx, tx, accepted.Account, row)
	})
	if err != nil {
		return nil, err
	}
	if lapsed {
		return nil, ErrLink
	}
	return accepted, nil
}

// lapseUnsupported ends an invitation whose sender may not invite any more, asked once more where it is written; it gives
// ErrLink.
func (s *Service) lapseUnsupported(ctx context.Context, row *invitationRow) error {
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		if _, _, err := bound.presentRight(ctx, row); err != error(ErrLink) {
			return err // given back at this very moment: the next look will show it
		}
		return bound.lapse(ctx, tx, row)
	})
	if err != nil {
		return err
	}
	return ErrLink
}

// lapse ends an invitation whose sender may not invite any more.
func (s *Service) lapse(ctx context.Context, tx *veranda.Tx, row *invitationRow) error {
	ended, err := row.end(ctx, tx, InvitationLapsed, veranda.AccountID{})
	if err == nil && ended {
		emitInvitation(tx, EventInvitationLapsed, row, veranda.AccountID{}, false)
	}
	return err
}

// storePerson makes the account of an invitee and signs it in. Claims of its address that nobody proved are dropped.
func (s *Service) storePerson(ctx context.Context, tx *veranda.Tx, person *newAccount, in AcceptInput) (*NewSession, error) {
	person.At = s.now()
	err := storeInvited(ctx, tx, person)
	if veranda.IsUnique(err, "veranda_addresses") {
		return nil, ErrSignInFirst
	}
	if err != nil {
		return nil, err
	}
	if err := dropClaims(ctx, tx, person.ID, person.Address.Key); err != nil {
		return nil, err
	}
	session, err := storeSession(ctx, tx, person.ID, SessionBrowser, in.Label, in.ClientAddress)
	if err != nil {
		return nil, err
	}
	emitAccount(tx, EventAccountRegistered, person.ID, person.ID, AccountRegistered{Invited: true})
	emitAccount(tx, EventSignedIn, person.ID, person.ID, SignedIn{Session: session.ID, Kind: SessionBrowser, Network: network(in.ClientAddress)})
	return session, nil
}

// proveAddress makes sure that the invited address is the account's: who holds the link has its mailbox.
func (s *Service) proveAddress(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, row *invitationRow, attach bool) error {
	owner, err := readAccountRow(ctx, tx.Query, selectOwner, row.Key)
	if err != nil {
		return err
	}
	switch {
	case owner != nil && owner.ID == account:
		return nil
	case owner != nil:
		return ErrAddressTaken
	}
	if err := touchAccount(ctx, tx, account); err != nil {
		return err
	}
	addresses, err := s.readAddresses(ctx, account)
	if err != nil {
		return err
	}
	for _, d := range addresses {
		if d.Key == row.Key { // claimed before: the link does what the confirming one would have
			emitAccount(tx, EventAddressConfirmed, account, account, AddressChanged{Address: d.Address})
			return confirmAddress(ctx, tx, account, row.Key)
		}
	}
	if !attach {
		return ErrOtherAddress
	}
	if len(addresses) >= maxAddresses {
		return ErrAddressLimit
	}
	address, err := ParseAddress(row.Address)
	if err != nil {
		return err
	}
	if err := storeAddress(ctx, tx, account, address, true, false, s.now()); err != nil {
		return err
	}
	emitAccount(tx, EventAddressConfirmed, account, account, AddressChanged{Address: address.Written})
	return dropClaims(ctx, tx, account, row.Key)
}

// joinInvited makes the account a member of what the invitation names.
func (s *Service) joinInvited(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, row *invitationRow) error {
	before, changed, err := s.join(ctx, tx, account, row)
	if err != nil {
		return err
	}
	kind := row.Kind
	if !changed {
		kind = before
	}
	data := veranda.MarshalData(MemberJoined{Kind: kind, Before: before, Invitation: row.ID})
	if changed {
		event := EventMemberJoined
		if before != "" {
			event = EventMemberUpgraded
		}
		tx.Emit(veranda.Event{Org: row.Org, Kind: event, Subject: account.String(), By: account, Data: data})
	}
	if row.Workspace.IsZero() {
		return nil
	}
	entered, err := enter(ctx, tx, row.Org, row.Workspace, account)
	if err == nil && entered {
		tx.Emit(veranda.Event{Org: row.Org, Workspace: row.Workspace, Kind: EventMemberJoined, Subject: account.String(), By: account, Data: data})
	}
	return err
}
