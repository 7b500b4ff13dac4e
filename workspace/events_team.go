package workspace

import "github.com/veranda-go/veranda/tenancy"

// Kinds of events about teams in a workspace; the subject is the team's id. Who enters or loses the workspace with a team
// has no event of their own.
const (
	EventTeamAdded       = "workspace.team_added"        // TeamChanged
	EventTeamRemoved     = "workspace.team_removed"      // TeamChanged
	EventTeamRoleChanged = "workspace.team_role_changed" // TeamChanged
)

// TeamChanged is the data of a team's events. It holds no name of the team: externals and guests of the workspace read
// these events, and teams are none of theirs.
type TeamChanged struct {
	Team tenancy.TeamID `json:"team_id"`
	// Workspace is the workspace's name at the time.
	Workspace string `json:"workspace_name"`
	// Role is the team's role after the change, RoleBefore the one before it.
	Role       Role `json:"role,omitempty"`
	RoleBefore Role `json:"role_before,omitempty"`
}
