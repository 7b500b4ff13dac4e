package apps

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// errStale says that the design changed between reading and writing: the call begins anew.
var errStale = errors.New("apps: the design changed meanwhile")

// maxTries is how often a call begins anew.
const maxTries = 5

// holding runs what writes records: it opens the application, and runs write in a transaction that holds the design as it
// was then. Where the design changed in between, the application is opened anew within a transaction that holds it.
func (s *Service) holding(ctx context.Context, by veranda.Actor, org veranda.OrgID, app ID, write func(ctx context.Context, tx *veranda.Tx, g *sight) error) error {
	g, err := s.open(ctx, by, org, app, PermReadRecord)
	if err != nil {
		return err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.hold(ctx, tx, g); err != nil {
			return err
		}
		return write(ctx, tx, g)
	})
	if stale(err) {
		err = errStale
	}
	for tries := 1; errors.Is(err, errStale) && tries < maxTries; tries++ {
		err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
			if _, err := s.gate(ctx, tx, org, app); err != nil {
				return err
			}
			g, err := s.WithTx(tx).open(ctx, by, org, app, PermReadRecord)
			if err != nil {
				return err
			}
			return write(ctx, tx, g)
		})
	}
	if errors.Is(err, errStale) {
		return veranda.ErrContended
	}
	return err
}

// The kinds of a record's history.
const (
	historyChanged  = "changed"
	historyDeleted  = "deleted"
	historyRestored = "restored"
)

// change is what is to become of one record, and what became of it.
type change struct {
	do      Verb
	id      RecordID // zero: a new record
	version int64
	values  Values

	// parsed are values in the form of documents, in the place of values, and wrong what was found wrong with others.
	parsed map[string]any
	wrong  []veranda.FieldError
	// fresh is the id of a record that is made; zero: any.
	fresh RecordID

	before, after *record
	outcome       Outcome
	changed       []string // keys of fields
	old           map[string]any
	err           error
}

// batch is changes that are written together.
type batch struct {
	rows    []*change
	matchBy string
	partial bool
	emit    func(tx *veranda.Tx, g *sight, now time.Time)

	// hopeful stores unique values without looking whether they are taken: the transaction fails where they are.
	hopeful bool

	// design is the version of the design that rows were parsed by; errRedesigned says that it is another. 0: they were not.
	design int64
	// dry writes nothing, and finds out what can be found out about each row by itself.
	dry bool
	// known is for rows of which only those count that have a record: others are left with errNoRecord.
	known bool
	// withdraw deletes what an import made, whatever its maker may do by now.
	withdraw bool

	marks []mark // records of which something computed is out of date
}

// write makes changes. It gives what the actor sees, and an error only where nothing was written: in a partial batch, and
// in one in which every row can be written, the rows tell the rest.
func (s *Service) write(ctx context.Context, by veranda.Actor, org veranda.OrgID, app ID, b *batch) (g *sight, err error) {
	given := make([]change, len(b.rows))
	for i, row := range b.rows {
		given[i] = *row
	}
	attempt := func() error {
		return s.holding(ctx, by, org, app, func(ctx context.Context, tx *veranda.Tx, opened *sight) error {
			g, b.marks = opened, nil
			for i := range given {
				*b.rows[i] = given[i]
			}
			if b.design != 0 && b.design != g.schema.version {
				return errRedesigned
			}
			if err := b.checkMatch(g); err != nil {
				return err
			}
			return s.WithTx(tx).writeRows(ctx, tx, g, b)
		})
	}
	// One record on PostgreSQL is mostly the only one with its values: not to ask saves a round trip.
	b.hopeful = s.places.postgres && len(b.rows) == 1 && b.matchBy == ""
	if err = attempt(); b.hopeful && takenKey(err) {
		b.hopeful = false
		err = attempt()
	}
	if err == nil {
		s.settle(ctx, org, b.marks)
	}
	return g, err
}

// checkMatch checks the field by which rows find their records.
func (b *batch) checkMatch(g *sight) error {
	if b.matchBy == "" {
		return nil
	}
	var c veranda.Checks
	f := g.schema.set.Field(b.matchBy)
	switch {
	case f == nil || g.hidden(b.matchBy):
		c.Add("/match_by", "unknown", "is no field of this application")
	case !f.Unique:
		c.Add("/match_by", "unique", "must be a unique field")
	case len(g.where) > 0:
		// A value that a record out of sight has would be told by the refusal.
		return veranda.ErrForbidden
	}
	return c.Err()
}

var (
	errRedesigned = errors.New("apps: the design changed since rows were parsed")
	errNoRecord   = errors.New("apps: a row has no record")
)

// errRows undoes a batch in which rows failed.
var errRows = errors.New("apps: rows failed")

// writeRows makes changes within a transaction that holds the design.
func (s *Service) writeRows(ctx context.Context, tx *veranda.Tx, g *sight, b *batch) error {
	if err := s.findRows(ctx, tx, g, b); err != nil {
		return err
	}
	now := tx.DB().Now()
	people := map[string]bool{}
	there, err := s.reachLinks(ctx, tx, g, b.rows)
	if err != nil {
		return err
	}
	for _, row := range b.rows {
		if row.err == nil {
			if err := s.plan(ctx, g, b, row, people, there, now.UnixMicro()); err != nil {
				return err
			}
		}
	}
	if b.dry {
		return s.probe(ctx, tx, g, b)
	}
	if !b.partial {
		if b.failed() > 0 {
			return b.refusal()
		}
		err := s.store(ctx, tx, g, b)
		switch {
		case errors.Is(err, errRows):
			return b.refusal()
		case err == nil:
			b.emit(tx, g, now)
		}
		return err
	}
	for b.failed() < len(b.rows) {
		err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error { return s.store(ctx, tx, g, b) })
		if errors.Is(err, errRows) {
			continue // without the rows that failed
		}
		if err == nil {
			b.emit(tx, g, now)
		}
		return err
	}
	return nil
}

func (b *batch) failed() (n int) {
	for _, row := range b.rows {
		if row.err != nil {
			n++
		}
	}
	return n
}

// refusal is the error of a batch of all or nothing: that of the only row, or one that names all bad rows.
func (b *batch) refusal() error {
	if len(b.rows) == 1 {
		return b.rows[0].err
	}
	refused := *ErrBulk
	for i, row := range b.rows {
		if row.err == nil {
			continue
		}
		fields := fieldsOf(row.err)
		for _, f := range fields {
			f.Pointer = at("/rows", i) + f.Pointer
			refused.Fields = append(refused.Fields, f)
		}
		var known *veranda.Error
		if len(fields) == 0 && errors.As(row.err, &known) {
			refused.Fields = append(refused.Fields, veranda.FieldError{Pointer: at("/rows", i), Rule: known.Reason, Message: known.Message})
		}
	}
	return &refused
}

func fieldsOf(err error) []veranda.FieldError {
	var known *veranda.Error
	if errors.As(err, &known) {
		return known.Fields
	}
	return nil
}

// findRows reads and holds the records that rows name, and finds those of rows that match by a unique value.
func (s *Service) findRows(ctx context.Context, tx *veranda.Tx, g *sight, b *batch) error {
	if err := s.matchRows(ctx, tx, g, b); err != nil {
		return err
	}
	var ids []RecordID
	named := map[RecordID]bool{}
	for _, row := range b.rows {
		switch {
		case row.err != nil || row.id.IsZero():
		case named[row.id]:
			row.err = invalid("/record_id", "duplicate", "is the record of another row")
		default:
			named[row.id] = true
			ids = append(ids, row.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := s.lockRecords(ctx, tx, g, ids)
	if err != nil {
		return err
	}
	for _, row := range b.rows {
		if row.err != nil || row.id.IsZero() {
			continue
		}
		if row.before = found[row.id]; row.before == nil && row.do == Upsert {
			return errStale // it was deleted since its value was found
		}
	}
	return nil
}

func invalid(pointer, rule, message string) error {
	var c veranda.Checks
	c.Add(pointer, rule, message)
	return c.Err()
}

// matchRows finds the records of rows that match by a unique value; where there is none the row makes one.
func (s *Service) matchRows(ctx context.Context, tx *veranda.Tx, g *sight, b *batch) error {
	f := g.schema.set.Field(b.matchBy)
	if b.matchBy == "" || f == nil {
		return nil
	}
	wanted := map[string]*change{}
	for _, row := range b.rows {
		if row.do != Upsert {
			continue
		}
		place := "/values/" + f.Key
		value, err := row.key(f)
		if err != nil {
			row.err = err
			continue
		}
		if wanted[value] != nil {
			row.err = invalid(place, "duplicate", "is the value of another row")
			continue
		}
		wanted[value] = row
	}
	if len(wanted) == 0 {
		return nil
	}
	rows, err := tx.Query(ctx, s.texts.store.find, g.app.Org, g.app.ID, f.Slot, marshal(slices.Sorted(maps.Keys(wanted))))
	if err != nil {
		return fmt.Errorf("apps: find by unique value: %w", err)
	}
	if err := scanKeys(rows, func(value string, id RecordID) { wanted[value].id = id }); err != nil {
		return err
	}
	for _, row := range wanted {
		if b.known && row.id.IsZero() {
			row.err = errNoRecord
		}
	}
	return nil
}

// key is the unique value by which a row finds its record.
func (row *change) key(f *field.Field) (string, error) {
	var c veranda.Checks
	place := "/values/" + f.Key
	if row.parsed != nil && row.parsed[f.Key] == nil || row.parsed == nil && null(row.values[f.Key]) {
		for _, w := range row.wrong {
			c.Add(w.Pointer, w.Rule, w.Message)
		}
		if !c.Failed(place) {
			c.Add(place, "required", "must not be empty: the record is found by it")
		}
		return "", c.Err()
	}
	probe, err := field.NewSet([]field.Field{*f})
	if err != nil {
		return "", err
	}
	doc := field.Doc{}
	if row.parsed != nil {
		probe.Put(doc, f.Key, row.parsed[f.Key])
	} else {
		doc = probe.ParseInto(&c, "/values", Values{f.Key: row.values[f.Key]}, doc, field.Now{})
	}
	return f.UniqueKey(doc), c.Err()
}

// probe is what a dry batch finds out besides: whether values are taken, and whether the actor reaches what they make.
func (s *Service) probe(ctx context.Context, tx *veranda.Tx, g *sight, b *batch) error {
	rows := make([]*change, 0, len(b.rows))
	for _, row := range b.rows {
		if row.err != nil || row.outcome == Unchanged || row.after == nil {
			continue
		}
		g.schema.compute(row.after)
		if row.err = g.reach(row.after); row.err == nil {
			rows = append(rows, row)
		}
	}
	for _, f := range g.schema.unique {
		owner := map[string]*change{}
		for _, row := range rows {
			if !row.after.doc.IsEmpty(f) {
				owner[f.UniqueKey(row.after.doc)] = row
			}
		}
		if len(owner) == 0 {
			continue
		}
		found, err := tx.Query(ctx, s.texts.store.find, g.app.Org, g.app.ID, f.Slot, marshal(slices.Sorted(maps.Keys(owner))))
		if err != nil {
			return fmt.Errorf("apps: find unique values: %w", err)
		}
		err = scanKeys(found, func(value string, id RecordID) {
			if row := owner[value]; row.err == nil && (row.before == nil || row.before.id != id) {
				row.err = invalid("/values/"+f.Key, "unique", "is the value of another record")
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// scanKeys reads rows of unique values and their records.
func scanKeys(rows *sql.Rows, each func(value string, id RecordID)) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var value string
		var id RecordID
		if err := rows.Scan(&value, &id); err != nil {
			return fmt.Errorf("apps: find by unique value: %w", err)
		}
		each(value, id)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("apps: find by unique value: %w", err)
	}
	return nil
}
