package field

import (
	"encoding/json"

	"github.com/veranda-go/veranda"
)

type fieldKind struct{}

// ID names a field.
type ID = veranda.ID[fieldKind]

// What a definition can hold; lengths are in characters.
const (
	MaxName        = 100
	MaxDescription = 1000
	MaxKey         = 40
	MaxChoices     = 500
	MaxDecimals    = 9
	MaxPattern     = 500
	MaxLine        = 1000    // a value of one line
	MaxText        = 100_000 // a long text
	MaxPeople      = 50      // people in one field
	MaxLinks       = 500     // records that one is linked to by one field
	MaxFormula     = 4000
	MaxRating      = 10
	MaxDigits      = 12 // of an auto-number
	MaxPrefix      = 20
)

// Field is a column of an application.
type Field struct {
	ID ID `json:"id"`
	// Key names the field in records, filters and sorts. It never changes, and no other field of the application ever has it.
	Key string `json:"key"`
	// Name is what people see. No other field of the application has it in folded form.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Kind        Kind   `json:"kind" enum:"text,long_text,number,currency,percent,date,date_time,checkbox,select,multi_select,person,email,phone,link,rating,auto_number,relation,formula,lookup,roll_up,created_by,created_at,changed_by,changed_at"`
	// Given tells that the program gives the values, whatever the kind.
	Given bool `json:"-"`
	// Slot is where the field's values lie in a document: "f" and a number, of one field for ever. It stays within the program.
	Slot string `json:"-"`
	Rules
	Options
}

// Rules hold for the values of most kinds.
type Rules struct {
	Required bool `json:"required,omitempty" doc:"No record may leave the field empty."`
	Unique   bool `json:"unique,omitempty" doc:"No two records have the same value; texts that differ only in case or accents are the same."`
	// RequiredWhen is a filter of package query, which checks it; this package only keeps it.
	RequiredWhen json.RawMessage `json:"required_when,omitempty" doc:"A filter: records that meet it may not leave the field empty."`
	// Default is in the form of the API; besides, "me" stands for who makes the record, "today" and "now" for the moment.
	Default json.RawMessage `json:"default,omitempty" doc:"What a new record has where nothing is given; \"me\" in a person field, \"today\" or \"now\" in a date."`
}

// Options are of some kinds only; on fields of other kinds they are refused.
type Options struct {
	Decimals   int      `json:"decimals,omitempty" minimum:"0" maximum:"9" doc:"number, percent: how many decimals; currency: those of the currency where absent."`
	Currency   string   `json:"currency,omitempty" pattern:"^[A-Z]{3}$" doc:"currency: an ISO 4217 code."`
	Min        string   `json:"min,omitempty" maxLength:"40" doc:"The least value: a decimal number, or a date."`
	Max        string   `json:"max,omitempty" maxLength:"40" doc:"The greatest value: a decimal number, a date, or the greatest rating (1 to 10, 5 where absent)."`
	MaxLength  int      `json:"max_length,omitempty" minimum:"0" maximum:"100000" doc:"text, long_text: characters at most."`
	Pattern    string   `json:"pattern,omitempty" maxLength:"500" doc:"text: a regular expression (RE2) that the whole text must match."`
	PatternFor string   `json:"pattern_message,omitempty" maxLength:"200" doc:"What people are told whose text does not match."`
	Choices    []Choice `json:"choices,omitempty" maxItems:"500" doc:"select, multi_select: what can be chosen, in the order in which records sort."`
	Multiple   bool     `json:"multiple,omitempty" doc:"person, relation: several."`
	Prefix     string   `json:"prefix,omitempty" maxLength:"20" doc:"auto_number: what stands before the number where people read it."`
	// Target, Inverse and OnDelete are of relations. Target is the id of an application of the same workspace; Inverse the
	// key of the field there that shows the other side, which is made with the relation. Reverse tells that the field is
	// such another side: its values are those of the field Inverse there.
	Target      string   `json:"target,omitempty" maxLength:"36" doc:"relation: the application whose records are linked."`
	Inverse     string   `json:"inverse,omitempty" maxLength:"40" doc:"relation: the key of the field there that shows the other side."`
	InverseName string   `json:"inverse_name,omitempty" maxLength:"100" doc:"relation, when it is made: the name of the field there; this application's name where absent."`
	OnDelete    OnDelete `json:"on_delete,omitempty" enum:"clear,restrict,cascade" doc:"relation: what the deletion of a linked record does: clear takes the link away, restrict is refused, cascade deletes this record too."`
	Reverse     bool     `json:"reverse,omitempty" doc:"relation: the field shows the other side of one in the target."`
	// Formula is an expression; see package formula.
	Formula string `json:"formula,omitempty" maxLength:"4000" doc:"formula: an expression over the record's fields."`
	// Through, Of and Function are of lookups and roll-ups: the key of a relation of this application, that of a field in its
	// target, and what is told of its values.
	Through  string   `json:"through,omitempty" maxLength:"40" doc:"lookup, roll_up: the key of a relation."`
	Of       string   `json:"of,omitempty" maxLength:"40" doc:"lookup, roll_up: the key of a field of the related records."`
	Function Function `json:"function,omitempty" enum:"count,count_filled,sum,average,min,max" doc:"roll_up: what is told of the values."`
	// Result is the kind of what is computed.
	Result Kind `json:"result,omitempty" doc:"formula, lookup, roll_up: the kind of the result; given by the program."`
	Digits int  `json:"digits,omitempty" minimum:"0" maximum:"12" doc:"auto_number: how many digits people read at least."`
}

// OnDelete is what becomes of a record when one is deleted to which it is linked.
type OnDelete string

// The rules. A link that is taken away comes back with the deleted record.
const (
	Clear    OnDelete = "clear"
	Restrict OnDelete = "restrict"
	Cascade  OnDelete = "cascade"
)

// Function is what a roll-up tells of the values of related records.
type Function string

// The functions. Empty values count for none of them but count, which counts the records.
const (
	Count       Function = "count"
	CountFilled Function = "count_filled"
	Sum         Function = "sum"
	Average     Function = "average"
	Min         Function = "min"
	Max         Function = "max"
)

// Resolved is the field as a [Set] has it: one whose values are computed is of the kind of its result.
func (f *Field) Resolved() Field {
	r := f.Clone()
	if !f.Kind.Computed() {
		r.Given = f.Given || f.Kind == Relation && f.Reverse
		return r
	}
	r.Kind, r.Given, r.Rules = f.Result, true, Rules{}
	r.Options = Options{Decimals: f.Decimals, Currency: f.Currency}
	return r
}

// Choice is something that can be chosen.
type Choice struct {
	// ID is what records keep; it is given by the program and stays when the choice is renamed.
	ID    string `json:"id,omitempty" maxLength:"10"`
	Name  string `json:"name" minLength:"1" maxLength:"100"`
	Color string `json:"color,omitempty" enum:"gray,red,orange,yellow,green,teal,blue,purple,pink,brown"`
}

// Clone is a copy whose lists can be changed.
func (f *Field) Clone() Field {
	c := *f
	c.Choices = append([]Choice(nil), f.Choices...)
	c.Default = append(json.RawMessage(nil), f.Default...)
	c.RequiredWhen = append(json.RawMessage(nil), f.RequiredWhen...)
	return c
}
