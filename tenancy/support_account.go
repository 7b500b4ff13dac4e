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
