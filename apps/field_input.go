package apps

import (
	"encoding/json"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// AddFieldInput is a new field of an application.
type AddFieldInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	FieldInput
	// Before is the field that the new one stands before; absent: it comes last.
	Before field.ID `json:"before_id,omitzero" doc:"The field that the new one stands before; the last where absent."`
}

func (in *AddFieldInput) validate() (field.Field, error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	checkVersion(&c, in.Version)
	f := in.FieldInput.field()
	checkField(&c, "", &f)
	return f, c.Err()
}

// FieldNamed names a field of an application.
type FieldNamed struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Field   field.ID      `path:"field" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
}

func (in *FieldNamed) validate() error {
	var c veranda.Checks
	in.check(&c)
	return c.Err()
}

func (in *FieldNamed) check(c *veranda.Checks) {
	checkApp(c, in.Org, in.App)
	veranda.Required(c, "/field_id", in.Field)
	checkVersion(c, in.Version)
}

// UpdateFieldInput changes a field within its kind. What is absent stays. Values that are there stay too, also where they
// do not follow the new rules: they are refused when their record is changed.
type UpdateFieldInput struct {
	Org         veranda.OrgID   `path:"org" json:"-"`
	App         ID              `path:"app" json:"-"`
	Field       field.ID        `path:"field" json:"-"`
	Version     int64           `header:"If-Match" json:"-"`
	Name        *string         `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Description *string         `json:"description,omitempty" maxLength:"1000"`
	Required    *bool           `json:"required,omitempty"`
	Unique      *bool           `json:"unique,omitempty" doc:"Refused where records share a value."`
	Default     json.RawMessage `json:"default,omitempty" doc:"null takes it away."`
	// RequiredWhen is a filter; {} takes the condition away.
	RequiredWhen json.RawMessage `json:"required_when,omitempty" doc:"A filter: records that meet it may not leave the field empty; {} takes it away."`
	Min          *string         `json:"min,omitempty" maxLength:"40"`
	Max          *string         `json:"max,omitempty" maxLength:"40"`
	MaxLength    *int            `json:"max_length,omitempty" minimum:"0" maximum:"100000"`
	Pattern      *string         `json:"pattern,omitempty" maxLength:"500"`
	PatternFor   *string         `json:"pattern_message,omitempty" maxLength:"200"`
	// Choices are all choices in their order; those without an id are new. A choice that records have cannot be left out.
	Choices *[]field.Choice `json:"choices,omitempty" maxItems:"500" doc:"All choices in their order; those without an id are new."`
	// Formula is of formulas; OnDelete of relations.
	Formula  *string         `json:"formula,omitempty" maxLength:"4000"`
	OnDelete *field.OnDelete `json:"on_delete,omitempty" enum:"clear,restrict,cascade"`
	Prefix   *string         `json:"prefix,omitempty" maxLength:"20"`
	Digits   *int            `json:"digits,omitempty" minimum:"0" maximum:"12"`
}

func (in *UpdateFieldInput) validate() error {
	named := FieldNamed{Org: in.Org, App: in.App, Field: in.Field, Version: in.Version}
	return named.validate()
}

// apply makes the changes to a definition.
func (in *UpdateFieldInput) apply(f *field.Field) {
	set(&f.Name, in.Name)
	set(&f.Description, in.Description)
	set(&f.Required, in.Required)
	set(&f.Unique, in.Unique)
	set(&f.Min, in.Min)
	set(&f.Max, in.Max)
	set(&f.MaxLength, in.MaxLength)
	set(&f.Pattern, in.Pattern)
	set(&f.PatternFor, in.PatternFor)
	set(&f.Choices, in.Choices)
	set(&f.Formula, in.Formula)
	set(&f.OnDelete, in.OnDelete)
	set(&f.Prefix, in.Prefix)
	set(&f.Digits, in.Digits)
	if len(in.Default) > 0 {
		f.Default = in.Default
	}
	if len(in.RequiredWhen) > 0 {
		f.RequiredWhen = in.RequiredWhen
	}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// MoveFieldInput puts a field at another place.
type MoveFieldInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Field   field.ID      `path:"field" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	// Before is the field that it is to stand before; absent: it becomes the last.
	Before field.ID `json:"before_id,omitzero"`
}

func (in *MoveFieldInput) validate() error {
	named := FieldNamed{Org: in.Org, App: in.App, Field: in.Field, Version: in.Version}
	return named.validate()
}

// RetypeInput gives a field another kind, or options that its values must be converted to.
type RetypeInput struct {
	Org     veranda.OrgID `path:"org" json:"-"`
	App     ID            `path:"app" json:"-"`
	Field   field.ID      `path:"field" json:"-"`
	Version int64         `header:"If-Match" json:"-"`
	Kind    field.Kind    `json:"kind" enum:"text,long_text,number,currency,percent,date,date_time,checkbox,select,multi_select,person,email,phone,link,rating,auto_number"`
	field.Rules
	field.Options
}

func (in *RetypeInput) validate() (field.Field, error) {
	var c veranda.Checks
	named := FieldNamed{Org: in.Org, App: in.App, Field: in.Field, Version: in.Version}
	named.check(&c)
	f := field.Field{Name: "x", Kind: in.Kind, Rules: in.Rules, Options: in.Options}
	if in.Kind.Stamped() {
		c.Add("/kind", "kind", "is not one that values can become")
		return f, c.Err()
	}
	choices := len(f.Choices)
	if choices == 0 && (f.Kind == field.Select || f.Kind == field.MultiSelect) {
		// They are made of the values that are there.
		f.Choices = []field.Choice{{Name: "x"}}
	}
	checkField(&c, "", &f)
	if choices == 0 {
		f.Choices = nil
	}
	return f, c.Err()
}

// RetypePreview tells what a retyping would do to the values that are there. Nothing is lost by it: the old values are
// kept, and come back when the field is given its former kind again.
type RetypePreview struct {
	Records   int64 `json:"records"`   // of the application
	Converted int64 `json:"converted"` // values that have a counterpart
	Empty     int64 `json:"empty"`
	Failed    int64 `json:"failed"` // values that have none: the field will be empty there
	// Returns tells that the field was so before, and its former values come back.
	Returns bool `json:"returns,omitempty"`
	// Choices are those that would be made of the values, for a select without choices of its own.
	Choices []field.Choice `json:"choices,omitempty"`
	// Examples are some values that would not convert.
	Examples []NotConverted `json:"examples"`
}

// NotConverted is a value that has no counterpart.
type NotConverted struct {
	Record RecordID `json:"record_id"`
	Value  string   `json:"value"`
	Reason string   `json:"reason"`
}
