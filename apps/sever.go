package apps

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// bare is a sight without an actor's limits, for what follows of what they did.
func (s *Service) bare(ctx context.Context, tx *veranda.Tx, g *sight, app ID) (*sight, error) {
	if app == g.app.ID {
		free := *g
		free.manages, free.rules, free.where, free.lock, free.readOnly, free.asking.Hidden = true, nil, nil, nil, nil, nil
		return &free, nil
	}
	if _, err := s.gate(ctx, tx, g.app.Org, app); err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, selectApp, g.app.Org, app)
	if err != nil {
		return nil, fmt.Errorf("apps: read related application: %w", err)
	}
	var row appRow
	if err := scanApps(rows, nil, func(found *appRow) error { row = *found; return nil }); err != nil || row.id.IsZero() {
		return nil, err
	}
	sch, err := s.WithTx(tx).schema(&row, nil)
	if err != nil {
		return nil, err
	}
	lies, err := s.places.of(app, row.tier)
	if err != nil {
		return nil, err
	}
	free := &sight{standing: g.standing, app: row.app(g.app.Org), schema: sch, place: lies, manages: true, asking: g.asking}
	free.asking.Hidden, free.asking.Location = nil, sch.location
	return free, nil
}

// severed are the records of one application that change, or go, because others are deleted.
type severed struct {
	sight *sight
	rows  []*change
	cut   []storedLink // links that come back with the records that are deleted
}

// sever does what the deletion of records means for those that link to them: their links are cut, they are deleted too, or
// the deletion is refused. deleted are the records that go anyway.
func (s *Service) sever(ctx context.Context, tx *veranda.Tx, g *sight, rows []*change, deleted map[RecordID]bool) ([]*severed, error) {
	byID := map[RecordID]*change{}
	var ids []RecordID
	for _, row := range rows {
		byID[row.before.id] = row
		ids = append(ids, row.before.id)
	}
	touched := map[ID]*severed{}
	var list []*severed
	refused := false
	for _, col := range g.schema.Columns {
		if col.Kind != field.Relation || !col.Reverse {
			continue
		}
		found, err := s.WithTx(tx).linkedTo(ctx, g.app.Org, col.Links, ids, false, maxCascade+1)
		if err != nil {
			return nil, err
		}
		var cut []storedLink
		var sources []RecordID
		for dst, srcs := range found {
			for _, src := range srcs {
				if deleted[src] {
					continue
				}
				if col.OnDelete == field.Restrict && col.RemovedAt == nil {
					byID[dst].err, refused = ErrLinked, true
				}
				cut = append(cut, storedLink{Field: col.Links, Src: src, Dst: dst})
				sources = append(sources, src)
			}
		}
		if len(sources) == 0 || refused {
			continue
		}
		if len(sources) > maxCascade {
			return nil, ErrTooLarge
		}
		at := touched[targetOf(&col.Field)]
		if at == nil {
			free, err := s.bare(ctx, tx, g, targetOf(&col.Field))
			if err != nil {
				return nil, err
			}
			if free == nil {
				continue // the application there is deleted
			}
			at = &severed{sight: free}
			touched[targetOf(&col.Field)] = at
			list = append(list, at)
		}
		if err := s.severFrom(ctx, tx, at, col, cut, sources, deleted); err != nil {
			return nil, err
		}
	}
	if refused {
		return nil, errRows
	}
	return list, nil
}

// severFrom changes or deletes the records that link to those that go.
func (s *Service) severFrom(ctx context.Context, tx *veranda.Tx, there *severed, col *column, cut []storedLink, sources []RecordID, deleted map[RecordID]bool) error {
	forward := there.sight.schema.linksOf(col.Links)
	if forward == nil {
		return nil
	}
	slices.SortFunc(sources, func(a, b RecordID) int { return compareIDs(a, b) })
	held, err := s.lockRecords(ctx, tx, there.sight, slices.Compact(sources))
	if err != nil {
		return err
	}
	rowOf := map[RecordID]*change{}
	for _, row := range there.rows {
		rowOf[row.record()] = row
	}
	now := there.sight.asking.Now.UnixMicro()
	for _, link := range cut {
		r := held[link.Src]
		if r == nil {
			continue
		}
		if row := rowOf[link.Src]; row != nil && row.outcome == Deleted {
			continue
		}
		if col.OnDelete == field.Cascade && col.RemovedAt == nil {
			deleted[link.Src] = true
			row := &change{do: Delete, id: link.Src, before: r, outcome: Deleted}
			if old := rowOf[link.Src]; old != nil {
				*old = *row
				row = old
			} else {
				there.rows = append(there.rows, row)
			}
			rowOf[link.Src] = row
			continue
		}
		row := rowOf[link.Src]
		doc := r.doc
		if row != nil {
			doc = row.after.doc
		} else {
			row = &change{do: Update, id: link.Src, before: r}
			rowOf[link.Src] = row
			there.rows = append(there.rows, row)
		}
		row.become(there.sight, without(doc, forward, link.Dst), now)
	}
	there.cut = append(there.cut, cut...)
	return nil
}

func compareIDs(a, b RecordID) int {
	x, y := a.String(), b.String()
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// linksOf is the field that writes some links; also where it was taken away.
func (s *schema) linksOf(links field.ID) *field.Field {
	for _, col := range s.Columns {
		if col.Kind == field.Relation && col.Links == links && !col.Reverse {
			f := col.Field
			f.Slot = col.Slot
			return &f
		}
	}
	return nil
}

// without is a document without one of its links.
func without(doc field.Doc, f *field.Field, id RecordID) field.Doc {
	left := doc.Clone()
	list := slices.DeleteFunc(slices.Clone(doc.People(f)), func(text string) bool { return text == id.String() })
	switch {
	case len(list) == 0:
		delete(left, f.Slot)
	case f.Multiple:
		left[f.Slot] = list
	default:
		left[f.Slot] = list[0]
	}
	return left
}

// relink gives a record that comes back from the trash its links again: those to records that are there still, and those of
// records that linked to it.
func (s *Service) relink(ctx context.Context, tx *veranda.Tx, g *sight, r *record) (marks []mark, err error) {
	for _, col := range g.schema.forward() {
		f := g.schema.set.Field(col.Key)
		ids := linkIDs(r.doc, f)
		if len(ids) == 0 {
			continue
		}
		there := map[RecordID]bool{}
		lies, err := s.WithTx(tx).placeAt(ctx, g.app.Org, targetOf(f))
		if err != nil {
			return nil, err
		}
		rows, err := tx.Query(ctx, lies.texts.hold, g.app.Org, targetOf(f), marshal(ids))
		if err := scanRecords(rows, err, func(found *record) error { there[found.id] = true; return nil }); err != nil {
			return nil, err
		}
		for _, id := range ids {
			if !there[id] {
				r.doc = without(r.doc, f, id)
			}
		}
	}
	for _, col := range g.schema.relations {
		if !col.Reverse {
			continue
		}
		found, err := s.linkedTo(ctx, g.app.Org, col.Links, []RecordID{r.id}, true, maxCascade)
		if err != nil {
			return nil, err
		}
		more, err := s.relinkFrom(ctx, tx, g, col, r.id, found[r.id])
		if err != nil {
			return nil, err
		}
		marks = append(marks, more...)
	}
	return marks, nil
}

// relinkFrom gives records their links to one that came back. A field for one link that holds another meanwhile keeps it.
func (s *Service) relinkFrom(ctx context.Context, tx *veranda.Tx, g *sight, col *column, id RecordID, sources []RecordID) ([]mark, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	free, err := s.bare(ctx, tx, g, targetOf(&col.Field))
	if err != nil || free == nil {
		return nil, err
	}
	forward := free.schema.linksOf(col.Links)
	if forward == nil {
		return nil, nil
	}
	held, err := s.lockRecords(ctx, tx, free, sources)
	if err != nil {
		return nil, err
	}
	var rows []*change
	for _, src := range sources {
		before := held[src]
		if before == nil {
			continue
		}
		list := before.doc.People(forward)
		if slices.Contains(list, id.String()) || !forward.Multiple && len(list) > 0 {
			continue
		}
		doc := before.doc.Clone()
		if doc[forward.Slot] = id.String(); forward.Multiple {
			doc[forward.Slot] = append(slices.Clone(list), id.String())
		}
		row := &change{do: Update, id: src, before: before}
		row.become(free, doc, free.asking.Now.UnixMicro())
		rows = append(rows, row)
	}
	return s.storeFollowing(ctx, tx, free, rows)
}

// storeFollowing stores what records of another application became because of a change.
func (s *Service) storeFollowing(ctx context.Context, tx *veranda.Tx, g *sight, rows []*change) ([]mark, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	b := &batch{rows: rows}
	if err := s.store(ctx, tx, g, b); err != nil {
		return nil, err
	}
	emitMany(tx, g, rows, g.asking.Now)
	return b.marks, nil
}
