package tenancy

// The templates of what accounts are told about, beside those of delivery_template.go. A text message is a file
// "<name>.sms" in a language's folder.
const (
	templateActivate         = "activate"          // to who has an account reserved, by mail or text message
	templateActivateExisting = "activate_existing" // instead of confirm and reset, to who has an account reserved

	// What follows goes to the primary address, or to the phone of an account without one.
	templateFactorOn         = "second_factor_on"  // after a second factor was set up
	templateFactorOff        = "second_factor_off" // after it was removed
	templateRecoveryReplaced = "recovery_replaced" // after new recovery codes were made
	templateRecoveryUsed     = "recovery_used"     // after one was used
	templateCodesGuessed     = "codes_guessed"     // when somebody knows the password and guesses codes
	templatePhoneAdded       = "phone_added"       // after a phone number was proved
	templatePhoneRemoved     = "phone_removed"     // after it was removed

	// What follows goes to phones alone. So does templateReset, beside its mail.
	templatePhoneCode  = "phone_code"  // to prove a phone number
	templatePhoneTaken = "phone_taken" // instead of phone_code, to the owner
)
