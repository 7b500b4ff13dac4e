package field

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Stamp is who made and changed a record, and when: account ids or "", and microseconds since 1970.
type Stamp struct {
	CreatedBy, ChangedBy string
	CreatedAt, ChangedAt int64
}

// Show writes a record's values as the API shows them: an object with every field but the hidden ones.
func (s *Set) Show(d Doc, stamp Stamp, hidden map[string]bool) json.RawMessage {
	b := make([]byte, 0, 64*len(s.columns))
	b = append(b, '{')
	for _, col := range s.columns {
		if hidden[col.Key] {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, col.Key...)
		b = append(b, '"', ':')
		b = col.show(b, d, stamp)
	}
	return append(b, '}')
}

func (col *column) show(b []byte, d Doc, stamp Stamp) []byte {
	value := d[col.Slot]
	switch col.Kind {
	case CreatedBy:
		return appendOptional(b, stamp.CreatedBy)
	case ChangedBy:
		return appendOptional(b, stamp.ChangedBy)
	case CreatedAt:
		return appendString(b, time.UnixMicro(stamp.CreatedAt).UTC().Format(momentForm))
	case ChangedAt:
		return appendString(b, time.UnixMicro(stamp.ChangedAt).UTC().Format(momentForm))
	case Checkbox:
		return strconv.AppendBool(b, value != nil)
	case Number, Percent:
		if v, ok := value.(int64); ok {
			return appendDecimal(b, v, col.Decimals, false)
		}
	case Currency:
		if v, ok := value.(int64); ok {
			b = append(b, '"')
			b = appendDecimal(b, v, col.Decimals, true)
			return append(b, '"')
		}
	case MultiSelect:
		if value == nil {
			return append(b, '[', ']')
		}
	case Person, Relation:
		if value == nil && col.Multiple {
			return append(b, '[', ']')
		}
	}
	return appendValue(b, value)
}

func appendOptional(b []byte, text string) []byte {
	if text == "" {
		return append(b, "null"...)
	}
	return appendString(b, text)
}

// Text is a value of the document for people to read: in spreadsheets, in titles and in what is searched. Choices are
// given by their names, people by their ids; "" where it is empty.
func (f *Field) Text(d Doc) string {
	switch v := d[f.Slot].(type) {
	case string:
		if f.Kind == Select {
			return strings.Join(f.ChoiceNames(v), ", ")
		}
		return v
	case int64:
		return f.numberText(v)
	case []string:
		if f.Kind == MultiSelect {
			return strings.Join(f.ChoiceNames(v...), ", ")
		}
		return strings.Join(v, ", ")
	}
	return ""
}

func (f *Field) numberText(v int64) string {
	switch f.Kind {
	case Checkbox:
		return "true"
	case Currency:
		return string(appendDecimal(nil, v, f.Decimals, true))
	case Percent:
		return string(appendDecimal(nil, v, f.Decimals, false)) + "%"
	case AutoNumber:
		digits := strconv.FormatInt(v, 10)
		return f.Prefix + strings.Repeat("0", max(0, f.Digits-len(digits))) + digits
	}
	return string(appendDecimal(nil, v, f.Decimals, false))
}

// SearchText is what a record is searched by: its texts in folded form, a line each.
func (s *Set) SearchText(d Doc) string {
	var b strings.Builder
	for _, col := range s.columns {
		text := ""
		switch {
		case col.class == ClassText:
			text, _ = d[col.folded].(string)
		case col.Kind == Select || col.Kind == MultiSelect || col.Kind == AutoNumber:
			text = Fold(col.Text(d))
		}
		if text != "" {
			b.WriteString(strings.ReplaceAll(text, "\n", " "))
			b.WriteByte('\n')
		}
	}
	return b.String()
}
