package tenancy

import "github.com/veranda-go/veranda"

// mayRequireFactor refuses to have an organization require a second factor of its employees to somebody who is signed in
// without one: they would shut themselves out with the same call, and an organization could be left that nobody enters.
// From then on the Authorizer refuses every call of an employee whose session was made without one, tokens of programs
// included, at the next call; externals and guests are their home's affair. Actors that the host program signed in
// (veranda.AccountActor) have no session: how they were signed in is the host's own affair, here and there.
func mayRequireFactor(standing *veranda.Standing, row *organizationRow, in *UpdateOrganizationInput) error {
	if in.RequireSecondFactor == nil || !*in.RequireSecondFactor || row.SecondFactor {
		return nil
	}
	if standing.TokenHash() != nil && !standing.SecondFactor {
		return ErrSecondFactorFirst
	}
	return nil
}
