package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// store writes what rows became. errRows says that one of them cannot be, and undoes all.
func (s *Service) store(ctx context.Context, tx *veranda.Tx, g *sight, b *batch) (err error) {
	var fresh, updated, deleted []*change
	for _, row := range b.rows {
		switch {
		case row.err != nil:
		case row.outcome == Created:
			fresh = append(fresh, row)
		case row.outcome == Updated:
			updated = append(updated, row)
		case row.outcome == Deleted:
			deleted = append(deleted, row)
		}
	}
	if len(fresh) > 0 {
		if err := s.limits.Allow(ctx, tx, g.app.Org, "records", int64(len(fresh))); err != nil {
			return err
		}
	}
	if err := s.number(ctx, tx, g, fresh); err != nil {
		return err
	}
	bad := false
	for _, row := range slices.Concat(fresh, updated) {
		// The history keeps what people wrote, which is known; what is computed of it is not theirs.
		g.schema.compute(row.after)
		if row.err = g.reach(row.after); row.err != nil {
			bad = true
		}
	}
	if bad {
		return errRows
	}
	if err := s.storeKeys(ctx, tx, g, b, slices.Concat(fresh, updated, deleted)); err != nil {
		return err
	}
	if err := s.storeLinks(ctx, tx, g, slices.Concat(fresh, updated, deleted)); err != nil {
		return err
	}
	if b.marks, err = s.follow(ctx, tx, g, deleted); err != nil {
		return err
	}
	if err := s.storeFresh(ctx, tx, g, fresh); err != nil {
		return err
	}
	if err := s.storeUpdated(ctx, tx, g, updated); err != nil {
		return err
	}
	if err := s.storeDeleted(ctx, tx, g, deleted); err != nil {
		return err
	}
	if err := g.followRows(ctx, tx, slices.Concat(fresh, updated, deleted)); err != nil {
		return err
	}
	s.places.grew(g.app, len(fresh))
	marks, err := s.outdate(ctx, tx, g, slices.Concat(fresh, updated, deleted))
	if b.marks = append(b.marks, marks...); len(b.marks) > settleMost {
		s.late(tx, g.app, g.standing, g.asking.Now)
	}
	return err
}

// follow does what the deletion of records means for those that link to them.
func (s *Service) follow(ctx context.Context, tx *veranda.Tx, g *sight, rows []*change) (marks []mark, err error) {
	if len(rows) == 0 || len(g.schema.relations) == 0 {
		return nil, nil
	}
	deleted := map[RecordID]bool{}
	for _, row := range rows {
		deleted[row.before.id] = true
	}
	list, err := s.sever(ctx, tx, g, rows, deleted)
	if err != nil {
		return nil, err
	}
	for _, there := range list {
		if len(there.rows) > maxCascade {
			return nil, ErrTooLarge
		}
		more, err := s.storeFollowing(ctx, tx, there.sight, there.rows)
		if err != nil {
			return nil, err
		}
		marks = append(marks, more...)
		if err := changeLinks(ctx, tx, tx.DB().Pick(cutLinksPG, cutLinks), g.app.Org, there.cut); err != nil {
			return nil, err
		}
	}
	return marks, nil
}

// number gives new records the numbers that the program counts.
func (s *Service) number(ctx context.Context, tx *veranda.Tx, g *sight, fresh []*change) error {
	if len(fresh) == 0 {
		return nil
	}
	for _, f := range g.schema.numbers {
		last, err := s.count(ctx, tx, g, f.Slot, len(fresh))
		if err != nil {
			return err
		}
		for i, row := range fresh {
			row.after.doc.Number(f, last-int64(len(fresh)-1-i))
		}
	}
	return nil
}

// storeKeys stores the unique values of what rows became in the place of those that were.
func (s *Service) storeKeys(ctx context.Context, tx *veranda.Tx, g *sight, b *batch, rows []*change) error {
	if len(g.schema.unique) == 0 {
		return nil
	}
	var old, fresh []uniqueKey
	owner := map[RecordID]*change{}
	for _, row := range rows {
		before, after := g.schema.keysOf(row.before), g.schema.keysOf(row.after)
		for _, k := range before {
			if !slices.Contains(after, k) {
				old = append(old, k)
			}
		}
		for _, k := range after {
			if !slices.Contains(before, k) {
				fresh = append(fresh, k)
				owner[k.Record] = row
			}
		}
	}
	if err := s.dropKeys(ctx, tx, g, old); err != nil {
		return err
	}
	if b.hopeful {
		return s.hopeKeys(ctx, tx, g, fresh)
	}
	taken, err := s.addKeys(ctx, tx, g, fresh)
	if err != nil {
		return err
	}
	for _, k := range taken {
		row := owner[k.Record]
		f := g.schema.bySlot(k.Slot)
		if row.do == Upsert && f.Key == b.matchBy {
			return errStale // somebody made the record meanwhile
		}
		row.err = invalid("/values/"+f.Key, "unique", "is the value of another record")
	}
	if len(taken) > 0 {
		return errRows
	}
	return nil
}

// bySlot is the field that is there with a slot.
func (s *schema) bySlot(slot string) *field.Field {
	for _, f := range s.set.Fields() {
		if f.Slot == slot {
			return f
		}
	}
	return nil
}

func (s *Service) storeFresh(ctx context.Context, tx *veranda.Tx, g *sight, fresh []*change) (err error) {
	switch len(fresh) {
	case 0:
		return nil
	case 1:
		r := fresh[0].after
		err = tx.Defer(ctx, g.place.texts.insertOne, g.app.Org, g.app.ID, r.id, r.stamp.CreatedAt, r.stamp.CreatedBy, r.doc.String(), g.schema.set.SearchText(r.doc))
	default:
		stamp := fresh[0].after.stamp
		err = tx.Defer(ctx, g.place.texts.insert, g.app.Org, g.app.ID, stamp.CreatedAt, stamp.CreatedBy, marshal(g.stored(fresh)))
	}
	if err != nil {
		return fmt.Errorf("apps: store records: %w", err)
	}
	return nil
}

// stored are rows as their statements read them.
func (g *sight) stored(rows []*change) []storedRow {
	list := make([]storedRow, len(rows))
	for i, row := range rows {
		list[i] = storedRow{
			Record: row.after.id, Version: row.after.version, Doc: row.after.doc.Append(nil), Search: g.schema.set.SearchText(row.after.doc),
			Kind: historyChanged, Before: field.AppendChanges(nil, row.old),
		}
	}
	return list
}

func (s *Service) storeUpdated(ctx context.Context, tx *veranda.Tx, g *sight, updated []*change) error {
	if len(updated) == 0 {
		return nil
	}
	stamp := updated[0].after.stamp
	if len(updated) == 1 {
		r := updated[0].after
		if err := tx.Defer(ctx, g.place.texts.updateOne, g.app.Org, g.app.ID, r.id, r.version, stamp.ChangedAt, stamp.ChangedBy, r.doc.String(), g.schema.set.SearchText(r.doc)); err != nil {
			return fmt.Errorf("apps: store record: %w", err)
		}
		return s.keep(ctx, tx, g, r.id, r.version, historyChanged, stamp.ChangedAt, field.AppendChanges(nil, updated[0].old))
	}
	rows := marshal(g.stored(updated))
	if err := tx.Defer(ctx, g.place.texts.update, g.app.Org, g.app.ID, stamp.ChangedAt, stamp.ChangedBy, rows); err != nil {
		return fmt.Errorf("apps: store records: %w", err)
	}
	if err := tx.Defer(ctx, s.texts.store.history, g.app.Org, g.app.ID, stamp.ChangedAt, stamp.ChangedBy, rows); err != nil {
		return fmt.Errorf("apps: store history: %w", err)
	}
	return nil
}

// keep stores a row of a record's history.
func (s *Service) keep(ctx context.Context, tx *veranda.Tx, g *sight, id RecordID, version int64, kind string, now int64, before []byte) error {
	if err := tx.Defer(ctx, historyOne, g.app.Org, g.app.ID, id, version, kind, now, g.me(), string(before)); err != nil {
		return fmt.Errorf("apps: store history: %w", err)
	}
	return nil
}

func (s *Service) storeDeleted(ctx context.Context, tx *veranda.Tx, g *sight, deleted []*change) error {
	if len(deleted) == 0 {
		return nil
	}
	now := tx.DB().Now().UnixMicro()
	ids, rows := make([]RecordID, len(deleted)), make([]storedRow, len(deleted))
	for i, row := range deleted {
		ids[i] = row.before.id
		rows[i] = storedRow{Record: row.before.id, Version: row.before.version + 1, Kind: historyDeleted, Before: json.RawMessage("{}")}
	}
	if err := tx.Defer(ctx, g.place.texts.toTrash, g.app.Org, g.app.ID, now, g.me(), marshal(ids)); err != nil {
		return fmt.Errorf("apps: delete records: %w", err)
	}
	if err := tx.Defer(ctx, g.place.texts.drop, g.app.Org, g.app.ID, marshal(ids)); err != nil {
		return fmt.Errorf("apps: delete records: %w", err)
	}
	if err := tx.Defer(ctx, s.texts.store.history, g.app.Org, g.app.ID, now, g.me(), marshal(rows)); err != nil {
		return fmt.Errorf("apps: store history: %w", err)
	}
	return nil
}
