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
	mail, err := s.mayMail(ctx, address.Key, in.ClientAddress)
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
		First: in.FirstName, Last: in.LastName, Address: address, At: now,
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

// mayMail counts a call anybody can make that sends a mail: a network that makes too many is refused, an address or
// number that is sent too many is sent no more for a while.
func (s *Service) mayMail(ctx context.Context, key, client string) (bool, error) {
	form := ruleForm.of(network(client))
	allowed, err := s.reserve(ctx, form)
	if err != nil {
		return false, err
	}
	if !allowed {
		return false, s.refused(ctx, ErrRate, form)
	}
	return s.reserve(ctx, ruleMail.of(key))
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

// UpdateMe changes one's own names, language, time zone, first day of the week, and the channel by which one wants to be
// told: "phone" needs a confirmed number.
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
first_name = coalesce($7, first_name), last_name = coalesce($8, last_name), week_start = coalesce($9, week_start), channel = coalesce($10, channel),
updated_at = $5, version = version + 1 WHERE id = $1 AND state = 'active' AND version = coalesce($6, version)`,
			standing.Account, in.Name, in.Language, in.TimeZone, s.time(s.now()), anyVersion(in.Version),
			in.FirstName, in.LastName, in.WeekStart, in.Channel)
		if err != nil {
			return fmt.Errorf("tenancy: update account: %w", err)
		}
		if n == 0 {
			return veranda.ErrVersion
		}
		if err := mayBeToldBy(ctx, tx, standing.Account, in.Channel); err != nil {
			return err
		}
		emitAccount(tx, EventAccountUpdated, standing.Account, standing.Account, nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.readMe(ctx, standing.Account)
}

// mayBeToldBy refuses the channel "phone" to who has no confirmed number. The account's row is held, under which its
// numbers change.
func mayBeToldBy(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, channel *string) error {
	if channel == nil || *channel != ChannelPhone {
		return nil
	}
	one := 0
	found, err := readOne(ctx, tx.Query, `SELECT 1 FROM veranda_phones WHERE account_id = $1 AND confirmed_at IS NOT NULL`, []any{account}, &one)
	if err != nil || found {
		return err
	}
	var c veranda.Checks
	c.Add("/channel", "phone_unconfirmed", "needs a confirmed phone number")
	return c.Err()
}

// anyVersion is a wanted version as an argument, NULL where any will do.
func anyVersion(version int64) any {
	if version == 0 {
		return nil
	}
	return version
}
