package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// markAgain lets one of several who ask at once have a failed delivery sent again.
const markAgain = `UPDATE veranda_deliveries SET again_as = $3 WHERE org_id = $1 AND id = $2 AND again_as IS NULL AND state IN ('undelivered', 'failed', 'given_up')`

// SendAgain queues what failed once more, as an entry of its own in the delivery log: to the same recipient, with the same
// content and the same link, if that still works. Each entry is sent again once; the new one may be, in its turn.
//
// Permission: delivery.send_again; who may not see the entry is told that there is none. Errors: not_found, forbidden,
// delivery.not_failed, delivery.sent_again, delivery.link_ended, delivery.bounced, rate.attempts. Events:
// tenancy.delivery_sent_again, tenancy.delivery_queued.
func (s *Service) SendAgain(ctx context.Context, by veranda.Actor, in DeliveryInput) (*Delivery, error) {
	d, standing, err := s.seenDelivery(ctx, by, in)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermDeliverySend}); err != nil {
		return nil, err
	}
	m, err := s.readMail(ctx, in.Org, in.Delivery.String())
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, veranda.ErrNotFound
	}
	if err := s.mayGoAgain(ctx, d, m); err != nil {
		return nil, err
	}
	next := m.mailRow
	next.ID, next.AgainOf, next.By = veranda.NewID[deliveryKind](), d.ID, standing.Account
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, markAgain, in.Org, d.ID, next.ID)
		if err != nil {
			return fmt.Errorf("tenancy: send again: %w", err)
		}
		if n == 0 {
			return ErrDeliverySentAgain
		}
		tx.Emit(veranda.Event{Org: in.Org, Kind: EventDeliverySentAgain, Subject: d.ID.String(), By: standing.Account,
			Data: veranda.MarshalData(DeliverySentAgain{Template: d.Template, As: next.ID})})
		return queueMail(ctx, tx, next)
	})
	if err != nil {
		return nil, err
	}
	sent, _, err := s.seenDelivery(ctx, by, DeliveryInput{Org: in.Org, Delivery: next.ID})
	return sent, err
}

// mayGoAgain refuses what did not fail, what would fail again for a reason that is known, and too much to one recipient.
func (s *Service) mayGoAgain(ctx context.Context, d *Delivery, m *storedMail) error {
	switch d.State {
	case deliveryUndelivered, deliveryFailed, deliveryGivenUp:
	default:
		return ErrDeliveryNotFailed
	}
	if d.AgainAs != nil {
		return ErrDeliverySentAgain
	}
	if m.Link != nil {
		link, err := s.readLink(ctx, m.Link)
		if err != nil {
			return err
		}
		if link == nil || !link.works(link.Purpose, s.now()) {
			return ErrDeliveryLinkEnded
		}
	}
	recipient := m.Recipient
	if m.Channel == ChannelMail {
		address, err := ParseAddress(m.Recipient)
		if err != nil {
			return ErrDeliveryBounced
		}
		recipient = address.Key
		bounced, err := s.bounced(ctx, m)
		if err != nil {
			return err
		}
		if bounced {
			return ErrDeliveryBounced
		}
	}
	allowed, err := s.reserve(ctx, ruleMail.of(recipient))
	if err == nil && !allowed {
		err = ErrRate
	}
	return err
}
