package support

import (
	"context"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Action is something support can do about a request. Run is called as the member of support who carries it out, whose
// policy rows decide; it is called once, and what it answers goes to that member.
type Action struct {
	// InOrganization says that the action concerns an organization, which a proposal then names.
	InOrganization bool
	// OwnAccount says that the target is an address of the account whose owner confirms; nobody else's is touched.
	OwnAccount bool
	// Locked says that it may be confirmed by address and password, for who cannot sign in.
	Locked bool
	// Check tells what is wrong with a target, before it is proposed; nil takes anything.
	Check func(target string) error
	Run   func(ctx context.Context, by veranda.Actor, org veranda.OrgID, target string) error
}

// The states of a proposed action.
const (
	ActionProposed  = "proposed"  // the writer's turn
	ActionConfirmed = "confirmed" // support's turn
	ActionRunning   = "running"   // being carried out; one that stays so broke off, and is proposed anew
	ActionDone      = "done"
	ActionDeclined  = "declined"
	ActionFailed    = "failed"
)

// confirmationLives is how long a confirmation counts.
const confirmationLives = 7 * 24 * time.Hour

// Proposal is an action proposed about a request.
type Proposal struct {
	ID          ActionID          `json:"id"`
	Action      string            `json:"action"`
	Org         veranda.OrgID     `json:"organization_id"`
	Target      string            `json:"target"`
	State       string            `json:"state" enum:"proposed,confirmed,running,done,declined,failed"`
	ProposedBy  veranda.AccountID `json:"proposed_by"`
	ConfirmedBy veranda.AccountID `json:"confirmed_by"`
	DoneBy      veranda.AccountID `json:"done_by"`
	Reason      string            `json:"reason,omitempty" doc:"Why it failed."`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

// ProposeInput proposes an action.
type ProposeInput struct {
	Request RequestID     `path:"request" json:"-"`
	Action  string        `json:"action" minLength:"1" maxLength:"60"`
	Org     veranda.OrgID `json:"organization_id,omitempty"`
	Target  string        `json:"target" minLength:"1" maxLength:"254" doc:"The id, or the address, of what the action is about."`
}

func (in *ProposeInput) validate(actions map[string]Action) error {
	var c veranda.Checks
	in.Target = c.Line("/target", in.Target, 1, 254)
	action, known := actions[in.Action]
	if !known {
		c.Add("/action", "one_of", "is not an action of this installation")
		return c.Err()
	}
	if action.InOrganization {
		veranda.Required(&c, "/organization_id", in.Org)
	}
	if action.Check != nil && !c.Failed("/target") {
		if err := action.Check(in.Target); err != nil {
			c.Add("/target", "target", "does not fit the action")
		}
	}
	return c.Err()
}

// ConfirmLockedInput confirms an action without signing in.
type ConfirmLockedInput struct {
	Request  RequestID `json:"request_id" doc:"The request; it stands in the mail."`
	Action   ActionID  `json:"action_id"`
	Address  string    `json:"address" maxLength:"254" format:"email"`
	Password string    `json:"password" maxLength:"256"`

	ClientAddress string `json:"-"`
}

func (in *ConfirmLockedInput) validate() error {
	var c veranda.Checks
	veranda.Required(&c, "/request_id", in.Request)
	veranda.Required(&c, "/action_id", in.Action)
	if _, err := tenancy.ParseAddress(in.Address); err != nil {
		c.Add("/address", "email", "is not an e-mail address")
	}
	if in.Password == "" || len(in.Password) > 1024 {
		c.Add("/password", "required", "must be given, with at most 256 characters")
	}
	return c.Err()
}

// ActionInput names an action of a request.
type ActionInput struct {
	Request RequestID `path:"request" json:"-"`
	Action  ActionID  `path:"action" json:"-"`
}
