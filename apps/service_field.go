package apps

import (
	"context"
	"fmt"
	"slices"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// AddField adds a field to an application. Records that are there have no value in it, but for an auto-number, which counts
// them in the order in which they were made.
//
// Permission: app.design. Errors: invalid, apps.field_exists, apps.too_large (an auto-number in a large application),
// version. Event: apps.field_added.
func (s *Service) AddField(ctx context.Context, by veranda.Actor, in AddFieldInput) (*App, error) {
	f, err := in.validate()
	if err != nil {
		return nil, err
	}
	return s.redesign(ctx, by, redesign{org: in.Org, app: in.App, version: in.Version, permission: PermDesign,
		also: func(read *schema) ID { return read.otherOf(&f) },
		change: func(ctx context.Context, tx *veranda.Tx, d *design) error {
			switch {
			case d.schema.hasName(f.Name, nil):
				return ErrFieldExists
			case f.Key != "" && d.schema.taken(f.Key):
				return invalid("/key", "duplicate", "is or was the key of another field")
			case d.schema.fields() >= MaxFields:
				return invalid("/name", "too_many", fmt.Sprintf("would be one field too many: an application has at most %d", MaxFields))
			}
			index, err := d.before(in.Before)
			if err != nil {
				return err
			}
			f := f.Clone()
			if err := d.settleKind(&f); err != nil {
				return err
			}
			col := d.schema.add(f, index)
			if err := d.entangle(col); err != nil {
				return err
			}
			if err := d.schema.ready(); err != nil {
				return err
			}
			if err := d.schema.checkNeed(&col.Field, "/required_when"); err != nil {
				return err
			}
			if err := s.fillIn(ctx, tx, d, col); err != nil {
				return err
			}
			d.fieldEvent(EventFieldAdded, col, "")
			return nil
		}})
}

// before is the index of the column that a field is to stand before.
func (d *design) before(id field.ID) (int, error) {
	if id.IsZero() {
		return len(d.schema.Columns), nil
	}
	col, err := d.live(id)
	if err != nil {
		return 0, invalid("/before_id", "not_found", "is no field of this application")
	}
	return slices.Index(d.schema.Columns, col), nil
}

func (d *design) fieldEvent(kind string, col *column, former field.Kind) {
	d.event(kind, FieldChanged{App: d.app.Name, Key: col.Key, Field: col.Name, Kind: string(col.Kind), FormerKind: string(former)})
}

// UpdateField changes a field within its kind: its name, its rules, its choices.
//
// Permission: app.design. Errors: invalid (options of another kind; /choices/<i> with the rule used for a choice that
// records have), apps.field_exists, apps.field_removed, apps.not_unique, apps.too_large, apps.field_used, version. Event:
// apps.field_updated, unless nothing changes.
func (s *Service) UpdateField(ctx context.Context, by veranda.Actor, in UpdateFieldInput) (*App, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.redesign(ctx, by, redesign{org: in.Org, app: in.App, version: in.Version, permission: PermDesign,
		also: alsoOf(in.Field),
		change: func(ctx context.Context, tx *veranda.Tx, d *design) error {
			col, err := d.live(in.Field)
			if err != nil {
				return err
			}
			was := col.Field.Clone()
			in.apply(&col.Field)
			var c veranda.Checks
			var taken []string
			for _, choice := range was.Choices {
				taken = append(taken, choice.ID)
			}
			checkField(&c, "", &col.Field, taken...)
			if err := c.Err(); err != nil {
				return err
			}
			if d.schema.hasName(col.Name, col) {
				return ErrFieldExists
			}
			if sameField(&was, &col.Field) {
				return nil
			}
			if err := s.updateComputed(ctx, d, &was, col); err != nil {
				return err
			}
			if err := s.checkGoneChoices(ctx, tx, d, &was, &col.Field); err != nil {
				return err
			}
			if err := d.schema.ready(); err != nil {
				return err
			}
			if err := d.schema.checkNeed(&col.Field, "/required_when"); err != nil {
				return err
			}
			resolved := was.Resolved()
			if err := s.rework(ctx, tx, d, &resolved, col); err != nil {
				return err
			}
			if err := s.refill(ctx, tx, d, &was, col); err != nil {
				return err
			}
			d.fieldEvent(EventFieldUpdated, col, "")
			return nil
		}})
}

func sameField(a, b *field.Field) bool { return marshal(a) == marshal(b) }

// checkGoneChoices refuses to take choices away that records have.
func (s *Service) checkGoneChoices(ctx context.Context, tx *veranda.Tx, d *design, was, now *field.Field) error {
	var gone []string
	for _, choice := range was.Choices {
		if !slices.ContainsFunc(now.Choices, func(c field.Choice) bool { return c.ID == choice.ID }) {
			gone = append(gone, choice.ID)
		}
	}
	for i, choice := range now.Choices {
		if !slices.ContainsFunc(was.Choices, func(c field.Choice) bool { return c.ID == choice.ID }) && choice.ID != "" && !isNew(was, choice.ID) {
			return invalid(at("/choices", i)+"/id", "not_found", "is no choice of this field")
		}
	}
	for _, id := range gone {
		filter := query.Filter{Field: was.Key, Is: query.AnyOf, Value: []byte(marshal([]string{id}))}
		n, err := s.countWhere(ctx, tx, d.sight, &filter)
		if err != nil {
			return err
		}
		if n > 0 {
			return invalid("/choices", "used", fmt.Sprintf("must keep %q: %d records have it", was.ChoiceNames(id)[0], n))
		}
	}
	return nil
}

// isNew tells whether a choice's id comes after all that a field had: then it was just given.
func isNew(was *field.Field, id string) bool {
	for _, choice := range was.Choices {
		if len(choice.ID) > len(id) || len(choice.ID) == len(id) && choice.ID >= id {
			return false
		}
	}
	return true
}

// MoveField puts a field at another place among the fields.
//
// Permission: app.design. Errors: apps.field_removed, version. Event: apps.field_moved.
func (s *Service) MoveField(ctx context.Context, by veranda.Actor, in MoveFieldInput) (*App, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.redesign(ctx, by, redesign{org: in.Org, app: in.App, version: in.Version, permission: PermDesign,
		change: func(_ context.Context, _ *veranda.Tx, d *design) error {
			col, err := d.live(in.Field)
			if err != nil {
				return err
			}
			from := slices.Index(d.schema.Columns, col)
			to, err := d.before(in.Before)
			if err != nil || to == from || to == from+1 {
				return err
			}
			d.schema.Columns = slices.Delete(d.schema.Columns, from, from+1)
			if to > from {
				to--
			}
			d.schema.Columns = slices.Insert(d.schema.Columns, to, col)
			d.fieldEvent(EventFieldMoved, col, "")
			return nil
		}})
}

// RemoveField takes a field away. Its values stay with the records, and come back with RestoreField.
//
// Permission: app.design. Errors: apps.field_removed, apps.field_used, apps.too_large, version. Event: apps.field_removed.
func (s *Service) RemoveField(ctx context.Context, by veranda.Actor, in FieldNamed) (*App, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.redesign(ctx, by, redesign{org: in.Org, app: in.App, version: in.Version, permission: PermDesign,
		also: alsoOf(in.Field),
		change: func(ctx context.Context, tx *veranda.Tx, d *design) error {
			col, err := d.live(in.Field)
			if err != nil {
				return err
			}
			if err := d.disentangle(col); err != nil {
				return err
			}
			now := d.now
			col.RemovedAt, col.RemovedBy = &now, d.sight.standing.Account
			if d.schema.fields() == 0 {
				return invalid("/field_id", "last", "is the last field; an application has at least one")
			}
			for i := range d.schema.Rules {
				rule := &d.schema.Rules[i]
				isKey := func(key string) bool { return key == col.Key }
				// The schema is a copy, but its lists are those of the former one.
				rule.Hidden, rule.ReadOnly = slices.DeleteFunc(slices.Clone(rule.Hidden), isKey), slices.DeleteFunc(slices.Clone(rule.ReadOnly), isKey)
			}
			was := col.Field.Resolved()
			if missing := d.schema.missing(); missing != "" {
				refused := *ErrFieldUsed
				refused.Message = "The field is needed by " + missing + "."
				return &refused
			}
			if err := d.schema.ready(); err != nil {
				return used(err)
			}
			if err := d.schema.sound(); err != nil {
				return err
			}
			if err := s.rework(ctx, tx, d, &was, nil); err != nil {
				return err
			}
			d.fieldEvent(EventFieldRemoved, col, "")
			return nil
		}})
}

// RestoreField brings a field back that was taken away, with its values.
//
// Permission: app.design. Errors: apps.field_present, apps.field_exists, apps.not_unique, apps.too_large, version. Event:
// apps.field_restored.
func (s *Service) RestoreField(ctx context.Context, by veranda.Actor, in FieldNamed) (*App, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	return s.redesign(ctx, by, redesign{org: in.Org, app: in.App, version: in.Version, permission: PermDesign,
		also: alsoOf(in.Field),
		change: func(ctx context.Context, tx *veranda.Tx, d *design) error {
			col, err := fieldOf(d.schema, in.Field)
			switch {
			case err != nil:
				return err
			case col.RemovedAt == nil && d.sight.hidden(col.Key):
				return veranda.ErrNotFound
			case col.RemovedAt == nil:
				return ErrFieldPresent
			case d.schema.hasName(col.Name, col):
				return ErrFieldExists
			case d.schema.fields() >= MaxFields:
				return invalid("/field_id", "too_many", fmt.Sprintf("would be one field too many: an application has at most %d", MaxFields))
			}
			if err := d.entangleAgain(col); err != nil {
				return err
			}
			col.RemovedAt, col.RemovedBy = nil, veranda.AccountID{}
			// What its condition speaks of may be gone meanwhile.
			if d.schema.ready() != nil || d.schema.sound() != nil {
				col.RequiredWhen = nil
			}
			if err := d.schema.ready(); err != nil {
				return err
			}
			if err := s.rework(ctx, tx, d, nil, col); err != nil {
				return err
			}
			if col.Kind.Computed() {
				if err := s.fillIn(ctx, tx, d, col); err != nil {
					return err
				}
			}
			d.fieldEvent(EventFieldRestored, col, "")
			return nil
		}})
}
