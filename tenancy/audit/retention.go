package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// trimBatch bounds one transaction of the retention.
const trimBatch = 500

// RetentionJob is the periodic job that removes entries older than their organization keeps them (audit_days; 0 is for
// ever). They are gone from streams too, for the event log is one. Register it with veranda.DB's Every. Event:
// audit.trimmed, once a run for each organization that lost entries.
func (s *Service) RetentionJob() veranda.Periodic {
	return veranda.Periodic{Name: "audit.retention", Every: 24 * time.Hour, Run: func(ctx context.Context, _ time.Time) error { return s.trim(ctx) }}
}

type kept struct {
	Org  veranda.OrgID
	Days int64
}

func (s *Service) trim(ctx context.Context) error {
	var after veranda.OrgID
	for {
		var page []kept
		err := s.conn.Reader().NewRaw(`SELECT id AS org, audit_days AS days FROM veranda_organizations WHERE audit_days > 0 AND id > ? ORDER BY id LIMIT 100`, after).
			Scan(ctx, &page)
		if err != nil {
			return fmt.Errorf("audit: read retention: %w", err)
		}
		for _, o := range page {
			if err := s.trimOne(ctx, o); err != nil {
				return err
			}
		}
		if len(page) < 100 {
			return nil
		}
		after = page[len(page)-1].Org
	}
}

const (
	trimPostgres = `DELETE FROM veranda_events WHERE org_id = $1 AND id IN (SELECT id FROM veranda_events WHERE org_id = $1 AND at < $2
AND ` + auditedPostgres + ` ORDER BY at LIMIT $3)`
	trimSQLite = `DELETE FROM veranda_events WHERE org_id = $1 AND id IN (SELECT id FROM veranda_events WHERE org_id = $1 AND at < $2
AND ` + auditedSQLite + ` ORDER BY at LIMIT $3)`
)

func (s *Service) trimOne(ctx context.Context, o kept) error {
	db := s.conn.DB()
	before := db.Now().AddDate(0, 0, -int(o.Days))
	removed := int64(0)
	for {
		var n int64
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) (err error) {
			n, err = tx.Exec(ctx, db.Pick(trimPostgres, trimSQLite), o.Org, db.Time(before), trimBatch)
			if err != nil {
				return fmt.Errorf("audit: trim: %w", err)
			}
			if n < trimBatch && removed+n > 0 { // the last batch tells of them all
				tx.Emit(veranda.Event{Org: o.Org, Kind: EventTrimmed, Subject: o.Org.String(), System: "audit",
					Data: veranda.MarshalData(Trimmed{Entries: removed + n, Before: before})})
			}
			return nil
		})
		if err != nil {
			return err
		}
		if removed += n; n < trimBatch {
			return nil
		}
	}
}
