package support

import "github.com/veranda-go/veranda"

// Refusals by the state of things.
var (
	// ErrClosed refuses to propose about a closed request.
	ErrClosed = veranda.NewError(veranda.CodeConflict, "support.closed", "The request is closed: open it again first.")
	// ErrNotProposed refuses to confirm or decline what is not waiting for it.
	ErrNotProposed = veranda.NewError(veranda.CodeConflict, "support.not_proposed", "The action does not wait for a confirmation.")
	// ErrNotConfirmed refuses to carry out what the writer has not confirmed, or too long ago, or what was done.
	ErrNotConfirmed = veranda.NewError(veranda.CodeConflict, "support.not_confirmed", "The writer has not confirmed this action, or too long ago.")
	// ErrNeedsAccount refuses to propose an action to a writer who cannot confirm it.
	ErrNeedsAccount = veranda.NewError(veranda.CodeConflict, "support.needs_account", "Nobody can confirm this: the request's address belongs to no account.")
	// ErrOwnStaff refuses to take one's own support away.
	ErrOwnStaff = veranda.NewError(veranda.CodeForbidden, "support.own_staff", "Nobody takes support away from themselves.")
)
