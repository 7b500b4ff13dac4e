package tenancy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/veranda-go/veranda"
)

// WorkspaceMember is somebody's place in a workspace, with the organization's own roles held there.
type WorkspaceMember struct {
	Account veranda.AccountID `json:"account_id"`
	Kind    string            `json:"kind"`
	// Manager tells whether they manage the workspace.
	Manager bool      `json:"manager"`
	Roles   []string  `json:"roles"`
	AddedAt time.Time `json:"added_at"`
}

// SetWorkspaceRolesInput gives a member of a workspace the roles named, in place of those of the organization's own held
// there.
type SetWorkspaceRolesInput struct {
	Org       veranda.OrgID       `path:"org" json:"-"`
	Workspace veranda.WorkspaceID `path:"workspace" json:"-"`
	Account   veranda.AccountID   `path:"account" json:"-"`
	Roles     []string            `json:"roles" maxItems:"10" doc:"Roles of the organization's own that are held in workspaces; none takes all. Managers are made and unmade elsewhere."`
}

func (in *SetWorkspaceRolesInput) validate() error {
	var c veranda.Checks
	c.Count("/roles", len(in.Roles), 0, 10)
	for i, role := range in.Roles {
		pointer := "/roles/" + strconv.Itoa(i)
		switch {
		case isShipped(role) || !canBeHeld(role):
			c.Add(pointer, "one_of", "must be a role of the organization's own")
		case slices.Contains(in.Roles[:i], role):
			c.Add(pointer, "repeated", "is named twice")
		}
	}
	return c.Err()
}

const (
	placeColumns = `t.account_id, p.kind, t.roles, t.added_at`
	placeJoin    = `LEFT JOIN veranda_workspace_members t ON t.org_id = $2 AND t.workspace_id = $4 AND t.account_id = $5
LEFT JOIN veranda_memberships p ON p.org_id = t.org_id AND p.account_id = t.account_id AND p.disabled_at IS NULL`

	// The lock every change of a workspace's members begins with, in package workspace too.
	lockPlacePostgres = `SELECT 1 FROM veranda_workspaces WHERE org_id = $1 AND id = $2 FOR UPDATE`
	lockPlaceSQLite   = `SELECT 1 FROM veranda_workspaces WHERE org_id = $1 AND id = $2`

	setPlaceRoles = `UPDATE veranda_workspace_members SET roles = $4 WHERE org_id = $1 AND workspace_id = $2 AND account_id = $3`
)

// SetWorkspaceRoles gives a member of a workspace other roles of the organization's own there. What they may do by these
// counts in that workspace alone; whether they manage it stays as it is.
//
// Permission: workspace.manage_members, or workspace.manage_members:open in an open workspace, and role.grant_<role> for
// every role given or taken; nobody changes their own (tenancy.own_roles). Field errors: a role that does not exist
// ("one_of"), that is not held in workspaces ("scope") or not by this kind of member ("kind"). Errors: not_found for who
// is no member of the workspace. Events: tenancy.workspace_roles_changed; tenancy.rights_refused for an attempt.
func (s *Service) SetWorkspaceRoles(ctx context.Context, by veranda.Actor, in SetWorkspaceRolesInput) (*WorkspaceMember, error) {
	if err := in.validate(); err != nil {
		return nil, err
	}
	// Before the transaction, so that a refused caller keeps no writer waiting, and once more inside it.
	if _, err := s.workspaceRoles(ctx, by, in); err != nil {
		return nil, err
	}
	var out *WorkspaceMember
	err := s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		var one int64
		if _, err := readOne(ctx, tx.Query, tx.DB().Pick(lockPlacePostgres, lockPlaceSQLite), []any{in.Org, in.Workspace}, &one); err != nil {
			return fmt.Errorf("tenancy: lock a workspace: %w", err)
		}
		change, err := s.WithTx(tx).workspaceRoles(ctx, by, in)
		if err != nil {
			return err
		}
		var c veranda.Checks
		if err := lockGiven(ctx, tx, &c, "/roles", in.Org, in.Roles, change.member.Kind, ScopeWorkspace); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		before := change.member.Roles
		change.member.Roles = in.Roles
		if out = &change.member; slices.Equal(before, in.Roles) {
			return nil
		}
		if _, err := tx.Exec(ctx, setPlaceRoles, in.Org, in.Workspace, in.Account, strings.Join(change.member.list(), " ")); err != nil {
			return fmt.Errorf("tenancy: set roles in a workspace: %w", err)
		}
		tx.Emit(veranda.Event{
			Org: in.Org, Workspace: in.Workspace, Kind: EventWorkspaceRolesChanged, Subject: in.Account.String(),
			By: change.standing.Account, System: change.standing.System,
			Data: veranda.MarshalData(MemberChanged{Account: in.Account, Roles: in.Roles, Before: before}),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if out.Roles == nil {
		out.Roles = []string{}
	}
	return out, nil
}

// list is the member's whole list of roles in the workspace, as it is stored.
func (m *WorkspaceMember) list() []string {
	if !m.Manager {
		return m.Roles
	}
	return append([]string{roleManager}, m.Roles...)
}

// workspaceRolesChange is a member of a workspace whose roles somebody may change.
type workspaceRolesChange struct {
	standing *veranda.Standing
	member   WorkspaceMember
}

// workspaceRoles reads the member a change is about and decides over every role given and taken.
func (s *Service) workspaceRoles(ctx context.Context, by veranda.Actor, in SetWorkspaceRolesInput) (*workspaceRolesChange, error) {
	change := &workspaceRolesChange{}
	m, roles := &change.member, ""
	standing, err := s.conn.Read(ctx, s.reads.place, by, in.Org, []any{in.Workspace, in.Account}, &m.Account, &m.Kind, &roles, veranda.Moment(&m.AddedAt))
	if err != nil {
		return nil, err
	}
	change.standing = standing
	err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permManageMembers, InWorkspace: true})
	if errors.Is(err, veranda.ErrForbidden) && standing.WorkspaceOpen {
		err = s.authz.Decide(ctx, s.conn, standing, veranda.Ask{Permission: permManageMembersOpen, InWorkspace: true})
	}
	if err != nil {
		return nil, err
	}
	if m.Account.IsZero() || m.Kind == "" {
		return nil, veranda.ErrNotFound
	}
	if m.Account == standing.Account {
		return nil, s.noteRefused(ctx, standing, in.Org, in.Account, "workspace_roles", ErrOwnRoles)
	}
	m.Roles = []string{}
	for _, role := range strings.Fields(roles) {
		if role == roleManager {
			m.Manager = true
		} else {
			m.Roles = append(m.Roles, role)
		}
	}
	var c veranda.Checks
	if err := s.checkCustom(ctx, &c, "/roles", in.Org, in.Roles, m.Kind, ScopeWorkspace); err != nil {
		return nil, err
	}
	if err := c.Err(); err != nil {
		return nil, err
	}
	for _, role := range append(without(in.Roles, m.Roles), without(m.Roles, in.Roles)...) {
		if err := s.decideFor(ctx, standing, veranda.Ask{Permission: PermGrant(role), InWorkspace: true}); err != nil {
			return nil, s.noteRefused(ctx, standing, in.Org, in.Account, "workspace_roles", err)
		}
	}
	return change, nil
}
