package tenancy

import (
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
	UserName string            `json:"user_name,omitempty" doc:"Unique in the organization."`
	// State, Home and FallbackLanguage are for those who assign people; Home is the name of the tenant an external or guest
	// comes from. Of who has not accepted yet, nothing but the address is shown, by which they were linked.
	State            string `json:"state,omitempty" enum:"active,reserved,offered,suspended,disabled" doc:"reserved: until the person chooses a password. offered: until they accept. suspended: disabled at home."`
	Home             string `json:"home,omitempty"`
	FallbackLanguage string `json:"fallback_language,omitempty"`
}

// The states of a membership, as those who assign people see them.
const (
	StateActive    = "active"
	StateReserved  = "reserved"  // the account is not its owner's yet
	StateOffered   = "offered"   // linked, not accepted yet
	StateSuspended = "suspended" // until a manager confirms
	StateDisabled  = "disabled"
)

// Why a membership is disabled, as it is stored.
const (
	reasonHome       = "home"       // the home has disabled the person
	reasonUnaccepted = "unaccepted" // linked, not accepted yet
	reasonRelation   = "relation"   // the relation with the home has ended
)

// ETag is the version as an HTTP entity tag.
func (m Member) ETag() string { return strconv.Quote(strconv.FormatInt(m.Version, 10)) }

// MembersInput asks for the directory of an organization.
type MembersInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
	Kind  string `query:"kind" json:"-" enum:"internal,external,guest" doc:"Only this kind of membership."`
	Query string `query:"q" json:"-" maxLength:"100" doc:"Beginning of a name or an address."`
	State string `query:"state" json:"-" enum:"active,reserved,offered,suspended,disabled" doc:"Only memberships in this state, active ones when absent; others are shown to those who assign people."`
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
		if !canBeHeld(role) {
			c.Add(pointer, "one_of", "must be a role: owner, administrator, access_manager, employee, external, guest, or one of the organization's own")
		} else if seen[role] {
			c.Add(pointer, "repeated", "is named twice")
		}
		seen[role] = true
	}
	return c.Err()
}

func (r *membershipRow) roles() []string { return strings.Fields(r.Roles) }
