package tenancy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Where a role of an organization's own can be held.
const (
	ScopeOrganization = "organization"
	ScopeWorkspace    = "workspace"
	ScopeBoth         = "both"
)

// maxRoles is how many roles an organization can make for itself, whatever its plan says: they are compiled together.
const maxRoles = 200

// maxRolePermissions is how many permissions are put into a role.
const maxRolePermissions = 200

// Role is a role that can be held in an organization: a shipped one, or one the organization made for itself.
type Role struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	// Custom tells the organization's own roles from the shipped ones.
	Custom bool `json:"custom"`
	// Kinds are the kinds of members that can hold it: internal, external, guest.
	Kinds []string `json:"kinds"`
	// Scope says where it is held: in the organization, in workspaces, or both.
	Scope string `json:"scope" enum:"organization,workspace,both"`
	// GrantedBy are the roles whose holders give and take it. Owners give and take every role.
	GrantedBy []string `json:"granted_by"`
	// Permissions are what was put into the role; for a shipped role what the rows in force give it.
	Permissions []veranda.Permission `json:"permissions"`
	// InForce is what the rows in force give it, the organization's own ones included.
	InForce   []veranda.Permission `json:"in_force"`
	CreatedAt *time.Time           `json:"created_at,omitempty"`
	UpdatedAt *time.Time           `json:"updated_at,omitempty"`
	Version   int64                `json:"version,omitempty"`
	org       veranda.OrgID
}

// ETag is the version as an HTTP entity tag.
func (r Role) ETag() string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// Location is the role's path.
func (r Role) Location() string {
	return "/v1/organizations/" + r.org.String() + "/roles/" + r.Name
}

// RolePermission is something that can be put into a role.
type RolePermission struct {
	Permission veranda.Permission `json:"permission"`
	// Kind and Action are its parts, as casbin rows spell it.
	Kind   string `json:"kind"`
	Action string `json:"action"`
	// Meaning says in a line what it allows.
	Meaning string `json:"meaning"`
	// Grantable tells whether the caller holds it, and so can put it into a role.
	Grantable bool `json:"grantable"`
}

// RoleBody is what a role is made of.
type RoleBody struct {
	Title       string               `json:"title" minLength:"1" maxLength:"100"`
	Description string               `json:"description,omitempty" maxLength:"1000"`
	Permissions []veranda.Permission `json:"permissions" maxItems:"200" doc:"What the role may do. Nobody puts into a role what they may not do themselves."`
	Kinds       []string             `json:"kinds" minItems:"1" maxItems:"3" doc:"The kinds of members that can hold it: internal, external, guest."`
	Scope       string               `json:"scope" enum:"organization,workspace,both" doc:"Where it is held."`
	// GrantedBy are who gives and takes the role besides owners; absent: administrators and access managers, as far as they
	// hold themselves what the role says about roles and policy.
	GrantedBy *[]string `json:"granted_by,omitempty" maxItems:"20" doc:"The roles whose holders give and take it, besides owners; administrator and access_manager when absent, as far as they hold themselves what the role may do with roles and policy."`
}

// CreateRoleInput makes a role.
type CreateRoleInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Name string        `json:"name" minLength:"2" maxLength:"40" doc:"Lower-case letters, digits and _, beginning with a letter. It stays as it is."`
	RoleBody
}

// UpdateRoleInput replaces what a role is made of; its name stays.
type UpdateRoleInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Name    string        `path:"role" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	RoleBody
}

// RoleInput names a role.
type RoleInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Name string        `path:"role" json:"-"`
}

var roleName = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)

// shippedRoles are the roles every organization has, in the order of their rights.
var shippedRoles = []struct{ name, title, description, kind, scope string }{
	{RoleOwner, "Owner", "Answers for the organization, and may give and take every role.", MemberInternal, ScopeOrganization},
	{RoleAdministrator, "Administrator", "Looks after settings, domains, relations, roles and people.", MemberInternal, ScopeOrganization},
	{RoleAccessManager, "Access manager", "Brings people in and says which workspaces they enter.", MemberInternal, ScopeOrganization},
	{RoleEmployee, "Employee", "Works here: sees and enters open workspaces.", MemberInternal, ScopeOrganization},
	{RoleExternal, "External", "Works in workspaces they are brought into, and sees nothing else.", MemberExternal, ScopeOrganization},
	{RoleGuest, "Guest", "Reads and comments where they are brought in, and works on what they are assigned.", MemberGuest, ScopeOrganization},
	{roleManager, "Manager of a workspace", "Looks after a workspace and its members; made with the workspace.", MemberInternal, ScopeWorkspace},
}

// roleManager is the role of those who manage a workspace; package workspace gives and takes it.
const roleManager = "manager"

// reservedRoles are names that mean something else, or would be taken for it.
var reservedRoles = []string{
	RoleOwner, RoleAdministrator, RoleAccessManager, RoleEmployee, RoleExternal, RoleGuest, roleManager,
	RoleSupport, roleConsented, roleMember, roleAnonymous, "system", "internal", "plain", "staff", "host", "everybody", "nobody",
}

// defaultGranters give and take a role where its maker names nobody.
var defaultGranters = []string{RoleAdministrator, RoleAccessManager}

// shippedGranters are the shipped roles that can be among a role's granters.
var shippedGranters = []string{RoleOwner, RoleAdministrator, RoleAccessManager, RoleEmployee, roleManager}

func isShipped(role string) bool {
	return slices.ContainsFunc(shippedRoles, func(r struct{ name, title, description, kind, scope string }) bool { return r.name == role })
}

// canBeHeld tells whether a name can be that of a role a member holds: a shipped one, or one of the organization's own.
func canBeHeld(role string) bool {
	if isShipped(role) {
		return role != roleManager
	}
	return roleName.MatchString(role) && !slices.Contains(reservedRoles, role)
}

func (in *CreateRoleInput) validate() error {
	var c veranda.Checks
	switch {
	case !roleName.MatchString(in.Name):
		c.Add("/name", "pattern", "must be 2 to 40 lower-case letters, digits and _, beginning with a letter")
	case slices.Contains(reservedRoles, in.Name):
		c.Add("/name", "reserved", "is the name of a role that exists everywhere, or would be taken for one")
	}
	in.check(&c, in.Name)
	return c.Err()
}

func (in *UpdateRoleInput) validate() error {
	var c veranda.Checks
	in.check(&c, in.Name)
	return c.Err()
}

// check checks what needs no look at the database.
func (in *RoleBody) check(c *veranda.Checks, name string) {
	in.Title = c.Line("/title", in.Title, 1, 100)
	in.Description = c.Text("/description", in.Description, 0, 1000)
	c.Count("/permissions", len(in.Permissions), 0, maxRolePermissions)
	for i, permission := range in.Permissions {
		pointer := fmt.Sprintf("/permissions/%d", i)
		kind, action, found := strings.Cut(string(permission), ".")
		switch {
		case !found || !plainName(kind) || !plainName(action):
			c.Add(pointer, "permission", "must be a permission such as task.read")
		case slices.Contains(in.Permissions[:i], permission):
			c.Add(pointer, "repeated", "is named twice")
		}
	}
	c.Count("/kinds", len(in.Kinds), 1, 3)
	for i, kind := range in.Kinds {
		pointer := fmt.Sprintf("/kinds/%d", i)
		veranda.OneOf(c, pointer, kind, MemberInternal, MemberExternal, MemberGuest)
		if slices.Contains(in.Kinds[:i], kind) {
			c.Add(pointer, "repeated", "is named twice")
		}
	}
	veranda.OneOf(c, "/scope", in.Scope, ScopeOrganization, ScopeWorkspace, ScopeBoth)
	if in.GrantedBy == nil {
		return
	}
	c.Count("/granted_by", len(*in.GrantedBy), 0, 20)
	for i, role := range *in.GrantedBy {
		pointer := fmt.Sprintf("/granted_by/%d", i)
		switch {
		case !slices.Contains(shippedGranters, role) && (!roleName.MatchString(role) || slices.Contains(reservedRoles, role)):
			c.Add(pointer, "one_of", "must be owner, administrator, access_manager, employee, manager or a role of the organization")
		case role == name:
			c.Add(pointer, "itself", "a role is not given by those who hold it alone")
		case slices.Contains((*in.GrantedBy)[:i], role):
			c.Add(pointer, "repeated", "is named twice")
		}
	}
}

// plainName tells whether a text is a part of a permission's name.
func plainName(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != ':' && r != '.' && r != '-'
	})
}
