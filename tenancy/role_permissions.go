package tenancy

import (
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/internal/policy"
)

// outsideOrganization are permissions that are asked of an account of one's own, of nobody in particular, or of the
// platform's people: in a role of an organization they would mean nothing.
var outsideOrganization = []veranda.Permission{
	PermOrganizationCreate, PermInvitationLook, PermInvitationAccept, PermMembershipAccept, PermJoinAsk, PermSupportAccounts, PermSupportStaff,
}

// inOrganization tells whether a permission is asked in an organization.
func inOrganization(permission veranda.Permission) bool {
	kind, _, _ := strings.Cut(string(permission), ".")
	switch kind {
	case "account", "session", "system", "platform", "support_request", "notification":
		return false
	case "support":
		return permission == PermSupportConsent
	default:
		return !slices.Contains(outsideOrganization, permission)
	}
}

// implied are permissions that are a part of another: who holds the other can pass the part on.
var implied = map[veranda.Permission]veranda.Permission{
	PermOrganizationName:        PermOrganizationRead,
	PermMembersReadEmployee:     PermMembersRead,
	PermMembersReadShared:       PermMembersRead,
	PermAuditReadPeople:         PermAuditRead,
	PermAuditReadOwn:            PermAuditRead,
	PermInviteInternalBySetting: PermInviteInternal,
}

// holds tells whether who has these roles holds a permission: itself, without its qualifier, or as a part of another.
func holds(s *policy.Snapshot, roles string, permission veranda.Permission) bool {
	if s.AllowsList(roles, string(permission)) {
		return true
	}
	if base, _, qualified := strings.Cut(string(permission), ":"); qualified && s.AllowsList(roles, base) {
		return true
	}
	whole, found := implied[permission]
	return found && s.AllowsList(roles, string(whole))
}

// governing are the permissions by which rights are changed: those on roles and rows, and on giving a shipped role. A role
// that has one of them is given by those alone who hold it themselves, else two could raise each other. Giving a role of
// the organization's own is none of them, for by the same rule it holds no more of these than its giver does.
func governing(permission string) bool {
	switch veranda.Permission(permission) {
	case PermGrantRole, PermRolesManage, PermPolicyUpdate:
		return true
	default:
		role, gives := strings.CutPrefix(permission, string(PermGrant("")))
		return gives && isShipped(role)
	}
}

// escalation is a role that somebody may give who may not do what it says about roles and policy.
type escalation struct {
	role, granter string
	permission    veranda.Permission
}

// escalations finds every role among those given that one of the others may give without holding what it governs by.
func escalations(s *policy.Snapshot, roles []string) []escalation {
	var found []escalation
	for _, role := range roles {
		var governs []string
		for _, permission := range s.Permissions([]string{role}) {
			if governing(permission) {
				governs = append(governs, permission)
			}
		}
		if len(governs) == 0 {
			continue
		}
		for _, granter := range roles {
			if granter == role || !s.AllowsList(granter, string(PermGrant(role))) {
				continue
			}
			for _, permission := range governs {
				if !s.AllowsList(granter, permission) {
					found = append(found, escalation{role, granter, veranda.Permission(permission)})
				}
			}
		}
	}
	return found
}

// newEscalations are those a change brings; what the installation's rows allow anyway is the host's decision.
func newEscalations(before, after *policy.Snapshot, roles []string) []escalation {
	known := escalations(before, roles)
	return slices.DeleteFunc(escalations(after, roles), func(e escalation) bool { return slices.Contains(known, e) })
}
