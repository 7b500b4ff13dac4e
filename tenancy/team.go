package tenancy

import (
	"slices"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

type teamKind struct{}

// TeamID is the id of a team.
type TeamID = veranda.ID[teamKind]

// Refusals about teams.
var (
	// ErrNoTeams refuses a team in a personal tenant.
	ErrNoTeams = veranda.NewError(veranda.CodeConflict, "tenancy.no_teams", "A personal tenant has no teams.")
	// ErrTeamDomain refuses a team to who belongs to the organization by an address outside its mail domains.
	ErrTeamDomain = veranda.NewError(veranda.CodeForbidden, "tenancy.team_domain", "Teams are made by those who use an address in the organization's mail domains.")
)

// Team is a group of employees. It can hold roles in the organization, which all of its members then have, and enter
// workspaces as one.
type Team struct {
	ID          TeamID        `json:"id"`
	Org         veranda.OrgID `json:"organization_id"`
	Name        string        `json:"name"`
	Description string        `json:"description"`
	// Roles are the roles in the organization that its members have by it.
	Roles []string `json:"roles"`
	// Members is how many people are in it; Member tells whether who asked is one of them.
	Members   int64             `json:"members"`
	Member    bool              `json:"member"`
	CreatedBy veranda.AccountID `json:"created_by"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	Version   int64             `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (t Team) ETag() string { return strconv.Quote(strconv.FormatInt(t.Version, 10)) }

// Location is the team's path.
func (t Team) Location() string {
	return "/v1/organizations/" + t.Org.String() + "/teams/" + t.ID.String()
}

// The bounds of a team.
const (
	maxTeamName        = 100
	maxTeamDescription = 2000
	maxTeamRoles       = 10
	maxTeamAdded       = 100 // accounts in one call
)

// CreateTeamInput makes a team. Who makes it is not put into it.
type CreateTeamInput struct {
	Org         veranda.OrgID `path:"org" json:"-"`
	Name        string        `json:"name" minLength:"1" maxLength:"100"`
	Description string        `json:"description,omitempty" maxLength:"2000"`
	Roles       []string      `json:"roles,omitempty" maxItems:"10" doc:"Roles in the organization that every member of the team has by it; each is given by who may grant it. The owner's is none of them."`
}

func (in *CreateTeamInput) validate() error {
	var c veranda.Checks
	in.Name = c.Line("/name", in.Name, 1, maxTeamName)
	in.Description = c.Text("/description", in.Description, 0, maxTeamDescription)
	in.Roles = checkTeamRoles(&c, in.Roles)
	return c.Err()
}

// checkTeamRoles checks what can be checked without knowing the organization's own roles.
func checkTeamRoles(c *veranda.Checks, roles []string) []string {
	c.Count("/roles", len(roles), 0, maxTeamRoles)
	for i, role := range roles {
		pointer := "/roles/" + strconv.Itoa(i)
		switch {
		case role == RoleOwner:
			c.Add(pointer, "owner", "an owner is one by name, not by a team")
		case slices.Contains(roles[:i], role):
			c.Add(pointer, "repeated", "is named twice")
		}
	}
	roles = slices.Clone(roles)
	slices.Sort(roles)
	return roles
}

// TeamInput names a team.
type TeamInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Team TeamID        `path:"team" json:"-"`
}

// UpdateTeamInput changes a team; absent fields stay.
type UpdateTeamInput struct {
	Org         veranda.OrgID `path:"org" json:"-"`
	Team        TeamID        `path:"team" json:"-"`
	Version     int64         `header:"If-Match" json:"-"`
	Name        *string       `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Description *string       `json:"description,omitempty" maxLength:"2000"`
	Roles       *[]string     `json:"roles,omitempty" maxItems:"10" doc:"Roles in the organization in place of those the team holds; none takes them all. Each that is given or taken is one the caller may grant, and nobody changes the roles of a team they are in."`
}

func (in *UpdateTeamInput) validate() error {
	var c veranda.Checks
	if in.Name != nil {
		name := c.Line("/name", *in.Name, 1, maxTeamName)
		in.Name = &name
	}
	if in.Description != nil {
		description := c.Text("/description", *in.Description, 0, maxTeamDescription)
		in.Description = &description
	}
	if in.Roles != nil {
		roles := checkTeamRoles(&c, *in.Roles)
		in.Roles = &roles
	}
	if in.Name == nil && in.Description == nil && in.Roles == nil {
		c.Add("", "required", "must change at least one field")
	}
	return c.Err()
}

// TeamsInput asks for the teams of an organization, by name.
type TeamsInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	veranda.Page
	Query string `query:"q" json:"-" maxLength:"100" doc:"Beginning of the name."`
	Mine  bool   `query:"mine" json:"-" doc:"Only teams one is in."`
}

// TeamMember is somebody in a team.
type TeamMember struct {
	Account veranda.AccountID `json:"account_id"`
	Name    string            `json:"name"`
	Address string            `json:"address"`
	AddedAt time.Time         `json:"added_at"`
}

// TeamMembersInput asks for the people in a team, by name.
type TeamMembersInput struct {
	Org  veranda.OrgID `path:"org" json:"-"`
	Team TeamID        `path:"team" json:"-"`
	veranda.Page
}

// AddTeamMembersInput puts employees into a team.
type AddTeamMembersInput struct {
	Org      veranda.OrgID       `path:"org" json:"-"`
	Team     TeamID              `path:"team" json:"-"`
	Accounts []veranda.AccountID `json:"accounts" minItems:"1" maxItems:"100"`
}

func (in *AddTeamMembersInput) validate() error {
	var c veranda.Checks
	c.Count("/accounts", len(in.Accounts), 1, maxTeamAdded)
	for i, account := range in.Accounts {
		veranda.Required(&c, teamAccountAt(i), account)
		if slices.Contains(in.Accounts[:i], account) {
			c.Add(teamAccountAt(i), "repeated", "is named twice")
		}
	}
	return c.Err()
}

func teamAccountAt(i int) string { return "/accounts/" + strconv.Itoa(i) }

// What became of an account that was to be put into a team.
const (
	TeamAdded   = "added"
	TeamAlready = "already_member"
)

// TeamMemberAdded is the result for one account, in the order of the input.
type TeamMemberAdded struct {
	Account veranda.AccountID `json:"account_id"`
	Outcome string            `json:"outcome" enum:"added,already_member"`
}

// AddedTeamMembers are the results of AddTeamMembers.
type AddedTeamMembers struct {
	Results []TeamMemberAdded `json:"results"`
}

// RemoveTeamMemberInput takes somebody out of a team.
type RemoveTeamMemberInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Team    TeamID            `path:"team" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
}

// teamNameKey makes names comparable: two that differ in case alone are one.
func teamNameKey(name string) string { return foldLocal(name) }

// rolesChanged are the roles given and those taken.
func rolesChanged(before, after []string) []string {
	var out []string
	for _, role := range after {
		if !slices.Contains(before, role) {
			out = append(out, role)
		}
	}
	for _, role := range before {
		if !slices.Contains(after, role) {
			out = append(out, role)
		}
	}
	return out
}
