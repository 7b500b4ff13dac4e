package tenancy

import (
	"context"
	"fmt"
	"regexp"

	"github.com/veranda-go/veranda"
)

// PhoneReport is what a provider of text messages says of one it took.
type PhoneReport struct {
	Delivery DeliveryID
	// State is "sent", "delivered" or "undelivered".
	State string
	// Reason is why it was not delivered.
	Reason string
}

// PhoneReported notes what a provider says of a text message. Providers repeat and reorder what they say: the first word
// about the end stands, and "sent" after it changes nothing. A report about a message that is still queued, because the
// answer to handing it in was lost, keeps it from being sent twice.
//
// There is no actor: the caller has proved that the report is the provider's. Errors: invalid, not_found. Event:
// tenancy.delivery_undelivered.
func (s *Service) PhoneReported(ctx context.Context, in PhoneReport) error {
	var c veranda.Checks
	veranda.OneOf(&c, "/state", in.State, deliverySent, deliveryDelivered, deliveryUndelivered)
	if err := c.Err(); err != nil {
		return err
	}
	return s.reported(ctx, in.Delivery, ChannelPhone, in.State, clipped(in.Reason), nil)
}

var enhancedStatus = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// Bounced notes what a delivery status notification (RFC 3464) says of a mail: a status of class 5 that it did not arrive,
// of class 4 that it has not arrived yet, of class 2 that it did. Where the status means the address and not the mail, the
// address's owner is sent nothing more there until they prove it again.
//
// There is no actor: the caller has proved that the report answers this delivery. Errors: invalid, not_found. Events:
// tenancy.delivery_undelivered, tenancy.address_bounced.
func (s *Service) Bounced(ctx context.Context, delivery DeliveryID, status, diagnostic string) error {
	var c veranda.Checks
	if !enhancedStatus.MatchString(status) {
		c.Add("/status", "status", "is not an enhanced status code, such as 5.1.1")
	}
	if err := c.Err(); err != nil {
		return err
	}
	reason := clipped(status + " " + diagnostic)
	switch status[0] {
	case '2':
		return s.reported(ctx, delivery, ChannelMail, deliveryDelivered, "", nil)
	case '4':
		return s.reported(ctx, delivery, ChannelMail, deliverySent, reason, nil)
	}
	return s.reported(ctx, delivery, ChannelMail, deliveryUndelivered, reason, func(ctx context.Context, tx *veranda.Tx, r reportedRow) error {
		if !meansAddress(status) {
			return nil
		}
		return markBounced(ctx, tx, r.recipient, r.account, reason)
	})
}

// reportedRow is what a report needs of its delivery.
type reportedRow struct {
	org                 veranda.OrgID
	account             veranda.AccountID
	recipient, template string
}

const (
	selectReported = `SELECT org_id, account_id, recipient, template FROM veranda_deliveries WHERE id = $1 AND channel = $2`
	// What is sent already stays so, and learns why it is still on its way; what has ended stays as it is.
	reportSent  = `UPDATE veranda_deliveries SET state = 'sent', reason = $3, reported_at = $4, ended_at = coalesce(ended_at, $4), next_attempt_at = NULL WHERE org_id = $1 AND id = $2 AND state IN ('queued', 'sent')`
	reportEnded = `UPDATE veranda_deliveries SET state = $5, reason = $3, reported_at = $4, ended_at = coalesce(ended_at, $4), next_attempt_at = NULL WHERE org_id = $1 AND id = $2 AND state IN ('queued', 'sent')`
)

// reported puts a delivery into the state somebody reports, and does what follows from it.
func (s *Service) reported(ctx context.Context, id DeliveryID, channel, state, reason string, then func(ctx context.Context, tx *veranda.Tx, r reportedRow) error) error {
	var r reportedRow
	found, err := readOne(ctx, s.conn.Query, selectReported, []any{id, channel}, &r.org, &r.account, &r.recipient, &r.template)
	if err != nil {
		return err
	}
	if !found {
		return veranda.ErrNotFound
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		text, args := reportSent, []any{r.org, id, reason, s.time(s.now())}
		if state != deliverySent {
			text, args = reportEnded, append(args, state)
		}
		n, err := tx.Exec(ctx, text, args...)
		if err != nil {
			return fmt.Errorf("tenancy: note report: %w", err)
		}
		if n == 0 { // repeated, or late
			return nil
		}
		if state == deliveryUndelivered {
			tx.Emit(veranda.Event{Org: r.org, Kind: EventDeliveryUndelivered, Subject: id.String(), System: channel,
				Data: veranda.MarshalData(DeliveryFailed{Template: r.template, Reason: reason})})
		}
		if then != nil {
			return then(ctx, tx, r)
		}
		return nil
	})
}
