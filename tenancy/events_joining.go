package tenancy

import "github.com/veranda-go/veranda"

// Kinds of events about requests to join; their subject is the request's id. tenancy.member_joined or
// tenancy.member_upgraded says besides that somebody joined.
const (
	EventJoinAsked     = "tenancy.join_asked"     // JoinChanged
	EventJoinWaiting   = "tenancy.join_waiting"   // JoinChanged: it is to happen, and the plan is full
	EventJoinApproved  = "tenancy.join_approved"  // JoinChanged: by a manager, or by itself where the organization says so
	EventJoinDeclined  = "tenancy.join_declined"  // JoinChanged
	EventJoinWithdrawn = "tenancy.join_withdrawn" // JoinChanged
	EventJoinLapsed    = "tenancy.join_lapsed"    // JoinChanged
)

// JoinChanged is the data of a request's events.
type JoinChanged struct {
	Account veranda.AccountID `json:"account_id"`
	Address string            `json:"address"`
}

// systemJoining is who takes in people that waited for room in the plan.
const systemJoining = "joining"

// emitJoin emits an event about a request, by an account or by a system.
func emitJoin(tx *veranda.Tx, kind string, r *joinRow, by veranda.AccountID, system string) {
	tx.Emit(veranda.Event{
		Org: r.Org, Kind: kind, Subject: r.ID.String(), By: by, System: system,
		Data: veranda.MarshalData(JoinChanged{Account: r.Account, Address: r.Key}),
	})
}
