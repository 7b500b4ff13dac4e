package tenancy

import "github.com/veranda-go/veranda"

// What is answered about the second factor and about phone numbers.
var (
	// ErrCodeRequired is told to who knows the password of an account with a second factor and gives no code.
	ErrCodeRequired = veranda.NewError(veranda.CodeUnauthenticated, "sign_in.code_required", "Give the code of your authenticator app, or a recovery code.")
	// ErrCode is told to who knows the password, and gives a code that is wrong, was used already, or is too old.
	ErrCode = veranda.NewError(veranda.CodeUnauthenticated, "sign_in.code", "The code is wrong, was used already, or is too old.")
	// ErrFactorCode is ErrCode for who is signed in.
	ErrFactorCode = veranda.NewError(veranda.CodeConflict, "second_factor.code", "The code is wrong, was used already, or is too old.")
	// ErrFactorExists refuses to set up a second factor where there is one.
	ErrFactorExists = veranda.NewError(veranda.CodeConflict, "second_factor.exists", "Your account has a second factor; remove it first.")
	// ErrFactorNone is the answer where there is no second factor, or none is being set up any more.
	ErrFactorNone = veranda.NewError(veranda.CodeConflict, "second_factor.none", "Set up a second factor first.")
	// ErrSecondFactorFirst refuses to require a second factor of others to who is signed in without one.
	ErrSecondFactorFirst = veranda.NewError(veranda.CodeForbidden, "tenancy.second_factor_first", "Sign in with a second factor yourself before the organization requires it.")

	// ErrConfirmPassword refuses to confirm an address to who does not know the account's password.
	ErrConfirmPassword = veranda.NewError(veranda.CodeConflict, "password.wrong", "This is not the password of the account that the address was given to.")

	// ErrPhoneCode is the one answer to a code that is wrong, was used, replaced or has expired, or belongs to another number.
	ErrPhoneCode = veranda.NewError(veranda.CodeConflict, "phone.code", "The code is wrong or too old; ask for a new one.")
	// ErrPhoneLimit refuses more numbers than an account can have.
	ErrPhoneLimit = veranda.NewError(veranda.CodeLimit, "limit.phones", "An account can have 5 phone numbers.")
	// ErrPhoneLast refuses to remove the number that is the only way to reach and sign in an account.
	ErrPhoneLast = veranda.NewError(veranda.CodeConflict, "phone.last", "Confirm an address or another number first: this one is all your account has.")
	// ErrPhoneInUse refuses to remove a number by which the account belongs to an organization.
	ErrPhoneInUse = veranda.NewError(veranda.CodeConflict, "phone.in_use", "You belong to an organization by this number.")
	// ErrNoMessages is the answer where the program sends no text messages.
	ErrNoMessages = veranda.NewError(veranda.CodeConflict, "phone.no_messages", "This installation sends no text messages.")
)
