package tenancy

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

type departmentKind struct{}

// DepartmentID is the id of a department.
type DepartmentID = veranda.ID[departmentKind]

// ErrDepartmentNotEmpty refuses to delete a department that people or other departments belong to.
var ErrDepartmentNotEmpty = veranda.NewError(veranda.CodeConflict, "tenancy.department_not_empty", "People or departments still belong to this department.")

// Department is a part of an organization; departments form trees.
type Department struct {
	ID  DepartmentID  `json:"id"`
	Org veranda.OrgID `json:"organization_id"`
	// Parent is the department it is a part of; absent at the top.
	Parent *DepartmentID `json:"parent_id,omitempty"`
	Name   string        `json:"name"`
	// Manager leads it; absent where nobody does.
	Manager *veranda.AccountID `json:"manager_id,omitempty"`
	// Members is how many people belong to it, those of its parts not counted.
	Members   int64     `json:"members"`
	CreatedAt time.Time `json:"created_at"`
	Version   int64     `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (d Department) ETag() string { return strconv.Quote(strconv.FormatInt(d.Version, 10)) }

// Location is the department's path.
func (d Department) Location() string {
	return "/v1/organizations/" + d.Org.String() + "/departments/" + d.ID.String()
}

// maxDepth is how many departments lie one within the other at most.
const maxDepth = 10

// CreateDepartmentInput makes a department.
type CreateDepartmentInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Name    string            `json:"name" minLength:"1" maxLength:"100"`
	Parent  DepartmentID      `json:"parent_id,omitempty" doc:"The department it is a part of; none when absent."`
	Manager veranda.AccountID `json:"manager_id,omitempty" doc:"The employee who leads it."`
}

func (in *CreateDepartmentInput) validate() error {
	var c veranda.Checks
	in.Name = c.Line("/name", in.Name, 1, 100)
	return c.Err()
}

// DepartmentInput names a department.
type DepartmentInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Department DepartmentID  `path:"department" json:"-"`
}

// UpdateDepartmentInput changes a department; absent fields stay.
type UpdateDepartmentInput struct {
	Org          veranda.OrgID      `path:"org" json:"-"`
	Department   DepartmentID       `path:"department" json:"-"`
	Version      int64              `header:"If-Match" json:"-"`
	Name         *string            `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Parent       *DepartmentID      `json:"parent_id,omitempty" doc:"Moves it, with all of its parts, under another department."`
	ClearParent  bool               `json:"clear_parent,omitempty" doc:"Moves it to the top; not together with parent_id."`
	Manager      *veranda.AccountID `json:"manager_id,omitempty" doc:"The employee who leads it."`
	ClearManager bool               `json:"clear_manager,omitempty" doc:"Leaves it without one; not together with manager_id."`
}

func (in *UpdateDepartmentInput) validate() error {
	var c veranda.Checks
	if in.Name != nil {
		name := c.Line("/name", *in.Name, 1, 100)
		in.Name = &name
	}
	if in.Parent != nil && in.ClearParent {
		c.Add("/clear_parent", "exclusive", "must not be given together with parent_id")
	}
	if in.Manager != nil && in.ClearManager {
		c.Add("/clear_manager", "exclusive", "must not be given together with manager_id")
	}
	if in.Parent != nil {
		veranda.Required(&c, "/parent_id", *in.Parent)
	}
	if in.Manager != nil {
		veranda.Required(&c, "/manager_id", *in.Manager)
	}
	if in.Name == nil && in.Parent == nil && !in.ClearParent && in.Manager == nil && !in.ClearManager {
		c.Add("", "required", "must change at least one field")
	}
	return c.Err()
}

// DepartmentsInput asks for the departments of an organization, by name.
type DepartmentsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
	Query string `query:"q" json:"-" maxLength:"100" doc:"Beginning of the name."`
}

// DepartmentMembersInput asks for the people of a department, by name.
type DepartmentMembersInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Department DepartmentID  `path:"department" json:"-"`
	veranda.Page
	Alone bool `query:"alone" json:"-" doc:"Without the people of its parts."`
}

// ReportsInput asks for the people whose manager somebody is, by name.
type ReportsInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
	veranda.Page
}

// OrganizationLinks say where a member belongs within the organization.
type OrganizationLinks struct {
	Account veranda.AccountID `json:"account_id"`
	// Department is the one the member belongs to, Manager who leads the member; absent where there is none.
	Department *DepartmentID      `json:"department_id,omitempty"`
	Manager    *veranda.AccountID `json:"manager_id,omitempty"`
	// Version is the membership's.
	Version int64 `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (l OrganizationLinks) ETag() string { return strconv.Quote(strconv.FormatInt(l.Version, 10)) }

// SetOrganizationLinksInput says where a member belongs, in place of what was said before.
type SetOrganizationLinksInput struct {
	Org        veranda.OrgID     `path:"org" json:"-"`
	Account    veranda.AccountID `path:"account" json:"-"`
	Version    int64             `header:"If-Match" json:"-"`
	Department DepartmentID      `json:"department_id,omitempty" doc:"None when absent."`
	Manager    veranda.AccountID `json:"manager_id,omitempty" doc:"None when absent."`
}

func (in *SetOrganizationLinksInput) validate() error {
	var c veranda.Checks
	if !in.Manager.IsZero() && in.Manager == in.Account {
		c.Add("/manager_id", "oneself", "nobody is their own manager")
	}
	return c.Err()
}

// presentID is an id that is absent where it names nothing.
func presentID[Kind any](id veranda.ID[Kind]) *veranda.ID[Kind] {
	if id.IsZero() {
		return nil
	}
	return &id
}
