package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// Six digits can be guessed, so guesses are counted in two ways, and none of them locks the owner out:
//
//   - an account from one network, tightly;
//   - an account from everywhere: beyond it digits are taken only from networks where the account is signed in. Whoever
//     guesses from a thousand places has one chance in six thousand a day, and the owner signs in from a place they use, or
//     by a recovery code, which nobody guesses.
//
// Only who knows the password comes that far, so the owner is told by mail.
var (
	ruleCode  = attemptRule{prefix: "code", limit: 5, window: 15 * time.Minute, grows: true}
	ruleCodes = attemptRule{prefix: "codes", limit: 50, window: 24 * time.Hour}
)

// guessesTold is how many wrong codes within a day make a mail to the owner.
const guessesTold = 5

// codeAttempts are what a code is counted as.
type codeAttempts struct {
	pair attempt
	all  []attempt // the count from everywhere, where it applies
}

// checkCode tells whether a code is one of the account's. It counts before it judges; nil without an error says that the
// code is wrong. What is right is not used up yet: see factorUse. refusal is what is answered to too many.
func (s *Service) checkCode(ctx context.Context, account veranda.AccountID, factor *factorRow, text, client string, refusal *veranda.Error) (*factorUse, *codeAttempts, error) {
	code, digits := plainCode(text)
	counted := &codeAttempts{pair: ruleCode.of(account.String(), network(client))}
	if digits {
		everywhere := ruleCodes.of(account.String())
		allowed, err := s.reserve(ctx, everywhere)
		if err != nil {
			return nil, nil, err
		}
		if allowed {
			counted.all = []attempt{everywhere}
		} else if known, err := s.knownNetwork(ctx, account, client); err != nil {
			return nil, nil, err
		} else if !known {
			return nil, nil, s.refused(ctx, refusal, everywhere)
		}
	}
	if allowed, err := s.reserve(ctx, counted.pair); err != nil {
		return nil, nil, err
	} else if !allowed {
		return nil, nil, s.refused(ctx, refusal, counted.pair)
	}
	if !digits {
		hash, one := recoveryHash(account, code), 0
		found, err := readOne(ctx, s.conn.Query, `SELECT 1 FROM veranda_recovery_codes WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL`, []any{account, hash}, &one)
		if err != nil || !found {
			return nil, counted, err
		}
		return &factorUse{recovery: hash}, counted, nil
	}
	secret, err := s.openFactor(account, factor.Secret)
	if err != nil {
		return nil, nil, err
	}
	step, found, err := matchStep(secret, code, s.now())
	if err != nil || !found || step <= factor.LastStep {
		return nil, counted, err
	}
	return &factorUse{step: step}, counted, nil
}

// settle gives the counted attempts back after a right code.
func (c *codeAttempts) settle(ctx context.Context, tx *veranda.Tx) error {
	if err := forget(ctx, tx, c.pair); err != nil {
		return err
	}
	return giveBack(ctx, tx, c.all...)
}

// knownNetwork tells whether the account is signed in from the client's network.
func (s *Service) knownNetwork(ctx context.Context, account veranda.AccountID, client string) (bool, error) {
	sessions, err := s.readSessions(ctx, account, nil)
	if err != nil {
		return false, err
	}
	for _, session := range sessions {
		if network(session.Address) == network(client) {
			return true, nil
		}
	}
	return false, nil
}

// noteWrongCode tells the owner, once a day, that somebody who knows the password guesses codes.
func (s *Service) noteWrongCode(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, counted *codeAttempts) error {
	if counted == nil || len(counted.all) == 0 {
		return nil
	}
	var n int64
	found, err := readOne(ctx, tx.Query, `SELECT count FROM veranda_attempts WHERE key = $1`, []any{counted.all[0].key}, &n)
	if err != nil || !found || n != guessesTold {
		return err
	}
	return s.warn(ctx, tx, account, templateCodesGuessed, nil)
}

// useCode uses a right code up, and writes down where it was a recovery code.
func (s *Service) useCode(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, use *factorUse, counted *codeAttempts) error {
	if err := use.spend(ctx, tx, account); err != nil {
		return err
	}
	if err := counted.settle(ctx, tx); err != nil {
		return err
	}
	if use.recovery == nil {
		return nil
	}
	var left int64
	if _, err := readOne(ctx, tx.Query, `SELECT count(*) FROM veranda_recovery_codes WHERE account_id = $1 AND used_at IS NULL`, []any{account}, &left); err != nil {
		return err
	}
	emitAccount(tx, EventRecoveryCodeUsed, account, account, RecoveryCodeUsed{Left: left})
	return s.warn(ctx, tx, account, templateRecoveryUsed, mailData{"Left": fmt.Sprint(left)})
}
