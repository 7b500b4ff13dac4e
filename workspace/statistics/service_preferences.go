package statistics

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
)

// kindInternal is the kind of an organization's own people.
const kindInternal = "internal"

// Preferences are somebody's choices about statistics in an organization.
type Preferences struct {
	// Digest tells whether the figures of each week come by mail. Unless somebody chooses, they do for employees and do
	// not for externals and guests.
	Digest bool `json:"digest"`
}

// PreferencesInput names an organization.
type PreferencesInput struct {
	Org veranda.OrgID `path:"org" json:"-"`
}

// SetDigestInput chooses whether the figures of each week come by mail.
type SetDigestInput struct {
	Org    veranda.OrgID `path:"org" json:"-"`
	Digest bool          `json:"digest"`
}

// Preferences are the actor's own.
//
// Permission: statistics.read_own.
func (s *Service) Preferences(ctx context.Context, by veranda.Actor, in PreferencesInput) (*Preferences, error) {
	_, p, err := s.preferences(ctx, by, in.Org)
	return p, err
}

// SetDigest chooses whether the actor gets the weekly mail.
//
// Permission: statistics.read_own. Event: statistics.digest_changed, where it changes anything.
func (s *Service) SetDigest(ctx context.Context, by veranda.Actor, in SetDigestInput) (*Preferences, error) {
	standing, before, err := s.preferences(ctx, by, in.Org)
	if err != nil {
		return nil, err
	}
	if standing.Account.IsZero() { // a background job gets no mail
		return nil, veranda.ErrForbidden
	}
	after := &Preferences{Digest: in.Digest}
	if *before == *after {
		return after, nil
	}
	return after, s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		db := tx.DB()
		if _, err := tx.Exec(ctx, setDigestText, in.Org, standing.Account, in.Digest, db.Time(db.Now())); err != nil {
			return fmt.Errorf("statistics: set preference: %w", err)
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Kind: EventDigestChanged, Subject: standing.Account.String(), By: standing.Account, Data: veranda.MarshalData(after),
		})
		return nil
	})
}

// EndDigest chooses no weekly mail for somebody who came by the link in one: whoever calls it has checked that link. Ending
// it again is no error, and for an account that is gone nothing happens.
//
// Event: statistics.digest_changed.
func (s *Service) EndDigest(ctx context.Context, tx *veranda.Tx, account veranda.AccountID, org veranda.OrgID) error {
	belongs := 0
	found, err := scanOne(ctx, s.conn.Bind(tx), `SELECT 1 FROM veranda_memberships WHERE org_id = $1 AND account_id = $2`, []any{org, account}, &belongs)
	if err != nil || !found {
		return err
	}
	db := tx.DB()
	if _, err := tx.Exec(ctx, setDigestText, org, account, false, db.Time(db.Now())); err != nil {
		return fmt.Errorf("statistics: end digest: %w", err)
	}
	tx.Emit(veranda.Event{Org: org, Kind: EventDigestChanged, Subject: account.String(), By: account, Data: veranda.MarshalData(Preferences{})})
	return nil
}

const setDigestText = `INSERT INTO veranda_statistics_preferences (org_id, account_id, digest, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (org_id, account_id) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at`

const preferenceText = `SELECT digest FROM veranda_statistics_preferences WHERE org_id = $1 AND account_id = $2`

// preferences reads the actor's preferences and asks whether they may have statistics at all.
func (s *Service) preferences(ctx context.Context, by veranda.Actor, org veranda.OrgID) (*veranda.Standing, *Preferences, error) {
	standing, err := s.conn.Read(ctx, s.reads.organization, by, org, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermReadOwn}); err != nil {
		return nil, nil, err
	}
	p := &Preferences{Digest: standing.MemberKind == kindInternal}
	_, err = scanOne(ctx, s.conn, preferenceText, []any{org, standing.Account}, &p.Digest)
	return standing, p, err
}
