package tenancy

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// Kinds of events about people who lose or regain their access; the subject is the account. EventMemberRemoved is one of
// them.
const (
	EventMemberDisabled = "tenancy.member_disabled" // MemberLeft
	EventMemberEnabled  = "tenancy.member_enabled"  // MemberLeft; Reason is what ended
	EventMemberLeft     = "tenancy.member_left"     // MemberLeft; by themselves
	// EventWorkspaceHandedOver says that somebody became the manager of a private workspace whose last one has gone; the
	// subject is the new manager, Workspace is set.
	EventWorkspaceHandedOver = "tenancy.workspace_handed_over" // WorkspaceHandedOver
	// EventSessionsEnded says that an account's sessions and program tokens were ended by others: a home let the person
	// go, or platform support disabled the account. It belongs to no organization.
	EventSessionsEnded   = "tenancy.sessions_ended"   // SessionsEnded
	EventAccountDisabled = "tenancy.account_disabled" // AccountClosed
	EventAccountEnabled  = "tenancy.account_enabled"  // AccountClosed
)

// MemberLeft is the data of somebody who lost their access, for a time or for good, or has it back.
type MemberLeft struct {
	Account veranda.AccountID `json:"account_id"`
	Kind    string            `json:"kind"`
	// Roles are those held afterwards, none for who has left; Before those held before, the ones by teams included.
	Roles  []string `json:"roles"`
	Before []string `json:"roles_before"`
	// Reason is why a membership was disabled: manager, home, unaccepted or relation.
	Reason string `json:"reason,omitempty"`
	// HandTo took over what the person had to do; absent where nobody did.
	HandTo veranda.AccountID `json:"hand_to,omitzero"`
}

// WorkspaceHandedOver is the data of EventWorkspaceHandedOver.
type WorkspaceHandedOver struct {
	Account veranda.AccountID `json:"account_id"`
	// From is who managed it before.
	From veranda.AccountID `json:"from_id"`
	Role string            `json:"role"`
	// Joined tells whether the new manager was no member of it before.
	Joined bool `json:"joined"`
}

// AccountClosed is the data of an account that platform support disabled or enabled.
type AccountClosed struct {
	Reason   string `json:"reason"`
	Sessions int64  `json:"sessions"`
}

// Handover is what a package that keeps things for people must do when one of them goes: give what is open to somebody
// else, in the transaction that takes the access away, by a veranda.Hook for HandoverKinds.
type Handover struct {
	Org veranda.OrgID
	// From goes; To is an active employee who takes over, or zero: then what is open belongs to nobody any more.
	From, To veranda.AccountID
	// Required tells that the person leaves by themselves and owes an answer: where To is zero and there is something
	// to hand over, refuse with NeedHandover.
	Required bool
	// By and System did it, At is when.
	By     veranda.AccountID
	System string
	At     time.Time
}

// HandoverKinds are the events a Handover is read from.
func HandoverKinds() []string {
	return []string{EventMemberRemoved, EventMemberLeft, EventMemberDisabled}
}

// HandoverOf reads what is to be handed over from an event of HandoverKinds; nil where everything stays as it is, which is
// so when somebody is disabled and nobody takes over.
func HandoverOf(e veranda.Event) (*Handover, error) {
	var data MemberLeft
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, fmt.Errorf("tenancy: read handover: %w", err)
	}
	if e.Kind == EventMemberDisabled && data.HandTo.IsZero() {
		return nil, nil
	}
	return &Handover{
		Org: e.Org, From: data.Account, To: data.HandTo, Required: e.Kind == EventMemberLeft && data.Kind == MemberInternal,
		By: e.By, System: e.System, At: e.At,
	}, nil
}
