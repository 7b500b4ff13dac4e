package tenancy

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/veranda-go/veranda"
)

// AccountState is where an account stands.
type AccountState string

// The states of an account.
const (
	AccountPending  AccountState = "pending"  // its address is claimed, not proved: nobody can sign in
	AccountActive   AccountState = "active"   // signs in
	AccountDisabled AccountState = "disabled" // signs in no more
)

// Account is a person.
type Account struct {
	ID   veranda.AccountID `json:"id"`
	Name string            `json:"name"`
	// FirstName and LastName are for lists that sort by them; what is shown is Name.
	FirstName string       `json:"first_name"`
	LastName  string       `json:"last_name"`
	Language  string       `json:"language" doc:"A language tag (BCP 47)."`
	TimeZone  string       `json:"time_zone" doc:"A time zone's name in the IANA data base."`
	WeekStart int64        `json:"week_start" doc:"The first day of the week: 1 is Monday, 7 Sunday (ISO 8601)."`
	Channel   string       `json:"channel" enum:"mail,phone" doc:"How the person wants to be told."`
	State     AccountState `json:"state"`
	// Addresses begin with the primary one.
	Addresses []AccountAddress `json:"addresses"`
	// Phones are its phone numbers.
	Phones []AccountPhone `json:"phones"`
	// SecondFactor is absent where signing in asks none.
	SecondFactor *AccountFactor `json:"second_factor,omitempty"`
	// Organizations are those the account belongs to.
	Organizations []AccountOrganization `json:"organizations"`
	CreatedAt     time.Time             `json:"created_at"`
	UpdatedAt     time.Time             `json:"updated_at"`
	Version       int64                 `json:"version"`
}

// ETag is the account's version, quoted.
func (a *Account) ETag() string { return `"` + strconv.FormatInt(a.Version, 10) + `"` }

// AccountAddress is an address of an account.
type AccountAddress struct {
	Address string `json:"address"`
	// Key is the address in its comparable form; calls name an address by any spelling of it.
	Key         string     `json:"key"`
	Primary     bool       `json:"primary"`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	// BouncedAt is set where mail to the address came back: nothing is sent there until its owner proves it again.
	BouncedAt    *time.Time `json:"bounced_at,omitempty" doc:"When mail to it came back. Nothing is sent there until it is proved again: add it once more, and confirm."`
	BounceReason string     `json:"bounce_reason,omitempty"`
}

// AccountOrganization is an organization an account belongs to.
type AccountOrganization struct {
	ID       veranda.OrgID `json:"id"`
	Name     string        `json:"name"`
	Kind     string        `json:"kind" enum:"organization,personal"`
	Member   string        `json:"member" enum:"internal,external,guest" doc:"How the account belongs to it."`
	Roles    []string      `json:"roles"`
	Address  string        `json:"address" doc:"The address by which the account belongs to it."`
	JoinedAt time.Time     `json:"joined_at"`
}

// Every input of an anonymous call has a ClientAddress: a server fills it with the caller's IP address as its trusted
// proxies tell it, never from the body. Guesses are counted by it; empty, they are counted together.

// RegisterInput makes an account.
type RegisterInput struct {
	Address   string `json:"address" format:"email" maxLength:"254"`
	Password  string `json:"password" minLength:"8" maxLength:"256"`
	Name      string `json:"name" minLength:"1" maxLength:"100"`
	FirstName string `json:"first_name,omitempty" maxLength:"100"`
	LastName  string `json:"last_name,omitempty" maxLength:"100"`
	Language  string `json:"language,omitempty" maxLength:"35" doc:"A language tag (BCP 47); English when absent."`
	TimeZone  string `json:"time_zone,omitempty" maxLength:"64" doc:"A time zone's name in the IANA data base; UTC when absent."`

	ClientAddress string `json:"-"`
}

// Registered is the answer to registering and to asking for a reset: the same whether the address has an account or not.
type Registered struct{}

func (in *RegisterInput) validate() (Address, error) {
	var c veranda.Checks
	address := checkAddress(&c, "/address", in.Address)
	checkPerson(&c, &in.Name, &in.Language, &in.TimeZone)
	in.FirstName = c.Line("/first_name", in.FirstName, 0, 100)
	in.LastName = c.Line("/last_name", in.LastName, 0, 100)
	checkPassword(&c, "/password", in.Password, address.Key, in.Name, in.FirstName, in.LastName)
	return address, c.Err()
}

// checkPerson checks what an account is made with, and fills in what is absent.
func checkPerson(c *veranda.Checks, name, language, zone *string) {
	*name = c.Line("/name", *name, 1, 100)
	if *language == "" {
		*language = fallbackLanguage
	}
	*language = checkLanguage(c, "/language", *language)
	if *zone == "" {
		*zone = "UTC"
	}
	*zone = checkTimeZone(c, "/time_zone", *zone)
}

// checkLanguage gives a language tag its canonical spelling (BCP 47, RFC 5646).
func checkLanguage(c *veranda.Checks, pointer, text string) string {
	if len(text) <= 35 { // RFC 5646 section 4.4.1: room for every tag in use
		if tag, err := language.BCP47.Parse(text); err == nil && tag != language.Und {
			return tag.String()
		}
	}
	c.Add(pointer, "language", "is not a language tag")
	return ""
}

// checkTimeZone checks a time zone's name. A program that may run where no zones are installed imports time/tzdata.
func checkTimeZone(c *veranda.Checks, pointer, name string) string {
	if len(name) <= 64 && !strings.EqualFold(name, "local") {
		if zone, err := time.LoadLocation(name); err == nil {
			return zone.String()
		}
	}
	c.Add(pointer, "time_zone", "is not a time zone of the IANA data base")
	return ""
}

// ConfirmInput uses the link that was sent to an address.
type ConfirmInput struct {
	Token string `json:"token" minLength:"1" maxLength:"100"`
	// Password need not be given by who is signed in as the account.
	Password string `json:"password,omitempty" maxLength:"256" doc:"The password of the account the address was given to: for a new one, that chosen at registration. Who is signed in as that account need not give it."`

	ClientAddress string `json:"-"`
}

func (in *ConfirmInput) validate(by veranda.Actor) error {
	var c veranda.Checks
	if by.IsAnonymous() || in.Password != "" {
		checkGiven(&c, "/password", in.Password, maxGivenPassword)
	}
	return c.Err()
}

// Confirmed is the answer to a confirmed address.
type Confirmed struct {
	Address string `json:"address"`
}

// UpdateMeInput changes one's own profile; what is absent stays.
type UpdateMeInput struct {
	Name      *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	FirstName *string `json:"first_name,omitempty" maxLength:"100"`
	LastName  *string `json:"last_name,omitempty" maxLength:"100"`
	Language  *string `json:"language,omitempty" maxLength:"35"`
	TimeZone  *string `json:"time_zone,omitempty" maxLength:"64"`
	WeekStart *int64  `json:"week_start,omitempty" minimum:"1" maximum:"7" doc:"1 is Monday, 7 Sunday (ISO 8601)."`
	Channel   *string `json:"channel,omitempty" enum:"mail,phone" doc:"phone only with a confirmed number."`
	Version   int64   `header:"If-Match" json:"-"`
}

func (in *UpdateMeInput) validate() error {
	var c veranda.Checks
	if in.Name != nil {
		*in.Name = c.Line("/name", *in.Name, 1, 100)
	}
	if in.Language != nil {
		*in.Language = checkLanguage(&c, "/language", *in.Language)
	}
	if in.TimeZone != nil {
		*in.TimeZone = checkTimeZone(&c, "/time_zone", *in.TimeZone)
	}
	if in.FirstName != nil {
		*in.FirstName = c.Line("/first_name", *in.FirstName, 0, 100)
	}
	if in.LastName != nil {
		*in.LastName = c.Line("/last_name", *in.LastName, 0, 100)
	}
	if in.WeekStart != nil {
		checkWeekStart(&c, "/week_start", *in.WeekStart)
	}
	if in.Channel != nil {
		veranda.OneOf(&c, "/channel", *in.Channel, ChannelMail, ChannelPhone)
	}
	return c.Err()
}

// AddressInput names an address of one's own account.
type AddressInput struct {
	Address string `json:"address" format:"email" maxLength:"254"`
}

func (in *AddressInput) validate() (Address, error) {
	var c veranda.Checks
	address := checkAddress(&c, "/address", in.Address)
	return address, c.Err()
}

// ChangePasswordInput changes one's own password.
type ChangePasswordInput struct {
	Present string `json:"present" maxLength:"256"`
	New     string `json:"new" minLength:"8" maxLength:"256"`

	ClientAddress string `json:"-"`
}

// RequestResetInput asks for a link to set a new password, by mail or by text message.
type RequestResetInput struct {
	Address string `json:"address,omitempty" format:"email" maxLength:"254"`
	Phone   string `json:"phone,omitempty" maxLength:"40" doc:"A phone number with its country's code, in place of an address: the link comes by text message."`

	ClientAddress string `json:"-"`
}

// ResetPasswordInput sets a new password by the link that was sent.
type ResetPasswordInput struct {
	Token    string `json:"token" minLength:"1" maxLength:"100"`
	Password string `json:"password" minLength:"8" maxLength:"256"`

	ClientAddress string `json:"-"`
}

// PasswordSet is the answer to a changed or reset password.
type PasswordSet struct {
	// SessionsEnded is how many sessions ended with it.
	SessionsEnded int64 `json:"sessions_ended"`
}
