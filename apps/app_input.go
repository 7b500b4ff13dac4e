package apps

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// CreateInput is a new application.
type CreateInput struct {
	Org         veranda.OrgID       `path:"org" json:"-"`
	Workspace   veranda.WorkspaceID `path:"workspace" json:"-"`
	Name        string              `json:"name" minLength:"1" maxLength:"100"`
	Description string              `json:"description,omitempty" maxLength:"5000"`
	Icon        string              `json:"icon,omitempty" maxLength:"40"`
	TimeZone    string              `json:"time_zone,omitempty" maxLength:"60" doc:"In whose day \"today\" is, a name of the IANA's database; UTC where absent."`
	Fields      []FieldInput        `json:"fields,omitempty" maxItems:"200" doc:"The columns; a field \"Name\" where there are none."`
}

// FieldInput is a new field.
type FieldInput struct {
	// Key is made of the name where it is absent. It never changes.
	Key         string     `json:"key,omitempty" pattern:"^[a-z][a-z0-9_]{0,39}$"`
	Name        string     `json:"name" minLength:"1" maxLength:"100"`
	Description string     `json:"description,omitempty" maxLength:"1000"`
	Kind        field.Kind `json:"kind" enum:"text,long_text,number,currency,percent,date,date_time,checkbox,select,multi_select,person,email,phone,link,rating,auto_number,relation,formula,lookup,roll_up,created_by,created_at,changed_by,changed_at"`
	field.Rules
	field.Options
}

func (in *FieldInput) field() field.Field {
	return field.Field{Key: in.Key, Name: in.Name, Description: in.Description, Kind: in.Kind, Rules: in.Rules, Options: in.Options}
}

func (in *CreateInput) validate() (*schema, error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	in.Name = c.Line("/name", in.Name, 1, MaxName)
	in.Description = c.Text("/description", in.Description, 0, MaxDescription)
	in.Icon = c.Line("/icon", in.Icon, 0, MaxIcon)
	if len(in.Fields) == 0 {
		in.Fields = []FieldInput{{Name: "Name", Kind: field.Text, Rules: field.Rules{Required: true}}}
	}
	c.Count("/fields", len(in.Fields), 0, MaxFields)
	checkZone(&c, in.TimeZone)
	if c.Failed("/fields") {
		return nil, c.Err()
	}
	return in.design(&c)
}

// design makes the schema of a new application.
func (in *CreateInput) design(c *veranda.Checks) (*schema, error) {
	s := &schema{TimeZone: in.TimeZone, version: 1}
	list := make([]field.Field, len(in.Fields))
	for i := range in.Fields {
		list[i] = in.Fields[i].field()
		if checkField(c, at("/fields", i), &list[i]); list[i].Kind == field.Lookup || list[i].Kind == field.RollUp || list[i].Kind == field.Relation {
			c.Add(at("/fields", i)+"/kind", "later", "must be added when the application is there: such a field speaks of others")
		}
	}
	field.CheckAll(c, "/fields", list)
	if err := c.Err(); err != nil {
		return nil, err
	}
	var formulas []int
	for i := range list {
		if list[i].Kind == field.Formula {
			formulas = append(formulas, i)
			continue
		}
		s.add(list[i], len(s.Columns))
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	for _, i := range formulas {
		if err := s.settleFormula(&list[i]); err != nil {
			for _, f := range fieldsOf(err) {
				c.Add(at("/fields", i)+f.Pointer, f.Rule, f.Message)
			}
			return nil, c.Err()
		}
		s.add(list[i], i)
		if err := s.ready(); err != nil {
			return nil, err
		}
	}
	s.Title = s.anyTitle()
	s.checkConditions(c, func(key string) string {
		return at("/fields", slices.IndexFunc(s.Columns, func(col *column) bool { return col.Key == key })) + "/required_when"
	})
	return s, c.Err()
}

// checkField puts a new definition into its proper form and reports what is wrong with it.
func checkField(c *veranda.Checks, pointer string, f *field.Field, taken ...string) {
	f.Check(c, pointer, taken...)
	place := pointer + "/required_when"
	if null(f.RequiredWhen) {
		f.RequiredWhen = nil
		return
	}
	if f.Kind.ReadOnly() {
		c.Add(place, "kind", "is not for fields whose values the program gives")
		return
	}
	when := new(query.Filter)
	if err := json.Unmarshal(f.RequiredWhen, when); err != nil {
		c.Add(place, "filter", "must be a filter: "+err.Error())
	} else if when.IsZero() {
		f.RequiredWhen = nil
	}
}

// add gives a field what the program gives it, and puts it at an index among the columns.
func (s *schema) add(f field.Field, index int) *column {
	f.ID = field.ID(veranda.NewID[appKind]())
	if f.Key == "" {
		f.Key = field.KeyOf(f.Name, s.taken)
	}
	col := &column{Field: f}
	if !f.Kind.Stamped() {
		col.Slot = s.slot()
		col.Field.Slot = col.Slot
	}
	s.Columns = slices.Insert(s.Columns, index, col)
	return col
}

// anyTitle is the key of the first field by which a record can be named.
func (s *schema) anyTitle() string {
	for _, col := range s.Columns {
		if col.RemovedAt == nil && canBeTitle(&col.Field) {
			return col.Key
		}
	}
	return ""
}

func canBeTitle(f *field.Field) bool {
	switch f.Kind {
	case field.Text, field.Email, field.Phone, field.Link, field.Select, field.AutoNumber, field.Number, field.Date:
		return true
	}
	return false
}

// checkConditions checks the conditions under which fields must not be empty.
func (s *schema) checkConditions(c *veranda.Checks, place func(key string) string) {
	for _, n := range s.needed {
		query.Check(c, place(n.key), n.when, s.set, query.Asking{})
	}
}

// GetInput names an application.
type GetInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
	App ID            `path:"app" json:"-"`
}

func (in *GetInput) validate() error {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	return c.Err()
}

// RestoreInput names what was deleted and is to come back.
type RestoreInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

func (in *RestoreInput) validate() error {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	checkVersion(&c, in.Version)
	return c.Err()
}

// DeleteInput names an application to be deleted.
type DeleteInput = RestoreInput

// ListInput asks for applications by their names.
type ListInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `query:"workspace" json:"-" doc:"Only of this workspace."`
	veranda.Page
}

const appsList = "apps.apps"

func (in *ListInput) validate() (size int, position []string, err error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	size = in.Size(&c)
	position = idPosition(&c, in.Page, appsList)
	return size, position, c.Err()
}

// DeletedInput asks for the deleted applications of a workspace.
type DeletedInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	veranda.Page
}

const deletedAppsList = "apps.deleted_apps"

func (in *DeletedInput) validate() (size int, position []string, err error) {
	var c veranda.Checks
	veranda.Required(&c, "/organization_id", in.Org)
	veranda.Required(&c, "/workspace_id", in.Workspace)
	size = in.Size(&c)
	position = idPosition(&c, in.Page, deletedAppsList)
	return size, position, c.Err()
}

// idPosition is a position of two parts, the second of which is an id.
func idPosition(c *veranda.Checks, page veranda.Page, list string) []string {
	position := page.Position(c, list, 2)
	if position != nil {
		if _, err := veranda.ParseID[appKind](position[1]); err != nil {
			badCursor(c)
			return nil
		}
	}
	return position
}

func badCursor(c *veranda.Checks) { c.Add("/cursor", "cursor", "is no cursor of this list") }

// UpdateInput changes what an application is called and how it behaves. What is absent stays.
type UpdateInput struct {
	Org         veranda.OrgID `path:"org" json:"-"`
	App         ID            `path:"app" json:"-"`
	Version     int64         `header:"If-Match" json:"-"`
	Name        *string       `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Description *string       `json:"description,omitempty" maxLength:"5000"`
	Icon        *string       `json:"icon,omitempty" maxLength:"40"`
	Title       *string       `json:"title,omitempty" maxLength:"40" doc:"The key of the field by which records are named."`
	TimeZone    *string       `json:"time_zone,omitempty" maxLength:"60"`
	// Lock, Access and OnlyNamed are for who manages the application. The zero filter takes the lock away.
	Lock      *query.Filter `json:"lock,omitempty" doc:"The condition under which records can be changed no more; {} for none."`
	Access    *[]Rule       `json:"access,omitempty" maxItems:"50"`
	OnlyNamed *bool         `json:"only_named,omitempty" doc:"Whether those whom no rule names see nothing of the application."`
}

func (in *UpdateInput) validate() error {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	checkVersion(&c, in.Version)
	if in.Name != nil {
		*in.Name = c.Line("/name", *in.Name, 1, MaxName)
	}
	if in.Description != nil {
		*in.Description = c.Text("/description", *in.Description, 0, MaxDescription)
	}
	if in.Icon != nil {
		*in.Icon = c.Line("/icon", *in.Icon, 0, MaxIcon)
	}
	if in.TimeZone != nil {
		checkZone(&c, *in.TimeZone)
	}
	if in.Access != nil {
		c.Count("/access", len(*in.Access), 0, MaxRules)
	}
	return c.Err()
}

// manages tells whether something is to be changed that is for who manages the application.
func (in *UpdateInput) manages() bool {
	return in.Lock != nil || in.Access != nil || in.OnlyNamed != nil
}

// designs tells whether something else is.
func (in *UpdateInput) designs() bool {
	return in.Name != nil || in.Description != nil || in.Icon != nil || in.Title != nil || in.TimeZone != nil
}

func checkZone(c *veranda.Checks, zone string) {
	if zone == "" {
		return
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" || len(zone) > MaxTimeZone {
		c.Add("/time_zone", "time_zone", "must be a name of the IANA's database, such as Europe/Berlin")
	}
}

// checkRules checks rules of access against the fields.
func (s *schema) checkRules(c *veranda.Checks, rules []Rule) {
	for i := range rules {
		r, place := &rules[i], at("/access", i)
		c.Count(place+"/roles", len(r.Roles), 1, 50)
		for j, role := range r.Roles {
			r.Roles[j] = c.Line(at(place+"/roles", j), role, 1, 100)
		}
		if r.Where != nil && r.Where.IsZero() {
			r.Where = nil
		}
		if r.Where != nil {
			query.Check(c, place+"/where", r.Where, s.set, query.Asking{Me: someone})
		}
		for _, list := range []struct {
			name string
			keys []string
		}{{"/hidden", r.Hidden}, {"/read_only", r.ReadOnly}} {
			for j, key := range list.keys {
				if s.set.Field(key) == nil {
					c.Add(at(place+list.name, j), "unknown", "is no field of this application")
				}
			}
		}
	}
}

// someone is an account for checking a condition that speaks of "me", of whoever that will be.
var someone = veranda.NewAccountID()

func checkApp(c *veranda.Checks, org veranda.OrgID, app ID) {
	veranda.Required(c, "/organization_id", org)
	veranda.Required(c, "/app_id", app)
}

func checkVersion(c *veranda.Checks, version int64) {
	if version < 0 {
		c.Add("/version", "range", "must be a version, or absent")
	}
}

// at is the pointer to an element of a list.
func at(pointer string, index int) string { return pointer + "/" + strconv.Itoa(index) }

// null tells whether raw JSON is absent or null.
func null(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
