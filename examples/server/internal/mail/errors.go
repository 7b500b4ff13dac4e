package mail

import "errors"

// ErrMalformed says that a message can never be sent as it is; sending it again is useless.
var ErrMalformed = errors.New("malformed mail")

// RefusedError is what the mail server answered. It never holds the message.
type RefusedError struct {
	// Code is the SMTP reply code (RFC 5321, section 4.2), 0 when the server could not be spoken to.
	Code int
	// Permanent tells that sending again is useless: a reply of 5xx.
	Permanent bool
	cause     error
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
