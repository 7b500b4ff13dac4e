package apps

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
)

// CreateRecord adds a record to an application.
//
// Permission: record.create. Limit: "records". Errors: invalid (at /values/<key>: the rules of the field; unique where
// another record has the value, not_found for people who do not see the workspace), apps.out_of_reach. Event:
// apps.record_created.
func (s *Service) CreateRecord(ctx context.Context, by veranda.Actor, in CreateRecordInput) (*Record, error) {
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s.writeOne(ctx, by, in.Org, in.App, &change{do: Create, values: in.Values})
}

// Record reads a record.
//
// Permission: record.read.
func (s *Service) Record(ctx context.Context, by veranda.Actor, in RecordInput) (*Record, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, r, err := s.openRecord(ctx, by, in.Org, in.App, in.Record, PermReadRecord)
	if err != nil {
		return nil, err
	}
	return s.showOne(ctx, g, r)
}

// showOne is a record as the actor sees it, with what lies at the other sides of its relations.
func (s *Service) showOne(ctx context.Context, g *sight, r *record) (*Record, error) {
	if err := s.fill(ctx, g, []*record{r}, nil); err != nil {
		return nil, err
	}
	shown := g.show(r, nil)
	return &shown, nil
}

// UpdateRecord changes some values of a record.
//
// Permission: record.edit. Errors: invalid as of CreateRecord, apps.record_locked, apps.out_of_reach, version. Event:
// apps.record_updated, unless nothing changes.
func (s *Service) UpdateRecord(ctx context.Context, by veranda.Actor, in UpdateRecordInput) (*Record, error) {
	var c veranda.Checks
	checkRecord(&c, in.Org, in.App, in.Record)
	checkVersion(&c, in.Version)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return s.writeOne(ctx, by, in.Org, in.App, &change{do: Update, id: in.Record, version: in.Version, values: in.Values})
}

// DeleteRecord deletes a record. Within DeletedFor it can be restored.
//
// Permission: record.delete; as shipped, for records that the actor made, and for owners and administrators in workspaces
// they manage. Errors: apps.record_locked, version. Event: apps.record_deleted.
func (s *Service) DeleteRecord(ctx context.Context, by veranda.Actor, in RecordVersionInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	_, err := s.writeOne(ctx, by, in.Org, in.App, &change{do: Delete, id: in.Record, version: in.Version})
	return err
}

// writeOne writes one record and gives it as the actor sees it.
func (s *Service) writeOne(ctx context.Context, by veranda.Actor, org veranda.OrgID, app ID, row *change) (*Record, error) {
	b := &batch{rows: []*change{row}, emit: func(tx *veranda.Tx, g *sight, now time.Time) { emitOne(tx, g, row, now) }}
	g, err := s.write(ctx, by, org, app, b)
	if err != nil || row.after == nil {
		return nil, err
	}
	if len(g.schema.derived) > 0 {
		// What is computed of related records was so after the change.
		r, err := s.readOne(ctx, g, row.after.id)
		if err != nil {
			return nil, err
		}
		if r != nil {
			row.after = r
		}
	}
	return s.showOne(ctx, g, row.after)
}

// readOne reads a record; nil where there is none.
func (s *Service) readOne(ctx context.Context, g *sight, id RecordID) (found *record, err error) {
	rows, err := s.conn.QueryBuilt(ctx, g.place.texts.one, g.app.Org, g.app.ID, id)
	return found, scanRecords(rows, err, func(r *record) error {
		found = r
		return nil
	})
}

// emitOne emits the event of one row.
func emitOne(tx *veranda.Tx, g *sight, row *change, now time.Time) {
	kind, id := "", row.id
	switch row.outcome {
	case Created:
		kind, id = EventRecordCreated, row.after.id
	case Updated:
		kind = EventRecordUpdated
	case Deleted:
		kind = EventRecordDeleted
	default:
		return
	}
	tx.Emit(event(kind, g.app, id.String(), g.standing, now, RecordChanged{App: g.app.ID, Name: g.app.Name, Changed: g.schema.told(row.changed)}))
}

// told are the keys that an event may name: none of fields that a rule hides from somebody.
func (s *schema) told(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		return slices.ContainsFunc(s.Rules, func(r Rule) bool { return slices.Contains(r.Hidden, key) })
	})
}

// Bulk creates, changes and deletes up to MaxBulk records in one transaction. Rows of a partial call fail each for itself;
// otherwise one that fails undoes all, and the error names every bad row.
//
// Permission: record.create, record.edit and record.delete, as of the methods for one record; upsert wants a unique field
// as match_by, and is refused to those whom a rule shows only some records. Limit: "records". Errors: invalid, apps.bulk
// (at /rows/<i>…). Event: apps.records_written, unless nothing changes.
func (s *Service) Bulk(ctx context.Context, by veranda.Actor, in BulkInput) (*BulkResult, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	b := &batch{matchBy: in.MatchBy, partial: in.Partial}
	for i := range in.Rows {
		row := &in.Rows[i]
		b.rows = append(b.rows, &change{do: row.Do, id: row.Record, version: row.Version, values: row.Values})
	}
	b.emit = func(tx *veranda.Tx, g *sight, now time.Time) { emitMany(tx, g, b.rows, now) }
	if _, err := s.write(ctx, by, in.Org, in.App, b); err != nil {
		return nil, err
	}
	return b.result(), nil
}

// emitMany emits the event of a bulk call.
func emitMany(tx *veranda.Tx, g *sight, rows []*change, now time.Time) {
	written := RecordsWritten{Name: g.app.Name, Records: []RecordID{}}
	for _, row := range rows {
		if row.err != nil || row.outcome == Unchanged {
			continue
		}
		switch row.outcome {
		case Created:
			written.Created++
		case Updated:
			written.Updated++
		case Deleted:
			written.Deleted++
		}
		if len(written.Records) < MaxEventRecords {
			written.Records = append(written.Records, row.record())
		}
	}
	if len(written.Records) > 0 {
		tx.Emit(event(EventRecordsWritten, g.app, g.app.ID.String(), g.standing, now, written))
	}
}

// record is the id of a row's record, the zero id where there is none.
func (row *change) record() RecordID {
	switch {
	case row.after != nil:
		return row.after.id
	case row.before != nil:
		return row.before.id
	}
	return row.id
}

func (b *batch) result() *BulkResult {
	result := &BulkResult{Rows: make([]RowResult, len(b.rows))}
	for i, row := range b.rows {
		r := &result.Rows[i]
		if row.err != nil {
			result.Failed++
			r.Outcome, r.Record = Failed, row.id
			var known *veranda.Error
			if errors.As(row.err, &known) {
				r.Reason, r.Message, r.Errors = known.Reason, known.Message, known.Fields
			}
			continue
		}
		r.Outcome, r.Record = row.outcome, row.record()
		switch row.outcome {
		case Created:
			result.Created++
		case Updated:
			result.Updated++
		case Unchanged:
			result.Unchanged++
		case Deleted:
			result.Deleted++
		}
		if row.after != nil {
			r.Version = row.after.version
		}
	}
	return result
}
