package field

import "slices"

// Kind is what a field's values are.
type Kind string

// The kinds.
const (
	Text        Kind = "text"         // one line
	LongText    Kind = "long_text"    // several lines
	Number      Kind = "number"       // a decimal number
	Currency    Kind = "currency"     // an amount of money
	Percent     Kind = "percent"      // 12.5 is 12.5 %
	Date        Kind = "date"         // a day
	DateTime    Kind = "date_time"    // a moment, to the millisecond
	Checkbox    Kind = "checkbox"     // yes or no
	Select      Kind = "select"       // one of the field's choices
	MultiSelect Kind = "multi_select" // some of the field's choices
	Person      Kind = "person"       // an account, or several
	Email       Kind = "email"        // a mail address
	Phone       Kind = "phone"        // a phone number
	Link        Kind = "link"         // an address in the web
	Rating      Kind = "rating"       // 1 to the field's max
	AutoNumber  Kind = "auto_number"  // 1, 2, 3 … given by the program
	Relation    Kind = "relation"     // records of an application, or the other side of such a field
	Formula     Kind = "formula"      // computed of the record's other values
	Lookup      Kind = "lookup"       // a value of related records
	RollUp      Kind = "roll_up"      // a count, a sum … of related records
	CreatedBy   Kind = "created_by"   // who made the record
	CreatedAt   Kind = "created_at"   // when
	ChangedBy   Kind = "changed_by"   // who changed it last
	ChangedAt   Kind = "changed_at"   // when
)

// Kinds are all kinds, in the order in which a designer offers them.
func Kinds() []Kind {
	return []Kind{
		Text, LongText, Number, Currency, Percent, Date, DateTime, Checkbox, Select, MultiSelect, Person,
		Email, Phone, Link, Rating, AutoNumber, Relation, Formula, Lookup, RollUp, CreatedBy, CreatedAt, ChangedBy, ChangedAt,
	}
}

// Class is how values are kept and compared; several kinds share one.
type Class uint8

// The classes.
const (
	ClassText  Class = iota + 1 // by the folded form
	ClassExact                  // by the text itself
	ClassInt                    // as whole numbers
	ClassBool                   // 0 or 1
	ClassSet                    // lists of texts, which have no order
)

// Class is how the field's values are kept and compared.
func (f *Field) Class() Class {
	switch f.Kind {
	case Text, LongText, Email, Phone, Link:
		return ClassText
	case Number, Currency, Percent, Rating, AutoNumber, CreatedAt, ChangedAt:
		return ClassInt
	case Checkbox:
		return ClassBool
	case MultiSelect:
		return ClassSet
	case Person, Relation:
		if f.Multiple {
			return ClassSet
		}
	}
	return ClassExact
}

// Known tells whether a kind is one of Kinds.
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// ReadOnly tells whether the program gives the values, and nobody writes them.
func (k Kind) ReadOnly() bool { return k == AutoNumber || k.Stamped() || k.Computed() }

// Computed tells whether the program computes the values of other ones. In a [Set] such a field stands as one of the kind
// of its result, with Given set: see [Field.Resolved].
func (k Kind) Computed() bool { return k == Formula || k == Lookup || k == RollUp }

// Stamped tells whether the value is no part of the document, but who made or changed the record, or when.
func (k Kind) Stamped() bool {
	return k == CreatedBy || k == CreatedAt || k == ChangedBy || k == ChangedAt
}

// decimal tells whether values are decimal numbers that people write.
func (k Kind) decimal() bool { return k == Number || k == Currency || k == Percent }

// canBeUnique tells whether a field of the kind can hold each value once only.
func (k Kind) canBeUnique() bool {
	return slices.Contains([]Kind{Text, Number, Currency, Date, DateTime, Email, Phone, Link}, k)
}
