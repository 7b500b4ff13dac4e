package workspace

import "github.com/veranda-go/veranda"

// Refusals by the state of things.
var (
	// ErrPersonal refuses a second workspace in a personal tenant.
	ErrPersonal = veranda.NewError(veranda.CodeConflict, "workspace.personal", "A personal tenant has exactly one workspace.")
	// ErrOpening asks for a confirmation before a private workspace is opened.
	ErrOpening = veranda.NewError(veranda.CodeConflict, reasonVisibility,
		"Opening this workspace shows all of its past to every employee of the organization. Confirm that with confirm_visibility.")
	// ErrClosing asks for a confirmation before an open workspace is made private.
	ErrClosing = veranda.NewError(veranda.CodeConflict, reasonVisibility,
		"Making this workspace private hides it and all of its past from everybody who is not a member, administrators included. Confirm that with confirm_visibility.")
	// ErrLastManager keeps a manager in every private workspace.
	ErrLastManager = veranda.NewError(veranda.CodeConflict, "workspace.last_manager",
		"A private workspace needs a manager: make somebody else its manager first.")
	// ErrByTeam refuses to end or change the membership of somebody who is there by a team alone.
	ErrByTeam = veranda.NewError(veranda.CodeConflict, "workspace.by_team",
		"This person is in the workspace by a team: change the team, or take the team out of the workspace.")
	// ErrNotMember refuses to leave an open workspace one is not a member of.
	ErrNotMember = veranda.NewError(veranda.CodeConflict, "workspace.not_member", "You are not a member of this workspace.")
)

const reasonVisibility = "workspace.visibility"
