package tenancy

// Kinds of events about the second factor of an account; they belong to no organization, and the subject is the account's
// id. Codes that were wrong are refused sign-ins (EventSignInRefused) or EventFactorRefused.
const (
	EventFactorConfirmed       = "tenancy.second_factor_confirmed" // SessionsEnded
	EventFactorRemoved         = "tenancy.second_factor_removed"   // SessionsEnded
	EventFactorRefused         = "tenancy.second_factor_refused"   // FactorRefused
	EventRecoveryCodesReplaced = "tenancy.recovery_codes_replaced" // no data
	EventRecoveryCodeUsed      = "tenancy.recovery_code_used"      // RecoveryCodeUsed
)

// FactorRefused says what somebody who is signed in was refused to change about a second factor.
type FactorRefused struct {
	// Reason is "password" or "code".
	Reason  string `json:"reason"`
	Network string `json:"network"`
}

// RecoveryCodeUsed counts what is left.
type RecoveryCodeUsed struct {
	Left int64 `json:"left"`
}
