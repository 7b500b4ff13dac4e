package phone

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrMalformed says that a message can never be sent as it is.
var ErrMalformed = errors.New("malformed text message")

// RefusedError is what the provider answered. It holds neither the number, nor the message, nor the token.
type RefusedError struct {
	// Status is the status of HTTP; 0 when the provider could not be spoken to.
	Status int
	// Code is the provider's; 0 when it gave none. https://www.twilio.com/docs/api/errors lists them.
	Code int
	// Permanent tells that sending again is useless: it is the number or the text that is refused.
	Permanent bool
	wait      time.Duration
	message   string
	cause     error
}

// Error is the text for logs and for the delivery log.
func (e *RefusedError) Error() string {
	text := "text message not accepted"
	if e.Permanent {
		text = "text message refused for good"
	}
	if e.Status != 0 {
		text += fmt.Sprintf(": HTTP %d", e.Status)
	}
	if e.Code != 0 {
		text += fmt.Sprintf(", code %d", e.Code)
	}
	if e.message != "" {
		text += ": " + e.message
	}
	return text
}

// Unwrap gives the cause.
func (e *RefusedError) Unwrap() error { return e.cause }

// RetryAfter is how long the provider asks to wait; 0 where it does not say.
func (e *RefusedError) RetryAfter() time.Duration { return e.wait }

// recipientCodes are the codes by which the number or the text is refused, whoever sends and whenever. All other errors may
// be mended by the operator or by time: a wrong token (20003), a sender that is not set up (21603, 21606, 21703), a queue
// that is full (21611), too many requests (20429).
var recipientCodes = []int{
	21211,        // the number is not valid
	21214, 21217, // cannot be reached; does not look like a number
	21408,        // the account may not send to that country
	21602, 21619, // no text
	21604,        // no number
	21605, 21617, // the text is too long
	21608,        // the trial account may not send to unverified numbers
	21610,        // its owner has unsubscribed
	21612, 21614, // no way to it; not a mobile number
	21635, // a landline
}

func permanentCode(code int) bool { return slices.Contains(recipientCodes, code) }

// Permanent tells whether sending the same message again is useless.
func Permanent(err error) bool {
	var refused *RefusedError
	return errors.Is(err, ErrMalformed) || errors.As(err, &refused) && refused.Permanent
}
