package tenancy

import "github.com/veranda-go/veranda"

// Kinds of events on organizations and their people.
const (
	EventOrganizationCreated = "tenancy.organization_created" // OrganizationChanged
	EventOrganizationUpdated = "tenancy.organization_updated" // OrganizationChanged
	EventMemberRolesChanged  = "tenancy.member_roles_changed" // MemberChanged
	EventMemberRemoved       = "tenancy.member_removed"       // MemberChanged
	EventStaffMade           = "tenancy.staff_made"           // no data; Subject is the account
	EventPolicyChanged       = "tenancy.policy_changed"       // PolicyChanged
)

// OrganizationChanged is the data of an organization's events.
type OrganizationChanged struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"`
	Fields []string `json:"fields,omitempty"` // the JSON names of what changed
}

// MemberChanged is the data of a membership's events; Subject is the account.
type MemberChanged struct {
	Account veranda.AccountID `json:"account_id"`
	Roles   []string          `json:"roles"`
	Before  []string          `json:"roles_before,omitempty"`
}

// PolicyChanged is the data of EventPolicyChanged.
type PolicyChanged struct {
	Rows     int  `json:"rows"`
	Replaced bool `json:"replaced"`
}
