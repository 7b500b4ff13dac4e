package inbound

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/veranda-go/veranda/examples/server/internal/mail"
)

// Inbound takes mails that people write to the server. An error whose Permanent() is true refuses the mail for good; any
// other has the sender's server try again. from is the envelope's sender: empty for notifications, which must never be
// answered. raw is the whole mail as it came.
type Inbound interface {
	Receive(ctx context.Context, from, to string, raw []byte) error
}

// Options are what the server works with.
type Options struct {
	// Domain is the domain of the addresses.
	Domain string
	// Returns are the addresses mails come back to.
	Returns *mail.Returns
	// Bounced is told of each notification about a mail of ours; status is an enhanced status code. An error has the
	// sender's server try again.
	Bounced func(ctx context.Context, delivery, status, diagnostic string) error
	// Support takes what is written to support@Domain; nil: there is no such address.
	Support Inbound
	Log     *slog.Logger
}

// The bounds of what anybody can send.
const (
	messageOctets = 2 << 20
	recipients    = 5
	lineOctets    = 2000
	idle          = time.Minute
	handling      = 30 * time.Second
)

// SupportName is the local part of support's address.
const SupportName = "support"

// Server takes mail.
type Server struct {
	options Options
	smtp    *smtp.Server
}

// New makes a server.
func New(o Options) *Server {
	s := &Server{options: o}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	s.smtp.Domain = o.Domain
	s.smtp.MaxMessageBytes, s.smtp.MaxRecipients, s.smtp.MaxLineLength = messageOctets, recipients, lineOctets
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = idle, idle
	s.smtp.ErrorLog = quiet{o.Log}
	return s
}

// Serve takes connections until Shutdown.
func (s *Server) Serve(listener net.Listener) error {
	err := s.smtp.Serve(newLimited(listener))
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown takes no more connections and waits for those under way until the context ends.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.smtp.Shutdown(ctx); err != nil {
		return s.smtp.Close()
	}
	return nil
}

// quiet keeps what clients do wrong out of the log but for those who look for it.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, _ ...any) { q.log.Debug("inbound mail", "event", format) }
func (q quiet) Println(...any)                 {}

// What clients are told.
var (
	errNoMailbox = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "There is no such mailbox here"}
	errRelay     = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Mail is not relayed"}
	errLater     = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"}
	errRefused   = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "The mail was refused"}
)

// session is one mail after another of one client.
type session struct {
	server *Server
	from   string
	to     []recipient
}

// recipient is an address of ours: of a delivery, or of support.
type recipient struct{ address, delivery string }

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt takes our own addresses and no others.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	o := &s.server.options
	local, domain, _ := strings.Cut(to, "@")
	if !strings.EqualFold(domain, o.Domain) {
		return errRelay
	}
	if id, ok := o.Returns.ID(to); ok {
		s.to = append(s.to, recipient{to, id})
		return nil
	}
	if o.Support != nil && strings.EqualFold(local, SupportName) {
		s.to = append(s.to, recipient{address: to})
		return nil
	}
	return errNoMailbox
}

// Data takes a mail. It is answered after everything was done with it: an error brings it again.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r) // go-smtp ends it at MaxMessageBytes, and answers 552
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), handling)
	defer cancel()
	for _, to := range s.to {
		if err := s.server.take(ctx, s.from, to, raw); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) take(ctx context.Context, from string, to recipient, raw []byte) error {
	var err error
	if to.delivery == "" {
		err = s.options.Support.Receive(ctx, from, to.address, raw)
	} else {
		err = s.report(ctx, to.delivery, raw)
	}
	var p interface{ Permanent() bool }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p) && p.Permanent():
		return errRefused
	default:
		s.options.Log.Error("inbound mail could not be handled", "error", err)
		return errLater
	}
}

// report reads a notification. What is none (an answer of an absent person, or junk) is taken and dropped: to refuse it
// would only send another notification around.
func (s *Server) report(ctx context.Context, delivery string, raw []byte) error {
	report, err := mail.ParseReport(strings.NewReader(string(raw)))
	if err != nil {
		s.options.Log.Info("mail to a return path is no notification", "delivery", delivery)
		return nil
	}
	switch {
	case report.Action == "relayed" || report.Action == "expanded":
		return nil // on its way to where nobody will report from
	case report.Action == "failed" && report.Status[0] != '5':
		report.Status = "5.4.7" // given up after a while: RFC 3463, delivery time expired
	}
	return s.options.Bounced(ctx, delivery, report.Status, report.Diagnostic)
}
