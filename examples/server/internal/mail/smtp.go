package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Server is where mail is handed in.
type Server struct {
	Host string
	Port int
	// TLS says how the connection is protected.
	TLS TLSRule
	// User and password sign in, over TLS only; empty where the server asks for nothing.
	User     string
	password secret
}

// secret is a text that formatting does not show.
type secret string

func (secret) String() string   { return "[hidden]" }
func (secret) GoString() string { return "[hidden]" }

// TLSRule says how a connection to the mail server is protected.
type TLSRule string

// The rules.
const (
	TLSFromStart TLSRule = "tls"      // smtps: TLS before anything is said (RFC 8314)
	TLSRequired  TLSRule = "required" // STARTTLS, and nothing is sent when the server does not offer it
	TLSOptional  TLSRule = "optional" // STARTTLS where the server offers it; anyone on the way can prevent it
	TLSNone      TLSRule = "none"
)

// ParseURL reads smtp://user:password@host:port?starttls=required|optional|none or smtps://user:password@host:port. The
// ports default to 587 and 465 (RFC 8314). The error never repeats the URL.
func ParseURL(text string) (Server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return Server{}, errors.New("want smtp://user:password@host:port or smtps://user:password@host:port")
	}
	s := Server{Host: u.Hostname(), User: u.User.Username()}
	password, _ := u.User.Password()
	s.password = secret(password)
	query := u.Query()
	rule := query.Get("starttls")
	query.Del("starttls")
	switch {
	case len(query) > 0:
		return Server{}, errors.New("the only option is ?starttls=")
	case u.Scheme == "smtps" && rule == "":
		s.Port, s.TLS = 465, TLSFromStart
	case u.Scheme == "smtps":
		return Server{}, errors.New("smtps:// is TLS from the start and takes no ?starttls=")
	case u.Scheme != "smtp":
		return Server{}, errors.New("want smtp:// or smtps://")
	case rule == "":
		s.Port, s.TLS = 587, TLSRequired
	default:
		s.Port, s.TLS = 587, TLSRule(rule)
		if s.TLS != TLSRequired && s.TLS != TLSOptional && s.TLS != TLSNone {
			return Server{}, errors.New("starttls must be required, optional or none")
		}
	}
	if port := u.Port(); port != "" {
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port < 1 || s.Port > 65535 {
			return Server{}, errors.New("the port must be a number from 1 to 65535")
		}
	}
	if (s.User == "") != (s.password == "") {
		return Server{}, errors.New("give user and password, or neither")
	}
	if s.User != "" && s.TLS == TLSNone {
		return Server{}, errors.New("a password is not sent without TLS; use starttls=required")
	}
	return s, nil
}

// String is the server without its password.
func (s Server) String() string {
	return fmt.Sprintf("%s:%d (%s)", s.Host, s.Port, s.TLS)
}

// GoString is the same: fmt asks no methods of a field it cannot reach.
func (s Server) GoString() string { return s.String() }

// sendTimeout bounds one conversation with the mail server.
const sendTimeout = 30 * time.Second

// Sender sends by SMTP, a connection for each mail.
type Sender struct {
	server Server
	from   Address
	now    func() time.Time
	tls    *tls.Config
}

// NewSender makes a sender. now gives the Date of a mail. roots are the certificates to trust; nil: the machine's.
func NewSender(server Server, from Address, now func() time.Time, roots *x509.CertPool) *Sender {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: server.Host, RootCAs: roots}
	return &Sender{server: server, from: from, now: now, tls: config}
}

// Send hands a mail in. It gives ErrMalformed for a message that can never be sent and *RefusedError for everything the
// server or the way to it answers; Permanent tells whether to try again.
func (s *Sender) Send(ctx context.Context, m Message) error {
	msg, err := m.build(s.from, s.now())
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.server.Host, s.options()...)
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return refused(err)
	}
	return nil
}

func (s *Sender) options() []gomail.Option {
	options := []gomail.Option{gomail.WithPort(s.server.Port), gomail.WithTimeout(sendTimeout), gomail.WithTLSConfig(s.tls.Clone())}
	switch s.server.TLS {
	case TLSFromStart:
		options = append(options, gomail.WithSSL())
	case TLSOptional:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case TLSNone:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.server.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.server.User), gomail.WithPassword(string(s.server.password)))
	}
	return options
}

func refused(err error) error {
	r := &RefusedError{cause: err}
	var send *gomail.SendError
	if errors.As(err, &send) {
		r.Code = send.ErrorCode()
		r.Permanent = r.Code >= 500 && !send.IsTemp()
		r.AddressRefused = r.Permanent && send.Reason == gomail.ErrSMTPRcptTo && addressRefused(r.Code, send.EnhancedStatusCode())
	}
	return r
}
