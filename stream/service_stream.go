package stream

import (
	"context"

	"github.com/veranda-go/veranda"
)

// List is the stream of a workspace, newest first: the events of the kinds shown, with the names of who did it, and the
// statuses as they stand now. A deleted status is not in it, nor what is addressed to some people only. With Collapse, what
// one person did several times is one item: see Run.
//
// A page may have fewer items than its limit, or none, though there are more: it ends after looking at 2,000 events. There
// is more as long as Next is there.
//
// Permission: status.read in the workspace. Errors: not_found for a workspace the caller may not see; invalid for a
// malformed filter or cursor.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[Item], error) {
	var c veranda.Checks
	want := s.newSelection(&c, workspaceList, in.Filter, in.Page)
	if err := c.Err(); err != nil {
		return veranda.List[Item]{}, err
	}
	standing, err := s.readsWorkspace(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	if want.plain {
		args := append([]any{in.Org, standing.Account, in.Workspace, want.before, want.size + 1}, s.shown.arguments()...)
		items, err := s.items(ctx, in.Org, s.texts.plain, args...)
		if err != nil {
			return veranda.List[Item]{}, err
		}
		if len(items) > want.size {
			if err := s.furnishItems(ctx, in.Org, standing.Account, items[:want.size]); err != nil {
				return veranda.List[Item]{}, err
			}
			return cut(items, want.size, func(last Item) string { return veranda.EncodeCursor(workspaceList, last.ID.String()) }), nil
		}
		// The end, or more events between than a page looks at: the careful way tells which.
	}
	return s.page(ctx, standing, s.inWorkspace(in.Org, standing.Account, in.Workspace, want.statusesAlone()), want, known())
}

// ListAll is one stream of everything in an organization that the caller may see: the workspaces of List together, newest
// first, without what the caller has muted. What concerns the organization and no workspace is not in it. Pages are like
// List's.
//
// Permission: status.read in the organization. Errors: not_found for an organization the caller does not belong to;
// invalid for a malformed filter or cursor.
func (s *Service) ListAll(ctx context.Context, by veranda.Actor, in ListAllInput) (veranda.List[Item], error) {
	var c veranda.Checks
	want := s.newSelection(&c, organizationList, in.Filter, in.Page)
	c.Count("/workspace", len(in.Workspaces), 0, maxWorkspaces)
	if err := c.Err(); err != nil {
		return veranda.List[Item]{}, err
	}
	standing, err := s.readsOrganization(ctx, by, in.Org)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	visible, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	shows := known()
	wide := shows
	if want.collapse {
		wide = nil // most of what is looked at is not shown by itself
	}
	from, err := s.inSight(visible, in.Workspaces, want.statusesAlone(), wide)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	return s.page(ctx, standing, from, want, shows)
}

// ListRun lists what a collapsed item stands for, newest first: everything of its kind that the same person did in the
// workspace from its newest event to its oldest.
//
// Permission: status.read in the workspace. Errors: not_found for a workspace the caller may not see, and for events that
// its stream does not show; invalid for a malformed cursor.
func (s *Service) ListRun(ctx context.Context, by veranda.Actor, in ListRunInput) (veranda.List[Item], error) {
	var c veranda.Checks
	want := selection{list: runList, size: in.Size(&c), before: position(&c, in.Page, runList)}
	if err := c.Err(); err != nil {
		return veranda.List[Item]{}, err
	}
	standing, err := s.readsWorkspace(ctx, by, in.Org, in.Workspace)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	ends := [2]scanned{}
	for i, id := range []veranda.EventID{in.Newest, in.Oldest} {
		found, _, err := readScanned(ctx, s.conn, scanOne, in.Org, standing.Account, in.Workspace, id)
		if err != nil {
			return veranda.List[Item]{}, err
		}
		if len(found) == 0 || found[0].Gone || !s.shown.match(found[0].Kind) {
			return veranda.List[Item]{}, veranda.ErrNotFound
		}
		ends[i] = found[0]
	}
	want.run = &ends[0]
	within := s.inWorkspace(in.Org, standing.Account, in.Workspace, false)
	if top := above(in.Newest); top.String() < want.before.String() {
		want.before = top
	}
	return s.page(ctx, standing, until(within, in.Oldest), want, known())
}

func (s *Service) readsWorkspace(ctx context.Context, by veranda.Actor, org veranda.OrgID, workspace veranda.WorkspaceID) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.reads.workspace, by, org, []any{workspace})
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, InWorkspace: true})
}

func (s *Service) readsOrganization(ctx context.Context, by veranda.Actor, org veranda.OrgID) (*veranda.Standing, error) {
	standing, err := s.conn.Read(ctx, s.reads.organization, by, org, nil)
	if err != nil {
		return nil, err
	}
	return standing, s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, Missing: org.IsZero(), See: PermRead})
}

// known is where items are kept that a source brings along.
func known() map[veranda.EventID]Item { return map[veranda.EventID]Item{} }

// page reads a page of what a source gives.
func (s *Service) page(ctx context.Context, standing *veranda.Standing, from source, want selection, known map[veranda.EventID]Item) (veranda.List[Item], error) {
	if len(want.kinds) == 0 && want.run == nil {
		return veranda.List[Item]{Items: []Item{}}, nil
	}
	if err := s.seek(ctx, standing.Org, &want); err != nil {
		return veranda.List[Item]{}, err
	}
	p, err := scan(ctx, from, want)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	items, err := s.show(ctx, standing.Org, standing.Account, p.groups, known)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	out := veranda.List[Item]{Items: items}
	if !p.next.IsZero() {
		out.Next = veranda.EncodeCursor(want.list, p.next.String())
	}
	return out, nil
}
