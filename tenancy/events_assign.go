package tenancy

import "github.com/veranda-go/veranda"

// Kinds of events about people who are looked for, assigned and linked.
const (
	// EventPersonSearched notes a search by address or number; the subject is the organization.
	EventPersonSearched = "tenancy.person_searched" // PersonSearched
	// EventPersonAssigned says that an access manager assigned somebody; the subject is the account, Workspace the place.
	EventPersonAssigned = "tenancy.person_assigned" // PersonAssigned
	// EventAccountReserved says that an account was made for somebody; it belongs to no organization, as all events about
	// accounts; the subject is the account.
	EventAccountReserved = "tenancy.account_reserved" // AccountReserved
	// EventActivationSent says that the link of a reserved account was sent again; the subject is the account.
	EventActivationSent = "tenancy.activation_sent" // no data
	// EventMembershipAccepted and EventMembershipDeclined say what somebody did with what was offered; the subject is the
	// account.
	EventMembershipAccepted = "tenancy.membership_accepted" // MembershipAnswered
	EventMembershipDeclined = "tenancy.membership_declined" // MembershipAnswered
	// EventMemberSuspended says that the home of a member disabled them, and EventMemberConfirmed that a manager let them in
	// again; the subject is the account.
	EventMemberSuspended = "tenancy.member_suspended" // no data
	EventMemberConfirmed = "tenancy.member_confirmed" // no data
	EventMemberUpdated   = "tenancy.member_updated"   // MemberUpdated
)

// PersonSearched is the data of a search.
type PersonSearched struct {
	// Masked is what was looked for, as far as a log may show it.
	Masked string `json:"masked"`
	Result string `json:"result"`
}

// PersonAssigned is the data of an assignment.
type PersonAssigned struct {
	Result string `json:"result"`
	Kind   string `json:"kind"`
	Masked string `json:"masked"`
}

// AccountReserved is the data of EventAccountReserved.
type AccountReserved struct {
	Organization veranda.OrgID `json:"organization_id"`
}

// MembershipAnswered is the data of an offer that was answered.
type MembershipAnswered struct {
	Kind       string `json:"kind"`
	Employment bool   `json:"employment"`
}

// MemberUpdated is the data of EventMemberUpdated.
type MemberUpdated struct {
	Account veranda.AccountID `json:"account_id"`
	Fields  []string          `json:"fields"` // the JSON names of what changed
}
