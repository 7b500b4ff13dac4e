package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// accountRow is what sign-in and password changes need of an account.
type accountRow struct {
	ID       veranda.AccountID
	Name     string
	Language string
	TimeZone string
	State    AccountState
	Password string // its hash
}

const (
	accountRowColumns = `a.id, a.name, a.language, a.time_zone, a.state, a.password_hash`
	selectAccount     = `SELECT ` + accountRowColumns + ` FROM veranda_accounts a WHERE a.id = $1`
	// An address that is proved names its owner. One that is not may be claimed by several: the last one counts, so that
	// one password is checked and not as many as there are claims.
	selectAccountByAddress = `SELECT ` + accountRowColumns + ` FROM veranda_addresses d JOIN veranda_accounts a ON a.id = d.account_id
WHERE d.address_key = $1 AND (d.confirmed_at IS NOT NULL OR a.state = 'pending' AND a.password_hash <> '')
ORDER BY CASE WHEN d.confirmed_at IS NULL THEN 1 ELSE 0 END, d.created_at DESC, a.id DESC LIMIT 1`
	selectOwner = `SELECT ` + accountRowColumns + ` FROM veranda_addresses d JOIN veranda_accounts a ON a.id = d.account_id
WHERE d.address_key = $1 AND d.confirmed_at IS NOT NULL`
)

func (a *accountRow) destinations() []any {
	return []any{&a.ID, &a.Name, &a.Language, &a.TimeZone, &a.State, &a.Password}
}

// readAccount reads an account row by one of the texts above; nil when there is none.
func readAccountRow(ctx context.Context, query queryFunc, text string, arg any) (*accountRow, error) {
	var a accountRow
	found, err := readOne(ctx, query, text, []any{arg}, a.destinations()...)
	if err != nil || !found {
		return nil, err
	}
	return &a, nil
}

// newAccount is an account to be stored with its first address.
type newAccount struct {
	accountRow
	First     string // name
	Last      string
	Address   Address
	Confirmed bool
	At        time.Time
}

func storeAccount(ctx context.Context, tx *veranda.Tx, a newAccount) error {
	at := tx.DB().Time(a.At)
	_, err := tx.Exec(ctx, `INSERT INTO veranda_accounts (id, name, language, time_zone, state, password_hash, created_at, updated_at, version, first_name, last_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1, $8, $9)`, a.ID, a.Name, a.Language, a.TimeZone, string(a.State), a.Password, at, a.First, a.Last)
	if err != nil {
		return fmt.Errorf("tenancy: store account: %w", err)
	}
	return storeAddress(ctx, tx, a.ID, a.Address, a.Confirmed, true, a.At)
}

func storeAddress(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, address Address, confirmed, primary bool, at time.Time) error {
	var confirmedAt any
	if confirmed {
		confirmedAt = tx.DB().Time(at)
	}
	_, err := tx.Exec(ctx, `INSERT INTO veranda_addresses (account_id, address_key, address, confirmed_at, is_primary, created_at)
VALUES ($1, $2, $3, $4, $5, $6)`, account, address.Key, address.Written, confirmedAt, primary, tx.DB().Time(at))
	if err != nil {
		return fmt.Errorf("tenancy: store address: %w", err)
	}
	return nil
}

// confirmAddress makes a claimed address the account's own and drops all other claims of it. It gives ErrLink where the
// account claims it no more, or somebody else owns it. One whose mail came back is proved to work again. The address is
// locked.
func confirmAddress(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, key string) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_addresses SET confirmed_at = coalesce(confirmed_at, $3), bounced_at = NULL, bounce_reason = ''
WHERE account_id = $1 AND address_key = $2 AND (confirmed_at IS NULL OR bounced_at IS NOT NULL)`,
		account, key, tx.DB().Time(tx.DB().Now()))
	switch {
	case veranda.IsUnique(err):
		return ErrLink
	case err != nil:
		return fmt.Errorf("tenancy: confirm address: %w", err)
	case n == 0:
		return ErrLink
	}
	// An account that was reserved for a phone number, and lost sight of its address, gets its first one.
	_, err = tx.Exec(ctx, `UPDATE veranda_addresses SET is_primary = $3 WHERE account_id = $1 AND address_key = $2
AND NOT EXISTS (SELECT 1 FROM veranda_addresses d WHERE d.account_id = $1 AND d.is_primary)`, account, key, true)
	if err != nil {
		return fmt.Errorf("tenancy: make address primary: %w", err)
	}
	return dropClaims(ctx, tx, account, key)
}

// dropClaims removes what others claim of an address that is now proved to be an account's: accounts that were never
// confirmed are removed whole, unless somebody gave them a membership already.
func dropClaims(ctx context.Context, tx *veranda.Tx, owner veranda.AccountID, key string) error {
	pending, err := readIDs[veranda.AccountID](ctx, tx, `SELECT a.id FROM veranda_addresses d JOIN veranda_accounts a ON a.id = d.account_id
WHERE d.address_key = $1 AND d.account_id <> $2 AND a.state = 'pending'
AND NOT EXISTS (SELECT 1 FROM veranda_account_organizations o WHERE o.account_id = a.id) ORDER BY a.id`, key, owner)
	if err != nil {
		return err
	}
	for _, id := range pending {
		if err := removePending(ctx, tx, id); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM veranda_addresses WHERE address_key = $1 AND account_id <> $2 AND confirmed_at IS NULL
AND account_id NOT IN (SELECT id FROM veranda_accounts WHERE state = 'pending')`, key, owner)
	if err != nil {
		return fmt.Errorf("tenancy: drop claims: %w", err)
	}
	return nil
}

// removePending removes an account that was never confirmed. One that was, meanwhile, stays whole.
func removePending(ctx context.Context, tx *veranda.Tx, id veranda.AccountID) error {
	n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET version = version + 1 WHERE id = $1 AND state = 'pending'`, id)
	if err != nil {
		return fmt.Errorf("tenancy: remove pending account: %w", err)
	}
	if n == 0 {
		return nil
	}
	for _, text := range []string{
		`DELETE FROM veranda_links WHERE account_id = $1`,
		`DELETE FROM veranda_phone_codes WHERE account_id = $1`,
		`DELETE FROM veranda_phones WHERE account_id = $1`,
		`DELETE FROM veranda_addresses WHERE account_id = $1`,
		`DELETE FROM veranda_accounts WHERE id = $1 AND state = 'pending'`,
	} {
		if _, err := tx.Exec(ctx, text, id); err != nil {
			return fmt.Errorf("tenancy: remove pending account: %w", err)
		}
	}
	return nil
}

// readMe reads an account as its owner sees it.
func (s *Service) readMe(ctx context.Context, id veranda.AccountID) (*Account, error) {
	a := &Account{ID: id, Addresses: []AccountAddress{}, Organizations: []AccountOrganization{}}
	found, err := readOne(ctx, s.conn.Query, `SELECT name, first_name, last_name, language, time_zone, week_start, channel, state, created_at, updated_at, version FROM veranda_accounts WHERE id = $1`,
		[]any{id}, &a.Name, &a.FirstName, &a.LastName, &a.Language, &a.TimeZone, &a.WeekStart, &a.Channel, &a.State, veranda.Moment(&a.CreatedAt), veranda.Moment(&a.UpdatedAt), &a.Version)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, veranda.ErrNotFound
	}
	if a.Addresses, err = s.readAddresses(ctx, id); err != nil {
		return nil, err
	}
	if a.Phones, err = s.readPhones(ctx, id); err != nil {
		return nil, err
	}
	factor, err := readFactor(ctx, s.conn.Query, id)
	if err != nil {
		return nil, err
	}
	if factor.inForce() {
		a.SecondFactor = &AccountFactor{ConfirmedAt: factor.Confirmed, RecoveryCodes: factor.Left}
	}
	err = readAll(ctx, s.conn.Query, `SELECT o.id, o.name, o.kind, m.kind, m.roles, coalesce(d.address, m.address_key), m.joined_at
FROM veranda_account_organizations ao JOIN veranda_organizations o ON o.id = ao.org_id
JOIN veranda_memberships m ON m.org_id = ao.org_id AND m.account_id = ao.account_id
LEFT JOIN veranda_addresses d ON d.account_id = ao.account_id AND d.address_key = m.address_key
WHERE ao.account_id = $1 AND o.deleted_at IS NULL AND m.disabled_at IS NULL ORDER BY m.joined_at, o.id`, []any{id},
		func(rows *sql.Rows) error {
			var o AccountOrganization
			var roles string
			if err := rows.Scan(&o.ID, &o.Name, &o.Kind, &o.Member, &roles, &o.Address, veranda.Moment(&o.JoinedAt)); err != nil {
				return err
			}
			o.Roles = strings.Fields(roles)
			a.Organizations = append(a.Organizations, o)
			return nil
		})
	return a, err
}

func (s *Service) readAddresses(ctx context.Context, id veranda.AccountID) ([]AccountAddress, error) {
	addresses := []AccountAddress{}
	err := readAll(ctx, s.conn.Query, `SELECT address, address_key, is_primary, confirmed_at, created_at, bounced_at, bounce_reason FROM veranda_addresses
WHERE account_id = $1 ORDER BY is_primary DESC, created_at, address_key`, []any{id},
		func(rows *sql.Rows) error {
			var d AccountAddress
			var confirmed, bounced time.Time
			if err := rows.Scan(&d.Address, &d.Key, &d.Primary, veranda.Moment(&confirmed), veranda.Moment(&d.CreatedAt), veranda.Moment(&bounced), &d.BounceReason); err != nil {
				return err
			}
			if !confirmed.IsZero() {
				d.ConfirmedAt = &confirmed
			}
			if !bounced.IsZero() {
				d.BouncedAt = &bounced
			}
			addresses = append(addresses, d)
			return nil
		})
	return addresses, err
}

// aboutAccount are the words an account's password must not be.
func (s *Service) aboutAccount(ctx context.Context, a *accountRow) ([]string, error) {
	addresses, err := s.readAddresses(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	about := []string{a.Name}
	for _, d := range addresses {
		about = append(about, d.Key)
	}
	return about, nil
}

// setPassword stores a hash where the account still has the one that was read, and ends its sessions and unused reset
// links. except is a session's hash that lives on, or nil. It tells how many sessions ended.
func setPassword(ctx context.Context, tx *veranda.Tx, a *accountRow, hash string, except []byte) (int64, error) {
	n, err := tx.Exec(ctx, `UPDATE veranda_accounts SET password_hash = $3, updated_at = $4, version = version + 1
WHERE id = $1 AND state = 'active' AND password_hash = $2`, a.ID, a.Password, hash, tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return 0, fmt.Errorf("tenancy: store password: %w", err)
	}
	if n == 0 {
		return 0, errPasswordMoved
	}
	if err := voidAccountLinks(ctx, tx, a.ID, linkReset); err != nil {
		return 0, err
	}
	return endSessions(ctx, tx, a.ID, except)
}

// errPasswordMoved says that the password was changed by somebody else meanwhile, or the account disabled.
var errPasswordMoved = errors.New("tenancy: the password has changed meanwhile")
