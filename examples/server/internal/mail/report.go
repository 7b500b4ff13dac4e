package mail

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// Report is what a delivery status notification (RFC 3464) says of one recipient.
type Report struct {
	// Action is "failed", "delayed", "delivered", "relayed" or "expanded".
	Action string
	// Status is an enhanced status code (RFC 3463).
	Status string
	// Diagnostic is what the other mail server said; it may be empty.
	Diagnostic string
}

// ErrNoReport says that a mail is no delivery status notification that can be read.
var ErrNoReport = errors.New("not a delivery status notification")

// The bounds of what is looked at: a notification has three parts, forwarded ones a few more around them.
const (
	reportParts  = 20
	reportDepth  = 3
	reportOctets = 64 << 10 // of the part with the status
	reportGroups = 20
)

var statusCode = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}`)

// ParseReport reads a notification: the first recipient that failed or else the first. It gives ErrNoReport for everything
// else, for whatever a stranger sends may come by this way.
func ParseReport(r io.Reader) (Report, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrNoReport, err)
	}
	search := reportSearch{}
	if err := search.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0); err != nil {
		return Report{}, err
	}
	if search.found == nil {
		return Report{}, ErrNoReport
	}
	return *search.found, nil
}

type reportSearch struct {
	parts int
	found *Report
}

func (s *reportSearch) part(contentType, encoding string, body io.Reader, depth int) error {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil // not what is looked for
	}
	switch {
	case kind == "message/delivery-status" && depth > 0:
		return s.status(encoding, body)
	case !strings.HasPrefix(kind, "multipart/") || parameters["boundary"] == "":
		return nil
	case depth == reportDepth:
		return fmt.Errorf("%w: parts within parts", ErrNoReport)
	}
	parts := multipart.NewReader(body, parameters["boundary"])
	for s.found == nil {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNoReport, err)
		}
		if s.parts++; s.parts > reportParts {
			return fmt.Errorf("%w: too many parts", ErrNoReport)
		}
		if err := s.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// status reads the groups of fields: the first is about the mail, the others about a recipient each.
func (s *reportSearch) status(encoding string, body io.Reader) error {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(io.LimitReader(body, reportOctets))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoReport, err)
	}
	fields := textproto.NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(text), strings.NewReader("\r\n\r\n"))))
	for group := range reportGroups {
		header, err := fields.ReadMIMEHeader()
		if group > 0 {
			s.recipient(header)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNoReport, err)
		}
	}
	return nil
}

func (s *reportSearch) recipient(header textproto.MIMEHeader) {
	report := Report{
		Action: strings.ToLower(strings.TrimSpace(header.Get("Action"))), Status: statusCode.FindString(strings.TrimSpace(header.Get("Status"))),
		Diagnostic: header.Get("Diagnostic-Code"),
	}
	if report.Status == "" || s.found != nil && (s.found.Action == "failed" || report.Action != "failed") {
		return
	}
	s.found = &report
}
