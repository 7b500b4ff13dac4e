package tenancy

import "github.com/veranda-go/veranda"

// meanings says what each permission that a role can have allows.
func meanings() map[veranda.Permission]string {
	return map[veranda.Permission]string{
		PermOrganizationRead:    "Read the organization with its settings.",
		PermOrganizationName:    "Read the organization's name.",
		PermOrganizationUpdate:  "Change the organization's settings.",
		PermMembersRead:         "Read the whole directory.",
		PermMembersReadShared:   "Read the directory's entries of people one shares a workspace with.",
		PermMembersReadEmployee: "Read the directory's entries of employees.",
		PermAuditRead:           "Read the whole audit log.",
		PermAuditReadPeople:     "Read the audit log of what concerns people.",
		PermAuditReadOwn:        "Read the audit log of what one did oneself.",
		PermPolicyRead:          "Read the policy rows in force.",
		PermGrantRole:           "Change people's roles and remove people; which roles is said for each role.",

		PermGrant(RoleOwner):         "Give and take the role owner.",
		PermGrant(RoleAdministrator): "Give and take the role administrator.",
		PermGrant(RoleAccessManager): "Give and take the role access manager.",
		PermGrant(RoleEmployee):      "Give and take the role employee.",
		PermGrant(RoleExternal):      "Give and take the role external.",
		PermGrant(RoleGuest):         "Give and take the role guest.",

		permEnterOpen:  "See and enter open workspaces.",
		permManage:     "Manage a workspace.",
		permManageOpen: "Manage open workspaces.",

		PermInviteInternal:                     "Invite employees.",
		PermInviteInternalBySetting:            "Invite employees where the organization's settings let employees do so.",
		PermInviteExternal:                     "Invite externals to any workspace one sees.",
		PermInviteExternal + qualifierAssigned: "Invite externals to workspaces one is a member of.",
		PermInviteGuest:                        "Invite guests.",
		PermInviteGuest + qualifierAssigned:    "Invite guests to workspaces one is a member of.",
		PermInvitationsRead:                    "List all invitations.",
		PermInvitationsRead + qualifierOwn:     "List the invitations one sent.",
		PermInvitationWithdraw:                 "Take invitations back.",
		PermDeliveriesRead:                     "Read the log of all that was sent.",
		PermDeliveriesRead + qualifierOwn:      "Read the log of what one caused to be sent or was sent.",

		PermMembershipLeave:            "Leave the organization.",
		PermJoinRead:                   "List requests to join.",
		PermJoinDecide:                 "Decide requests to join.",
		PermDomainRead:                 "List the organization's domains.",
		PermDomainManage:               "Claim, prove and give up domains.",
		PermMemberAssign:               "Find a person by exact address or number, and assign them to workspaces.",
		PermMemberUpdate:               "Change a member's user name, department, manager and fall-back language.",
		PermDeliverySend:               "Have a mail or message sent again.",
		PermRolesRead:                  "Read which roles there are.",
		PermRolesManage:                "Make, change and delete the organization's own roles.",
		PermPolicyUpdate:               "Change the organization's own policy rows.",
		PermExplain:                    "Ask why a member may or may not do something, and what they see.",
		PermExplain + qualifierOwn:     "Ask why one may or may not do something, and what one sees.",
		PermTeamsRead:                  "Read teams.",
		PermTeamsCreate:                "Make teams.",
		PermTeamsManage:                "Change and delete all teams.",
		PermTeamsManage + qualifierOwn: "Change and delete teams one made.",
		PermDepartmentsRead:            "Read departments.",
		PermDepartmentsManage:          "Make, change and delete departments.",
		PermRelationsRead:              "Read relations with other organizations.",
		PermRelationsManage:            "Propose, accept and end relations with other organizations.",
		PermSupportConsent:             "Let platform support look into content for a time.",
	}
}
