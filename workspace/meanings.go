package workspace

import "github.com/veranda-go/veranda"

// meanings says what each permission allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermCreate:               "Make workspaces.",
		PermRead:                 "Read workspaces one sees, and who is in them.",
		PermLeave:                "Leave workspaces.",
		PermUpdate:               "Change a workspace's name, description and visibility, and make managers.",
		permUpdateManaged:        "Change workspaces one manages, and make managers there.",
		PermManageMembers:        "Add and remove a workspace's members.",
		permManageMembersManaged: "Add and remove the members of workspaces one manages.",
		PermManageMembersOpen:    "Add and remove the members of open workspaces.",
	}
}
