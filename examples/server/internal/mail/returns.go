package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Returns are the addresses that mails come back to: one for each mail, so that a mail that comes back says which it was
// (variable envelope return paths). The address is signed: nobody makes one up for a mail they were not sent.
type Returns struct {
	domain string
	key    []byte
}

const (
	returnPrefix = "bounce+"
	// macOctets are few, for a local part has 64 characters (RFC 5321, section 4.5.3.1.1); each guess is a mail.
	macOctets = 8
)

// NewReturns makes the addresses of a domain under a secret of the program's.
func NewReturns(domain string, secret []byte) *Returns {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("veranda return path"))
	return &Returns{domain: strings.ToLower(domain), key: mac.Sum(nil)}
}

// Address is where the mail with an id comes back to: bounce+<id>.<mac>@<domain>. The id is a UUID.
func (r *Returns) Address(id string) string {
	plain := strings.ReplaceAll(strings.ToLower(id), "-", "")
	return returnPrefix + plain + "." + r.mac(plain) + "@" + r.domain
}

func (r *Returns) mac(plain string) string {
	mac := hmac.New(sha256.New, r.key)
	mac.Write([]byte(plain))
	return hex.EncodeToString(mac.Sum(nil)[:macOctets])
}

// ID is the id in an address that Address made.
func (r *Returns) ID(address string) (id string, ok bool) {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	rest, prefixed := strings.CutPrefix(local, returnPrefix)
	plain, mac, signed := strings.Cut(rest, ".")
	if domain != r.domain || !prefixed || !signed || len(plain) != 32 || !hmac.Equal([]byte(mac), []byte(r.mac(plain))) {
		return "", false
	}
	return plain[:8] + "-" + plain[8:12] + "-" + plain[12:16] + "-" + plain[16:20] + "-" + plain[20:], true
}
