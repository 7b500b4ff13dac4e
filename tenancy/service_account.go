package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// Register claims an address for a new account. The answer is the same whether the address has an account or not, and so
// is the work done for it: one hash and the same rows. What goes out by mail differs: a link to confirm the address, or,
// to the owner of an existing account, that there is one. The account does nothing until its address is confirmed.
//
// Permission: account.register (anonymous). Errors: invalid, rate.attempts. Event: tenancy.account_registered.
func (s *Service) Register(ctx context.Context, by veranda.Actor, in RegisterInput) (*Registered, error) {
	address, err := in.validate()
	if err != nil {
		return nil, err
	}
	if _, err := s.signedIn(ctx, by, PermRegister); err != nil {
		return nil, err
	}
	mail, err := s.mayMail(ctx, address, in.ClientAddress)
	if err != nil {
		return nil, err
	}
	hash, err := s.passwords.hash(ctx, in.Password)
	if err != nil {
		return nil, err
	}
	if !mail { // enough mails went to this address; to say so would tell nothing about an account, but nothing is owed
		return &Registered{}, nil
	}
	now := s.now()
	link, err := s.newLink(linkConfirm, now)
	if err != nil {
		return nil, err
	}
	account := newAccount{
		accountRow: accountRow{
			ID: veranda.NewAccountID(), Name: in.Name, Language: in.Language, TimeZone: in.TimeZone, State: AccountPending, Password: hash,
		},
		Address: address, At: now,
	}
	link.Account, link.Key = account.ID, address.Key
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := storeAccount(ctx, tx, account); err != nil {
			return err
		}
		if err := storeLink(ctx, tx, link); err != nil {
			return err
		}
		emitAccount(tx, EventAccountRegistered, account.ID, veranda.AccountID{}, AccountRegistered{})
		return queueMail(ctx, tx, mailRow{
			Account: account.ID, Recipient: address.Written, Template: templateConfirm, Language: in.Language,
			Link: link.Hash, mailContent: mailContent{Data: mailData{"Name": in.Name}, Zone: in.TimeZone},
		})
	})
	if err != nil {
		return nil, err
	}
	return &Registered{}, nil
}

// mayMail counts a call anybody can make that sends a mail: a network that makes too many is refused, an address that is
// sent too many is sent no more for a while.
func (s *Service) mayMail(ctx context.Context, address Address, client string) (bool, error) {
	allowed, err := s.reserve(ctx, ruleForm.of(network(client)))
	if err != nil {
		return false, err
	}
	if !allowed {
		return false, ErrRate
	}
	return s.reserve(ctx, ruleMail.of(address.Key))
}

// Confirm proves an address by the link that was sent to it. A new account becomes active by it. Others who claim the
// address lose their claim.
//
// Permission: account.confirm (anonymous). Errors: tenancy.link, whatever is wrong with the link; rate.attempts. Events:
// tenancy.account_confirmed or tenancy.address_confirmed.
func (s *Service) Confirm(ctx context.Context, by veranda.Actor, in ConfirmInput) (*Confirmed, error) {
	if _, err := s.signedIn(ctx, by, PermConfirm); err != nil {
		return nil, err
	}
	var confirmed Confirmed
	err := s.withLink(ctx, in.ClientAddress, in.Token, func(link *linkRow) error {
		if !link.works(linkConfirm, s.now()) {
			return ErrLink
		}
		return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			return s.confirm(ctx, tx, link, &confirmed)
		})
	})
	if err != nil {
		return nil, err
	}
	return &confirmed, nil
}

func (s *Service) confirm(ctx context.Context, tx *veranda.Tx, link *linkRow, confirmed *Confirmed) error {
	if err := lockAddress(ctx, tx, link.Key); err != nil {
		return err
	}
	if err := spend(ctx, tx, link, linkConfirm); err != nil {
		return err
	}
	if err := confirmAddress(ctx, tx, link.Account, link.Key); err != nil {
		return err
	}
	activated, err := tx.Exec(ctx, `UPDATE veranda_accounts SET state = 'active', updated_at = $2, version = version + 1 WHERE id = $1 AND state = 'pending'`,
		link.Account, s.time(s.now()))
	if err != nil {
		return fmt.Errorf("tenancy: activate account: %w", err)
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
	return nil
}

// Me reads one's own account, its addresses, and the organizations one belongs to.
//
// Permission: account.read_own.
func (s *Service) Me(ctx context.Context, by veranda.Actor) (*Account, error) {
	standing, err := s.signedIn(ctx, by, PermAccountRead)
	if err != nil {
		return nil, err
	}
	return s.readMe(ctx, standing.Account)
}

// UpdateMe changes one's own name, language and time zone.
//
// Permission: account.update_own. Errors: invalid, version. Event: tenancy.account_updated.
func (s *Service) UpdateMe(ctx context.Context, by veranda.Actor, in UpdateMeInput) (*Account, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermAccountUpdate)
	if err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET name = coalesce($2, name), language = coalesce($3, language), time_zone = coalesce($4, time_zone),
updated_at = $5, version = version + 1 WHERE id = $1 AND state = 'active' AND version = coalesce($6, version)`,
			standing.Account, in.Name, in.Language, in.TimeZone, s.time(s.now()), anyVersion(in.Version))
		if err != nil {
			return fmt.Errorf("tenancy: update account: %w", err)
		}
		if n == 0 {
			return veranda.ErrVersion
		}
		emitAccount(tx, EventAccountUpdated, standing.Account, standing.Account, nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.readMe(ctx, standing.Account)
}

// anyVersion is a wanted version as an argument, NULL where any will do.
func anyVersion(version int64) any {
	if version == 0 {
		return nil
	}
	return version
}
