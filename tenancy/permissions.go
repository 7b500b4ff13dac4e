package tenancy

import "github.com/veranda-go/veranda"

// Permissions on organizations, their people, and who sees and manages workspaces.
const (
	PermOrganizationCreate  veranda.Permission = "organization.create"    // found one; asked outside any organization
	PermOrganizationRead    veranda.Permission = "organization.read"      // everything about it
	PermOrganizationName    veranda.Permission = "organization.read_name" // its name only
	PermOrganizationUpdate  veranda.Permission = "organization.update"    // settings, domains
	PermMembersRead         veranda.Permission = "member.read"            // the whole directory
	PermMembersReadShared   veranda.Permission = "member.read_shared"     // those one shares a workspace with
	PermMembersReadEmployee veranda.Permission = "member.read_employees"  // employees
	PermAuditRead           veranda.Permission = "audit.read"             // the whole audit log
	PermAuditReadPeople     veranda.Permission = "audit.read_people"      // what concerns people
	PermAuditReadOwn        veranda.Permission = "audit.read_own"         // what one did oneself
	PermPolicyRead          veranda.Permission = "policy.read"            // the policy rows in force
	PermGrantRole           veranda.Permission = "member.grant_role"      // give and take roles; which ones is said by role.grant_<role>
)

var organizationPermissions = []veranda.Permission{
	PermOrganizationCreate, PermOrganizationRead, PermOrganizationName, PermOrganizationUpdate,
	PermMembersRead, PermMembersReadShared, PermMembersReadEmployee,
	PermAuditRead, PermAuditReadPeople, PermAuditReadOwn, PermPolicyRead, PermGrantRole,
	PermGrant(RoleOwner), PermGrant(RoleAdministrator), PermGrant(RoleAccessManager), PermGrant(RoleEmployee), PermGrant(RoleExternal), PermGrant(RoleGuest),
	permEnterOpen, permManage, permManageOpen,
}
