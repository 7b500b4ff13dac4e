package tenancy

import (
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

// What is answered about roles and policy rows.
var (
	// ErrRoleHeld refuses to delete a role, or to narrow who can hold it, while somebody holds it.
	ErrRoleHeld = veranda.NewError(veranda.CodeConflict, "role.held", "Somebody holds this role: a member, a team or a relation. Give them another one first.")
	// ErrRoleNotHeld refuses to put into a role, or into policy rows, what the caller may not do; its message names it.
	ErrRoleNotHeld = veranda.NewError(veranda.CodeForbidden, "role.not_held", "Nobody gives a role what they may not do themselves.")
	// ErrRoleEscalation refuses a role whose granters may not do themselves what it says about roles and policy.
	ErrRoleEscalation = veranda.NewError(veranda.CodeConflict, "role.escalation", "Who gives a role must hold what it may do with roles and policy.")
	// ErrPolicyLockout refuses rows that would keep owners from mending them.
	ErrPolicyLockout = veranda.NewError(veranda.CodeConflict, "policy.lockout", "These rows would take from owners what they need to change them back.")
	// ErrRolesLimit refuses more roles than an organization can have.
	ErrRolesLimit = veranda.NewError(veranda.CodeLimit, "limit.roles", "An organization can make 200 roles.")
)

// naming is an error with a sentence that names what is meant.
func naming(e *veranda.Error, format string, arguments ...any) error {
	named := *e
	named.Message = e.Message + " " + fmt.Sprintf(format, arguments...)
	return &named
}

func notHeld(missing []veranda.Permission) error {
	names := make([]string, len(missing))
	for i, permission := range missing {
		names[i] = string(permission)
	}
	return naming(ErrRoleNotHeld, "You may not: %s.", strings.Join(names, ", "))
}
