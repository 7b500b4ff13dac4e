package support

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	_ "github.com/emersion/go-message/charset" // mails come in every character set
	"github.com/emersion/go-message/mail"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// The bounds of a mail that is read.
const (
	maxMail  = 1 << 20
	maxParts = 50
)

var subjectCode = regexp.MustCompile(`\[([a-z2-7]{16})\]`)

// ErrMail refuses a mail that cannot be read, or is too large.
var ErrMail = veranda.NewError(veranda.CodeInvalid, "support.mail", "The mail cannot be read.")

// Receive takes a mail to support: an answer to a request whose code stands in the subject, from the address of its writer,
// or a new request. Who a mail is from proves nothing, so a request by mail is never an account's, and nothing is carried
// out because of one. Mails that programs sent by themselves (RFC 3834) are left alone, so that two programs do not write
// to each other for ever. from is the envelope's sender; the mail's own From is who is answered.
//
// It asks nobody: it is for the host program's mail server. Errors: support.mail; rate.attempts. Events: support.requested
// or support.written.
func (s *Service) Receive(ctx context.Context, from string, raw []byte) error {
	if from == "" || len(raw) > maxMail { // a mail without a sender is a report about another
		if from == "" {
			return nil
		}
		return ErrMail
	}
	letter, err := readLetter(raw)
	if err != nil {
		return ErrMail.Because(err)
	}
	if letter.automatic {
		return nil
	}
	address, err := tenancy.ParseAddress(letter.from)
	if err != nil {
		return ErrMail.Because(err)
	}
	if code := subjectCode.FindStringSubmatch(letter.subject); code != nil {
		r, err := readRequest(ctx, s.conn.Query, selectByCode, code[1])
		if err != nil {
			return err
		}
		if r != nil && r.Key == address.Key {
			return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				return s.written(ctx, tx, r, veranda.AccountID{}, ChannelMail, letter.text)
			})
		}
	}
	tell, err := s.throttle.Mail(ctx, address, "")
	if err != nil {
		return err
	}
	return s.store(ctx, &row{
		Request: Request{ID: veranda.NewID[requestKind](), Address: address.Written, Topic: TopicOther, Subject: letter.subject, State: StateOpen},
		Key:     address.Key, Language: letter.language,
	}, ChannelMail, letter.text, tell)
}

// letter is what is read of a mail.
type letter struct {
	from, subject, text, language string
	automatic                     bool
}

func readLetter(raw []byte) (*letter, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil && r == nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	defer func() { _ = r.Close() }()
	l := &letter{language: firstLanguage(r.Header.Get("Content-Language"))}
	if sent := r.Header.Get("Auto-Submitted"); sent != "" && !strings.EqualFold(strings.TrimSpace(sent), "no") {
		l.automatic = true
	}
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Precedence"))) {
	case "bulk", "list", "junk", "auto_reply":
		l.automatic = true
	}
	senders, err := r.Header.AddressList("From")
	if err != nil || len(senders) != 1 {
		return nil, errors.New("the mail has not one sender")
	}
	l.from = senders[0].Address
	if l.subject, err = r.Header.Subject(); err != nil {
		l.subject = ""
	}
	l.subject = clean(l.subject, 200, false)
	if l.subject == "" {
		l.subject = "(no subject)"
	}
	for range maxParts {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read part: %w", err)
		}
		header, inline := part.Header.(*mail.InlineHeader)
		if !inline {
			continue
		}
		if kind, _, err := header.ContentType(); err != nil || kind != "text/plain" {
			continue
		}
		body, err := io.ReadAll(io.LimitReader(part.Body, maxMail))
		if err != nil {
			return nil, fmt.Errorf("read text: %w", err)
		}
		l.text = clean(string(body), maxText, true)
		break
	}
	if l.text == "" {
		l.text = "(no text)"
	}
	return l, nil
}

// clean makes a text that can be stored and shown: valid, without control characters, bounded.
func clean(text string, most int, lines bool) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines, r == '\t' && lines:
			return r
		case r == utf8.RuneError, r < ' ', r == 0x7f, r == '\u2028', r == '\u2029', r == '\u0085':
			if lines {
				return -1
			}
			return ' '
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
	runes := []rune(strings.TrimSpace(text))
	return string(runes[:min(len(runes), most)])
}

func firstLanguage(header string) string {
	first, _, _ := strings.Cut(header, ",")
	first = strings.TrimSpace(first)
	if len(first) > 35 || !utf8.ValidString(first) {
		return ""
	}
	return first
}
