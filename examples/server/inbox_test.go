package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/veranda-go/veranda/verandatest"
)

// letter is a mail as it arrived.
type letter struct {
	To, Subject, Text string
	Header            netmail.Header
	// From is the sender of the envelope, where the letter comes back to.
	From string
}

// inbox is a mail server: it takes what the program hands in by SMTP.
type inbox struct {
	url string

	mu      sync.Mutex
	letters []letter
	// refuse, when set, is asked for each recipient.
	refuse func(to string) error
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	box := &inbox{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &smtpSession{box: box}, nil }))
	server.Domain = "mail.example"
	server.ReadTimeout, server.WriteTimeout = 30*time.Second, 30*time.Second
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	box.url = fmt.Sprintf("smtp://%s?starttls=none", listener.Addr())
	return box
}

type smtpSession struct {
	box  *inbox
	from string
	to   []string
}

func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error { s.from = from; return nil }
func (s *smtpSession) Reset()                                      { s.from, s.to = "", nil }
func (s *smtpSession) Logout() error                               { return nil }

func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	refuse := s.box.refuse
	s.box.mu.Unlock()
	if refuse != nil {
		if err := refuse(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	message, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	text, err := plainText(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body)
	if err != nil {
		return err
	}
	subject, err := (&mime.WordDecoder{}).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return err
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	for _, to := range s.to {
		s.box.letters = append(s.box.letters, letter{To: strings.ToLower(to), Subject: subject, Text: text, Header: message.Header, From: s.from})
	}
	return nil
}

// plainText finds the text/plain part.
func plainText(contentType, encoding string, body io.Reader) (string, error) {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return "", errors.New("there is no text/plain part")
			}
			if err != nil {
				return "", err
			}
			if text, err := plainText(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err == nil {
				return text, nil
			}
		}
	}
	if kind != "text/plain" {
		return "", fmt.Errorf("%s is not text/plain", kind)
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	return strings.ReplaceAll(string(text), "\r\n", "\n"), err
}

// to are the letters to an address so far.
func (b *inbox) to(address string) []letter {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []letter
	for _, l := range b.letters {
		if l.To == strings.ToLower(address) {
			out = append(out, l)
		}
	}
	return out
}

// holding are the letters to an address so far whose text holds something.
func (b *inbox) holding(address, text string) []letter {
	var out []letter
	for _, l := range b.to(address) {
		if strings.Contains(l.Text, text) {
			out = append(out, l)
		}
	}
	return out
}

// wait waits for the n-th letter to an address.
func (b *inbox) wait(t *testing.T, address string, n int) letter {
	t.Helper()
	verandatest.Eventually(t, 30*time.Second, fmt.Sprintf("letter %d to %s", n, address), func() bool { return len(b.to(address)) >= n })
	return b.to(address)[n-1]
}

// last waits until there is a letter to an address whose text holds something, and gives the newest such.
func (b *inbox) last(t *testing.T, address, holding string) letter {
	t.Helper()
	var found letter
	verandatest.Eventually(t, 30*time.Second, fmt.Sprintf("a letter to %s with %q", address, holding), func() bool {
		for _, l := range b.to(address) {
			if strings.Contains(l.Text, holding) {
				found = l
			}
		}
		return found.To != ""
	})
	return found
}

var tokenPattern = regexp.MustCompile(`[?&#]token=([A-Za-z0-9_-]+)`)

// token is the token of the link in a letter.
func (l letter) token(t *testing.T) string {
	t.Helper()
	match := tokenPattern.FindStringSubmatch(l.Text)
	if match == nil {
		t.Fatalf("the letter %q holds no link:\n%s", l.Subject, l.Text)
	}
	return match[1]
}
