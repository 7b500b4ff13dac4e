package tenancy

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

const insertSession = `INSERT INTO veranda_sessions (token_hash, id, account_id, kind, label, address, created_at, seen_at, expires_at, second_factor)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)`

// storeSession makes a session for an account, without a second factor, and gives its token.
func storeSession(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, kind SessionKind, label, client string) (*NewSession, error) {
	return storeFactorSession(ctx, tx, account, kind, label, client, false)
}

// storeFactorSession makes a session, with a second factor or without.
func storeFactorSession(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, kind SessionKind, label, client string, factor bool) (*NewSession, error) {
	token, hash, err := newToken()
	if err != nil {
		return nil, err
	}
	now := tx.DB().Now()
	session := &NewSession{
		Session: Session{
			ID: veranda.NewID[sessionKind](), Kind: kind, Label: label, Address: client, CreatedAt: now, SeenAt: now,
			ExpiresAt: sessionEnds(kind, now, now), SecondFactor: factor, Current: true,
		},
		Account: account, Token: token,
	}
	_, err = tx.Exec(ctx, insertSession, hash, session.ID, account, string(kind), label, client, tx.DB().Time(now), tx.DB().Time(session.ExpiresAt), factor)
	if err != nil {
		return nil, fmt.Errorf("tenancy: store session: %w", err)
	}
	return session, nil
}

// noSession is no session's hash: those have 32 octets. An empty one would be NULL on SQLite, which differs from nothing.
var noSession = []byte{0}

// endSessions ends an account's sessions but one, and tells how many.
func endSessions(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, except []byte) (int64, error) {
	if except == nil {
		except = noSession
	}
	n, err := tx.Exec(ctx, `DELETE FROM veranda_sessions WHERE account_id = $1 AND token_hash <> $2`, account, except)
	if err != nil {
		return 0, fmt.Errorf("tenancy: end sessions: %w", err)
	}
	return n, nil
}

// readSessions reads an account's living sessions, the last used first. An account has few: making one is a sign-in.
func (s *Service) readSessions(ctx context.Context, account veranda.AccountID, current []byte) ([]Session, error) {
	sessions := []Session{}
	if current == nil {
		current = noSession
	}
	err := readAll(ctx, s.conn.Query, `SELECT id, kind, label, address, created_at, seen_at, expires_at, second_factor, token_hash = $3 FROM veranda_sessions
WHERE account_id = $1 AND expires_at > $2 ORDER BY seen_at DESC, id DESC`, []any{account, s.time(s.now()), current},
		func(rows *sql.Rows) error {
			var v Session
			err := rows.Scan(&v.ID, &v.Kind, &v.Label, &v.Address, veranda.Moment(&v.CreatedAt), veranda.Moment(&v.SeenAt), veranda.Moment(&v.ExpiresAt), &v.SecondFactor, &v.Current)
			sessions = append(sessions, v)
			return err
		})
	return sessions, err
}

// Both say the same: $3 is now and its idle end, $4 the moment since which use was written down already.
const (
	touchPostgres = `UPDATE veranda_sessions SET seen_at = $2, expires_at = CASE kind WHEN 'browser' THEN least($3::timestamptz, created_at + $5::bigint * interval '1 microsecond') ELSE expires_at END
WHERE token_hash = $1 AND seen_at <= $4 AND expires_at > $2`
	touchSQLite = `UPDATE veranda_sessions SET seen_at = $2, expires_at = CASE kind WHEN 'browser' THEN min($3, created_at + $5) ELSE expires_at END
WHERE token_hash = $1 AND seen_at <= $4 AND expires_at > $2`
)

// seenLately tells whether a session's use need not be written down now.
func seenLately(standing *veranda.Standing, now time.Time) bool {
	return standing.TokenHash() == nil || standing.SessionSeen.IsZero() || now.Sub(standing.SessionSeen) < seenEvery || !now.Before(standing.SessionExpires)
}

// noteSeen writes down that a session is used and moves its idle end on; see seenLately.
func noteSeen(ctx context.Context, db *veranda.DB, standing *veranda.Standing) error {
	now := db.Now()
	return db.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		_, err := tx.Exec(ctx, db.Pick(touchPostgres, touchSQLite), standing.TokenHash(), db.Time(now), db.Time(now.Add(browserIdle)),
			db.Time(now.Add(-seenEvery)), int64(browserAbsolute/time.Microsecond))
		if err != nil {
			return fmt.Errorf("tenancy: note use of session: %w", err)
		}
		return nil
	})
}
