package tenancy

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// storeInvited stores the account of an invitee, whose address the invitation proves. Where an access manager reserved an
// account for that address, it is the invitee's from now on: it is the same person, and keeps what it was given. The
// address is locked.
func storeInvited(ctx context.Context, tx *veranda.Tx, person *newAccount) error {
	reserved, err := readAccountRow(ctx, tx.Query, selectReservedByAddress, person.Address.Key)
	if err != nil {
		return err
	}
	if reserved == nil {
		return storeAccount(ctx, tx, *person)
	}
	n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET state = 'active', password_hash = $2, name = $3, language = $4, time_zone = $5, updated_at = $6, version = version + 1
WHERE id = $1 AND state = 'pending' AND reserved_by IS NOT NULL`, reserved.ID, person.Password, person.Name, person.Language, person.TimeZone, tx.DB().Time(person.At))
	if err != nil {
		return fmt.Errorf("tenancy: activate account: %w", err)
	}
	if n == 0 { // by a link to another address of it, at this moment
		return veranda.ErrContended
	}
	person.ID = reserved.ID
	if err := voidAccountLinks(ctx, tx, reserved.ID, linkActivate); err != nil {
		return err
	}
	if err := confirmAddress(ctx, tx, reserved.ID, person.Address.Key); err != nil {
		return err
	}
	emitAccount(tx, EventAccountActivated, reserved.ID, reserved.ID, AccountActivated{By: person.Address.Key})
	return nil
}
