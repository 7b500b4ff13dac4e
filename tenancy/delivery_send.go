package tenancy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// maxSendAttempts is when a mail is given up: half a day of attempts by veranda.RetryAfter, twelve within the first hour
// and a bit, then one an hour. It is below the number at which the outbox parks what fails.
const maxSendAttempts = 24

// Why a mail is not sent.
const (
	reasonNoAccount = "there is no account with this address"
	reasonLinkEnded = "its link was used, withdrawn or has expired"
)

// storedMail is a mailRow as it is read again.
type storedMail struct {
	mailRow
	State     string
	Attempts  int64
	CreatedAt time.Time
	// abandon is the pending account that is dropped when the mail is sent: its address belongs to somebody.
	abandon veranda.AccountID
}

// deliver sends the mail an event speaks of. It may run again for a mail that was sent, after a crash: the mail's id is
// the same then.
func (s *Service) deliver(ctx context.Context, e veranda.Event) error {
	m, err := s.readMail(ctx, e.Org, e.Subject)
	if err != nil || m == nil || m.State != "queued" {
		return err
	}
	if m.Channel == ChannelPhone {
		return s.deliverText(ctx, m)
	}
	if bounced, err := s.bounced(ctx, m); err != nil || bounced {
		if err != nil {
			return err
		}
		return s.finish(ctx, m, deliveryFailed, reasonBounced)
	}
	mail, reason, err := s.compose(ctx, m)
	if err != nil {
		return s.notSent(ctx, m, err)
	}
	if reason != "" {
		return s.finish(ctx, m, deliveryFailed, reason)
	}
	if s.mailer == nil {
		return s.finish(ctx, m, deliveryFailed, reasonNoMail)
	}
	if err := s.mailer.Send(ctx, mail); err != nil {
		return s.notSent(ctx, m, err)
	}
	return s.finish(ctx, m, deliverySent, "")
}

// notSent notes a failed attempt, and gives the mail up where another attempt is of no use.
func (s *Service) notSent(ctx context.Context, m *storedMail, cause error) error {
	var p permanent
	reason := clipped(cause.Error())
	switch {
	case addressRefused(cause) && m.Channel == ChannelMail:
		return s.finish(ctx, m, deliveryFailed, reason, func(ctx context.Context, tx *veranda.Tx) error {
			return markBounced(ctx, tx, m.Recipient, m.Account, reason)
		})
	case errors.As(cause, &p) && p.Permanent():
		return s.finish(ctx, m, deliveryFailed, reason)
	case m.Attempts+1 >= maxSendAttempts:
		return s.finish(ctx, m, deliveryGivenUp, reason)
	}
	next := s.now().Add(veranda.RetryAfter(m.Attempts+1, cause))
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE veranda_deliveries SET attempts = attempts + 1, reason = $3, next_attempt_at = $4 WHERE org_id = $1 AND id = $2 AND state = 'queued'`,
			m.Org, m.ID, reason, s.time(next))
		return err
	})
	return errors.Join(cause, err)
}

// finish ends a delivery, and does what else belongs to its end.
func (s *Service) finish(ctx context.Context, m *storedMail, state, reason string, also ...func(ctx context.Context, tx *veranda.Tx) error) error {
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE veranda_deliveries SET state = $3, reason = $4, attempts = attempts + 1, ended_at = $5, next_attempt_at = NULL
WHERE org_id = $1 AND id = $2 AND state = 'queued'`, m.Org, m.ID, state, reason, s.time(s.now()))
		if err != nil {
			return fmt.Errorf("tenancy: finish delivery: %w", err)
		}
		if n == 0 {
			return nil
		}
		if !m.abandon.IsZero() {
			if err := removePending(ctx, tx, m.abandon); err != nil {
				return err
			}
		}
		for _, do := range also {
			if err := do(ctx, tx); err != nil {
				return err
			}
		}
		if state != deliverySent && reason != reasonNoAccount && reason != reasonNoPhoneAccount && reason != reasonLinkEnded {
			tx.Emit(veranda.Event{Org: m.Org, Kind: EventDeliveryFailed, Subject: m.ID.String(), System: "mail",
				Data: veranda.MarshalData(DeliveryFailed{Template: m.Template, Reason: reason})})
		}
		return nil
	})
}

// compose writes the mail. Who owns an address is looked up here and not by the call that queued the mail, so that the
// call takes as long for an address with an account as for one without. reason says why nothing is to be sent.
func (s *Service) compose(ctx context.Context, m *storedMail) (mail Mail, reason string, err error) {
	if m.Subject != "" || m.Text != "" {
		return m.mail(m.Subject, m.Text, m.HTML)
	}
	if reason, err = s.resolve(ctx, m); err != nil || reason != "" {
		return mail, reason, err
	}
	data := mailData{"BaseURL": s.baseURL, "Recipient": m.Recipient, "TimeZone": m.Zone}
	for key, value := range m.Data {
		data[key] = value
	}
	if m.Link != nil {
		link, err := s.readLink(ctx, m.Link)
		if err != nil {
			return mail, "", err
		}
		if link == nil || !link.works(link.Purpose, s.now()) {
			return mail, reasonLinkEnded, nil
		}
		data["Link"] = s.linkURL(link)
		if data["Expires"], err = writtenMoment(s.templates, m.Template+".txt", m, link.ExpiresAt); err != nil {
			return mail, "", permanentError{err}
		}
	}
	subject, text, html, err := renderMail(s.templates, m.Template, m.Language, data)
	if err != nil { // a template with a mistake has it at the next attempt, too
		return mail, "", permanentError{err}
	}
	return m.mail(subject, text, html)
}

// resolve settles what depends on whether the address has an owner.
func (s *Service) resolve(ctx context.Context, m *storedMail) (reason string, err error) {
	switch m.Template {
	case templateConfirm, templateConfirmAddress, templateReset:
	default:
		return "", nil
	}
	address, err := ParseAddress(m.Recipient)
	if err != nil {
		return "", permanentError{err}
	}
	owner, err := readAccountRow(ctx, s.conn.Query, selectOwner, address.Key)
	if err != nil {
		return "", err
	}
	if owner == nil && m.Template != templateConfirmAddress {
		reserved, err := readAccountRow(ctx, s.conn.Query, selectReservedByAddress, address.Key)
		if err != nil {
			return "", err
		}
		if reserved != nil && reserved.ID != m.Account {
			if m.Template == templateConfirm {
				m.abandon = m.Account
			}
			return "", s.toReserved(ctx, m, reserved, address.Key)
		}
	}
	if m.Template == templateReset {
		if owner == nil || owner.State != AccountActive {
			return reasonNoAccount, nil
		}
		if err := s.toOwner(ctx, m, owner, address.Key); err != nil {
			return "", err
		}
		return "", s.linkForReset(ctx, m, address.Key)
	}
	if owner == nil || owner.ID == m.Account {
		return "", nil
	}
	if m.Template == templateConfirm {
		m.Template, m.abandon = templateAccountExists, m.Account
	} else {
		m.Template = templateAddressTaken
	}
	m.Link = nil
	return "", s.toOwner(ctx, m, owner, address.Key)
}

// toOwner writes to the owner of an address: as they spelled it, in their language.
func (s *Service) toOwner(ctx context.Context, m *storedMail, owner *accountRow, key string) error {
	m.Language, m.Zone = owner.Language, owner.TimeZone
	m.Data = mailData{"Name": owner.Name}
	_, err := readOne(ctx, s.conn.Query, `SELECT address FROM veranda_addresses WHERE account_id = $1 AND address_key = $2`,
		[]any{owner.ID, key}, &m.Recipient)
	if m.Template == templateReset {
		m.Account = owner.ID
	}
	return err
}

// linkForReset makes the link of a reset, once.
func (s *Service) linkForReset(ctx context.Context, m *storedMail, key string) error {
	if m.Link != nil {
		return nil
	}
	link, err := s.newLink(linkReset, s.now())
	if err != nil {
		return err
	}
	link.Account, link.Key = m.Account, key
	m.Link = link.Hash
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := storeLink(ctx, tx, link); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE veranda_deliveries SET link_hash = $3, account_id = $4, language = $5 WHERE org_id = $1 AND id = $2`,
			m.Org, m.ID, link.Hash, m.Account, m.Language)
		return err
	})
}

// mail is the mail in the form mailers take.
func (m *storedMail) mail(subject, text, html string) (Mail, string, error) {
	address, err := ParseAddress(m.Recipient)
	if err != nil {
		return Mail{}, "", permanentError{err}
	}
	return Mail{
		ID: m.ID.String(), To: address.Deliverable(), ToName: oneLine(m.Data["Name"]), Subject: oneLine(subject), Text: text, HTML: html,
		UnsubscribeURL: m.UnsubscribeURL,
	}, "", nil
}

// permanentError is an error after which sending again is of no use.
type permanentError struct{ error }

// Permanent says so.
func (permanentError) Permanent() bool { return true }

// Unwrap gives the cause.
func (e permanentError) Unwrap() error { return e.error }

// clipped keeps an error's text to what the log shows.
func clipped(text string) string {
	runes := []rune(oneLine(text))
	return string(runes[:min(len(runes), 300)])
}

func (s *Service) readMail(ctx context.Context, org veranda.OrgID, subject string) (*storedMail, error) {
	id, err := veranda.ParseID[deliveryKind](subject)
	if err != nil {
		return nil, fmt.Errorf("tenancy: delivery %q: %w", subject, err)
	}
	m := &storedMail{mailRow: mailRow{Org: org, ID: id}}
	var content []byte
	found, err := readOne(ctx, s.conn.Query, `SELECT account_id, by_id, channel, recipient, template, language, link_hash, data, state, attempts, created_at
FROM veranda_deliveries WHERE org_id = $1 AND id = $2`, []any{org, id}, &m.Account, &m.By, &m.Channel, &m.Recipient, &m.Template, &m.Language, &m.Link, &content,
		&m.State, &m.Attempts, veranda.Moment(&m.CreatedAt))
	if err != nil || !found {
		return nil, err
	}
	if err := json.Unmarshal(content, &m.mailContent); err != nil {
		return nil, fmt.Errorf("tenancy: delivery %s: %w", id, err)
	}
	if m.mailContent.Language != "" {
		m.mailRow.Language = m.mailContent.Language
	}
	return m, nil
}
