package phone

import (
	"crypto/hmac"
	"crypto/sha1" // what the provider signs with
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// Report is what the provider says of a message it took.
type Report struct {
	// State is "sent", "delivered" or "undelivered".
	State string
	// Reason is why it was not delivered.
	Reason string
}

// Signed tells whether a report is the provider's: X-Twilio-Signature is the base64 of HMAC-SHA-1, under the account's
// token, of the address that was called and the form's fields, sorted by name, each name followed by its value
// (https://www.twilio.com/docs/usage/security). Proxies in between may name the usual port or leave it out.
func (p Provider) Signed(address string, form url.Values, signature string) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(given) != sha1.Size {
		return false
	}
	valid := false
	for _, spelled := range spellings(address) {
		valid = hmac.Equal(given, p.sign(spelled, form)) || valid
	}
	return valid
}

func (p Provider) sign(address string, form url.Values) []byte {
	mac := hmac.New(sha1.New, []byte(p.token))
	mac.Write([]byte(address))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			mac.Write([]byte(name + value))
		}
	}
	return mac.Sum(nil)
}

// spellings are an address as it stands, and with the usual port named or left out.
func spellings(address string) []string {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return []string{address}
	}
	usual := map[string]string{"https": ":443", "http": ":80"}[scheme]
	host, path, _ := strings.Cut(rest, "/")
	if usual == "" {
		return []string{address}
	}
	if bare, named := strings.CutSuffix(host, usual); named {
		return []string{address, scheme + "://" + bare + "/" + path}
	}
	if !strings.Contains(host, ":") {
		return []string{address, scheme + "://" + host + usual + "/" + path}
	}
	return []string{address}
}

// carrierReasons are the codes of the Twilio error list that say why a network did not deliver.
var carrierReasons = map[string]string{
	"30003": "the phone is switched off or out of reach", "30004": "the number has blocked the message", "30005": "the number is not known",
	"30006": "a landline, or a network that cannot be reached", "30007": "filtered as spam by the network", "30008": "not delivered, for a reason that is not known",
}

// ParseReport reads a report's form; false for a state on the way there, of which there is nothing to note.
func ParseReport(form url.Values) (Report, bool) {
	switch form.Get("MessageStatus") {
	case "sent":
		return Report{State: "sent"}, true
	case "delivered", "read":
		return Report{State: "delivered"}, true
	case "undelivered", "failed", "canceled":
		code := form.Get("ErrorCode")
		reason := carrierReasons[code]
		if reason == "" {
			reason = "not delivered"
		}
		if code != "" && len(code) <= 8 {
			reason = code + " " + reason
		}
		return Report{State: "undelivered", Reason: reason}, true
	}
	return Report{}, false
}
