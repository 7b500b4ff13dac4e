package directory

import (
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

type (
	teamKind       struct{}
	departmentKind struct{}
)

// The ids of what people are filtered by.
type (
	TeamID       = veranda.ID[teamKind]
	DepartmentID = veranda.ID[departmentKind]
)

// Contact is somebody in the directory, with what the caller may know of them.
type Contact struct {
	Org     veranda.OrgID     `json:"organization_id"`
	Account veranda.AccountID `json:"account_id"`
	Name    string            `json:"name"`
	Kind    string            `json:"kind" enum:"internal,external,guest" doc:"How the person belongs to the organization."`
	// Address is the one by which the person belongs to the organization; no other is shown.
	Address string `json:"address"`
	// Picture is the path of the person's picture; absent where there is none.
	Picture string `json:"picture,omitempty"`
	// What follows is for those who see the directory from inside the organization.
	UserName   string         `json:"user_name,omitempty"`
	Roles      []string       `json:"roles,omitempty"`
	Department *DepartmentRef `json:"department,omitempty"`
	Phones     []string       `json:"phones,omitempty" doc:"Confirmed numbers in the form of E.164."`
	// Reserved tells that an access manager made the account and nobody has set its password yet.
	Reserved bool `json:"reserved,omitempty"`

	at position
}

// DepartmentRef names a department.
type DepartmentRef struct {
	ID   DepartmentID `json:"id"`
	Name string       `json:"name"`
}

// PeopleInput asks for a part of the directory of an organization.
type PeopleInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
	Filter
}

// Filter narrows a list of people.
type Filter struct {
	Query      string              `query:"q" json:"-" maxLength:"100" doc:"Beginnings of words of a name, address, user name or phone number; all must match, and a slip in a word of four letters or more is forgiven."`
	Kind       string              `query:"kind" json:"-" enum:"internal,external,guest" doc:"Only this kind of membership."`
	Role       string              `query:"role" json:"-" maxLength:"60" doc:"Only who holds this role in the organization."`
	Workspace  veranda.WorkspaceID `query:"workspace" json:"-" doc:"Only members of this workspace."`
	Team       TeamID              `query:"team" json:"-" doc:"Only members of this team."`
	Department DepartmentID        `query:"department" json:"-" doc:"Only this department and those below it."`
}

// ExportInput asks for the whole of a filtered list.
type ExportInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	Filter
}

// PersonInput names somebody in the directory.
type PersonInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
}

// checked reports what is wrong with a filter, and reads the words of its query.
func (f *Filter) checked(c *veranda.Checks) []token {
	f.Query = c.Line("/q", f.Query, 0, 100)
	if f.Kind != "" {
		veranda.OneOf(c, "/kind", f.Kind, tenancy.MemberInternal, tenancy.MemberExternal, tenancy.MemberGuest)
	}
	f.Role = c.Line("/role", f.Role, 0, 60)
	return tokensOf(f.Query)
}

// nothing tells whether a query was given that has no words: nobody is found by it.
func (f *Filter) nothing(tokens []token) bool { return f.Query != "" && len(tokens) == 0 }

// contact is what a viewer may know of somebody.
func (v *viewer) contact(f found) Contact {
	c := Contact{Org: v.org, Account: f.account, Name: f.name, Kind: f.kind, Address: f.address, at: f.position}
	if f.picture != "" {
		c.Picture = picturePath(v.org, f.account, f.picture)
	}
	if !v.inside() {
		return c
	}
	c.UserName, c.Phones, c.Reserved = f.userName, f.phones, f.state == string(tenancy.AccountPending)
	c.Roles = rolesOf(f.roles)
	if v.departments && f.departmentName != "" {
		c.Department = &DepartmentRef{ID: f.department, Name: f.departmentName}
	}
	return c
}

// rolesOf are the roles a person holds directly and by teams, each once.
func rolesOf(list string) []string {
	var roles []string
	for role := range strings.FieldsSeq(list) {
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles
}

// picturePath is where a picture lies; its tag makes the path of every picture another one, which caches may keep.
func picturePath(org veranda.OrgID, account veranda.AccountID, etag string) string {
	return "/v1/organizations/" + org.String() + "/people/" + account.String() + "/picture?v=" + etag
}
