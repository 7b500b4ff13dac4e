package tenancy

import (
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda"
)

// phoneProblem is why a text is not taken for a phone number: a rule for programs and a message for people.
type phoneProblem struct{ rule, message string }

// Error is the problem as text.
func (p *phoneProblem) Error() string { return p.message }

var (
	errPhoneMalformed = &phoneProblem{"phone", "is not a phone number"}
	errPhoneCountry   = &phoneProblem{"phone_country", "must begin with + and the country's code, such as +49 for Germany"}
	errPhoneCost      = &phoneProblem{"phone_kind", "is a number that costs its caller extra, and takes no messages"}
)

// maxPhoneOctets bounds what is parsed; E.164 has 15 digits, people write signs between them.
const maxPhoneOctets = 40

// ParsePhone reads a phone number and gives the one spelling that is stored and compared: E.164, "+4930123456". Signs that
// people write between digits are taken. Refused are numbers without their country's code, which mean another phone in
// each country, extensions, letters, what no phone can have by its country's plan, and numbers that earn money for who
// owns them: whoever adds one of those has the program pay.
//
// A number need not be in a range that is in use today (those change every month): the code sent to it proves it.
func ParsePhone(text string) (string, error) {
	if len(text) > maxPhoneOctets {
		return "", errPhoneMalformed
	}
	text = strings.TrimSpace(norm.NFKC.String(text))
	if strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("+0123456789 -./()\u2010\u2011\u2013", r) }) {
		return "", errPhoneMalformed
	}
	if !strings.HasPrefix(text, "+") {
		if strings.ContainsAny(text, "0123456789") {
			return "", errPhoneCountry
		}
		return "", errPhoneMalformed
	}
	number, err := phonenumbers.Parse(text, phonenumbers.UNKNOWN_REGION)
	if err == phonenumbers.ErrInvalidCountryCode {
		return "", errPhoneCountry
	}
	if err != nil || number.GetExtension() != "" || phonenumbers.IsPossibleNumberWithReason(number) != phonenumbers.IS_POSSIBLE {
		return "", errPhoneMalformed
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST:
		return "", errPhoneCost
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

// checkPhone reads a phone number of an input and reports what is wrong with it.
func checkPhone(c *veranda.Checks, pointer, text string) string {
	if strings.TrimSpace(text) == "" {
		c.Add(pointer, "required", "must be given")
		return ""
	}
	number, err := ParsePhone(text)
	if problem, ok := err.(*phoneProblem); ok {
		c.Add(pointer, problem.rule, problem.message)
	}
	return number
}

// isPhoneKey tells a phone number from an address among what a link can be sent to.
func isPhoneKey(key string) bool { return strings.HasPrefix(key, "+") && !strings.Contains(key, "@") }

// AccountPhone is a phone number of an account.
type AccountPhone struct {
	Number      string     `json:"number" doc:"In the form of E.164."`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
}

// PhoneInput names a phone number for one's own account.
type PhoneInput struct {
	Phone string `json:"phone" minLength:"1" maxLength:"40" doc:"With the country's code: +49 30 123456."`

	ClientAddress string `json:"-"`
}

func (in *PhoneInput) validate() (string, error) {
	var c veranda.Checks
	number := checkPhone(&c, "/phone", in.Phone)
	return number, c.Err()
}

// ConfirmPhoneInput proves a phone number by the code that was sent to it.
type ConfirmPhoneInput struct {
	Phone string `json:"phone" minLength:"1" maxLength:"40"`
	Code  string `json:"code" minLength:"1" maxLength:"40" doc:"The six digits that were sent to the number."`

	ClientAddress string `json:"-"`
}

func (in *ConfirmPhoneInput) validate() (number, code string, err error) {
	var c veranda.Checks
	number = checkPhone(&c, "/phone", in.Phone)
	checkGiven(&c, "/code", in.Code, maxGivenCode)
	code, _ = plainCode(in.Code)
	return number, code, c.Err()
}
