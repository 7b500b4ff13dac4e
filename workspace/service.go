package workspace

import (
	"context"
	"errors"

	"github.com/veranda-go/veranda"
)

// Deps are what the service works with.
type Deps struct {
	DB    *veranda.DB
	Authz veranda.Authorizer
	// Limits is asked for "workspaces"; nil is unlimited.
	Limits veranda.Limits
	// Post tells people that they were added to a workspace; tenancy.Post{} is one. nil tells nobody.
	Post Post
}

// Service is the package's API.
type Service struct {
	conn   veranda.Conn
	authz  veranda.Authorizer
	limits veranda.Limits
	post   Post
	reads  *reads
}

// reads are the texts of the service's reads, made once.
type reads struct {
	organization veranda.ComposedRead
	workspace    veranda.ComposedRead
	lists        map[listText]string
}

// New makes the service.
func New(d Deps) (*Service, error) {
	if d.DB == nil || d.Authz == nil {
		return nil, errors.New("workspace: Deps wants DB and Authz")
	}
	if d.Limits == nil {
		d.Limits = veranda.Unlimited{}
	}
	return &Service{
		conn: d.DB.Conn(), authz: d.Authz, limits: d.Limits, post: d.Post,
		reads: &reads{
			organization: d.Authz.Compose(veranda.Target{}),
			workspace:    d.Authz.Compose(veranda.Target{Columns: workspaceColumns, Join: workspaceJoin, Workspace: "v.id"}),
			lists:        listTexts(d.DB, d.Authz.Visible("w.id")),
		},
	}, nil
}

// WithTx binds the service to a running transaction.
func (s *Service) WithTx(tx *veranda.Tx) *Service {
	bound := *s
	bound.conn = s.conn.Bind(tx)
	return &bound
}

// decision says whether a standing may do what a method is about to do.
type decision func(ctx context.Context, c veranda.Conn, standing *veranda.Standing) error

// asks is the decision of one permission in a workspace.
func (s *Service) asks(permission veranda.Permission) decision {
	return func(ctx context.Context, c veranda.Conn, standing *veranda.Standing) error {
		return s.authz.Decide(ctx, c, standing, veranda.Ask{Permission: permission, InWorkspace: true})
	}
}

// managesMembers is the decision over a workspace's members: of those who manage it, and in open ones also of those who
// may manage members there and nothing else.
func (s *Service) managesMembers(ctx context.Context, c veranda.Conn, standing *veranda.Standing) error {
	err := s.asks(PermManageMembers)(ctx, c, standing)
	if errors.Is(err, veranda.ErrForbidden) && standing.WorkspaceOpen {
		return s.asks(PermManageMembersOpen)(ctx, c, standing)
	}
	return err
}

// read reads a workspace with the actor's standing and decides.
func (s *Service) read(ctx context.Context, c veranda.Conn, by veranda.Actor, in GetInput, decide decision) (*veranda.Standing, *Workspace, error) {
	w := &Workspace{Org: in.Org}
	standing, err := c.Read(ctx, s.reads.workspace, by, in.Org, []any{in.Workspace}, w.destinations()...)
	if err != nil {
		return nil, nil, err
	}
	if err := decide(ctx, c, standing); err != nil {
		return nil, nil, err
	}
	w.Member = standing.WorkspaceMember
	if w.Member {
		w.Role = roleOf(standing.WorkspaceRoles)
	}
	return standing, w, nil
}

// change decides before a transaction, so that a refused caller keeps no writer waiting, and once more inside it behind
// a lock of the workspace's row: whoever changes members or visibility at the same time has finished by then.
func (s *Service) change(ctx context.Context, by veranda.Actor, in GetInput, decide decision,
	fn func(ctx context.Context, tx *veranda.Tx, standing *veranda.Standing, w *Workspace) error,
) error {
	if _, _, err := s.read(ctx, s.conn, by, in, decide); err != nil {
		return err
	}
	return s.conn.InTx(ctx, func(ctx context.Context, tx *veranda.Tx) error {
		if err := lockWorkspace(ctx, tx, in); err != nil {
			return err
		}
		standing, w, err := s.read(ctx, s.conn.Bind(tx), by, in, decide)
		if err != nil {
			return err
		}
		return fn(ctx, tx, standing, w)
	})
}

// event is an event of a workspace, by the standing's actor.
func event(standing *veranda.Standing, w *Workspace, kind, subject string, data any) veranda.Event {
	return veranda.Event{
		Org: w.Org, Workspace: w.ID, Kind: kind, Subject: subject, By: standing.Account, System: standing.System,
		Data: veranda.MarshalData(data),
	}
}
