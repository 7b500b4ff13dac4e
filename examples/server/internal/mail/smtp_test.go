package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
)

// box is a mail server on a real port that keeps what it accepts.
type box struct {
	mu       sync.Mutex
	accepted []delivered
	answer   error // to RCPT
	port     int
	roots    *x509.CertPool
}

type delivered struct {
	From, To, Text string
	TLS, SignedIn  bool
}

type session struct {
	box  *box
	conn *smtp.Conn
	mail delivered
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "ann" || password != "p@ss" {
			return smtp.ErrAuthFailed
		}
		s.mail.SignedIn = true
		return nil
	}), nil
}
func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.mail.From = from; return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error   { s.mail.To = to; return s.box.answer }
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Text = string(text)
	_, s.mail.TLS = s.conn.TLSConnectionState()
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.accepted = append(s.box.accepted, s.mail)
	return nil
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (b *box) got() []delivered {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accepted
}

// newBox starts a server: with STARTTLS where offered, with TLS from the start where implicit.
func newBox(t *testing.T, offered, implicit bool, answer error) *box {
	t.Helper()
	b := &box{answer: answer}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{box: b, conn: c}, nil }))
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.Domain, server.AllowInsecureAuth = "localhost", true
	certificate, roots := certificateFor(t)
	b.roots = roots
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if offered {
		server.TLSConfig = config
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.port = listener.Addr().(*net.TCPAddr).Port
	if implicit {
		listener = tls.NewListener(listener, config)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with the listener
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close()
		<-served
	})
	return b
}

func certificateFor(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

var from = Address{Name: "Veranda", Address: "veranda@example.org"}

func hello() Message {
	return Message{ID: "01920000-aaaa", To: "ann@example.com", ToName: "Ann Änderung", Subject: "Grüße ✓", Text: "Hello Ann.\n.\nBye.\n", HTML: "<p>Hello Ann.</p>", UnsubscribeURL: "https://veranda.example/u?t=1"}
}

func TestSendByEveryRule(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule              TLSRule
		offered, implicit bool
		trusted           bool
		sent, tls         bool
		nameless          bool
	}{
		"required, offered":          {TLSRequired, true, false, true, true, true, false},
		"required, not offered":      {TLSRequired, false, false, true, false, false, false},
		"required, not trusted":      {TLSRequired, true, false, false, false, false, false},
		"optional, offered":          {TLSOptional, true, false, true, true, true, false},
		"optional, password":         {TLSOptional, false, false, true, false, false, false},
		"none":                       {TLSNone, true, false, true, true, false, true},
		"optional, nameless":         {TLSOptional, false, false, true, true, false, true},
		"none, password":             {TLSNone, true, false, true, false, false, false},
		"from the start":             {TLSFromStart, false, true, true, true, true, false},
		"from the start, not so":     {TLSFromStart, true, false, true, false, false, false},
		"from the start, no trusted": {TLSFromStart, false, true, false, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, test.offered, test.implicit, nil)
			roots := b.roots
			if !test.trusted {
				roots = x509.NewCertPool()
			}
			server := Server{Host: "localhost", Port: b.port, TLS: test.rule}
			if !test.nameless {
				server.User, server.password = "ann", "p@ss"
			}
			s := NewSender(server, from, time.Now, roots)
			err := s.Send(t.Context(), hello())
			if (err == nil) != test.sent || Permanent(err) {
				t.Fatal(err)
			}
			got := b.got()
			if !test.sent {
				if len(got) != 0 {
					t.Errorf("%+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].TLS != test.tls || got[0].SignedIn == test.nameless || got[0].From != from.Address || got[0].To != "ann@example.com" {
				t.Fatalf("%+v", got)
			}
			r, err := parse("x", strings.NewReader(got[0].Text))
			if err != nil {
				t.Fatal(err)
			}
			r.At = time.Time{}
			want := Received{ID: "x", MessageID: "<01920000-aaaa@example.org>", From: `"Veranda" <veranda@example.org>`, To: `"Ann Änderung" <ann@example.com>`, Subject: "Grüße ✓", Text: "Hello Ann.\n.\nBye.\n", HTML: "<p>Hello Ann.</p>", UnsubscribeURL: "https://veranda.example/u?t=1"}
			r.To = strings.Replace(r.To, "Ann Änderung <", `"Ann Änderung" <`, 1)
			r.HTML = strings.TrimSpace(r.HTML)
			if diff := cmp.Diff(want, r); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(got[0].Text, "List-Unsubscribe-Post: List-Unsubscribe=One-Click") || !strings.Contains(got[0].Text, "Auto-Submitted: auto-generated") {
				t.Error(got[0].Text)
			}
		})
	}
}

func TestWhatTheServerAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer    error
		code      int
		permanent bool
	}{
		"try later":  {&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "busy"}, 451, false},
		"no mailbox": {&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}, 550, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, false, false, test.answer)
			s := NewSender(Server{Host: "localhost", Port: b.port, TLS: TLSNone}, from, time.Now, nil)
			err := s.Send(t.Context(), hello())
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Code != test.code || Permanent(err) != test.permanent || len(b.got()) != 0 {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		b := newBox(t, true, false, nil)
		s := NewSender(Server{Host: "localhost", Port: b.port, TLS: TLSRequired, User: "ann", password: "hunter2"}, from, time.Now, b.roots)
		if err := s.Send(t.Context(), hello()); err == nil || strings.Contains(err.Error(), "hunter2") || len(b.got()) != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		s := NewSender(Server{Host: "localhost", Port: port, TLS: TLSNone}, from, time.Now, nil)
		var refused *RefusedError
		if err := s.Send(t.Context(), hello()); !errors.As(err, &refused) || Permanent(err) {
			t.Errorf("%v", err)
		}
	})
}
