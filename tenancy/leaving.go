package tenancy

import (
	"fmt"

	"github.com/veranda-go/veranda"
)

// Why a membership is disabled.
const (
	DisabledByManager  = "manager"    // somebody here did it
	DisabledByHome     = "home"       // the tenant the person is an employee of did it, or let them go
	DisabledUnaccepted = "unaccepted" // the person was linked and has not accepted yet
	DisabledByRelation = "relation"   // the relation with the person's home has ended
)

// Refusals about leaving.
var (
	// ErrFounderStays keeps the founder of a personal tenant in it.
	ErrFounderStays = veranda.NewError(veranda.CodeConflict, "tenancy.founder_stays", "A personal tenant belongs to its founder, who stays in it.")
	// ErrUnaccepted refuses to disable or enable somebody who was linked and has not accepted yet; they can be removed.
	ErrUnaccepted = veranda.NewError(veranda.CodeConflict, "tenancy.unaccepted", "The person has not accepted yet: wait, or remove them.")
	// ErrSuspendedByHome refuses to enable somebody whose home has let them go: that is confirmed, not enabled.
	ErrSuspendedByHome = veranda.NewError(veranda.CodeConflict, "tenancy.suspended_by_home", "The person's own organization has taken their access away: confirm that they keep it here.")
	// ErrRelationEnded refuses to enable a person whose home is related to the organization no more.
	ErrRelationEnded = veranda.NewError(veranda.CodeConflict, "tenancy.relation_ended", "The relation with this person's home has ended.")
)

// reasonHandover is the reason of NeedHandover.
const reasonHandover = "tenancy.handover_needed"

// NeedHandover refuses a leaving without somebody who takes over. things says what there is in the plural ("open tasks"),
// count how many.
func NeedHandover(things string, count int) *veranda.Error {
	return veranda.NewError(veranda.CodeConflict, reasonHandover, fmt.Sprintf("Name somebody who takes over (hand_to): there are %s left, %d of them.", things, count))
}

// DisableMemberInput takes somebody's access away and keeps the membership.
type DisableMemberInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
	Version int64             `header:"If-Match" json:"-"`
	HandTo  veranda.AccountID `json:"hand_to,omitzero" required:"false" doc:"The employee who takes over what the person had to do; when absent everything stays as it is."`
}

func (in *DisableMemberInput) validate() error { return checkHandTo(in.Account, in.HandTo) }

// EnableMemberInput gives a disabled member their access back.
type EnableMemberInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
	Version int64             `header:"If-Match" json:"-"`
}

// RemoveMemberInput ends a membership.
type RemoveMemberInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
	HandTo  veranda.AccountID `query:"hand_to" json:"-" doc:"The employee who takes over what the person had to do; who removes when absent."`
}

func (in *RemoveMemberInput) validate() error { return checkHandTo(in.Account, in.HandTo) }

// LeaveOrganizationInput ends one's own membership.
type LeaveOrganizationInput struct {
	Org    veranda.OrgID     `path:"org" json:"-"`
	HandTo veranda.AccountID `json:"hand_to,omitzero" required:"false" doc:"The employee who takes over what one had to do; wanted of employees who leave something."`
}

func checkHandTo(leaver, to veranda.AccountID) error {
	var c veranda.Checks
	if !to.IsZero() && to == leaver {
		addHandToSelf(&c)
	}
	return c.Err()
}

func addHandToSelf(c *veranda.Checks) {
	c.Add("/hand_to", "self", "must be somebody else")
}

// errHandTo is the answer to a taker whom the caller does not see, or who is no active employee: one answer for all.
func errHandTo() error {
	var c veranda.Checks
	c.Add("/hand_to", "not_found", "is no active employee of the organization whom you see")
	return c.Err()
}
