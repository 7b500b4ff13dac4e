package tenancy

import (
	"strings"

	"github.com/veranda-go/veranda"
)

// ExplainInput asks why a member may do something, or may not.
type ExplainInput struct {
	Org        veranda.OrgID       `path:"org" json:"-"`
	Account    veranda.AccountID   `query:"account" json:"-" required:"true" doc:"Whom it is about."`
	Permission veranda.Permission  `query:"permission" json:"-" required:"true" maxLength:"100" doc:"What they want to do, such as task.delete. With a qualifier, as in task.delete:own, for their own things."`
	Workspace  veranda.WorkspaceID `query:"workspace" json:"-" doc:"Where they want to do it; the organization itself when absent."`
}

func (in *ExplainInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/account", in.Account)
	kind, action, found := strings.Cut(string(in.Permission), ".")
	if !found || !plainName(kind) || !plainName(action) {
		c.Add("/permission", "permission", "must be a permission such as task.read")
	}
	return c.Err()
}

// Explanation says what decides whether somebody may do something.
type Explanation struct {
	Allowed bool `json:"allowed"`
	// Reason is one of: allowed, not_member, disabled, account, second_factor, workspace_hidden, cap, denied, no_row.
	Reason string `json:"reason"`
	// Text says it in a sentence.
	Text string `json:"text"`
	// Membership is how the account belongs to the organization; absent where it does not.
	Membership *ExplainedMembership `json:"membership,omitempty"`
	// Roles are those that count, with where each comes from.
	Roles []ExplainedRole `json:"roles"`
	// Sees says why the account sees the workspace: "open", "member", "team", "consent".
	Sees []string `json:"sees,omitempty"`
	// Decided is the row that decided; absent where none did.
	Decided *ExplainedRow `json:"decided,omitempty"`
	// Narrower are the forms of the permission that the roles do have: "task.delete:own" for one's own things.
	Narrower []veranda.Permission `json:"narrower,omitempty"`
}

// ExplainedMembership is how an account belongs to an organization.
type ExplainedMembership struct {
	Kind  string `json:"kind"`
	State string `json:"state" enum:"active,disabled"`
	// DisabledReason says why a disabled one is: manager, home, unaccepted, relation.
	DisabledReason string `json:"disabled_reason,omitempty"`
	// Cap are the roles of a relation beyond which the member may do nothing here.
	Cap []string `json:"cap,omitempty"`
}

// Where a role comes from.
const (
	FromDirect        = "direct"         // given to the member
	FromTeam          = "team"           // of a team they are in
	FromWorkspace     = "workspace"      // given to them in the workspace
	FromWorkspaceTeam = "workspace_team" // of a team of theirs that is in the workspace
	FromPlatform      = "platform"       // of the platform's own people
	FromConsent       = "consent"        // while the organization lets them look
)

// ExplainedRole is a role and where it comes from.
type ExplainedRole struct {
	Role string `json:"role"`
	From string `json:"from" enum:"direct,team,workspace,workspace_team,platform,consent"`
	// Team is the name of the team it is of.
	Team string `json:"team,omitempty"`
}

// ExplainedRow is the casbin row that decided.
type ExplainedRow struct {
	// Permission is the one the row was found for: the one asked about, or a narrower form of it.
	Permission veranda.Permission `json:"permission"`
	// Role is the one of the person's roles that the row is of, or that inherits it through others, the nearest first.
	Role    string   `json:"role"`
	Through []string `json:"through,omitempty"`
	Row     string   `json:"row"`
	// Source is where the row was written: a package's file and line ("tasks/policy.csv:12"), "installation" for the host
	// program's, "organization" for the organization's own, "role:clerk" for one of its roles.
	Source string `json:"source"`
}

// AccessInput asks what a member sees.
type AccessInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
	veranda.Page
}

// Access is what a member sees and may do.
type Access struct {
	Membership *ExplainedMembership `json:"membership,omitempty"`
	Roles      []ExplainedRole      `json:"roles"`
	// Permissions are those in the organization itself; a workspace's roles add to them there.
	Permissions []veranda.Permission `json:"permissions"`
	// Workspaces are a page of those the account sees, as far as the caller sees them too, the oldest first.
	Workspaces veranda.List[AccessibleWorkspace] `json:"workspaces"`
}

// AccessibleWorkspace is a workspace somebody sees.
type AccessibleWorkspace struct {
	ID   veranda.WorkspaceID `json:"id"`
	Name string              `json:"name"`
	Open bool                `json:"open"`
	// Sees says why: "open", "member", "team", "consent".
	Sees []string `json:"sees"`
	// Roles are the roles held there.
	Roles []string `json:"roles"`
}
