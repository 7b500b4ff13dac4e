package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// SignIn makes a session of an address or phone number and a password, and gives its token: the only time it is told. The
// work is the same whether there is an account or not. Only who knows the password learns that the account is not
// confirmed yet, or disabled, or asks a code of its second factor. A code is taken once.
//
// Permission: session.sign_in (anonymous). Errors: invalid, sign_in.refused, sign_in.unconfirmed, sign_in.disabled,
// sign_in.code_required, sign_in.code, rate.sign_in. Events: tenancy.signed_in, tenancy.sign_in_refused,
// tenancy.recovery_code_used.
func (s *Service) SignIn(ctx context.Context, by veranda.Actor, in SignInInput) (*NewSession, error) {
	who, err := in.validate()
	if err != nil {
		return nil, err
	}
	if _, err := s.signedIn(ctx, by, PermSignIn); err != nil {
		return nil, err
	}
	attempts, allowed, err := s.reserveSignIn(ctx, who.key(), in.ClientAddress)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, s.refused(ctx, ErrRateSignIn, attempts.pair, attempts.network)
	}
	account, err := readAccountRow(ctx, s.conn.Query, who.selectSigner(), who.key())
	if err != nil {
		return nil, err
	}
	if account == nil {
		account = &accountRow{}
	}
	right, outdated, err := s.passwords.verify(ctx, account.Password, in.Password)
	if err != nil {
		return nil, err
	}
	refusal, reason := error(nil), ""
	switch {
	case !right:
		refusal, reason = ErrSignIn, "password"
	case account.State == AccountPending:
		refusal, reason = ErrUnconfirmed, "unconfirmed"
	case account.State != AccountActive:
		refusal, reason = ErrDisabled, "disabled"
	}
	if refusal != nil {
		return nil, s.refuseSignIn(ctx, account.ID, in, reason, refusal, nil)
	}
	use, counted, err := s.signInCode(ctx, account, in, attempts)
	if err != nil {
		return nil, err
	}
	hash := account.Password
	if outdated {
		if hash, err = s.passwords.hash(ctx, in.Password); err != nil {
			return nil, err
		}
	}
	var session *NewSession
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		// Writing the hash holds the account's row: a change or reset of the password, and a disabling, either came before
		// and is seen here, or comes after and ends this session too.
		n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2 AND state = 'active'`,
			account.ID, account.Password, hash)
		if err != nil {
			return fmt.Errorf("tenancy: sign in: %w", err)
		}
		if n == 0 {
			return ErrSignIn
		}
		if err := s.useSignInCode(ctx, tx, account.ID, use, counted); err != nil {
			return err
		}
		if err := giveBack(ctx, tx, attempts.address, attempts.network); err != nil {
			return err
		}
		if err := forget(ctx, tx, attempts.pair); err != nil {
			return err
		}
		if session, err = storeFactorSession(ctx, tx, account.ID, in.Kind, in.Label, in.ClientAddress, use != nil); err != nil {
			return err
		}
		emitAccount(tx, EventSignedIn, account.ID, account.ID, SignedIn{
			Session: session.ID, Kind: in.Kind, Network: network(in.ClientAddress), SecondFactor: use != nil,
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return session, nil
}

// refuseSignIn writes the refusal down, for addresses without an account too, does what else belongs to it, and gives it.
func (s *Service) refuseSignIn(ctx context.Context, account veranda.AccountID, in SignInInput, reason string, refusal error, also func(ctx context.Context, tx *veranda.Tx) error) error {
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		emitAccount(tx, EventSignInRefused, account, veranda.AccountID{}, SignedIn{Kind: in.Kind, Network: network(in.ClientAddress), Reason: reason})
		if also != nil {
			return also(ctx, tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// SignOut ends the session of the call. An account that the host program signed in has none, and nothing happens.
//
// Permission: session.revoke_own. Event: tenancy.signed_out.
func (s *Service) SignOut(ctx context.Context, by veranda.Actor) error {
	standing, err := s.signedIn(ctx, by, PermSessionsRevoke)
	if err != nil || by.TokenHash() == nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var id SessionID
		found, err := readOne(ctx, tx.Query, `DELETE FROM veranda_sessions WHERE token_hash = $1 RETURNING id`, []any{by.TokenHash()}, &id)
		if err != nil || !found {
			return err
		}
		emitAccount(tx, EventSignedOut, standing.Account, standing.Account, SessionEnded{Session: id})
		return nil
	})
}

// Sessions lists one's own living sessions, the last used first, in one page.
//
// Permission: session.read_own.
func (s *Service) Sessions(ctx context.Context, by veranda.Actor) (veranda.List[Session], error) {
	standing, err := s.signedIn(ctx, by, PermSessionsRead)
	if err != nil {
		return veranda.List[Session]{}, err
	}
	sessions, err := s.readSessions(ctx, standing.Account, by.TokenHash())
	return veranda.List[Session]{Items: sessions}, err
}

// RevokeSession ends one of one's own sessions.
//
// Permission: session.revoke_own. Errors: not_found. Event: tenancy.session_revoked.
func (s *Service) RevokeSession(ctx context.Context, by veranda.Actor, in RevokeSessionInput) error {
	standing, err := s.signedIn(ctx, by, PermSessionsRevoke)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM veranda_sessions WHERE account_id = $1 AND id = $2`, standing.Account, in.Session)
		if err != nil {
			return fmt.Errorf("tenancy: revoke session: %w", err)
		}
		if n == 0 {
			return veranda.ErrNotFound
		}
		emitAccount(tx, EventSessionRevoked, standing.Account, standing.Account, SessionEnded(in))
		return nil
	})
}

// RevokeOtherSessions ends all of one's own sessions but that of the call.
//
// Permission: session.revoke_own. Event: tenancy.session_revoked for each.
func (s *Service) RevokeOtherSessions(ctx context.Context, by veranda.Actor) error {
	standing, err := s.signedIn(ctx, by, PermSessionsRevoke)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		sessions, err := s.WithTx(tx).readSessions(ctx, standing.Account, by.TokenHash())
		if err != nil {
			return err
		}
		if _, err := endSessions(ctx, tx, standing.Account, by.TokenHash()); err != nil {
			return err
		}
		for _, session := range sessions {
			if !session.Current {
				emitAccount(tx, EventSessionRevoked, standing.Account, standing.Account, SessionEnded{Session: session.ID})
			}
		}
		return nil
	})
}
