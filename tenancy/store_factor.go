package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// factorRow is the second factor of an account, or one that is being set up.
type factorRow struct {
	Secret    []byte // sealed
	LastStep  int64
	Confirmed time.Time
	CreatedAt time.Time
	Left      int64 // recovery codes
}

// readFactor reads an account's second factor; nil when there is none, nor one being set up.
func readFactor(ctx context.Context, query queryFunc, account veranda.AccountID) (*factorRow, error) {
	var f factorRow
	found, err := readOne(ctx, query, `SELECT f.secret, f.last_step, f.confirmed_at, f.created_at,
	(SELECT count(*) FROM veranda_recovery_codes r WHERE r.account_id = f.account_id AND r.used_at IS NULL)
FROM veranda_factors f WHERE f.account_id = $1`, []any{account}, &f.Secret, &f.LastStep, veranda.Moment(&f.Confirmed), veranda.Moment(&f.CreatedAt), &f.Left)
	if err != nil || !found {
		return nil, err
	}
	return &f, nil
}

// inForce tells whether signing in asks for it.
func (f *factorRow) inForce() bool { return f != nil && !f.Confirmed.IsZero() }

// beginFactor stores a second factor that is being set up, in place of one that never was.
func beginFactor(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, sealed []byte, at time.Time) error {
	n, err := tx.Exec(ctx, `INSERT INTO veranda_factors AS f (account_id, secret, last_step, created_at) VALUES ($1, $2, 0, $3)
ON CONFLICT (account_id) DO UPDATE SET secret = $2, last_step = 0, created_at = $3 WHERE f.confirmed_at IS NULL`, account, sealed, tx.DB().Time(at))
	if err != nil {
		return fmt.Errorf("tenancy: store second factor: %w", err)
	}
	if n == 0 {
		return ErrFactorExists
	}
	return nil
}

// confirmFactor puts a second factor in force, and uses the time step that proved it.
func confirmFactor(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, f *factorRow, step int64) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_factors SET confirmed_at = $3, last_step = $4 WHERE account_id = $1 AND created_at = $2 AND confirmed_at IS NULL`,
		account, tx.DB().Time(f.CreatedAt), tx.DB().Time(tx.DB().Now()), step)
	if err != nil {
		return fmt.Errorf("tenancy: confirm second factor: %w", err)
	}
	if n == 0 {
		return ErrFactorNone // begun anew, or confirmed, meanwhile
	}
	return nil
}

// storeRecoveryCodes replaces an account's recovery codes.
func storeRecoveryCodes(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, hashes [][]byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM veranda_recovery_codes WHERE account_id = $1`, account); err != nil {
		return fmt.Errorf("tenancy: drop recovery codes: %w", err)
	}
	for _, hash := range hashes {
		if _, err := tx.Exec(ctx, `INSERT INTO veranda_recovery_codes (account_id, code_hash) VALUES ($1, $2)`, account, hash); err != nil {
			return fmt.Errorf("tenancy: store recovery codes: %w", err)
		}
	}
	return nil
}

// dropFactor takes an account's second factor away, and tells whether there was one in force.
func dropFactor(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) (bool, error) {
	if err := storeRecoveryCodes(ctx, tx, account, nil); err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM veranda_factors WHERE account_id = $1 AND confirmed_at IS NOT NULL`, account)
	if err != nil {
		return false, fmt.Errorf("tenancy: remove second factor: %w", err)
	}
	return n == 1, nil
}

// factorUse is a code that was right when it was looked at.
type factorUse struct {
	step     int64
	recovery []byte // the hash of a recovery code
}

// spend uses the code up: of several who give it at once, one does. It gives ErrFactorCode to the others.
func (u *factorUse) spend(ctx context.Context, tx *veranda.Tx, account veranda.AccountID) error {
	var n int64
	var err error
	if u.recovery != nil {
		n, err = tx.Exec(ctx, `UPDATE veranda_recovery_codes SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL`,
			account, u.recovery, tx.DB().Time(tx.DB().Now()))
	} else {
		n, err = tx.Exec(ctx, `UPDATE veranda_factors SET last_step = $2 WHERE account_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL`, account, u.step)
	}
	if err != nil {
		return fmt.Errorf("tenancy: use code: %w", err)
	}
	if n == 0 {
		return ErrFactorCode
	}
	return nil
}
