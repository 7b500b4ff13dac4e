package apps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/internal/dialect"
)

const (
	viewColumns = `v.id, v.owner_id, v.kind, v.sharing, v.name, v.design, v.created_at, v.updated_at, v.version`
	// A personal view of somebody else is none.
	selectView  = `SELECT ` + viewColumns + ` FROM veranda_app_views v WHERE v.org_id = $1 AND v.app_id = $2 AND (v.sharing <> 'personal' OR v.owner_id = $3) AND v.id = $4`
	selectViews = `SELECT ` + viewColumns + ` FROM veranda_app_views v WHERE v.org_id = $1 AND v.app_id = $2 AND (v.sharing <> 'personal' OR v.owner_id = $3) ORDER BY v.id LIMIT $4`
	insertView  = `INSERT INTO veranda_app_views (org_id, app_id, id, owner_id, kind, sharing, name, design, dated, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, 1)`
	updateView = `UPDATE veranda_app_views SET sharing = $4, name = $5, design = $6, dated = $7, updated_at = $8, version = version + 1
WHERE org_id = $1 AND app_id = $2 AND id = $3 AND version = $9`
	deleteView = `DELETE FROM veranda_app_views WHERE org_id = $1 AND app_id = $2 AND id = $3 AND version = $4`
)

// queryViews reads views as they are kept.
func (s *Service) queryViews(ctx context.Context, text string, g *sight, last any) (views []*View, err error) {
	rows, err := s.conn.Query(ctx, text, g.app.Org, g.app.ID, g.standing.Account, last)
	if err != nil {
		return nil, fmt.Errorf("apps: read views: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		v := &View{Org: g.app.Org, App: g.app.ID}
		var design string
		var createdAt, updatedAt dialect.Time
		if err := rows.Scan(&v.ID, veranda.Optional(&v.Owner), (*string)(&v.Kind), (*string)(&v.Sharing), &v.Name, &design, &createdAt, &updatedAt, &v.Version); err != nil {
			return nil, fmt.Errorf("apps: read views: %w", err)
		}
		if v.ViewDesign, err = decodeDesign(design); err != nil {
			return nil, fmt.Errorf("apps: view %s: %w", v.ID, err)
		}
		v.CreatedAt, v.UpdatedAt = createdAt.Time, updatedAt.Time
		views = append(views, v)
	}
	return views, rows.Err()
}

// openView reads an application and one of its views that the actor sees.
func (s *Service) openView(ctx context.Context, by veranda.Actor, org veranda.OrgID, app ID, id ViewID) (*sight, *View, error) {
	g, err := s.open(ctx, by, org, app, PermReadRecord)
	if err != nil {
		return nil, nil, err
	}
	v, err := s.view(ctx, g, id)
	return g, v, err
}

func (s *Service) view(ctx context.Context, g *sight, id ViewID) (*View, error) {
	found, err := s.queryViews(ctx, selectView, g, id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, veranda.ErrNotFound
	}
	return found[0], nil
}

// presentView leaves out of a view what does not fit, or what its reader does not see, and says so.
func (g *sight) presentView(v *View) *View {
	shown := *v
	var c veranda.Checks
	shown.check(&c, "", v.Kind, g, g.asking)
	part := func(pointer string, clear func()) {
		if c.Failed(pointer) {
			shown.Void = append(shown.Void, pointer)
			clear()
		}
	}
	part("/columns", func() {
		shown.Columns = slices.DeleteFunc(slices.Clone(v.Columns), func(col ViewColumn) bool {
			return g.schema.set.Field(col.Field) == nil || g.hidden(col.Field)
		})
	})
	part("/filter", func() { shown.Filter = nil })
	part("/sort", func() { shown.Sort = nil })
	part("/groups", func() { shown.Groups = nil })
	part("/aggregates", func() { shown.Aggregates = nil })
	part("/board", func() { shown.Board = "" })
	part("/start", func() { shown.Start = "" })
	part("/end", func() { shown.End = "" })
	return &shown
}

// maySave asks whether somebody may make a view shared as it is, or change one.
func (s *Service) maySave(ctx context.Context, g *sight, sharing Sharing, mine bool) error {
	switch {
	case sharing == Locked:
		return s.decide(ctx, g, PermManage)
	case sharing == Shared && mine:
		return s.decide(ctx, g, PermEditRecord)
	case sharing == Shared:
		return s.decide(ctx, g, PermDesign)
	case g.standing.Account.IsZero():
		return veranda.ErrForbidden // nobody would see it
	}
	return nil
}

// CreateView saves a way to look at an application's records.
//
// Permission: record.read for a view of one's own, record.edit for a shared one, app.manage for a locked one. Limit:
// "app_views". Errors: invalid. Event: apps.view_created.
func (s *Service) CreateView(ctx context.Context, by veranda.Actor, in CreateViewInput) (*View, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return nil, err
	}
	if err := s.maySave(ctx, g, in.Sharing, true); err != nil {
		return nil, err
	}
	var c veranda.Checks
	if in.check(&c, "", in.Kind, g, g.asking); c.Err() != nil {
		return nil, c.Err()
	}
	now := s.conn.DB().Now()
	v := &View{Org: in.Org, App: in.App, ID: veranda.NewID[viewKind](), Owner: g.standing.Account, Name: in.Name, Kind: in.Kind, Sharing: in.Sharing,
		ViewDesign: in.ViewDesign, CreatedAt: now, UpdatedAt: now, Version: 1}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "app_views", 1); err != nil {
			return err
		}
		if err := tx.Defer(ctx, insertView, v.Org, v.App, v.ID, optionalAccount(v.Owner), string(v.Kind), string(v.Sharing), v.Name, marshal(v.ViewDesign),
			s.flag(v.dated()), tx.DB().Time(now)); err != nil {
			return fmt.Errorf("apps: store view: %w", err)
		}
		tx.Emit(g.viewEvent(EventViewCreated, v, v.Sharing))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// flag is a truth value as the database keeps it.
func (s *Service) flag(b bool) any {
	if !s.conn.DB().Embedded() {
		return b
	}
	if b {
		return int64(1)
	}
	return int64(0)
}

// dated tells whether calendars show the view's records.
func (v *View) dated() bool { return v.Kind == CalendarView && v.Sharing != Personal }

// viewEvent is the event of a view; that of a personal one is for its owner alone.
func (g *sight) viewEvent(kind string, v *View, sharing Sharing) veranda.Event {
	e := event(kind, g.app, v.ID.String(), g.standing, g.asking.Now, ViewChanged{App: g.app.ID, View: v.Name, Kind: string(v.Kind), Sharing: string(sharing)})
	if sharing == Personal && !v.Owner.IsZero() {
		e.Workspace, e.To = veranda.WorkspaceID{}, []veranda.AccountID{v.Owner}
	}
	return e
}

// View reads a view.
//
// Permission: record.read; a personal view of somebody else is none.
func (s *Service) View(ctx context.Context, by veranda.Actor, in ViewInput) (*View, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, v, err := s.openView(ctx, by, in.Org, in.App, in.View)
	if err != nil {
		return nil, err
	}
	return g.presentView(v), nil
}

// Views reads the views of an application that the actor sees: those that are shared, and their own.
//
// Permission: record.read.
func (s *Service) Views(ctx context.Context, by veranda.Actor, in ViewsInput) (veranda.List[View], error) {
	list := veranda.List[View]{Items: []View{}}
	var c veranda.Checks
	checkApp(&c, in.Org, in.App)
	if err := c.Err(); err != nil {
		return list, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermReadRecord)
	if err != nil {
		return list, err
	}
	found, err := s.queryViews(ctx, selectViews, g, MaxViews)
	for _, v := range found {
		list.Items = append(list.Items, *g.presentView(v))
	}
	return list, err
}

// UpdateView changes a view.
//
// Permission: one's own, personal or shared, needs what making it would; a shared one of somebody else app.design; a locked
// one app.manage. Errors: invalid, version. Event: apps.view_updated.
func (s *Service) UpdateView(ctx context.Context, by veranda.Actor, in UpdateViewInput) (*View, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, v, err := s.openView(ctx, by, in.Org, in.App, in.View)
	if err != nil {
		return nil, err
	}
	mine := !v.Owner.IsZero() && v.Owner == g.standing.Account
	if err := s.maySave(ctx, g, v.Sharing, mine); err != nil {
		return nil, err
	}
	was := v.Sharing
	if in.Sharing != nil && *in.Sharing != v.Sharing {
		if *in.Sharing == Personal && !mine {
			return nil, veranda.ErrForbidden // it would be its maker's, out of sight of who does it
		}
		if err := s.maySave(ctx, g, *in.Sharing, mine); err != nil {
			return nil, err
		}
		v.Sharing = *in.Sharing
	}
	if in.Version != 0 && in.Version != v.Version {
		return nil, veranda.ErrVersion
	}
	if in.Name != nil {
		v.Name = *in.Name
	}
	if in.Design != nil {
		var c veranda.Checks
		if in.Design.check(&c, "/design", v.Kind, g, g.asking); c.Err() != nil {
			return nil, c.Err()
		}
		v.ViewDesign = *in.Design
	}
	v.UpdatedAt = s.conn.DB().Now()
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, updateView, v.Org, v.App, v.ID, string(v.Sharing), v.Name, marshal(v.ViewDesign), s.flag(v.dated()), tx.DB().Time(v.UpdatedAt), v.Version)
		if err != nil {
			return fmt.Errorf("apps: store view: %w", err)
		}
		if n == 0 {
			return veranda.ErrVersion
		}
		sharing := v.Sharing
		if was != Personal { // those who saw it learn that they do no more
			sharing = was
		}
		tx.Emit(g.viewEvent(EventViewUpdated, v, sharing))
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.Version++
	return g.presentView(v), nil
}

// DeleteView deletes a view.
//
// Permission: as of UpdateView. Errors: version. Event: apps.view_deleted.
func (s *Service) DeleteView(ctx context.Context, by veranda.Actor, in DeleteViewInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	g, v, err := s.openView(ctx, by, in.Org, in.App, in.View)
	if err != nil {
		return err
	}
	if err := s.maySave(ctx, g, v.Sharing, !v.Owner.IsZero() && v.Owner == g.standing.Account); err != nil {
		return err
	}
	if in.Version != 0 && in.Version != v.Version {
		return veranda.ErrVersion
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, deleteView, v.Org, v.App, v.ID, v.Version)
		if err != nil {
			return fmt.Errorf("apps: delete view: %w", err)
		}
		if n == 0 {
			return veranda.ErrVersion
		}
		tx.Emit(g.viewEvent(EventViewDeleted, v, v.Sharing))
		return nil
	})
}

// through puts a view beneath what is asked for: its filter holds besides, its sort and columns stand in for what is absent.
func (s *Service) through(ctx context.Context, g *sight, id ViewID, in *QueryInput) error {
	if id.IsZero() {
		return nil
	}
	v, err := s.view(ctx, g, id)
	if errors.Is(err, veranda.ErrNotFound) {
		return invalid("/view", "not_found", "is no view of this application")
	}
	if err != nil {
		return err
	}
	shown := g.presentView(v)
	for _, part := range []string{"/filter", "/sort"} {
		if slices.Contains(shown.Void, part) {
			return void(part)
		}
	}
	in.Filter = both(shown.Filter, in.Filter)
	if len(in.Sort) == 0 {
		in.Sort = shown.Sort
	}
	if len(in.Fields) == 0 {
		for _, col := range shown.Columns {
			in.Fields = append(in.Fields, col.Field)
		}
	}
	if in.Limit == 0 {
		in.Limit = shown.PageSize
	}
	return nil
}

func void(part string) error {
	return invalid("/view", "void", "has a "+strings.TrimPrefix(part, "/")+" that speaks of fields which are gone, or which you do not see")
}

// both are two filters that hold together.
func both(a, b *query.Filter) *query.Filter {
	switch {
	case a.IsZero():
		return b
	case b.IsZero():
		return a
	}
	return &query.Filter{And: []query.Filter{*a, *b}}
}

// boards tells whether a field's values can be the columns of a board.
func (g *sight) boards(key string) bool {
	f := g.schema.set.Field(key)
	return f.Kind == field.Select || f.Kind == field.Checkbox || f.Kind == field.Person && !f.Multiple
}

// dates tells whether a field is a date or a moment.
func (g *sight) dates(key string) bool {
	f := g.schema.set.Field(key)
	return f.Kind == field.Date || f.Kind == field.DateTime
}
