package workspace

import (
	"context"

	"github.com/veranda-go/veranda"
)

// Create makes a workspace, and the actor its first member and manager.
//
// Permission: workspace.create. Errors: workspace.personal for a second one in a personal tenant; limit.workspaces.
// Event: workspace.workspace_created.
func (s *Service) Create(ctx context.Context, by veranda.Actor, in CreateInput) (*Workspace, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, err := s.conn.Read(ctx, s.reads.organization, by, in.Org, nil)
	if err != nil {
		return nil, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermCreate}); err != nil {
		return nil, err
	}
	if standing.Account.IsZero() { // a background job cannot be a member
		return nil, veranda.ErrForbidden
	}
	now := s.conn.DB().Now()
	w := &Workspace{
		ID: veranda.NewWorkspaceID(), Org: in.Org, Name: in.Name, Description: in.Description, Open: in.Open, Member: true, Role: RoleManager,
		CreatedBy: standing.Account, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if standing.OrgKind == kindPersonal {
			if err := refuseSecond(ctx, tx, in.Org); err != nil {
				return err
			}
		}
		if err := s.limits.Allow(ctx, tx, in.Org, "workspaces", 1); err != nil {
			return err
		}
		if err := insertWorkspace(ctx, tx, w); err != nil {
			return err
		}
		tx.Emit(event(standing, w, EventCreated, w.ID.String(), Changed{Name: w.Name, Open: w.Open}))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Get reads a workspace.
//
// Permission: workspace.read, and to see the workspace.
func (s *Service) Get(ctx context.Context, by veranda.Actor, in GetInput) (*Workspace, error) {
	_, w, err := s.read(ctx, s.conn, by, in, s.asks(PermRead))
	return w, err
}

// Update changes name, description and visibility. Opening a workspace shows its past to every employee, making it
// private hides it from everybody who is not a member: either is refused until the input confirms it. An update that
// changes nothing leaves version and events alone.
//
// Permission: workspace.update. Errors: version; workspace.visibility; workspace.last_manager where a workspace without
// a manager would become private. Events: workspace.workspace_updated, workspace.workspace_opened,
// workspace.workspace_closed.
func (s *Service) Update(ctx context.Context, by veranda.Actor, in UpdateInput) (*Workspace, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var updated *Workspace
	err := s.change(ctx, by, GetInput{in.Org, in.Workspace}, s.asks(PermUpdate),
		func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace) error {
			updated = w
			if in.Version != 0 && in.Version != w.Version {
				return veranda.ErrVersion
			}
			return s.update(ctx, tx, standing, w, in)
		})
	if err != nil {
		return nil, err
	}
	return updated, nil
}

// update applies an update to a workspace whose row is locked.
func (s *Service) update(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace, in UpdateInput) error {
	data := Changed{}
	if in.Name != nil && *in.Name != w.Name {
		data.NameBefore, w.Name = w.Name, *in.Name
		data.Fields = append(data.Fields, "name")
	}
	if in.Description != nil && *in.Description != w.Description {
		w.Description = *in.Description
		data.Fields = append(data.Fields, "description")
	}
	switched := in.Open != nil && *in.Open != w.Open
	if len(data.Fields) == 0 && !switched {
		return nil
	}
	if switched {
		if err := allowSwitch(ctx, tx, w, in); err != nil {
			return err
		}
		w.Open = *in.Open
	}
	before := w.Version
	w.Version, w.UpdatedAt = before+1, tx.DB().Now()
	if err := updateWorkspace(ctx, tx, w, before, switched); err != nil {
		return err
	}
	data.Name, data.Open = w.Name, w.Open
	if len(data.Fields) > 0 {
		tx.Emit(event(standing, w, EventUpdated, w.ID.String(), data))
	}
	if switched {
		kind := EventClosed
		if w.Open {
			kind = EventOpened
		}
		tx.Emit(event(standing, w, kind, w.ID.String(), Changed{Name: w.Name, Open: w.Open}))
	}
	return nil
}

// allowSwitch refuses a change of visibility that nobody confirmed, and a private workspace that nobody would manage.
func allowSwitch(ctx context.Context, tx *veranda.Tx, w *Workspace, in UpdateInput) error {
	switch {
	case *in.Open && !in.ConfirmVisibility:
		return ErrOpening
	case !*in.Open && !in.ConfirmVisibility:
		return ErrClosing
	case *in.Open:
		return nil
	}
	managed, err := hasManager(ctx, tx, w, veranda.AccountID{})
	if err == nil && !managed {
		return ErrLastManager
	}
	return err
}
