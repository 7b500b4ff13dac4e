package tenancy

import (
	"fmt"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
)

// OrganizationKind says what a tenant is for.
type OrganizationKind string

// The kinds of tenants.
const (
	KindOrganization OrganizationKind = "organization"
	KindPersonal     OrganizationKind = "personal" // of a personal address: exactly one workspace, no teams
)

// What becomes of a request to join.
const (
	JoiningAsk  = "ask"  // a manager decides
	JoiningAuto = "auto" // it happens by itself
)

func checkWeekStart(c *veranda.Checks, pointer string, day int64) {
	if day < 1 || day > 7 {
		c.Add(pointer, "range", "must be 1 (Monday) to 7 (Sunday)")
	}
}

// Organization is a tenant.
type Organization struct {
	ID   veranda.OrgID    `json:"id"`
	Kind OrganizationKind `json:"kind"`
	Name string           `json:"name"`
	// Domains are the mail domains of employees, in ASCII form; none means that any address can be an employee's.
	Domains []string `json:"domains"`
	// EmployeesInvite tells whether employees may invite employees.
	EmployeesInvite bool `json:"employees_invite"`
	// Joining says what becomes of a request to join by an address in a proved domain.
	Joining string `json:"joining" enum:"ask,auto"`
	// RequireSecondFactor asks a second factor of employees.
	RequireSecondFactor bool `json:"require_second_factor"`
	// ExternalsNeedRelation lets in externals from other tenants only where the two are related.
	ExternalsNeedRelation bool `json:"externals_need_relation"`
	// AuditDays is how long the audit log is kept; 0 is for ever.
	AuditDays int64 `json:"audit_days"`
	// WeekStart is the first day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
	WeekStart int64             `json:"week_start"`
	Language  string            `json:"language"`
	TimeZone  string            `json:"time_zone"`
	CreatedBy veranda.AccountID `json:"created_by"`
	CreatedAt time.Time         `json:"created_at"`
	UpdatedAt time.Time         `json:"updated_at"`
	Version   int64             `json:"version"`
	// Welcome is what the mail to new employees says besides its own words; empty for nothing.
	Welcome string `json:"welcome"`
	// Limited is true for those who may know the name only (guests, platform support); all other fields are then empty.
	Limited bool `json:"limited,omitempty"`
}

// ETag is the version as an HTTP entity tag.
func (o Organization) ETag() string { return strconv.Quote(strconv.FormatInt(o.Version, 10)) }

// Location is the organization's path.
func (o Organization) Location() string { return "/v1/organizations/" + o.ID.String() }

// CreateOrganizationInput founds a tenant.
type CreateOrganizationInput struct {
	Kind OrganizationKind `json:"kind" enum:"organization,personal" doc:"A personal tenant has exactly one workspace and no teams."`
	Name string           `json:"name" minLength:"1" maxLength:"100"`
	// Address is the confirmed address that will own the tenant; empty means the primary one.
	Address  string   `json:"address,omitempty" maxLength:"254" doc:"The confirmed address that owns the tenant; the primary one when absent."`
	Domains  []string `json:"domains,omitempty" maxItems:"20" doc:"Mail domains of employees; none allows any."`
	Language string   `json:"language,omitempty" maxLength:"35"`
	TimeZone string   `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name; the account's when absent."`
	// Invite are addresses invited at once as members of a personal tenant.
	Invite []string `json:"invite,omitempty" maxItems:"100" doc:"Addresses to invite at once, for a personal tenant."`
}

func (in *CreateOrganizationInput) validate() error {
	var c veranda.Checks
	veranda.OneOf(&c, "/kind", in.Kind, KindOrganization, KindPersonal)
	in.Name = c.Line("/name", in.Name, 1, 100)
	in.Domains = checkDomains(&c, in.Domains)
	if in.Kind == KindPersonal && len(in.Domains) > 0 {
		c.Add("/domains", "personal", "a personal tenant has no domains")
	}
	if in.Kind == KindOrganization && len(in.Invite) > 0 {
		c.Add("/invite", "personal", "only a personal tenant invites while it is made")
	}
	c.Count("/invite", len(in.Invite), 0, 100)
	for i, address := range in.Invite {
		if _, err := ParseAddress(address); err != nil {
			c.Add("/invite/"+strconv.Itoa(i), "address", "must be a mail address")
		}
	}
	if in.Language != "" {
		checkLanguage(&c, "/language", in.Language)
	}
	if in.TimeZone != "" {
		checkTimeZone(&c, "/time_zone", in.TimeZone)
	}
	return c.Err()
}

func checkDomains(c *veranda.Checks, domains []string) []string {
	c.Count("/domains", len(domains), 0, 20)
	out := make([]string, 0, len(domains))
	seen := map[string]bool{}
	for i, text := range domains {
		pointer := fmt.Sprintf("/domains/%d", i)
		domain, err := asciiDomain(text)
		switch {
		case err != nil:
			c.Add(pointer, "domain", "must be a mail domain such as example.com")
		case seen[domain]:
			c.Add(pointer, "repeated", "is named twice")
		default:
			seen[domain] = true
			out = append(out, domain)
		}
	}
	return out
}

// GetOrganizationInput names an organization.
type GetOrganizationInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// UpdateOrganizationInput changes settings; absent fields stay.
type UpdateOrganizationInput struct {
	Org             veranda.OrgID `path:"org" json:"-"`
	Version         int64         `header:"If-Match" json:"-"`
	Name            *string       `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Domains         *[]string     `json:"domains,omitempty" maxItems:"20" doc:"Mail domains of employees; an empty list allows any. Those who are employees already stay."`
	EmployeesInvite *bool         `json:"employees_invite,omitempty" doc:"Whether employees may invite employees."`
	Joining         *string       `json:"joining,omitempty" enum:"ask,auto" doc:"What becomes of a request to join by an address in a proved domain: a manager decides, or it happens by itself."`
	// RequireSecondFactor can be switched on by who has one.
	RequireSecondFactor   *bool   `json:"require_second_factor,omitempty" doc:"Whether employees need a second factor."`
	ExternalsNeedRelation *bool   `json:"externals_need_relation,omitempty" doc:"Whether externals from another tenant need a relation with it."`
	AuditDays             *int64  `json:"audit_days,omitempty" minimum:"0" maximum:"3650" doc:"How many days the audit log is kept; 0 is for ever, less than 30 is not taken."`
	WeekStart             *int64  `json:"week_start,omitempty" minimum:"1" maximum:"7" doc:"The first day of the week, 1 for Monday to 7 for Sunday."`
	Language              *string `json:"language,omitempty" maxLength:"35"`
	TimeZone              *string `json:"time_zone,omitempty" maxLength:"64"`
	Welcome               *string `json:"welcome,omitempty" maxLength:"5000" doc:"What the mail to new employees says besides its own words; empty for nothing."`
}

func (in *UpdateOrganizationInput) validate() error {
	var c veranda.Checks
	if in.Name != nil {
		*in.Name = c.Line("/name", *in.Name, 1, 100)
	}
	if in.Domains != nil {
		*in.Domains = checkDomains(&c, *in.Domains)
	}
	if in.Language != nil {
		checkLanguage(&c, "/language", *in.Language)
	}
	if in.TimeZone != nil {
		checkTimeZone(&c, "/time_zone", *in.TimeZone)
	}
	if in.Joining != nil {
		veranda.OneOf(&c, "/joining", *in.Joining, JoiningAsk, JoiningAuto)
	}
	if in.AuditDays != nil && *in.AuditDays != 0 && (*in.AuditDays < 30 || *in.AuditDays > 3650) {
		c.Add("/audit_days", "range", "must be 0, or 30 to 3650")
	}
	if in.WeekStart != nil {
		checkWeekStart(&c, "/week_start", *in.WeekStart)
	}
	if in.Welcome != nil {
		*in.Welcome = c.Text("/welcome", *in.Welcome, 0, 5000)
	}
	if in.Welcome == nil && in.Name == nil && in.Domains == nil && in.EmployeesInvite == nil && in.Joining == nil && in.RequireSecondFactor == nil &&
		in.ExternalsNeedRelation == nil && in.AuditDays == nil && in.WeekStart == nil && in.Language == nil && in.TimeZone == nil {
		c.Add("", "required", "must change at least one field")
	}
	return c.Err()
}

// Mine is a tenant of one's own, with the part one plays there.
type Mine struct {
	Organization veranda.OrgID    `json:"organization_id"`
	Name         string           `json:"name"`
	Kind         OrganizationKind `json:"kind"`
	MemberKind   string           `json:"member_kind"`
	Roles        []string         `json:"roles"`
	// State is "offered" for what an access manager offers and one has not accepted yet.
	State string `json:"state" enum:"active,offered"`
	// Employment tells that one is offered to be an employee.
	Employment bool `json:"employment_offered,omitempty"`
}
