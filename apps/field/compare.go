package field

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// maxUnique is how many octets of a value tell it from others as they are; longer ones are told apart by their SHA-256.
const maxUnique = 200

// Comparable is what a record's value is compared and sorted by: a string of texts, dates, choices and people, an int64 of
// numbers and checkboxes. Empty is "" or Empty, or 0 of a checkbox, before everything else; lists have no key and give "".
func (f *Field) Comparable(d Doc, stamp Stamp) any {
	switch f.Kind {
	case CreatedBy:
		return stamp.CreatedBy
	case ChangedBy:
		return stamp.ChangedBy
	case CreatedAt:
		return stamp.CreatedAt
	case ChangedAt:
		return stamp.ChangedAt
	}
	slot := f.Slot
	switch f.Class() {
	case ClassInt:
		if v, ok := d[slot].(int64); ok {
			return v
		}
		return Empty
	case ClassBool:
		v, _ := d[slot].(int64)
		return v
	case ClassText:
		slot += "~"
	}
	v, _ := d[slot].(string)
	return v
}

// UniqueKey is what tells a record's value from those of other records in a unique field; "" where it is empty.
func (f *Field) UniqueKey(d Doc) string {
	var text string
	switch v := f.Comparable(d, Stamp{}).(type) {
	case string:
		text = v
	case int64:
		if v != Empty {
			text = strconv.FormatInt(v, 10)
		}
	}
	if len(text) > maxUnique {
		sum := sha256.Sum256([]byte(text))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return text
}

// Refold gives the document's texts their folded forms anew, and drops those of fields that are texts no longer.
func (s *Set) Refold(d Doc) {
	for _, col := range s.columns {
		if col.class == ClassText {
			col.put(d, d[col.Slot])
		}
	}
}
