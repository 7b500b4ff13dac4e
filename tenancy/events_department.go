package tenancy

import "github.com/veranda-go/veranda"

// Kinds of events about departments and who belongs where in an organization. The subject is the department's id, or the
// account's.
const (
	EventDepartmentCreated  = "tenancy.department_created"   // DepartmentChanged
	EventDepartmentUpdated  = "tenancy.department_updated"   // DepartmentChanged
	EventDepartmentDeleted  = "tenancy.department_deleted"   // DepartmentChanged
	EventMemberLinksChanged = "tenancy.member_links_changed" // MemberLinksChanged
)

// DepartmentChanged is the data of a department's events.
type DepartmentChanged struct {
	Name string `json:"name"`
	// Fields are the JSON names of what an update changed.
	Fields  []string           `json:"fields,omitempty"`
	Parent  *DepartmentID      `json:"parent_id,omitempty"`
	Manager *veranda.AccountID `json:"manager_id,omitempty"`
}

// MemberLinksChanged is the data of EventMemberLinksChanged.
type MemberLinksChanged struct {
	Account          veranda.AccountID  `json:"account_id"`
	Department       *DepartmentID      `json:"department_id,omitempty"`
	Manager          *veranda.AccountID `json:"manager_id,omitempty"`
	DepartmentBefore *DepartmentID      `json:"department_id_before,omitempty"`
	ManagerBefore    *veranda.AccountID `json:"manager_id_before,omitempty"`
}
