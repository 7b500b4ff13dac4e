package tenancy

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

type invitationKind struct{}

// InvitationID is the id of an invitation. It opens nothing: the token in the mail does.
type InvitationID = veranda.ID[invitationKind]

// The states of an invitation. An expired one is stored as pending.
const (
	InvitationPending   = "pending"
	InvitationExpired   = "expired"
	InvitationAccepted  = "accepted"
	InvitationWithdrawn = "withdrawn"
	InvitationLapsed    = "lapsed" // the inviter lost the right to invite
)

// Invitation asks somebody to join an organization, or a workspace of it.
type Invitation struct {
	ID         InvitationID        `json:"id"`
	Org        veranda.OrgID       `json:"organization_id"`
	Workspace  veranda.WorkspaceID `json:"workspace_id"`
	Kind       string              `json:"kind" enum:"internal,external,guest"`
	Roles      []string            `json:"roles"`
	Address    string              `json:"address"`
	Language   string              `json:"language"`
	InvitedBy  veranda.AccountID   `json:"invited_by"`
	State      string              `json:"state" enum:"pending,expired,accepted,withdrawn,lapsed"`
	AcceptedBy veranda.AccountID   `json:"accepted_by"`
	CreatedAt  time.Time           `json:"created_at"`
	ExpiresAt  time.Time           `json:"expires_at"`
	EndedAt    *time.Time          `json:"ended_at,omitempty"`
	Version    int64               `json:"version"`
}

// ETag is the invitation's version, quoted.
func (i *Invitation) ETag() string { return strconv.Quote(strconv.FormatInt(i.Version, 10)) }

// InviteInput invites people to an organization or, where a workspace is named, to that workspace.
type InviteInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `json:"workspace_id,omitempty" doc:"The workspace to invite to; externals are invited to one."`
	People    []Invitee           `json:"people" minItems:"1" maxItems:"1000"`
}

// Invitee is somebody to be invited.
type Invitee struct {
	Address  string `json:"address" format:"email" maxLength:"254"`
	Kind     string `json:"kind,omitempty" enum:"internal,external,guest" doc:"External when absent and a workspace is named, else internal."`
	Language string `json:"language,omitempty" maxLength:"35" doc:"The mail's language; the organization's when absent."`
	// Roles are those the person begins with.
	Roles []string `json:"roles,omitempty" maxItems:"10" doc:"The roles to begin with, of those the kind of membership can hold; employee, external or guest when absent."`
}

// The results of inviting somebody. None tells whether the address has an account elsewhere.
const (
	InviteSent        = "sent"         // a mail is on its way, also where an invitation was pending already
	InviteAdded       = "added"        // a member of the organization was put into the workspace
	InviteAlreadyHere = "already_here" // nothing to do
	InviteNotAllowed  = "not_allowed"  // see Reason
)

// Why somebody is not invited.
const (
	ReasonDomain   = "domain"    // employees come from the organization's domains only
	ReasonDisabled = "disabled"  // the organization has disabled this member
	ReasonTooOften = "too_often" // the address was invited often enough today
)

// InviteResult says what became of each invitee, in the order given.
type InviteResult struct {
	Items []InviteOutcome `json:"items"`
}

// InviteOutcome is what became of one invitee.
type InviteOutcome struct {
	Address    string        `json:"address"`
	Result     string        `json:"result" enum:"sent,added,already_here,not_allowed"`
	Reason     string        `json:"reason,omitempty" enum:"domain,disabled,too_often"`
	Invitation *InvitationID `json:"invitation_id,omitempty"`
}

// invitee is an Invitee that was checked.
type invitee struct {
	Address        Address
	Kind, Language string
	Roles          string // separated by spaces
}

func (in *InviteInput) validate() ([]invitee, error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	c.Count("/people", len(in.People), 1, maxInvitees)
	people := make([]invitee, 0, min(len(in.People), maxInvitees))
	seen := map[string]bool{}
	for i, p := range in.People[:min(len(in.People), maxInvitees)] {
		pointer := "/people/" + strconv.Itoa(i)
		checked := invitee{Address: checkAddress(&c, pointer+"/address", p.Address), Kind: p.Kind}
		if key := checked.Address.Key; key != "" && seen[key] {
			c.Add(pointer+"/address", "repeated", "is named twice")
		} else {
			seen[key] = true
		}
		switch {
		case p.Kind != "":
			veranda.OneOf(&c, pointer+"/kind", p.Kind, MemberInternal, MemberExternal, MemberGuest)
		case in.Workspace.IsZero():
			checked.Kind = MemberInternal
		default:
			checked.Kind = MemberExternal
		}
		if checked.Kind == MemberExternal && in.Workspace.IsZero() {
			c.Add(pointer+"/kind", "workspace", "externals are invited to a workspace")
		}
		if p.Language != "" {
			checked.Language = checkLanguage(&c, pointer+"/language", p.Language)
		}
		checked.Roles = checkRoles(&c, pointer+"/roles", checked.Kind, p.Roles)
		people = append(people, checked)
	}
	return people, c.Err()
}

// checkRoles gives the roles a kind of membership begins with, separated by spaces: the usual one when none are named.
func checkRoles(c *veranda.Checks, pointer, kind string, roles []string) string {
	if len(roles) == 0 {
		return defaultRole(kind)
	}
	c.Count(pointer, len(roles), 1, 10)
	for i, role := range roles[:min(len(roles), 10)] {
		place := pointer + "/" + strconv.Itoa(i)
		switch {
		case !slices.Contains(slices.Concat(rolesOf[MemberInternal], rolesOf[MemberExternal], rolesOf[MemberGuest]), role):
			c.Add(place, "one_of", "must be a role: owner, administrator, access_manager, employee, external, guest")
		case !slices.Contains(rolesOf[kind], role):
			c.Add(place, "kind", "is not a role of this kind of member")
		case slices.Contains(roles[:i], role):
			c.Add(place, "repeated", "is named twice")
		}
	}
	return strings.Join(roles, " ")
}

// InvitationsInput asks for the invitations of an organization, newest first.
type InvitationsInput struct {
	Org   veranda.OrgID `path:"org" json:"-"`
	State string        `query:"state" json:"-" enum:"pending,expired,accepted,withdrawn,lapsed" doc:"Only invitations in this state."`
	// InvitedBy and Workspace narrow the list further where they are given.
	InvitedBy veranda.AccountID   `query:"invited_by" json:"-" doc:"Only invitations of this account's."`
	Workspace veranda.WorkspaceID `query:"workspace_id" json:"-" doc:"Only invitations to this workspace."`
	veranda.Page
}

// InvitationInput names an invitation.
type InvitationInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Invitation InvitationID  `path:"invitation" json:"-"`
}

// LookInput shows an invitation to who holds its link.
type LookInput struct {
	Token string `json:"token" minLength:"1" maxLength:"100"`

	ClientAddress string `json:"-"`
}

// InvitationView is what an invitee is shown before accepting.
type InvitationView struct {
	Organization     string    `json:"organization"`
	OrganizationKind string    `json:"organization_kind" enum:"organization,personal"`
	Workspace        string    `json:"workspace,omitempty"`
	Inviter          string    `json:"inviter"`
	Kind             string    `json:"kind" enum:"internal,external,guest"`
	Address          string    `json:"address" doc:"The invited address, masked."`
	HasAccount       bool      `json:"has_account" doc:"Whether the invited address has an account: sign in with it to accept."`
	ExpiresAt        time.Time `json:"expires_at"`
}

// AcceptInput accepts an invitation: signed in, or anonymously with what a new account is made of.
type AcceptInput struct {
	Token    string `json:"token" minLength:"1" maxLength:"100"`
	Name     string `json:"name,omitempty" maxLength:"100" doc:"Of the new account."`
	Password string `json:"password,omitempty" maxLength:"256" doc:"Of the new account."`
	Language string `json:"language,omitempty" maxLength:"35" doc:"Of the new account; the invitation's when absent."`
	TimeZone string `json:"time_zone,omitempty" maxLength:"64" doc:"Of the new account; the organization's when absent."`
	Label    string `json:"label,omitempty" maxLength:"200" doc:"What to call the new account's session."`
	// AttachAddress adds the invited address, which the link proves, to the account that is signed in.
	AttachAddress bool `json:"attach_address,omitempty"`

	ClientAddress string `json:"-"`
}

// Accepted is the answer to an accepted invitation.
type Accepted struct {
	Org       veranda.OrgID       `json:"organization_id"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Account   veranda.AccountID   `json:"account_id"`
	// Session is a new account's: it is signed in at once.
	Session *NewSession `json:"session,omitempty"`
}

// kindRank orders kinds of membership: an invitation never makes somebody less.
func kindRank(kind string) int {
	return slices.Index([]string{MemberGuest, MemberExternal, MemberInternal}, kind)
}

// defaultRole is the role a kind of membership begins with.
func defaultRole(kind string) string {
	switch kind {
	case MemberInternal:
		return RoleEmployee
	case MemberGuest:
		return RoleGuest
	default:
		return RoleExternal
	}
}
