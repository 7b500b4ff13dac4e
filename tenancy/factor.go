package tenancy

import (
	"time"

	"github.com/veranda-go/veranda"
)

// AccountFactor is the state of an account's second factor.
type AccountFactor struct {
	// ConfirmedAt is since when signing in asks for it.
	ConfirmedAt time.Time `json:"confirmed_at"`
	// RecoveryCodes are those that are left.
	RecoveryCodes int64 `json:"recovery_codes" doc:"How many recovery codes are left."`
}

// BeginSecondFactorInput begins to set up a second factor.
type BeginSecondFactorInput struct {
	Password string `json:"password" minLength:"1" maxLength:"256" doc:"The present password."`

	ClientAddress string `json:"-"`
}

// FactorSetup is what an authenticator app needs to know: the only time it is told.
type FactorSetup struct {
	// Secret is in Base32 (RFC 4648), for typing it.
	Secret string `json:"secret" doc:"To be typed into an authenticator app: Base32; six digits every 30 seconds, by SHA-1."`
	URL    string `json:"url" doc:"The same as an otpauth:// address, to be shown as a QR code."`
	// ExpiresAt is until when a code of the app must be given.
	ExpiresAt time.Time `json:"expires_at"`
}

// ConfirmSecondFactorInput proves that the authenticator app is set up.
type ConfirmSecondFactorInput struct {
	Code string `json:"code" minLength:"1" maxLength:"40" doc:"The app's present code."`

	ClientAddress string `json:"-"`
}

// FactorInput changes a second factor that is set up.
type FactorInput struct {
	Password string `json:"password" minLength:"1" maxLength:"256" doc:"The present password."`
	Code     string `json:"code" minLength:"1" maxLength:"40" doc:"A code of the authenticator app, or a recovery code."`

	ClientAddress string `json:"-"`
}

// RecoveryCodes are codes that replace the authenticator app, each once: the only time they are told.
type RecoveryCodes struct {
	Codes []string `json:"recovery_codes"`
	// SessionsEnded is how many other sessions ended with the change.
	SessionsEnded int64 `json:"sessions_ended"`
}

// FactorRemoved is the answer to a removed second factor.
type FactorRemoved struct {
	// SessionsEnded is how many other sessions ended with it.
	SessionsEnded int64 `json:"sessions_ended"`
}

func (in *BeginSecondFactorInput) validate() error {
	var c veranda.Checks
	checkGiven(&c, "/password", in.Password, maxGivenPassword)
	return c.Err()
}

func (in *ConfirmSecondFactorInput) validate() error {
	var c veranda.Checks
	checkGiven(&c, "/code", in.Code, maxGivenCode)
	return c.Err()
}

func (in *FactorInput) validate() error {
	var c veranda.Checks
	checkGiven(&c, "/password", in.Password, maxGivenPassword)
	checkGiven(&c, "/code", in.Code, maxGivenCode)
	return c.Err()
}

// The bounds in octets of what is held against something stored: nothing longer can be right.
const (
	maxGivenPassword = 4 * maxPassword
	maxGivenCode     = 4 * 40
)

// checkGiven checks the form of a password or code that is held against something stored.
func checkGiven(c *veranda.Checks, pointer, text string, most int) {
	switch {
	case text == "":
		c.Add(pointer, "required", "must be given")
	case len(text) > most:
		c.Add(pointer, "too_long", "is too long")
	}
}
