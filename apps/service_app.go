package apps

import (
	"context"
	"fmt"
	"strconv"

	"github.com/veranda-go/veranda"
	"github.com/veranda-go/veranda/apps/field"
	"github.com/veranda-go/veranda/apps/query"
	"github.com/veranda-go/veranda/internal/dialect"
)

// Create makes an application in a workspace.
//
// Permission: app.design. Limit: "apps". Errors: invalid, limit.apps. Event: apps.app_created.
func (s *Service) Create(ctx context.Context, by veranda.Actor, in CreateInput) (*App, error) {
	sch, err := in.validate()
	if err != nil {
		return nil, err
	}
	standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermDesign)
	if err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	a := &App{
		Org: in.Org, ID: veranda.NewID[appKind](), Workspace: in.Workspace, Name: in.Name, Description: in.Description, Icon: in.Icon,
		CreatedBy: standing.Account, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "apps", 1); err != nil {
			return err
		}
		if err := insertApp(ctx, tx, a, field.Fold(a.Name), sch); err != nil {
			return err
		}
		tx.Emit(event(EventAppCreated, a, a.ID.String(), standing, now, AppChanged{Name: a.Name}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	g, err := s.look(ctx, standing, a, sch)
	if err != nil {
		return nil, err
	}
	return s.present(ctx, g), nil
}

// Get reads an application and what it is made of.
//
// Permission: app.read.
func (s *Service) Get(ctx context.Context, by veranda.Actor, in GetInput) (*App, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermRead)
	if err != nil {
		return nil, err
	}
	return s.present(ctx, g), nil
}

// listedRows is how many rows one page of applications looks at: where most are hidden from the actor it is shorter than
// asked for, and says where to go on.
const listedRows = 1000

// List reads applications by their names, in workspaces that the actor may see.
//
// Permission: app.read; of applications that narrow it, those that the actor sees.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[App], error) {
	page := veranda.List[App]{Items: []App{}}
	size, position, err := in.validate()
	if err != nil {
		return page, err
	}
	standing, err := s.conn.Read(ctx, s.texts.readOrganization, by, in.Org, nil)
	if err != nil {
		return page, err
	}
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, Assigned: true})
	if err != nil {
		return page, err
	}
	// Who may read applications everywhere is not asked again for each, unless it has rules.
	plain := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead}) == nil
	visible, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return page, err
	}
	if position == nil {
		position = []string{"", ID{}.String()}
	}
	for looked := 0; looked < listedRows; {
		found, err := s.listRows(ctx, in, visible, position, size+1)
		if err != nil {
			return page, err
		}
		for i := range found {
			if len(page.Items) == size {
				page.Next = veranda.EncodeCursor(appsList, position...)
				return page, nil
			}
			row := &found[i]
			a, err := s.listed(ctx, by, standing, row, in.Org, plain)
			if err != nil {
				return page, err
			}
			if a != nil {
				page.Items = append(page.Items, *a)
			}
			position = []string{row.nameKey, row.id.String()}
		}
		looked += len(found)
		if len(found) <= size {
			return page, nil
		}
	}
	page.Next = veranda.EncodeCursor(appsList, position...)
	return page, nil
}

func (s *Service) listRows(ctx context.Context, in ListInput, visible []any, position []string, limit int) (found []appRow, err error) {
	text := listApps + s.texts.visible + listAppsTail
	args := append(append([]any{}, visible...), position[0], position[1], limit)
	if !in.Workspace.IsZero() {
		text, args = listApps+s.texts.visible+listAppsOf, append(args, in.Workspace)
	}
	rows, err := s.conn.Query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("apps: list applications: %w", err)
	}
	err = scanApps(rows, nil, func(row *appRow) error {
		found = append(found, *row)
		return nil
	})
	return found, err
}

// listed is an application of a list as the actor sees it; nil where they do not.
func (s *Service) listed(ctx context.Context, by veranda.Actor, standing *veranda.Standing, row *appRow, org veranda.OrgID, plain bool) (*App, error) {
	known, version := s.schemas.get(row.id)
	if version == row.schemaVersion {
		row.schema = ""
	}
	sch, err := s.schema(row, known)
	if err != nil {
		return nil, err
	}
	if !plain || len(sch.Rules) > 0 || sch.OnlyNamed {
		g, err := s.open(ctx, by, org, row.id, PermRead)
		switch veranda.CodeOf(err) {
		case veranda.CodeNotFound, veranda.CodeForbidden:
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return s.present(ctx, g), nil
	}
	within := *standing
	within.Workspace, within.WorkspaceFound = row.workspace, true
	g, err := s.look(ctx, &within, row.app(org), sch)
	if err != nil {
		return nil, err
	}
	return s.present(ctx, g), nil
}

// Update changes what an application is called and how it behaves.
//
// Permission: app.design; for lock, access and only_named app.manage. Errors: invalid, version, apps.field_used. Event:
// apps.app_updated, unless nothing changes.
func (s *Service) Update(ctx context.Context, by veranda.Actor, in UpdateInput) (*App, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	permission := PermDesign
	if in.manages() && !in.designs() {
		permission = PermManage
	}
	return s.redesign(ctx, by, redesign{org: in.Org, app: in.App, version: in.Version, permission: permission,
		change: func(ctx context.Context, _ *veranda.Tx, d *design) error {
			if in.manages() {
				if err := s.decide(ctx, d.sight, PermManage); err != nil {
					return err
				}
			}
			changed, err := in.apply(d)
			if err != nil || len(changed) == 0 {
				return err
			}
			d.event(EventAppUpdated, AppChanged{Name: d.app.Name, Changed: changed})
			return nil
		}})
}

// apply makes the changes and names them.
func (in *UpdateInput) apply(d *design) (changed []string, err error) {
	var c veranda.Checks
	set := func(name string, to, from *string) {
		if from != nil && *from != *to {
			*to = *from
			changed = append(changed, name)
		}
	}
	set("name", &d.app.Name, in.Name)
	set("description", &d.app.Description, in.Description)
	set("icon", &d.app.Icon, in.Icon)
	set("time_zone", &d.schema.TimeZone, in.TimeZone)
	if in.Title != nil && *in.Title != "" {
		if f := d.schema.set.Field(*in.Title); f == nil || d.sight.hidden(*in.Title) {
			c.Add("/title", "unknown", "is no field of this application")
		} else if !canBeTitle(f) {
			c.Add("/title", "kind", "must be a field of one line, a choice, a number or a date")
		}
	}
	set("title", &d.schema.Title, in.Title)
	if in.Lock != nil {
		query.Check(&c, "/lock", in.Lock, d.schema.set, query.Asking{Me: someone})
		if d.schema.Lock = in.Lock; in.Lock.IsZero() {
			d.schema.Lock = nil
		}
		changed = append(changed, "lock")
	}
	if in.Access != nil {
		d.schema.checkRules(&c, *in.Access)
		d.schema.Rules = *in.Access
		changed = append(changed, "access")
	}
	if in.OnlyNamed != nil && *in.OnlyNamed != d.schema.OnlyNamed {
		d.schema.OnlyNamed = *in.OnlyNamed
		changed = append(changed, "only_named")
	}
	return changed, c.Err()
}

// Delete deletes an application with its records. Within DeletedFor it can be restored.
//
// Permission: app.manage. Errors: version. Event: apps.app_deleted.
func (s *Service) Delete(ctx context.Context, by veranda.Actor, in DeleteInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	g, err := s.open(ctx, by, in.Org, in.App, PermManage)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		row, err := lockApp(ctx, tx, s.texts.store.lockApp, in.Org, in.App)
		if err != nil {
			return err
		}
		if in.Version != 0 && in.Version != row.version {
			return veranda.ErrVersion
		}
		now := tx.DB().Now()
		if err := tx.Defer(ctx, markAppText, in.Org, in.App, tx.DB().Time(now), optionalAccount(g.standing.Account)); err != nil {
			return fmt.Errorf("apps: delete application: %w", err)
		}
		tx.Emit(event(EventAppDeleted, g.app, in.App.String(), g.standing, now, AppChanged{Name: row.name}))
		return nil
	})
}

// Restore brings a deleted application back with its records.
//
// Permission: app.manage, which who deleted the application has as if it were their own. Limit: "apps". Errors: not_found
// where there is no such deleted application, version. Event: apps.app_restored.
func (s *Service) Restore(ctx context.Context, by veranda.Actor, in RestoreInput) (*App, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var row appRow
	var deletedAt dialect.Time
	var deletedBy veranda.AccountID
	standing, err := s.conn.Read(ctx, s.texts.readDeletedApp, by, in.Org, []any{in.App, 0}, append(row.destinations(), &deletedAt, &deletedBy)...)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, askDeleted(&row, deletedBy, standing)); err != nil {
		return nil, err
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		row, err := lockApp(ctx, tx, s.texts.store.lockGoneApp, in.Org, in.App)
		if err != nil {
			return err
		}
		if in.Version != 0 && in.Version != row.version {
			return veranda.ErrVersion
		}
		if err := s.limits.Allow(ctx, tx, in.Org, "apps", 1); err != nil {
			return err
		}
		if err := tx.Defer(ctx, unmarkAppText, in.Org, in.App); err != nil {
			return fmt.Errorf("apps: restore application: %w", err)
		}
		sch, err := decodeSchema(row.schema, row.schemaVersion)
		if err != nil {
			return err
		}
		a := row.app(in.Org)
		a.named = sch.OnlyNamed
		tx.Emit(event(EventAppRestored, a, in.App.String(), standing, tx.DB().Now(), AppChanged{Name: row.name}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Get(ctx, by, GetInput{Org: in.Org, App: in.App})
}

// askDeleted is the question whether somebody may restore a deleted application.
func askDeleted(row *appRow, deletedBy veranda.AccountID, standing *veranda.Standing) veranda.Ask {
	me := standing.Account
	return veranda.Ask{
		Permission: PermManage, InWorkspace: true, Missing: row.id.IsZero(), See: PermRead,
		Own: !me.IsZero() && (row.createdBy == me || deletedBy == me),
	}
}

// Deleted lists the deleted applications of a workspace that the actor may restore, the latest first.
//
// Permission: app.manage, of each.
func (s *Service) Deleted(ctx context.Context, by veranda.Actor, in DeletedInput) (veranda.List[DeletedApp], error) {
	page := veranda.List[DeletedApp]{Items: []DeletedApp{}}
	size, position, err := in.validate()
	if err != nil {
		return page, err
	}
	standing, err := s.workspace(ctx, by, in.Org, in.Workspace, PermRead)
	if err != nil {
		return page, err
	}
	before, id := latest, highestID[appKind]()
	if position != nil {
		if before, err = strconv.ParseInt(position[0], 10, 64); err != nil || before > latest || before < 0 {
			return page, invalid("/cursor", "cursor", "is no cursor of this list")
		}
		if id, err = veranda.ParseID[appKind](position[1]); err != nil {
			return page, err
		}
	}
	var deletedAt dialect.Time
	var deletedBy veranda.AccountID
	rows, err := s.conn.Query(ctx, listDeletedApps, in.Org, in.Workspace, s.conn.DB().Time(momentOf(before)), id, listedRows)
	if err != nil {
		return page, fmt.Errorf("apps: list deleted applications: %w", err)
	}
	more := func() []any { return []any{&deletedAt, &deletedBy} }
	err = scanApps(rows, more, func(row *appRow) error {
		if page.Next != "" || s.authz.Decide(ctx, s.conn, standing, askDeleted(row, deletedBy, standing)) != nil {
			return nil
		}
		if len(page.Items) == size {
			last := page.Items[size-1]
			page.Next = veranda.EncodeCursor(deletedAppsList, cursorNumber(last.DeletedAt.UnixMicro()), last.ID.String())
			return nil
		}
		page.Items = append(page.Items, DeletedApp{
			Org: in.Org, ID: row.id, Workspace: row.workspace, Name: row.name, CreatedBy: row.createdBy,
			DeletedAt: deletedAt.Time, DeletedBy: deletedBy, PurgedAt: deletedAt.Add(DeletedFor), Version: row.version,
		})
		return nil
	})
	return page, err
}
