package apps

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/query"
)

const selectTrash = `SELECT ` + recordColumns + `, r.deleted_at, r.deleted_by FROM veranda_record_trash r
WHERE r.org_id = $1 AND r.app_id = $2 AND (r.deleted_at, r.id) < ($3, $4) AND ($5 = '' OR r.created_by = $5 OR r.deleted_by = $5)`

// trashRow is a row of the trash.
type trashRow struct {
	recordRow
	deletedAt int64
	deletedBy string
}

func (r *trashRow) destinations() []any {
	return append(r.recordRow.destinations(), &r.deletedAt, &r.deletedBy)
}

// DeletedRecords lists the deleted records of an application that the actor may restore, the latest first.
//
// Permission: record.delete; who may delete only their own sees those they made or deleted.
func (s *Service) DeletedRecords(ctx context.Context, by veranda.Actor, in DeletedRecordsInput) (veranda.List[DeletedRecord], error) {
	page := veranda.List[DeletedRecord]{Items: []DeletedRecord{}}
	size, position, err := in.validate()
	if err != nil {
		return page, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return page, err
	}
	only := ""
	ask := g.ask(PermDeleteRecord)
	ask.Own = false
	if err := s.authz.Decide(ctx, s.conn, g.standing, ask); err != nil {
		if ask.Own = true; s.authz.Decide(ctx, s.conn, g.standing, ask) != nil || g.me() == "" {
			return page, err
		}
		only = g.me()
	}
	if !g.ruled(PermDeleteRecord) {
		return page, veranda.ErrForbidden
	}
	before, id := latest, highestID[recordKind]()
	if position != nil {
		if before, err = strconv.ParseInt(position[0], 10, 64); err != nil {
			return page, invalid("/cursor", "cursor", "is no cursor of this list")
		}
		if id, err = veranda.ParseID[recordKind](position[1]); err != nil {
			return page, err
		}
	}
	b := query.NewBuilder(s.place(), 7)
	text := selectTrash + g.narrow(b) + ` ORDER BY r.deleted_at DESC, r.id DESC LIMIT $6`
	rows, err := s.conn.QueryBuilt(ctx, text, append([]any{in.Org, in.App, before, id, only, size + 1}, b.Args()...)...)
	if err != nil {
		return page, fmt.Errorf("apps: list deleted records: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row trashRow
		if err := rows.Scan(row.destinations()...); err != nil {
			return page, fmt.Errorf("apps: list deleted records: %w", err)
		}
		r, err := row.record()
		if err != nil {
			return page, err
		}
		if len(page.Items) == size {
			last := page.Items[size-1]
			page.Next = veranda.EncodeCursor(deletedRecordsList, cursorNumber(last.DeletedAt.UnixMicro()), last.ID.String())
			break
		}
		deletedAt := momentOf(row.deletedAt)
		page.Items = append(page.Items, DeletedRecord{Record: g.show(r, nil), DeletedAt: deletedAt, DeletedBy: accountOf(row.deletedBy), PurgedAt: deletedAt.Add(DeletedFor)})
	}
	if err := rows.Err(); err != nil {
		return page, fmt.Errorf("apps: list deleted records: %w", err)
	}
	return page, nil
}

// RestoreRecord brings a deleted record back as it was.
//
// Permission: record.delete, which who deleted the record has as if it were their own. Limit: "records". Errors: not_found
// where there is no such deleted record, apps.not_unique where another record has one of its unique values meanwhile,
// version. Event: apps.record_restored.
func (s *Service) RestoreRecord(ctx context.Context, by veranda.Actor, in RecordVersionInput) (*Record, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var marks []mark
	err := s.holding(ctx, by, in.Org, in.App, func(ctx context.Context, tx *veranda.Tx, g *sight) error {
		_, err := s.WithTx(tx).bringBack(ctx, tx, g, &in, &marks)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.settle(ctx, in.Org, marks)
	return s.Record(ctx, by, RecordInput{Org: in.Org, App: in.App, Record: in.Record})
}

// bringBack moves a record out of the trash.
func (s *Service) bringBack(ctx context.Context, tx *veranda.Tx, g *sight, in *RecordVersionInput, marks *[]mark) (*record, error) {
	row, err := s.lockTrash(ctx, tx, g, in.Record)
	if err != nil {
		return nil, err
	}
	if row.id.IsZero() {
		return nil, veranda.ErrNotFound
	}
	r, err := row.record()
	if err != nil {
		return nil, err
	}
	mine := row.deletedBy != "" && row.deletedBy == g.me()
	if err := s.decideRecord(ctx, g, r, PermDeleteRecord, mine); err != nil {
		return nil, err
	}
	if in.Version != 0 && in.Version != r.version {
		return nil, veranda.ErrVersion
	}
	if err := s.limits.Allow(ctx, tx, g.app.Org, "records", 1); err != nil {
		return nil, err
	}
	taken, err := s.addKeys(ctx, tx, g, g.schema.keysOf(r))
	if err != nil {
		return nil, err
	}
	if len(taken) > 0 {
		refused := *ErrNotUnique
		refused.Message = fmt.Sprintf("Another record has the same value in the field %q meanwhile.", g.schema.bySlot(taken[0].Slot).Name)
		return nil, &refused
	}
	if *marks, err = s.relink(ctx, tx, g, r); err != nil {
		return nil, err
	}
	g.schema.compute(r)
	now := g.asking.Now
	r.version++
	r.stamp.ChangedAt, r.stamp.ChangedBy = now.UnixMicro(), g.me()
	if err := tx.Defer(ctx, g.place.texts.fromTrash, g.app.Org, g.app.ID, r.id, r.stamp.ChangedAt, r.stamp.ChangedBy); err != nil {
		return nil, fmt.Errorf("apps: restore record: %w", err)
	}
	if err := tx.Defer(ctx, s.texts.store.dropTrash, g.app.Org, g.app.ID, r.id); err != nil {
		return nil, fmt.Errorf("apps: restore record: %w", err)
	}
	back := []*change{{do: Create, after: r}}
	if err := s.storeLinks(ctx, tx, g, back); err != nil {
		return nil, err
	}
	// What it links to, and what is computed, may have changed while it lay in the trash.
	fresh := storedRow{Record: r.id, Doc: r.doc.Append(nil), Search: g.schema.set.SearchText(r.doc)}
	if err := tx.Defer(ctx, g.place.texts.setDocs, g.app.Org, g.app.ID, marshal([]storedRow{fresh})); err != nil {
		return nil, fmt.Errorf("apps: restore record: %w", err)
	}
	if err := g.followRows(ctx, tx, back); err != nil {
		return nil, err
	}
	more, err := s.outdate(ctx, tx, g, back)
	if err != nil {
		return nil, err
	}
	*marks = append(*marks, more...)
	if err := s.keep(ctx, tx, g, r.id, r.version, historyRestored, now.UnixMicro(), []byte("{}")); err != nil {
		return nil, err
	}
	tx.Emit(event(EventRecordRestored, g.app, r.id.String(), g.standing, now, RecordChanged{App: g.app.ID, Name: g.app.Name}))
	return r, nil
}

func (s *Service) lockTrash(ctx context.Context, tx *veranda.Tx, g *sight, id RecordID) (*trashRow, error) {
	rows, err := tx.Query(ctx, s.texts.store.lockTrash, g.app.Org, g.app.ID, id)
	if err != nil {
		return nil, fmt.Errorf("apps: restore record: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var row trashRow
	if rows.Next() {
		if err := rows.Scan(row.destinations()...); err != nil {
			return nil, fmt.Errorf("apps: restore record: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("apps: restore record: %w", err)
	}
	return &row, nil
}

const (
	// purgeBatch is how many records a transaction purges.
	purgeBatch = 500

	// systemPurge is who purges, as events say it.
	systemPurge = "apps.purge"
)

// PurgeJob is the job that takes records and applications away for good that were deleted DeletedFor ago, with their
// histories and comments, and forgets imports of 30 days ago and their files. Event: apps.trash_purged for each application it touches.
func (s *Service) PurgeJob() veranda.Periodic {
	return veranda.Periodic{Name: systemPurge, Every: time.Hour, Run: func(ctx context.Context, _ time.Time) error {
		before := s.conn.DB().Now().Add(-DeletedFor)
		if err := s.purgeRecords(ctx, before); err != nil {
			return err
		}
		if err := s.purgeApps(ctx, before); err != nil {
			return err
		}
		return s.tidyImports(ctx)
	}}
}
