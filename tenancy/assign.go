package tenancy

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda"
)

// What a search for a person answers.
const (
	FoundNone      = "none"      // nobody has this address or number
	FoundHere      = "here"      // a member of the organization
	FoundElsewhere = "elsewhere" // an employee or member of another tenant
	FoundHomeless  = "homeless"  // has an account, and belongs to no tenant as its own
)

// FindPersonInput looks for a person by an exact address or phone number.
type FindPersonInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	Address string        `json:"address,omitempty" maxLength:"254" doc:"An e-mail address; give this or a phone number."`
	Phone   string        `json:"phone,omitempty" maxLength:"40" doc:"A phone number with its country's code."`
}

// FoundPerson is the answer to a search.
type FoundPerson struct {
	Result string `json:"result" enum:"none,here,elsewhere,homeless" doc:"none: nobody has it. here: a member. elsewhere: belongs to another tenant. homeless: has an account and no tenant."`
	// Account and Name are told of members only, the name once they have accepted.
	Account *veranda.AccountID `json:"account_id,omitempty"`
	Name    string             `json:"name,omitempty"`
	State   string             `json:"state,omitempty" enum:"active,reserved,offered,suspended,disabled"`
}

// contact is an address or a phone number by which somebody is known.
type contact struct {
	Address Address
	Phone   string
}

// keys are the contact's comparable forms, the address before the number.
func (c contact) keys() []string {
	keys := []string{}
	if c.Address.Key != "" {
		keys = append(keys, c.Address.Key)
	}
	if c.Phone != "" {
		keys = append(keys, c.Phone)
	}
	return keys
}

// written is how a key of the contact was written.
func (c contact) written(key string) string {
	if key == c.Address.Key {
		return c.Address.Written
	}
	return c.Phone
}

func checkContact(c *veranda.Checks, address, phone string) (out contact) {
	if strings.TrimSpace(address) != "" {
		out.Address = checkAddress(c, "/address", address)
	}
	if strings.TrimSpace(phone) != "" {
		out.Phone = checkPhone(c, "/phone", phone)
	}
	if strings.TrimSpace(address) == "" && strings.TrimSpace(phone) == "" {
		c.Add("/address", "required", "an e-mail address or a phone number must be given")
	}
	return out
}

func (in *FindPersonInput) validate() (contact, error) {
	var c veranda.Checks
	found := checkContact(&c, in.Address, in.Phone)
	if strings.TrimSpace(in.Address) != "" && strings.TrimSpace(in.Phone) != "" {
		c.Add("/phone", "one", "give an address or a phone number, not both")
	}
	return found, c.Err()
}

// AssignPersonInput puts a person into a workspace: a member, somebody from elsewhere, or somebody new. What is said of a
// new person is not used where there is an account already.
type AssignPersonInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `json:"workspace_id"`
	Address   string              `json:"address,omitempty" maxLength:"254" doc:"An e-mail address; this or a phone number must be given. A new person can have both."`
	Phone     string              `json:"phone,omitempty" maxLength:"40" doc:"A phone number with its country's code."`
	FirstName string              `json:"first_name,omitempty" maxLength:"50" doc:"Of a new person."`
	LastName  string              `json:"last_name,omitempty" maxLength:"50" doc:"Of a new person."`
	UserName  string              `json:"user_name,omitempty" maxLength:"60" doc:"Of a new member; unique in the organization, whatever its case."`
	Language  string              `json:"language,omitempty" maxLength:"35" doc:"Of a new person, the organization's when absent; for others the fall-back language."`
	Kind      string              `json:"kind,omitempty" enum:"internal,external" doc:"Of a new member; internal when absent, where the organization's domains allow it. Somebody with an account elsewhere stays external; who has no home is offered employment."`
	Roles     []string            `json:"roles,omitempty" maxItems:"10" doc:"In the organization; the kind's usual role when absent. For a member these take the place of those held."`
	// WorkspaceRole is the role inside the workspace.
	WorkspaceRole string `json:"workspace_role,omitempty" enum:"plain,manager" doc:"In the workspace, for who is not in it yet; plain when absent. Employees only can be managers."`
}

// The results of assigning somebody.
const (
	AssignedCreatedInternal = "created_internal" // an account was made, of an employee
	AssignedCreatedExternal = "created_external" // an account was made, of an external
	AssignedLinked          = "linked"           // has an account, and is asked to accept
	AssignedHere            = "assigned"         // a member was put into the workspace
	AssignedAlready         = "already_here"     // a member of the workspace already
)

// Assigned is what became of an assignment.
type Assigned struct {
	Result string `json:"result" enum:"created_internal,created_external,linked,assigned,already_here"`
	Member Member `json:"member"`
}

const (
	workspacePlain   = "plain"
	workspaceManager = "manager" // the role inside a workspace; package workspace gives it its rights
)

func (in *AssignPersonInput) validate() (contact, error) {
	var c veranda.Checks
	veranda.Required(&c, "/workspace_id", in.Workspace)
	found := checkContact(&c, in.Address, in.Phone)
	in.FirstName = c.Line("/first_name", in.FirstName, 0, 50)
	in.LastName = c.Line("/last_name", in.LastName, 0, 50)
	if in.UserName != "" {
		in.UserName = checkUserName(&c, "/user_name", in.UserName)
	}
	if in.Language != "" {
		in.Language = checkLanguage(&c, "/language", in.Language)
	}
	if in.Kind != "" {
		veranda.OneOf(&c, "/kind", in.Kind, MemberInternal, MemberExternal)
	}
	if in.WorkspaceRole == "" {
		in.WorkspaceRole = workspacePlain
	}
	veranda.OneOf(&c, "/workspace_role", in.WorkspaceRole, workspacePlain, workspaceManager)
	checkRoleNames(&c, in.Roles)
	return found, c.Err()
}

// checkRoleNames checks a list of roles as far as it can be without the organization's own.
func checkRoleNames(c *veranda.Checks, roles []string) {
	c.Count("/roles", len(roles), 0, 10)
	for i, role := range roles {
		pointer := "/roles/" + strconv.Itoa(i)
		plain := strings.IndexFunc(role, func(r rune) bool {
			return r > unicode.MaxASCII || !unicode.IsLower(r) && !unicode.IsDigit(r) && r != '_'
		}) < 0
		switch {
		case role == "" || len(role) > 60 || !plain:
			c.Add(pointer, "one_of", "must be a role of the organization")
		case slices.Contains(roles[:i], role):
			c.Add(pointer, "repeated", "is named twice")
		}
	}
}

// personName is the name of a person as one text.
func personName(first, last string) string { return strings.TrimSpace(first + " " + last) }

// checkNewPerson checks what a new account cannot do without.
func (in *AssignPersonInput) checkNewPerson() error {
	var c veranda.Checks
	if in.FirstName == "" {
		c.Add("/first_name", "required", "must be given for somebody new")
	}
	if in.LastName == "" {
		c.Add("/last_name", "required", "must be given for somebody new")
	}
	return c.Err()
}

// checkUserName checks a user name: letters and digits of any script, and . _ - @ +.
func checkUserName(c *veranda.Checks, pointer, text string) string {
	text = c.Line(pointer, text, 1, 60)
	if strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("._-@+", r)
	}) {
		c.Add(pointer, "user_name", "may have letters, digits and . _ - @ + only")
	}
	return text
}

// userNameKey is the form in which user names are compared: case and compatible spellings make no difference.
func userNameKey(name string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name)))
}

// nullText is a text as an argument, NULL where it is empty.
func nullText(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// masked shows enough of a contact in a log for who knows it already.
func (c contact) masked() string {
	if c.Address.Written != "" {
		return maskAddress(c.Address.Written)
	}
	if len(c.Phone) < 6 {
		return "***"
	}
	return c.Phone[:3] + "***" + c.Phone[len(c.Phone)-2:]
}

// ReservedInput names somebody for whom an account was made.
type ReservedInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
}

// ActivationSent is the answer to sending the link of a reserved account again.
type ActivationSent struct {
	Channel   string `json:"channel" enum:"mail,phone"`
	Recipient string `json:"recipient"`
}

// AcceptMembershipInput accepts what an access manager offered.
type AcceptMembershipInput struct {
	Org        veranda.OrgID `path:"org" json:"-"`
	Employment bool          `json:"employment,omitempty" doc:"Become an employee, where that is offered; external otherwise."`
}

// DeclineMembershipInput declines it.
type DeclineMembershipInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// ConfirmMemberInput lets somebody in again whom their home has disabled.
type ConfirmMemberInput struct {
	Org     veranda.OrgID     `path:"org" json:"-"`
	Account veranda.AccountID `path:"account" json:"-"`
}

// UpdateMemberInput changes what the organization says of a member; what is absent stays. Everything else of a profile is
// the person's own.
type UpdateMemberInput struct {
	Org              veranda.OrgID     `path:"org" json:"-"`
	Account          veranda.AccountID `path:"account" json:"-"`
	Version          int64             `header:"If-Match" json:"-"`
	UserName         *string           `json:"user_name,omitempty" maxLength:"60" doc:"Unique in the organization, whatever its case; empty for none."`
	FallbackLanguage *string           `json:"fallback_language,omitempty" maxLength:"35" doc:"Of mails of this organization, where nothing is written in the person's own language; empty for none."`
	FirstName        *string           `json:"first_name,omitempty" minLength:"1" maxLength:"50" doc:"Of an employee whose account the organization made, until they have made it their own."`
	LastName         *string           `json:"last_name,omitempty" minLength:"1" maxLength:"50" doc:"As first_name."`
}

func (in *UpdateMemberInput) validate() error {
	var c veranda.Checks
	if in.UserName != nil && *in.UserName != "" {
		*in.UserName = checkUserName(&c, "/user_name", *in.UserName)
	}
	if in.FallbackLanguage != nil && *in.FallbackLanguage != "" {
		*in.FallbackLanguage = checkLanguage(&c, "/fallback_language", *in.FallbackLanguage)
	}
	if in.FirstName != nil {
		*in.FirstName = c.Line("/first_name", *in.FirstName, 1, 50)
	}
	if in.LastName != nil {
		*in.LastName = c.Line("/last_name", *in.LastName, 1, 50)
	}
	if in.UserName == nil && in.FallbackLanguage == nil && in.FirstName == nil && in.LastName == nil {
		c.Add("", "required", "must change at least one field")
	}
	return c.Err()
}
