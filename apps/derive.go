package apps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// Lookups and roll-ups are computed after the change that they depend on. The change leaves a mark for each record of which
// something is out of date, in its own transaction; who made it then computes a moderate number of them before they answer,
// and background work the rest, or what a crash left. A mark is taken away before its record's values are read, so that a
// change that comes in between leaves one of its own.

// mark is a record of which something computed is out of date.
type mark struct {
	App    ID       `json:"a"`
	Record RecordID `json:"r"`
	ID     RecordID `json:"i"`
}

const (
	// settleMost is how many marked records a call computes before it answers.
	settleMost = 200
	// settleBatch is how many of them are computed in one transaction.
	settleBatch = 100
)

const (
	addMarksPG = `INSERT INTO veranda_record_stale (org_id, app_id, record_id, id)
SELECT $1::uuid, (v->>'a')::uuid, (v->>'r')::uuid, (v->>'i')::uuid FROM jsonb_array_elements($2::jsonb) v`
	addMarks = `INSERT INTO veranda_record_stale (org_id, app_id, record_id, id)
SELECT $1, v.value->>'a', v.value->>'r', v.value->>'i' FROM json_each($2) v`
	dropMarksPG = `DELETE FROM veranda_record_stale WHERE org_id = $1 AND app_id = $2 AND record_id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb))`
	dropMarks   = `DELETE FROM veranda_record_stale WHERE org_id = $1 AND app_id = $2 AND record_id IN (SELECT value FROM json_each($3))`
	// Marks of all organizations: background work asks.
	findMarks = `SELECT s.org_id, s.app_id, s.record_id FROM veranda_record_stale s ORDER BY s.org_id, s.app_id, s.record_id LIMIT $1`
)

// outdate leaves marks for the records of which a batch makes something out of date.
func (s *Service) outdate(ctx context.Context, tx *veranda.Tx, g *sight, rows []*change) ([]mark, error) {
	sch := g.schema
	if len(rows) == 0 || !sch.watched && len(sch.derived) == 0 {
		return nil, nil
	}
	marked := map[mark]bool{}
	add := func(app ID, id RecordID) { marked[mark{App: app, Record: id}] = true }
	ask := map[*column][]RecordID{}
	for _, row := range rows {
		touched := row.touched(sch)
		if row.after != nil && len(sch.derived) > 0 && (row.before == nil || slices.ContainsFunc(sch.derived, func(d *derived) bool { return touched[d.through.Key] })) {
			add(g.app.ID, row.after.id)
		}
		for _, col := range sch.relations {
			if !col.tells(row, touched) {
				continue
			}
			if col.Reverse {
				ask[col] = append(ask[col], row.record())
				continue
			}
			f := sch.set.Field(col.Key)
			for _, r := range []*record{row.before, row.after} {
				if r == nil {
					continue
				}
				for _, id := range linkIDs(r.doc, f) {
					add(targetOf(f), id)
				}
			}
		}
	}
	for col, ids := range ask {
		// All of them: none may be left out.
		found, err := s.WithTx(tx).linkedTo(ctx, g.app.Org, col.Links, ids, false, 1<<31-1)
		if err != nil {
			return nil, err
		}
		for _, srcs := range found {
			for _, src := range srcs {
				add(targetOf(&col.Field), src)
			}
		}
	}
	return s.leaveMarks(ctx, tx, g.app.Org, slices.Collect(maps.Keys(marked)))
}

func (s *Service) leaveMarks(ctx context.Context, tx *veranda.Tx, org veranda.OrgID, marks []mark) ([]mark, error) {
	if len(marks) == 0 {
		return nil, nil
	}
	for i := range marks {
		marks[i].ID = veranda.NewID[recordKind]()
	}
	if err := tx.Defer(ctx, tx.DB().Pick(addMarksPG, addMarks), org, marshal(marks)); err != nil {
		return nil, fmt.Errorf("apps: mark records: %w", err)
	}
	return marks, nil
}

// touched are the keys of the fields in which a row's record changed, what is computed included; of one that came or went,
// none.
func (row *change) touched(sch *schema) map[string]bool {
	keys := map[string]bool{}
	if row.before == nil || row.after == nil {
		return keys
	}
	for _, key := range sch.keysIn(field.Changed(row.before.doc, row.after.doc)) {
		keys[key] = true
	}
	return keys
}

// tells tells whether a row changed something that is watched at the other side of a relation.
func (col *column) tells(row *change, touched map[string]bool) bool {
	if len(col.Watched) == 0 {
		return false
	}
	if row.before == nil || row.after == nil || touched[col.Key] {
		return true
	}
	return slices.ContainsFunc(col.Watched, func(w watch) bool { return touched[w.Key] })
}

// settle computes what marks say, as far as it is little; background work does the rest. It does not fail: the marks are
// there.
func (s *Service) settle(ctx context.Context, org veranda.OrgID, marks []mark) {
	if len(marks) == 0 || len(marks) > settleMost {
		return
	}
	for round := 0; len(marks) > 0 && round < 10; round++ {
		byApp := map[ID][]RecordID{}
		for _, m := range marks {
			byApp[m.App] = append(byApp[m.App], m.Record)
		}
		marks = nil
		for app, ids := range byApp {
			next, err := s.recompute(ctx, org, app, ids)
			if err != nil {
				s.conn.DB().Log().Warn("computed values are late", "application", app.String(), "error", err)
				return
			}
			marks = append(marks, next...)
		}
		if len(marks) > settleMost {
			return
		}
	}
}

// recompute computes lookups, roll-ups and formulas of marked records and takes their marks away. It gives the marks that it
// leaves: of records that depend on these.
func (s *Service) recompute(ctx context.Context, org veranda.OrgID, app ID, ids []RecordID) (left []mark, err error) {
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		left = nil
		if _, err := tx.Exec(ctx, tx.DB().Pick(dropMarksPG, dropMarks), org, app, marshal(ids)); err != nil {
			return fmt.Errorf("apps: take marks away: %w", err)
		}
		held, err := s.gate(ctx, tx, org, app)
		if err != nil {
			return err
		}
		lies, err := s.places.of(app, held.tier)
		if err != nil {
			return err
		}
		bound := s.WithTx(tx)
		sch, err := bound.related(ctx, org, app)
		if err != nil || sch == nil {
			return err
		}
		g := &sight{standing: &veranda.Standing{Org: org, System: systemCompute}, app: &App{Org: org, ID: app}, schema: sch, place: lies, manages: true}
		found, err := s.lockRecords(ctx, tx, g, ids)
		if err != nil {
			return err
		}
		before := make(map[RecordID]field.Doc, len(found))
		records := make([]*record, 0, len(found))
		for id, r := range found {
			before[id] = r.doc
			r.doc = r.doc.Clone()
			records = append(records, r)
		}
		if err := bound.derive(ctx, g, records); err != nil {
			return err
		}
		var rows []*change
		var stored []storedRow
		for _, r := range records {
			sch.compute(r)
			if len(field.Changed(before[r.id], r.doc)) == 0 {
				continue
			}
			was := *r
			was.doc = before[r.id]
			rows = append(rows, &change{before: &was, after: r})
			stored = append(stored, storedRow{Record: r.id, Doc: r.doc.Append(nil), Search: sch.set.SearchText(r.doc)})
		}
		if len(rows) == 0 {
			return nil
		}
		if err := tx.Defer(ctx, lies.texts.setDocs, org, app, marshal(stored)); err != nil {
			return fmt.Errorf("apps: store computed values: %w", err)
		}
		if err := g.followRows(ctx, tx, rows); err != nil {
			return err
		}
		left, err = s.outdate(ctx, tx, g, rows)
		return err
	})
	return left, err
}

// derive puts lookups and roll-ups into documents.
func (s *Service) derive(ctx context.Context, g *sight, records []*record) error {
	if len(g.schema.derived) == 0 || len(records) == 0 {
		return nil
	}
	byRelation := map[*column][]*derived{}
	for _, d := range g.schema.derived {
		byRelation[d.through] = append(byRelation[d.through], d)
	}
	for through, list := range byRelation {
		related, err := s.relatedTo(ctx, g, through, records)
		if err != nil {
			return err
		}
		target, err := s.related(ctx, g.app.Org, targetOf(&through.Field))
		if err != nil {
			return err
		}
		if target == nil {
			target, related = &schema{set: g.schema.set}, nil
		}
		docs, err := s.documents(ctx, g.app.Org, targetOf(&through.Field), related)
		if err != nil {
			return err
		}
		for _, d := range list {
			of := target.set.Field(d.column.Of)
			if d.column.Of != "" && of == nil {
				continue // it will be, or was, there: what is left is what it was
			}
			for _, r := range records {
				var told []field.Doc
				for _, id := range related[r.id] {
					if doc := docs[id]; doc != nil {
						told = append(told, doc)
					}
				}
				g.schema.set.Put(r.doc, d.field.Key, d.tell(of, told))
			}
		}
	}
	return nil
}

// relatedTo are the records that records are related to by a field.
func (s *Service) relatedTo(ctx context.Context, g *sight, through *column, records []*record) (map[RecordID][]RecordID, error) {
	if through.Reverse {
		ids := make([]RecordID, len(records))
		for i, r := range records {
			ids[i] = r.id
		}
		return s.linkedTo(ctx, g.app.Org, through.Links, ids, false, 1<<31-1)
	}
	found := map[RecordID][]RecordID{}
	f := g.schema.set.Field(through.Key)
	for _, r := range records {
		found[r.id] = linkIDs(r.doc, f)
	}
	return found, nil
}

// documents reads what related records say.
func (s *Service) documents(ctx context.Context, org veranda.OrgID, app ID, related map[RecordID][]RecordID) (map[RecordID]field.Doc, error) {
	docs := map[RecordID]field.Doc{}
	var ids []RecordID
	for _, list := range related {
		ids = append(ids, list...)
	}
	lies, err := s.placeAt(ctx, org, app)
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(ids, 5000) {
		rows, err := s.conn.QueryBuilt(ctx, lies.texts.read, org, app, marshal(part))
		if err := scanRecords(rows, err, func(r *record) error { docs[r.id] = r.doc; return nil }); err != nil {
			return nil, err
		}
	}
	return docs, nil
}

// fillIn gives the records that are there the values of a new field, where the program gives them.
func (s *Service) fillIn(ctx context.Context, tx *veranda.Tx, d *design, col *column) error {
	switch col.Kind {
	case field.AutoNumber:
		return s.countAll(ctx, tx, d, col)
	case field.Formula:
		return s.rewrite(ctx, tx, d, d.schema.compute)
	case field.Lookup, field.RollUp:
		return s.markAll(ctx, tx, d, d.app.ID)
	}
	return nil
}

// markAll marks every record of an application, and has background work see to it.
func (s *Service) markAll(ctx context.Context, tx *veranda.Tx, d *design, app ID) error {
	lies, err := s.WithTx(tx).placeAt(ctx, d.app.Org, app)
	if err != nil {
		return err
	}
	if err := tx.Defer(ctx, lies.texts.markAll, d.app.Org, app, veranda.NewID[recordKind]()); err != nil {
		return fmt.Errorf("apps: mark records: %w", err)
	}
	s.late(tx, d.app, d.sight.standing, d.now)
	return nil
}

// late tells background work that there are marks.
func (s *Service) late(tx *veranda.Tx, a *App, standing *veranda.Standing, now time.Time) {
	tx.Emit(event(EventValuesLate, a, a.ID.String(), standing, now, struct{}{}))
}

// updateComputed is what changing the definition of a computed field, or of one that others are computed of, takes.
func (s *Service) updateComputed(ctx context.Context, d *design, was *field.Field, col *column) error {
	if col.Kind == field.Formula && was.Formula != col.Formula {
		// The kind of the result stays: filters, and what is computed of it elsewhere, were made for it.
		f := col.Field
		if err := d.schema.settleFormula(&f); err != nil {
			return err
		}
		return s.checkCircle(ctx, d, col)
	}
	if was.OnDelete != col.OnDelete {
		side := d.side(col)
		if col.Reverse || side == nil {
			return invalid("/on_delete", "reverse", "is said at the other side of the relation")
		}
		side.OnDelete = col.OnDelete
		d.other.touched()
	}
	return nil
}

// refill computes anew what depends on a definition that changed.
func (s *Service) refill(ctx context.Context, tx *veranda.Tx, d *design, was *field.Field, col *column) error {
	now := &col.Field
	renamed := searched(was) != searched(now) || was.Prefix != now.Prefix || was.Digits != now.Digits
	if was.Formula != now.Formula || renamed && len(d.schema.formulas) > 0 {
		if err := s.rewrite(ctx, tx, d, d.schema.compute); err != nil {
			return err
		}
	}
	if !renamed && was.Formula == now.Formula || !d.schema.watchedKey(now.Key) {
		return nil
	}
	for _, side := range d.schema.relations {
		if slices.ContainsFunc(side.Watched, func(w watch) bool { return w.Key == now.Key }) {
			if err := s.markAll(ctx, tx, d, targetOf(&side.Field)); err != nil {
				return err
			}
		}
	}
	return nil
}

// systemCompute is who computes, where an event or a right asks.
const systemCompute = "apps.compute"

// consumeLate computes what is marked when the event says so.
func (s *Service) consumer() veranda.Consumer {
	return veranda.Consumer{Name: systemCompute, Kinds: []string{EventValuesLate}, Deliver: func(ctx context.Context, _ veranda.Event) error {
		return s.computeMarked(ctx)
	}}
}

// ComputeJob is the job that computes lookups and roll-ups that a crash left out of date.
func (s *Service) ComputeJob() veranda.Periodic {
	return veranda.Periodic{Name: systemCompute, Every: time.Minute, Run: func(ctx context.Context, _ time.Time) error {
		return s.computeMarked(ctx)
	}}
}

// computeMarked computes all that is marked.
func (s *Service) computeMarked(ctx context.Context) error {
	for {
		type place struct {
			org veranda.OrgID
			app ID
		}
		found := map[place][]RecordID{}
		rows, err := s.conn.Query(ctx, findMarks, settleBatch)
		if err != nil {
			return fmt.Errorf("apps: find marks: %w", err)
		}
		for rows.Next() {
			var p place
			var id RecordID
			if err := rows.Scan(&p.org, &p.app, &id); err != nil {
				_ = rows.Close()
				return fmt.Errorf("apps: find marks: %w", err)
			}
			found[p] = append(found[p], id)
		}
		if err := rows.Close(); err != nil {
			return fmt.Errorf("apps: find marks: %w", err)
		}
		if len(found) == 0 {
			return nil
		}
		for p, ids := range found {
			if _, err := s.recompute(ctx, p.org, p.app, slices.Compact(ids)); err != nil {
				return err
			}
		}
	}
}

// checkCircle refuses a formula by which a value would be computed of itself, over relations.
func (s *Service) checkCircle(ctx context.Context, d *design, col *column) error {
	seen := map[string]bool{}
	var walk func(app ID, sch *schema, key string) (bool, error)
	walk = func(app ID, sch *schema, key string) (bool, error) {
		at := app.String() + "/" + key
		if seen[at] {
			return false, nil
		}
		seen[at] = true
		c := sch.byKey(key)
		if c == nil {
			return false, nil
		}
		switch c.Kind {
		case field.Formula:
			for _, f := range sch.formulas {
				if f.field.Key != key {
					continue
				}
				for _, used := range f.program.DependsOn() {
					if app == d.app.ID && used == col.Key {
						return true, nil
					}
					if round, err := walk(app, sch, used); round || err != nil {
						return round, err
					}
				}
			}
		case field.Lookup, field.RollUp:
			through := sch.byKey(c.Through)
			if through == nil || c.Of == "" {
				return false, nil
			}
			next := targetOf(&through.Field)
			there := d.schema
			if next != d.app.ID {
				var err error
				if there, err = s.related(ctx, d.app.Org, next); err != nil || there == nil {
					return false, err
				}
			}
			if next == d.app.ID && c.Of == col.Key {
				return true, nil
			}
			return walk(next, there, c.Of)
		}
		return false, nil
	}
	if err := d.schema.ready(); err != nil {
		return err
	}
	round, err := walk(d.app.ID, d.schema, col.Key)
	if err == nil && round {
		return invalid("/formula", "cycle", "would be computed of itself, by way of a related application")
	}
	return err
}
