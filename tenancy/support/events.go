package support

import "github.com/veranda-go/veranda"

// Kinds of events. Those about an action that concerns an organization stand in that organization's log; all others belong
// to none, with the writer's account as subject where the writer has one, else the request.
const (
	EventRequested       = "support.requested"        // RequestChanged
	EventAnswered        = "support.answered"         // RequestChanged
	EventWritten         = "support.written"          // RequestChanged: the writer wrote again
	EventRequestChanged  = "support.request_changed"  // RequestChanged
	EventActionProposed  = "support.action_proposed"  // ActionChanged
	EventActionConfirmed = "support.action_confirmed" // ActionChanged
	EventActionDeclined  = "support.action_declined"  // ActionChanged
	EventActionDone      = "support.action_done"      // ActionChanged
	EventActionFailed    = "support.action_failed"    // ActionChanged
	EventConsentGiven    = "support.consent_given"    // ConsentChanged; the subject is the consent
	EventConsentEnded    = "support.consent_ended"    // ConsentChanged
	EventStaffRemoved    = "support.staff_removed"    // no data; the subject is the account
	EventStaffAdded      = "support.staff_added"      // no data; the subject is the account
)

// RequestChanged is the data of events about a request.
type RequestChanged struct {
	Request RequestID `json:"request_id"`
	Topic   string    `json:"topic"`
	State   string    `json:"state"`
}

// ActionChanged is the data of events about an action.
type ActionChanged struct {
	Request RequestID `json:"request_id"`
	Action  string    `json:"action"`
	Target  string    `json:"target"`
	Reason  string    `json:"reason,omitempty"`
}

// ConsentChanged is the data of events about a consent.
type ConsentChanged struct {
	Until  string `json:"until"`
	Reason string `json:"reason"`
}

func subjectOf(r *Request) string {
	if r.Account.IsZero() {
		return r.ID.String()
	}
	return r.Account.String()
}

func emitRequest(tx *veranda.Tx, kind string, r *Request, by veranda.AccountID) {
	tx.Emit(veranda.Event{Kind: kind, Subject: subjectOf(r), By: by, Data: veranda.MarshalData(RequestChanged{Request: r.ID, Topic: r.Topic, State: r.State})})
}

func emitAction(tx *veranda.Tx, kind string, r *Request, p *Proposal, by veranda.AccountID) {
	tx.Emit(veranda.Event{Org: p.Org, Kind: kind, Subject: subjectOf(r), By: by,
		Data: veranda.MarshalData(ActionChanged{Request: r.ID, Action: p.Action, Target: p.Target, Reason: p.Reason})})
}
