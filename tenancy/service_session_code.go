package tenancy

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
)

// signInCode asks the second factor of who has given the right password; nil where the account has none.
func (s *Service) signInCode(ctx context.Context, account *accountRow, in SignInInput, attempts signInAttempts) (*factorUse, *codeAttempts, error) {
	factor, err := readFactor(ctx, s.conn.Query, account.ID)
	if err != nil || !factor.inForce() {
		return nil, nil, err
	}
	if in.Code == "" {
		// The password was right: most people come here first, and again with a code.
		return nil, nil, s.refuseSignIn(ctx, account.ID, in, "code_required", ErrCodeRequired, func(ctx context.Context, tx *veranda.Tx) error {
			return giveBack(ctx, tx, attempts.pair, attempts.address, attempts.network)
		})
	}
	use, counted, err := s.checkCode(ctx, account.ID, factor, in.Code, in.ClientAddress, ErrRateSignIn)
	if err != nil {
		return nil, nil, err
	}
	if use == nil {
		return nil, nil, s.refuseSignIn(ctx, account.ID, in, "code", ErrCode, func(ctx context.Context, tx *veranda.Tx) error {
			return s.noteWrongCode(ctx, tx, account.ID, counted)
		})
	}
	return use, counted, nil
}

// useSignInCode uses a code up. The account's row is held: a second factor that was put in force since signInCode looked is
// seen here, and asked.
func (s *Service) useSignInCode(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, use *factorUse, counted *codeAttempts) error {
	if use == nil {
		factor, err := readFactor(ctx, tx.Query, account)
		if err == nil && factor.inForce() {
			err = ErrCodeRequired
		}
		return err
	}
	err := s.useCode(ctx, tx, account, use, counted)
	if errors.Is(err, ErrFactorCode) {
		return ErrCode // somebody else used it at this moment
	}
	return err
}
