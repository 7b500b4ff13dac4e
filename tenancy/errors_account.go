package tenancy

import "github.com/veranda-go/veranda"

// What is answered about accounts, sessions, links and invitations.
var (
	// ErrSignIn is the one answer to a wrong password, an unknown address and an account without a password.
	ErrSignIn = veranda.NewError(veranda.CodeUnauthenticated, "sign_in.refused", "The address or the password is wrong.")
	// ErrUnconfirmed is told to who knows the password of an account whose address is not confirmed yet.
	ErrUnconfirmed = veranda.NewError(veranda.CodeConflict, "sign_in.unconfirmed", "Confirm your address first: open the link in the mail we sent.")
	// ErrDisabled is told to who knows the password of a disabled account.
	ErrDisabled = veranda.NewError(veranda.CodeConflict, "sign_in.disabled", "This account is disabled.")
	// ErrPassword is the answer to a wrong present password when changing it.
	ErrPassword = veranda.NewError(veranda.CodeConflict, "password.wrong", "The present password is wrong.")
	// ErrRate is the answer to too many attempts; it says nothing about what was attempted at.
	ErrRate = veranda.NewError(veranda.CodeLimit, "rate.attempts", "Too many attempts; wait a while and try again.")
	// ErrRateSignIn is ErrRate for signing in.
	ErrRateSignIn = veranda.NewError(veranda.CodeLimit, "rate.sign_in", "Too many attempts; wait a while and try again.")
	// ErrLink is the one answer to a link that was used, has expired, was withdrawn, is of something else, or never was.
	ErrLink = veranda.NewError(veranda.CodeNotFound, "tenancy.link", "This link does not work: it was used, has expired, or is not complete.")

	// ErrAddressTaken refuses an invited address to an account while it belongs to another one.
	ErrAddressTaken = veranda.NewError(veranda.CodeConflict, "invitation.sign_in_as", "The invited address belongs to another account: sign in with it.")
	// ErrSignInFirst is told to who holds an invitation for an address that has an account.
	ErrSignInFirst = veranda.NewError(veranda.CodeConflict, "invitation.sign_in", "The invited address has an account: sign in with it.")
	// ErrOtherAddress is told to who is signed in under another address than the invited one: attach_address adds it.
	ErrOtherAddress = veranda.NewError(veranda.CodeConflict, "invitation.other_address", "The invitation was sent to an address your account does not have; add it to your account or sign in as somebody else.")
	// ErrInvitationDomain refuses an employee whose address is not in the organization's domains.
	ErrInvitationDomain = veranda.NewError(veranda.CodeConflict, "invitation.domain", "The organization takes employees only from its own mail domains.")
	// ErrMembershipDisabled refuses an invitation to a person the organization has disabled.
	ErrMembershipDisabled = veranda.NewError(veranda.CodeConflict, "invitation.disabled", "Your membership of this organization is disabled.")
	// ErrInvitationEnded refuses to resend or withdraw an invitation that is not pending any more.
	ErrInvitationEnded = veranda.NewError(veranda.CodeConflict, "invitation.ended", "The invitation is not pending any more.")

	// ErrAddressUnconfirmed refuses to make an unconfirmed address the primary one.
	ErrAddressUnconfirmed = veranda.NewError(veranda.CodeConflict, "address.unconfirmed", "Confirm the address first.")
	// ErrAddressPrimary refuses to remove the primary address.
	ErrAddressPrimary = veranda.NewError(veranda.CodeConflict, "address.primary", "Make another address the primary one first.")
	// ErrAddressInUse refuses to remove an address by which the account owns a tenant or belongs to an organization.
	ErrAddressInUse = veranda.NewError(veranda.CodeConflict, "address.in_use", "You belong to an organization by this address.")
	// ErrAddressLimit refuses more addresses than an account can have.
	ErrAddressLimit = veranda.NewError(veranda.CodeLimit, "limit.addresses", "An account can have 20 addresses.")
)
