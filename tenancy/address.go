package tenancy

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/veranda-go/veranda"
)

// Address is an e-mail address. Two spellings of one address have the same key.
type Address struct {
	// Written is the address as its owner writes it, for showing.
	Written string
	// Key is the comparable form: the local part case-folded, the domain in lower-case ASCII (IDNA).
	Key string
	// Local is the part before the @ as written.
	Local string
	// Domain is the part behind the @ in lower-case ASCII: what an organization's list of domains is held against.
	Domain string
}

// Deliverable is the form mail is sent to: an internationalized domain in ASCII, which every mail server takes.
func (a Address) Deliverable() string { return a.Local + "@" + a.Domain }

// The bounds of an address in octets: RFC 5321 section 4.5.3.1.1 for the local part, and 4.5.3.1.3 less the angle brackets
// of a path for the whole (RFC 3696 erratum 1690).
const (
	maxAddressOctets = 254
	maxLocalOctets   = 64
)

// addressProblem is why a text is not taken for an address: a rule for programs and a message for people.
type addressProblem struct{ rule, message string }

// Error is the problem as text.
func (p *addressProblem) Error() string { return p.message }

var (
	errAddressMalformed  = &addressProblem{"email", "is not an e-mail address"}
	errAddressLong       = &addressProblem{"too_long", "is longer than an e-mail address may be"}
	errAddressQuoted     = &addressProblem{"email_quoted", "has a quoted part before the @, which is not supported"}
	errAddressLiteral    = &addressProblem{"email_domain", "must have a domain name behind the @, not a number"}
	errAddressDomain     = &addressProblem{"email_domain", "has a domain that cannot exist"}
	errAddressCharacters = &addressProblem{"email_characters", "has characters that look like others, or cannot be seen"}
	errAddressScripts    = &addressProblem{"email_scripts", "mixes letters of scripts that look alike"}
)

// ParseAddress reads a bare e-mail address (the addr-spec of RFC 5322, with RFC 6531's international characters). Refused
// are legal forms nobody can tell apart or send to: quoted local parts, address literals, domains without a dot,
// invisible and compatibility characters, and names that mix Latin, Greek and Cyrillic letters.
//
// "plus tags" (name+tag@…) are part of the address: some providers treat them as different mailboxes.
func ParseAddress(text string) (Address, error) {
	text = norm.NFC.String(strings.TrimSpace(text))
	if strings.HasPrefix(text, `"`) {
		return Address{}, errAddressQuoted
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unseen) {
		return Address{}, errAddressCharacters
	}
	if len(text) > maxAddressOctets {
		return Address{}, errAddressLong
	}
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at == len(text)-1 {
		return Address{}, errAddressMalformed
	}
	local, written := text[:at], text[at+1:]
	if len(local) > maxLocalOctets {
		return Address{}, errAddressLong
	}
	if strings.HasPrefix(written, "[") {
		return Address{}, errAddressLiteral
	}
	domain, err := asciiDomain(written)
	if err != nil {
		return Address{}, err
	}
	// net/mail judges the grammar; what it takes beyond a bare address (names, comments, routes) does not come back equal.
	parsed, err := mail.ParseAddress(local + "@" + domain)
	if err != nil || parsed.Name != "" || parsed.Address != local+"@"+domain {
		return Address{}, errAddressMalformed
	}
	key := foldLocal(local)
	if norm.NFKC.String(local) != local || norm.NFKC.String(key) != key {
		return Address{}, errAddressCharacters
	}
	if mixesScripts(local) {
		return Address{}, errAddressScripts
	}
	key += "@" + domain
	if len(key) > maxAddressOctets {
		return Address{}, errAddressLong
	}
	return Address{Written: text, Key: key, Local: local, Domain: domain}, nil
}

// foldLocal makes local parts comparable. RFC 5321 leaves their case to the receiving host, and hosts ignore it.
func foldLocal(local string) string { return norm.NFC.String(cases.Fold().String(local)) }

// asciiDomain gives a domain's one comparable spelling.
func asciiDomain(written string) (string, error) {
	for label := range strings.SplitSeq(written, ".") {
		if mixesScripts(label) {
			return "", errAddressScripts
		}
	}
	// The Lookup profile of RFC 5891 section 5, with DNS's lengths.
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.CheckHyphens(false))
	domain, err := profile.ToASCII(written)
	if err != nil {
		return "", errAddressDomain
	}
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if !strings.Contains(domain, ".") || last == "" || strings.HasPrefix(domain, ".") {
		return "", errAddressDomain
	}
	// A host's name has no hyphen at the ends of its labels (RFC 1123 section 2.1); idna's own check also refuses "r3---a",
	// which exists.
	for label := range strings.SplitSeq(domain, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", errAddressDomain
		}
	}
	// No top-level domain is a number (RFC 3696 section 2), so this is an IP address.
	if strings.Trim(last, "0123456789") == "" {
		return "", errAddressLiteral
	}
	// An ASCII label that stands for Unicode must stand for something (RFC 5891 section 4.4).
	if back, err := profile.ToUnicode(domain); err != nil || strings.Contains(back, "xn--") {
		return "", errAddressDomain
	}
	return strings.ToLower(domain), nil
}

// unseen tells characters that show nothing, or break lines, or are nobody's.
func unseen(r rune) bool {
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.IsSpace(r) ||
		unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Zs,
			unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// mixesScripts tells whether a text has letters of more than one of the scripts whose letters look alike. Unicode
// Technical Standard 39, section 5, restricts more; these three are what is abused.
func mixesScripts(text string) bool {
	var latin, greek, cyrillic bool
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.Is(unicode.Greek, r):
			greek = true
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic = true
		}
	}
	return latin && greek || latin && cyrillic || greek && cyrillic
}

// checkAddress reads an address of an input and reports what is wrong with it.
func checkAddress(c *veranda.Checks, pointer, text string) Address {
	if strings.TrimSpace(text) == "" {
		c.Add(pointer, "required", "must be given")
		return Address{}
	}
	address, err := ParseAddress(text)
	if problem, ok := err.(*addressProblem); ok {
		c.Add(pointer, problem.rule, problem.message)
	}
	return address
}

// domainOf is the domain of an address key.
func domainOf(key string) string { return key[strings.LastIndexByte(key, '@')+1:] }

// maskAddress shows enough of an address for its owner to know it.
func maskAddress(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return "***"
	}
	_, size := utf8.DecodeRuneInString(address)
	return address[:size] + "***" + address[at:]
}
