package tenancy

import (
	"context"

	"github.com/veranda-go/veranda"
)

// Throttle counts calls that anybody can make and that send a mail, for packages beside this one: by the same windows as
// registering and asking for a reset; and calls of accounts that others have work with.
type Throttle struct{ counts *Service }

// NewThrottle makes a Throttle.
func NewThrottle(db *veranda.DB) *Throttle { return &Throttle{&Service{conn: db.Conn()}} }

// Account counts a call of an account's own that others have work with. Errors: rate.attempts.
func (t *Throttle) Account(ctx context.Context, account veranda.AccountID) error {
	count := ruleAccount.of(account.String())
	allowed, err := t.counts.reserve(ctx, count)
	if err == nil && !allowed {
		err = t.counts.refused(ctx, ErrRate, count)
	}
	return err
}

// Mail counts a call from a client's IP address that mails to an address. mail tells whether the address may be sent one
// more. Errors: rate.attempts, for a network that calls too often.
func (t *Throttle) Mail(ctx context.Context, address Address, client string) (mail bool, err error) {
	return t.counts.mayMail(ctx, address.Key, client)
}
