package veranda

import (
	"regexp"
	"slices"
)

// MaxMentions is how many people one text may mention.
const MaxMentions = 50

// mentionPattern is a Markdown link whose address is an account, "[@Ann Lee](account:01890a5d-ac96-774b-bcce-b302099a8057)".
// A reader without Markdown sees the name, and a client without mentions a link that leads nowhere.
var mentionPattern = regexp.MustCompile(`\]\(account:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\)`)

// Mentions is who a text mentions by "[@Ann Lee](account:<id>)", each once, in the order of the text. Whether they exist and
// may see the place is for the caller to ask.
func Mentions(text string) []AccountID {
	var found []AccountID
	for _, match := range mentionPattern.FindAllStringSubmatch(text, -1) {
		var id AccountID
		if id.UnmarshalText([]byte(match[1])) == nil && !id.IsZero() && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	return found
}

// NewMentions are those mentioned in a text that its former version did not mention: who is told of an edit.
func NewMentions(before, after string) []AccountID {
	former := Mentions(before)
	return slices.DeleteFunc(Mentions(after), func(id AccountID) bool { return slices.Contains(former, id) })
}

// Mentions is who a text of an input mentions; more than MaxMentions are reported.
func (c *Checks) Mentions(pointer, text string) []AccountID {
	found := Mentions(text)
	if len(found) > MaxMentions {
		c.Add(pointer, "too_many", "must mention at most 50 people")
	}
	return found
}
