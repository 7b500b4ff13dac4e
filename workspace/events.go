package workspace

import "github.com/veranda-go/veranda"

// Kinds of events. All of them name the workspace; the subject is the workspace, or the account of the member.
const (
	EventCreated           = "workspace.workspace_created"   // Changed; its maker is now a member with the role manager
	EventUpdated           = "workspace.workspace_updated"   // Changed
	EventOpened            = "workspace.workspace_opened"    // Changed; every employee sees it from now on
	EventClosed            = "workspace.workspace_closed"    // Changed; only members see it from now on
	EventMemberAdded       = "workspace.member_added"        // MemberChanged
	EventMemberRemoved     = "workspace.member_removed"      // MemberChanged
	EventMemberLeft        = "workspace.member_left"         // MemberChanged
	EventMemberRoleChanged = "workspace.member_role_changed" // MemberChanged
)

// Changed is the data of a workspace's events.
type Changed struct {
	Name string `json:"name"`
	Open bool   `json:"open"`
	// NameBefore is the former name, where it changed.
	NameBefore string `json:"name_before,omitempty"`
	// Fields are the JSON names of what an update changed.
	Fields []string `json:"fields,omitempty"`
}

// MemberChanged is the data of a member's events.
type MemberChanged struct {
	Account veranda.AccountID `json:"account_id"`
	// Name is the member's, Workspace the workspace's, both as they were at the time.
	Name      string `json:"name"`
	Workspace string `json:"workspace_name"`
	// Kind is how the member belongs to the organization: internal, external or guest.
	Kind string `json:"kind"`
	// Role is the member's role after the change, RoleBefore the one before it.
	Role       Role `json:"role,omitempty"`
	RoleBefore Role `json:"role_before,omitempty"`
}
