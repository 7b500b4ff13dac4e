package tenancy

import (
	"strings"

	"github.com/veranda-go/veranda"
)

// Kinds of events about invitations and joining. Workspace is set when the invitation names one.
const (
	EventInvitationSent      = "tenancy.invitation_sent"      // InvitationChanged; again when it is sent again
	EventInvitationAccepted  = "tenancy.invitation_accepted"  // InvitationChanged
	EventInvitationWithdrawn = "tenancy.invitation_withdrawn" // InvitationChanged
	EventInvitationLapsed    = "tenancy.invitation_lapsed"    // InvitationChanged
	// EventMemberJoined says that somebody belongs to the organization or, where Workspace is set, to the workspace; the
	// subject is the account.
	EventMemberJoined = "tenancy.member_joined" // MemberJoined
	// EventMemberUpgraded says that a guest or external became more; the subject is the account.
	EventMemberUpgraded = "tenancy.member_upgraded" // MemberJoined
)

// InvitationChanged is the data of events about an invitation; their subject is its id.
type InvitationChanged struct {
	Kind    string `json:"kind"`
	Address string `json:"address"`
	// Roles are those the person is to begin with, where they are not the usual one.
	Roles []string `json:"roles,omitempty"`
	// Again tells whether it was sent before.
	Again bool `json:"again,omitempty"`
}

// MemberJoined is the data of events about somebody who joined.
type MemberJoined struct {
	Kind string `json:"kind"`
	// Before is the kind of membership before, where there was one.
	Before     string       `json:"before,omitempty"`
	Invitation InvitationID `json:"invitation_id"`
	// Request is the request to join that was fulfilled, where there was one.
	Request JoinID `json:"join_request_id,omitzero"`
}

// emitInvitation emits an event about an invitation.
func emitInvitation(tx *veranda.Tx, kind string, row *invitationRow, by veranda.AccountID, again bool) {
	var roles []string
	if row.Roles != defaultRole(row.Kind) {
		roles = strings.Fields(row.Roles)
	}
	tx.Emit(veranda.Event{
		Org: row.Org, Workspace: row.Workspace, Kind: kind, Subject: row.ID.String(), By: by,
		Data: veranda.MarshalData(InvitationChanged{Kind: row.Kind, Address: row.Address, Roles: roles, Again: again}),
	})
}
