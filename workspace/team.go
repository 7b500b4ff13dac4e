package workspace

import (
	"regexp"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// TeamName names a team.
type TeamName struct {
	Team tenancy.TeamID `json:"team_id"`
	Name string         `json:"name"`
}

// Team is a team that is in a workspace: all of its people are, with its role.
type Team struct {
	Team tenancy.TeamID `json:"team_id"`
	Name string         `json:"name"`
	// Role is plain, manager, or a role the organization made for itself.
	Role Role `json:"role"`
	// Members is how many people are in the team.
	Members int64     `json:"members"`
	AddedAt time.Time `json:"added_at"`
}

// Stays says that somebody whose own membership has ended is in the workspace by a team still.
type Stays struct {
	ByTeam bool `json:"by_team"`
	// Via are the teams, for those who see teams.
	Via []TeamName `json:"via,omitempty"`
}

// TeamsInput asks for the teams of a workspace.
type TeamsInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	veranda.Page
}

// AddTeamInput puts a team into a workspace.
type AddTeamInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Team      tenancy.TeamID      `json:"team_id"`
	// Role is what the team's people are there by it; empty means plain. A team that is there already gets this role.
	Role Role `json:"role,omitempty" maxLength:"64" doc:"plain when absent, manager, or a role the organization made for itself."`
}

// roleName is how roles of an organization's own are called.
var roleName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

func (in *AddTeamInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/team_id", in.Team)
	if in.Role == "" {
		in.Role = RolePlain
	}
	if !roleName.MatchString(string(in.Role)) {
		c.Add("/role", "one_of", "must be plain, manager, or a role of the organization's own")
	}
	return c.Err()
}

// TeamInput names a team in a workspace.
type TeamInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Team      tenancy.TeamID      `path:"team" json:"-"`
}

// rowRoles is a role as a row has it.
func (r Role) rowRoles() string {
	if r == RolePlain {
		return ""
	}
	return string(r)
}

// teamRole is the role of a team's row.
func teamRole(roles string) Role {
	if roles == "" {
		return RolePlain
	}
	return Role(roles)
}
