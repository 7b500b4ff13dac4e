package mail

import (
	"errors"
	"strings"
)

// ErrMalformed says that a message can never be sent as it is; sending it again is useless.
var ErrMalformed = errors.New("malformed mail")

// RefusedError is what the mail server answered. It never holds the message.
type RefusedError struct {
	// Code is the SMTP reply code (RFC 5321, section 4.2), 0 when the server could not be spoken to.
	Code int
	// Permanent tells that sending again is useless: a reply of 5xx.
	Permanent bool
	// AddressRefused tells that the server refused the recipient and not the mail: nobody has this address.
	AddressRefused bool
	cause          error
}

// addressRefused judges a reply to RCPT. Where the server gives an enhanced status (RFC 3463) that decides: 5.1.x is a bad
// address, 5.2.1 a mailbox that is switched off, while 5.7.x is the server's policy and 5.2.2 a full mailbox. Without one,
// or with one that says nothing (5.0.x), the replies are those of RFC 5321 for a mailbox that is not there.
func addressRefused(code int, enhanced string) bool {
	if enhanced != "" && !strings.HasPrefix(enhanced, "5.0.") {
		return strings.HasPrefix(enhanced, "5.1.") || enhanced == "5.2.1"
	}
	return code == 550 || code == 551 || code == 553
}

// Error is the text for logs.
func (e *RefusedError) Error() string {
	if e.Permanent {
		return "mail refused for good: " + e.cause.Error()
	}
	return "mail not accepted: " + e.cause.Error()
}

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.cause }

// Permanent tells whether sending the same mail again is useless.
func Permanent(err error) bool {
	var refused *RefusedError
	return errors.Is(err, ErrMalformed) || errors.As(err, &refused) && refused.Permanent
}
