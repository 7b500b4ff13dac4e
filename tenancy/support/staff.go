package support

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/tenancy"
)

// Staff is one of the platform's own people.
type Staff struct {
	Account   veranda.AccountID `json:"account_id"`
	Name      string            `json:"name"`
	Address   string            `json:"address"`
	CreatedAt time.Time         `json:"created_at"`
}

// StaffInput names an account by a confirmed address.
type StaffInput struct {
	Address string `json:"address" format:"email" maxLength:"254"`
}

// RemoveStaffInput names one of the platform's own people.
type RemoveStaffInput struct {
	Account veranda.AccountID `path:"account" json:"-"`
}

// Staff lists the platform's own people.
//
// Permission: support_request.read.
func (s *Service) Staff(ctx context.Context, by veranda.Actor) (veranda.List[Staff], error) {
	list := veranda.List[Staff]{Items: []Staff{}}
	if _, err := s.asks(ctx, by, PermRead); err != nil {
		return list, err
	}
	err := each(ctx, s.conn.Query, `SELECT t.account_id, a.name, coalesce((SELECT d.address FROM veranda_addresses d WHERE d.account_id = a.id AND d.is_primary), ''), t.created_at
FROM veranda_staff t JOIN veranda_accounts a ON a.id = t.account_id WHERE t.role = $1 ORDER BY a.name, a.id LIMIT 1000`, []any{tenancy.RoleSupport}, func(rows *sql.Rows) error {
		var p Staff
		err := rows.Scan(&p.Account, &p.Name, &p.Address, veranda.Moment(&p.CreatedAt))
		list.Items = append(list.Items, p)
		return err
	})
	return list, err
}

// AddStaff makes the active account with a confirmed address platform support.
//
// Permission: support.change_staff. Errors: invalid, also for an address that is no account's. Event: support.staff_added.
func (s *Service) AddStaff(ctx context.Context, by veranda.Actor, in StaffInput) (*Staff, error) {
	var c veranda.Checks
	address, err := tenancy.ParseAddress(in.Address)
	if err != nil {
		c.Add("/address", "email", "is not an e-mail address")
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	standing, err := s.asks(ctx, by, tenancy.PermSupportStaff)
	if err != nil {
		return nil, err
	}
	p := &Staff{Address: address.Written, CreatedAt: s.conn.DB().Now()}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		found, err := one(ctx, tx.Query, `SELECT a.id, a.name, d.address FROM veranda_addresses d JOIN veranda_accounts a ON a.id = d.account_id
WHERE d.address_key = $1 AND d.confirmed_at IS NOT NULL AND a.state = 'active'`, []any{address.Key}, &p.Account, &p.Name, &p.Address)
		if err != nil {
			return err
		}
		if !found {
			c.Add("/address", "not_found", "is not the confirmed address of an active account")
			return c.Err()
		}
		n, err := tx.Exec(ctx, `INSERT INTO veranda_staff (account_id, role, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			p.Account, tenancy.RoleSupport, tx.DB().Time(p.CreatedAt))
		if err != nil {
			return fmt.Errorf("support: add staff: %w", err)
		}
		if n == 1 {
			tx.Emit(veranda.Event{Kind: EventStaffAdded, Subject: p.Account.String(), By: standing.Account})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// RemoveStaff ends somebody's being platform support, at once. Nobody removes themselves, so there is always one left.
//
// Permission: support.change_staff. Errors: not_found; support.own_staff. Event: support.staff_removed.
func (s *Service) RemoveStaff(ctx context.Context, by veranda.Actor, in RemoveStaffInput) error {
	standing, err := s.asks(ctx, by, tenancy.PermSupportStaff)
	if err != nil {
		return err
	}
	if in.Account == standing.Account {
		return ErrOwnStaff
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		// Two who remove each other at once: the first holds both rows, and is gone for the second.
		if !tx.DB().Embedded() {
			if _, err := tx.Exec(ctx, `SELECT account_id FROM veranda_staff WHERE account_id IN ($1, $2) ORDER BY account_id FOR UPDATE`, standing.Account, in.Account); err != nil {
				return fmt.Errorf("support: remove staff: %w", err)
			}
		}
		var mine veranda.AccountID
		still, err := one(ctx, tx.Query, `SELECT account_id FROM veranda_staff WHERE account_id = $1`, []any{standing.Account}, &mine)
		if err != nil || !still {
			return errorOr(err, veranda.ErrForbidden)
		}
		n, err := tx.Exec(ctx, `DELETE FROM veranda_staff WHERE account_id = $1`, in.Account)
		if err != nil {
			return fmt.Errorf("support: remove staff: %w", err)
		}
		if n == 0 {
			return veranda.ErrNotFound
		}
		tx.Emit(veranda.Event{Kind: EventStaffRemoved, Subject: in.Account.String(), By: standing.Account})
		return nil
	})
}
