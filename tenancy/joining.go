package tenancy

import (
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

type joinKind struct{}

// JoinID is the id of a request to join.
type JoinID = veranda.ID[joinKind]

// The states of a request to join.
const (
	JoinPending   = "pending"   // a manager decides
	JoinWaiting   = "waiting"   // it is to happen, and waits for room in the plan
	JoinJoined    = "joined"    // the person became an employee, by this request or by another door
	JoinDeclined  = "declined"  // a manager said no
	JoinWithdrawn = "withdrawn" // the person took it back
	JoinLapsed    = "lapsed"    // the organization's domain, or the person's address, is no more
)

// What a manager says to a request.
const (
	JoinApprove = "approve"
	JoinDecline = "decline"
)

// joinAgain is how long somebody who was declined waits before they can ask again.
const joinAgain = 7 * 24 * time.Hour

// joinManagers is how many managers are told of a request.
const joinManagers = 20

var (
	// ruleAsk counts the requests an account makes.
	ruleAsk = attemptRule{prefix: "ask", limit: 20, window: 24 * time.Hour}
	// ruleAsked counts the requests of which an organization's managers are told by mail; further ones wait in the list.
	ruleAsked = attemptRule{prefix: "asked", limit: 20, window: time.Hour}
)

// JoinRequest is a request to join an organization, as its managers see it.
type JoinRequest struct {
	ID        JoinID            `json:"id"`
	Org       veranda.OrgID     `json:"organization_id"`
	Account   veranda.AccountID `json:"account_id"`
	Name      string            `json:"name"`
	Address   string            `json:"address"`
	State     string            `json:"state" enum:"pending,waiting,joined,declined,withdrawn,lapsed"`
	DecidedBy veranda.AccountID `json:"decided_by"`
	CreatedAt time.Time         `json:"created_at"`
	EndedAt   *time.Time        `json:"ended_at,omitempty"`
	Version   int64             `json:"version"`
}

// ETag is the version as an HTTP entity tag.
func (r JoinRequest) ETag() string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// MyJoinRequest is a request as who made it sees it.
type MyJoinRequest struct {
	ID           JoinID        `json:"id"`
	Organization veranda.OrgID `json:"organization_id"`
	Name         string        `json:"name" doc:"The organization's."`
	Address      string        `json:"address"`
	State        string        `json:"state" enum:"pending,waiting,joined,declined,withdrawn,lapsed"`
	CreatedAt    time.Time     `json:"created_at"`
	EndedAt      *time.Time    `json:"ended_at,omitempty"`
}

// Location is the request's path.
func (r MyJoinRequest) Location() string { return "/v1/me/join-requests/" + r.ID.String() }

// Joinable is an organization one can ask to join, by the address one would ask with.
type Joinable struct {
	Organization veranda.OrgID `json:"organization_id"`
	Name         string        `json:"name"`
	Address      string        `json:"address"`
	Joining      string        `json:"joining" enum:"ask,auto" doc:"Whether a manager decides, or it happens by itself."`
}

// AskToJoinInput asks to join an organization that has proved the domain of one of one's addresses.
type AskToJoinInput struct {
	Organization veranda.OrgID `json:"organization_id"`
	Address      string        `json:"address,omitempty" maxLength:"254" doc:"The confirmed address to ask with; the first that will do when absent."`
}

func (in *AskToJoinInput) validate() (key string, err error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Organization)
	if in.Address != "" {
		key = checkAddress(&c, "/address", in.Address).Key
	}
	return key, c.Err()
}

// MyJoinInput names a request of one's own.
type MyJoinInput struct {
	Request JoinID `path:"request" json:"-"`
}

// JoinsInput asks for the requests to join an organization, newest first.
type JoinsInput struct {
	Org   veranda.OrgID `path:"org" json:"-"`
	State string        `query:"state" json:"-" enum:"pending,waiting,joined,declined,withdrawn,lapsed" doc:"Only requests in this state."`
	veranda.Page
}

// DecideJoinInput decides a request.
type DecideJoinInput struct {
	Org      veranda.OrgID `path:"org" json:"-"`
	Request  JoinID        `path:"request" json:"-"`
	Version  int64         `header:"If-Match" json:"-"`
	Decision string        `json:"decision" enum:"approve,decline"`
}

func (in *DecideJoinInput) validate() error {
	var c veranda.Checks
	veranda.OneOf(&c, "/decision", in.Decision, JoinApprove, JoinDecline)
	return c.Err()
}
