package field

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// Now is when a record is written, where, and by whom: what the words of defaults stand for.
type Now struct {
	At time.Time
	// Location is in whose day "today" is; nil is UTC.
	Location *time.Location
	Me       veranda.AccountID
}

// today is the date.
func (n Now) today() string {
	if n.Location == nil {
		return n.At.UTC().Format(dateForm)
	}
	return n.At.In(n.Location).Format(dateForm)
}

// Parse reads a record's values, by the keys of the fields: all those of a new record where before is nil, else those that
// change. Everything that is wrong is reported at once, at "/values/<key>": keys of no field, values that do not follow
// the field's rules, fields that must not be empty, fields whose values the program gives. It gives the new document;
// before is left as it is.
//
// Whether a value is unique, and whether a person may be named, is for who calls.
func (s *Set) Parse(values map[string]json.RawMessage, before Doc, now Now) (Doc, error) {
	var c veranda.Checks
	d := s.ParseInto(&c, "/values", values, before, now)
	return d, c.Err()
}

// ParseInto is Parse that reports to the checks, at pointers below at.
func (s *Set) ParseInto(c *veranda.Checks, at string, values map[string]json.RawMessage, before Doc, now Now) Doc {
	d := s.draft(before)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		col, place := s.byKey[key], at+"/"+key
		switch {
		case col == nil:
			c.Add(at+"/"+shown(key), "unknown", "is no field of this application")
		case col.Kind.ReadOnly() || col.Given:
			c.Add(place, "read_only", "is given by the program")
		default:
			value := col.parse(c, place, values[key])
			if value != nil || !c.Failed(place) {
				col.put(d, value)
			}
		}
	}
	complete(c, at, s, d, values, before == nil, now)
	return d
}

// Assemble is ParseInto for values that ParseText gave.
func (s *Set) Assemble(c *veranda.Checks, at string, values map[string]any, before Doc, now Now) Doc {
	d := s.draft(before)
	for key, value := range values {
		switch col := s.byKey[key]; {
		case col == nil:
			c.Add(at+"/"+shown(key), "unknown", "is no field of this application")
		case col.Kind.ReadOnly() || col.Given:
			c.Add(at+"/"+key, "read_only", "is given by the program")
		default:
			col.put(d, value)
		}
	}
	complete(c, at, s, d, values, before == nil, now)
	return d
}

// draft is a document to be changed: that of a record, or an empty one.
func (s *Set) draft(before Doc) Doc {
	if before == nil {
		return make(Doc, 2*len(s.columns))
	}
	return before.Clone()
}

// complete gives a new record its defaults, and reports what must not be empty.
func complete[V any](c *veranda.Checks, at string, s *Set, d Doc, values map[string]V, fresh bool, now Now) {
	for _, col := range s.columns {
		if _, given := values[col.Key]; fresh && !given && len(col.Default) > 0 {
			col.put(d, col.defaultValue(now))
		}
		if !col.Required || d[col.Slot] != nil {
			continue
		}
		if place := at + "/" + col.Key; !c.Failed(place) {
			c.Add(place, "required", "must not be empty")
		}
	}
}

func (col *column) defaultValue(now Now) any {
	switch col.defaultWord() {
	case "me":
		switch {
		case now.Me.IsZero():
			return nil
		case col.Multiple:
			return []string{now.Me.String()}
		}
		return now.Me.String()
	case "today":
		return now.today()
	case "now":
		moment, err := momentOf(now.At)
		if err != nil {
			return nil
		}
		return moment
	}
	var ignored veranda.Checks // a default was checked with its field; a choice that is gone since is no default any more
	return col.parse(&ignored, "", col.Default)
}

// Number stores the value of an auto-number field.
func (d Doc) Number(f *Field, n int64) { d[f.Slot] = n }

// IsEmpty tells whether a record has no value in a field of the document.
func (d Doc) IsEmpty(f *Field) bool { return d[f.Slot] == nil }

// People are the accounts that a record names in a person field.
func (d Doc) People(f *Field) []string {
	switch v := d[f.Slot].(type) {
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}
