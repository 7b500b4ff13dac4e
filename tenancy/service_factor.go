package tenancy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/veranda-go/veranda"
)

// BeginSecondFactor makes the secret of a second factor and gives it, once: for an authenticator app that makes codes by
// time (TOTP, RFC 6238; six digits every 30 seconds by SHA-1, which is what all apps take). It is in force when its first
// code is given to ConfirmSecondFactor, within an hour; to begin again before forgets the secret that was made.
//
// Permission: account.change_second_factor. Errors: invalid, password.wrong, second_factor.exists, rate.attempts.
func (s *Service) BeginSecondFactor(ctx context.Context, by veranda.Actor, in BeginSecondFactorInput) (*FactorSetup, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	account, err := s.self(ctx, by, PermSecondFactor)
	if err != nil {
		return nil, err
	}
	factor, err := readFactor(ctx, s.conn.Query, account.ID)
	if err != nil {
		return nil, err
	}
	if factor.inForce() {
		return nil, ErrFactorExists
	}
	count, err := s.provePresent(ctx, account, in.Password)
	if err != nil {
		return nil, s.factorRefused(ctx, account.ID, in.ClientAddress, nil, err)
	}
	me, err := s.readMe(ctx, account.ID)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, factorOctets)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("tenancy: random secret: %w", err)
	}
	sealed, err := s.sealFactor(account.ID, secret)
	if err != nil {
		return nil, err
	}
	now := s.now()
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := touchUnchanged(ctx, tx, account); err != nil {
			return err
		}
		if err := forget(ctx, tx, count); err != nil {
			return err
		}
		return beginFactor(ctx, tx, account.ID, sealed, now)
	})
	if err != nil {
		return nil, err
	}
	return &FactorSetup{Secret: base32Text.EncodeToString(secret), URL: s.factorURL(secret, me.holder()), ExpiresAt: now.Add(setupLives)}, nil
}

// holder is what an authenticator app calls the account.
func (a *Account) holder() string {
	switch {
	case len(a.Addresses) > 0:
		return a.Addresses[0].Address
	case len(a.Phones) > 0:
		return a.Phones[0].Number
	}
	return a.Name
}

// ConfirmSecondFactor puts the second factor in force that was begun, by the app's first code, and gives ten recovery codes:
// each signs in once where the app is not at hand. The session of the call counts as signed in with it; all others, and
// tokens of programs, end, for they were made without. The owner is told.
//
// Permission: account.change_second_factor. Errors: invalid, second_factor.none, second_factor.exists,
// second_factor.code, rate.attempts. Event: tenancy.second_factor_confirmed.
func (s *Service) ConfirmSecondFactor(ctx context.Context, by veranda.Actor, in ConfirmSecondFactorInput) (*RecoveryCodes, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	account, err := s.self(ctx, by, PermSecondFactor)
	if err != nil {
		return nil, err
	}
	factor, err := readFactor(ctx, s.conn.Query, account.ID)
	switch {
	case err != nil:
		return nil, err
	case factor.inForce():
		return nil, ErrFactorExists
	case factor == nil || !s.now().Before(factor.CreatedAt.Add(setupLives)):
		return nil, ErrFactorNone
	}
	use, counted, err := s.checkCode(ctx, account.ID, factor, in.Code, in.ClientAddress, ErrRate)
	if err != nil {
		return nil, err
	}
	if use == nil {
		return nil, s.factorRefused(ctx, account.ID, in.ClientAddress, counted, ErrFactorCode)
	}
	codes, hashes, err := newRecoveryCodes(account.ID)
	if err != nil {
		return nil, err
	}
	made := &RecoveryCodes{Codes: codes}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := touchUnchanged(ctx, tx, account); err != nil {
			return err
		}
		if err := confirmFactor(ctx, tx, account.ID, factor, use.step); err != nil {
			return err
		}
		if err := counted.settle(ctx, tx); err != nil {
			return err
		}
		if err := storeRecoveryCodes(ctx, tx, account.ID, hashes); err != nil {
			return err
		}
		if hash := by.TokenHash(); hash != nil {
			if _, err := tx.Exec(ctx, `UPDATE veranda_sessions SET second_factor = $2 WHERE token_hash = $1`, hash, true); err != nil {
				return fmt.Errorf("tenancy: note second factor: %w", err)
			}
		}
		if made.SessionsEnded, err = endSessions(ctx, tx, account.ID, by.TokenHash()); err != nil {
			return err
		}
		emitAccount(tx, EventFactorConfirmed, account.ID, account.ID, SessionsEnded{Sessions: made.SessionsEnded})
		return s.warn(ctx, tx, account.ID, templateFactorOn, nil)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// ReplaceRecoveryCodes gives ten new recovery codes; the former ones work no more. It asks the password and a code. The
// owner is told.
//
// Permission: account.change_second_factor. Errors: invalid, password.wrong, second_factor.none, second_factor.code,
// rate.attempts. Events: tenancy.recovery_codes_replaced; tenancy.recovery_code_used.
func (s *Service) ReplaceRecoveryCodes(ctx context.Context, by veranda.Actor, in FactorInput) (*RecoveryCodes, error) {
	made := &RecoveryCodes{}
	err := s.changeFactor(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) error {
		codes, hashes, err := newRecoveryCodes(account)
		if err != nil {
			return err
		}
		made.Codes = codes
		if err := storeRecoveryCodes(ctx, tx, account, hashes); err != nil {
			return err
		}
		emitAccount(tx, EventRecoveryCodesReplaced, account, account, nil)
		return s.warn(ctx, tx, account, templateRecoveryReplaced, nil)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// RemoveSecondFactor takes the second factor away. It asks the password and a code. All other sessions end, and that of the
// call counts no more as made with one; where an organization requires a second factor, it opens nothing there any more.
// The owner is told.
//
// Permission: account.change_second_factor. Errors: invalid, password.wrong, second_factor.none, second_factor.code,
// rate.attempts. Events: tenancy.second_factor_removed; tenancy.recovery_code_used.
func (s *Service) RemoveSecondFactor(ctx context.Context, by veranda.Actor, in FactorInput) (*FactorRemoved, error) {
	removed := &FactorRemoved{}
	err := s.changeFactor(ctx, by, in, func(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) error {
		was, err := dropFactor(ctx, tx, account)
		if err != nil {
			return err
		}
		if !was {
			return ErrFactorNone
		}
		if _, err := tx.Exec(ctx, `UPDATE veranda_sessions SET second_factor = $2 WHERE account_id = $1`, account, false); err != nil {
			return fmt.Errorf("tenancy: note second factor: %w", err)
		}
		if removed.SessionsEnded, err = endSessions(ctx, tx, account, by.TokenHash()); err != nil {
			return err
		}
		emitAccount(tx, EventFactorRemoved, account, account, SessionsEnded{Sessions: removed.SessionsEnded})
		return s.warn(ctx, tx, account, templateFactorOff, nil)
	})
	if err != nil {
		return nil, err
	}
	return removed, nil
}

// changeFactor proves who calls by password and code, uses the code up, and makes a change under the account's lock.
func (s *Service) changeFactor(ctx context.Context, by veranda.Actor, in FactorInput, change func(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) error) error {
	if err := in.validate(); err != nil {
		return err
	}
	account, err := s.self(ctx, by, PermSecondFactor)
	if err != nil {
		return err
	}
	factor, err := readFactor(ctx, s.conn.Query, account.ID)
	if err != nil {
		return err
	}
	if !factor.inForce() {
		return ErrFactorNone
	}
	count, err := s.provePresent(ctx, account, in.Password)
	if err != nil {
		return s.factorRefused(ctx, account.ID, in.ClientAddress, nil, err)
	}
	use, counted, err := s.checkCode(ctx, account.ID, factor, in.Code, in.ClientAddress, ErrRate)
	if err != nil {
		return err
	}
	if use == nil {
		return s.factorRefused(ctx, account.ID, in.ClientAddress, counted, ErrFactorCode)
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := touchUnchanged(ctx, tx, account); err != nil {
			return err
		}
		if err := forget(ctx, tx, count); err != nil {
			return err
		}
		if err := s.useCode(ctx, tx, account.ID, use, counted); err != nil {
			return err
		}
		return change(ctx, tx, account.ID)
	})
}

// factorRefused writes down that a password or code was wrong, and gives the refusal. Other errors pass.
func (s *Service) factorRefused(ctx context.Context, account veranda.AccountID, client string, counted *codeAttempts, refusal error) error {
	reason := ""
	switch {
	case errors.Is(refusal, ErrPassword):
		reason = "password"
	case errors.Is(refusal, ErrFactorCode):
		reason = "code"
	default:
		return refusal
	}
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		emitAccount(tx, EventFactorRefused, account, account, FactorRefused{Reason: reason, Network: network(client)})
		return s.noteWrongCode(ctx, tx, account, counted)
	})
	if err != nil {
		return err
	}
	return refusal
}

// touchUnchanged is touchAccount where the password is still the one that was read: who has set a new one meanwhile has
// ended the session of this call.
func touchUnchanged(ctx context.Context, tx *veranda.Tx, account *accountRow) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET updated_at = $3, version = version + 1 WHERE id = $1 AND state = 'active' AND password_hash = $2`,
		account.ID, account.Password, tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("tenancy: change account: %w", err)
	}
	if n == 0 {
		return veranda.ErrUnauthenticated
	}
	return nil
}

// self is the active account that calls, as changes of what it signs in with need it.
func (s *Service) self(ctx context.Context, by veranda.Actor, permission veranda.Permission) (*accountRow, error) {
	standing, err := s.signedIn(ctx, by, permission)
	if err != nil {
		return nil, err
	}
	account, err := readAccountRow(ctx, s.conn.Query, selectAccount, standing.Account)
	if err != nil {
		return nil, err
	}
	if account == nil || account.State != AccountActive {
		return nil, veranda.ErrUnauthenticated
	}
	return account, nil
}

// provePresent checks the present password of who is signed in. It counts before it judges; forget the count in the
// transaction that follows.
func (s *Service) provePresent(ctx context.Context, account *accountRow, password string) (attempt, error) {
	count := rulePassword.of(account.ID.String())
	allowed, err := s.reserve(ctx, count)
	if err != nil {
		return count, err
	}
	if !allowed {
		return count, s.refused(ctx, ErrRate, count)
	}
	right, _, err := s.passwords.verify(ctx, account.Password, password)
	if err == nil && !right {
		err = ErrPassword
	}
	return count, err
}
