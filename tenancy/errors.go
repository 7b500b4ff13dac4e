package tenancy

import "github.com/veranda-go/veranda"

// Refusals by the state of things.
var (
	ErrOwnsAlready       = veranda.NewError(veranda.CodeConflict, "tenancy.owns_already", "This address already owns an organization of that kind.")
	ErrOrganizationFirst = veranda.NewError(veranda.CodeConflict, "tenancy.organization_first", "An address of a company founds its organization first.")
	ErrLastOwner         = veranda.NewError(veranda.CodeConflict, "tenancy.last_owner", "An organization keeps at least one owner.")
	ErrOwnRoles          = veranda.NewError(veranda.CodeForbidden, "tenancy.own_roles", "Nobody changes their own roles.")
	// ErrSecondFactorRequired refuses an employee whose session was made without a second factor where the organization asks one.
	ErrSecondFactorRequired = veranda.NewError(veranda.CodeForbidden, "tenancy.second_factor", "The organization asks a second factor: set one up and sign in with it.")
)
