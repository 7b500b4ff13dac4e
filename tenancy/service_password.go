package tenancy

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
)

// ChangePassword sets a new password for who knows the present one, and ends all other sessions. The owner is told by
// mail.
//
// Permission: account.change_password. Errors: invalid, password.wrong, rate.attempts. Event: tenancy.password_changed.
func (s *Service) ChangePassword(ctx context.Context, by veranda.Actor, in ChangePasswordInput) (*PasswordSet, error) {
	account, err := s.self(ctx, by, PermChangePassword)
	if err != nil {
		return nil, err
	}
	if err := s.checkNewPassword(ctx, account, "/new", in.New); err != nil {
		return nil, err
	}
	count, err := s.provePresent(ctx, account, in.Present)
	if err != nil {
		return nil, err
	}
	set, err := s.storePassword(ctx, account, in.New, by.TokenHash(), EventPasswordChanged, func(ctx context.Context, tx *veranda.Tx) error {
		return forget(ctx, tx, count)
	})
	if errors.Is(err, errPasswordMoved) {
		return nil, ErrPassword
	}
	return set, err
}

func (s *Service) checkNewPassword(ctx context.Context, account *accountRow, pointer, password string) error {
	about, err := s.aboutAccount(ctx, account)
	if err != nil {
		return err
	}
	var c veranda.Checks
	checkPassword(&c, pointer, password, about...)
	return c.Err()
}

// storePassword hashes a password; then, in one transaction, runs first, stores the hash, ends the sessions but one, and
// tells the owner.
func (s *Service) storePassword(ctx context.Context, account *accountRow, password string, except []byte, event string,
	first func(ctx context.Context, tx *veranda.Tx) error,
) (*PasswordSet, error) {
	hash, err := s.passwords.hash(ctx, password)
	if err != nil {
		return nil, err
	}
	var set PasswordSet
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := first(ctx, tx); err != nil {
			return err
		}
		if set.SessionsEnded, err = setPassword(ctx, tx, account, hash, except); err != nil {
			return err
		}
		emitAccount(tx, event, account.ID, account.ID, SessionsEnded{Sessions: set.SessionsEnded})
		return s.warn(ctx, tx, account.ID, templatePasswordChanged, nil)
	})
	if err != nil {
		return nil, err
	}
	return &set, nil
}

// RequestReset asks for a link to set a new password, by mail to an address or by text message to a phone number. The
// answer and the work are the same whether the address or number has an account or not: who owns it is looked up when the
// mail is written. The link asks no second factor; signing in with the new password does.
//
// Permission: account.reset_password (anonymous). Errors: invalid, phone.no_messages, rate.attempts.
func (s *Service) RequestReset(ctx context.Context, by veranda.Actor, in RequestResetInput) (*Registered, error) {
	var c veranda.Checks
	who := checkIdentity(&c, in.Address, in.Phone)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if _, err := s.signedIn(ctx, by, PermResetPassword); err != nil {
		return nil, err
	}
	row := mailRow{Recipient: who.Address.Written, Template: templateReset, Language: fallbackLanguage}
	if who.Phone != "" {
		if s.phone == nil {
			return nil, ErrNoMessages
		}
		row.Channel, row.Recipient = ChannelPhone, who.Phone
	}
	mail, err := s.mayMail(ctx, who.key(), in.ClientAddress)
	if err != nil {
		return nil, err
	}
	if !mail {
		return &Registered{}, nil
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		return queueMail(ctx, tx, row)
	})
	if err != nil {
		return nil, err
	}
	return &Registered{}, nil
}

// ResetPassword sets a new password by the link that was sent, ends all sessions, and tells the owner by mail. It signs
// nobody in.
//
// Permission: account.reset_password (anonymous). Errors: invalid, tenancy.link, whatever is wrong with the link;
// rate.attempts. Event: tenancy.password_reset.
func (s *Service) ResetPassword(ctx context.Context, by veranda.Actor, in ResetPasswordInput) (*PasswordSet, error) {
	if _, err := s.signedIn(ctx, by, PermResetPassword); err != nil {
		return nil, err
	}
	var set *PasswordSet
	err := s.withLink(ctx, in.ClientAddress, in.Token, func(link *linkRow) error {
		if !link.works(linkReset, s.now()) {
			return ErrLink
		}
		account, err := readAccountRow(ctx, s.conn.Query, selectAccount, link.Account)
		if err != nil {
			return err
		}
		if account == nil || account.State != AccountActive {
			return ErrLink
		}
		if err := s.checkNewPassword(ctx, account, "/password", in.Password); err != nil {
			return err
		}
		set, err = s.storePassword(ctx, account, in.Password, nil, EventPasswordReset, func(ctx context.Context, tx *veranda.Tx) error {
			// The account's row first: two links of one account end each other, and must not wait for each other.
			if err := touchAccount(ctx, tx, account.ID); errors.Is(err, veranda.ErrUnauthenticated) {
				return ErrLink // disabled meanwhile
			} else if err != nil {
				return err
			}
			if err := clearBounced(ctx, tx, link.Account, link.Key); err != nil { // the link arrived
				return err
			}
			return spend(ctx, tx, link, linkReset)
		})
		if errors.Is(err, errPasswordMoved) {
			return ErrLink
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}
