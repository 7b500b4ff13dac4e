package veranda

import (
	"encoding/base64"
	"encoding/json"
)

// Page asks for a part of a list. Pages are keyset pages: a cursor is a position, so a page costs the same however deep
// it lies, and inserting while somebody reads neither repeats nor skips what stood still.
type Page struct {
	// Limit is how many items at most; 0 means DefaultPageLimit, more than MaxPageLimit is refused.
	Limit int `query:"limit" json:"limit,omitempty" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
	// Cursor is the Next of the page before; empty for the first page.
	Cursor string `query:"cursor" json:"cursor,omitempty" maxLength:"1000" doc:"The next of the page before."`
}

// The bounds of a page.
const (
	DefaultPageLimit = 50
	MaxPageLimit     = 200
)

// List is one page.
type List[T any] struct {
	Items []T `json:"items"`
	// Next is the cursor of the following page; absent on the last.
	Next string `json:"next,omitempty"`
}

// Size is the page's limit with the default filled in. It reports a limit out of bounds to the checks.
func (p Page) Size(c *Checks) int {
	switch {
	case p.Limit == 0:
		return DefaultPageLimit
	case p.Limit < 1 || p.Limit > MaxPageLimit:
		c.Add("/limit", "range", "must be between 1 and 200")
		return DefaultPageLimit
	default:
		return p.Limit
	}
}

// EncodeCursor makes the cursor of a list's position. The list's name tells lists and sort orders apart, so that a
// cursor of one is refused by another.
func EncodeCursor(list string, position ...string) string {
	text, err := json.Marshal(append([]string{list}, position...))
	if err != nil { // strings always marshal
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// Position reads the page's cursor: nil for the first page. A cursor that is not one of this list with that many parts
// is reported to the checks. A cursor carries a position and no right: what a forged one shows is what its owner may see.
func (p Page) Position(c *Checks, list string, parts int) []string {
	if p.Cursor == "" {
		return nil
	}
	var position []string
	text, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err == nil {
		err = json.Unmarshal(text, &position)
	}
	if err != nil || len(position) != parts+1 || position[0] != list {
		c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
		return nil
	}
	for _, part := range position {
		if !storable(part) {
			c.Add("/cursor", "cursor", "is not a cursor of this list in this order")
			return nil
		}
	}
	return position[1:]
}
