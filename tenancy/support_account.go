package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// ErrOwnAccount refuses platform support to disable the account it acts with.
var ErrOwnAccount = veranda.NewError(veranda.CodeForbidden, "support.own_account", "Nobody disables or enables their own account.")

// SupportAccountInput names an account by one of its confirmed addresses, and says why it is changed.
type SupportAccountInput struct {
	Address string `json:"address" maxLength:"254"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500" doc:"Why; it is kept in the log of the account."`
}

func (in *SupportAccountInput) validate() (Address, error) {
	var c veranda.Checks
	address, err := ParseAddress(in.Address)
	if err != nil {
		c.Add("/address", "address", "must be a mail address")
	}
	in.Reason = c.Line("/reason", in.Reason, 1, 500)
	return address, c.Err()
}

// SupportAccount is what platform support sees of an account it changed.
type SupportAccount struct {
	Account veranda.AccountID `json:"account_id"`
	State   AccountState      `json:"state" enum:"active,disabled"`
	// Sessions is how many sessions and program tokens ended.
	Sessions int64 `json:"sessions_ended"`
}

// DisableAccount takes an account out of use, wherever it belongs: nobody signs in with it, and all its sessions and
// program tokens end at once. Its memberships stay as they are. An account that is disabled already stays so.
//
// Permission: support.change_accounts, outside any organization (platform support); not one's own (support.own_account).
// Errors: invalid, not_found (nobody has proved this address). Events: tenancy.account_disabled, which belongs to no
// organization and names who did it and why.
func (s *Service) DisableAccount(ctx context.Context, by veranda.Actor, in SupportAccountInput) (*SupportAccount, error) {
	return s.changeAccount(ctx, by, in, AccountActive, AccountDisabled, EventAccountDisabled)
}

// EnableAccount puts an account into use again; its owner signs in as before.
//
// Permission, errors: as DisableAccount. Event: tenancy.account_enabled.
func (s *Service) EnableAccount(ctx context.Context, by veranda.Actor, in SupportAccountInput) (*SupportAccount, error) {
	return s.changeAccount(ctx, by, in, AccountDisabled, AccountActive, EventAccountEnabled)
}

func (s *Service) changeAccount(ctx context.Context, by veranda.Actor, in SupportAccountInput, from, to AccountState, kind string) (*SupportAccount, error) {
	address, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermSupportAccounts)
	if err != nil {
		return nil, err
	}
	var changed *SupportAccount
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		account, err := readAccountRow(ctx, tx.Query, selectOwner, address.Key)
		if err != nil {
			return err
		}
		if account == nil {
			return veranda.ErrNotFound
		}
		if account.ID == standing.Account {
			return ErrOwnAccount
		}
		changed = &SupportAccount{Account: account.ID, State: to}
		n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET state = $3, updated_at = $4, version = version + 1 WHERE id = $1 AND state = $2`,
			account.ID, string(from), string(to), tx.DB().Time(s.now()))
		if err != nil {
			return fmt.Errorf("tenancy: change account: %w", err)
		}
		if n == 0 {
			return nil
		}
		if to == AccountDisabled {
			if err := voidAccountLinks(ctx, tx, account.ID, linkReset); err != nil {
				return err
			}
			if changed.Sessions, err = endSessions(ctx, tx, account.ID, nil); err != nil {
				return err
			}
		}
		emitAccount(tx, kind, account.ID, standing.Account, AccountClosed{Reason: in.Reason, Sessions: changed.Sessions})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// RemoveAccountFactor takes the second factor of an account away whose owner has lost it and all recovery codes. All its
// sessions end, and the owner is told. An account without one stays as it is.
//
// Permission, errors: as DisableAccount. Event: tenancy.second_factor_removed, by who did it.
func (s *Service) RemoveAccountFactor(ctx context.Context, by veranda.Actor, in SupportAccountInput) (*SupportAccount, error) {
	address, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.signedIn(ctx, by, PermSupportAccounts)
	if err != nil {
		return nil, err
	}
	changed := &SupportAccount{}
	return changed, s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		account, err := readAccountRow(ctx, tx.Query, selectOwner, address.Key)
		switch {
		case err != nil:
			return err
		case account == nil:
			return veranda.ErrNotFound
		case account.ID == standing.Account:
			return ErrOwnAccount
		}
		changed.Account, changed.State = account.ID, account.State
		if err := touchAccount(ctx, tx, account.ID); err != nil {
			return err
		}
		was, err := dropFactor(ctx, tx, account.ID)
		if err != nil || !was {
			return err
		}
		if changed.Sessions, err = endSessions(ctx, tx, account.ID, nil); err != nil {
			return err
		}
		emitAccount(tx, EventFactorRemoved, account.ID, standing.Account, SessionsEnded{Sessions: changed.Sessions})
		return s.warn(ctx, tx, account.ID, templateFactorOff, nil)
	})
}

// CheckPassword tells whose an address and a password are, without signing in: for a step that who has lost a second factor
// confirms. It is counted and answered as a sign-in, and does the same work whether the address has an account or not.
//
// It asks nobody: it is for packages beside this one. Errors: sign_in.refused, rate.sign_in.
func (s *Service) CheckPassword(ctx context.Context, address, password, client string) (veranda.AccountID, error) {
	var c veranda.Checks
	parsed := checkAddress(&c, "/address", address)
	if err := c.Err(); err != nil {
		return veranda.AccountID{}, err
	}
	attempts, allowed, err := s.reserveSignIn(ctx, parsed.Key, client)
	if err != nil {
		return veranda.AccountID{}, err
	}
	if !allowed {
		return veranda.AccountID{}, s.refused(ctx, ErrRateSignIn, attempts.pair, attempts.network)
	}
	account, err := readAccountRow(ctx, s.conn.Query, selectAccountByAddress, parsed.Key)
	if err != nil {
		return veranda.AccountID{}, err
	}
	if account == nil {
		account = &accountRow{}
	}
	right, _, err := s.passwords.verify(ctx, account.Password, password)
	if err != nil {
		return veranda.AccountID{}, err
	}
	if !right || account.State != AccountActive {
		return veranda.AccountID{}, ErrSignIn
	}
	return account.ID, s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := giveBack(ctx, tx, attempts.address, attempts.network); err != nil {
			return err
		}
		return forget(ctx, tx, attempts.pair)
	})
}
