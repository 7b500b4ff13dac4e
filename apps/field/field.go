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
	Kind        Kind   `json:"kind" enum:"text,long_text,number,currency,percent,date,date_time,checkbox,select,multi_select,person,email,phone,link,rating,auto_number,created_by,created_at,changed_by,changed_at"`
	// Slot is where the field's values lie in a document: "f" and a number, of one field for ever. It stays within the program.
	Slot string `json:"-"`
	Rules
	Options
}

// Rules hold for the values of most kinds.
type Rules struct {
	Required bool `json:"required,omitempty" doc:"No record may leave the field empty."`
	Unique   bool `json:"unique,omitempty" doc:"No two records have the same value; texts that differ only in case or accents are the same."`
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
	Multiple   bool     `json:"multiple,omitempty" doc:"person: several people."`
	Prefix     string   `json:"prefix,omitempty" maxLength:"20" doc:"auto_number: what stands before the number where people read it."`
	Digits     int      `json:"digits,omitempty" minimum:"0" maximum:"12" doc:"auto_number: how many digits people read at least."`
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
	return c
}
