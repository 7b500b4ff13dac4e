package mail

import (
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// Address is a name, which may be empty, and an address.
type Address = mail.Address

// ParseAddress reads "Name <local@domain>" or "local@domain" (RFC 5322).
func ParseAddress(text string) (Address, error) {
	if hasControl(text) {
		return Address{}, fmt.Errorf("%w: an address with control characters", ErrMalformed)
	}
	a, err := mail.ParseAddress(text)
	if err != nil {
		return Address{}, fmt.Errorf("%w: not an address", ErrMalformed)
	}
	return *a, nil
}

// Message is one mail to one person.
type Message struct {
	// ID identifies the mail: the same ID is the same mail, also when it is sent again after a crash. It becomes the
	// Message-ID; the sender's domain is added where it has none.
	ID string
	// From is the sender; the zero Address is the configured one.
	From Address
	// To is the bare address, ToName the person's name or "".
	To, ToName string
	Subject    string
	// Text is required. HTML is an optional second form of the same.
	Text, HTML string
	// UnsubscribeURL, when given, becomes List-Unsubscribe (RFC 2369), and one-click by POST where it is https (RFC 8058).
	UnsubscribeURL string
	// ReturnPath is where the mail comes back to when it cannot be delivered; empty: to the sender.
	ReturnPath string
}

// build makes the message, or says why it is refused. at is its Date.
func (m Message) build(from Address, at time.Time) (*gomail.Msg, error) {
	if m.From.Address != "" {
		from = m.From
	}
	for name, value := range map[string]string{
		"id": m.ID, "sender": from.Name + from.Address, "address": m.To, "name": m.ToName,
		"subject": m.Subject, "unsubscribe link": m.UnsubscribeURL, "return path": m.ReturnPath,
	} {
		if hasControl(value) {
			return nil, fmt.Errorf("%w: the %s holds control characters", ErrMalformed, name)
		}
	}
	to, err := bare(m.To)
	if err != nil {
		return nil, err
	}
	if _, err := bare(from.Address); err != nil {
		return nil, fmt.Errorf("%w (of the sender)", err)
	}
	if m.ID == "" || strings.ContainsAny(m.ID, "<> ") {
		return nil, fmt.Errorf("%w: the id is empty or holds < > or a space", ErrMalformed)
	}
	if strings.TrimSpace(m.Text) == "" || strings.TrimSpace(m.Subject) == "" {
		return nil, fmt.Errorf("%w: subject or text is empty", ErrMalformed)
	}
	if !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML) {
		return nil, fmt.Errorf("%w: text is not UTF-8", ErrMalformed)
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&from)
	if m.ReturnPath != "" {
		if _, err := bare(m.ReturnPath); err != nil {
			return nil, fmt.Errorf("%w (of the return path)", err)
		}
		msg.EnvelopeFromMailAddress(&Address{Address: m.ReturnPath})
	}
	msg.ToMailAddress(&Address{Name: m.ToName, Address: to})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(at)
	msg.SetMessageIDWithValue(m.messageID(from))
	// RFC 3834, section 5: keeps out-of-office answers from coming back.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if err := m.unsubscribe(msg); err != nil {
		return nil, err
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

func (m Message) messageID(from Address) string {
	if strings.Contains(m.ID, "@") {
		return m.ID
	}
	return m.ID + from.Address[strings.LastIndexByte(from.Address, '@'):]
}

func (m Message) unsubscribe(msg *gomail.Msg) error {
	if m.UnsubscribeURL == "" {
		return nil
	}
	u, err := url.Parse(m.UnsubscribeURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(m.UnsubscribeURL, "<> ,") {
		return fmt.Errorf("%w: the unsubscribe link is not an http link", ErrMalformed)
	}
	if u.Scheme == "http" {
		msg.SetListUnsubscribe("<" + m.UnsubscribeURL + ">")
		return nil
	}
	if err := msg.SetListUnsubscribeOneClick(m.UnsubscribeURL); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}

// bare checks an address that stands alone: "local@domain", nothing around it.
func bare(text string) (string, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text {
		return "", fmt.Errorf("%w: not a bare address", ErrMalformed)
	}
	return text, nil
}

// hasControl finds what could end a header field and begin another.
func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}
