package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// maxAddresses is how many addresses an account can have, claims included.
const maxAddresses = 20

// AddAddress claims an address for one's account and sends a link to confirm it; again for a claimed one, and for one's
// own whose mail came back. The answer is the same whether the address belongs to somebody else or not.
//
// Permission: account.change_addresses. Errors: invalid, rate.attempts, limit.addresses. Event: tenancy.address_added.
func (s *Service) AddAddress(ctx context.Context, by veranda.Actor, in AddressInput) (*Account, error) {
	address, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermAddresses)
	if err != nil {
		return nil, err
	}
	mails := ruleMail.of(address.Key)
	allowed, err := s.reserve(ctx, mails)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, s.refused(ctx, ErrRate, mails)
	}
	me, err := s.readMe(ctx, standing.Account)
	if err != nil {
		return nil, err
	}
	link, err := s.newLink(linkConfirm, s.now())
	if err != nil {
		return nil, err
	}
	link.Account, link.Key = me.ID, address.Key
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		// The row of the account is the lock under which its addresses change.
		if err := touchAccount(ctx, tx, me.ID); err != nil {
			return err
		}
		addresses, err := s.WithTx(tx).readAddresses(ctx, me.ID)
		if err != nil {
			return err
		}
		known := false
		for _, d := range addresses {
			if d.Key == address.Key {
				if d.ConfirmedAt != nil && d.BouncedAt == nil {
					return nil
				}
				known = true
			}
		}
		if !known {
			if len(addresses) >= maxAddresses {
				return ErrAddressLimit
			}
			if err := storeAddress(ctx, tx, me.ID, address, false, false, s.now()); err != nil {
				return err
			}
			emitAccount(tx, EventAddressAdded, me.ID, me.ID, AddressChanged{Address: address.Written})
		}
		if err := storeLink(ctx, tx, link); err != nil {
			return err
		}
		return queueMail(ctx, tx, mailRow{
			Account: me.ID, By: me.ID, Recipient: address.Written, Template: templateConfirmAddress, Language: me.Language,
			Link: link.Hash, mailContent: mailContent{Data: mailData{"Name": me.Name}, Zone: me.TimeZone},
		})
	})
	if err != nil {
		return nil, err
	}
	return s.readMe(ctx, me.ID)
}

// MakePrimary makes a confirmed address of one's account the one mail goes to. The former one is told.
//
// Permission: account.change_addresses. Errors: invalid, not_found, address.unconfirmed. Event:
// tenancy.address_made_primary.
func (s *Service) MakePrimary(ctx context.Context, by veranda.Actor, in AddressInput) (*Account, error) {
	return s.changeAddress(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, me *Account, address AccountAddress) error {
		switch {
		case address.Primary:
			return nil
		case address.ConfirmedAt == nil:
			return ErrAddressUnconfirmed
		}
		_, err := tx.Exec(ctx, `UPDATE veranda_addresses SET is_primary = (address_key = $2) WHERE account_id = $1`, me.ID, address.Key)
		if err != nil {
			return fmt.Errorf("tenancy: make address primary: %w", err)
		}
		emitAccount(tx, EventAddressPrimary, me.ID, me.ID, AddressChanged{Address: address.Address})
		if me.Addresses[0].ConfirmedAt == nil { // the reserved account's owner came by phone: that address is perhaps not theirs
			return nil
		}
		return queueMail(ctx, tx, mailRow{
			Account: me.ID, By: me.ID, Recipient: me.Addresses[0].Address, Template: templatePrimaryChanged, Language: me.Language,
			mailContent: mailContent{Data: mailData{"Name": me.Name, "Address": address.Address}, Zone: me.TimeZone},
		})
	})
}

// RemoveAddress takes an address from one's account. The primary one, and one by which the account owns a tenant or
// belongs to an organization, stay.
//
// Permission: account.change_addresses. Errors: invalid, not_found, address.primary, address.in_use. Event:
// tenancy.address_removed.
func (s *Service) RemoveAddress(ctx context.Context, by veranda.Actor, in AddressInput) (*Account, error) {
	return s.changeAddress(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, me *Account, address AccountAddress) error {
		if address.Primary {
			return ErrAddressPrimary
		}
		used := 0
		_, err := readOne(ctx, tx.Query, `SELECT (SELECT count(*) FROM veranda_account_organizations ao
	JOIN veranda_memberships m ON m.org_id = ao.org_id AND m.account_id = ao.account_id WHERE ao.account_id = $1 AND m.address_key = $2)
+ (SELECT count(*) FROM veranda_ownerships w WHERE w.address_key = $2 AND EXISTS (SELECT 1 FROM veranda_addresses d
	WHERE d.account_id = $1 AND d.address_key = $2 AND d.confirmed_at IS NOT NULL))`, []any{me.ID, address.Key}, &used)
		if err != nil {
			return err
		}
		if used > 0 {
			return ErrAddressInUse
		}
		for _, text := range []string{
			`DELETE FROM veranda_links WHERE account_id = $1 AND address_key = $2`,
			`DELETE FROM veranda_addresses WHERE account_id = $1 AND address_key = $2`,
		} {
			if _, err := tx.Exec(ctx, text, me.ID, address.Key); err != nil {
				return fmt.Errorf("tenancy: remove address: %w", err)
			}
		}
		emitAccount(tx, EventAddressRemoved, me.ID, me.ID, AddressChanged{Address: address.Address})
		return nil
	})
}

// changeAddress finds an address of one's account, under the account's lock, and changes it.
func (s *Service) changeAddress(ctx context.Context, by veranda.Actor, in AddressInput, change func(ctx context.Context, tx *veranda.Tx, me *Account, address AccountAddress) error) (*Account, error) {
	wanted, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermAddresses)
	if err != nil {
		return nil, err
	}
	var me *Account
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockAddress(ctx, tx, wanted.Key); err != nil {
			return err
		}
		if err := touchAccount(ctx, tx, standing.Account); err != nil {
			return err
		}
		bound := s.WithTx(tx)
		if me, err = bound.readMe(ctx, standing.Account); err != nil {
			return err
		}
		for _, address := range me.Addresses {
			if address.Key == wanted.Key {
				if err := change(ctx, tx, me, address); err != nil {
					return err
				}
				me, err = bound.readMe(ctx, standing.Account)
				return err
			}
		}
		return veranda.ErrNotFound
	})
	if err != nil {
		return nil, err
	}
	return me, nil
}

// touchAccount gives an active account its next version, and holds its row until the transaction's end.
func touchAccount(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET updated_at = $2, version = version + 1 WHERE id = $1 AND state = 'active'`,
		account, tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("tenancy: change account: %w", err)
	}
	if n == 0 {
		return veranda.ErrUnauthenticated
	}
	return nil
}
