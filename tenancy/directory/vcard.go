package directory

import (
	"strings"
	"unicode/utf8"

	"github.com/veranda-go/veranda/tenancy"
)

// maxLine is the longest line of a vCard in octets, its end not counted (RFC 6350, section 3.2).
const maxLine = 75

// card writes a vCard.
type card struct{ strings.Builder }

// line writes a property, folded where it is long: never within a character, although readers must join octets.
func (c *card) line(name, value string) {
	text := name + ":" + value
	for room := maxLine; len(text) > room; room = maxLine - 1 {
		cut := room
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		c.WriteString(text[:cut])
		c.WriteString("\r\n ")
		text = text[cut:]
	}
	c.WriteString(text)
	c.WriteString("\r\n")
}

// vcardText escapes a text value (RFC 6350, section 3.4): in values of several parts the semicolon means something, and an
// escaped one is the same everywhere.
func vcardText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`, ",", `\,`, ";", `\;`).Replace(text)
}

// vcard is a contact as a vCard.
func vcard(contact Contact) string { return personCard(&Person{Contact: contact}) }

func personCard(p *Person) string {
	var c card
	c.line("BEGIN", "VCARD")
	c.line("VERSION", "4.0")
	c.line("KIND", "individual")
	c.line("UID", "urn:uuid:"+p.Account.String())
	c.line("FN", vcardText(p.Name))
	if p.FirstName != "" || p.LastName != "" {
		c.line("N", vcardText(p.LastName)+";"+vcardText(p.FirstName)+";;;")
	}
	if p.Address != "" {
		c.line("EMAIL;TYPE=work", vcardText(p.Address))
	}
	for _, number := range p.Phones {
		c.line("TEL;VALUE=uri;TYPE=work", "tel:"+number)
	}
	if p.UserName != "" {
		c.line("NICKNAME", vcardText(p.UserName))
	}
	if p.Department != nil {
		c.line("ORG", ";"+vcardText(p.Department.Name))
	}
	for _, title := range p.Titles {
		c.line("ROLE", vcardText(title.Title))
	}
	c.line("CATEGORIES", vcardText(kindTitles[p.Kind]))
	c.line("END", "VCARD")
	return c.String()
}

// kindTitles are the kinds of membership in words.
var kindTitles = map[string]string{tenancy.MemberInternal: "Employee", tenancy.MemberExternal: "External", tenancy.MemberGuest: "Guest"}
