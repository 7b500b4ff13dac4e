package field

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Conversion takes the values of a field over into another kind, or other options of the same kind.
//
// The new field has a slot of its own and the old values stay in theirs, so nothing is lost: not what did not convert, nor
// what the new kind cannot say. On the way back the old value is taken again wherever the new one has not been changed.
type Conversion struct {
	from, to *column
	location *time.Location
}

// NewConversion is the conversion between two fields; location is in whose days moments become dates. The error says why
// values of the one can never be values of the other.
func NewConversion(from, to Field, location *time.Location) (*Conversion, error) {
	set, err := NewSet([]Field{withKey(from, "old"), withKey(to, "new")})
	if err != nil {
		return nil, err
	}
	if location == nil {
		location = time.UTC
	}
	c := &Conversion{from: set.byKey["old"], to: set.byKey["new"], location: location}
	if !c.possible() {
		return nil, fmt.Errorf("values of the kind %s cannot become %s", from.Kind, to.Kind)
	}
	return c, nil
}

func withKey(f Field, key string) Field {
	f.Key = key
	return f
}

// possible tells whether it can make sense at all. Everything has a text and can be read from one, but ids of people.
func (c *Conversion) possible() bool {
	from, to := c.from, c.to
	switch {
	case from.Kind == Relation || to.Kind == Relation || from.Kind.Computed() || to.Kind.Computed():
		return false
	case from.Kind.Stamped() || to.Kind.Stamped() || to.Kind == AutoNumber && from.Kind != Number && from.Kind != AutoNumber:
		return false
	case from.Kind == Person || to.Kind == Person:
		return from.Kind == to.Kind
	}
	return true
}

// Convert gives what the old field's value is in the new field: nil where it is empty or false. The error says why it does
// not convert; nothing is rounded or cut off.
func (c *Conversion) Convert(d Doc) (any, error) {
	value := d[c.from.Slot]
	if value == nil {
		return nil, nil
	}
	switch from, to := c.from, c.to; {
	case from.Kind == Checkbox && to.Kind == Checkbox, from.Kind == Person && to.class == from.class:
		return value, nil
	case from.Kind == Person && to.class == ClassSet:
		return []string{value.(string)}, nil
	case from.Kind == Person:
		if list := value.([]string); len(list) == 1 {
			return list[0], nil
		}
		return nil, errors.New("names several people")
	case to.Kind == Checkbox && from.class == ClassInt:
		if value == int64(0) {
			return nil, nil
		}
		return int64(1), nil
	case to.class == ClassInt && from.Kind == Checkbox:
		return to.parseText("1", Writing{})
	case from.Kind == Date && to.Kind == DateTime:
		return to.parseText(value.(string), Writing{Layout: dateForm, Location: c.location})
	case from.Kind == DateTime && to.Kind == Date:
		return c.day(value.(string))
	case to.class == ClassInt:
		return to.parseText(c.digits(d), Writing{})
	case to.Kind == Select && from.Kind == MultiSelect:
		list := value.([]string)
		if len(list) > 1 {
			return nil, errors.New("has several choices")
		}
		return to.parseText(from.Text(d), Writing{})
	case to.Kind == MultiSelect && from.Kind == MultiSelect:
		return to.parseParts(strings.Join(from.ChoiceNames(value.([]string)...), "\n"))
	case to.Kind == Text && from.Kind == LongText && strings.ContainsRune(value.(string), '\n'):
		return nil, errors.New("has several lines")
	default:
		return to.parseText(from.Text(d), Writing{Location: c.location})
	}
}

// digits is a value's text without what only people read: an auto-number's prefix, the sign of per cent.
func (c *Conversion) digits(d Doc) string {
	if v, ok := d[c.from.Slot].(int64); ok {
		decimals := c.from.Decimals
		if !c.from.Kind.decimal() {
			decimals = 0
		}
		return string(appendDecimal(nil, v, decimals, false))
	}
	return c.from.Text(d)
}

// day is the date of a moment that is the beginning of a day; others would lose their time.
func (c *Conversion) day(text string) (any, error) {
	moment, err := time.Parse(momentForm, text)
	if err != nil {
		return nil, errMoment
	}
	moment = moment.In(c.location)
	if !moment.Equal(time.Date(moment.Year(), moment.Month(), moment.Day(), 0, 0, 0, 0, c.location)) {
		return nil, errors.New("has a time of day")
	}
	return c.to.parseText(moment.Format(dateForm), Writing{})
}

// Apply stores the converted value in the document beside the old one, and tells whether it converted.
func (c *Conversion) Apply(d Doc) error {
	value, err := c.Convert(d)
	c.to.put(d, value)
	return err
}

// Back returns from the new field to the old: to the old value where the new one is still what the old one became, and to
// what the new one converts to where it was changed.
func (c *Conversion) Back(d Doc) error {
	became, _ := c.Convert(d)
	if now := d[c.to.Slot]; equal(became, now) {
		return nil
	}
	back := &Conversion{from: c.to, to: c.from, location: c.location}
	return back.Apply(d)
}
