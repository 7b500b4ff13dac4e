package apps

import (
	"context"
	"fmt"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

const (
	// maxRework is how many records one change of the design may touch: it is one transaction.
	maxRework = 100_000
	// reworkBatch is how many of them are read and written at a time.
	reworkBatch = 1000
)

const (
	walkTrashText = `SELECT ` + recordColumns + ` FROM veranda_record_trash r WHERE r.org_id = $1 AND r.app_id = $2 AND r.id > $3 ORDER BY r.id LIMIT $4`
)

const dropSlotKeys = `DELETE FROM veranda_record_keys WHERE org_id = $1 AND app_id = $2 AND slot = $3`

// walk goes through all records of an application in the order in which they were made, a batch at a time. Between batches
// they may be moved.
func (s *Service) walk(ctx context.Context, org veranda.OrgID, app ID, each func(batch []*record) error) error {
	return s.walkIn(ctx, func() (string, error) {
		lies, err := s.placeAt(ctx, org, app)
		if err != nil {
			return "", err
		}
		return lies.texts.walk, nil
	}, org, app, each)
}

func (s *Service) walkIn(ctx context.Context, text func() (string, error), org veranda.OrgID, app ID, each func(batch []*record) error) error {
	after := RecordID{}
	for {
		var batch []*record
		from, err := text()
		if err != nil {
			return err
		}
		rows, err := s.conn.QueryBuilt(ctx, from, org, app, after, reworkBatch)
		if err := scanRecords(rows, err, func(r *record) error {
			batch = append(batch, r)
			return nil
		}); err != nil {
			return err
		}
		if len(batch) > 0 {
			if err := each(batch); err != nil {
				return err
			}
			after = batch[len(batch)-1].id
		}
		if len(batch) < reworkBatch {
			return nil
		}
	}
}

// small refuses a change of the design that would touch more records than one transaction may.
func (s *Service) small(ctx context.Context, tx *veranda.Tx, d *design) error {
	n, err := scanCount(ctx, s.conn.Bind(tx), d.sight.place.texts.count, d.app.Org, d.app.ID, maxRework+1)
	if err == nil && n > maxRework {
		return ErrTooLarge
	}
	return err
}

func scanCount(ctx context.Context, c veranda.Conn, text string, args ...any) (n int64, err error) {
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return 0, fmt.Errorf("apps: count records: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		err = rows.Scan(&n)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("apps: count records: %w", err)
	}
	return n, nil
}

// rewrite changes the documents of all records, those in the trash included: convert does what there is to do besides folding and searching anew.
// Neither versions nor histories tell of it, for no value was given another meaning by somebody.
func (s *Service) rewrite(ctx context.Context, tx *veranda.Tx, d *design, convert func(r *record)) error {
	if err := s.small(ctx, tx, d); err != nil {
		return err
	}
	set := d.schema.set
	in := func(walk, store string, lies *place) error {
		return s.WithTx(tx).walkIn(ctx, func() (string, error) { return walk, nil }, d.app.Org, d.app.ID, func(batch []*record) error {
			rows, ids := make([]storedRow, len(batch)), make([]RecordID, len(batch))
			for i, r := range batch {
				if convert != nil {
					convert(r)
				}
				set.Refold(r.doc)
				ids[i] = r.id
				rows[i] = storedRow{Record: r.id, Doc: r.doc.Append(nil), Search: set.SearchText(r.doc)}
			}
			if err := tx.Defer(ctx, store, d.app.Org, d.app.ID, marshal(rows)); err != nil {
				return fmt.Errorf("apps: rewrite records: %w", err)
			}
			if lies != nil {
				return lies.follow(ctx, tx, d.app.Org, d.app.ID, ids)
			}
			return nil
		})
	}
	lies := d.sight.place
	if err := in(lies.texts.walk, lies.texts.setDocs, lies); err != nil {
		return err
	}
	return in(walkTrashText, s.texts.store.setTrash, nil)
}

// rekey stores the values of a field that became unique, and forgets those of one that is so no more. ErrNotUnique where
// records share one.
func (s *Service) rekey(ctx context.Context, tx *veranda.Tx, d *design, was, now *field.Field) error {
	wasUnique, isUnique := was != nil && was.Unique, now != nil && now.Unique
	if wasUnique && (!isUnique || was.Slot != now.Slot) {
		if err := tx.Defer(ctx, dropSlotKeys, d.app.Org, d.app.ID, was.Slot); err != nil {
			return fmt.Errorf("apps: forget unique values: %w", err)
		}
	}
	if !isUnique || wasUnique && was.Slot == now.Slot {
		return nil
	}
	if err := s.small(ctx, tx, d); err != nil {
		return err
	}
	return s.WithTx(tx).walk(ctx, d.app.Org, d.app.ID, func(batch []*record) error {
		var keys []uniqueKey
		names := map[string]string{}
		for _, r := range batch {
			if value := now.UniqueKey(r.doc); value != "" {
				keys = append(keys, uniqueKey{Slot: now.Slot, Value: value, Record: r.id})
				names[value] = now.Text(r.doc)
			}
		}
		taken, err := s.addKeys(ctx, tx, d.sight, keys)
		if err != nil || len(taken) == 0 {
			return err
		}
		refused := *ErrNotUnique
		refused.Message = fmt.Sprintf("Several records have the value %q in this field.", shorten(names[taken[0].Value]))
		return &refused
	})
}

func shorten(text string) string {
	if r := []rune(text); len(r) > 50 {
		return string(r[:50]) + "…"
	}
	return text
}

// rework brings the records to a changed field: what they are searched by, and what must be unique. was is nil for a field
// that comes, now for one that goes.
func (s *Service) rework(ctx context.Context, tx *veranda.Tx, d *design, was *field.Field, now *column) error {
	var field *field.Field
	if now != nil {
		field = d.schema.set.Field(now.Key)
	}
	if err := s.rekey(ctx, tx, d, was, field); err != nil {
		return err
	}
	if searched(was) == searched(field) {
		return nil
	}
	return s.rewrite(ctx, tx, d, nil)
}

// searched is what of a field's definition the texts depend on that records are searched by; "" for what is not searched.
func searched(f *field.Field) string {
	if f == nil {
		return ""
	}
	switch {
	case f.Kind == field.Select || f.Kind == field.MultiSelect:
		text := string(f.Kind)
		for _, choice := range f.Choices {
			text += "\n" + choice.ID + choice.Name
		}
		return text
	case f.Kind == field.AutoNumber:
		return fmt.Sprint(f.Prefix, "\n", f.Digits)
	case f.Class() == field.ClassText:
		return "text"
	}
	return ""
}

// countAll numbers the records that are there.
func (s *Service) countAll(ctx context.Context, tx *veranda.Tx, d *design, col *column) error {
	last := int64(0)
	f := d.schema.set.Field(col.Key)
	if err := s.rewrite(ctx, tx, d, func(r *record) {
		last++
		r.doc.Number(f, last)
	}); err != nil {
		return err
	}
	_, err := s.count(ctx, tx, d.sight, f.Slot, int(last))
	return err
}

// countWhere counts records that meet a filter.
func (s *Service) countWhere(ctx context.Context, tx *veranda.Tx, g *sight, filter *query.Filter) (int64, error) {
	var c veranda.Checks
	checked := query.Check(&c, "/filter", filter, g.schema.set, query.Asking{Now: g.asking.Now})
	if err := c.Err(); err != nil {
		return 0, err
	}
	b := query.NewBuilder(g.place.Place, 3)
	where := b.Where(checked)
	return scanCount(ctx, s.conn.Bind(tx), `SELECT count(*)`+g.place.texts.from+` WHERE `+g.place.texts.where+` AND `+where, append([]any{g.app.Org, g.app.ID}, b.Args()...)...)
}
