package tenancy

import "github.com/veranda-go/veranda"

// Permissions on accounts, sessions, invitations and the delivery log. Those of accounts and sessions are asked outside
// any organization, of the roles "anonymous" and "member"; those of invitations and deliveries in one.
const (
	PermRegister       veranda.Permission = "account.register"
	PermConfirm        veranda.Permission = "account.confirm"
	PermResetPassword  veranda.Permission = "account.reset_password"
	PermSignIn         veranda.Permission = "session.sign_in"
	PermAccountRead    veranda.Permission = "account.read_own"
	PermAccountUpdate  veranda.Permission = "account.update_own"
	PermChangePassword veranda.Permission = "account.change_password"
	PermAddresses      veranda.Permission = "account.change_addresses"
	PermSessionsRead   veranda.Permission = "session.read_own"
	PermSessionsRevoke veranda.Permission = "session.revoke_own"

	PermInvitationLook   veranda.Permission = "invitation.look"
	PermInvitationAccept veranda.Permission = "invitation.accept"
	// PermInviteInternal invites employees; where only PermInviteInternalBySetting is given, the organization's setting
	// must allow it too (a personal tenant always does).
	PermInviteInternal          veranda.Permission = "invitation.create_internal"
	PermInviteInternalBySetting veranda.Permission = "invitation.create_internal_by_setting"
	// PermInviteExternal and PermInviteGuest are qualified by ":assigned" for those who may do it only in workspaces they
	// are members of.
	PermInviteExternal veranda.Permission = "invitation.create_external"
	PermInviteGuest    veranda.Permission = "invitation.create_guest"
	// PermInvitationsRead lists invitations; ":own" those one sent.
	PermInvitationsRead    veranda.Permission = "invitation.read"
	PermInvitationWithdraw veranda.Permission = "invitation.withdraw"
	// PermDeliveriesRead lists what was sent; ":own" what one caused or was sent.
	PermDeliveriesRead veranda.Permission = "delivery.read"
)

var accountPermissions = []veranda.Permission{
	PermRegister, PermConfirm, PermResetPassword, PermSignIn,
	PermAccountRead, PermAccountUpdate, PermChangePassword, PermAddresses, PermSessionsRead, PermSessionsRevoke,
	PermInvitationLook, PermInvitationAccept, PermInviteInternal, PermInviteInternalBySetting,
	PermInviteExternal, PermInviteExternal + qualifierAssigned, PermInviteGuest, PermInviteGuest + qualifierAssigned,
	PermInvitationsRead, PermInvitationsRead + qualifierOwn, PermInvitationWithdraw,
	PermDeliveriesRead, PermDeliveriesRead + qualifierOwn,
}
