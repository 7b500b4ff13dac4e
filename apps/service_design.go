package apps

import (
	"context"
	"errors"
	"time"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
)

// redesign is a change of what an application is, or of what it is made of.
type redesign struct {
	org        veranda.OrgID
	app        ID
	version    int64
	permission veranda.Permission
	// change works on a copy; where it sets no event, nothing is stored.
	change func(ctx context.Context, tx *veranda.Tx, d *design) error
	// also names another application that the change touches: that at the other side of a relation. It speaks of the design as
	// it was read; the other side of a relation never changes.
	also func(read *schema) ID
}

// design is an application while it is changed: nobody else writes its records or changes it.
type design struct {
	sight  *sight  // of the application as it was
	read   *schema // as it was when the call began
	app    *App
	schema *schema
	now    time.Time

	// other is the application at the other side of the relation that is changed, which may be the same; nil where there is
	// none, or it is gone.
	other *design

	emitted veranda.Event
	changed bool
	marks   []mark // records of which something is to be computed anew
}

// event says what happened; the change is stored.
func (d *design) event(kind string, data any) {
	d.emitted = event(kind, d.app, d.app.ID.String(), d.sight.standing, d.now, data)
	d.changed = true
}

// redesign makes a change. The right is asked before the transaction and, of the row as it is then, within it.
func (s *Service) redesign(ctx context.Context, by veranda.Actor, r redesign) (*App, error) {
	read, err := s.open(ctx, by, r.org, r.app, r.permission)
	if err != nil {
		return nil, err
	}
	if r.version != 0 && r.version != read.app.Version {
		return nil, veranda.ErrVersion
	}
	var after *sight
	var marks []mark
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		bound := s.WithTx(tx)
		row, also, err := s.lockBoth(ctx, tx, r, read.schema)
		if err != nil {
			return err
		}
		if r.version != 0 && r.version != row.version {
			return veranda.ErrVersion
		}
		was, err := bound.schema(row, nil)
		if err != nil {
			return err
		}
		g, err := bound.look(ctx, read.standing, row.app(r.org), was)
		if err != nil {
			return err
		}
		if err := bound.decide(ctx, g, r.permission); err != nil {
			return err
		}
		d := &design{sight: g, read: read.schema, app: row.app(r.org), schema: was.clone(), now: tx.DB().Now()}
		if err := bound.takeAlong(ctx, d, also, row); err != nil {
			return err
		}
		if err := r.change(ctx, tx, d); err != nil {
			return err
		}
		if after = g; !d.changed {
			return nil
		}
		if err := d.finish(was); err != nil {
			return err
		}
		if err := updateApp(ctx, tx, d.app, field.Fold(d.app.Name), d.schema); err != nil {
			return err
		}
		if err := d.storeOther(ctx, tx); err != nil {
			return err
		}
		tx.Emit(d.emitted)
		marks = d.marks
		after, err = bound.look(ctx, read.standing, d.app, d.schema)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.settle(ctx, r.org, marks)
	return s.present(ctx, after), nil
}

// lockBoth holds the rows of an application and of the other one that is touched, in the order of their ids, so that two
// who relate the same applications do not wait for each other.
func (s *Service) lockBoth(ctx context.Context, tx *veranda.Tx, r redesign, read *schema) (row, other *appRow, err error) {
	var also ID
	if r.also != nil {
		also = r.also(read)
	}
	if !also.IsZero() && also.String() < r.app.String() {
		if other, err = lockApp(ctx, tx, s.texts.store.lockApp, r.org, also); err != nil && !errors.Is(err, veranda.ErrNotFound) {
			return nil, nil, err
		}
	}
	if row, err = lockApp(ctx, tx, s.texts.store.lockApp, r.org, r.app); err != nil {
		return nil, nil, err
	}
	if also == r.app {
		return row, row, nil
	}
	if !also.IsZero() && also.String() > r.app.String() {
		if other, err = lockApp(ctx, tx, s.texts.store.lockApp, r.org, also); err != nil && !errors.Is(err, veranda.ErrNotFound) {
			return nil, nil, err
		}
	}
	return row, other, nil
}

// takeAlong makes the design of the other application. Who relates applications must be allowed to design both.
func (s *Service) takeAlong(ctx context.Context, d *design, also, own *appRow) error {
	if also == nil || also == own {
		if also != nil {
			d.other = d
		}
		return nil
	}
	if also.workspace != d.app.Workspace {
		return nil
	}
	was, err := s.schema(also, nil)
	if err != nil {
		return err
	}
	g, err := s.look(ctx, d.sight.standing, also.app(d.app.Org), was)
	if err != nil {
		return err
	}
	switch err := s.decide(ctx, g, PermDesign); veranda.CodeOf(err) {
	case veranda.CodeNotFound:
		return nil
	default:
		if err != nil {
			return err
		}
	}
	d.other = &design{sight: g, read: was, app: also.app(d.app.Org), schema: was.clone(), now: d.now}
	return nil
}

// storeOther stores the other application where the change touched it.
func (d *design) storeOther(ctx context.Context, tx *veranda.Tx) error {
	if d.other == nil || d.other == d || !d.other.changed {
		return nil
	}
	o := d.other
	if err := o.finish(o.read); err != nil {
		return err
	}
	if err := updateApp(ctx, tx, o.app, field.Fold(o.app.Name), o.schema); err != nil {
		return err
	}
	tx.Emit(o.emitted)
	return nil
}

// finish makes the changed schema ready and sees that nothing in it speaks of what is gone.
func (d *design) finish(was *schema) error {
	if err := d.schema.ready(); err != nil {
		return used(err)
	}
	if f := d.schema.set.Field(d.schema.Title); f == nil || !canBeTitle(f) {
		d.schema.Title = d.schema.anyTitle()
	}
	d.schema.version = was.version + 1
	d.app.Version++
	d.app.UpdatedAt = d.now
	return d.schema.sound()
}

// sound checks the conditions and rules against the fields: they were right before, so what is wrong with them comes from
// the change of a field they need.
func (s *schema) sound() error {
	var c veranda.Checks
	who := query.Asking{Me: someone}
	var used string
	if query.Check(&c, "", s.Lock, s.set, who); c.Err() != nil {
		used = "the condition that locks records"
	}
	for _, n := range s.needed {
		if query.Check(&c, "", n.when, s.set, who); c.Err() != nil && used == "" {
			used = "the condition under which the field " + s.set.Field(n.key).Name + " must not be empty"
		}
	}
	for i := range s.Rules {
		if query.Check(&c, "", s.Rules[i].Where, s.set, who); c.Err() != nil && used == "" {
			used = "a rule of access"
		}
	}
	if used == "" {
		used = s.missing()
	}
	if used == "" {
		return nil
	}
	refused := *ErrFieldUsed
	refused.Message = "The field is needed by " + used + "."
	return &refused
}

// fieldOf is the column of a field's id.
func fieldOf(d *schema, id field.ID) (*column, error) {
	if col := d.find(id); col != nil {
		return col, nil
	}
	return nil, veranda.ErrNotFound
}

// live is a field that is there, as its designer sees it.
func (d *design) live(id field.ID) (*column, error) {
	col, err := fieldOf(d.schema, id)
	switch {
	case err != nil:
		return nil, err
	case d.sight.hidden(col.Key):
		return nil, veranda.ErrNotFound
	case col.RemovedAt != nil:
		return nil, ErrFieldRemoved
	}
	return col, nil
}

// hasName tells whether another field that is there has a name.
func (s *schema) hasName(name string, but *column) bool {
	for _, col := range s.Columns {
		if col != but && col.RemovedAt == nil && field.Fold(col.Name) == field.Fold(name) {
			return true
		}
	}
	return false
}

// fields counts those that are there.
func (s *schema) fields() (n int) {
	for _, col := range s.Columns {
		if col.RemovedAt == nil {
			n++
		}
	}
	return n
}

// checkNeed checks the condition under which a field must not be empty, in a schema that is ready.
func (s *schema) checkNeed(f *field.Field, pointer string) error {
	if null(f.RequiredWhen) {
		return nil
	}
	var c veranda.Checks
	for _, n := range s.needed {
		if n.key == f.Key {
			query.Check(&c, pointer, n.when, s.set, query.Asking{Me: someone})
		}
	}
	return c.Err()
}
