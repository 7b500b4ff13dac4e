package tenancy

import "github.com/veranda-go/veranda"

// What is answered about assigning people, and about memberships that are offered or suspended.
var (
	// ErrPersonalAssign refuses to search and assign in a personal tenant: it has members only, who are invited.
	ErrPersonalAssign = veranda.NewError(veranda.CodeConflict, "assign.personal", "A personal tenant has members only: invite them.")
	// ErrDifferentPeople refuses an address and a phone number that belong to two people.
	ErrDifferentPeople = veranda.NewError(veranda.CodeConflict, "assign.different_people", "The address and the phone number belong to different people.")
	// ErrAssignDisabled refuses to assign a member whom the organization has disabled.
	ErrAssignDisabled = veranda.NewError(veranda.CodeConflict, "assign.disabled", "This member is disabled here; enable them first.")
	// ErrAssignSuspended refuses to assign a member whose access is suspended.
	ErrAssignSuspended = veranda.NewError(veranda.CodeConflict, "assign.suspended", "This member's access is suspended; confirm them first.")
	// ErrRelationRequired refuses somebody of another tenant where the organization takes those of related tenants only.
	ErrRelationRequired = veranda.NewError(veranda.CodeConflict, "relation.required", "The organization takes people of other tenants only where the two are related.")
	// ErrNotReserved refuses to send an activation link for an account that is somebody's own.
	ErrNotReserved = veranda.NewError(veranda.CodeConflict, "activation.not_reserved", "This account was not made here, or is its owner's already.")
	// ErrNotSuspended refuses to confirm a member whom no home has disabled.
	ErrNotSuspended = veranda.NewError(veranda.CodeConflict, "member.not_suspended", "This member's access is not suspended by their home.")
	// ErrHomeEnded refuses to accept what was offered to a member of a tenant that one does not belong to any more.
	ErrHomeEnded = veranda.NewError(veranda.CodeConflict, "membership.home_ended", "This was offered to you as a member of another organization, where you are no more; ask to be assigned again.")
	// ErrNoEmployment refuses to accept an employment that nobody offered.
	ErrNoEmployment = veranda.NewError(veranda.CodeConflict, "membership.no_employment", "No employment is offered; accept as an external.")
)
