package stream

import (
	"context"

	"github.com/veranda-go/veranda"
)

// List is the stream of a workspace, newest first: the events of the kinds shown, with the names of who did it, and the
// statuses as they stand now. A deleted status is not in it.
//
// A page asked for with a filter (Kind, By) may have fewer items than its limit, or none, though there are more: it ends
// after looking at 2,000 events. There is more as long as Next is there.
//
// Permission: status.read in the workspace. Errors: not_found for a workspace the caller may not see; invalid for a
// malformed kind or cursor.
func (s *Service) List(ctx context.Context, by veranda.Actor, in ListInput) (veranda.List[Item], error) {
	want, err := newSelection(workspaceList, in.Kind, in.By, in.Page)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	standing, err := s.conn.Read(ctx, s.reads.workspace, by, in.Org, []any{in.Workspace})
	if err != nil {
		return veranda.List[Item]{}, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, InWorkspace: true}); err != nil {
		return veranda.List[Item]{}, err
	}
	return s.page(ctx, s.texts.workspace, []any{in.Org, standing.Account, in.Workspace}, want, want.filtered())
}

// ListAll is one stream of everything in an organization that the caller may see: the workspaces of List together, newest
// first. What concerns the organization and no workspace is not in it. As with a filter, a page may have fewer items than
// its limit though there are more: it ends after looking at 2,000 events of the organization.
//
// Permission: status.read in the organization. Errors: not_found for an organization the caller does not belong to;
// invalid for a malformed kind or cursor.
func (s *Service) ListAll(ctx context.Context, by veranda.Actor, in ListAllInput) (veranda.List[Item], error) {
	want, err := newSelection(organizationList, in.Kind, in.By, in.Page)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	standing, err := s.conn.Read(ctx, s.reads.organization, by, in.Org, nil)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	if err := s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: PermRead, Missing: in.Org.IsZero(), See: PermRead}); err != nil {
		return veranda.List[Item]{}, err
	}
	visible, err := s.authz.VisibleArgs(ctx, s.conn, standing)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	return s.page(ctx, s.texts.organization, visible, want, true)
}

// page reads a page of a stream. scope are the arguments $1 to $3 of the texts. bounded is for reads that may have to pass
// over many events to find the next one to show; a page of all events of a workspace finds them side by side.
func (s *Service) page(ctx context.Context, text scopeTexts, scope []any, want selection, bounded bool) (veranda.List[Item], error) {
	kinds := s.shown.narrowed(want.kind)
	if len(kinds) == 0 {
		return veranda.List[Item]{Items: []Item{}}, nil
	}
	var floor veranda.EventID
	if bounded {
		if err := s.floor(ctx, text, scope, want.before, &floor); err != nil {
			return veranda.List[Item]{}, err
		}
	}
	items, err := s.items(ctx, text, scope, kinds, want, floor)
	if err != nil {
		return veranda.List[Item]{}, err
	}
	page := cut(items, want.size, func(last Item) string { return veranda.EncodeCursor(want.list, last.ID.String()) })
	if page.Next == "" && !floor.IsZero() {
		page.Next = veranda.EncodeCursor(want.list, floor.String())
	}
	return page, nil
}
