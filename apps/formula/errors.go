package formula

import (
	"errors"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Error is why a formula has no value for a record; the field is empty then. Reason is for programs, Message for people.
type Error struct{ Reason, Message string }

func (e *Error) Error() string { return "formula: " + e.Message }

// The errors of Program.Eval.
var (
	ErrDivision = &Error{"division_by_zero", "divides by zero"}
	ErrOverflow = &Error{"overflow", "the number is too large"}
	ErrDate     = &Error{"date_range", "the date lies outside the years 1 to 9999"}
	ErrNoDate   = &Error{"not_a_date", "the text is no date"}
	ErrNoNumber = &Error{"not_a_number", "the text is no number"}
	ErrArgument = &Error{"argument", "a function got a number outside its range"}
	ErrTooLong  = &Error{"too_long", "the text is too long"}
	ErrCost     = &Error{"cost", "the formula does too much work for one record"}
	ErrInternal = &Error{"internal", "the formula could not be computed"}
)

// Problem is what is wrong with a formula's text. It is the cause of the error that Compile gives.
type Problem struct {
	Position      int // in characters, from 1
	Rule, Message string
}

func (p *Problem) Error() string { return fmt.Sprintf("%s (at character %d)", p.Message, p.Position) }

// invalid is the problem as a bad field of an input.
func invalid(err error) error {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Position: 1, Rule: "formula", Message: "is no formula"}
	}
	var c veranda.Checks
	c.Add("/formula", p.Rule, p.Error())
	var e *veranda.Error
	if errors.As(c.Err(), &e) {
		return e.Because(p)
	}
	return c.Err()
}
