package tenancy

import (
	"github.com/veranda-go/veranda"
)

// Kinds of events about accounts. They belong to no organization; the subject is the account's id. Together they are the
// security log of an account.
const (
	EventAccountRegistered = "tenancy.account_registered" // AccountRegistered
	EventAccountConfirmed  = "tenancy.account_confirmed"  // AddressChanged
	EventAccountUpdated    = "tenancy.account_updated"    // no data
	EventAddressAdded      = "tenancy.address_added"      // AddressChanged
	EventAddressConfirmed  = "tenancy.address_confirmed"  // AddressChanged
	EventAddressPrimary    = "tenancy.address_made_primary"
	EventAddressRemoved    = "tenancy.address_removed"  // AddressChanged
	EventSignedIn          = "tenancy.signed_in"        // SignedIn
	EventSignInRefused     = "tenancy.sign_in_refused"  // SignedIn; the subject is all zeros where there is no account
	EventSignedOut         = "tenancy.signed_out"       // SessionEnded
	EventSessionRevoked    = "tenancy.session_revoked"  // SessionEnded
	EventPasswordChanged   = "tenancy.password_changed" // SessionsEnded
	EventPasswordReset     = "tenancy.password_reset"   // SessionsEnded
	// EventDeliveryQueued carries a mail to who sends it; the subject is the delivery's id.
	EventDeliveryQueued = "tenancy.delivery_queued"
	// EventDeliveryFailed says that a mail will not be sent any more; the subject is the delivery's id.
	EventDeliveryFailed = "tenancy.delivery_failed" // DeliveryFailed
)

// AccountRegistered is the data of EventAccountRegistered.
type AccountRegistered struct {
	// Invited tells whether the account was made by accepting an invitation, whose link proved the address.
	Invited bool `json:"invited"`
}

// AddressChanged names an address of the account.
type AddressChanged struct {
	Address string `json:"address"`
}

// SignedIn is the data of a sign-in, made or refused.
type SignedIn struct {
	Session SessionID   `json:"session_id"`
	Kind    SessionKind `json:"kind"`
	Network string      `json:"network"`
	// SecondFactor tells whether a second factor was given.
	SecondFactor bool `json:"second_factor,omitempty"`
	// Reason is the refusal's: "password", "unconfirmed", "disabled", "code_required", "code".
	Reason string `json:"reason,omitempty"`
}

// SessionEnded names a session that was ended.
type SessionEnded struct {
	Session SessionID `json:"session_id"`
}

// SessionsEnded counts the sessions that ended with a change.
type SessionsEnded struct {
	Sessions int64 `json:"sessions"`
}

// DeliveryFailed says why a mail was given up.
type DeliveryFailed struct {
	Template string `json:"template"`
	Reason   string `json:"reason"`
}

// emitAccount emits an event about an account, done by an account or, where by is zero, by nobody known.
func emitAccount(tx *veranda.Tx, kind string, account, by veranda.AccountID, data any) {
	e := veranda.Event{Kind: kind, Subject: account.String(), By: by}
	if data != nil {
		e.Data = veranda.MarshalData(data)
	}
	tx.Emit(e)
}
