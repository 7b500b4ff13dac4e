package tenancy

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// How long what has ended is kept.
const (
	keepPending    = 7 * 24 * time.Hour   // accounts that were never confirmed
	keepLinks      = 30 * 24 * time.Hour  // links, after their end
	keepDeliveries = 365 * 24 * time.Hour // the delivery log
	keepStrangers  = 7 * 24 * time.Hour   // asked-for resets of addresses without an account
)

// tidyBatch bounds one transaction.
const tidyBatch = 500

// TidyJob is the periodic job that removes what has ended: sessions, counted attempts, links, claims of addresses that
// were never confirmed, and old deliveries. Register it with veranda.DB's Every.
func (s *Service) TidyJob() veranda.Periodic {
	return veranda.Periodic{Name: "tenancy.tidy", Every: time.Hour, Run: func(ctx context.Context, _ time.Time) error { return s.tidy(ctx) }}
}

func (s *Service) tidy(ctx context.Context) error {
	now := s.now()
	for _, step := range []struct {
		text   string
		before time.Time
	}{
		{`DELETE FROM veranda_sessions WHERE token_hash IN (SELECT token_hash FROM veranda_sessions WHERE expires_at < $1 LIMIT $2)`, now},
		{`DELETE FROM veranda_attempts WHERE key IN (SELECT key FROM veranda_attempts WHERE window_ends_at < $1 LIMIT $2)`, now.Add(-24 * time.Hour)},
		{`DELETE FROM veranda_links WHERE token_hash IN (SELECT token_hash FROM veranda_links WHERE expires_at < $1 LIMIT $2)`, now.Add(-keepLinks)},
		{`DELETE FROM veranda_deliveries WHERE (org_id, id) IN (SELECT org_id, id FROM veranda_deliveries WHERE created_at < $1 LIMIT $2)`, now.Add(-keepDeliveries)},
		{`DELETE FROM veranda_deliveries WHERE (org_id, id) IN (SELECT org_id, id FROM veranda_deliveries
	WHERE org_id = '00000000-0000-0000-0000-000000000000' AND created_at < $1 AND account_id IS NULL LIMIT $2)`, now.Add(-keepStrangers)},
	} {
		for {
			n, err := s.tidyStep(ctx, step.text, step.before)
			if err != nil {
				return err
			}
			if n < tidyBatch {
				break
			}
		}
	}
	return s.tidyPending(ctx, now.Add(-keepPending))
}

func (s *Service) tidyStep(ctx context.Context, text string, before time.Time) (n int64, err error) {
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err = tx.Exec(ctx, text, s.time(before), tidyBatch)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("tenancy: tidy: %w", err)
	}
	return n, nil
}

// tidyPending removes accounts that nobody confirmed, unless they were given a membership.
func (s *Service) tidyPending(ctx context.Context, before time.Time) error {
	for {
		removed := 0
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			ids, err := readIDs[veranda.AccountID](ctx, tx, `SELECT id FROM veranda_accounts a WHERE state = 'pending' AND created_at < $1
AND NOT EXISTS (SELECT 1 FROM veranda_account_organizations o WHERE o.account_id = a.id) ORDER BY id LIMIT 100`, s.time(before))
			if err != nil {
				return err
			}
			removed = len(ids)
			for _, id := range ids {
				if err := removePending(ctx, tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || removed < 100 {
			return err
		}
	}
}
