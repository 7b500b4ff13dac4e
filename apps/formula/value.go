package formula

import (
	"time"

	"github.com/veranda-go/veranda/apps/field"
)

// valueType is what a part of a formula gives. While a formula runs, an empty value is nil.
type valueType uint8

const (
	typeEmpty  valueType = iota + 1 // nil
	typeNumber                      // number
	typeText                        // string
	typeBool                        // bool
	typeDay                         // day
	typeMoment                      // moment
	typeList                        // []string
)

func (t valueType) String() string {
	return [...]string{"", "nothing", "a number", "a text", "yes or no", "a date", "a moment", "a list"}[t]
}

// Days and moments are kept as fields keep them: texts of fixed width, which compare as the moments do.
type (
	day    string
	moment string
)

const (
	dayLayout    = "2006-01-02"
	momentLayout = "2006-01-02T15:04:05.000Z"
)

var (
	kindOf = map[valueType]field.Kind{typeNumber: field.Number, typeText: field.Text, typeBool: field.Checkbox,
		typeDay: field.Date, typeMoment: field.DateTime, typeEmpty: field.Text}
	resultOf = map[field.Kind]valueType{field.Number: typeNumber, field.Currency: typeNumber, field.Percent: typeNumber,
		field.Text: typeText, field.LongText: typeText, field.Checkbox: typeBool, field.Date: typeDay, field.DateTime: typeMoment}
)

// common is the type of a value that is of the one type or the other.
func common(t, u valueType) (valueType, bool) {
	switch {
	case t == u, u == typeEmpty:
		return t, true
	case t == typeEmpty:
		return u, true
	default:
		return 0, false
	}
}

// budget is how many octets of text a formula may work on for one record.
const budget = 2_000_000

// run is the record for which a formula is computed.
type run struct {
	doc    field.Doc
	stamp  field.Stamp
	budget int
}

// spend charges work to the record's budget.
func spend(environment any, octets int) error {
	r := environment.(*run)
	if r.budget -= octets; r.budget < 0 {
		return ErrCost
	}
	return nil
}

// reading is the type of a field's values in formulas and how they are read; nil where the kind has none.
func reading(f *field.Field) (valueType, func(...any) (any, error)) {
	slot := f.Slot
	switch f.Kind {
	case field.Text, field.LongText, field.Email, field.Phone, field.Link:
		return typeText, func(a ...any) (any, error) { return a[0].(*run).doc[slot], nil }
	case field.Number, field.Currency, field.Percent, field.Rating, field.AutoNumber:
		decimals := f.Decimals
		if f.Kind == field.Percent {
			decimals += 2 // 12.5 % is 0.125
		}
		return typeNumber, func(a ...any) (any, error) {
			if n, ok := a[0].(*run).doc[slot].(int64); ok {
				return number{n: n, s: decimals}, nil
			}
			return nil, nil
		}
	case field.Checkbox:
		return typeBool, func(a ...any) (any, error) { return a[0].(*run).doc[slot] == int64(1), nil }
	case field.Date:
		return typeDay, func(a ...any) (any, error) {
			if text, ok := a[0].(*run).doc[slot].(string); ok {
				return day(text), nil
			}
			return nil, nil
		}
	case field.DateTime:
		return typeMoment, func(a ...any) (any, error) {
			if text, ok := a[0].(*run).doc[slot].(string); ok {
				return moment(text), nil
			}
			return nil, nil
		}
	case field.Select:
		names := names(f)
		return typeText, func(a ...any) (any, error) {
			id, _ := a[0].(*run).doc[slot].(string)
			return names[id], nil
		}
	case field.MultiSelect:
		names := names(f)
		return typeList, func(a ...any) (any, error) {
			ids, _ := a[0].(*run).doc[slot].([]string)
			list := make([]string, 0, len(ids))
			for _, id := range ids {
				if name := names[id]; name != "" {
					list = append(list, name)
				}
			}
			return list, nil
		}
	case field.Person:
		if f.Multiple {
			return typeList, func(a ...any) (any, error) {
				list, _ := a[0].(*run).doc[slot].([]string)
				return list, nil
			}
		}
		return typeText, func(a ...any) (any, error) { return a[0].(*run).doc[slot], nil }
	case field.CreatedBy:
		return typeText, func(a ...any) (any, error) { return a[0].(*run).stamp.CreatedBy, nil }
	case field.ChangedBy:
		return typeText, func(a ...any) (any, error) { return a[0].(*run).stamp.ChangedBy, nil }
	case field.CreatedAt:
		return typeMoment, func(a ...any) (any, error) { return stamped(a[0].(*run).stamp.CreatedAt) }
	case field.ChangedAt:
		return typeMoment, func(a ...any) (any, error) { return stamped(a[0].(*run).stamp.ChangedAt) }
	}
	return 0, nil
}

func names(f *field.Field) map[string]string {
	names := make(map[string]string, len(f.Choices))
	for _, c := range f.Choices {
		names[c.ID] = c.Name
	}
	return names
}

func stamped(at int64) (any, error) {
	if at == 0 {
		return nil, nil
	}
	return momentOf(time.UnixMicro(at))
}

func textOf(v any) string   { text, _ := v.(string); return text }
func numberOf(v any) number { n, _ := v.(number); return n }
func listOf(v any) []string { list, _ := v.([]string); return list }
func isFilled(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []string:
		return len(v) > 0
	case bool:
		return v
	default:
		return true
	}
}
