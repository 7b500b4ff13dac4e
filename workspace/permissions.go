package workspace

import "github.com/veranda-go/veranda"

// Permissions on workspaces. Who sees a private or an open one (workspace.enter:open) and who manages (workspace.manage,
// workspace.manage:open) is asked and declared by package tenancy.
const (
	PermCreate veranda.Permission = "workspace.create" // make one
	PermRead   veranda.Permission = "workspace.read"   // read one that the actor sees, with its members, and list them
	PermLeave  veranda.Permission = "workspace.leave"  // end one's own membership
	// PermUpdate changes name, description and visibility. The role manager has it in its workspace; "managed" gives it
	// in open workspaces to roles that manage those.
	PermUpdate        veranda.Permission = "workspace.update"
	permUpdateManaged veranda.Permission = "workspace.update:managed"
	// PermManageMembers adds and removes members and gives roles; PermManageMembersOpen does so in open workspaces only.
	PermManageMembers        veranda.Permission = "workspace.manage_members"
	permManageMembersManaged veranda.Permission = "workspace.manage_members:managed"
	PermManageMembersOpen    veranda.Permission = "workspace.manage_members:open"
)

var permissions = []veranda.Permission{
	PermCreate, PermRead, PermLeave, PermUpdate, permUpdateManaged,
	PermManageMembers, permManageMembersManaged, PermManageMembersOpen,
}
