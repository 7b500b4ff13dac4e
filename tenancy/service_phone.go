package tenancy

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/veranda-go/veranda"
)

// AddPhone claims a phone number for one's account and sends a code of six digits to it by text message, which works for
// ten minutes and five guesses; again for a claimed one. The answer is the same whether the number belongs to somebody
// else or not.
//
// Permission: account.change_phones. Errors: invalid, phone.no_messages, rate.attempts, limit.phones. Event:
// tenancy.phone_added.
func (s *Service) AddPhone(ctx context.Context, by veranda.Actor, in PhoneInput) (*Account, error) {
	number, err := in.validate()
	if err != nil {
		return nil, err
	}
	account, err := s.self(ctx, by, PermPhones)
	if err != nil {
		return nil, err
	}
	if s.phone == nil {
		return nil, ErrNoMessages
	}
	counts := []attempt{ruleMail.of(number), ruleTexts.of(network(in.ClientAddress)), ruleTexter.of(account.ID.String())}
	allowed, err := s.reserve(ctx, counts...)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, s.refused(ctx, ErrRate, counts...)
	}
	message := mailRow{
		ID: veranda.NewID[deliveryKind](), Account: account.ID, By: account.ID, Channel: ChannelPhone, Recipient: number,
		Template: templatePhoneCode, Language: account.Language, mailContent: mailContent{Zone: account.TimeZone},
	}
	hash := s.codeHash(account.ID, number, s.deriveCode(message.ID, account.ID, number))
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		// The row of the account is the lock under which its numbers change.
		if err := touchAccount(ctx, tx, account.ID); err != nil {
			return err
		}
		phones, err := s.WithTx(tx).readPhones(ctx, account.ID)
		if err != nil {
			return err
		}
		known := false
		for _, p := range phones {
			if p.Number == number {
				if p.ConfirmedAt != nil {
					return nil
				}
				known = true
			}
		}
		if !known {
			if len(phones) >= maxPhones {
				return ErrPhoneLimit
			}
			_, err := tx.Exec(ctx, `INSERT INTO veranda_phones (account_id, number, created_at) VALUES ($1, $2, $3)`, account.ID, number, s.time(s.now()))
			if err != nil {
				return fmt.Errorf("tenancy: store phone: %w", err)
			}
			emitAccount(tx, EventPhoneAdded, account.ID, account.ID, PhoneChanged{Phone: number})
		}
		if err := storeCode(ctx, tx, account.ID, number, hash); err != nil {
			return err
		}
		return queueMail(ctx, tx, message)
	})
	if err != nil {
		return nil, err
	}
	return s.readMe(ctx, account.ID)
}

// ConfirmPhone proves a number of one's account by the code that was sent to it. From then on it signs in, too, and takes
// links to set a new password. Others who claim it lose their claim. The owner of the account is told.
//
// Permission: account.change_phones. Errors: invalid, phone.code. Event: tenancy.phone_confirmed.
func (s *Service) ConfirmPhone(ctx context.Context, by veranda.Actor, in ConfirmPhoneInput) (*Account, error) {
	number, code, err := in.validate()
	if err != nil {
		return nil, err
	}
	account, err := s.self(ctx, by, PermPhones)
	if err != nil {
		return nil, err
	}
	hash, err := s.guessCode(ctx, account.ID, number)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(hash, s.codeHash(account.ID, number, code)) != 1 {
		return nil, ErrPhoneCode
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockAddress(ctx, tx, number); err != nil {
			return err
		}
		if err := touchAccount(ctx, tx, account.ID); err != nil {
			return err
		}
		if err := usePhoneCode(ctx, tx, account.ID, number, hash); err != nil {
			return err
		}
		if err := confirmPhone(ctx, tx, account.ID, number); errors.Is(err, ErrLink) {
			return ErrPhoneCode // removed meanwhile, or another account's
		} else if err != nil {
			return err
		}
		emitAccount(tx, EventPhoneConfirmed, account.ID, account.ID, PhoneChanged{Phone: number})
		return s.warn(ctx, tx, account.ID, templatePhoneAdded, mailData{"Phone": number})
	})
	if err != nil {
		return nil, err
	}
	return s.readMe(ctx, account.ID)
}

// RemovePhone takes a number from one's account. One by which the account belongs to an organization stays, and the last
// one where no address is confirmed. Who was told by phone is told by mail from then on, where no other number is left. The
// owner of the account is told.
//
// Permission: account.change_phones. Errors: invalid, not_found, phone.last, phone.in_use. Event: tenancy.phone_removed.
func (s *Service) RemovePhone(ctx context.Context, by veranda.Actor, in PhoneInput) (*Account, error) {
	number, err := in.validate()
	if err != nil {
		return nil, err
	}
	account, err := s.self(ctx, by, PermPhones)
	if err != nil {
		return nil, err
	}
	var me *Account
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockAddress(ctx, tx, number); err != nil {
			return err
		}
		if err := touchAccount(ctx, tx, account.ID); err != nil {
			return err
		}
		bound := s.WithTx(tx)
		if me, err = bound.readMe(ctx, account.ID); err != nil {
			return err
		}
		confirmed, err := me.mayLosePhone(ctx, tx, number)
		if err != nil {
			return err
		}
		for _, text := range []string{
			`DELETE FROM veranda_links WHERE account_id = $1 AND address_key = $2`,
			`DELETE FROM veranda_phone_codes WHERE account_id = $1 AND number = $2`,
			`DELETE FROM veranda_phones WHERE account_id = $1 AND number = $2`,
		} {
			if _, err := tx.Exec(ctx, text, account.ID, number); err != nil {
				return fmt.Errorf("tenancy: remove phone: %w", err)
			}
		}
		_, err = tx.Exec(ctx, `UPDATE veranda_accounts SET channel = 'mail' WHERE id = $1
AND NOT EXISTS (SELECT 1 FROM veranda_phones p WHERE p.account_id = $1 AND p.confirmed_at IS NOT NULL)`, account.ID)
		if err != nil {
			return fmt.Errorf("tenancy: remove phone: %w", err)
		}
		emitAccount(tx, EventPhoneRemoved, account.ID, account.ID, PhoneChanged{Phone: number})
		if confirmed {
			if err := s.warn(ctx, tx, account.ID, templatePhoneRemoved, mailData{"Phone": number}); err != nil {
				return err
			}
		}
		me, err = bound.readMe(ctx, account.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return me, nil
}

// mayLosePhone tells whether a number may be removed, and whether it was proved.
func (a *Account) mayLosePhone(ctx context.Context, tx *veranda.Tx, number string) (confirmed bool, err error) {
	found, others := false, 0
	for _, p := range a.Phones {
		switch {
		case p.Number == number:
			found, confirmed = true, p.ConfirmedAt != nil
		case p.ConfirmedAt != nil:
			others++
		}
	}
	if !found {
		return false, veranda.ErrNotFound
	}
	for _, d := range a.Addresses {
		if d.ConfirmedAt != nil {
			others++
		}
	}
	if confirmed && others == 0 {
		return false, ErrPhoneLast
	}
	used := 0
	_, err = readOne(ctx, tx.Query, `SELECT count(*) FROM veranda_account_organizations ao
JOIN veranda_memberships m ON m.org_id = ao.org_id AND m.account_id = ao.account_id WHERE ao.account_id = $1 AND m.address_key = $2`, []any{a.ID, number}, &used)
	if err != nil {
		return false, err
	}
	if used > 0 {
		return false, ErrPhoneInUse
	}
	return confirmed, nil
}
