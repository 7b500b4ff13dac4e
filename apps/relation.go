package apps

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// targetOf is the application that a relation leads to.
func targetOf(f *field.Field) ID {
	id, err := veranda.ParseID[appKind](f.Target)
	if err != nil { // it was checked with the field
		return ID{}
	}
	return id
}

// otherOf is the application at the other side of what a field is made of: a relation, or that which a lookup or a roll-up
// goes through.
func (s *schema) otherOf(f *field.Field) ID {
	if f.Kind == field.Lookup || f.Kind == field.RollUp {
		through := s.byKey(f.Through)
		if through == nil || through.Kind != field.Relation {
			return ID{}
		}
		f = &through.Field
	}
	if f.Kind != field.Relation {
		return ID{}
	}
	return targetOf(f)
}

// alsoOf is otherOf for a field that is there, or was.
func alsoOf(id field.ID) func(read *schema) ID {
	return func(read *schema) ID {
		if col := read.find(id); col != nil {
			return read.otherOf(&col.Field)
		}
		return ID{}
	}
}

// used is an error of making a schema ready, which was ready before the change: something needs what the change took away.
func used(err error) error {
	var known *veranda.Error
	if errors.As(err, &known) && len(known.Fields) > 0 {
		refused := *ErrFieldUsed
		refused.Message = "A formula needs the field as it was: " + known.Fields[0].Message + "."
		return &refused
	}
	return err
}

// settleKind gives a new field what depends on other fields and applications: the other side of a relation, the kind of
// what is computed. It comes before the field is added, or after for what needs its key.
func (d *design) settleKind(f *field.Field) error {
	switch f.Kind {
	case field.Formula:
		return d.schema.settleFormula(f)
	case field.Lookup, field.RollUp:
		return d.settleThrough(f)
	case field.Relation:
		if f.Reverse {
			return invalid("/reverse", "read_only", "is given by the program: a relation makes its other side itself")
		}
		if f.Inverse != "" && d.other != nil && d.other.schema.taken(f.Inverse) {
			return invalid("/inverse", "duplicate", "is or was the key of a field there")
		}
		if d.other == nil {
			return invalid("/target", "not_found", "is no application of this workspace")
		}
	}
	return nil
}

// settleThrough checks what a lookup or a roll-up goes through, and finds the kind of its result.
func (d *design) settleThrough(f *field.Field) error {
	through := d.schema.byKey(f.Through)
	if through == nil || d.sight.hidden(f.Through) {
		return invalid("/through", "unknown", "is no field of this application")
	}
	if through.Kind != field.Relation {
		return invalid("/through", "kind", "must be a relation")
	}
	if d.other == nil {
		return invalid("/through", "not_found", "leads to an application that you do not see")
	}
	if f.Of == "" {
		return result(f, nil, false)
	}
	of := d.other.schema.set.Field(f.Of)
	if of == nil || d.other.sight.hidden(f.Of) || len(d.other.sight.where) > 0 {
		return invalid("/of", "unknown", "is no field of the related application")
	}
	if err := result(f, of, !through.Multiple && !through.Reverse); err != nil {
		return invalid("/of", "kind", err.Error())
	}
	return nil
}

// entangle ties a new field to the other application: it makes the other side of a relation, and has the records there
// watched of which it is computed.
func (d *design) entangle(col *column) error {
	switch col.Kind {
	case field.Relation:
		return d.makeOtherSide(col)
	case field.Lookup, field.RollUp:
		d.watch(col)
	}
	return nil
}

// makeOtherSide makes the field that shows a relation from the other side.
func (d *design) makeOtherSide(col *column) error {
	o := d.other
	if o.schema.fields() >= MaxFields {
		return invalid("/target", "too_many", fmt.Sprintf("has no room for the field of the other side: an application has at most %d", MaxFields))
	}
	name := col.InverseName
	if name == "" {
		name = d.app.Name
	}
	free := name
	for n := 2; o.schema.hasName(free, nil); n++ {
		free = fmt.Sprintf("%s %d", shortName(name), n)
	}
	side := field.Field{Key: col.Inverse, Name: free, Kind: field.Relation, Options: field.Options{
		Target: d.app.ID.String(), Inverse: col.Key, OnDelete: col.OnDelete, Multiple: true, Reverse: true}}
	other := o.schema.add(side, len(o.schema.Columns))
	col.Inverse, col.InverseName = other.Key, ""
	col.Links, other.Links = col.ID, col.ID
	if o != d {
		o.fieldEvent(EventFieldAdded, other, "")
	}
	return nil
}

// shortName leaves room for a number.
func shortName(name string) string {
	if r := []rune(name); len(r) > field.MaxName-5 {
		return string(r[:field.MaxName-5])
	}
	return name
}

// side is the other side of a relation; nil where it is gone.
func (d *design) side(col *column) *column {
	if d.other == nil {
		return nil
	}
	for _, other := range d.other.schema.Columns {
		if other.Kind == field.Relation && other.Links == col.Links && other != col {
			return other
		}
	}
	return nil
}

// watch has the other side of a relation tell of changes that a lookup or roll-up is computed of; unwatch ends that.
func (d *design) watch(col *column) {
	through := d.schema.byKey(col.Through)
	if through == nil {
		return
	}
	if side := d.side(through); side != nil {
		side.Watched = append(side.Watched, watch{Key: col.Of, By: col.ID})
		d.other.touched()
	}
}

func (d *design) unwatch(col *column) {
	through := d.schema.byKey(col.Through)
	if through == nil {
		return
	}
	if side := d.side(through); side != nil {
		side.Watched = slices.DeleteFunc(side.Watched, func(w watch) bool { return w.By == col.ID })
		d.other.touched()
	}
}

// touched says that the design must be stored, where no event of its own does.
func (d *design) touched() {
	if !d.changed {
		d.event(EventAppUpdated, AppChanged{Name: d.app.Name})
	}
}

// disentangle is what taking a field away means for the other side.
func (d *design) disentangle(col *column) error {
	switch col.Kind {
	case field.Lookup, field.RollUp:
		d.unwatch(col)
	case field.Relation:
		if col.Reverse {
			return invalid("/field_id", "reverse", "is the other side of a relation, and goes with it: take the relation away")
		}
		side := d.side(col)
		if side == nil {
			return nil
		}
		if len(side.Watched) > 0 || len(col.Watched) > 0 {
			return ErrFieldUsed
		}
		if side.RemovedAt == nil {
			now := d.now
			side.RemovedAt, side.RemovedBy = &now, d.sight.standing.Account
			if d.other != d {
				d.other.fieldEvent(EventFieldRemoved, side, "")
			}
		}
	}
	return nil
}

// entangleAgain is what bringing a field back means for the other side.
func (d *design) entangleAgain(col *column) error {
	switch col.Kind {
	case field.Formula:
		f := col.Field
		return used(d.schema.settleFormula(&f))
	case field.Lookup, field.RollUp:
		f := col.Field
		if err := d.settleThrough(&f); err != nil {
			return ErrFieldUsed
		}
		col.Result, col.Decimals, col.Currency = f.Result, f.Decimals, f.Currency
		d.watch(col)
	case field.Relation:
		side := d.side(col)
		if side == nil {
			return ErrFieldUsed
		}
		if side.RemovedAt != nil {
			if d.other.schema.hasName(side.Name, side) {
				return ErrFieldExists
			}
			side.RemovedAt, side.RemovedBy = nil, veranda.AccountID{}
			if d.other != d {
				d.other.fieldEvent(EventFieldRestored, side, "")
			}
		}
	}
	return nil
}

// missing names what is computed of a field that is there no more, or not as it was.
func (s *schema) missing() string {
	for _, col := range s.Columns {
		for _, w := range col.Watched {
			if w.Key != "" && s.byKey(w.Key) == nil {
				return "what an application related to this one computes of it"
			}
		}
		if col.RemovedAt == nil && (col.Kind == field.Lookup || col.Kind == field.RollUp) && s.byKey(col.Through) == nil {
			return "the field " + col.Name
		}
	}
	return ""
}

// watchedKey tells whether something elsewhere is computed of a field.
func (s *schema) watchedKey(key string) bool {
	return slices.ContainsFunc(s.Columns, func(col *column) bool {
		return slices.ContainsFunc(col.Watched, func(w watch) bool { return w.Key == key })
	})
}

// related reads what an application at the other side of a relation is made of, whoever asks. Nothing where it is gone.
func (s *Service) related(ctx context.Context, org veranda.OrgID, id ID) (*schema, error) {
	known, version := s.schemas.get(id)
	rows, err := s.conn.Query(ctx, selectSchema, org, id, version)
	if err != nil {
		return nil, fmt.Errorf("apps: read related application: %w", err)
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return nil, rows.Err()
	}
	row := appRow{id: id}
	if err := rows.Scan(&row.schema, &row.schemaVersion); err != nil {
		return nil, fmt.Errorf("apps: read related application: %w", err)
	}
	return s.schema(&row, known)
}
