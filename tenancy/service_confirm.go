package tenancy

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Confirm proves an address by the link that was sent to it. A new account becomes active by it. Others who claim the
// address lose their claim.
//
// The link alone proves whose mailbox it is, not who made the account: somebody may have registered another person's
// address, or added it to their own account, and wait for a click. So the account's password is asked too, unless who calls
// is signed in as the account. A wrong password is counted, and the link stays usable.
//
// Permission: account.confirm (anonymous). Errors: invalid; tenancy.link, whatever is wrong with the link; password.wrong;
// rate.attempts. Events: tenancy.account_confirmed or tenancy.address_confirmed.
func (s *Service) Confirm(ctx context.Context, by veranda.Actor, in ConfirmInput) (*Confirmed, error) {
	if err := in.validate(by); err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermConfirm)
	if err != nil {
		return nil, err
	}
	caller := standing.Account
	// An expired session passes as anonymous, and its account must not count.
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermAccountRead}); err != nil {
		caller = veranda.AccountID{}
	}
	var confirmed Confirmed
	err = s.withLink(ctx, in.ClientAddress, in.Token, func(link *linkRow) error {
		if !link.works(linkConfirm, s.now()) {
			return ErrLink
		}
		count := ruleConfirm.of(hex.EncodeToString(link.Hash))
		if caller.IsZero() || caller != link.Account {
			if err := s.proveHolder(ctx, link, count, in.Password); err != nil {
				return err
			}
		}
		return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			if err := forget(ctx, tx, count); err != nil {
				return err
			}
			return s.confirm(ctx, tx, link, &confirmed)
		})
	})
	if err != nil {
		return nil, err
	}
	return &confirmed, nil
}

// proveHolder checks that who confirms an address knows the password of the account it was given to. It counts before it
// judges.
func (s *Service) proveHolder(ctx context.Context, link *linkRow, count attempt, password string) error {
	account, err := readAccountRow(ctx, s.conn.Query, selectAccount, link.Account)
	if err != nil {
		return err
	}
	if account == nil {
		return ErrLink
	}
	if allowed, err := s.reserve(ctx, count); err != nil {
		return err
	} else if !allowed {
		return s.refused(ctx, ErrRate, count)
	}
	right, _, err := s.passwords.verify(ctx, account.Password, password)
	if err == nil && !right {
		err = ErrConfirmPassword
	}
	return err
}

func (s *Service) confirm(ctx context.Context, tx *veranda.Tx, link *linkRow, confirmed *Confirmed) error {
	if err := lockAddress(ctx, tx, link.Key); err != nil {
		return err
	}
	// The account's row before its links and addresses, as everywhere.
	activated, err := tx.Exec(ctx, `UPDATE veranda_accounts SET state = 'active', updated_at = $2, version = version + 1 WHERE id = $1 AND state = 'pending'`,
		link.Account, s.time(s.now()))
	if err != nil {
		return fmt.Errorf("tenancy: activate account: %w", err)
	}
	if err := spend(ctx, tx, link, linkConfirm); err != nil {
		return err
	}
	if err := confirmAddress(ctx, tx, link.Account, link.Key); err != nil {
		return err
	}
	if _, err := readOne(ctx, tx.Query, `SELECT address FROM veranda_addresses WHERE account_id = $1 AND address_key = $2`,
		[]any{link.Account, link.Key}, &confirmed.Address); err != nil {
		return err
	}
	kind := EventAddressConfirmed
	if activated == 1 {
		kind = EventAccountConfirmed
	}
	emitAccount(tx, kind, link.Account, link.Account, AddressChanged{Address: confirmed.Address})
	return s.askWhenNew(ctx, tx, link, activated == 1)
}
