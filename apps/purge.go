package apps

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/veranda-go/veranda"
)

// The statements of a background job, which works for all organizations. What belongs to a record goes before the record.
const (
	purgeFind = `SELECT r.org_id, r.app_id, a.workspace_id, r.id FROM veranda_record_trash r JOIN veranda_apps a ON a.org_id = r.org_id AND a.id = r.app_id
WHERE r.deleted_at < $1 ORDER BY r.deleted_at LIMIT $2`

	purgeAppFind = `SELECT a.org_id, a.id, a.workspace_id FROM veranda_apps a WHERE a.deleted_at IS NOT NULL AND a.deleted_at < $1 ORDER BY a.deleted_at LIMIT 1`

	purgeAppRow     = `DELETE FROM veranda_apps WHERE org_id = $1 AND id = $2 AND deleted_at IS NOT NULL`
	purgeCounters   = `DELETE FROM veranda_app_counters WHERE org_id = $1 AND app_id = $2`
	purgeKeysOfApp  = `DELETE FROM veranda_record_keys WHERE org_id = $1 AND app_id = $2`
	purgePastOfApp  = `DELETE FROM veranda_record_history WHERE org_id = $1 AND app_id = $2`
	purgeSaidOfApp  = `DELETE FROM veranda_record_comments WHERE org_id = $1 AND app_id = $2`
	purgeImports    = `DELETE FROM veranda_app_imports WHERE org_id = $1 AND app_id = $2`
	purgeViews      = `DELETE FROM veranda_app_views WHERE org_id = $1 AND app_id = $2`
	purgeStale      = `DELETE FROM veranda_record_stale WHERE org_id = $1 AND app_id = $2`
	purgeTrashOfApp = `DELETE FROM veranda_record_trash WHERE org_id = $1 AND app_id = $2`
	purgeMove       = `DELETE FROM veranda_app_moves WHERE org_id = $1 AND app_id = $2`

	purgePastPG  = `DELETE FROM veranda_record_history WHERE org_id = $1 AND app_id = $2 AND record_id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb))`
	purgePast    = `DELETE FROM veranda_record_history WHERE org_id = $1 AND app_id = $2 AND record_id IN (SELECT value FROM json_each($3))`
	purgeSaidPG  = `DELETE FROM veranda_record_comments WHERE org_id = $1 AND app_id = $2 AND record_id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb))`
	purgeSaid    = `DELETE FROM veranda_record_comments WHERE org_id = $1 AND app_id = $2 AND record_id IN (SELECT value FROM json_each($3))`
	purgeTrashPG = `DELETE FROM veranda_record_trash WHERE org_id = $1 AND app_id = $2 AND deleted_at < $4 AND id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb))`
	purgeTrash   = `DELETE FROM veranda_record_trash WHERE org_id = $1 AND app_id = $2 AND deleted_at < $4 AND id IN (SELECT value FROM json_each($3))`
)

// grave is an application, and records of it that are to go.
type grave struct {
	org       veranda.OrgID
	app       ID
	workspace veranda.WorkspaceID
	records   []RecordID
}

// purgeRecords takes records away for good, a batch in each transaction.
func (s *Service) purgeRecords(ctx context.Context, before time.Time) error {
	for {
		n := 0
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			graves, err := findGraves(ctx, tx, before)
			if err != nil {
				return err
			}
			n = 0
			for _, g := range graves {
				n += len(g.records)
				if err := purgeGrave(ctx, tx, g, before); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < purgeBatch {
			return err
		}
	}
}

func findGraves(ctx context.Context, tx *veranda.Tx, before time.Time) (graves []*grave, err error) {
	text := tx.DB().Pick(purgeFind+` FOR UPDATE OF r SKIP LOCKED`, purgeFind)
	rows, err := tx.Query(ctx, text, before.UnixMicro(), purgeBatch)
	if err != nil {
		return nil, fmt.Errorf("apps: find records to purge: %w", err)
	}
	defer func() { _ = rows.Close() }()
	known := map[ID]*grave{}
	for rows.Next() {
		var g grave
		var id RecordID
		if err := rows.Scan(&g.org, &g.app, &g.workspace, &id); err != nil {
			return nil, fmt.Errorf("apps: find records to purge: %w", err)
		}
		if known[g.app] == nil {
			known[g.app] = &g
			graves = append(graves, &g)
		}
		known[g.app].records = append(known[g.app].records, id)
	}
	return graves, rows.Err()
}

func purgeGrave(ctx context.Context, tx *veranda.Tx, g *grave, before time.Time) error {
	db := tx.DB()
	ids := marshal(g.records)
	for _, text := range []string{db.Pick(purgePastPG, purgePast), db.Pick(purgeSaidPG, purgeSaid)} {
		if err := tx.Defer(ctx, text, g.org, g.app, ids); err != nil {
			return fmt.Errorf("apps: purge records: %w", err)
		}
	}
	if err := tx.Defer(ctx, db.Pick(purgeTrashPG, purgeTrash), g.org, g.app, ids, before.UnixMicro()); err != nil {
		return fmt.Errorf("apps: purge records: %w", err)
	}
	tx.Emit(veranda.Event{
		Org: g.org, Workspace: g.workspace, Kind: EventTrashPurged, Subject: g.app.String(), System: systemPurge, At: db.Now(),
		Data: veranda.MarshalData(TrashPurged{Records: int64(len(g.records))}),
	})
	return nil
}

// purgeApps takes applications away for good: their records in batches, then the rest.
func (s *Service) purgeApps(ctx context.Context, before time.Time) error {
	for {
		g, err := s.findApp(ctx, before)
		if err != nil || g == nil {
			return err
		}
		records := int64(0)
		for {
			var n int64
			err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
				// Who restores the application meanwhile waits, or has done so and keeps what is left.
				row, err := lockApp(ctx, tx, s.texts.store.lockGoneApp, g.org, g.app)
				if err != nil {
					return err
				}
				n, err = s.purgeSome(ctx, tx, g, row)
				return err
			})
			if errors.Is(err, veranda.ErrNotFound) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("apps: purge application: %w", err)
			}
			if records += n; n < purgeBatch {
				break
			}
		}
		if err := s.purgeApp(ctx, g, records); err != nil {
			return err
		}
	}
}

func (s *Service) findApp(ctx context.Context, before time.Time) (*grave, error) {
	rows, err := s.conn.Query(ctx, purgeAppFind, s.conn.DB().Time(before))
	if err != nil {
		return nil, fmt.Errorf("apps: find applications to purge: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return nil, rows.Err()
	}
	var g grave
	if err := rows.Scan(&g.org, &g.app, &g.workspace); err != nil {
		return nil, fmt.Errorf("apps: find applications to purge: %w", err)
	}
	return &g, nil
}

func (s *Service) purgeApp(ctx context.Context, g *grave, records int64) error {
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		for _, text := range []string{purgeCounters, purgeKeysOfApp, purgePastOfApp, purgeSaidOfApp, purgeTrashOfApp, purgeStale, purgeViews, purgeImports, purgeMove, purgeAppRow} {
			if err := tx.Defer(ctx, text, g.org, g.app); err != nil {
				return err
			}
		}
		if err := s.dropTables(ctx, tx, g.org, g.app); err != nil {
			return err
		}
		tx.Emit(veranda.Event{
			Org: g.org, Workspace: g.workspace, Kind: EventTrashPurged, Subject: g.app.String(), System: systemPurge, At: tx.DB().Now(),
			Data: veranda.MarshalData(TrashPurged{App: true, Records: records}),
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("apps: purge application: %w", err)
	}
	return nil
}
