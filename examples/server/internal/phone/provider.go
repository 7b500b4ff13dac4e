package phone

import (
	"errors"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Provider is where text messages are handed in.
type Provider struct {
	// Base is the address of the interface, without a path.
	Base *url.URL
	// Account is the account's SID; it is in the paths and signs in.
	Account string
	token   secret
	// From is the number messages come from; Service a messaging service that chooses one. One of them is set.
	From, Service string
}

// secret is a text that formatting does not show.
type secret string

func (secret) String() string   { return "[hidden]" }
func (secret) GoString() string { return "[hidden]" }

// number is E.164: a plus and up to 15 digits. Providers also take names of 11 characters as senders.
var (
	number     = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)
	senderName = regexp.MustCompile(`^[A-Za-z0-9 ]*[A-Za-z][A-Za-z0-9 ]*$`)
	identifier = regexp.MustCompile(`^[A-Za-z0-9]{2,64}$`)
)

var errURL = errors.New("want twilio://SID:TOKEN@api.twilio.com?from=+15551234567 or …?service=MG…")

// ParseURL reads twilio://SID:TOKEN@host?from=+15551234567, or ?service= with the SID of a messaging service. A provider
// with the same interface has another host; twilio+http:// is for one on this machine. The error never repeats the URL.
func ParseURL(text string) (Provider, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return Provider{}, errURL
	}
	p := Provider{Base: &url.URL{Scheme: "https", Host: u.Host}, Account: u.User.Username()}
	token, _ := u.User.Password()
	p.token = secret(token)
	switch u.Scheme {
	case "twilio":
	case "twilio+http":
		if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
			return Provider{}, errors.New("twilio+http:// is for this machine only, for the token would travel in the clear")
		}
		p.Base.Scheme = "http"
	default:
		return Provider{}, errURL
	}
	query := u.Query()
	// A plus in a query means a space; nobody who writes a number thinks of that.
	p.From, p.Service = strings.TrimSpace(query.Get("from")), query.Get("service")
	if digits := "+" + p.From; number.MatchString(digits) {
		p.From = digits
	}
	query.Del("from")
	query.Del("service")
	switch {
	case len(query) > 0:
		return Provider{}, errors.New("the options are ?from= and ?service=")
	case !identifier.MatchString(p.Account) || p.token == "":
		return Provider{}, errURL
	case (p.From == "") == (p.Service == ""):
		return Provider{}, errors.New("give ?from= or ?service=")
	case p.From != "" && !number.MatchString(p.From) && (len(p.From) > 11 || !senderName.MatchString(p.From)):
		return Provider{}, errors.New("?from= must be a number such as +15551234567, or a name of up to 11 letters and digits")
	case p.Service != "" && !identifier.MatchString(p.Service):
		return Provider{}, errors.New("?service= must be the SID of a messaging service")
	}
	return p, nil
}

// String is the provider without its token.
func (p Provider) String() string { return p.Base.Host + " (" + p.Account + ")" }

// GoString is the same: fmt asks no methods of a field it cannot reach.
func (p Provider) GoString() string { return p.String() }
