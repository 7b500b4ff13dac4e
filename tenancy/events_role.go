package tenancy

import "github.com/veranda-go/veranda"

// Kinds of events about roles and policy rows of an organization. The subject of a role's events is its name.
const (
	EventRoleCreated = "tenancy.role_created" // RoleChanged
	EventRoleUpdated = "tenancy.role_updated" // RoleChanged
	EventRoleDeleted = "tenancy.role_deleted" // RoleChanged
	// EventWorkspaceRolesChanged says that a member of a workspace has other roles of the organization's own there; the
	// subject is the account.
	EventWorkspaceRolesChanged = "tenancy.workspace_roles_changed" // MemberChanged
	// EventOrganizationPolicyChanged says that an organization has other rows of its own; the subject is the organization.
	EventOrganizationPolicyChanged = "tenancy.organization_policy_changed" // OrganizationPolicyChanged
)

// RoleChanged is the data of a role's events.
type RoleChanged struct {
	Title string `json:"title"`
	// Added and Removed are what the role may do now and could not before, and the other way round.
	Added   []veranda.Permission `json:"added,omitempty"`
	Removed []veranda.Permission `json:"removed,omitempty"`
	Kinds   []string             `json:"kinds,omitempty"`
	Scope   string               `json:"scope,omitempty"`
	Granted []string             `json:"granted_by,omitempty"`
}

// OrganizationPolicyChanged is the data of EventOrganizationPolicyChanged: how many rows there are, and how many of them
// are new and are gone.
type OrganizationPolicyChanged struct {
	Rows    int `json:"rows"`
	Added   int `json:"added"`
	Removed int `json:"removed"`
}
