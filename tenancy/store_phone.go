package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// A number that is proved names its owner.
const selectPhoneOwner = `SELECT ` + accountRowColumns + ` FROM veranda_phones p JOIN veranda_accounts a ON a.id = p.account_id
WHERE p.number = $1 AND p.confirmed_at IS NOT NULL`

// confirmPhone makes a claimed number the account's own and drops all other claims of it. It gives ErrLink where the
// account claims it no more, or somebody else owns it. The number is locked.
func confirmPhone(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, number string) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_phones SET confirmed_at = $3 WHERE account_id = $1 AND number = $2 AND confirmed_at IS NULL`,
		account, number, tx.DB().Time(tx.DB().Now()))
	switch {
	case veranda.IsUnique(err):
		return ErrLink
	case err != nil:
		return fmt.Errorf("tenancy: confirm phone: %w", err)
	case n == 0:
		return ErrLink
	}
	// An account that is reserved keeps its claim while somebody gave it a membership: who did it must see why it stays unused.
	for _, text := range []string{
		`DELETE FROM veranda_phone_codes WHERE number = $1 AND account_id <> $2`,
		`DELETE FROM veranda_phones WHERE number = $1 AND account_id <> $2 AND confirmed_at IS NULL
AND account_id NOT IN (SELECT a.id FROM veranda_accounts a JOIN veranda_account_organizations o ON o.account_id = a.id WHERE a.state = 'pending')`,
	} {
		if _, err := tx.Exec(ctx, text, number, account); err != nil {
			return fmt.Errorf("tenancy: drop claims of a phone: %w", err)
		}
	}
	return nil
}

// readPhones reads an account's numbers.
func (s *Service) readPhones(ctx context.Context, id veranda.AccountID) ([]AccountPhone, error) {
	phones := []AccountPhone{}
	err := readAll(ctx, s.conn.Query, `SELECT number, confirmed_at, created_at FROM veranda_phones WHERE account_id = $1 ORDER BY created_at, number`, []any{id},
		func(rows *sql.Rows) error {
			var p AccountPhone
			var confirmed time.Time
			if err := rows.Scan(&p.Number, veranda.Moment(&confirmed), veranda.Moment(&p.CreatedAt)); err != nil {
				return err
			}
			if !confirmed.IsZero() {
				p.ConfirmedAt = &confirmed
			}
			phones = append(phones, p)
			return nil
		})
	return phones, err
}
