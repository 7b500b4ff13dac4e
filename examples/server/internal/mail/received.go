package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Received is a mail of the mailbox as a person reads it.
type Received struct {
	ID, MessageID, From, To, Subject string
	At                               time.Time
	Text, HTML                       string
	UnsubscribeURL                   string
}

func parse(id string, r io.Reader) (Received, error) {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return Received{}, fmt.Errorf("mailbox: mail %s: %w", id, err)
	}
	decode := func(name string) string {
		text, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(name))
		if err != nil {
			return m.Header.Get(name)
		}
		return text
	}
	out := Received{
		ID: id, MessageID: m.Header.Get("Message-ID"), From: decode("From"), To: decode("To"), Subject: decode("Subject"),
		UnsubscribeURL: strings.Trim(m.Header.Get("List-Unsubscribe"), "<>"),
	}
	if out.At, err = m.Header.Date(); err != nil {
		return Received{}, fmt.Errorf("mailbox: mail %s: %w", id, err)
	}
	if err := out.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body); err != nil {
		return Received{}, fmt.Errorf("mailbox: mail %s: %w", id, err)
	}
	return out, nil
}

// part reads a body, or the parts of a body of several.
func (r *Received) part(contentType, encoding string, body io.Reader) error {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			// NextRawPart leaves the transfer encoding to the lines below, like that of a body of one part.
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := r.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	switch kind {
	case "text/plain":
		r.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	case "text/html":
		r.HTML = string(text)
	}
	return nil
}
