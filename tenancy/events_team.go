package tenancy

import "github.com/veranda-go/veranda"

// Kinds of events about teams. The subject is the team's id, and for its members the account's.
const (
	EventTeamCreated       = "tenancy.team_created"        // TeamChanged
	EventTeamUpdated       = "tenancy.team_updated"        // TeamChanged
	EventTeamRolesChanged  = "tenancy.team_roles_changed"  // TeamChanged; all of its members have other roles from now on
	EventTeamDeleted       = "tenancy.team_deleted"        // TeamChanged
	EventTeamMemberAdded   = "tenancy.team_member_added"   // TeamMemberChanged
	EventTeamMemberRemoved = "tenancy.team_member_removed" // TeamMemberChanged
)

// TeamChanged is the data of a team's events.
type TeamChanged struct {
	Name string `json:"name"`
	// Fields are the JSON names of what an update changed.
	Fields []string `json:"fields,omitempty"`
	// Roles are the roles the team holds, RolesBefore those it held, where they changed.
	Roles       []string `json:"roles,omitempty"`
	RolesBefore []string `json:"roles_before,omitempty"`
}

// TeamMemberChanged is the data of events about somebody in a team.
type TeamMemberChanged struct {
	Team TeamID `json:"team_id"`
	// Name is the team's, as it was at the time.
	Name    string            `json:"name"`
	Account veranda.AccountID `json:"account_id"`
	// Roles are those the team held, which the account got or lost with it.
	Roles []string `json:"roles,omitempty"`
}

// emitBy emits an event of an organization by the standing's actor.
func emitBy(tx *veranda.Tx, standing *veranda.Standing, kind string, org veranda.OrgID, subject string, data any) {
	tx.Emit(veranda.Event{Org: org, Kind: kind, Subject: subject, By: standing.Account, System: standing.System, Data: veranda.MarshalData(data)})
}
