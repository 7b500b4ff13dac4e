package tenancy

import (
	"github.com/veranda-go/veranda"
)

// ActivateInput makes an account one's own that an access manager reserved.
type ActivateInput struct {
	Token    string  `json:"token" minLength:"1" maxLength:"100"`
	Password string  `json:"password" minLength:"8" maxLength:"256"`
	Name     *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"The name the account was made with when absent."`
	Language *string `json:"language,omitempty" maxLength:"35" doc:"The language the account was made with when absent."`
	TimeZone *string `json:"time_zone,omitempty" maxLength:"64" doc:"The time zone the account was made with when absent."`
	Label    string  `json:"label,omitempty" maxLength:"200" doc:"What to call the session in the list of sessions."`

	ClientAddress string `json:"-"`
}

// validate checks all that can be told without the link: what the account knows of its owner is held against the password
// later.
func (in *ActivateInput) validate() error {
	var c veranda.Checks
	about := []string{}
	if in.Name != nil {
		*in.Name = c.Line("/name", *in.Name, 1, 100)
		about = append(about, *in.Name)
	}
	if in.Language != nil {
		*in.Language = checkLanguage(&c, "/language", *in.Language)
	}
	if in.TimeZone != nil {
		*in.TimeZone = checkTimeZone(&c, "/time_zone", *in.TimeZone)
	}
	in.Label = c.Line("/label", in.Label, 0, 200)
	checkPassword(&c, "/password", in.Password, about...)
	return c.Err()
}
