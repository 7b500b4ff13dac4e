package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// queryFunc is the Query of a Conn or a Tx.
type queryFunc func(ctx context.Context, text string, args ...any) (*sql.Rows, error)

// readOne reads the first row, and tells whether there is one.
func readOne(ctx context.Context, query queryFunc, text string, args []any, destinations ...any) (bool, error) {
	found := false
	err := readAll(ctx, query, text, args, func(rows *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(destinations...)
	})
	return found, err
}

// readAll calls scan for each row.
func readAll(ctx context.Context, query queryFunc, text string, args []any, scan func(rows *sql.Rows) error) error {
	rows, err := query(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("tenancy: read: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("tenancy: read: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("tenancy: read: %w", err)
	}
	return nil
}

// readIDs reads a column of ids.
func readIDs[ID any, Pointer interface {
	*ID
	sql.Scanner
}](ctx context.Context, tx *veranda.Tx, text string, args ...any) (ids []ID, err error) {
	err = readAll(ctx, tx.Query, text, args, func(rows *sql.Rows) error {
		var id ID
		err := rows.Scan(Pointer(&id))
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// now is the moment of the call.
func (s *Service) now() time.Time { return s.conn.DB().Now() }

// time is a moment as an argument.
func (s *Service) time(t time.Time) any { return s.conn.DB().Time(t) }

// nullID is an id as an argument, NULL where it names nothing.
func nullID[Kind any](id veranda.ID[Kind]) any {
	if id.IsZero() {
		return nil
	}
	return id
}

const (
	linkColumns = `token_hash, nonce, purpose, account_id, address_key, org_id, subject_id, created_at, expires_at, used_at`
	selectLink  = `SELECT ` + linkColumns + ` FROM veranda_links WHERE token_hash = $1`
	insertLink  = `INSERT INTO veranda_links (` + linkColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)`
	useLink     = `UPDATE veranda_links SET used_at = $3 WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3`
)

func (l *linkRow) destinations() []any {
	return []any{
		&l.Hash, &l.Nonce, &l.Purpose, &l.Account, &l.Key, &l.Org, &l.Subject,
		veranda.Moment(&l.CreatedAt), veranda.Moment(&l.ExpiresAt), veranda.Moment(&l.UsedAt),
	}
}

// readLink reads a link by its token's hash; nil when there is none.
func (s *Service) readLink(ctx context.Context, hash []byte) (*linkRow, error) {
	return linkBy(ctx, s.conn.Query, hash)
}

func linkBy(ctx context.Context, query queryFunc, hash []byte) (*linkRow, error) {
	var l linkRow
	found, err := readOne(ctx, query, selectLink, []any{hash}, l.destinations()...)
	if err != nil || !found {
		return nil, err
	}
	return &l, nil
}

func storeLink(ctx context.Context, tx *veranda.Tx, l *linkRow) error {
	db := tx.DB()
	_, err := tx.Exec(ctx, insertLink, l.Hash, l.Nonce, string(l.Purpose), nullID(l.Account), l.Key, nullID(l.Org), nullID(l.Subject),
		db.Time(l.CreatedAt), db.Time(l.ExpiresAt))
	if err != nil {
		return fmt.Errorf("tenancy: store link: %w", err)
	}
	return nil
}

// spend uses a link: of several who try at once, one does.
func spend(ctx context.Context, tx *veranda.Tx, l *linkRow, purpose linkPurpose) error {
	n, err := tx.Exec(ctx, useLink, l.Hash, string(purpose), tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("tenancy: use link: %w", err)
	}
	if n == 0 {
		return ErrLink
	}
	return nil
}

// voidAccountLinks ends an account's unused links of a purpose.
func voidAccountLinks(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, purpose linkPurpose) error {
	_, err := tx.Exec(ctx, `UPDATE veranda_links SET used_at = $3 WHERE account_id = $1 AND purpose = $2 AND used_at IS NULL`,
		account, string(purpose), tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("tenancy: void links: %w", err)
	}
	return nil
}

// voidInvitationLinks ends the unused links of an invitation.
func voidInvitationLinks(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, invitation InvitationID) error {
	_, err := tx.Exec(ctx, `UPDATE veranda_links SET used_at = $3 WHERE org_id = $1 AND subject_id = $2 AND used_at IS NULL`,
		org, invitation, tx.DB().Time(tx.DB().Now()))
	if err != nil {
		return fmt.Errorf("tenancy: void links: %w", err)
	}
	return nil
}

// lockAddress makes whoever proves, claims or gives up an address wait for each other until the transaction's end. On
// SQLite there is one writer anyway.
func lockAddress(ctx context.Context, tx *veranda.Tx, key string) error {
	if tx.DB().Embedded() {
		return nil
	}
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 8372634))`, key); err != nil {
		return fmt.Errorf("tenancy: lock address: %w", err)
	}
	return nil
}
