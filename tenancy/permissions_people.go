package tenancy

import "github.com/veranda-go/veranda"

// Permissions on what an organization is made of: domains, roles, teams, departments, relations, and on answering who
// may do what. Those of an account of one's own, and of platform support, are asked outside any organization.
const (
	PermSecondFactor     veranda.Permission = "account.change_second_factor"
	PermPhones           veranda.Permission = "account.change_phones"
	PermMembershipAccept veranda.Permission = "membership.accept_own" // accept or decline what an access manager offered
	PermMembershipLeave  veranda.Permission = "membership.leave"      // leave an organization
	PermJoinAsk          veranda.Permission = "join.ask"              // ask to join by an address in a proved domain

	PermJoinRead     veranda.Permission = "join.read"
	PermJoinDecide   veranda.Permission = "join.decide"
	PermDomainRead   veranda.Permission = "domain.read"
	PermDomainManage veranda.Permission = "domain.manage"

	// PermMemberAssign searches by exact address or number, and assigns people to workspaces.
	PermMemberAssign veranda.Permission = "member.assign"
	// PermMemberUpdate changes user name, department, manager and fall-back language of a member.
	PermMemberUpdate veranda.Permission = "member.update"
	// PermDeliverySend has a mail or message of the delivery log sent again.
	PermDeliverySend veranda.Permission = "delivery.send_again"

	PermRolesRead    veranda.Permission = "roles.read"    // which roles there are
	PermRolesManage  veranda.Permission = "roles.manage"  // custom roles
	PermPolicyUpdate veranda.Permission = "policy.update" // rows of the organization's own
	// PermExplain answers why somebody may do something and what they see; ":own" about oneself.
	PermExplain veranda.Permission = "access.explain"

	PermTeamsRead   veranda.Permission = "team.read"
	PermTeamsCreate veranda.Permission = "team.create"
	PermTeamsManage veranda.Permission = "team.manage" // ":own" those one made

	PermDepartmentsRead   veranda.Permission = "department.read"
	PermDepartmentsManage veranda.Permission = "department.manage"

	PermRelationsRead   veranda.Permission = "relation.read"
	PermRelationsManage veranda.Permission = "relation.manage"

	// PermSupportConsent lets platform support look into content; asked in the workspace where one is named.
	PermSupportConsent veranda.Permission = "support.consent"

	// PermSupportAccounts is platform support's: disable and enable accounts, take a lost second factor away.
	PermSupportAccounts veranda.Permission = "support.change_accounts"
	// PermSupportStaff is platform support's: who else is.
	PermSupportStaff veranda.Permission = "support.change_staff"
)

var peoplePermissions = []veranda.Permission{
	PermSecondFactor, PermPhones, PermMembershipAccept, PermMembershipLeave, PermJoinAsk,
	PermJoinRead, PermJoinDecide, PermDomainRead, PermDomainManage,
	PermMemberAssign, PermMemberUpdate, PermDeliverySend,
	PermRolesRead, PermRolesManage, PermPolicyUpdate, PermExplain, PermExplain + qualifierOwn,
	PermTeamsRead, PermTeamsCreate, PermTeamsManage, PermTeamsManage + qualifierOwn,
	PermDepartmentsRead, PermDepartmentsManage, PermRelationsRead, PermRelationsManage,
	PermSupportConsent, PermSupportAccounts, PermSupportStaff,
}
