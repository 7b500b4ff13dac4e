package apps

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
)

// notConverted is how many values a preview shows that would not convert.
const notConverted = 20

// retyping is a field on its way to another kind.
type retyping struct {
	convert func(d field.Doc) error
	to      field.Field
	// back is the index of the former state that the field returns to; -1 where it was never so.
	back int
}

// retype finds out how a field becomes another one.
func (s *Service) retype(sch *schema, col *column, to field.Field, slot string) (*retyping, error) {
	to.ID, to.Key, to.Name, to.Description = col.ID, col.Key, col.Name, col.Description
	if sameMatter(&col.Field, &to) {
		return nil, invalid("/kind", "same", "is what the field is already")
	}
	r := &retyping{to: to, back: slices.IndexFunc(col.Former, func(f former) bool { return sameMatter(&f.Was, &to) })}
	from := col.Field
	from.Slot = col.Slot
	r.to.Slot = slot
	if r.back >= 0 {
		r.to.Slot = col.Former[r.back].Slot
	}
	if len(r.to.Choices) == 0 && r.back >= 0 {
		r.to.Choices = slices.Clone(col.Former[r.back].Was.Choices)
	}
	var c *field.Conversion
	var err error
	if r.back >= 0 {
		// The values that the field had are there still.
		if c, err = field.NewConversion(r.to, from, sch.location); err == nil {
			r.convert = c.Back
		}
	} else if c, err = field.NewConversion(from, r.to, sch.location); err == nil {
		r.convert = c.Apply
	}
	if err != nil {
		return nil, invalid("/kind", "conversion", err.Error())
	}
	return r, nil
}

// sameMatter tells whether two definitions keep their values alike, so that nothing need be converted. Choices may be left
// out of the second: then they are those of the first.
func sameMatter(a, b *field.Field) bool {
	if a.Kind != b.Kind || a.Decimals != b.Decimals || a.Currency != b.Currency || a.Multiple != b.Multiple {
		return false
	}
	if len(b.Choices) == 0 {
		return true
	}
	return slices.EqualFunc(a.Choices, b.Choices, func(x, y field.Choice) bool { return x.ID == y.ID && x.Name == y.Name })
}

// PreviewRetype tells what RetypeField would do, without doing it.
//
// Permission: app.design. Errors: invalid, apps.field_removed, apps.too_large.
func (s *Service) PreviewRetype(ctx context.Context, by veranda.Actor, in RetypeInput) (*RetypePreview, error) {
	to, err := in.validate()
	if err != nil {
		return nil, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermDesign)
	if err != nil {
		return nil, err
	}
	col, err := (&design{sight: g, schema: g.schema}).live(in.Field)
	if err != nil {
		return nil, err
	}
	preview := &RetypePreview{Examples: []NotConverted{}}
	if preview.Choices, err = s.choicesOf(ctx, g, col, &to); err != nil {
		return nil, err
	}
	r, err := s.retype(g.schema, col, to, field.SlotOf(g.schema.Next+1))
	if err != nil {
		return nil, err
	}
	preview.Returns = r.back >= 0
	from := col.Field
	from.Slot = col.Slot
	return preview, s.walk(ctx, in.Org, in.App, func(batch []*record) error {
		for _, rec := range batch {
			preview.Records++
			empty := rec.doc.IsEmpty(&from)
			err := r.convert(rec.doc)
			switch {
			case err != nil:
				preview.Failed++
				if len(preview.Examples) < notConverted && g.sees(rec) {
					preview.Examples = append(preview.Examples, NotConverted{Record: rec.id, Value: shorten(from.Text(rec.doc)), Reason: err.Error()})
				}
			case empty && rec.doc.IsEmpty(&r.to):
				preview.Empty++
			default:
				preview.Converted++
			}
		}
		return nil
	})
}

// RetypeField gives a field another kind, or options that its values must be converted to. Values that have no counterpart
// leave the field empty, and stay where they were: given its former kind again, the field has them again.
//
// Permission: app.design. Errors: invalid (also where values of the one kind can never become values of the other),
// apps.field_removed, apps.field_used, apps.not_unique, apps.too_large, version (also where the field was retyped since the
// call began). Event: apps.field_retyped.
func (s *Service) RetypeField(ctx context.Context, by veranda.Actor, in RetypeInput) (*App, error) {
	given, err := in.validate()
	if err != nil {
		return nil, err
	}
	return s.redesign(ctx, by, redesign{org: in.Org, app: in.App, version: in.Version, permission: PermDesign,
		change: func(ctx context.Context, tx *veranda.Tx, d *design) error {
			col, err := d.live(in.Field)
			if err != nil {
				return err
			}
			if read := d.read.find(in.Field); read == nil || read.Slot != col.Slot {
				return veranda.ErrVersion
			}
			bound, to := s.WithTx(tx), given.Clone()
			if _, err := bound.choicesOf(ctx, d.sight, col, &to); err != nil {
				return err
			}
			r, err := s.retype(d.schema, col, to, field.SlotOf(d.schema.Next+1))
			if err != nil {
				return err
			}
			if d.schema.watchedKey(col.Key) {
				return ErrFieldUsed
			}
			was := col.Field.Clone()
			was.Slot = col.Slot
			left := former{Slot: col.Slot, Was: was, At: d.now}
			if r.back >= 0 {
				col.Former = slices.Delete(slices.Clone(col.Former), r.back, r.back+1)
			} else {
				d.schema.slot()
			}
			col.Former = slices.Insert(col.Former, 0, left)
			col.Field, col.Slot = r.to, r.to.Slot
			if err := d.schema.ready(); err != nil {
				return used(err)
			}
			if err := d.schema.sound(); err != nil {
				return err
			}
			counted := int64(0)
			if err := s.rewrite(ctx, tx, d, func(rec *record) {
				// A value that does not convert leaves the new field empty.
				_ = r.convert(rec.doc)
				d.schema.compute(rec)
				if n, ok := rec.doc[col.Slot].(int64); ok && col.Kind == field.AutoNumber {
					counted = max(counted, n)
				}
			}); err != nil {
				return err
			}
			if col.Kind == field.AutoNumber {
				if err := s.countFrom(ctx, tx, d, col.Slot, counted); err != nil {
					return err
				}
			}
			if err := s.rekey(ctx, tx, d, &was, d.schema.set.Field(col.Key)); err != nil {
				return err
			}
			d.fieldEvent(EventFieldRetyped, col, was.Kind)
			return nil
		}})
}

const countFromText = `INSERT INTO veranda_app_counters (org_id, app_id, slot, last) VALUES ($1, $2, $3, $4)
ON CONFLICT (org_id, app_id, slot) DO UPDATE SET last = CASE WHEN excluded.last > veranda_app_counters.last THEN excluded.last ELSE veranda_app_counters.last END`

// countFrom makes a counted field go on after a number.
func (s *Service) countFrom(ctx context.Context, tx *veranda.Tx, d *design, slot string, last int64) error {
	return tx.Defer(ctx, countFromText, d.app.Org, d.app.ID, slot, max(last, 0))
}

// choicesOf gives a field that is to be a choice, and names none, those that its values are: each text once, in the order
// in which records have them. It gives them only where it made them.
func (s *Service) choicesOf(ctx context.Context, g *sight, col *column, to *field.Field) ([]field.Choice, error) {
	if len(to.Choices) > 0 || to.Kind != field.Select && to.Kind != field.MultiSelect {
		return nil, nil
	}
	if slices.ContainsFunc(col.Former, func(f former) bool { return sameMatter(&f.Was, to) }) {
		return nil, nil
	}
	from := col.Field
	from.Slot = col.Slot
	if len(from.Choices) > 0 {
		to.Choices = slices.Clone(from.Choices)
		return to.Choices, nil
	}
	seen := map[string]bool{}
	err := s.walk(ctx, g.app.Org, g.app.ID, func(batch []*record) error {
		for _, r := range batch {
			name := from.Text(r.doc)
			if name == "" || strings.ContainsRune(name, '\n') || seen[field.Fold(name)] || len([]rune(name)) > field.MaxName || len(to.Choices) == field.MaxChoices {
				continue
			}
			seen[field.Fold(name)] = true
			to.Choices = append(to.Choices, field.Choice{ID: "o" + strconv.Itoa(len(to.Choices)+1), Name: name})
		}
		return nil
	})
	if err == nil && len(to.Choices) == 0 {
		err = invalid("/choices", "required", "must be given: there are no values to make them of")
	}
	return to.Choices, err
}
