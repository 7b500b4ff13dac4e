package tasks

import (
	"context"
	"fmt"
	"reflect"

	"github.com/veranda-go/veranda"
)

// CreateFilter saves a filter: for oneself, or shared in a workspace, whose tasks alone it lists.
//
// A filter carries no right: whoever runs it is shown what List would show them, and "me" is whoever runs it.
//
// Permission: task.read for oneself; task.share_filter in the workspace. Limit: "task_filters". Errors: invalid as of List
// (a workspace, task, stage or series that the actor does not see, or that is not in the workspace of a shared filter, has
// the rule not_found). Event: tasks.filter_created for a
// shared one.
func (s *Service) CreateFilter(ctx context.Context, by veranda.Actor, in CreateFilterInput) (*SavedFilter, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	var standing *veranda.Standing
	var err error
	if in.Workspace.IsZero() {
		standing, err = s.member(ctx, by, in.Org)
	} else {
		standing, err = s.workspace(ctx, by, in.Org, in.Workspace, PermShareFilter)
	}
	if err != nil {
		return nil, err
	}
	if standing.Account.IsZero() { // a background job keeps none
		return nil, veranda.ErrForbidden
	}
	if err := s.checkNamed(ctx, standing, &in.Filter, in.Workspace); err != nil {
		return nil, err
	}
	now := s.conn.DB().Now()
	f := &SavedFilter{
		Org: in.Org, ID: veranda.NewID[filterKind](), Owner: standing.Account, Workspace: in.Workspace, Name: in.Name, Filter: in.Filter,
		CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := s.limits.Allow(ctx, tx, in.Org, "task_filters", 1); err != nil {
			return err
		}
		if err := insertFilter(ctx, tx, f); err != nil {
			return err
		}
		emitFilter(tx, EventFilterCreated, standing, f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Filter reads a saved filter.
//
// Permission: task.read in the workspace of a shared one; others' own are not found.
func (s *Service) Filter(ctx context.Context, by veranda.Actor, in FilterInput) (*SavedFilter, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	_, f, err := s.filter(ctx, by, in.Org, in.Filter, PermRead)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Filters lists the saved filters one has, in the order they were made: one's own, and those of the workspaces one sees.
//
// Permission: task.read.
func (s *Service) Filters(ctx context.Context, by veranda.Actor, in FiltersInput) (veranda.List[SavedFilter], error) {
	none := veranda.List[SavedFilter]{}
	size, after, err := in.validate()
	if err != nil {
		return none, err
	}
	standing, err := s.member(ctx, by, in.Org)
	if err != nil {
		return none, err
	}
	args, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return none, err
	}
	//sql:built the condition is the authorizer's own text
	rows, err := s.conn.Query(ctx, selectFilters+s.authz.Visible("f.workspace_id")+filtersOrder, append(args, after, size+1)...)
	if err != nil {
		return none, fmt.Errorf("tasks: list filters: %w", err)
	}
	defer func() { _ = rows.Close() }()
	page := veranda.List[SavedFilter]{Items: make([]SavedFilter, 0, size)}
	for rows.Next() {
		var row filterRow
		if err := rows.Scan(row.destinations()...); err != nil {
			return none, fmt.Errorf("tasks: list filters: %w", err)
		}
		if len(page.Items) == size {
			page.Next = veranda.EncodeCursor(filtersList, page.Items[size-1].ID.String())
			break
		}
		f, err := row.filter(in.Org)
		if err != nil {
			return none, err
		}
		page.Items = append(page.Items, *f)
	}
	if err := rows.Err(); err != nil {
		return none, fmt.Errorf("tasks: list filters: %w", err)
	}
	return page, nil
}

// UpdateFilter changes a saved filter.
//
// Permission: task.read for one's own; task.edit_filter for a shared one, as shipped who shared it, and owners and
// administrators in workspaces they manage. Errors: as of CreateFilter, version. Event: tasks.filter_updated for a shared
// one, unless nothing changes.
func (s *Service) UpdateFilter(ctx context.Context, by veranda.Actor, in UpdateFilterInput) (*SavedFilter, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	standing, before, err := s.filter(ctx, by, in.Org, in.FilterID, PermEditFilter)
	if err != nil {
		return nil, err
	}
	if in.Version != 0 && in.Version != before.Version {
		return nil, veranda.ErrVersion
	}
	after := *before
	if in.Name != nil {
		after.Name = *in.Name
	}
	if in.Filter != nil {
		after.Filter = *in.Filter
	}
	var c veranda.Checks
	after.Filter.check(&c, "/filter", in.Org, after.Workspace)
	if !after.Workspace.IsZero() {
		checkShared(&c, &after.Filter)
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	if in.Filter != nil {
		if err := s.checkNamed(ctx, standing, in.Filter, after.Workspace); err != nil {
			return nil, err
		}
	}
	if reflect.DeepEqual(*before, after) {
		return before, nil
	}
	err = s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		after.UpdatedAt = tx.DB().Now()
		found, err := updateFilter(ctx, tx, &after, before.Version)
		if err != nil {
			return err
		}
		if !found { // what it was made of has changed, whether or not the caller named a version
			return veranda.ErrVersion
		}
		after.Version++
		emitFilter(tx, EventFilterUpdated, standing, &after)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &after, nil
}

// DeleteFilter deletes a saved filter.
//
// Permission: as UpdateFilter. Errors: version. Event: tasks.filter_deleted for a shared one.
func (s *Service) DeleteFilter(ctx context.Context, by veranda.Actor, in DeleteFilterInput) error {
	if err := in.validate(); err != nil {
		return err
	}
	standing, f, err := s.filter(ctx, by, in.Org, in.FilterID, PermEditFilter)
	if err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		n, err := tx.Exec(ctx, deleteFilterText, in.Org, in.FilterID, in.Version)
		if err != nil {
			return fmt.Errorf("tasks: delete filter: %w", err)
		}
		if n == 0 {
			return changedMeanwhile(in.Version)
		}
		emitFilter(tx, EventFilterDeleted, standing, f)
		return nil
	})
}

// saved is the list that a saved filter asks for. Besides it a caller chooses the page and another order.
func (s *Service) saved(ctx context.Context, by veranda.Actor, in ListInput) (ListInput, error) {
	if !reflect.DeepEqual(in, ListInput{Org: in.Org, Saved: in.Saved, Sort: in.Sort, Page: in.Page}) {
		var c veranda.Checks
		c.Add("/saved", "exclusive", "must not be given together with other filters")
		return in, c.Err()
	}
	_, f, err := s.filter(ctx, by, in.Org, in.Saved, PermRead)
	if err != nil {
		return in, err
	}
	asked := f.Filter.list(in.Org)
	asked.Page = in.Page
	if in.Sort != "" {
		asked.Sort = in.Sort
	}
	if !f.Workspace.IsZero() {
		asked.Workspaces = []veranda.WorkspaceID{f.Workspace}
	}
	return asked, nil
}

// filter reads a saved filter and the actor's standing, and asks for a permission where the filter is shared. One's own is
// nobody else's to know of.
func (s *Service) filter(ctx context.Context, by veranda.Actor, org veranda.OrgID, id FilterID, permission veranda.Permission) (*veranda.Standing, *SavedFilter, error) {
	var row filterRow
	standing, err := s.conn.Read(ctx, s.texts.readFilter, by, org, []any{id}, row.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	f, err := row.filter(org)
	if err != nil {
		return nil, nil, err
	}
	own := !standing.Account.IsZero() && f.Owner == standing.Account
	ask := veranda.Ask{Permission: permission, InWorkspace: true, Own: own}
	if f.Workspace.IsZero() {
		ask = veranda.Ask{Permission: PermRead, Missing: f.ID.IsZero() || !own}
	}
	return standing, f, s.authz.Decide(ctx, s.conn, standing, ask)
}

// member reads the actor's standing in the organization and asks whether they read tasks at all.
func (s *Service) member(ctx context.Context, by veranda.Actor, org veranda.OrgID) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.texts.readOrganization, by, org, nil)
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead})
}

// emitFilter emits the event of a shared filter.
func emitFilter(tx *veranda.Tx, kind string, by *veranda.Standing, f *SavedFilter) {
	if f.Workspace.IsZero() {
		return
	}
	tx.Emit(veranda.Event{
		Org: f.Org, Workspace: f.Workspace, Kind: kind, Subject: f.ID.String(), By: by.Account, System: by.System,
		Data: veranda.MarshalData(FilterChanged{Name: f.Name}),
	})
}
