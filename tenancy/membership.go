package tenancy

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// How an account belongs to an organization.
const (
	MemberInternal = "internal" // an employee
	MemberExternal = "external" // in a workspace, not of the organization
	MemberGuest    = "guest"    // a guest member
)

// The shipped roles.
const (
	RoleOwner         = "owner"
	RoleAdministrator = "administrator"
	RoleAccessManager = "access_manager"
	RoleEmployee      = "employee"
	RoleExternal      = "external"
	RoleGuest         = "guest"
	RoleSupport       = "support" // of the platform's own people, in no organization
)

// rolesOf are the roles a kind of membership can hold.
var rolesOf = map[string][]string{
	MemberInternal: {RoleOwner, RoleAdministrator, RoleAccessManager, RoleEmployee},
	MemberExternal: {RoleExternal},
	MemberGuest:    {RoleGuest},
}

// PermGrant is the permission to give and take a role, and to remove who holds it.
func PermGrant(role string) veranda.Permission {
	return veranda.Permission("role.grant_" + role)
}

// Member is somebody who belongs to an organization.
type Member struct {
	Account  veranda.AccountID `json:"account_id"`
	Name     string            `json:"name"`
	Address  string            `json:"address"`
	Kind     string            `json:"kind"`
	Roles    []string          `json:"roles"`
	JoinedAt time.Time         `json:"joined_at"`
	Version  int64             `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (m Member) ETag() string { return strconv.Quote(strconv.FormatInt(m.Version, 10)) }

// MembersInput asks for the directory of an organization.
type MembersInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
	Kind  string `query:"kind" json:"-" enum:"internal,external,guest" doc:"Only this kind of membership."`
	Query string `query:"q" json:"-" maxLength:"100" doc:"Beginning of a name or an address."`
}

// MemberInput names a member.
type MemberInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
}

// SetRolesInput gives a member the roles named, in place of those held.
type SetRolesInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
	Version int64             `header:"If-Match" json:"-"`
	Roles   []string          `json:"roles" minItems:"1" maxItems:"10"`
}

func (in *SetRolesInput) validate() error {
	var c veranda.Checks
	c.Count("/roles", len(in.Roles), 1, 10)
	seen := map[string]bool{}
	for i, role := range in.Roles {
		pointer := "/roles/" + strconv.Itoa(i)
		if !slices.ContainsFunc([]string{MemberInternal, MemberExternal, MemberGuest}, func(kind string) bool { return slices.Contains(rolesOf[kind], role) }) {
			c.Add(pointer, "one_of", "must be a role: owner, administrator, access_manager, employee, external, guest")
		} else if seen[role] {
			c.Add(pointer, "repeated", "is named twice")
		}
		seen[role] = true
	}
	return c.Err()
}

// RemoveMemberInput ends a membership.
type RemoveMemberInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
}

func (r *membershipRow) roles() []string { return strings.Fields(r.Roles) }
