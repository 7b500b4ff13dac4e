package workspace

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// Role is what a member is in a workspace.
type Role string

// The roles. A role of the policy that a host gives inside a workspace lies beside them and is left alone.
const (
	RolePlain   Role = "plain"
	RoleManager Role = "manager"
)

// kindInternal is the kind of an organization's own people, the only ones who may manage.
const kindInternal = "internal"

// roleOf reads the role from a row's list of roles.
func roleOf(roles string) Role {
	if slices.Contains(strings.Fields(roles), string(RoleManager)) {
		return RoleManager
	}
	return RolePlain
}

// withRole is a row's list of roles with another role; what else is in the list stays.
func withRole(roles string, role Role) string {
	kept := slices.DeleteFunc(strings.Fields(roles), func(name string) bool { return name == string(RoleManager) })
	if role == RoleManager {
		kept = append(kept, string(RoleManager))
	}
	return strings.Join(kept, " ")
}

// Member is somebody who belongs to a workspace.
type Member struct {
	Account veranda.AccountID `json:"account_id"`
	Name    string            `json:"name"`
	// Kind is how the person belongs to the organization: internal, external or guest.
	Kind string `json:"kind"`
	// Role is the highest of the roles given to them and of those they have by teams.
	Role    Role      `json:"role"`
	AddedAt time.Time `json:"added_at"`
	// Via are the teams by which they are here, ByTeam tells that they are by teams alone; both for those who see teams.
	Via    []TeamName `json:"via,omitempty"`
	ByTeam bool       `json:"by_team,omitempty"`
}

// MembersInput asks for the members of a workspace.
type MembersInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	veranda.Page
}

// maxAdded is how many accounts one call adds.
const maxAdded = 100

// AddMembersInput adds people of the organization to a workspace.
type AddMembersInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Accounts  []veranda.AccountID `json:"accounts" minItems:"1" maxItems:"100"`
	// Role is the role of those added; empty means plain. Whoever is a member already keeps the role they have.
	Role Role `json:"role,omitempty" enum:"plain,manager" doc:"The role of those added; plain when absent."`
}

func (in *AddMembersInput) validate() error {
	var c veranda.Checks
	c.Count("/accounts", len(in.Accounts), 1, maxAdded)
	for i, account := range in.Accounts {
		veranda.Required(&c, accountPointer(i), account)
		if slices.Contains(in.Accounts[:i], account) {
			c.Add(accountPointer(i), "repeated", "is named twice")
		}
	}
	if in.Role == "" {
		in.Role = RolePlain
	}
	veranda.OneOf(&c, "/role", in.Role, RolePlain, RoleManager)
	return c.Err()
}

func accountPointer(i int) string { return "/accounts/" + strconv.Itoa(i) }

// Outcome is what became of one account.
type Outcome string

// The outcomes.
const (
	OutcomeAdded   Outcome = "added"
	OutcomeAlready Outcome = "already_member"
)

// Added is the result for one account, in the order of the input.
type Added struct {
	Account veranda.AccountID `json:"account_id"`
	Outcome Outcome           `json:"outcome"`
}

// AddedMembers are the results of AddMembers.
type AddedMembers struct {
	Results []Added `json:"results"`
}

// MemberInput names a member of a workspace.
type MemberInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Account   veranda.AccountID   `path:"account" json:"-"`
}

// SetMemberRoleInput gives a member a role.
type SetMemberRoleInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Account   veranda.AccountID   `path:"account" json:"-"`
	Role      Role                `json:"role" enum:"plain,manager"`
}

func (in *SetMemberRoleInput) validate() error {
	var c veranda.Checks
	veranda.OneOf(&c, "/role", in.Role, RolePlain, RoleManager)
	return c.Err()
}

// checkManager reports somebody who can never manage.
func checkManager(c *veranda.Checks, pointer string, role Role, kind string) {
	if role == RoleManager && kind != kindInternal {
		c.Add(pointer, "manager_kind", "externals and guests cannot manage a workspace")
	}
}

// LeaveInput ends one's own membership of a workspace.
type LeaveInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
}

// Contact is somebody of the organization who can be added to a workspace.
type Contact struct {
	Account veranda.AccountID `json:"account_id"`
	Name    string            `json:"name"`
	Address string            `json:"address"`
	Kind    string            `json:"kind"`
}

// PickInput asks for the people who can be added to a workspace.
type PickInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	veranda.Page
	Query string `query:"q" json:"-" maxLength:"100" doc:"Beginning of a name, of a part of a name, or of an address."`
}

// personPosition reads the cursor of a list of people in the order of their names.
func personPosition(c *veranda.Checks, page veranda.Page, list string) []string {
	position := page.Position(c, list, 2)
	if position != nil {
		if _, err := veranda.ParseID[struct{}](position[1]); err != nil {
			c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		}
	}
	return position
}
