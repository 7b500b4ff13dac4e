package tenancy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/veranda-go/veranda"
)

// Why something is not sent.
const (
	reasonBounced = "mail to this address came back; its owner must prove it first"
	reasonNoMail  = "this installation sends no mails"
)

// refusedAddress is an error by which a mail server says that the address takes no mail.
type refusedAddress interface{ AddressRefused() bool }

func addressRefused(err error) bool {
	var refused refusedAddress
	return errors.As(err, &refused) && refused.AddressRefused()
}

// meansAddress tells whether an enhanced status (RFC 3463) says that mail will not arrive at the address whatever the mail
// is: nothing in particular (5.0.x), a bad mailbox or host (5.1.x), a mailbox that is switched off (5.2.0, 5.2.1). A full
// mailbox (5.2.2), content (5.6.x) and policy (5.7.x) say nothing about the next mail.
func meansAddress(status string) bool {
	return strings.HasPrefix(status, "5.0.") || strings.HasPrefix(status, "5.1.") || status == "5.2.0" || status == "5.2.1"
}

// askedFor are the templates that the owner of an address asks for, to prove that it works or to sign in: they are sent to
// an address whose mail came back, too.
func askedFor(template string) bool {
	return template == templateConfirm || template == templateConfirmAddress || template == templateReset
}

// bounced tells whether a queued mail is not to be sent, for earlier mail to its address came back.
func (s *Service) bounced(ctx context.Context, m *storedMail) (bool, error) {
	if askedFor(m.Template) {
		return false, nil
	}
	return addressBounced(ctx, s.conn.Query, m.Recipient)
}

func addressBounced(ctx context.Context, query queryFunc, recipient string) (bool, error) {
	address, err := ParseAddress(recipient)
	if err != nil { // it will be refused where it is sent
		return false, nil
	}
	one := 0
	return readOne(ctx, query, `SELECT 1 FROM veranda_addresses WHERE address_key = $1 AND bounced_at IS NOT NULL AND confirmed_at IS NOT NULL`, []any{address.Key}, &one)
}

// markBounced notes with its owner that mail to an address came back: the account that proved it, or the one the mail was
// for. Who has no account is not noted anywhere but in the delivery log. Event: tenancy.address_bounced.
func markBounced(ctx context.Context, tx *veranda.Tx, recipient string, account veranda.AccountID, reason string) error {
	address, err := ParseAddress(recipient)
	if err != nil {
		return nil
	}
	owners, err := readIDs[veranda.AccountID](ctx, tx, `UPDATE veranda_addresses SET bounced_at = $2, bounce_reason = $3
WHERE address_key = $1 AND bounced_at IS NULL AND (confirmed_at IS NOT NULL OR account_id = $4) RETURNING account_id`,
		address.Key, tx.DB().Time(tx.DB().Now()), reason, nullID(account))
	if err != nil {
		return fmt.Errorf("tenancy: note bounced address: %w", err)
	}
	for _, owner := range owners {
		tx.Emit(veranda.Event{Kind: EventAddressBounced, Subject: owner.String(), System: "mail",
			Data: veranda.MarshalData(AddressBounced{Address: address.Written, Reason: reason})})
	}
	return nil
}

// clearBounced notes that mail to an address arrived: its owner used a link that was sent there.
func clearBounced(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, key string) error {
	_, err := tx.Exec(ctx, `UPDATE veranda_addresses SET bounced_at = NULL, bounce_reason = ''
WHERE account_id = $1 AND address_key = $2 AND bounced_at IS NOT NULL`, account, key)
	if err != nil {
		return fmt.Errorf("tenancy: clear bounced address: %w", err)
	}
	return nil
}
